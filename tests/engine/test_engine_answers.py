"""Batches, singular stages, the inner loop, infinities, bad arguments, what the engine imports."""

from __future__ import annotations

import ast
from collections.abc import Collection
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from attrs import evolve
from engine_games import (
    changed,
    g_star,
    random_game,
    random_policy,
    three_identical,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from ergs_verify import engine
from ergs_verify.errors import ErgsError, InputError, SingularStageError
from ergs_verify.game.gallery import gallery

#: The library may take other kernels for other strides: sums in another order, a few ulps, grown
#: by the conditioning of these small random games.
FEW_ULPS = 1e-12


def same(got, wanted, rtol=FEW_ULPS):
    np.testing.assert_allclose(got, wanted, rtol=rtol, atol=rtol * max(1, np.abs(wanted).max()))


def per_agent(record):
    return [
        X
        for letter in ("K", "Sigma", "P", "q")
        if getattr(record, letter, None) is not None
        for X in getattr(record, letter)
    ]


@settings(max_examples=15)
@given(
    m=st.integers(1, 4),
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple),
    T=st.integers(1, 4),
    seed=st.integers(0, 10**6),
)
def test_a_batch_gives_what_single_calls_give(m, sizes, T, seed):
    games = [random_game(m, sizes, T, tau, seed + k) for k, tau in enumerate((0.0, 1.0, 1.0, 20.0))]
    policies = [random_policy(game, seed) for game in games]
    batch = engine.stack_games(games)
    K, Sigma = (
        [np.stack([getattr(p, letter)[i] for p in policies]) for i in range(len(sizes))]
        for letter in ("K", "Sigma")
    )
    calls = {
        "nash": lambda g, p: per_agent(engine.nash(g)),
        "algorithm_1": lambda g, p: per_agent(engine.algorithm_1(g, 3)),
        "evaluate_policy": lambda g, p: per_agent(engine.evaluate_policy(g, p.K, p.Sigma)),
        "deterministic": lambda g, p: per_agent(engine.evaluate_policy(g, p.K, None)),
        "best_response": lambda g, p: [
            getattr(engine.best_response(g, p.K, p.Sigma, 1), x) for x in ("K", "Sigma", "P", "q")
        ],
        "gap": lambda g, p: [engine.gap(g, p.K, p.Sigma), engine.stage_gaps(g, p.K, None)],
        "moments": lambda g, p: [engine.state_moments(g, p.K, p.Sigma)],
        "distance": lambda g, p: [engine.policy_distance(p, engine.nash(g))],
    }
    for call in calls.values():
        together = call(batch, SimpleNamespace(K=K, Sigma=Sigma))
        for place, (game, policy) in enumerate(zip(games, policies, strict=True)):
            for got, wanted in zip(together, call(game, policy), strict=True):
                assert got[place].shape == wanted.shape
                same(got[place], wanted)


def test_two_batch_axes_and_shared_matrices():
    game = random_game()
    taus = np.array([[0.5, 1.0, 2.0], [3.0, 4.0, 5.0]])
    batch = changed(game, tau=taus)
    together = engine.nash(batch)
    assert together.K[1].shape == (2, 3, 3, 2, 3)
    assert together.q[0].shape == (2, 3, 4)
    assert together.condition.shape == (2, 3, 3)
    for place in np.ndindex(taus.shape):
        single = engine.nash(changed(game, tau=taus[place]))
        same(together.K[1][place], single.K[1])
        same(together.condition[place], single.condition)
    gaps = engine.stage_gaps(batch, together.K, together.Sigma)
    assert gaps.shape == (2, 3, 2, 3)


def test_no_games_at_all():
    game = changed(random_game(), tau=np.zeros(0))
    nothing, policy = engine.nash(game), random_policy(game)
    assert nothing.K[1].shape == (0, 3, 2, 3)
    assert nothing.singular_stage.shape == (0,)
    assert engine.evaluate_policy(game, policy.K, policy.Sigma).P[0].shape == (0, 4, 3, 3)
    assert engine.best_response(game, policy.K, policy.Sigma, 2).q.shape == (0, 4)
    assert engine.gap(game, policy.K, policy.Sigma).shape == (0, 2)
    assert engine.algorithm_1(game, 2).q[0].shape == (0, 4)


