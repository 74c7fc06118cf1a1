"""Random general games: every letter beyond the paper's class, given or not."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

from ergs_verify.game import Game

SIZES = {"m": 2, "p": (1, 2), "T": 3}


def numbers(draw: random.Random, *shape: int) -> Any:
    """Nested lists of small dyadic rationals: exact as floats too."""
    if not shape:
        return Fraction(draw.randint(-16, 16), 8)
    return [numbers(draw, *shape[1:]) for _ in range(shape[0])]


def definite(draw: random.Random, size: int) -> Any:
    """Diagonally dominant, so positive definite."""
    X = numbers(draw, size, size)
    return [
        [(X[r][c] + X[c][r]) / 2 + (3 * size if r == c else 0) for c in range(size)]
        for r in range(size)
    ]


def letters(seed: int, m: int = 2, p: tuple[int, ...] = (1, 2), T: int = 3) -> dict[str, Any]:
    """Every key of a general game, some constant over time and some not, some wide."""
    draw, n = random.Random(seed), sum(p)
    agents = range(len(p))

    def often(make, length):
        return [make() for _ in range(length)] if draw.random() < 0.5 else make()

    wide = {(letter, i): draw.choice((p[i], n)) for letter in "RSu" for i in agents}

    return {
        "A": often(lambda: numbers(draw, m, m), T),
        "B": [often(lambda i=i: numbers(draw, m, p[i]), T) for i in agents],
        "Q": [often(lambda: definite(draw, m), T + 1) for _ in agents],
        "R": [often(lambda i=i: definite(draw, wide["R", i]), T) for i in agents],
        "S": [often(lambda i=i: numbers(draw, wide["S", i], m), T) for i in agents],
        "drift": often(lambda: numbers(draw, m), T),
        "x_linear": [often(lambda: numbers(draw, m), T + 1) for _ in agents],
        "u_linear": [often(lambda i=i: numbers(draw, wide["u", i]), T) for i in agents],
        "tau": [often(lambda: abs(numbers(draw)) + 1, T) for _ in agents],
        "discount": [Fraction(draw.randint(1, 8), 8) for _ in agents],
        "prior": [
            {
                "gain": often(lambda i=i: numbers(draw, p[i], m), T),
                "mean": often(lambda i=i: numbers(draw, p[i]), T),
                "cov": definite(draw, p[i]),
            }
            if i or draw.random() < 0.5
            else None
            for i in agents
        ],
        "noise_cov": often(lambda: definite(draw, m), T),
        "x0_mean": numbers(draw, m),
        "x0_cov": definite(draw, m),
        "horizon": T,
    }


def general_game(seed: int, **changes: Any) -> Game:
    """A game of all those keys; a key that is changed to None is left out."""
    given = {**letters(seed), **changes}
    return Game.from_arrays(**{key: value for key, value in given.items() if value is not None})
