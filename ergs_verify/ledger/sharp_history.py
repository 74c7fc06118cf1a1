"""Sharp claims on policies that remember: the paper's class Πⁱ is larger than feedback policies."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy
from sympy import Inverse, MatMul, MatrixSymbol, Symbol, Trace

from ergs_verify.arithmetic import Rationals
from ergs_verify.evaluate import evaluate
from ergs_verify.exact import fractions
from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal, agent_sum, control_size
from ergs_verify.game import Game
from ergs_verify.ledger.argument import argument, exactly, holds
from ergs_verify.ledger.chain import (
    Chain,
    FrobeniusNorm,
    bounded_by,
    largest_norm,
    submultiplicative,
    triangle,
)
from ergs_verify.ledger.claim import Claim, Computed, Decision, Equality
from ergs_verify.ledger.counterexamples import last_block_system
from ergs_verify.ledger.sharp_uniqueness import equal
from ergs_verify.ledger.symbolic import Symbols
from ergs_verify.paper import lemma_III_2, theorem_III_1
from ergs_verify.paper.notation import (
    B,
    P,
    R,
    W,
    definitions,
    eye,
    i,
    j,
    m,
    mean,
    symmetric,
    tau,
)
from ergs_verify.recursion import nash

__all__ = ["CLAIMS", "THETA", "memory_game", "projection_chain"]


# -- a second equilibrium ------------------------------------------------------------------------

THETA = 7 / sympy.sqrt(48)
"""θ = √(49/48)."""
REGRESSION = sympy.Rational(3, 7)
OWN_VARIANCE = sympy.Rational(1, 4)
"""Of u_0ⁱ."""
LATER_VARIANCE = sympy.Rational(1, 3)
"""Of u_1ⁱ, given what agent i knows."""


def memory_game() -> Game:
    """Two stages: both agents push the first state, with noise, and then play G* from zero."""
    zero = [[0, 0], [0, 0]]
    first, second = [[1], [0]], [[0], [1]]
    return Game.from_arrays(
        name="agents that remember",
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


def _answers(agent: int, theta) -> Decision:
    """Agent's best policy against the other's, by dynamic programming over what it knows.

    v is the agent's own first control, y = v + w + ω the state's first entry that it then sees, w
    the other's first control. A_0 = 0, so x_0 plays no role.
    """
    game, other = memory_game(), 3 - agent
    v, y, z = sympy.symbols("v y z", real=True)
    variances = {"w": OWN_VARIANCE, "noise": _exact(game.noise_cov)[0, 0]}
    temperature = sympy.Rational(game.tau.numerator, game.tau.denominator)
    # What the agent knows besides its own v is y − v = w + ω, whatever v it chose.
    slope, left = _regression({"w": 1}, {"w": 1, "noise": 1}, variances)
    other_mean = theta * (slope * (y - v) - REGRESSION * y)
    other_square = other_mean**2 + theta**2 * left + LATER_VARIANCE
    own_input, other_input = (_exact(game.B[k - 1][1]) for k in (agent, other))
    weight = _exact(game.Q[agent - 1][2])
    cost = _exact(game.R[agent - 1][1])[0, 0]

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
    first_cost = _exact(game.R[agent - 1][0])[0, 0]
    first_mean, first_variance, _ = _best_answer(
        induced.coeff_monomial(v**2) + first_cost, induced.coeff_monomial(v), temperature
    )
    played = theta * (v - REGRESSION * y)
    return argument(
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


def _second_equilibrium() -> Decision:
    game = memory_game()
    feedback = nash(game, Rationals())
    phi, _ = last_block_system(game)
    first = Rationals().to_fraction(feedback.Sigma[0][0][0, 0])
    return argument(
        exactly("θ²", THETA**2, sympy.Rational(49, 48)),
        *(_answers(agent, THETA) for agent in (1, 2)),
        "at stage 1, given (x_1, u_0ⁱ), and then at stage 0, Lemma III.2 gives the best density"
        " among all; what is fixed besides adds a constant. A policy in Πⁱ knows no more, as A_0 ="
        " 0 and x_1 has no second entry",
        exactly("det Φ_1", phi.det(), -7),
        exactly("variance of u_0¹ in the feedback NE", first, Fraction(1, 2)),
        holds("it differs from that of the second equilibrium", first != Fraction(1, 4)),
    )


# -- a contraction excludes it --------------------------------------------------------------------

p = control_size(i)
outcomes, dimension = (Symbol(s, integer=True, positive=True) for s in ("s", "k"))
gamma_B, gamma_P = Symbol(r"\gamma_B", positive=True), Symbol(r"\gamma_{P,t}", positive=True)


def _difference(agent):
    """Outcomes of the difference of two mean policies of an agent, a column for each."""
    return AgentMatrix("D", agent, control_size(agent), outcomes)


def _known(agent):
    """E[· | Iⁱ] as a matrix from the right: the projection on what agent i knows."""
    return AgentMatrix("C", agent, outcomes, outcomes)


known_span = AgentMatrix("Y", i, outcomes, dimension)
known_gram = AgentMatrix("G", i, dimension, dimension)
projection = known_span * Inverse(known_gram) * known_span.T


def projected(expression):
    """‖XC‖_F ≤ ‖X‖_F for an orthogonal projection C."""

    def shortened(norm):
        inside = norm.args[0]
        if isinstance(inside, MatMul) and getattr(inside.args[-1], "name", "") == "C":
            return FrobeniusNorm(MatMul(*inside.args[:-1]))
        return norm

    return expression.xreplace({n: shortened(n) for n in expression.atoms(FrobeniusNorm)})


def _pythagoras() -> Decision:
    """‖X‖² = ‖XC‖² + ‖X − XC‖², so ‖XC‖_F ≤ ‖X‖_F."""
    X = MatrixSymbol("X", m, outcomes)
    rest = X - X * projection
    return Equality(
        Trace(X * X.T),
        Trace(X * projection * (X * projection).T) + Trace(rest * rest.T),
        (known_gram,),
        {known_gram: known_span.T * known_span},
    ).decide()


def projection_chain(factor=1) -> Chain:
    """‖Dⁱ‖ ≤ (2/τ)γ_B²γ_{P,t} Σ_{j≠i} ‖Dʲ‖ in L²; `factor` plants a false bound."""
    term = Inverse(W(i)) * B(i).T * P(i) * B(j) * _difference(j) * _known(i)
    line = MatrixSymbol("y", outcomes, 1)
    one_by_one = line.T * line
    return Chain(
        text="an agent's mean answer to what it expects of the others",
        left=FrobeniusNorm(AgentSum(term, j, (i,))),
        steps=(
            (triangle, "for any norm"),
            (projected, "E[· | Iⁱ] is an orthogonal projection in L²"),
            (submultiplicative, "‖XY‖_F ≤ ‖X‖₂‖Y‖_F and ‖X‖₂ ≤ ‖X‖_F"),
            (
                bounded_by({"B_t": gamma_B, "P_{t+1}": gamma_P, "W_t⁻¹": 2 / tau}),
                "γ_B, γ_{P,t} are maxima; W − (τ/2)I = R + B'PB ⪰ 0 gives ‖W⁻¹‖₂ ≤ 2/τ",
            ),
        ),
        right=factor
        * (2 / tau)
        * gamma_B**2
        * gamma_P
        * AgentTotal(FrobeniusNorm(_difference(j)), j, (i,)),
        symbols={gamma_B: largest_norm("B_t"), gamma_P: largest_norm("P_{t+1}")},
        first=(
            Equality(
                W(i) - tau / 2 * eye(i),
                R(i) + B(i).T * P(i) * B(i),
                symmetric,
                {W(i): definitions[W(i)]},
            ),
        ),
        symmetric=symmetric,
        definitions={
            W(i): definitions[W(i)],
            _known(i): line * Inverse(one_by_one) * line.T,
        },
    )


def _other_mean(agent):
    return AgentMatrix("{M^{o}_t}", agent, control_size(agent), 1)


def _linear_in_means() -> Decision:
    """W Mⁱ + ½b less the same at Mᵒ: W Dⁱ + Σ_{j≠i} B'PBʲ Dʲ, whatever means others are given."""
    derived = theorem_III_1.derive()
    condition = derived["weight"] * mean(i) + derived["form"].linear / 2
    replaced = condition.xreplace({mean(k): _other_mean(k) for k in (i, j)})
    return equal(
        condition - replaced,
        W(i) * (mean(i) - _other_mean(i))
        + agent_sum(B(i).T * P(i) * B(j) * (mean(j) - _other_mean(j)), j, i),
    )


