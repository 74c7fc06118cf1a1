"""solve: digits as promised, equilibria refused where there is none, files, displays."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import attrs
import flint
import numpy as np
import pytest
from flint import arb, arb_mat
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_games import g_star, games, scaled, three_identical

from ergs_verify.arithmetic import Balls, Rationals
from ergs_verify.errors import InputError, NotCertifiedError, SingularStageError
from ergs_verify.exact.decimals import places_for_definite
from ergs_verify.game import Game, load_solution
from ergs_verify.game.gallery import gallery
from ergs_verify.paper.theorem_III_1 import derived_formulas
from ergs_verify.recursion import nash
from ergs_verify.solve import MOST_DIGITS, _definite, _numbers, _rounded, solve


def entries(array):
    return [Fraction(x) for x in np.ravel(array)]


@settings(max_examples=15)
@given(games(taus=("0", "1/3")))
def test_digits_are_as_promised(game):
    """|given − exact| ≤ 10^−D · max(1, largest entry) for each matrix, against exact rationals."""
    try:
        exact = nash(game, Rationals())
    except SingularStageError:
        assume(False)
    solution = solve(game, digits=12)
    for letter in ("K", "Sigma", "P"):
        for shown, found in zip(getattr(solution, letter), getattr(exact, letter), strict=True):
            for X, Y in zip(shown, found, strict=True):
                wanted = [x for row in Rationals().to_fractions(Y) for x in row]
                bound = Fraction(1, 10**12) * max(1, *map(abs, wanted))
                for x, y in zip(entries(X), wanted, strict=True):
                    assert abs(x - y) <= bound


@settings(max_examples=8)
@given(games(taus=("1/3",)))
def test_fifty_digits_and_eighty_digits_agree(game):
    try:
        fewer, more = solve(game, digits=50), solve(game, digits=80)
    except SingularStageError:
        assume(False)
    for one, other in zip(fewer.q, more.q, strict=True):
        for x, y in zip(entries(one), entries(other), strict=True):
            assert abs(x - y) <= Fraction(1, 10**50) * max(1, abs(y))


@settings(max_examples=25)
@given(
    games(taus=("1/3", "2")),
    st.integers(-24, 24),
    st.sampled_from([1, 8, 17, 25]),
    st.booleans(),
)
def test_rounding_all_at_once_changes_nothing(game, units, digits, as_floats):
    D = [10 ** Fraction(units * k) for k in range(game.state_size)]
    game, balls = scaled(game, states=D, costs=1), Balls(1500)
    try:
        numbers = _numbers(nash(game, balls), balls, game)
    except NotCertifiedError:
        assume(False)
    one_by_one = {letter: [list(own) for own in agents] for letter, agents in numbers.items()}
    found = _rounded(numbers, digits, as_floats=as_floats)
    wanted = _rounded(one_by_one, digits, as_floats=as_floats)

    def shown(arrays):
        return [
            (letter, X.dtype, X.shape, list(map(str, X.ravel().tolist())))
            for letter, agents in arrays.items()
            for own in agents
            for X in (own if isinstance(own, tuple) else (own,))
        ]

    assert shown(found) == shown(wanted)


@given(st.lists(st.integers(-(2**60), 2**60), min_size=4, max_size=4), st.integers(-60, 60),
       st.integers(0, 30))  # fmt: skip
def test_places_that_keep_a_matrix_definite_are_seen_at_once(numbers, power, places):
    """X'X + step·I, near the size at which so many places just do."""
    root = arb_mat(2, 2, numbers) * arb(2) ** power
    with flint.ctx.workprec(400):
        X = root.transpose() * root + arb_mat(2, 2, 1) * (arb(10) ** -places)
        X = X.mid()
    rows = Balls(400).to_dyadics(X, triangle=True)
    floats = np.array([[float(x) for x in row] for row in X.tolist()])
    if _definite(floats[None], np.array([10.0**-places]))[0]:
        assert places_for_definite(rows) <= places


def test_well_conditioned_matrices_are_seen_to_stay_definite_at_once():
    stack = np.array([[[2.0, 1], [1, 2]], [[1, 1], [1, 1]]])
    assert _definite(stack, np.full(2, 1e-8)).tolist() == [True, False]


def test_printed_digits():
    solution = solve(three_identical(), digits=30)
    assert str(solution.K[0][0][0, 0]) == "-0.285714285714285714285714285714"
    assert solution.K[0][0].dtype == object
    assert solution.digits == 30
    assert solution.certified is True
    assert solution.game_hash == three_identical().hash
    assert repr(solution) == "Solution(nash, N=3, T=1, digits=30, certified=True)"
    assert "-0.285714285714285714285714285714" in solution._repr_html_()


