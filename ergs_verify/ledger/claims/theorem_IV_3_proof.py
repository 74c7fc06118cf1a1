"""The proof of Theorem IV.3, (26) to (32)."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable

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
    printed_constant,
    printed_cost,
    q_tilde,
    stated,
)
from ergs_verify.ledger.claims.augmented_game import augmented as tau_tilde
from ergs_verify.ledger.claims.lemma_IV_1 import CONTRACTION
from ergs_verify.ledger.claims.theorem_IV_3 import (
    AGAINST_ANY,
    GAP_OF_A_DEVIATION,
    OF_A_FIXED_POLICY,
    PARTS_OF_A_FIXED_POLICY,
)
from ergs_verify.ledger.decision import Decision
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Definition, Equalities, Equality
from ergs_verify.paper.notation import (
    A,
    B,
    F,
    K,
    P,
    S,
    definitions,
    i,
    j,
    letter_of_agents,
    m,
    noise,
    q,
    tau,
    x,
)
from ergs_verify.proof.reading import quadratic_form

__all__ = ["CLAIMS", "first_inequality", "second_inequality"]

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
            second_inequality(),
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
            first_inequality(),
        ),
        SECOND_BOUND,
        Fact(
            "c_1 + c_2(c_1 S + e) = c_1(1 + c_2 S) + c_2 e",
            Equality(
                c_1 + c_2 * (c_1 * geometric + error), c_1 * (1 + c_2 * geometric) + c_2 * error
            ),
        ),
        Fact("P̃_T = P_T = Q_T", lambda: _two_terminals(frozenset()).decide()),
        by(rules.UNROLLED),
    ),
)


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
)


def _bounded_gains(faults: frozenset[str]) -> Computed | Theorem:
    if faults:
        return Computed("‖K‖_F ≤ D for the K of (28)", costs_compared.arbitrary_gain)
    return BOUNDED_ITERATES


# -- the two values --------------------------------------------------------------------------------

P_bar, q_bar = letter_of_agents(r"{\bar{P}_t}", m, m), sympy.Function(r"\bar{q}_t", real=True)
P_hat, q_hat = letter_of_agents(r"{\hat{P}_t}", m, m), sympy.Function(r"\hat{q}_t", real=True)
P_later, q_later = (
    letter_of_agents(r"{\tilde{P}_t}", m, m),
    sympy.Function(r"\tilde{q}_t", real=True),
)
Q_end = sympy.MatrixSymbol("Q_T", m, m)
_BOTH = (P_bar(i), P_hat(i))


def _value(P_of, q_of):
    return trace_of(x.T, P_of(i), x) + q_of(i)


def _two_recursions(faults: frozenset[str]) -> Equalities:
    """The recursions of J̃ and of J, of which the second needs letters of its own."""
    second = P_tilde if "names" in faults else P
    second_q = q_tilde if "names" in faults else q
    return Equalities(
        (
            stated(
                in_augmented(of_policy("value").matrix),
                printed_cost(tau_tilde, P_tilde(i)),
                r"\tilde{P}_t^i",
            ),
            stated(
                in_augmented(of_policy("value").constant),
                printed_constant(
                    faults, tau_tilde, tau_tilde, P_tilde(i), q_tilde(i), "first shape"
                ),
                r"\tilde{q}_t^i",
            ),
            stated(of_policy("value").matrix, printed_cost(tau, second(i)), r"\bar{P}_t^i"),
            stated(
                of_policy("value").constant,
                printed_constant(faults, tau, tau, second(i), second_q(i), "second shape"),
                r"\bar{q}_t^i",
            ),
        )
    )


def _two_values(faults: frozenset[str]) -> Equalities:
    """J̃ = x'P̃_0 x + q̃_0 and J = x'P̄_0 x + q̄_0, with what the recursions give at t = 0."""
    P_first, q_first = (P_later, q_later) if "time" in faults else (P_hat, q_hat)
    P_second, q_second = (P_first, q_first) if "names" in faults else (P_bar, q_bar)
    form = of_policy("value")
    known = {
        **definitions,
        P_hat(i): in_augmented(form.matrix),
        q_hat(i): in_augmented(form.constant),
        P_bar(i): form.matrix,
        q_bar(i): form.constant,
    }
    return Equalities(
        (
            Equality(
                in_augmented(of_policy("cost")),
                _value(P_first, q_first),
                SYMMETRIC,
                known,
                r"\tilde{J}^i",
            ),
            Equality(of_policy("cost"), _value(P_second, q_second), SYMMETRIC, known, "J^i"),
        )
    )


def _two_terminals(faults: frozenset[str]) -> Equalities:
    """P̃_T and P̄_T, read off the costs at T; printed, nothing is said of P̄_T."""
    read = quadratic_form(trace_of(x.T, Q_end, x), x, symmetric=(Q_end,)).matrix
    given = {P_hat(i): read} if faults else {P_hat(i): read, P_bar(i): read}
    known = (Q_end, P_hat(i), P_bar(i))
    return Equalities(
        (
            Equality(P_hat(i), Q_end, known, given, r"\tilde{P}_T^i"),
            Equality(P_bar(i), Q_end, known, given, r"\bar{P}_T^i"),
        )
    )


def _rewritten(P_second, q_second) -> Equality:
    """J = J̃ − x'(P̃ − P̄)x − q̃ + q̄."""
    change = trace_of(x.T, P_hat(i) - P_second(i), x) + q_hat(i) - q_second(i)
    return Equality(_value(P_bar, q_bar), _value(P_hat, q_hat) - change, _BOTH)


