"""What is true of a game, typed by hand and sharing no code with the package.

Exact rationals serve up to three stages; longer games are computed by mpmath at two precisions,
and a number then is an interval that holds what both give. Letters are those of THEORY, a matrix
is a list of rows, and a game is the mapping that `Game.from_arrays` takes, expanded over time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import accumulate, pairwise
from typing import Any

from mpmath import MPContext

try:
    from gmpy2 import mpq as Rational
except ImportError:
    Rational = Fraction

Matrix = list[list[Any]]
#: The ends of an interval that holds a number; equal where the number is known exactly.
Interval = tuple[Fraction, Fraction]

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


def product(*factors: Matrix) -> Matrix:
    return reduce(
        lambda X, Y: [[sum(a * b for a, b in zip(r, c, strict=True)) for c in zip(*Y, strict=True)]
                      for r in X],
        factors,
    )  # fmt: skip


def plus(*terms: Matrix) -> Matrix:
    return [[sum(x) for x in zip(*rows, strict=True)] for rows in zip(*terms, strict=True)]


def times(s: Any, X: Matrix) -> Matrix:
    return [[s * x for x in row] for row in X]


def transposed(X: Matrix) -> Matrix:
    return [list(column) for column in zip(*X, strict=True)]


def trace(X: Matrix) -> Any:
    return sum(X[k][k] for k in range(len(X)))


def identity(size: int) -> Matrix:
    return [[int(r == c) for c in range(size)] for r in range(size)]


def eliminated(X: Matrix, Y: Matrix) -> tuple[Any, Matrix, bool]:
    """det X, and X⁻¹Y where it is not 0; else whether XZ = Y has a solution Z."""
    rows = [[*x, *y] for x, y in zip(X, Y, strict=True)]
    size, rank, det = len(X), 0, 1
    for col in range(size):
        pivot = max(range(rank, size), key=lambda r: abs(rows[r][col]), default=None)
        if pivot is None or rows[pivot][col] == 0:
            det = 0
            continue
        if pivot != rank:
            rows[rank], rows[pivot], det = rows[pivot], rows[rank], -det
        head = rows[rank][col]
        det *= head
        rows[rank] = [x / head for x in rows[rank]]
        for r in range(size):
            if r != rank and rows[r][col] != 0:
                factor = rows[r][col]
                rows[r] = [x - factor * y for x, y in zip(rows[r], rows[rank], strict=True)]
        rank += 1
    right = [row[size:] for row in rows]
    return det, right, all(x == 0 for row in right[rank:] for x in row)


def inverse(X: Matrix) -> Matrix:
    return eliminated(X, identity(len(X)))[1]


def determinant(X: Matrix) -> Any:
    return eliminated(X, [[0]] * len(X))[0]


def definite(X: Matrix) -> bool:
    """Whether a symmetric matrix of rationals is positive definite: its pivots are positive."""
    rows = [[Rational(x) for x in row] for row in X]
    for k in range(len(rows)):
        if rows[k][k] <= 0:
            return False
        for r in range(k + 1, len(rows)):
            factor = rows[r][k] / rows[k][k]
            rows[r] = [x - factor * y for x, y in zip(rows[r], rows[k], strict=True)]
    return True


def characteristic(X: Matrix) -> list[Any]:
    """Coefficients of det(z − X), the leading 1 first (Faddeev and LeVerrier)."""
    M, found = identity(len(X)), [1]
    for k in range(1, len(X) + 1):
        M = product(X, M)
        found.append(-trace(M) / k)
        M = plus(M, times(found[-1], identity(len(X))))
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
    """A game in one number system, with R̃ for R; `plain` leaves out all that entropy adds."""

    def __init__(self, data: dict[str, Any], number: Callable[[Any], Any], *, plain: bool = False):
        def enter(entries: Any) -> Any:
            if isinstance(entries, list):
                return [enter(x) for x in entries]
            return number(Fraction(entries))

        self.number = number
        self.A, self.B, self.Q = enter(data["A"]), enter(data["B"]), enter(data["Q"])
        half = number(Fraction(data["tau"])) / 2
        self.R = [
            [plus(X, times(half, identity(len(X)))) for X in over_time]
            for over_time in enter(data["R"])
        ]
        self.half_tau = number(Fraction(0)) if plain else half
        self.noise, self.mean = enter(data["noise_cov"]), enter(data["x0_mean"])
        self.cov = enter(data["x0_cov"])
        self.horizon, self.agents = len(self.A), range(len(self.B))

    def costs(self, t: int, K: list[Matrix], Sigma: list[Matrix], P: list[Matrix], q: list[Any]):
        """P_t and q_t of gains and covariances at t, of those at t + 1; q is (r, d) as `value`."""
        B = [self.B[i][t] for i in self.agents]
        F = plus(self.A[t], *(product(b, k) for b, k in zip(B, K, strict=True)))
        N = plus(self.noise, *(product(b, S, transposed(b)) for b, S in zip(B, Sigma, strict=True)))
        P_t, q_t = [], []
        for i in self.agents:
            own, R = K[i], self.R[i][t]
            P_t.append(
                plus(
                    self.Q[i][t], product(transposed(own), R, own), product(transposed(F), P[i], F)
                )
            )
            r, d = q[i]
            r += trace(product(P[i], N)) + trace(product(R, Sigma[i])) - self.half_tau * len(own)
            q_t.append((r, d * determinant(Sigma[i]) if self.half_tau else d))
        return P_t, q_t

    def end(self) -> tuple[list[Matrix], list[Any]]:
        return [Q[-1] for Q in self.Q], [(self.number(Fraction(0)), self.number(Fraction(1)))
                                         for _ in self.agents]  # fmt: skip

    def started(self, P: Matrix, q: tuple[Any, Any]) -> tuple[Any, Any]:
        """The mean over x_0 of x'Px + q."""
        moment = plus(self.cov, product([[x] for x in self.mean], [self.mean]))
        return q[0] + trace(product(P, moment)), q[1]