def test_float64_is_the_nearest_float():
    solution = solve(g_star(2))
    assert solution.K[0][0].dtype == np.float64
    assert solution.K[0][0].tolist() == [[-13 / 7, 8 / 7]]
    assert solution.digits is None


def nearest(rows):
    return [[float(x) for x in row] for row in Rationals().to_fractions(rows)]


@settings(max_examples=15)
@given(games(taus=("1/3", "2")), st.integers(-24, 24), st.integers(-24, 24))
def test_every_entry_is_the_nearest_float(game, units, costs):
    """However small it is beside the others, and 0 where it is 0."""
    D = [10 ** Fraction(units * k) for k in range(game.state_size)]
    game = scaled(game, states=D, costs=Fraction(10) ** costs)
    try:
        exact = nash(game, Rationals())
    except SingularStageError:
        assume(False)
    solution = solve(game)
    for letter in ("K", "Sigma", "P"):
        for shown, found in zip(getattr(solution, letter), getattr(exact, letter), strict=True):
            assert [X.tolist() for X in shown] == [nearest(X) for X in found]


def test_between_two_floats_the_decimals_decide():
    """A tie to 40 digits is what its 40 digits are nearest to, the same on every machine."""
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[[1 + Fraction(1, 2**53)]], [[1 + Fraction(3, 2**53)]]]], R=[[[1]]],
        tau=1, noise_cov=[[0]], horizon=1,
    )  # fmt: skip
    decimal = solve(game, digits=40).P[0][1][0, 0]
    assert solve(game).P[0][1].tolist() == [[float(Fraction(decimal))]]


@pytest.mark.parametrize("digits", [3, 17, 40])
def test_small_entries_have_digits_of_their_own(digits):
    """K is of the order 1e-50 at τ = 1e50, and P_T = diag(1e24, 1e-24)."""
    game = Game.from_arrays(
        A=[[1, 0], [0, 1]], B=[[[1], ["1/3"]]], Q=[[["1e24", 0], [0, "1e-24"]]], R=[[[1]]],
        tau="1e50", noise_cov=[[0, 0], [0, 0]], horizon=1,
    )  # fmt: skip
    exact, solution = nash(game, Rationals()), solve(game, digits=digits)
    for letter in ("K", "P"):
        for X, Y in zip(getattr(solution, letter)[0], getattr(exact, letter)[0], strict=True):
            wanted = [y for row in Rationals().to_fractions(Y) for y in row]
            for x, y in zip(entries(X), wanted, strict=True):
                assert abs(x - y) <= abs(y) / 10 ** max(digits, 17)


def test_a_zero_that_balls_do_not_see_is_zero():
    """Most entries of this game are 0, and balls that contain 0, however small, do not tell."""
    solution = solve(gallery("quantecon-noninteractive"))
    flat = np.concatenate([X.ravel() for agent in (*solution.K, *solution.P) for X in agent])
    assert (flat == 0).sum() > 400
    assert abs(flat[flat != 0]).min() > 1e-12
    assert not np.signbit(flat[flat == 0]).any()


def test_zeros_are_zero_in_float64():
    game = Game.from_arrays(
        A=[["1/3", 0], [0, 0]], B=[[["1/7"], [0]]], Q=[[[1, 0], [0, 1]]], R=[[[1]]], tau="1/3",
        noise_cov=[[0, 0], [0, 0]], horizon=3,
    )  # fmt: skip
    assert solve(game).K[0][0][0, 1] == 0


def test_sigma_and_P_are_exactly_symmetric():
    game = Game.from_arrays(
        A=[["1/3", "1/7"], ["-2/9", 1]], B=[[["1/7", 1], [0, "3/11"]]],
        Q=[[[1, "1/3"], ["1/3", 1]]], R=[[[1, "1/9"], ["1/9", 1]]], tau="1/3",
        noise_cov=[[1, 0], [0, 1]], horizon=4,
    )  # fmt: skip
    for digits in (None, 25):
        solution = solve(game, digits=digits)
        for X in (*solution.Sigma[0], *solution.P[0]):
            assert (X == X.T).all()


def test_a_small_sigma_stays_definite():
    game = attrs.evolve(g_star(2), tau_given=Fraction(1, 10**40))
    sigma = solve(game, digits=10).Sigma[0][0][0, 0]
    exact = Fraction(1, 10**40) / (Fraction(1, 10**40) + 4)
    assert abs(Fraction(sigma) / exact - 1) < Fraction(1, 10**9)


