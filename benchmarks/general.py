"""What a stage of the general game costs beside one of the paper's, at equal size.

Run with ``python -m benchmarks.general``; it writes benchmarks/results/general.md within a few
minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
from attrs import evolve

from benchmarks.ball_floor import Size
from benchmarks.certified import both
from benchmarks.report import machine, table
from benchmarks.timing import Row, compare, rows_of
from ergs_verify import Game, Policy, solve
from ergs_verify.certify import certify_gap
from ergs_verify.engine import nash

PAGE = Path(__file__).parent / "results" / "general.md"
NOTE = (
    "Written by `python -m benchmarks.general`. Everybody in a table runs in turn, round by round; "
    "times are medians of processor time, ratios medians of the rounds' ratios to the first line "
    "of each size.\n\n"
    "The same random game three times: of the paper's class; handed as a general one, with "
    "nothing in it that the paper's class lacks; and with all that the general class has: costs "
    "of all controls, cross terms, priors, τ and discounts by agent, affine terms (which are one "
    "more state). Times are those of a whole job over T. The gap is that of the engine's "
    "equilibrium. Sizes are (N, m, p, T)."
)
SIZES: tuple[Size, ...] = ((2, 4, 2, 20), (3, 12, 4, 50))
DIGITS = 50
JOBS = ("engine", f"NE to {DIGITS} certified digits", "certified gap")


def main() -> None:
    """Write the page."""
    found = table(list(rows(SIZES, budget=4.0)))
    text = "\n\n".join(["# The general class, per stage", NOTE, machine(), found]) + "\n"
    PAGE.write_text(text, encoding="utf-8")
    print(text)


def rows(sizes: Iterable[Size], budget: float) -> Iterator[Row]:
    """Every job on every size, for about so many seconds each."""
    for size in sizes:
        _, plain = both(size)
        games = {
            "paper's class": plain,
            "the same as a general game": evolve(plain, indefinite=True),
            "general, with everything": with_everything(plain),
        }
        for job, prepare in zip(JOBS, (_engine, _nash, _gap), strict=True):
            calls = {name: prepare(game) for name, game in games.items()}
            label = f"{size} {job}"
            for row in rows_of(label, compare(label, calls, budget, rounds=3)):
                yield evolve(row, seconds=row.seconds / size[3])


def _engine(game: Game) -> Callable[[], object]:
    floats = game.floats()
    return lambda: nash(floats)


def _nash(game: Game) -> Callable[[], object]:
    return lambda: solve(game, digits=DIGITS)


def _gap(game: Game) -> Callable[[], object]:
    played = nash(game.floats())
    policy = Policy.from_arrays(
        K=played.K, Sigma=played.Sigma, **({"k": played.k} if game.affine else {})
    )
    return lambda: certify_gap(game, policy)


def with_everything(game: Game) -> Game:
    """The game with every letter of the general class, W ≻ 0 kept by larger R."""
    draw, m, n = np.random.default_rng(1), game.state_size, sum(game.control_sizes)

    def small(*shape: int) -> list:
        return (draw.integers(-4, 5, shape) / 64).tolist()

    def wide(own: np.ndarray, start: int, stop: int) -> np.ndarray:
        X = draw.integers(-4, 5, (n, n)) / 128
        X = X + X.T
        X[start:stop, start:stop] += own.astype(float)
        return X

    ends = pairwise(accumulate(game.control_sizes, initial=0))
    return Game.from_arrays(
        A=game.A[0],
        B=[B[0] for B in game.B],
        Q=[Q[0] for Q in game.Q],
        R=[wide(R[0], *own) for R, own in zip(game.R, ends, strict=True)],
        S=[small(n, m) for _ in game.B],
        tau=[game.tau + Fraction(i, 4) for i in range(game.agents)],
        discount=[1 - Fraction(i + 1, 64) for i in range(game.agents)],
        prior=[
            {"gain": small(p, m), "mean": small(p), "cov": np.diag(1 + np.arange(p) / 4)}
            for p in game.control_sizes
        ],
        drift=small(m),
        x_linear=[small(m) for _ in game.B],
        u_linear=[small(n) for _ in game.B],
        noise_cov=game.noise_cov,
        horizon=game.horizon,
        indefinite=True,
    )


if __name__ == "__main__":
    main()