def stage_system(played: Played, t: int, P: list[Matrix]) -> tuple[Matrix, Matrix]:
    """Φ_t and rhs_t."""
    rows, right = [], []
    for i in played.agents:
        pull = product(transposed(played.B[i][t]), P[i])
        blocks = [product(pull, played.B[j][t]) for j in played.agents]
        blocks[i] = plus(blocks[i], played.R[i][t])
        rows += [[x for part in line for x in part] for line in zip(*blocks, strict=True)]
        right += product(pull, played.A[t])
    return rows, right


def equilibrium(played: Played) -> dict[str, Any]:
    """K, Σ, P, q by agent and time, and by time det Φ and the polynomial of J."""
    P, q = played.end()
    stages = [{"P": P, "q": q}]
    for t in reversed(range(played.horizon)):
        phi, right = stage_system(played, t, P)
        det, solved, consistent = eliminated(phi, times(-1, right))
        if det == 0:
            raise Singular(t, consistent)
        ends = list(pairwise(accumulate((len(R[t]) for R in played.R), initial=0)))
        W = [[row[a:b] for row in phi[a:b]] for a, b in ends]
        V = [inverse(X) for X in W]
        J = [
            row
            for (a, b), X in zip(ends, V, strict=True)
            for row in product(
                X, [[0 if a <= c < b else -x for c, x in enumerate(r)] for r in phi[a:b]]
            )
        ]
        K = [solved[a:b] for a, b in ends]
        Sigma = [times(played.half_tau, X) for X in V]
        P, q = played.costs(t, K, Sigma, P, q)
        loop = characteristic(J) if played.number is Rational else None
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
        K = [times(0, transposed(played.B[i][t])) for i in played.agents]
        for _ in range(sweeps):
            K = [_response(played, t, i, K, P[i])[0] for i in played.agents]
        Sigma = [times(0, R[t]) for R in played.R]
        P, q = played.costs(t, K, Sigma, P, [(x, y) for x, y in q])
        gains.append(K)
    return [list(agent) for agent in zip(*gains[::-1], strict=True)]


def _response(played: Played, t: int, i: int, K: list[Matrix], P: Matrix):
    """Agent i's best gain at t, its W, and A with the others' loops closed."""
    B = played.B[i][t]
    rest = [product(played.B[j][t], K[j]) for j in played.agents if j != i]
    A, pull = plus(played.A[t], *rest), product(transposed(B), P)
    W = plus(played.R[i][t], product(pull, B))
    return times(-1, eliminated(W, product(pull, A))[1]), W, A


def gap(played: Played, K: list[list[Matrix]], Sigma: list[list[Matrix]], agent: int):
    """J of the policy less the least J of one agent, each by its own recursion: (r, d)."""
    P, q = played.end()
    best_P, best_q = P[agent], q[agent]
    for t in reversed(range(played.horizon)):
        K_t, Sigma_t = [X[t] for X in K], [X[t] for X in Sigma]
        _, W, A = _response(played, t, agent, K_t, best_P)
        B = played.B[agent][t]
        pull = product(transposed(B), best_P, A)
        noise = plus(
            played.noise,
            *(
                product(played.B[j][t], Sigma_t[j], transposed(played.B[j][t]))
                for j in played.agents
                if j != agent
            ),
        )
        r, d = best_q
        own = determinant(times(played.half_tau, inverse(W))) if played.half_tau else 1
        best_q = (r + trace(product(best_P, noise)), d * own)
        best_P = plus(
            played.Q[agent][t],
            product(transposed(A), best_P, A),
            times(-1, product(transposed(pull), eliminated(W, pull)[1])),
        )
        P, q = played.costs(t, K_t, Sigma_t, P, q)
    (r, d), (best_r, best_d) = played.started(P[agent], q[agent]), played.started(best_P, best_q)
    return r - best_r, d / best_d, abs(r) + abs(best_r)


# -- intervals -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Truth:
    """A game's equilibrium as intervals, or where it is singular."""

    exact: bool
    found: dict[str, Any] | None
    singular: Singular | None


def truth_of(data: dict[str, Any]) -> Truth:
    exact = len(data["A"]) <= EXACT_STAGES
    systems = [_number(bits) for bits in ([0, 0] if exact else _BITS)]
    try:
        runs = [equilibrium(Played(data, number)) for number in systems[: 1 if exact else 2]]
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
    none = [[times(0, R) for R in over_time] for over_time in played.R]

    def enter(entries: Any) -> Any:
        if isinstance(entries, list):
            return [enter(x) for x in entries]
        return number(Fraction(entries))

    r, d, size = gap(played, enter(K), none if Sigma is None else enter(Sigma), agent)
    lo, hi = value(r, d, Fraction(0) if Sigma is None else Fraction(data["tau"]) / 2)
    if number is Rational:
        return lo, hi
    slack = _fraction(size) / 2 ** _BITS[0]
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
    if isinstance(runs[0], list):
        return [_hull(list(parts)) for parts in zip(*runs, strict=True)]
    ends = [_fraction(e) for x in runs for e in (x if isinstance(x, tuple) else (x,))]
    lo, hi = min(ends), max(ends)
    return lo - (hi - lo), hi + (hi - lo)
