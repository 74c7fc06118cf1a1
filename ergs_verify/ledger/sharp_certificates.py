"""Sharp claims that the certificates rest on: monotone recursions, and what an error does."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from ergs_verify.expressions import AgentMatrix, agent_sum
from ergs_verify.ledger.argument import argument
from ergs_verify.ledger.claim import Claim, Computed, Decision
from ergs_verify.ledger.sharp_uniqueness import equal
from ergs_verify.paper import notation, theorem_III_1
from ergs_verify.paper.notation import A, B, K, P, Q, R, W, eye, i, j, m, others_loop, tau

__all__ = ["CLAIMS", "perturbed_cost", "perturbed_gains"]

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
    return argument(
        equal(
            formulas.phi_diagonal * K(i)
            + agent_sum(formulas.phi_off_diagonal * K(j), j, i)
            + formulas.rhs,
            first_order,
        ),
        equal(after - first_order, row + sign * B(i).T * E * (loop + moved)),
    )


def perturbed_cost(sign: int = 1) -> Decision:
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


def _perturbation() -> Decision:
    return argument(
        perturbed_gains(),
        perturbed_cost(),
        "the first-order condition is 0 at K°, so that Δ'(R̃K° + B'P̂F°) and its transpose vanish",
        "with Mʲ = Φ°⁻¹(block column j of Bʲ'): Δ = −Σ Mʲ Eʲ F, so ‖𝓑Δ‖ ≤ κ‖F‖ and"
        " ‖F‖ ≤ ‖F°‖ + κ‖F‖ with κ = Σ ‖𝓑Mʲ‖ ‖Eʲ‖",
        "Φv = 0 is the case F = 𝓑v: ‖𝓑v‖ ≤ κ‖𝓑v‖ with κ < 1 forces 𝓑v = 0, then Φ°v = 0 and"
        " v = 0, so that Φ is regular",
    )


def _completed() -> Decision:
    """The cost of any gain exceeds the Riccati recursion's by (K − K*)'W(K − K*)."""
    formulas = theorem_III_1.derived_formulas()
    own = AgentMatrix("K", i, notation.control_size(i), m)
    whole = others_loop(i) + B(i) * own
    off = own - formulas.gain
    return equal(
        Q(i) + own.T * weight * own + whole.T * P(i) * whole,
        formulas.riccati + off.T * W(i) * off,
    )


def _monotone() -> Decision:
    F = notation.F
    after = AgentMatrix("P'", i, m, m)
    formulas = theorem_III_1.derived_formulas()
    return argument(
        _completed(),
        equal(
            formulas.policy_cost.xreplace({P(i): after}) - formulas.policy_cost,
            F.T * (after - P(i)) * F,
        ),
        "P ⪯ P' and W(P) ≻ 0: with K' optimal at P', Ric(P) ⪯ cost of K' at P ⪯ cost of K' at P'"
        " = Ric(P')",
        "X ⪯ X' gives FXF' ⪯ FX'F', and G ⪯ G' gives F'GF ⪯ F'G'F",
        "every matrix in balls of Frobenius radius η around M lies between M − ηI and M + ηI",
    )


CLAIMS = (
    Claim(
        id="sharp-loewner",
        title="Policy evaluation and one agent's Riccati map are monotone",
        where="Beyond the paper; what the certified gap rests on",
        latex=r"P \preceq P' \Rightarrow \mathcal{R}^i(P) \preceq \mathcal{R}^i(P')",
        statement=Computed(
            "P ⪯ P', W(P) ≻ 0 ⇒ Ric(P) ⪯ Ric(P'); the cost of a fixed policy and E[xx'] likewise",
            _monotone,
        ),
        hypotheses=("W ≻ 0 at the lower end",),
    ),
    Claim(
        id="sharp-perturbation",
        title="What an error of P_{t+1} does to a stage of the equilibrium",
        where="Beyond the paper; what the certified equilibrium rests on",
        latex=r"P_t^i - P_t^{i\circ} = F^\top E^i F + (C\Delta)^\top \hat P^i F^\circ +"
        r" F^{\circ\top} \hat P^i C\Delta + \Delta^{i\top} \tilde R^i \Delta^i +"
        r" (\mathcal{B}\Delta)^\top \hat P^i \mathcal{B}\Delta",
        statement=Computed(
            "Φ°Δ = −(Bⁱ'EⁱF)ᵢ; κ = Σ_j ‖𝓑Mʲ‖‖Eʲ‖ < 1 ⇒ Φ regular and ‖F‖ ≤ ‖F°‖/(1 − κ)",
            _perturbation,
        ),
        hypotheses=("Φ_t regular at P̂",),
    ),
)
