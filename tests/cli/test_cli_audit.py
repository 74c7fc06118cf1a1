"""`audit` on the command line: exit statuses, one object, a report with the verdict first."""

from __future__ import annotations

import json
from contextlib import nullcontext

import numpy as np
import pytest

from ergs_verify import gallery, load_game, solve
from ergs_verify.audit import solver as solver_module
from ergs_verify.audit.suite import suite
from ergs_verify.cli import auditing, beside, main
from ergs_verify.engine import nash


@pytest.fixture
def run(capsys):
    def command(*arguments) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return command


@pytest.fixture
def solution(tmp_path):
    """Write a solution file of G*: its equilibrium with one entry moved."""

    def written(step: float, name: str = "solution.json"):
        K = [[[[-13 / 7 + step, 8 / 7]]], [[[8 / 7, -13 / 7]]]]
        path = tmp_path / name
        path.write_text(json.dumps({"format": "ergs-solution/1", "K": K}), encoding="utf-8")
        return path

    return written


def test_the_exit_status_is_the_verdict(run, solution):
    assert run("audit", "g-star-2", solution(0.0))[0] == 0
    assert run("audit", "g-star-2", solution(1e-9))[0] == 1
    assert run("audit", "g-star-2", solution(1e-9), "--epsilon", "1e-9")[0] == 0
    assert run("audit", "g-star-2", solution(1e-9), "--epsilon", "1e-30")[0] == 1


def test_a_directory_of_solutions_is_for_compare(run, tmp_path):
    status, _, err = run("audit", "g-star-2", str(tmp_path))
    assert (status, err.count("\n")) == (2, 1)
    assert "is a directory; ergs-verify compare judges" in err


def test_conventions_of_one_solution_are_applied(run, solution):
    path = solution(0.0)
    K = [[[[13 / 7, -8 / 7]]], [[[-8 / 7, 13 / 7]]]]
    path.write_text(json.dumps({"format": "ergs-solution/1", "K": K}), encoding="utf-8")
    assert run("audit", "g-star-2", path)[0] == 1
    assert run("audit", "g-star-2", path, "--convention", "negative-gain")[0] == 0


def test_undecided_is_status_3(run, tmp_path):
    game = tmp_path / "game.json"
    wrong = tmp_path / "wrong.json"
    # Φ is 1e-30 from a singular matrix: float64 keeps no digit of the gains.
    document = {
        "format": "ergs-game/1", "horizon": 1, "tau": 4, "A": [[1, 0], [0, 1]],
        "B": [[[1], [0]], [[0], [1]]],
        "Q": [[[[0, 0], [0, 0]], [[1, 4], [4, 16]]], [[[0, 0], [0, 0]], [[16, 4], [4, 1]]]],
        "R": [[["1.000000000000000000000000000001"]], [[1]]], "noise_cov": [[0, 0], [0, 0]],
    }  # fmt: skip
    game.write_text(json.dumps(document), encoding="utf-8")
    K = [[X * 2 for X in agent] for agent in solve(load_game(game)).K]
    wrong.write_text(
        json.dumps({"format": "ergs-solution/1", "K": [[X.tolist() for X in a] for a in K]}),
        encoding="utf-8",
    )
    status, out, _ = run("audit", game, wrong)
    assert (status, out[:9]) == (3, "undecided")


def test_the_report_begins_with_the_verdict_and_shows_gaps_and_digits(run, solution):
    _, out, _ = run("audit", "g-star-2", solution(1e-9))
    assert out.startswith("fail: not this game's Nash equilibrium")
    for part in ("gap", "digits", "asked for", "[0][0]", "• K of agent 1 at t = 0"):
        assert part in out


