"""The recursions against closed forms, each other, forward moments and hand-typed formulas."""

from __future__ import annotations

from fractions import Fraction

import attrs
import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from random_games import g_star, games, three_identical
from typed_formulas import typed_formulas

from ergs_verify.arithmetic import Balls, Float64, MPMath, Rationals
from ergs_verify.errors import InputError, NotCertifiedError, SingularStageError
from ergs_verify.game import Game, Policy
from ergs_verify.paper.notation import K as gain_letter
from ergs_verify.paper.notation import R as weight_letter
from ergs_verify.paper.notation import i
from ergs_verify.paper.theorem_III_1 import derived_formulas
from ergs_verify.recursion import (
    algorithm_1,
    best_response,
    decide_singular,
    evaluate_policy,
    nash,
)

Q = Rationals()


def exact(X):
    return Q.to_fractions(X)


def equilibrium(game, **options):
    """The exact NE; draws of hypothesis that have none are passed over."""
    try:
        return nash(game, Q, **options)
    except SingularStageError:
        assume(False)


def as_policy(found):
    rows = {
        letter: [[exact(X) for X in agent] for agent in getattr(found, letter)]
        for letter in ("K", "Sigma")
    }
    return Policy.from_arrays(**rows)


def matrices(found):
    return (found.K, found.Sigma, found.P)


# -- closed forms -----------------------------------------------------------------------------


def test_g_star_has_one_equilibrium_at_tau_2():
    found = nash(g_star(2), Q)
    assert exact(found.K[0][0]) == [[Fraction(-13, 7), Fraction(8, 7)]]
    assert exact(found.K[1][0]) == [[Fraction(8, 7), Fraction(-13, 7)]]


@pytest.mark.parametrize("over", [1, 3])
@pytest.mark.parametrize(
    "arithmetic", [Q, MPMath(digits=40), Float64(), Balls(80)], ids=lambda a: a.name
)
@pytest.mark.parametrize(("A", "consistent"), [(((1, 0), (0, 1)), False), (((1, 1), (1, 1)), True)])
def test_g_star_is_singular_at_tau_4(arithmetic, over, A, consistent):
    """Also where 1/3 is rounded, so that Φ is singular only but for rounding."""
    with pytest.raises(SingularStageError) as caught:
        nash(g_star(f"4/{over}", A, over=over), arithmetic)
    assert caught.value.t == 0
    assert caught.value.consistent is consistent


def test_three_identical_agents():
    found = nash(three_identical(), Q)
    assert [exact(K[0]) for K in found.K] == [[[Fraction(-2, 7)]]] * 3
    assert [exact(S[0]) for S in found.Sigma] == [[[Fraction(1, 6)]]] * 3


@pytest.mark.parametrize("tau", [Fraction(0), Fraction(1, 2)])
def test_scalar_regulator(tau):
    """N = m = p = 1: the textbook recursion P = q + a²Pr/(r + b²P) with r = R + τ/2."""
    a, b, q, r, noise, T = Fraction(3, 2), 2, 1, Fraction(1, 3), 5, 4
    game = Game.from_arrays(
        A=[[a]], B=[[[b]]], Q=[[[q]]], R=[[[r]]], tau=tau, noise_cov=[[noise]], horizon=T
    )
    found = nash(game, Q)
    mp = MPMath(digits=30)
    constants = nash(game, mp).q[0]
    weight, P, constant = r + tau / 2, Fraction(q), mp.scalar(Fraction(0))
    for t in reversed(range(T)):
        W = weight + b * b * P
        assert exact(found.K[0][t]) == [[-a * b * P / W]]
        assert exact(found.Sigma[0][t]) == [[tau / 2 / W]]
        # E = 0 of the entropy's share: least cost is tr(noise P) − (τ/2) log Σ.
        constant = constant + mp.scalar(noise * P)
        if tau:
            constant = constant - mp.scalar(tau / 2) * mp.log(mp.scalar(tau / 2 / W))
        P = q + a * a * P * weight / W
        assert exact(found.P[0][t]) == [[P]]
        # 30 digits, numbers below 100.
        assert abs(constants[t] - constant) < mp.scalar(Fraction(1, 10**26))


