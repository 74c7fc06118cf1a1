"""Gaps by the gap identity, and the coefficient of δ², in any arithmetic with a logarithm.

Nothing cancels between two costs here, so a gap of 1e-30 keeps the digits that the difference of
two costs loses.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from fractions import Fraction
from functools import reduce

from attrs import frozen

from ergs_verify.arithmetic.base import Arithmetic, Matrix, Scalar
from ergs_verify.errors import InputError
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import fractions
from ergs_verify.game import Game, Policy
from ergs_verify.paper import notation
from ergs_verify.paper.formulas import Formulas
from ergs_verify.paper.gap import (
    GapFormulas,
    SecondOrderFormulas,
    X,
    Z,
    gap_formulas,
    second_order_formulas,
)
from ergs_verify.recursion.best_response import best_response
from ergs_verify.recursion.equilibrium import nash
from ergs_verify.recursion.given import given_covariances, in_state_of
from ergs_verify.recursion.records import AgentSequences
from ergs_verify.recursion.stages import Stages, setting_of
from ergs_verify.recursion.written_out import WrittenOut


@frozen(kw_only=True)
class AgentGap:
    """One agent's gap J^i(π) − min J^i, stage by stage, on average over x_0.

    Attributes
    ----------
    agent : int
        Counted from 1.
    gain_parts, covariance_parts : tuple of scalars, t = 0…T−1
        What the gain and the covariance cost beyond the best response's; together they are
        τ E KL(π_t ‖ BR_t). None is negative.
    response : AgentSequences
        The best response to the others.
    total : scalar
        The sum of all parts.

    Notes
    -----
    See :doc:`/explanation/theory`, "How far from an equilibrium".
    """

    agent: int
    gain_parts: tuple[Scalar, ...]
    covariance_parts: tuple[Scalar, ...]
    response: AgentSequences

    @property
    def total(self) -> Scalar:
        return reduce(operator.add, self.gain_parts + self.covariance_parts)


def gaps(
    game: Game,
    policy: Policy,
    arithmetic: Arithmetic,
    *,
    formulas: Formulas | None = None,
    gap: GapFormulas | None = None,
) -> tuple[AgentGap, ...]:
    """What every agent can gain by deviating alone, by the gap identity in any arithmetic.

    Parameters
    ----------
    game : Game
    policy : Policy
        Without Σ it is judged in the plain game with R + (τ/2)I for R. At τ = 0 any Σ ⪰ 0 is
        allowed.
    arithmetic : Arithmetic
    formulas, gap : Formulas and GapFormulas, optional
        Formulas to use in place of the derived ones.

    Returns
    -------
    tuple over agents of AgentGap

    Raises
    ------
    InputError
        If the policy does not fit the game.
    NotCertifiedError
        If τ > 0 and a Σ is not positive definite in this arithmetic: a singular one has an infinite
        gap.

    Notes
    -----
    See :doc:`/explanation/theory`, "How far from an equilibrium".

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
    stages = Stages(game, arithmetic, formulas, deterministic=policy.Sigma is None)
    formula = stages.written(gap or gap_formulas(setting_of(game)))
    policy = in_state_of(game, policy)
    played = _with_moments(played_stages(stages, policy), stages.game, formula)
    found = []
    for agent in stages.agents:
        response = best_response(stages.game, policy, agent, arithmetic, formulas=formulas)
        answered = [
            stage.with_values({notation.P(agent): P})
            for stage, P in zip(played, response.P[1:], strict=True)
        ]

        def parts(name: str, plain: str, agent: int = agent, answered: list[Evaluator] = answered):
            return tuple(
                stages.weighed(
                    stage(formula(plain if stages.plain_at(agent, t) else name, agent)), agent, t
                )
                for t, stage in enumerate(answered)
            )

        found.append(
            AgentGap(
                agent=agent,
                gain_parts=parts("gain_part", "gain_part"),
                covariance_parts=parts("covariance_part", "plain_covariance_part"),
                response=response,
            )
        )
    return tuple(found)


def second_moments(
    game: Game, policy: Policy, arithmetic: Arithmetic, *, gap: GapFormulas | None = None
) -> list[Matrix]:
    """The second moments of the state under a joint policy, in any arithmetic.

    Parameters
    ----------
    game : Game
    policy : Policy
    arithmetic : Arithmetic
    gap : GapFormulas, optional
        Formulas to use in place of the derived ones.

    Returns
    -------
    list over t = 0…T−1 of m×m
        X_t = E[x_t x_t'].

    Raises
    ------
    InputError
        If the policy does not fit the game.

    Notes
    -----
    See :doc:`/explanation/theory`, "How far from an equilibrium".

    Examples
    --------
    >>> from ergs_verify.arithmetic import Rationals
    >>> from ergs_verify.game import Game, Policy
    >>> from ergs_verify.recursion import second_moments
    >>> game = Game.from_arrays(A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=0,
    ...     noise_cov=[[3]], horizon=2, x0_mean=[2], x0_cov=[[0]])
    >>> second_moments(game, Policy.from_arrays(K=[[[["-1/2"]]] * 2]), Rationals())
    [[4], [4]]
    """
    policy.validate(game)
    stages = Stages(game, arithmetic, deterministic=policy.Sigma is None)
    formula = stages.written(gap or gap_formulas(setting_of(game)))
    played = played_stages(stages, in_state_of(game, policy))
    return [stage(X) for stage in _with_moments(played, stages.game, formula)]


