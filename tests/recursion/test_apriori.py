"""Bounds from the data alone: they bound, they fall in τ, and what they promise holds."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_games import games
from scipy.optimize import minimize

from ergs_verify.arithmetic import Float64, Rationals
from ergs_verify.errors import NotCertifiedError
from ergs_verify.exact import fractions
from ergs_verify.game import Game
from ergs_verify.game.gallery import gallery
from ergs_verify.ledger.sentences.data import bounds_hold
from ergs_verify.recursion import apriori, nash
from ergs_verify.recursion.apriori import apriori_bound, data_norms, sufficient_tau


def at(game: Game, tau) -> Game:
    return evolve(game, tau_given=Fraction(tau))


def assumption_holds(game: Game) -> bool:
    """τ > 2γ_B²γ_P*(N−1) at the solved game, exactly: both sides squared."""
    numbers = Rationals()
    largest = max(
        sum((numbers.to_fraction(x) ** 2 for x in P_t.entries()), Fraction(0))
        for agent in nash(game, numbers).P
        for P_t in agent
    )
    inputs = 2 * data_norms(game).gamma_B_squared * (game.agents - 1)
    return game.tau**2 > inputs**2 * largest


@settings(max_examples=30, deadline=None)
@given(games(taus=("1",), stages=2), st.sampled_from(["1", "8", "64", "1000", "100000"]))
def test_the_bounds_bound(game, tau):
    assert bounds_hold(at(game, tau))


@settings(max_examples=60, deadline=None)
@given(games(taus=("1",), stages=3), st.fractions(1, 10**5), st.fractions(1, 10**5))
def test_the_bounds_fall(game, first, second):
    low, high = sorted((first, second))
    norms = data_norms(game)
    before, after = apriori_bound(norms, low), apriori_bound(norms, high)
    if before is not None:
        assert after is not None
        assert after.gamma_P <= before.gamma_P
        assert all(a <= b for a, b in zip(after.shares, before.shares, strict=True))


@settings(max_examples=25, deadline=None)
@given(games(taus=("1",), stages=2), st.fractions(1, 50))
def test_the_assumption_holds_from_there_on(game, factor):
    found = sufficient_tau(game, digits=3)
    assert 0 <= found.unique <= max(found.assumption, Fraction(1, 2**60))
    later = at(game, max(found.assumption * factor, Fraction(1, 2**60)))
    assert assumption_holds(later)


@pytest.mark.parametrize("name", ["g-star-2", "assumption-holds", "time-varying", "scalar-state"])
def test_gallery_games_meet_the_assumption_from_there_on(name):
    game = gallery(name)
    found = sufficient_tau(game).assumption
    inputs = 2 * float(data_norms(game).gamma_B_squared) * (game.agents - 1)
    for factor in (1, Fraction(3, 2), 10, 1000):
        later = at(game, found * factor)
        largest = max(np.linalg.norm(P) for agent in nash(later, Float64()).P for P in agent)
        # The bounds exceed the norms by far more than float64 errs.
        assert later.tau > inputs * largest


def test_below_the_threshold_the_bound_says_nothing():
    game = gallery("g-star-2")
    found, norms = sufficient_tau(game), data_norms(game)
    assert apriori_bound(norms, found.unique) is not None
    assert apriori_bound(norms, found.unique * Fraction(99999, 100000)) is None
    below = found.assumption * Fraction(99999, 100000)
    bound = apriori_bound(norms, below)
    assert bound is not None
    assert bound.assumption_bound >= below


@settings(max_examples=15, deadline=None)
@given(games(taus=("1",), stages=2))
def test_what_is_found_in_balls_holds_exactly(game):
    """To more digits than the balls have: rounded the wrong way, it would fail."""
    assume(game.agents > 1)
    norms, found = data_norms(game), sufficient_tau(game, digits=20)
    assert apriori_bound(norms, found.unique) is not None
    bound = apriori_bound(norms, found.assumption)
    assert bound is not None
    assert bound.assumption_bound < found.assumption


def test_norms_in_balls_are_rounded_outward():
    third = Fraction(1, 3)
    stage = apriori.StageNorms(
        A=third, B=(third,), least_R=(third,), Q=(third,), Q_frobenius=(third,)
    )
    norms = apriori.DataNorms(
        stages=(stage,), Q_end=(third,), Q_end_frobenius=(third,), gamma_B_squared=third
    )
    with flint.ctx.workprec(64):
        rounded = apriori._mapped(
            norms, lambda x: apriori._ball(x).upper(), lambda x: apriori._ball(x).lower()
        )
    one = rounded.stages[0]
    upward = [one.A, *one.B, *one.Q, *one.Q_frobenius, *rounded.Q_end, *rounded.Q_end_frobenius]
    with flint.ctx.workprec(200):
        assert all(3 * x > 1 for x in [*upward, rounded.gamma_B_squared])
        assert 3 * one.least_R[0] < 1


def test_a_share_that_may_be_one_does_not_suffice():
    """g = 2/τ for either agent: their shares are 1 together at τ = 2."""
    ones = (flint.arb(1),) * 2
    stage = apriori.StageNorms(
        A=flint.arb(1), B=ones, least_R=(flint.arb(0),) * 2, Q=ones, Q_frobenius=ones
    )
    norms = apriori.DataNorms(
        stages=(stage,), Q_end=ones, Q_end_frobenius=ones, gamma_B_squared=flint.arb(1)
    )
    assert apriori_bound(norms, flint.arb(2, 0.1)) is None
    assert apriori_bound(norms, flint.arb(4, 0.1)) is not None


def test_two_scalar_agents_by_hand():
    """g = 1/(τ/2 + 1) = 1/2 at τ = 2, ‖Ā‖ ≤ 1/(1 − (3/2)(1/3)) = 2, P ≤ 1 + 4."""
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]] * 2, Q=[[[1]]] * 2, R=[[[1]]] * 2, tau=2, noise_cov=[[0]], horizon=1
    )
    bound = apriori_bound(data_norms(game), Fraction(2))
    assert bound is not None
    assert bound.shares == (Fraction(2, 3),)
    assert bound.spectral == bound.frobenius == ((5, 1), (5, 1))
    assert bound.gamma_P == 5
    assert bound.assumption_bound == 10


def test_one_agent_always_meets_the_assumption():
    found = sufficient_tau(gallery("lqr"))
    assert (found.unique, found.assumption) == (0, 0)


def test_no_inputs_leave_nothing_to_bound():
    game = Game.from_arrays(
        A=[[2]], B=[[[0]]] * 2, Q=[[[1]]] * 2, R=[[[1]]] * 2, tau=1, noise_cov=[[0]], horizon=1
    )
    assert sufficient_tau(game).assumption < Fraction(1, 10**18)


def test_an_indefinite_float_matrix_is_refused():
    tiny = np.array([[1.0, 1.0 + 2.0**-52], [1.0 + 2.0**-52, 1.0]])
    game = Game.from_arrays(
        A=[[1, 0], [0, 1]],
        B=[[[1], [0]]] * 2,
        Q=[tiny, tiny],
        R=[[[1]]] * 2,
        tau=1,
        noise_cov=[[0, 0], [0, 0]],
        horizon=1,
    )
    with pytest.raises(NotCertifiedError, match="agent 1 at t = 0"):
        sufficient_tau(game)


@settings(max_examples=60, deadline=None)
@given(games(taus=("1",), stages=1))
def test_norms_are_bounds_and_tight(game):
    norms = data_norms(game)
    A = np.array(fractions(game.A[0]), dtype=float)
    exact = np.linalg.norm(A, 2)
    # Bounds exceed what float64 computes by 2⁻⁴⁰, or exactness decides for one entry.
    assert exact * (1 - 1e-12) <= float(norms.stages[0].A) <= exact * (1 + 1e-9) + 1e-300
    for R_k, least in zip(game.R, norms.stages[0].least_R, strict=True):
        lowest = np.linalg.eigvalsh(np.array(fractions(R_k[0]), dtype=float))[0]
        assert lowest * (1 - 1e-9) <= float(least) <= lowest * (1 + 1e-12)


def test_a_norm_that_float64_cannot_prove_falls_back(monkeypatch):
    monkeypatch.setattr(apriori, "_MARGIN", -0.5)
    game = gallery("g-star-2")
    norms = data_norms(game)
    assert norms.stages[0].A ** 2 >= 2
    assert norms.Q_end[0] >= 17
    assert bounds_hold(at(game, 1000))


def test_rounding_upward_never_lowers():
    for value in (Fraction(0), Fraction(1, 3), Fraction(10**40, 7), Fraction(1, 10**40)):
        assert apriori._root_upward(value) ** 2 >= value
        assert apriori._root_upward(value) ** 2 <= value * (1 + Fraction(1, 2**60))


def test_a_search_for_a_violation_finds_none():
    """Nelder–Mead over two-agent games, to make ‖P_0*‖ exceed its bound at τ just sufficient."""

    def excess(theta) -> float:
        entries = [Fraction(round(float(x) * 64), 64) for x in np.clip(theta, -4, 4)]
        game = Game.from_arrays(
            A=[entries[:2], entries[2:4]],
            B=[[[entries[4]], [entries[5]]], [[entries[6]], [entries[7]]]],
            Q=[_gram(entries[8:10]), _gram(entries[10:12])],
            R=[[[1]], [["1/2"]]],
            tau=1,
            noise_cov=[[0, 0], [0, 0]],
            horizon=2,
        )
        game = at(game, max(sufficient_tau(game, digits=2).unique, Fraction(1, 100)))
        bound = apriori_bound(data_norms(game), game.tau)
        assert bound is not None
        numbers = Rationals()
        ratios = [
            sum(numbers.to_fraction(x) ** 2 for x in P_t.entries()) / limit**2
            for agent, limits in zip(nash(game, numbers).P, bound.frobenius, strict=True)
            for P_t, limit in zip(agent, limits, strict=True)
            if limit
        ]
        return -float(max(ratios, default=Fraction(0)))

    rng = np.random.default_rng(2)
    for _ in range(3):
        found = minimize(excess, rng.normal(size=12), method="Nelder-Mead", options={"maxfev": 60})
        assert found.fun >= -1 - 1e-12


def _gram(row):
    return [[a * b for b in row] for a in row]
