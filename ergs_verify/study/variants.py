"""Games and policies next to given ones: one agent's answer put in, the prior."""

from __future__ import annotations

import numpy as np

from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.game import Game, Policy
from ergs_verify.recursion import AgentSequences, Sequences


def answered(policy: Policy, response: AgentSequences, arithmetic: MPMath) -> Policy:
    """The joint policy (with Σ) with one agent's part replaced by its best response."""
    alone = Sequences(K=(response.K,), Sigma=(response.Sigma,), P=(response.P,), q=None)
    own = alone.as_policy(arithmetic)
    assert policy.Sigma is not None
    assert own.Sigma is not None
    k = response.agent - 1
    return Policy.from_arrays(
        K=[*policy.K[:k], own.K[0], *policy.K[k + 1 :]],
        Sigma=[*policy.Sigma[:k], own.Sigma[0], *policy.Sigma[k + 1 :]],
    )


def prior_policy(game: Game) -> Policy:
    """Every agent at the prior: K = 0 and Σ = I, the limit of the NE as τ → ∞."""
    T, m = game.horizon, game.state_size
    return Policy.from_arrays(
        K=[[np.zeros((p, m), dtype=int)] * T for p in game.control_sizes],
        Sigma=[[np.eye(p, dtype=int)] * T for p in game.control_sizes],
    )
