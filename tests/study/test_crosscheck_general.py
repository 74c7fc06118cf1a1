"""The cross-check of general games: moments, slopes, simulation, faults of either side."""

from __future__ import annotations

from fractions import Fraction

import attrs
import numpy as np
import pytest
from general_reference import Reference, mp, random_game

from ergs_verify import engine
from ergs_verify.arithmetic import MPMath
from ergs_verify.cli import main
from ergs_verify.errors import UnboundedCostError
from ergs_verify.game import Game
from ergs_verify.paper.general import general_formulas
from ergs_verify.recursion import nash
from ergs_verify.study import crosscheck
from ergs_verify.study.forward_cost import Forward, JointPolicy
from ergs_verify.study.monte_carlo import simulate
from ergs_verify.study.numbers import numbers
from ergs_verify.study.stationarity import Stationarity, entered_policy

SMALL = {"digits": 30, "samples": 2000, "iterations": (2, 8)}
#: Two or three agents and every new key between them.
RICH = (5, 7, 8)
NUMBERS = MPMath(digits=40)


def game_of(seed: int) -> Game:
    return Game.from_arrays(**random_game(seed))


def failed(found) -> set[tuple[str, str]]:
    return {(row.check, row.quantity) for row in found.failed()}


# --- what agrees --------------------------------------------------------------------------------


@pytest.mark.parametrize("first", range(0, 40, 10))
def test_no_false_alarm_over_random_games(first):
    wrong = []
    for seed in range(first, first + 10):
        found = crosscheck(game_of(seed), digits=25, samples=1000, iterations=(2,))
        if found.verdict != "agree":
            wrong.append((seed, found.reasons))
    assert wrong == []


def test_constants_and_linear_values_are_compared_where_there_are_some():
    affine = {row.quantity for row in crosscheck(game_of(7), **SMALL).rows}
    assert affine == {"K", "k", "Sigma", "P", "s", "q", "J", "dJ/d[k K]", "dJ/dSigma"}
    without = random_game(7)
    for key in ("drift", "x_linear", "u_linear", "prior"):
        without.pop(key, None)
    found = crosscheck(Game.from_arrays(**without), **SMALL)
    assert found.verdict == "agree"
    assert {row.quantity for row in found.rows} == affine - {"k", "s", "dJ/d[k K]"} | {"dJ/dK"}


def test_an_agent_whose_τ_is_0_has_no_slope_in_its_covariance():
    given = random_game(7)
    given["tau"] = [0, *given["tau"][1:]]
    found = crosscheck(Game.from_arrays(**given), **SMALL)
    assert found.verdict == "agree"
    slopes = {row.agent for row in found.rows if row.quantity == "dJ/dSigma"}
    assert slopes == set(range(2, len(given["tau"]) + 1))


# --- forward moments, slopes and simulation -----------------------------------------------------


def some_policy(reference: Reference, seed: int):
    """Not an equilibrium: the reference's, moved."""
    draw = np.random.default_rng(seed)

    def off(X):
        return X + mp.matrix((draw.integers(-3, 4, (X.rows, X.cols)) / 8).tolist())

    policy, _ = reference.nash()
    return [(off(K), off(k), [(1 + t % 2) * X for X in S]) for t, (K, k, S) in enumerate(policy)]


def entered(reference: Reference, policy, affine: bool) -> JointPolicy:
    def matrix(X):
        rows = [[Fraction(str(x)) for x in row] for row in X.tolist()]
        return NUMBERS.matrix(rows, (X.rows, X.cols))

    def gain(K, k, i):
        own, shift = matrix(reference.rows(K, i)), matrix(reference.rows(k, i))
        return NUMBERS.blocks([[shift, own]]) if affine else own

    agents = range(reference.N)
    return JointPolicy(
        K=[[gain(K, k, i) for K, k, _ in policy] for i in agents],
        Sigma=[[matrix(S[i]) for *_, S in policy] for i in agents],
    )


