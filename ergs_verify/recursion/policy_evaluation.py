"""The cost x'P_t x + q_t of a given joint policy, for every agent."""

from __future__ import annotations

from collections.abc import Iterator

from ergs_verify.arithmetic.base import Arithmetic
from ergs_verify.game import Game, Policy
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion.given import given_covariances, in_state_of
from ergs_verify.recursion.records import Sequences, Stage
from ergs_verify.recursion.stages import Progress, Stages


def evaluate_policy(
    game: Game,
    policy: Policy,
    arithmetic: Arithmetic,
    *,
    formulas: Formulas | None = None,
    progress: Progress | None = None,
) -> Sequences:
    """Every agent's P_t and q_t under a joint policy: equation (24) of the paper, corrected.

    A policy without Σ is deterministic and judged in the plain game with R + (τ/2)I for R; its
    Sigma is returned as zeros.

    Raises
    ------
    InputError
        Where the policy does not fit the game.
    NotCertifiedError
        Where τ > 0 and log det Σ cannot be had: a singular Σ has infinite cost.

    Examples
    --------
    >>> from ergs_verify.arithmetic import Rationals
    >>> from ergs_verify.game import Game, Policy
    >>> from ergs_verify.recursion import evaluate_policy
    >>> game = Game.from_arrays(A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=0,
    ...     noise_cov=[[3]], horizon=1)
    >>> cost = evaluate_policy(game, Policy.from_arrays(K=[[[["-1/2"]]]]), Rationals())
    >>> cost.P[0][0], cost.q[0][0]
    ([3/2], 3)
    """
    policy.validate(game)
    stages = Stages(game, arithmetic, formulas, deterministic=policy.Sigma is None)
    policy = in_state_of(game, policy)
    terminal = stages.terminal()
    played = []
    for stage in _backwards(stages, terminal, policy):
        played.append(stage)
        if progress:
            progress(len(played), game.horizon)
    return Sequences.from_backwards(terminal, played)


def _backwards(stages: Stages, terminal: Stage, policy: Policy) -> Iterator[Stage]:
    ahead = terminal
    for t in reversed(range(stages.game.horizon)):
        K = [stages.enter(gains[t]) for gains in policy.K]
        Sigma = given_covariances(stages, policy, t)
        ahead = stages.evaluated(stages.at(t, ahead), K, Sigma, t)
        yield ahead
