"""One solution judged: right ones pass, wrong ones fail, and the report says which case it is."""

from __future__ import annotations

import html
import json
import math
import pickle
from fractions import Fraction
from importlib import import_module

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from random_games import g_star, games

from ergs_verify import Game, Policy, audit, engine, gallery, solve
from ergs_verify.arithmetic import Rationals
from ergs_verify.audit.first_error import first_error
from ergs_verify.audit.right_ways import lost_by_right_ways
from ergs_verify.audit.suite import suite_game
from ergs_verify.errors import InputError, NotCertifiedError, SingularStageError
from ergs_verify.recursion import nash

GAMES = ["g-star-2", "lqr", "time-varying", "plain-lq", "ill-conditioned", "g-star-near-4"]


def solved(game: Game) -> dict:
    """The engine's float64 solution."""
    found = engine.nash(game.floats())
    return {letter: list(getattr(found, letter)) for letter in ("K", "Sigma", "P", "q")}


def single(agents):
    return [np.asarray(np.float32(X), dtype=float) for X in agents]


def policy_of(solution: dict) -> dict:
    return {letter: solution[letter] for letter in ("K", "Sigma")}


# --- right solutions ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*GAMES, "random:N=2,m=3,p=2,T=5,tau=1e-9,seed=6"])
def test_a_right_float64_solution_passes(name):
    game = gallery(name).rounded()
    found = audit(game, solved(game))
    assert (found.verdict, found.judged_by, found.equilibrium.kind) == (
        "pass",
        "quantities",
        "unique",
    )
    assert list(found.quantities) == ["K", "Sigma", "P", "q"]
    assert {one.verdict for one in found.costs.values()} == {"pass"}
    assert found.diagnosis is None
    assert found.notes == ()


@given(game=games())
@settings(max_examples=25)
def test_right_solutions_of_small_games_pass(game):
    try:
        exact = nash(game, Rationals())
        answer = solve(game)
    except (SingularStageError, NotCertifiedError):
        return
    assert audit(game, answer).verdict == "pass"
    policy = exact.as_policy(Rationals())
    found = audit(game, policy, epsilon=0)
    assert found.verdict == "pass"
    assert [one.gap.hi for one in found.gap.agents] == [0] * game.agents


def test_a_certified_solution_passes_with_more_digits_than_the_bar_asks_for():
    game = gallery("time-varying")
    found = audit(game, solve(game, digits=40))
    assert found.verdict == "pass"
    assert all(one.digits > 39 for one in found.quantities.values())
    assert all(10 < one.needed < 15 for one in found.quantities.values())


def test_an_error_is_enclosed_and_its_place_named():
    game = gallery("time-varying")
    answer = solve(game, digits=40)
    K = [[X.copy() for X in agent] for agent in answer.K]
    K[1][2][1, 0] += type(K[1][2][1, 0])("1e-9")
    found = audit(game, attrs.evolve(answer.policy, K=Policy.from_arrays(K=K).K)).quantities["K"]
    assert (found.agent, found.t, found.entry) == (2, 2, (1, 0))
    assert found.max_error == pytest.approx(1e-9, rel=1e-6)
    assert found.max_error >= 1e-9 * (1 - 1e-30)
    assert found.digits == pytest.approx(9 + math.log10(found.size), abs=1e-5)


def test_without_sigma_it_is_judged_in_the_plain_game():
    game = gallery("random:N=2,m=2,T=4,tau=1/2,seed=3").rounded()
    data = game.floats()
    R = tuple(X + data.tau / 2 * np.eye(X.shape[-1]) for X in data.R)
    plain = engine.nash(attrs.evolve(data, R=R, tau=0.0))
    found = audit(game, {"K": plain.K, "P": plain.P, "q": plain.q})
    assert found.verdict == "pass"
    assert found.definite is None
    assert any("plain game" in note for note in found.notes)
    # The q of the game with entropy is another one.
    with_entropy = solved(game)
    found = audit(game, {"K": plain.K, "q": with_entropy["q"]})
    assert found.verdict == "fail"
    assert [letter for letter, one in found.quantities.items() if one.wrong] == ["q"]


# --- wrong solutions ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", GAMES)
def test_single_precision_fails_with_its_name(name):
    game = gallery(name).rounded()
    wrong = {letter: single(agents) for letter, agents in solved(game).items()}
    found = audit(game, wrong)
    assert found.verdict == "fail"
    assert "single-precision" in [match.id for match in found.diagnosis or ()]