def _excluded() -> Decision:
    return argument(
        _linear_in_means(),
        "agents draw their controls apart, so given (Iⁱ, uⁱ) the expected cost contains the others'"
        " controls through E[Mʲ | Iⁱ] in its linear term alone: by Lemma III.2"
        " W Mⁱ + Bⁱ'Pⁱ(A x + Σ_{j≠i} Bʲ E[Mʲ | Iⁱ]) = 0; the feedback NE solves this too",
        _pythagoras(),
        projection_chain().decide(),
        "summed over agents Σ‖Dⁱ‖ ≤ c Σ‖Dⁱ‖ in L² with c = (2/τ)γ_B²γ_{P,t}(N−1) < 1, so D = 0",
        "stage T−1 has P_T = Q_T; where all later stages are the feedback NE's, the cost to go is"
        " x'Px + q, and the same holds one stage earlier",
    )


CLAIMS = (
    Claim(
        id="sharp-history",
        title="A second equilibrium, of agents that remember, though every Φ_t is regular",
        where="Beyond the paper; limits of det Φ_t ≠ 0 over the class Πⁱ of (2)",
        latex=r"u_1^i \sim \mathcal{N}(\theta(u_0^i - \tfrac{3}{7} e_1^\top x_1), \tfrac13),"
        r" u_0^i \sim \mathcal{N}(0, \tfrac14), \theta^2 = \tfrac{49}{48}",
        statement=Computed(
            "u_1ⁱ ~ N(θ(u_0ⁱ − (3/7)e₁'x_1), 1/3), u_0ⁱ ~ N(0, 1/4), θ² = 49/48, is a NE over Πⁱ"
            " besides the feedback NE, with det Φ_1 = −7",
            _second_equilibrium,
        ),
        hypotheses=("T = 2, τ = 2, A = 0, B_0¹ = B_0² = e₁, noise 1/12 on e₁, stage 1 as in G*",),
    ),
    Claim(
        id="sharp-contraction-excludes",
        title="Under the contraction of Lemma IV.1 memory is of no use",
        where="Beyond the paper; sharpens Lemma III.4 to the class Πⁱ",
        statement=Computed(
            "(2/τ)γ_B²γ_{P,t}(N−1) < 1 at every t ⇒ the feedback NE is the only one among policies"
            " that remember",
            _excluded,
        ),
        hypotheses=(
            "γ_{P,t} of the feedback NE (Assumption III.3 implies it)",
            "best answers at every stage to what is known (sequential rationality)",
            "controls with finite second moments",
        ),
    ),
)
