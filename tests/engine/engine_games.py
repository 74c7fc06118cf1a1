"""Games for the engine's tests, and costs computed without any backward recursion."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from ergs_verify.game import FloatGame


def random_game(m=3, sizes=(1, 2), T=3, tau=2.0, seed=0) -> FloatGame:
    """Time-varying, with Q positive semidefinite and R ⪰ I/2."""
    rng = np.random.default_rng(seed)

    def normal(*shape):
        return rng.normal(size=shape)

    def gram(count, k, floor):
        X = normal(count, k, k)
        return X @ X.swapaxes(-1, -2) / k + floor * np.eye(k)

    return FloatGame(
        A=0.8 * normal(T, m, m) / np.sqrt(m),
        B=tuple(0.6 * normal(T, m, p) for p in sizes),
        Q=tuple(gram(T + 1, m, 0) for _ in sizes),
        R=tuple(gram(T, p, 0.5) for p in sizes),
        noise_cov=0.2 * gram(1, m, 0)[0],
        tau=tau,
        horizon=T,
        x0_mean=normal(m),
        x0_cov=0.3 * gram(1, m, 0)[0],
    )


def random_policy(game: FloatGame, seed=0) -> SimpleNamespace:
    rng = np.random.default_rng(seed)
    K = [0.4 * rng.normal(size=B_i.swapaxes(-1, -2).shape) for B_i in game.B]
    factors = [rng.normal(size=R_i.shape) for R_i in game.R]
    Sigma = [X @ X.swapaxes(-1, -2) + 0.1 * np.eye(X.shape[-1]) for X in factors]
    return SimpleNamespace(K=K, Sigma=Sigma)


def g_star(tau=2.0, A=None, T=1) -> FloatGame:
    """det Φ_{T−1} = (τ−4)(τ+12)/4: the game with equilibria lost at τ = 4."""
    Q = ([[1.0, 4.0], [4.0, 16.0]], [[16.0, 4.0], [4.0, 1.0]])
    e = np.eye(2)
    over_time = (T, 1, 1)
    return FloatGame(
        A=np.tile(e if A is None else np.asarray(A, dtype=float), over_time),
        B=tuple(np.tile(e[:, [i]], over_time) for i in range(2)),
        Q=tuple(np.concatenate([np.zeros((T, 2, 2)), np.array(Q_i)[None]]) for Q_i in Q),
        R=tuple(np.ones((T, 1, 1)) for _ in range(2)),
        noise_cov=np.zeros((2, 2)),
        tau=tau,
        horizon=T,
        x0_mean=np.zeros(2),
        x0_cov=np.eye(2),
    )


def small_first_pivot():
    """Φ = [[2a², a], [1, 2]] with a = 2⁻³⁰: eliminated without an exchange it loses 30 bits."""
    a = 2.0**-30
    final = ([[a * a, a], [a, 1]], [[1, 1], [1, 1]])
    return changed(
        g_star(0.0),
        Q=tuple(np.array([np.zeros((2, 2)), Q_i]) for Q_i in final),
        R=(np.full((1, 1, 1), a * a), np.ones((1, 1, 1))),
    )


def three_identical() -> FloatGame:
    one = np.ones((1, 1, 1))
    return FloatGame(
        A=one,
        B=(one,) * 3,
        Q=(np.array([[[0.0]], [[1.0]]]),) * 3,
        R=(0.25 * one,) * 3,
        noise_cov=np.zeros((1, 1)),
        tau=0.5,
        horizon=1,
        x0_mean=np.ones(1),
        x0_cov=np.zeros((1, 1)),
    )


def changed(game: FloatGame, **entries) -> FloatGame:
    names = ("A", "B", "Q", "R", "noise_cov", "tau", "horizon", "x0_mean", "x0_cov")
    return FloatGame(**({name: getattr(game, name) for name in names} | entries))


def cost_by_moments(game: FloatGame, K, Sigma, i: int):
    """J^i from equation (2), by second moments forward in time; analytic in the entries of K, Σ.

    Sigma None: the deterministic policy in the plain game with R + (τ/2)I for R.
    """
    mean = game.x0_mean[:, None]
    X = game.x0_cov + mean @ mean.T
    total = 0.0
    for t in range(game.horizon):
        control = K[i][t] @ X @ K[i][t].T
        total = total + np.trace(game.Q[i][t] @ X)
        p_i = len(control)
        if Sigma is None:
            total = total + np.trace((game.R[i][t] + game.tau / 2 * np.eye(p_i)) @ control)
        else:
            control = control + Sigma[i][t]
            total = total + np.trace(game.R[i][t] @ control)
            if game.tau > 0:
                log_det = np.log(np.linalg.det(Sigma[i][t]))
                total = total + game.tau / 2 * (np.trace(control) - p_i - log_det)
        F = game.A[t] + sum(B_j[t] @ K_j[t] for B_j, K_j in zip(game.B, K, strict=True))
        X = F @ X @ F.T + game.noise_cov
        if Sigma is not None:
            X = X + sum(B_j[t] @ S_j[t] @ B_j[t].T for B_j, S_j in zip(game.B, Sigma, strict=True))
    return total + np.trace(game.Q[i][game.horizon] @ X)


def gradient(game: FloatGame, K, Sigma, i: int):
    """∂J^i/∂K^i and ∂J^i/∂Σ^i (symmetric directions) by complex steps: no cancellation."""
    step = 1e-30

    def slope(which, entries):
        policy = {"K": [X.astype(complex) for X in K], "Sigma": None}
        if Sigma is not None:
            policy["Sigma"] = [X.astype(complex) for X in Sigma]
        for entry in entries:
            policy[which][i][entry] += 1j * step
        return cost_by_moments(game, policy["K"], policy["Sigma"], i).imag / step

    by_gain = [slope("K", [place]) for place in np.ndindex(K[i].shape)]
    if Sigma is None or game.tau == 0:
        return np.array(by_gain), np.zeros(0)
    places = [(t, r, c) for t, r, c in np.ndindex(Sigma[i].shape) if r <= c]
    by_covariance = [slope("Sigma", {(t, r, c), (t, c, r)}) for t, r, c in places]
    return np.array(by_gain), np.array(by_covariance)


def condition_of(game: FloatGame, solution) -> float:
    """How much an error of one rounding may grow in these small games, crudely."""
    largest = max(np.abs(P_i).max() for P_i in solution.P)
    return 1e3 * (1 + largest) / solution.condition.min()
