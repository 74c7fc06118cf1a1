"""Stacked solves and Cholesky factors in which one bad matrix spoils no other.

numpy raises for a whole stack when one matrix in it is singular; here that one becomes NaN.
"""

from __future__ import annotations

import numpy as np

__all__ = ["cholesky", "log_det_covariance", "solve", "symmetric"]


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
    return 0.5 * (X + X.swapaxes(-1, -2))
