"""One number for the state and one for each control: where conclusions fail without a hypothesis.

Games with Q ⋡ 0, R ⊁ 0 or τ ≤ 0 are refused everywhere else, so these are numbers, not games.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from ergs_verify.arithmetic import Rationals
from ergs_verify.evaluate import evaluate
from ergs_verify.exact import fractions
from ergs_verify.expressions import control_size, instantiate
from ergs_verify.game import Policy
from ergs_verify.ledger.counterexamples import refutation, two_scalar_agents
from ergs_verify.ledger.decision import Decision
from ergs_verify.ledger.symbolic import Symbols
from ergs_verify.paper import lemma_III_2, theorem_III_1
from ergs_verify.paper.notation import A, B, K, P, Q, R, W, definitions, i, m, tau
from ergs_verify.proof import gaussian_expectation
from ergs_verify.recursion import best_response, evaluate_policy, nash

__all__ = [
    "any_gains",
    "correlated_draws",
    "linear_in_the_density",
    "negative_cost",
    "no_least_cost",
    "other_prior",
    "singular_weight",
]

variance = sympy.Symbol("s", positive=True)


def _one(value: Any) -> sympy.ImmutableDenseMatrix:
    return sympy.ImmutableDenseMatrix([[value]])


def _functional(quadratic: Any, temperature: Any, spread: Any, mean: Any = 0) -> sympy.Expr:
    """(7) at N(mean, spread) for one number u, with M = `quadratic` and b = 0."""
    moments = {lemma_III_2.u: (lemma_III_2.mean, lemma_III_2.cov)}
    expected = gaussian_expectation(
        lemma_III_2.quadratic, moments, symmetric=lemma_III_2.symmetric
    ) + tau * lemma_III_2.divergence_from_prior(lemma_III_2.mean, lemma_III_2.cov, lemma_III_2.p)
    values = {
        lemma_III_2.M: _one(quadratic),
        lemma_III_2.b: _one(0),
        lemma_III_2.mean: _one(mean),
        lemma_III_2.cov: _one(spread),
        tau: sympy.sympify(temperature),
    }
    return sympy.expand(evaluate(expected, values, Symbols(), None, {lemma_III_2.p: 1}))


def _weight(values: dict) -> Any:
    return evaluate(
        instantiate(definitions[W(i)], 1, {i: 1}),
        _matrices(values),
        Symbols(),
        None,
        _SIZES,
    )[0, 0]


_SIZES = {m: 1, control_size(1): 1}
_LETTERS = {"A": A, "B": B(1), "Q": Q(1), "R": R(1), "K": K(1), "P": P(1)}


def _matrices(values: dict) -> dict[Any, Any]:
    known: dict[Any, Any] = {_LETTERS[k]: _one(v) for k, v in values.items() if k in _LETTERS}
    known[tau] = sympy.sympify(values["tau"])
    return known


#: A stage at which one hypothesis alone fails; P is Q_T.
_STAGES = {
    "Q-psd": {"B": 1, "R": 1, "P": -4, "tau": 2},
    "R-pd": {"B": 1, "R": -3, "P": 0, "tau": 2},
    "M-psd": {"B": 1, "R": -3, "P": 0, "tau": 2},
    "tau-positive": {"B": 1, "R": 2, "P": 0, "tau": -2},
}


def no_least_cost(without: str) -> Decision:
    """A stage at x = 0 whose cost has no lower bound over N(0, s)."""
    stage = _STAGES[without]
    cost = _functional(stage["R"] + stage["P"], stage["tau"], variance)
    end = sympy.S.Zero if stage["tau"] < 0 else sympy.oo
    return refutation(
        f"F(N(0, s)) = {cost} → −∞ as s → {'0' if end == 0 else '∞'}",
        "F has a least value",
        "exact limit",
        "one stage from x = 0 with A = 0 and one control: the cost of N(0, s) has no lower bound",
        lambda: sympy.limit(cost, variance, end) == -sympy.oo,
        values={k: str(v) for k, v in stage.items()},
    )


def singular_weight(without: str) -> Decision:
    """A stage at which W = 0."""
    stage = {
        "Q-psd": {"B": 1, "R": 1, "P": -2, "tau": 2},
        "R-pd": {"B": 1, "R": -1, "P": 0, "tau": 2},
        "tau-positive": {"B": 1, "R": 1, "P": 0, "tau": -2},
    }[without]
    return refutation(
        f"W = {_weight(stage)}",
        "W is invertible",
        "exact",
        "one stage with one control; P is Q_T",
        lambda: _weight(stage) == 0,
        values={k: str(v) for k, v in stage.items()},
    )


def negative_cost(without: str) -> Decision:
    """P_t < 0 of a policy."""
    stage = {
        "Q-psd": {"A": 0, "B": 1, "Q": -1, "R": 1, "K": 0, "P": 0, "tau": 2},
        "R-pd": {"A": -1, "B": 1, "Q": 0, "R": -2, "K": 1, "P": 0, "tau": 2},
        "tau-positive": {"A": -1, "B": 1, "Q": 0, "R": 1, "K": 1, "P": 0, "tau": -4},
    }[without]
    formula = theorem_III_1.derived_formulas().policy_cost
    written = {instantiate(k, 1, {i: 1}): instantiate(v, 1, {i: 1}) for k, v in definitions.items()}
    cost = evaluate(instantiate(formula, 1, {i: 1}), _matrices(stage), Symbols(), written, _SIZES)[
        0, 0
    ]
    return refutation(
        f"P_t = {cost}",
        "P_t ≥ 0",
        "exact",
        "one stage with one control; P is Q_T",
        lambda: cost < 0,
        values={k: str(v) for k, v in stage.items()},
    )


def linear_in_the_density() -> Decision:
    """At τ = 0 the integrand is linear in the density."""
    second = sympy.diff(lemma_III_2.f.subs(tau, 0), lemma_III_2.v, 2)
    return refutation(
        f"∂²f/∂v² = {second} at τ = 0",
        "∂²f/∂v² > 0",
        "SymPy",
        "f is linear in v, and so is F in the density",
        lambda: second == 0,
        values={"tau": "0"},
    )


def other_prior() -> Decision:
    """With the prior N(1, 1) another density than that of the prior N(0, 1) is best."""
    half = sympy.Rational(1, 2)

    def at(mean):
        # The prior's mean is moved to 0 and every density with it; E u² stays that of the density.
        divergence = _functional(0, 2, half, mean - 1)
        return mean**2 + half + divergence

    claimed, other = at(sympy.Integer(0)), at(half)
    return refutation(
        f"F(N(0, 1/2)) = {claimed}",
        f"F(N(1/2, 1/2)) = {other}, which is less",
        "exact",
        "the prior is N(1, 1): the best mean lies between it and 0",
        lambda: sympy.simplify(other - claimed) < 0,
        values={"tau": "2", "M": "1", "b": "0"},
    )


def correlated_draws() -> Decision:
    """Two agents play (6) with one and the same draw: agent 1 gains by drawing for itself."""
    game, numbers = two_scalar_agents("2"), Rationals()
    found = nash(game, numbers)
    end, spread = (numbers.to_fraction(X[0, 0]) for X in (found.P[0][1], found.Sigma[0][0]))
    inputs = [Fraction(fractions(B[0])[0][0]) for B in game.B]

    def from_draws(covariance: Fraction) -> Fraction:
        """What the draws add to E[x_1' Q_T x_1]."""
        own, others = (b * b * spread for b in inputs)
        return end * (own + others + 2 * inputs[0] * inputs[1] * covariance)

    alike, apart = from_draws(spread), from_draws(Fraction(0))
    return refutation(
        f"the draws add {alike} to J^1 where both are the same",
        f"{apart} where agent 1 draws for itself, by the same law",
        "exact",
        "gains, covariances and relative entropies are those of (6) both times",
        lambda: alike > apart and found.Sigma[0][0] == found.Sigma[1][0],
        game=game,
    )


def any_gains() -> Decision:
    """K = 0 for both agents: (4) gives P for them, and each agent would rather answer."""
    game, numbers = two_scalar_agents("2"), Rationals()
    policy = Policy.from_arrays(K=[[[[0]]]] * 2, Sigma=[[[[1]]]] * 2)
    cost = evaluate_policy(game, policy, numbers)
    answer = best_response(game, policy, 1, numbers)
    at, least = (numbers.to_fraction(found[0, 0]) for found in (cost.P[0][0], answer.P[0]))
    return refutation(
        f"P_0¹ = {at} is the cost of K¹ = 0 against K² = 0",
        f"P_0¹ = {least} solves (4) at K² = 0",
        "exact",
        "(4) can be solved backwards from P_T = Q_T for any gains of the others, K = 0 here; these"
        " gains are no answers to each other",
        lambda: least < at,
        game=game,
        values={"K^1": "0", "K^2": "0"},
    )