# -- identities, exactly ----------------------------------------------------------------------


@settings(max_examples=20)
@given(games())
def test_the_equilibrium_is_everybodys_best_response(game):
    """K, Σ from Φ and P from the Lyapunov form equal `gain`, `covariance` and `riccati`."""
    found = equilibrium(game)
    for agent in range(1, game.agents + 1):
        answer = best_response(game, as_policy(found), agent, Q)
        for letter in ("K", "Sigma", "P"):
            assert getattr(answer, letter) == getattr(found, letter)[agent - 1]
        assert (answer.q is None) == (game.tau > 0)
        if answer.q is not None:
            assert answer.q == found.q[agent - 1]


@settings(max_examples=10)
@given(games(taus=("1/3", "2")))
def test_both_forms_of_q_agree_at_the_equilibrium(game):
    policy = as_policy(equilibrium(game))
    mp = MPMath(digits=60)
    found = evaluate_policy(game, policy, mp)
    for agent in range(1, game.agents + 1):
        answer = best_response(game, policy, agent, mp)
        for one, other in zip(answer.q, found.q[agent - 1], strict=True):
            # 60 digits carried, of which such small games lose few.
            assert abs(one - other) <= mp.scalar(Fraction(1, 10**45)) * (1 + abs(other))


@settings(max_examples=20)
@given(games())
def test_derived_and_typed_formulas_agree(game):
    typed = equilibrium(game, formulas=typed_formulas())
    assert matrices(equilibrium(game, formulas=derived_formulas())) == matrices(typed)
    policy = as_policy(typed)
    derived = evaluate_policy(game, policy, MPMath(digits=60), formulas=derived_formulas())
    again = evaluate_policy(game, policy, MPMath(digits=60), formulas=typed_formulas())
    for one, other in zip(derived.q, again.q, strict=True):
        # 60 digits carried, of which such small games lose few.
        assert abs(one[0] - other[0]) <= 1e-45 * (1 + abs(other[0]))


@settings(max_examples=20)
@given(games())
def test_number_systems_agree(game):
    found = equilibrium(game)
    balls, mp = Balls(300), MPMath(digits=50)
    enclosed, rounded = nash(game, balls), nash(game, mp)
    for letter in ("K", "Sigma", "P"):
        for k in range(game.agents):
            for X, Y, Z in zip(
                *(getattr(one, letter)[k] for one in (found, enclosed, rounded)), strict=True
            ):
                for row, bounds, near in zip(
                    exact(X), balls.enclosures(Y), mp.to_fractions(Z), strict=True
                ):
                    for x, (low, high), z in zip(row, bounds, near, strict=True):
                        assert low <= x <= high
                        # 300 bits are 90 digits, 50 are carried; such games lose few.
                        assert high - low <= Fraction(1, 10**60) * (1 + abs(x))
                        assert abs(z - x) <= Fraction(1, 10**35) * (1 + abs(x))


@settings(max_examples=15)
@given(games(taus=("0", "2")))
def test_float64_is_near(game):
    """To the game's conditioning: 53-bit balls bound how rounding spreads."""
    found, floats, balls = equilibrium(game), Float64(), Balls(40)
    try:
        enclosed, rounded = nash(game, balls), nash(game, floats)
    except NotCertifiedError:
        assume(False)
    for X, Y, Z in zip(found.K, enclosed.K, rounded.K, strict=True):
        for x, (low, high), z in zip(
            np.ravel(exact(X[0])),
            np.reshape(np.array(balls.enclosures(Y[0]), dtype=object), (-1, 2)),
            np.ravel(floats.to_fractions(Z[0])),
            strict=True,
        ):
            assert abs(z - x) <= (high - low) + Fraction(1, 2**40) * (1 + abs(x))


