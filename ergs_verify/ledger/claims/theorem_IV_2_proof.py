"""The proof of Theorem IV.2: the auxiliary game (20), and what is said of one stage.

The equilibrium of (20) is found by completing the square, over all adapted policies.
"""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from fractions import Fraction

from sympy import MatAdd, MatMul, MatrixSymbol, Trace, ZeroMatrix

from ergs_verify.arithmetic import Rationals
from ergs_verify.exact import fractions
from ergs_verify.expressions import AgentMatrix
from ergs_verify.ledger import hypotheses, rules
from ergs_verify.ledger.claim import Claim, Gap
from ergs_verify.ledger.claims.equation_19 import SINGULAR_WEIGHT
from ergs_verify.ledger.claims.one_stage import COVARIANCES, ONE_STAGE
from ergs_verify.ledger.claims.optimality import GAME, WEIGHT, derived, equal, terminal
from ergs_verify.ledger.claims.theorem_IV_2 import CITED_GAP, CONTRACTS_INSIDE, LINEAR_RATE
from ergs_verify.ledger.counterexamples import refutation
from ergs_verify.ledger.decision import Decision
from ergs_verify.ledger.exhibits import exhibits
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.sentences.equilibria import plain_game
from ergs_verify.ledger.statements import Definition, Equality
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import (
    P,
    Q,
    R,
    S,
    W,
    eye,
    i,
    m,
    noise,
    own,
    q,
    symmetric,
    tau,
    u,
    x,
)
from ergs_verify.recursion import nash

x_end, Q_end = MatrixSymbol("x_T", m, 1), MatrixSymbol("Q_T^i", m, m)


def _in_20(expression):
    """A formula of the game with τ in the game (20): no entropy, R + (τ/2)I for R, no draws."""
    without = {
        letter: ZeroMatrix(*letter.shape)
        for letter in expression.atoms(AgentMatrix)
        if letter.name == S(i).name
    }
    plain = expression.xreplace(without).subs(tau, 0)
    return plain.xreplace({R(i): MatAdd(R(i), MatMul(tau / 2, eye(i)))})


def completed_square() -> Equality:
    """The expected stage cost with V_{t+1} at any own control, the others playing Kʲx.

    `gain_compact` and `riccati` are those of the game with τ: that they are right here is the
    claim.
    """
    stage = theorem_III_1.with_linear_policies(_in_20(derived("expected")))
    off = own(i) - derived("gain_compact") * x
    value = Trace(x.T * derived("riccati") * x) + Trace(P(i) * noise) + q(i)
    return equal(stage, value + Trace(off.T * W(i) * off))


PLAIN_NASH = Theorem(
    id="eq-20/equivalent",
    says="in (20), the policies uⁱ = Kⁱ*x are a NE over all adapted policies, from every x_t, and "
    "each of them is the only best response to the others",
    given=(*GAME, hypotheses.INDEPENDENT_DRAWS, hypotheses.PLAIN_ANSWERS),
    proof=(
        WEIGHT,
        Fact(
            "at every x and u, the expected stage cost of (20) plus V_{t+1} is V_t(x) + (u − "
            "Kⁱ*x)'W(u − Kⁱ*x), V_t(x) = x'P_t x + q_t with (4)",
            lambda: completed_square().decide(),
            needs=(
                "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ",
                "in (20) the agents play uⁱ = Kⁱ*x, with K* of (6) and P* of (4)",
            ),
        ),
        Fact("V_T(x) = x'Q_T x", terminal()),
        by(rules.SQUARES_SUMMED),
        by(rules.SQUARES_VANISH),
    ),
    needed={
        **SINGULAR_WEIGHT,
        "independent-draws": lambda: _a_draw_that_knows_the_noise(),
        "plain-answers": lambda: _another_gain(),
    },
)


def _a_draw_that_knows_the_noise() -> Decision:
    """One agent, p = m = 1, x = 0: v = −(B Q_T ω)/(R̃ + B² Q_T) instead of u = Kx = 0."""
    game = exhibits()["as-many-controls-as-states"].game
    plain = plain_game(game)
    B, R_plain, Q_1, variance = (
        Fraction(fractions(X)[0][0])
        for X in (plain.B[0][0], plain.R[0][0], plain.Q[0][1], plain.noise_cov)
    )
    share = -B * Q_1 / (R_plain + B * B * Q_1)
    played, other = (
        variance * (R_plain * s * s + (1 + B * s) ** 2 * Q_1) for s in (Fraction(0), share)
    )
    return refutation(
        f"J = {played} with u = 0",
        f"J = {other} with u = ({share})ω",
        "exact",
        "a control that depends on the noise of its own stage costs less than Kx = 0 at x = 0",
        lambda: other < played,
        game=game,
        values={"x": "0"},
    )