def test_matrices_constant_in_time_may_be_broadcast():
    game = random_game(m=2, sizes=(1, 2), T=4)
    views = {
        "A": np.broadcast_to(game.A[:1], game.A.shape),
        "B": tuple(np.broadcast_to(B_i[:1], B_i.shape) for B_i in game.B),
        "R": tuple(np.broadcast_to(R_i[:1], R_i.shape) for R_i in game.R),
    }
    copies = {
        name: value.copy() if name == "A" else tuple(X.copy() for X in value)
        for name, value in views.items()
    }
    for got, wanted in zip(
        per_agent(engine.nash(changed(game, **views))),
        per_agent(engine.nash(changed(game, **copies))),
        strict=True,
    ):
        same(got, wanted)


@pytest.mark.parametrize("A", [np.eye(2), np.ones((2, 2))], ids=["no NE", "a continuum"])
def test_singular_stage_of_a_single_game(A):
    with pytest.raises(SingularStageError) as caught:
        engine.nash(g_star(4.0, A=A, T=3))
    assert caught.value.t == 2


def test_singular_only_up_to_rounding():
    # An orthogonal change of the state leaves Φ as it is but for rounding.
    game = g_star(4.0)
    for angle in np.linspace(0.1, 3, 25):
        c, s = np.cos(angle), np.sin(angle)
        U = np.array([[c, -s], [s, c]])
        turned = changed(
            game, B=tuple(U @ B_i for B_i in game.B), Q=tuple(U @ Q_i @ U.T for Q_i in game.Q)
        )
        with pytest.raises(SingularStageError):
            engine.nash(turned)


def test_nearly_singular_is_solved_and_its_condition_told():
    for delta in (1e-3, 1e-6, 1e-9):
        solution = engine.nash(g_star(4.0 + delta))
        # Φ = [[d, 4], [4, d]] with d = 4 + δ/2: |Φ⁻¹||Φ| has row sums (d+4)/(d−4).
        exact = (delta / 2) / (8 + delta / 2)
        np.testing.assert_allclose(solution.condition, exact, rtol=1e-15 / exact + 1e-12)
        # K = −Φ⁻¹[[1, 4], [4, 1]], to a relative 2⁻⁵²/condition.
        d = 4 + delta / 2
        K = (16 - d) / (d * d - 16)
        np.testing.assert_allclose(solution.K[0][0, 0, 0], K, rtol=8 * 2**-52 / exact)


def test_condition_forgets_units_of_control():
    game = random_game(m=2, sizes=(1, 1), T=2)
    scaled = changed(
        game,
        B=(game.B[0], 2.0**-20 * game.B[1]),
        R=(game.R[0], 2.0**-40 * game.R[1]),
        tau=0.0,
    )
    same(engine.nash(scaled).condition, engine.nash(changed(game, tau=0.0)).condition)


def test_an_ill_posed_game_spoils_no_other():
    taus = np.array([2.0, 4.0, 3.0, 0.0])
    games = [g_star(tau, T=3) for tau in taus]
    games.append(changed(games[0], A=np.full((3, 2, 2), 1e200)))
    batch = engine.stack_games(games)
    together = engine.nash(batch)
    np.testing.assert_array_equal(together.singular_stage, [-1, 2, -1, -1, -1])
    for X in per_agent(together):
        assert np.isnan(X[[1, 4]]).all()
    for place in (0, 2, 3):
        single = engine.nash(games[place])
        for got, wanted in zip(per_agent(together), per_agent(single), strict=True):
            same(got[place], wanted)
    gaps = engine.gap(batch, together.K, together.Sigma)
    assert np.isnan(gaps[[1, 4]]).all()
    assert (gaps[[0, 2, 3]] < 1e-25).all()
    cost = engine.evaluate_policy(batch, together.K, together.Sigma)
    assert np.isnan(cost.q[0][[1, 4], 0]).all()
    assert np.isfinite(cost.q[0][[0, 2, 3]]).all()
    answer = engine.best_response(batch, together.K, together.Sigma, 2)
    same(answer.K[[0, 2, 3]], together.K[1][[0, 2, 3]])
    iterated = engine.algorithm_1(batch, 2)
    assert not np.isfinite(iterated.q[0][4]).all()
    for place in (0, 1, 2, 3):  # where Φ is singular the iteration runs all the same
        single = engine.algorithm_1(games[place], 2)
        for got, wanted in zip(per_agent(iterated), per_agent(single), strict=True):
            same(got[place], wanted)


