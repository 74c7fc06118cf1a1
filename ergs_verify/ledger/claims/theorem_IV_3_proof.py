"""The proof of Theorem IV.3, (31) and (32): one deviation, and the final chain."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable

import sympy

from ergs_verify.expressions import trace_of
from ergs_verify.ledger import costs_compared, hypotheses, rules
from ergs_verify.ledger.claim import Claim, Fault
from ergs_verify.ledger.claims.augmented_game import (
    SYMMETRIC,
    P_tilde,
    in_augmented,
    of_policy,
    printed_constant,
    printed_cost,
    q_tilde,
    stated,
)
from ergs_verify.ledger.claims.augmented_game import augmented as tau_tilde
from ergs_verify.ledger.claims.lemma_III_4 import UNIQUE
from ergs_verify.ledger.claims.theorem_IV_3 import (
    AGAINST_ANY,
    GAP_OF_A_DEVIATION,
    OF_A_FIXED_POLICY,
    PARTS_OF_A_FIXED_POLICY,
)
from ergs_verify.ledger.decision import Decision
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Equalities, Equality
from ergs_verify.paper.notation import P, definitions, i, letter_of_agents, m, q, tau, x
from ergs_verify.proof.reading import quadratic_form

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
    second = r"\tilde{P}_T^i \text{ for } \bar{P}_T^i" if faults else r"\bar{P}_T^i"
    return Equalities(
        (
            Equality(P_hat(i), Q_end, known, given, r"\tilde{P}_T^i"),
            Equality(P_bar(i), Q_end, known, given, second),
        )
    )


def _rewritten() -> Equality:
    """J = J̃ − x'(P̃ − P̄)x − q̃ + q̄."""
    change = trace_of(x.T, P_hat(i) - P_bar(i), x) + q_hat(i) - q_bar(i)
    return Equality(_value(P_bar, q_bar), _value(P_hat, q_hat) - change, _BOTH)


IN_TERMS = Theorem(
    id="eq-32",
    says=(
        "J(Sⁱ, S̃⁻ⁱ) = J̃(Sⁱ, S̃⁻ⁱ) − x'(P̃_0 − P̄_0)x − q̃_0 + q̄_0",
        "J(Sⁱ, S̃⁻ⁱ) ≥ J̃(S̃) − x'(P̃_0 − P̄_0)x − q̃_0 + q̄_0 for every linear Gaussian Sⁱ",
    ),
    given=(hypotheses.AUGMENTED_NASH,),
    proof=(
        Fact(
            "J(Sⁱ, S̃⁻ⁱ) = J̃(Sⁱ, S̃⁻ⁱ) − x'(P̃_0 − P̄_0)x − q̃_0 + q̄_0",
            lambda: _rewritten().decide(),
        ),
        by(rules.NASH_INEQUALITY),
        by(rules.SUBTRACTED),
    ),
    needed={"augmented-nash": costs_compared.no_nash_of_the_augmented_game},
)


def _eq_32(faults: frozenset[str]) -> Computed | Theorem:
    if faults:
        return Computed(
            "J(Sⁱ, S̃⁻ⁱ) = J̃(Sⁱ, S̃⁻ⁱ) − x'(P̃_0 − P̃_0)x − q̃_0 + q̃_0 ≥ J̃(S̃) − x'(P̃_0 − P̃_0)x"
            " − q̃_0 + q̃_0",
            costs_compared.one_matrix_in_both_costs,
        )
    return IN_TERMS


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
        return Computed("one constant holds for every policy Sⁱ", costs_compared.no_constant)
    return OF_A_FIXED_POLICY


