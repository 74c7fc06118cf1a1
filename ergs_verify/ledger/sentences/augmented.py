"""What is said of the game at τ + δ, and of limits in τ and δ."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint

from ergs_verify.arithmetic import MPMath, Rationals
from ergs_verify.game import Game, Policy
from ergs_verify.ledger import costs_compared
from ergs_verify.ledger.costs_compared import average_cost, deviating, divergence
from ergs_verify.ledger.examination import Outcome
from ergs_verify.ledger.exhibits import DELTA, Case
from ergs_verify.ledger.sentences.registry import Relations, all_hold, says
from ergs_verify.recursion import (
    best_response,
    evaluate_policy,
    gaps,
    nash,
    second_order_coefficients,
)
from ergs_verify.recursion.stages import Stages

__all__: list[str] = []

DIGITS = 80
BITS = 256
STEP = Fraction(1, 10**20)

says("J̃ − J = δ KL_i at every linear Gaussian joint policy, with KL_i = Σ_t E KL(πⁱ_t ‖ μ)")(
    costs_compared.differ_by_divergence
)
says("J(S̃) − J(Sⁱ, S̃⁻ⁱ) ≤ δ(KL_i(Sⁱ) − KL_i(S̃ⁱ)) for every linear Gaussian Sⁱ")(
    costs_compared.deviations_within_bound
)
says("0 ≤ ε_i(δ) ≤ δ(KL_i(BRⁱ) − KL_i(S̃ⁱ)) for every δ ≥ 0")(costs_compared.gaps_within_bound)


def _once(case: Case) -> bool:
    """One case of each game, for what does not depend on the policy."""
    return case.plays_nash or (case.nash is None and case.play.policy is not None)


# -- a fixed policy -------------------------------------------------------------------------------


@says("‖P̃ − P‖_F = O(δ)")
def _(case: Case):
    """P̃ − P of a policy is δ times one matrix, at δ = 1/10, 10⁻⁴ and 10⁻²⁰; exactly."""

    def found() -> Relations:
        policy, costs = case.play.policy, case.costs
        if policy is None or costs is None:
            return
        slopes = []
        for step in (DELTA, Fraction(1, 10**4), STEP):
            moved = evaluate_policy(case.game.augmented(step), policy, Rationals())
            slopes.append([(P[0] - Q[0]) * Rationals().scalar(1 / step)
                           for P, Q in zip(moved.P, costs.P, strict=True)])  # fmt: skip
        yield slopes[0], "=", slopes[1]
        yield slopes[1], "=", slopes[2]

    return all_hold(found())


@says("|q̃ − q| = O(δ)", "|J̃ − J| = O(δ) from every x")
def _(case: Case):
    """(J̃ − J)/δ, averaged over x_0, is one number at δ = 1/10 and at 10⁻²⁰."""
    policy, game = case.play.policy, case.game
    if policy is None or policy.Sigma is None or game.tau == 0:
        return None
    with flint.ctx.workprec(2 * BITS):
        for agent in range(1, game.agents + 1):
            slopes = [
                (
                    average_cost(game.augmented(step), policy, agent, 2 * BITS)
                    - average_cost(game, policy, agent, 2 * BITS)
                )
                / _arb(step)
                for step in (DELTA, STEP)
            ]
            off = slopes[0] - slopes[1]
            if not off.contains(0) or off.rad() > 1e-40:
                return Outcome(False, str(slopes[0]), str(slopes[1]))
    return Outcome(True, "", "")


def _arb(x: Fraction) -> Any:
    return flint.arb(flint.fmpq(x.numerator, x.denominator))


# -- the augmented equilibrium --------------------------------------------------------------------


def _against(case: Case):
    """Every agent with S̃, and with (Sⁱ, S̃⁻ⁱ), the case's policy being Sⁱ."""
    equilibrium, played = case.augmented_nash, case.play.policy
    if equilibrium is None or played is None or played.Sigma is None:
        return
    for agent in range(1, case.game.agents + 1):
        yield (
            agent,
            equilibrium,
            deviating(equilibrium, agent, played.K[agent - 1], played.Sigma[agent - 1]),
        )


