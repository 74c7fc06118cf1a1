"""Theorem IV.3 measured: against SymPy's expansion, differences of costs, and planted faults."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
import sympy
from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_games import g_star, games

from ergs_verify.arithmetic import MPMath
from ergs_verify.errors import InputError, SingularStageError
from ergs_verify.exact import parse_number
from ergs_verify.game import Game
from ergs_verify.game.gallery import gallery
from ergs_verify.paper.gap import second_order_formulas
from ergs_verify.recursion import best_response, evaluate_policy, initial_moment, nash
from ergs_verify.study.augmentation import augmentation_study
from ergs_verify.study.divergences import divergences
from ergs_verify.study.variants import prior_policy


def relative(value: Decimal, expected) -> float:
    return abs(float(Fraction(value) / Fraction(expected) - 1))


# -- a game that SymPy expands ------------------------------------------------------------------


def scalar_pair() -> Game:
    """T = 1, one state, two agents with Q_T = 2 and 1, R = 1 and 3, B = 1 and −1; X_0 = 5."""
    return Game.from_arrays(
        A=[["1/2"]],
        B=[[[1]], [[-1]]],
        Q=[[[[0]], [[2]]], [[[0]], [[1]]]],
        R=[[[1]], [[3]]],
        tau="1/3",
        noise_cov=[["1/7"]],
        horizon=1,
        x0_mean=[2],
        x0_cov=[[1]],
    )


def scalar_pair_gap():
    """Agent 1's ε(δ) of `scalar_pair` from the costs written out, no formula of the paper."""
    half, tau = sympy.Rational(1, 2), sympy.Rational(1, 3)
    delta = sympy.Symbol("delta", positive=True)
    K, other, S, t = sympy.symbols("K other S t", positive=True)
    loop = (half + K - other) ** 2 * 5
    mine = 5 * K**2 + S + 2 * (loop + S) + t * (S + 5 * K**2 - 1 - sympy.log(S)) / 2
    theirs = 3 * 5 * other**2 + loop + t * 5 * other**2 / 2
    answer = sympy.solve(sympy.diff(mine, K), K)[0]
    spread = sympy.solve(sympy.diff(mine, S), S)[0]
    (together,) = sympy.linsolve([sympy.diff(mine, K), sympy.diff(theirs, other)], K, other)
    augmented = {t: tau + delta}
    K_played, other_played = (sympy.cancel(gain.xreplace(augmented)) for gain in together)
    S_played = spread.xreplace(augmented)
    S_best = spread.xreplace({t: tau})
    K_best = answer.xreplace({t: tau, other: other_played})
    cost = mine.xreplace({t: tau, other: other_played})
    return delta, cost.xreplace({K: K_played, S: S_played}) - cost.xreplace({K: K_best, S: S_best})


def test_a_scalar_game_in_closed_form():
    delta, gap = scalar_pair_gap()
    study = augmentation_study(scalar_pair(), ["1e-6", 1, 50], digits=20)
    for row in study.rows:
        exact = gap.xreplace({delta: sympy.Rational(row.delta)}).evalf(60)
        epsilon = sympy.Float(str(row.agents[0].epsilon), 40)
        assert abs(epsilon / exact - 1) < 1e-19
    second = sympy.diff(gap, delta, 2).xreplace({delta: sympy.Integer(0)}) / 2
    assert abs(sympy.Float(str(study.coefficient[0]), 40) / second.evalf(40) - 1) < 1e-19


# -- the gap against differences of costs -------------------------------------------------------


def cost_differences(game, delta):
    """ε_i(δ) as J^i(S̃) − min: 60 digits, of which the difference loses few at a large δ."""
    numbers = MPMath(digits=60)
    start = initial_moment(game, numbers)
    policy = nash(game.augmented(delta), numbers).as_policy(numbers)
    cost = evaluate_policy(game, policy, numbers)
    differences = []
    for agent in range(1, game.agents + 1):
        best = best_response(game, policy, agent, numbers)
        values = [
            numbers.trace(numbers.multiply(P, start)) + q
            for P, q in ((cost.P[agent - 1][0], cost.q[agent - 1][0]), (best.P[0], best.q[0]))
        ]
        differences.append(numbers.to_fraction(values[0] - values[1]))
    return differences


