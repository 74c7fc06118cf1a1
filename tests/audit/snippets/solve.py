# ergs-verify audit --solver solve:solve
import numpy as np
from scipy.linalg import block_diag


def solve(game):
    """K and Sigma of the Nash equilibrium, [agent][t]."""
    agents = range(len(game.B))
    K, Sigma = [[] for _ in agents], [[] for _ in agents]
    P = [Q[-1] for Q in game.Q]
    for t in reversed(range(game.horizon)):
        A, B = game.A[t], [B[t] for B in game.B]
        R = [R[t] + game.tau / 2 * np.eye(R.shape[1]) for R in game.R]
        BP = np.vstack([B[i].T @ P[i] for i in agents])
        gains = np.linalg.solve(BP @ np.hstack(B) + block_diag(*R), -BP @ A)
        own = np.split(gains, np.cumsum([R_i.shape[0] for R_i in R])[:-1])
        F = A + np.hstack(B) @ gains
        for i in agents:
            W = R[i] + B[i].T @ P[i] @ B[i]
            K[i].insert(0, own[i])
            Sigma[i].insert(0, game.tau / 2 * np.linalg.inv(W))
            P[i] = game.Q[i][t] + own[i].T @ R[i] @ own[i] + F.T @ P[i] @ F
    return {"K": K, "Sigma": Sigma}
