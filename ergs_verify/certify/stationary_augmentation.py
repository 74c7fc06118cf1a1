"""Theorem IV.3 on stationary games: the gap of the δ-augmented equilibrium, enclosed.

As with a last stage (`ergs_verify.certify.augmentation`) the bound is a sum of two gaps, and the
coefficient of δ² one of discounted sums, or of a stage's means, each from some X = R + γF'XF.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from attrs import frozen
from flint import arb, arb_mat

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.augmentation_result import (
    COEFFICIENT_TOLERANCE,
    Coefficient,
    DeltaAgent,
    DeltaRow,
    GapOfDelta,
)
from ergs_verify.certify.enclosure import INFINITE, Enclosure
from ergs_verify.certify.gap_parts import gap_formula
from ergs_verify.certify.precision import bits_short
from ergs_verify.certify.stationary_gap import best_response, expect_judged, gap_from
from ergs_verify.certify.stationary_nash import (
    StationaryNash,
    search_stationary_nash,
    stationary_nash_near,
)
from ergs_verify.certify.stein import Stein, as_floats, stable
from ergs_verify.errors import NotCertifiedError, UnboundedCostError
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game
from ergs_verify.paper import notation
from ergs_verify.paper.gap import X, Z, second_order_formulas
from ergs_verify.recursion.gap import initial_moment, played_stage
from ergs_verify.recursion.stages import Progress, Stages, setting_of

_FIRST_BITS = 128


def stationary_gap_of_delta(
    game: Game,
    deltas: Sequence[Fraction],
    *,
    tolerance: Fraction,
    most_bits: int,
    progress: Progress | None = None,
) -> GapOfDelta:
    """`ergs_verify.certify.augmentation.gap` of a stationary game.

    Parameters
    ----------
    deltas : sequence of Fraction > 0, growing
    """
    expect_judged(game)

    def say(done: int) -> None:
        if progress:
            progress(done, len(deltas) + 1)

    coefficient, reason, nash = _coefficient(game, most_bits)
    say(1)
    gains = nash and _gains(nash)
    rows = []
    for done, delta in enumerate(deltas, 2):
        row, gains = _row(game, delta, gains, tolerance, most_bits)
        rows.append(row)
        say(done)
    return GapOfDelta(
        tau=None if isinstance(game.tau_given, tuple) else game.tau,
        rows=tuple(rows),
        coefficient=coefficient,
        coefficient_reason=reason,
        smallest_delta=None,
        game=game,
    )


def _gains(nash: StationaryNash) -> list[np.ndarray]:
    return [as_floats(K) for (K,) in nash.found.K]


@frozen(eq=False)
class _Played:
    """A stage at which everybody's K and Σ are known, and the proofs that they are stable."""

    stages: Stages[Balls]
    K: list[Any]
    stage: Evaluator
    loops: list[Stein]

    @classmethod
    def by(cls, stages: Stages[Balls], K: Sequence[Any], Sigma: Sequence[Any]) -> _Played:
        stage = played_stage(stages, 0, list(K), list(Sigma))
        found = {}
        for rate in dict.fromkeys(stages.game.discount):
            loop = stable(stage(notation.F), rate, stages.arithmetic, one=stages.relative)
            if loop is None:
                raise NotCertifiedError("the closed loop is not proved stable")
            found[rate] = loop
        return cls(stages, list(K), stage, [found[rate] for rate in stages.game.discount])

    def gap(self, agent: int, P: Any) -> Enclosure:
        return gap_from(self.stages, self.stage, agent, self.loops[agent - 1], P)


# -- one δ -----------------------------------------------------------------------------------------


def _row(
    game: Game,
    delta: Fraction,
    gains: list[np.ndarray] | None,
    tolerance: Fraction,
    most_bits: int,
) -> tuple[DeltaRow, list[np.ndarray] | None]:
    """The row, and the gains at τ + δ, from which the next begins."""
    augmented = game.augmented(delta)
    largest = max(augmented.one_stage.tau_of[k][0] for k in range(game.agents))
    values: list[Enclosure] = []

    def lacking(found: Any, balls: Balls) -> int:
        try:
            values[:] = _gaps_and_bounds(game, augmented, found, balls)
        except NotCertifiedError:
            return balls.bits // 2
        return max(bits_short(one, tolerance, balls.bits) for one in values)

    # A covariance part, of the order (δ/(τ+δ))², is what is left of terms of order 1.
    first = _FIRST_BITS + 2 * int(largest / delta).bit_length()
    options: dict[str, Any] = {"first_bits": first, "most_bits": max(most_bits, 2 * first)}
    search = None
    try:
        if gains is not None:
            search = stationary_nash_near(augmented.one_stage, gains, lacking, **options)
        if search is None or not search.equilibria:
            search = search_stationary_nash(augmented, lacking, **options)
    except UnboundedCostError as error:  # of a best response at τ
        reason = f"at τ, {error}"
        return DeltaRow(delta=delta, verdict="refuted", agents=None, reason=reason), gains
    if not search.equilibria:
        verdict = "undecided" if search.refuted is None else "refuted"
        reason = f"at τ + δ, {search.reason}"
        return DeltaRow(delta=delta, verdict=verdict, agents=None, reason=reason), gains
    agents = tuple(
        DeltaAgent(agent=k, epsilon=epsilon, bound=bound)
        for k, (epsilon, bound) in enumerate(zip(values[::2], values[1::2], strict=True), 1)
    )
    return DeltaRow(delta=delta, verdict="proved", agents=agents), _gains(search.equilibria[0])


