"""An independent reference for the general game: mpmath, by hand, with lists of exact numbers in.

It shares no formula with the package: it works on one joint quadratic form [x;u]'H[x;u] for each
agent, with the affine terms carried as vectors and not as a further state.
"""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import accumulate, pairwise

import mpmath

mp = mpmath.MPContext()
mp.dps = 60


def number(x):
    x = Fraction(x)
    return mp.mpf(x.numerator) / x.denominator


def matrix(rows):
    return mp.matrix([[number(x) for x in row] for row in rows])


def column(entries):
    return mp.matrix([number(x) for x in entries])


def trace(X):
    return mp.fsum(X[k, k] for k in range(X.rows))


def random_game(seed: int) -> dict:
    """Keyword arguments of a general game with small rationals; every new key may occur."""
    rng = random.Random(seed)
    N, m, T = rng.randint(1, 3), rng.randint(1, 3), rng.randint(1, 4)
    p = [rng.randint(1, 2) for _ in range(N)]
    n = sum(p)

    def some(rows, cols, over=4):
        return [[Fraction(rng.randint(-3, 3), over) for _ in range(cols)] for _ in range(rows)]

    def vector(length):
        return some(1, length)[0]

    def square(size, add=0):
        X = some(size, size)
        return [
            [
                sum(X[r][k] * X[c][k] for k in range(size)) + (add if r == c else 0)
                for c in range(size)
            ]
            for r in range(size)
        ]

    def symmetric(size, diagonal):
        X = some(size, size, 8)
        return [
            [(X[r][c] + X[c][r]) / 2 + (diagonal[r] if r == c else 0) for c in range(size)]
            for r in range(size)
        ]

    # Each agent's own block of R is so large that W ≻ 0 whatever the rest is.
    R = [
        symmetric(n, [Fraction(12 if start <= k < stop else 0) for k in range(n)])
        for start, stop in pairwise(accumulate(p, initial=0))
    ]
    given: dict = {
        "A": [some(m, m) for _ in range(T)],
        "B": [some(m, p_i, 2) for p_i in p],
        "Q": [[symmetric(m, [Fraction(1, 2)] * m) for _ in range(T + 1)] for _ in range(N)],
        "R": R,
        "noise_cov": [square(m) for _ in range(T)],
        "tau": [Fraction(rng.randint(1, 4), 2) for _ in range(N)],
        "x0_mean": vector(m),
        "x0_cov": square(m),
        "horizon": T,
        "indefinite": True,
    }
    if rng.random() < 0.7:
        given["S"] = [some(n, m) for _ in range(N)]
    if rng.random() < 0.7:
        given["discount"] = [Fraction(rng.randint(5, 10), 10) for _ in range(N)]
    if rng.random() < 0.7:
        given["prior"] = [
            {"gain": some(p_i, m), "mean": vector(p_i), "cov": square(p_i, 1)} for p_i in p
        ]
    if rng.random() < 0.7:
        given["drift"] = vector(m)
        given["x_linear"] = [[vector(m) for _ in range(T + 1)] for _ in range(N)]
        given["u_linear"] = [vector(n) for _ in range(N)]
    return given


