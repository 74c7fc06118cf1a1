"""Do certificates in float64 hold? Games of unlike units and nearly singular Φ, against rationals.

``python -m benchmarks.float_soundness --games 100000``: prints how many games were certified, and
the first enclosure that does not hold, if there is one.
"""

from __future__ import annotations

import argparse
import sys
import time
from fractions import Fraction

import numpy as np

from ergs_verify.arithmetic import Rationals
from ergs_verify.arithmetic.centred import Centred
from ergs_verify.certify.float_nash import certified_stack
from ergs_verify.errors import ErgsError
from ergs_verify.exact import fractions
from ergs_verify.game import FloatGame, Game
from ergs_verify.recursion import nash

#: Two agents with a control each, two states, and few stages: rationals stay short.
_AGENTS, _STATES, _STAGES = 2, 2, 2
_STACK = 500


def drawn(rng: np.random.Generator, count: int) -> FloatGame:
    """Games of six kinds, every entry a float64 as it stands."""
    T, m = _STAGES, _STATES

    def some(*shape: int) -> np.ndarray:
        return rng.integers(-8, 9, size=(count, *shape)) / 8

    A, B = some(T, m, m), [some(T, m, 1) for _ in range(_AGENTS)]
    C = [some(T + 1, m, m) for _ in range(_AGENTS)]
    Q = [X.swapaxes(-1, -2) @ X for X in C]
    R = [np.abs(some(T, 1, 1)) + 2.0**-3 for _ in range(_AGENTS)]
    tau = np.abs(some()) + 2.0**-4
    kind = rng.integers(6, size=count)
    # 1: states, controls and costs in units far apart; 2: the same to the ends of float64.
    for which, most in ((kind == 1, 60), (kind == 2, 330)):
        states = np.ldexp(1.0, rng.integers(-most, most, size=(count, m)))
        states[~which] = 1
        A *= states[:, None, :, None] / states[:, None, None, :]
        for i in range(_AGENTS):
            unit, cost = (np.ldexp(1.0, rng.integers(-most, most, size=count)) for _ in range(2))
            unit[~which], cost[~which] = 1, 1
            B[i] *= states[:, None, :, None] * unit[:, None, None, None]
            Q[i] *= cost[:, None, None, None] / (states[:, None, :, None] * states[:, None, None])
            R[i] *= (cost * unit * unit)[:, None, None, None]
    # 3: G* a few roundings from where Φ is singular, all costs in one unit.
    for k in np.flatnonzero(kind == 3):
        A[k], B[0][k], B[1][k] = np.eye(2), [[1], [0]], [[0], [1]]
        for i, X in enumerate(([[1, 4], [4, 16]], [[16, 4], [4, 1]])):
            Q[i][k], R[i][k] = 0, 1
            Q[i][k, -1] = X
        tau[k] = 4 + np.ldexp(rng.integers(-4, 5), rng.integers(-51, -10))
    # 4: entries that cancel, 5: subnormal and zero ones.
    near = kind == 4
    A[near, :, 1] = A[near, :, 0] * (1 + 2.0**-50)
    B[1][near] = B[0][near] * (1 - 2.0**-51)
    small = kind == 5
    Q[0][small] *= 5e-324 * 2.0**60
    B[1][small] = 0
    tau[small] = np.where(rng.random(small.sum()) < 0.5, 0, 5e-324)
    return FloatGame(
        A=A,
        B=tuple(B),
        Q=tuple((X + X.swapaxes(-1, -2)) / 2 for X in Q),
        R=tuple(R),
        tau=tau,
        horizon=T,
        noise_cov=np.zeros((m, m)),
        x0_mean=np.zeros(m),
        x0_cov=np.eye(m),
    )


def exact(games: FloatGame, k: int) -> Game:
    """One game of the stack, as the rationals that its floats are."""
    return Game.from_arrays(
        A=games.A[k],
        B=[X[k] for X in games.B],
        Q=[X[k] for X in games.Q],
        R=[X[k] for X in games.R],
        tau=games.tau[k],
        noise_cov=games.noise_cov,
        horizon=games.horizon,
        indefinite=True,
    )


def holds(X: Centred, place: int, true: list[list[Fraction]]) -> bool:
    """Whether a matrix of the stack lies within its bounds."""
    middle, radius = fractions(X.middle[place]), fractions(X.radii[place])
    return all(
        abs(x - y) <= r
        for row in zip(true, middle, radius, strict=True)
        for x, y, r in zip(*row, strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.float_soundness")
    parser.add_argument("--games", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    rng, start = np.random.default_rng(options.seed), time.monotonic()
    numbers, tried, certified, entries = Rationals(), 0, 0, 0
    while tried < options.games and time.monotonic() - start < options.seconds:
        games = drawn(rng, _STACK)
        found = certified_stack(games)
        tried += _STACK
        for k in np.flatnonzero(found.certified).tolist():
            try:
                true = nash(exact(games, k), numbers)
            except ErgsError as error:
                print(f"seed {options.seed}, game {tried - _STACK + k} is certified, but {error}")
                sys.exit(1)
            certified += 1
            for letter in ("K", "Sigma", "P"):
                for i, X in enumerate(getattr(found, letter)):
                    for t, matrix in enumerate(getattr(true, letter)[i]):
                        entries += X.middle[0].size
                        if not holds(X, t * _STACK + k, numbers.to_fractions(matrix)):
                            print(
                                f"seed {options.seed}, game {tried - _STACK + k}: {letter}, t={t}"
                            )
                            sys.exit(1)
    print(
        f"{tried} games, {certified} certified: all {entries} enclosures hold, "
        f"{time.monotonic() - start:.0f} s"
    )


if __name__ == "__main__":
    main()
