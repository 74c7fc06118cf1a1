"""Mistakes in solving a stage: too few inner iterations, least squares at a singular Φ_t."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import partial

import numpy as np

from ergs_verify import engine
from ergs_verify.arithmetic.base import Matrix
from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.audit.mistakes.numbers import Numbers
from ergs_verify.audit.mistakes.record import Gains, Mistake, Recomputed
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game
from ergs_verify.recursion.equilibrium import block_system, by_agent
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages

__all__ = ["MISTAKES"]

#: Of rounds that are tried: a loop that needs more hardly moves.
_MOST_ROUNDS = 2000
#: What a round changes, relative to the largest gain, where the loop has converged: enough above
#: rounding that the rounds before can be told apart. And how near to the stated gains it must come.
_CONVERGED, _NEAR = 1e-12, 1e-3


class LeastSquares(Float64):
    """float64 in which a linear system that looks singular is solved by least squares.

    Of a regular one that is a right way to solve: its rounding is no mistake.
    """

    def solve(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        found, _, rank, _ = np.linalg.lstsq(X, Y, rcond=None)
        return found if rank < len(X) else super().solve(X, Y)


def _iterated(count: int, *, in_turn: bool) -> Gains:
    """`count` rounds of best responses a stage, from zero gains: all at once, or in turn."""

    def gains(stages: Stages, stage: Evaluator) -> list[Matrix]:
        arithmetic = stages.arithmetic
        power, first = again, found = _round(stages, stage, in_turn)
        for bit in bin(count)[3:]:  # 𝓚_2n = 𝓚_n + Gⁿ 𝓚_n
            found = arithmetic.add(found, arithmetic.multiply(power, found))
            power = arithmetic.multiply(power, power)
            if bit == "1":
                found = arithmetic.add(first, arithmetic.multiply(again, found))
                power = arithmetic.multiply(again, power)
        return by_agent(stages, found)

    return gains


def _round(stages: Stages, stage: Evaluator, in_turn: bool) -> tuple[Matrix, Matrix]:
    """G = M⁻¹(M − Φ_t) and g = −M⁻¹r: a round is 𝓚 ← G𝓚 + g.

    M is the block diagonal of Φ_t, in turn its lower block triangle.
    """
    arithmetic = stages.arithmetic
    phi, rhs = block_system(stages, stage)
    answered = _answered(stages, stage, in_turn)
    minus = arithmetic.scalar(Fraction(-1))
    left = arithmetic.add(answered, arithmetic.scale(minus, phi))
    first = arithmetic.scale(minus, arithmetic.solve(answered, rhs))
    return arithmetic.solve(answered, left), first


def _answered(stages: Stages, stage: Evaluator, in_turn: bool) -> Matrix:
    """The blocks of Φ_t that a round solves for; the others' gains are those of the last."""
    sizes = stages.game.control_sizes

    def block(k: int, other: int) -> Matrix:
        if k == other:
            return stage(stages.formula("phi_diagonal", k))
        if in_turn and other < k:
            return stage(stages.formula("phi_off_diagonal", k, other))
        return stages.arithmetic.zeros(sizes[k - 1], sizes[other - 1])

    return stages.arithmetic.blocks([[block(k, n) for n in stages.agents] for k in stages.agents])


def _rounds(count: int, *, in_turn: bool) -> Recomputed:
    return Recomputed(
        gains=_iterated(count, in_turn=in_turn),
        detail=f"here after {count} round{'s' * (count > 1)}",
    )


def _counted(game: Game, stated: Numbers, *, in_turn: bool) -> Iterator[Recomputed]:
    """As many rounds as lead nearest to the stated gains, at the last stage that tells.

    A stage where the loop has converged does not tell; the one before it is asked then, after
    which the stated policy is played.
    """
    stages = Stages(game, Float64())
    P = engine.evaluate_policy(game.floats(), stated["K"], None).P
    with suppress(NotCertifiedError):
        for t in reversed(range(game.horizon)):
            ahead = Stage(K=(), Sigma=(), P=tuple(X[t + 1] for X in P), q=None)
            K = np.concatenate([X[t] for X in stated["K"]])
            count, error, tells = _nearest(K, *_round(stages, stages.at(t, ahead), in_turn))
            if error > _NEAR:
                return
            if tells:
                yield _rounds(count, in_turn=in_turn)
                return


def _nearest(stated: np.ndarray, again: np.ndarray, first: np.ndarray) -> tuple[int, float, bool]:
    """After how many rounds gains are nearest, how near, and whether they still change there."""
    size, found = abs(stated).max() or 1.0, first
    errors, converged = [np.inf], False  # by number of rounds
    while len(errors) <= _MOST_ROUNDS and np.isfinite(found).all() and not converged:
        errors.append(abs(found - stated).max() / size)
        found, before = again @ found + first, found
        converged = abs(found - before).max() <= _CONVERGED * abs(found).max()
    best = int(np.argmin(errors))
    return best, errors[best], best + 1 < len(errors) or not converged


MISTAKES = (
    Mistake(
        id="few-iterations",
        message="the inner loop of simultaneous best responses stops too early, or diverges",
        look_at="Algorithm 1's L at each stage: solve Φ_t 𝓚 = −r instead",
        variants=lambda game: (_rounds(1, in_turn=False),),
        fitted=partial(_counted, in_turn=False),
    ),
    Mistake(
        id="few-iterations-in-turn",
        message="the inner loop of best responses taken in turn stops too early, or diverges",
        look_at="the number of rounds at each stage: solve Φ_t 𝓚 = −r instead",
        variants=lambda game: (_rounds(1, in_turn=True),),
        fitted=partial(_counted, in_turn=True),
    ),
    Mistake(
        id="least-squares",
        message="a singular Φ_t is answered by least squares",
        look_at="lstsq or pinv at a stage where there is no equilibrium or a continuum of them",
        variants=lambda game: (Recomputed(arithmetic=LeastSquares()),),
    ),
)
