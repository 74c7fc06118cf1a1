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
    """The cost of a joint policy for every agent, by the derived formulas in any arithmetic.

    Parameters
    ----------
    game : Game
    policy : Policy
        Without Σ it is deterministic, and judged in the plain game with R + (τ/2)I for R.
    arithmetic : Arithmetic
    formulas : Formulas, optional
        Stage formulas to use in place of the derived ones.
    progress : function of two int, optional
        Told how many stages are done, and of how many.

    Returns
    -------
    Sequences
        Sigma is zero if the policy is deterministic.

    Raises
    ------
    InputError
        If the policy does not fit the game.
    NotCertifiedError
        If τ > 0 and a Σ is not positive definite in this arithmetic: the cost is then infinite.

    Notes
    -----
    P_t and q_t of equation (24) of the paper, as corrected.

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
