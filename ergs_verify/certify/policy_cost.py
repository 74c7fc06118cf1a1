"""What a given policy costs each agent, enclosed: P_t and q_t of equation (24), corrected."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from attrs import frozen

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.loewner import Bracket
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game, Policy
from ergs_verify.paper import notation
from ergs_verify.recursion.gap import played_stages
from ergs_verify.recursion.given import in_state_of
from ergs_verify.recursion.stages import Stages


@frozen(eq=False)
class EnclosedCosts:
    """Costs in balls, ``P[i][t]`` and ``q[i][t]`` for t = 0…T."""

    P: tuple[tuple[Any, ...], ...]
    q: tuple[tuple[Any, ...], ...]
    balls: Balls


def enclosed_costs(game: Game, policy: Policy, bits: int) -> EnclosedCosts:
    """Every agent's cost of a joint policy, kept between exact matrices in the Loewner order.

    A policy without Σ is judged in the plain game with R + (τ/2)I for R.

    Raises
    ------
    InputError
        Where the policy does not fit the game.
    NotCertifiedError
        Where τ > 0 and a Σ is not known to be definite at so many bits: a singular one makes q
        infinite.

    Examples
    --------
    >>> from ergs_verify import Game, Policy
    >>> from ergs_verify.certify.policy_cost import enclosed_costs
    >>> game = Game.from_arrays(A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=0,
    ...     noise_cov=[[3]], horizon=1)
    >>> costs = enclosed_costs(game, Policy.from_arrays(K=[[[["-1/2"]]]]), bits=64)
    >>> costs.P[0][0], costs.q[0][0]
    ([1.50000000000000], Ball(3.00000000000000))
    """
    policy.validate(game)
    stages = Stages(game, Balls(bits), symmetric=True, deterministic=policy.Sigma is None)
    played = played_stages(stages, in_state_of(game, policy))
    pairs = [_of_agent(stages, played, agent) for agent in stages.agents]
    return EnclosedCosts(
        P=tuple(P for P, _ in pairs), q=tuple(q for _, q in pairs), balls=stages.arithmetic
    )


def _of_agent(
    stages: Stages[Balls], played: Sequence[Evaluator], agent: int
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    balls, letter, number = stages.arithmetic, notation.P(agent), notation.q(agent)
    cost = Bracket.around(stages.terminal().P[agent - 1], balls)
    P, q = [stages.terminal().P[agent - 1]], [balls.scalar(Fraction(0))]
    for t in reversed(range(len(played))):
        stage = played[t]
        known = stage.with_values({letter: P[-1], number: q[-1]})
        q.append(stages.constant(known, "policy_constant", agent, t))
        cost = cost.along(stage, letter, stages.formula("policy_cost", agent), balls)
        P.append(cost.ball(balls))
    return tuple(P[::-1]), tuple(q[::-1])
