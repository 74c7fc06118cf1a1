"""Certificates against plain mpmath without certificates, and against the ball products needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import flint
import numpy as np
from flint import arb, arb_mat

from benchmarks import plain_mpmath
from benchmarks.games import random_games
from benchmarks.timing import Row, compare, rows_of
from ergs_verify import Game, Policy, check, solve
from ergs_verify.certify import certify_gap
from ergs_verify.certify.gap import enclosed_gaps
from ergs_verify.engine import nash
from ergs_verify.game import FloatGame

__all__ = ["NOTE", "TITLE", "rows"]

TITLE = "Certificates"
NOTE = (
    "The gap is that of the engine's float64 equilibrium. Plain mpmath (with gmpy2) computes the "
    "same quantities at 50 digits and certifies nothing. A floor is nothing but products of ball "
    "matrices that the certified gap needs, at 128 bits: all of them, or those of m×m matrices "
    "alone, which are for either end of every agent's bracket PĀ and Ā'PĀ, and for either end of "
    "the moments FX and FXF'. Sizes are (N, m, p, T)."
)
Size = tuple[int, int, int, int]
#: Rows of the left matrix, its columns, and columns of the right one.
Shape = tuple[int, int, int]
TINY: Size = (2, 2, 1, 2)
GAP, NASH, CHECK = (5, 20, 3, 100), [(3, 12, 4, 50), (5, 20, 3, 100)], (3, 12, 4, 50)
DIGITS = 50
BITS = 128


def rows(budget: float, smoke: bool) -> Iterator[Row]:
    tiny = list(_rows(TINY, [TINY], TINY, budget=0))  # derives, imports and warms the caches
    yield from tiny if smoke else _rows(GAP, NASH, CHECK, budget=budget)


def _rows(size: Size, nash_sizes: list[Size], check_size: Size, *, budget: float) -> Iterator[Row]:
    def compared(calls: dict[str, Callable]) -> dict[str, list[float]]:
        return compare(calls, budget, rounds=1, warm=False)

    floats, game = both(size)
    played = nash(floats)
    policy = Policy.from_arrays(K=played.K, Sigma=played.Sigma)
    calls: dict[str, Callable] = {
        "certified gap": lambda: certify_gap(game, policy),
        "certified gap, one pass at 128 bits": lambda: enclosed_gaps(game, policy, BITS),
        "floor of the pass, its products of balls": floor_of_gap(size),
        "floor of the pass, those of m×m alone": floor_of_gap(size, square=True),
        "plain mpmath gap": lambda: plain_mpmath.gaps(floats, played.K, played.Sigma, DIGITS),
    }
    yield from rows_of(f"{size} gap", compared(calls))
    for size in nash_sizes:
        floats, game = both(size)
        calls = {
            "NE to 50 certified digits": lambda game=game: solve(game, digits=DIGITS),
            "plain mpmath NE": lambda floats=floats: plain_mpmath.nash(floats, DIGITS),
        }
        yield from rows_of(f"{size} NE", compared(calls))
    _, game = both(check_size)
    yield from rows_of(f"{check_size} check", compared({"check": lambda: check(game)}))


def both(size: Size) -> tuple[FloatGame, Game]:
    """A game in float64, and the same as exact numbers."""
    floats = random_games(*size)
    return floats, Game.from_arrays(
        A=floats.A[0],
        B=[X[0] for X in floats.B],
        Q=[(X[0] + X[0].T) / 2 for X in floats.Q],
        R=[(X[0] + X[0].T) / 2 for X in floats.R],
        tau=floats.tau,
        noise_cov=floats.noise_cov,
        horizon=floats.horizon,
    )


def products_of_gap(size: Size) -> Counter[Shape]:
    """The products of ball matrices that a certified gap's formulas cannot do without.

    All agents have in common BK, ΣB', BΣB' and, for either end of the moments, FX and FXF'. An
    agent needs, for either end of its bracket, PĀ, Ā'PĀ, B'P, B'PB, B'PĀ and (Ā'PB)(W⁻¹B'PĀ); and
    with the bracket's ball for P, B'P, B'PB, B'PĀ, and with D = K + W⁻¹B'PĀ the products DX, DXD',
    WDXD' and WΣ. A transpose is not multiplied again, and W⁻¹ is a solve.
    """
    agents, m, p, stages = size
    gains = Counter({(m, p, m): agents})
    moments = Counter({(m, m, m): 2 * 2, (p, p, m): agents, (m, p, m): agents})
    end = Counter({(m, m, m): 2, (p, m, m): 2, (p, m, p): 1, (m, p, m): 1})
    ball = Counter({(p, m, m): 3, (p, m, p): 2, (p, p, p): 2})
    return _times(gains + _times(end + end + ball, agents), stages) + _times(moments, stages - 1)


def floor_of_gap(size: Size, *, square: bool = False) -> Callable[[], None]:
    """Nothing but those products, or nothing but those of m×m matrices."""
    m = size[1]
    wanted = {
        shape: count
        for shape, count in products_of_gap(size).items()
        if not square or shape == (m, m, m)
    }
    rng = np.random.default_rng(0)

    def matrix(rows: int, cols: int) -> arb_mat:
        """With radii and entries of so many bits, as in the recursion."""
        return arb_mat(rng.normal(size=(rows, cols)).tolist()) * (arb(1) / 3)

    with flint.ctx.workprec(BITS):
        pairs = [
            (matrix(rows, inner), matrix(inner, cols), count)
            for (rows, inner, cols), count in wanted.items()
        ]

    def multiply() -> None:
        with flint.ctx.workprec(BITS):
            for X, Y, count in pairs:
                for _ in range(count):
                    X * Y

    return multiply


def _times(counts: Counter[Shape], factor: int) -> Counter[Shape]:
    return Counter({shape: factor * count for shape, count in counts.items()})
