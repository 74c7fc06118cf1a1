"""The engine on general games, against an mpmath reference that shares no formula with it."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import attrs
import numpy as np
import pytest
from engine_checks import assert_innermost, seen_operands
from engine_copies import engine_copy
from engine_games import random_game as papers_game
from engine_games import random_policy
from general_reference import Reference, mp, random_game
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ergs_verify import engine
from ergs_verify.engine import general as general_stacks
from ergs_verify.errors import ErgsError, InputError, SingularStageError, UnboundedCostError
from ergs_verify.game import Game
from ergs_verify.game.floats import as_general
from ergs_verify.game.gallery import gallery

EPS = np.finfo(float).eps
LETTERS = ("K", "k", "Sigma", "P", "s", "q")
#: Together they have two or three agents of unequal controls and every new key.
RICH = (5, 7, 8)


def close(got, wanted, factor=200):
    """Some hundred roundings on numbers of size 1 to 100, in well-conditioned games."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max(initial=0) <= factor * EPS * max(1, np.abs(wanted).max())


def array(X):
    """A matrix of mpmath as float64."""
    return np.array([[float(x) for x in row] for row in X.tolist()])


def over_time(matrices, column=False):
    return np.stack([array(X)[:, 0] if column else array(X) for X in matrices])


def arrays(reference, policy):
    """K, k and Sigma of a reference's policy, per agent over time."""
    agents = range(reference.N)
    return {
        "K": [over_time(reference.rows(K, i) for K, _, _ in policy) for i in agents],
        "k": [over_time((reference.rows(k, i) for _, k, _ in policy), True) for i in agents],
        "Sigma": [over_time(Sigma[i] for _, _, Sigma in policy) for i in agents],
    }


def value_arrays(values):
    return {
        "P": [over_time(P for P, _, _ in own) for own in values],
        "s": [over_time((s for _, s, _ in own), True) for own in values],
        "q": [np.array([float(q) for _, _, q in own]) for own in values],
    }


def costs_of(reference, policy):
    """Every agent's values under a policy."""
    found = []
    for i in range(reference.N):
        values = [reference.terminal(i)]
        for t in reversed(range(reference.T)):
            values.insert(0, reference.value_at(i, t, values[0], *policy[t]))
        found.append(values)
    return found


def moments_of(reference, policy):
    """E[xx'] from mean and covariance, forward in time."""
    mean = reference.x0
    cov = reference.X0 - mean * mean.T
    found = [cov + mean * mean.T]
    for t, (K, k, Sigma) in enumerate(policy):
        F = reference.A[t] + reference.B * K
        mean = F * mean + reference.B * k + reference.drift
        cov = F * cov * F.T + reference.noise[t]
        for j in range(reference.N):
            B = reference.rows(reference.B.T, j).T
            cov = cov + B * Sigma[j] * B.T
        found.append(cov + mean * mean.T)
    return over_time(found)


def answers_at_once(reference, count):
    """Algorithm 1: every agent answers the others' gains, from zero, `count` times a stage."""
    values, policy = [reference.terminal(i) for i in range(reference.N)], []
    for t in reversed(range(reference.T)):
        found = [reference.condition(i, t, values[i]) for i in range(reference.N)]
        K, k = mp.zeros(sum(reference.p), reference.m), mp.zeros(sum(reference.p), 1)
        for _ in range(count):
            after, shift = K.copy(), k.copy()
            for (start, stop), (row, slope, rest, W) in zip(reference.ends, found, strict=True):
                others, constants = K.copy(), k.copy()
                others[start:stop, :] = mp.zeros(stop - start, reference.m)
                constants[start:stop, :] = mp.zeros(stop - start, 1)
                own = -mp.inverse(W) * (slope + row * others)
                moved = -mp.inverse(W) * (rest + row * constants)
                after[start:stop, :], shift[start:stop, :] = own, moved
            K, k = after, shift
        halves = [own[t] / 2 for own in reference.tau]
        Sigma = [half * mp.inverse(W) for half, (*_, W) in zip(halves, found, strict=True)]
        policy.insert(0, (K, k, Sigma))
        values = [reference.value_at(i, t, values[i], K, k, Sigma) for i in range(reference.N)]
    return policy


