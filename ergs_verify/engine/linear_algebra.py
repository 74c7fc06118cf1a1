"""Stacked solves and Cholesky factors in which one bad matrix spoils no other.

numpy raises for a whole stack when one matrix in it is singular; here that one becomes NaN.
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "cholesky",
    "eliminate",
    "inverse_and_log_det",
    "invert_in_step",
    "log_det_covariance",
    "solve",
    "symmetric",
    "symmetrise",
]


def solve(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """X⁻¹Y, NaN where X is not finite or elimination met a pivot that is exactly 0."""
    try:
        return np.linalg.solve(X, Y)
    except np.linalg.LinAlgError:
        finite = _finite(X)
        regular = finite & (np.linalg.slogdet(_or_identity(X, finite)).sign != 0)
        solved = np.linalg.solve(_or_identity(X, regular), Y)
        return np.where(regular[..., None, None], solved, np.nan)


def cholesky(X: np.ndarray) -> np.ndarray:
    """Lower L with X = LL', NaN where X is not positive definite."""
    try:
        return np.linalg.cholesky(X)
    except np.linalg.LinAlgError:
        finite = _finite(X)
        try:
            factors = np.linalg.cholesky(_or_identity(X, finite))
        except np.linalg.LinAlgError:
            factors = np.empty(X.shape)
            for place in np.ndindex(finite.shape):
                factors[place] = _one_cholesky(X[place])
        return np.where(finite[..., None, None], factors, np.nan)


def _one_cholesky(X: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.cholesky(X)
    except np.linalg.LinAlgError:
        return np.full(X.shape, np.nan)


def _finite(X: np.ndarray) -> np.ndarray:
    return np.asarray(np.isfinite(X).all((-2, -1)))


def _or_identity(X: np.ndarray, kept: np.ndarray) -> np.ndarray:
    return np.where(kept[..., None, None], X, np.eye(X.shape[-1]))


def inverse_and_log_det(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """X⁻¹ and log |X| of positive definite X, NaN where it is not."""
    inverse, log_det = invert_in_step(X.transpose(-2, -1, *range(X.ndim - 2)))
    return np.ascontiguousarray(inverse.transpose(*range(2, X.ndim), 0, 1)), log_det


def invert_in_step(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`inverse_and_log_det` of X (rows, rows, …), the stack behind.

    Gauss-Jordan elimination, in step for the whole stack: for matrices of a few rows that is many
    times faster than one call of LAPACK for each.
    """
    rest = np.ascontiguousarray(X + X.swapaxes(0, 1))
    rest *= 0.5
    log_det = np.zeros(X.shape[2:])
    for k, pivot in enumerate(np.einsum("ii...->i...", rest)):
        root = np.sqrt(pivot)
        log_det += 2 * np.log(root)
        column = rest[k] / root
        rest -= column[:, None] * column
        rest[k] = rest[:, k] = column / root
        rest[k, k] = -1 / (root * root)
    return np.negative(rest, out=rest), log_det


def eliminate(system: np.ndarray) -> np.ndarray:
    """X⁻¹Y of [X Y], (rows, columns, stack), which is overwritten; not finite where X is singular.

    Gauss elimination, in step for the whole stack, with partial pivoting in each for itself.
    """
    n = len(system)
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
    return system[:, n:]


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
    step = max(1, 2**15 // X[0].size)
    for start in range(0, len(X), step):
        slab = X[start : start + step]
        slab[...] = symmetric(slab)
    return X