@pytest.mark.parametrize("letter", ["K", "Sigma", "P", "q"])
def test_one_wrong_letter_fails_and_is_named(letter):
    game = gallery("time-varying").rounded()
    answer = solved(game)
    wrong = [np.array(X) for X in answer[letter]]
    wrong[1][1] *= 1 + 1e-10
    found = audit(game, {**answer, letter: wrong})
    assert found.verdict == "fail"
    assert [name for name, one in found.quantities.items() if one.wrong] == [letter]
    assert (found.quantities[letter].agent, found.quantities[letter].t) == (2, 1)
    if letter != "K":  # the cost of a policy with another K is another
        assert found.costs["P"].wrong == (letter == "P")
    assert ("but the stated" in found.title) == (letter in "Pq")


def test_right_costs_of_a_wrong_policy_are_said_to_be_right():
    game = gallery("time-varying").rounded()
    answer = solved(game)
    K = [0.5 * X for X in answer["K"]]
    cost = engine.evaluate_policy(game.floats(), K, answer["Sigma"])
    found = audit(game, {"K": K, "Sigma": answer["Sigma"], "P": cost.P, "q": cost.q})
    assert found.verdict == "fail"
    assert found.quantities["P"].wrong
    assert {one.verdict for one in found.costs.values()} == {"pass"}
    assert "The stated P is the cost of the stated policy, so it is the policy that is wrong." in (
        found.notes
    )


def test_what_no_mistake_explains_names_the_first_error():
    game = gallery("time-varying").rounded()
    answer = solved(game)
    K = [np.array(X) for X in answer["K"]]
    K[0][1] += 0.0123
    found = audit(game, {**policy_of(answer), "K": K})
    assert found.diagnosis == ()
    assert found.first_error is not None
    assert (found.first_error.agent, found.first_error.t) == (1, 1)
    assert found.first_error.message.startswith("going backwards in time, K of agent 1 at t = 1 is")
    digits = -math.log10(0.0123 / abs(answer["K"][0][1]).max())
    assert 0 < digits < 2
    assert f"({digits:.1f} digits agree)" in found.first_error.message
    assert audit(game, {**policy_of(answer), "K": K}, explain=False).diagnosis is None


@pytest.mark.parametrize(
    ("name", "letter", "agent", "t", "entry"),
    [
        ("ill-conditioned", "K", 2, 0, (0, 0)),  # 1e-8 of the largest entry, but in other units
        ("huge-tau", "Sigma", 2, 1, (0, 1)),  # beside a q of which rounding leaves few digits
    ],
)
def test_the_first_error_is_told_from_rounding_and_from_units(name, letter, agent, t, entry):
    game = suite_game(name).game.rounded()
    answer = solved(game)
    matrix = answer[letter][agent - 1][t]
    matrix[entry] *= 1.001
    if letter == "Sigma":
        matrix[entry[::-1]] = matrix[entry]
    found = audit(game, answer)
    assert (found.verdict, found.diagnosis) == ("fail", ())
    first = found.first_error
    assert first is not None
    assert (first.quantity, first.agent, first.t) == (letter, agent, t)


def test_lapack_prints_nothing_beyond_the_range_of_float64(capfd):
    """It complains of infinite numbers on standard output, where the JSON goes."""
    game = Game.from_arrays(
        A=[[1e200]], B=[[[1e200]]], Q=[[[1.0]]], R=[[[1.0]]], tau=1.0, noise_cov=[[1.0]], horizon=2
    )
    found = audit(game, {"K": [[[[-1.0]]] * 2], "Sigma": [[[[0.5]]] * 2]})
    assert found.verdict == "undecided"
    assert "0.0 digits agree, none can be asked for" in found.notes[0]
    assert capfd.readouterr().out == ""


def test_beyond_the_range_of_float64_nothing_passes():
    game = Game.from_arrays(
        A=[[1e160]], B=[[[1e-170]]], Q=[[[1.0]]], R=[[[1.0]]], tau=0, noise_cov=[[0.0]], horizon=1
    )
    found = audit(game, {"K": [[[[-1e-10]]]], "P": [[[[123.0]], [[1.0]]]]})  # P_0 is about 1e320
    assert found.verdict == "undecided"


