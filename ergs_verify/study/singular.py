"""Where one side finds Φ_t singular, or gives no answer: do both say the same?

The derived side decides singularity exactly. The engine judges by Φ_t's reciprocal condition, so
where the two differ it is asked whether rounding explains it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ergs_verify import engine
from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.certify.nash import certified_nash
from ergs_verify.errors import ErgsError, SingularStageError, UnboundedCostError
from ergs_verify.exact import UNIT
from ergs_verify.game import FloatGame, Game
from ergs_verify.game.floats import mapped
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion import nash
from ergs_verify.study.conditioning import Moves, Rounding, modest_factor, moves, perturbed
from ergs_verify.study.numbers import Numbers, numbers, size

Outcome = tuple[str, str, int | None]


def compare_singular(
    game: Game, derived: Any, found: Any, formulas: Formulas | None, *, seed: int = 0
) -> Outcome:
    """Verdict, reason and the stage both agree on, of which at least one side is an `ErgsError`.

    Parameters
    ----------
    derived, found : ErgsError or anything else
        What the derived recursion and the engine raised.
    """
    exact = derived if isinstance(derived, SingularStageError) else None
    rounded = found if isinstance(found, SingularStageError) else None
    if game.general and exact is None and (rounded is None or isinstance(derived, ErgsError)):
        return _unbounded(game, derived, found)
    if isinstance(derived, ErgsError) and exact is None:
        return "undecided", f"the derived recursion gives no answer: {derived}", None
    if isinstance(found, ErgsError) and rounded is None:
        return "undecided", f"the engine gives no answer: {found}", None
    if exact and rounded and exact.t == rounded.t:
        return "agree", f"{exact}; the engine finds it singular at the same stage", exact.t
    if rounded and (exact is None or rounded.t > exact.t):
        return _too_early(game, rounded.t, formulas, seed)
    if exact:
        return _missed(game, exact, formulas, seed)
    raise ValueError("both sides have an answer: there is nothing to explain")


def _unbounded(game: Game, derived: Any, found: Any) -> Outcome:
    """An agent's cost has no lower bound, as one side says or as neither can tell: proved?"""
    try:
        certified_nash(game)
        proved = None
    except UnboundedCostError as error:
        proved = error
    except ErgsError as error:
        return "undecided", f"whether costs have lower bounds is not decided: {error}", None
    seen = found if isinstance(found, UnboundedCostError) else None
    if proved and seen and (proved.agent, proved.t) == (seen.agent, seen.t):
        return "agree", f"{proved}; the engine finds it at the same stage", None
    if proved and seen:
        return (
            "undecided",
            f"{proved}; the engine finds it of agent {seen.agent} at t = {seen.t}",
            None,
        )
    if seen:
        return "disagree", f"the engine says: {seen}; but there is one equilibrium", None
    if isinstance(found, ErgsError):
        return "undecided", f"the engine gives no answer: {found}", None
    if proved:
        return "disagree", f"{proved}; the engine finds an equilibrium", None
    return "undecided", f"the derived recursion gives no answer: {derived}", None


def _missed(game: Game, exact: SingularStageError, formulas: Formulas | None, seed: int) -> Outcome:
    """Φ_t is singular, the engine passed it: is its reciprocal condition rounding alone?"""
    seen = float(engine.nash(_batch_of_one(game.floats())).condition[0, exact.t])
    limit = modest_factor(game) * float(UNIT)
    if exact.t < game.horizon - 1:
        reference, moved = _conditioned(game, exact.t + 1, formulas, seed)
        limit *= max(1.0, _relative(reference, moved, "P"))
    told = f"{exact}; the engine finds a reciprocal condition of {seen:.1e} there"
    if seen <= limit:
        return "undecided", f"{told}, which rounding alone can make of 0", None
    return "disagree", f"{told}, which rounding does not explain", None


def _too_early(game: Game, t: int, formulas: Formulas | None, seed: int) -> Outcome:
    """The engine says singular, the exact Φ_t is not: does rounding leave K_t any digit?"""
    told = f"the engine finds Φ_t singular at t = {t}, where it is not"
    try:
        reference, moved = _conditioned(game, t, formulas, seed)
    except ErgsError as error:
        return "undecided", f"{told}, but in a game one rounding away: {error}", None
    lost = _relative(reference, moved, "K")
    if modest_factor(game) * float(UNIT) * lost >= 1:
        return "undecided", f"{told}; float64 cannot tell, K_t has no digit that is sure", None
    return "disagree", f"{told}; rounding moves K_t by {lost * float(UNIT):.1e} of its size", None


def _conditioned(
    game: Game, first: int, formulas: Formulas | None, seed: int
) -> tuple[Numbers, Moves]:
    """Of the stages from `first` on, with affine terms in the state (1, x)."""
    game = game.homogeneous.part(stages=range(first, game.horizon))
    arithmetic = MPMath(bits=256)
    reference = numbers(nash(game, arithmetic, formulas=formulas))
    nearby = [
        numbers(
            nash(perturbed(game, reference["P"], seed + k), Rounding(seed + k), formulas=formulas)
        )
        for k in range(3)
    ]
    return reference, moves(game, reference, nearby, arithmetic)


def _relative(reference: Numbers, moved: Moves, letter: str) -> float:
    """How many times u the first stage moves, relative to its size."""
    return max(
        float(changes[0] / size(over_time[0])) / float(UNIT)
        for over_time, changes in zip(reference[letter], moved[letter], strict=True)
        if size(over_time[0])
    )


def _batch_of_one(game: FloatGame) -> FloatGame:
    return mapped(game, lambda _place, X, _axes: np.asarray(X)[None])
