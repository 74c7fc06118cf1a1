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
from flint import arb, arb_mat

from ergs_verify.arithmetic.above import Above
from ergs_verify.arithmetic.balls import Balls
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.certify.balance import root_of_inverse
from ergs_verify.certify.float_norms import CLOSELY, frobenius, in_float64, spectral
from ergs_verify.certify.frame import Frame, exponent_of
from ergs_verify.certify.loewner import widened
from ergs_verify.certify.near import Costs, Near, Rounded, together
from ergs_verify.certify.norms import BITS, coarse, frobenius_above
from ergs_verify.certify.perturbation import (
    FARTHEST,
    Letters,
    Perturbation,
    Rows,
    Window,
    Windows,
    balance_of,
    slope_of_controls,
    weights,
)
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.paper import notation
from ergs_verify.recursion import block_system, by_agent
from ergs_verify.recursion.stages import Stages

#: So many stages are bounded at once.
TOGETHER = 16
#: Errors of costs that have settled are at most so many bits above what these move by, or above
#: errors before. Sharing is not worth it for a few stages.
_WIDER = 8
#: Stages have units in common where sizes differ by no more.
_OF_ONE_SIZE = arb(2) ** 64
#: What is linear is bounded over so many stages in a row, and where all are alike over so many.
_LONGEST, _MANY = 3, 8
#: Squarings for norms that serve many stages.
_MOST_CLOSELY = 10


@frozen(kw_only=True, eq=False)
class Approximate:
    """A stage at exact P̂ near P_{t+1}, coordinates of x_{t+1} and x_t being those of two frames.

    Attributes
    ----------
    K : list of balls
    here : Rounded
        The costs P°, which K has at P̂.
    B, costs : list over agents
        Bʲ and P̂ⁱ in coordinates.
    loop, inverse : arb_mat
        F° in coordinates, and Φ⁻¹.
    slopes : list over agents of (n, m), or None
        S + R𝓚 of x in coordinates, in the general game.
    own : list over agents
        A bound of ‖R + (τ/2)I‖₂, or of ‖(τ/2)L‖₂ in the general game: Δⁱ enters squared.
    joint : list over agents of bounds, or None
        In the general game of ‖R‖₂.
    """

    K: list[Any]
    here: Rounded
    B: list[Any]
    costs: list[Any]
    loop: Any
    inverse: Any
    slopes: list[Any] | None
    own: list[Any]
    joint: list[Any] | None

    @classmethod
    def at(cls, stages: Stages[Balls], t: int, near: Costs) -> Approximate:
        """At exact costs near the true ones."""
        balls, ahead = stages.arithmetic, near.frame
        known = stages.bare(t).with_values(
            {notation.P(k): P for k, P in zip(stages.agents, near.middles, strict=True)}
        )
        phi, rhs = block_system(stages, known)
        K = by_agent(stages, balls.solve(phi, -rhs))
        known = known.with_values({notation.K(k): K[k - 1] for k in stages.agents})
        P = [known(stages.formula("policy_cost", k)) for k in stages.agents]
        here = Rounded.of(P, balls, ahead)
        S, bits = here.frame.S, max(ahead.bits, here.frame.bits)
        with flint.ctx.workprec(bits):
            B = [coarse(ahead.inverse * coarse(known(notation.B(k)), bits)) for k in stages.agents]
            loop = coarse(ahead.inverse * coarse(known(notation.F), bits) * S)
            slopes = joint = None
            if stages.game.general:
                slopes = [
                    coarse(coarse(known(slope_of_controls(k)), bits) * S) for k in stages.agents
                ]
                joint = [frobenius_above(known(notation.joint_R(k))) for k in stages.agents]
        return cls(
            K=K,
            here=here,
            B=B,
            costs=near.inside,
            loop=loop,
            inverse=coarse(balls.solve(phi, balls.identity(phi.nrows()))),
            slopes=slopes,
            own=[_of_own_control(stages, known, k) for k in stages.agents],
            joint=joint,
        )


def _of_own_control(stages: Stages[Balls], known: Evaluator, k: int) -> Any:
    """A bound of R + (τ/2)I of agent k, or of (τ/2)L in the general game."""
    general = stages.game.general
    half = arb(0)
    if k not in stages.plain:
        half = known((notation.tau_of(k) if general else notation.tau) / 2).value
    with flint.ctx.workprec(BITS):
        if general:
            return half * frobenius_above(known(notation.precision(k)))
        return half + frobenius_above(known(notation.R(k)))