class Reference:
    """One general game in mpmath numbers."""

    def __init__(self, given: dict, more_tau=0):
        m, N, T = len(given["A"][0]), len(given["B"]), given["horizon"]
        self.N, self.m, self.T = N, m, T
        self.p = [len(B[0]) for B in given["B"]]
        self.ends = list(pairwise(accumulate(self.p, initial=0)))
        n = sum(self.p)
        self.A = [matrix(A) for A in given["A"]]
        self.B = matrix([[x for B in given["B"] for x in B[r]] for r in range(m)])
        self.Q = [[matrix(Q) for Q in own] for own in given["Q"]]
        self.R = [matrix(R) for R in given["R"]]
        self.S = [matrix(S) for S in given.get("S", [[[0] * m] * n] * N)]
        self.noise = [matrix(X) for X in given["noise_cov"]]
        over_time = [t if isinstance(t, list) else [t] * T for t in given["tau"]]
        self.tau = [[number(t) + more_tau for t in own] for own in over_time]
        self.rate = [number(g) for g in given.get("discount", [1] * N)]
        eyes = [[[int(r == c) for c in range(p)] for r in range(p)] for p in self.p]
        plain = [
            {"gain": [[0] * m] * p, "mean": [0] * p, "cov": eye}
            for p, eye in zip(self.p, eyes, strict=True)
        ]
        prior = given.get("prior", plain)
        self.M = [matrix(x["gain"]) for x in prior]
        self.mean = [column(x["mean"]) for x in prior]
        self.L = [mp.inverse(matrix(x["cov"])) for x in prior]
        self.drift = column(given.get("drift", [0] * m))
        zeros = [[0] * m] * (T + 1)
        self.x_linear = [[column(v) for v in own] for own in given.get("x_linear", [zeros] * N)]
        self.u_linear = [column(v) for v in given.get("u_linear", [[0] * n] * N)]
        mean = column(given["x0_mean"])
        self.x0 = mean
        self.X0 = matrix(given["x0_cov"]) + mean * mean.T

    def rows(self, X, i):
        start, stop = self.ends[i]
        return X[start:stop, :]

    def block(self, X, i, j):
        (a, b), (c, d) = self.ends[i], self.ends[j]
        return X[a:b, c:d]

    def condition(self, i, t, value):
        """Agent i's first-order condition: row, slope in x, constant; and its W."""
        P, s, _ = value
        rate, half, L = self.rate[i], self.tau[i][t] / 2, self.L[i]
        Bi = self.rows(self.B.T, i).T
        row = self.rows(self.R[i], i) + rate * Bi.T * P * self.B
        start, stop = self.ends[i]
        for a in range(self.p[i]):
            for b in range(self.p[i]):
                row[a, start + b] += half * L[a, b]
        slope = self.rows(self.S[i], i) + rate * Bi.T * P * self.A[t] - half * L * self.M[i]
        rest = self.rows(self.u_linear[i], i) + rate * Bi.T * (P * self.drift + s)
        return row, slope, rest - half * L * self.mean[i], row[:, start:stop]

    def stacked(self, parts):
        return mp.matrix([list(X[r, :]) for X in parts for r in range(X.rows)])

    def value_at(self, i, t, value, K, k, Sigma):
        """Agent i's (P, s, c) at t under the joint policy N(Kx + k, Σ)."""
        P, s, c = value
        rate, half, L, R = self.rate[i], self.tau[i][t] / 2, self.L[i], self.R[i]
        F, f = self.A[t] + self.B * K, self.drift + self.B * k
        off, shift = self.rows(K, i) - self.M[i], self.rows(k, i) - self.mean[i]
        P_now = (
            self.Q[i][t]
            + K.T * self.S[i]
            + self.S[i].T * K
            + K.T * R * K
            + half * off.T * L * off
            + rate * F.T * P * F
        )
        s_now = (
            self.x_linear[i][t]
            + K.T * self.u_linear[i]
            + self.S[i].T * k
            + K.T * R * k
            + half * off.T * L * shift
            + rate * F.T * (P * f + s)
        )
        now = 2 * self.u_linear[i].T * k + k.T * R * k + half * shift.T * L * shift
        later = f.T * P * f + 2 * s.T * f
        spread = mp.mpf(0)
        for j in range(self.N):
            Bj = self.rows(self.B.T, j).T
            spread += trace((self.block(R, j, j) + rate * Bj.T * P * Bj) * Sigma[j])
        LS = L * Sigma[i]
        entropy = half and half * (trace(LS) - self.p[i] - mp.log(mp.det(LS)))
        ahead = c + later[0] + trace(P * self.noise[t])
        return P_now, s_now, now[0] + rate * ahead + spread + entropy

    def terminal(self, i):
        return self.Q[i][self.T], self.x_linear[i][self.T], mp.mpf(0)

    def nash(self):
        """[(K, k, [Σ])] and each agent's [(P, s, c)] for t = 0…T."""
        values = [[self.terminal(i)] for i in range(self.N)]
        policy = []
        for t in reversed(range(self.T)):
            found = [self.condition(i, t, values[i][0]) for i in range(self.N)]
            phi = self.stacked([row for row, *_ in found])
            rhs = self.stacked([slope for _, slope, *_ in found])
            rest = self.stacked([rest for *_, rest, _ in found])
            inverse = mp.inverse(phi)
            K, k = -inverse * rhs, -inverse * rest
            taus = [own[t] for own in self.tau]
            Sigma = [tau / 2 * mp.inverse(W) for tau, (*_, W) in zip(taus, found, strict=True)]
            policy.insert(0, (K, k, Sigma))
            for i in range(self.N):
                values[i].insert(0, self.value_at(i, t, values[i][0], K, k, Sigma))
        return policy, values

    def cost(self, i, policy):
        """E over x_0 of agent i's cost."""
        value = self.terminal(i)
        for t in reversed(range(self.T)):
            value = self.value_at(i, t, value, *policy[t])
        return self.mean_of(value)

    def mean_of(self, value):
        P, s, c = value
        return trace(P * self.X0) + 2 * (s.T * self.x0)[0] + c

    def answers(self, i, policy):
        """From the last stage on: agent i's best response among the others' policies, and its W."""
        value, start = self.terminal(i), self.ends[i][0]
        for t in reversed(range(self.T)):
            K, k, Sigma = (X.copy() for X in policy[t])
            row, slope, rest, W = self.condition(i, t, value)
            for a in range(self.p[i]):
                K[start + a, :], k[start + a, :] = mp.zeros(1, self.m), mp.zeros(1, 1)
            inverse = mp.inverse(W)
            own, shift = -inverse * (slope + row * K), -inverse * (rest + row * k)
            for a in range(self.p[i]):
                K[start + a, :], k[start + a, :] = own[a, :], shift[a, :]
            Sigma[i] = self.tau[i][t] / 2 * inverse
            yield (K, k, Sigma), W
            value = self.value_at(i, t, value, K, k, Sigma)

    def best_response(self, i, policy):
        """The policy with agent i's part replaced by its best response."""
        return [answer for answer, _ in self.answers(i, policy)][::-1]

    def has_least_cost(self, i, policy):
        """Whether agent i's cost has a least value against the others: W ≻ 0 at every stage."""
        for _, W in self.answers(i, policy):
            if min(mp.eigsy((W + W.T) / 2, eigvals_only=True)) <= 0:
                return False
        return True

    def gap(self, i, policy):
        return self.cost(i, policy) - self.cost(i, self.best_response(i, policy))


