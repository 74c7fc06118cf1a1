"""Stacked products, solves and Cholesky factors in which one bad matrix spoils no other.

numpy raises for a whole stack when one matrix in it is singular; here that one becomes NaN. What
is done "in step" goes along the stack entry by entry: for matrices of a few rows that is many
times faster than one call of a library for each.
"""

from __future__ import annotations

import numpy as np


def product_in_step(X: np.ndarray, Y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """XY, the stack innermost in memory."""
    return np.einsum("...ak,...kb->...ab", X, Y, out=out)


def solve_in_step(system: np.ndarray) -> np.ndarray:
    """`solve`, in step."""
    entries, axes = _entries(system)
    return _matrices(eliminate(entries), axes)


def solve(system: np.ndarray) -> np.ndarray:
    """X⁻¹Y of [X Y], NaN where X is not finite or elimination met a pivot that is exactly 0."""
    rows = system.shape[-2]
    X, Y = system[..., :rows], system[..., rows:]
    try:
        return np.linalg.solve(X, Y)
    except np.linalg.LinAlgError:
        finite = _finite(X)
        regular = finite & (np.linalg.slogdet(_or_identity(X, finite)).sign != 0)
        solved = np.linalg.solve(_or_identity(X, regular), Y)
        return np.where(regular[..., None, None], solved, np.nan)


def _finite(X: np.ndarray) -> np.ndarray:
    return np.asarray(np.isfinite(X).all((-2, -1)))


def _or_identity(X: np.ndarray, kept: np.ndarray) -> np.ndarray:
    return np.where(kept[..., None, None], X, np.eye(X.shape[-1]))


def cholesky(X: np.ndarray) -> np.ndarray:
    """Lower L with X = LL', from X's lower triangle, in step; NaN where not positive definite."""
    rest, axes = _entries(X)
    lower = np.zeros_like(rest)
    for k in range(len(rest)):
        lower[k:, k] = column = rest[k:, k] / np.sqrt(rest[k, k])
        rest[k + 1 :, k + 1 :] -= column[1:, None] * column[1:]
    return _like(X, _matrices(lower, axes))


def inverse_and_roots(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """X⁻¹ and the diagonal of X's Cholesky factor, (…, rows), in step.

    The product of the diagonal's squares is |X|. Where X is not positive definite, X⁻¹ has
    infinities or NaN, and the diagonal has NaN or 0.
    """
    rest, axes = _entries(symmetric(X))
    roots = np.empty_like(rest[0])
    for k in range(len(rest)):
        root = roots[k] = np.sqrt(rest[k, k])
        column = rest[k] / root
        rest -= column[:, None] * column
        rest[k] = rest[:, k] = column / root
        rest[k, k] = -1 / (root * root)
    return _like(X, _matrices(np.negative(rest, out=rest), axes)), roots.transpose(
        *(1 + place for place in _back(axes)), 0
    )


def eliminate(entries: np.ndarray) -> np.ndarray:
    """X⁻¹Y of [X Y], (rows, columns, …), which is overwritten; not finite where X is singular.

    Gauss elimination, in step for the whole stack, with partial pivoting in each for itself.
    """
    n = len(entries)
    system = entries.reshape(n, entries.shape[1], -1)
    for k in range(n):
        pivot = k + np.abs(system[k:, k]).argmax(axis=0)
        moved = np.flatnonzero(pivot != k)
        if moved.size:
            row = system[k][:, moved]
            system[k][:, moved] = system[pivot[moved], :, moved].T
            system[pivot[moved], :, moved] = row.T
        top = system[k, k + 1 :]
        top /= system[k, k]
        system[k + 1 :, k + 1 :] -= system[k + 1 :, k, None] * top
    for k in reversed(range(n)):
        system[:k, n:] -= system[:k, k, None] * system[k, n:]
    return entries[:, n:]


def _entries(X: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """A copy (rows, columns, …) of a stack X, and which of X's axes, in memory's order, follow."""
    axes = sorted(range(X.ndim - 2), key=lambda axis: -X.strides[axis])
    return X.transpose(-2, -1, *axes).copy(), axes


def _matrices(entries: np.ndarray, axes: list[int]) -> np.ndarray:
    """(rows, columns, …) seen as a stack again."""
    return entries.transpose(*(2 + place for place in _back(axes)), 0, 1)


def _back(axes: list[int]) -> list[int]:
    return [axes.index(axis) for axis in range(len(axes))]


def _like(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Y copied, in memory as X is."""
    copied = np.empty_like(X)
    copied[...] = Y
    return copied


def log_det_covariance(Sigma: np.ndarray) -> np.ndarray:
    """log |Σ|, −∞ where a float64 cannot tell Σ from a singular matrix.

    A pivot is a difference of numbers of size Σ_kk with an error of about p·2⁻⁵² of that, which
    is where the line is drawn.
    """
    pivots = np.einsum("...ii->...i", cholesky(Sigma)) ** 2
    smallest = Sigma.shape[-1] * np.finfo(float).eps * np.einsum("...ii->...i", Sigma)
    regular = np.all(pivots > smallest, axis=-1)
    return np.where(regular, np.log(np.where(regular[..., None], pivots, 1)).sum(-1), -np.inf)


def symmetric(X: np.ndarray) -> np.ndarray:
    """(X + X')/2."""
    total = X + X.swapaxes(-1, -2)
    total *= 0.5
    return total


def symmetrise(X: np.ndarray) -> np.ndarray:
    """X, overwritten with (X + X')/2 in slabs of its first axis that fit the processor's cache."""
    step = max(1, 2**15 // max(1, X[0].size))
    for start in range(0, len(X), step):
        slab = X[start : start + step]
        slab[...] = symmetric(slab)
    return X