def test_of_two_mistakes_that_of_the_gains_is_named():
    game = gallery("time-varying").rounded()
    answer = solved(game)
    answer["K"] = [-K for K in answer["K"]]
    answer["q"] = [q + float(game.tau) for q in answer["q"]]
    found = audit(game, answer)
    assert [match.id for match in found.diagnosis or ()] == ["sign-of-K"]
    assert found.left_out == ("q",)
    assert any("the next one does not explain q." in note for note in found.notes)


def test_of_two_mistakes_beside_right_gains_q_is_left_out():
    game = gallery("time-varying").rounded()
    answer = solved(game)
    answer["Sigma"] = [np.linalg.cholesky(Sigma) for Sigma in answer["Sigma"]]
    answer["q"] = [1.25 * q for q in answer["q"]]
    found = audit(game, answer)
    assert [match.id for match in found.diagnosis or ()] == ["sigma-factor"]
    assert found.left_out == ("q",)


@pytest.mark.parametrize(("factor", "runs"), [(1, 0), (1 + 1e-6, 1), (2, 0)])
def test_what_right_ways_lose_is_asked_only_where_it_could_excuse(factor, runs, monkeypatch):
    game = gallery("time-varying").rounded()
    answer = policy_of(solved(game))
    answer["K"][1] = factor * answer["K"][1]
    asked = []

    def counted(*given, **more):
        asked.append(given)
        return lost_by_right_ways(*given, **more)

    monkeypatch.setattr(
        import_module("ergs_verify.audit.by_equilibrium"), "lost_by_right_ways", counted
    )
    assert audit(game, answer).verdict == ("pass" if factor == 1 else "fail")
    assert len(asked) == runs


@pytest.mark.parametrize("off", [1e-10, 1e-8])
def test_a_wrong_P_beside_right_gains_is_not_excused_by_the_solve_for_gains(off):
    """In norm, units of controls far apart would lose as much of P, by way of the gains."""
    rng = np.random.default_rng(0)
    u, m = np.array([1, 2.0**10]), 3
    squares = [X @ X.T for X in rng.normal(size=(4, m, m))]
    game = Game.from_arrays(
        A=0.6 * rng.normal(size=(m, m)), B=[X / u for X in rng.normal(size=(2, m, 2))],
        Q=squares[:2], R=[X[:2, :2] / np.outer(u, u) for X in squares[2:]], tau=2.0**-21,
        noise_cov=np.eye(m), horizon=4,
    )  # fmt: skip
    answer = solved(game)
    assert audit(game, answer).verdict == "pass"
    P = [np.array(X) for X in answer["P"]]
    P[0][1] *= 1 + off
    found = audit(game, {**answer, "P": P}, explain=False)
    assert found.verdict == "fail"
    assert [letter for letter, one in found.quantities.items() if one.wrong] == ["P"]
    assert not found.quantities["P"].excused


def test_an_error_where_nothing_would_be_right_has_no_digits():
    """The last gains are 0, so that an error relative to them would be anything."""
    game = gallery("time-varying").rounded()
    game = attrs.evolve(game, Q=tuple((*X[:-1], 0 * X[-1]) for X in game.Q))
    answer = solved(game)
    K = [np.array(X) for X in answer["K"]]
    K[0][-1] += 0.123
    found = audit(game, {**policy_of(answer), "K": K}).first_error
    assert found is not None
    assert "the first that is wrong (no digit agrees): " in found.message


def test_wrong_gains_with_the_costs_of_the_equilibrium_are_told_why_first():
    game = gallery("time-varying").rounded()
    answer = solved(game)
    notes = audit(game, {**answer, "K": [-X for X in answer["K"]]}).notes
    starts = ["K of agent ", "Mistake sign-of-K: K has the opposite sign; the stated K agrees with"]
    starts += [
        f"The stated {k} is the equilibrium's, not the cost of the stated policy: " for k in "Pq"
    ]
    assert [note.startswith(start) for note, start in zip(notes, starts, strict=True)] == [True] * 4


