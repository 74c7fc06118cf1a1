"""Double precision by numpy: fast, and never enough for a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ergs_verify.arithmetic import shapes
from ergs_verify.arithmetic.base import Entry
from ergs_verify.errors import NotCertifiedError, UnsupportedError

_EPS = float(np.finfo(np.float64).eps)


class Float64:
    """Scalars are `float`, matrices are two-dimensional numpy arrays.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.arithmetic import Float64
    >>> Float64().scalar(Fraction(1, 10))
    0.1
    """

    name = "float64"

    def scalar(self, value: Entry) -> float:
        return float(self._entered(value))

    def log(self, x: float) -> float:
        if not x > 0:
            raise NotCertifiedError(f"the logarithm needs a positive number, not {x}")
        return math.log(x)

    def matrix(self, rows: Sequence[Sequence[Entry]], shape: tuple[int, int]) -> np.ndarray:
        shapes.need_entries(rows, shape)
        return self._entered(rows)

    def zeros(self, rows: int, cols: int) -> np.ndarray:
        return np.zeros((rows, cols))

    def identity(self, size: int) -> np.ndarray:
        return np.eye(size)

    def shape(self, X: np.ndarray) -> tuple[int, int]:
        return X.shape[0], X.shape[1]

    def add(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        shapes.need_equal(self.shape(X), self.shape(Y))
        return X + Y

    def multiply(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        shapes.need_chain(self.shape(X), self.shape(Y))
        return X @ Y

    def scale(self, s: float, X: np.ndarray) -> np.ndarray:
        return s * X

    def transpose(self, X: np.ndarray) -> np.ndarray:
        return X.T

    def solve(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        shapes.need_square(self.shape(X))
        shapes.need_chain(self.shape(X), self.shape(Y))
        # Beyond 1/eps not one digit of the solution is certain.
        if not np.linalg.cond(X, 1) < 1 / _EPS:
            raise NotCertifiedError("a matrix cannot be told from a singular one in float64")
        return np.linalg.solve(X, Y)

    def trace(self, X: np.ndarray) -> float:
        shapes.need_square(self.shape(X))
        return float(np.trace(X))

    def determinant(self, X: np.ndarray) -> float:
        shapes.need_square(self.shape(X))
        return float(np.linalg.det(X))

    def log_determinant(self, X: np.ndarray) -> float:
        shapes.need_square(self.shape(X))
        sign, log_size = np.linalg.slogdet(X)
        if sign <= 0:
            raise NotCertifiedError("the determinant in a log det is not positive in float64")
        return float(log_size)

    def blocks(self, rows: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
        shapes.need_blocks([[self.shape(X) for X in row] for row in rows])
        return np.block([list(row) for row in rows])

    def rows(self, X: np.ndarray, start: int, stop: int) -> np.ndarray:
        return X[start:stop]

    def to_fraction(self, s: float) -> Fraction:
        """The dyadic rational that a scalar is."""
        return Fraction(s)

    def to_fractions(self, X: np.ndarray) -> list[list[Fraction]]:
        """The dyadic rationals that a matrix holds."""
        return [[Fraction(x) for x in row] for row in X.tolist()]

    def _entered(self, numbers: Any) -> np.ndarray:
        try:
            return np.array(numbers, dtype=float)
        except OverflowError:
            raise UnsupportedError(
                "a number of the input is larger than float64 holds; use mpmath or rationals"
            ) from None
