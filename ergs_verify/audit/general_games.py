"""Random games beyond the paper's class for the suite "general"; every entry is a float64."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Any

#: The letters that a game of the suite may have beyond the paper's class.
GIVEN = ("S", "R", "affine", "discount", "prior", "tau", "noise_cov")

Rows = list[list[float]]


def general_game(
    given: Collection[str], *, p: tuple[int, ...], m: int, T: int, seed: int
) -> dict[str, Any]:
    """What `Game.from_arrays` takes: letters of `GIVEN`, and matrices that change with time.

    Costs are so near to diagonal ones that every W is definite. Entries are multiples of powers
    of 2.
    """
    draw, n = random.Random(f"ergs-verify general {seed}"), sum(p)

    def some(rows: int, cols: int, over: int = 8) -> Rows:
        return [[draw.randint(-5, 5) / over for _ in range(cols)] for _ in range(rows)]

    def symmetric(size: int, diagonal: float, over: int = 16) -> Rows:
        X = some(size, size, over)
        return [
            [(X[r][c] + X[c][r]) / 2 + diagonal * (r == c) for c in range(size)]
            for r in range(size)
        ]

    def gram(size: int, ridge: float) -> Rows:
        X = some(size, size)
        return [
            [sum(a * b for a, b in zip(X[r], X[c], strict=True)) + ridge * (r == c)
             for c in range(size)]
            for r in range(size)
        ]  # fmt: skip

    def joint(start: int, size: int) -> Rows:
        """The others' controls cost the agent little, or are worth something to it."""
        X = symmetric(n, 0.0)
        for k in range(start, start + size):
            X[k][k] += 4.0
        return X

    starts = [sum(p[:i]) for i in range(len(p))]
    game: dict[str, Any] = {
        "A": [some(m, m) for _ in range(T)],
        "B": [[some(m, size) for _ in range(T)] for size in p],
        "Q": [[gram(m, 0.5) for _ in range(T + 1)] for _ in p],
        "R": [gram(size, 3.0) for size in p],
        "tau": 0.75,
        "noise_cov": gram(m, 0.25),
        "x0_mean": some(1, m)[0],
        "x0_cov": gram(m, 0.25),
        "horizon": T,
    }
    more: dict[str, Any] = {
        "S": {"S": [[some(n, m) for _ in range(T)] for _ in p]},
        "R": {
            "R": [joint(start, size) for start, size in zip(starts, p, strict=True)],
            "indefinite": True,
        },
        "affine": {
            "drift": [some(1, m)[0] for _ in range(T)],
            "x_linear": [[some(1, m)[0] for _ in range(T + 1)] for _ in p],
            "u_linear": [some(1, n)[0] for _ in p],
        },
        "discount": {"discount": [1 - (i + 1) / 16 for i in range(len(p))]},
        "prior": {
            "prior": [
                {"gain": some(size, m), "mean": some(1, size)[0], "cov": gram(size, 0.5)}
                for size in p
            ]
        },
        "tau": {"tau": [0.5 + i for i in range(len(p))]},
        "noise_cov": {"noise_cov": [gram(m, 0.25) for _ in range(T)]},
    }
    for name in given:
        game |= more[name]
    return game


def unbounded() -> dict[str, Any]:
    """Agent 2 is paid for its control more than τ and what it does to the state cost."""
    return {
        "A": [[1]],
        "B": [[[1]], [[1]]],
        "Q": [[[1]], [[1]]],
        "R": [[[1]], [[-4]]],
        "tau": 1,
        "noise_cov": [[1]],
        "horizon": 3,
        "indefinite": True,
    }