def expected_cost(game, found, k):
    """J of agent k by forward moments X_{t+1} = FXF' + N, with no recursion backwards."""
    data = game.floats()
    K = [[np.array(exact(X), dtype=float) for X in agent] for agent in found.K]
    S = [[np.array(exact(X), dtype=float) for X in agent] for agent in found.Sigma]
    X = data.x0_cov + np.outer(data.x0_mean, data.x0_mean)
    cost = 0.0
    for t in range(game.horizon):
        control = K[k][t] @ X @ K[k][t].T + S[k][t]
        cost += np.trace(data.Q[k][t] @ X) + np.trace(data.R[k][t] @ control)
        if data.tau:
            divergence = np.trace(control) - len(control) - np.linalg.slogdet(S[k][t])[1]
            cost += data.tau / 2 * divergence
        B = [data.B[j][t] for j in range(game.agents)]
        F = data.A[t] + sum(b @ K[j][t] for j, b in enumerate(B))
        spread = sum(b @ S[j][t] @ b.T for j, b in enumerate(B))
        X = F @ X @ F.T + data.noise_cov + spread
    return cost + np.trace(data.Q[k][-1] @ X)


@settings(max_examples=20)
@given(games())
def test_costs_by_forward_moments(game):
    """A policy that is no equilibrium: the NE of the same game at another τ."""
    other = equilibrium(attrs.evolve(game, tau_given=game.tau_given + 1))
    policy = as_policy(other)
    cost = evaluate_policy(game, policy, Float64())
    data = game.floats()
    X = data.x0_cov + np.outer(data.x0_mean, data.x0_mean)
    for k in range(game.agents):
        backwards = np.trace(cost.P[k][0] @ X) + cost.q[k][0]
        # Sums of a few hundred float64 terms, none of which cancel by more than three digits.
        assert backwards == pytest.approx(expected_cost(game, other, k), rel=1e-9, abs=1e-9)


# -- Algorithm 1 ------------------------------------------------------------------------------


def test_algorithm_1_step_by_step():
    """W = 3/2: from zero K = −2/3, then −(2/3)(1 − 4/3) = 2/9; the loop diverges from −2/7."""
    game = three_identical()
    for iterations, gain in [(1, Fraction(-2, 3)), (2, Fraction(2, 9)), (3, Fraction(-26, 27))]:
        found = algorithm_1(game, Q, iterations)
        assert [exact(K[0]) for K in found.K] == [[[gain]]] * 3
        cost = evaluate_policy(game, as_policy(found), Q)
        assert matrices(cost) == matrices(found)


def test_algorithm_1_converges_under_large_tau():
    game = attrs.evolve(g_star(2), tau_given=Fraction(100))
    mp = MPMath(digits=40)
    loop, ne = algorithm_1(game, mp, 60), nash(game, mp)
    for one, other in zip(loop.K, ne.K, strict=True):
        # The contraction constant is 4/51 here, so 60 steps leave nothing of 40 digits.
        assert mp.to_fractions(one[0])[0] == pytest.approx(mp.to_fractions(other[0])[0], abs=1e-37)


@pytest.mark.parametrize("wrong", [0, -1, 2.5, None, True])
def test_algorithm_1_wants_a_whole_number_of_iterations(wrong):
    with pytest.raises(InputError, match="whole number ≥ 1"):
        algorithm_1(three_identical(), Q, wrong)


# -- given policies ---------------------------------------------------------------------------


@settings(max_examples=10)
@given(games(taus=("1/3", "2")))
def test_a_deterministic_policy_is_judged_in_the_plain_game(game):
    found = equilibrium(game)
    policy = Policy.from_arrays(K=[[exact(X) for X in agent] for agent in found.K])
    heavier = [
        [np.array(R, dtype=object) + game.tau / 2 * np.eye(len(R), dtype=int) for R in agent]
        for agent in game.R
    ]
    plain = attrs.evolve(game, R=tuple(map(tuple, heavier)), tau_given=Fraction(0))
    assert evaluate_policy(game, policy, Q) == evaluate_policy(plain, policy, Q)
    assert best_response(game, policy, 1, Q) == best_response(plain, policy, 1, Q)
    # By the paper's (20) the gains are an equilibrium of the plain game too.
    assert best_response(game, policy, 1, Q).K == found.K[0]