def _gaps_and_bounds(game: Game, augmented: Game, found: Any, balls: Balls) -> list[Enclosure]:
    """ε_1, bound_1, ε_2, bound_2, …"""
    stages, shifted = (Stages(one.one_stage, balls, symmetric=True) for one in (game, augmented))
    K, Sigma = [X for (X,) in found.K], [X for (X,) in found.Sigma]
    played = _Played.by(stages, K, Sigma)
    values = []
    for agent in stages.agents:
        own = agent - 1
        answer = best_response(stages, K, agent, played.loops[own])
        P = answer.P
        epsilon = played.gap(agent, P)
        values.append(epsilon)
        if agent in stages.plain:
            values.append(INFINITE)
            continue
        answering = played.stage.with_values({notation.P(agent): P})
        K_br = answering(stages.formula("gain", agent))
        Sigma_br = answering(stages.formula("covariance", agent))
        joint = _Played.by(
            shifted,
            [K_br if k == own else X for k, X in enumerate(K)],
            [Sigma_br if k == own else X for k, X in enumerate(Sigma)],
        )
        excess = joint.gap(agent, found.P[own][0])
        values.append(Enclosure(epsilon.lo + excess.lo, epsilon.hi + excess.hi))
    return values


# -- the coefficient of δ² -------------------------------------------------------------------------


def _coefficient(
    game: Game, most_bits: int
) -> tuple[tuple[Coefficient, ...] | None, str | None, StationaryNash | None]:
    """Every agent's, or why there is none; and the equilibrium at τ, if one was found."""
    values: list[Enclosure] = []
    plain = not all(game.entropic)

    def lacking(found: Any, balls: Balls) -> int:
        if plain:
            return 0
        try:
            values[:] = _coefficients(game, found, balls)
        except NotCertifiedError:
            return balls.bits // 2
        return max(bits_short(one, COEFFICIENT_TOLERANCE, balls.bits) for one in values)

    search = search_stationary_nash(game, lacking, first_bits=_FIRST_BITS, most_bits=most_bits)
    if not search.equilibria:
        return None, f"at τ, {search.reason}", None
    nash = search.equilibria[0]
    if plain:
        return None, "τ = 0, where the gap is linear in δ", nash
    if len(search.equilibria) > 1:  # the values are those of the last
        values[:] = _coefficients(game, nash.found, nash.balls)
    found = tuple(Coefficient(agent=k, value=value) for k, value in enumerate(values, 1))
    return found, None, nash


def _coefficients(game: Game, found: Any, balls: Balls) -> list[Enclosure]:
    stages = Stages(game.one_stage, balls, symmetric=True)
    played = _Played.by(stages, [X for (X,) in found.K], [X for (X,) in found.Sigma])
    formula = stages.written(second_order_formulas(setting_of(stages.game)))
    size = stages.game.state_size
    nothing = balls.zeros(size, size)
    values = []
    for agent in stages.agents:
        loop, letter = played.loops[agent - 1], Z.subs(notation.i, agent)
        known = played.stage.with_values({notation.P(agent): found.P[agent - 1][0]})
        right = known.with_values({letter: nothing})(formula("cost_slope", agent))
        slope = known.with_values({letter: _enclosed(loop, right)})
        moment = _moment(stages, played, loop)
        fixed = slope.with_values({X: nothing})(formula("coefficient", agent))
        moved = slope.with_values({X: moment})(formula("coefficient", agent))
        lasting = fixed
        if loop.rate != 1:
            lasting = fixed / balls.scalar(1 - loop.rate)
        values.append(Enclosure.of(moved - fixed + lasting, least=Fraction(0)))
    return values


def _enclosed(loop: Stein, right: Any) -> Any:
    near = loop.solved(right)
    if near is None:
        raise NotCertifiedError("the closed loop is not stable")
    return loop.enclosure(near, right)


def _moment(stages: Stages[Balls], played: _Played, loop: Stein) -> Any:
    """𝕏 = X_0 + γ(F𝕏F' + 𝒩/(1−γ)); of average cost 𝕏 = F𝕏F' + 𝒩, in (1, x) with x's mean."""
    balls, size = stages.arithmetic, stages.game.state_size
    formula, F = gap_formula(stages), loop.F
    known = played.stage.with_values({X: balls.zeros(size, size)})
    added = known(formula("second_moment", 1))
    mean = None
    if loop.one:
        drift = arb_mat([row[:1] for row in F.tolist()[1:]])
        F, added = (arb_mat([row[1:] for row in Y.tolist()[1:]]) for Y in (F, added))
        with flint.ctx.workprec(balls.bits):
            mean = balls.solve(balls.identity(F.nrows()) - F, drift)
    forward = stable(F.transpose(), loop.rate, balls)
    if forward is None:
        raise NotCertifiedError("the closed loop is not proved stable")
    if loop.rate != 1:
        weight = balls.scalar(loop.rate / (1 - loop.rate))
        added = balls.add(balls.scale(weight, added), initial_moment(stages.game, balls))
    with flint.ctx.workprec(balls.bits):
        added = (added + added.transpose()) / 2
    moment = _enclosed(forward, added)
    if mean is None:
        return moment
    with flint.ctx.workprec(balls.bits):
        moment += mean * mean.transpose()
    column = [x for (x,) in mean.tolist()]
    rows = [[x, *row] for x, row in zip(column, moment.tolist(), strict=True)]
    return arb_mat([[arb(1), *column], *rows])
