"""An independent reference for stationary games: mpmath, by hand, by plain iteration.

It shares no formula with the package: one joint quadratic form [x;u]'H[x;u] for each agent, costs
and best responses as fixed points that are iterated until 45 digits no longer change, and gaps as
differences of costs.
"""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import accumulate, pairwise

import mpmath

mp = mpmath.MPContext()
mp.dps = 60
_STILL = mp.mpf(10) ** -50


def number(x):
    x = Fraction(x)
    return mp.mpf(x.numerator) / x.denominator


def matrix(rows):
    return mp.matrix([[number(x) for x in row] for row in rows])


def trace(X):
    return mp.fsum(X[k, k] for k in range(X.rows))


def random_game(seed: int) -> dict:
    """Keyword arguments of a stationary game with small rationals, tame enough to iterate."""
    rng = random.Random(seed)
    N, m = rng.randint(1, 3), rng.randint(1, 3)
    p = [rng.randint(1, 2) for _ in range(N)]
    n = sum(p)

    def some(rows, cols, over):
        return [[Fraction(rng.randint(-3, 3), over) for _ in range(cols)] for _ in range(rows)]

    def square(size, add, over=4):
        X = some(size, size, over)
        return [
            [
                sum(X[r][k] * X[c][k] for k in range(size)) + (add if r == c else 0)
                for c in range(size)
            ]
            for r in range(size)
        ]

    average = rng.random() < 0.4
    given: dict = {
        "A": some(m, m, 4 * m),
        "B": [some(m, p_i, 4) for p_i in p],
        "Q": [square(m, Fraction(1, 2)) for _ in range(N)],
        "R": [square(n, 2) for _ in range(N)],
        "S": [some(n, m, 8) for _ in range(N)],
        "noise_cov": square(m, 0),
        "tau": [Fraction(rng.randint(1, 4), 2) for _ in range(N)],
        "x0_mean": some(1, m, 4)[0],
        "x0_cov": square(m, 0),
        "prior": [{"gain": some(p_i, m, 8), "cov": square(p_i, 1)} for p_i in p],
        "horizon": "infinite",
    }
    if not average:
        given["discount"] = [Fraction(rng.randint(5, 9), 10) for _ in range(N)]
    return given


class Reference:
    """One stationary game in mpmath numbers."""

    def __init__(self, given: dict):
        m, N = len(given["A"]), len(given["B"])
        self.N, self.m = N, m
        self.p = [len(B[0]) for B in given["B"]]
        self.ends = list(pairwise(accumulate(self.p, initial=0)))
        self.A = matrix(given["A"])
        self.B = matrix([[x for B in given["B"] for x in B[r]] for r in range(m)])
        self.noise = matrix(given["noise_cov"])
        self.tau = [number(t) for t in given["tau"]]
        self.rate = [number(g) for g in given.get("discount", [1] * N)]
        mean = matrix([[x] for x in given["x0_mean"]])
        self.X0 = matrix(given["x0_cov"]) + mean * mean.T
        self.L = [mp.inverse(matrix(x["cov"])) for x in given["prior"]]
        self.H = [self._form(given, i) for i in range(N)]
        self.R = [matrix(R) for R in given["R"]]

    def _form(self, given, i):
        """The stage cost with the prior's quadratic form, in (x, u)."""
        m, n = self.m, self.ends[-1][1]
        H = mp.zeros(m + n)
        Q, S, R = (matrix(given[key][i]) for key in "QSR")
        H[:m, :m], H[m:, :m], H[:m, m:], H[m:, m:] = Q, S, S.T, R
        off = mp.zeros(self.p[i], m + n)
        off[:, :m] = -matrix(given["prior"][i]["gain"])
        start, stop = self.ends[i]
        off[:, m + start : m + stop] = mp.eye(self.p[i])
        return H + self.tau[i] / 2 * off.T * self.L[i] * off

    def ahead(self, i, P):
        """The stage cost and γx'Px a stage later, in (x, u)."""
        AB = mp.zeros(self.m, self.m + self.B.cols)
        AB[:, : self.m], AB[:, self.m :] = self.A, self.B
        return self.H[i] + self.rate[i] * AB.T * P * AB

    def played(self, K):
        IK = mp.zeros(self.m + K.rows, self.m)
        IK[: self.m, :], IK[self.m :, :] = mp.eye(self.m), K
        return IK

    def settled(self, step, start):
        for _ in range(5000):
            after = step(start)
            change = max(mp.mnorm(x - y, 1) for x, y in zip(after, start, strict=True))
            start = after
            if change < _STILL:
                return start
        raise AssertionError("the reference's iteration does not settle")

    def weight(self, i, P):
        start, stop = self.ends[i]
        rows = slice(self.m + start, self.m + stop)
        return self.ahead(i, P)[rows, rows]

    def nash(self):
        def gains(costs):
            n = self.B.cols
            phi, rhs = mp.zeros(n), mp.zeros(n, self.m)
            for i, P in enumerate(costs):
                start, stop = self.ends[i]
                rows = self.ahead(i, P)[self.m + start : self.m + stop, :]
                phi[start:stop, :], rhs[start:stop, :] = rows[:, self.m :], rows[:, : self.m]
            return -mp.inverse(phi) * rhs

        def step(costs):
            IK = self.played(gains(costs))
            return [IK.T * self.ahead(i, P) * IK for i, P in enumerate(costs)]

        costs = self.settled(step, [mp.eye(self.m) for _ in range(self.N)])
        Sigma = [t / 2 * mp.inverse(self.weight(i, P)) for i, (t, P) in self._with_tau(costs)]
        return gains(costs), Sigma, costs

    def _with_tau(self, costs):
        return enumerate(zip(self.tau, costs, strict=True))

    def matrix_of(self, i, K):
        IK = self.played(K)
        [P] = self.settled(lambda P: [IK.T * self.ahead(i, P[0]) * IK], [mp.zeros(self.m)])
        return P

    def constant(self, i, P, Sigma):
        """q: discounted, or a stage's mean."""
        rate, LS = self.rate[i], self.L[i] * Sigma[i]
        q = rate * trace(P * self.noise)
        for j, (start, stop) in enumerate(self.ends):
            Bj = self.B[:, start:stop]
            q += trace((self.R[i][start:stop, start:stop] + rate * Bj.T * P * Bj) * Sigma[j])
        q += self.tau[i] / 2 * (trace(LS) - self.p[i] - mp.log(mp.det(LS)))
        return q if rate == 1 else q / (1 - rate)

    def cost(self, i, K, Sigma):
        P = self.matrix_of(i, K)
        q = self.constant(i, P, Sigma)
        return q if self.rate[i] == 1 else trace(P * self.X0) + q

    def best_response(self, i, K, Sigma):
        start, stop = self.ends[i]

        def answer(P):
            rows = self.ahead(i, P)[self.m + start : self.m + stop, :]
            others = K.copy()
            others[start:stop, :] = mp.zeros(stop - start, self.m)
            others[start:stop, :] = -mp.inverse(self.weight(i, P)) * rows * self.played(others)
            return others

        def step(P):
            IK = self.played(answer(P[0]))
            return [IK.T * self.ahead(i, P[0]) * IK]

        [P] = self.settled(step, [mp.eye(self.m)])
        Sigma = list(Sigma)
        Sigma[i] = self.tau[i] / 2 * mp.inverse(self.weight(i, P))
        return answer(P), Sigma

    def gap(self, i, K, Sigma):
        return self.cost(i, K, Sigma) - self.cost(i, *self.best_response(i, K, Sigma))


