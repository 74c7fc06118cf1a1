"""Midpoints and radii in float64, on stacks of matrices: enclosures at the speed of floats.

Every number is known to be within a radius of a midpoint. The radii are sound under the model of
rounding in `ergs_verify.arithmetic.above`; no rounding mode is ever switched. What cannot be
bounded, such as the inverse of a matrix not proved to be regular, is NaN in its place of the
stack and spoils no other. S. M. Rump, "Verification methods: Rigorous results using floating-point
arithmetic", Acta Numerica 19 (2010), 287–449.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from ergs_verify.arithmetic import shapes
from ergs_verify.arithmetic.above import ROUNDED, Above, above, below, gamma
from ergs_verify.arithmetic.base import Entry
from ergs_verify.arithmetic.in_step import Triangular, blocks, inverse_root, product

#: Terms of the series of a logarithm; the next one is below 2⁻⁶⁰ of the first.
_TERMS = 12


class Centred:
    """Numbers (…), or matrices (…, rows, columns), each within `radius` of `middle`.

    Parameters
    ----------
    middle : array
    radius : array of the same shape, optional
        Without it the numbers are exact.
    """

    def __init__(self, middle: Any, radius: Any = None):
        self.middle = middle
        self.radius = radius

    @cached_property
    def size(self) -> Any:
        """|middle|."""
        return np.abs(self.middle)

    @cached_property
    def magnitude(self) -> Any:
        """Upper bounds of the numbers in size."""
        return self.size if self.radius is None else above(self.size + self.radius)

    @property
    def radii(self) -> Any:
        """The radius as an array in any case."""
        return np.zeros(np.shape(self.middle)) if self.radius is None else self.radius

    @property
    def lower(self) -> Any:
        """Lower bounds; NaN where there are none."""
        if self.radius is None:
            return self.middle
        known = np.isfinite(self.middle)
        return below(np.where(known, self.middle, np.nan) - self.radius)

    @property
    def upper(self) -> Any:
        """Upper bounds; NaN where there are none."""
        return -(-self).lower

    @property
    def known(self) -> Any:
        """Where the numbers are bounded."""
        return np.isfinite(self.middle) & np.isfinite(self.radii)

    def widened(self, by: Any) -> Centred:
        """The same with radii that are larger by numbers ≥ 0."""
        return Centred(self.middle, above(self.radii + by))

    def map(self, change: Any) -> Centred:
        """The same with both arrays put into another shape."""
        return Centred(change(self.middle), None if self.radius is None else change(self.radius))

    def __getitem__(self, key: Any) -> Centred:
        return self.map(lambda X: X[key])

    def __add__(self, other: Centred) -> Centred:
        middle = self.middle + other.middle
        radius = np.abs(middle) * ROUNDED
        for one in (self, other):
            if one.radius is not None:
                radius = radius + one.radius
        return Centred(middle, above(radius, 3))

    def __sub__(self, other: Centred) -> Centred:
        return self + -other

    def __neg__(self) -> Centred:
        return Centred(-self.middle, self.radius)

    def __mul__(self, other: Centred) -> Centred:
        middle = self.middle * other.middle
        radius = np.abs(middle) * ROUNDED
        if other.radius is not None:
            radius = radius + self.size * other.radius
        if self.radius is not None:
            radius = radius + self.radius * other.magnitude
        return Centred(middle, above(radius, 4))

    def __truediv__(self, other: Centred) -> Centred:
        """NaN where the divisor may be 0."""
        least = below(other.size - other.radii)
        known = (least > 0) & np.isfinite(self.middle) & np.isfinite(other.middle)
        middle = np.where(known, self.middle, np.nan) / other.middle
        # x/y − a/b = (x − a + (a/b)(b − y))/y, and |a/b| is off by its own rounding.
        quotient = above(np.abs(middle))
        radius = above(self.radii + above(quotient * other.radii)) / least
        return Centred(middle, above(radius + quotient * ROUNDED, 3))

    def __repr__(self) -> str:
        return f"Centred({self.middle} ± {self.radii})"


class CentredStacks:
    """Scalars are `Centred` of arrays (…), matrices of arrays (…, rows, columns); stacks broadcast.

    Notes
    -----
    Nothing is raised: what is not certified is NaN, or has a radius that is. numpy may warn of it:
    compute under ``np.errstate(all="ignore")``. Many small matrices are fastest where they lie
    innermost in memory (`ergs_verify.arithmetic.in_step`).

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.arithmetic.centred import CentredStacks
    >>> stacks = CentredStacks()
    >>> third = stacks.scalar(Fraction(1)) / stacks.scalar(Fraction(3))
    >>> abs(Fraction(float(third.middle)) - Fraction(1, 3)) <= Fraction(float(third.radius)) < 2e-16
    True
    """

    name = "midpoints and radii in float64"

    # -- entering ----------------------------------------------------------------------------------

    def scalar(self, value: Fraction) -> Centred:
        return self._entered([[value]]).map(lambda X: X[0, 0])

    def matrix(self, rows: Sequence[Sequence[Entry]], shape: tuple[int, int]) -> Centred:
        shapes.need_entries(rows, shape)
        return self._entered(rows)

    def _entered(self, rows: Sequence[Sequence[Entry]]) -> Centred:
        middle = np.array([[_nearest(x) for x in row] for row in rows])
        if all(isinstance(x, float) for row in rows for x in row):
            return Centred(middle)
        near = middle.tolist()
        pairs = [list(zip(row, line, strict=True)) for row, line in zip(rows, near, strict=True)]
        off = np.array([[_distance(x, y) for x, y in row] for row in pairs])
        return Centred(middle, above(off) if off.any() else None)

    def zeros(self, rows: int, cols: int) -> Centred:
        return Centred(np.zeros((rows, cols)))

    def identity(self, size: int) -> Centred:
        return Centred(np.eye(size))

    # -- the protocol ------------------------------------------------------------------------------

    def shape(self, X: Centred) -> tuple[int, int]:
        return X.middle.shape[-2], X.middle.shape[-1]

    def add(self, X: Centred, Y: Centred) -> Centred:
        shapes.need_equal(self.shape(X), self.shape(Y))
        return X + Y

    def multiply(self, X: Centred, Y: Centred) -> Centred:
        shapes.need_chain(self.shape(X), self.shape(Y))
        terms = X.middle.shape[-1]
        middle = product(X.middle, Y.middle)
        if X.radius is None and Y.radius is None:
            return Centred(middle, above(product(X.size, Y.size) * gamma(terms), terms + 3))
        off = Y.size * gamma(terms)
        if Y.radius is not None:
            off = off + Y.radius
        radius = product(X.size, above(off, 2))
        if X.radius is not None:
            radius = radius + product(X.radius, Y.magnitude)
        return Centred(middle, above(radius, terms + 2))

    def scale(self, s: Centred, X: Centred) -> Centred:
        return s.map(lambda x: np.asarray(x)[..., None, None]) * X

    def transpose(self, X: Centred) -> Centred:
        return X.map(lambda x: x.swapaxes(-1, -2))

    def solve(self, X: Centred, Y: Centred) -> Centred:
        """X⁻¹Y; NaN where X is not proved to be regular."""
        shapes.need_square(self.shape(X))
        shapes.need_chain(self.shape(X), self.shape(Y))
        near = Triangular.of(X.middle)
        off = _off_identity(self, near, X)
        guess = product(near.right, product(near.left, Y.middle))
        residual = Y - self.multiply(X, Centred(guess))
        # With L = near.left, R = near.right and G = LXR: G y = L residual, and y is off by R y.
        # |y| ≤ a + |I − G||y|, hence max |y| ≤ max a/(1 − α), and row by row once more.
        reached = Above(self.multiply(Centred(near.left), residual).magnitude)
        rows = off.total(-1)
        most = Above(reached.value.max(axis=-2, keepdims=True))
        moved = reached + rows[..., None] * most.over_rest(_largest(rows)[..., None, None])
        far = above(product(np.abs(near.right), moved.value), X.middle.shape[-1])
        return Centred(guess, far)

    def trace(self, X: Centred) -> Centred:
        size = shapes.need_square(self.shape(X))
        diagonal = X.map(lambda x: np.einsum("...ii->...i", x))
        radius = diagonal.size.sum(axis=-1) * gamma(size)
        if diagonal.radius is not None:
            radius = radius + diagonal.radius.sum(axis=-1)
        return Centred(diagonal.middle.sum(axis=-1), above(radius, size + 2))

    def determinant(self, X: Centred) -> Centred:
        """NaN where X is not proved to be regular."""
        size = shapes.need_square(self.shape(X))
        near = Triangular.of(X.middle)
        # det(LXR) is the product of eigenvalues within α of 1.
        part = _largest(_off_identity(self, near, X).total(-1))
        most = Above(np.ones_like(part.value))
        for _ in range(size):
            most = most * (part + 1.0)
        ones = np.ones_like(part.value)
        # (1 − α)ⁿ ≥ 2 − (1 + α)ⁿ.
        found = Centred(ones, np.where(part.value < 1, above(most.value - 1), np.nan))
        for k in range(size):
            found = found / Centred(near.right[..., k, k]) / Centred(near.scales[..., k])
        return found * Centred(near.sign)

    def log_determinant(self, X: Centred) -> Centred:
        return self.log(self.determinant(X))

    def log(self, x: Centred) -> Centred:
        """NaN where x may not be positive."""
        least = x.lower
        known = (least > 0) & x.known
        fraction, exponent = np.frexp(np.where(known, x.middle, np.nan))
        low = fraction < math.sqrt(0.5)
        fraction, exponent = (
            np.where(low, 2 * fraction, fraction),
            np.where(known, exponent - low, 0),
        )
        # log f = 2 artanh((f − 1)/(f + 1)), |s| ≤ 0.172, by its series.
        one = self.scalar(Fraction(1))
        s = (Centred(fraction) - one) / (Centred(fraction) + one)
        square = s * s
        series = self.scalar(Fraction(1, 2 * _TERMS + 1))
        for k in reversed(range(_TERMS)):
            series = series * square + self.scalar(Fraction(1, 2 * k + 1))
        rest = Above(np.ones_like(fraction))
        for _ in range(_TERMS + 1):
            rest = rest * Above(square.magnitude)
        series = series.widened(rest.value)
        found = series * (s + s) + Centred(exponent.astype(float)) * _LOG_2
        return found.widened(above(x.radii / np.where(known, least, np.nan)))

    def blocks(self, rows: Sequence[Sequence[Centred]]) -> Centred:
        shapes.need_blocks([[self.shape(X) for X in row] for row in rows])
        stack = np.broadcast_shapes(*(X.middle.shape[:-2] for row in rows for X in row))
        middle = blocks([[X.middle for X in row] for row in rows], stack)
        if all(X.radius is None for row in rows for X in row):
            return Centred(middle)
        return Centred(middle, blocks([[X.radii for X in row] for row in rows], stack))

    def rows(self, X: Centred, start: int, stop: int) -> Centred:
        return X.map(lambda x: x[..., start:stop, :])

    # -- besides -----------------------------------------------------------------------------------

    def definite(self, X: Centred) -> np.ndarray:
        """Where every symmetric matrix among those enclosed is proved to be positive definite."""
        if shapes.need_square(self.shape(X)) == 1:
            return X.lower[..., 0, 0] > 0
        inverse = inverse_root(X.middle)
        turned = self.multiply(self.multiply(Centred(inverse), X), self.transpose(Centred(inverse)))
        off = (turned - self.identity(X.middle.shape[-1])).magnitude
        return _largest(Above(off).total(-1)).value < 1


def _off_identity(stacks: CentredStacks, near: Triangular, X: Centred) -> Above:
    """Upper bounds of |LXR − I|, entry by entry."""
    G = stacks.multiply(stacks.multiply(Centred(near.left), X), Centred(near.right))
    return Above((G - stacks.identity(X.middle.shape[-1])).magnitude)


def _largest(rows: Above) -> Above:
    return Above(rows.value.max(axis=-1))


def _nearest(x: Entry) -> float:
    try:
        return float(x)
    except OverflowError:
        return math.inf if x > 0 else -math.inf


def _distance(x: Entry, near: float) -> float:
    if not math.isfinite(near):
        return math.nan
    distance = abs(Fraction(x) - Fraction(near))
    return float(distance) or (math.ulp(0.0) if distance else 0.0)


def _log_of_two() -> Centred:
    near = 0.6931471805599453  # 2 artanh(1/3), whose series' terms fall by 9
    exact = sum(Fraction(2, (2 * k + 1) * 3 ** (2 * k + 1)) for k in range(40))
    return Centred(np.array(near), np.array(above(_distance(exact, near) + 2.0**-100)))


_LOG_2 = _log_of_two()
