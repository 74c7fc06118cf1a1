"""What is said of bounds that the game's data give."""

from __future__ import annotations

from itertools import pairwise

from flint import arb

from ergs_verify.arithmetic import Rationals
from ergs_verify.game import Game
from ergs_verify.ledger.examination import Outcome
from ergs_verify.ledger.exhibits import Case
from ergs_verify.ledger.sentences.registry import Relations, all_hold, says
from ergs_verify.ledger.sentences.view import (
    View,
    extremes,
    frobenius,
    largest,
    of_nash,
    of_play,
    spectral,
)
from ergs_verify.recursion import apriori, nash


def coupling(v: View, i: int) -> arb:
    """gⁱ = ‖Bⁱ‖₂²‖P_{t+1}ⁱ‖₂/(τ/2 + λ_min(R))."""
    return spectral(v.B[i]) ** 2 * spectral(v.P[i]) / (arb(v.tau) / 2 + extremes(v.R[i])[0])


@says("(2/τ)γ_B²γ_{P,t}(N−1) < 1 ⇒ Σ_i gⁱ/(1+gⁱ) < 1")
def _(case: Case):
    return all_hold(
        (sum((g / (1 + g) for g in (coupling(v, i) for i in v.agents)), arb(0)), "<", arb(1))
        for v in of_play(case)
        if v.factor(v.gamma_P) < 1
    )


@says("gⁱ ≤ (2/τ)γ_B²γ_{P,t}, and (1/N − hⁱ)N(1 + gⁱ) = 1 − (N−1)gⁱ")
def _(case: Case):
    return all_hold(
        (coupling(v, i), "≤", 2 * v.gamma_B**2 * v.gamma_P / arb(v.tau))
        for v in of_play(case)
        for i in v.agents
    )


@says("where Σ_i h_tⁱ < 1 at every t: ‖P_tⁱ*‖ ≤ π_tⁱ in ‖·‖₂ and in ‖·‖_F")
def _(case: Case):
    if case.nash is None:
        return None
    return Outcome(bounds_hold(case.game), "‖P_t‖_F", "≤ π_t")


def bounds_hold(game: Game) -> bool:
    """Whether the bounds from the data are at least the equilibrium's norms, exactly."""
    found = apriori.apriori_bound(apriori.data_norms(game), game.tau)
    if found is None:  # Σh ≥ 1 at some t: nothing is claimed
        return True
    numbers = Rationals()
    return all(
        sum(numbers.to_fraction(x) ** 2 for x in P_t.entries()) <= bound * bound
        for matrices, bounds in zip(nash(game, numbers).P, found.frobenius, strict=True)
        for P_t, bound in zip(matrices, bounds, strict=True)
    )


@says("τ ≤ τ' ⇒ π_t(τ') ≤ π_t(τ), and Σ_i h_tⁱ(τ') ≤ Σ_i h_tⁱ(τ)")
def _(case: Case):
    """At τ, 2τ and 100τ; the bounds are rounded upward by at most 10⁻⁹ of themselves."""
    norms, tau = apriori.data_norms(case.game), case.game.tau
    bounds = [apriori.apriori_bound(norms, factor * tau) for factor in (1, 2, 100)]

    def found() -> Relations:
        for one, other in pairwise(bounds):
            if one is None:
                continue
            yield other is None, "=", False
            assert other is not None
            room = 1 + arb("1e-9")
            for left, right in (
                *zip(other.shares, one.shares, strict=True),
                *((x, y) for a, b in zip(other.frobenius, one.frobenius, strict=True)
                  for x, y in zip(a, b, strict=True)),
            ):  # fmt: skip
                yield _ball(left), "≤", _ball(right) * room

    return all_hold(found())


def _ball(x) -> arb:
    return arb(x.numerator) / x.denominator


@says("Assumption III.3 holds at τ and at every larger τ")
def _(case: Case):
    """At τ, 2τ and 100τ."""
    for factor in (1, 2, 100):
        game = case.game.at_tau(factor * case.game.tau)
        if case.nash is None or not Case.of(game).assumption_III_3:
            return Outcome(False, f"τ ≤ 2γ_B²γ_P*(N−1) at {factor}τ", "τ > 2γ_B²γ_P*(N−1)")
    return Outcome(True, "", "")


