"""A game solved with a mistake in the recursion, on its last stages or on all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from attrs import evolve, fields
from sympy import Integer, ZeroMatrix

from ergs_verify.arithmetic.base import Arithmetic, Matrix, Scalar
from ergs_verify.audit.mistakes.numbers import Numbers, of_stages
from ergs_verify.audit.mistakes.record import Recomputed
from ergs_verify.errors import ErgsError, NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.expressions import AgentMatrix
from ergs_verify.game import Game
from ergs_verify.game.letters import GAME, LETTERS, Letter
from ergs_verify.paper.formulas import Formulas
from ergs_verify.paper.general import GENERAL
from ergs_verify.paper.notation import S, i, q, tau
from ergs_verify.paper.theorem_III_1 import PAPER, formulas_of
from ergs_verify.recursion.stages import Stages, formulas_for


class _RuledOut(Exception):
    """Its gains tell that this is not the mistake."""


#: What a recursion raises that leaves the numbers of its arithmetic or meets a singular matrix.
LOST = (ErgsError, ArithmeticError, np.linalg.LinAlgError, _RuledOut)


class LenientStages(Stages):
    """Stages whose q is NaN where a mistake leaves it without a value: log det of no covariance."""

    def constant(self, stage: Evaluator, name: str, agent: int, t: int) -> Scalar:
        try:
            return super().constant(stage, name, agent, t)
        except NotCertifiedError:
            return math.nan


def recomputed(
    variant: Recomputed,
    game: Game,
    arithmetic: Arithmetic,
    letters: frozenset[str],
    *,
    stages: int | None = None,
    partial: bool = False,
    goes_on: Callable[[Sequence[Matrix], int], bool] = lambda _gains, _back: True,
    stages_of: Callable[[Game, Arithmetic, Formulas], Stages] = LenientStages,
    told_of: Game | None = None,
) -> Numbers:
    """The letters that the mistake leads to, at the last `stages` stages, by default at all.

    With `partial` the recursion may stop at a stage; the numbers before are NaN. `goes_on` is
    asked with a stage's gains and the number of stages from there on, before their costs are
    computed. A q that has no value is NaN, and so are those before it. `told_of` is the game whose
    letters are meant, where `game` is one of its state (1, x).

    Raises
    ------
    LOST
        Where the mistake gives no numbers on this game, or `goes_on` says no.
    """
    stages, given = stages or game.horizon, told_of or game
    if variant.data:
        game = variant.data(game if variant.early else _last_stages_of(game, stages))
    formulas = _needed(variant.formulas or formulas_for(game), letters)
    run = stages_of(game, arithmetic, formulas)
    played = [run.terminal()]
    try:
        for back in range(1, stages + 1):
            t = game.horizon - back
            stage = run.at(t, played[-1])
            K = variant.gains(run, stage, played)
            if not goes_on(K, back):
                raise _RuledOut
            played.append(run.evaluated(stage, K, variant.covariances(run, stage), t))
    except LOST:
        if not partial:
            raise
    numbers = of_stages(played, given, letters, stages, arithmetic)
    if variant.silent_end:
        for letter in (name for name in numbers if LETTERS[name].terminal):
            for X in numbers[letter]:
                X[-1] = np.nan
    return numbers


def changes(variant: Recomputed, letters: frozenset[str]) -> bool:
    """Whether the mistake can change one of the letters."""
    if variant.letters.isdisjoint(letters):
        return False
    if variant.formulas is None:
        return True
    right = formulas_of(GENERAL if variant.formulas.by_agent else PAPER)
    wrong, right = _needed(variant.formulas, letters), _needed(right, letters)
    return any(getattr(wrong, f.name) != getattr(right, f.name) for f in fields(Formulas))


def _last_stages_of(game: Game, stages: int) -> Game:
    """The game that is left before its last stages."""
    if stages == game.horizon:
        return game

    def last(letter: Letter, own: Any) -> Any:
        return own[-stages - letter.terminal :] if isinstance(own, tuple) else own

    changed: dict[str, Any] = {}
    for letter in GAME:
        value = letter.of(game)
        if letter.over_time == "never" or not isinstance(value, tuple):
            continue
        by_agent = letter.agents != "none"
        cut = tuple(last(letter, own) for own in value) if by_agent else last(letter, value)
        changed |= letter.changed(cut)
    return evolve(game, horizon=stages, **changed)


@lru_cache(maxsize=512)
def _needed(formulas: Formulas, letters: frozenset[str]) -> Formulas:
    """The formulas, with less to compute where Σ or q is not asked for.

    Without Σ a policy is deterministic: q is the plain game's.
    """
    if "q" not in letters:
        formulas = evolve(formulas, policy_constant=q(i))
    elif "Sigma" not in letters:
        formulas = evolve(formulas, policy_constant=_deterministic(formulas.policy_constant))
    if "Sigma" not in letters:
        setting = GENERAL if formulas.by_agent else PAPER
        formulas = evolve(formulas, covariance=formulas_of(setting).covariance)
    return formulas


def _deterministic(constant):
    plain = constant.xreplace({tau: Integer(0)})
    covariances = (a for a in plain.atoms(AgentMatrix) if a.name == S(i).name)
    return plain.xreplace({a: ZeroMatrix(*a.shape) for a in covariances})