def test_a_singular_sigma_has_an_infinite_gap():
    game = gallery("g-star-2")
    answer = solved(game)
    found = audit(game, {**answer, "Sigma": [0 * X for X in answer["Sigma"]]})
    assert (found.verdict, found.definite) == ("fail", False)
    assert all(one.gap.lo == math.inf for one in found.gap.agents)
    assert any("singular" in note for note in found.notes)
    assert found.costs.keys() == {"P"}  # q is infinite
    assert audit(game, policy_of(answer) | {"Sigma": [0 * X for X in answer["Sigma"]]}, 10**9)


def test_noise_in_a_plain_game_is_wrong():
    game = gallery("plain-lq").rounded()
    answer = solved(game)
    assert audit(game, policy_of(answer)).verdict == "pass"
    noisy = {"K": answer["K"], "Sigma": [X + 1e-30 * np.eye(1) for X in answer["Sigma"]]}
    assert audit(game, noisy).quantities["Sigma"].wrong


# --- the bar -----------------------------------------------------------------------------------


def test_where_float64_keeps_no_digit_only_an_accurate_answer_passes():
    # K is about 3e30.
    game = g_star(4 + Fraction(1, 10**30))
    right = solve(game, digits=40)
    assert audit(game, right).verdict == "pass"
    found = audit(game, {"K": [[X * 2 for X in agent] for agent in right.K]}, explain=False)
    assert found.verdict == "undecided"


def test_an_ill_conditioned_game_allows_what_a_good_one_does_not():
    def with_error(name):
        game = gallery(name)
        right = solve(game)
        K = [[X * (1 + 1e-11) for X in agent] for agent in right.K]
        return audit(game, {"K": K}, explain=False).verdict

    assert with_error("g-star-near-4") == "pass"
    assert with_error("g-star-2") == "fail"


# --- ε -----------------------------------------------------------------------------------------


def in_units(game: Game, cost: float, states: list[float]) -> Game:
    """The game with its costs and its states measured in other units, powers of 2 or nearly."""
    data, s = game.floats(), np.array(states)
    return Game.from_arrays(
        A=data.A * s[:, None] / s, B=[X * s[:, None] for X in data.B],
        Q=[cost * X / s[:, None] / s for X in data.Q], R=[cost * X for X in data.R],
        tau=cost * data.tau, noise_cov=data.noise_cov * np.outer(s, s), horizon=game.horizon,
    )  # fmt: skip


@pytest.mark.parametrize("states", [(2.0**30, 2.0**-30, 1.0), (2.0**-30, 2.0**30, 1.0)])
def test_what_underflow_loses_is_no_error_of_the_solver(states):
    """Costs of 1e-300 and states of 2^±30: P has entries of 1e-318, with five digits."""
    game = in_units(gallery("random:N=2,m=3,p=2,T=4,seed=1").rounded(), 1e-300, states)
    right = solved(game)
    found = audit(game, right)
    assert found.verdict == "undecided"  # moves of Σ and q leave float64's range
    assert {found.quantities[letter].verdict for letter in "KP"} == {"pass"}
    assert 3 < found.quantities["K"].needed < found.quantities["K"].digits < 8
    # In rotated states, 2⁶⁰ apart, right solvers lose more than a hundredth.
    for factor, verdict in ((1.01, "undecided"), (2, "fail")):
        given = {"K": [factor * X for X in right["K"]]}
        assert audit(game, given, explain=False).verdict == verdict


def test_epsilon_decides_by_the_gaps_alone():
    game = gallery("g-star-2")
    wrong = {"K": [[[[-1.86, 1.15]]], [[[1.15, -1.86]]]]}
    gap = audit(game, wrong).gap.largest
    for limit, verdict in ((gap.hi * 2, "pass"), (gap.lo / 2, "fail"), ("1", "pass")):
        found = audit(game, wrong, epsilon=limit)
        assert (found.verdict, found.judged_by) == (verdict, "epsilon")
        assert found.quantities["K"].wrong
    # A hundred-millionth beside the gap needs a tighter enclosure than the one shown.
    tight = audit(game, wrong, epsilon=gap.hi).gap
    exact = tight.largest.hi * (1 + Fraction(1, 10**8))
    assert audit(game, wrong, epsilon=exact).verdict == "pass"


def test_an_epsilon_that_equals_a_gap_is_undecided_unless_it_is_zero():
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=0, noise_cov=[[0]], horizon=1
    )
    # J = 1 + k² + (1 + k)², least at k = −1/2: the gap of k = 0 is 1/2.
    found = audit(game, {"K": [[[[0]]]]}, epsilon="1/2")
    assert found.verdict in ("pass", "undecided")
    assert audit(game, {"K": [[[["-1/2"]]]]}, epsilon=0).verdict == "pass"
    assert audit(game, {"K": [[[["-1/2"]]]]}, epsilon=0).title.endswith("ε = 0, proved")


