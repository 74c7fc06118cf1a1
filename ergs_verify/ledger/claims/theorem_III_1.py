"""What Theorem III.1 states, (4) to (6), and what is said after its proof."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sympy
from sympy import Inverse, MatrixSymbol, Transpose, ZeroMatrix

from ergs_verify.expressions import agent_sum, trace_of
from ergs_verify.ledger import continuum, hypotheses, rules, scalars
from ergs_verify.ledger.claim import Claim, Gap
from ergs_verify.ledger.claims.lemma_III_4 import block_system
from ergs_verify.ledger.claims.optimality import (
    BELLMAN,
    EXISTS,
    GAME,
    LEAST_COST,
    OTHER_ANSWERS,
    POLICY_PSD,
    REGULAR_UNIQUE,
    SUFFICIENT,
    WEIGHT,
    by_derivation,
    constant,
    derived,
    equal,
    gain,
    gain_and_covariance,
    loop,
    riccati,
    terminal,
    value_is_quadratic,
)
from ergs_verify.ledger.counterexamples import (
    no_equilibrium,
    nonquadratic_value,
    nonquadratic_where_nobody_comes,
)
from ergs_verify.ledger.decision import Decision, exactly, holds, together
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Definition, Equalities, Equality
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import A, B, K, P, Q, R, W, eye, i, j, m, tau, x

# -- the value -------------------------------------------------------------------------------------


def _whole_is_quadratic() -> Equalities:
    policy = theorem_III_1.derive_policy_value()
    form = policy["value"]
    return Equalities(
        (
            equal(form.linear, ZeroMatrix(m, 1)),
            equal(policy["cost"], trace_of(x.T, form.matrix, x) + form.constant),
        )
    )


QUADRATIC = Theorem(
    id="thm-IV.3/quadratic",
    says="J_t(x) = x'P_t x + q_t for t = T, …, 0 and every linear Gaussian joint policy",
    given=(hypotheses.INDEPENDENT_DRAWS, hypotheses.STANDARD_PRIOR),
    proof=(
        Fact("V_T(x) = x'Q_T x", terminal()),
        Fact(
            "where J_{t+1}(x) = x'P_{t+1}x + q_{t+1}, J_t(x) is x'P_t x + q_t without a linear"
            " part",
            lambda: _whole_is_quadratic().decide(),
            needs=(
                "given the past, the agents' draws and the noise are independent of each other",
                "the priors are N(0, I)",
            ),
        ),
        by(rules.QUADRATIC_BACKWARDS),
    ),
    needed={
        "independent-draws": scalars.nonlinear_cost,
        "standard-prior": scalars.prior_of_another_mean,
    },
)


def _cost_at_best_gain() -> Equality:
    """The derived Riccati matrix as the cost of the gain (6)."""
    best = loop + B(i) * gain
    closed = Q(i) + gain.T * (tau / 2 * eye(i) + R(i)) * gain + best.T * P(i) * best
    return equal(derived("value").matrix, closed)


PSD = Theorem(
    id="thm-III.1/psd",
    says="P_t* ⪰ 0 in (4), at every t",
    given=GAME,
    proof=(
        POLICY_PSD,
        WEIGHT,
        Fact(
            "at the gain of (6), (4) is Q + K'((τ/2)I + R)K + F'P_{t+1}F",
            lambda: _cost_at_best_gain().decide(),
            needs=("W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",),
        ),
        by(rules.RICCATI_COST),
    ),
    needed=POLICY_PSD.needed,
)

NASH_VALUE = Theorem(
    id="thm-III.1",
    says=(
        "exactly one feedback NE is optimal from every x_t, namely the linear Gaussian one of "
        "(4)–(6)",
        "the Nash value is J_t*(x) = x'P_t x + q_t with (4) and (5)",
        "P_t* ⪰ 0 in (4), at every t",
    ),
    given=REGULAR_UNIQUE.given,
    proof=(
        REGULAR_UNIQUE,
        Fact("V_T(x) = x'Q_T x", terminal()),
        Fact(
            "V_t(x) = x'P_t x + q_t with (4) and (5), where all play linear Gaussian policies at t",
            lambda: value_is_quadratic().decide(),
        ),
        by(rules.VALUE_OF_EQUILIBRIUM),
        PSD,
    ),
    needed=REGULAR_UNIQUE.needed,
)
"""Of feedback equilibria, where every Φ_t is regular."""

QUADRATIC_VALUE = Theorem(
    id="thm-III.1/quadratic-value",
    says="the Nash value is quadratic",
    given=NASH_VALUE.given,
    proof=(NASH_VALUE, by(rules.QUADRATIC_VALUE)),
    needed={
        **QUADRATIC.needed,
        "feedback": nonquadratic_where_nobody_comes,
        "regular": nonquadratic_value,
    },
)

EXCLUSIVELY = Theorem(
    id="thm-III.1/exclusively",
    says="every feedback NE that is optimal from every x_t has linear Gaussian policies with (6)",
    given=REGULAR_UNIQUE.given,
    proof=(REGULAR_UNIQUE, by(rules.EXACTLY_ONE_IS_ALL)),
    # Where no policy is best there is no NE, and every NE has them: nothing shows Q ⪰ 0, R ≻ 0 or
    # τ > 0 to be needed for that.
    needed={
        name: REGULAR_UNIQUE.needed[name] for name in ("standard-prior", "feedback", "regular")
    },
)


# -- existence -------------------------------------------------------------------------------------


def _scaled_inverse() -> Decision:
    """The derived covariance is (τ/2)W⁻¹, which equals its transpose."""
    scaled = tau / 2 * Inverse(W(i))
    return together(
        equal(derived("covariance"), scaled).decide(),
        equal(Transpose(scaled), scaled).decide(),
        gain_and_covariance().decide(),
    )


COVARIANCE = Theorem(
    id="thm-III.1/policy-class",
    says="Σ of (6) is symmetric, positive definite and ⪯ I",
    given=GAME,
    proof=(
        WEIGHT,
        Fact(
            "Σ of (6) is (τ/2)W⁻¹, which equals its transpose",
            _scaled_inverse,
            needs=("W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",),
        ),
        by(rules.INVERSE_DEFINITE),
    ),
    needed=WEIGHT.needed,
)

_EXISTS = "a NE over all adapted policies exists, namely a linear Gaussian one with (4)–(6)"

EXISTENCE = Theorem(
    id="thm-III.1/existence",
    says=_EXISTS,
    given=(
        *GAME,
        hypotheses.STANDARD_PRIOR,
        hypotheses.INDEPENDENT_DRAWS,
        hypotheses.SOLVABLE,
    ),
    proof=(
        WEIGHT,
        COVARIANCE,
        Fact(
            "block row i of Φ_t 𝓚 + r_t is W(Kⁱ − best response)", lambda: block_system().decide()
        ),
        EXISTS,
        by(rules.SOME_EQUILIBRIUM),
    ),
    needed={
        **scalars.of_the_game(scalars.no_least_cost, _EXISTS),
        **OTHER_ANSWERS,
        "solvable": no_equilibrium,
    },
)


def _several() -> Decision:
    """Two members of the continuum are two equilibria."""
    first, second = (continuum.means(g) for g in (sympy.S.Zero, continuum.state[0]))
    return together(
        holds("M¹ = g(x), M² = −(5/4)(x₁ + x₂) − g(x) is a NE for every g", continuum.is_nash()),
        exactly("means for g = x₁ less those for g = 0", _less(second, first), _ONE_STATE),
    )


_ONE_STATE = [continuum.state[0], -continuum.state[0]]


def _less(one, other) -> list:
    return [sympy.expand(a - b) for a, b in zip(one, other, strict=True)]


CLAIMS = (
    Claim(
        id="thm-III.1",
        title="The Nash value is quadratic, with (4), (5) and (6)",
        where="Section III, Theorem III.1",
        latex=r"J_t^{i*}(x) = x^\top P_t^{i*} x + q_t^{i*} \qquad"
        r" u_t^{i*} = \pi_t^{i*}(x) \sim \mathcal{N}(K_t^{i*} x, \Sigma_t^{i*})",
        statement=NASH_VALUE,
    ),
    Claim(
        id="thm-III.1/quadratic-value",
        title="Every Nash value is quadratic",
        where="Section III, Theorem III.1",
        quote="the Nash value of the i-th agent is quadratic",
        statement=QUADRATIC_VALUE,
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
        statement=PSD,
    ),
    Claim(
        id="thm-III.1/existence",
        title="A Nash equilibrium exists",
        where="Section III, Theorem III.1",
        quote="Then, the Nash value of the i-th agent is quadratic … the NE policies … are",
        statement=EXISTENCE,
        gaps=(
            Gap(
                what="the theorem and its proof begin with a NE. It is not shown that one exists",
                quote="the NE policies … are linear Gaussian",
                closed_by=(EXISTENCE,),
            ),
        ),
    ),
    Claim(
        id="thm-III.1/exclusively",
        title="Nash policies are exclusively linear Gaussian",
        where="Section III, after Theorem III.1, and Section I, Contributions 2)",
        quote="find them to exclusively belong to the class of Linear Gaussian policies … all NE"
        " must have a linear Gaussian structure given by (6)",
        statement=EXCLUSIVELY,
    ),
    Claim(
        id="thm-III.1/any-solution",
        title="Any solution of the coupled equations is an equilibrium",
        where="Section III, after Theorem III.1",
        quote="any solution to (4) will specify a NE",
        statement=SUFFICIENT,
    ),
    Claim(
        id="eq-4",
        title="Coupled Riccati equations",
        where="Section III, (4)",
        latex=r"P_t^{i*} = Q_t^i + (A_t^{i*})^\top P_{t+1}^{i*} A_t^{i*}"
        r" - ((B_t^i)^\top P_{t+1}^{i*} A_t^{i*})^\top"
        r" ((\tau/2)I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i)^{-1}"
        r" ((B_t^i)^\top P_{t+1}^{i*} A_t^{i*}),",
        statement=lambda _: by_derivation(
            equal(derived("value").matrix, riccati, r"P_t^{i*}"), "expectation", "lemma", "value"
        ),
    ),
    Claim(
        id="eq-4/others",
        title="The loop closed by the others",
        where="Section III, after (4)",
        latex=r"A_t^{i*} := A_t + \sum_{j \neq i} B_t^j K_t^{j*}",
        statement=Definition(MatrixSymbol("A_t^{i*}", m, m), A + agent_sum(B(j) * K(j), j, i)),
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
        statement=lambda _: by_derivation(
            equal(derived("constant"), constant, r"q_t^{i*}"), "expectation", "lemma", "compact"
        ),
    ),
    Claim(
        id="eq-6",
        title="Gain and covariance",
        where="Section III, (6)",
        latex=r"K_t^{i*} = - \left( (\tau/2)I + R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i"
        r" \right)^{-1} (B_t^i)^\top P_{t+1}^{i*} A_t^{i*},"
        r" \Sigma_t^{i*} = (I + 2(R_t^i + (B_t^i)^\top P_{t+1}^{i*} B_t^i)/\tau)^{-1}.",
        statement=lambda _: gain_and_covariance(),
    ),
    Claim(
        id="thm-III.1/reduction",
        title="The problem is one density for each agent and stage",
        where="Section III, after the proof of Theorem III.1",
        quote="reduce the problem to finding the most optimal probability distribution for each"
        " agent in each timestep given that the other agents follow NE policies",
        statement=BELLMAN,
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
        statement=COVARIANCE,
        gaps=(
            Gap(
                what="the rest of the paper considers linear Gaussian deviations alone, while "
                "Definition II.1 allows all of Πⁱ. It is not shown that no other deviation "
                "does better",
                quote="Since all policies belong to the class of linear Gaussian distributions, we"
                " will henceforth restrict our discussion",
                closed_by=(LEAST_COST,),
            ),
        ),
    ),
)