def test_leaving_the_range_of_float64_is_said():
    with pytest.raises(ErgsError, match="range of float64"):
        engine.nash(changed(g_star(2.0), A=np.full((1, 2, 2), 1e200)))


def one_state(final, B=1.0, T=2):
    """One agent with τ = R = 0 and W = B'QB at the last stage."""
    return changed(
        three_identical(),
        A=np.ones((T, 1, 1)),
        B=(np.full((T, 1, 1), B),),
        Q=(np.array([0.0] * T + [final]).reshape(T + 1, 1, 1),),
        R=(np.zeros((T, 1, 1)),),
        tau=0.0,
        horizon=T,
    )


def test_an_indefinite_W_is_not_called_singular():
    message = "agent 1 is not positive definite at stage t = 1"
    with pytest.raises(ErgsError, match=message) as caught:
        engine.nash(one_state(-1.0))
    assert not isinstance(caught.value, SingularStageError)
    # W² = [[1, 2], [2, 1]]: its diagonal is positive and Φ regular.
    game = random_game(m=2, sizes=(2, 2), T=2, tau=0.0)
    indefinite = np.broadcast_to(np.array([[1.0, 2.0], [2.0, 1.0]]), (2, 2, 2))
    with pytest.raises(ErgsError, match=r"agent 2 is not positive definite at stage t = 1"):
        engine.nash(changed(game, B=(game.B[0], np.zeros((2, 2, 2))), R=(game.R[0], indefinite)))
    with pytest.raises(SingularStageError):
        engine.nash(one_state(0.0))


def test_entries_that_are_not_finite_are_said():
    with pytest.raises(ErgsError, match="not finite"):
        engine.nash(one_state(np.nan))


def test_inner_loop_diverges_on_g_star_at_its_spectral_radius():
    iterates = engine.algorithm_1(g_star(2.0), 40, record_stage=0).iterates
    assert iterates is not None
    assert iterates[0].shape == (41, 1, 2)
    steps = np.linalg.norm(np.diff(np.concatenate(iterates, axis=-2), axis=0), axis=(-2, -1))
    # J = [[0, −4/3], [−4/3, 0]]: every difference is 4/3 times the one before, exactly.
    np.testing.assert_allclose(steps[1:] / steps[:-1], 4 / 3, rtol=1e-13)


def test_inner_loop_of_three_identical_agents_diverges():
    game = three_identical()
    error = [np.abs(engine.algorithm_1(game, L).K[0] + 2 / 7).max() for L in (10, 20)]
    np.testing.assert_allclose(error[1] / error[0], (4 / 3) ** 10, rtol=1e-12)


def test_inner_loop_left_to_diverge_raises_nothing():
    output = engine.algorithm_1(g_star(2.0, T=2), 3000)
    assert not np.isfinite(output.K[0]).all()
    assert not np.isfinite(engine.policy_distance(output, output))


def test_algorithm_1_step_by_step():
    """Two iterations, agent by agent, with the formulas of (19) written out."""
    game = random_game(m=2, sizes=(1, 2), T=2, tau=0.7, seed=5)
    output = engine.algorithm_1(game, 2, record_stage=0)
    P = [Q_i[-1] for Q_i in game.Q]
    for t in (1, 0):
        K = [np.zeros((p, 2)) for p in (1, 2)]
        W = [
            0.35 * np.eye(p) + game.R[i][t] + game.B[i][t].T @ P[i] @ game.B[i][t]
            for i, p in enumerate((1, 2))
        ]
        for _ in range(2):
            A_1 = game.A[t] + game.B[1][t] @ K[1]
            A_2 = game.A[t] + game.B[0][t] @ K[0]
            K = [
                -np.linalg.inv(W[i]) @ game.B[i][t].T @ P[i] @ A_i
                for i, A_i in enumerate((A_1, A_2))
            ]
        F = game.A[t] + game.B[0][t] @ K[0] + game.B[1][t] @ K[1]
        for i in range(2):
            same(output.K[i][t], K[i])
            same(output.Sigma[i][t], 0.35 * np.linalg.inv(W[i]))
            R_tilde = game.R[i][t] + 0.35 * np.eye(len(W[i]))
            P[i] = game.Q[i][t] + K[i].T @ R_tilde @ K[i] + F.T @ P[i] @ F
            same(output.P[i][t], P[i])
    assert output.iterates is not None
    np.testing.assert_array_equal(output.iterates[1][0], np.zeros((2, 2)))
    np.testing.assert_array_equal(output.iterates[1][-1], output.K[1][0])


