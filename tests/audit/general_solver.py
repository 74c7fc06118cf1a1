"""A float64 solver of general games typed by hand, with mistakes to be planted in it.

It carries the affine terms as vectors, and shares no formula with the package.
"""

from __future__ import annotations

import numpy as np

FAULTS = {
    "right": None,
    "S left out": "cross-term-dropped",
    "S halved": "cross-term-factor-2",
    "S left out of the gains": "cross-term-dropped",
    "no discount": "discount-left-out",
    "terminal cost not discounted": "discount-of-the-terminal-cost",
    "terminal cost discounted twice": "discount-of-the-terminal-cost",
    "terminal cost weighs 1": "discount-of-the-terminal-cost",
    "values of stage 0": "discounted-values",
    "no drift": "affine-term-dropped",
    "no linear cost of controls": "affine-term-dropped",
    "no k": "affine-term-dropped",
    "prior's mean negated": "prior-mean-sign",
    "prior's gain negated": "prior-mean-sign",
    "Λ for its inverse": "prior-cov-inverted",
    "τ of the next agent": "tau-of-another-agent",
    "others' R left out of Φ": "others-control-costs-left-out",
    "others' R left out": "others-control-costs-left-out",
    "K negated": "sign-of-K",
    "A transposed": "A-transposed",
    "Q halved": "Q-factor-2",
    "Σ inverted": "sigma-inverted",
    "no τ": "tau-left-out",
}


def solver(fault: str = "right"):
    def solve(game):
        return _solve(game, fault)

    return solve


def _solve(game, fault):
    agents, T, m = range(len(game.B)), game.horizon, game.A.shape[-1]
    p = [B.shape[-1] for B in game.B]
    ends = np.cumsum([0, *p])
    own = [slice(ends[i], ends[i + 1]) for i in agents]
    n = ends[-1]
    A = game.A.swapaxes(1, 2) if fault == "A transposed" else game.A
    B = np.concatenate(game.B, axis=-1)
    Q = [X * (0.5 if fault == "Q halved" else 1) for X in game.Q]
    S = [X * {"S left out": 0, "S halved": 0.5}.get(fault, 1) for X in game.joint_S]
    R = [X.copy() for X in game.joint_R]
    if fault == "others' R left out":
        for i in agents:
            kept = R[i][:, own[i], own[i]].copy()
            R[i] *= 0
            R[i][:, own[i], own[i]] = kept
    rate = [1.0] * len(p) if fault == "no discount" else list(game.discount)
    tau = [*game.tau_of[1:], game.tau_of[0]] if fault == "τ of the next agent" else game.tau_of
    sign_M = -1 if fault in ("prior's mean negated", "prior's gain negated") else 1
    sign_mean = -1 if fault == "prior's mean negated" else 1
    drift = game.drift * (fault != "no drift")
    u_linear = [x * (fault != "no linear cost of controls") for x in game.u_linear]
    last = {
        "terminal cost not discounted": lambda g: 1 / g,
        "terminal cost discounted twice": lambda g: g,
        "terminal cost weighs 1": lambda g: g**-T,
    }.get(fault, lambda g: 1.0)
    P = [Q[i][T] * last(rate[i]) for i in agents]
    s = [game.x_linear[i][T] * last(rate[i]) for i in agents]
    c = [0.0 for _ in agents]
    ks, Ks, Sigmas = ([[] for _ in agents] for _ in range(3))
    Ps, ss, cs = [[game.Q[i][T]] for i in agents], [[game.x_linear[i][T]] for i in agents], []
    cs = [[0.0] for _ in agents]
    for t in reversed(range(T)):
        phi, rhs, rest = np.zeros((n, n)), np.zeros((n, m)), np.zeros(n)
        L, M, mean, half, W = [], [], [], [], []
        for i in agents:
            cov = game.prior_cov[i][t]
            L.append(cov if fault == "Λ for its inverse" else np.linalg.inv(cov))
            M.append(sign_M * game.prior_gain[i][t])
            mean.append(sign_mean * game.prior_mean[i][t])
            half.append(0.0 if fault == "no τ" else tau[i][t] / 2)
            Bi, rows = game.B[i][t], own[i]
            phi[rows] = R[i][t][rows] + rate[i] * Bi.T @ P[i] @ B[t]
            if fault == "others' R left out of Φ":
                phi[rows] = rate[i] * Bi.T @ P[i] @ B[t]
                phi[rows, rows] += R[i][t][rows, rows]
            phi[rows, rows] += half[i] * L[i]
            W.append(phi[rows, rows])
            cross = S[i][t][rows] * (fault != "S left out of the gains")
            rhs[rows] = cross + rate[i] * Bi.T @ P[i] @ A[t] - half[i] * L[i] @ M[i]
            rest[rows] = (
                u_linear[i][t][rows]
                + rate[i] * Bi.T @ (P[i] @ drift[t] + s[i])
                - half[i] * L[i] @ mean[i]
            )
        K, k = -np.linalg.solve(phi, rhs), -np.linalg.solve(phi, rest)
        F, f = A[t] + B[t] @ K, drift[t] + B[t] @ k
        Sigma = [tau[i][t] / 2 * np.linalg.inv(W[i]) for i in agents]
        for i in agents:
            off, shift = K[own[i]] - M[i], k[own[i]] - mean[i]
            Pn, sn, half_i = P[i], s[i], half[i]
            SK = K.T @ S[i][t]
            P[i] = Q[i][t] + SK + SK.T + K.T @ R[i][t] @ K + half_i * off.T @ L[i] @ off
            P[i] = P[i] + rate[i] * F.T @ Pn @ F
            s[i] = game.x_linear[i][t] + K.T @ u_linear[i][t] + S[i][t].T @ k + K.T @ R[i][t] @ k
            s[i] = s[i] + half_i * off.T @ L[i] @ shift + rate[i] * F.T @ (Pn @ f + sn)
            now = 2 * u_linear[i][t] @ k + k @ R[i][t] @ k + half_i * shift @ L[i] @ shift
            ahead = c[i] + f @ Pn @ f + 2 * sn @ f + np.trace(Pn @ game.noise[t])
            spread = sum(
                np.trace((R[i][t][own[j], own[j]] + rate[i] * game.B[j][t].T @ Pn @ game.B[j][t])
                         @ Sigma[j])
                for j in agents
            )  # fmt: skip
            LS = L[i] @ Sigma[i]
            entropy = half_i and half_i * (np.trace(LS) - p[i] - np.linalg.slogdet(LS)[1])
            c[i] = now + rate[i] * ahead + spread + entropy
            Ks[i].insert(0, K[own[i]] * (-1 if fault == "K negated" else 1))
            ks[i].insert(0, k[own[i]] * (-1 if fault == "K negated" else 1))
            Sigmas[i].insert(0, np.linalg.inv(Sigma[i]) if fault == "Σ inverted" else Sigma[i])
            weight = rate[i] ** t if fault == "values of stage 0" else 1.0
            for kept, x in ((Ps, P), (ss, s), (cs, c)):
                kept[i].insert(0, x[i] * weight)
    if fault == "values of stage 0":
        for i in agents:
            Ps[i][-1], ss[i][-1] = (x[i][-1] * rate[i] ** T for x in (Ps, ss))
    found = {"K": Ks, "Sigma": Sigmas, "P": Ps, "q": cs, "k": ks, "s": ss}
    return {k: x for k, x in found.items() if k != "k" or fault != "no k"}