@pytest.mark.parametrize("seed", range(8))
def test_forward_costs_are_the_references(seed):
    reference, game = Reference(random_game(seed)), game_of(seed)
    affine = game.homogeneous is not game
    policy = some_policy(reference, seed)
    if not affine:
        policy = [(K, 0 * k, S) for K, k, S in policy]
    found = Forward(game, NUMBERS).costs(entered(reference, policy, affine))
    for i, cost in enumerate(found):
        right = reference.cost(i, policy)
        # Both carry 40 digits or more, on sums of terms below 1000.
        assert abs(Fraction(str(cost)) - Fraction(str(right))) < Fraction(1, 10**33)


@pytest.mark.parametrize("seed", RICH)
@pytest.mark.parametrize("letter", ["K", "Sigma"])
def test_slopes_are_limits_of_difference_quotients(seed, letter):
    reference, game = Reference(random_game(seed)), game_of(seed)
    affine = game.homogeneous is not game
    play = Forward(game, NUMBERS)
    policy = entered(reference, some_policy(reference, seed), affine)
    along = getattr(entered(reference, some_policy(reference, seed + 100), affine), letter)
    step = NUMBERS.scalar(Fraction(1, 10**12))
    for i in range(game.agents):

        def moved(sign, i=i):
            own = [
                NUMBERS.add(X, NUMBERS.scale(sign * step, d))
                for X, d in zip(getattr(policy, letter)[i], along[i], strict=True)
            ]
            everyone = list(getattr(policy, letter))
            everyone[i] = own
            return play.costs(attrs.evolve(policy, **{letter: everyone}))[i]

        slope = play.slope(policy, play.moments(policy), i, **{f"d{letter}": along[i]})
        quotient = (moved(1) - moved(-1)) / (2 * step)
        # The third derivative times step² = 1e-24, and 1e-40/1e-12 of cancellation.
        assert abs(slope - quotient) < 1e-18 * (1 + abs(slope))


def test_slopes_vanish_at_the_equilibrium_and_nowhere_near():
    game = game_of(7).homogeneous
    solution = numbers(nash(game, NUMBERS))
    judge = Stationarity(game, NUMBERS, solution, seed=0)
    at = entered_policy(NUMBERS, solution)
    slopes, curvatures = judge.slopes(at), judge.curvatures(at)
    for letter in ("K", "Sigma"):
        for slope, curvature in zip(slopes[letter], curvatures[letter], strict=True):
            assert curvature > 0
            assert abs(slope) < 1e-33 * curvature


@pytest.mark.parametrize("seed", RICH)
def test_simulation_finds_the_cost_and_only_that(seed):
    reference, game = Reference(random_game(seed)), game_of(seed).floats()
    found = engine.nash(game)
    policy, _ = reference.nash()
    exact = np.array([float(reference.cost(i, policy)) for i in range(reference.N)])
    estimate = simulate(game, found.K, found.Sigma, k=found.k, samples=20_000, seed=3)
    # 4.5 standard errors: probability 7e-6 an agent.
    assert (abs(estimate.mean - exact) < 4.5 * estimate.standard_error).all()
    apart = 1 + abs(exact)
    assert (abs(estimate.mean - exact - apart) > 4.5 * estimate.standard_error).all()


LETTERS = ("joint_S", "u_linear", "x_linear", "drift", "prior_mean", "prior_gain", "prior_cov")


@pytest.mark.parametrize("letter", [*LETTERS, "discount", "tau_of"])
def test_simulation_sees_every_letter(letter):
    """Without it the mean is another, by far more than the standard error."""
    game = game_of(7).floats()
    found = engine.nash(game)
    given = getattr(game, letter)
    doubled = tuple(2 * X for X in given) if isinstance(given, tuple) else 2 * given
    other = attrs.evolve(game, **{letter: doubled}, tau=None)
    runs = [
        simulate(one, found.K, found.Sigma, k=found.k, samples=4000, seed=1)
        for one in (game, other)
    ]
    # The same random numbers: the difference has next to no spread.
    apart = abs(runs[0].mean - runs[1].mean)
    assert apart.max() > 1e-3


