"""The cost of a joint policy by simulation, with the standard error of the estimate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from attrs import frozen

from ergs_verify.engine.stacking import GameArrays


__all__ = ["Estimate", "simulate"]

#: Trajectories simulated at once: what keeps the arrays of a small game in a processor's cache.
_AT_ONCE = 2000


@frozen(kw_only=True)
class Estimate:
    """Mean and standard error of every agent's cost, over `samples` trajectories."""

    mean: np.ndarray
    standard_error: np.ndarray
    samples: int


def simulate(
    game: GameArrays,
    K: Sequence[np.ndarray],
    Sigma: Sequence[np.ndarray],
    *,
    samples: int,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Estimate:
    """Play a joint policy and average the costs of equation (2) along the trajectories.

    States, noise and controls are drawn; the entropy term is τ (log π(u|x) − log μ(u)) at the
    control drawn. Everything is float64.

    Parameters
    ----------
    game : GameArrays
        One game, no batch.
    K, Sigma : lists over agents of (T, p_i, m) and (T, p_i, p_i)
    samples : int ≥ 2

    Examples
    --------
    >>> from ergs_verify.engine import nash
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.study.monte_carlo import simulate
    >>> game = gallery("lqr").floats()
    >>> found = nash(game)
    >>> estimate = simulate(game, found.K, found.Sigma, samples=4000)
    >>> exact = game.x0_mean @ found.P[0][0] @ game.x0_mean + found.q[0][0]
    >>> exact += (found.P[0][0] * game.x0_cov).sum()
    >>> bool(abs(estimate.mean[0] - exact) < 4.5 * estimate.standard_error[0])
    True
    """
    expect_papers_class(game, "the simulation")
    draw = np.random.default_rng(seed)
    played = _Played(game, K, Sigma)
    costs = []
    for start in range(0, samples, _AT_ONCE):
        count = min(_AT_ONCE, samples - start)
        with np.errstate(all="ignore"):
            costs.append(played.costs(draw, count))
        if progress:
            progress(start + count, samples)
    every = np.concatenate(costs, axis=1)
    with np.errstate(all="ignore"):
        spread = every.std(axis=1, ddof=1)
        return Estimate(
            mean=every.mean(axis=1), standard_error=spread / np.sqrt(samples), samples=samples
        )


class _Played:
    """A game and a policy, with the factors of the covariances that are drawn from."""

    def __init__(self, game: GameArrays, K: Sequence[np.ndarray], Sigma: Sequence[np.ndarray]):
        self._game, self._K = game, K
        self._noise, self._start = _root(game.noise_cov), _root(game.x0_cov)
        self._roots = [_root(S) for S in Sigma]
        self._log_roots = [0.5 * np.linalg.slogdet(S).logabsdet for S in Sigma]

    def costs(self, draw: np.random.Generator, count: int) -> np.ndarray:
        """(N, count)."""
        game = self._game
        m = game.A.shape[-1]
        total = np.zeros((len(game.B), count))
        x = game.x0_mean + draw.standard_normal((count, m)) @ self._start.T
        for t in range(game.horizon):
            following = x @ game.A[t].T + draw.standard_normal((count, m)) @ self._noise.T
            for i, (B, Q, R) in enumerate(zip(game.B, game.Q, game.R, strict=True)):
                z = draw.standard_normal((count, B.shape[-1]))
                u = x @ self._K[i][t].T + z @ self._roots[i][t].T
                total[i] += _form(x, Q[t]) + _form(u, R[t])
                if game.tau > 0:
                    # log π(u|x) − log μ(u); the powers of 2π cancel.
                    ratio = 0.5 * ((u * u).sum(-1) - (z * z).sum(-1)) - self._log_roots[i][t]
                    total[i] += game.tau * ratio
                following += u @ B[t].T
            x = following
        for i, Q in enumerate(game.Q):
            total[i] += _form(x, Q[game.horizon])
        return total


def _form(x: np.ndarray, M: np.ndarray) -> np.ndarray:
    return ((x @ M) * x).sum(-1)


def _root(X: np.ndarray) -> np.ndarray:
    """Y with X = YY', for X positive semidefinite to rounding, singular perhaps."""
    values, vectors = np.linalg.eigh(X)
    return vectors * np.sqrt(np.maximum(values, 0))[..., None, :]