DELTA = Fraction(1, 10)


def disagreement(game, **options) -> float:
    study = augmentation_study(game, [DELTA], **options)
    differences = cost_differences(game, DELTA)
    return max(
        relative(one.epsilon, exact)
        for one, exact in zip(study.rows[0].agents, differences, strict=True)
    )


@pytest.mark.parametrize("name", ["time-varying", "plain-lq", "g-star-near-4"])
def test_the_gap_is_the_difference_of_costs(name):
    game = gallery(name)
    assert disagreement(evolve(game, x0_mean=gallery("g-star-2").x0_mean)) < 1e-14


GAP_FAULTS = {
    "gain part": lambda f: evolve(f, gain_part=2 * f.gain_part),
    "covariance part": lambda f: evolve(f, covariance_part=f.covariance_part / 2),
    "second moment": lambda f: evolve(f, second_moment=2 * f.second_moment),
}


@pytest.mark.parametrize("fault", GAP_FAULTS)
def test_a_fault_in_the_gap_is_seen(fault):
    game = gallery("random:N=2,m=2,p=1-2,T=2,seed=3")
    assert disagreement(game) < 1e-14
    assert disagreement(game, gap=GAP_FAULTS[fault](second_order_formulas())) > 1e-3


# -- the coefficient of δ² ----------------------------------------------------------------------


