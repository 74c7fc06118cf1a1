"""The bar: it grows as a game's conditioning does, and follows what perturbed games do."""

from __future__ import annotations

import math
from fractions import Fraction

import attrs
import numpy as np
import pytest
from nearby_games import Rounding, moves, perturbed
from random_games import g_star

from ergs_verify import Game, Policy, audit, gallery, solve
from ergs_verify.arithmetic import MPMath
from ergs_verify.audit import accuracy
from ergs_verify.certify.nash import certified_nash
from ergs_verify.certify.policy_cost import enclosed_costs
from ergs_verify.engine import evaluate_policy
from ergs_verify.engine import nash as nash_in_floats
from ergs_verify.exact import floats
from ergs_verify.recursion import gaps, nash
from ergs_verify.study.conditioning import modest_factor
from ergs_verify.study.numbers import numbers


def bar(game: Game) -> accuracy.Allowed:
    return accuracy.of_equilibrium(game, certified_nash(game).found)


def largest(allowed: accuracy.Allowed) -> dict[str, list[list[float]]]:
    """The largest error allowed to any entry of a matrix."""
    return {
        letter: [[float(X.errors.max()) for X in over_time] for over_time in agents]
        for letter, agents in allowed.items()
    }


@pytest.mark.parametrize(
    "name",
    ["time-varying", "g-star-near-4", "ill-conditioned", "plain-lq", "random:N=3,m=4,T=5,tau=1e-9"],
)
def test_it_is_about_what_perturbed_games_show_in_128_bits(name):
    """Another way: games with moved data solved anew, each product rounded at random."""
    game = gallery(name)
    wide = MPMath(bits=256)
    reference = numbers(nash(game, wide))
    nearby = [numbers(nash(perturbed(game, reference["P"], s), Rounding(s))) for s in range(3)]
    moved, allowed = moves(reference, nearby), largest(bar(game))
    for letter in moved:
        for ours, theirs in zip(allowed[letter], moved[letter], strict=True):
            for one, other in zip(ours, theirs, strict=True):
                # A few random draws each: within a factor of 30 of one another.
                assert other / 30 <= one / modest_factor(game) <= 30 * other or one == other == 0


def test_it_grows_like_the_inverse_of_the_distance_to_a_singular_tau():
    """K of G* is about 3/δ at τ = 4 + δ, and its relative condition about 4/δ."""
    bars = {
        exponent: largest(bar(g_star(4 + Fraction(1, 10**exponent))))["K"][0][0]
        for exponent in (2, 4, 6)
    }
    for exponent in (2, 4):
        # Two orders nearer: 10⁴ times as far; the draws scatter by a factor of a few.
        assert 1e3 < bars[exponent + 2] / bars[exponent] < 1e5


def test_where_float64_cannot_tell_phi_from_a_singular_one_it_asks_for_nothing():
    game = g_star(4 + Fraction(1, 10**30))
    assert largest(bar(game))["K"][0][0] == math.inf


def test_beyond_the_range_of_float64_nothing_is_known():
    game = g_star(2)
    huge = attrs.evolve(game, A=(np.array([[Fraction(10) ** 400] * 2] * 2, dtype=object),))
    assert largest(bar(huge))["K"] == [[math.inf], [math.inf]]
    K = [[[["1e400", 0]]], [[[0, 0]]]]
    assert accuracy.of_gaps(game, Policy.from_arrays(K=K)) == [math.inf, math.inf]


def test_an_agent_whom_nothing_costs_may_lose_what_rounding_adds_to_second_order():
    game = Game.from_arrays(
        A=[[2]], B=[[[1]], [[1]]], Q=[[[1]], [[0]]], R=[[[1]], [[1]]], tau=0, noise_cov=[[1]],
        horizon=2,
    )  # fmt: skip
    allowed = largest(bar(game))
    # P² = 0 exactly; a gain of 1e-16 makes it 1e-32.
    assert 1e-36 < allowed["P"][1][0] < 1e-22
    assert 0 < allowed["q"][1][0] < 1e-22


@pytest.mark.parametrize("name", ["time-varying", "plain-lq", "unstable"])
def test_costs_of_a_policy_computed_in_float64_are_within_their_bar(name):
    game = gallery(name).rounded()
    draw = np.random.default_rng(5)
    sizes, T, m = game.control_sizes, game.horizon, game.state_size
    K = [0.2 * draw.normal(size=(T, p, m)) for p in sizes]
    Sigma = [np.array([np.eye(p) * draw.uniform(0.5, 2) for _ in range(T)]) for p in sizes]
    policy = Policy.from_arrays(K=K, Sigma=Sigma)
    enclosed = enclosed_costs(game, policy, 128)
    allowed = accuracy.of_costs(game, policy, enclosed)
    cost = evaluate_policy(game.floats(), K, Sigma)
    for i in range(game.agents):
        for t in range(T + 1):
            exact = np.array([[float(x) for x in row] for row in enclosed.P[i][t].tolist()])
            error, bar = abs(cost.P[i][t] - exact), allowed["P"][i][t].errors
            assert (error <= bar).all()
            assert (bar <= 1e-9 * abs(exact).max()).all()
            assert abs(cost.q[i][t] - float(enclosed.q[i][t].value)) <= allowed["q"][i][t].errors


