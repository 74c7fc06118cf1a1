"""Best responses over all adapted policies, and what makes them an equilibrium.

No Hamilton–Jacobi–Isaacs equation is used. That answers make an equilibrium: the pointwise Gibbs
identity of a stage is averaged and summed over time. That an equilibrium makes answers: a one-shot
deviation. The theorems here carry the ids of the claims that state them.
"""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from functools import partial

import sympy
from attrs import evolve
from sympy import Determinant, Inverse, MatAdd, MatMul, Trace, Transpose

from ergs_verify.expressions import agent_sum, control_size, trace_of
from ergs_verify.ledger import hypotheses, rules, scalars
from ergs_verify.ledger.counterexamples import (
    continuum_of_equilibria,
    memory_of_own_controls,
    nonquadratic_value,
    unreachable_states,
)
from ergs_verify.ledger.reasoning import Fact, Supposing, Theorem, by
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
    mean,
    noise,
    others_loop,
    own,
    q,
    symmetric,
    tau,
    x,
)
from ergs_verify.proof.reading import quadratic_form

p = control_size(i)


def equal(left, right, named: str = "", more=None) -> Equality:
    """An identity in the letters of a stage, for every size and number of agents."""
    return Equality(left, right, symmetric, {**definitions, **(more or {})}, named)


def derived(name: str):
    """A part of the derivation of Theorem III.1."""
    return theorem_III_1.derive()[name]


def by_derivation(equality: Equality, *names: str, of=theorem_III_1.derive) -> Equality:
    """The identity with the steps that lead to its left side, each as it was checked."""

    def steps() -> tuple[tuple[str, str], ...]:
        return tuple(
            ("derived", f"{step.what} ({step.rule}): {step.checked}")
            for step in of().steps
            if step.name in names
        )

    return evolve(equality, derivation=steps)


def averaged(equality: Equality, expression, over) -> Equality:
    """The identity with what its left side is the expectation of, as `over` has means and
    covariances."""
    drawn = ", ".join(f"{letter} ~ ({mean}, {spread})" for letter, (mean, spread) in over.items())
    step = ("averaged", f"{expression}, over {drawn}")
    return evolve(equality, derivation=lambda: (step,))


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


def _read_off(equality: Equality, last) -> Equality:
    step = ("read off", f"J_T(x) = {last} is x'P_T x + 2 s_T'x + q_T")
    return evolve(equality, derivation=lambda: (step,))


