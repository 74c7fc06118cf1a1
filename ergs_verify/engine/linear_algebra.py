"""Stacked solves and Cholesky factors in which one bad matrix spoils no other.

numpy raises for a whole stack when one matrix in it is singular; here that one becomes NaN.
"""

from __future__ import annotations

import numpy as np

__all__ = ["cholesky", "log_det_covariance", "solve", "symmetric"]


def solve(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """X⁻¹Y, NaN where elimination met a pivot that is exactly 0."""
    try:
        return np.linalg.solve(X, Y)
    except np.linalg.LinAlgError:
        singular = (np.linalg.slogdet(X).sign == 0)[..., None, None]
        regular = np.where(singular, np.eye(X.shape[-1]), X)
        return np.where(singular, np.nan, np.linalg.solve(regular, Y))


def cholesky(X: np.ndarray) -> np.ndarray:
    """Lower L with X = LL', NaN where X is not positive definite."""
    try:
        return np.linalg.cholesky(X)
    except np.linalg.LinAlgError:
        factors = np.full(X.shape, np.nan)
        for place in np.ndindex(X.shape[:-2]):
            try:
                factors[place] = np.linalg.cholesky(X[place])
            except np.linalg.LinAlgError:
                continue
        return factors


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