class ApproximateStages:
    """Stages at approximate costs, some at a time, and how far errors of the costs move them.

    Parameters
    ----------
    stages : Stages
        With `symmetric`.
    settled : int, optional
        Costs that move by less than 2 to minus this of their size have settled, if all stages to
        come are alike: these stages then share their enclosures.
    at_first : int
        So many stages are bounded at once at first: few, where few may be asked for.
    """

    def __init__(self, stages: Stages[Balls], settled: int | None = None, at_first: int = TOGETHER):
        self._stages, self._settled, self._at_first = stages, settled, at_first
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
        stages, together = self._stages, self._at_first
        tried = min(stages.game.alike, t)
        while t >= 0:
            some, missing, ahead = [], None, near
            for s in range(t, max(t - together, -1), -1):
                try:
                    some.append(Approximate.at(stages, s, ahead))
                except NotCertifiedError as error:
                    missing = error
                    break
                here = some[-1].here
                other = s < t and _in_other_units(some[0], some[-1])
                grown = _grown(ahead, here)
                if other or (grown and s < t):
                    some.pop()
                if other or grown or here.frame is not ahead.frame:
                    break
                if (
                    self._settled
                    and TOGETHER <= s < tried
                    and _moves_little(ahead, here, self._settled)
                ):
                    if s < t:
                        some.pop()
                        break
                    tried = t // 2
                    if shared := self._shared(some[0], near, t + 1):
                        self.shared = shared[1]
                        yield from repeat(shared, t + 1)
                        return
                ahead = here
            for one, moved, here in self._moved(some, near):
                yield self._gains(one, moved, here.frame), here
                near = here
            if missing is not None:
                raise missing
            t -= len(some)
            together = min(2 * together, TOGETHER)

    def _gains(self, one: Approximate, moved: Sequence[Any], frame: Frame) -> list[Any]:
        """K in balls, from bounds of ‖(Kⁱ − K°ⁱ)S‖ in the frame."""
        columns = frame.columns_above
        return [
            widened(X, [by] * X.nrows(), columns, self._stages.arithmetic)
            for X, by in zip(one.K, moved, strict=True)
        ]

    def _moved(
        self, some: list[Approximate], near: Near
    ) -> Iterator[tuple[Approximate, list[Any], Near]]:
        """Each stage, bounds of ‖(Kⁱ − K°ⁱ)S‖, and what is near P_t."""
        if not some:
            return
        units = _Units.of(some, near)
        near = units.weighed(near)
        letters = units.letters(some, self._stages)
        with np.errstate(all="ignore"):
            last = some[-1].here
            alike = last.frame is near.frame
            turns = _turns(letters, units.total(last.inside) if alike else None)
            letters = _turned(letters, turns)
        frames = [one.here.frame.turned(Z) for one, Z in zip(some, turns[::-1], strict=True)]
        fresh = [one.here.errors(frame) for one, frame in zip(some, frames, strict=True)]
        bounds = units.bounds(letters, fresh, near)
        rows = Rows(near.together, arb(0), _least)
        for one, frame, new, bound in zip(some, frames, fresh, bounds, strict=True):
            moved, error = self._carried(one, near, new, bound, rows)
            near = Near(one.here.middles, frame, bound.weights, error)
            yield one, moved, near

    def _carried(
        self, one: Approximate, near: Near, new: Sequence[Any], bound: _Bound, rows: Rows
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
            moved = [one.here.middles[i] - P + one.here.off[i] for i, P in enumerate(near.middles)]
        units = _Units.of([one], near)
        letters = units.letters([one], stages)
        with np.errstate(all="ignore"):
            Z = balance_of(letters.stage(0), np.eye(stages.game.state_size))
            letters = letters.turned(Centred(Z), _inverse(Centred(Z)), Centred(Z)).repeated(_MANY)
            frame, most = near.frame.turned(Z), arb(float(spectral(Centred(Z), CLOSELY).value))
            new = [frobenius_above(frame.of_cost(X)) for X in moved]
            sizes, direct = Perturbation(letters).sizes(), units.floats(new)
            chosen = weights(sizes, np.tile(direct, (_MANY, 1)), direct)[0]
        with flint.ctx.workprec(BITS):
            errors = [(error * most * most).upper() for error in near.errors]
        known = units.weights(chosen)
        near = Near(near.middles, frame, known, together(errors, known))
        bound = units.bounds(letters, None, near)[-1]
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
                for size, error in zip(near.sizes, near.errors, strict=True)
            ]
        if not all(error <= x for error, x in zip(found.errors, most, strict=True)):
            return None
        return self._gains(one, gains, near.frame), found


