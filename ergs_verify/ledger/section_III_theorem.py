"""Claims of Theorem III.1 and its proof, (4) to (6) and (12) to (18).

Every formula is compared with what `ergs_verify.paper.theorem_III_1` derives from the Bellman
equation, in the paper's setting of one control dimension p for all agents.
"""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sympy
from sympy import Determinant, Inverse, MatAdd, MatMul, MatPow, Trace, Transpose, log

from ergs_verify.expressions import agent_sum, control_size, trace_of
from ergs_verify.ledger.claim import (
    Assumed,
    Claim,
    Computed,
    Decision,
    Definition,
    Equalities,
    Equality,
    Fault,
    all_proved,
)
from ergs_verify.ledger.counterexamples import (
    continuum_of_equilibria,
    no_equilibrium,
    nonquadratic_value,
)
from ergs_verify.ledger.section_II import cost_at, stage_and_end
from ergs_verify.ledger.section_III_lemma import gibbs
from ergs_verify.paper import lemma_III_2, theorem_III_1
from ergs_verify.paper.notation import (
    A,
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
    next_state,
    noise,
    omega,
    others_loop,
    own,
    own_covariance,
    own_mean,
    q,
    symmetric,
    tau,
    u,
    x,
)
from ergs_verify.paper.theorem_III_1 import cost_to_go
from ergs_verify.proof import gaussian_expectation
from ergs_verify.proof.reading import quadratic_form

__all__ = [
    "CLAIMS",
    "covariance",
    "cross",
    "gaussian_given_the_rest",
    "lemma_gives_the_policy",
    "sufficient",
    "terminal",
    "weight",
    "weight_bound",
]

p = control_size(i)
half = sympy.Rational(1, 2)
_VALUE = "J_t^i(x)"


def _equal(left, right, named: str = "") -> Equality:
    return Equality(left, right, symmetric, definitions, named)


def _equilibrium(name: str):
    return theorem_III_1.derive()[name]


# -- the pieces, as printed -----------------------------------------------------------------

weight = MatAdd(MatMul(tau / 2, eye(i)), R(i), MatMul(Transpose(B(i)), P(i), B(i)))
"""(τ/2)I + R + B'PB."""
quadratic = MatAdd(R(i), MatMul(Transpose(B(i)), P(i), B(i)))
"""R + B'PB."""
loop = others_loop(i)
cross = MatMul(Transpose(B(i)), P(i), loop)
"""B'PA*."""
covariance = Inverse(MatAdd(eye(i), MatMul(2 / tau, quadratic)))
"""(I + 2(R + B'PB)/τ)⁻¹."""
others_noise = Trace(agent_sum(MatMul(S(j), Transpose(B(j)), P(i), B(j)), j, i))
"""Tr(Σ_{j≠i} Σʲ Bʲ' P Bʲ)."""
entropy = Trace(S(i)) - p - log(Determinant(S(i)))

_riccati = MatAdd(
    Q(i),
    MatMul(Transpose(loop), P(i), loop),
    MatMul(-1, Transpose(cross), Inverse(weight), cross),
)
_constant = (
    Trace(noise * P(i)) + trace_of(quadratic, S(i)) + tau / 2 * entropy + q(i) + others_noise
)
_gain = MatMul(-1, Inverse(weight), cross)


def _quadratic_in_x(matrix):
    return trace_of(x.T, matrix, x)


# -- (13) to (15) -----------------------------------------------------------------------------

_others = {u(j): (mean(j), S(j)), omega: (sympy.ZeroMatrix(*x.shape), noise)}
others_push = A * x + agent_sum(B(j) * u(j), j, i)
"""L(x) = Ax + Σ_{j≠i} Bʲuʲ, with the others' drawn controls."""
mean_push = A * x + agent_sum(B(j) * mean(j), j, i)
"""Its mean."""


def _expected(expression, gaussians):
    return gaussian_expectation(expression, gaussians, symmetric=symmetric)


def _step(control):
    inside = trace_of(x.T, Q(i), x) + trace_of(control.T, R(i), control) + log_ratio
    inside += cost_to_go(next_state)
    return inside.xreplace({next_state: others_push + B(i) * control + omega})


log_ratio = tau * sympy.Symbol(r"\log(\pi/\mu)", real=True)
"""τ log(π(u|x)/μ(u|x)) at a drawn control; the expectations over the others leave it alone."""


