"""Where one side finds Φ_t singular, or gives no answer: do both say the same?

The derived side decides singularity exactly. The engine judges by Φ_t's reciprocal condition, so
where the two differ it is asked whether rounding explains it.
"""

from __future__ import annotations

import math
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
from ergs_verify.study.conditioning import first_order, modest_factor, moving_equilibrium
from ergs_verify.study.numbers import numbers, size

Outcome = tuple[str, str, int | None]


def compare_singular(game: Game, derived: Any, found: Any, formulas: Formulas | None) -> Outcome:
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
        return _too_early(game, rounded.t, formulas)
    if exact:
        return _missed(game, exact, formulas)
    raise ValueError("both sides have an answer: there is nothing to explain")


def _unbounded(game: Game, derived: Any, found: Any) -> Outcome:
    """An agent's cost has no lower bound, as one side says or as neither can tell: proved?"""
    try:
        certified_nash(game)
        proved = None
    except UnboundedCostError as error:
        proved = error
    except ErgsError as error:
        return "undecided", f"it is undecided whether the costs have lower bounds: {error}", None
    seen = found if isinstance(found, UnboundedCostError) else None
    if proved and seen and (proved.agent, proved.t) == (seen.agent, seen.t):
        return "agree", f"{proved}; the engine finds it at the same stage", None
    if proved and seen:
        return (
            "undecided",
            f"{proved}; the engine finds it for agent {seen.agent} at t = {seen.t}",
            None,
        )
    if seen:
        return "disagree", f"the engine says: {seen}; but there is one equilibrium", None
    if isinstance(found, ErgsError):
        return "undecided", f"the engine gives no answer: {found}", None
    if proved:
        return "disagree", f"{proved}; the engine finds an equilibrium", None
    return "undecided", f"the derived recursion gives no answer: {derived}", None


def _missed(game: Game, exact: SingularStageError, formulas: Formulas | None) -> Outcome:
    """Φ_t is singular, the engine passed it: is its reciprocal condition rounding alone?"""
    seen = float(engine.nash(_batch_of_one(game.floats())).condition[0, exact.t])
    limit = modest_factor(game) * float(UNIT)
    if exact.t < game.horizon - 1:
        limit *= max(1.0, _relative(game, exact.t + 1, formulas, "P"))
    told = f"{exact}; the engine finds a reciprocal condition number of {seen:.1e} there"
    if seen <= limit:
        return "undecided", f"{told}, which rounding alone can explain", None
    return "disagree", f"{told}, which rounding does not explain", None


def _too_early(game: Game, t: int, formulas: Formulas | None) -> Outcome:
    """The engine says singular, the exact Φ_t is not: does rounding leave K_t any digit?"""
    told = f"the engine finds Φ_t singular at t = {t}, where it is not"
    try:
        lost = _relative(game, t, formulas, "K")
    except ErgsError as error:
        return "undecided", f"{told}, but in a game that differs by one rounding: {error}", None
    # NaN where numbers leave float64's range.
    if not modest_factor(game) * float(UNIT) * lost < 1:
        return "undecided", f"{told}; float64 cannot tell, for no digit of K_t is certain", None
    return "disagree", f"{told}; rounding moves K_t by {lost * float(UNIT):.1e} of its size", None


def _relative(game: Game, first: int, formulas: Formulas | None, letter: str) -> float:
    """How many times u stage `first` moves, relative to its size; with affine terms in (1, x)."""
    game = game.homogeneous.part(stages=range(first, game.horizon))
    exact = nash(game, MPMath(bits=256), formulas=formulas)
    moved = first_order(moving_equilibrium(game, exact), [letter], game.state_size)[letter]
    sizes = [float(size(own[0])) for own in numbers(exact, [letter])[letter]]
    relative = (float(X[0].max()) / at for X, at in zip(moved, sizes, strict=True) if at)
    return max(relative, default=math.inf)  # ∞ where all is below float64's range


def _batch_of_one(game: FloatGame) -> FloatGame:
    return mapped(game, lambda _place, X, _axes: np.asarray(X)[None])