def _grown(ahead: Costs, here: Costs) -> bool:
    """Whether some agent's costs are far larger than those ahead."""
    pairs = zip(ahead.sizes, here.sizes, strict=True)
    return any(now > before * _OF_ONE_SIZE for before, now in pairs)


def _in_other_units(one: Approximate, other: Approximate) -> bool:
    """Whether controls of one size move the states of two stages far differently."""
    sizes = ([frobenius_above(B) for B in stage.B] for stage in (one, other))
    return any(
        max(both) > min(both) * _OF_ONE_SIZE for both in zip(*sizes, strict=True) if min(both) > 0
    )


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


def _turns(letters: Letters, last: np.ndarray | None) -> np.ndarray:
    """Z at t = 0, 1, …, T − 1 of T stages, (T, m, m): in x = Zz errors grow little.

    Costs are near I in roots of their inverses. In these coordinates one balance, that of the stage
    in the middle, serves all stages. Without the `last` costs, these have a frame of their own.
    """
    costs = np.sum([P.middle for P in letters.costs], axis=0)
    turns = np.broadcast_to(np.eye(costs.shape[-1]), costs.shape).copy()
    own = int(last is None)
    if last is not None:
        costs = np.concatenate([last[None], costs])
    if len(costs) == 1 or not np.isfinite(costs).all():
        return turns
    roots = root_of_inverse(costs)
    turns[own:] = roots[:-1]
    if len(roots) > 2:
        k = (len(roots) - 1) // 2
        inverses = np.linalg.inv(roots[[k + 1, -1]])
        ahead, now = Centred(roots[k + 1]), Centred(roots[k])
        one = letters.stage(own + k).turned(ahead, Centred(inverses[0]), now)
        turns[own:] @= balance_of(one, inverses[1])
    return turns


def _turned(letters: Letters, turns: np.ndarray) -> Letters:
    """In coordinates of the turns, and of x_{t+1} as they are at the last stage."""
    ahead = Centred(np.concatenate([turns[1:], np.eye(turns.shape[-1])[None]]))
    return letters.turned(ahead, _inverse(ahead), Centred(turns))


def _inverse(Z: Centred) -> Centred:
    numbers = CentredStacks()
    return numbers.solve(Z, numbers.identity(Z.middle.shape[-1]))


@frozen(kw_only=True, eq=False)
class _Bound:
    """Bounds of a stage.

    Attributes
    ----------
    gains : list over agents
        ‖(M's rows i)‖.
    regular : arb
        ‖𝓑M‖.
    costs : list over agents
        ‖P̂ⁱ‖.
    window : Window
    weights : list of arb
        wⁱ_t, exact.
    """

    gains: list[Any]
    regular: Any
    costs: list[Any]
    window: Window
    weights: list[Any]