@pytest.mark.parametrize(
    ("epsilon", "shown"),
    [("0.06", "0.06"), (0.06, "0.06"), ("1/19", "1/19"), (0.0533333, "0.0533333")],
)
def test_epsilon_is_shown_as_it_was_given_and_by_how_much_a_gap_exceeds_it(epsilon, shown):
    learned = {"K": [[[[-1.9, 1.2]]], [[[1.1, -1.9]]]]}
    found = audit(gallery("g-star-2"), learned, epsilon, explain=False)
    assert f"for ε = {shown}, proved" in found.title
    assert str(found.gap.agents[1].gap) == "0.0533333"
    above = [note for note in found.notes if "above ε" in note]
    assert above == ["The gap of agent 2 is above ε by 3.3e-8."] * (shown == "0.0533333")


# --- no single equilibrium ---------------------------------------------------------------------


def member(first, second):
    """Of the continuum of G* at τ = 4 with A all ones: M¹ = g(x), M² = −(5/4)(x₁ + x₂) − g(x)."""
    K = [[[[first, second]]], [[[-1.25 - first, -1.25 - second]]]]
    return {"K": K, "Sigma": [[[[0.5]]], [[[0.5]]]]}


@pytest.mark.parametrize("gains", [(0.3, -0.7), (1e5 / 3, 2.0), (0.0, 0.0)])
def test_a_member_of_a_continuum_passes(gains):
    game = gallery("g-star-4-continuum")
    found = audit(game, member(*gains))
    assert (found.verdict, found.judged_by, found.equilibrium.kind) == ("pass", "gap", "continuum")
    assert found.quantities == {}
    assert "continuum" in found.notes[0]


def test_near_a_continuum_is_not_in_it():
    game = gallery("g-star-4-continuum")
    wrong = member(0.3, -0.7)
    wrong["K"][1] = [[[x + 1e-8 for x in wrong["K"][1][0][0]]]]
    found = audit(game, wrong, explain=False)
    # The game starts at (1, −1), where the wrong gain plays what the right one does.
    assert found.gap.agents[1].gap.hi < 1e-30
    assert found.title.startswith("fail: some agent gains more by deviating")


@pytest.mark.parametrize(("off", "verdict"), [(1e-14, "pass"), (1e-8, "fail")])
def test_a_gap_below_the_smallest_float_counts_as_none(off, verdict):
    game = in_units(gallery("g-star-4-continuum"), 1e-300, [1.0, 1.0])
    K = [[[[0.25, 2.0]]], [[[-1.5 + off, -3.25]]]]
    found = audit(game, {"K": K}, explain=False)
    assert (found.verdict, found.judged_by) == (verdict, "gap")
    assert found.gap_from_anywhere is not None
    assert found.gap_from_anywhere.agents[1].gap.lo > 0


def test_stated_costs_of_a_member_of_a_continuum_are_judged():
    game = gallery("g-star-4-continuum")
    policy = Policy.from_arrays(**member(0.3, -0.7))
    cost = engine.evaluate_policy(
        game.floats(), [np.stack(X).astype(float) for X in policy.K],
        [np.stack(X).astype(float) for X in policy.Sigma or ()],
    )  # fmt: skip
    assert audit(game, {**member(0.3, -0.7), "P": cost.P, "q": cost.q}).verdict == "pass"
    found = audit(game, {**member(0.3, -0.7), "P": [2 * P for P in cost.P]})
    assert found.verdict == "fail"
    assert found.title.endswith("but the stated P is wrong")


def test_nothing_passes_where_there_is_no_equilibrium():
    game = gallery("g-star-4-no-nash")
    found = audit(game, {"K": [[[[-1, 1]]], [[[1, -1]]]], "Sigma": [[[[0.5]]], [[[0.5]]]]})
    assert (found.verdict, found.equilibrium.kind, found.equilibrium.t) == ("fail", "none", 0)
    assert "no Nash equilibrium" in found.notes[0]