@says("J̃(Sⁱ, S̃⁻ⁱ) ≥ J̃(S̃) for every linear Gaussian Sⁱ")
def _(case: Case):
    game = case.augmented_game
    with flint.ctx.workprec(BITS):
        return all_hold(
            (average_cost(game, equilibrium, agent), "≤", average_cost(game, other, agent))
            for agent, equilibrium, other in _against(case)
        )


@says("J(Sⁱ, S̃⁻ⁱ) ≥ J̃(S̃) − x'(P̃_0 − P̄_0)x − q̃_0 + q̄_0 for every linear Gaussian Sⁱ")
def _(case: Case):
    def found() -> Relations:
        for agent, equilibrium, other in _against(case):
            cost = average_cost(case.game, other, agent)
            change = average_cost(case.augmented_game, other, agent) - cost
            yield average_cost(case.augmented_game, equilibrium, agent) - change, "≤", cost

    with flint.ctx.workprec(BITS):
        return all_hold(found())


@says("J(S̃) − J̃(Sⁱ, S̃⁻ⁱ) ≤ J(S̃) − J̃(S̃) = −δ KL_i(S̃ⁱ)")
def _(case: Case):
    def found() -> Relations:
        for agent, equilibrium, other in _against(case):
            own = average_cost(case.game, equilibrium, agent)
            middle = divergence(case.game, equilibrium, agent) * _arb(DELTA) * -1
            yield own - average_cost(case.augmented_game, other, agent), "≤", middle
            least = average_cost(case.augmented_game, equilibrium, agent)
            yield abs(own - least - middle), "≤", _arb(Fraction(1, 10**40))

    with flint.ctx.workprec(BITS):
        return all_hold(found())


def _falls(
    distance: Callable[[Case, Fraction], Fraction | None], case: Case, *at: Fraction
) -> Outcome | None:
    """A quantity of first order falls a thousandfold or so from one place to the other."""
    first, second = (distance(case, x) for x in at)
    if first is None or second is None:
        return None
    # c x + O(x²) falls by 1000 in the limit; half of that leaves room for the rest.
    return Outcome(500 * second <= first, f"{float(second):.3g}", f"≤ {float(first):.3g}/500")


def _largest(X: Any) -> Fraction:
    return max(abs(Rationals().to_fraction(x)) for x in X.entries())


def _distance(one: Any, other: Any) -> Fraction:
    """The largest difference of an entry of the gains, covariances and costs of two recursions."""
    return max(
        _largest(X - Y)
        for parts in ("K", "Sigma", "P")
        for mine, others in zip(getattr(one, parts), getattr(other, parts), strict=True)
        for X, Y in zip(mine, others, strict=True)
    )


@says("K̃, Σ̃ and P̃ tend to K, Σ and P as δ → 0")
def _(case: Case):
    if case.nash is None:
        return Outcome(False, "no K, Σ and P", "their limits")

    def distance(case: Case, step: Fraction) -> Fraction:
        return _distance(nash(case.game.augmented(step), Rationals()), case.nash)

    return _falls(distance, case, STEP, STEP / 1000) if _once(case) else None


def _gaps_at(case: Case, step: Fraction, digits: int = DIGITS) -> list[Fraction]:
    """ε_i(δ) of every agent."""
    numbers = MPMath(digits=digits)
    policy = nash(case.game.augmented(step), numbers).as_policy(numbers)
    return [numbers.to_fraction(gap.total) for gap in gaps(case.game, policy, numbers)]


@says("ε_i(δ) = O(δ) as δ → 0 at a given τ: J(S̃) ≤ J(Sⁱ, S̃⁻ⁱ) + O(δ) for every Sⁱ")
def _(case: Case):
    """ε_i(δ)/δ at δ = 10⁻²³ is not above its value at 10⁻²⁰, once for a game."""
    if not _once(case):
        return None
    pairs = zip(*(_gaps_at(case, step) for step in (STEP, STEP / 1000)), strict=True)
    return all_hold((_arb(1000 * later), "≤", _arb(first)) for first, later in pairs)


