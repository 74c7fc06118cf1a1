"""Coordinates in which errors of the equilibrium's costs grow little from stage to stage.

By `ergs_verify.certify.perturbation` errors of all costs grow in a stage by at most 2‖F‖‖H‖. In
coordinates z of the state, x = Zz, that is 2‖Z⁻¹FZ‖‖(I⊗Z)⁻¹H(I⊗Z)‖, which is far smaller for a
suitable Z. It is sought as one balances the rows and columns of a matrix [1]_, with matrices in
place of numbers: in Schatten norms of exponent p the product is least where U = V, for U the sum of
(F'F)^(p/2) and of the diagonal blocks of (H'H)^(p/2), each by its trace, and V the same of FF' and
HH'. Any Z serves: it is a guess in float64, of which nothing is asked.

References
----------
.. [1] E. E. Osborne, On pre-conditioning of matrices, Journal of the ACM 7 (1960), 338–345.
"""

from __future__ import annotations

import numpy as np

#: The exponent of the norms. A larger one is nearer to what bounds take, and slower to be least.
_SCHATTEN = 16
#: No direction counts for less than this part of the dearest.
_LEAST = 2.0**-20
#: What is added to U and V, of trace 2 each: no direction is scaled out of all proportion.
_EVEN = 2.0**-7
#: Sweeps at most, and the part of the growth by which one has to be better than the one before.
_SWEEPS, _ENOUGH = 24, 0.995


def balanced(loop: np.ndarray, linear: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Z, with a determinant of 1 in size, near the best for stages like this one.

    Parameters
    ----------
    loop : (m, m)
        F.
    linear : (N·m, N·m)
        H.
    start : (m, m)
        Where to begin.

    Returns
    -------
    (m, m)
        `start` where errors do not grow in it.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.certify.balance import balanced
    >>> loop = np.array([[0.5, 8], [0, 0.5]])
    >>> Z = balanced(loop, loop / 2, np.eye(2))
    >>> bool(np.linalg.norm(np.linalg.solve(Z, loop @ Z), 2) < 1 < np.linalg.norm(loop, 2))
    True
    """
    m = len(loop)
    best = Z = start
    before = np.inf
    for _ in range(_SWEEPS):
        F, H = _inside(loop, Z), _inside(linear, Z)
        if not (np.isfinite(F).all() and np.isfinite(H).all()):
            break
        (f, *one), (h, *other) = _sides(F, m), _sides(H, m)
        growth = 2 * f * h
        if growth < before:
            best = Z
        if not 1 < growth < _ENOUGH * before:
            break
        before = growth
        U, V = (one[k] + other[k] + _EVEN * np.eye(m) for k in range(2))
        Z = Z @ _power(_mean(U, V), 1 / _SCHATTEN)
        Z /= np.exp(np.linalg.slogdet(Z).logabsdet / m)
    return best


def root_of_inverse(costs: np.ndarray) -> np.ndarray:
    """Of stacked symmetric matrices of costs in size, near singular ones aside."""
    values, vectors = np.linalg.eigh(costs)
    sizes = np.abs(values)
    sizes = np.maximum(sizes, sizes.max(axis=-1, keepdims=True) * _LEAST)
    sizes = np.where(sizes > 0, sizes, 1)
    return vectors / np.sqrt(sizes)[..., None, :] @ vectors.swapaxes(-1, -2)


def _inside(X: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """(I⊗Z)⁻¹X(I⊗Z)."""
    m = len(Z)
    blocks = len(X) // m
    turned = (X.reshape(-1, m) @ Z).reshape(m * blocks, -1)
    stacked = turned.reshape(blocks, m, -1).swapaxes(0, 1).reshape(m, -1)
    return np.linalg.solve(Z, stacked).reshape(m, blocks, -1).swapaxes(0, 1).reshape(X.shape)


def _sides(X: np.ndarray, m: int) -> tuple[float, np.ndarray, np.ndarray]:
    """‖X‖ᵖ's root, and the sums of diagonal blocks of (X'X)^(p/2) and (XX')^(p/2) by the trace."""
    size = np.linalg.norm(X)
    X = X / size
    gram = X.T @ X
    power = np.linalg.matrix_power(gram, _SCHATTEN // 2 - 1)
    right, left = power @ gram, X @ power @ X.T
    trace = np.trace(right)
    return (size * trace ** (1 / _SCHATTEN), *(_diagonal(Y, m) / trace for Y in (right, left)))


def _diagonal(X: np.ndarray, m: int) -> np.ndarray:
    """The sum of the m×m blocks on the diagonal."""
    blocks = len(X) // m
    return np.einsum("iaib->ab", X.reshape(blocks, m, blocks, m))


def _mean(U: np.ndarray, V: np.ndarray) -> np.ndarray:
    """The geometric mean of U⁻¹ and V, of positive definite matrices."""
    root, inverse = _power(U, 0.5), _power(U, -0.5)
    return inverse @ _power(root @ V @ root, 0.5) @ inverse


def _power(X: np.ndarray, exponent: float) -> np.ndarray:
    """Of a symmetric matrix, positive definite but for rounding."""
    values, vectors = np.linalg.eigh((X + X.T) / 2)
    values = np.maximum(values, values.max() * 2.0**-40)
    return (vectors * values**exponent) @ vectors.T
