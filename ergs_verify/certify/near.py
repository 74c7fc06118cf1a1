"""Exact costs near the true ones, and bounds of how far they are off."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add, itemgetter
from typing import Any

import flint
import numpy as np
from attrs import frozen
from flint import arb, arb_mat

from ergs_verify.arithmetic.above import above
from ergs_verify.arithmetic.balls import Balls
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.certify.float_norms import frobenius, in_float64
from ergs_verify.certify.frame import Coordinates, Frame, cost_alike
from ergs_verify.certify.loewner import symmetric_midpoint, widened
from ergs_verify.certify.norms import BITS, exponent_of, frobenius_above

#: The part of the precision that is lost before plain balls are tried too.
MUCH_LOST = 0.25
#: Costs have units in common while none is by so much larger, or smaller, than one.
_OF_ONE_SIZE = 2.0**64
#: Bits enough for products with powers of 2 to be exact: exact matrices are read sooner.
_EXACTLY = 2**30


@frozen(eq=False)
class Costs:
    """An exact symmetric P̂ⁱ for every agent, and what float64 holds of it in a frame.

    Attributes
    ----------
    middles : list of arb_mat
    frame : Frame
    units : list of int
        Exponents of powers of 2 that P̂ⁱ are near in the frame.
    inside : Centred (agents, m, m)
        P̂ⁱ in the frame, in units.
    """

    middles: list[Any]
    frame: Frame
    units: list[int]
    inside: Centred

    @property
    def total(self) -> np.ndarray:
        """The sum over agents of costs in units."""
        return self.inside.middle.sum(axis=0)

    @property
    def fit(self) -> bool:
        """Whether float64 tells apart what directions cost in the frame."""
        with np.errstate(all="ignore"):
            units = np.ldexp(1.0, self.units)[:, None, None]
            return cost_alike((units * self.inside.middle).sum(axis=0))


def _in_float64(
    middles: Sequence[Any], frame: Frame, units: list[int] | None = None
) -> tuple[list[int], Centred]:
    """`Costs.units` and `Costs.inside`: in the units given, where these suit."""
    inside = [frame.of_cost(P) for P in middles]
    suit = [False] * len(inside)
    if units is not None:
        found = _in_units(inside, units)
        sizes = found.size.max(axis=(1, 2))
        suit = (1 / _OF_ONE_SIZE < sizes) & (sizes < _OF_ONE_SIZE)
        if all(suit):
            return units, found
    others = [
        unit if fits else exponent_of(frobenius_above(P))
        for P, unit, fits in zip(inside, units or suit, suit, strict=True)
    ]
    return others, _in_units(inside, others)


def _in_units(matrices: Sequence[Any], units: Sequence[int]) -> Centred:
    with flint.ctx.workprec(_EXACTLY):
        return in_float64([X * arb(2) ** -by for X, by in zip(matrices, units, strict=True)])


@frozen(eq=False)
class Rounded(Costs):
    """The middles of balls.

    Attributes
    ----------
    off : list of arb_mat
        Balls around 0 that hold what was rounded off.
    """

    off: list[Any]

    @classmethod
    def of(cls, P: Sequence[Any], balls: Balls, ahead: Costs | None = None) -> Rounded:
        """In the frame and the units of costs `ahead`, where they fit, or in their own."""
        middles, off = map(list, zip(*(symmetric_midpoint(X, balls) for X in P), strict=True))
        if ahead is not None:
            found = cls(middles, ahead.frame, *_in_float64(middles, ahead.frame, ahead.units), off)
            if found.fit:
                return found
        frame, units = Frame.of(P, balls), None if ahead is None else ahead.units
        return cls(middles, frame, *_in_float64(middles, frame, units), off)


def rounding_errors(some: Sequence[Rounded], coordinates: Sequence[Coordinates]) -> list[list[Any]]:
    """Bounds of what was rounded off every Pⁱ, in the Frobenius norm, in coordinates.

    A symmetric E has ±E ⪯ D, diagonal with the sums of |E|'s rows. So ±A ⪯ B with A = Z'EZ and
    B = Z'DZ, hence ‖A‖_F ≤ ‖B‖_F: their squares differ by tr (B − A)(B + A) ≥ 0.
    """
    read = [
        [_radii_of_rows(these.frame.of_cost(E)) for E in one.off]
        for one, these in zip(some, coordinates, strict=True)
    ]
    numbers, D = CentredStacks(), np.array([[rows for rows, _ in agents] for agents in read])
    with np.errstate(all="ignore"):
        Z = Centred(np.stack([these.Z for these in coordinates])[:, None])
        DZ = Centred(D[..., None]) * Z
        bounds = frobenius(numbers.multiply(numbers.transpose(Z), DZ).magnitude).value
    with flint.ctx.workprec(BITS):
        return [
            [arb(float(x)) * unit for x, (_, unit) in zip(found, agents, strict=True)]
            for found, agents in zip(bounds, read, strict=True)
        ]


def around_zero(X: Any) -> Any:
    """Balls around 0 that hold these."""
    return arb_mat(X.nrows(), X.ncols(), [arb(0, x.abs_upper()) for x in X.entries()])


def _radii_of_rows(X: Any) -> tuple[np.ndarray, Any]:
    """Bounds of the sums of rows of balls around 0 in size, and their unit: a power of 2, or 0."""
    ones = arb_mat(X.ncols(), 1, [1] * X.ncols())
    with flint.ctx.workprec(BITS):
        sums = X * ones
        total = (ones.transpose() * sums)[0, 0].rad()
        power = arb(2) ** exponent_of(total)
        rows = [float(x.abs_upper()) for x in (sums * (1 / power)).entries()]
    return above(np.array(rows)), power if total > 0 else arb(0)


@frozen(eq=False)
class Near(Costs):
    """P̂ⁱ near the true Pⁱ: √Σ(‖S'(Pⁱ − P̂ⁱ)S‖_F/wⁱ)² ≤ ε in coordinates x = Sz.

    Attributes
    ----------
    coordinates : Coordinates
        Of the frame.
    weights : list of arb
        wⁱ, exact.
    together : arb
        ε, exact.
    """

    coordinates: Coordinates
    weights: list[Any]
    together: Any

    @classmethod
    def of(cls, costs: Costs, coordinates: Coordinates, weights: list[Any], error: Any) -> Near:
        return cls(
            costs.middles, costs.frame, costs.units, costs.inside, coordinates, weights, error
        )

    @classmethod
    def within(cls, middles: list[Any], coordinates: Coordinates, errors: Sequence[Any]) -> Near:
        """With a bound of the error of each."""
        frame = coordinates.frame
        costs = Costs(middles, frame, *_in_float64(middles, frame))
        least = min((error for error in errors if error > 0), default=arb(1))
        weights = [error if error > 0 else least for error in errors]
        return cls.of(costs, coordinates, weights, together(errors, weights))

    @classmethod
    def to(cls, P: Sequence[Any], balls: Balls, coordinates: Coordinates | None = None) -> Near:
        """Near the matrices in the balls; the errors are the balls' radii."""
        rounded = Rounded.of(P, balls)
        if coordinates is None:
            turn = rounded.frame.turn(rounded.total)
            (coordinates,) = Coordinates.of([rounded.frame], turn[None])
        (errors,) = rounding_errors([rounded], [coordinates])
        return cls.within(rounded.middles, coordinates, errors)

    @property
    def errors(self) -> list[Any]:
        """A bound of the error of each."""
        with flint.ctx.workprec(BITS):
            return [(self.together * weight).upper() for weight in self.weights]

    def balls(self, balls: Balls) -> tuple[Any, ...]:
        """Every Pⁱ in balls."""
        columns = self.coordinates.columns_above
        return tuple(
            widened(middle, [error * c for c in columns], columns, balls)
            for middle, error in zip(self.middles, self.errors, strict=True)
        )

    def lost(self, balls: Balls) -> bool:
        """Whether much of the precision is lost."""
        least = arb(2) ** int(balls.bits * (1 - MUCH_LOST))
        sizes = zip(self.errors, self.units, strict=True)
        return any(error * least > arb(2) ** unit for error, unit in sizes)

    def or_nearer(self, P: Sequence[Any], balls: Balls) -> Near:
        """For each agent these or the middles of the balls, whichever are nearer by the bounds."""
        other = self.to(P, balls, self.coordinates)
        pairs = zip(self.middles, self.errors, strict=True)
        others = zip(other.middles, other.errors, strict=True)
        nearer = [min(both, key=itemgetter(1)) for both in zip(pairs, others, strict=True)]
        errors = [error for _, error in nearer]
        return self.within([P for P, _ in nearer], self.coordinates, errors)


def together(errors: Sequence[Any], weights: Sequence[Any]) -> Any:
    """√Σ(error/weight)², rounded upward."""
    with flint.ctx.workprec(BITS):
        parts = [error / weight for error, weight in zip(errors, weights, strict=True)]
        return reduce(add, (part * part for part in parts)).sqrt().upper()
