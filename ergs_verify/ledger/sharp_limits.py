"""Sharp claims on the limits τ → ∞ and τ → 0 of the feedback equilibrium, for every dimension."""

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
from ergs_verify.gallery import gallery
from ergs_verify.game import Game, Policy
from ergs_verify.ledger.argument import argument, exactly, holds
from ergs_verify.ledger.claim import Claim, Computed, Decision
from ergs_verify.ledger.sharp_apriori import bound_falls
from ergs_verify.ledger.sharp_uniqueness import equal
from ergs_verify.ledger.symbolic import SymbolicStages
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import B, K, P, Q, R, W, eye, i, j, others_loop, tau
from ergs_verify.recursion import evaluate_policy, nash
from ergs_verify.recursion.stages import Stages

__all__ = ["CLAIMS"]

curvature = R(i) + B(i).T * P(i) * B(i)
"""M = R + B'PB."""
pull = B(i).T * P(i) * others_loop(i)
"""B'PĀ."""


# -- τ → ∞ ---------------------------------------------------------------------------------------


def _exact_remainders() -> tuple[Decision, ...]:
    derived = theorem_III_1.derive()
    gain, covariance = derived["gain_compact"], derived["covariance"]
    return (
        equal(eye(i) - covariance, Inverse(W(i)) * curvature),
        equal(tau * gain + 2 * pull, 2 * Inverse(W(i)) * curvature * pull),
        equal(
            tau * (eye(i) - covariance) - 2 * curvature, -2 * Inverse(W(i)) * curvature * curvature
        ),
        equal(
            derived["riccati"] - Q(i) - others_loop(i).T * P(i) * others_loop(i),
            -pull.T * Inverse(W(i)) * pull,
        ),
    )


def _to_the_prior() -> Decision:
    return argument(
        *_exact_remainders(),
        bound_falls(),
        "so P stays bounded as τ grows, and with ‖W⁻¹‖₂ ≤ 2/τ all four right sides are O(1/τ):"
        " K → 0, Σ → I, Ā → A, P_t → Q + A'P_{t+1}A backwards from P_T = Q_T, and then"
        " τK → −2B'P^∞A, τ(I − Σ) → 2(R + B'P^∞B)",
        *_shrinks_with(_distance_at_large_tau, ("1000", "1000000")),
    )


def _shrinks_with(distance: Callable[[Game], Fraction], taus: tuple[str, str]):
    """A remainder of first order falls about a thousandfold from one τ to the other."""
    game = gallery("random:N=3,m=2,p=1-2-1,T=2,seed=1")
    first, second = (distance(evolve(game, tau_given=Fraction(t))) for t in taus)
    return (
        holds(f"in an example, the remainder at τ = {taus[0]} is not 0", first > 0),
        holds(
            f"and at τ = {taus[1]} it is {float(second / first):.6g} times that, below 1/500",
            500 * second < first,
        ),
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


# -- τ → 0 ---------------------------------------------------------------------------------------


def _to_the_plain_game() -> Decision:
    derived = theorem_III_1.derive()
    row = derived["row"]
    return argument(
        equal(W(i) - tau / 2 * eye(i), curvature),
        equal(W(i) * derived["covariance"], tau / 2 * eye(i)),
        equal(
            row.own * K(i)
            + agent_sum(row.other * K(j), j, i)
            - (curvature * K(i) + agent_sum(B(i).T * P(i) * B(j) * K(j), j, i)),
            tau / 2 * K(i),
        ),
        "Φ_t and r_t are polynomials of τ and P_{t+1}, and at τ = 0 those of the plain game; where"
        " its det Φ_t ≠ 0 for all t, Cramer's rule makes K_t and P_t rational functions of τ that"
        " have no pole at 0, backwards from P_T = Q_T: K → K⁰ and P → P⁰",
        "W → R + B'P⁰B ⪰ R ≻ 0, where inversion is continuous: (2/τ)Σ = W⁻¹ → (R + B'P⁰B)⁻¹",
        *_shrinks_with(_distance_at_small_tau, ("1/1000", "1/1000000")),
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
    star = gallery("g-star-2")
    game = Game.from_arrays(
        name="G* with R = 3",
        A=[list(row) for row in star.A[0]],
        B=[[list(row) for row in B_k[0]] for B_k in star.B],
        Q=[[[list(row) for row in Q_t] for Q_t in Q_k] for Q_k in star.Q],
        R=[[[3]], [[3]]],
        tau=1,
        noise_cov=[[0, 0], [0, 0]],
        horizon=1,
    )
    played = SymbolicStages(game, tau).nash()
    limits = [sympy.limit(tau * x, tau, 0, "+") for agent in played.K for x in agent[0]]
    phi, _ = SymbolicStages(game, tau).last_block_system()
    return argument(
        exactly("det Φ at τ = 0", phi.det().subs(tau, 0), 0),
        exactly("lim τK", limits, [3, -3, -3, 3]),
    )


CLAIMS = (
    Claim(
        id="sharp-limits/large-tau",
        title="τ → ∞: the policies go to the prior",
        where="Beyond the paper",
        latex=r"\tau K_t^i \to -2 (B_t^i)^\top P_{t+1}^{i,\infty} A_t, \quad"
        r" \tau (I - \Sigma_t^i) \to 2 (R_t^i + (B_t^i)^\top P_{t+1}^{i,\infty} B_t^i)",
        statement=Computed(
            "K → 0 with τK → −2B'P^∞A, Σ → I with τ(I − Σ) → 2(R + B'P^∞B), P → P^∞ ="
            " Q + A'P^∞A, the cost without control",
            _to_the_prior,
        ),
    ),
    Claim(
        id="sharp-limits/small-tau",
        title="τ → 0: the policies go to the plain game's equilibrium",
        where="Beyond the paper",
        latex=r"K_t^i \to K_t^{i,0}, \quad"
        r" \tfrac{2}{\tau} \Sigma_t^i \to (R_t^i + (B_t^i)^\top P_{t+1}^{i,0} B_t^i)^{-1}",
        statement=Computed(
            "det Φ_t ≠ 0 at τ = 0 for all t ⇒ K → K⁰ and (2/τ)Σ → (R + B'P⁰B)⁻¹",
            _to_the_plain_game,
        ),
        hypotheses=("det Φ_t ≠ 0 for all t in the plain LQ game (τ = 0)",),
    ),
    Claim(
        id="sharp-limits/singular-at-zero",
        title="τ → 0 where the plain game's Φ is singular",
        where="Beyond the paper; G* with R = 3",
        statement=Computed("det Φ = 0 at τ = 0, and the gains are ±3/τ", _singular_at_zero),
    ),
)