def definite(Sigma) -> bool:
    """Whether (τ/2)W⁻¹ is a covariance: whether W is positive definite."""
    return min(mp.eigsy((Sigma + Sigma.T) / 2, eigvals_only=True)) > 0


@cache
def known(seed: int) -> SimpleNamespace | None:
    """A random general game and what the reference says of it.

    None where against the policy tried some agent's cost has no lower bound.
    """
    given = random_game(seed)
    reference = Reference(given)
    nash, values = reference.nash()
    draw = np.random.default_rng(seed)

    def off(X):
        return X + mp.matrix((draw.integers(-3, 4, (X.rows, X.cols)) / 16).tolist())

    some = [(off(K), off(k), [X * (1 + t % 2) for X in S]) for t, (K, k, S) in enumerate(nash)]
    best = [reference.best_response(i, some) for i in range(reference.N)]
    bounded = all(
        definite(joint[t][2][i]) for i, joint in enumerate(best) for t in range(reference.T)
    )
    if not bounded:
        return None
    loop = answers_at_once(reference, 2)
    return SimpleNamespace(
        game=Game.from_arrays(**given).floats(),
        nash=arrays(reference, nash) | value_arrays(values),
        some=arrays(reference, some),
        costs=value_arrays(costs_of(reference, some)),
        best=[arrays(reference, joint) for joint in best],
        best_costs=[value_arrays(costs_of(reference, joint)) for joint in best],
        gaps=[float(reference.gap(i, some)) for i in range(reference.N)],
        moments=moments_of(reference, some),
        loop=arrays(reference, loop) | value_arrays(costs_of(reference, loop)),
    )


def compared(found, wanted, letters):
    for letter in letters:
        for got, right in zip(getattr(found, letter), wanted[letter], strict=True):
            close(got, right)


def right_equilibrium(engine, it):
    compared(engine.nash(it.game), it.nash, LETTERS)


def right_costs(engine, it):
    found = engine.evaluate_policy(it.game, it.some["K"], it.some["Sigma"], k=it.some["k"])
    compared(found, it.costs, ("P", "s", "q"))


def right_answers(engine, it):
    for i in range(len(it.game.B)):
        found = engine.best_response(it.game, it.some["K"], it.some["Sigma"], i + 1, k=it.some["k"])
        for letter in LETTERS:
            close(getattr(found, letter), (it.best[i] | it.best_costs[i])[letter][i])


def right_gaps(engine, it):
    found = engine.gap(it.game, it.some["K"], it.some["Sigma"], k=it.some["k"])
    # Nothing cancels in the engine, and the reference has digits to spare.
    np.testing.assert_allclose(found, it.gaps, rtol=1e-12)
    at_nash = engine.gap(it.game, it.nash["K"], it.nash["Sigma"], k=it.nash["k"])
    assert (at_nash >= 0).all()
    assert (at_nash <= 1e4 * (200 * EPS) ** 2).all()


def right_moments(engine, it):
    found = engine.state_moments(it.game, it.some["K"], it.some["Sigma"], k=it.some["k"])
    close(found, it.moments)


def right_loop(engine, it):
    found = engine.algorithm_1(it.game, 2, record_stage=0)
    compared(found, it.loop, LETTERS)
    for own, steps in zip(found.K, found.iterates, strict=True):
        assert len(steps) == 3
        close(steps[-1], own[0])


CHECKS = (
    right_equilibrium,
    right_costs,
    right_answers,
    right_gaps,
    right_moments,
    right_loop,
)


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_every_answer_is_right_on_random_general_games(seed):
    it = known(seed)
    assume(it is not None)
    for check in CHECKS:
        check(engine, it)


def test_the_rich_games_have_every_key():
    has = set().union(*(Game.from_arrays(**random_game(seed)).beyond for seed in RICH))
    assert has >= {"tau", "discount", "drift", "R", "S", "x_linear", "u_linear", "prior"}
    assert {len(set(known(seed).game.A.shape)) for seed in RICH}


