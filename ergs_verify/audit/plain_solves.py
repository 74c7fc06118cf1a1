"""What right solvers lose whose linear solves are stable only in norm: they are run, in float64."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.audit.accuracy import Allowed, Bar, in_units
from ergs_verify.audit.mistakes.numbers import Numbers, of_sequences
from ergs_verify.audit.mistakes.recompute import recomputed
from ergs_verify.audit.mistakes.record import Recomputed
from ergs_verify.errors import NotCertifiedError
from ergs_verify.game import Game
from ergs_verify.recursion import Sequences

__all__ = ["lost_by_plain_solves"]

Solve = Callable[[np.ndarray, np.ndarray], np.ndarray]

#: Another order of the same operations loses as much, give or take so much: on 560 random games of
#: `benchmarks.audit_quality.games` elimination and least squares typed by hand lost up to 29 times
#: as much as these runs.
_GIVE_OR_TAKE = 300.0


class _Solving(Float64):
    """float64 with a given way to solve linear systems, whatever their condition."""

    def __init__(self, solve: Solve):
        self._solve = solve

    def solve(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        if not (np.isfinite(X).all() and np.isfinite(Y).all()):  # LAPACK complains on stdout
            raise NotCertifiedError("a linear system left the range of float64")
        return self._solve(X, Y)


def _least_squares(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return np.linalg.lstsq(X, Y, rcond=None)[0]


def _by_inverse(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return np.linalg.inv(X) @ Y


def _rotated(seed: int) -> Solve:
    """Elimination after the equations were rotated: what rounding does depends on the rotation."""
    draw = np.random.default_rng(seed)

    def solve(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        rotation = np.linalg.qr(draw.normal(size=X.shape))[0]
        return np.linalg.solve(rotation @ X, rotation @ Y)

    return solve


def lost_by_plain_solves(
    game: Game, found: Sequences, allowed: Allowed, letters: Collection[str]
) -> Allowed:
    """The errors that least squares, inverses and elimination leave in an equilibrium, each entry's
    by the worst of its matrix in its natural units; ∞ where one of them breaks off.

    Parameters
    ----------
    found : Sequences
        The equilibrium in float64.
    allowed : mapping from letter to ``[i][t]`` Bar
        Whose units are taken.
    """
    right = of_sequences(found, letters)
    ways = (_least_squares, _by_inverse, *map(_rotated, range(3)))
    with np.errstate(all="ignore"):
        runs = [_run(game, solve, letters) for solve in ways]
        return {
            letter: [
                [
                    _bar([run[letter][i][t] for run in runs], X, bar)
                    for t, (X, bar) in enumerate(zip(agent, bars, strict=True))
                ]
                for i, (agent, bars) in enumerate(zip(right[letter], allowed[letter], strict=True))
            ]
            for letter in letters
        }


def _run(game: Game, solve: Solve, letters: Collection[str]) -> Numbers:
    return recomputed(
        Recomputed(), game.near, _Solving(solve), frozenset({"K", "Sigma", *letters}), partial=True
    )


def _bar(computed: list[np.ndarray], exact: np.ndarray, bar: Bar) -> Bar:
    errors = np.max([abs(np.atleast_2d(X - exact)) for X in computed], axis=0)
    lost = np.where(np.isnan(errors), np.inf, errors)
    return Bar(_GIVE_OR_TAKE * in_units(lost, bar.units), bar.units)