def _eq_13() -> Equalities:
    inside = trace_of(x.T, Q(i), x) + trace_of(own(i).T, R(i), own(i)) + log_ratio
    move = others_push + B(i) * own(i) + omega
    second = (
        _quadratic_in_x(Q(i))
        + Trace(noise * P(i))
        + q(i)
        + _expected(trace_of(others_push.T, P(i), others_push), _others)
        + trace_of(own(i).T, quadratic, own(i))
        + 2 * _expected(trace_of(own(i).T, B(i).T, P(i), others_push), _others)
        + log_ratio
    )
    return Equalities(
        (
            _equal(_step(own(i)), inside + q(i) + trace_of(move.T, P(i), move)),
            _equal(_expected(_step(own(i)), _others), second),
        )
    )


def _subscript(faults: frozenset[str]) -> Equality:
    """The expectation over u ~ π alone, against the one over every random quantity."""
    play = {own(i): (own_mean(i), own_covariance(i))}
    everything = {**_others, **play}
    printed = play if "subscript" in faults else everything
    second = _expected(_expected(_step(own(i)), _others), play)
    return _equal(_expected(_step(own(i)), printed), second)


def _eq_15(faults: frozenset[str]) -> Equalities:
    push = others_push if "random" in faults else mean_push
    printed = MatMul(-1, Inverse(weight), Transpose(B(i)), P(i), push)
    return Equalities(
        (
            _equal(_equilibrium("mean"), printed, "M_t^i"),
            _equal(_equilibrium("covariance"), covariance, r"\Sigma_t^i"),
        )
    )


def _stage_gibbs() -> Equality:
    """The stage cost at any density of agent i: τ log(π/π*) and the least cost, at every u.

    π* is N(Mⁱ, Σⁱ) as derived, and its density the one of Lemma III.2.
    """
    derived, lemma = theorem_III_1.derive(), lemma_III_2.derive()
    form = derived["form"]
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
    return _equal(
        derived["expected"] + tau * (log_density - log_prior),
        tau * (log_density - log_best) + derived["least"],
    )


def _quadratic_part() -> Equality:
    """The lemma's M at this stage is R + B'PB."""
    return _equal(_equilibrium("form").matrix, quadratic)


def lemma_gives_the_policy() -> Decision:
    return all_proved(
        _stage_gibbs(),
        _quadratic_part(),
        gibbs(),
        rules=(
            ("rule", "R ≻ 0 and P ⪰ 0 make M = R + B'PB positive semidefinite"),
            ("rule", "∫π log(π/π*) ≥ 0, and = 0 for π = π* alone: one minimiser at every x"),
        ),
    )


def sufficient() -> Decision:
    return all_proved(
        lemma_gives_the_policy(),
        _best_means_are_linear(),
        _gain_and_covariance(),
        rules=(
            (
                "rule",
                "the best response to the others is the unique minimiser at every x, so gains"
                " that solve (17) for all agents are mutual best responses",
            ),
            ("rule", "one-step optimality at every x and t is optimality (dynamic programming)"),
        ),
    )


def _best_means_are_linear() -> Equality:
    derived = theorem_III_1.derive()["mean"]
    return _equal(theorem_III_1.with_linear_policies(derived), MatMul(_gain, x))


def _gain_and_covariance() -> Equalities:
    """(6), which is (17) again."""
    return Equalities(
        (
            _equal(_equilibrium("gain"), _gain),
            _equal(_equilibrium("covariance"), covariance),
        )
    )


def _covariance_definite() -> Decision:
    """Σ = (τ/2)W⁻¹, which equals its transpose."""
    scaled = tau / 2 * Inverse(W(i))
    return all_proved(
        _equal(_equilibrium("covariance"), scaled),
        _equal(Transpose(scaled), scaled),
        weight_bound(),
        rules=(("rule", "W ⪰ (τ/2)I ≻ 0, so (τ/2)W⁻¹ is symmetric, positive definite and ⪯ I"),),
    )


def weight_bound() -> Equality:
    """W − (τ/2)I = R + B'PB, a sum of positive semidefinite matrices."""
    return _equal(W(i) - tau / 2 * eye(i), R(i) + B(i).T * P(i) * B(i))


# -- the value, after (18) --------------------------------------------------------------------


def _linear(expression):
    return expression.xreplace({mean(k): K(k) * x for k in (i, j)})


def _cost_of_policy():
    """The derived cost with agent i's gain and covariance as letters apart from the others'."""
    whole = theorem_III_1.derive_policy_value()["whole"]
    linear = theorem_III_1.with_linear_policies(whole)
    return linear.xreplace({own_mean(i): own_gain * x, own_covariance(i): S(i)})