@says(
    "in every game some δ > 0 satisfies τ̃ > 2γ_B²γ̃_P*(N−1)",
    "in every game some δ > 0 satisfies the condition on τ̃, and S̃ is an ε-NE with ε_i ≤"
    " δ(KL_i(BRⁱ) − KL_i(S̃ⁱ))",
)
def _(case: Case):
    """At the τ̃ from which on the data give it, or beyond τ."""
    enough = max(apriori.sufficient_tau(case.game, digits=2).assumption, 2 * case.game.tau)
    found = Case.of(case.game.at_tau(enough))
    return Outcome(found.assumption_III_3, f"τ̃ = {enough} ≤ the bound", "τ̃ > the bound")


@says("‖P̃_t − P_t‖_F ≤ (δ/2)‖Kⁱ‖_F² + (γ_A + Σ_j γ_B‖Kʲ‖_F)²‖P̃_{t+1} − P_{t+1}‖_F")
def _(case: Case):
    def found() -> Relations:
        for v, w in _augmented_pairs(case):
            for i in v.agents:
                later, step = frobenius(w.P[i] - v.P[i]), arb(w.tau - v.tau)
                push = sum((frobenius(K) for K in v.K), arb(0)) * v.gamma_B
                loop = _gamma_A(case) + push
                bound = step / 2 * frobenius(v.K[i]) ** 2 + loop**2 * later
                yield frobenius(w.P_t[i] - v.P_t[i]), "≤", bound

    return all_hold(found())


def _gamma_A(case: Case) -> arb:
    return largest(frobenius(v.A) for v in of_play(case))


def _augmented_pairs(case: Case):
    """The stages of one policy at τ and at τ + δ."""
    return zip(of_play(case), of_play(case.as_augmented), strict=True)


def _constants(case: Case, step: arb) -> tuple[arb, arb]:
    """c_1 = δD²/2 and c_2 = (γ_A + Nγ_B D)², with D the largest norm of the policy's gains."""
    stages = list(of_play(case))
    D = largest(frobenius(K) for v in stages for K in v.K)
    return step * D**2 / 2, (_gamma_A(case) + stages[0].N * stages[0].gamma_B * D) ** 2


@says(
    "(δ/2)‖Kⁱ‖_F² + (γ_A + Σ_j γ_B‖Kʲ‖_F)²‖P̃_{t+1} − P_{t+1}‖_F ≤ c_1 + c_2 ‖P̃_{t+1} − P_{t+1}‖_F"
)
def _(case: Case):
    def found() -> Relations:
        for v, w in _augmented_pairs(case):
            step = arb(w.tau - v.tau)
            first, second = _constants(case, step)
            loop = _gamma_A(case) + sum((frobenius(K) for K in v.K), arb(0)) * v.gamma_B
            for i in v.agents:
                later = frobenius(w.P[i] - v.P[i])
                left = step / 2 * frobenius(v.K[i]) ** 2 + loop**2 * later
                yield left, "≤", (first + second * later) * (1 + arb("1e-30"))

    return all_hold(found())


@says("‖P̃_t − P_t‖_F ≤ c_1 Σ_{s=t}^{T−1} c_2^{s−t} + c_2^{T−t} ‖P̃_T − P_T‖_F = O(δ)")
def _(case: Case):
    def found() -> Relations:
        for v, w in _augmented_pairs(case):
            first, second = _constants(case, arb(w.tau - v.tau))
            total = sum((second**s for s in range(case.game.horizon - v.t)), arb(0))
            for i in v.agents:
                yield frobenius(w.P_t[i] - v.P_t[i]), "≤", first * total

    return all_hold(found())


@says("P̃_T = P_T = Q_T")
def _(case: Case):
    return all_hold(
        (w.P[i], "=", v.P[i])
        for v, w in _augmented_pairs(case)
        if v.t == case.game.horizon - 1
        for i in v.agents
    )


@says("the P and Ā of the recursion are bounded for every large enough τ")
def _(case: Case):
    """At 10⁶τ and at 10⁹τ they differ by less than 1 and a thousandth of themselves."""
    at = [Case.of(case.game.at_tau(case.game.tau * 10**n)) for n in (6, 9)]

    def found() -> Relations:
        for one, other in zip(*map(of_nash, at), strict=True):
            for i in one.agents:
                for X, Y in ((one.P_t[i], other.P_t[i]), (one.others(i), other.others(i))):
                    yield frobenius(Y), "≤", 1 + frobenius(X) * arb("1.001")

    return all_hold(found())
