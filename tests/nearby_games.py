"""What roundings do, another way: games with moved data solved anew, each product rounded.

The derived recursion is run, at a precision at which its own rounding does not count, on a few
games whose data differ from the given ones by random signs times u = 2⁻⁵³, relative to each entry;
every product, linear system and solution moves by u besides (`Rounding`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import attrs
import numpy as np

from ergs_verify.arithmetic.base import Matrix
from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.exact import UNIT, fractions
from ergs_verify.game import Game
from ergs_verify.game.letters import GAME, Letter
from ergs_verify.study.numbers import Numbers, distance, size

#: By letter, agent and time: how far a matrix moves, its own rounding included.
Moves = dict[str, list[list[Any]]]


class Rounding(MPMath):
    """mpmath in which products, systems and solutions move by random signs times u, entrywise.

    Parameters
    ----------
    seed : int
        Of the signs.

    Notes
    -----
    It carries 128 bits: a move of about u is then known to 20 digits.
    """

    name = "mpmath, rounded at random"

    def __init__(self, seed: int):
        super().__init__(bits=128)
        self._draw = random.Random(seed)
        self._unit = self.scalar(UNIT)
        self._up, self._down = self.scalar(1 + UNIT), self.scalar(1 - UNIT)

    def multiply(self, X: Matrix, Y: Matrix) -> Matrix:
        return self._moved(super().multiply(X, Y))

    def solve(self, X: Matrix, Y: Matrix) -> Matrix:
        return self._moved(super().solve(self._moved_rows(X), self._moved(Y)))

    def _moved(self, X: Matrix) -> Matrix:
        up, down = self._up, self._down
        coin = self._draw.random
        return [[x * (up if coin() < 0.5 else down) for x in row] for row in X]

    def _moved_rows(self, X: Matrix) -> Matrix:
        # Elimination fills zeros in: an entry moves by u times its row's largest.
        coin = self._draw.random
        moved = []
        for row in X:
            step = self._unit * max(map(abs, row))
            moved.append([x + step if coin() < 0.5 else x - step for x in row])
        return moved


def perturbed(game: Game, P: Sequence[Sequence[np.ndarray]], seed: int) -> Game:
    """A game within one rounding of a given one, which has no affine terms (`Game.homogeneous`).

    Parameters
    ----------
    P : ``[i][t]`` of m×m
        The costs whose rounding the Q_t take over.
    seed : int
        Of the random signs.
    """
    draw = np.random.default_rng(seed)

    def moved(letter: Letter, value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return Fraction(value) * (1 + int(draw.choice((-1, 1))) * UNIT)
        exact = np.array(fractions(np.atleast_2d(value)), dtype=object)
        signs = _signs(draw, exact.shape, bool(letter.needs))
        return (exact + exact * signs * UNIT).reshape(value.shape)

    def moved_cost(Q: np.ndarray, P_t: np.ndarray) -> np.ndarray:
        exact = np.array(fractions(Q), dtype=object)
        return exact + _rounding(P_t) * _signs(draw, exact.shape, True) * UNIT

    changed: dict[str, Any] = {}
    for letter in GAME:
        if letter.name == "Q":
            changed["Q"] = tuple(
                tuple(moved_cost(X, P_t) for X, P_t in zip(Q_i, P_i, strict=True))
                for Q_i, P_i in zip(game.Q, P, strict=True)
            )
        else:
            changed |= letter.changed(letter.mapped(letter.of(game), partial(moved, letter)))
    return attrs.evolve(game, **changed)


def moves(reference: Numbers, samples: Sequence[Numbers]) -> dict[str, list[list[Any]]]:
    """The largest move among the samples of K, Σ and P, and the rounding of what comes out."""
    unit = MPMath(bits=128).scalar(UNIT)
    return {
        letter: [
            [
                unit * size(X) + max(distance(X, one[letter][i][t]) for one in samples)
                for t, X in enumerate(over_time)
            ]
            for i, over_time in enumerate(reference[letter])
        ]
        for letter in ("K", "Sigma", "P")
    }


def _rounding(P: np.ndarray) -> np.ndarray:
    roots = [Fraction(math.sqrt(abs(float(x)))) for x in np.diagonal(P)]
    return np.array(
        [
            [max(x * y, Fraction(abs(float(z)))) for y, z in zip(roots, row, strict=True)]
            for x, row in zip(roots, P.tolist(), strict=True)
        ],
        dtype=object,
    )


def _signs(draw: np.random.Generator, shape: tuple[int, ...], symmetric: bool) -> np.ndarray:
    signs = draw.choice((-1, 1), size=shape)
    if symmetric:
        signs = np.triu(signs) + np.triu(signs, 1).T
    return np.array(signs.tolist(), dtype=object).reshape(shape)