own_gain = sympy.MatrixSymbol("K", p, m)
"""Agent i's gain, apart from the gains in the sum over the others."""


def _substituted(faults: frozenset[str]) -> Equality:
    gain_x = own_gain * x
    bracket = trace_of(gain_x.T, gain_x) + entropy
    start = (
        _quadratic_in_x(Q(i))
        + Trace(noise * P(i))
        + trace_of((loop * x).T, P(i), loop * x)
        + q(i)
        + trace_of(quadratic, S(i))
        + 2 * trace_of((B(i) * gain_x).T, P(i), loop * x)
        + trace_of(gain_x.T, quadratic, gain_x)
    )
    if "bracket" in faults:
        return _equal(_cost_of_policy(), start + tau / 2 * (bracket + others_noise), _VALUE)
    return _equal(_cost_of_policy(), start + tau / 2 * bracket + others_noise, _VALUE)


def _at_best_gain():
    """The derived value, with the letter Σ for the covariance."""
    return _quadratic_in_x(_equilibrium("value").matrix) + _equilibrium("constant")


def _gain_substituted(faults: frozenset[str]) -> Equality:
    square = MatMul(Transpose(cross), MatPow(weight, -2), cross)
    square_factor = sympy.Integer(1) if "factor" in faults else tau / 2
    square_sign = -1 if "square sign" in faults else 1
    sandwich_sign = -1 if "sandwich sign" in faults else 1
    matrix = MatAdd(
        Q(i),
        MatMul(Transpose(loop), P(i), loop),
        MatMul(-2, Transpose(cross), Inverse(weight), cross),
        MatMul(square_sign * square_factor, square),
        MatMul(sandwich_sign, Transpose(cross), Inverse(weight), quadratic, Inverse(weight), cross),
    )
    return _equal(_at_best_gain(), _quadratic_in_x(matrix) + _constant, _VALUE)


P_now = sympy.MatrixSymbol("P_t", m, m)
q_now = sympy.Symbol("q_t", real=True)


def _value(faults: frozenset[str]) -> Equalities:
    if "bracket" in faults:
        inner = MatAdd(
            Q(i), MatMul(Transpose(loop), P(i), loop), MatMul(-1, Transpose(B(i)), P(i), loop)
        )
        matrix = MatMul(Transpose(inner), Inverse(weight), cross)
    else:
        matrix = _riccati
    middle = _quadratic_in_x(matrix) + _constant
    P_last = P(i) if "P index" in faults else P_now
    q_last = q(i) if "q index" in faults else q_now
    defined = {**definitions, P_now: _riccati, q_now: _constant}
    return Equalities(
        (
            Equality(_at_best_gain(), middle, symmetric, definitions, _VALUE),
            Equality(
                _quadratic_in_x(_riccati) + _constant,
                _quadratic_in_x(P_last) + q_last.xreplace({q_now: _constant}),
                symmetric,
                {k: v for k, v in defined.items() if k is not q_now},
            ),
        )
    )


def _divergence():
    """KL of N(Kx, Σ) from the prior, derived from the two log densities."""
    return theorem_III_1.own_divergence().xreplace({own_mean(i): K(i) * x, own_covariance(i): S(i)})


_eq_18_right = half * (trace_of((K(i) * x).T, K(i) * x) + entropy)


def _negative(faults: frozenset[str]) -> Equality:
    sign = -1 if "negative" in faults else 1
    return _equal(_divergence(), sign * _eq_18_right)


