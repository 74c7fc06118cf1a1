"""Upper bounds of norms of stacks of matrices in float64, and matrices of balls as such."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ergs_verify.arithmetic.above import ROUNDED, TINY, Above, above, gamma
from ergs_verify.arithmetic.centred import Centred
from ergs_verify.arithmetic.in_step import largest, product, total

#: Squarings for a spectral norm that is raised to the power of the horizon.
CLOSELY = 6


def frobenius(X: Any) -> Above:
    """Upper bounds of ‖X‖_F, from entries' upper bounds ≥ 0."""
    power = power_of_two(largest(X))
    return _squared(above(X / power)).root() * power[..., 0, 0]


def spectral(X: Centred, squarings: int = 2) -> Above:
    """Upper bounds of ‖X‖₂.

    Those are ‖(X'X)^(2^(k−1))‖_F^(1/2^k) after k `squarings`, at most rank^(1/2^(k+1)) too large.
    """
    middle = X.middle
    rows, cols = middle.shape[-2:]
    if min(rows, cols) == 1:
        return frobenius(X.magnitude)
    power = power_of_two(largest(X.size))
    scaled = middle / power
    if cols > rows:
        scaled = scaled.swapaxes(-1, -2)
    steps = []
    for k in range(squarings):
        slack, unit = _squared(scaled) * gamma(scaled.shape[-2] + 1), 1.0
        scaled = product(scaled.swapaxes(-1, -2), scaled)
        if k >= CLOSELY:  # the next square might overflow, or vanish
            unit = power_of_two(largest(np.abs(scaled)))
            scaled = scaled / unit
            unit = unit[..., 0, 0]
        steps.append((slack, unit))
    bound = _squared(scaled).root()
    for slack, unit in reversed(steps):
        bound = (bound * unit + slack).root()
    # What scaling lost to underflow, entry by entry.
    bound = (bound + TINY * rows * cols) * power[..., 0, 0]
    return bound if X.radius is None else bound + frobenius(X.radius)


def _squared(X: np.ndarray) -> Above:
    """Upper bounds of ‖X‖_F² of floats, squares and all that underflow in them included."""
    return Above(above(total(X * X), X.shape[-1] * X.shape[-2])[..., 0, 0])


def power_of_two(x: np.ndarray, most: int = 1000) -> np.ndarray:
    """A power of 2 near a number ≥ 0, its exponent at most so large in size."""
    _, exponent = np.frexp(x)
    return np.ldexp(1.0, np.where(x > 0, np.clip(exponent, -most, most), -most))


def column_norms(X: Centred) -> Above:
    """Upper bounds of the norms of columns."""
    size = X.magnitude
    return Above(above((size * size).sum(axis=-2), size.shape[-2])).root()


def in_float64(matrices: Sequence[Any]) -> Centred:
    """Matrices of balls (`arb_mat`) of one shape as a stack of what encloses them."""
    read = {id(X): _read(X) for X in {id(X): X for X in matrices}.values()}  # what is shared, once
    middle, radius = (np.stack(both) for both in zip(*(read[id(X)] for X in matrices), strict=True))
    # Both are rounded, and may underflow.
    radius = above(radius + np.abs(middle) * ROUNDED, 3)
    return Centred(middle, radius)


def _read(X: Any) -> tuple[np.ndarray, np.ndarray]:
    """Midpoints and radii of a matrix of balls, near them."""
    entries, exact = X.entries(), X.mid().contains(X)
    middle = np.fromiter(map(float, entries), float).reshape(X.nrows(), X.ncols())
    if exact:
        return middle, np.zeros(middle.shape)
    return middle, np.fromiter((float(x.rad()) for x in entries), float).reshape(middle.shape)


def stacked(parts: Sequence[Centred]) -> Centred:
    """A stack of these."""
    return Centred(*(np.stack(X) for X in zip(*((p.middle, p.radii) for p in parts), strict=True)))