CLAIMS = (
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
        id="eq-31/exists",
        title="The augmented game has a unique NE",
        where="Section IV-A, before (31)",
        quote="as the unique NE of the … -augmented game with entropy regularization parameter …"
        " (which is bound to exist due to the condition on …)",
        statement=UNIQUE,
        stated=(hypotheses.ASSUMPTION_III_3,),
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
                what="J̃ and J are written with the same letters P̃ and q̃. Those of J need an "
                "accent of their own (probably lost in the scan)",
                kind="accent",
                source="scan",
                printed=r"\qquad J^i(x, S^i, \tilde{S}^{-i*}) = x^\top \tilde{P}_t^i x"
                r" + \tilde{q}_t^i",
                corrected=r"\qquad J^i(x, S^i, \tilde{S}^{-i*}) = x^\top \corrected{\bar{P}_0^i} x"
                r" + \corrected{\bar{q}_0^i}",
            ),
            Fault(
                name="time",
                what="the costs from t = 0 are written with the matrices of time t. They should "
                "be P̃_0 and q̃_0, as in (32)",
                kind="index",
                printed=r"\tilde{J}^i(x, S^i, \tilde{S}^{-i*}) = x^\top \tilde{P}_t^i x"
                r" + \tilde{q}_t^i",
                corrected=r"\tilde{J}^i(x, S^i, \tilde{S}^{-i*}) = x^\top"
                r" \corrected{\tilde{P}_0^i} x + \corrected{\tilde{q}_0^i}",
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
                printed=r"\tilde{P}_t^i = Q_t^i + (K_t^i)^\top ((\tau/2)I + R_t^i) K_t^i +"
                r" \left( A_t + B_t^i K_t^i + \sum_{j \neq i}^N B_t^j \tilde{K}_t^{j*} \right)^\top"
                r" \tilde{P}_{t+1}^i \left( A_t + B_t^i K_t^i + \sum_{j \neq i}^N B_t^j"
                r" \tilde{K}_t^{j*} \right), \tilde{q}_t^i = \tilde{q}_{t+1}^i"
                r" + Tr(\Sigma_t^i((\tau/2)I",
                corrected=r"\corrected{\bar{P}_t^i} = Q_t^i + (K_t^i)^\top ((\tau/2)I +"
                r" R_t^i) K_t^i +"
                r" \left( A_t + B_t^i K_t^i + \sum_{j \neq i}^N B_t^j \tilde{K}_t^{j*} \right)^\top"
                r" \corrected{\bar{P}_{t+1}^i} \left( A_t + B_t^i K_t^i + \sum_{j \neq i}^N B_t^j"
                r" \tilde{K}_t^{j*} \right), \corrected{\bar{q}_t^i} = \corrected{\bar{q}_{t+1}^i}"
                r" + Tr(\Sigma_t^i((\tau/2)I",
            ),
            Fault(
                name="first shape",
                what=(
                    "in the recursion with τ̃, Σ_tʲ appears where BʲΣ_tʲBʲ' belongs, so the sum "
                    "is ill-typed"
                ),
                kind="shape",
                printed=r"\left( \Sigma + \Sigma_t^i + \sum_{j \neq i}^N \tilde{\Sigma}_t^{j*}"
                r" \right) \tilde{P}_{t+1}^i \right), \quad \tilde{q}_T^i = 0,",
                corrected=r"\left( \Sigma + \corrected{B_t^i \Sigma_t^i (B_t^i)^\top} +"
                r" \sum_{j \neq i}^N"
                r" \corrected{B_t^j \tilde{\Sigma}_t^{j*} (B_t^j)^\top}"
                r" \right) \tilde{P}_{t+1}^i \right), \quad \tilde{q}_T^i = 0,",
            ),
            Fault(
                name="second shape",
                what=(
                    "in the recursion with τ, Σ_tʲ appears where BʲΣ_tʲBʲ' belongs, so the sum "
                    "is ill-typed"
                ),
                kind="shape",
                printed=r"\left( \Sigma + \Sigma_t^i + \sum_{j \neq i}^N \tilde{\Sigma}_t^{j*}"
                r" \right) \tilde{P}_{t+1}^i \right), \quad \tilde{q}_T^i = 0.",
                corrected=r"\left( \Sigma + \corrected{B_t^i \Sigma_t^i (B_t^i)^\top} +"
                r" \sum_{j \neq i}^N"
                r" \corrected{B_t^j \tilde{\Sigma}_t^{j*} (B_t^j)^\top}"
                r" \right) \corrected{\bar{P}_{t+1}^i} \right), \quad \corrected{\bar{q}_T^i} = 0.",
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
                what="P̃_T stands for both matrices, so the matrix of J gets no value at T (its "
                "accent probably lost in the scan)",
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
                what="P̃_0 − P̃_0 and −q̃_0 + q̃_0 vanish as printed; the second of each pair "
                "belongs to J (its accent probably lost in the scan)",
                kind="accent",
                source="scan",
                printed=r"(\tilde{P}_0^i - \tilde{P}_0^i) x - \tilde{q}_0^i + \tilde{q}_0^i"
                r" \geq \tilde{J}^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*})"
                r" - x^\top (\tilde{P}_0^i - \tilde{P}_0^i) x - \tilde{q}_0^i + \tilde{q}_0^i",
                corrected=r"(\tilde{P}_0^i - \corrected{\bar{P}_0^i}) x - \tilde{q}_0^i +"
                r" \corrected{\bar{q}_0^i}"
                r" \geq \tilde{J}^i(x, \tilde{S}^{i*}, \tilde{S}^{-i*})"
                r" - x^\top (\tilde{P}_0^i - \corrected{\bar{P}_0^i}) x - \tilde{q}_0^i +"
                r" \corrected{\bar{q}_0^i}",
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
                what="both differences are 0 as printed; the second of each pair belongs to J "
                "(its accent probably lost in the scan)",
                kind="accent",
                source="scan",
                printed=r"\tilde{P}_0^i\|_F = \mathcal{O}(\delta) \qquad |\tilde{q}_0^i -"
                r" \tilde{q}_0^i|",
                corrected=r"\corrected{\bar{P}_0^i}\|_F = \mathcal{O}(\delta)"
                r" \qquad |\tilde{q}_0^i - \corrected{\bar{q}_0^i}|",
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
                what="no single constant bounds the difference for all Sⁱ, since it is δ times "
                "the relative entropy of Sⁱ. It is O(δ) for each fixed policy",
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
                what="the first = is at best a ≤, by the triangle inequality: |a − c| is not"
                " |a − b| + |b − c|",
                kind="sign",
            ),
            Fault(
                name="reading",
                what="S̃ⁱ without a star is not defined in the paper. If S̃ⁱ* is meant, the first "
                "relation is false. If Sⁱ is meant, the second is, even with ≤ for =",
                kind="index",
            ),
            Fault(
                name="dropped",
                what="the last = leaves out |J(Sⁱ, S̃⁻ⁱ) − J̃(S̃ⁱ, S̃⁻ⁱ)|, which is not 0",
                kind="missing term",
            ),
            Fault(
                name="names",
                what="P̃_0 − P̃_0 and q̃_0 − q̃_0 vanish as printed; the second of each pair "
                "belongs to J (its accent probably lost in the scan)",
                kind="accent",
                source="scan",
            ),
            Fault(
                name="absolute value",
                what="a bad deviation costs more by an amount that does not shrink with δ; only the"
                " difference without the absolute value has a bound O(δ)",
                kind="overclaim",
            ),
        ),
    ),
)
