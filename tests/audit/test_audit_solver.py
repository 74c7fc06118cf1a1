"""A solver judged on games: what it does wrong is reported, and the smallest failure is shown."""

from __future__ import annotations

import html
import json
import pickle
from concurrent.futures import Executor, Future

import attrs
import numpy as np
import pytest

from ergs_verify import audit_solver, engine
from ergs_verify.audit import solver as module
from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.foreign import FunctionSolver
from ergs_verify.audit.scope import Scope
from ergs_verify.audit.suite import suite
from ergs_verify.errors import InputError
from ergs_verify.report.audit import suite_summary
from ergs_verify.report.terminal import console, rendered

GAMES = {one.name: one for one in suite("quick")}


def letters(found):
    return {letter: list(getattr(found, letter)) for letter in ("K", "Sigma", "P", "q")}


@pytest.fixture
def on(monkeypatch):
    """Judge a solver on a few games of the suite."""

    def judge(solver, *names, **options):
        chosen = tuple(GAMES[name] for name in names)
        monkeypatch.setattr(module, "named_suite", lambda _name: chosen)
        return audit_solver(solver, **options)

    return judge


def test_the_engine_passes_the_quick_suite_and_progress_is_told():
    told = []
    found = audit_solver(engine.nash, "quick", progress=lambda *done: told.append(done))
    assert found.verdict == "pass"
    assert [one.verdict for one in found.games] == ["pass"] * len(GAMES)
    assert found.smallest is None
    assert told == [(done, 2 * len(GAMES)) for done in range(1, 2 * len(GAMES) + 1)]


def test_a_mistake_is_named_and_the_game_made_smaller(on):
    def wrong(game):
        found = letters(engine.nash(game))
        return {**found, "K": [-K for K in found["K"]]}

    found = on(wrong, "one-stage", "no-equilibrium")
    assert [one.verdict for one in found.games] == ["fail", "pass"]
    audit = found.games[0].audit
    assert audit is not None
    assert "sign-of-K" in [match.id for match in audit.diagnosis or ()]
    small = found.smallest
    assert small is not None
    assert (small.game.agents, small.game.horizon, small.game.state_size) == (1, 1, 1)
    assert small.verdict == "fail"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda _: 1 / 0, "raised ZeroDivisionError"),
        (lambda _: None, "returned None"),
        (lambda _: {"K": 3}, "gave no policy"),
    ],
)
def test_trouble_on_a_regular_game_fails(on, answer, said):
    found = on(answer, "loop-diverges")
    assert found.verdict == "fail"
    assert said in found.games[0].message
    assert found.games[0].audit is None


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (lambda _: 1 / 0, "pass"),
        (lambda _: None, "fail"),
        (lambda _: {"K": [np.zeros((1, 1, 2))] * 2}, "fail"),
        (lambda _: {"K": [np.full((1, 1, 2), np.nan)] * 2}, "pass"),  # compiled code cannot raise
    ],
)
def test_a_singular_game_asks_for_an_error(on, answer, verdict):
    found = on(answer, "no-equilibrium")
    assert found.verdict == verdict
    assert "Φ_t is singular" in found.games[0].message


def test_a_solver_that_only_raises_is_told_from_one_that_knows_a_singular_game(on):
    found = on(lambda _: 1 / 0, "no-equilibrium", "one-stage")
    assert "0 of 2 games" in found.title
    assert found.title.endswith("passed, 2 failed; the solver gave no policy for any of them")
    assert (
        found.games[0].message
        == "fail: the solver raises the same error for the regular game one-stage"
    )
    assert "gave no policy" not in on(engine.nash, "one-stage").title


def test_numbers_in_an_error_make_it_no_other_error(on):
    def lost(game):
        sizes, tau = [B.shape[-1] for B in game.B], game.tau
        raise ValueError(
            f"cannot solve {len(game.B)} agents, p = {sizes}, tau {tau:.1e}, {game.x0_cov}"
        )

    found = on(lost, "no-equilibrium", "one-stage", "unequal-controls")
    assert found.games[0].message.startswith("fail: the solver raises the same error")


def test_not_a_number_everywhere_earns_nothing(on):
    def lost(game):
        return {"K": [np.full((game.horizon, *B.shape[:0:-1]), np.nan) for B in game.B]}

    found = on(lost, "no-equilibrium", "one-stage")
    assert [one.verdict for one in found.games] == ["fail", "fail"]
    assert found.games[0].message.endswith(
        "gives NaN or infinity too for the regular game one-stage"
    )


def wrong_in_time(game):
    return {letter: [X[::-1] for X in agents] for letter, agents in nash(game).items()}


def last_cost_ignored(game):
    return nash(attrs.evolve(game, Q=tuple(np.concatenate([X[:-1], X[-2:-1]]) for X in game.Q)))


def nash(game):
    return letters(engine.nash(game))