@frozen(eq=False)
class _Units:
    """Powers of 2 in which what bounds need is near 1, so that float64 holds it.

    Attributes
    ----------
    controls, costs : list over agents of int
        Of uⁱ, so that Bⁱ is near 1 in coordinates, and of Pⁱ.
    errors : int
        Of errors, in units of costs.
    """

    controls: list[int]
    costs: list[int]
    errors: int

    @classmethod
    def of(cls, some: list[Approximate], near: Near) -> _Units:
        """By the first of some stages, and what is near P_{t+1} there."""
        first = some[0]
        controls = [-exponent_of(frobenius_above(B)) for B in first.B]
        sizes = zip(near.sizes, first.here.sizes, strict=True)
        costs = [exponent_of(max(both)) for both in sizes]
        errors = [
            exponent_of(error) - unit
            for error, unit in zip(near.errors, costs, strict=True)
            if error > 0
        ]
        return cls(controls, costs, max(errors, default=0))

    def floats(self, errors: Sequence[Any]) -> np.ndarray:
        """Errors, or weights, in units: what float64 holds near them."""
        with flint.ctx.workprec(BITS):
            found = [
                float(error * arb(2) ** -(unit + self.errors))
                for error, unit in zip(errors, self.costs, strict=True)
            ]
        return np.clip(found, 1 / FARTHEST, FARTHEST)

    def weights(self, floats: np.ndarray) -> list[Any]:
        """Exact numbers from these in units."""
        with flint.ctx.workprec(BITS):
            return [
                arb(float(x)) * arb(2) ** (unit + self.errors)
                for x, unit in zip(floats, self.costs, strict=True)
            ]

    def weighed(self, near: Near) -> Near:
        """The same by weights that float64 holds."""
        weights = self.weights(self.floats(near.weights))
        if weights == near.weights:
            return near
        return evolve(near, weights=weights, together=together(near.errors, weights))

    def total(self, costs: Sequence[Any]) -> np.ndarray:
        """The sum of agents' costs in units, in float64."""
        with flint.ctx.workprec(BITS):
            parts = [P * arb(2) ** -unit for P, unit in zip(costs, self.costs, strict=True)]
            return in_float64([reduce(add, parts)]).middle[0]

    def letters(self, some: list[Approximate], stages: Stages[Balls]) -> Letters:
        """Of some stages, in time."""
        agents, numbers = range(len(self.costs)), CentredStacks()
        turned = self._by_control(stages, lambda i: self.controls[i])
        left = self._by_control(stages, lambda i: -self.controls[i])
        right = self._by_control(stages, lambda i: self.costs[i] - self.controls[i])

        def over_time(of: Callable[[Approximate], Any], exponent: int = 0) -> Centred:
            with flint.ctx.workprec(BITS):
                power = arb(2) ** exponent
                return in_float64([of(one) * power for one in some[::-1]])

        return Letters(
            B=numbers.blocks(
                [[over_time(lambda one, i=i: one.B[i], self.controls[i]) for i in agents]]
            ),
            inverse=over_time(lambda one: left * one.inverse * right),
            loop=over_time(lambda one: one.loop),
            costs=[over_time(lambda one, i=i: one.costs[i], -self.costs[i]) for i in agents],
            rates=[numbers.scalar(rate) for rate in stages.game.discount],
            sizes=stages.control_sizes,
            slopes=None
            if some[0].slopes is None
            else [
                over_time(lambda one, i=i: turned * (one.slopes or ())[i], -self.costs[i])
                for i in agents
            ],
        )

    def bounds(self, letters: Letters, fresh: list[list[Any]] | None, near: Near) -> list[_Bound]:
        """For each stage, the last first; weights stay where nothing `fresh` is told."""
        with np.errstate(all="ignore"):
            perturbation = Perturbation(letters)
            end, T = self.floats(near.weights), len(letters.loop.middle)
            if fresh is None:
                chosen = np.broadcast_to(end, (T + 1, *end.shape))
            else:
                direct = np.array([self.floats(errors) for errors in fresh[::-1]])
                chosen = weights(perturbation.sizes(), direct, end)
            gains, regular, linear = perturbation.bounds(chosen[1:], chosen[:-1])
            windows = (
                Windows(letters.loop, linear, _LONGEST)
                if fresh
                else Windows(letters.loop, linear, _MANY, _MOST_CLOSELY)
            )
            sizes = [frobenius(P.magnitude) for P in letters.costs]

        def ball(bound: Above, exponent: int = 0) -> Any:
            return arb(float(bound.value)) * arb(2) ** exponent

        with flint.ctx.workprec(BITS):
            return [
                _Bound(
                    gains=[
                        ball(gain[t], self.errors + unit)
                        for gain, unit in zip(gains, self.controls, strict=True)
                    ],
                    regular=ball(regular[t], self.errors),
                    costs=[ball(P[t], unit) for P, unit in zip(sizes, self.costs, strict=True)],
                    window=windows.at(t).map(ball),
                    weights=self.weights(chosen[t]),
                )
                for t in reversed(range(T))
            ]

    def _by_control(self, stages: Stages[Balls], exponent: Callable[[int], int]) -> Any:
        """A diagonal matrix of powers of 2, each agent's for all of its controls."""
        diagonal = [
            arb(2) ** exponent(i)
            for i, size in enumerate(stages.control_sizes)
            for _ in range(size)
        ]
        n = len(diagonal)
        return arb_mat([[diagonal[r] if r == c else 0 for c in range(n)] for r in range(n)])