IN_TERMS = Theorem(
    id="eq-32",
    says=(
        "J(Sⁱ, S̃⁻ⁱ) = J̃(Sⁱ, S̃⁻ⁱ) − x'(P̃_0 − P̄_0)x − q̃_0 + q̄_0",
        "J̃(Sⁱ, S̃⁻ⁱ) ≥ J̃(S̃) for every linear Gaussian Sⁱ",
    ),
    given=(hypotheses.AUGMENTED_NASH,),
    proof=(
        Fact(
            "J(Sⁱ, S̃⁻ⁱ) = J̃(Sⁱ, S̃⁻ⁱ) − x'(P̃_0 − P̄_0)x − q̃_0 + q̄_0",
            lambda: _rewritten(P_bar, q_bar).decide(),
        ),
        by(rules.NASH_INEQUALITY),
    ),
)


def _eq_32(faults: frozenset[str]) -> Equality | Theorem:
    return _rewritten(P_hat, q_hat) if faults else IN_TERMS


def _two_matrices(faults: frozenset[str]) -> Computed | Theorem:
    """P̃_0 − P̄_0 = O(δ) and q̃_0 − q̄_0 = O(δ) for one policy; printed, both are 0."""
    if faults:
        return Computed(
            "|J̃ − J| ≤ |x'(P̃_0 − P̃_0)x| + |q̃_0 − q̃_0|", costs_compared.one_matrix_for_two
        )
    return PARTS_OF_A_FIXED_POLICY


_STEPS: dict[str, tuple[str, Callable[[], Decision]]] = {
    "equality": (
        "|J(S̃) − J(Sⁱ)| = |J(S̃) − J̃(S̃ⁱ)| + |J̃(S̃) − J̃(S̃ⁱ)|",
        costs_compared.first_relation,
    ),
    "reading": ("some reading of S̃ⁱ makes every relation true", costs_compared.star_or_tilde),
    "dropped": (
        "… + |J(Sⁱ) − J̃(S̃ⁱ)| + … = the same without that term",
        costs_compared.dropped_term,
    ),
    "names": ("|x'(P̃_0 − P̃_0)x| + |q̃_0 − q̃_0| bounds |J̃ − J|", costs_compared.one_matrix_for_two),
    "absolute value": ("|J(S̃) − J(Sⁱ, S̃⁻ⁱ)| = O(δ) for every Sⁱ", costs_compared.absolute_value),
}


