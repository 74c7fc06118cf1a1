"""What a stationary policy costs each agent, enclosed: P = H-form + γF'PF, and q."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ergs_verify.arithmetic.balls import Ball, Balls
from ergs_verify.certify.policy_cost import EnclosedCosts
from ergs_verify.certify.stationary_gap import corner, cost_near
from ergs_verify.certify.stein import stable
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game, Policy
from ergs_verify.paper import notation
from ergs_verify.recursion.gap import played_stages
from ergs_verify.recursion.given import in_state_of
from ergs_verify.recursion.stages import Stages


def lasting_constant(stages: Stages[Balls], played: Evaluator, agent: int) -> Ball:
    """q of a stationary policy: the discounted sum of a stage's constant; that itself if γ = 1.

    `played` knows the agent's P, and everybody's K and Σ.
    """
    known = played.with_values({notation.q(agent): stages.arithmetic.scalar(Fraction(0))})
    constant = stages.constant(known, "policy_constant", agent, 0)
    if stages.relative:
        constant += corner(known(stages.formula("policy_cost", agent)), stages.arithmetic)
    rate = stages.game.discount[agent - 1]
    return constant if rate == 1 else constant / stages.arithmetic.scalar(1 - rate)


def enclosed_stationary_costs(
    game: Game, policy: Policy, bits: int, *, constants: bool = True
) -> EnclosedCosts:
    """Every agent's cost of a stationary policy, ``P[i][0]`` and ``q[i][0]``.

    A policy without Σ is judged in the plain game with R + (τ/2)I for R.

    Parameters
    ----------
    constants : bool
        Whether q is wanted; else it is empty.

    Raises
    ------
    NotCertifiedError
        Where the policy is not proved stable at so many bits, or q has no value.

    Examples
    --------
    >>> from ergs_verify import Game, Policy
    >>> from ergs_verify.certify.stationary_cost import enclosed_stationary_costs
    >>> game = Game.from_arrays(A=[[1]], B=[[[1]]], Q=[[[3]]], R=[[[1]]], tau=0, discount="1/2",
    ...     noise_cov=[[1]], horizon="infinite")
    >>> costs = enclosed_stationary_costs(game, Policy.from_arrays(K=[[[0]]]), bits=64)
    >>> float(costs.P[0][0][0, 0].mid())
    6.0
    """
    policy.validate(game)
    stages = Stages(game.one_stage, Balls(bits), symmetric=True, deterministic=policy.Sigma is None)
    [played] = played_stages(stages, in_state_of(game.one_stage, policy.one_stage))
    size = stages.game.state_size
    nothing, loops = stages.arithmetic.zeros(size, size), {}
    P: list[tuple[Any, ...]] = []
    q: list[tuple[Any, ...]] = []
    for agent in stages.agents:
        rate, letter = stages.game.discount[agent - 1], notation.P(agent)
        if rate not in loops:
            loops[rate] = stable(played(notation.F), rate, stages.arithmetic, one=stages.relative)
        near = cost_near(stages, played, agent, rate)
        if loops[rate] is None or near is None:
            raise NotCertifiedError(f"the policy is not proved stable with {bits} bits")
        form = played.with_values({letter: nothing})(stages.formula("policy_cost", agent))
        cost = loops[rate].enclosure(near, form)
        P.append((cost,))
        if constants and stages.has_constants:
            known = played.with_values({letter: cost})
            q.append((lasting_constant(stages, known, agent),))
    return EnclosedCosts(P=tuple(P), q=tuple(q), balls=stages.arithmetic)