def test_the_object_alone_is_printed(run, solution):
    status, out, _ = run("audit", "g-star-2", solution(0.0), "--json")
    document = json.loads(out)
    assert (status, document["format"], document["verdict"]) == (0, "ergs-audit/1", "pass")
    assert [one["agent"] for one in document["epsilon"]] == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["g-star-2"], "command line"),
        ([], "command line"),
        (["g-star-2", "missing.json"], "missing.json"),
        (["lqrr", "{file}"], "name"),
        (["lqr", "{file}"], "solution.json: K"),
        (["g-star-2", "{file}", "--epsilon", "-1"], "epsilon"),
        (["g-star-2", "{file}", "--epsilon", "x"], "epsilon"),
        (["g-star-2", "{file}", "--solver", "a:b"], "--solver"),
        (["--solver", "a:b", "--command", "x {game} {solution}"], "--solver"),
        (["--solver", "nonsense"], "solver"),
        (["--command", "true {game}"], "command"),
        (["--solver", "ergs_verify.engine:nash", "--suite", "large"], "suite"),
        (["--solver", "ergs_verify.engine:nash", "--convention", "odd"], "convention"),
        (["--solver", "ergs_verify.engine:nash", "--timeout", "0"], "timeout"),
        (["--solver", "ergs_verify.engine:nash", "--timeout", "nan"], "timeout"),
        (["--solver", "ergs_verify.engine:nash", "--format", "mat"], "--format"),
        (["g-star-2", "{file}", "--timeout", "5"], "command line"),
        (["g-star-2", "{file}", "--suite", "quick"], "command line"),
        (["g-star-2", "{file}", "--format", "mat"], "command line"),
        (["g-star-2", "{file}", "--convention", "odd"], "convention"),
        (["g-star-2", "{file}", "--convention", "time-last"], "--convention"),
    ],
)
def test_bad_input_is_one_sentence(run, solution, arguments, place):
    file = solution(0.0)
    given = [str(file) if argument == "{file}" else argument for argument in arguments]
    status, out, err = run("audit", *given, "--json")
    document = json.loads(out)
    assert (status, document["format"]) == (2, "ergs-error/1")
    assert place in document["where"]
    assert err.count("\n") == 1


@pytest.mark.parametrize("ending", ["json", "npz"])
def test_a_file_with_time_last_is_told_so(run, tmp_path, ending):
    name, path = "random:N=2,m=3,p=2,T=5,seed=1", tmp_path / f"last.{ending}"
    found = nash(gallery(name).floats())
    letters = {k: [np.moveaxis(X, 0, -1) for X in getattr(found, k)] for k in ("K", "Sigma", "P")}

    def told():
        if ending == "json":
            lists = {letter: [X.tolist() for X in agents] for letter, agents in letters.items()}
            path.write_text(json.dumps({"format": "ergs-solution/1", **lists}), encoding="utf-8")
        else:
            np.savez(
                path, **{f"{k}_{i}": X for k in letters for i, X in enumerate(letters[k], start=1)}
            )
        status, _, err = run("audit", name, path)
        assert status == 2
        return err.rstrip("\n")

    hint = "; it would fit with the time axis of K, Sigma, P first"
    assert told().endswith(hint)
    del letters["Sigma"], letters["P"]  # K alone is a policy, of another horizon
    assert told().endswith(f"K has 2 stages but the game's horizon is 5{hint}")
    letters["K"] = [K[:1] for K in letters["K"]]
    assert hint not in told()


@pytest.fixture
def two_games(monkeypatch):
    games = tuple(one for one in suite("quick") if one.name in ("loop-diverges", "no-equilibrium"))
    monkeypatch.setattr(solver_module, "named_suite", lambda _name: games)


@pytest.mark.usefixtures("two_games")
def test_a_solver_is_judged_game_by_game(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(
        "from ergs_verify.engine import nash\n"
        "def wrong(game):\n    return {'K': [2 * K for K in nash(game).K]}\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(auditing, "workers", nullcontext)  # judged in this process
    status, out, _ = run("audit", "--solver", "mine:wrong")
    assert status == 1
    assert out.startswith("fail: 1 of 2 games of the suite standard passed, 1 failed")
    assert "The smallest game found on which it fails" in out
    status, out, _ = run("audit", "--solver", "ergs_verify.engine:nash", "--json")
    document = json.loads(out)
    assert (status, document["format"], document["verdict"]) == (0, "ergs-suite/1", "pass")


def test_a_solution_that_was_saved_is_read_back(run, tmp_path):
    for ending in ("json", "npz", "mat"):
        path = tmp_path / f"solution.{ending}"
        solve(gallery("time-varying").rounded()).save(path)
        assert run("audit", "time-varying", path)[0] == 0


def test_a_large_file_is_judged_as_a_small_one(run, solution, monkeypatch):
    """Beside another process, that is."""
    path = solution(1e-3)
    said = run("audit", "g-star-2", path)
    monkeypatch.setattr(beside, "cores", lambda: 2)
    path.write_text(path.read_text(encoding="utf-8") + " " * 100_000, encoding="utf-8")
    assert run("audit", "g-star-2", path)[:2] == said[:2]