def initial_moment(game: Game, arithmetic: Arithmetic) -> Matrix:
    """X_0 = E[x_0 x_0'], m×m: the covariance of x_0 and its mean's square."""
    mean = fractions(game.x0_mean[None, :])[0]
    rows = [
        [entry + a * b for entry, b in zip(row, mean, strict=True)]
        for row, a in zip(fractions(game.x0_cov), mean, strict=True)
    ]
    return arithmetic.matrix(rows, game.x0_cov.shape)


def second_order_coefficients(
    game: Game,
    arithmetic: Arithmetic,
    *,
    formulas: Formulas | None = None,
    gap: SecondOrderFormulas | None = None,
) -> tuple[Scalar, ...]:
    """The coefficient of δ² in every agent's gap at the δ-augmented equilibrium.

    Parameters
    ----------
    game : Game
    arithmetic : Arithmetic
    formulas, gap : Formulas and SecondOrderFormulas, optional
        Formulas to use in place of the derived ones.

    Returns
    -------
    tuple over agents of scalar
        c_i in ε_i(δ) = c_i δ² + O(δ³).

    Raises
    ------
    InputError
        If τ = 0: the gap is linear in δ.
    SingularStageError
        If Φ_t is singular at τ: the gap need not vanish with δ then.

    Notes
    -----
    See :doc:`/explanation/theory`, "The δ-augmentation".

    Examples
    --------
    >>> from ergs_verify.arithmetic import Rationals
    >>> from ergs_verify.game import Game
    >>> from ergs_verify.recursion import second_order_coefficients
    >>> game = Game.from_arrays(A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=2,
    ...     noise_cov=[[0]], horizon=1)
    >>> second_order_coefficients(game, Rationals())  # 1/108 of the gain and 1/18 of Σ
    (7/108,)
    """
    stages = Stages(game, arithmetic, formulas)
    if any(stages.plain_at(k, t) for k in stages.agents for t in range(game.horizon)):
        raise InputError(
            "at τ = 0 the gap is linear in δ; the coefficient of δ² needs τ > 0", "tau"
        )
    equilibrium = nash(game, arithmetic, formulas=formulas)
    formula = stages.written(gap or second_order_formulas(setting_of(game)))
    at_equilibrium = [
        played_stage(stages, t, [K[t] for K in equilibrium.K], [S[t] for S in equilibrium.Sigma])
        for t in range(game.horizon)
    ]
    played = _with_moments(at_equilibrium, stages.game, formula)
    return tuple(
        _coefficient(stages, played, equilibrium.P[agent - 1], formula, agent)
        for agent in stages.agents
    )


def _coefficient(
    stages: Stages,
    played: Sequence[Evaluator],
    P: Sequence[Matrix],
    formula: WrittenOut,
    agent: int,
) -> Scalar:
    """Backwards in time, with Z_t the slope of P_t in τ."""
    arithmetic = stages.arithmetic
    slope = arithmetic.zeros(*arithmetic.shape(P[-1]))
    total = arithmetic.scalar(Fraction(0))
    for t in reversed(range(len(played))):
        letters = {notation.P(agent): P[t + 1], Z.subs(notation.i, agent): slope}
        known = played[t].with_values(letters)
        total = total + stages.weighed(known(formula("coefficient", agent)), agent, t)
        slope = known(formula("cost_slope", agent))
    return total


def _with_moments(played: Sequence[Evaluator], game: Game, formula: WrittenOut) -> list[Evaluator]:
    """The stages t = 0…T−1, which know the policy, with X_t besides."""
    known = [played[0].with_values({X: initial_moment(game, played[0].arithmetic)})]
    for stage in played[1:]:
        known.append(stage.with_values({X: known[-1](formula("second_moment", 1))}))
    return known


def played_stages(stages: Stages, policy: Policy) -> list[Evaluator]:
    """The stages t = 0…T−1 with a given policy's K and Σ."""
    return [
        played_stage(
            stages,
            t,
            [stages.enter(K[t]) for K in policy.K],
            given_covariances(stages, policy, t),
        )
        for t in range(stages.game.horizon)
    ]


def played_stage(stages: Stages, t: int, K: Sequence[Matrix], Sigma: Sequence[Matrix]) -> Evaluator:
    """Stage t with every agent's K and Σ, in the arithmetic's own matrices."""
    return stages.bare(t).with_values(
        {notation.K(k): K[k - 1] for k in stages.agents}
        | {notation.S(k): Sigma[k - 1] for k in stages.agents}
    )