def extrapolated(study) -> Fraction:
    """Neville's extrapolation of agent 2's ε/δ² to δ = 0."""
    points = [(delta, Fraction(y) / delta**2) for delta, y in study.curve(2)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    for k in range(1, len(xs)):
        ys = [
            (xs[j] * ys[j + 1] - xs[j + k] * ys[j]) / (xs[j] - xs[j + k])
            for j in range(len(ys) - 1)
        ]
    return ys[0]


STEPS = [Fraction(1, 10**6 * 2**k) for k in range(5)]
#: Five steps of 1e-6 and less leave an error of the order 1e-30.
AGREED = Fraction(1, 10**25)


@pytest.mark.parametrize("name", ["random:N=2,m=2,p=1-2,T=3,seed=3", "g-star-2"])
def test_the_coefficient_to_25_digits(name):
    study = augmentation_study(gallery(name), STEPS, digits=35)
    assert study.coefficient is not None
    assert abs(extrapolated(study) / Fraction(study.coefficient[1]) - 1) < AGREED
    assert study.order[1] == pytest.approx(2, abs=1e-5)


COEFFICIENT_FAULTS = {
    "coefficient": lambda f: evolve(f, coefficient=f.coefficient * 2),
    "slope of P": lambda f: evolve(f, cost_slope=2 * f.cost_slope),
}


@pytest.mark.parametrize("fault", COEFFICIENT_FAULTS)
def test_a_fault_in_the_coefficient_is_seen(fault):
    game = gallery("random:N=2,m=2,p=1-2,T=3,seed=3")
    faulty = COEFFICIENT_FAULTS[fault](second_order_formulas())
    study = augmentation_study(game, ["1e-9"], gap=faulty)
    assert any(abs(one.ratio - 1) > 1e-3 for one in study.rows[0].agents)


# -- the bound ----------------------------------------------------------------------------------


@settings(max_examples=10)
@given(games(taus=("1/3", "2")), st.sampled_from(["1/1000", "1/2", "20"]))
def test_the_gap_lies_between_0_and_the_bound(game, delta):
    try:
        nash(game.augmented(delta), MPMath(digits=30))
    except SingularStageError:
        assume(False)
    for one in augmentation_study(game, [delta], digits=10).rows[0].agents:
        assert 0 <= one.epsilon <= one.bound


def test_the_bound_is_twice_the_gap_at_small_delta():
    """It is the gap plus the best response's gap in the augmented game: each c δ² to the least."""
    for one in augmentation_study(gallery("assumption-holds"), ["1e-8"]).rows[0].agents:
        assert relative(one.bound, 2 * Fraction(one.epsilon)) < 1e-7


def test_divergence_of_the_prior_is_zero():
    game = gallery("time-varying")
    assert all(x == 0 for x in divergences(game, prior_policy(game), MPMath(digits=30)))


# -- regimes ------------------------------------------------------------------------------------


def test_linear_where_tau_is_far_below_delta():
    game = gallery("time-varying").at_tau(Fraction(1, 10**12))
    study = augmentation_study(game, ["1e-5", "1e-4"])
    assert study.linear_slope == (2, 4, 6)  # p_i T/2
    for one, slope in zip(study.rows[0].agents, study.linear_slope, strict=True):
        # Of relative order δ and (τ/δ) log(δ/τ).
        assert relative(one.epsilon, slope * study.rows[0].delta) < 1e-3
    assert study.order == pytest.approx([1, 1, 1], abs=1e-3)


def test_without_entropy_the_gap_is_linear_and_has_no_coefficient():
    study = augmentation_study(gallery("plain-lq"), ["1e-7", "1e-6"])
    assert study.coefficient is None
    assert "τ = 0" in study.coefficient_reason
    assert study.order == pytest.approx([1, 1], abs=1e-5)
    for one, slope in zip(study.rows[0].agents, study.linear_slope, strict=True):
        assert one.bound == Decimal("Infinity")
        assert relative(one.epsilon, slope * study.rows[0].delta) < 1e-5


def test_a_large_delta_leaves_the_priors_gap():
    study = augmentation_study(gallery("assumption-holds"), ["1e12"])
    for one, limit in zip(study.rows[0].agents, study.limit, strict=True):
        assert relative(one.epsilon, limit) < 1e-10


def test_where_phi_is_singular_at_tau_the_gap_does_not_vanish():
    """G* at τ = 4: ε₁ → 9/4 at x = (1, −1), with an error of the order δ²."""
    study = augmentation_study(gallery("g-star-4-no-nash"), ["1e-9", "1e-6", "1e-3"])
    assert study.coefficient is None
    assert "singular" in study.coefficient_reason
    for row in study.rows:
        assert relative(row.agents[0].epsilon, Fraction(9, 4)) < row.delta**2
    assert study.rows[0].agents[0].ratio is None


def test_a_row_that_is_singular_says_so():
    study = augmentation_study(g_star(2), [1, 2, 3])
    first, singular, last = study.rows
    assert singular.agents is None
    assert "at τ + δ" in singular.reason
    assert first.agents is not None
    assert last.agents[0].order is not None
    assert [delta for delta, _ in study.curve(1)] == [1, 3]
    assert study.as_json()["rows"][1]["agents"] is None


# -- input and records --------------------------------------------------------------------------


@pytest.mark.parametrize("deltas", [[], [0], [-1], [1, "1"], ["x"], [float("nan")]])
def test_bad_deltas(deltas):
    with pytest.raises(InputError, match="delta"):
        augmentation_study(g_star(2), deltas)


@pytest.mark.parametrize("digits", [0, 1.5, True])
def test_bad_digits(digits):
    with pytest.raises(InputError, match="digits"):
        augmentation_study(g_star(2), [1], digits=digits)


def test_the_record_prints_itself():
    done = []
    study = augmentation_study(
        g_star(2), ["1e-400", 2], progress=lambda k, of: done.append((k, of))
    )
    assert done == [(1, 2), (2, 2)]
    plain = json.loads(json.dumps(study.as_json()))
    assert plain["certified"] is False
    assert parse_number(plain["rows"][0]["delta"]) == Fraction(1, 10**400)
    first = plain["rows"][0]["agents"][0]
    assert Decimal("4.5e-801") < Decimal(first["epsilon"]) < Decimal("4.6e-801")
    for text in (str(study), study._repr_html_()):
        assert "0.45181406" in text
        assert "singular" in text
    assert repr(study) == "AugmentationStudy('G*', 2 δ)"


def test_a_general_game_is_for_the_certified_gap():
    with pytest.raises(InputError, match="augmentation_study takes only games of the paper's cla"):
        augmentation_study(evolve(gallery("g-star-2"), indefinite=True))