@says("δ KL_i(S̃ⁱ) = O(δ) as δ → 0 at a given τ")
def _(case: Case):
    """KL_i(S̃ⁱ) at δ = 10⁻²⁰ and 10⁻²³, once for a game."""
    if not _once(case):
        return None
    numbers = Rationals()
    with flint.ctx.workprec(BITS):
        policies = [
            nash(case.game.augmented(step), numbers).as_policy(numbers)
            for step in (STEP, STEP / 1000)
        ]
        return all_hold(
            (divergence(case.game, policies[1], agent), "≤",
             2 * divergence(case.game, policies[0], agent) + 1)
            for agent in range(1, case.game.agents + 1)
        )  # fmt: skip


@says(
    "ε_i(δ) = c_i δ² + O(δ³) as δ → 0",
    "the gap's expansion in δ starts with c_i δ², with c_i as derived",
)
def _(case: Case) -> Outcome | None:
    """ε_i(δ)/(c_i δ²) at δ = 10⁻²⁰ and 80 digits, once for a game; at τ = 0 there is no c_i."""
    if not _once(case) or case.game.tau == 0:
        return None
    numbers = MPMath(digits=DIGITS)
    coefficients = second_order_coefficients(case.game, numbers)
    for left, c in zip(_gaps_at(case, STEP), coefficients, strict=True):
        right = numbers.to_fraction(c) * STEP**2
        # The next term is of relative size δ times a constant of the game, at most 10⁵ here.
        if abs(left - right) > abs(right) * Fraction(1, 10**15):
            return Outcome(False, f"{float(left):.12g}", f"{float(right):.12g}")
    return Outcome(True, "", "")


@says("at τ = 0: ε_i(δ) = (p_i T/2) δ + O(δ²) as δ → 0")
def _(case: Case) -> Outcome | None:
    """ε_i(δ)/δ at τ = 0 and δ = 10⁻²⁰, at 80 digits, once for a game."""
    if not _once(case):
        return None
    numbers = MPMath(digits=DIGITS)
    game = case.game.at_tau(Fraction(0))
    policy = nash(game.at_tau(STEP), numbers).as_policy(numbers)
    for gap, size in zip(gaps(game, policy, numbers), game.control_sizes, strict=True):
        left, right = numbers.to_fraction(gap.total) / STEP, Fraction(size * game.horizon, 2)
        # It differs from its limit by a constant of the game times δ.
        if abs(left - right) > Fraction(1, 10**14):
            return Outcome(False, f"{float(left):.12g}", f"{float(right):.12g}")
    return Outcome(True, "", "")


@says("ε_i(δ) → J(μ) − min J(·, μ⁻ⁱ) as δ → ∞")
def _(case: Case) -> Outcome | None:
    """ε_i(δ) at δ = 10¹², against the gap of the prior itself, once for a game."""
    if not _once(case):
        return None
    numbers = MPMath(digits=40)
    reached = _gaps_at(case, Fraction(10**12), 40)
    limits = gaps(case.game, _prior(case.game), numbers)
    for left, limit in zip(reached, limits, strict=True):
        right = numbers.to_fraction(limit.total)
        # The distance falls like 1/δ times a constant of the game.
        if abs(left - right) > (1 + abs(right)) * Fraction(1, 10**6):
            return Outcome(False, f"{float(left):.12g}", f"{float(right):.12g}")
    return Outcome(True, "", "")


def _prior(game: Game) -> Policy:
    def rows(size: int, entry: Any) -> list:
        return [[[entry(r, c) for c in range(size)] for r in range(size)]] * game.horizon

    return Policy.from_arrays(
        K=[[[[0] * game.state_size] * size] * game.horizon for size in game.control_sizes],
        Sigma=[rows(size, lambda r, c: int(r == c)) for size in game.control_sizes],
    )


# -- τ → ∞ and τ → 0 ------------------------------------------------------------------------------

_LARGE = (Fraction(10**6), Fraction(10**9))
_SMALL = (Fraction(1, 10**6), Fraction(1, 10**9))