def _final(faults: frozenset[str]) -> Computed | Theorem:
    """The chain as printed makes all these statements; each alone is false."""
    made = [name for name in _STEPS if name in faults]
    if not made:
        return GAP_OF_A_DEVIATION
    return Computed("; ".join(_STEPS[name][0] for name in made), _STEPS[made[0]][1])


def _uniform(faults: frozenset[str]) -> Computed | Theorem:
    if faults:
        return Computed("one constant serves every policy Sⁱ", costs_compared.no_constant)
    return OF_A_FIXED_POLICY


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
        title="Its norm, bounded",
        where="Section IV-A, (28), first inequality",
        latex=r"\leq \delta/2 \|K_t^i\|_F^2 + \left( \gamma_A + \sum_{j=1}^N \gamma_B"
        r" \|K_t^j\|_F \right)^2 \|\tilde{P}_{t+1}^i - P_{t+1}^i\|_F",
        statement=lambda _: first_inequality(),
    ),
    Claim(
        id="eq-28/second-bound",
        title="Its norm, bounded by constants",
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
                what="the maximum is taken over y_t, a letter that occurs nowhere else; it is over"
                " all t, as γ_B is (∀ probably misread)",
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
                what="a contraction bounds its own iterates, while (28) to (30) are about any"
                " policy: D is an assumption on the policies compared",
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
                what="c_1 contains δ/2 already: the sum has c_1, not c_1 δ/2, which is too small a"
                " bound (δ²D²/4 for δD²/2)",
                kind="factor",
                printed=r"c_1 \delta/2",
                corrected=r"c_1",
            ),
        ),
        stated=(hypotheses.BOUNDED_GAINS,),
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
    Claim(
        id="eq-31",
        title="The augmented equilibrium against any deviation",
        where="Section IV-A, (31)",
        latex=r"J^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*}) - \tilde{J}^i(x, S^i, \tilde{S}^{-i*})"
        r" \leq J^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*}) - \tilde{J}^i(x, \tilde{S}^{i*},"
        r" \tilde{S}^{-i*}) = \mathcal{O}(\delta).",
        statement=AGAINST_ANY,
    ),
    Claim(
        id="thm-IV.3/two-values",
        title="The values of the two games",
        where="Section IV-A, after (31)",
        latex=r"\tilde{J}^i(x, S^i, \tilde{S}^{-i*}) = x^\top \tilde{P}_t^i x + \tilde{q}_t^i"
        r" \qquad J^i(x, S^i, \tilde{S}^{-i*}) = x^\top \tilde{P}_t^i x + \tilde{q}_t^i",
        statement=_two_values,
        faults=(
            Fault(
                name="names",
                what="J̃ and J are given by the same letters P̃ and q̃; those of J need an accent"
                " of"
                " their own (probably lost in the scan)",
                kind="accent",
                source="scan",
                printed=r"\qquad J^i(x, S^i, \tilde{S}^{-i*}) = x^\top \tilde{P}_t^i x"
                r" + \tilde{q}_t^i",
                corrected=r"\qquad J^i(x, S^i, \tilde{S}^{-i*}) = x^\top \corrected{\bar{P}_0^i} x"
                r" + \corrected{\bar{q}_0^i}",
            ),
            Fault(
                name="time",
                what="the costs from t = 0 are given by the matrices of time t; it is P̃_0 and"
                " q̃_0,"
                " as in (32)",
                kind="index",
            ),
        ),
    ),
    Claim(
        id="thm-IV.3/two-recursions",
        title="The recursions of the two values",
        where="Section IV-A, before (32)",
        latex=r"\tilde{P}_t^i = Q_t^i + (K_t^i)^\top ((\tilde{\tau}/2)I + R_t^i) K_t^i +"
        r" \left( A_t + B_t^i K_t^i + \sum_{j \neq i}^N B_t^j \tilde{K}_t^{j*} \right)^\top"
        r" \tilde{P}_{t+1}^i \left( A_t + B_t^i K_t^i + \sum_{j \neq i}^N B_t^j"
        r" \tilde{K}_t^{j*} \right), \tilde{q}_t^i = \tilde{q}_{t+1}^i"
        r" + Tr(\Sigma_t^i((\tilde{\tau}/2)I + R_t^i))"
        r" - \frac{\tilde{\tau}}{2}(p + \log(|\Sigma_t^i|))"
        r" + Tr\left( \left( \Sigma + \Sigma_t^i + \sum_{j \neq i}^N \tilde{\Sigma}_t^{j*}"
        r" \right) \tilde{P}_{t+1}^i \right), \quad \tilde{q}_T^i = 0,"
        r" \tilde{P}_t^i = Q_t^i + (K_t^i)^\top ((\tau/2)I + R_t^i) K_t^i +"
        r" \left( A_t + B_t^i K_t^i + \sum_{j \neq i}^N B_t^j \tilde{K}_t^{j*} \right)^\top"
        r" \tilde{P}_{t+1}^i \left( A_t + B_t^i K_t^i + \sum_{j \neq i}^N B_t^j"
        r" \tilde{K}_t^{j*} \right), \tilde{q}_t^i = \tilde{q}_{t+1}^i"
        r" + Tr(\Sigma_t^i((\tau/2)I + R_t^i)) - \frac{\tau}{2}(p + \log(|\Sigma_t^i|))"
        r" + Tr\left( \left( \Sigma + \Sigma_t^i + \sum_{j \neq i}^N \tilde{\Sigma}_t^{j*}"
        r" \right) \tilde{P}_{t+1}^i \right), \quad \tilde{q}_T^i = 0.",
        statement=_two_recursions,
        faults=(
            Fault(
                name="names",
                what="two different recursions, with τ̃ and with τ, for the same letters P̃ and q̃"
                " (the second pair's accent probably lost in the scan)",
                kind="accent",
                source="scan",
            ),
            Fault(
                name="first shape",
                what="in the recursion with τ̃, Σ_tʲ stands where BʲΣ_tʲBʲ' belongs: ill-typed",
                kind="shape",
            ),
            Fault(
                name="second shape",
                what="in the recursion with τ, Σ_tʲ stands where BʲΣ_tʲBʲ' belongs: ill-typed",
                kind="shape",
            ),
        ),
    ),
    Claim(
        id="thm-IV.3/two-terminals",
        title="Where both recursions start",
        where="Section IV-A, before (32)",
        latex=r"\tilde{P}_T^i = \tilde{P}_T^i = Q_T^i",
        statement=_two_terminals,
        faults=(
            Fault(
                name="names",
                what="P̃_T stands for both matrices, so the one of J gets no value at T (its accent"
                " probably lost in the scan)",
                kind="accent",
                source="scan",
                printed=r"\tilde{P}_T^i = \tilde{P}_T^i = Q_T^i",
                corrected=r"\tilde{P}_T^i = \corrected{\bar{P}_T^i} = Q_T^i",
            ),
        ),
    ),
    Claim(
        id="eq-32",
        title="The cost in terms of the augmented cost",
        where="Section IV-A, (32)",
        latex=r"J^i(x, S^i, \tilde{S}^{-i*}) = \tilde{J}^i(x, S^i, \tilde{S}^{-i*})"
        r" - x^\top (\tilde{P}_0^i - \tilde{P}_0^i) x - \tilde{q}_0^i + \tilde{q}_0^i"
        r" \geq \tilde{J}^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*})"
        r" - x^\top (\tilde{P}_0^i - \tilde{P}_0^i) x - \tilde{q}_0^i + \tilde{q}_0^i",
        statement=_eq_32,
        faults=(
            Fault(
                name="names",
                what="P̃_0 − P̃_0 and −q̃_0 + q̃_0 vanish as printed; the second of each is that"
                " of J"
                " (its accent probably lost in the scan)",
                kind="accent",
                source="scan",
            ),
        ),
    ),
    Claim(
        id="eq-32/matrices",
        title="Its terms are O(δ)",
        where="Section IV-A, after (32)",
        latex=r"\|\tilde{P}_0^i - \tilde{P}_0^i\|_F = \mathcal{O}(\delta)"
        r" \qquad |\tilde{q}_0^i - \tilde{q}_0^i| = \mathcal{O}(\delta)",
        statement=_two_matrices,
        faults=(
            Fault(
                name="names",
                what="both differences are 0 as printed; the second of each pair is that of J (its"
                " accent probably lost in the scan)",
                kind="accent",
                source="scan",
            ),
        ),
        stated=(hypotheses.FIXED_POLICY,),
    ),
    Claim(
        id="thm-IV.3/uniform",
        title="The costs differ by O(δ) for every deviation",
        where="Section IV-A, after (32)",
        latex=r"|\tilde{J}^i(x, S^i, \tilde{S}^{-i*}) - J^i(x, S^i, \tilde{S}^{-i*})|"
        r" = \mathcal{O}(\delta)",
        statement=_uniform,
        stated=(hypotheses.FIXED_POLICY,),
        faults=(
            Fault(
                name="uniform",
                what="for all Sⁱ at once no constant bounds the difference, which is δ times the"
                " relative entropy of Sⁱ; it is O(δ) for each fixed policy",
                kind="overclaim",
            ),
        ),
    ),
    Claim(
        id="thm-IV.3/final-chain",
        title="The final chain",
        where="Section IV-A, end of the proof of Theorem IV.3",
        latex=r"|J^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*}) - J^i(x, S^i, \tilde{S}^{-i*})|"
        r" = |J^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*}) - \tilde{J}^i(x, \tilde{S}^i,"
        r" \tilde{S}^{-i*})| + |\tilde{J}^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*})"
        r" - \tilde{J}^i(x, \tilde{S}^i, \tilde{S}^{-i*})|"
        r" \leq |J^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*}) - \tilde{J}^i(x, \tilde{S}^i,"
        r" \tilde{S}^{-i*})| + |J^i(x, S^i, \tilde{S}^{-i*}) - \tilde{J}^i(x, \tilde{S}^i,"
        r" \tilde{S}^{-i*})| + |x^\top (\tilde{P}_0^i - \tilde{P}_0^i)x|"
        r" + |\tilde{q}_0^i - \tilde{q}_0^i|"
        r" = |J^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*}) - \tilde{J}^i(x, \tilde{S}^i,"
        r" \tilde{S}^{-i*})| + |x^\top (\tilde{P}_0^i - \tilde{P}_0^i)x|"
        r" + |\tilde{q}_0^i - \tilde{q}_0^i| = \mathcal{O}(\delta)",
        statement=_final,
        faults=(
            Fault(
                name="equality",
                what="the first = is at best a ≤ (triangle inequality); the three costs behind it"
                " are unrelated",
                kind="sign",
            ),
            Fault(
                name="reading",
                what="S̃ⁱ is no policy of the paper: as S̃ⁱ* the first relation fails, as Sⁱ the"
                " second, even with ≤ for = (a star probably lost, or a tilde gained)",
                kind="accent",
                source="scan",
            ),
            Fault(
                name="dropped",
                what="the last = leaves out |J(Sⁱ, S̃⁻ⁱ) − J̃(S̃ⁱ, S̃⁻ⁱ)|, which is not 0",
                kind="missing term",
            ),
            Fault(
                name="names",
                what="P̃_0 − P̃_0 and q̃_0 − q̃_0 vanish as printed; the second of each is that"
                " of J"
                " (its accent probably lost in the scan)",
                kind="accent",
                source="scan",
            ),
            Fault(
                name="absolute value",
                what="a bad deviation costs more by an amount that does not shrink with δ; only the"
                " difference without the absolute value is O(δ)",
                kind="overclaim",
            ),
        ),
    ),
)
