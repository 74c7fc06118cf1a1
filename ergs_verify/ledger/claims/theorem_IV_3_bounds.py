"""The proof of Theorem IV.3, (26) to (30): what the two costs of one policy differ by."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sympy
from sympy import Determinant, MatAdd, MatMul, Symbol, Trace, Transpose, log

from ergs_verify.expressions import agent_sum, control_size, trace_of
from ergs_verify.ledger import costs_compared, hypotheses, rules
from ergs_verify.ledger.chain import (
    AGENTS,
    SUBMULTIPLICATIVE,
    TRIANGLE,
    Chain,
    FrobeniusNorm,
    bounded_by,
    inserted,
    largest_norm,
)
from ergs_verify.ledger.claim import Claim, Fault
from ergs_verify.ledger.claims.augmented_game import (
    SYMMETRIC,
    P_gap,
    P_tilde,
    delta,
    in_augmented,
    of_policy,
    q_tilde,
    stated,
)
from ergs_verify.ledger.claims.equation_19 import SINGULAR_WEIGHT
from ergs_verify.ledger.claims.lemma_IV_1 import CONTRACTION
from ergs_verify.ledger.claims.optimality import terminal
from ergs_verify.ledger.claims.theorem_IV_2 import the_loop_diverges
from ergs_verify.ledger.claims.theorem_IV_3 import OF_A_FIXED_POLICY, PARTS_OF_A_FIXED_POLICY
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Definition, Equality
from ergs_verify.paper.notation import A, B, F, K, P, S, definitions, i, j, noise, q, x

p = control_size(i)

# -- (26) to (28) ----------------------------------------------------------------------------------


def _eq_26() -> Equality:
    form, shifted = of_policy("value"), in_augmented(of_policy("value").matrix)
    constant = in_augmented(of_policy("value").constant)
    left = in_augmented(of_policy("cost")) - of_policy("cost")
    right = trace_of(x.T, shifted - form.matrix, x) + constant - form.constant
    return stated(left, right, r"\tilde{J}_t^i - J_t^i")


_divergence_constant = (Trace(S(i)) - p - log(Determinant(S(i)))) / 2


def _eq_27(faults: frozenset[str]) -> Computed | Equality:
    """q̃_t − q_t is q̃_{t+1} − q_{t+1} plus what P̃ − P makes of the noise, plus δ times this."""
    if faults:
        return Computed(
            "|q̃_t − q_t| = O(max‖P̃_s − P_s‖_F)", costs_compared.same_matrices_other_constants
        )
    difference = in_augmented(of_policy("value").constant) - of_policy("value").constant
    noises = trace_of(P_tilde(i) - P(i), noise) + agent_sum(
        trace_of(P_tilde(i) - P(i), B(j), S(j), B(j).T), j
    )
    return stated(
        difference,
        q_tilde(i) - q(i) + noises + delta * _divergence_constant,
        r"\tilde{q}_t^i - q_t^i",
    )


loop = MatAdd(A, agent_sum(MatMul(B(j), K(j)), j))


def _eq_28() -> Equality:
    difference = in_augmented(of_policy("value").matrix) - of_policy("value").matrix
    printed = MatAdd(
        MatMul(delta / 2, Transpose(K(i)), K(i)),
        MatMul(Transpose(loop), P_tilde(i) - P(i), loop),
    )
    return stated(difference, printed, r"\tilde{P}_t^i - P_t^i")


gamma_A, gamma_B = Symbol(r"\gamma_A", positive=True), Symbol(r"\gamma_B", positive=True)
D = Symbol("D", positive=True)
_bounds = {gamma_A: largest_norm("A_t"), gamma_B: largest_norm("B_t"), D: largest_norm("K_t")}
_norm_K = FrobeniusNorm(K(i))


def first_inequality(factor=1) -> Chain:
    """‖(δ/2)K'K + F'EF‖_F ≤ (δ/2)‖K‖_F² + (γ_A + Σ_j γ_B‖Kʲ‖_F)² ‖E‖_F."""
    start = FrobeniusNorm(MatAdd(MatMul(delta / 2, K(i).T, K(i)), MatMul(F.T, P_gap(i), F)))
    right = delta / 2 * _norm_K**2 + (
        gamma_A + agent_sum(gamma_B * FrobeniusNorm(K(j)), j)
    ) ** 2 * FrobeniusNorm(P_gap(i))
    return Chain(
        left=start,
        steps=(
            TRIANGLE,
            SUBMULTIPLICATIVE,
            inserted(F, definitions[F]),
            TRIANGLE,
            SUBMULTIPLICATIVE,
            bounded_by({"A_t": gamma_A, "B_t": gamma_B}),
        ),
        right=factor * right,
        symbols=_bounds,
        first=(_eq_28(),),
        symmetric=SYMMETRIC,
        definitions={F: definitions[F]},
    )


def second_inequality(factor=1) -> Chain:
    """… ≤ δ(D²/2) + (γ_A + Nγ_B D)² ‖E‖_F with ‖Kʲ‖_F ≤ D for every agent."""
    return Chain(
        left=first_inequality().right,
        steps=(bounded_by({"K_t": D}, hypotheses.BOUNDED_GAINS.text),),
        right=factor
        * (delta * D**2 / 2 + (gamma_A + AGENTS * gamma_B * D) ** 2 * FrobeniusNorm(P_gap(i))),
        symbols={**_bounds, AGENTS: lambda matrices: float(len(matrices["K_t"]))},
        symmetric=SYMMETRIC,
    )


SECOND_BOUND = Theorem(
    id="eq-28/second-bound",
    says="(δ/2)‖Kⁱ‖_F² + (γ_A + Σ_j γ_B‖Kʲ‖_F)²‖P̃_{t+1} − P_{t+1}‖_F ≤ c_1 + c_2 ‖P̃_{t+1} −"
    " P_{t+1}‖_F",
    given=(hypotheses.BOUNDED_GAINS,),
    proof=(
        Fact(
            "(δ/2)‖Kⁱ‖_F² + (γ_A + Σ_j γ_B‖Kʲ‖_F)²‖P̃_{t+1} − P_{t+1}‖_F ≤ c_1 + c_2"
            " ‖P̃_{t+1} − P_{t+1}‖_F",
            lambda: second_inequality().decide(),
        ),
    ),
    needed={"bounded-gains": costs_compared.arbitrary_gain},
)

c_1, c_2, error, geometric = sympy.symbols("c_1 c_2 e S", positive=True)


UNROLLED = Theorem(
    id="thm-IV.3/unrolled",
    says="‖P̃_t − P_t‖_F ≤ c_1 Σ_{s=t}^{T−1} c_2^{s−t} + c_2^{T−t} ‖P̃_T − P_T‖_F = O(δ)",
    given=SECOND_BOUND.given,
    proof=(
        Fact(
            "‖P̃_t − P_t‖_F ≤ (δ/2)‖Kⁱ‖_F² + (γ_A + Σ_j γ_B‖Kʲ‖_F)²‖P̃_{t+1} − P_{t+1}‖_F",
            lambda: first_inequality().decide(),
        ),
        SECOND_BOUND,
        Fact(
            "c_1 + c_2(c_1 S + e) = c_1(1 + c_2 S) + c_2 e",
            Equality(
                c_1 + c_2 * (c_1 * geometric + error), c_1 * (1 + c_2 * geometric) + c_2 * error
            ),
        ),
        Fact("P̃_T = P_T = Q_T", terminal()),
        by(rules.UNROLLED),
    ),
    needed=SECOND_BOUND.needed,
)
"""(3) at T has no τ, so that both games have the same P_T."""


def _unrolled(faults: frozenset[str]) -> Computed | Theorem:
    if faults:
        return Computed(
            "‖P̃_t − P_t‖ ≤ (c_1 δ/2) Σ c_2^k + c_2^{T−t} ‖P̃_T − P_T‖", costs_compared.small_factor
        )
    return UNROLLED


def _longest_loop(faults: frozenset[str]) -> Computed | Definition:
    if faults:
        return Computed("γ_A = max over y_t of ‖A_t‖_F", costs_compared.open_loop_of_one_stage)
    return Definition(gamma_A**2, trace_of(A.T, A))


BOUNDED_ITERATES = Theorem(
    id="eq-28/bounded-gains",
    says="the iterates of Ψ_t from any start are bounded",
    given=CONTRACTION.given,
    proof=(CONTRACTION, by(rules.BOUNDED_ITERATES)),
    needed={**SINGULAR_WEIGHT, "threshold-at-t": the_loop_diverges},
)


def _bounded_gains(faults: frozenset[str]) -> Computed | Theorem:
    if faults:
        return Computed("‖K‖_F ≤ D for the K of (28)", costs_compared.arbitrary_gain)
    return BOUNDED_ITERATES


CLAIMS = (
    Claim(
        id="eq-26",
        title="Difference of the two costs",
        where="Section IV-A, (26)",
        latex=r"|\tilde{J}_t^i(x, S^i, S^{-i}) - J_t^i(x, S^i, S^{-i})|"
        r" = |x^\top (\tilde{P}_t^i - P_t^i) x + \tilde{q}_t^i - q_t^i|",
        statement=lambda _: _eq_26(),
    ),
    Claim(
        id="eq-27",
        title="Difference of the constants",
        where="Section IV-A, (27)",
        latex=r"|\tilde{q}_t^i - q_t^i| = \mathcal{O}\left( \max_{t < s \leq T}"
        r" \|\tilde{P}_s^i - P_s^i\|_F \right).",
        statement=_eq_27,
        corrected_latex=r"\tilde{q}_t^i - q_t^i = \tilde{q}_{t+1}^i - q_{t+1}^i"
        r" + Tr\left( \left( \Sigma + \sum_{j=1}^N B_t^j \Sigma_t^j (B_t^j)^\top \right)"
        r" (\tilde{P}_{t+1}^i - P_{t+1}^i) \right)"
        r" \corrected{+ \frac{\delta}{2}(Tr(\Sigma_t^i) - p - \log(|\Sigma_t^i|))}",
        faults=(
            Fault(
                name="divergence",
                what="besides what P̃ − P contributes, each stage adds (δ/2)(Tr Σ − p − log|Σ|),"
                " which no multiple of ‖P̃ − P‖ bounds (K = 0 has P̃ = P)",
                kind="missing term",
            ),
        ),
    ),
    Claim(
        id="eq-28",
        title="Difference of the P matrices, one step",
        where="Section IV-A, (28), equality",
        latex=r"\|\tilde{P}_t^i - P_t^i\|_F = \left\| \delta/2(K_t^i)^\top K_t^i +"
        r" \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right)^\top (\tilde{P}_{t+1}^i - P_{t+1}^i)"
        r" \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right) \right\|_F",
        statement=lambda _: _eq_28(),
    ),
    Claim(
        id="eq-28/first-bound",
        title="Norm of the difference of the P matrices, bounded",
        where="Section IV-A, (28), first inequality",
        latex=r"\leq \delta/2 \|K_t^i\|_F^2 + \left( \gamma_A + \sum_{j=1}^N \gamma_B"
        r" \|K_t^j\|_F \right)^2 \|\tilde{P}_{t+1}^i - P_{t+1}^i\|_F",
        statement=lambda _: first_inequality(),
    ),
    Claim(
        id="eq-28/second-bound",
        title="Norm of the difference of the P matrices, bounded by constants",
        where="Section IV-A, (28), second inequality",
        latex=r"\leq \underbrace{\delta(D^2/2)}_{c_1} + \underbrace{(\gamma_A + N\gamma_B D)^2}"
        r"_{c_2} \|\tilde{P}_{t+1}^i - P_{t+1}^i\|_F,",
        statement=SECOND_BOUND,
        stated=(hypotheses.BOUNDED_GAINS,),
    ),
    Claim(
        id="eq-28/open-loop",
        title="The constant γ_A",
        where="Section IV-A, after (28)",
        latex=r"\gamma_A = \max_{y_t} \|A_t\|_F",
        statement=_longest_loop,
        faults=(
            Fault(
                name="index",
                what="the maximum is taken over y_t, a letter that occurs nowhere else. It should "
                "be over all t, as in γ_B (∀ probably misread)",
                kind="index",
                source="scan",
                printed=r"y_t",
                corrected=r"\forall t",
            ),
        ),
    ),
    Claim(
        id="eq-28/bounded-gains",
        title="The constant D",
        where="Section IV-A, after (28)",
        quote="The last inequality utilizes the fact that … operator for this game will be"
        " contractive, and hence the norm of iterates … will be bounded.",
        statement=_bounded_gains,
        stated=(hypotheses.THRESHOLD_AT_T,),
        faults=(
            Fault(
                name="any policy",
                what="a contraction bounds its own iterates, while (28) to (30) are about any "
                "policy. D is an assumption on the policies compared",
                kind="overclaim",
            ),
        ),
    ),
    Claim(
        id="thm-IV.3/unrolled",
        title="The recursion unrolled",
        where="Section IV-A, after (28)",
        latex=r"\|\tilde{P}_t^i - P_t^i\|_F \leq c_1 \delta/2 \sum_{s=t}^{T-1} c_2^{s-t}"
        r" + c_2^{T-t} \|\tilde{P}_T^i - P_T^i\|_F = \mathcal{O}(\delta)",
        statement=_unrolled,
        faults=(
            Fault(
                name="twice",
                what="c_1 already contains δ/2, so the sum has the factor c_1, not c_1 δ/2. The "
                "printed bound is too small, δ²D²/4 where δD²/2 is needed",
                kind="factor",
                printed=r"c_1 \delta/2",
                corrected=r"c_1",
            ),
        ),
    ),
    Claim(
        id="eq-29",
        title="The constants differ by O(δ)",
        where="Section IV-A, (29)",
        latex=r"|\tilde{q}_t^i - q_t^i| = \mathcal{O}(\delta).",
        statement=PARTS_OF_A_FIXED_POLICY,
        stated=(hypotheses.FIXED_POLICY,),
    ),
    Claim(
        id="eq-30",
        title="The costs differ by O(δ)",
        where="Section IV-A, (30)",
        latex=r"|\tilde{J}^i(x, S^i, S^{-i}) - J^i(x, S^i, S^{-i})| = \mathcal{O}(\delta).",
        statement=OF_A_FIXED_POLICY,
        stated=(hypotheses.FIXED_POLICY,),
    ),
)
