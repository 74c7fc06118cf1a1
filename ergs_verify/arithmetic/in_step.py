"""Stacks of small matrices of floats, entry by entry along the stack.

That is many times faster than a call of a library for each.

Such a stack (…, rows, columns) lies innermost in memory, whatever the order of its axes: an entry
is a row of numbers, one for each matrix, and an instruction goes along that row. What is singular
is infinite or NaN in its place and spoils no other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

#: Stacks of at least so many matrices of at most so many rows are multiplied entry by entry.
_MANY, _FEW_ROWS = 64, 8


def is_in_step(X: np.ndarray) -> bool:
    """Whether a stack of square matrices is worth it."""
    return X.shape[-1] <= _FEW_ROWS and X.size >= _MANY * X.shape[-1] * X.shape[-2]


def empty(stack: tuple[int, ...], rows: int, cols: int) -> np.ndarray:
    """(…, rows, cols), a large stack innermost in memory."""
    if math.prod(stack) < _MANY:
        return np.empty((*stack, rows, cols))
    inner = np.empty((rows, cols, *stack))
    return np.moveaxis(inner, (0, 1), (-2, -1))


def innermost(X: np.ndarray) -> np.ndarray:
    """The same stack of matrices, innermost in memory where that is faster."""
    made = empty(X.shape[:-2], *X.shape[-2:])
    made[...] = X
    return made


def blocks(rows: Sequence[Sequence[np.ndarray]], stack: tuple[int, ...]) -> np.ndarray:
    """The stack of matrices put together from blocks that fit; they broadcast along it."""
    height = sum(row[0].shape[-2] for row in rows)
    made = empty(stack, height, sum(X.shape[-1] for X in rows[0]))
    top = 0
    for row in rows:
        left, bottom = 0, top + row[0].shape[-2]
        for X in row:
            made[..., top:bottom, left : left + X.shape[-1]] = X
            left += X.shape[-1]
        top = bottom
    return made


def product(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """XY of stacked floats."""
    largest = max(X.size // math.prod(X.shape[-2:]), Y.size // math.prod(Y.shape[-2:]))
    if largest < _MANY or max(*X.shape[-2:], Y.shape[-1]) > _FEW_ROWS:
        return np.matmul(X, Y)
    made = empty(np.broadcast_shapes(X.shape[:-2], Y.shape[:-2]), X.shape[-2], Y.shape[-1])
    return np.einsum("...ak,...kb->...ab", X, Y, out=made)


def largest(X: np.ndarray) -> np.ndarray:
    """The largest entry of each matrix, (…, 1, 1); NaN where one is."""
    return _along_entries(np.maximum, X)


def total(X: np.ndarray) -> np.ndarray:
    """The sum of each matrix's entries, (…, 1, 1)."""
    return _along_entries(np.add, X)


def _along_entries(combine: np.ufunc, X: np.ndarray) -> np.ndarray:
    """numpy reduces axes that lie outermost in memory slowly."""
    rows, cols = X.shape[-2:]
    if rows * cols > _FEW_ROWS**2 or X.size < _MANY * rows * cols:
        return combine.reduce(X, axis=(-2, -1), keepdims=True)
    found = X[..., :1, :1]
    for k in range(1, rows * cols):
        i, j = divmod(k, cols)
        found = combine(found, X[..., i : i + 1, j : j + 1])
    return found


class Triangular:
    """L and R of floats with LXR ≈ I, and det L, det R known: exactly but for their own rounding.

    L is a unit lower triangular matrix with its columns permuted and scaled by powers of 2, R is
    upper triangular; so det L = sign · Π scales whatever was rounded on the way, det R = Π R_kk.
    """

    def __init__(self, left: np.ndarray, right: np.ndarray, sign: np.ndarray, scales: np.ndarray):
        self.left, self.right, self.sign, self.scales = left, right, sign, scales

    @classmethod
    def of(cls, X: np.ndarray) -> Triangular:
        """By elimination, with pivots sought among rows of one size."""
        stack, n = X.shape[:-2], X.shape[-1]
        games = math.prod(stack)
        with np.errstate(all="ignore"):
            _, exponents = np.frexp(np.abs(X).max(axis=-1))
            scales = np.ldexp(1.0, np.clip(-exponents, -1000, 1000))
            work = empty((games,), n, 2 * n)
            work[..., :n] = (X * scales[..., None]).reshape(games, n, n)
            work[..., n:] = np.eye(n)
            sign = np.ones(games)
            for k in range(n - 1):
                pivots = k + np.abs(work[:, k:, k]).argmax(axis=1)
                swapped = np.flatnonzero(pivots != k)
                if swapped.size:
                    others = pivots[swapped]
                    kept = work[swapped, k]
                    work[swapped, k] = work[swapped, others]
                    work[swapped, others] = kept
                    sign[swapped] *= -1
                shares = work[:, k + 1 :, k] / work[:, k, k, None]
                work[:, k + 1 :, k + 1 :] -= shares[..., None] * work[:, k, None, k + 1 :]
            left = work[..., n:].reshape(*stack, n, n) * scales[..., None, :]
            right = upper_inverse(work[..., :n]).reshape(*stack, n, n)
        return cls(left, right, sign.reshape(stack), scales)


def upper_inverse(U: np.ndarray) -> np.ndarray:
    """Near the inverse of an upper triangular matrix, and exactly upper triangular."""
    n = U.shape[-1]
    found = empty(U.shape[:-2], n, n)
    found[...] = 0
    for k in reversed(range(n)):
        found[..., k, k] = 1 / U[..., k, k]
        if k + 1 < n:
            reached = product(U[..., k, None, k + 1 :], found[..., k + 1 :, k + 1 :])
            found[..., k, k + 1 :] = -reached[..., 0, :] * found[..., k, k, None]
    return found


def root(X: np.ndarray) -> np.ndarray:
    """Near the lower Cholesky factor; NaN where X is not positive definite."""
    rest, n = innermost(X), X.shape[-1]
    found = empty(X.shape[:-2], n, n)
    found[...] = 0
    with np.errstate(all="ignore"):
        for k in range(n):
            column = rest[..., k:, k] / np.sqrt(rest[..., k, k])[..., None]
            found[..., k:, k] = column
            rest[..., k:, k:] -= column[..., :, None] * column[..., None, :]
    return found


def inverse_root(X: np.ndarray) -> np.ndarray:
    """Near L⁻¹ with X = LL'."""
    with np.errstate(all="ignore"):
        return upper_inverse(root(X).swapaxes(-1, -2)).swapaxes(-1, -2)


def solve(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Near X⁻¹Y."""
    near = Triangular.of(X)
    return product(near.right, product(near.left, Y))
