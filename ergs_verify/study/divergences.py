"""Every agent's total expected divergence from the prior under a joint policy."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from attrs import evolve

from ergs_verify.arithmetic.base import Scalar
from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.game import Game, Policy
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion import evaluate_policy, initial_moment


def divergences(
    game: Game, policy: Policy, arithmetic: MPMath, *, formulas: Formulas | None = None
) -> tuple[Scalar, ...]:
    """KL_i of every agent: its cost in the game with Q = R = 0 and τ = 1."""
    only_entropy = evolve(game, tau_given=Fraction(1), Q=_zeros_like(game.Q), R=_zeros_like(game.R))
    cost = evaluate_policy(only_entropy, policy, arithmetic, formulas=formulas)
    assert cost.q is not None  # MPMath has a logarithm
    start = initial_moment(game, arithmetic)
    return tuple(
        arithmetic.trace(arithmetic.multiply(P[0], start)) + q[0]
        for P, q in zip(cost.P, cost.q, strict=True)
    )


def _zeros_like(matrices: Sequence[Sequence[np.ndarray]]) -> tuple[tuple[np.ndarray, ...], ...]:
    return tuple(
        (np.full(over_time[0].shape, Fraction(0), dtype=object),) * len(over_time)
        for over_time in matrices
    )
