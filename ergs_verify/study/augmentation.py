"""Theorem IV.3 measured: the gap of the δ-augmented equilibrium over many decades of δ.

ε_i(δ) is the gap identity's, at high precision, and beside it stand the explicit bound, the
coefficient of δ² and the two limits of the documentation's page on the theory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from attrs import evolve, frozen

from ergs_verify.arithmetic.base import Scalar
from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.certify.augmentation import chosen_deltas
from ergs_verify.errors import NotCertifiedError, SingularStageError
from ergs_verify.exact import whole
from ergs_verify.game import Game
from ergs_verify.paper.formulas import Formulas
from ergs_verify.paper.gap import SecondOrderFormulas
from ergs_verify.recursion import gaps, nash, second_order_coefficients
from ergs_verify.recursion.stages import Progress
from ergs_verify.study.augmentation_result import (
    AugmentationAgent,
    AugmentationRow,
    AugmentationStudy,
)
from ergs_verify.study.divergences import divergences
from ergs_verify.study.tables import as_decimal, ratio_as_decimal
from ergs_verify.study.variants import answered, prior_policy

#: Two precisions must agree to this many digits more than are given out.
_GUARD = 3
#: Beyond the digits needed for the answer and for what δ² cancels.
_START = 15
_TRIES = 4


@frozen(kw_only=True)
class _Formulas:
    stage: Formulas | None
    gap: SecondOrderFormulas | None


def augmentation_study(
    game: Game,
    deltas: Iterable[Any] | None = None,
    *,
    digits: int = 15,
    formulas: Formulas | None = None,
    gap: SecondOrderFormulas | None = None,
    progress: Progress | None = None,
) -> AugmentationStudy:
    """Every agent's gap at the equilibrium of the δ-augmented game, over δ, at high precision.

    Parameters
    ----------
    game : Game
        Of the paper's class; `ergs_verify.gap` takes others too, and certifies.
    deltas : iterable of numbers > 0, optional
        10⁻⁹ to 10³ by default. Strings and rationals are exact.
    digits : int ≥ 1
        Significant digits of the answers.
    formulas, gap : Formulas and SecondOrderFormulas, optional
        Formulas to use in place of the derived ones.
    progress : function of two int, optional
        Told how many δ are done, and of how many.

    Returns
    -------
    AugmentationStudy

    Raises
    ------
    InputError
        If `deltas` or `digits` are bad, or the game lies beyond the paper's class.
    NotCertifiedError
        If no two precisions agree: the game is too ill-conditioned.

    Notes
    -----
    The gap is E[x_0'Gx_0] + g, the mean over x_0. A row has a reason in place of numbers if some
    Φ_t is singular at τ + δ; if one is singular at τ, ε need not tend to 0 with δ. See
    :doc:`/explanation/theory`, "The δ-augmentation".

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.study.augmentation import augmentation_study
    >>> study = augmentation_study(gallery("g-star-2"), ["1e-6", "1e-3"])
    >>> f"{study.rows[0].agents[0].ratio:.6f}", f"{study.order[0]:.3f}"
    ('1.000001', '2.000')
    """
    game.expect_papers_class("augmentation_study")
    steps = chosen_deltas(deltas)
    wanted = whole(digits, "digits", 1)
    records = _Formulas(stage=formulas, gap=gap)
    coefficient, reason = _coefficient(game, records, wanted)
    rows: list[AugmentationRow] = []
    for done, delta in enumerate(steps, 1):
        rows.append(_row(game, delta, records, wanted))
        if progress:
            progress(done, len(steps))
    return AugmentationStudy(
        game=game.name or repr(game),
        game_hash=game.hash,
        tau=game.tau,
        digits=wanted,
        rows=tuple(_with_orders(rows, coefficient)),
        coefficient=coefficient,
        coefficient_reason=reason,
        linear_slope=tuple(Fraction(p * game.horizon, 2) for p in game.control_sizes),
        limit=_limit(game, records, wanted),
    )


def _row(game: Game, delta: Fraction, records: _Formulas, digits: int) -> AugmentationRow:
    def once(arithmetic: MPMath) -> Sequence[Scalar]:
        return _gaps_and_bounds(game, delta, records, arithmetic)

    # The covariance part of a gap, of the order δ²/τ², is what is left of terms of order 1.
    cancelled = -2 * ratio_as_decimal(delta / (game.tau + delta)).adjusted()
    try:
        values = _agreed(once, digits, digits + cancelled + _START)
    except SingularStageError as error:
        return AugmentationRow(delta=delta, agents=None, reason=f"at τ + δ, {error}")
    agents = zip(values[::2], values[1::2], strict=True)
    return AugmentationRow(
        delta=delta,
        agents=tuple(
            AugmentationAgent(agent=k, epsilon=epsilon, bound=bound, order=None, ratio=None)
            for k, (epsilon, bound) in enumerate(agents, 1)
        ),
    )


def _gaps_and_bounds(
    game: Game, delta: Fraction, records: _Formulas, arithmetic: MPMath
) -> list[Scalar]:
    """ε_1, bound_1, ε_2, bound_2, …"""
    augmented = nash(game.augmented(delta), arithmetic, formulas=records.stage)
    policy = augmented.as_policy(arithmetic)
    measured = gaps(game, policy, arithmetic, formulas=records.stage, gap=records.gap)
    at_augmented = divergences(game, policy, arithmetic, formulas=records.stage)
    found = []
    for gap, played in zip(measured, at_augmented, strict=True):
        if game.tau == 0:
            bound = played.context.inf
        else:
            best = answered(policy, gap.response, arithmetic)
            at_best = divergences(game, best, arithmetic, formulas=records.stage)
            bound = arithmetic.scalar(delta) * (at_best[gap.agent - 1] - played)
        found += [gap.total, bound]
    return found


def _coefficient(
    game: Game, records: _Formulas, digits: int
) -> tuple[tuple[Decimal, ...] | None, str | None]:
    if game.tau == 0:
        return None, "τ = 0, where the gap is linear in δ"

    def once(arithmetic: MPMath) -> Sequence[Scalar]:
        return second_order_coefficients(game, arithmetic, formulas=records.stage, gap=records.gap)

    try:
        return _agreed(once, digits, digits + _START), None
    except SingularStageError as error:
        return None, f"at τ, {error}"


def _limit(game: Game, records: _Formulas, digits: int) -> tuple[Decimal, ...]:
    def once(arithmetic: MPMath) -> Sequence[Scalar]:
        policy = prior_policy(game)
        measured = gaps(game, policy, arithmetic, formulas=records.stage, gap=records.gap)
        return [gap.total for gap in measured]

    return _agreed(once, digits, digits + _START)


def _agreed(
    once: Callable[[MPMath], Sequence[Scalar]], digits: int, working: int
) -> tuple[Decimal, ...]:
    """What two precisions in a row give to `digits` significant digits, `_GUARD` to spare."""
    before, tried = None, working
    for _ in range(_TRIES + 1):
        arithmetic, tried = MPMath(digits=working), working
        try:
            now = once(arithmetic)
        except NotCertifiedError:
            now = None
        if before and now and all(_close(x, y, digits) for x, y in zip(before, now, strict=True)):
            return tuple(as_decimal(arithmetic, x, digits) for x in now)
        before = now
        working += max(20, working // 2)
    raise NotCertifiedError(
        f"up to {tried} working digits no two precisions agree to {digits} digits"
    )


def _close(x: Scalar, y: Scalar, digits: int) -> bool:
    if x == y:  # infinities too
        return True
    return abs(x - y) <= abs(y) / y.context.mpf(10) ** (digits + _GUARD)


def _with_orders(
    rows: Sequence[AugmentationRow], coefficient: Sequence[Decimal] | None
) -> list[AugmentationRow]:
    """The rows with local orders and ratios to the quadratic law put in."""
    finished = [_with_ratios(row, coefficient) for row in rows]
    places = [k for k, row in enumerate(rows) if row.agents is not None]
    for before, after in pairwise(places):
        smaller, row = finished[before], finished[after]
        assert smaller.agents is not None
        assert row.agents is not None
        step = ratio_as_decimal(row.delta / smaller.delta).log10()
        agents = tuple(
            evolve(one, order=_slope(other.epsilon, one.epsilon, step))
            for other, one in zip(smaller.agents, row.agents, strict=True)
        )
        finished[after] = evolve(row, agents=agents)
    return finished


def _with_ratios(row: AugmentationRow, coefficient: Sequence[Decimal] | None) -> AugmentationRow:
    if row.agents is None or coefficient is None:
        return row
    delta = ratio_as_decimal(row.delta)
    agents = tuple(
        evolve(one, ratio=float(one.epsilon / (c * delta**2)) if c else None)
        for one, c in zip(row.agents, coefficient, strict=True)
    )
    return evolve(row, agents=agents)


def _slope(before: Decimal, after: Decimal, step: Decimal) -> float | None:
    if before <= 0 or after <= 0:
        return None
    return float((after / before).log10() / step)