FAULTS = {
    "Φ without the prior": ("general.py", "R[..., i, own, :] + prior", "R[..., i, own, :]"),
    "right side with the prior's sign turned": (
        "general.py",
        "S[..., i, own, :] - self.product(prior",
        "S[..., i, own, :] + self.product(prior",
    ),
    "right side without the cross terms": (
        "general.py",
        "= S[..., i, own, :] - self",
        "= 0 * S[..., i, own, :] - self",
    ),
    "costs of others' controls left out of Φ": (
        "general.py",
        "rows[..., own, : self.n] = R[..., i, own, :] + prior",
        "rows[..., own, own] = R[..., i, own, own] + prior[..., own]",
    ),
    "no discount": (
        "general.py",
        "return self.rate[..., agents, None, None] * P",
        "return 1.0 * P",
    ),
    "the discount of another agent": (
        "general.py",
        "for X in game.discount]",
        "for X in game.discount[::-1]]",
    ),
    "the τ of another agent": (
        "general.py",
        "each(game.tau_of, 1)",
        "each(game.tau_of[::-1], 1)",
    ),
    "q not discounted": (
        "general.py",
        "self.rate[..., agents] * q[t + 1]",
        "1.0 * q[t + 1]",
    ),
    "q without the costs of the controls": (
        "general.py",
        "weights = (self.R + self.prior)",
        "weights = (0 * self.R + self.prior)",
    ),
    "q without log|Λ|": (
        "general.py",
        "logs = log_det + self.log_det_precision[..., agents]",
        "logs = log_det",
    ),
    "Λ for its inverse": (
        "general.py",
        "half_tau[..., i, None, None] * precision",
        "half_tau[..., i, None, None] * cov[i]",
    ),
    "log|Λ|'s sign": ("general.py", "= -2 * np.log(roots)", "= 2 * np.log(roots)"),
    "cost without the prior": (
        "general.py",
        "P += self._form(self.prior[t]",
        "P += 0 * self._form(self.prior[t]",
    ),
    "cost with the prior's gain left out": (
        "general.py",
        "off = (K - self.prior_gain[t])",
        "off = (K - 0 * self.prior_gain[t])",
    ),
    "cross terms halved in the cost": (
        "general.py",
        "H[..., :m, m:] = H[..., m:, :m].swapaxes(-1, -2)",
        "H[..., :m, m:] = 0",
    ),
    "closed loop without the gains": (
        "general.py",
        "self.product(self.B[t], K))",
        "0 * self.product(self.B[t], K))",
    ),
    "the prior's mean turned": ("general.py", "= mean[i], M[i]", "= -mean[i], M[i]"),
    "no drift": ("general.py", "each([game.drift], 2)[0]", "0 * each([game.drift], 2)[0]"),
    "linear costs of the state halved": (
        "general.py",
        "Q[..., i, 0, 1:] = Q[..., i, 1:, 0] = x_linear[i]",
        "Q[..., i, 0, 1:] = x_linear[i]",
    ),
    "linear costs of the controls left out": (
        "general.py",
        "H[..., i, m:, m:] = u_linear[i], S[i], R[i]",
        "H[..., i, m:, m:] = 0, S[i], R[i]",
    ),
    "the first stage's noise at all": (
        "general.py",
        "each([game.noise], 3)[0]",
        "each([game.noise], 3)[0][:1]",
    ),
    "Σ twice too large": (
        "general.py",
        "Sigma = half_tau[..., None, None] * inverse",
        "Sigma = 2 * half_tau[..., None, None] * inverse",
    ),
    "Σ for BΣB'": (
        "general.py",
        "return self.noise + self._form(Sigma,",
        "return self.noise + self._form(np.eye(self.n) + 0 * Sigma,",
    ),
    "q without the value at 0": ("general.py", "X[..., 0, 0] + q_i", "q_i"),
    "moments without the mean": (
        "general.py",
        "X_0[...] = first[..., None] * first",
        "X_0[...] = 0 * first[..., None] * first",
    ),
    "moments of another stage": (
        "moments.py",
        "+ noise[t]\n    return X",
        "+ noise[0]\n    return X",
    ),
    "a gain's sign": ("equilibrium.py", "= -solved[..., :m]", "= solved[..., :m]"),
    "a best response to one's own gain": (
        "deviation.py",
        "    K[..., own, :] = 0\n",
        "",
    ),
    "a best response to nobody": (
        "deviation.py",
        "row[..., n:] + stack.product(",
        "row[..., n:] + 0 * stack.product(",
    ),
    "another agent's Σ in the best response's cost": (
        "deviation.py",
        "joint[..., own, own] = Sigma_br",
        "joint[..., own, own] *= 2",
    ),
    "gaps not discounted": (
        "nash_gap.py",
        "** np.arange(stack.horizon)",
        "** (0 * np.arange(stack.horizon))",
    ),
    "gaps discounted once too often": (
        "nash_gap.py",
        "** np.arange(stack.horizon)",
        "** (1 + np.arange(stack.horizon))",
    ),
    "gaps with X_{t+1}": (
        "nash_gap.py",
        "X = general_moments(stack, gains, joint)[:-1]",
        "X = general_moments(stack, gains, joint)[1:]",
    ),
    "an answer that counts one's own gain": (
        "algorithm_1.py",
        "others[..., own] = 0",
        "others[..., own] *= 0.5",
    ),
}


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_is_seen(tmp_path, monkeypatch, fault):
    monkeypatch.syspath_prepend(tmp_path)
    name = f"faulty_general_engine_{list(FAULTS).index(fault)}"
    with engine_copy(tmp_path, name, FAULTS[fault]) as faulty:
        seen = False
        for check in CHECKS:
            for seed in RICH:
                try:
                    check(faulty, known(seed))
                except (AssertionError, ErgsError):
                    seen = True
        assert seen


