"""A given policy's covariances in an arithmetic; zeros where it is deterministic."""

from __future__ import annotations

from ergs_verify.arithmetic.base import Matrix
from ergs_verify.game import Game, Policy
from ergs_verify.recursion.stages import Stages


def in_state_of(game: Game, policy: Policy) -> Policy:
    """The policy in the state that the game is computed in: (1, x) where it has affine terms."""
    return policy.homogeneous if game.affine else policy


def given_covariances(stages: Stages, policy: Policy, t: int) -> list[Matrix]:
    if policy.Sigma is None:
        return [stages.arithmetic.zeros(p, p) for p in stages.game.control_sizes]
    return [stages.enter(covariances[t]) for covariances in policy.Sigma]
