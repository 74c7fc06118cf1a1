"""Stages of the equilibrium in balls at approximate costs, and how far these move them.

At a stage, P̂ⁱ are exact matrices near Pⁱ_{t+1}. Its formulas in balls give gains and costs at P̂,
and the middles of these costs are the next P̂. Errors of P̂ move them besides, which is bounded for
some stages at once (`ergs_verify.certify.perturbation`): in float64, in units that suit it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, reduce
from itertools import repeat
from operator import add
from typing import Any

import flint
import numpy as np
from attrs import evolve, frozen
from flint import arb

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.certify.balance import root_of_inverse
from ergs_verify.certify.float_norms import CLOSELY, spectral, stacked
from ergs_verify.certify.frame import Coordinates, Frame
from ergs_verify.certify.loewner import widened
from ergs_verify.certify.near import Costs, Near, Rounded, around_zero, rounding_errors, together
from ergs_verify.certify.norms import BITS, frobenius_above
from ergs_verify.certify.perturbation import (
    FARTHEST,
    Letters,
    Perturbation,
    Rows,
    balance_of,
    cost_of_controls,
    slope_of_controls,
    weights,
)
from ergs_verify.certify.units import MANY, Bound, Units
from ergs_verify.errors import NotCertifiedError
from ergs_verify.paper import notation
from ergs_verify.recursion.backward_induction import Recursion
from ergs_verify.recursion.stages import Stages

#: So many stages are bounded at once.
TOGETHER = 16
#: Errors of costs that have settled are at most so many bits above what these move by, or above
#: errors before. Sharing is not worth it for a few stages.
_WIDER = 8
#: Stages after which agents' errors compare as in the long run.
_STEPS = 32


@frozen(kw_only=True, eq=False)
class Approximate:
    """A stage at exact P̂ near P_{t+1}.

    Attributes
    ----------
    K : list of balls
    ahead : Costs
        P̂.
    here : Rounded
        The costs P°, which K has at P̂.
    B : list over agents
    loop, phi : arb_mat
        F° and Φ.
    slopes : list over agents of (n, m), or None
        S + R𝓚, in the general game.
    own : list over agents
        A bound of ‖R + (τ/2)I‖₂, or of ‖(τ/2)L‖₂ in the general game: Δⁱ enters squared.
    joint : list over agents of bounds, or None
        In the general game of ‖R‖₂.
    """

    K: list[Any]
    ahead: Costs
    here: Rounded
    B: list[Any]
    loop: Any
    phi: Any
    slopes: list[Any] | None
    own: list[Any]
    joint: list[Any] | None

    @classmethod
    def at(cls, stages: Stages[Balls], recursion: Recursion, t: int, ahead: Costs) -> Approximate:
        """At exact costs near the true ones."""
        balls, general = stages.arithmetic, stages.game.general
        values = stages.letters(t) | stages.costs(ahead.middles)
        step = recursion.step(values)
        known = stages.knowing(t, values | {notation.K(k): step.K[k - 1] for k in stages.agents})

        def by_agents(formula: Callable[[int], Any]) -> list[Any]:
            return [known(formula(k)) for k in stages.agents]

        def sizes(formula: Callable[[int], Any]) -> list[Any]:
            return [frobenius_above(X) for X in by_agents(formula)]

        return cls(
            K=step.K,
            ahead=ahead,
            here=Rounded.of(step.P, balls, ahead),
            B=by_agents(notation.B),
            loop=step.F,
            phi=step.phi,
            slopes=by_agents(slope_of_controls) if general else None,
            own=sizes(lambda k: cost_of_controls(k, general=general, plain=k in stages.plain)),
            joint=sizes(notation.joint_R) if general else None,
        )


class ApproximateStages:
    """Stages at approximate costs, some at a time, and how far errors of the costs move them.

    Parameters
    ----------
    stages : Stages
        With `symmetric`.
    settled : int, optional
        Costs that move by less than 2 to minus this of their size have settled, if all stages to
        come are alike: these stages then share their enclosures.
    """

    def __init__(self, stages: Stages[Balls], settled: int | None = None):
        self._stages, self._settled, self._recursion = stages, settled, Recursion(stages)
        #: What is near the costs of all stages to come, where they share it.
        self.shared: Near | None = None
        self._rest: Iterator[tuple[list[Any], Near]] = iter(())
        self._last: Near | None = None

    def stage(self, t: int, near: Near) -> tuple[list[Any], Near]:
        """K_t in balls and what is near P_t, from what is near P_{t+1}."""
        if near is not self._last:
            self._rest = self._from(t, near)
        self._last = None
        K, self._last = next(self._rest)
        return K, self._last

    def _from(self, t: int, near: Near) -> Iterator[tuple[list[Any], Near]]:
        stages = self._stages
        tried = min(stages.game.alike, t)
        while t >= 0:
            some, missing, ahead = [], None, near
            for s in range(t, max(t - TOGETHER, -1), -1):
                try:
                    some.append(Approximate.at(stages, self._recursion, s, ahead))
                except NotCertifiedError as error:
                    missing = error
                    break
                here = some[-1].here
                other = here.units != ahead.units
                if other and s < t:
                    some.pop()
                if other or here.frame is not ahead.frame:
                    break
                if (
                    self._settled
                    and TOGETHER <= s < tried
                    and _moves_little(ahead, here, self._settled)
                ):
                    if s < t:
                        some.pop()
                        break
                    tried = 2 * t // 3
                    if shared := self._shared(some[0], near, t + 1):
                        self.shared = shared[1]
                        yield from repeat(shared, t + 1)
                        return
                ahead = here
            for one, moved, here in self._moved(some, near):
                yield self._gains(one, moved, here.coordinates), here
                near = here
            if missing is not None:
                raise missing
            t -= len(some)

    def _gains(self, one: Approximate, moved: Sequence[Any], coordinates: Coordinates) -> list[Any]:
        """K in balls, from bounds of ‖(Kⁱ − K°ⁱ)S‖ in coordinates."""
        return [
            widened(X, [by] * X.nrows(), coordinates.columns_above, self._stages.arithmetic)
            for X, by in zip(one.K, moved, strict=True)
        ]

    def _moved(
        self, some: list[Approximate], near: Near
    ) -> Iterator[tuple[Approximate, list[Any], Near]]:
        """Each stage, bounds of ‖(Kⁱ − K°ⁱ)S‖, and what is near P_t."""
        if not some:
            return
        in_time = some[::-1]
        units = Units.of(in_time, near)
        near = units.weighed(near)
        here, frames = [one.here for one in in_time], [one.here.frame for one in in_time]
        with np.errstate(all="ignore"):
            letters = units.letters(in_time, self._stages)
            totals = np.stack([here[0].total, *(one.ahead.total for one in in_time)])
            own = None if frames[0] is near.frame else frames[0]
            turns = _turns(letters, totals, near.coordinates.Z, own)
            coordinates = Coordinates.of(frames, turns)
            letters = _turned(letters, [*coordinates, near.coordinates])
        fresh = rounding_errors(here, coordinates)
        bounds = units.bounds(letters, fresh, near)
        rows = Rows(near.together, arb(0), _least)
        for k in reversed(range(len(in_time))):
            one, bound = in_time[k], bounds[k]
            moved, error = self._carried(one, near, fresh[k], bound, rows)
            near = Near.of(one.here, coordinates[k], bound.weights, error)
            yield one, moved, near

    def _carried(
        self, one: Approximate, near: Near, new: Sequence[Any], bound: Bound, rows: Rows
    ) -> tuple[list[Any], Any]:
        """Bounds of ‖(Kⁱ − K°ⁱ)S‖ and ε at a stage, from what is near P_{t+1} and what is new."""
        ahead, errors = near.together, near.errors
        with flint.ctx.workprec(BITS):
            kappa = bound.regular * ahead
            if not kappa < 1:
                raise NotCertifiedError(
                    f"Φ_t is not certified to be regular at {self._stages.arithmetic.bits} bits"
                )
            f = (bound.window.loop + bound.window.off_loop) / (1 - kappa)
            moved = [(f * gain * ahead).upper() for gain in bound.gains]
            joint, rest = kappa * f, []
            for i, rate in enumerate(self._rates):
                found = moved[i] * moved[i] * one.own[i] + new[i]
                found += rate * joint * (f * errors[i] + joint * bound.costs[i])
                if one.joint is not None:
                    found += one.joint[i] * reduce(add, (by * by for by in moved))
                rest.append(found)
            off = bound.window.off(joint, f) * ahead
            rested = (2 * off + together(rest, bound.weights)).upper()
            return moved, rows.after(bound.window.norms, rested).upper()

    @cached_property
    def _rates(self) -> list[Any]:
        stages = self._stages
        return [stages.arithmetic.scalar(rate).value for rate in stages.game.discount]

    def _shared(self, one: Approximate, near: Near, count: int) -> tuple[list[Any], Near] | None:
        """K in balls and what is near P at `count` stages like this one; None if unlike, or wide.

        P̂ serves all of them: how far the stage moves it is new at each.
        """
        stages = self._stages
        with flint.ctx.workprec(stages.arithmetic.bits):
            moved = [
                around_zero(P - before + off)
                for P, before, off in zip(one.here.middles, near.middles, one.here.off, strict=True)
            ]
        some, numbers, before = [one] * MANY, CentredStacks(), near.coordinates
        units = Units.of(some, near)
        with np.errstate(all="ignore"):
            letters = units.letters(some, stages)
            Z = balance_of(_turned(letters, [before] * (MANY + 1)).stage(0), np.eye(len(before.Z)))
            (coordinates,) = Coordinates.of([near.frame], (before.Z @ Z)[None])
            letters = _turned(letters, [coordinates] * (MANY + 1))
            change = numbers.multiply(before.inverse, Centred(coordinates.Z))
            most = arb(float(spectral(change, CLOSELY).value))
            (new,) = rounding_errors([evolve(one.here, off=moved)], [coordinates])
            # What errors become in the long run, whatever is new.
            sizes, least = Perturbation(letters).sizes()[:1], np.full(len(new), 1 / FARTHEST)
            steps = np.repeat(sizes, _STEPS, axis=0), np.tile(least, (_STEPS, 1))
            chosen = units.weights(weights(*steps, units.floats(new))[0])
        with flint.ctx.workprec(BITS):
            errors = [(error * most * most).upper() for error in near.errors]
        near = Near.of(near, coordinates, chosen, together(errors, chosen))
        bound = units.bounds(letters, None, near)[0]
        rows, ahead = Rows(near.together, arb(0), _least), near
        gains, widest = [arb(0)] * len(new), near.together
        for _ in range(count):
            try:
                by, error = self._carried(one, ahead, new, bound, rows)
            except NotCertifiedError:
                return None
            ahead = evolve(near, together=error)
            gains = [max(both) for both in zip(gains, by, strict=True)]
            widest = max(widest, error)
        found = evolve(near, together=widest)
        with flint.ctx.workprec(BITS):
            most = [
                arb(2) ** _WIDER * max(size * arb(2) ** -(self._settled or 0), error)
                for size, error in zip(bound.costs, near.errors, strict=True)
            ]
        if not all(error <= x for error, x in zip(found.errors, most, strict=True)):
            return None
        return self._gains(one, gains, coordinates), found


def _moves_little(ahead: Costs, here: Costs, settled: int) -> bool:
    """Whether traces differ by less than 2 to minus `settled` of them."""
    least = arb(2) ** -settled
    with flint.ctx.workprec(settled + BITS):
        return all(
            abs((X - Y).trace()) <= abs(Y.trace()) * least
            for X, Y in zip(ahead.middles, here.middles, strict=True)
        )


def _least(bounds: list[Any]) -> Any:
    return min(bound.upper() for bound in bounds)


def _turns(letters: Letters, totals: np.ndarray, last: np.ndarray, own: Frame | None) -> np.ndarray:
    """Z at t = 0, 1, …, T − 1 of T stages, (T, m, m): in x = SZz errors grow little.

    Costs are near I in roots of their inverses. In these coordinates one balance, that of the stage
    in the middle, serves all stages.

    Parameters
    ----------
    totals : (T+1, m, m) array
        What costs, at each time.
    last : (m, m) array
        Z at T.
    own : Frame, optional
        At t = 0, if it is another there.
    """
    roots = root_of_inverse(totals)
    turns, first = roots[:-1].copy(), 0
    if own is not None:
        turns[0], first = own.turn(totals[0]), 1
    if (stages := len(turns) - first) > 1:
        k = first + stages // 2
        ahead, now = Centred(roots[k + 1]), Centred(roots[k])
        one = letters.stage(k).turned(ahead, Centred(np.linalg.inv(roots[k + 1])), now)
        turns[first:] @= balance_of(one, np.linalg.solve(roots[-1], last))
    return turns


def _turned(letters: Letters, coordinates: Sequence[Coordinates]) -> Letters:
    """In these coordinates, of one time more than there are stages."""
    Z = Centred(np.stack([one.Z for one in coordinates]))
    return letters.turned(Z[1:], stacked([one.inverse for one in coordinates[1:]]), Z[:-1])
