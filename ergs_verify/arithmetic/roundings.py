"""What float64 roundings do to a computation, to first order: values with derivatives beside them.

Every number carries, besides its value, how far it moves under a few random draws of roundings:
the derivative along a direction, in units of u = 2⁻⁵³. A number that enters moves by u times
itself, and so does every entry of a product, of a linear system's right-hand side and of its
solution. An entry of a system's matrix moves by u times the largest of its row and column when
rows and columns are scaled (elimination fills zeros in), and again so for every right-hand side by
itself. A sum of scalars moves by u times the larger term; where numbers underflow, all move
by half of float64's smallest number, 2⁻¹⁰⁷⁵. Signs are random. Nothing is perturbed in fact, so a
move is known to several digits however small u is, and a batch of draws costs little.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from attrs import frozen

from ergs_verify.arithmetic import shapes
from ergs_verify.arithmetic.base import Entry
from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.errors import NotCertifiedError

#: The smallest normal number: below it float64 rounds to multiples of 2⁻¹⁰⁷⁴, by u times this.
_NORMAL = float(np.finfo(np.float64).tiny)


@frozen(eq=False)
class Moving:
    """A scalar or a matrix, and its moves in units of u: `value` (…), `moves` (draws, …)."""

    value: np.ndarray
    moves: np.ndarray
    draw: np.random.Generator

    @property
    def largest(self) -> float:
        """u times this is the largest move of any entry under any draw."""
        return float(np.abs(self.moves).max())

    def rounded(self, sizes: np.ndarray) -> Moving:
        """The same, moved by ±`sizes` in units of u besides, or as far as underflow does.

        Where all sizes are 0 the numbers are taken to be exact.
        """
        signs = np.copysign(1.0, self.draw.random(self.moves.shape) - 0.5)
        least = _NORMAL if np.any(sizes) else 0.0
        return Moving(self.value, self.moves + signs * np.maximum(sizes, least), self.draw)

    def at(self, value: np.ndarray) -> Moving:
        """The same moves of a value that is known better."""
        return Moving(value, self.moves, self.draw)

    def __add__(self, other: Moving) -> Moving:
        total = Moving(self.value + other.value, self.moves + other.moves, self.draw)
        return total.rounded(np.maximum(abs(self.value), abs(other.value)))

    def __sub__(self, other: Moving) -> Moving:
        return self + -other

    def __neg__(self) -> Moving:
        return Moving(-self.value, -self.moves, self.draw)

    def __mul__(self, other: Moving) -> Moving:
        value = self.value * other.value
        moves = self.moves * other.value + self.value * other.moves
        return Moving(value, moves, self.draw).rounded(abs(value))

    def __truediv__(self, other: Moving) -> Moving:
        value = self.value / other.value
        moves = (self.moves - value * other.moves) / other.value
        return Moving(value, moves, self.draw).rounded(abs(value))


class Roundings:
    """Scalars and matrices are `Moving`.

    Parameters
    ----------
    draws : int
        How many draws of roundings are followed.
    seed : int
        Of the signs.

    Notes
    -----
    A symmetric matrix that enters moves symmetrically. A matrix that float64 cannot tell from a
    singular one makes moves infinite, as numbers beyond float64's range do; nothing is raised.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.arithmetic.roundings import Roundings
    >>> arithmetic = Roundings(draws=100)
    >>> rows = [[Fraction(1), Fraction(1)], [Fraction(1), Fraction(1001, 1000)]]
    >>> X = arithmetic.matrix(rows, (2, 2))
    >>> solved = arithmetic.solve(X, arithmetic.identity(2))  # ‖X⁻¹‖² = 4e6 of the roundings
    >>> 2e6 < solved.largest < 2e7
    True
    """

    name = "float64 with roundings"

    def __init__(self, draws: int = 8, seed: int = 0):
        self._draws = draws
        self._draw = np.random.default_rng(seed)
        self._near = Float64()

    def scalar(self, value: Fraction) -> Moving:
        near = self._exact(np.array(self._near.scalar(value)))
        return near.rounded(abs(near.value))

    def log(self, x: Moving) -> Moving:
        value = np.array(self._near.log(float(x.value)))
        return Moving(value, x.moves / x.value, self._draw).rounded(abs(value))

    def matrix(self, rows: Sequence[Sequence[Entry]], shape: tuple[int, int]) -> Moving:
        value = self._near.matrix(rows, shape)
        entered = self._exact(value).rounded(abs(value))
        if shape[0] == shape[1] and (value == value.T).all():
            upper = np.triu(entered.moves)
            moves = upper + np.triu(upper, 1).swapaxes(1, 2)
            return Moving(value, moves, self._draw)
        return entered

    def zeros(self, rows: int, cols: int) -> Moving:
        return self._exact(np.zeros((rows, cols)))

    def identity(self, size: int) -> Moving:
        return self._exact(np.eye(size))

    def shape(self, X: Moving) -> tuple[int, int]:
        return self._near.shape(X.value)

    def add(self, X: Moving, Y: Moving) -> Moving:
        return Moving(self._near.add(X.value, Y.value), X.moves + Y.moves, self._draw)

    def multiply(self, X: Moving, Y: Moving) -> Moving:
        value = self._near.multiply(X.value, Y.value)
        moves = X.moves @ Y.value + X.value @ Y.moves
        return Moving(value, moves, self._draw).rounded(abs(value))

    def scale(self, s: Moving, X: Moving) -> Moving:
        value = s.value * X.value
        moves = s.moves[:, None, None] * X.value + s.value * X.moves
        return Moving(value, moves, self._draw).rounded(abs(value))

    def transpose(self, X: Moving) -> Moving:
        return Moving(X.value.T, X.moves.swapaxes(1, 2), self._draw)

    def solve(self, X: Moving, Y: Moving) -> Moving:
        size = shapes.need_square(self.shape(X))
        shapes.need_chain(self.shape(X), self.shape(Y))
        sizes = _scaled_sizes(X.value)
        X = X.rounded(sizes)
        Y = Y.rounded(abs(Y.value))
        try:
            value = np.linalg.solve(X.value, Y.value)
            # What is eliminated is rounded once, what is substituted for every right-hand side.
            residuals = Y.rounded(sizes @ abs(value)).moves - X.moves @ value
            columns = np.linalg.solve(X.value, np.moveaxis(residuals, 0, 1).reshape(size, -1))
        except np.linalg.LinAlgError:
            value, columns = np.full(Y.value.shape, np.inf), np.full(Y.moves.shape, np.inf)
        moves = np.moveaxis(columns.reshape(size, self._draws, -1), 1, 0)
        return Moving(value, moves, self._draw).rounded(abs(value))

    def trace(self, X: Moving) -> Moving:
        shapes.need_square(self.shape(X))
        diagonal = np.diagonal(X.value)
        moves = np.trace(X.moves, axis1=1, axis2=2)
        return Moving(diagonal.sum(), moves, self._draw).rounded(abs(diagonal).sum())

    def determinant(self, X: Moving) -> Moving:
        value = np.array(self._near.determinant(X.value))
        return Moving(value, value * self._logarithmic(X), self._draw).rounded(abs(value))

    def log_determinant(self, X: Moving) -> Moving:
        value = np.array(self._near.log_determinant(X.value))
        return Moving(value, self._logarithmic(X), self._draw).rounded(abs(value))

    def to_fractions(self, X: Moving) -> list[list[Fraction]]:
        """The dyadic rationals that the values are."""
        return self._near.to_fractions(X.value)

    def blocks(self, rows: Sequence[Sequence[Moving]]) -> Moving:
        value = self._near.blocks([[X.value for X in row] for row in rows])
        return Moving(value, np.block([[X.moves for X in row] for row in rows]), self._draw)

    def rows(self, X: Moving, start: int, stop: int) -> Moving:
        return Moving(X.value[start:stop], X.moves[:, start:stop], self._draw)

    def _exact(self, value: np.ndarray) -> Moving:
        return Moving(value, np.zeros((self._draws, *value.shape)), self._draw)

    def _logarithmic(self, X: Moving) -> np.ndarray:
        """The moves of log det X: tr(X⁻¹ dX), those of the factorisation of X included."""
        X = X.rounded(abs(X.value).max(axis=1, keepdims=True))
        try:
            return np.einsum("ij,sji->s", np.linalg.inv(X.value), X.moves)
        except np.linalg.LinAlgError:
            raise NotCertifiedError("a determinant vanishes in float64") from None


def _scaled_sizes(X: np.ndarray) -> np.ndarray:
    """What elimination may round an entry by, in units of u: it is blind to the units of columns,
    and of rows if pivots are sought among rows of one size."""
    rows = abs(X).max(axis=1, keepdims=True)
    scaled = np.divide(abs(X), rows, out=np.zeros_like(X), where=rows > 0)
    return rows * scaled.max(axis=0, keepdims=True)
