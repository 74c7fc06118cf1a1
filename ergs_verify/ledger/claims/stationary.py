"""Beyond the paper: costs, gaps and certificates of stationary games, of infinite horizon.

Where nothing changes over time, P, q, the gap's matrix G and the second moment X solve the stage's
equations with the same letter on either side. γ < 1 is the discounted cost; with γ = 1 the average
cost is the stage's constant.
"""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from attrs import evolve
from sympy import Integer, Trace

from ergs_verify.expressions import agent_sum
from ergs_verify.ledger.claim import Claim
from ergs_verify.ledger.statements import Equalities, Equality
from ergs_verify.paper import gap as derivations
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.derivation import Derived
from ergs_verify.paper.gap import MOMENTS, G, X, g
from ergs_verify.paper.general import GENERAL, general_formulas
from ergs_verify.paper.notation import B, F, K, S, W, discount, i, j, noise, q


def _equal(left, right, named: str, derived: Derived, *steps: str) -> Equality:
    """An identity of a stage, with the steps that lead to it."""
    equality = Equality(left, right, (*GENERAL.symmetric, *MOMENTS), GENERAL.definitions, named)
    return evolve(
        equality,
        derivation=lambda: tuple(
            ("derived", f"{step.what} ({step.rule}): {step.checked}")
            for step in derived.steps
            if step.name in steps
        ),
    )


def cost() -> Equalities:
    """q = c/(1 − γ) solves q's recursion, with the stage's constant c."""
    run, formulas = theorem_III_1.derive_policy_value(GENERAL), general_formulas()
    a_stage = formulas.policy_constant.xreplace({q(i): Integer(0)})
    forever = a_stage / (1 - discount)
    return Equalities(
        (
            _equal(
                formulas.policy_constant.xreplace({q(i): forever}), forever, "q^i", run, "value"
            ),
            _equal(
                formulas.policy_constant,
                a_stage + discount * q(i),
                r"c^i + \gamma q^i",
                run,
                "value",
            ),
        )
    )


def gap_identity() -> Equalities:
    """x'Gx + g on average is the sum over the occupation moments."""
    run = derivations.derive_identity(GENERAL)
    spread = noise + agent_sum(B(j) * S(j) * B(j).T, j)
    off = K(i) - general_formulas().gain
    rest = discount / (1 - discount)
    # What G = … + γF'GF and X = X₀ + γ(FXF' + spread/(1 − γ)) leave for … and for X₀.
    by_gain = G - discount * F.T * G * F
    at_start = X - discount * F * X * F.T - rest * spread
    a_stage = run["gap_constant"].xreplace({g(i): Integer(0)})
    return Equalities(
        (
            _equal(
                run["gap_matrix"],
                off.T * W(i) * off + discount * F.T * G * F,
                "G",
                run,
                "excess",
                "state",
            ),
            _equal(
                run["gap_constant"].xreplace({g(i): a_stage / (1 - discount)}),
                a_stage / (1 - discount),
                "g",
                run,
                "state",
            ),
            _equal(
                Trace(G * at_start) + rest * Trace(G * spread),
                Trace(by_gain * X),
                r"Tr(W \Delta K \mathbb{X} \Delta K^\top)",
                run,
                "moments",
            ),
        )
    )


def dissipation() -> Equalities:
    """What a stage's cost and γx'Px ahead exceed the best by, for any gain: a square."""
    run, formulas = theorem_III_1.derive(GENERAL), general_formulas()
    off = K(i) - formulas.gain
    return Equalities(
        (
            _equal(
                formulas.policy_cost - formulas.riccati,
                off.T * W(i) * off,
                r"\Delta K^\top W \Delta K",
                run,
                "value",
                "compact",
            ),
        )
    )


CLAIMS = (
    Claim(
        id="stationary-cost",
        title="The cost of a stationary policy",
        where="Beyond the paper, stationary games",
        latex=r"P^i = [I; \mathcal{K}]^\top H^i [I; \mathcal{K}] + \gamma F^\top P^i F"
        r" \qquad q^i = \frac{c^i}{1 - \gamma}",
        statement=lambda _: cost(),
    ),
    Claim(
        id="stationary-gap-identity",
        title="The gap of a stationary policy",
        where="Beyond the paper, stationary games",
        latex=r"Tr(W \Delta K \mathbb{X} \Delta K^\top) + \frac{1}{1 - \gamma}"
        r" \tfrac{\tau}{2} (Tr(\Sigma_{br}^{-1} \Sigma^i) - p_i"
        r" - \log |\Sigma_{br}^{-1} \Sigma^i|) \qquad"
        r" \mathbb{X} = X_0 + \gamma (F \mathbb{X} F^\top + \tfrac{1}{1 - \gamma} \mathcal{N})",
        statement=lambda _: gap_identity(),
    ),
    Claim(
        id="stationary-dissipation",
        title="The dissipation inequality of a stationary best response",
        where="Beyond the paper, stationary games",
        latex=r"[I; \mathcal{K}]^\top H^i [I; \mathcal{K}] + \gamma F^\top P F - P ="
        r" (\mathcal{R}(P) - P) + \Delta K^\top W(P) \Delta K",
        statement=lambda _: dissipation(),
    ),
)
"""What stationary games rest on, for every size and N."""
