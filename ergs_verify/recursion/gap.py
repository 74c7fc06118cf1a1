"""Gaps by the gap identity, and the coefficient of δ², in any arithmetic with a logarithm."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from ergs_verify.arithmetic.base import Arithmetic, Matrix, Scalar
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import fractions
from ergs_verify.expressions import instantiate
from ergs_verify.game import Game, Policy
from ergs_verify.paper import notation
from ergs_verify.paper.gap import X, Z, gap_formulas
from ergs_verify.recursion.best_response import best_response
from ergs_verify.recursion.equilibrium import nash
from ergs_verify.recursion.given import given_covariances
from ergs_verify.recursion.records import Sequences
from ergs_verify.recursion.stages import Stages
from ergs_verify.recursion.written_out import WrittenOut

__all__ = ["AgentGap", "gaps", "second_moments", "second_order_coefficients"]


@frozen(kw_only=True)
class AgentGap:
    """One agent's gap, stage by stage, for the mean over x_0.

    Attributes
    ----------
    agent : int
        Counted from 1.
    stages : tuple of scalars, t = 0…T−1
        τ E KL(π_t ‖ BR_t), each nonnegative; their sum is J(π) − min J.
    """

    agent: int
    stages: tuple[Scalar, ...]

    @property
    def total(self) -> Scalar:
        total = self.stages[0]
        for term in self.stages[1:]:
            total = total + term
        return total


def gaps(game: Game, policy: Policy, arithmetic: Arithmetic) -> tuple[AgentGap, ...]:
    """Every agent's gap J^i(π) − min over agent i's policies, by the gap identity.

    A policy without Σ is judged in the plain game with R + (τ/2)I for R. At τ = 0 any Σ ⪰ 0 is
    allowed; with τ > 0 a singular Σ has an infinite gap (`NotCertifiedError`).

    Examples
    --------
    >>> from ergs_verify.arithmetic import Rationals
    >>> from ergs_verify.game import Game, Policy
    >>> from ergs_verify.recursion import gaps
    >>> game = Game.from_arrays(A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=0,
    ...     noise_cov=[[0]], horizon=1)
    >>> [gap.total for gap in gaps(game, Policy.from_arrays(K=[[[[0]]]]), Rationals())]
    [1/2]
    """
    policy.validate(game)
    plain = game.tau == 0 or policy.Sigma is None
    stages = Stages(game, arithmetic, deterministic=policy.Sigma is None)
    formula = WrittenOut(gap_formulas(), agents=game.agents, plain=False)
    plain_formula = WrittenOut(gap_formulas(), agents=game.agents, plain=plain)
    moments = second_moments(game, policy, arithmetic)
    found = []
    for agent in stages.agents:
        answer = best_response(game, policy, agent, arithmetic)
        terms = []
        for t in range(game.horizon):
            stage = _played(stages, policy, t).with_values(
                {notation.P(agent): answer.P[t + 1], X: moments[t]}
            )
            gain = stage(plain_formula("gain_part", agent))
            name = "plain_covariance_part" if plain else "covariance_part"
            terms.append(gain + stage((plain_formula if plain else formula)(name, agent)))
        found.append(AgentGap(agent=agent, stages=tuple(terms)))
    return tuple(found)


def second_moments(game: Game, policy: Policy, arithmetic: Arithmetic) -> list[Matrix]:
    """X_t = E[x_t x_t'] under a joint policy, t = 0…T−1."""
    stages = Stages(game, arithmetic, deterministic=policy.Sigma is None)
    step = instantiate(gap_formulas().second_moment, game.agents)
    moments = [_initial_moment(game, arithmetic)]
    for t in range(game.horizon - 1):
        moments.append(_played(stages, policy, t).with_values({X: moments[-1]})(step))
    return moments


def second_order_coefficients(game: Game, arithmetic: Arithmetic) -> tuple[Scalar, ...]:
    """c_i with ε_i(δ) = c_i δ² + O(δ³) for the δ-augmented equilibrium, for every agent.

    Raises
    ------
    SingularStageError
        Where Φ_t is singular at τ: the gap then need not vanish with δ.
    """
    equilibrium = nash(game, arithmetic)
    stages = Stages(game, arithmetic)
    formula = WrittenOut(gap_formulas(), agents=game.agents, plain=False)
    step = instantiate(gap_formulas().second_moment, game.agents)
    moments = [_initial_moment(game, arithmetic)]
    for t in range(game.horizon - 1):
        moments.append(_at(stages, equilibrium, t).with_values({X: moments[-1]})(step))
    found = []
    for agent in stages.agents:
        letter = instantiate(Z, game.agents, {notation.i: agent})
        slope = arithmetic.zeros(game.state_size, game.state_size)
        total = arithmetic.scalar(Fraction(0))
        for t in reversed(range(game.horizon)):
            stage = _at(stages, equilibrium, t).with_values(
                {
                    letter: slope,
                    X: moments[t],
                    notation.P(agent): equilibrium.P[agent - 1][t + 1],
                }
            )
            total = total + stage(formula("coefficient", agent))
            slope = stage(formula("cost_slope", agent))
        found.append(total)
    return tuple(found)


def _initial_moment(game: Game, arithmetic: Arithmetic) -> Matrix:
    """X_0 = Σ⁰ + x⁰x⁰'."""
    covariance = fractions(game.x0_cov)
    mean = [Fraction(entry) for entry in game.x0_mean]
    size = game.state_size
    rows = [[covariance[r][c] + mean[r] * mean[c] for c in range(size)] for r in range(size)]
    return arithmetic.matrix(rows, (size, size))


def _played(stages: Stages, policy: Policy, t: int) -> Evaluator:
    """Stage t with a given policy's K and Σ."""
    Sigma = given_covariances(stages, policy, t)
    return stages.bare(t).with_values(
        {notation.K(k): stages.enter(policy.K[k - 1][t]) for k in stages.agents}
        | {notation.S(k): Sigma[k - 1] for k in stages.agents}
    )


def _at(stages: Stages, equilibrium: Sequences, t: int) -> Evaluator:
    """Stage t with the equilibrium's K and Σ."""
    return stages.bare(t).with_values(
        {notation.K(k): equilibrium.K[k - 1][t] for k in stages.agents}
        | {notation.S(k): equilibrium.Sigma[k - 1][t] for k in stages.agents}
    )
