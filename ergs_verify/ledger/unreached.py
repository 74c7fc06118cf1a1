"""Two stages, a state that only ever lies on the first axis at t = 1, and a gain that is free.

With A_0 = 0, inputs along e₁ and no noise, x_1 lies on the first axis whatever is played, so a
gain at t = 1 may change in its second column without anybody's cost from t = 0 changing.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from ergs_verify.arithmetic import Rationals
from ergs_verify.exact import fractions
from ergs_verify.game import Game, Policy
from ergs_verify.recursion import best_response, evaluate_policy, nash


@cache
def game() -> Game:
    return Game.from_arrays(
        name="one axis is never reached",
        A=[[[0, 0], [0, 0]], [[1, 1], [0, 1]]],
        B=[[["1/2"], [0]]] * 2,
        Q=[[[1, 0], [0, 1]]] * 2,
        R=[[[1]]] * 2,
        tau=4,
        noise_cov=[[0, 0], [0, 0]],
        horizon=2,
    )


@cache
def gains() -> tuple[list, list]:
    """[agent][t] of the feedback equilibrium, and of the other one."""
    numbers = Rationals()
    first = [[numbers.to_fractions(K) for K in agent] for agent in nash(game(), numbers).K]
    other = [list(agent) for agent in first]
    other[0][1] = [[other[0][1][0][0], other[0][1][0][1] + 1]]
    return first, other


@cache
def feedback_policy() -> Policy:
    return _with_covariances(gains()[0])


@cache
def other_policy() -> Policy:
    return _with_covariances(gains()[1])


def _with_covariances(K: list) -> Policy:
    numbers = Rationals()
    Sigma = [[numbers.to_fractions(S) for S in agent] for agent in nash(game(), numbers).Sigma]
    return Policy.from_arrays(K=K, Sigma=Sigma)


def is_nash() -> bool:
    """Whether the other policy acts alike wherever x_1 can be, and nobody gains from t = 0."""
    return _alike_where_reached() and _nobody_gains_from_the_start()


def _alike_where_reached() -> bool:
    """Whether both gains of t = 1 agree on all that x_1 can be, which needs no noise."""
    reached = [game().A[0], *(B[0] for B in game().B)]
    columns = [column for X in reached for column in zip(*fractions(X), strict=True)]
    still = all(entry == 0 for row in fractions(game().noise_cov) for entry in row)
    return still and all(
        sum(((a - b) * c for a, b, c in zip(row, changed, column, strict=True)), Fraction(0)) == 0
        for agent, altered in zip(*gains(), strict=True)
        for row, changed in zip(agent[1], altered[1], strict=True)
        for column in columns
    )


def _nobody_gains_from_the_start() -> bool:
    """Whether P_0 under the policy is P_0 of each agent's best response to it."""
    numbers = Rationals()
    cost = evaluate_policy(game(), other_policy(), numbers)
    return all(
        cost.P[k - 1][0] == best_response(game(), other_policy(), k, numbers).P[0] for k in (1, 2)
    )
