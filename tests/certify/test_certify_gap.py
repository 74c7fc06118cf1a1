"""Certified gaps: right, small, and honest where they cannot be small."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from random_games import g_star

from ergs_verify import Game, Policy, gallery, solve
from ergs_verify.arithmetic import Balls, MPMath
from ergs_verify.certify import certify_gap
from ergs_verify.certify.enclosure import INFINITE
from ergs_verify.certify.gap_parts import answered
from ergs_verify.errors import InputError, NotCertifiedError
from ergs_verify.recursion import gaps
from ergs_verify.recursion.gap import played_stages
from ergs_verify.recursion.stages import Stages


def nearly(game, step: float) -> Policy:
    """The equilibrium in float64 with one entry of agent 1's first gain moved."""
    found = solve(game)
    K = [[np.array(X) for X in agent] for agent in found.K]
    K[0][0][0, 0] += step
    return Policy.from_arrays(K=K, Sigma=found.Sigma)


def value(arithmetic: MPMath, x) -> Fraction:
    return arithmetic.to_fraction(x)


@pytest.mark.parametrize("name", ["g-star-2", "lqr", "identical-interest", "unequal", "unstable"])
@pytest.mark.parametrize("step", [0.0, 1e-15, 1e-3])
def test_it_agrees_with_eighty_digits(name, step):
    game = gallery(name) if name in NAMES else gallery(f"random:N=2,m=2,p=1,T=4,seed={len(name)}")
    policy = nearly(game, step)
    wide = MPMath(digits=80)
    found = certify_gap(game, policy)
    assert found.verdict == "proved"
    for one, other in zip(found.agents, gaps(game, policy, wide), strict=True):
        exact = value(wide, other.total)
        assert (
            one.gap.lo * (1 - Fraction(1, 10**9)) <= exact <= one.gap.hi * (1 + Fraction(1, 10**9))
        )
        assert one.gap.relative_width <= Fraction(1, 1000)
        for stage, gain in zip(one.stages, other.gain_parts, strict=True):
            assert stage.gain.lo <= value(wide, gain) * (1 + Fraction(1, 10**9))
            assert value(wide, gain) * (1 - Fraction(1, 10**9)) <= stage.gain.hi


NAMES = {"g-star-2", "lqr", "identical-interest", "unstable"}


def test_a_gap_of_1e_30_has_its_leading_digits():
    """W = 1 + τ/2 + P_T = 2 for x₊ = u, Q_T = 1: the gap is 2 ΔK² E[x²]."""
    game = gallery("g-star-2")
    K = [[[["-13/7", "8/7"]]], [[["8/7", "-13/7"]]]]
    moved = [[[[Fraction(-13, 7) + Fraction(1, 10**15), "8/7"]]], K[1]]
    found = certify_gap(game, Policy.from_arrays(K=moved))
    # ΔK = 1e-15 in x₁, E[x₁²] = 1 and W = τ/2 + R + Q_T[0][0] = 1 + 1 + 1.
    assert Fraction(3, 10**30) in found.agents[0].gap
    assert str(found.agents[0].gap) == "3e-30"


def test_an_exact_equilibrium_has_gap_zero_exactly():
    K = [[[["-13/7", "8/7"]]], [[["8/7", "-13/7"]]]]
    for Sigma in (None, [[[["1/3"]]]] * 2):
        found = certify_gap(gallery("g-star-2"), Policy.from_arrays(K=K, Sigma=Sigma))
        assert [one.gap.hi for one in found.agents] == [0, 0]
        assert found.verdict == "proved"


def test_an_equilibrium_but_for_the_covariance_has_a_gap():
    """Too small for the precisions at which an exact equilibrium is found out: 9e-120/2."""
    K = [[[["-13/7", "8/7"]]], [[["8/7", "-13/7"]]]]
    Sigma = [[[[Fraction(1, 3) + Fraction(1, 10**60)]]], [[["1/3"]]]]
    found = certify_gap(gallery("g-star-2"), Policy.from_arrays(K=K, Sigma=Sigma))
    assert str(found.agents[0].gap) == "4.5e-120"
    assert found.agents[1].gap.hi == 0


