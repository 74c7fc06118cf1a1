"""Exact rational numbers by python-flint; sizes grow fast along a recursion (to T ≈ 6)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat

from ergs_verify.arithmetic import shapes
from ergs_verify.arithmetic.base import Entry
from ergs_verify.errors import UnsupportedError


class Rationals:
    """Scalars are `fmpq`, matrices are `fmpq_mat`; nothing is ever rounded.

    `solve` raises `ZeroDivisionError` exactly where the matrix is singular. There is no
    logarithm: `log` and `log_determinant` raise `UnsupportedError`.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.arithmetic import Rationals
    >>> Q = Rationals()
    >>> Q.scalar(Fraction(1, 3)) + Q.scalar(Fraction(1, 6))
    1/2
    """

    name = "rationals"

    def scalar(self, value: Entry) -> Any:
        return fmpq(*value.as_integer_ratio())

    def log(self, x: Any) -> Any:
        raise UnsupportedError(
            "a logarithm is not a rational number; evaluate this in mpmath, balls or float64"
        )

    def matrix(self, rows: Sequence[Sequence[Entry]], shape: tuple[int, int]) -> Any:
        shapes.need_entries(rows, shape)
        return fmpq_mat(*shape, [self.scalar(x) for row in rows for x in row])

    def zeros(self, rows: int, cols: int) -> Any:
        return fmpq_mat(rows, cols)

    def identity(self, size: int) -> Any:
        return fmpq_mat(size, size, [int(k == j) for k in range(size) for j in range(size)])

    def shape(self, X: Any) -> tuple[int, int]:
        return X.nrows(), X.ncols()

    def add(self, X: Any, Y: Any) -> Any:
        shapes.need_equal(self.shape(X), self.shape(Y))
        return X + Y

    def multiply(self, X: Any, Y: Any) -> Any:
        shapes.need_chain(self.shape(X), self.shape(Y))
        return X * Y

    def scale(self, s: Any, X: Any) -> Any:
        return X * s

    def transpose(self, X: Any) -> Any:
        return X.transpose()

    def solve(self, X: Any, Y: Any) -> Any:
        shapes.need_square(self.shape(X))
        shapes.need_chain(self.shape(X), self.shape(Y))
        return X.solve(Y)

    def trace(self, X: Any) -> Any:
        size = shapes.need_square(self.shape(X))
        return sum((X[k, k] for k in range(size)), fmpq(0))

    def determinant(self, X: Any) -> Any:
        shapes.need_square(self.shape(X))
        return X.det()

    def log_determinant(self, X: Any) -> Any:
        return self.log(self.determinant(X))

    def blocks(self, rows: Sequence[Sequence[Any]]) -> Any:
        shapes.need_blocks([[self.shape(X) for X in row] for row in rows])
        parts = [[X.tolist() for X in row] for row in rows]
        return fmpq_mat(
            [[x for part in line for x in part] for row in parts for line in zip(*row, strict=True)]
        )

    def rows(self, X: Any, start: int, stop: int) -> Any:
        return fmpq_mat(X.tolist()[start:stop])

    def consistent(self, X: Any, Y: Any) -> bool:
        """Whether X Z = Y has a solution Z, X singular or not (by ranks, exactly)."""
        return X.rank() == self.blocks([[X, Y]]).rank()

    def to_fraction(self, s: Any) -> Fraction:
        """The rational that a scalar is."""
        return Fraction(int(s.p), int(s.q))

    def to_fractions(self, X: Any) -> list[list[Fraction]]:
        """The rationals that a matrix holds."""
        return [[self.to_fraction(x) for x in row] for row in X.tolist()]