@pytest.mark.parametrize("name", ["g-star-2", "time-varying", "plain-lq"])
def test_gaps_of_rounded_equilibria_are_within_their_bar_and_larger_ones_are_not(name):
    game = gallery(name)
    wide = MPMath(digits=60)
    found = nash(game, wide)

    def gaps_and_bars(step):
        def floats(agents):
            return [[np.array(X, dtype=float) for X in over_time] for over_time in agents]

        K, Sigma = floats(found.K), floats(found.Sigma)
        K[0][0] = K[0][0] * (1 + step)
        policy = Policy.from_arrays(K=K, Sigma=None if game.tau == 0 else Sigma)
        pairs = zip(gaps(game, policy, wide), accuracy.of_gaps(game, policy), strict=True)
        return [(float(gap.total), bar) for gap, bar in pairs]

    assert all(gap <= bar < 1e-20 for gap, bar in gaps_and_bars(0))
    gap, allowed = gaps_and_bars(1e-7)[0]  # single precision
    assert gap > allowed


def test_a_covariance_that_float64_cannot_compute_is_right_if_it_is_rounded_right():
    """R is lost in B'PB, of rank 1: what float64 makes of Σ says nothing about its size."""
    game = Game.from_arrays(
        A=[[1]],
        B=[[["0.7", "1.4"]]],
        Q=[[["1e40"]]],
        R=[[[1, 0], [0, 1]]],
        tau=1,
        noise_cov=[[1]],
        horizon=1,
    )
    found = solve(game)
    rounded = {
        letter: [[floats(X) for X in over_time] for over_time in getattr(found, letter)]
        for letter in ("K", "Sigma")
    }
    assert audit(game, rounded, explain=False).verdict == "pass"
    right = rounded["Sigma"][0][0]
    # W is singular in float64: solvers that invert it may lose all but a digit, and nobody that.
    for factor, verdict in ((1.001, "undecided"), (1.2, "fail")):
        rounded["Sigma"][0][0] = right * factor
        found = audit(game, rounded, explain=False)
        assert found.verdict == verdict
        assert found.quantities["Sigma"].allowed < 1e-14
        assert found.quantities["Sigma"].excused == (verdict == "undecided")


def in_other_units(game: Game, states: np.ndarray) -> Game:
    """The same game with states measured in other units: x = states · x̃, powers of 2."""
    to, back = np.diag(states), np.diag(1 / states)
    given = game.floats()
    return Game.from_arrays(
        A=[back @ A @ to for A in given.A],
        B=[[back @ B for B in over_time] for over_time in given.B],
        Q=[[to @ Q @ to for Q in over_time] for over_time in given.Q],
        R=list(given.R),
        tau=given.tau,
        noise_cov=back @ given.noise_cov @ back,
        horizon=game.horizon,
    )


@pytest.mark.parametrize("letter", ["K", "P"])
def test_it_does_not_depend_on_units_of_the_states(letter):
    game = gallery("random:N=2,m=3,p=2,T=3,seed=4").rounded()
    states = np.array([1.0, 2.0**60, 2.0**-60])
    ones = bar(game)
    others = bar(in_other_units(game, states))
    scale = {"K": states, "P": np.outer(states, states)}[letter]
    for one, other in zip(ones[letter], others[letter], strict=True):
        for X, Y in zip(one, other, strict=True):
            counts = X.errors > 1e-300  # not what underflow may do to a 0
            # The draws differ by less than 30.
            assert (Y.errors / scale <= 30 * X.errors.max())[counts].all()
            assert (Y.errors / scale >= X.errors / 30)[counts].all()


@pytest.mark.parametrize("tau", [0, 1])
def test_a_wrong_gain_of_a_state_in_units_far_apart_fails(tau):
    """Bars of one number a matrix let it pass: the gain is 10⁻¹⁴ of the largest."""
    s = 1e14
    game = Game.from_arrays(
        A=[[1, 0], [0, 1]], B=[[[1], [s]]], Q=[np.diag([1, s**-2])], R=[[[1]]], tau=tau,
        noise_cov=np.diag([1, s**2]), horizon=2,
    )  # fmt: skip
    found = nash_in_floats(game.floats())
    right = {letter: getattr(found, letter) for letter in accuracy.LETTERS}
    assert audit(game, right).verdict == "pass"
    wrong = right["K"][0].copy()
    wrong[0, 0, 1] *= -1
    judged = audit(game, {"K": [wrong]}, explain=False)
    assert judged.verdict == "fail"
    assert (judged.quantities["K"].entry, judged.quantities["K"].t) == ((0, 1), 0)


def test_a_wrong_gain_of_a_control_in_units_far_apart_fails():
    s = 1e-14
    game = Game.from_arrays(
        A=[[1, 0.5], [0.2, 1]], B=[[[1, 0.1 * s], [0.3, s]]], Q=[[[1, 0], [0, 1]]],
        R=[np.diag([1, s**2])], tau=0, noise_cov=[[1, 0], [0, 1]], horizon=2,
    )  # fmt: skip
    K = nash_in_floats(game.floats()).K[0]
    assert audit(game, {"K": [K]}).verdict == "pass"
    wrong = K.copy()
    wrong[0, 0] *= -1  # of the order 1 beside 10¹⁴
    assert abs(K[0, 0]).max() < 1e-13 * abs(K[0, 1]).max()
    assert audit(game, {"K": [wrong]}, explain=False).verdict == "fail"


def test_entries_without_units_are_measured_by_the_largest():
    sizes = np.array([[1.0, 2.0], [3.0, 0.0]])
    assert (accuracy.in_units(sizes, np.zeros((2, 2))) == 3).all()
    # No multiple of the units is asked for beyond the largest size.
    assert (accuracy.in_units(sizes, np.array([[1, 2**-30], [1, 1]])) == [[3, 2], [3, 3]]).all()
    assert (accuracy.in_units(sizes, np.array([[1, 2], [3, 0.1]])) == [[1, 2], [3, 0.1]]).all()
    assert (accuracy.in_units(sizes, np.array([[0, 2], [0, 0.5]])) == [[3, 2], [3, 0.5]]).all()