@pytest.mark.parametrize("digits", [4299, 4300, 4301, MOST_DIGITS])
def test_as_many_digits_as_are_allowed(digits, tmp_path):
    """`str` refuses whole numbers of more than 4,300 digits."""
    solution = solve(three_identical(), digits=digits)
    assert abs(Fraction(solution.K[0][0][0, 0]) + Fraction(2, 7)) < Fraction(1, 10**digits)
    assert len(str(solution.K[0][0][0, 0])) == len("-0.") + digits
    solution.save(tmp_path / "ne.json")
    assert load_solution(tmp_path / "ne.json").K[0][0][0, 0] == Fraction(solution.K[0][0][0, 0])


def test_algorithm_1_finds_zeros_too():
    game = gallery("quantecon-noninteractive")
    solution = solve(game, method="algorithm1", iterations=1)
    assert solution.P[0][0].tolist() == solve(game).P[0][0].tolist()


def test_algorithm_1():
    solution = solve(three_identical(), digits=20, method="algorithm1", iterations=2)
    assert solution.K[2][0][0, 0] == Decimal("0.22222222222222222222")
    assert (solution.method, solution.iterations) == ("algorithm1", 2)
    assert solution.certified is False


def test_precision_rises_until_the_balls_are_small():
    """det Φ ≈ −4·10⁻⁵⁸: the gains are 3·10⁵⁸."""
    solution = solve(g_star("4." + 57 * "0" + "1"), digits=5)
    assert solution.certified
    assert solution.working_digits > 58
    gain = Fraction(solution.K[0][0][0, 0])
    assert abs(gain / (3 * 10**58) - 1) < Fraction(1, 10**5)


def test_two_precisions_have_to_agree_where_nothing_is_certified():
    game = g_star("4." + 57 * "0" + "1")
    solution = solve(game, digits=5, formulas=attrs.evolve(derived_formulas()))
    assert not solution.certified
    assert solution.working_digits > 70
    gain = Fraction(solution.K[0][0][0, 0])
    assert abs(gain / (3 * 10**58) - 1) < Fraction(1, 10**5)


def test_no_equilibrium_is_an_answer():
    with pytest.raises(SingularStageError) as caught:
        solve(g_star("4/3", over=3), digits=20)
    assert (caught.value.t, caught.value.consistent) == (0, False)


def nearly_singular():
    """Regular, but Φ cannot be told from a singular matrix with the digits allowed."""
    return attrs.evolve(g_star(4), tau_given=4 + Fraction(1, 10**4000))


def test_beyond_the_cap_it_gives_up_and_says_so():
    with pytest.raises(NotCertifiedError, match=r"not certified with \d+ bits, the most allowed"):
        solve(nearly_singular(), digits=5)
    with pytest.raises(NotCertifiedError, match="no two precisions agree to 5 digits"):
        solve(nearly_singular(), digits=5, formulas=attrs.evolve(derived_formulas()))


def test_a_planted_fault_runs_through():
    derived = derived_formulas()
    planted = attrs.evolve(derived, phi_off_diagonal=-derived.phi_off_diagonal)
    assert solve(three_identical(), formulas=planted).K[0][0][0, 0] != -2 / 7


def test_saved_and_loaded(tmp_path):
    solution = solve(three_identical(), digits=40)
    solution.save(tmp_path / "ne.json")
    policy = load_solution(tmp_path / "ne.json")
    policy.validate(three_identical())
    for letter in ("K", "Sigma", "P", "q"):
        for one, other in zip(getattr(policy, letter), getattr(solution, letter), strict=True):
            assert [entries(X) for X in one] == [entries(X) for X in other]
    assert policy.about["certified"] is True
    assert policy.about["digits"] == 40
    assert policy.about["game_hash"] == solution.game_hash


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"digits": 0}, "digits must be a whole number"),
        ({"digits": MOST_DIGITS + 1}, "digits must be a whole number"),
        ({"digits": 2.5}, "digits must be a whole number"),
        ({"digits": True}, "digits must be a whole number"),
        ({"method": "newton"}, "method must be"),
        ({"iterations": 3}, 'for method="algorithm1" only'),
        ({"method": "algorithm1"}, "needs iterations"),
        ({"method": "algorithm1", "iterations": 0}, "whole number ≥ 1"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(InputError, match=message):
        solve(three_identical(), **options)
