"""The calls of `solve` and `matmul` that the recursion cannot do without, and nothing else.

Per stage for K and P: B'P, (B'P)[B A], Φ⁻¹rhs, B·K, F'P, (F'P)F, R̃K and K'(R̃K). For Σ and q, all
stages at once: W⁻¹, ΣB', B(ΣB') and the inner products of the noise with P. Agents stand side by
side in one stack; the numbers are random, their values do not matter. It is a floor for whoever
makes these calls: a matrix of a few rows costs a call more time than its arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def floor(N: int, m: int, p: int, T: int, batch: tuple[int, ...] = ()) -> Callable[[], None]:
    """A function of no arguments that makes the calls for one solution of a stack of games."""
    rng = np.random.default_rng(0)
    n = N * p

    def stack(*shape: int) -> np.ndarray:
        return rng.normal(size=(*batch, *shape))

    def over_time(*shape: int) -> np.ndarray:
        return rng.normal(size=(T, *batch, *shape))

    B_transposed, P, rows, BA = stack(N, p, m), stack(N, m, m), stack(n, m), stack(m, n + m)
    phi, rhs, B, gains = stack(n, n), stack(n, m), stack(m, n), stack(n, m)
    F_transposed, ahead, F = stack(1, m, m), stack(N * m, m), stack(m, m)
    R, K, K_transposed = stack(N, p, p), stack(N, p, m), stack(N, m, p)
    W, unit, Sigma = over_time(N, p, p), np.eye(p), over_time(N, p, p)
    moved, later, noise = over_time(n, m), over_time(N, m * m), over_time(m * m, 1)

    def calls() -> None:
        for _ in range(T):
            np.matmul(B_transposed, P)
            np.matmul(rows, BA)
            np.linalg.solve(phi, rhs)
            np.matmul(B, gains)
            np.matmul(F_transposed, P)
            np.matmul(ahead, F)
            np.matmul(R, K)
            np.matmul(K_transposed, K)
        np.linalg.solve(W, unit)
        np.matmul(Sigma, B_transposed)
        np.matmul(B, moved)
        np.matmul(later, noise)

    return calls