# --- deterministic policies, the paper's class ---------------------------------------------------


@pytest.mark.parametrize("seed", RICH)
def test_deterministic_policies_pay_the_priors_quadratic_form(seed):
    """(τ/2)(u − Mx − mean)'Λ⁻¹(u − Mx − mean) written out in the letters of a game with τ = 0."""
    it = known(seed)
    game, T = it.game, it.game.horizon
    sizes = [B.shape[-1] for B in game.B]
    changed = {"tau": None, "tau_of": tuple(np.zeros(T) for _ in sizes)}
    for name in ("Q", "joint_R", "joint_S", "x_linear", "u_linear"):
        changed[name] = tuple(X.copy() for X in getattr(game, name))
    constants = []
    for i, p in enumerate(sizes):
        own = slice(sum(sizes[:i]), sum(sizes[:i]) + p)
        L = game.tau_of[i][:, None, None] / 2 * np.linalg.inv(game.prior_cov[i])
        M, mean = game.prior_gain[i], game.prior_mean[i][..., None]
        turned = M.swapaxes(-1, -2)
        changed["Q"][i][:-1] += turned @ L @ M
        changed["x_linear"][i][:-1] += (turned @ L @ mean)[..., 0]
        changed["joint_S"][i][:, own] -= L @ M
        changed["joint_R"][i][:, own, own] += L
        changed["u_linear"][i][:, own] -= (L @ mean)[..., 0]
        each = (mean.swapaxes(-1, -2) @ L @ mean)[:, 0, 0]
        rates = game.discount[i] ** np.arange(T)
        constants.append([(each[t:] * rates[: T - t]).sum() for t in range(T + 1)])
    changed["R"] = tuple(
        X[:, sum(sizes[:i]) : sum(sizes[: i + 1]), sum(sizes[:i]) : sum(sizes[: i + 1])]
        for i, X in enumerate(changed["joint_R"])
    )
    plain = attrs.evolve(game, **changed)
    K, k = it.some["K"], it.some["k"]
    zero = [np.zeros_like(X) for X in it.some["Sigma"]]
    here, there = (
        engine.evaluate_policy(game, K, None, k=k),
        engine.evaluate_policy(plain, K, zero, k=k),
    )
    for i, constant in enumerate(constants):
        close(here.P[i], there.P[i])
        close(here.s[i], there.s[i])
        close(here.q[i], there.q[i] + constant)
        one, other = (
            engine.best_response(game, K, None, i + 1, k=k),
            engine.best_response(plain, K, zero, i + 1, k=k),
        )
        close(one.K, other.K)
        close(one.k, other.k)
        assert not one.Sigma.any()
        close(one.q, other.q + constant)
    close(engine.gap(game, K, None, k=k), engine.gap(plain, K, zero, k=k), 1e4)