def test_what_is_a_solution_for_an_audit_is_one_here():
    game = gallery("g-star-2")
    K = [[[["-13/7", "8/7"]]], [[["8/7", "-13/7"]]]]
    solution = solve(game, digits=30)
    for one in (
        solution,
        {"K": solution.K, "Sigma": solution.Sigma, "P": solution.P, "q": solution.q},
        SimpleNamespace(K=solution.K, Sigma=solution.Sigma),
    ):
        found = certify_gap(game, one)
        assert found.policy.Sigma is not None
        assert 0 < found.largest.hi < Fraction(1, 10**58)
    found = certify_gap(game, {"K": K, "P": "not read"})
    assert (found.policy.Sigma, found.largest.hi) == (None, 0)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({}, "object of type dict without K is not a solution"),
        (None, "object of type NoneType without K is not a solution"),
        ({"K": [[[[1]]]]}, "K has entries for 1 agent but the game has 2"),
        ({"k": []}, "the dict has k but no K"),
        ({"K": [[[[0, 0]]]] * 2, "Sigma": [[[[-1]]]] * 2}, "not positive semidefinite"),
        ({"K": [[[[0], [0]]]] * 2}, r"K\[0\]\[0\]"),
    ],
)
def test_what_is_no_solution_is_said(policy, message):
    with pytest.raises(InputError, match=message):
        certify_gap(gallery("g-star-2"), policy)


def test_a_wrong_gain_where_the_state_never_gets_costs_nothing():
    """The game starts at (1, −1): what a gain does to (1, 1) plays no role."""
    K = [[[["-6/7", "15/7"]]], [[["8/7", "-13/7"]]]]
    found = certify_gap(gallery("g-star-2"), Policy.from_arrays(K=K))
    assert found.agents[0].gap.hi == 0
    assert found.agents[1].gap.lo == 0
    assert found.of_state()[0].worst.lo > 1


def test_a_singular_covariance_has_an_infinite_gap_for_its_agent_alone():
    K = [[[["-13/7", "8/7"]]], [[["8/7", "-13/7"]]]]
    found = certify_gap(gallery("g-star-2"), Policy.from_arrays(K=K, Sigma=[[[[0]]], [[[1]]]]))
    assert found.agents[0].gap is INFINITE
    assert 0 < found.agents[1].gap.lo <= found.agents[1].gap.hi < 1
    assert found.as_json()["epsilon"][0]["gap"] == ["inf", "inf"]
    with pytest.raises(InputError, match="infinite"):
        found.of_state()


def test_a_tighter_enclosure_lies_within_a_wider_one():
    game = gallery("g-star-2")
    policy = nearly(game, 0.0)
    wide, tight = certify_gap(game, policy), certify_gap(game, policy, 1e-30)
    assert wide.bits < tight.bits
    for one, other in zip(wide.agents, tight.agents, strict=True):
        assert one.gap.lo <= other.gap.lo <= other.gap.hi <= one.gap.hi
        assert other.gap.relative_width <= Fraction(1e-30)


def test_beyond_the_cap_it_is_undecided_and_keeps_what_was_reached():
    game = gallery("g-star-2")
    found = certify_gap(game, nearly(game, 0.0), 1e-60, most_bits=200)
    assert found.verdict == "undecided"
    assert found.bits == 200
    assert found.agents[0].gap.relative_width < Fraction(1, 10**6)


def test_as_a_function_of_the_state():
    """x'Gx + g at a given x is the mean gap of the game that starts there."""
    game = g_star(2)
    policy = nearly(game, 0.25)
    agents = certify_gap(game, policy).of_state(radius=2)
    x = [Fraction(1), Fraction(-3)]
    for one in agents:
        at_x = sum(
            (one.matrix[r][c].lo * x[r] * x[c] for r in range(2) for c in range(2)), one.constant.lo
        )
        started = certify_gap(started_at(game, x), policy, 1e-9).agents[one.agent - 1].gap
        assert abs(at_x / started.lo - 1) < Fraction(1, 10**8)
        assert one.worst.relative_width < Fraction(1, 500)
        # The worst case is attained on the sphere: no point of a grid is worse, one is near it.
        worst = max(grid_value(one, k) for k in range(360))
        assert worst <= one.worst.hi
        assert worst >= one.worst.lo * Fraction(99, 100)


def test_what_rounding_did_to_a_later_constant_stays_in_the_earlier_ones():
    """Σ_1 = 1/3 costs 1/3 too much, to which t = 0 adds nothing."""
    game = Game.from_arrays(
        A=[[0]], B=[[[1]]], Q=[[[0]]], R=[[[1]]], tau=0, noise_cov=[[0]], horizon=2
    )
    policy = Policy.from_arrays(K=[[[[0]], [[0]]]], Sigma=[[[[0]], [["1/3"]]]])
    assert Fraction(1, 3) in certify_gap(game, policy).of_state()[0].constant