def test_start_of_algorithm_1_costs_infinitely_much():
    game = random_game()
    start = engine.algorithm_1(game, 0)
    for K_i, S_i, q_i in zip(start.K, start.Sigma, start.q, strict=True):
        assert not K_i.any()
        assert not S_i.any()
        assert np.isposinf(q_i[:-1]).all()
    assert np.isposinf(engine.gap(game, start.K, start.Sigma)).all()
    cost = engine.evaluate_policy(game, start.K, start.Sigma)
    assert np.isposinf(cost.q[0][0])
    assert np.isfinite(engine.gap(changed(game, tau=0.0), start.K, start.Sigma)).all()


def test_covariance_singular_up_to_rounding_costs_infinitely_much():
    game = random_game(sizes=(1, 3))
    policy = random_policy(game)
    v = np.array([[0.1], [0.2], [0.7]])
    policy.Sigma[1] = np.broadcast_to(v @ v.T, policy.Sigma[1].shape)
    gaps = engine.gap(game, policy.K, policy.Sigma)
    assert np.isfinite(gaps[0])
    assert np.isposinf(gaps[1])


def costs_scaled(game, exponent):
    scale = 2.0**exponent
    Q, R = (tuple(scale * X for X in matrices) for matrices in (game.Q, game.R))
    return changed(game, Q=Q, R=R, tau=scale * game.tau)


@pytest.mark.parametrize("exponent", [-900, -401, 701, 900])
@pytest.mark.parametrize("sizes", [(2, 2), (3, 1)])
@pytest.mark.parametrize("count", [0, 3, 130])
def test_q_keeps_its_digits_whatever_the_size_of_costs(count, sizes, exponent):
    """Of log(τ/2) − log W, two numbers of size 600, a hundred times the error would stay."""
    game = random_game(m=1, sizes=sizes, tau=np.linspace(0.5, 9, count) if count else 2.0)
    scaled, policy = costs_scaled(game, exponent), random_policy(game)
    policies = [
        [np.broadcast_to(X, (count, *X.shape)) if count else X for X in letter]
        for letter in (policy.K, policy.Sigma)
    ]
    calls = {
        "nash": lambda g: engine.nash(g).q,
        "compiled": lambda g: engine.nash(g, compiled=True).q,
        "algorithm_1": lambda g: engine.algorithm_1(g, 3).q,
        "best_response": lambda g: [engine.best_response(g, *policies, i).q for i in (1, 2)],
    }
    for name, call in calls.items():
        for got, wanted in zip(call(scaled), call(game), strict=True):
            # All but roots of an odd power of 2 is scaled exactly: some roundings of each log|Σ|.
            rounding = 16 * np.finfo(float).eps * np.abs(wanted).max()
            assert np.abs(got / 2.0**exponent - wanted).max() <= rounding, name


def test_tiny_entropy_costs_finitely_much():
    """W is 10³⁰⁰ times τ, and more: their ratio alone leaves the range of float64."""
    plain = changed(random_game(), tau=0.0)
    for compiled in (False, True):
        wanted = engine.nash(plain, compiled=compiled)
        almost = engine.nash(changed(plain, tau=5e-318), compiled=compiled)
        for got, exact in zip(almost.q, wanted.q, strict=True):
            same(got, exact)


