"""The τ from which Assumption III.3 and the inner loop hold: either end against known games."""

from __future__ import annotations

import math
from fractions import Fraction

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from random_games import g_star, games, three_identical

from ergs_verify import Game, check, gallery
from ergs_verify.arithmetic import Rationals
from ergs_verify.certify import thresholds
from ergs_verify.certify.thresholds import TauThresholds
from ergs_verify.recursion import nash


def at(game: Game, tau: Fraction) -> Game:
    return attrs.evolve(game, tau_given=tau)


def test_known_thresholds_lie_in_the_enclosures():
    """Three identical agents: ρ = 2/(τ/2 + 5/4); G*: ρ = 4/(τ/2 + 2) and γ_P = 17 at T."""
    found = TauThresholds(three_identical())
    assert Fraction(3, 2) in found.loop
    # P_0 < Q_T = 1, so that the bound is 4 at every τ.
    assert found.assumption.lo == 4
    found = TauThresholds(g_star(2))
    assert 4 in found.loop
    assert found.assumption.lo == 34


def test_the_lower_ends_are_near():
    """Within the 1 % that the search stays below its guess."""
    assert TauThresholds(three_identical()).loop.lo >= Fraction(149, 100)
    assert TauThresholds(g_star(2)).loop.lo >= Fraction(396, 100)


@settings(max_examples=15)
@given(games(taus=("1",)))
def test_both_ends_do_what_they_say(game):
    found = TauThresholds(game)
    if found.assumption.lo > 0:
        assert check(at(game, found.assumption.lo)).assumption_III_3.verdict == "refuted"
    if found.loop.lo > 0:
        stages = check(at(game, found.loop.lo)).stages
        assert any(stage.inner_loop == "diverges" for stage in stages)
    for factor in (1, 3):
        above = check(at(game, (found.assumption.hi or 1) * factor))
        assert above.nash.unique == above.assumption_III_3.verdict == "proved"
        loop = check(at(game, (found.loop.hi or 1) * factor))
        assert all(stage.inner_loop == "converges" for stage in loop.stages)


def test_a_guess_that_is_wrong_is_not_believed(monkeypatch):
    taus = [Fraction(80), Fraction(60), Fraction(35)]
    monkeypatch.setattr(thresholds, "_guessed", lambda *_: taus)
    found = TauThresholds(g_star(2))
    assert (found.assumption.lo, found.loop.lo) == (34, 0)


def test_a_norm_that_may_fail_is_no_failure(monkeypatch):
    """2γ_B²γ_P(N−1) = 2P_0 at τ = 9, less than τ by 1e-40, which no ball of 128 bits tells."""
    tau = Fraction(9)

    def game(Q_0: Fraction) -> Game:
        return Game.from_arrays(
            A=[[1]],
            B=[[[1]]] * 2,
            Q=[[[[Q_0]], [[1]]]] * 2,
            R=[[[1]]] * 2,
            tau=tau,
            noise_cov=[[0]],
            horizon=1,
        )

    numbers = Rationals()
    rest = numbers.to_fractions(nash(game(Fraction(0)), numbers).P[0][0])[0][0]
    below = game(tau / 2 - rest - Fraction(1, 10**40))
    monkeypatch.setattr(thresholds, "_guessed", lambda *_: [tau])
    assert TauThresholds(below).assumption.lo < tau


def test_guesses_stop_where_stages_are_alike():
    """A game whose first stage is another by a trifle goes through all of them."""
    draw, horizon = np.random.default_rng(5), 60
    A, B = draw.normal(size=(3, 3)) / 2, draw.normal(size=(2, 3, 1)) / 2
    once = Game.from_arrays(
        A=A, B=list(B), Q=[np.diag([1, 2, 0])] * 2, R=[[[1]]] * 2, tau=2,
        noise_cov=np.eye(3), horizon=horizon,
    )  # fmt: skip
    written = attrs.evolve(once, A=(once.A[0] * (1 + Fraction(1, 10**12)), *once.A[1:]))
    short, long = (thresholds._Guesses(game) for game in (once, written))
    taus = np.geomspace(float(once.tau) / 4, 1000, 9)
    assert len(list(short._backwards(taus))) < len(list(long._backwards(taus))) == horizon
    for measure in ("largest_norm", "loop_radius"):
        found, all_of_it = (getattr(one, measure)(taus) for one in (short, long))
        np.testing.assert_allclose(found, all_of_it, rtol=1e-3)


def test_a_proof_of_failure_says_how_far_it_is():
    said = []
    found = TauThresholds(g_star(2), progress=lambda done, all_of: said.append((done, all_of)))
    assert not said  # nothing is sought before it is asked for
    assert found.loop.lo > 0
    assert set(said) == {(1, 1)}


def test_a_single_agent_has_none():
    found = TauThresholds(gallery("random:N=1,m=2,T=2,seed=0"))
    assert (found.assumption.hi, found.loop.hi) == (0, 0)


def test_the_games_own_tau_is_a_place_where_the_loop_fails():
    """det Φ = 0 at τ = 4; the search alone stays just below."""
    game = gallery("g-star-4-no-nash")
    assert TauThresholds(game).loop.lo < 4
    assert check(game).loop_tau_from.lo == 4


@pytest.mark.parametrize(("tau", "lo"), [(20, 14), (10**6, 0)])
def test_the_smallest_delta_is_what_is_missing_to_the_threshold(tau, lo):
    found = check(g_star(tau))
    assert found.smallest_delta.lo == lo
    assert found.smallest_delta.hi == max(0, found.assumption_III_3.tau_from.hi - tau)


def test_without_a_bound_from_the_data_the_upper_ends_are_infinite():
    """A float64 C'C of deficient rank that is slightly indefinite."""
    Q = [[0.3 * 0.3, 0.3 * 0.7], [0.3 * 0.7, 0.7 * 0.7]]
    game = Game.from_arrays(
        A=[[1, 0], [0, 1]],
        B=[[[1], [0]], [[0], [1]]],
        Q=[Q, Q],
        R=[[[1]], [[1]]],
        tau=1,
        noise_cov=[[0, 0], [0, 0]],
        horizon=2,
    )
    determinant = Fraction(Q[0][0]) * Fraction(Q[1][1]) - Fraction(Q[0][1]) ** 2
    assert determinant < 0
    found = check(game)
    assert found.nash.unique == "proved"
    assert found.loop_tau_from.hi == found.smallest_delta.hi == math.inf
    assert found.assumption_III_3.tau_from.lo > 0
    assert found.as_json()["loop_tau_from"][1] == "inf"
    assert "the data alone do not give a bound" in " ".join(found.sentences())


def test_a_game_beyond_float64_has_the_lower_end_that_the_data_give():
    scale, one = Fraction(10) ** 400, g_star(2)
    game = Game.from_arrays(
        A=[[1, 0], [0, 1]],
        B=[B[0].tolist() for B in one.B],
        Q=[[(Q * scale).tolist() for Q in series] for series in one.Q],
        R=[[[scale]]] * 2,
        tau=2 * scale,
        noise_cov=[[0, 0], [0, 0]],
        horizon=1,
    )
    found = TauThresholds(game)
    # Rounded downward to 64 bits.
    assert 34 * scale * (1 - Fraction(1, 2**60)) <= found.assumption.lo <= 34 * scale
    assert found.loop.lo == 0
