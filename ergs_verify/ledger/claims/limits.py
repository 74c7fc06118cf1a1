"""Beyond the paper: the limits τ → ∞ and τ → 0 of the feedback equilibrium."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy
from attrs import evolve
from sympy import Inverse

from ergs_verify.arithmetic import Rationals
from ergs_verify.expressions import agent_sum
from ergs_verify.game import Game, Policy
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
from ergs_verify.ledger.examination import Outcome
from ergs_verify.ledger.exhibits import Case, exhibits
from ergs_verify.ledger.reasoning import Fact, Theorem, by
from ergs_verify.ledger.statements import Computed, Equalities
from ergs_verify.ledger.symbolic import SymbolicStages
from ergs_verify.paper.notation import B, K, P, Q, R, W, eye, i, j, others_loop, tau
from ergs_verify.recursion import evaluate_policy, nash
from ergs_verify.recursion.stages import Stages

__all__ = ["CLAIMS", "LARGE_TAU"]

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


def _remainder_falls(distance: Callable[[Game], Fraction], taus: tuple[Fraction, Fraction]):
    """A remainder of first order falls a thousandfold or so from one τ to the other."""

    def test(case: Case) -> Outcome | None:
        if not case.plays_nash:  # once for a game
            return None
        first, second = (distance(evolve(case.game, tau_given=t)) for t in taus)
        # c/τ + O(1/τ²) falls by 1000 in the limit; half of that leaves room for the rest.
        return Outcome(500 * second <= first, f"{float(second):.3g}", f"≤ {float(first):.3g}/500")

    return test


LARGE = (Fraction(10**6), Fraction(10**9))


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
    test=lambda case: _remainder_falls(_distance_at_large_tau, LARGE)(case),
)


def _distance_at_large_tau(game: Game) -> Fraction:
    """The largest entry of τK + 2B'P^∞A and τ(I − Σ) − 2(R + B'P^∞B), P^∞ without control."""
    numbers = Rationals()
    found, alone = nash(game, numbers), _without_control(game)
    stages, t_now = Stages(game, numbers), numbers.scalar(game.tau)
    largest = Fraction(0)
    for agent in range(game.agents):
        for t in range(game.horizon):
            inputs, ahead = stages.enter(game.B[agent][t]), alone.P[agent][t + 1]
            gain = found.K[agent][t] * t_now + inputs.transpose() * ahead * stages.enter(
                game.A[t]
            ) * numbers.scalar(Fraction(2))
            one = numbers.identity(game.control_sizes[agent])
            spread = (one - found.Sigma[agent][t]) * t_now
            spread -= (
                stages.enter(game.R[agent][t]) + inputs.transpose() * ahead * inputs
            ) * numbers.scalar(Fraction(2))
            largest = max(largest, _largest(gain), _largest(spread))
    return largest


def _without_control(game: Game):
    zero = [
        [[["0"] * game.state_size for _ in range(p)] for _ in range(game.horizon)]
        for p in game.control_sizes
    ]
    return evaluate_policy(game, Policy.from_arrays(K=zero), Rationals())


def _largest(X: Any) -> Fraction:
    return max(abs(Rationals().to_fraction(x)) for x in X.entries())


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
    test=lambda case: _remainder_falls(
        _distance_at_small_tau, (Fraction(1, 10**6), Fraction(1, 10**9))
    )(case),
)


def _distance_at_small_tau(game: Game) -> Fraction:
    """The largest entry of K − K⁰ and (2/τ)Σ − (R + B'P⁰B)⁻¹."""
    numbers = Rationals()
    plain = nash(evolve(game, tau_given=Fraction(0)), numbers)
    found, stages = nash(game, numbers), Stages(game, numbers)
    largest = Fraction(0)
    for agent in range(game.agents):
        for t in range(game.horizon):
            inputs = stages.enter(game.B[agent][t])
            weight = stages.enter(game.R[agent][t])
            weight += inputs.transpose() * plain.P[agent][t + 1] * inputs
            scaled = found.Sigma[agent][t] * numbers.scalar(2 / game.tau)
            gap = found.K[agent][t] - plain.K[agent][t]
            largest = max(largest, _largest(gap), _largest(scaled - weight.inv()))
    return largest


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
        title="τ → ∞: the policies go to the prior",
        where="Beyond the paper",
        latex=r"\tau K_t^i \to -2 (B_t^i)^\top P_{t+1}^{i,\infty} A_t, \quad"
        r" \tau (I - \Sigma_t^i) \to 2 (R_t^i + (B_t^i)^\top P_{t+1}^{i,\infty} B_t^i)",
        statement=LARGE_TAU,
    ),
    Claim(
        id="sharp-limits/small-tau",
        title="τ → 0: the policies go to the plain game's equilibrium",
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