def test_tiny_regular_covariance_costs_finitely_much():
    game = random_game(sizes=(2, 2))
    solution = engine.nash(game)
    gaps = engine.stage_gaps(game, solution.K, [1e-30 * S for S in solution.Sigma])
    # M = 1e-30·I at the last stage.
    np.testing.assert_allclose(gaps[:, -1], 2 * (1e-30 - 1 + 30 * np.log(10)), rtol=1e-13)


def test_cost_of_one_stage_by_quadrature():
    """Equation (2) integrated pointwise, logarithms of the densities included."""
    game = random_game(m=1, sizes=(1, 1), T=1, tau=0.9, seed=11)
    policy = random_policy(game, seed=12)
    nodes, weights = np.polynomial.hermite_e.hermegauss(6)  # exact up to degree 11
    weights = weights / weights.sum()
    x = 0.8
    spread = [np.sqrt(S[0, 0, 0]) for S in policy.Sigma]
    mean = [K_i[0, 0, 0] * x for K_i in policy.K]
    u = [mean[i] + spread[i] * nodes for i in range(2)]
    noise = np.sqrt(game.noise_cov[0, 0]) * nodes
    cost = engine.evaluate_policy(game, policy.K, policy.Sigma)
    for i in range(2):
        log_ratio = -0.5 * nodes**2 - np.log(spread[i]) + 0.5 * u[i] ** 2
        own = game.R[i][0, 0, 0] * u[i] ** 2 + game.tau * log_ratio
        following = (
            game.A[0, 0, 0] * x
            + game.B[0][0, 0, 0] * u[0][:, None, None]
            + game.B[1][0, 0, 0] * u[1][:, None]
            + noise
        )
        final = np.einsum("a,b,c,abc->", weights, weights, weights, following**2)
        total = game.Q[i][0, 0, 0] * x**2 + weights @ own + game.Q[i][1, 0, 0] * final
        np.testing.assert_allclose(cost.P[i][0, 0, 0] * x**2 + cost.q[i][0], total, rtol=1e-13)


def test_cost_by_simulation():
    game = random_game(m=2, sizes=(1, 2), T=3, seed=6)
    policy = random_policy(game, seed=6)
    cost = engine.evaluate_policy(game, policy.K, policy.Sigma)
    rng = np.random.default_rng(0)
    count = 20_000

    def draw(cov):
        return rng.multivariate_normal(np.zeros(len(cov)), cov, count, method="cholesky")

    x = game.x0_mean + draw(game.x0_cov)
    totals = np.zeros((2, count))
    for t in range(3):
        u = [x @ K_i[t].T + draw(S_i[t]) for K_i, S_i in zip(policy.K, policy.Sigma, strict=True)]
        for i in range(2):
            S, excess = policy.Sigma[i][t], u[i] - x @ policy.K[i][t].T
            fit = np.einsum("ka,ab,kb->k", excess, np.linalg.inv(S), excess)
            log_ratio = 0.5 * ((u[i] ** 2).sum(1) - fit - np.linalg.slogdet(S)[1])
            totals[i] += np.einsum("ka,ab,kb->k", x, game.Q[i][t], x)
            totals[i] += np.einsum("ka,ab,kb->k", u[i], game.R[i][t], u[i]) + game.tau * log_ratio
        x = x @ game.A[t].T + sum(u[i] @ game.B[i][t].T for i in range(2)) + draw(game.noise_cov)
    X_0 = game.x0_cov + np.outer(game.x0_mean, game.x0_mean)
    for i in range(2):
        totals[i] += np.einsum("ka,ab,kb->k", x, game.Q[i][3], x)
        wanted = np.trace(cost.P[i][0] @ X_0) + cost.q[i][0]
        # Five standard errors; the seed is fixed, so this either always holds or never does.
        assert abs(totals[i].mean() - wanted) <= 5 * totals[i].std() / np.sqrt(count)


