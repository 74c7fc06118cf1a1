"""What is true of a game, typed by hand and sharing no code with the package.

Exact rationals serve up to three stages; longer games are computed by mpmath at two precisions,
and a number then is an interval that holds what both give. Letters are those of the documentation's
page on theory; matrices are numpy arrays of objects, and a game is the mapping that
`Game.from_arrays` takes, expanded over time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from mpmath import MPContext

try:
    from gmpy2 import mpq as Rational
except ImportError:
    Rational = Fraction

#: The ends of an interval that holds a number; equal where the number is known exactly.
Interval = tuple[Fraction, Fraction]
Matrix = np.ndarray

#: Stages up to which rationals stay short.
EXACT_STAGES = 3
#: Precisions of longer games: what they lose is far below the difference.
_BITS = (2500, 3500)
#: Precision of logarithms of rationals.
_BITS_OF_LOGS = 1200


class Singular(Exception):
    """Φ_t is singular; `consistent` says whether its equations have solutions."""

    def __init__(self, t: int, consistent: bool):
        super().__init__(f"Φ is singular at t = {t}")
        self.t, self.consistent = t, consistent


# -- matrices --------------------------------------------------------------------------------------


def eliminated(X: Matrix, Y: Matrix) -> tuple[Any, Matrix, bool]:
    """det X; X⁻¹Y where that is not 0; and whether XZ = Y has a solution Z."""
    rows, size, rank, det = np.hstack([X, Y]), len(X), 0, 1
    for col in range(size):
        pivot = max(range(rank, size), key=lambda r: abs(rows[r, col]), default=None)
        if pivot is None or rows[pivot, col] == 0:
            det = 0
            continue
        if pivot != rank:
            rows[[rank, pivot]], det = rows[[pivot, rank]], -det
        det *= rows[rank, col]
        rows[rank] = rows[rank] / rows[rank, col]
        for r in range(size):
            if r != rank:
                rows[r] = rows[r] - rows[r, col] * rows[rank]
        rank += 1
    return det, rows[:, size:], not np.any(rows[rank:, size:] != 0)


def identity(size: int) -> Matrix:
    return np.eye(size, dtype=int).astype(object)


def inverse(X: Matrix) -> Matrix:
    return eliminated(X, identity(len(X)))[1]


def determinant(X: Matrix) -> Any:
    return eliminated(X, X[:, :0])[0]


def definite(X: Matrix) -> bool:
    """Whether a symmetric matrix is positive definite: its leading minors are positive."""
    return all(determinant(X[:k, :k]) > 0 for k in range(1, len(X) + 1))


def characteristic(X: Matrix) -> list[Any]:
    """Coefficients of det(z − X), the leading 1 first (Faddeev and LeVerrier)."""
    M, found = identity(len(X)), [1]
    for k in range(1, len(X) + 1):
        M = X @ M
        found.append(-np.trace(M) / k)
        M = M + found[-1] * identity(len(X))
    return found


def all_within(polynomial: Sequence[Any], radius: Any) -> bool:
    """Whether every root is smaller than `radius` in size (Schur and Cohn)."""
    p = [x * radius ** (len(polynomial) - 1 - k) for k, x in enumerate(polynomial)]
    while len(p) > 1:
        if not abs(p[0]) > abs(p[-1]):
            return False
        p = [p[0] * x - p[-1] * y for x, y in zip(p[:-1], p[:0:-1], strict=True)]
    return True


# -- games -----------------------------------------------------------------------------------------


class Played:
    """A game in one number system, with R̃ for R; `plain` leaves out all that entropy adds.

    A constant q is a pair (r, d) that stands for r − (τ/2) log d.
    """

    def __init__(self, data: dict[str, Any], number: Callable[[Any], Any], *, plain: bool = False):
        self.number = number
        self.A, self.B, self.Q, self.R = (self.entered(data[letter]) for letter in "ABQR")
        half = number(Fraction(data["tau"])) / 2
        self.R = [[X + half * identity(len(X)) for X in over_time] for over_time in self.R]
        self.half_tau = half * (not plain)
        self.noise, self.cov = self.entered(data["noise_cov"]), self.entered(data["x0_cov"])
        self.mean = self.entered([data["x0_mean"]])
        self.horizon, self.agents = len(self.A), range(len(self.B))

    def entered(self, nested: Any) -> Any:
        """Matrices, however deep in lists."""
        if isinstance(nested[0], np.ndarray) or isinstance(nested[0][0], list | np.ndarray):
            return [self.entered(x) for x in nested]
        return np.array([[self.number(Fraction(x)) for x in row] for row in nested], dtype=object)

    def costs(self, t: int, K: list[Matrix], Sigma: list[Matrix], P: list[Matrix], q: list[Any]):
        """P_t and q_t under gains and covariances at t, of those at t + 1."""
        B = [B[t] for B in self.B]
        F = self.A[t] + sum(b @ k for b, k in zip(B, K, strict=True))
        N = self.noise + sum(b @ S @ b.T for b, S in zip(B, Sigma, strict=True))
        P_t, q_t = [], []
        for i in self.agents:
            R, (r, d) = self.R[i][t], q[i]
            P_t.append(self.Q[i][t] + K[i].T @ R @ K[i] + F.T @ P[i] @ F)
            r += np.trace(P[i] @ N) + np.trace(R @ Sigma[i]) - self.half_tau * len(R)
            q_t.append((r, d * determinant(Sigma[i]) if self.half_tau else d))
        return P_t, q_t

    def end(self) -> tuple[list[Matrix], list[Any]]:
        nothing = self.number(Fraction(0)), self.number(Fraction(1))
        return [Q[-1] for Q in self.Q], [nothing for _ in self.agents]

    def started(self, P: Matrix, q: tuple[Any, Any]) -> tuple[Any, Any]:
        """The mean over x_0 of x'Px + q."""
        return q[0] + np.trace(P @ (self.cov + self.mean.T @ self.mean)), q[1]

    def system(self, t: int, P: list[Matrix]) -> tuple[Matrix, Matrix]:
        """Φ_t and rhs_t."""
        rows, right = [], []
        for i in self.agents:
            pull = self.B[i][t].T @ P[i]
            blocks = [pull @ B[t] for B in self.B]
            blocks[i] = blocks[i] + self.R[i][t]
            rows.append(np.hstack(blocks))
            right.append(pull @ self.A[t])
        return np.vstack(rows), np.vstack(right)

    def response(self, t: int, i: int, K: list[Matrix], P: Matrix) -> tuple[Matrix, Matrix, Matrix]:
        """Agent i's best gain at t, its W, and A with the others' loops closed."""
        B = self.B[i][t]
        A = self.A[t] + sum(self.B[j][t] @ K[j] for j in self.agents if j != i)
        W = self.R[i][t] + B.T @ P @ B
        return -eliminated(W, B.T @ P @ A)[1], W, A


