"""Beyond the paper: policies that remember. The paper's class Πⁱ is larger than feedback."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from fractions import Fraction

import sympy
from sympy import Inverse, MatrixSymbol, Symbol, Trace

from ergs_verify.arithmetic import Rationals
from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal, agent_sum, control_size
from ergs_verify.ledger import hypotheses, memory, rules, scalars
from ergs_verify.ledger.chain import (
    PROJECTED,
    PROJECTION,
    SUBMULTIPLICATIVE,
    TRIANGLE,
    Chain,
    FrobeniusNorm,
    bounded_by,
    largest_norm,
)
from ergs_verify.ledger.claim import Claim
from ergs_verify.ledger.claims.optimality import GAME, WEIGHT, derived, equal, terminal
from ergs_verify.ledger.counterexamples import last_block_system, memory_of_own_controls
from ergs_verify.ledger.decision import Decision, exactly, holds, together
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Equality
from ergs_verify.paper.notation import B, P, W, definitions, i, j, m, mean, symmetric, tau
from ergs_verify.recursion import nash

# -- a second equilibrium -------------------------------------------------------------------------


def _second_equilibrium() -> Decision:
    """Both agents' best answers to each other, and that the feedback equilibrium is another.

    At stage 1, given (x_1, u_0ⁱ), and then at stage 0, Lemma III.2 gives the best density among
    all; a policy in Πⁱ knows no more, as A_0 = 0 and x_1 has no second entry.
    """
    game = memory.game()
    feedback = nash(game, Rationals())
    phi, _ = last_block_system(game)
    first = Rationals().to_fraction(feedback.Sigma[0][0][0, 0])
    return together(
        exactly("θ²", memory.THETA**2, sympy.Rational(49, 48)),
        memory.is_nash(),
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
    return AgentMatrix(PROJECTION, agent, outcomes, outcomes)


known_span = AgentMatrix("Y", i, outcomes, dimension)
known_gram = AgentMatrix("G", i, dimension, dimension)
projection = known_span * Inverse(known_gram) * known_span.T


def _pythagoras() -> Equality:
    """‖X‖² = ‖XC‖² + ‖X − XC‖², so ‖XC‖_F ≤ ‖X‖_F."""
    X = MatrixSymbol("X", m, outcomes)
    rest = X - X * projection
    return Equality(
        Trace(X * X.T),
        Trace(X * projection * (X * projection).T) + Trace(rest * rest.T),
        (known_gram,),
        {known_gram: known_span.T * known_span},
    )


def projection_chain(factor=1) -> Chain:
    """‖Dⁱ‖ ≤ (2/τ)γ_B²γ_{P,t} Σ_{j≠i} ‖Dʲ‖ in L²; `factor` plants a false bound."""
    term = Inverse(W(i)) * B(i).T * P(i) * B(j) * _difference(j) * _known(i)
    line = MatrixSymbol("y", outcomes, 1)
    one_by_one = line.T * line
    return Chain(
        left=FrobeniusNorm(AgentSum(term, j, (i,))),
        steps=(
            TRIANGLE,
            PROJECTED,
            SUBMULTIPLICATIVE,
            bounded_by(
                {"B_t": gamma_B, "P_{t+1}": gamma_P, "W_t⁻¹": 2 / tau},
                "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
            ),
        ),
        right=factor
        * (2 / tau)
        * gamma_B**2
        * gamma_P
        * AgentTotal(FrobeniusNorm(_difference(j)), j, (i,)),
        symbols={gamma_B: largest_norm("B_t"), gamma_P: largest_norm("P_{t+1}")},
        symmetric=symmetric,
        definitions={
            W(i): definitions[W(i)],
            _known(i): line * Inverse(one_by_one) * line.T,
        },
    )


def _other_mean(agent):
    return AgentMatrix("{M^{o}_t}", agent, control_size(agent), 1)


def _linear_in_means() -> Equality:
    """W Mⁱ + ½b less the same at Mᵒ: W Dⁱ + Σ_{j≠i} B'PBʲ Dʲ, whatever means others are given."""
    condition = derived("weight") * mean(i) + derived("form").linear / 2
    replaced = condition.xreplace({mean(k): _other_mean(k) for k in (i, j)})
    return equal(
        condition - replaced,
        W(i) * (mean(i) - _other_mean(i))
        + agent_sum(B(i).T * P(i) * B(j) * (mean(j) - _other_mean(j)), j, i),
    )


EXCLUDED = Theorem(
    id="sharp-contraction-excludes",
    says="the feedback NE is the only NE among policies with memory",
    given=(
        *GAME,
        hypotheses.STANDARD_PRIOR,
        hypotheses.INDEPENDENT_DRAWS,
        hypotheses.STAGE_CONTRACTION,
        hypotheses.SEQUENTIAL,
        hypotheses.SECOND_MOMENTS,
    ),
    proof=(
        WEIGHT,
        Fact(
            "W Mⁱ + ½b less the same at the feedback NE is W Dⁱ + Σ_{j≠i} B'PBʲ Dʲ",
            lambda: _linear_in_means().decide(),
        ),
        by(rules.CONDITIONAL_ANSWERS),
        Fact("‖X‖_F² = ‖XC‖_F² + ‖X − XC‖_F²", _pythagoras()),
        Fact(
            "‖W⁻¹Σ_{j≠i} B'PBʲ E[Dʲ | Iⁱ]‖ ≤ (2/τ)γ_B²γ_{P,t} Σ_{j≠i} ‖Dʲ‖ in L²",
            projection_chain(),
        ),
        by(rules.CONTRACTED_TO_ZERO),
        Fact("V_T(x) = x'Q_T x", terminal()),
        by(rules.ONE_STAGE_EARLIER),
    ),
    needed={
        **scalars.of_the_game(
            scalars.no_least_cost, "the feedback NE is the only NE among policies with memory"
        ),
        "stage-contraction": memory_of_own_controls,
    },
)


CLAIMS = (
    Claim(
        id="sharp-history",
        title="A second equilibrium, between agents with memory, although every Φ_t is regular",
        where="Beyond the paper; limits of det Φ_t ≠ 0 over the class Πⁱ of (2)",
        latex=r"u_1^i \sim \mathcal{N}(\theta(u_0^i - \tfrac{3}{7} e_1^\top x_1), \tfrac13),"
        r" u_0^i \sim \mathcal{N}(0, \tfrac14), \theta^2 = \tfrac{49}{48}",
        statement=Computed(
            "u_1ⁱ ~ N(θ(u_0ⁱ − (3/7)e₁'x_1), 1/3), u_0ⁱ ~ N(0, 1/4), θ² = 49/48, is a NE over Πⁱ"
            " besides the feedback NE, with det Φ_1 = −7",
            _second_equilibrium,
        ),
    ),
    Claim(
        id="sharp-contraction-excludes",
        title="Under the contraction of Lemma IV.1 memory does not help",
        where="Beyond the paper; sharpens Lemma III.4 to the class Πⁱ",
        statement=EXCLUDED,
    ),
)