def test_metric():
    game = random_game()
    policy = random_policy(game)
    other = SimpleNamespace(K=[X + 3 for X in policy.K], Sigma=[X + 1 for X in policy.Sigma])
    # Frobenius norms of constant matrices: 3√(1·3) + 1 + 3√(2·3) + 2.
    wanted = 3 * np.sqrt(3) + 1 + 3 * np.sqrt(6) + 2
    np.testing.assert_allclose(engine.stage_distances(policy, other), wanted, rtol=1e-14)
    np.testing.assert_allclose(engine.policy_distance(other, policy), 3 * wanted, rtol=1e-14)
    bare = SimpleNamespace(K=policy.K, Sigma=None)
    covariances = sum(np.linalg.norm(S, axis=(-2, -1)).sum() for S in policy.Sigma)
    for pair in ((policy, bare), (bare, policy)):
        np.testing.assert_allclose(engine.policy_distance(*pair), covariances, rtol=1e-14)
    assert engine.policy_distance(bare, bare) == 0


def test_bad_arguments_are_named():
    game = random_game()
    policy = random_policy(game)
    turned = [X.swapaxes(-1, -2) for X in policy.K]
    for message, call in {
        "K of agent 1": lambda: engine.evaluate_policy(game, turned, None),
        "the number of agents in K is 1": lambda: engine.gap(game, policy.K[:1], None),
        "Sigma of agent 2": lambda: engine.state_moments(
            game, policy.K, [policy.Sigma[0], policy.Sigma[0]]
        ),
        "agents are 1 to 2": lambda: engine.best_response(game, policy.K, None, 3),
        "must be ≥ 0": lambda: engine.algorithm_1(game, -1),
        "stages run from 0 to 2": lambda: engine.algorithm_1(game, 1, record_stage=3),
        "is 2 in one policy and 1 in the other": lambda: engine.policy_distance(
            policy, SimpleNamespace(K=policy.K[:1], Sigma=policy.Sigma)
        ),
        "K of agent 1 has shape": lambda: engine.policy_distance(
            policy, SimpleNamespace(K=turned, Sigma=policy.Sigma)
        ),
    }.items():
        with pytest.raises(InputError, match=message):
            call()


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.float32])
def test_the_moments_do_not_depend_on_the_dtype(dtype):
    game = random_game()
    policy = random_policy(game)
    # Squares beyond the range of int32, of int64, and the digits of float32.
    mean = np.array([3, 70_001, 2**24 - 1] if dtype != np.int64 else [3, 2**33, 2**40])
    covariance = np.diag([1, 2, 3])
    exact = changed(game, x0_mean=mean.astype(float), x0_cov=covariance.astype(float))
    given = changed(game, x0_mean=mean.astype(dtype), x0_cov=covariance.astype(dtype))
    for answer in (engine.state_moments, engine.gap, engine.stage_gaps):
        np.testing.assert_array_equal(
            answer(given, policy.K, policy.Sigma), answer(exact, policy.K, policy.Sigma)
        )


def test_the_distance_does_not_depend_on_the_dtype():
    far = np.full((1, 1, 1), 3 * 2**61)
    ours, theirs = (SimpleNamespace(K=[X], Sigma=None) for X in (far, -far))
    assert engine.policy_distance(ours, theirs) == 3 * 2.0**62


@pytest.mark.parametrize("bad", [1e200, np.inf, np.nan])
def test_a_mean_out_of_range_marks_its_own_game_alone(bad):
    game = random_game()
    policy = random_policy(game)
    means = np.stack([game.x0_mean, np.full(3, bad)])
    batch = changed(game, x0_mean=means)
    for answer in (engine.state_moments, engine.gap, engine.stage_gaps):
        found = answer(batch, policy.K, policy.Sigma)
        same(found[0], answer(game, policy.K, policy.Sigma))
        assert not np.isfinite(found[1]).all()


def test_sums_over_stages_out_of_range_are_infinite():
    huge = np.full((2, 1, 1), 1.5e308)
    far = (SimpleNamespace(K=[X], Sigma=None) for X in (huge, 0 * huge))
    assert np.isposinf(engine.policy_distance(*far))
    # (τ/2)Tr(Σ) of either stage is just within the range, both are not.
    game = changed(one_state(0.0), R=(np.ones((2, 1, 1)),))
    assert np.isposinf(engine.gap(game, [np.zeros((2, 1, 1))], [huge]))