@says("K → 0 and Σ → I as τ → ∞")
def _(case: Case):
    def distance(case: Case, tau: Fraction) -> Fraction:
        found, numbers = nash(case.game.at_tau(tau), Rationals()), Rationals()
        return max(
            max(_largest(K), _largest(numbers.identity(S.nrows()) - S))
            for gains, spreads in zip(found.K, found.Sigma, strict=True)
            for K, S in zip(gains, spreads, strict=True)
        )

    return _falls(distance, case, *_LARGE) if _once(case) else None


@says("τK → −2B'P^∞A, τ(I − Σ) → 2(R + B'P^∞B) and P → P^∞ = Q + A'P^∞A as τ → ∞")
def _(case: Case):
    return _falls(_distance_at_large_tau, case, *_LARGE) if _once(case) else None


def _distance_at_large_tau(case: Case, tau: Fraction) -> Fraction:
    """The largest entry of what is to vanish, P^∞ being without control."""
    game, numbers = case.game.at_tau(tau), Rationals()
    found, alone = nash(game, numbers), _without_control(game)
    stages, t_now = Stages(game, numbers), numbers.scalar(game.tau)
    two, largest = numbers.scalar(Fraction(2)), Fraction(0)
    for agent in range(game.agents):
        for t in range(game.horizon):
            inputs, ahead = stages.enter(game.B[agent][t]), alone.P[agent][t + 1]
            gain = found.K[agent][t] * t_now
            gain += inputs.transpose() * ahead * stages.enter(game.A[t]) * two
            one = numbers.identity(game.control_sizes[agent])
            spread = (one - found.Sigma[agent][t]) * t_now
            spread -= (stages.enter(game.R[agent][t]) + inputs.transpose() * ahead * inputs) * two
            cost = found.P[agent][t] - alone.P[agent][t]
            largest = max(largest, *map(_largest, (gain, spread, cost)))
    return largest


def _without_control(game: Game):
    zero = [
        [[["0"] * game.state_size for _ in range(p)] for _ in range(game.horizon)]
        for p in game.control_sizes
    ]
    return evaluate_policy(game, Policy.from_arrays(K=zero), Rationals())


@says("K → K⁰, P → P⁰ and (2/τ)Σ → (R + B'P⁰B)⁻¹ as τ → 0")
def _(case: Case):
    return _falls(_distance_at_small_tau, case, *_SMALL) if _once(case) else None


def _distance_at_small_tau(case: Case, tau: Fraction) -> Fraction:
    """The largest entry of K − K⁰, P − P⁰ and (2/τ)Σ − (R + B'P⁰B)⁻¹."""
    game, numbers = case.game.at_tau(tau), Rationals()
    plain = nash(game.at_tau(Fraction(0)), numbers)
    found, stages = nash(game, numbers), Stages(game, numbers)
    largest = Fraction(0)
    for agent in range(game.agents):
        for t in range(game.horizon):
            inputs = stages.enter(game.B[agent][t])
            weight = stages.enter(game.R[agent][t])
            weight += inputs.transpose() * plain.P[agent][t + 1] * inputs
            scaled = found.Sigma[agent][t] * numbers.scalar(2 / game.tau)
            gap = found.K[agent][t] - plain.K[agent][t]
            cost = found.P[agent][t] - plain.P[agent][t]
            largest = max(largest, *map(_largest, (gap, cost, scaled - weight.inv())))
    return largest


@says("at τ = 0: ΔK = O(δ) and P̃ − P⁰ = O(δ)")
def _(case: Case):
    """The equilibrium at δ against the best responses to it in the plain game."""

    def distance(case: Case, step: Fraction) -> Fraction:
        numbers, game = Rationals(), case.game.at_tau(Fraction(0))
        found = nash(game.at_tau(step), numbers)
        policy = found.as_policy(numbers)
        largest = Fraction(0)
        for agent in range(1, game.agents + 1):
            best = best_response(game, policy, agent, numbers)
            for X, Y in (
                *zip(found.K[agent - 1], best.K, strict=True),
                *zip(found.P[agent - 1], best.P, strict=True),
            ):
                largest = max(largest, _largest(X - Y))
        return largest

    return _falls(distance, case, STEP, STEP / 1000) if _once(case) else None
