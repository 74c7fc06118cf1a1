"""Families of hostile games: each a function of a random generator, so that a seed replays it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import truth

Data = dict[str, Any]


@dataclass(frozen=True)
class Family:
    """What is hostile, and which part of the tests may stay undecided or loose."""

    name: str
    data: Callable[[Random], Data]
    open_share: float


FAMILIES: dict[str, Family] = {}


def family(name: str, open_share: float = 0.02):
    def enter(data: Callable[[Random], Data]) -> Callable[[Random], Data]:
        FAMILIES[name] = Family(name, data, open_share)
        return data

    return enter


# -- parts -----------------------------------------------------------------------------------------


def matrix(draw: Random, rows: int, cols: int, entry: Callable[[], Any] | None = None):
    entry = entry or (lambda: draw.randint(-2, 2))
    return [[entry() for _ in range(cols)] for _ in range(rows)]


def gram(draw: Random, size: int, *, ridge: Any = 0, rank: int | None = None, entry: Any = None):
    C = np.array(matrix(draw, size if rank is None else rank, size, entry), object)
    C = C.reshape(-1, size)
    return (C.T @ C + diagonal(*[ridge] * size)).tolist()


def diagonal(*values: Any):
    return np.diag(np.array(values, dtype=object)).tolist()


def power(draw: Random, low: int, high: int) -> Fraction:
    return Fraction(10) ** draw.randint(low, high)


def game(draw: Random, *, N=None, m=None, p=None, T=None, entry=None, **given: Any) -> Data:
    """Small integers, unless `given` or `entry` says otherwise."""
    N, m = N or draw.choice((1, 2, 2, 3)), m or draw.choice((1, 2, 2, 3))
    T = T or draw.choice((1, 1, 2))
    p = p or [draw.choice((1, 1, 2)) for _ in range(N)]
    return {
        "A": [matrix(draw, m, m, entry) for _ in range(T)],
        "B": [[matrix(draw, m, size, entry) for _ in range(T)] for size in p],
        "Q": [[gram(draw, m, entry=entry) for _ in range(T + 1)] for _ in p],
        "R": [[gram(draw, size, ridge=1) for _ in range(T)] for size in p],
        "tau": draw.choice((0, 1, 2, "1/3")),
        "noise_cov": gram(draw, m),
        "x0_mean": [draw.randint(-2, 2) for _ in range(m)],
        "x0_cov": gram(draw, m),
    } | given


def scaled(factor: Any, X: Any) -> Any:
    return (factor * np.array(X, dtype=object)).tolist()


def in_units(data: Data, S: list[Fraction], D: list[list[Fraction]]) -> Data:
    """The same game, its states multiplied by S and agent i's controls divided by D[i]."""
    up = np.array(S, dtype=object)
    down = 1 / up

    def weighed(left: Any, X: Any, right: Any) -> Any:
        return (np.array(left, object)[:, None] * np.array(X, object) * right).tolist()

    return data | {
        "A": [weighed(up, X, down) for X in data["A"]],
        "B": [[weighed(up, X, d) for X in B] for B, d in zip(data["B"], D, strict=True)],
        "Q": [[weighed(down, X, down) for X in Q] for Q in data["Q"]],
        "R": [[weighed(d, X, d) for X in R] for R, d in zip(data["R"], D, strict=True)],
        "noise_cov": weighed(up, data["noise_cov"], up),
        "x0_cov": weighed(up, data["x0_cov"], up),
        "x0_mean": (up * data["x0_mean"]).tolist(),
    }


def sizes(data: Data) -> tuple[int, list[int]]:
    return len(data["A"][0]), [len(R[0]) for R in data["R"]]


# -- singular and nearly so ------------------------------------------------------------------------


def singular(draw: Random, T: int = 1, A_0: Any = None) -> Data:
    """Two agents, the first of whose R makes Φ_0 singular, after regular stages."""
    while True:
        data = game(draw, N=2, m=2, p=[1, 1], T=T, tau=Fraction(draw.randint(1, 8), 4))
        if A_0 is not None:
            data["A"][0] = A_0
        later = {k: [X[1:] for X in data[k]] for k in "BQR"} | {"A": data["A"][1:]}
        try:
            ahead = truth.equilibrium(truth.Played(data | later, Fraction)) if T > 1 else None
        except truth.Singular:
            continue
        played = truth.Played(data, Fraction)
        P = [ahead["P"][i][0] for i in range(2)] if ahead else played.end()[0]
        phi, _ = played.system(0, P)
        R = data["R"][0][0][0][0] - truth.determinant(phi) / phi[1, 1]
        if R > 0:
            data["R"][0][0] = [[R]]
            return data