def equilibrium(played: Played) -> dict[str, Any]:
    """K, Σ, P, q by agent and time, and by time det Φ and the polynomial of J."""
    P, q = played.end()
    stages: list[dict[str, Any]] = [{"P": P, "q": q}]
    for t in reversed(range(played.horizon)):
        phi, right = played.system(t, P)
        det, solved, consistent = eliminated(phi, -right)
        if det == 0:
            raise Singular(t, consistent)
        ends = pairwise(accumulate((len(R[t]) for R in played.R), initial=0))
        parts = [slice(*both) for both in ends]
        V = [inverse(phi[part, part]) for part in parts]
        scaled = np.vstack([X @ phi[part] for part, X in zip(parts, V, strict=True)])
        loop = characteristic(identity(len(phi)) - scaled) if played.number is Rational else None
        K, Sigma = [solved[part] for part in parts], [played.half_tau * X for X in V]
        P, q = played.costs(t, K, Sigma, P, q)
        stages.append({"K": K, "Sigma": Sigma, "P": P, "q": q, "det": det, "loop": loop})
    stages.reverse()
    by_agent = {
        letter: [[one[letter][i] for one in stages if letter in one] for i in played.agents]
        for letter in ("K", "Sigma", "P", "q")
    }
    return by_agent | {name: [one[name] for one in stages[:-1]] for name in ("det", "loop")}


def algorithm_1(played: Played, sweeps: int) -> list[list[Matrix]]:
    """Gains after so many simultaneous best responses at each stage, from 0."""
    P, q = played.end()
    gains = []
    for t in reversed(range(played.horizon)):
        K = [0 * B[t].T for B in played.B]
        for _ in range(sweeps):
            K = [played.response(t, i, K, P[i])[0] for i in played.agents]
        P, _ = played.costs(t, K, [R[t] for R in played.R], P, q)
        gains.append(K)
    return [list(agent) for agent in zip(*gains[::-1], strict=True)]


