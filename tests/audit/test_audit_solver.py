"""A solver judged on games: what it does wrong is reported, and the smallest failure is shown."""

from __future__ import annotations

import html
import json
import pickle
from concurrent.futures import Executor, Future

import numpy as np
import pytest

from ergs_verify import audit_solver, engine
from ergs_verify.audit import solver as module
from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.foreign import FunctionSolver
from ergs_verify.audit.suite import suite
from ergs_verify.errors import InputError

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
        (lambda _: {"K": [np.full((1, 1, 2), np.nan)] * 2}, "fail"),
    ],
)
def test_a_singular_game_asks_for_an_error(on, answer, verdict):
    found = on(answer, "no-equilibrium")
    assert found.verdict == verdict
    assert "Φ_t is singular" in found.games[0].message


def test_a_solver_that_only_raises_is_told_from_one_that_knows_a_singular_game(on):
    found = on(lambda _: 1 / 0, "no-equilibrium", "one-stage")
    assert "1 of 2 games" in found.title
    assert found.title.endswith("passed, 1 failed; the solver answered none")
    assert "answered none" not in on(engine.nash, "one-stage").title


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
    with pytest.raises(InputError, match="is no suite"):
        audit_solver(engine.nash, "large")
    with pytest.raises(InputError, match="is no solver"):
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
