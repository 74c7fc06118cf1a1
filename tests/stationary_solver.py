"""A solver of stationary games as people write it: value iteration in numpy, and its faults.

All costs are taken in the state (1, x), whose first entry is always 1.
"""

from __future__ import annotations

import numpy as np

#: Each fault, and the mistake that the audit should name; None where the solver is right.
FAULTS = {
    "": None,
    "stops early": "stopped-early",
    "one stage": "one-stage",
    "discount out of the costs": "discount-left-out-of-the-loop",
    "no discount": "discount-left-out-of-the-loop",
    "one after the other": "sequential-for-simultaneous",
    "negative": "sign-of-K",
}


def solver(fault: str = "", most: int = 5000):
    """A function of a game that gives K, k, Sigma, P, s and raises where it does not settle."""

    def solve(game):
        stage = _Stage(game, fault)
        few = {"stops early": 5, "one stage": 1}.get(fault)
        gains, P = stage.settled(stage.Q, few or most, few is None)
        if few is None and not stage.is_stable(gains):  # a root that does not stabilise
            gains, P = stage.settled(stage.Q + 100 * np.eye(len(stage.A)), most, True)
        return stage.told(gains, P)

    return solve


class _Stage:
    def __init__(self, game, fault):
        self.fault, self.game = fault, game
        m, sizes = len(game.A), [B.shape[1] for B in game.B]
        self.sizes, self.N, n = sizes, len(sizes), sum(sizes)
        self.ends = np.cumsum([0, *sizes])
        general = getattr(game, "general", False)
        self.affine = general and any(
            np.any(X) for X in (game.drift, *game.x_linear, *game.u_linear, *game.prior_mean)
        )
        self.rate = np.array(game.discount)
        tau = game.tau_of if general else [game.tau] * self.N
        self.tau = [float(np.ravel(t)[0]) for t in tau]
        drift = game.drift if general else np.zeros(m)
        self.A = np.block([[np.ones((1, 1)), np.zeros((1, m))], [drift[:, None], game.A]])
        self.B = np.vstack([np.zeros((1, n)), np.hstack(game.B)])
        self.Q = np.zeros((self.N, 1 + m, 1 + m))
        self.S, self.R = np.zeros((self.N, n, 1 + m)), np.zeros((self.N, n, n))
        self.L = []
        for i, p in enumerate(sizes):
            own = self.own(i)
            self.Q[i, 1:, 1:] = game.Q[i]
            L, M = np.eye(p), np.zeros((p, 1 + m))
            if general:
                self.Q[i, 1:, 0] = self.Q[i, 0, 1:] = game.x_linear[i]
                self.S[i, :, 1:], self.S[i, :, 0] = game.joint_S[i], game.u_linear[i]
                self.R[i] = game.joint_R[i]
                L = np.linalg.inv(game.prior_cov[i])
                M = np.hstack([game.prior_mean[i][:, None], game.prior_gain[i]])
            else:
                self.R[i][own, own] = game.R[i]
            half = self.tau[i] / 2
            self.Q[i] += half * M.T @ L @ M
            self.S[i][own] -= half * L @ M
            self.R[i][own, own] += half * L
            self.L.append(L)

    def own(self, i):
        return slice(self.ends[i], self.ends[i + 1])

    def back(self, P):
        A, B, n = self.A, self.B, sum(self.sizes)
        of_gains = np.ones(self.N) if self.fault == "no discount" else self.rate
        phi, rhs = np.zeros((n, n)), np.zeros((n, len(A)))
        for i in range(self.N):
            own = self.own(i)
            phi[own] = self.R[i][own] + of_gains[i] * B[:, own].T @ P[i] @ B
            rhs[own] = self.S[i][own] + of_gains[i] * B[:, own].T @ P[i] @ A
        if self.fault == "one after the other" and self.N == 2:
            first, second = self.own(0), self.own(1)
            answer = -np.linalg.solve(phi[second, second], phi[second, first])
            push = self.R[0][second] + of_gains[0] * B[:, second].T @ P[0] @ B
            pull = self.S[0][second] + of_gains[0] * B[:, second].T @ P[0] @ A
            phi[first] += answer.T @ push
            rhs[first] += answer.T @ pull
        gains = -np.linalg.solve(phi, rhs)
        F = A + B @ gains
        left_out = self.fault in ("no discount", "discount out of the costs")
        rates = np.ones(self.N) if left_out else self.rate
        before = [
            self.Q[i] + self.S[i].T @ gains + gains.T @ self.S[i] + gains.T @ self.R[i] @ gains
            + rates[i] * F.T @ P[i] @ F
            for i in range(self.N)
        ]  # fmt: skip
        return gains, np.array([(X + X.T) / 2 for X in before])

    def settled(self, P, most, wanted):
        """Until hardly anything changes, and 500 rounds more, as a small change is not the end."""
        more = 500
        for _ in range(most):
            gains, before = self.back(P)
            before[:, 0, 0] = 0
            if not np.isfinite(before).all() or abs(before).max() > 1e12:
                raise ValueError("diverges")
            change = abs(before - P).max()
            P = before
            more -= bool(change <= 1e-13 * abs(P).max())
            if not more:
                return gains, P
        if wanted:
            raise ValueError("does not settle")
        return gains, P

    def is_stable(self, gains):
        F = self.A + self.B @ gains
        return max(self.rate) * max(abs(np.linalg.eigvals(F[1:, 1:]))) ** 2 < 1

    def told(self, gains, P):
        if not self.is_stable(gains):
            raise ValueError("not stable")
        sign = -1 if self.fault == "negative" else 1
        found = {"K": [], "k": [], "Sigma": [], "P": list(P[:, 1:, 1:]), "s": list(P[:, 1:, 0])}
        for i in range(self.N):
            own = self.own(i)
            W = self.R[i][own, own] + self.rate[i] * self.B[:, own].T @ P[i] @ self.B[:, own]
            if not (np.linalg.eigvalsh(W) > 0).all():
                raise ValueError("a cost has no lower bound")
            Sigma = self.tau[i] / 2 * np.linalg.inv(W)
            found["Sigma"].append((Sigma + Sigma.T) / 2)
            found["K"].append(sign * gains[own, 1:])
            found["k"].append(sign * gains[own, 0])
        if not self.affine:
            del found["k"], found["s"]
        return found
