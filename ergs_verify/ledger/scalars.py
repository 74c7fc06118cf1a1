"""One number for the state and one for each control: where conclusions fail without a hypothesis.

Games with Q ⋡ 0, R ⊁ 0 or τ ≤ 0 are refused everywhere else, so these are numbers, not games.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from fractions import Fraction
from functools import partial
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

variance = sympy.Symbol("s", positive=True)


def _one(value: Any) -> sympy.ImmutableDenseMatrix:
    return sympy.ImmutableDenseMatrix([[value]])


def of_the_game(
    show: Callable[..., Decision], *claimed: str, without: Collection[str] = ()
) -> dict[str, Callable[[], Decision]]:
    """What shows the need of Q ⪰ 0, R ≻ 0 and τ > 0, by their ids; `without` some of them."""
    ids = ("Q-psd", "R-pd", "tau-positive")
    return {name: partial(show, name, *claimed) for name in ids if name not in without}


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
    "tau-positive": {"B": 1, "R": sympy.Rational(1, 2), "P": 0, "tau": -2},
}


def no_least_cost(without: str, claimed: str = "F has a least value") -> Decision:
    """A stage at x = 0 whose cost has no lower bound over N(0, s)."""
    stage = _STAGES[without]
    cost = _functional(stage["R"] + stage["P"], stage["tau"], variance)
    end = sympy.S.Zero if stage["tau"] < 0 else sympy.oo
    return refutation(
        f"F(N(0, s)) = {cost} → −∞ as s → {'0' if end == 0 else '∞'}: no policy is best",
        claimed,
        "exact limit",
        "one stage from x = 0 with A = 0 and one control: the cost of N(0, s) has no lower bound",
        lambda: sympy.limit(cost, variance, end) == -sympy.oo,
        values={k: str(v) for k, v in stage.items()},
    )


#: One agent at a stage at which one hypothesis alone fails and W = 0. Its Φ_t is W.
_SINGULAR = {
    "Q-psd": {"B": 1, "R": 1, "P": -2, "tau": 2},
    "R-pd": {"B": 1, "R": -1, "P": 0, "tau": 2},
    "tau-positive": {"B": 1, "R": 1, "P": 0, "tau": -2},
}


def singular_weight(without: str, claimed: str = "W is invertible") -> Decision:
    """A stage at which W = 0: nothing is defined that takes W⁻¹, and Φ_t = W is singular."""
    stage = _SINGULAR[without]
    return refutation(
        f"W = {_weight(stage)}",
        claimed,
        "exact",
        "one stage with one agent and one control, where Φ_t = W; P is Q_T",
        lambda: _weight(stage) == 0,
        values={k: str(v) for k, v in stage.items()},
    )


def no_answer_at_tau(without: str) -> Decision:
    """S̃ answers at τ̃ = τ + 3, where W̃ > 0; at τ no policy is best."""
    stage = _SINGULAR[without]
    augmented = {**stage, "tau": stage["tau"] + 3}
    cost = _functional(stage["R"] + stage["P"], stage["tau"], variance)
    end = sympy.S.Zero if stage["tau"] < 0 else sympy.oo
    return refutation(
        f"F(N(0, s)) = {cost} → −∞ as s → {'0' if end == 0 else '∞'}, so ε(3) = ∞",
        "0 ≤ ε_i(δ) ≤ δ(KL_i(BRⁱ) − KL_i(S̃ⁱ))",
        "exact limit",
        f"one stage of one agent from x = 0: at δ = 3 W̃ = {_weight(augmented)} and S̃ is an"
        " equilibrium, while at τ there is no best response",
        lambda: (
            sympy.limit(cost, variance, end) == -sympy.oo
            and _weight(augmented) > 0
            and augmented["tau"] > 0
        ),
        values={**{k: str(v) for k, v in stage.items()}, "delta": "3"},
    )


def singular_together(without: str) -> Decision:
    """Two agents with R̃ = τ/2 + R = −2 and P = 1: Φ_t = [[−1, 1], [1, −1]], and Σh = −2."""
    stage = {
        "R-pd": {"B": 1, "R": -3, "P": 1, "tau": 2},
        "tau-positive": {"B": 1, "R": 1, "P": 1, "tau": -6},
    }.get(without)
    if stage is None:  # one agent does, with g = 1
        return singular_weight(without, "det Φ_t ≠ 0, where Σ_i gⁱ/(1 + gⁱ) < 1")
    coupling = sympy.Rational(stage["P"]) / (sympy.Rational(stage["tau"], 2) + stage["R"])
    block = _weight(stage)
    determinant = block**2 - stage["P"] ** 2
    return refutation(
        f"det Φ_t = {determinant}",
        f"det Φ_t ≠ 0, where Σ_i gⁱ/(1 + gⁱ) = {2 * coupling / (1 + coupling)} < 1",
        "exact",
        f"two identical agents, each with one control. Φ_t has {block} on its diagonal and "
        f"{stage['P']} off it",
        lambda: determinant == 0 and 2 * coupling / (1 + coupling) < 1,
        values={k: str(v) for k, v in stage.items()},
    )


#: One agent with W = ±1, A = 1 and Q = 0, at which one hypothesis alone fails.
_BEYOND = {
    "Q-psd": {"A": 1, "B": 1, "Q": 0, "R": 1, "P": -1, "tau": 2},
    "R-pd": {"A": 1, "B": 1, "Q": 0, "R": -3, "P": 1, "tau": 2},
    "tau-positive": {"A": 1, "B": 1, "Q": 0, "R": 1, "P": 1, "tau": -6},
}


def cost_beyond_the_data(without: str) -> Decision:
    """|P_t| = 2 of one agent, where the bound from the data is |Q| + |A|²|Q_T| = 1."""
    stage = _BEYOND[without]
    cost = _of_one_agent("riccati", stage)
    bound = abs(stage["Q"]) + stage["A"] ** 2 * abs(stage["P"])
    return refutation(
        f"‖P_t‖ = {abs(cost)}",
        f"≤ π_t = {bound}",
        "exact",
        "one stage of one agent, whose Σ_i h_tⁱ is less than 1; P is Q_T",
        lambda: abs(cost) > bound,
        values={k: str(v) for k, v in stage.items()},
    )


def action_beyond_its_bound(without: str) -> Decision:
    """|BK| = 1 of one agent, and g|A| = 1/2 or less."""
    stage = _BEYOND[without]
    gain = _of_one_agent("gain", stage)
    coupling = sympy.Rational(abs(stage["P"])) / (sympy.Rational(stage["tau"], 2) + stage["R"])
    return refutation(
        f"‖BK‖₂ = {abs(gain)}",
        f"≤ g‖A‖₂ = {coupling}",
        "exact",
        "one stage of one agent; P is Q_T",
        lambda: abs(gain) > coupling,
        values={k: str(v) for k, v in stage.items()},
    )


def share_above_one(without: str) -> Decision:
    """One agent with g = −3: the hypothesis 0 < 1 of Lemma IV.1 holds, and h = 3/2."""
    third = sympy.Rational(1, 3)
    stage = {
        "R-pd": {"B": 1, "R": -third - 1, "P": 1, "tau": 2},
        "tau-positive": {"B": 1, "R": 1, "P": 1, "tau": -2 - 2 * third},
    }[without]
    coupling = stage["P"] / (sympy.sympify(stage["tau"]) / 2 + stage["R"])
    share = coupling / (1 + coupling)
    return refutation(
        f"g/(1 + g) = {share}",
        "less than 1, as (2/τ)γ_B²γ_{P,t}(N−1) = 0 is",
        "exact",
        f"N = 1 and g = {coupling}",
        lambda: share >= 1,
        values={k: str(v) for k, v in stage.items()},
    )


def weight_without_inverse(without: str) -> Decision:
    """R̃ = τ/2 + R = 0, whose inverse the determinant's formula takes."""
    stage = _SINGULAR[without]
    own = sympy.Rational(stage["tau"], 2) + stage["R"]
    return refutation(
        f"R̃ = {own}",
        "R̃⁻¹ exists",
        "exact",
        "one stage with one agent and one control",
        lambda: own == 0,
        values={k: str(v) for k, v in stage.items()},
    )