def test_a_singular_covariance_has_no_finite_cost():
    policy = Policy.from_arrays(K=[[[[0]]]] * 3, Sigma=[[[[0]]]] * 3)
    with pytest.raises(NotCertifiedError, match="agent 1 at t = 0"):
        evaluate_policy(three_identical(), policy, MPMath(digits=20))


@pytest.mark.parametrize("agent", [0, 4, 1.0, True])
def test_agents_count_from_1(agent):
    policy = Policy.from_arrays(K=[[[[0]]]] * 3)
    with pytest.raises(InputError, match="from 1 to 3"):
        best_response(three_identical(), policy, agent, Q)


def test_a_policy_of_another_game_is_refused():
    with pytest.raises(InputError, match="for 1 agent but the game has 3"):
        evaluate_policy(three_identical(), Policy.from_arrays(K=[[[[0]]]]), Q)


# -- faults, progress, exact decisions --------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("phi_diagonal", lambda f: f.phi_diagonal + weight_letter(i)),
        ("phi_off_diagonal", lambda f: -f.phi_off_diagonal),
        ("rhs", lambda f: 2 * f.rhs),
        ("covariance", lambda f: 2 * f.covariance),
        ("policy_cost", lambda f: f.policy_cost + gain_letter(i).T * gain_letter(i)),
        ("policy_constant", lambda f: f.policy_constant + 1),
    ],
)
def test_a_planted_fault_changes_the_equilibrium(name, fault):
    derived = derived_formulas()
    planted = attrs.evolve(derived, **{name: fault(derived)})
    floats = Float64()
    right, wrong = (nash(three_identical(), floats, formulas=f) for f in (derived, planted))
    assert repr(right) != repr(wrong)


@pytest.mark.parametrize("name", ["gain", "covariance", "riccati", "constant"])
def test_a_planted_fault_changes_the_best_response(name):
    derived = derived_formulas()
    planted = attrs.evolve(derived, **{name: 2 * getattr(derived, name)})
    policy = Policy.from_arrays(K=[[[[0]]]] * 3, Sigma=[[[[1]]]] * 3)
    floats = Float64()
    right, wrong = (
        best_response(three_identical(), policy, 2, floats, formulas=f) for f in (derived, planted)
    )
    assert repr(right) != repr(wrong)


def test_progress_is_told():
    told = []
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=1, noise_cov=[[1]], horizon=3
    )
    policy = Policy.from_arrays(K=[[[[0]]] * 3], Sigma=[[[[1]]] * 3])

    def progress(done, total):
        told.append((done, total))

    nash(game, Float64(), progress=progress)
    algorithm_1(game, Float64(), 1, progress=progress)
    evaluate_policy(game, policy, Float64(), progress=progress)
    best_response(game, policy, 1, Float64(), progress=progress)
    assert told == [(1, 3), (2, 3), (3, 3)] * 4


def test_exact_decisions_stop_when_rationals_grow_long():
    eye = [[1, 0], [0, 1]]
    game = Game.from_arrays(
        A=[["1/3", 1], ["2/7", "1/5"]],
        B=[[[1], [0]], [["1/3"], [1]]],
        Q=[eye, eye],
        R=[[[1]], [[2]]],
        tau=1,
        noise_cov=eye,
        horizon=40,
    )
    assert decide_singular(game, until=37)
    assert not decide_singular(game)


def test_a_nearly_singular_game_is_not_called_singular():
    with pytest.raises(NotCertifiedError, match=r"t = 0.*more digits"):
        nash(g_star("4." + 59 * "0" + "1"), MPMath(digits=40))


def test_formulas_with_a_stray_letter_say_so():
    derived = derived_formulas()
    stray = attrs.evolve(derived, rhs=derived.rhs * sympy.MatrixSymbol("Z", 1, 1))
    with pytest.raises(Exception, match="the letter Z has neither a value nor a definition"):
        nash(three_identical(), Q, formulas=stray)