@pytest.mark.parametrize("tau", [0.0, 2.0])
@pytest.mark.parametrize("sizes", [(2,), (1, 2), (2, 1, 2)])
def test_the_papers_games_are_general_games_too(sizes, tau):
    game = papers_game(m=3, sizes=sizes, tau=tau)
    general, policy = as_general(game), random_policy(game, seed=4)
    K, Sigma = policy.K, policy.Sigma
    here, there = engine.nash(game), engine.nash(general)
    condition = 1 / there.condition.min()
    for letter in ("K", "Sigma", "P", "q"):
        for one, other in zip(getattr(here, letter), getattr(there, letter), strict=True):
            close(one, other, 1e3 * condition)
    assert not any(X.any() for X in (*(there.k or ()), *(there.s or ())))
    for given_Sigma in (Sigma, None):
        costs = [engine.evaluate_policy(some, K, given_Sigma) for some in (game, general)]
        close(costs[0].q, costs[1].q)
        for answers in zip(
            *([engine.best_response(some, K, given_Sigma, i + 1) for i in range(len(sizes))]
              for some in (game, general)),
            strict=True,
        ):  # fmt: skip
            close(answers[0].K, answers[1].K)
            close(answers[0].q, answers[1].q)
        close(*(engine.stage_gaps(some, K, given_Sigma) for some in (game, general)))
    close(engine.state_moments(game, K, Sigma), engine.state_moments(general, K, Sigma))


# --- stacks --------------------------------------------------------------------------------------


def family(seed: int, count: int):
    """Games like a known one: every array changed a little, at random."""
    draw = np.random.default_rng(seed)
    game = Game.from_arrays(**random_game(seed)).floats()
    return [
        attrs.evolve(
            game,
            A=game.A + 0.1 * draw.normal(size=game.A.shape),
            drift=game.drift + draw.normal(size=game.drift.shape),
            tau=None,
            tau_of=tuple(X * draw.uniform(0.5, 2) for X in game.tau_of),
            discount=tuple(draw.uniform(0.5, 1) for _ in game.B),
            joint_S=tuple(X + 0.1 * draw.normal(size=X.shape) for X in game.joint_S),
            prior_mean=tuple(X + draw.normal(size=X.shape) for X in game.prior_mean),
        )
        for _ in range(count)
    ]


def answers(game, iterations=3):
    """What every function of the engine says of a game or a stack."""
    found = engine.nash(game)
    K, Sigma, k = found.K, [2 * X for X in found.Sigma], found.k
    best = [engine.best_response(game, K, Sigma, i + 1, k=k) for i in range(len(K))]
    cost, loop = (
        engine.evaluate_policy(game, K, Sigma, k=k),
        engine.algorithm_1(game, iterations),
    )
    return [
        *(X for letter in LETTERS for X in getattr(found, letter)),
        *(getattr(one, letter) for one in best for letter in LETTERS),
        *(X for letter in ("P", "s", "q") for X in getattr(cost, letter)),
        *(X for letter in LETTERS for X in getattr(loop, letter)),
        engine.state_moments(game, K, Sigma, k=k),
        engine.stage_gaps(game, K, Sigma, k=k),
    ]


@pytest.mark.parametrize("seed", RICH)
def test_a_stack_answers_like_each_of_its_games(seed):
    games = family(seed, 5)
    stacked = answers(engine.stack_games(games))
    for place, game in enumerate(games):
        for together, alone in zip(stacked, answers(game), strict=True):
            close(together[place], alone)


@pytest.mark.parametrize("seed", RICH)
def test_games_innermost_in_memory_have_the_same_answers(monkeypatch, seed):
    games = engine.stack_games(family(seed, 4))
    wanted = answers(games)
    monkeypatch.setattr(general_stacks, "many_and_small", lambda *given: True)
    for got, right in zip(answers(games), wanted, strict=True):
        close(got, right)


def test_no_product_falls_out_of_its_layout(monkeypatch):
    """Slow, not wrong: an operation that puts the matrices innermost shows in no answer."""
    games = 7
    monkeypatch.setattr(general_stacks, "many_and_small", lambda *given: True)
    operands = seen_operands(monkeypatch, games)
    answers(engine.stack_games(family(7, games)))
    assert_innermost(operands, games)