def test_shrinking_keeps_the_mistake_and_the_order_of_its_gap(on):
    for wrong, id in (
        (wrong_in_time, "reversed-in-time"),
        (last_cost_ignored, "terminal-stage-cost"),
    ):
        # On a game of one stage gains are the same in any order, and the mistake has another name.
        found = on(wrong, "one-stage", "unequal-controls", "terminal-cost")
        small = found.smallest
        assert [match.id for match in small.audit.diagnosis] == [id]
        assert small.game.horizon <= 3
        gaps = [one.audit.gap.largest.lo for one in (*found.games[1:], small)]
        assert gaps[2] >= min(gaps[:2]) / 10 > 1e-6


def test_what_a_mistake_leaves_unexplained_is_said(on):
    def twice_wrong(game):
        found = letters(engine.nash(game))
        return {**found, "K": [-K for K in found["K"]], "P": [P / 3 for P in found["P"]]}

    found = on(twice_wrong, "non-diagonal", "square")
    first = found.suspects.mistakes[0]
    assert (first.id, first.games, first.left_out) == ("sign-of-K", 2, ("P",))
    told = next(found.suspects.told)
    assert told.startswith(
        "Mistake sign-of-K explains every one of 2 failing games, but not their P:"
    )


def test_shrinking_keeps_an_error_what_it_is(on):
    """Only games of three agents are asked, though of fewer another error is raised."""

    def picky(game):
        if len(game.B) < 2:
            raise ValueError("one agent is no game")
        raise KeyError("no idea")

    found = on(picky, "unequal-controls")
    assert "KeyError" in found.smallest.message
    assert found.smallest.game.agents == 2


def test_one_mistake_explains_every_failing_game(on):
    def wrong(game):
        return {"K": [-K for K in nash(game)["K"]]}

    found = on(wrong, "unequal-controls", "terminal-cost", "opposed", "no-equilibrium")
    first = found.suspects.mistakes[0]
    assert (first.id, first.games, first.of) == ("sign-of-K", 3, 3)
    assert "explains every one of 3 failing games" in list(found.suspects.told)[1]
    assert found.suspects.conventions == ("negative-gain",)
    assert found.suspects.unexplained == ()
    assert next(found.suspects.told).startswith("With --convention negative-gain, every failing")
    document = found.as_json()
    assert document["diagnosis"][0]["id"] == "sign-of-K"
    assert document["conventions"] == ["negative-gain"]


def test_conventions_together_are_found(on):
    """A textbook's solver: u = −Kx, costs with ½."""

    def textbook(game):
        found = nash(attrs.evolve(game, tau=2 * game.tau))
        return {"K": [-K for K in found["K"]], "Sigma": found["Sigma"]}

    found = on(textbook, "unequal-controls", "terminal-cost")
    assert found.suspects.conventions == ("negative-gain", "half-costs")


def test_a_convention_with_which_the_wrong_numbers_are_left_out_explains_nothing(on):
    def wrong(game):
        found = nash(game)
        return {"K": found["K"]} | ({"Sigma": [2 * X for X in found["Sigma"]]} if game.tau else {})

    assert on(wrong, "unequal-controls", "terminal-cost").suspects.conventions == ()


def test_mistakes_that_lead_to_the_same_numbers_are_told_apart(on):
    """Of two agents alike the names may be exchanged, or all moved on by one: by three it shows."""

    def wrong(game):
        P = nash(game)["P"]
        return {"K": nash(game)["K"], "P": [P[0]] * len(P)}

    found = on(wrong, "square")
    named = [match.id for match in found.games[0].audit.diagnosis]
    assert len(named) == 1 or found.suspects.told_apart_by is not None or found.suspects.alike
    assert found.suspects.mistakes[0].id == "cost-of-one-agent"


def test_games_that_fail_without_numbers_count_among_those_that_fail(on):
    def wrong(game):
        if len(game.B) == 1:
            raise KeyError("no idea")
        return {"K": [-K for K in nash(game)["K"]]}

    found = on(wrong, "regulator", "opposed", "square")
    first = found.suspects.mistakes[0]
    assert (first.id, first.games, first.of) == ("sign-of-K", 2, 3)
    convention, mistake, *_ = found.suspects.told
    assert convention.startswith("With --convention negative-gain, 2 of 3 failing games pass.")
    assert "explains 2 of 3 failing games" in mistake


def test_a_game_that_no_mistake_explains_is_said(on):
    def odd(game):
        K = nash(game)["K"]
        return {"K": [1.017 * X + 0.003 for X in K]}

    found = on(odd, "terminal-cost")
    assert found.suspects.unexplained == ("terminal-cost",)
    assert "No known mistake explains: terminal-cost." in list(found.suspects.told)


