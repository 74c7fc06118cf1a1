"""Mistakes in solving a stage: too few inner iterations, least squares at a singular Φ_t."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ergs_verify.arithmetic.base import Matrix
from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.audit.mistakes.given import whole_gain
from ergs_verify.audit.mistakes.inner_loop import Loop, loops_read_off
from ergs_verify.audit.mistakes.numbers import Numbers
from ergs_verify.audit.mistakes.record import FLOAT64, Mistake, Recomputed, freedom
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game
from ergs_verify.paper import notation
from ergs_verify.recursion.backward_induction import block_system, by_agent
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages

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


def last_ridge(game: Game, stated: Numbers) -> float | None:
    """The λ for which (Φ + λI)𝓚 = −r at the last stage, as well as any; None where 𝓚 is 0."""
    stages = Stages(game.near, FLOAT64, constants=False)
    stage = stages.at(game.horizon - 1, stages.terminal())
    phi, rhs = block_system(stages, stage)
    last = game.horizon - 1
    K = np.concatenate([whole_gain(game, stated, i, last) for i in range(game.agents)])
    size = float(np.vdot(K, K))
    return float(np.vdot(K, -(phi @ K + rhs))) / size if size > 0 else None


def _ridged(game: Game, stated: Numbers) -> Iterator[Recomputed]:
    found = last_ridge(game, stated)
    if found is None or not np.isfinite(found) or found == 0:
        return

    def gains(stages: Stages, stage: Evaluator, _played: Sequence[Stage]) -> list[np.ndarray]:
        phi, rhs = block_system(stages, stage)
        return by_agent(stages, -stages.arithmetic.solve(phi + found * np.eye(len(phi)), rhs))

    numbers = sum(X.size for X in stated["K"])
    yield Recomputed(
        gains=gains,
        arithmetic=FLOAT64,
        freedom=freedom(numbers),
        detail=f"here by {found:.6g} times I",
    )


def _zero(stages: Stages, _stage: Evaluator, _played: Sequence[Stage]) -> list[Matrix]:
    m = stages.game.state_size
    return [stages.arithmetic.zeros(p, m) for p in stages.game.control_sizes]


def _led_by(leader: int) -> Recomputed:
    """Of two agents one moves first at each stage, and knows what the other will answer."""

    def gains(stages: Stages, stage: Evaluator, _played: Sequence[Stage]) -> list[np.ndarray]:
        follower = 3 - leader
        A, B, P = stage(notation.A), stage(notation.B(leader)), stage(notation.P(leader))
        answers = stage(notation.B(follower)).T @ stage(notation.P(follower))
        answer = -stages.arithmetic.solve(stage(notation.W(follower)), answers)
        moved = np.eye(len(A)) + stage(notation.B(follower)) @ answer
        push, loop = moved @ B, moved @ A
        weight = stage(notation.W(leader)) - B.T @ P @ B + push.T @ P @ push
        first = -stages.arithmetic.solve(weight, push.T @ P @ loop)
        second = answer @ (A + B @ first)
        return [first, second] if leader == 1 else [second, first]

    return Recomputed(gains=gains, arithmetic=FLOAT64)


MISTAKES = (
    Mistake(
        id="few-iterations",
        message="the inner loop of simultaneous best responses stops too early, or diverges",
        look_at="Algorithm 1's L at each stage; solve Φ_t 𝓚 = −r instead",
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
        look_at="the number of rounds at each stage; solve Φ_t 𝓚 = −r instead, or declare "
        "--tolerance",
        variants=lambda game: (_IN_TURN.stopped([1] * game.horizon, said="1 round"),),
        fitted=_read_off(
            _IN_TURN, Loop(in_turn=True, warm=True), Loop(in_turn=True, from_alone=True)
        ),
    ),
    Mistake(
        id="ridge",
        message="a multiple of I is added to Φ_t before its equations are solved",
        look_at="what is added to the diagonal, as damping or against ill-conditioning",
        variants=lambda game: (),
        fitted=_ridged,
        like_rounding=True,
    ),
    Mistake(
        id="K-zero",
        message="all gains are 0",
        look_at="whether the solver wrote into the arrays that it returns",
        variants=lambda game: (Recomputed(gains=_zero),),
    ),
    Mistake(
        id="stackelberg-for-nash",
        message="one agent leads, and the other responds to it",
        look_at="Φ_t 𝓚 = −r: both take the other's gain as given",
        variants=lambda game: (
            (_led_by(1), _led_by(2)) if game.agents == 2 and not game.general else ()
        ),
    ),
    Mistake(
        id="least-squares",
        message="the equations of a singular Φ_t are solved by least squares",
        look_at="lstsq or pinv at a stage where there is no equilibrium or a continuum of them",
        variants=lambda game: (Recomputed(arithmetic=LeastSquares()),),
    ),
)