def _of_one_agent(name: str, stage: dict) -> Any:
    """A derived formula of the stage, for one agent and numbers."""
    formula = getattr(theorem_III_1.derived_formulas(), name)
    written = {instantiate(k, 1, {i: 1}): instantiate(v, 1, {i: 1}) for k, v in definitions.items()}
    known = _matrices(stage)
    return evaluate(instantiate(formula, 1, {i: 1}), known, Symbols(), written, _SIZES)[0, 0]


def negative_cost(without: str) -> Decision:
    """P_t < 0 of a policy."""
    stage = {
        "Q-psd": {"A": 0, "B": 1, "Q": -1, "R": 1, "K": 0, "P": 0, "tau": 2},
        "R-pd": {"A": -1, "B": 1, "Q": 0, "R": -2, "K": 1, "P": 0, "tau": 2},
        "tau-positive": {"A": -1, "B": 1, "Q": 0, "R": 1, "K": 1, "P": 0, "tau": -4},
    }[without]
    cost = _of_one_agent("policy_cost", stage)
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


def prior_of_another_mean() -> Decision:
    """With the prior N(1, 1) the cost of u ~ N(x, 1) has a part linear in x."""
    at = sympy.Symbol("x", real=True)
    # The prior's mean is moved to 0, and E u² = x² + 1 stays.
    cost = sympy.expand(at**2 + 1 + _functional(0, 2, 1, at - 1))
    return refutation(
        f"J(x) = {cost}",
        "x'Px + q for some P and q",
        "exact",
        "one stage with Q = 0, R = 1, τ = 2 and no cost at the end, u ~ N(x, 1) and the prior"
        " N(1, 1)",
        lambda: sympy.Poly(cost, at).coeff_monomial(at) != 0,
        values={"Q": "0", "R": "1", "Q_T": "0", "tau": "2", "K": "1", "Sigma": "1"},
    )