# -- policies -----------------------------------------------------------------------------------


def exact(x) -> Fraction:
    return Fraction(str(x))


def rows(X) -> list[list[Fraction]]:
    return [[exact(x) for x in row] for row in X.tolist()]


def perturbed(policy, seed: int, affine: bool):
    """A policy moved at random, its constants only where the game has affine terms."""
    rng = random.Random(seed)

    def step():
        return mp.mpf(rng.randint(-3, 3)) / 16

    off = []
    for K, k, Sigma in policy:
        moved = K + mp.matrix([[step() for _ in range(K.cols)] for _ in range(K.rows)])
        shift = k + mp.matrix([step() * affine for _ in range(K.rows)])
        off.append((moved, shift, [X * mp.mpf(rng.randint(2, 6)) / 4 for X in Sigma]))
    return off


def as_arrays(reference: Reference, policy, affine: bool) -> dict:
    """Keyword arguments of the policy, exact."""
    agents = range(reference.N)
    given = {
        "K": [[rows(reference.rows(K, i)) for K, _, _ in policy] for i in agents],
        "Sigma": [[rows((S[i] + S[i].T) / 2) for _, _, S in policy] for i in agents],
    }
    if affine:
        constants = [[rows(reference.rows(k, i)) for _, k, _ in policy] for i in agents]
        given["k"] = [[[x for (x,) in k] for k in own] for own in constants]
    return given