# --- faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "seen"),
    [
        ("rhs", ("stationarity-derived", "dJ/d[k K]")),
        ("phi_off_diagonal", ("stationarity-derived", "dJ/d[k K]")),
        ("covariance", ("stationarity-derived", "dJ/dSigma")),
        ("policy_cost", ("forward-cost-derived", "J")),
        ("policy_constant", ("forward-cost-derived", "J")),
    ],
)
def test_a_wrong_derived_formula_is_seen(formula, seen):
    right = general_formulas()
    wrong = attrs.evolve(right, **{formula: 2 * getattr(right, formula)})
    found = crosscheck(game_of(7), **SMALL, formulas=wrong)
    assert found.verdict == "disagree"
    assert seen in failed(found)
    assert any(check == "engine-nash" for check, _ in failed(found))


@pytest.mark.parametrize("letter", LETTERS)
def test_an_engine_that_misses_a_letter_is_seen(monkeypatch, letter):
    game, nash_of = game_of(7), engine.nash

    def without(floats):
        given = getattr(floats, letter)
        halved = tuple(X / 2 for X in given) if isinstance(given, tuple) else given / 2
        return nash_of(attrs.evolve(floats, **{letter: halved}))

    monkeypatch.setattr(engine, "nash", without)
    found = crosscheck(game, **SMALL)
    assert found.verdict == "disagree"
    assert any(check == "engine-nash" for check, _ in failed(found))


# --- no single equilibrium ----------------------------------------------------------------------


def two(Q="-9", tau=1, **more) -> Game:
    return Game.from_arrays(
        A=[[1]], B=[[[1]], [[1]]], Q=[[[1]], [[Q]]], R=[[[1]], [[1]]], tau=tau, noise_cov=[[1]],
        horizon=2, indefinite=True, **more,
    )  # fmt: skip


@pytest.mark.parametrize("tau", [0, 1])
def test_both_sides_find_a_cost_without_a_lower_bound(tau):
    found = crosscheck(two(tau=tau), **SMALL)
    assert found.verdict == "agree"
    (reason,) = found.reasons
    assert "the cost of agent 2 has no lower bound: at stage t = 1" in reason
    assert found.rows == ()


def test_an_engine_that_misses_it_or_invents_it_is_seen(monkeypatch):
    bounded = engine.nash(two("1").floats())
    monkeypatch.setattr(engine, "nash", lambda floats: bounded)
    found = crosscheck(two(), **SMALL)
    assert found.verdict == "disagree"
    assert "the engine finds an equilibrium" in found.reasons[0]

    def invents(floats):
        raise UnboundedCostError(1, 0, [Fraction(1)])

    monkeypatch.setattr(engine, "nash", invents)
    found = crosscheck(two("1"), **SMALL)
    assert found.verdict == "disagree"
    assert "but there is one equilibrium" in found.reasons[0]


def test_a_W_on_the_boundary_is_left_undecided():
    found = crosscheck(two("-3/2"), **SMALL)
    assert found.verdict == "undecided"


def test_a_singular_stage_of_a_general_game():
    """G* at τ = 4, with a drift: both sides find Φ singular at the same stage."""
    zero = [[0, 0], [0, 0]]
    game = Game.from_arrays(
        A=[[1, 0], [0, 1]],
        B=[[[1], [0]], [[0], [1]]],
        Q=[[zero, [[1, 4], [4, 16]]], [zero, [[16, 4], [4, 1]]]],
        R=[[[1]], [[1]]],
        tau=4,
        noise_cov=zero,
        horizon=1,
        drift=[1, 0],
    )
    found = crosscheck(game, **SMALL)
    assert (found.verdict, found.singular_stage) == ("agree", 0)


# --- commands -----------------------------------------------------------------------------------


def test_the_commands_take_general_games(tmp_path, capsys):
    path = tmp_path / "general.json"
    game_of(7).save(path)
    assert main(["crosscheck", str(path), "--digits", "25"]) == 0
    assert "agree" in capsys.readouterr().out
    arguments = ["--method", "algorithm1", "--iterations", "40"]
    assert main(["solve", str(path), *arguments]) == 0
    shown = capsys.readouterr().out
    assert "u_t ~ N(K x_t + k, Sigma)" in shown
    assert f"τ = {game_of(7).tau_shown}" in shown
    out = tmp_path / "two.json"
    two().save(out)
    assert main(["solve", str(out), *arguments]) == 3
    assert "W of agent 2 is not positive definite" in capsys.readouterr().out