def _another_gain() -> Decision:
    """One agent, p = m = 1: J(k) − J(K*) = W (k − K*)² x² at another gain k."""
    game = exhibits()["as-many-controls-as-states"].game
    plain, numbers = plain_game(game), Rationals()
    best = nash(plain, numbers)
    gain = numbers.to_fraction(best.K[0][0][0, 0])
    ends = [Fraction(fractions(X)[0][0]) for X in (game.A[0], game.B[0][0], plain.R[0][0])]
    A, B, R_plain = ends
    Q_0, Q_1 = (fractions(X)[0][0] for X in plain.Q[0])
    other = gain + 1
    costs = [Q_0 + R_plain * k**2 + (A + B * k) ** 2 * Q_1 for k in (other, gain)]
    return refutation(
        f"x'P_0 x = {costs[0]} x² with u = {other} x",
        f"x'P_0 x = {costs[1]} x² with u = {gain} x",
        "exact",
        "a gain that differs from (6) is not a best response, so this is not a NE",
        lambda: costs[0] > costs[1] and costs[1] == numbers.to_fraction(best.P[0][0][0, 0]),
        game=game,
        values={"K_0^1": str(other)},
    )


CLAIMS = (
    Claim(
        id="eq-20",
        title="The auxiliary game",
        where="Section IV, (20)",
        latex=r"J^i(x, \pi^i, \pi^{-i}) = \mathbb{E} \left[ \sum_{t=0}^{T-1} x_t^\top Q_t^i x_t"
        r" + (u_t^i)^\top \left( (\tau/2)I + R_t^i \right) u_t^i + x_T^\top Q_T^i x_T"
        r" \middle| x_0 = x \right].",
        statement=Definition(
            r"J^i(x, \pi^i, \pi^{-i})",
            Trace(x.T * Q(i) * x)
            + Trace(u(i).T * (tau / 2 * eye(i) + R(i)) * u(i))
            + Trace(x_end.T * Q_end * x_end),
            (*symmetric, Q_end),
        ),
    ),
    Claim(
        id="eq-20/equivalent",
        title="The auxiliary game has the same K and P",
        where="Section IV, after (20)",
        latex=r"u_t^{i*} = K_t^{i*} x",
        quote="the NE controller for this game would be linear … and deterministic, where … is"
        " defined in (6) and the adjoining coupled Riccati equations are given by (4)",
        statement=PLAIN_NASH,
        stated=(hypotheses.PLAIN_ANSWERS,),
        gaps=(
            Gap(
                what="this is taken from [18] and [33]. Completing the square shows that the "
                "policies of (6) without their noise are an equilibrium of (20) against all "
                "deviations",
                quote="From results in [18], [33], we know that the NE controller for this game",
                closed_by=(PLAIN_NASH,),
            ),
        ),
    ),
    Claim(
        id="thm-IV.2/contractive",
        title="The inner loop is contractive",
        where="Section IV, proof of Theorem IV.2",
        latex=r"\tau > 2\gamma_B^2 (\gamma_P^* + c\epsilon)(N-1)",
        quote="the inner loop is contractive (which is true under …)",
        statement=CONTRACTS_INSIDE,
        stated=(hypotheses.CONDITION_IV_2,),
    ),
    Claim(
        id="thm-IV.2/inner-loop",
        title="Good convergence of the inner loop",
        where="Section IV, proof of Theorem IV.2",
        latex=r"\|P_{t+1}^i - P_{t+1}^{i*}\| = \mathcal{O}(\epsilon)"
        r" \qquad \|P_t^i - P_t^{i*}\| = \mathcal{O}(\epsilon)",
        quote="we can utilize … which relies on the good convergence of the inner loop",
        statement=ONE_STAGE,
        stated=(hypotheses.ASSUMPTION_III_3, hypotheses.NEAR_COSTS, hypotheses.ONE_KAPPA),
        gaps=(
            CITED_GAP,
            Gap(
                what="a contraction for every ε does not bound 1/(1 − κ). One κ < 1 has to hold "
                "for all small ε, and the constant in O(ε) grows at each of the T stages. A "
                "strict bound on τ leaves room for both",
                quote="the inner loop is contractive",
                closed_by=(LINEAR_RATE,),
            ),
        ),
    ),
    Claim(
        id="thm-IV.2/covariance",
        title="The covariances follow P",
        where="Section IV, end of the proof of Theorem IV.2",
        latex=r"\|\Sigma_t^i - \Sigma_t^{i*}\| = \mathcal{O}(\epsilon)"
        r" \qquad \Sigma_t^i = (I + 2(R_t^i + (B_t^i)^\top P_{t+1}^i B_t^i)/\tau)^{-1}",
        statement=COVARIANCES,
        gaps=(
            Gap(
                what="no bound is given, and “small enough” is not needed. The distance is at "
                "most (2/τ)γ_B² times that of the P_{t+1}. P_{t+1} matters here, not P_t",
                quote="and if … is small enough",
                closed_by=(COVARIANCES,),
            ),
        ),
    ),
)