# --- what is given -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("solution", "epsilon", "said"),
    [
        ({}, None, "without K is not a solution"),
        (3, None, "^an object of type int without K is not a solution"),
        ({"K": [[[[1, 2]]]] * 2, "sigma": 1}, None, "^the dict has sigma but no Sigma; call it S"),
        ({"Ks": [[[[1, 2]]]] * 2}, None, "^the dict has Ks but no K; call it K"),
        ({"K": [[[[1, 2, 3]]], [[[1, 2, 3]]]]}, None, "K"),
        ({"K": [[[[1, 2]]]]}, None, "for 1 agent but the game has 2"),
        ({"K": [[[[1, math.nan]]], [[[1, 2]]]]}, None, "K"),
        ({"K": [[[[1, 2]]]] * 2, "Sigma": [[[[1, 0], [0, 1]]]] * 2}, None, "Sigma"),
        ({"K": [[[[1, 2]]]] * 2}, -1, "epsilon must be ≥ 0"),
        ({"K": [[[[1, 2]]]] * 2}, "small", "epsilon"),
        ({"K": [[[[1, 2]]]] * 2}, math.inf, "epsilon"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(solution, epsilon, said):
    with pytest.raises(InputError, match=said):
        audit(gallery("g-star-2"), solution, epsilon)


class Lazy(dict):
    """An answer that is computed when it is asked for, and fails."""

    K = property(lambda self: self.get("K"))

    def get(self, key, default=None):
        raise RuntimeError(f"no {key} yet")


class LazyMatrix:
    def __init__(self, error):
        self.error = error

    def __array__(self, *_args, **_kinds):
        raise self.error


def test_a_solution_that_raises_when_it_is_read_is_bad_input():
    game = g_star(2)
    for solution in (Lazy(), type("Object", (), {"K": Lazy.K, "get": Lazy.get})()):
        with pytest.raises(InputError, match=r"RuntimeError: no K yet .*when K was read"):
            audit(game, solution)
    for error in (KeyError("not solved"), SystemExit("not solved")):
        matrix = LazyMatrix(error)
        for place, K in {"": matrix, r"\[0\]": [matrix], r"\[0\]\[0\]": [[matrix]]}.items():
            unread = rf"^K\[0\]{place}.* \(agent 1.*\) is .* (numpy cannot read|not a number)$"
            with pytest.raises(InputError, match=unread):
                audit(game, {"K": [K] * 2})


def test_numbers_with_time_last_are_told_so():
    game = gallery("random:N=2,m=3,p=2,T=5,seed=1").rounded()
    right = solved(game)
    last = {k: [np.moveaxis(X, 0, -1) for X in right[k]] for k in ("K", "Sigma", "P")}
    for answer in (last, {**last, "q": right["q"]}, {"K": np.stack(last["K"])}):
        with pytest.raises(InputError, match=r"would fit with the time axis first: np\.moveaxis"):
            audit(game, answer)
    with pytest.raises(InputError, match=r"horizon is 5$"):
        audit(game, {"K": [X[:3] for X in right["K"]]})


def test_the_q_of_the_gaussian_policy_without_its_sigma_is_told_what_it_lacks():
    game = gallery("random:N=2,m=2,T=4,tau=1/2,seed=3").rounded()
    right = solved(game)
    found = audit(game, {letter: right[letter] for letter in "KPq"})
    assert found.verdict == "fail"
    assert [letter for letter, one in found.quantities.items() if one.wrong] == ["q"]
    lacks = "The q of a Gaussian policy cannot be judged without its Σ"
    assert any(lacks in note for note in found.notes)
    wrong_K = audit(game, {"K": [2 * X for X in right["K"]]})
    assert not any(lacks in note for note in wrong_K.notes)


def test_a_solution_of_another_game_is_said_to_be_one():
    other = gallery("g-star-2")
    answer = solve(other)
    found = audit(attrs.evolve(other, name="G*"), answer.policy)
    assert (found.verdict, found.notes) == (
        "pass",
        ("The solution says that it belongs to another game: its game_hash differs.",),
    )


# --- what comes out ----------------------------------------------------------------------------


def right(**changed):
    return {**solved(gallery("g-star-2")), **changed}


ZERO = {"A": [[0]], "B": [[[1]]], "Q": [[[1]]], "R": [[[1]]], "tau": 0, "noise_cov": [[0]]}
CASES = {
    "pass": lambda: audit(gallery("g-star-2"), right()),
    "epsilon": lambda: audit(gallery("g-star-2"), right(), epsilon=1e-20),
    "beyond float64": lambda: audit(
        gallery("g-star-2"), {"K": [[[["1e400", 0]]], [[[0, 0]]]]}, explain=False
    ),
    "infinite gap": lambda: audit(gallery("g-star-2"), right(Sigma=[[[[0]]]] * 2)),
    "no equilibrium": lambda: audit(gallery("g-star-4-no-nash"), {"K": [[[[0, 0]]]] * 2}),
    "nothing moves": lambda: audit(Game.from_arrays(**ZERO, horizon=1), {"K": [[[[0]]]]}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_object_is_json_and_says_what_the_record_says(case):
    found = CASES[case]()
    document = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert document["format"] == "ergs-audit/1"
    assert document["verdict"] == found.verdict
    for one in document["quantities"].values():
        assert {"max_error", "digits", "agent", "t"} <= one.keys()
    assert [one["agent"] for one in document["epsilon"]] == [1, 2][: found.gap.game.agents]
    assert html.escape(found.title) in found._repr_html_()
    assert pickle.loads(pickle.dumps(found)).as_json() == found.as_json()


def test_progress_is_told():
    told = []
    game = gallery("g-star-2")
    audit(game, solved(game), progress=lambda *what: told.append(what))
    assert [done for _, done, _ in told] == [0, 1, 2, 3]
    assert {parts for _, _, parts in told} == {3}


@pytest.mark.parametrize("factor", [1e20, 1e80, 1e200])
def test_a_diverged_answer_fails_however_large(factor):
    game = gallery("random:N=2,m=2,p=1,T=3,seed=1")
    right = solved(game)
    found = audit(game, right | {"K": [K * factor for K in right["K"]]})
    assert found.verdict == "fail"
    assert all(one.gap.lo > 1e60 or one.gap.hi == math.inf for one in found.gap.agents)
    for one in found.costs.values():  # a right cost of another policy agrees with none of its own
        assert one.digits < 17
    assert audit(game, {"K": [K * factor for K in right["K"]]}, epsilon=1).verdict == "fail"


def test_a_name_is_no_game():
    with pytest.raises(
        InputError, match=r"audit takes a Game, not an object of type str; gallery\(name\)"
    ):
        audit("g-star-2", {"K": []})


# --- another process ---------------------------------------------------------------------------


def test_gaps_and_costs_may_come_from_another_process():
    game = gallery("random:N=2,m=2,p=1,T=3,seed=4")
    wrong = solved(game)
    wrong["P"][0] = wrong["P"][0] * 1.01
    begun = []

    def meanwhile(work):
        begun.append(pickle.dumps(work))
        return lambda: pickle.loads(pickle.dumps(pickle.loads(begun[0])()))

    found = audit(game, wrong, meanwhile=meanwhile)
    assert len(begun) == 1
    assert found.as_json() == audit(game, wrong).as_json()


def test_with_a_fault_nothing_is_begun_elsewhere():
    """What is played depends on whether the fault is rounding."""
    game = gallery("random:N=2,m=2,p=2,T=3,seed=4")
    wrong = solved(game)
    wrong["Sigma"][0] = wrong["Sigma"][0] + np.array([[0, 1e-3], [0, 0]])
    begun = []
    found = audit(game, wrong, meanwhile=begun.append)
    assert not begun
    assert found.faults.keys() == {"Sigma"}


@pytest.mark.parametrize("letter", ["K", "Sigma", "P", "q"])
@pytest.mark.parametrize("size", [-1.7e308, 1e200, 5e-324])
def test_enormous_and_tiny_entries_are_judged_without_a_warning(letter, size):
    game = gallery("random:N=2,m=2,T=3,seed=1")
    right = solve(game)
    stated = {
        name: [list(agent) for agent in getattr(right, name)] for name in ("K", "Sigma", "P", "q")
    }
    stated[letter][0][1] = stated[letter][0][1] * 0 + size
    found = audit(game, Policy.from_arrays(**stated, as_stated=True))
    assert found.verdict == "fail"
    first = first_error(game, Policy.from_arrays(**stated, as_stated=True))
    assert (first.t, first.agent, first.quantity) == (1, 1, letter)
    assert first.error >= 1 - 1e-9
