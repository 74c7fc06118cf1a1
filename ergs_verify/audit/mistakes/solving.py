"""Mistakes in solving a stage: too few inner iterations, least squares at a singular Φ_t."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.audit.mistakes.inner_loop import Loop, loops_read_off
from ergs_verify.audit.mistakes.numbers import Numbers
from ergs_verify.audit.mistakes.record import Mistake, Recomputed
from ergs_verify.errors import NotCertifiedError
from ergs_verify.game import Game

__all__ = ["MISTAKES"]

_AT_ONCE, _IN_TURN = Loop(in_turn=False), Loop(in_turn=True)


class LeastSquares(Float64):
    """float64 in which a linear system that looks singular is solved by least squares.

    Of a regular one that is a right way to solve: its rounding is no mistake.
    """

    def solve(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        if not (np.isfinite(X).all() and np.isfinite(Y).all()):  # LAPACK complains on stdout
            raise NotCertifiedError("a linear system left the range of float64")
        found, _, rank, _ = np.linalg.lstsq(X, Y, rcond=None)
        return found if rank < len(X) else super().solve(X, Y)


def _read_off(*loops: Loop) -> Callable[[Game, Numbers], Iterator[Recomputed]]:
    return lambda game, stated: loops_read_off(game, stated, loops)


MISTAKES = (
    Mistake(
        id="few-iterations",
        message="the inner loop of simultaneous best responses stops too early, or diverges",
        look_at="Algorithm 1's L at each stage: solve Φ_t 𝓚 = −r instead",
        variants=lambda game: (_AT_ONCE.stopped([1] * game.horizon, said="1 round"),),
        fitted=_read_off(
            _AT_ONCE,
            Loop(in_turn=False, warm=True),
            Loop(in_turn=False, damped=True),
            Loop(in_turn=False, damped=True, warm=True),
        ),
    ),
    Mistake(
        id="few-iterations-in-turn",
        message="the inner loop of best responses taken in turn stops too early, or diverges",
        look_at="the number of rounds at each stage: solve Φ_t 𝓚 = −r instead",
        variants=lambda game: (_IN_TURN.stopped([1] * game.horizon, said="1 round"),),
        fitted=_read_off(_IN_TURN, Loop(in_turn=True, warm=True)),
    ),
    Mistake(
        id="least-squares",
        message="a singular Φ_t is answered by least squares",
        look_at="lstsq or pinv at a stage where there is no equilibrium or a continuum of them",
        variants=lambda game: (Recomputed(arithmetic=LeastSquares()),),
    ),
)
