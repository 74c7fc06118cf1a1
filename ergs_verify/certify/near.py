"""Exact costs near the true ones, and bounds of how far they are off."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, reduce
from operator import add, itemgetter
from typing import Any

import flint
import numpy as np
from attrs import frozen
from flint import arb

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.float_norms import in_float64
from ergs_verify.certify.frame import Frame, exponent_of
from ergs_verify.certify.loewner import symmetric_midpoint, widened
from ergs_verify.certify.norms import BITS, frobenius_above

#: The part of the precision that is lost before plain balls are tried too.
MUCH_LOST = 0.25
#: Directions whose costs differ by less ask for no other frame: float64 tells them apart.
_ALIKE = 2**16
#: Nor do costs within 2 to this, up or down.
_FAR = 100


@frozen(eq=False)
class Costs:
    """An exact symmetric P̂ⁱ for every agent, and a frame.

    Attributes
    ----------
    middles : list of arb_mat
    frame : Frame
    """

    middles: list[Any]
    frame: Frame

    @cached_property
    def inside(self) -> list[Any]:
        """P̂ⁱ in coordinates."""
        return [self.frame.of_cost(P) for P in self.middles]

    @cached_property
    def sizes(self) -> list[Any]:
        """Bounds of ‖P̂ⁱ‖ in coordinates."""
        return [frobenius_above(P) for P in self.inside]

    def fit(self) -> bool:
        """Whether all directions cost about the same in the frame, and not far from 1."""
        total = reduce(add, self.inside)
        size = frobenius_above(total)
        if not (size > 0 and size.is_finite()) or abs(exponent_of(size)) > _FAR:
            return False
        sizes = np.abs(np.linalg.eigvalsh(in_float64([total * (1 / size)]).middle[0]))
        return bool(sizes.max() < sizes.min() * _ALIKE)


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
    def of(cls, P: Sequence[Any], balls: Balls, frame: Frame | None = None) -> Rounded:
        """In the frame, or in one of their own where they do not fit."""
        found = cls.within(frame or Frame.of(P, balls), P, balls)
        if frame is None or found.fit():
            return found
        return cls(found.middles, Frame.of(P, balls), found.off)

    @classmethod
    def within(cls, frame: Frame, P: Sequence[Any], balls: Balls) -> Rounded:
        """In the frame, whether they fit or not."""
        middles, off = map(list, zip(*(symmetric_midpoint(X, balls) for X in P), strict=True))
        return cls(middles, frame, off)

    def errors(self, frame: Frame) -> list[Any]:
        """A bound of what was rounded off each, in coordinates of a frame."""
        return [frobenius_above(frame.of_cost(X)) for X in self.off]


@frozen(eq=False)
class Near(Costs):
    """P̂ⁱ near the true Pⁱ: √Σ(‖S'(Pⁱ − P̂ⁱ)S‖_F/wⁱ)² ≤ ε in the coordinates of the frame.

    Attributes
    ----------
    weights : list of arb
        wⁱ, exact.
    together : arb
        ε, exact.
    """

    weights: list[Any]
    together: Any

    @classmethod
    def within(cls, middles: list[Any], frame: Frame, errors: Sequence[Any]) -> Near:
        """With a bound of the error of each."""
        least = min((error for error in errors if error > 0), default=arb(1))
        weights = [error if error > 0 else least for error in errors]
        return cls(middles, frame, weights, together(errors, weights))

    @classmethod
    def to(cls, P: Sequence[Any], balls: Balls, frame: Frame | None = None) -> Near:
        """Near the matrices in the balls; the errors are the balls' radii."""
        rounded = Rounded.within(frame or Frame.of(P, balls), P, balls)
        return cls.within(rounded.middles, rounded.frame, rounded.errors(rounded.frame))

    @property
    def errors(self) -> list[Any]:
        """A bound of the error of each."""
        with flint.ctx.workprec(BITS):
            return [(self.together * weight).upper() for weight in self.weights]

    def balls(self, balls: Balls) -> tuple[Any, ...]:
        """Every Pⁱ in balls."""
        columns = self.frame.columns_above
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
        return self.within([P for P, _ in nearer], self.frame, [error for _, error in nearer])


def together(errors: Sequence[Any], weights: Sequence[Any]) -> Any:
    """√Σ(error/weight)², rounded upward."""
    with flint.ctx.workprec(BITS):
        parts = [error / weight for error, weight in zip(errors, weights, strict=True)]
        return reduce(add, (part * part for part in parts)).sqrt().upper()
