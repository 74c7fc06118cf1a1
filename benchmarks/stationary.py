"""Solvers of the infinite horizon at their own job: the stationary gains of two agents."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks import peers
from benchmarks.games import random_games
from benchmarks.timing import Row, compare, rows_of
from ergs_verify.engine import nash
from ergs_verify.game import FloatGame

TITLE = "Stationary gains"
NOTE = (
    "The engine runs from P = 0, like nnash, over as many stages as nnash makes iterations, so "
    "that its gains at t = 0 are those of nnash, which is checked. NashLQR stops at changes of "
    "1e-5 and compiles anew in every call, which is in its time. Sizes are (N, m, p)."
)
SIZES = [(2, 2, 1), (2, 4, 2)]


def rows(budget: float, smoke: bool) -> Iterator[Row]:
    if smoke or not peers.installed("quantecon", "nashopt", "qpsolvers"):
        return
    for size in SIZES:
        stages = iterations_of_nnash(random_games(*size, 1))
        game = without_final_cost(random_games(*size, stages))
        calls = {
            f"engine, {stages} stages": lambda game=game: nash(game),
            "engine, compiled": lambda game=game: nash(game, compiled=True),
            f"quantecon nnash, {stages} iterations": peers.nnash(game),
            "nashopt NashLQR, riccati": peers.nash_lqr(game),
        }
        ours = np.concatenate([K_i[0] for K_i in nash(game).K])
        for theirs, allowed in (
            (np.concatenate(peers.nnash(game)()[:2]), 1e-10),
            (peers.nash_lqr(game)(), 1e-3),
        ):
            difference = np.abs(ours + theirs).max()  # theirs are u = −Kx
            if difference > allowed:
                raise AssertionError(f"a peer's gains differ from the engine's by {difference:.1e}")
        yield from rows_of(str(size), compare(str(size), calls, budget))


def iterations_of_nnash(game: FloatGame) -> int:
    """The least `max_iter` with which nnash does not give up."""
    low, high = 0, 1000
    while high - low > 1:
        middle = (low + high) // 2
        try:
            peers.nnash(game, middle)()
        except ValueError:
            low = middle
        else:
            high = middle
    return high


def without_final_cost(game: FloatGame) -> FloatGame:
    names = ("A", "B", "R", "noise_cov", "tau", "horizon", "x0_mean", "x0_cov")
    Q = [np.array(Q_i) for Q_i in game.Q]
    for Q_i in Q:
        Q_i[-1] = 0
    return FloatGame(Q=tuple(Q), **{name: getattr(game, name) for name in names})
