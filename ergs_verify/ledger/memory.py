"""Two stages in which agents with memory their own controls have a second equilibrium."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import sympy

from ergs_verify.evaluate import evaluate
from ergs_verify.exact import fractions
from ergs_verify.game import Game
from ergs_verify.ledger.decision import Decision, exactly, together
from ergs_verify.ledger.symbolic import Symbols
from ergs_verify.paper import lemma_III_2
from ergs_verify.paper.notation import tau

THETA = 7 / sympy.sqrt(48)
"""θ = √(49/48)."""
REGRESSION = sympy.Rational(3, 7)
OWN_VARIANCE = sympy.Rational(1, 4)
"""Of u_0ⁱ."""
LATER_VARIANCE = sympy.Rational(1, 3)
"""Of u_1ⁱ, given what agent i knows."""


@cache
def game() -> Game:
    """Two stages: both agents push the first state, with noise, and then play G* from zero."""
    zero = [[0, 0], [0, 0]]
    first, second = [[1], [0]], [[0], [1]]
    return Game.from_arrays(
        name="agents with memory",
        A=zero,
        B=[[first, first], [first, second]],
        Q=[[zero, zero, [[1, 4], [4, 16]]], [zero, zero, [[16, 4], [4, 1]]]],
        R=[[[1]], [[1]]],
        tau=2,
        noise_cov=[["1/12", 0], [0, 0]],
        horizon=2,
        x0_mean=[0, 0],
        x0_cov=zero,
    )


def _best_answer(quadratic, linear, temperature) -> tuple[Any, Any, Any]:
    """Mean, variance and least cost of Lemma III.2 for a number u: E[Mu² + bu] + τ KL."""
    lemma = lemma_III_2.derive()
    numbers = Symbols()
    one = {lemma_III_2.M: quadratic, lemma_III_2.b: linear}
    values: dict[Any, Any] = {k: sympy.Matrix([[v]]).as_immutable() for k, v in one.items()}
    values[tau] = temperature
    sizes = {lemma_III_2.p: 1}
    named = {lemma_III_2.W: lemma_III_2.W_is}
    mean_at, variance, least = (
        evaluate(lemma[name], values, numbers, named, sizes)
        for name in ("mean", "covariance", "value")
    )
    return mean_at[0, 0], variance[0, 0], least


def _regression(of: Mapping, on: Mapping, variances: Mapping) -> tuple[Any, Any]:
    """Coefficient of E[of | on], and the variance left; sums of independent normal numbers."""
    covariance = sum((c * on.get(k, 0) * variances[k] for k, c in of.items()), sympy.S.Zero)
    spread = sum((c * c * variances[k] for k, c in on.items()), sympy.S.Zero)
    whole = sum((c * c * variances[k] for k, c in of.items()), sympy.S.Zero)
    return covariance / spread, whole - covariance**2 / spread


def _exact(matrix) -> sympy.Matrix:
    rows = [[sympy.Rational(x.numerator, x.denominator) for x in row] for row in fractions(matrix)]
    return sympy.Matrix(rows)


def answers(agent: int, theta) -> Decision:
    """Agent's best policy against the other's, by dynamic programming over what it knows.

    v is the agent's own first control, y = v + w + ω the state's first entry that it then sees, w
    the other's first control. A_0 = 0, so x_0 plays no role.
    """
    played, other = game(), 3 - agent
    v, y, z = sympy.symbols("v y z", real=True)
    variances = {"w": OWN_VARIANCE, "noise": _exact(played.noise_cov)[0, 0]}
    temperature = sympy.Rational(played.tau.numerator, played.tau.denominator)
    # What the agent knows besides its own v is y − v = w + ω, whatever v it chose.
    slope, left = _regression({"w": 1}, {"w": 1, "noise": 1}, variances)
    other_mean = theta * (slope * (y - v) - REGRESSION * y)
    other_square = other_mean**2 + theta**2 * left + LATER_VARIANCE
    own_input, other_input = (_exact(played.B[k - 1][1]) for k in (agent, other))
    weight = _exact(played.Q[agent - 1][2])
    cost = _exact(played.R[agent - 1][1])[0, 0]

    def form(a, b):
        return (a.T * weight * b)[0, 0]

    later_mean, later_variance, least = _best_answer(
        form(own_input, own_input) + cost,
        2 * form(own_input, other_input) * other_mean,
        temperature,
    )
    cost_to_go = sympy.expand(least + form(other_input, other_input) * other_square)
    # Given v, y = v + z with z = w + ω of mean 0.
    seen = sympy.Poly(cost_to_go.subs(y, v + z), z)
    spread = sum(variances.values(), sympy.S.Zero)
    expected = sympy.expand(seen.coeff_monomial(1) + seen.coeff_monomial(z**2) * spread)
    induced = sympy.Poly(expected, v)
    first_cost = _exact(played.R[agent - 1][0])[0, 0]
    first_mean, first_variance, _ = _best_answer(
        induced.coeff_monomial(v**2) + first_cost, induced.coeff_monomial(v), temperature
    )
    played = theta * (v - REGRESSION * y)
    return together(
        exactly(f"agent {agent}: degree of the cost to go in z", seen.degree(), 2),
        exactly(f"agent {agent}: degree of the induced cost in v", induced.degree(), 2),
        exactly(
            f"agent {agent}: best mean of u_1 less θ(v − (3/7)y)",
            sympy.expand(later_mean - played),
            0,
        ),
        exactly(f"agent {agent}: best variance of u_1", later_variance, LATER_VARIANCE),
        exactly(f"agent {agent}: best mean of u_0", first_mean, 0),
        exactly(f"agent {agent}: best variance of u_0", first_variance, OWN_VARIANCE),
    )


@cache
def is_nash() -> Decision:
    """Both agents' best answers, by dynamic programming over what each knows."""
    return together(*(answers(agent, THETA) for agent in (1, 2)))