def _positive_semidefinite() -> Decision:
    """Riccati = Q + K'((τ/2)I + R)K + F'PF at the best gain: a sum of congruences."""
    F_best = loop + B(i) * own_gain
    closed = Q(i) + own_gain.T * (tau / 2 * eye(i) + R(i)) * own_gain + F_best.T * P(i) * F_best
    return all_proved(
        _equal(_equilibrium("value").matrix, closed.xreplace({own_gain: _gain})),
        terminal(),
        rules=(
            (
                "rule",
                "Q ⪰ 0, R ≻ 0, τ ≥ 0 and P_{t+1} ⪰ 0 give P_t ⪰ 0: congruences and sums of"
                " positive semidefinite matrices, from P_T = Q_T backwards",
            ),
        ),
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


def gaussian_given_the_rest() -> Decision:
    """What holds of “exclusively linear Gaussian”."""
    row = _equilibrium("row")
    means = row.own * mean(i) + agent_sum(row.other * mean(j), j, i) + row.constant * x
    return all_proved(
        lemma_gives_the_policy(),
        _equal(_equilibrium("covariance"), covariance),
        _equal(means, weight * (mean(i) - _equilibrium("mean"))),
        rules=(
            (
                "rule",
                "every best response is Gaussian with covariance (6), and the means solve"
                " Φ_t M(x) = −r x; where det Φ_t ≠ 0, M(x) = −Φ_t⁻¹ r x is linear",
            ),
        ),
    )


def _riccati_derived() -> Equality:
    return _equal(_equilibrium("value").matrix, _riccati)


def _constant_derived() -> Equality:
    return _equal(_equilibrium("constant"), _constant)


def _value_is_quadratic() -> Equality:
    """The least cost with linear policies, against x'Px + q of (4) and (5)."""
    least = theorem_III_1.with_linear_policies(_equilibrium("least"))
    value = _quadratic_in_x(_riccati) + _constant.xreplace({S(i): _equilibrium("covariance")})
    return _equal(least, value)


def _holds_if_solvable() -> Decision:
    return all_proved(
        sufficient(),
        _value_is_quadratic(),
        terminal(),
        rules=(
            (
                "rule",
                "backwards from T: gains that solve the equations of a stage give its value, which"
                " is quadratic with (4) and (5), and the next stage's equations",
            ),
        ),
    )


def _several() -> Decision:
    """Two members of the continuum are two equilibria."""
    found = continuum_of_equilibria()
    return Decision(
        verdict="proved" if found.verdict == "refuted" else "undecided", evidence=found.evidence
    )


def _words(overclaim, true_text: str, true_decider, false_text: str):
    def statement(faults: frozenset[str]):
        return Computed(false_text, overclaim) if faults else Computed(true_text, true_decider)

    return statement


CLAIMS = (
    Claim(
        id="eq-3",
        title="Cost to go",
        where="Section III, (3)",
        latex=r"J_t^i(x, \pi^i, \pi^{-i}) = \mathbb{E} \left[ \sum_{s=t}^{T-1} x_s^\top Q_s^i x_s"
        r" + (u_s^i)^\top R_s^i u_s^i + \tau \log \left( \frac{\pi_s^i(u_s^i | x_s)}"
        r"{\mu_s^i(u_s^i | x_s)} \right) + x_T^\top Q_T^i x_T \middle| x_t = x \right].",
        statement=Definition(cost_at(r"\pi^i", r"\pi^{-i}", "J_t^i"), stage_and_end),
        hypotheses=("the sum runs over everything that carries s; x_T'Q_T x_T stands once",),
    ),
    Claim(
        id="eq-3/nash-value",
        title="Nash value",
        where="Section III, after (3)",
        latex=r"J_t^{i*}(x) = J_t^i(x, \pi^{i*}, \pi^{-i*})",
        statement=Definition(
            sympy.Symbol(r"J_t^{i*}(x)", real=True),
            cost_at(r"\pi^{i*}", r"\pi^{-i*}", "J_t^i"),
        ),
        hypotheses=("one number for each equilibrium, if there are several",),
    ),
    Claim(
        id="thm-III.1",
        title="The Nash value is quadratic, with (4), (5) and (6)",
        where="Section III, Theorem III.1",
        latex=r"J_t^{i*}(x) = x^\top P_t^{i*} x + q_t^{i*} \qquad"
        r" u_t^{i*} = \pi_t^{i*}(x) \sim \mathcal{N}(K_t^{i*} x, \Sigma_t^{i*})",
        statement=Computed(
            "linear Gaussian policies with (4)–(6) are a NE with the quadratic value",
            _holds_if_solvable,
        ),
        hypotheses=("standard normal priors", "the gain equations have a solution at every stage"),
    ),
    Claim(
        id="thm-III.1/quadratic-value",
        title="Every Nash value is quadratic",
        where="Section III, Theorem III.1",
        quote="the Nash value of the i-th agent is quadratic",
        statement=_words(
            nonquadratic_value,
            "the value of a NE with linear means is quadratic",
            _holds_if_solvable,
            "the value of every NE is quadratic",
        ),
        faults=(
            Fault(
                name="every",
                what="where Φ_t is singular and the gain equations are consistent, there are NE"
                " with nonlinear means, whose values are not quadratic",
                kind="overclaim",
            ),
        ),
    ),
    Claim(
        id="thm-III.1/terminal",
        title="The value at the end",
        where="Section III, Theorem III.1 and before (12)",
        latex=r"P_T^{i*} = Q_T^i \qquad q_T^{i*} = 0 \qquad J_T^{i*}(x) = x^\top Q_T^i x",
        statement=lambda _: terminal(),
    ),
    Claim(
        id="thm-III.1/psd",
        title="The Riccati matrices are positive semidefinite",
        where="Section III, Theorem III.1",
        latex=r"P_t^{i*} \succeq 0",
        statement=Computed("P_t ⪰ 0", _positive_semidefinite),
        hypotheses=("Q ⪰ 0", "R ≻ 0", "τ ≥ 0"),
    ),
    Claim(
        id="thm-III.1/existence",
        title="A Nash equilibrium exists",
        where="Section III, Theorem III.1",
        quote="Then, the Nash value of the i-th agent is quadratic … the NE policies … are",
        statement=_words(
            no_equilibrium,
            "the value is quadratic if the equations for the gains have a solution",
            _holds_if_solvable,
            "every game has a NE, with this value",
        ),
        faults=(
            Fault(
                name="existence",
                what="the theorem speaks of the NE as if there were one; where the gain equations"
                " are inconsistent there is none",
                kind="overclaim",
            ),
        ),
    ),
    Claim(
        id="thm-III.1/exclusively",
        title="Nash policies are exclusively linear Gaussian",
        where="Abstract, Contributions 2) and Section III, after Theorem III.1",
        quote="find them to exclusively belong to the class of Linear Gaussian policies … all NE"
        " must have a linear Gaussian structure given by (6)",
        statement=_words(
            continuum_of_equilibria,
            "every NE policy is Gaussian with covariance (6); linear where Φ_t is nonsingular",
            gaussian_given_the_rest,
            "every NE has linear means",
        ),
        faults=(
            Fault(
                name="linear",
                what="where Φ_t is singular and the gain equations are consistent, the means may be"
                " any nonlinear functions of x that solve them",
                kind="overclaim",
            ),
        ),
    ),
    Claim(
        id="thm-III.1/any-solution",
        title="Any solution of the coupled equations is an equilibrium",
        where="Section III, after Theorem III.1",
        quote="any solution to (4) will specify a NE",
        statement=Computed(
            "gains and P that solve (4) and (6) for all agents are a NE", sufficient
        ),
        hypotheses=("(4) taken with the gains of (6)",),
    ),
    Claim(
        id="eq-4",
        title="Coupled Riccati equations",
        where="Section III, (4)",
        latex=r"P_t^{i*} = Q_t^i + (A_t^{i*})^\top P_{t+1}^{i*} A_t^{i*}"
        r" - ((B_t^i)^\top P_{t+1}^{i*} A_t^{i*})^\top"
        r" ((\tau/2)I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i)^{-1}"
        r" ((B_t^i)^\top P_{t+1}^{i*} A_t^{i*}),",
        statement=lambda _: _riccati_derived(),
    ),
    Claim(
        id="eq-4/others",
        title="The loop closed by the others",
        where="Section III, after (4)",
        latex=r"A_t^{i*} := A_t + \sum_{j \neq i} B_t^j K_t^{j*}",
        statement=Definition(loop, A + agent_sum(B(j) * K(j), j, i)),
    ),
    Claim(
        id="eq-5",
        title="Recursion of the constant",
        where="Section III, (5)",
        latex=r"q_t^{i*} = \text{Tr}(\Sigma P_{t+1}^{i*}) + \text{Tr}((R_t^i + (B_t^i)^\top"
        r" P_{t+1}^{i*} B_t^i) \Sigma_t^{i*}) + \frac{\tau}{2} (\text{Tr}(\Sigma_t^{i*}) - p"
        r" - \log(|\Sigma_t^{i*}|)) + q_{t+1}^{i*}"
        r" + \text{Tr} \left( \sum_{j \neq i} \Sigma_t^{j*} (B_t^j)^\top P_{t+1}^{i*} B_t^j"
        r" \right),",
        statement=lambda _: _constant_derived(),
        hypotheses=("one p for all agents; with unequal p_i the trace must stand inside the sum",),
    ),
    Claim(
        id="eq-6",
        title="Gain and covariance",
        where="Section III, (6)",
        latex=r"K_t^{i*} = - \left( (\tau/2)I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i"
        r" \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} A_t^{i*},"
        r" \Sigma_t^{i*} = (I + 2(R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i)/\tau)^{-1}.",
        statement=lambda _: _gain_and_covariance(),
    ),
    Claim(
        id="thm-III.1/multiple",
        title="There may be several equilibria",
        where="Section III, after Theorem III.1",
        quote="although there may be multiple NE",
        statement=Computed("some game has more than one NE", _several),
    ),
    Claim(
        id="thm-III.1/policy-class",
        title="The class of linear Gaussian policies",
        where="Section III, after Theorem III.1",
        latex=r"S_t^i = (K_t^i, \Sigma_t^i) \qquad K_t^i \in \mathbb{R}^{p \times m} \qquad"
        r" \Sigma_t^i \in \mathbb{R}^{p \times p} \qquad"
        r" \pi_t^i(x) = u_t^i \sim \mathcal{N}(K_t^i x, \Sigma_t^i)",
        quote="we will henceforth restrict our discussion to policies … where Σ is a symmetric"
        " positive definite matrix",
        statement=Computed("the NE's Σ is symmetric, positive definite", _covariance_definite),
        hypotheses=("R ≻ 0", "P ⪰ 0", "τ > 0"),
    ),
    Claim(
        id="eq-12",
        title="Quadratic ansatz",
        where="Section III, (12)",
        latex=r"J_{t+1}^{i*} = x^\top P_{t+1}^{i*} x + q_{t+1}^{i*}.",
        statement=Definition(r"J_{t+1}^{i*}(x)", cost_to_go(x)),
        hypotheses=("the left side is short for J_{t+1}^{i*}(x)",),
    ),
    Claim(
        id="thm-III.1/bellman",
        title="The Bellman (HJI) equation",
        where="Section III, after (12)",
        latex=r"J_t^{i*}(x) = \min_{\pi} \mathbb{E}_{u \sim \pi(\cdot)} \left[ x^\top Q_t^i x"
        r" + u^\top R_t^i u + \tau \log \left( \frac{\pi(u|x)}{\mu(u|x)} \right)"
        r" + J_{t+1}^{i*} (L_t^{i*} + B_t^i u + \omega_t) \right],",
        statement=Assumed(
            "dynamic programming for a finite horizon", "[33], Başar and Olsder, 1998"
        ),
        hypotheses=("L_t^{i*} is short for L_t^{i*}(x)",),
    ),
    Claim(
        id="thm-III.1/push",
        title="Where the others and the state push",
        where="Section III, before (13)",
        latex=r"L_t^{i*}(x) := A_t x + \sum_{j \neq i} B_t^j u_t^{j*}(x)",
        statement=Definition(sympy.MatrixSymbol("L", *x.shape), others_push),
    ),
    Claim(
        id="thm-III.1/expectation",
        title="What the expectation averages",
        where="Section III, before and in (13)",
        latex=r"\mathbb{E}_{u \sim \pi(\cdot)}",
        statement=_subscript,
        faults=(
            Fault(
                name="subscript",
                what="the subscript u ~ π names one of the random quantities in the bracket; the"
                " others' controls and the noise are averaged too",
                kind="wording",
            ),
        ),
    ),
    Claim(
        id="eq-13",
        title="The Bellman step expanded",
        where="Section III, (13)",
        latex=r"J_t^{i*}(x) = \min_{\pi} \mathbb{E}_{u \sim \pi(\cdot)} \left[ x^\top Q_t^i x"
        r" + u^\top R_t^i u + \tau \log \left( \frac{\pi(u|x)}{\mu(u|x)} \right)"
        r" + q_{t+1}^{i*} + (L_t^{i*}(x) + B_t^i u + \omega_t)^\top P_{t+1}^{i*}"
        r" (L_t^{i*}(x) + B_t^i u + \omega_t) \right]"
        r" = x^\top Q_t^i x + Tr(\Sigma P_{t+1}^{i*}) + q_{t+1}^{i*}"
        r" + \mathbb{E}[(L_t^{i*}(x))^\top P_{t+1}^{i*} L_t^{i*}(x)]"
        r" + \min_{\pi} \mathbb{E}_{u \sim \pi(\cdot)} \left[ u^\top (R_t^i + (B_t^i)^\top"
        r" P_{t+1}^{i*} B_t^i) u + 2u^\top (B_t^i)^\top P_{t+1}^{i*} L_t^{i*}(x)"
        r" + \tau \log \left( \frac{\pi(u|x)}{\mu(u|x)} \right) \right].",
        statement=lambda _: _eq_13(),
        hypotheses=("the expectation runs over every random quantity (thm-III.1/expectation)",),
    ),
    Claim(
        id="eq-14",
        title="The best response is Gaussian",
        where="Section III, (14)",
        latex=r"u_t^{i*} \sim \pi_t^{i*}(x) = \mathcal{N}(M_t^{i*}(x), \Sigma_t^{i*}),",
        statement=Computed("Lemma III.2 applies at every x", lemma_gives_the_policy),
    ),
    Claim(
        id="eq-15",
        title="Mean and covariance of the best response",
        where="Section III, (15)",
        latex=r"M_t^{i*} = -\left( \frac{\tau}{2} I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i"
        r" \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} L_t^{i*}(x),"
        r" \Sigma_t^{i*} = (I + 2(R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i)/\tau)^{-1}.",
        statement=_eq_15,
        hypotheses=("M_t^{i*} is short for M_t^{i*}(x)",),
        faults=(
            Fault(
                name="random",
                what="L(x) contains the others' drawn controls, which agent i does not see: the"
                " mean takes the mean of L(x)",
                kind="random for mean",
            ),
        ),
    ),
    Claim(
        id="eq-16",
        title="Linear Gaussian policies",
        where="Section III, (16)",
        latex=r"u_t^{i*} \sim \pi_t^{i*}(x) = \mathcal{N}(K_t^{i*} x, \Sigma_t^{i*})",
        statement=lambda _: _best_means_are_linear(),
    ),
    Claim(
        id="eq-17",
        title="Gain and covariance of the linear policies",
        where="Section III, (17)",
        latex=r"K_t^{i*} = -\left( (\tau/2) I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i"
        r" \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} A_t^{i*},"
        r" \Sigma_t^{i*} = (I + 2(R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i)/\tau)^{-1},",
        statement=lambda _: _gain_and_covariance(),
    ),
    Claim(
        id="thm-III.1/satisfies",
        title="The linear policies satisfy the conditions (14), (15)",
        where="Section III, after (17)",
        quote="satisfies the conditions (14) and (15), and hence, also the necessary conditions"
        " for the NE",
        statement=lambda _: _equal(
            MatMul(_gain, x),
            MatMul(
                -1,
                Inverse(weight),
                Transpose(B(i)),
                P(i),
                MatAdd(A * x, agent_sum(MatMul(B(j), K(j), x), j, i)),
            ),
        ),
        hypotheses=("(15) as corrected: with the mean of L(x)",),
    ),
    Claim(
        id="thm-III.1/sufficient",
        title="The conditions are sufficient",
        where="Section III, after (17)",
        quote="since the cost functional in (13) is strictly convex, … (16)-(17) is also"
        " sufficient for the NE",
        statement=Computed("(16)–(17) for all agents are a NE", sufficient),
    ),
    Claim(
        id="eq-18",
        title="Relative entropy of a linear Gaussian policy",
        where="Section III, (18)",
        latex=r"\mathbb{E}_{\pi_t^{i*}} \left[ \log \left( \frac{\pi_t^{i*}(u|x)}{\mu_t^i(u|x)}"
        r" \right) \right] = = \frac{1}{2} \left( (K_t^{i*} x)^\top K_t^{i*} x"
        r" + Tr(\Sigma_t^{i*}) - p - \log(|\Sigma_t^{i*}|) \right).",
        statement=lambda _: _equal(_divergence(), _eq_18_right),
        hypotheses=("the doubled sign “= =” is read as one",),
    ),
    Claim(
        id="eq-18/negative",
        title="“The negative relative entropy term”",
        where="Section III, before (18)",
        quote="the negative relative entropy term can be computed as",
        statement=_negative,
        faults=(
            Fault(
                name="negative",
                what="what (18) computes is the relative entropy itself, not its negative",
                kind="wording",
            ),
        ),
    ),
    Claim(
        id="thm-III.1/substituted",
        title="The value with the policy substituted",
        where="Section III, after (18)",
        latex=r"J_t^{i*}(x) = x^\top Q_t^i x + Tr(\Sigma P_{t+1}^{i*}) + (A_t^{i*} x)^\top"
        r" P_{t+1}^{i*} A_t^{i*} x + q_{t+1}^{i*} + Tr((R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i)"
        r" \Sigma_t^{i*}) + 2(B_t^i K_t^{i*} x)^\top P_{t+1}^{i*} A_t^{i*} x"
        r" + (K_t^{i*} x)^\top (R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i) K_t^{i*} x"
        r" + \frac{\tau}{2} \left( (K_t^{i*} x)^\top K_t^{i*} x + Tr(\Sigma_t^{i*}) - p"
        r" - \log(|\Sigma_t^{i*}|) + Tr \left( \sum_{j \neq i} \Sigma_t^{j*} (B_t^j)^\top"
        r" P_{t+1}^{i*} B_t^j \right) \right).",
        statement=_substituted,
        faults=(
            Fault(
                name="bracket",
                what="the trace of the others' covariances stands inside τ/2(…); the bracket closes"
                " before it",
                kind="bracket",
            ),
        ),
    ),
    Claim(
        id="thm-III.1/gain-substituted",
        title="The value with the gain substituted",
        where="Section III, after (18)",
        latex=r"J_t^{i*}(x) = x^\top \left( Q_t^i + (A_t^{i*})^\top P_{t+1}^{i*} A_t^{i*} +"
        r" - 2((B_t^i)^\top P_{t+1}^{i*} A_t^{i*})^\top \left( \frac{\tau}{2} I + R_t^i"
        r" + (B_t^i)^\top P_{t+1}^{i*} B_t^i \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} A_t^{i*}"
        r" - ((B_t^i)^\top P_{t+1}^{i*} A_t^{i*})^\top \left( \frac{\tau}{2} I + R_t^i"
        r" + (B_t^i)^\top P_{t+1}^{i*} B_t^i \right)^{-2} (B_t^i)^\top P_{t+1}^{i*} A_t^{i*}"
        r" - ((B_t^i)^\top P_{t+1}^{i*} A_t^{i*})^\top \left( \frac{\tau}{2} I + R_t^i"
        r" + (B_t^i)^\top P_{t+1}^{i*} B_t^i \right)^{-1} (R_t^i + (B_t^i)^\top P_{t+1}^{i*}"
        r" B_t^i) \left( \frac{\tau}{2} I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i \right)^{-1}"
        r" (B_t^i)^\top P_{t+1}^{i*} A_t^{i*} \right) x + Tr(\Sigma P_{t+1}^{i*})"
        r" + Tr((R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i) \Sigma_t^{i*})"
        r" + \frac{\tau}{2} (Tr(\Sigma_t^{i*}) - p - \log(|\Sigma_t^{i*}|)) + q_{t+1}^{i*}"
        r" + Tr \left( \sum_{j \neq i} \Sigma_t^{j*} (B_t^j)^\top P_{t+1}^{i*} B_t^j \right).",
        statement=_gain_substituted,
        hypotheses=("the doubled sign “+ −2” is read as −2",),
        faults=(
            Fault(
                name="square sign",
                what="the term with ((τ/2)I + R + B'PB)⁻² enters with +, being K'K",
                kind="sign",
            ),
            Fault(
                name="factor",
                what="the term with ((τ/2)I + R + B'PB)⁻² lacks its factor τ/2",
                kind="factor",
            ),
            Fault(
                name="sandwich sign",
                what="the term with (R + B'PB) between two inverses enters with +",
                kind="sign",
            ),
        ),
    ),
    Claim(
        id="thm-III.1/value",
        title="The value at the end of the proof",
        where="Section III, end of the proof of Theorem III.1",
        latex=r"J_t^{i*}(x) = x^\top \left( Q_t^i + (A_t^{i*})^\top P_{t+1}^{i*} A_t^{i*}"
        r" - (B_t^i)^\top P_{t+1}^{i*} A_t^{i*} \right)^\top \left( \tau/2 I + R_t^i"
        r" + (B_t^i)^\top P_{t+1}^{i*} B_t^i \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} A_t^{i*} x"
        r" + Tr(\Sigma P_{t+1}^{i*}) + Tr((R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i)"
        r" \Sigma_t^{i*}) + \frac{\tau}{2} (Tr(\Sigma_t^{i*}) - p - \log(|\Sigma_t^{i*}|))"
        r" + q_{t+1}^{i*} + Tr \left( \sum_{j \neq i} \Sigma_t^{j*} (B_t^j)^\top P_{t+1}^{i*}"
        r" B_t^j \right) = x^\top P_{t+1}^{i*} x + q_{t+1}^{i*},",
        statement=_value,
        faults=(
            Fault(
                name="bracket",
                what="Q + A*'PA* is m×m and B'PA* is p×m: the bracket opens in the wrong place and"
                " the Riccati form is lost",
                kind="bracket",
            ),
            Fault(name="P index", what="the result is P_t, not P_{t+1}", kind="index"),
            Fault(name="q index", what="the result is q_t, not q_{t+1}", kind="index"),
        ),
    ),
)
