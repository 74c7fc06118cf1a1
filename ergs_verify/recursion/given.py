"""A given policy's covariances in an arithmetic; zeros where it is deterministic."""

from __future__ import annotations

from ergs_verify.arithmetic.base import Matrix
from ergs_verify.game import Policy
from ergs_verify.recursion.stages import Stages

__all__ = ["given_covariances"]


def given_covariances(stages: Stages, policy: Policy, t: int) -> list[Matrix]:
    if policy.Sigma is None:
        return [stages.arithmetic.zeros(p, p) for p in stages.game.control_sizes]
    return [stages.enter(covariances[t]) for covariances in policy.Sigma]