def test_chunks_answer_like_the_stack():
    games = family(7, 11)
    whole = engine.nash(engine.stack_games(games))
    told = []
    parts = list(engine.stream(engine.nash, iter(games), chunk=4, progress=told.append))
    assert told == [4, 8, 11]
    again = list(engine.stream(engine.nash, engine.stack_games(games), chunk=3))
    for letter in LETTERS:
        for i, wanted in enumerate(getattr(whole, letter)):
            for found in (parts, again):
                close(np.concatenate([getattr(one, letter)[i] for one in found]), wanted)


def test_one_array_may_have_a_batch_axis_alone():
    game = Game.from_arrays(**random_game(7)).floats()
    rates = np.array([0.5, 0.9])
    stacked = engine.nash(attrs.evolve(game, discount=(rates, *game.discount[1:])))
    for place, rate in enumerate(rates):
        alone = engine.nash(attrs.evolve(game, discount=(rate, *game.discount[1:])))
        close(stacked.K[0][place], alone.K[0])


def test_a_papers_game_among_general_ones():
    general = Game.from_arrays(**random_game(7))
    games = [papers_game(m=general.state_size, sizes=general.control_sizes, T=general.horizon)]
    games.append(general.floats())
    found = engine.nash(engine.stack_games(games))
    for place, game in enumerate(games):
        alone = engine.nash(game)
        for one, other in zip(found.K, alone.K, strict=True):
            close(one[place], other, 1e4)


# --- what has no answer, and what is refused ----------------------------------------------------


def unbounded(Q="-9", tau=1) -> Game:
    return Game.from_arrays(
        A=[[1]], B=[[[1]], [[1]]], Q=[[[1]], [[Q]]], R=[[[1]], [[1]]], tau=tau, noise_cov=[[1]],
        horizon=2, indefinite=True,
    )  # fmt: skip


@pytest.mark.parametrize("tau", [0, 1])
def test_a_cost_without_a_lower_bound_is_named(tau):
    with pytest.raises(UnboundedCostError) as found:
        engine.nash(unbounded(tau=tau).floats())
    assert (found.value.agent, found.value.t) == (2, 1)
    stacked = engine.nash(
        engine.stack_games([unbounded(tau=tau).floats(), unbounded("1").floats()])
    )
    assert np.isnan(stacked.K[0][0]).all()
    assert np.isfinite(stacked.K[0][1]).all()


def test_a_W_that_float64_takes_for_singular_is_left_to_more_digits():
    with pytest.raises(ErgsError, match="W of agent 2 is singular to float64 at stage t = 1"):
        engine.nash(unbounded("-3/2").floats())


def test_a_singular_stage_is_found():
    game = gallery("g-star-4-no-nash").floats()
    with pytest.raises(SingularStageError) as found:
        engine.nash(as_general(game))
    assert found.value.t == 0


def test_a_gap_against_an_unbounded_cost_is_no_number():
    game = unbounded().floats()
    K, Sigma = [np.zeros((2, 1, 1))] * 2, [np.ones((2, 1, 1))] * 2
    first, second = engine.gap(game, K, Sigma)
    assert first > 0
    assert np.isnan(second)


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"tau": 3.0}, "tau"),
        ({"noise_cov": np.eye(1)}, "noise_cov"),
        ({"R": (np.full((2, 1, 1), 5.0),) * 2}, "R[0]"),
    ],
)
def test_what_is_told_twice_must_be_the_same(changed, where):
    game = attrs.evolve(unbounded("1").floats(), **changed)
    if where == "noise_cov":
        game = attrs.evolve(game, noise_cov=2 * game.noise_cov)
    with pytest.raises(InputError, match="from which a general game is built") as found:
        engine.nash(game)
    assert found.value.where == where


def test_constants_are_refused_in_the_papers_class():
    game = papers_game()
    policy = random_policy(game)
    k = [np.ones((3, 1)), np.ones((3, 2))]
    with pytest.raises(InputError, match="k is not 0"):
        engine.gap(game, policy.K, policy.Sigma, k=k)
    with pytest.raises(InputError, match="k of agent 2 has shape"):
        engine.gap(as_general(game), policy.K, policy.Sigma, k=[k[0], k[0]])