@family("singular, inconsistent")
def _(draw):
    while True:
        data = singular(draw)
        try:
            truth.equilibrium(truth.Played(data, Fraction))
        except truth.Singular as error:
            if not error.consistent:
                return data


@family("singular, consistent")
def _(draw):
    return singular(draw, A_0=[[0, 0], [0, 0]])


@family("singular after a regular stage")
def _(draw):
    return singular(draw, T=2)


@family("Φ nearly singular", 0.3)
def _(draw):
    data = singular(draw, T=draw.choice((1, 2)))
    data["R"][0][0][0][0] *= 1 + draw.choice((-1, 1)) * power(draw, -60, -4)
    return data


@family("near the loop's ρ = 1", 0.05)
def _(draw):
    """Three scalar agents alike: ρ(J) = 2b²P/W."""
    P, b, tau = draw.randint(1, 5), draw.randint(1, 3), Fraction(1, draw.randint(2, 9))
    off = draw.choice((0, -1, 1)) * power(draw, -50, -3)
    return game(draw, N=3, m=1, p=[1] * 3, T=1, tau=tau, B=[[[[b]]]] * 3) | {
        "Q": [[[[draw.randint(0, 2)]], [[P]]]] * 3,
        "R": [[[[b * b * P - tau / 2 + off]]]] * 3,
    }


@family("near Assumption III.3", 0.05)
def _(draw):
    """A = 0 makes P_0 = Q_0, so that the bound is 2·γ_B²·γ_P, whatever τ is."""
    Q = [[diagonal(3, 4), diagonal(draw.randint(0, 3), 0)] for _ in range(2)]
    B = [[[[draw.randint(1, 2)], [draw.randint(-2, 2)]]] for _ in range(2)]
    square = max(sum(x * x for row in one[0] for x in row) for one in B)
    tau = 10 * square * (1 + draw.choice((0, -1, 1)) * power(draw, -40, -3))
    return game(draw, N=2, m=2, p=[1, 1], T=1, A=[diagonal(0, 0)], B=B, Q=Q, tau=tau)


# -- sizes of numbers ------------------------------------------------------------------------------


@family("τ → 0")
def _(draw):
    return game(draw, tau=draw.choice((0, power(draw, -300, -5))))


@family("τ huge")
def _(draw):
    return game(draw, tau=power(draw, 5, 300))


@family("entries from 1e-300 to 1e300", 0.3)
def _(draw):
    def entry():
        return draw.choice((-3, -1, 0, 1, 2)) * power(draw, -150, 150)

    data = game(draw, m=draw.choice((1, 2)), T=1, entry=entry)
    data["R"] = [[diagonal(*(power(draw, -300, 300) for _ in R[0]))] for R in data["R"]]
    return data


@family("subnormal floats", 0.1)
def _(draw):
    tiny = 5e-324

    def entry():
        return draw.choice((0.0, 1.0, -2.0, tiny, -3 * tiny, 2.0**-1022))

    Q = [[diagonal(*(abs(entry()) for _ in range(2))) for _ in range(2)] for _ in range(2)]
    return game(draw, N=2, m=2, T=1, Q=Q, tau=draw.choice((0, tiny, 1.0)), entry=None) | {
        "A": [matrix(draw, 2, 2, entry)],
        "x0_mean": [entry(), entry()],
    }


@family("cancellation", 0.1)
def _(draw):
    big = 10 ** draw.randint(4, 20)

    def entry():
        return draw.choice((-big, big)) + draw.randint(-2, 2)

    return game(draw, m=2, entry=entry)


@family("units of states", 0.1)
def _(draw):
    data = game(draw)
    m, p = sizes(data)
    return in_units(data, [power(draw, -30, 30) for _ in range(m)], [[Fraction(1)] * k for k in p])


@family("units of controls", 0.1)
def _(draw):
    data = game(draw)
    m, p = sizes(data)
    return in_units(data, [Fraction(1)] * m, [[power(draw, -30, 30) for _ in range(k)] for k in p])


@family("floats", 0.1)
def _(draw):
    def entry():
        return draw.gauss(0, 1) * 10.0 ** draw.randint(-3, 3)

    data = game(draw)
    m, p = sizes(data)
    T = len(data["A"])
    weights = [[diagonal(*(abs(entry()) for _ in range(m))) for _ in range(T + 1)] for _ in p]
    return data | {
        "A": [matrix(draw, m, m, entry) for _ in range(T)],
        "B": [[matrix(draw, m, k, entry) for _ in range(T)] for k in p],
        "Q": weights,
        "tau": abs(entry()),
    }


