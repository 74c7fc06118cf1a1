"""NE, Algorithm 1, policy evaluation and best response, by the derived formulas in any arithmetic.

Every function takes a game, an arithmetic (`ergs_verify.arithmetic`) and a record `Formulas`, the
derived one by default; a misprint or a planted fault runs through the same code.
"""

from __future__ import annotations

from ergs_verify.recursion.backward_induction import block_system, by_agent
from ergs_verify.recursion.best_response import best_response
from ergs_verify.recursion.equilibrium import nash
from ergs_verify.recursion.gap import (
    AgentGap,
    gaps,
    initial_moment,
    second_moments,
    second_order_coefficients,
)
from ergs_verify.recursion.inner_loop import algorithm_1
from ergs_verify.recursion.policy_evaluation import evaluate_policy
from ergs_verify.recursion.records import AgentSequences, Sequences
from ergs_verify.recursion.singular import decide_singular

__all__ = [
    "AgentGap",
    "AgentSequences",
    "Sequences",
    "algorithm_1",
    "best_response",
    "block_system",
    "by_agent",
    "decide_singular",
    "evaluate_policy",
    "gaps",
    "initial_moment",
    "nash",
    "second_moments",
    "second_order_coefficients",
]