def gap(played: Played, K: list[list[Matrix]], Sigma: list[list[Matrix]], agent: int):
    """J of the policy less the least J of one agent, as (r, d), and the size of both r.

    Each has a recursion of its own.
    """
    P, q = played.end()
    best_P, (best_r, best_d) = P[agent], q[agent]
    for t in reversed(range(played.horizon)):
        K_t, Sigma_t = [X[t] for X in K], [X[t] for X in Sigma]
        _, W, A = played.response(t, agent, K_t, best_P)
        B = [B[t] for B in played.B]
        others = [B[j] @ Sigma_t[j] @ B[j].T for j in played.agents if j != agent]
        best_r += np.trace(best_P @ (played.noise + sum(others)))
        best_d *= determinant(played.half_tau * inverse(W)) if played.half_tau else 1
        pull = B[agent].T @ best_P @ A
        best_P = played.Q[agent][t] + A.T @ best_P @ A - pull.T @ eliminated(W, pull)[1]
        P, q = played.costs(t, K_t, Sigma_t, P, q)
    r, d = played.started(P[agent], q[agent])
    best_r, best_d = played.started(best_P, (best_r, best_d))
    return r - best_r, d / best_d, abs(r) + abs(best_r)


# -- intervals -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Truth:
    """A game's equilibrium, every number an interval, or where it is singular."""

    exact: bool
    found: dict[str, Any] | None
    singular: Singular | None


def truth_of(data: dict[str, Any]) -> Truth:
    exact = len(data["A"]) <= EXACT_STAGES
    try:
        runs = [equilibrium(Played(data, _number(bits))) for bits in ((0,) if exact else _BITS)]
    except Singular as error:
        return Truth(exact, None, error)
    half = Fraction(data["tau"]) / 2
    for one in runs:
        one["q"] = [[value(r, d, half) for r, d in agent] for agent in one["q"]]
    found = {name: _hull([one[name] for one in runs]) for name in ("K", "Sigma", "P", "q", "det")}
    return Truth(exact, found | {"loop": runs[0]["loop"]}, None)


def gap_of(data: dict[str, Any], K: Any, Sigma: Any, agent: int) -> Interval:
    """The gap of an agent (from 0) under a policy of rationals or floats; Σ may be None."""
    number = _number(0 if len(data["A"]) <= EXACT_STAGES else _BITS[1])
    played = Played(data, number, plain=Sigma is None)
    none = [[0 * R for R in over_time] for over_time in played.R]
    given = none if Sigma is None else played.entered(Sigma)
    r, d, size = gap(played, played.entered(K), given, agent)
    lo, hi = value(r, d, _fraction(played.half_tau))
    slack = 0 if number is Rational else _fraction(size) / 2 ** _BITS[0]
    return lo - slack, hi + slack


def value(r: Any, d: Any, half_tau: Fraction) -> Interval:
    """r − (τ/2) log d."""
    r, d = _fraction(r), _fraction(d)
    if not half_tau or d == 1:
        return r, r
    context = MPContext()
    context.prec = _BITS_OF_LOGS
    # Near 1 the logarithm keeps its digits by log1p.
    near = abs(d - 1) < Fraction(1, 2)
    x = d - 1 if near else d
    x = context.mpf(x.numerator) / x.denominator
    log = half_tau * _fraction(context.log1p(x) if near else context.log(x))
    slack = abs(log) / 2 ** (_BITS_OF_LOGS - 60)
    return r - log - slack, r - log + slack


def _number(bits: int) -> Callable[[Any], Any]:
    if not bits:
        return Rational
    context = MPContext()
    context.prec = bits
    return lambda x: context.mpf(x.numerator) / x.denominator


def _fraction(x: Any) -> Fraction:
    if not hasattr(x, "_mpf_"):
        return Fraction(int(x.numerator), int(x.denominator))
    sign, mantissa, exponent, _ = x._mpf_
    return (-1) ** sign * int(mantissa) * Fraction(2) ** exponent


def _hull(runs: list[Any]) -> Any:
    """Entry by entry the interval from the least to the greatest, widened by their difference."""
    if isinstance(runs[0], list | np.ndarray):
        return [_hull(list(parts)) for parts in zip(*runs, strict=True)]
    ends = [_fraction(e) for x in runs for e in (x if isinstance(x, tuple) else (x,))]
    lo, hi = min(ends), max(ends)
    return lo - (hi - lo), hi + (hi - lo)