@family("strings beside floats", 0.1)
def _(draw):
    def entry():
        n = draw.randint(-9, 9)
        return draw.choice((f"{n}/7", f"{n}e-3", f"0.{abs(n)}", n / 10, n))

    data = game(draw)
    m, _ = sizes(data)
    return data | {"A": [matrix(draw, m, m, entry) for _ in data["A"]], "tau": "0.1"}


# -- dynamics --------------------------------------------------------------------------------------


@family("an unstable mode that nobody controls", 0.05)
def _(draw):
    T, N = draw.choice((2, 3, 20, 40, 80)), draw.choice((1, 1, 2))
    A = [["9/8", draw.randint(0, 2)], [0, draw.choice((2, 3, 4))]]
    B = [[[[draw.choice((1, 2))], [0]]] * T for _ in range(N)]
    return game(draw, N=N, m=2, p=[1] * N, T=T, A=[A] * T, B=B) | {
        "Q": [[gram(draw, 2)] * (T + 1) for _ in range(N)],
        "R": [[[[1]]] * T] * N,
    }


@family("unstable", 0.1)
def _(draw):
    return long_game(draw, draw.choice((8, 16)), 3)


@family("long horizon", 0.05)
def _(draw):
    return long_game(draw, draw.choice((20, 35)), Fraction(1, 2))


def long_game(draw: Random, T: int, growth: Any) -> Data:
    """Nothing varies over time."""
    one = game(draw, N=draw.choice((1, 2)), m=2, p=None, T=1)
    return one | {
        "A": [scaled(growth, one["A"][0])] * T,
        "B": [B * T for B in one["B"]],
        "Q": [Q[:1] * (T + 1) for Q in one["Q"]],
        "R": [R * T for R in one["R"]],
    }


@family("states out of reach")
def _(draw):
    data = game(draw, m=3)
    data["B"] = [[[X[0], *scaled(0, X[1:])] for X in B] for B in data["B"]]
    data["A"] = [[X[0], [0, *X[1][1:]], [0, *X[2][1:]]] for X in data["A"]]
    return data


@family("defective A")
def _(draw):
    L = draw.choice((-1, "1/2", 1, 2))
    return game(draw, m=3, T=2, A=[[[L, 1, 0], [0, L, 1], [0, 0, L]]] * 2)


@family("nilpotent A")
def _(draw):
    return game(draw, m=3, T=3, A=[[[0, 1, draw.randint(-1, 1)], [0, 0, 1], [0, 0, 0]]] * 3)


# -- costs and players -----------------------------------------------------------------------------


@family("small integers")
def _(draw):
    return game(draw)


@family("costs of zero")
def _(draw):
    data = game(draw)
    for Q in data["Q"][: draw.randint(1, len(data["Q"]))]:
        Q[:] = [scaled(0, X) for X in Q]
    return data


@family("costs at the end only")
def _(draw):
    data = game(draw, T=2)
    data["Q"] = [[*(scaled(0, X) for X in Q[:-1]), Q[-1]] for Q in data["Q"]]
    return data


@family("costs of rank one")
def _(draw):
    data = game(draw, m=3)
    data["Q"] = [[gram(draw, 3, rank=1) for _ in Q] for Q in data["Q"]]
    return data


@family("unequal controls")
def _(draw):
    return game(draw, N=3, m=2, p=draw.sample([1, 2, 3], 3))


@family("more controls than states")
def _(draw):
    return game(draw, N=2, m=draw.choice((1, 2)), p=draw.choice(([3, 4], [3, 1], [4, 3])), T=1)


@family("one agent")
def _(draw):
    return game(draw, N=1, m=3, T=3)


@family("many agents", 0.05)
def _(draw):
    return game(draw, N=draw.randint(5, 7), m=draw.choice((1, 2)), p=None, T=1)


@family("one dimension")
def _(draw):
    N = draw.choice((1, 2, 3))
    return game(draw, N=N, m=1, p=[1] * N, T=draw.choice((1, 2, 3)))


@family("identical agents")
def _(draw):
    data = game(draw, N=2, p=[1, 1])
    return data | {k: [data[k][0]] * 2 for k in "BQR"}


@family("opposite interests")
def _(draw):
    """One wants x_1 = x_2, the other x_1 = −x_2, nearly for free."""
    Q = [[[1, -1], [-1, 1]], [[1, 1], [1, 1]]]
    eps = power(draw, -12, -1)
    size = draw.randint(1, 100)
    return game(draw, N=2, m=2, p=[1, 1], T=2, Q=[[scaled(size, X)] * 3 for X in Q]) | {
        "R": [[[[eps]]] * 2] * 2,
    }


@family("singular noise")
def _(draw):
    data = game(draw, m=3)
    return data | {"noise_cov": gram(draw, 3, rank=1), "x0_cov": gram(draw, 3, rank=0)}