def test_batch_axes_that_do_not_fit_are_named():
    game = random_game()
    policy = random_policy(game)
    five = [np.stack([X] * 5) for X in policy.K]
    four = changed(game, A=np.stack([game.A] * 4))
    seventy = changed(game, tau=np.ones(70))
    for message, call in {
        r"tau has batch axes \(3,\)": lambda: engine.nash(changed(four, tau=np.ones(3))),
        r"the game \(70,\)": lambda: engine.gap(seventy, five, None),
        "the game none: a stack of policies needs": lambda: engine.evaluate_policy(
            game, five, None
        ),
        r"Sigma of agent 1 has batch axes \(2, 70\)": lambda: engine.state_moments(
            seventy, policy.K, [np.broadcast_to(S, (2, 70, *S.shape)) for S in policy.Sigma]
        ),
        r"the other policy has batch axes \(4,\)": lambda: engine.policy_distance(
            SimpleNamespace(K=five, Sigma=None),
            SimpleNamespace(K=[X[:4] for X in five], Sigma=None),
        ),
    }.items():
        with pytest.raises(InputError, match=message):
            call()
    assert engine.gap(seventy, policy.K, policy.Sigma).shape == (70, 2)


def test_nothing_of_the_game_is_written_to():
    game = random_game()
    policy = random_policy(game)
    for X in (game.A, *game.B, *game.Q, *game.R, *policy.K, *policy.Sigma):
        X.flags.writeable = False
    engine.nash(game)
    engine.algorithm_1(game, 2)
    engine.gap(game, policy.K, policy.Sigma)
    engine.best_response(game, policy.K, policy.Sigma, 1)
    engine.evaluate_policy(game, policy.K, policy.Sigma)


ALLOWED = {
    "__future__",
    "collections",
    "fractions",
    "functools",
    "itertools",
    "math",
    "typing",
    "numpy",
    "attrs",
}
#: Needs numba, and is imported by nobody but `nash`, when asked for.
WITH_NUMBA = "compiled.py"
ALLOWED_HERE = ("ergs_verify.engine", "ergs_verify.errors", "ergs_verify.game")


def forbidden_imports(source: str, allowed: Collection[str] = ALLOWED) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append("." * node.level + (node.module or ""))
        elif isinstance(node, ast.Name) and node.id == "__import__":
            names.append(node.id)
    return [
        name
        for name in names
        if name.split(".")[0] not in allowed and not name.startswith(ALLOWED_HERE)
    ]


def test_the_engine_imports_nothing_of_the_derived_side():
    sources = list(Path(engine.__file__).parent.glob("*.py"))
    assert len(sources) > 5
    for source in sources:
        allowed = {*ALLOWED, "numba"} if source.name == WITH_NUMBA else ALLOWED
        assert forbidden_imports(source.read_text(encoding="utf-8"), allowed) == []


@pytest.mark.parametrize(
    "line",
    [
        "import sympy",
        "from ergs_verify.paper import formulas",
        "from ergs_verify import recursion",
        "from ..evaluate import evaluate",
        "def f():\n    import mpmath",
        "import importlib",
        "__import__('sympy')",
    ],
)
def test_a_forbidden_import_is_seen(line):
    assert forbidden_imports(line)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"A": np.ones((1, 2, 3))}, r"B\[0\] has shape \(1, 2, 1\), but its last axes must be"),
        (
            {"R": (np.ones((1, 2, 2)),) * 2},
            r"R\[0\] has shape \(1, 2, 2\), but its last",
        ),
        (
            {"Q": (np.ones((1, 2, 2)),) * 2},
            r"Q\[0\] has shape \(1, 2, 2\), but its last",
        ),
        ({"B": (np.ones((1, 2, 1)),)}, "B, Q and R need an array for each agent"),
        ({"A": np.ones((2, 2))}, r"A has shape \(2, 2\), but its last axes must be \(1, 2, 2\)"),
    ],
)
def test_a_matrix_of_another_size_is_named(change, message):
    with pytest.raises(InputError, match=message):
        engine.nash(evolve(gallery("g-star-2").floats(), **change))


def test_a_cost_that_numpy_would_spread_is_refused():
    game = gallery("random:N=2,m=2,p=2,T=3,seed=0").floats()
    with pytest.raises(InputError, match=r"R\[0\] has shape \(3, 1, 1\)"):
        engine.nash(evolve(game, R=(np.ones((3, 1, 1)),) * 2))
