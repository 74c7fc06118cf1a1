"""How far a policy is from an equilibrium: every agent's gap, enclosed by the gap identity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from operator import add
from typing import Any

from attrs import evolve

from ergs_verify.answer import policy_of
from ergs_verify.arithmetic.balls import Ball, Balls
from ergs_verify.certify.covariances import demand_covariances, slack, slacks
from ergs_verify.certify.enclosure import INFINITE, Enclosure
from ergs_verify.certify.exactly import plays_best_response
from ergs_verify.certify.gap_parts import gap_parts, has_density, with_moments
from ergs_verify.certify.gap_result import AgentGap, CertifiedGap, StageGap
from ergs_verify.certify.precision import MOST_BITS, rising, tolerance_of
from ergs_verify.certify.stationary_gap import certify_stationary_gap
from ergs_verify.errors import NotCertifiedError, UnboundedCostError
from ergs_verify.game import Game, Policy
from ergs_verify.game.game import expect_game
from ergs_verify.recursion.gap import played_stages
from ergs_verify.recursion.given import in_state_of
from ergs_verify.recursion.stages import Stages

#: Called with the stages done and all stages of one attempt; a new attempt has more bits.
Progress = Callable[[int, int], None]


def certify_gap(
    game: Game,
    policy: Any,
    tolerance: Any = 1e-3,
    *,
    first_bits: int = 128,
    most_bits: int = MOST_BITS,
    progress: Progress | None = None,
) -> CertifiedGap:
    """Enclose what every agent can gain by deviating alone: J^i(π) − min over its policies.

    Parameters
    ----------
    game : Game
    policy : Policy, Solution, or a mapping or an object with K and optionally Sigma
        ``[i][t]``: K p_i×m and Sigma p_i×p_i for t = 0…T−1. Without Sigma the policy is
        deterministic, and judged in the plain game with R + (τ/2)I for R. Floats are the dyadic
        rationals they are.
    tolerance : number, default 1e-3
        The relative width of each enclosure.
    first_bits : int
        The precision to begin with.
    most_bits : int
        The highest precision; if it does not suffice the verdict is ``"undecided"``.
    progress : function of two int, optional
        Told how many stages are done, and of how many. It starts again at each precision.

    Returns
    -------
    CertifiedGap

    Raises
    ------
    InputError
        If `policy` is not a policy or does not fit the game, or `tolerance` is bad.
    NotCertifiedError
        If not even a wide enclosure is found within `most_bits`.

    Notes
    -----
    The gap is that of Definition II.1 of [1]_. The gap identity, which :doc:`/explanation/theory`
    states in "How far from an equilibrium", gives it as a sum of nonnegative terms, so that nothing
    cancels. The best responses' costs and the second moments of the state are kept between exact
    matrices in the order of positive semidefinite matrices. A covariance of noise or x_0 that
    rounding left slightly indefinite stands for all covariances within 4mu‖·‖ of it, u = 2⁻⁵³.

    References
    ----------
    .. [1] M. A. uz Zaman, S. Aggarwal, M. Bastopcu and T. Başar, Policy Optimization finds Nash
       Equilibrium in Regularized General-Sum LQ Games, Conference on Decision and Control 2024,
       arXiv:2404.00045.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify import Policy, gallery
    >>> from ergs_verify.certify import certify_gap
    >>> game = gallery("g-star-2")
    >>> off = Fraction(-13, 7) + Fraction(1, 10**15)  # W = 3, and the game starts at (1, −1)
    >>> nearly = Policy.from_arrays(K=[[[[off, "8/7"]]], [[["8/7", "-13/7"]]]])
    >>> print(certify_gap(game, nearly).agents[0].gap)
    3e-30
    """
    expect_game(game, "certify_gap")
    wanted = tolerance_of(tolerance)
    if game.stationary:
        return certify_stationary_gap(game, policy_of(policy, game), tolerance)
    policy = policy_of(policy, game, letters=("K", "Sigma", "k"))
    demand_covariances(policy)
    rounded = slack(game.x0_cov) or any(slacks(game.noise))
    found, bits = None, first_bits
    for bits in rising(first_bits, most=most_bits):
        try:
            found = enclosed_gaps(game, policy, bits, progress)
        except NotCertifiedError:
            continue
        if bits > 128 and not rounded:
            # At the first precision a gap that contains 0 is usually just small.
            found = [_exactly(game, policy, one) for one in found]
        if all(one.gap.relative_width <= wanted for one in found) or (bits > 128 and rounded):
            break
    if found is None:
        raise NotCertifiedError(f"no bounds of the gap were found with up to {most_bits} bits")
    tight = all(one.gap.relative_width <= wanted for one in found)
    return CertifiedGap(
        agents=tuple(found),
        verdict="proved" if tight else "undecided",
        tolerance=wanted,
        bits=bits,
        game=game,
        policy=policy,
    )


def enclosed_gaps(
    game: Game, policy: Policy, bits: int, progress: Progress | None = None
) -> list[AgentGap]:
    """Every agent's gap at one precision, however wide the enclosures turn out.

    Raises
    ------
    NotCertifiedError
        Where there are no bounds at so few bits.
    """
    stages = Stages(game, Balls(bits), symmetric=True, deterministic=policy.Sigma is None)
    policy = in_state_of(game, policy)
    played = with_moments(stages, played_stages(stages, policy))
    proper = [k for k in stages.agents if has_density(stages, policy, k)]
    done = 0
    found = []
    for agent in stages.agents:
        if agent not in proper:
            found.append(AgentGap(agent=agent, gap=INFINITE, stages=()))
            continue
        parts = []
        try:
            for part in gap_parts(stages, played, agent):
                parts.append(part)
                done += 1
                if progress:
                    progress(done, len(proper) * game.horizon)
        except UnboundedCostError as error:
            found.append(AgentGap(agent=agent, gap=INFINITE, stages=(), unbounded=error))
        else:
            found.append(_as_enclosures(agent, parts[::-1]))
    return found


def _as_enclosures(agent: int, parts: Sequence[tuple[Ball, Ball]]) -> AgentGap:
    zero = Fraction(0)
    return AgentGap(
        agent=agent,
        gap=Enclosure.of(reduce(add, (x for part in parts for x in part)), least=zero),
        stages=tuple(
            StageGap(
                t=t,
                gain=Enclosure.of(gain, least=zero),
                covariance=Enclosure.of(covariance, least=zero),
            )
            for t, (gain, covariance) in enumerate(parts)
        ),
    )


def _exactly(game: Game, policy: Policy, one: AgentGap) -> AgentGap:
    """Its gap is 0 where exact rationals say that an agent plays its best response."""
    if one.gap.lo > 0 or not plays_best_response(game, policy, one.agent):
        return one
    nothing = Enclosure(Fraction(0), Fraction(0))
    stages = tuple(evolve(stage, gain=nothing, covariance=nothing) for stage in one.stages)
    return evolve(one, gap=nothing, stages=stages)
