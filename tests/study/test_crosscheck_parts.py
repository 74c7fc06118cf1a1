"""Forward moments, their derivative, simulation and conditioning, each against something known."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from attrs import evolve
from nearby_games import Rounding, perturbed

from ergs_verify import engine
from ergs_verify.arithmetic import MPMath
from ergs_verify.exact import UNIT
from ergs_verify.game import Game
from ergs_verify.game.gallery import gallery
from ergs_verify.recursion import nash
from ergs_verify.study.conditioning import first_order, moving_equilibrium
from ergs_verify.study.forward_cost import Forward, JointPolicy
from ergs_verify.study.monte_carlo import simulate
from ergs_verify.study.numbers import distance, numbers, size
from ergs_verify.study.stationarity import Stationarity, entered_policy

DIGITS = 40
GAMES = ("time-varying", "plain-lq", "lqr", "g-star-2")


def any_policy(game: Game, arithmetic: MPMath, seed: int = 0) -> JointPolicy:
    """Not an equilibrium; Σ = 0 where τ = 0."""
    draw = np.random.default_rng(seed)
    m, T = game.state_size, game.horizon

    def matrix(X):
        return arithmetic.matrix([[Fraction(x) for x in row] for row in X.tolist()], X.shape)

    def covariance(p):
        if game.tau == 0:
            return arithmetic.zeros(p, p)
        root = draw.normal(size=(p, p))
        return matrix(root @ root.T + np.eye(p))

    sizes = game.control_sizes
    return JointPolicy(
        K=[[matrix(0.3 * draw.normal(size=(p, m))) for _ in range(T)] for p in sizes],
        Sigma=[[covariance(p) for _ in range(T)] for p in sizes],
    )


def floats(policy):
    return tuple(
        [np.array(over_time, dtype=float) for over_time in agents]
        for agents in (policy.K, policy.Sigma)
    )


@pytest.mark.parametrize("name", GAMES)
def test_forward_costs_are_what_the_lyapunov_equations_say(name):
    game = gallery(name)
    policy = any_policy(game, MPMath(digits=DIGITS))
    forward = Forward(game, MPMath(digits=DIGITS)).costs(policy)
    data = game.floats()
    cost = engine.evaluate_policy(data, *floats(policy))
    X_0 = data.x0_cov + np.outer(data.x0_mean, data.x0_mean)
    for J, P, q in zip(forward, cost.P, cost.q, strict=True):
        # Some hundred roundings of float64, on terms of which none cancels against another.
        assert float(J) == pytest.approx((P[0] * X_0).sum() + q[0], rel=1e-12)


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("letter", ["K", "Sigma"])
def test_slopes_are_limits_of_difference_quotients(name, letter):
    game, arithmetic = gallery(name), MPMath(digits=DIGITS)
    if letter == "Sigma" and game.tau == 0:
        letter = "K"
    play, policy = Forward(game, arithmetic), any_policy(game, arithmetic)
    direction = getattr(any_policy(game, arithmetic, seed=1), letter)
    step = arithmetic.scalar(Fraction(1, 10**12))
    for i in range(game.agents):

        def moved(sign, i=i):
            own = [
                arithmetic.add(X, arithmetic.scale(sign * step, d))
                for X, d in zip(getattr(policy, letter)[i], direction[i], strict=True)
            ]
            everyone = list(getattr(policy, letter))
            everyone[i] = own
            return play.costs(evolve(policy, **{letter: everyone}))[i]

        slope = play.slope(policy, play.moments(policy), i, **{f"d{letter}": direction[i]})
        quotient = (moved(1) - moved(-1)) / (2 * step)
        # The third derivative times step² = 1e-24, and 1e-40/1e-12 of cancellation.
        assert abs(slope - quotient) < 1e-18 * (1 + abs(slope))


def test_slopes_vanish_at_the_equilibrium_and_nowhere_near():
    game, arithmetic = gallery("time-varying"), MPMath(digits=DIGITS)
    solution = numbers(nash(game, arithmetic))
    judge = Stationarity(game, arithmetic, solution, seed=0)
    slopes = judge.slopes(entered_policy(arithmetic, solution))
    curvatures = judge.curvatures(entered_policy(arithmetic, solution))
    for letter in ("K", "Sigma"):
        for slope, curvature in zip(slopes[letter], curvatures[letter], strict=True):
            assert curvature > 0
            assert abs(slope) < 1e-36 * curvature


def test_stage_slopes_add_up():
    game, arithmetic = gallery("time-varying"), MPMath(digits=DIGITS)
    judge = Stationarity(game, arithmetic, numbers(nash(game, arithmetic)), seed=0)
    policy = any_policy(game, arithmetic)
    slopes = judge.slopes(policy)
    for letter in ("K", "Sigma"):
        by_stage = judge.stage_slopes(policy, letter, 1)
        assert len(by_stage) == game.horizon
        assert abs(sum(by_stage) - slopes[letter][1]) < 1e-35 * max(map(abs, by_stage))


# --- simulation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GAMES)
def test_simulation_finds_the_cost_and_only_that(name):
    game = gallery(name).floats()
    found = engine.nash(game)
    estimate = simulate(game, found.K, found.Sigma, samples=20_000, seed=5)
    X_0 = game.x0_cov + np.outer(game.x0_mean, game.x0_mean)
    exact = np.array([(P[0] * X_0).sum() + q[0] for P, q in zip(found.P, found.q, strict=True)])
    # 4.5 standard errors: probability 7e-6 an agent.
    assert (abs(estimate.mean - exact) < 4.5 * estimate.standard_error).all()
    assert (abs(estimate.mean - 1.1 * exact) > 2 * estimate.standard_error).all()


def test_the_standard_error_is_that_of_the_mean():
    game = gallery("time-varying").floats()
    found = engine.nash(game)
    runs = [simulate(game, found.K, found.Sigma, samples=1000, seed=s) for s in range(200)]
    spread = np.std([run.mean for run in runs], axis=0, ddof=1)
    claimed = np.mean([run.standard_error for run in runs], axis=0)
    # A standard deviation from 200 values is known to 1/√400 = 5 %; four times that.
    assert spread == pytest.approx(claimed, rel=0.2)


def test_simulation_stops_at_the_samples_asked_for():
    game = gallery("lqr").floats()
    found, told = engine.nash(game), []
    estimate = simulate(
        game, found.K, found.Sigma, samples=4500, progress=lambda *said: told.append(said)
    )
    assert estimate.samples == 4500
    assert told == [(2000, 4500), (4000, 4500), (4500, 4500)]


def test_a_game_without_chance_is_simulated_exactly():
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=0, noise_cov=[[0]], horizon=1,
        x0_mean=[2], x0_cov=[[0]],
    ).floats()  # fmt: skip
    one = np.ones((1, 1, 1))
    estimate = simulate(game, [-0.5 * one], [0 * one], samples=10)
    assert (estimate.mean[0], estimate.standard_error[0]) == (6.0, 0.0)  # 4 + 1 + 1


# --- conditioning -------------------------------------------------------------------------------


def test_a_perturbed_game_is_one_rounding_away():
    game = gallery("time-varying")
    reference = numbers(nash(game, MPMath(digits=DIGITS)))
    other = perturbed(game, reference["P"], seed=0)
    assert abs(other.tau / game.tau - 1) == UNIT
    for t in range(game.horizon):
        A, moved = game.A[t], other.A[t]
        assert all(
            abs(Fraction(y) - Fraction(x)) == UNIT * abs(Fraction(x))
            for x, y in zip(A.ravel(), moved.ravel(), strict=True)
        )
    for Q_i, P_i in zip(other.Q, reference["P"], strict=True):
        for Q, P in zip(Q_i, P_i, strict=True):
            assert (Q == Q.T).all()
            assert size(P) >= 0.9 * float(size(np.array(Q, dtype=float)))


def test_moves_near_a_singular_tau_are_those_of_its_closed_form():
    """G* at τ = 4 + δ: K ~ 1/δ, so that one rounding of the data is some u/δ of K."""
    game = gallery("g-star-near-4")
    exact = nash(game, MPMath(digits=DIGITS))
    moved = first_order(moving_equilibrium(game, exact), ["K"], game.state_size)["K"][0][0]
    lost = moved.max() / float(size(numbers(exact)["K"][0][0]))
    # The relative condition is about 4/δ = 4000 per entry of the data.
    assert 4e2 < lost < 4e5


def test_a_rounding_arithmetic_rounds_by_one_unit():
    exact, rounded = MPMath(bits=128), Rounding(0)
    one = exact.matrix([[Fraction(1)]], (1, 1))
    product = np.array(rounded.multiply(one, one), dtype=object)
    solved = np.array(rounded.solve(one, one), dtype=object)
    unit = exact.scalar(UNIT)
    assert distance(product, np.array(one, dtype=object)) == unit
    assert 0 < distance(solved, np.array(one, dtype=object)) <= 3.01 * unit
