"""Mistakes planted in right solutions: diagnosed as themselves; right and random ones as none."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from attrs import evolve
from random_games import three_identical

from ergs_verify import audit, engine
from ergs_verify.arithmetic import MPMath
from ergs_verify.audit.accuracy import of_equilibrium
from ergs_verify.audit.diagnosis import diagnose, explained
from ergs_verify.audit.first_error import first_error
from ergs_verify.audit.mistakes import Handled, Recomputed, mistakes
from ergs_verify.audit.mistakes.recompute import recomputed
from ergs_verify.audit.suite import suite_game
from ergs_verify.certify.nash import certified_nash
from ergs_verify.errors import InputError
from ergs_verify.game import Game, Policy
from ergs_verify.game.gallery import gallery

LETTERS = frozenset(("K", "Sigma", "P", "q"))
# Square B and K, every matrix varying over time, τ/2 no number that stands in a formula.
SQUARE = "random:N=2,m=2,p=2,T=3,tau=2/3,seed=1"
# One game on which every mistake of these shows: unequal sizes, and no single equilibrium.
ELSEWHERE = {"least-squares": "g-star-4-no-nash", "stationary-gains": "lqr"}
READ_OFF = {"ridge", "prior-covariance", "sigma-times", "printed-digits"}


def right_numbers(game):
    return recomputed(Recomputed(), game, MPMath(digits=30), LETTERS, partial=True)


def planted(game, mistake, variant=0) -> Policy:
    """The solution of a solver that makes the mistake, to 30 digits, rounded to float64."""
    right = right_numbers(game)
    way = list(mistake.variants(game))[variant]
    if mistake.id == "single-precision":
        return stating({k: single(X) for k, X in right.items()})
    if isinstance(way, Handled):
        numbers = {**right, **way.make(right, right)}
    else:
        numbers = recomputed(way, game, way.arithmetic or MPMath(digits=30), LETTERS)
    return stating({k: tuple(np.nan_to_num(X) for X in agents) for k, agents in numbers.items()})


def stating(numbers: Any = None, **letters: Any) -> Policy:
    """A policy with just these numbers, whether or not its Σ and P are symmetric."""
    given = numbers or letters
    return Policy(
        **{k: tuple(X if k == "q" else tuple(X) for X in own) for k, own in given.items()}
    )


def single(agents):
    return tuple(X.astype(np.float32).astype(float) for X in agents)


def right_policy(game, letters: Iterable[str] = LETTERS) -> Policy:
    numbers = right_numbers(game)
    return stating({letter: numbers[letter] for letter in letters})


def ids(matches) -> list[str]:
    return [match.id for match in matches]


@pytest.mark.parametrize("mistake", mistakes(), ids=lambda m: m.id)
def test_a_planted_mistake_is_diagnosed_as_itself(mistake):
    game = gallery(ELSEWHERE.get(mistake.id, SQUARE))
    if not list(mistake.variants(game)):  # its parameter is read off: planted by the benchmarks
        assert mistake.id in READ_OFF
        return
    matches = diagnose(game, planted(game, mistake))
    assert mistake.id in ids(matches)
    # The numbers are the mistake's, rounded to float64 once.
    assert matches[0].digits > 14


def test_with_gains_alone_a_mistake_is_found_too():
    game = gallery("random:N=3,m=3,p=1-2-3,T=4,seed=2")
    mistake = next(m for m in mistakes() if m.id == "own-term-counted")
    (match,) = diagnose(game, stating(K=planted(game, mistake).K))
    assert (match.id, match.quantities) == ("own-term-counted", ("K",))


def test_mistakes_with_the_same_numbers_are_all_reported():
    game = gallery(SQUARE)
    block_diagonal = next(m for m in mistakes() if m.id.endswith("block-diagonal"))
    assert {"few-iterations", block_diagonal.id} <= set(
        ids(diagnose(game, planted(game, block_diagonal)))
    )


def test_wrong_gains_with_their_own_costs_are_told_from_wrong_costs():
    """P and q are those of the policy stated, as if by another recursion."""
    game = gallery(SQUARE)
    right = right_numbers(game)
    K = tuple(-X for X in right["K"])
    cost = engine.evaluate_policy(game.floats(), K, right["Sigma"])
    (match,) = diagnose(game, stating(K=K, Sigma=right["Sigma"], P=cost.P, q=cost.q))
    assert (match.id, match.quantities) == ("sign-of-K", ("K",))


def test_a_deterministic_policy_is_judged_with_the_plain_q():
    game = gallery(SQUARE)
    K = right_numbers(game)["K"]
    cost = engine.evaluate_policy(game.floats(), K, None)
    assert diagnose(game, stating(K=K, P=cost.P, q=cost.q)) == ()
    without_noise = stating(K=K, P=cost.P, q=tuple(np.zeros_like(q) for q in cost.q))
    assert "q-without-noise" in ids(diagnose(game, without_noise))


GAMES = (
    SQUARE,
    "random:N=1,m=3,p=2,T=5,seed=3",
    "random:N=3,m=1,p=1-2-3,T=1,tau=0,seed=4",
    "random:N=2,m=2,p=1,T=8,tau=1/1000,seed=5",
    "lqr",
)


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("letters", [LETTERS, frozenset("K")], ids=["all", "K"])
def test_a_right_solution_matches_nothing(name, letters):
    game = gallery(name)
    solved = engine.nash(game.floats())
    right = stating({letter: getattr(solved, letter) for letter in letters})
    assert diagnose(game, right) == diagnose(game, right_policy(game, letters)) == ()


@pytest.mark.parametrize(("name", "size"), [(SQUARE, 1e-9), (SQUARE, 1.0), (GAMES[1], 1e-3)])
def test_a_random_perturbation_matches_nothing(name, size):
    game = gallery(name)
    rng = np.random.default_rng(7)
    right = right_numbers(game)
    K = tuple(X * (1 + size * rng.normal(size=X.shape)) for X in right["K"])
    assert diagnose(game, stating(K=K)) == ()
    assert diagnose(game, stating({**right, "K": K})) == ()


def test_costs_that_hardly_change_over_time_are_no_evidence_of_a_shift():
    """P_1 is nearly the stationary cost, as of a solver of the algebraic Riccati equation."""
    golden = (1 + 5**0.5) / 2 + 1e-8
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[[1]], [[golden]]]], R=[[[1]]], tau=0, noise_cov=[[0]], horizon=1
    )
    K = right_numbers(game)["K"]
    assert diagnose(game, stating(K=K, P=(np.full((2, 1, 1), golden),))) == ()
    # Where they change the same answer is a shift.
    clear = evolve(game, Q=((game.Q[0][0], 2 * game.Q[0][1]),))
    K = right_numbers(clear)["K"]
    assert "shifted-in-time" in ids(
        diagnose(clear, stating(K=K, P=(np.full((2, 1, 1), 2 * golden),)))
    )


def test_what_float64_loses_is_no_evidence():
    """One stage, so that a mistake in reading later ones changes nothing but roundings."""
    game = gallery("g-star-near-4").rounded()
    solved = engine.nash(game.floats())
    K = (1.001 * solved.K[0], solved.K[1])
    assert diagnose(game, stating(K=K, Sigma=solved.Sigma, P=solved.P, q=solved.q)) == ()


def test_right_gains_rule_out_a_mistake_that_leads_to_others():
    game = gallery(SQUARE)
    wrong = planted(game, next(m for m in mistakes() if m.id == "tau-factor-2"))
    assert ids(diagnose(game, wrong)) == ["tau-factor-2"]
    assert diagnose(game, evolve(wrong, K=right_policy(game).K)) == ()


def test_nothing_is_compared_beyond_float64():
    game = evolve(three_identical(), tau_given=10**400)
    policy = right_policy(three_identical())
    assert diagnose(game, policy) == diagnose(game, Policy(K=policy.K)) == ()


def test_a_policy_of_another_game_is_refused():
    with pytest.raises(InputError, match="agents"):
        diagnose(gallery(SQUARE), right_policy(three_identical()))


def test_letters_left_out_are_left_out_of_the_comparison():
    game = gallery(SQUARE)
    wrong = planted(game, next(m for m in mistakes() if m.id == "sign-of-K"))
    shifted = evolve(wrong, q=[X + 1 for X in wrong.q])
    part, left_out = explained(game, shifted, equilibrium=None, left_out=("Sigma", "P", "q"))
    assert left_out == ("q",)
    assert part[0] == diagnose(game, evolve(wrong, q=None))[0]
    assert "sign-of-K" in [match.id for match in part]
    assert explained(game, wrong, equilibrium=None) == (diagnose(game, wrong), ())


def test_a_factor_with_a_name_of_its_own_has_no_second_one():
    game = gallery(SQUARE)
    right = right_policy(game)
    inverse = [[np.linalg.inv(np.array(X, dtype=float)) for X in own] for own in right.Sigma]
    assert ids(diagnose(game, evolve(right, Sigma=inverse))) == ["sigma-inverted"]


# -- found by faults typed independently --------------------------------------------------------


def test_single_precision_shows_though_P_and_sigma_were_averaged():
    """The mean of two float32 entries is none; the diagonals, K and q still are."""
    game = gallery(SQUARE)
    right = right_numbers(game)

    def averaged(X):
        X = X.astype(np.float32)
        X[:, 0, 1] = np.nextafter(X[:, 0, 1], np.float32(np.inf))
        return (X.astype(float) + X.swapaxes(1, 2)) / 2

    numbers = {k: tuple(map(averaged, right[k])) for k in ("Sigma", "P")}
    numbers |= {k: single(right[k]) for k in ("K", "q")}
    assert (numbers["P"][0] != numbers["P"][0].astype(np.float32)).any()
    assert ids(diagnose(game, stating(numbers))) == ["single-precision"]
    # One number of P more than float32 holds, and of P it is not said; one of K, and of nothing.
    numbers["P"][0][0, 0, 0] *= 1 + 1e-9
    (match,) = diagnose(game, stating(numbers))
    assert (match.id, match.quantities) == ("single-precision", ("K", "Sigma", "q"))
    numbers["K"][0][0, 0, 0] *= 1 + 1e-9
    assert "single-precision" not in ids(diagnose(game, stating(numbers)))


def test_of_a_huge_tau_few_bits_of_q_are_left_and_that_is_no_single_precision():
    game = evolve(gallery("random:N=1,m=1,p=1,T=3,seed=890"), tau_given=10**10)
    right = engine.nash(game.floats())
    assert np.array_equal(right.q[0], right.q[0].astype(np.float32))
    assert audit(game, right).verdict == "pass"


def test_of_a_factor_for_sigma_q_may_be_computed_too():
    game = gallery(SQUARE)
    right = right_numbers(game)
    factors = tuple(map(np.linalg.cholesky, right["Sigma"]))
    numbers = {"K": right["K"], "Sigma": factors, "P": right["P"]}
    data, q = game.floats(), np.zeros((game.agents, game.horizon + 1))
    for t in reversed(range(game.horizon)):
        noise = data.noise_cov + sum(
            B[t] @ L[t] @ B[t].T for B, L in zip(data.B, factors, strict=True)
        )
        for i, L in enumerate(factors):
            relative = np.trace(L[t]) - len(L[t]) - np.log(np.linalg.det(L[t]))
            stage = np.trace(L[t] @ data.R[i][t]) + data.tau / 2 * relative
            q[i, t] = q[i, t + 1] + stage + np.trace(noise @ right["P"][i][t + 1])
    (match,) = diagnose(game, stating(numbers | {"q": tuple(q)}))
    assert (match.id, match.quantities) == ("sigma-factor", ("Sigma", "q"))
    assert match.digits > 12


def gains_after(rounds: int, game: Game, *, in_turn: bool) -> list[np.ndarray]:
    """Of best responses from zero gains at the only stage of a game."""
    data = game.floats()
    half_tau = data.tau / 2
    K = [np.zeros(B.shape[:0:-1]) for B in data.B]
    for _ in range(rounds):
        answers = K if in_turn else list(K)
        for i, (B, Q, R) in enumerate(zip(data.B, data.Q, data.R, strict=True)):
            others = data.A[0] + sum(data.B[j][0] @ K[j] for j in range(len(K)) if j != i)
            W = half_tau * np.eye(len(R[0])) + R[0] + B[0].T @ Q[1] @ B[0]
            answers[i] = -np.linalg.solve(W, B[0].T @ Q[1] @ others)
        K = answers
    return [X[None] for X in K]


@pytest.mark.parametrize("in_turn", [False, True], ids=["at once", "in turn"])
@pytest.mark.parametrize(
    ("rounds", "said"), [(1, "1 round"), *((n, f"{n} rounds") for n in (6, 7, 8, 9))]
)
def test_the_rounds_of_a_loop_that_stops_too_early_are_counted(rounds, said, in_turn):
    game = suite_game("one-stage").game
    K = gains_after(rounds, game, in_turn=in_turn)
    found = {match.id: match for match in diagnose(game, stating(K=tuple(K)))}
    match = found["few-iterations-in-turn" if in_turn else "few-iterations"]
    assert match.message.endswith(f" (here after {said})")
    assert match.digits > 12


@pytest.mark.parametrize(
    ("name", "rounds"),
    [
        ("well-conditioned", 13),
        ("square", 13),  # at T−1 one round is all it takes: only the stages before it tell
        ("one-channel", 11),  # diverges
        ("opposed", 137),
        ("longer", 731),
    ],
)
@pytest.mark.parametrize("letters", [LETTERS, frozenset("K")], ids=["all", "K"])
def test_any_number_of_rounds_is_read_off_the_gains(name, rounds, letters):
    game = suite_game(name).game
    found = engine.algorithm_1(game.floats(), rounds)
    stated = stating({letter: getattr(found, letter) for letter in letters})
    match, *others = diagnose(game, stated)
    assert match.id == "few-iterations"
    assert match.message.endswith(f" (here after {rounds} rounds)")
    assert others == []


@pytest.mark.parametrize("in_turn", [False, True], ids=["at once", "in turn"])
def test_a_converged_loop_is_no_mistake(in_turn):
    game = suite_game("non-diagonal").game
    stage = game_of_last_stage(game)
    K = gains_after(400, stage, in_turn=in_turn)
    assert diagnose(stage, stating(K=tuple(K))) == ()


def game_of_last_stage(game: Game) -> Game:
    return evolve(
        game,
        horizon=1,
        A=game.A[-1:],
        B=tuple(X[-1:] for X in game.B),
        Q=tuple(X[-2:] for X in game.Q),
        R=tuple(X[-1:] for X in game.R),
    )


@pytest.mark.parametrize(
    "misread",
    [lambda X: X.T.reshape(X.shape), lambda X: X.ravel().reshape(X.shape, order="F")],
    ids=["columns as rows", "rows as columns"],
)
@pytest.mark.parametrize("name", ["unequal-controls", "non-diagonal"])
def test_entries_of_B_in_the_wrong_order_are_a_transpose(name, misread):
    game = suite_game(name).game
    read = {"B": tuple(tuple(map(misread, B)) for B in game.B)}
    solved = engine.nash(evolve(game, **read).floats())
    matches = diagnose(game, stating(**{letter: getattr(solved, letter) for letter in LETTERS}))
    assert ids(matches) == ["B-transposed"]


def test_an_ill_typed_sum_is_diagnosed_where_numpy_broadcasts_it():
    """Tr((Σ_ω + Σ_j Σʲ)P) with 1×1 covariances: numpy adds each to every entry of Σ_ω."""
    game = gallery("random:N=2,m=3,p=1,T=3,tau=2/3,seed=1")
    right = right_numbers(game)
    q = [np.zeros(game.horizon + 1) for _ in range(game.agents)]
    for t in reversed(range(game.horizon)):
        spread = game.floats().noise_cov + sum(X[t] for X in right["Sigma"])
        for i, (S, P) in enumerate(zip(right["Sigma"], right["P"], strict=True)):
            own = np.trace(S[t] @ (np.eye(1) / 3 + game.floats().R[i][t]))
            entropy = (1 + np.log(np.linalg.det(S[t]))) / 3
            q[i][t] = q[i][t + 1] + own - entropy + np.trace(spread @ P[t + 1])
    matches = diagnose(game, stating({**right, "q": tuple(q)}))
    assert {"misprint/eq-24/shape", "misprint/thm-IV.3/two-recursions/second-shape"} == set(
        ids(matches)
    )
    assert all(match.digits > 12 for match in matches)


@pytest.mark.parametrize("name", ["non-diagonal", "terminal-cost"])
@pytest.mark.parametrize("faults", ["sandwich-sign", "square-sign/factor/sandwich-sign"])
def test_a_q_that_cannot_be_computed_says_nothing(name, faults):
    """The misprint makes some Σ indefinite, so that q has no log det; the rest tells."""
    game = suite_game(name).game
    printed = f"misprint/thm-III.1/gain-substituted/{faults}"
    wrong = planted(game, next(m for m in mistakes() if m.id == printed))
    (match,) = diagnose(game, wrong)
    assert match.id == printed
    assert {"K", "Sigma", "P"} <= set(match.quantities)


# -- the first error -------------------------------------------------------------------------


def wrong_at(policy: Policy, letter: str, agent: int, t: int) -> Policy:
    arrays = [np.array(X) for X in getattr(policy, letter)]
    arrays[agent - 1][t] = 2 * arrays[agent - 1][t]
    over_time = arrays if letter == "q" else map(tuple, arrays)
    return evolve(policy, **{letter: tuple(over_time)})


@pytest.mark.parametrize("letter", sorted(LETTERS))
@pytest.mark.parametrize(("agent", "t"), [(1, 2), (2, 0)])
def test_the_first_error_is_where_it_was_planted(letter, agent, t):
    game = gallery(SQUARE)
    found = first_error(game, wrong_at(right_policy(game), letter, agent, t))
    assert found is not None
    assert (found.t, found.agent, found.quantity) == (t, agent, letter)
    # Relative to the right entry, which was doubled.
    assert found.error == pytest.approx(1) or letter == "q"


def test_a_smaller_error_counts_where_there_is_no_larger_one():
    game = gallery(SQUARE)
    right = right_policy(game)
    K = [np.array(X) for X in right.K]
    K[0][2] *= 1 + 1e-10
    slightly = evolve(right, K=tuple(map(tuple, K)))
    found = first_error(game, slightly)
    assert found is not None
    assert (found.t, found.agent, found.quantity) == (2, 1, "K")
    larger = first_error(game, wrong_at(slightly, "K", 2, 0))
    assert larger is not None
    assert (larger.t, larger.agent) == (0, 2)


def test_of_two_errors_the_later_counts():
    game = gallery(SQUARE)
    twice = wrong_at(wrong_at(right_policy(game), "K", 1, 0), "K", 2, 1)
    found = first_error(game, twice)
    assert found is not None
    assert (found.t, found.agent) == (1, 2)
    assert "K of agent 2 at t = 1" in found.message


@pytest.mark.parametrize("added", [0, 1e6, 1e12])
def test_the_first_error_is_told_whatever_grows_before_it(added):
    game = gallery("random:N=2,m=3,p=2,T=5,seed=1")
    right = right_policy(game, {"K"})
    wrong = wrong_at(right, "K", 1, 4)
    K = [[X.copy() for X in agent] for agent in wrong.K]
    K[0][0] = K[0][0] + added
    for allowed in (None, of_equilibrium(game, certified_nash(game).found, letters="K")):
        found = first_error(game, stating(K=K), allowed=allowed)
        assert found is not None
        assert (found.quantity, found.agent, found.t) == ("K", 1, 4)
        assert found.error == first_error(game, wrong, allowed=allowed).error


def test_a_right_solution_has_no_first_error():
    game = gallery(SQUARE)
    assert first_error(game, right_policy(game)) is None
    assert first_error(game, right_policy(game, {"K"})) is None


def test_a_singular_covariance_has_infinite_cost():
    game = gallery(SQUARE)
    right = right_policy(game)
    assert right.Sigma is not None
    Sigma = tuple(tuple(map(np.zeros_like, X)) for X in right.Sigma)
    found = first_error(game, evolve(right, Sigma=Sigma), tolerances=(10,))
    assert found is not None
    assert (found.quantity, found.error) == ("Sigma", np.inf)


def test_where_no_equilibrium_is_gains_are_compared_with_answers():
    game = gallery("g-star-4-no-nash")
    found = first_error(game, planted(game, mistakes()[0]))
    assert found is not None
    assert (found.t, found.quantity) == (0, "K")


def test_a_large_game_is_diagnosed_in_seconds():
    game = gallery("random:N=3,m=12,p=4,T=50,seed=1")
    half = evolve(game, tau_given=game.tau / 2)
    solved = engine.nash(half.floats())
    wrong = stating(K=solved.K, Sigma=solved.Sigma, P=solved.P, q=solved.q)
    mistakes()  # derived once a process
    start = time.process_time()
    assert ids(diagnose(game, wrong)) == ["tau-factor-2"]
    assert time.process_time() - start < 3  # the budget of the project for a whole diagnosis
