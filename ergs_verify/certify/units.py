"""Bounds of stages at approximate costs, computed in float64 in units that suit it.

What bounds need to a few digits enters float64 from balls once, within radii, for some stages
together. It changes coordinates there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import flint
import numpy as np
from attrs import evolve, frozen
from flint import arb, arb_mat

from ergs_verify.arithmetic.above import Above
from ergs_verify.arithmetic.balls import Balls
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.certify.float_norms import frobenius, in_float64, stacked
from ergs_verify.certify.frame import across
from ergs_verify.certify.near import Costs, Near, together
from ergs_verify.certify.norms import BITS, exponent_of, frobenius_above
from ergs_verify.certify.perturbation import FARTHEST, Letters, Perturbation, Window, Windows
from ergs_verify.certify.perturbation import weights as weights_of
from ergs_verify.recursion.stages import Stages

if TYPE_CHECKING:
    from ergs_verify.certify.approximate import Approximate

#: What is linear is bounded over so many stages in a row, and where all are alike over so many.
_LONGEST, MANY = 3, 4
#: Squarings for norms that serve many stages.
_MOST_CLOSELY = 10
#: A float64 inverse within this part of its size is good enough for bounds.
_CLOSE = 2.0**-24


@frozen(kw_only=True, eq=False)
class Bound:
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
class Units:
    """Powers of 2 in which what bounds need is near 1, so that float64 holds it.

    Attributes
    ----------
    controls : list over agents of list over stages of int
        Of uⁱ, so that Bⁱ is near 1 in the frame.
    costs : list over agents of int
        Of Pⁱ.
    errors : int
        Of errors, in units of costs.
    """

    controls: list[list[int]]
    costs: list[int]
    errors: int

    @classmethod
    def of(cls, some: Sequence[Approximate], near: Near) -> Units:
        """For some stages in time, of which the last is at the costs `near`."""
        controls = [
            _each(
                lambda B: -exponent_of(frobenius_above(across(B, near.frame))),
                [one.B[i] for one in some],
            )
            for i in range(len(near.units))
        ]
        costs = [max(both) for both in zip(near.units, some[-1].here.units, strict=True)]
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

    def letters(self, some: Sequence[Approximate], stages: Stages[Balls]) -> Letters:
        """Of these stages, in their frames."""
        agents, numbers, sizes = range(len(self.costs)), CentredStacks(), stages.control_sizes
        frame, balls = some[-1].ahead.frame, stages.arithmetic
        right = [_powers(by, sizes) for by in zip(*self.controls, strict=True)]
        left = [
            _powers(tuple(c - cost for c, cost in zip(by, self.costs, strict=True)), sizes)
            for by in zip(*self.controls, strict=True)
        ]
        with flint.ctx.workprec(balls.bits):
            phi = [L * one.phi * R for one, L, R in zip(some, left, right, strict=True)]
        with flint.ctx.workprec(BITS):
            B = [
                _each(lambda X, by: across(X, frame) * arb(2) ** by, [one.B[i] for one in some], by)
                for i, by in enumerate(self.controls)
            ]
            slopes = [
                [
                    across(R * one.slopes[i], now=one.here.frame) * arb(2) ** -unit
                    for one, R in zip(some, right, strict=True)
                    if one.slopes is not None
                ]
                for i, unit in enumerate(self.costs)
            ]
            loop = [across(one.loop, frame, one.here.frame) for one in some]
        return Letters(
            B=numbers.blocks([[in_float64(own) for own in B]]),
            inverse=_inverse(phi, balls),
            loop=in_float64(loop),
            costs=[self._costs([one.ahead for one in some], i) for i in agents],
            rates=[numbers.scalar(rate) for rate in stages.game.discount],
            sizes=sizes,
            slopes=[in_float64(own) for own in slopes] if stages.game.general else None,
        )

    def _costs(self, some: Sequence[Costs], i: int) -> Centred:
        """An agent's P̂, in these units."""
        factors = np.ldexp(1.0, [costs.units[i] - self.costs[i] for costs in some])
        return stacked([costs.inside[i] for costs in some]) * Centred(factors[:, None, None])

    def bounds(
        self, letters: Letters, fresh: Sequence[list[Any]] | None, near: Near
    ) -> list[Bound]:
        """For each stage in time; weights stay where nothing `fresh` is told."""
        with np.errstate(all="ignore"):
            perturbation, T = Perturbation(letters), len(letters.loop.middle)
            end, windows = self.floats(near.weights), {"longest": _LONGEST}
            if fresh is None:
                chosen = np.broadcast_to(end, (T + 1, *end.shape))
                windows = {"longest": MANY, "squarings": _MOST_CLOSELY}
            else:
                direct = np.array([self.floats(errors) for errors in fresh])
                # Any weights are right for costs that are exact.
                chosen = weights_of(
                    perturbation.sizes(), direct, end if near.together > 0 else direct[-1]
                )
            gains, regular, linear = perturbation.bounds(chosen[1:], chosen[:-1])
            windows = Windows(letters.loop, linear, **windows)
            sizes = [frobenius(P.magnitude) for P in letters.costs]

        def ball(bound: Above, exponent: int = 0) -> Any:
            return arb(float(bound.value)) * arb(2) ** exponent

        with flint.ctx.workprec(BITS):
            return [
                Bound(
                    gains=[
                        ball(gain[t], self.errors + by[t])
                        for gain, by in zip(gains, self.controls, strict=True)
                    ],
                    regular=ball(regular[t], self.errors),
                    costs=[ball(P[t], unit) for P, unit in zip(sizes, self.costs, strict=True)],
                    window=windows.at(t).map(ball),
                    weights=self.weights(chosen[t]),
                )
                for t in range(T)
            ]


def _each(change: Callable[..., Any], matrices: Sequence[Any], *others: Sequence[Any]) -> list[Any]:
    """Of every matrix and what goes with it, once where stages share it."""
    found = {id(given[0]): given for given in zip(matrices, *others, strict=True)}
    found = {key: change(*given) for key, given in found.items()}
    return [found[id(X)] for X in matrices]


@lru_cache(maxsize=64)
def _powers(exponents: tuple[int, ...], sizes: tuple[int, ...]) -> Any:
    """A diagonal matrix of powers of 2, each agent's for all of its controls."""
    diagonal = [arb(2) ** by for by, p in zip(exponents, sizes, strict=True) for _ in range(p)]
    n = len(diagonal)
    return arb_mat([[diagonal[r] if r == c else 0 for c in range(n)] for r in range(n)])


def _inverse(matrices: Sequence[Any], balls: Balls) -> Centred:
    """Near the inverses, by float64 where it is good enough."""
    numbers, eye = CentredStacks(), balls.identity(matrices[0].nrows())
    with np.errstate(all="ignore"):
        found = numbers.solve(in_float64(matrices), numbers.identity(eye.nrows()))
        size, off = (frobenius(X).value for X in (found.size, found.radii))
    return stacked(
        [
            found[k] if off[k] <= _CLOSE * size[k] else in_float64([balls.solve(X, eye)])[0]
            for k, X in enumerate(matrices)
        ]
    )
