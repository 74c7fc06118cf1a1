"""Floating point of any precision by mpmath, in a context of its own.

Nothing here reads or sets the global `mpmath.mp`: the precision belongs to the object. Dot
products are summed exactly and rounded once, which is faster than `mpmath.matrix` and loses fewer
digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any

import mpmath
from mpmath.libmp import from_rational, mpf_mul, mpf_sum

from ergs_verify.arithmetic import shapes
from ergs_verify.arithmetic.base import Entry
from ergs_verify.errors import NotCertifiedError
from ergs_verify.exact.decimals import Dyadic, exactly

Rows = list[list[Any]]


class MPMath:
    """Scalars are `mpf` of a private context, matrices are lists of rows.

    Parameters
    ----------
    digits : int
        Decimal digits carried.
    bits : int
        The same in bits; give one of the two.

    Raises
    ------
    ValueError
        Where both or none are given, or they are not positive.

    Notes
    -----
    `solve` refuses a matrix whose pivots vanish at the precision carried (`NotCertifiedError`),
    relative to the size of the row they stand in: that is no proof of singularity, and more digits
    may solve it.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.arithmetic import MPMath
    >>> print(MPMath(digits=40).scalar(Fraction(1, 3)))
    0.3333333333333333333333333333333333333333
    """

    name = "mpmath"

    def __init__(self, *, digits: int | None = None, bits: int | None = None):
        if (digits is None) == (bits is None) or (digits or bits or 0) < 1:
            raise ValueError("give digits or bits, a positive number")
        self._ctx: Any = mpmath.MPContext()
        if digits is None:
            self._ctx.prec = bits
        else:
            self._ctx.dps = digits

    @property
    def bits(self) -> int:
        return self._ctx.prec

    @property
    def digits(self) -> int:
        return self._ctx.dps

    def scalar(self, value: Entry) -> Any:
        raw = from_rational(*value.as_integer_ratio(), self._ctx.prec, "n")
        return self._ctx.make_mpf(raw)

    def log(self, x: Any) -> Any:
        if not x > 0:
            raise NotCertifiedError("the logarithm needs a positive number")
        return self._ctx.log(x)

    def matrix(self, rows: Sequence[Sequence[Entry]], shape: tuple[int, int]) -> Rows:
        shapes.need_entries(rows, shape)
        return [[self.scalar(x) for x in row] for row in rows]

    def zeros(self, rows: int, cols: int) -> Rows:
        return [[self._ctx.zero] * cols for _ in range(rows)]

    def identity(self, size: int) -> Rows:
        one, zero = self._ctx.one, self._ctx.zero
        return [[one if k == j else zero for j in range(size)] for k in range(size)]

    def shape(self, X: Rows) -> tuple[int, int]:
        return len(X), len(X[0])

    def add(self, X: Rows, Y: Rows) -> Rows:
        shapes.need_equal(self.shape(X), self.shape(Y))
        return [[x + y for x, y in zip(*pair, strict=True)] for pair in zip(X, Y, strict=True)]

    def multiply(self, X: Rows, Y: Rows) -> Rows:
        shapes.need_chain(self.shape(X), self.shape(Y))
        dot, columns = self._dot, self.transpose(Y)
        return [[dot(row, column) for column in columns] for row in X]

    def scale(self, s: Any, X: Rows) -> Rows:
        return [[s * x for x in row] for row in X]

    def transpose(self, X: Rows) -> Rows:
        return [list(column) for column in zip(*X, strict=True)]

    def solve(self, X: Rows, Y: Rows) -> Rows:
        size = shapes.need_square(self.shape(X))
        shapes.need_chain(self.shape(X), self.shape(Y))
        factors, order, scale, _ = self._factor(X)
        smallest = 8 * size * self._ctx.eps
        if any(abs(factors[k][k]) <= smallest * scale[k] for k in range(size)):
            raise NotCertifiedError(
                f"a matrix cannot be told from a singular one with {self.digits} digits"
            )
        dot = self._dot
        columns = self.transpose(Y)
        solved = []
        for column in columns:
            z: list[Any] = []
            for k in range(size):
                z.append(column[order[k]] - dot(factors[k][:k], z))
            for k in reversed(range(size)):
                z[k] = (z[k] - dot(factors[k][k + 1 :], z[k + 1 :])) / factors[k][k]
            solved.append(z)
        return self.transpose(solved)

    def trace(self, X: Rows) -> Any:
        size = shapes.need_square(self.shape(X))
        return self._ctx.fsum(X[k][k] for k in range(size))

    def determinant(self, X: Rows) -> Any:
        size = shapes.need_square(self.shape(X))
        factors, _, _, sign = self._factor(X)
        return prod((factors[k][k] for k in range(size)), start=self._ctx.mpf(sign))

    def log_determinant(self, X: Rows) -> Any:
        det = self.determinant(X)
        if not det > 0:
            raise NotCertifiedError(
                f"the determinant in a log det is not positive with {self.digits} digits"
            )
        return self._ctx.log(det)

    def blocks(self, rows: Sequence[Sequence[Rows]]) -> Rows:
        shapes.need_blocks([[self.shape(X) for X in row] for row in rows])
        return [
            [x for part in line for x in part] for row in rows for line in zip(*row, strict=True)
        ]

    def rows(self, X: Rows, start: int, stop: int) -> Rows:
        return X[start:stop]

    def to_fraction(self, s: Any) -> Fraction:
        """The dyadic rational that a scalar is."""
        return exactly(_held(s))

    def to_fractions(self, X: Rows) -> list[list[Fraction]]:
        """The dyadic rationals that a matrix holds."""
        return [[self.to_fraction(x) for x in row] for row in X]

    def to_dyadics(self, X: Rows, *, triangle: bool = False) -> list[list[Dyadic]]:
        """The same as they are held; of a `triangle` from the diagonal on."""
        return [[_held(x) for x in row[k * triangle :]] for k, row in enumerate(X)]

    def _dot(self, xs: Sequence[Any], ys: Sequence[Any]) -> Any:
        # What MPContext.fdot does, without its test of every entry's type: half the time.
        products = [mpf_mul(x._mpf_, y._mpf_) for x, y in zip(xs, ys, strict=True)]
        return self._ctx.make_mpf(mpf_sum(products, self._ctx.prec, "n"))

    def _factor(self, X: Rows) -> tuple[Rows, list[int], list[Any], int]:
        """LU with pivots largest relative to their row: factors, order, row sizes, sign."""
        dot = self._dot
        size = len(X)
        work = [list(row) for row in X]
        scale = [max(abs(x) for x in row) or self._ctx.one for row in X]
        order, sign = list(range(size)), 1
        for k in range(size):
            above = [work[s][k] for s in range(k)]
            for i in range(k, size):
                work[i][k] -= dot(work[i][:k], above)
            best = max(range(k, size), key=lambda i: abs(work[i][k]) / scale[i])
            if best != k:
                sign = -sign
                work[k], work[best] = work[best], work[k]
                scale[k], scale[best] = scale[best], scale[k]
                order[k], order[best] = order[best], order[k]
            if work[k][k]:
                for i in range(k + 1, size):
                    work[i][k] /= work[k][k]
            for j in range(k + 1, size):
                work[k][j] -= dot(work[k][:k], [work[s][j] for s in range(k)])
        return work, order, scale, sign


def _held(s: Any) -> Dyadic:
    sign, mantissa, exponent, _ = s._mpf_
    return (-int(mantissa) if sign else int(mantissa)), exponent