def terminal() -> Equalities:
    """(3) at t = T is its last term alone: read P_T and q_T off, and put them back."""
    last = trace_of(x.T, Q_end, x)
    read = quadratic_form(last, x, symmetric=(Q_end,))
    return Equalities(
        (
            _read_off(Equality(read.matrix, Q_end, (Q_end,), named="P_T"), last),
            _read_off(Equality(read.constant, sympy.Integer(0), named="q_T"), last),
            _read_off(Equality(read.linear, sympy.ZeroMatrix(m, 1), (Q_end,), named="s_T"), last),
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
    id="eq-19/positive",
    says="P ⪰ 0 at every t",
    given=GAME,
    proof=(
        Fact("P_t = Q + K'((τ/2)I + R)K + F'P_{t+1}F", lambda: policy_matrix().decide()),
        Fact("P_T = Q_T", terminal()),
        by(rules.BACKWARD_CONGRUENCES),
    ),
    needed=scalars.of_the_game(scalars.negative_cost),
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
    needed=scalars.of_the_game(scalars.singular_weight),
)

# -- the best response over all adapted policies --------------------------------------------------


def stage_gibbs() -> Equality:
    """The stage cost at any density of agent i: τ log(π/π*) and the least cost, at every u.

    π* is N(Mⁱ, Σⁱ) as derived, and its density the one of Lemma III.2.
    """
    lemma, form = lemma_III_2.derive(), derived("form")
    weight = lemma_III_2.W_is.xreplace({lemma_III_2.M: form.matrix, lemma_III_2.p: p})
    here = {
        lemma_III_2.W: weight,
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


_AT_A_STAGE = "at every control and history, the expected stage cost plus V_{t+1} is V_t(x_t) +" + (
    " τ log(π/BR), less τ log(π/μ)"
)

#: One stage with another best answer than (6).
OTHER_ANSWERS = {
    "standard-prior": scalars.other_prior,
    "independent-draws": scalars.correlated_draws,
}
_NEEDED = {**scalars.of_the_game(scalars.no_least_cost), **OTHER_ANSWERS}


BEST_RESPONSE = Theorem(
    id="thm-III.1/telescoped",
    says="J_t(π) − V_t(x_t) = τ Σ_{s≥t} E KL(π_s(· | h_s) ‖ BR_s(· | x_s)) for every adapted "
    "policy, with or without memory",
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
            _AT_A_STAGE,
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
    needed={
        **_NEEDED,
        "others-linear": nonquadratic_value,
    },
)
"""P_t and q_t of (4) and (5) are here those of agent i's best response to the others' policies."""

LEAST_COST = Theorem(
    id="thm-III.1/least-cost",
    says="V_t is agent i's least cost from every x_t over all adapted policies, and BR alone"
    " attains it at every history that occurs",
    given=BEST_RESPONSE.given,
    proof=(BEST_RESPONSE, by(rules.LEAST_COST)),
    needed=BEST_RESPONSE.needed,
)


def gain_and_covariance() -> Equalities:
    """(6), which is (17) again."""
    return Equalities(
        (
            by_derivation(equal(derived("gain"), gain, r"K_t^{i*}"), "lemma", "gain"),
            by_derivation(
                equal(derived("covariance"), covariance, r"\Sigma_t^{i*}"), "collect", "lemma"
            ),
        )
    )


_IS_NASH = "the joint policy is a NE over all adapted policies, from every x_t"

SUFFICIENT = Theorem(
    id="thm-III.1/sufficient",
    says=_IS_NASH,
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
    needed={
        # Without Q ⪰ 0 or R ≻ 0 the covariances of (6) exist where W ≻ 0 alone, and then it holds.
        "tau-positive": partial(scalars.no_least_cost, "tau-positive", _IS_NASH),
        **OTHER_ANSWERS,
        "answers": scalars.any_gains,
    },
)

# -- an equilibrium makes answers ------------------------------------------------------------------

_stage_cost, _later_cost, _first_cost = sympy.symbols("c_t J_{t+1} c_{t+1}", real=True)


def split() -> Equality:
    """(3) from t, and from t + 1, with what follows t + 1 as one number."""
    rest = sympy.Symbol("r", real=True)
    return Equality(
        _stage_cost + _first_cost + rest,
        _stage_cost + _later_cost,
        definitions={_later_cost: _first_cost + rest},
    )


BELLMAN = Theorem(
    id="thm-III.1/bellman",
    says="J_t*(x) is the minimum over π of E[stage cost + J_{t+1}*(x_{t+1})] at every x and t, and"
    " π_t*(· | x) attains it",
    given=(hypotheses.FEEDBACK, hypotheses.INDEPENDENT_DRAWS),
    proof=(
        Fact("the cost (3) from t is the cost of stage t plus the cost from t + 1", split()),
        by(rules.OWN_RECURSION),
        by(rules.ONE_SHOT),
    ),
    needed={
        "feedback": unreachable_states,
        "independent-draws": scalars.correlated_draws,
    },
)
"""The minimum is over all densities of agent i's control at x."""


# -- a stage's equations, and one solution ---------------------------------------------------------


def _rows_at_any_means() -> Equality:
    """W Mⁱ(x) + ½b, which must vanish at every x, is block row i of Φ𝓜(x) + r x."""
    row = derived("row")
    return equal(
        derived("weight") * mean(i) + derived("form").linear / 2,
        row.own * mean(i) + agent_sum(row.other * mean(j), j, i) + row.constant * x,
    )


STAGE = Theorem(
    id="sharp-unique-iff-regular/stage",
    says="where V_{t+1} is quadratic, policies are best responses to each other at t if and only "
    "if they are N(Mⁱ(x), (τ/2)W⁻¹) with Φ_t M(x) = −r_t x at every x",
    given=(
        *GAME,
        hypotheses.STANDARD_PRIOR,
        hypotheses.FEEDBACK,
        hypotheses.INDEPENDENT_DRAWS,
    ),
    proof=(
        BELLMAN,
        WEIGHT,
        Fact(
            "at every x, whatever means and covariances the others have, the stage cost plus "
            "V_{t+1} is τ log(π/π*) + c*, less τ log(π/μ), with π* = N(Mⁱ, (τ/2)W⁻¹) and W Mⁱ + "
            "½b = 0",
            lambda: stage_gibbs().decide(),
            needs=("W is invertible and ‖W⁻¹‖₂ ≤ 2/τ", "the priors are N(0, I)"),
        ),
        Fact(
            "at every x, W Mⁱ + ½b is block row i of Φ_t M + r_t x",
            lambda: _rows_at_any_means().decide(),
        ),
        by(rules.STAGE_ANSWERS),
    ),
    needed={
        **_NEEDED,
        "feedback": memory_of_own_controls,
    },
)
"""The others' policies need not be linear here."""


EXISTS = Supposing(SUFFICIENT, hypotheses.ANSWERS)
"""Who plays what solves the equations is in equilibrium; nobody has to play it."""

_ONE = (
    "exactly one feedback NE is optimal from every x_t, namely the linear Gaussian one of (4)–(6)"
)
NOT_ONE = {**scalars.of_the_game(scalars.no_least_cost, _ONE), **OTHER_ANSWERS}
"""Why the game's hypotheses and those on priors and draws are needed for that."""

REGULAR_UNIQUE = Theorem(
    id="sharp-unique-iff-regular/unique",
    says=_ONE,
    given=(*STAGE.given, hypotheses.REGULAR),
    proof=(
        STAGE,
        EXISTS,
        Fact("V_T(x) = x'Q_T x", terminal()),
        Fact(
            "V_t(x) = x'P_t x + q_t with (4) and (5), where all play linear Gaussian policies at t",
            lambda: value_is_quadratic().decide(),
        ),
        by(rules.BACKWARD_UNIQUE),
    ),
    needed={
        **NOT_ONE,
        "feedback": memory_of_own_controls,
        "regular": continuum_of_equilibria,
    },
)
