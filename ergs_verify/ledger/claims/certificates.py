"""Beyond the paper: what the certificates rest on. Monotone recursions, and what an error does."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from ergs_verify.expressions import AgentMatrix, agent_sum
from ergs_verify.ledger import hypotheses, rules, scalars
from ergs_verify.ledger.claim import Claim
from ergs_verify.ledger.claims.optimality import equal
from ergs_verify.ledger.decision import Decision, together
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Equality
from ergs_verify.paper import notation, theorem_III_1
from ergs_verify.paper.notation import A, B, K, P, Q, R, W, eye, i, j, m, others_loop, tau

E = AgentMatrix("E", i, m, m)
"""What agent i's P_{t+1} differs from P̂ by, the letter P standing for P̂."""
Delta = notation.letter_of_agents(r"\Delta", "p", m)
"""What an agent's gain differs from K° by, the letter K standing for K°."""

weight = tau / 2 * eye(i) + R(i)
"""R̃."""
loop = A + agent_sum(B(j) * K(j), j)
moved = agent_sum(B(j) * Delta(j), j)
others_moved = agent_sum(B(j) * Delta(j), j, i)
first_order = weight * K(i) + B(i).T * P(i) * loop
"""0 where K° solves the stage at P̂: row i of Φ°𝓚° + rhs°."""


def perturbed_gains(sign: int = 1) -> Decision:
    """Φ°Δ = −(BⁱᵀEⁱF)ᵢ, row by row; `sign` plants a false one."""
    formulas = theorem_III_1.derived_formulas()
    after = weight * (K(i) + Delta(i)) + B(i).T * (P(i) + E) * (loop + moved)
    row = formulas.phi_diagonal * Delta(i) + agent_sum(formulas.phi_off_diagonal * Delta(j), j, i)
    parts = (
        equal(
            formulas.phi_diagonal * K(i)
            + agent_sum(formulas.phi_off_diagonal * K(j), j, i)
            + formulas.rhs,
            first_order,
        ),
        equal(after - first_order, row + sign * B(i).T * E * (loop + moved)),
    )
    return together(*(part.decide() for part in parts))


def perturbed_cost(sign: int = 1) -> Equality:
    """What becomes of P_t, up to the first-order condition; `sign` plants a false one."""
    gain, whole = K(i) + Delta(i), loop + moved
    after = gain.T * weight * gain + whole.T * (P(i) + E) * whole
    before = K(i).T * weight * K(i) + loop.T * P(i) * loop
    pushed = others_moved.T * P(i) * loop
    bound = (
        whole.T * E * whole
        + sign * (pushed + pushed.T)
        + Delta(i).T * weight * Delta(i)
        + moved.T * P(i) * moved
    )
    vanishing = Delta(i).T * first_order
    return equal(after - before, bound + vanishing + vanishing.T)


PERTURBATION = Theorem(
    id="sharp-perturbation",
    says=(
        "Φ°Δ = −(Bⁱ'EⁱF)ᵢ",
        "P_t − P° = F'EF + (CΔ)'P̂F° + F°'P̂CΔ + Δ'R̃Δ + (𝓑Δ)'P̂𝓑Δ, where K° solves its stage",
        "κ = Σ_j ‖𝓑Mʲ‖‖Eʲ‖ < 1 ⇒ Φ_t is regular and ‖F‖ ≤ ‖F°‖/(1 − κ)",
    ),
    given=(hypotheses.REGULAR_NEARBY,),
    proof=(
        Fact("Φ°Δ = −(Bⁱ'EⁱF)ᵢ", perturbed_gains),
        Fact(
            "P_t − P° less F'EF + (CΔ)'P̂F° + F°'P̂CΔ + Δ'R̃Δ + (𝓑Δ)'P̂𝓑Δ is Δ'g + g'Δ with g ="
            " R̃K° + B'P̂F°",
            lambda: perturbed_cost().decide(),
        ),
        by(rules.FIRST_ORDER_VANISHES),
        by(rules.SMALL_PERTURBATION),
    ),
)


def _completed() -> Equality:
    """The cost of any gain exceeds the Riccati recursion's by (K − K*)'W(K − K*)."""
    formulas = theorem_III_1.derived_formulas()
    own = AgentMatrix("K", i, notation.control_size(i), m)
    whole = others_loop(i) + B(i) * own
    off = own - formulas.gain
    return equal(
        Q(i) + own.T * weight * own + whole.T * P(i) * whole,
        formulas.riccati + off.T * W(i) * off,
    )


def _policy_cost_moves() -> Equality:
    """The cost of a fixed policy at P' less that at P."""
    F, after = notation.F, AgentMatrix("P'", i, m, m)
    formulas = theorem_III_1.derived_formulas()
    return equal(
        formulas.policy_cost.xreplace({P(i): after}) - formulas.policy_cost,
        F.T * (after - P(i)) * F,
    )


MONOTONE = Theorem(
    id="sharp-loewner",
    says=(
        "P ⪯ P' ⇒ the cost of a fixed policy at P is ⪯ that at P'",
        "P ⪯ P' ⇒ Ric(P) ⪯ Ric(P')",
    ),
    given=(hypotheses.W_DEFINITE,),
    proof=(
        Fact("the cost of K is Ric(P) + (K − K*)'W(K − K*)", lambda: _completed().decide()),
        Fact(
            "the cost of a fixed policy at P' less that at P is F'(P' − P)F",
            lambda: _policy_cost_moves().decide(),
        ),
        by(rules.CONGRUENT_COSTS),
        by(rules.LEAST_OF_MONOTONE),
    ),
    needed={"W-definite": scalars.riccati_across_a_pole},
)
"""A matrix in balls of Frobenius radius η around M lies between M − ηI and M + ηI."""


CLAIMS = (
    Claim(
        id="sharp-loewner",
        title="Policy evaluation and one agent's Riccati map are monotone",
        where="Beyond the paper; what the certified gap rests on",
        latex=r"P \preceq P' \Rightarrow \mathcal{R}^i(P) \preceq \mathcal{R}^i(P')",
        statement=MONOTONE,
    ),
    Claim(
        id="sharp-perturbation",
        title="What an error of P_{t+1} does to a stage of the equilibrium",
        where="Beyond the paper; what the certified equilibrium rests on",
        latex=r"P_t^i - P_t^{i\circ} = F^\top E^i F + (C\Delta)^\top \hat P^i F^\circ +"
        r" F^{\circ\top} \hat P^i C\Delta + \Delta^{i\top} \tilde R^i \Delta^i +"
        r" (\mathcal{B}\Delta)^\top \hat P^i \mathcal{B}\Delta",
        statement=PERTURBATION,
    ),
)
