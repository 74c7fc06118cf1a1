"""The cost of a joint policy by simulation, with the standard error of the estimate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from ergs_verify.engine import GameArrays

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
    k: Sequence[np.ndarray] | None = None,
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
    k : list over agents of (T, p_i), optional
        Of a general game: the controls' means are Kx + k.

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
    draw = np.random.default_rng(seed)
    played = (_General if getattr(game, "general", False) else _Papers)(game, K, Sigma, k)
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


class _Papers:
    """A game of the paper's class and a policy, with the factors of covariances to draw from."""

    def __init__(
        self,
        game: Any,
        K: Sequence[np.ndarray],
        Sigma: Sequence[np.ndarray],
        k: Sequence[np.ndarray] | None,
    ):
        self._game, self._K, self._k = game, K, k
        self._noise, self._start = self._noise_roots(), _root(game.x0_cov)
        self._roots = [_root(S) for S in Sigma]
        self._log_roots = [0.5 * np.linalg.slogdet(S).logabsdet for S in Sigma]

    def costs(self, draw: np.random.Generator, count: int) -> np.ndarray:
        """(N, count)."""
        game = self._game
        m = game.A.shape[-1]
        total = np.zeros((len(game.B), count))
        x = game.x0_mean + draw.standard_normal((count, m)) @ self._start.T
        for t in range(game.horizon):
            following = x @ game.A[t].T + draw.standard_normal((count, m)) @ self._noise[t].T
            us, zs = [], []
            for i, B in enumerate(game.B):
                z = draw.standard_normal((count, B.shape[-1]))
                u = x @ self._K[i][t].T + z @ self._roots[i][t].T
                if self._k is not None:
                    u += self._k[i][t]
                following += u @ B[t].T
                us.append(u)
                zs.append(z)
            total += self._stage(t, x, us, zs)
            x = following + self._drift(t)
        return total + self._end(x)

    def _noise_roots(self) -> Sequence[np.ndarray]:
        return [_root(self._game.noise_cov)] * self._game.horizon

    def _drift(self, t: int) -> Any:
        return 0.0

    def _stage(
        self, t: int, x: np.ndarray, us: list[np.ndarray], zs: list[np.ndarray]
    ) -> np.ndarray:
        """Every agent's cost of a stage, (N, count): controls u of standard normal z."""
        game = self._game
        costs = [
            _form(x, Q[t]) + _form(u, R[t]) for Q, R, u in zip(game.Q, game.R, us, strict=True)
        ]
        if game.tau > 0:
            for i, (u, z) in enumerate(zip(us, zs, strict=True)):
                # log π(u|x) − log μ(u); the powers of 2π cancel.
                ratio = 0.5 * ((u * u).sum(-1) - (z * z).sum(-1)) - self._log_roots[i][t]
                costs[i] += game.tau * ratio
        return np.array(costs)

    def _end(self, x: np.ndarray) -> np.ndarray:
        return np.array([_form(x, Q[-1]) for Q in self._game.Q])


class _General(_Papers):
    """A general game: stage t weighs γ_i^t."""

    def _noise_roots(self) -> Sequence[np.ndarray]:
        return list(_root(self._game.noise))

    def _drift(self, t: int) -> Any:
        return self._game.drift[t]

    def _stage(
        self, t: int, x: np.ndarray, us: list[np.ndarray], zs: list[np.ndarray]
    ) -> np.ndarray:
        game, joint = self._game, np.concatenate(us, axis=-1)
        costs = []
        for i, (u, z) in enumerate(zip(us, zs, strict=True)):
            cost = _form(x, game.Q[i][t]) + _form(joint, game.joint_R[i][t])
            cost += 2 * ((x @ game.joint_S[i][t].T + game.u_linear[i][t]) * joint).sum(-1)
            cost += 2 * x @ game.x_linear[i][t]
            if game.tau_of[i][t] > 0:
                prior = game.prior_cov[i][t]
                off = u - x @ game.prior_gain[i][t].T - game.prior_mean[i][t]
                ratio = 0.5 * (_form(off, np.linalg.inv(prior)) - (z * z).sum(-1))
                ratio += 0.5 * np.linalg.slogdet(prior).logabsdet - self._log_roots[i][t]
                cost += game.tau_of[i][t] * ratio
            costs.append(game.discount[i] ** t * cost)
        return np.array(costs)

    def _end(self, x: np.ndarray) -> np.ndarray:
        game = self._game
        costs = super()._end(x) + 2 * np.array([x @ linear[-1] for linear in game.x_linear])
        return np.array(game.discount)[:, None] ** game.horizon * costs


def _form(x: np.ndarray, M: np.ndarray) -> np.ndarray:
    return ((x @ M) * x).sum(-1)


def _root(X: np.ndarray) -> np.ndarray:
    """Y with X = YY', for X positive semidefinite to rounding, singular perhaps."""
    values, vectors = np.linalg.eigh(X)
    return vectors * np.sqrt(np.maximum(values, 0))[..., None, :]
