"""Best responses over all adapted policies, and what makes them an equilibrium.

No Hamilton–Jacobi–Isaacs equation is used: the pointwise Gibbs identity of a stage is averaged and
summed over time. The theorems here carry the ids of the claims that state them.
"""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sympy
from sympy import Determinant, Inverse, MatAdd, MatMul, Trace, Transpose

from ergs_verify.expressions import agent_sum, control_size, trace_of
from ergs_verify.ledger import hypotheses, rules
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Equalities, Equality
from ergs_verify.paper import lemma_III_2, theorem_III_1
from ergs_verify.paper.notation import (
    B,
    K,
    P,
    Q,
    R,
    S,
    W,
    definitions,
    eye,
    i,
    j,
    m,
    noise,
    others_loop,
    own,
    q,
    symmetric,
    tau,
    x,
)
from ergs_verify.proof.reading import quadratic_form

__all__ = [
    "BEST_RESPONSE",
    "LEAST_COST",
    "POLICY_PSD",
    "SUFFICIENT",
    "WEIGHT",
    "WEIGHT_IDENTITY",
    "constant",
    "covariance",
    "cross",
    "derived",
    "entropy",
    "equal",
    "gain",
    "gain_and_covariance",
    "loop",
    "others_noise",
    "quadratic",
    "quadratic_in_x",
    "riccati",
    "stage_gibbs",
    "terminal",
    "value_is_quadratic",
    "weight",
]

p = control_size(i)


def equal(left, right, named: str = "", more=None) -> Equality:
    """An identity in the letters of a stage, for every size and number of agents."""
    return Equality(left, right, symmetric, {**definitions, **(more or {})}, named)


def derived(name: str):
    """A part of the derivation of Theorem III.1."""
    return theorem_III_1.derive()[name]


# -- the pieces, as printed -----------------------------------------------------------------------

weight = MatAdd(MatMul(tau / 2, eye(i)), R(i), MatMul(Transpose(B(i)), P(i), B(i)))
"""(τ/2)I + R + B'PB."""
quadratic = MatAdd(R(i), MatMul(Transpose(B(i)), P(i), B(i)))
"""R + B'PB."""
loop = others_loop(i)
cross = MatMul(Transpose(B(i)), P(i), loop)
"""B'PA*."""
covariance = Inverse(MatAdd(eye(i), MatMul(2 / tau, quadratic)))
"""(I + 2(R + B'PB)/τ)⁻¹."""
gain = MatMul(-1, Inverse(weight), cross)
others_noise = Trace(agent_sum(MatMul(S(j), Transpose(B(j)), P(i), B(j)), j, i))
"""Tr(Σ_{j≠i} Σʲ Bʲ' P Bʲ)."""
entropy = Trace(S(i)) - p - sympy.log(Determinant(S(i)))
riccati = MatAdd(
    Q(i),
    MatMul(Transpose(loop), P(i), loop),
    MatMul(-1, Transpose(cross), Inverse(weight), cross),
)
constant = Trace(noise * P(i)) + trace_of(quadratic, S(i)) + tau / 2 * entropy + q(i) + others_noise


def quadratic_in_x(matrix):
    return trace_of(x.T, matrix, x)


# -- definite, invertible -------------------------------------------------------------------------


def policy_matrix() -> Equality:
    """P_t of any joint policy: the Lyapunov equations."""
    F = MatAdd(others_loop(i), MatMul(B(i), K(i)))
    head = MatMul(Transpose(K(i)), MatAdd(MatMul(tau / 2, eye(i)), R(i)), K(i))
    return equal(
        theorem_III_1.derive_policy_value()["value"].matrix,
        MatAdd(Q(i), head, MatMul(Transpose(F), P(i), F)),
    )


P_end, Q_end = sympy.MatrixSymbol("P_T", m, m), sympy.MatrixSymbol("Q_T", m, m)
q_end = sympy.Symbol("q_T", real=True)


def terminal() -> Equalities:
    """(3) at t = T is its last term alone: read P_T and q_T off, and put them back."""
    last = trace_of(x.T, Q_end, x)
    read = quadratic_form(last, x, symmetric=(Q_end,))
    return Equalities(
        (
            Equality(read.matrix, Q_end, (Q_end,)),
            Equality(read.linear, sympy.ZeroMatrix(m, 1), (Q_end,)),
            Equality(
                trace_of(x.T, P_end, x) + q_end,
                last,
                (Q_end,),
                {P_end: read.matrix, q_end: read.constant},
            ),
        )
    )


GAME = (hypotheses.Q_PSD, hypotheses.R_PD, hypotheses.TAU_POSITIVE)
"""What the paper supposes of every game."""

