"""The δ-augmented game of Section IV-A: (21), the cost of a policy (23) to (25)."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sympy
from attrs import evolve
from sympy import Determinant, MatAdd, MatMul, Symbol, Trace, Transpose, ZeroMatrix, log

from ergs_verify.expressions import agent_sum, control_size, trace_of
from ergs_verify.ledger import costs_compared, hypotheses, rules
from ergs_verify.ledger.claim import Claim, Fault, Gap
from ergs_verify.ledger.claims.apriori import FALLS, VANISHES
from ergs_verify.ledger.claims.lemma_III_4 import DOMINANT, UNIQUE
from ergs_verify.ledger.claims.optimality import GAME, Q_end
from ergs_verify.ledger.claims.theorem_III_1 import QUADRATIC
from ergs_verify.ledger.exhibits import P_tilde, delta, q_tilde
from ergs_verify.ledger.reasoning import Theorem, by
from ergs_verify.ledger.statements import Computed, Definition, Equalities, Equality
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import (
    A,
    B,
    K,
    P,
    Q,
    R,
    S,
    definitions,
    eye,
    i,
    j,
    letter_of_agents,
    m,
    next_state,
    noise,
    omega,
    own,
    own_covariance,
    own_mean,
    q,
    symmetric,
    tau,
    u,
    x,
)
from ergs_verify.proof import gaussian_expectation

p = control_size(i)
augmented = tau + delta
"""τ̃."""
P_gap = letter_of_agents("E", m, m)
"""P̃_{t+1} − P_{t+1}."""
SYMMETRIC = (*symmetric, P_tilde(i), P_gap(i))
x_end = sympy.MatrixSymbol("x_T", *x.shape)
log_ratio = Symbol("ell", real=True)
"""log(π(u|x)/μ(u|x)) at a drawn control."""


def stated(left, right, named: str = "") -> Equality:
    """An identity in the letters of both games."""
    return Equality(left, right, SYMMETRIC, definitions, named)


def of_policy(name: str):
    """A part of the derived cost recursion (24) of any joint policy."""
    return theorem_III_1.derive_policy_value()[name]


def in_augmented(expression):
    """The same at τ̃, with what the augmented game hands back."""
    return expression.xreplace({tau: augmented, P(i): P_tilde(i), q(i): q_tilde(i)})


loop = MatAdd(A, agent_sum(MatMul(B(j), K(j)), j))
"""A + Σ_j BʲKʲ, as printed."""


def _noise_trace(P_next, with_inputs: bool):
    """Tr((Σ + Σ_j BʲΣʲBʲ')P); as printed, Bʲ and Bʲ' are missing."""
    term = MatMul(B(j), S(j), Transpose(B(j))) if with_inputs else S(j)
    return Trace(MatMul(MatAdd(noise, agent_sum(term, j)), P_next))


def printed_cost(weight_tau, P_next):
    return MatAdd(
        Q(i),
        MatMul(Transpose(K(i)), MatAdd(MatMul(weight_tau / 2, eye(i)), R(i)), K(i)),
        MatMul(Transpose(loop), P_next, loop),
    )


def printed_constant(faults, weight_tau, entropy_tau, P_next, q_next, shape="shape"):
    return (
        q_next
        + trace_of(S(i), MatAdd(MatMul(weight_tau / 2, eye(i)), R(i)))
        - entropy_tau / 2 * (p + log(Determinant(S(i))))
        + _noise_trace(P_next, shape not in faults)
    )


SHAPE = Fault(
    name="shape",
    what="Σ_tʲ (p×p) appears where BʲΣ_tʲBʲ' (m×m) belongs. The sum with the noise covariance is "
    "ill-typed, and where p = m it has the wrong value",
    kind="shape",
    printed=r"\Sigma + \sum_{j=1}^N \Sigma_t^j",
    corrected=r"\Sigma + \sum_{j=1}^N \corrected{B_t^j \Sigma_t^j (B_t^j)^\top}",
)


def tilde_lost(name: str, what: str, printed: str, corrected: str) -> Fault:
    return Fault(
        name=name,
        what=f"{what} (tilde probably lost)",
        kind="accent",
        source="scan",
        printed=printed,
        corrected=corrected,
    )


# -- the cost of a joint policy --------------------------------------------------------------------


def _eq_23(faults: frozenset[str]) -> Equalities:
    move = A * x + agent_sum(B(j) * u(j), j) + omega
    future = trace_of(move.T, P(i), move)
    head = trace_of(x.T, Q(i), x) + trace_of(u(i).T, R(i), u(i)) + q(i)
    entropy = tau * log_ratio
    first = head + (entropy * future if "plus" in faults else entropy + future)
    gain_x = K(i) * x
    second = (
        trace_of(x.T, Q(i), x)
        + trace_of(gain_x.T, R(i), gain_x)
        + trace_of(S(i), R(i))
        + q(i)
        + tau / 2 * (Trace(S(i)) + trace_of(gain_x.T, gain_x) - p - log(Determinant(S(i))))
        + trace_of(x.T, Transpose(loop), P(i), loop, x)
        + _noise_trace(P(i), "shape" not in faults)
    )
    whole = head - q(i) + entropy + theorem_III_1.cost_to_go(next_state)
    return Equalities(
        (
            Equality(whole, first, SYMMETRIC, {**definitions, next_state: move}),
            stated(of_policy("cost"), second, "J_t^i(x)"),
        )
    )


#: One number for every size: Tr((Σ + Σʲ)P) is 56 there, and Tr((Σ + BʲΣʲBʲ')P) is 119.
_SHOWN_AT = (("B_t^1", 2), (r"\Sigma_t^1", 3), (r"\Sigma", 5), ("P_{t+1}^1", 7))


def _noise_adds(faults: frozenset[str]) -> Equality:
    """What the draws and the noise add to the cost to go, from their moments."""
    move = agent_sum(B(j) * u(j), j) + omega
    moments = {u(j): (ZeroMatrix(*u(j).shape), S(j)), omega: (ZeroMatrix(*omega.shape), noise)}
    added = gaussian_expectation(trace_of(move.T, P(i), move), moments, symmetric=SYMMETRIC)
    return evolve(stated(added, _noise_trace(P(i), "shape" not in faults)), at=_SHOWN_AT)


def _eq_24(faults: frozenset[str]) -> Equalities:
    return Equalities(
        (
            _noise_adds(faults),
            stated(of_policy("value").matrix, printed_cost(tau, P(i)), "P_t^i"),
            stated(
                of_policy("value").constant,
                printed_constant(faults, tau, tau, P(i), q(i)),
                "q_t^i",
            ),
        )
    )


# -- the augmented game ----------------------------------------------------------------------------


def _stage_cost(at):
    """E[u'Ru + τ log(π/μ)] + x'Qx of one stage, derived from the moments of the policy."""
    stage = trace_of(x.T, Q(i), x) + trace_of(own(i).T, R(i), own(i))
    play = {own(i): (own_mean(i), own_covariance(i))}
    expected = gaussian_expectation(stage, play, symmetric=SYMMETRIC)
    whole = expected + at * theorem_III_1.own_divergence()
    return whole.xreplace({own_mean(i): K(i) * x, own_covariance(i): S(i)})


def _augmented_cost(faults: frozenset[str]) -> Equality:
    at = tau if "tilde" in faults else augmented
    weight = MatAdd(Q(i), MatMul(Transpose(K(i)), MatAdd(MatMul(at / 2, eye(i)), R(i)), K(i)))
    printed = trace_of(x.T, weight, x)
    if "constants" not in faults:
        printed += trace_of(R(i), S(i))
        printed += at / 2 * (Trace(S(i)) - p - log(Determinant(S(i))))
    return stated(_stage_cost(augmented), printed, r"\mathbb{E}\,[\text{stage cost}]")


def _augmented_riccati(faults: frozenset[str]) -> Equality:
    at = tau if "tilde" in faults else augmented
    return stated(
        in_augmented(of_policy("value").matrix), printed_cost(at, P_tilde(i)), r"\tilde{P}_t^i"
    )


def _eq_25(faults: frozenset[str]) -> Equality:
    weight = tau if "first tilde" in faults else augmented
    entropy = tau if "second tilde" in faults else augmented
    printed = printed_constant(faults, weight, entropy, P_tilde(i), q_tilde(i))
    return stated(in_augmented(of_policy("value").constant), printed, r"\tilde{q}_t^i")


def _augmented_value(faults: frozenset[str]) -> Computed | Equality:
    if faults:
        return Computed("J̃_t is a function of (Kⁱ, K⁻ⁱ)", costs_compared.unlike_covariances)
    value = of_policy("value")
    whole = trace_of(x.T, in_augmented(value.matrix), x) + in_augmented(value.constant)
    return stated(in_augmented(of_policy("cost")), whole, r"\tilde{J}_t^i(x, S^i, S^{-i})")


CHOICE = Theorem(
    id="eq-21/choice",
    says="in every game some δ > 0 satisfies τ̃ > 2γ_B²γ̃_P*(N−1)",
    given=GAME,
    proof=(FALLS, VANISHES, by(rules.SOME_DELTA)),
)


CLAIMS = (
    Claim(
        id="eq-21/tau",
        title="The augmented parameter",
        where="Section IV-A, before (21)",
        latex=r"\tilde{\tau} := \tau + \delta",
        statement=Definition(Symbol(r"\tilde{\tau}", positive=True), augmented),
    ),
    Claim(
        id="eq-21",
        title="Cost of the augmented game",
        where="Section IV-A, (21)",
        latex=r"\tilde{J}^i(x, S^i, S^{-i}) := \mathbb{E} \left[ \sum_{t=0}^{T-1} x_t^\top Q_t^i"
        r" x_t + (u_t^i)^\top R_t^i u_t^i + \tilde{\tau} \log \left( \frac{\pi_t^i(u_t^i | x_t)}"
        r"{\mu_t^i(u_t^i | x_t)} \right) + x_T^\top Q_T^i x_T \middle| x_0 = x \right].",
        statement=Definition(
            Symbol(r"\tilde{J}^i(x, S^i, S^{-i})", real=True),
            trace_of(x.T, Q(i), x)
            + trace_of(u(i).T, R(i), u(i))
            + augmented * log_ratio
            + trace_of(x_end.T, Q_end, x_end),
        ),
    ),
    Claim(
        id="eq-21/choice",
        title="A suitable δ can be chosen",
        where="Section IV-A, after (21)",
        quote="we assume that δ is chosen such that",
        latex=r"\tilde{\tau} > 2\gamma_B^2 \tilde{\gamma}_P^* (N-1)",
        statement=CHOICE,
        gaps=(
            Gap(
                what="the existence of such a δ is assumed. A larger δ changes γ̃_P* and so both "
                "sides of the condition",
                quote="we assume that δ is chosen such that",
                closed_by=(CHOICE,),
            ),
        ),
    ),
    Claim(
        id="eq-21/exists",
        title="The augmented game has a unique NE",
        where="Section IV-A, after (21)",
        latex=r"\tilde{\tau} > 2\gamma_B^2 \tilde{\gamma}_P^* (N-1)"
        r" \qquad \tilde{\gamma}_P^* := \max_{\forall i,t} \|\tilde{P}_t^{i*}\|_F",
        statement=UNIQUE,
        stated=(hypotheses.ASSUMPTION_III_3,),
        gaps=(
            Gap(
                what="γ̃_P* is taken from the NE of the augmented game before one is shown to "
                "exist. It is well defined if P̃ is the matrix that the recursion gives "
                "backwards from T",
                quote="γ̃_P* := max ‖P̃_t^{i*}‖_F",
                closed_by=(DOMINANT,),
            ),
        ),
    ),
)

COSTS = (
    Claim(
        id="thm-IV.3/quadratic",
        title="The cost of a linear Gaussian policy is quadratic",
        where="Section IV-A, before (23)",
        latex=r"J_t^i(x, S^i, S^{-i}) = x^\top P_t^i x + q_t^i"
        r" \qquad J_T^i(x, S^i, S^{-i}) = x^\top Q_T^i x"
        r" \qquad J_{t+1}^i(x, S^i, S^{-i}) = x^\top P_{t+1}^i x + q_{t+1}^i",
        statement=QUADRATIC,
    ),
    Claim(
        id="eq-23",
        title="The cost of a linear Gaussian policy, one step",
        where="Section IV-A, (23)",
        latex=r"J_t^i(x, S^i, S^{-i}) = x^\top Q_t^i x + \mathbb{E} \left[ (u_t^i)^\top R_t^i u_t^i"
        r" + \tau \log \frac{\pi_t^i(u_t^i | x)}{\mu_t^i(u_t^i | x)}"
        r" (A_t x + \sum_{j=1}^N B_t^j u_t^j + \omega_t)^\top P_{t+1}^i"
        r" (A_t x + \sum_{j=1}^N B_t^j u_t^j + \omega_t) \right] + q_{t+1}^i"
        r" = x^\top Q_t^i x + (K_t^i x)^\top R_t^i (K_t^i x) + Tr(\Sigma_t^i R_t^i) + q_{t+1}^i"
        r" + \frac{\tau}{2} (Tr(\Sigma_t^i) + (K_t^i x)^\top (K_t^i x) - p"
        r" - \log(|\Sigma_t^i|)) + x^\top \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right)^\top"
        r" P_{t+1}^i \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right) x"
        r" + Tr \left( \left( \Sigma + \sum_{j=1}^N \Sigma_t^j \right) P_{t+1}^i \right)"
        r" = x^\top P_t^i x + q_t^i,",
        statement=_eq_23,
        faults=(
            Fault(
                name="plus",
                what="a plus is missing between the relative entropy and the cost to go, so they "
                "are multiplied",
                kind="missing term",
                source="scan",
                printed=r"{\mu_t^i(u_t^i | x)} (A_t x",
                corrected=r"{\mu_t^i(u_t^i | x)} \corrected{+} (A_t x",
            ),
            SHAPE,
        ),
    ),
    Claim(
        id="eq-24",
        title="Recursion of the cost of a policy",
        where="Section IV-A, (24)",
        latex=r"P_t^i = Q_t^i + (K_t^i)^\top ((\tau/2)I + R_t^i) K_t^i"
        r" + \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right)^\top P_{t+1}^i"
        r" \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right), \quad P_T^i = Q_T^i"
        r" \qquad q_t^i = q_{t+1}^i + Tr(\Sigma_t^i((\tau/2)I + R_t^i))"
        r" - \frac{\tau}{2}(p + \log(|\Sigma_t^i|))"
        r" + Tr\left( \left( \Sigma + \sum_{j=1}^N \Sigma_t^j \right) P_{t+1}^i \right),"
        r" \quad q_T^i = 0.",
        statement=_eq_24,
        faults=(SHAPE,),
    ),
    Claim(
        id="thm-IV.3/augmented-cost",
        title="Cost of the augmented game under a policy",
        where="Section IV-A, after (24)",
        latex=r"\tilde{J}_t^i(x, S^i, S^{-i}) = \mathbb{E} \left[ \sum_{s=t}^{T-1} x_s^\top (Q_s^i"
        r" + (K_s^i)^\top ((\tau/2)I + R_s^i) K_s^i) x_s + x_T^\top Q_T^i x_T \mid x_t = x"
        r" \right],",
        statement=_augmented_cost,
        faults=(
            tilde_lost(
                "tilde",
                "in the augmented game K'K has the weight τ̃/2, not τ/2",
                r"((\tau/2)I",
                r"((\corrected{\tilde{\tau}}/2)I",
            ),
            Fault(
                name="constants",
                what="Tr(RΣ) and the covariance's part of the relative entropy are left out",
                kind="missing term",
                printed=r"K_s^i) x_s + x_T",
                corrected=r"K_s^i) x_s \corrected{+ Tr(R_s^i \Sigma_s^i) +"
                r" \frac{\tilde{\tau}}{2}(Tr(\Sigma_s^i) - p - \log(|\Sigma_s^i|))} + x_T",
            ),
        ),
    ),
    Claim(
        id="thm-IV.3/augmented-value",
        title="Value of the augmented game",
        where="Section IV-A, before (25)",
        latex=r"\tilde{J}_t^i(x_t, K^i, K^{-i}) = x_t^\top \tilde{P}_t^i x_t + \tilde{q}_t^i,",
        statement=_augmented_value,
        faults=(
            Fault(
                name="arguments",
                what="the value also depends on the covariances, through q̃. Its arguments are Sⁱ "
                "and S⁻ⁱ, not Kⁱ and K⁻ⁱ",
                kind="missing term",
                printed=r"K^i, K^{-i}",
                corrected=r"S^i, S^{-i}",
            ),
        ),
    ),
    Claim(
        id="thm-IV.3/augmented-riccati",
        title="Recursion of P̃",
        where="Section IV-A, before (25)",
        latex=r"\tilde{P}_t^i = Q_t^i + (K_t^i)^\top (\tau/2I + R_t^i) K_t^i"
        r" + \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right)^\top \tilde{P}_{t+1}^i"
        r" \left( A_t + \sum_{j=1}^N B_t^j K_t^j \right), \qquad \tilde{P}_T^i = Q_T^i",
        statement=_augmented_riccati,
        faults=(
            tilde_lost(
                "tilde",
                "the augmented game's recursion has τ̃/2, not τ/2",
                r"(\tau/2I",
                r"(\corrected{\tilde{\tau}}/2I",
            ),
        ),
    ),
    Claim(
        id="eq-25",
        title="Recursion of q̃",
        where="Section IV-A, (25)",
        latex=r"\tilde{q}_t^i = \tilde{q}_{t+1}^i + Tr(\Sigma_t^i(\tau/2I + R_t^i))"
        r" - \frac{\tau}{2}(p + \log(|\Sigma_t^i|))"
        r" + Tr\left( \left( \Sigma + \sum_{j=1}^N \Sigma_t^j \right) \tilde{P}_{t+1}^i \right),"
        r" \quad \tilde{q}_T^i = 0.",
        statement=_eq_25,
        faults=(
            tilde_lost(
                "first tilde",
                "Tr(Σ((τ̃/2)I + R)) has τ̃, not τ",
                r"(\tau/2I",
                r"(\corrected{\tilde{\tau}}/2I",
            ),
            tilde_lost(
                "second tilde",
                "−(τ̃/2)(p + log|Σ|) has τ̃, not τ",
                r"\frac{\tau}{2}",
                r"\frac{\corrected{\tilde{\tau}}}{2}",
            ),
            SHAPE,
        ),
    ),
)
