"""Mistakes in solving a stage: too few inner iterations, least squares at a singular Φ_t."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ergs_verify.arithmetic.base import Matrix
from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.audit.mistakes.record import Gains, Mistake, Recomputed
from ergs_verify.evaluate import Evaluator
from ergs_verify.recursion.equilibrium import block_system, by_agent
from ergs_verify.recursion.stages import Stages

__all__ = ["MISTAKES"]

#: Few, and round numbers that people choose.
_COUNTS = (*range(1, 11), 15, 20, 25, 30, 50, 100, 200)


class LeastSquares(Float64):
    """float64 in which every linear system is solved by least squares of least norm."""

    def solve(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        return np.linalg.lstsq(X, Y, rcond=None)[0]


def _iterated(count: int, *, sequential: bool) -> Gains:
    """`count` rounds of best responses a stage, from zero gains: all at once, or in turn.

    With M the block diagonal of Φ_t, in turn its lower block triangle, a round is
    𝓚 ← M⁻¹((M − Φ_t)𝓚 − r).
    """

    def gains(stages: Stages, stage: Evaluator) -> list[Matrix]:
        arithmetic = stages.arithmetic
        phi, rhs = block_system(stages, stage)
        answered = _answered(stages, stage, sequential)
        minus = arithmetic.scalar(Fraction(-1))
        left = arithmetic.add(answered, arithmetic.scale(minus, phi))
        again = arithmetic.solve(answered, left)
        first = found = arithmetic.scale(minus, arithmetic.solve(answered, rhs))
        for _ in range(count - 1):
            found = arithmetic.add(arithmetic.multiply(again, found), first)
        return by_agent(stages, found)

    return gains


def _answered(stages: Stages, stage: Evaluator, sequential: bool) -> Matrix:
    """The blocks of Φ_t that a round solves for; the others' gains are those of the last."""
    sizes = stages.game.control_sizes

    def block(k: int, other: int) -> Matrix:
        if k == other:
            return stage(stages.formula("phi_diagonal", k))
        if sequential and other < k:
            return stage(stages.formula("phi_off_diagonal", k, other))
        return stages.arithmetic.zeros(sizes[k - 1], sizes[other - 1])

    return stages.arithmetic.blocks([[block(k, n) for n in stages.agents] for k in stages.agents])


def _rounds(sequential: bool) -> tuple[Recomputed, ...]:
    return tuple(
        Recomputed(
            gains=_iterated(L, sequential=sequential),
            detail=f"here after {L} round{'s' * (L > 1)}",
        )
        for L in _COUNTS
    )


_AT_ONCE, _IN_TURN = _rounds(sequential=False), _rounds(sequential=True)

MISTAKES = (
    Mistake(
        id="few-iterations",
        message="the inner loop of simultaneous best responses stops too early, or diverges",
        look_at="Algorithm 1's L at each stage: solve Φ_t 𝓚 = −r instead",
        variants=lambda game: _AT_ONCE,
    ),
    Mistake(
        id="few-iterations-in-turn",
        message="the inner loop of best responses taken in turn stops too early, or diverges",
        look_at="the number of rounds at each stage: solve Φ_t 𝓚 = −r instead",
        variants=lambda game: _IN_TURN,
    ),
    Mistake(
        id="least-squares",
        message="a singular Φ_t is answered by least squares",
        look_at="lstsq or pinv at a stage where there is no equilibrium or a continuum of them",
        variants=lambda game: (Recomputed(arithmetic=LeastSquares()),),
    ),
)