POLICY_PSD = Theorem(
    id="eq-19/inverses",
    says="P ⪰ 0 at every t",
    given=GAME,
    proof=(
        Fact("P_t = Q + K'((τ/2)I + R)K + F'P_{t+1}F", policy_matrix()),
        Fact("P_T = Q_T", terminal()),
        by(rules.BACKWARD_CONGRUENCES),
    ),
)
"""Of every joint policy, equilibria included."""

WEIGHT_IDENTITY = Fact(
    "W − (τ/2)I = R + B'PB",
    equal(W(i) - tau / 2 * eye(i), R(i) + B(i).T * P(i) * B(i)),
)

WEIGHT = Theorem(
    id="eq-19/weight",
    says=("W ⪰ (τ/2)I", "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ"),
    given=GAME,
    proof=(
        POLICY_PSD,
        by(rules.CONGRUENCES),
        WEIGHT_IDENTITY,
        by(rules.SHIFTED, X="W", Y="R + B'PB"),
        by(rules.INVERTIBLE, X="W"),
    ),
)

# -- the best response over all adapted policies --------------------------------------------------


def stage_gibbs() -> Equality:
    """The stage cost at any density of agent i: τ log(π/π*) and the least cost, at every u.

    π* is N(Mⁱ, Σⁱ) as derived, and its density the one of Lemma III.2.
    """
    lemma, form = lemma_III_2.derive(), derived("form")
    here = {
        lemma_III_2.W: W(i),
        lemma_III_2.M: form.matrix,
        lemma_III_2.b: form.linear,
        lemma_III_2.u: own(i),
        lemma_III_2.p: p,
    }
    log_prior = lemma_III_2.log_prior.xreplace(here)
    log_best = lemma["log_minimiser"].xreplace(here)
    log_density = lemma_III_2.log_density
    return equal(
        derived("expected") + tau * (log_density - log_prior),
        tau * (log_density - log_best) + derived("least"),
    )


def value_is_quadratic() -> Equality:
    """The least cost with linear policies, against x'Px + q of (4) and (5)."""
    least = theorem_III_1.with_linear_policies(derived("least"))
    value = quadratic_in_x(riccati) + constant.xreplace({S(i): derived("covariance")})
    return equal(least, value)


STAGE = "at every control and history, the expected stage cost with V_{t+1} is V_t(x_t) +" + (
    " τ log(π/BR), less τ log(π/μ)"
)

BEST_RESPONSE = Theorem(
    id="thm-III.1/bellman",
    says="J_t(π) − V_t(x_t) = τ Σ_{s≥t} E KL(π_s(· | h_s) ‖ BR_s(· | x_s)) for every policy that is"
    " adapted, with memory or without",
    given=(
        *GAME,
        hypotheses.STANDARD_PRIOR,
        hypotheses.OTHERS_LINEAR,
        hypotheses.INDEPENDENT_DRAWS,
    ),
    proof=(
        WEIGHT,
        Fact(
            "V_t(x) = x'P_t x + q_t with (4) and (5)",
            lambda: value_is_quadratic().decide(),
            needs=("the other agents play linear Gaussian feedback policies",),
        ),
        Fact(
            STAGE,
            lambda: stage_gibbs().decide(),
            needs=(
                "V_t(x) = x'P_t x + q_t with (4) and (5)",
                "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
                "the priors are N(0, I)",
            ),
        ),
        by(rules.TOWER),
        Fact("V_T(x) = x'Q_T x", terminal()),
        by(rules.TELESCOPE),
    ),
)
"""P_t and q_t of (4) and (5) are here those of agent i's best response to the others' policies."""

LEAST_COST = Theorem(
    id="thm-III.1/least-cost",
    says="V_t is agent i's least cost from every x_t over all adapted policies, and BR alone"
    " attains"
    " it at every history that occurs",
    given=BEST_RESPONSE.given,
    proof=(BEST_RESPONSE, by(rules.LEAST_COST)),
)


def gain_and_covariance() -> Equalities:
    """(6), which is (17) again."""
    return Equalities((equal(derived("gain"), gain), equal(derived("covariance"), covariance)))


SUFFICIENT = Theorem(
    id="thm-III.1/sufficient",
    says="the joint policy is a NE over all adapted policies, from every x_t",
    given=(
        *GAME,
        hypotheses.STANDARD_PRIOR,
        hypotheses.INDEPENDENT_DRAWS,
        hypotheses.ANSWERS,
    ),
    proof=(
        by(rules.EACH_OF_THEM),
        LEAST_COST,
        Fact("BR is N(Kx, Σ) with (6)", lambda: gain_and_covariance().decide()),
        by(rules.MUTUAL_ANSWERS),
    ),
)
