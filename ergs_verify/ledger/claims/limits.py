"""Beyond the paper: the limits τ → ∞ and τ → 0 of the feedback equilibrium."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sympy
from sympy import Inverse

from ergs_verify.expressions import agent_sum
from ergs_verify.ledger import hypotheses, rules
from ergs_verify.ledger.claim import Claim
from ergs_verify.ledger.claims.apriori import FALLS, VANISHES
from ergs_verify.ledger.claims.optimality import (
    GAME,
    POLICY_PSD,
    WEIGHT,
    WEIGHT_IDENTITY,
    derived,
    equal,
    terminal,
)
from ergs_verify.ledger.counterexamples import refutation
from ergs_verify.ledger.decision import Decision, exactly, together
from ergs_verify.ledger.exhibits import exhibits
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Equalities
from ergs_verify.ledger.symbolic import SymbolicStages
from ergs_verify.paper.notation import B, K, P, Q, R, W, eye, i, j, others_loop, tau

curvature = R(i) + B(i).T * P(i) * B(i)
"""M = R + B'PB."""
pull = B(i).T * P(i) * others_loop(i)
"""B'PĀ."""


# -- τ → ∞ ----------------------------------------------------------------------------------------


def _exact_remainders() -> Equalities:
    gain, covariance = derived("gain_compact"), derived("covariance")
    return Equalities(
        (
            equal(eye(i) - covariance, Inverse(W(i)) * curvature),
            equal(tau * gain + 2 * pull, 2 * Inverse(W(i)) * curvature * pull),
            equal(
                tau * (eye(i) - covariance) - 2 * curvature,
                -2 * Inverse(W(i)) * curvature * curvature,
            ),
            equal(
                derived("riccati") - Q(i) - others_loop(i).T * P(i) * others_loop(i),
                -pull.T * Inverse(W(i)) * pull,
            ),
        )
    )


LARGE_TAU = Theorem(
    id="sharp-limits/large-tau",
    says=(
        "K → 0 and Σ → I as τ → ∞",
        "τK → −2B'P^∞A, τ(I − Σ) → 2(R + B'P^∞B) and P → P^∞ = Q + A'P^∞A as τ → ∞",
    ),
    given=GAME,
    proof=(
        WEIGHT,
        Fact(
            "I − Σ, τK + 2B'PĀ, τ(I − Σ) − 2(R + B'PB) and P_t − Q − Ā'PĀ have a factor W⁻¹",
            lambda: _exact_remainders().decide(),
        ),
        FALLS,
        VANISHES,
        by(rules.BOUNDED_FOR_LARGE_TAU),
        by(rules.REMAINDERS_VANISH),
        by(rules.FIRST_ORDER_LIMITS),
    ),
)


# -- τ → 0 ----------------------------------------------------------------------------------------


def _rows_at_zero() -> Equalities:
    """Block row i of Φ𝓚 at τ less that of the plain game; and WΣ."""
    row = derived("row")
    return Equalities(
        (
            equal(
                row.own * K(i)
                + agent_sum(row.other * K(j), j, i)
                - (curvature * K(i) + agent_sum(B(i).T * P(i) * B(j) * K(j), j, i)),
                tau / 2 * K(i),
            ),
            equal(W(i) * derived("covariance"), tau / 2 * eye(i)),
        )
    )


SMALL_TAU = Theorem(
    id="sharp-limits/small-tau",
    says="K → K⁰, P → P⁰ and (2/τ)Σ → (R + B'P⁰B)⁻¹ as τ → 0",
    given=(hypotheses.Q_PSD, hypotheses.R_PD, hypotheses.TAU_POSITIVE, hypotheses.REGULAR_AT_ZERO),
    proof=(
        POLICY_PSD,
        WEIGHT_IDENTITY,
        Fact(
            "Φ_t is that of the plain game plus (τ/2)I, and WΣ = (τ/2)I",
            lambda: _rows_at_zero().decide(),
        ),
        Fact("P_T = Q_T", terminal()),
        by(rules.CRAMER_AT_ZERO),
    ),
    needed={"regular-at-zero": lambda: _gains_blow_up()},
)


def _singular_at_zero() -> Decision:
    """G* with R = 3: τ/2 + R at τ is that of G* at 4 + τ."""
    game = exhibits()["small-tau"].game
    played = SymbolicStages(game, tau).nash()
    limits = [sympy.limit(tau * x, tau, 0, "+") for agent in played.K for x in agent[0]]
    phi, _ = SymbolicStages(game, tau).last_block_system()
    return together(
        exactly("det Φ at τ = 0", phi.det().subs(tau, 0), 0),
        exactly("lim τK", limits, [3, -3, -3, 3]),
    )


def _gains_blow_up() -> Decision:
    """The gains of that game have no limit as τ → 0."""
    return refutation(
        "K ~ ±3/τ as τ → 0",
        "K → K⁰",
        "exact limit",
        "Φ is singular at τ = 0",
        lambda: _singular_at_zero().verdict == "proved",
        game=exhibits()["small-tau"].game,
    )


CLAIMS = (
    Claim(
        id="sharp-limits/large-tau",
        title="τ → ∞: the policies tend to the prior",
        where="Beyond the paper",
        latex=r"\tau K_t^i \to -2 (B_t^i)^\top P_{t+1}^{i,\infty} A_t, \quad"
        r" \tau (I - \Sigma_t^i) \to 2 (R_t^i + (B_t^i)^\top P_{t+1}^{i,\infty} B_t^i)",
        statement=LARGE_TAU,
    ),
    Claim(
        id="sharp-limits/small-tau",
        title="τ → 0: the policies tend to the plain game's equilibrium",
        where="Beyond the paper",
        latex=r"K_t^i \to K_t^{i,0}, \quad"
        r" \tfrac{2}{\tau} \Sigma_t^i \to (R_t^i + (B_t^i)^\top P_{t+1}^{i,0} B_t^i)^{-1}",
        statement=SMALL_TAU,
    ),
    Claim(
        id="sharp-limits/singular-at-zero",
        title="τ → 0 where the plain game's Φ is singular",
        where="Beyond the paper; G* with R = 3",
        statement=Computed("det Φ = 0 at τ = 0, and the gains are ±3/τ", _singular_at_zero),
    ),
)
