"""The gains of a stage's equilibrium, in any arithmetic."""

from __future__ import annotations

from fractions import Fraction

from ergs_verify.arithmetic.base import Matrix
from ergs_verify.evaluate import Evaluator
from ergs_verify.recursion.backward_induction import block_system, by_agent
from ergs_verify.recursion.stages import Stages


def equilibrium_gains(stages: Stages, stage: Evaluator) -> list[Matrix]:
    """Every agent's block row of −Φ_t⁻¹r, at a stage that knows P_{t+1}."""
    arithmetic = stages.arithmetic
    solved = arithmetic.solve(*block_system(stages, stage))
    return by_agent(stages, arithmetic.scale(arithmetic.scalar(Fraction(-1)), solved))
