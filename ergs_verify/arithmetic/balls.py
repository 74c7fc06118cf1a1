"""Balls [mid ± rad] by python-flint (Arb): every result contains the exact one.

flint keeps its precision in one global context, so each operation here sets it for itself and
puts it back. That holds for one thread at a time: use processes, not threads.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import flint
import numpy as np
from flint import arb, arb_mat, fmpq

from ergs_verify.arithmetic import shapes
from ergs_verify.arithmetic.base import Entry
from ergs_verify.errors import NotCertifiedError
from ergs_verify.exact import at_once
from ergs_verify.exact.decimals import Dyadic, exactly


class Ball:
    """A number known to lie in `value` (an `arb`), which computes at a precision of its own."""

    __slots__ = ("bits", "value")

    def __init__(self, value: Any, bits: int):
        self.value = value
        self.bits = bits

    def __add__(self, other: Ball) -> Ball:
        return self._with(operator.add, other)

    def __sub__(self, other: Ball) -> Ball:
        return self._with(operator.sub, other)

    def __mul__(self, other: Ball) -> Ball:
        return self._with(operator.mul, other)

    def __truediv__(self, other: Ball) -> Ball:
        return self._with(operator.truediv, other)

    def __neg__(self) -> Ball:
        with flint.ctx.workprec(self.bits):  # flint rounds even a change of sign
            return Ball(-self.value, self.bits)

    def __repr__(self) -> str:
        return f"Ball({self.value})"

    def _with(self, operation: Callable, other: Ball) -> Ball:
        with flint.ctx.workprec(self.bits):
            value = operation(self.value, other.value)
        if not value.is_finite():
            raise NotCertifiedError(
                f"a quotient by a ball that contains 0 has no bounds at {self.bits} bits"
            )
        return Ball(value, self.bits)


class Balls:
    """Scalars are `Ball`, matrices are `arb_mat`; rationals enter rounded outward.

    Parameters
    ----------
    bits : int
        The precision that every operation works at.

    Notes
    -----
    `solve` raises `NotCertifiedError` where the precision does not show the matrix to be regular;
    that never means it is singular. `log` needs a ball of positive numbers.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.arithmetic import Balls
    >>> balls = Balls(64)
    >>> third = balls.scalar(Fraction(1, 3))
    >>> low, high = balls.enclosure(third + third)
    >>> low < Fraction(2, 3) < high, high - low < Fraction(1, 2**62)
    (True, True)
    """

    name = "balls"

    def __init__(self, bits: int):
        if bits < 2:
            raise ValueError("balls need at least 2 bits")
        self.bits = bits

    @property
    def bare(self) -> tuple[dict[str, Callable], Callable[[], Any]]:
        """Operations for shapes that are known to fit, and the context that they need."""
        bare = {"add": operator.add, "multiply": operator.mul, "transpose": arb_mat.transpose}
        return bare, partial(flint.ctx.workprec, self.bits)

    def scalar(self, value: Fraction) -> Ball:
        with flint.ctx.workprec(self.bits):
            return Ball(arb(fmpq(*value.as_integer_ratio())), self.bits)

    def log(self, x: Ball) -> Ball:
        if not x.value > 0:
            raise NotCertifiedError(
                f"the argument of a logarithm is not known to be positive at {self.bits} bits"
            )
        with flint.ctx.workprec(self.bits):
            return Ball(x.value.log(), self.bits)

    def matrix(self, rows: Sequence[Sequence[Entry]], shape: tuple[int, int]) -> Any:
        """Floats enter exactly, whatever the precision."""
        shapes.need_entries(rows, shape)
        numbers = (x for row in rows for x in row)
        entries = [x if isinstance(x, float) else fmpq(*x.as_integer_ratio()) for x in numbers]
        with flint.ctx.workprec(self.bits):
            return arb_mat(*shape, entries)

    def zeros(self, rows: int, cols: int) -> Any:
        return arb_mat(rows, cols)

    def identity(self, size: int) -> Any:
        return arb_mat(size, size, 1)

    def shape(self, X: Any) -> tuple[int, int]:
        return X.nrows(), X.ncols()

    def add(self, X: Any, Y: Any) -> Any:
        try:
            with flint.ctx.workprec(self.bits):
                return X + Y
        except ValueError:
            shapes.need_equal(self.shape(X), self.shape(Y))
            raise

    def multiply(self, X: Any, Y: Any) -> Any:
        try:
            with flint.ctx.workprec(self.bits):
                return X * Y
        except ValueError:
            shapes.need_chain(self.shape(X), self.shape(Y))
            raise

    def scale(self, s: Ball, X: Any) -> Any:
        with flint.ctx.workprec(self.bits):
            return X * s.value

    def transpose(self, X: Any) -> Any:
        with flint.ctx.workprec(self.bits):
            return X.transpose()

    def solve(self, X: Any, Y: Any) -> Any:
        shapes.need_square(self.shape(X))
        shapes.need_chain(self.shape(X), self.shape(Y))
        try:
            with flint.ctx.workprec(self.bits):
                return X.solve(Y)
        except ZeroDivisionError:
            raise NotCertifiedError(
                f"a matrix is not certified to be regular at {self.bits} bits"
            ) from None

    def trace(self, X: Any) -> Ball:
        shapes.need_square(self.shape(X))
        with flint.ctx.workprec(self.bits):
            return Ball(X.trace(), self.bits)

    def determinant(self, X: Any) -> Ball:
        shapes.need_square(self.shape(X))
        with flint.ctx.workprec(self.bits):
            return Ball(X.det(), self.bits)

    def log_determinant(self, X: Any) -> Ball:
        return self.log(self.determinant(X))

    def blocks(self, rows: Sequence[Sequence[Any]]) -> Any:
        shapes.need_blocks([[self.shape(X) for X in row] for row in rows])
        entries: list[Any] = []
        for row in rows:
            parts = [(X.entries(), X.ncols()) for X in row]
            for r in range(row[0].nrows()):
                for part, cols in parts:
                    entries += part[r * cols : (r + 1) * cols]
        height = sum(row[0].nrows() for row in rows)
        with flint.ctx.workprec(self.bits):
            return arb_mat(height, sum(X.ncols() for X in rows[0]), entries)

    def rows(self, X: Any, start: int, stop: int) -> Any:
        cols = X.ncols()
        entries = [X[r, c] for r in range(start, stop) for c in range(cols)]
        with flint.ctx.workprec(self.bits):
            return arb_mat(stop - start, cols, entries)

    def enclosure(self, s: Ball) -> tuple[Fraction, Fraction]:
        """Dyadic rationals lo ≤ hi with the ball's every number between them."""
        with flint.ctx.workprec(self.bits):
            return dyadic(s.value.lower()), dyadic(s.value.upper())

    def to_fractions(self, X: Any) -> list[list[Fraction]]:
        """The midpoints of a matrix's entries."""
        return [[exactly(x) for x in row] for row in self.to_dyadics(X)]

    def to_dyadics(self, X: Any, *, triangle: bool = False) -> list[list[Dyadic]]:
        """The same as they are held; of a `triangle` from the diagonal on."""
        rows = X.mid().tolist()
        return [[_held(x) for x in row[k * triangle :]] for k, row in enumerate(rows)]

    def in_two_floats(
        self, matrices: Sequence[Any], *, triangle: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same of matrices of one shape, a row each, as `ergs_verify.exact.at_once` wants."""
        rows, cols = self.shape(matrices[0])
        kept = [cols * i + j for i in range(rows) for j in range(i * triangle, cols)]
        points = [own[k] for own in (X.entries() for X in matrices) for k in kept]
        floats = list(map(float, points))
        with flint.ctx.workprec(64):
            low = list(map(float, map(operator.sub, points, floats)))
        high = np.array(floats)
        zero = [k for k in np.flatnonzero(high == 0) if points[k].mid() == 0]
        high[~(np.abs(high) > at_once.LEAST) | ~(np.abs(high) < at_once.MOST)] = np.nan
        high[zero] = 0
        return high.reshape(-1, len(kept)), np.array(low).reshape(-1, len(kept))

    def largest(self, X: Any) -> Fraction:
        """The largest midpoint in size of a matrix's entries, rounded upward."""
        return dyadic(max(abs(x.mid()) for x in X.entries()).upper())

    def radius(self, X: Any) -> Fraction:
        """The largest radius of a matrix's entries."""
        return dyadic(max(x.rad() for x in X.entries()).upper())

    def enclosures(self, X: Any) -> list[list[tuple[Fraction, Fraction]]]:
        """`enclosure` of every entry of a matrix."""
        return [[self.enclosure(Ball(x, self.bits)) for x in row] for row in X.tolist()]


def dyadic(point: Any) -> Fraction:
    """An exact number (`arb` without radius)."""
    return exactly(_held(point))


def _held(point: Any) -> Dyadic:
    mantissa, exponent = point.man_exp()
    return mantissa, int(exponent)
