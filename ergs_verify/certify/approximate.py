"""Stages of the equilibrium in balls at approximate costs, and how far these move them.

At a stage, P̂ⁱ are exact matrices near Pⁱ_{t+1}. Its formulas in balls give gains and costs at P̂,
and the middles of these costs are the next P̂. Errors of P̂ move them besides, which is bounded for
some stages at once (`ergs_verify.certify.perturbation`): in float64, in units that suit it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import add, itemgetter
from typing import Any

import flint
import numpy as np
from attrs import evolve, frozen
from flint import arb, arb_mat

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.certify.float_norms import in_float64, spectral
from ergs_verify.certify.frame import Frame, exponent_of
from ergs_verify.certify.loewner import symmetric_midpoint, widened
from ergs_verify.certify.norms import BITS, coarse, frobenius_above
from ergs_verify.certify.perturbation import (
    CLOSELY,
    FARTHEST,
    Perturbation,
    slope_of_controls,
    weights,
)
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.paper import notation
from ergs_verify.recursion import block_system, by_agent
from ergs_verify.recursion.stages import Stages

#: The part of the precision that is lost before plain balls are tried too.
MUCH_LOST = 0.25
#: So many stages are bounded at once.
_TOGETHER = 16


@frozen(eq=False)
class Near:
    """Exact P̂ⁱ near the true Pⁱ: √Σ(‖S'(Pⁱ − P̂ⁱ)S‖_F/wⁱ)² ≤ ε in the coordinates of a frame.

    Attributes
    ----------
    middles : list of arb_mat
    exponents : list of int
        wⁱ is 2 to this.
    together : arb
        ε, exact.
    frame : Frame
    """

    middles: list[Any]
    exponents: list[int]
    together: Any
    frame: Frame

    @classmethod
    def within(cls, middles: list[Any], errors: Sequence[Any], frame: Frame) -> Near:
        """With a bound of the error of each."""
        least = min((exponent_of(error) for error in errors if error > 0), default=0)
        exponents = [exponent_of(error) if error > 0 else least for error in errors]
        return cls(middles, exponents, _together(errors, exponents), frame)

    @classmethod
    def to(cls, P: Sequence[Any], balls: Balls, frame: Frame | None = None) -> Near:
        """Near the matrices in the balls; the errors are the balls' radii."""
        rounded = [symmetric_midpoint(X, balls) for X in P]
        frame = frame or Frame.of(P, balls)
        errors = [frobenius_above(frame.of_cost(off)) for _, off in rounded]
        return cls.within([middle for middle, _ in rounded], errors, frame)

    @property
    def errors(self) -> list[Any]:
        """A bound of the error of each."""
        with flint.ctx.workprec(BITS):
            return [self.together * arb(2) ** exponent for exponent in self.exponents]

    def balls(self, balls: Balls) -> tuple[Any, ...]:
        """Every Pⁱ in balls."""
        columns = self.frame.columns_above()
        return tuple(
            widened(middle, [error * c for c in columns], columns, balls)
            for middle, error in zip(self.middles, self.errors, strict=True)
        )

    def lost(self, balls: Balls) -> bool:
        """Whether much of the precision is lost."""
        least = arb(2) ** int(balls.bits * (1 - MUCH_LOST))
        return any(error * least > 1 for error in self.errors)

    def or_nearer(self, P: Sequence[Any], balls: Balls) -> Near:
        """For each agent these or the middles of the balls, whichever are nearer by the bounds."""
        other = self.to(P, balls, self.frame)
        pairs = zip(self.middles, self.errors, strict=True)
        others = zip(other.middles, other.errors, strict=True)
        nearer = [min(both, key=itemgetter(1)) for both in zip(pairs, others, strict=True)]
        return self.within([P for P, _ in nearer], [error for _, error in nearer], self.frame)


def _together(errors: Sequence[Any], exponents: Sequence[int]) -> Any:
    """√Σ(error/2^exponent)², rounded upward."""
    with flint.ctx.workprec(BITS):
        parts = [error * arb(2) ** -k for error, k in zip(errors, exponents, strict=True)]
        return reduce(add, (part * part for part in parts)).sqrt().upper()


@frozen(kw_only=True, eq=False)
class Approximate:
    """A stage at exact P̂ near P_{t+1}, coordinates of x_{t+1} and x_t being those of two frames.

    Attributes
    ----------
    K : list of balls
    here : Near
        Near the costs P°, which K has at P̂.
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
    here: Near
    B: list[Any]
    costs: list[Any]
    loop: Any
    inverse: Any
    slopes: list[Any] | None
    own: list[Any]
    joint: list[Any] | None

    @classmethod
    def at(cls, stages: Stages[Balls], t: int, near: Near) -> Approximate:
        """At the middles of what is near."""
        balls, ahead = stages.arithmetic, near.frame
        known = stages.bare(t).with_values(
            {notation.P(k): P for k, P in zip(stages.agents, near.middles, strict=True)}
        )
        phi, rhs = block_system(stages, known)
        K = by_agent(stages, balls.solve(phi, -rhs))
        known = known.with_values({notation.K(k): K[k - 1] for k in stages.agents})
        here = Near.to([known(stages.formula("policy_cost", k)) for k in stages.agents], balls)
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
            costs=[ahead.of_cost(P) for P in near.middles],
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
    """Stages at approximate costs, some at a time, and how far errors of the costs move them."""

    def __init__(self, stages: Stages[Balls]):
        self._stages = stages
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
        while t >= 0:
            some, missing, ahead = [], None, near
            for s in range(t, max(t - _TOGETHER, -1), -1):
                try:
                    some.append(Approximate.at(self._stages, s, ahead))
                except NotCertifiedError as error:
                    missing = error
                    break
                ahead = some[-1].here
            for one, moved, here in self._moved(some, near):
                columns = here.frame.columns_above()
                K = [
                    widened(X, [by] * X.nrows(), columns, self._stages.arithmetic)
                    for X, by in zip(one.K, moved, strict=True)
                ]
                yield K, here
                near = here
            if missing is not None:
                raise missing
            t -= len(some)

    def _moved(
        self, some: list[Approximate], near: Near
    ) -> Iterator[tuple[Approximate, list[Any], Near]]:
        """Each stage, bounds of ‖(Kⁱ − K°ⁱ)S‖, and what is near P_t."""
        if not some:
            return
        stages, agents = self._stages, range(len(near.middles))
        rates = [stages.arithmetic.scalar(rate).value for rate in stages.game.discount]
        units = _Units.of(some, near)
        near = units.weighed(near)
        bounds = units.bounds(some, near, stages)
        for one, (gains, regular, linear, loop, exponents) in zip(some, bounds, strict=True):
            together, errors = near.together, near.errors
            with flint.ctx.workprec(BITS):
                kappa = regular * together
                if not kappa < 1:
                    raise NotCertifiedError(
                        f"Φ_t is not certified to be regular at {stages.arithmetic.bits} bits"
                    )
                f = loop / (1 - kappa)
                moved = [(f * gain * together).upper() for gain in gains]
                joint, rest = kappa * f, []
                for i in agents:
                    found = moved[i] * moved[i] * one.own[i] + one.here.errors[i]
                    bent = f * errors[i] + joint * frobenius_above(one.costs[i])
                    found += rates[i] * joint * bent
                    if one.joint is not None:
                        found += one.joint[i] * reduce(add, (by * by for by in moved))
                    rest.append(found)
                together = 2 * f * linear * together + _together(rest, exponents)
            near = evolve(one.here, exponents=exponents, together=together.upper())
            yield one, moved, near


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
        """By the first of some stages, and the errors of all."""
        first = some[0]
        controls = [-exponent_of(frobenius_above(B)) for B in first.B]
        costs = [exponent_of(frobenius_above(P)) for P in first.costs]
        errors = [
            exponent_of(error) - unit
            for errors in (near.errors, *(one.here.errors for one in some))
            for error, unit in zip(errors, costs, strict=True)
            if error > 0
        ]
        return cls(controls, costs, max(errors, default=0))

    def weighed(self, near: Near) -> Near:
        """The same by weights that float64 holds."""
        units = [unit + self.errors for unit in self.costs]
        exponents = [
            unit + max(-FARTHEST, min(FARTHEST, k - unit))
            for k, unit in zip(near.exponents, units, strict=True)
        ]
        if exponents == near.exponents:
            return near
        return evolve(near, exponents=exponents, together=_together(near.errors, exponents))

    def bounds(
        self, some: list[Approximate], near: Near, stages: Stages[Balls]
    ) -> list[tuple[list[Any], Any, Any, Any, list[int]]]:
        """For each stage ‖(M's rows i)‖, ‖𝓑M‖, ‖(wʲHʲⁱ/wⁱ)‖, ‖F°‖, and the exponents of wⁱ_t."""
        agents, numbers = range(len(self.costs)), CentredStacks()
        turned = self._by_control(stages, lambda i: self.controls[i])
        left = self._by_control(stages, lambda i: -self.controls[i])
        right = self._by_control(stages, lambda i: self.costs[i] - self.controls[i])

        def over_time(of: Callable[[Approximate], Any], exponent: int = 0) -> Centred:
            with flint.ctx.workprec(BITS):
                power = arb(2) ** exponent
                return in_float64([of(one) * power for one in some[::-1]])

        def in_units(errors: Sequence[Any]) -> list[float]:
            with flint.ctx.workprec(BITS):
                return [
                    max(float(error * arb(2) ** -(unit + self.errors)), 2.0**-FARTHEST)
                    for error, unit in zip(errors, self.costs, strict=True)
                ]

        loop = over_time(lambda one: one.loop)
        with np.errstate(all="ignore"):
            perturbation = Perturbation(
                B=numbers.blocks(
                    [[over_time(lambda one, i=i: one.B[i], self.controls[i]) for i in agents]]
                ),
                inverse=over_time(lambda one: left * one.inverse * right),
                loop=loop,
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
            direct = np.array([in_units(one.here.errors) for one in some[::-1]])
            units = np.array([unit + self.errors for unit in self.costs])
            end = np.ldexp(1.0, np.array(near.exponents) - units)
            chosen = weights(perturbation.sizes(), direct, end)
            gains, regular, linear = perturbation.bounds(chosen[1:], chosen[:-1])
            loops = spectral(loop, CLOSELY)
            exponents = (np.frexp(chosen[:-1])[1] - 1 + units).tolist()
        with flint.ctx.workprec(BITS):
            return [
                (
                    [
                        arb(float(gain.value[t])) * arb(2) ** (self.errors + unit)
                        for gain, unit in zip(gains, self.controls, strict=True)
                    ],
                    arb(float(regular.value[t])) * arb(2) ** self.errors,
                    arb(float(linear.value[t])),
                    arb(float(loops.value[t])),
                    exponents[t],
                )
                for t in reversed(range(len(some)))
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