def grid_value(one, degrees: int) -> Fraction:
    angle = np.deg2rad(degrees)
    x = [Fraction(float(2 * np.cos(angle))), Fraction(float(2 * np.sin(angle)))]
    inside = Fraction(99999, 100000)  # of the ball, in spite of cos and sin being rounded
    G = one.matrix
    return one.constant.lo + inside * sum(
        G[r][c].lo * x[r] * x[c] for r in range(2) for c in range(2)
    )


def started_at(game, x):
    import attrs

    return attrs.evolve(
        game,
        x0_mean=np.array(x, dtype=object),
        x0_cov=np.full((2, 2), Fraction(0), dtype=object),
    )


@pytest.mark.parametrize(
    ("tau", "R", "Q"),
    [
        ("1e-12", 1, 1),
        (1, "1e-8", 1),
        ("1e-12", "1e-8", "1e-6"),
    ],
)
def test_ill_conditioned_games_are_enclosed(tau, R, Q):
    hilbert = [[f"1/{r + c + 1}" for c in range(5)] for r in range(5)]
    game = Game.from_arrays(
        A=[["1/2" if c == r else ("1" if c == r + 1 else 0) for c in range(5)] for r in range(5)],
        B=[[[int(r == k)] for r in range(5)] for k in (0, 3)],
        Q=[hilbert, hilbert],
        R=[[[R]]] * 2,
        tau=tau,
        noise_cov=[[0] * 5] * 5,
        horizon=6,
    )
    found = certify_gap(game, nearly(game, 0.0))
    assert found.verdict == "proved"
    assert all(one.gap.lo > 0 for one in found.agents)


def test_a_cost_without_a_minimum_has_no_gap():
    """B'Q_T B = −1e18/2^53 by rounding, so that W < 0, though u = 0 is stationary at this x_0."""
    Q = [[1.0, 1.0], [1.0, 1 - 2.0**-53]]
    game = Game.from_arrays(
        A=[[1, 0], [0, 1]],
        B=[[[1e9], [-1e9]]],
        Q=[Q],
        R=[[[1e-30]]],
        tau=0,
        noise_cov=[[0, 0], [0, 0]],
        horizon=1,
        x0_mean=[1, 0],
        x0_cov=[[0, 0], [0, 0]],
    )
    with pytest.raises(NotCertifiedError):
        certify_gap(game, Policy.from_arrays(K=[[[[0, 0]]]]), most_bits=200)


def test_a_best_response_has_a_minimum_for_every_cost_in_the_bracket():
    """B'Q_T B = 0 and R = 1e-60: where 1/3 is rounded, W = R ± 2^-127 at the bracket's ends."""
    third = [["1/3", "-1/3"], ["-1/3", "1/3"]]
    game = Game.from_arrays(
        A=[[1, 0], [0, 1]],
        B=[[[1], [1]]],
        Q=[third],
        R=[[["1e-60"]]],
        tau=0,
        noise_cov=[[0, 0], [0, 0]],
        horizon=1,
    )
    stages = Stages(game, Balls(128), symmetric=True)
    played = played_stages(stages, Policy.from_arrays(K=[[[[0, 0]]]]))
    with pytest.raises(NotCertifiedError, match="positive definite"):
        next(answered(stages, played, 1))


def test_bad_arguments_are_one_sentence():
    game = gallery("g-star-2")
    with pytest.raises(InputError, match="tolerance must lie between 0 and 1"):
        certify_gap(game, nearly(game, 0.0), 0)
    with pytest.raises(InputError, match="radius must be > 0"):
        certify_gap(game, nearly(game, 0.0)).of_state(0)


def test_an_asymmetric_covariance_has_no_gap():
    """Of a product and its transpose only one is evaluated: that rests on symmetry."""
    game = gallery("random:N=1,m=2,p=2,T=2,seed=1")
    policy = Policy.from_arrays(
        K=[[[[0, 0], [0, 0]]] * 2], Sigma=[[[[1, 0], [3, 1]]] * 2], as_stated=True
    )
    with pytest.raises(InputError, match="Σ of agent 1 at t = 0 is not symmetric"):
        certify_gap(game, policy)