def nonlinear_cost() -> Decision:
    """Two agents whose draws agree where x ≥ 0 and are opposite elsewhere."""
    game = two_scalar_agents("10")
    first, second = (Fraction(fractions(B[0])[0][0]) for B in game.B)
    end = Fraction(fractions(game.Q[0][game.horizon])[0][0])
    shared = 2 * first * second * end
    return refutation(
        f"E[x_1'Q_T x_1] at x = 1 exceeds that at x = −1 by {2 * shared}",
        "x'Px + q takes one value at x and −x",
        "exact",
        "both agents play N(0, 1), with one draw u² = u¹ where x ≥ 0 and u² = −u¹ elsewhere",
        lambda: shared != 0,
        game=game,
    )


def riccati_across_a_pole() -> Decision:
    """P = −3 and P' = 0 with R̃ = 2: W is −1 at P, and Ric(P) = 6 exceeds Ric(P') = 0."""
    stages = [{"A": 1, "B": 1, "Q": 0, "R": 1, "P": P_next, "tau": 2} for P_next in (-3, 0)]
    below, above = (_of_one_agent("riccati", stage) for stage in stages)
    return refutation(
        f"Ric(−3) = {below}",
        f"≤ Ric(0) = {above}",
        "exact",
        f"one stage of one agent: W = {_weight(stages[0])} at P = −3 and {_weight(stages[1])} at 0",
        lambda: below > above,
        values={k: str(v) for k, v in stages[0].items()},
    )


def correlated_draws() -> Decision:
    """Two agents play (6) with one and the same draw: agent 1 gains by drawing for itself."""
    game, numbers = two_scalar_agents("10"), Rationals()
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
        "gains, covariances and relative entropies are those of (6) in both cases",
        lambda: alike > apart and found.Sigma[0][0] == found.Sigma[1][0],
        game=game,
    )


def any_gains() -> Decision:
    """K = 0 for both agents: (4) gives P for them, and each agent would rather answer."""
    game, numbers = two_scalar_agents("10"), Rationals()
    policy = Policy.from_arrays(K=[[[[0]]]] * 2, Sigma=[[[[1]]]] * 2)
    cost = evaluate_policy(game, policy, numbers)
    answer = best_response(game, policy, 1, numbers)
    at, least = (numbers.to_fraction(found[0, 0]) for found in (cost.P[0][0], answer.P[0]))
    return refutation(
        f"P_0¹ = {at} is the cost of K¹ = 0 against K² = 0",
        f"P_0¹ = {least} solves (4) at K² = 0",
        "exact",
        "(4) can be solved backwards from P_T = Q_T for any gains of the others, K = 0 here; these"
        " gains do not answer each other",
        lambda: least < at,
        game=game,
        values={"K^1": "0", "K^2": "0"},
    )