def test_games_out_of_scope_are_skipped_and_so_is_what_is_declared(on):
    def of_two(game):
        if len(game.B) != 2:
            raise NotImplementedError("two agents only")
        if game.horizon == 1:
            return {"unsupported": "one stage is nothing"}
        return nash(game)

    names = "regulator", "one-stage", "loop-diverges", "square", "opposed"
    undeclared = on(of_two, *names, scope="agents=2")
    assert [name for name, _ in undeclared.skipped] == ["regulator", "one-stage"]
    assert [one.verdict for one in undeclared.games] == ["fail", "pass", "pass"]
    assert "does not accept such a game: one stage is nothing" in undeclared.games[0].message
    scope = Scope.named(skip=["square"], unsupported=["NotImplementedError", "unsupported"])
    found = on(of_two, *names, scope=scope)
    assert dict(found.skipped)["regulator"].startswith("the solver raised NotImplementedError")
    assert (found.verdict, len(found.games), len(found.skipped)) == ("pass", 1, 4)
    assert found.title.endswith("passed; 4 skipped")
    with pytest.raises(InputError, match="not a game of this suite"):
        on(of_two, *names, scope=Scope.named(skip=["squares"]))
    assert on(of_two, "regulator", scope="agents=2").verdict == "undecided"


def test_bars_for_other_numbers_and_for_iterations(on):
    def single(game):
        return {k: [X.astype(np.float32) for X in v] for k, v in nash(game).items()}

    def iterated(game):
        found = nash(game)
        return {"K": [X * (1 + 1e-7) for X in found["K"]]}

    for solver, options in ((single, {"dtype": "float32"}), (iterated, {"tolerance": "1e-7"})):
        assert on(solver, "opposed", "square").verdict == "fail"
        assert on(solver, "opposed", "square", **options).verdict == "pass"
    off = {"dtype": "float32"}
    assert (
        on(lambda g: {"K": [1.001 * X for X in nash(g)["K"]]}, "opposed", **off).verdict == "fail"
    )
    with pytest.raises(InputError, match="float16"):
        on(single, "opposed", dtype="float16")
    with pytest.raises(InputError, match="between 0 and 1"):
        on(single, "opposed", tolerance=0)


def test_an_epsilon_for_every_game(on):
    def rough(game):
        return {"K": [1.01 * X for X in nash(game)["K"]]}

    assert on(rough, "opposed").verdict == "fail"
    found = on(rough, "opposed", epsilon="1")
    assert found.games[0].message == "pass: an ε-Nash equilibrium for ε = 1, proved"
    assert "by ε alone" in rendered(suite_summary(found), on=console(width=100))


def test_printing_and_writing_into_the_game_are_told_and_do_no_harm(on):
    def careless(game):
        found = letters(engine.nash(game))
        print("solving")
        game.Q[0][:] = 0
        return found

    found = on(careless, "loop-diverges", "one-stage")
    assert found.verdict == "pass"
    assert found.games[0].outcome.mutated == ("Q[0]",)
    assert found.games[0].remarks == (
        "it changed the game that it was given: Q[0]",
        "it printed 8 characters",
    )


def test_of_long_output_the_end_is_kept_and_its_length_not_claimed(on):
    def chatty(game):
        print("solving" * 1000)
        return letters(engine.nash(game))

    found = on(chatty, "one-stage")
    assert found.games[0].remarks == ("it printed more than 2000 characters",)


def test_conventions_are_those_declared(on):
    def negative(game):
        return {"K": [-K for K in engine.nash(game).K]}

    solver = FunctionSolver(function=negative, conventions=Conventions(negative_gain=True))
    assert on(solver, "one-stage").verdict == "pass"
    assert on(negative, "one-stage").verdict == "fail"


def test_what_is_no_solver_is_an_input_error():
    with pytest.raises(InputError, match="cannot be loaded"):
        audit_solver("no_such_module:solve", "quick")
    with pytest.raises(InputError, match="no program"):
        audit_solver("no-such-program {game} {solution}", "quick")
    with pytest.raises(InputError, match="is not a suite"):
        audit_solver(engine.nash, "large")
    with pytest.raises(InputError, match="is not a solver"):
        audit_solver(3, "quick")


class Elsewhere(Executor):
    """What is handed over to another process, and what comes back, goes through pickle."""

    def submit(self, fn, /, *args, **kwargs):
        work, given = pickle.loads(pickle.dumps((fn, args)))
        future = Future()
        future.set_result(pickle.loads(pickle.dumps(work(*given, **kwargs))))
        return future


def test_answers_can_be_judged_in_other_processes(on):
    found = on(engine.nash, "loop-diverges", "no-equilibrium", pool=Elsewhere())
    assert [one.verdict for one in found.games] == ["pass", "pass"]


def test_the_object_is_json(on):
    found = on(lambda _: None, "loop-diverges")
    document = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert (document["format"], document["verdict"]) == ("ergs-suite/1", "fail")
    assert document["games"][0]["name"] == "loop-diverges"
    assert document["games"][0]["trouble"]["kind"] == "nothing returned"
    assert document["smallest"]["game"]["format"] == "ergs-game/1"
    assert html.escape(found.title) in found._repr_html_()