def affine_game(seed: int) -> dict:
    """One of average cost with every affine term."""
    given, rng = random_game(seed), random.Random(-seed - 1)
    given.pop("discount", None)
    m, p = len(given["A"]), [len(B[0]) for B in given["B"]]

    def some(size):
        return [Fraction(rng.randint(-4, 4), 4) for _ in range(size)]

    given["drift"] = some(m)
    given["x_linear"] = [some(m) for _ in p]
    given["u_linear"] = [some(sum(p)) for _ in p]
    given["prior"] = [
        prior | {"mean": some(p_i)} for prior, p_i in zip(given["prior"], p, strict=True)
    ]
    return given


class AverageReference(Reference):
    """Average costs with affine terms, from the stationary mean and covariance of (x, u)."""

    def __init__(self, given: dict):
        super().__init__(given)
        self.drift = matrix([[x] for x in given["drift"]])
        self.linear = [
            matrix([[x] for x in [*given["x_linear"][i], *given["u_linear"][i]]])
            for i in range(self.N)
        ]
        self.given = given

    def entered(self, policy):
        """K and k, stacked, and every Σ."""
        K = matrix([row for X in policy.K for row in X.tolist()])
        k = matrix([[x] for X in policy.k for x in X.tolist()])
        return K, k, [matrix(X.tolist()) for X in policy.Sigma]

    def average(self, i, K, k, Sigma):
        m, F = self.m, self.A + self.B * K
        noise = self.noise.copy()
        spread = mp.zeros(m + K.rows)
        for (start, stop), S in zip(self.ends, Sigma, strict=True):
            noise += self.B[:, start:stop] * S * self.B[:, start:stop].T
            spread[m + start : m + stop, m + start : m + stop] = S
        [C] = self.settled(lambda C: [F * C[0] * F.T + noise], [noise])
        mean = mp.inverse(mp.eye(m) - F) * (self.drift + self.B * k)
        IK = self.played(K)
        z = IK * mean
        z[m:, :] += k
        cost = trace(self.H[i] * (z * z.T + IK * C * IK.T + spread))
        cost += 2 * (self.linear[i].T * z)[0]
        start, stop = self.ends[i]
        prior = self.given["prior"][i]
        b = matrix([[x] for x in prior["mean"]])
        off = z[m + start : m + stop, :] - matrix(prior["gain"]) * mean
        cost += self.tau[i] / 2 * (b.T * self.L[i] * (b - 2 * off))[0]
        return cost - self.tau[i] / 2 * (self.p[i] + mp.log(mp.det(self.L[i] * Sigma[i])))

    def gap(self, i, K, k, Sigma):
        """Against the best K and Σ, which no affine term changes, and the k that is best there."""
        best, spread = self.best_response(i, K, Sigma)
        start, stop = self.ends[i]

        def at(*own):
            moved = k.copy()
            for row, x in zip(range(start, stop), own, strict=True):
                moved[row] = x
            return self.average(i, best, moved, spread)

        # The average is a quadratic of k: its slope and curvature by differences, without error.
        p = stop - start
        units = [[int(r == c) for c in range(p)] for r in range(p)]
        zero = at(*[0] * p)
        up, down = [at(*e) for e in units], [at(*[-x for x in e]) for e in units]
        slope = mp.matrix([(x - y) / 2 for x, y in zip(up, down, strict=True)])
        curved = mp.zeros(p)
        for r in range(p):
            for c in range(p):
                both = at(*[x + y for x, y in zip(units[r], units[c], strict=True)])
                curved[r, c] = both - up[r] - up[c] + zero
        return self.average(i, K, k, Sigma) - at(*(-mp.inverse(curved) * slope))
