"""Random games of a given size, constant over time, as every competitor can take them."""

from __future__ import annotations

import numpy as np

from ergs_verify.game import FloatGame

TAU = 2.0


def random_games(N: int, m: int, p: int, T: int, batch: tuple[int, ...] = ()) -> FloatGame:
    """Games with spectral radii near 0.9 and R ⪰ I."""
    rng = np.random.default_rng(0)

    def over_time(X: np.ndarray, stages: int) -> np.ndarray:
        shape = (*X.shape[:-2], stages, *X.shape[-2:])
        return np.broadcast_to(X[..., None, :, :], shape)

    def gram(rows: int, floor: float) -> np.ndarray:
        X = rng.normal(size=(*batch, rows, rows))
        return X @ X.swapaxes(-1, -2) / rows + floor * np.eye(rows)

    return FloatGame(
        A=over_time(0.9 / np.sqrt(m) * rng.normal(size=(*batch, m, m)), T),
        B=tuple(over_time(0.3 * rng.normal(size=(*batch, m, p)), T) for _ in range(N)),
        Q=tuple(over_time(gram(m, 0), T + 1) for _ in range(N)),
        R=tuple(over_time(gram(p, 1), T) for _ in range(N)),
        tau=np.full(batch, TAU) if batch else TAU,
        horizon=T,
        noise_cov=0.1 * np.eye(m),
        x0_mean=np.zeros(m),
        x0_cov=np.eye(m),
    )
