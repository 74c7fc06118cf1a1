"""The recursion as a reader of the paper would write it in numpy: agent by agent, no stacking."""

from __future__ import annotations

import numpy as np

from ergs_verify.game import FloatGame


def gains_and_costs(game: FloatGame):
    """K and P alone."""
    return _solve(game, whole=False)


def whole_solution(game: FloatGame):
    """K, P, Σ and q, as the engine gives them."""
    return _solve(game, whole=True)


def _solve(game: FloatGame, *, whole: bool):
    agents = range(len(game.B))
    P = [Q_i[-1] for Q_i in game.Q]
    q = [0.0 for _ in agents]
    places = np.cumsum([0, *(B_i.shape[-1] for B_i in game.B)])
    own = [slice(places[i], places[i + 1]) for i in agents]
    history = []
    for t in reversed(range(game.horizon)):
        A, B = game.A[t], [B_i[t] for B_i in game.B]
        R = [R_i[t] + game.tau / 2 * np.eye(len(R_i[t])) for R_i in game.R]
        phi, rhs = np.zeros((places[-1], places[-1])), np.zeros((places[-1], len(A)))
        for i in agents:
            BP = B[i].T @ P[i]
            for j in agents:
                phi[own[i], own[j]] = BP @ B[j]
            phi[own[i], own[i]] += R[i]
            rhs[own[i]] = BP @ A
        gains = np.linalg.solve(phi, -rhs)
        K = [gains[own[i]] for i in agents]
        F = A + sum(B[i] @ K[i] for i in agents)
        Sigma = []
        if whole:
            Sigma = [game.tau / 2 * np.linalg.inv(phi[own[i], own[i]]) for i in agents]
            noise = game.noise_cov + sum(B[i] @ Sigma[i] @ B[i].T for i in agents)
            for i in agents:
                log_det = np.linalg.slogdet(Sigma[i])[1]
                q[i] += np.trace(noise @ P[i]) + np.trace(Sigma[i] @ R[i])
                q[i] -= game.tau / 2 * (len(R[i]) + log_det)
        P = [game.Q[i][t] + F.T @ P[i] @ F + K[i].T @ R[i] @ K[i] for i in agents]
        history.append((K, Sigma, P, list(q)))
    return history[::-1]
