"""Solvers of games without an end, judged as a whole; the games are what is said of them."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from stationary_solver import FAULTS, solver

from ergs_verify import audit, audit_solver, solve
from ergs_verify.audit.command import CommandSolver
from ergs_verify.audit.foreign import FunctionSolver
from ergs_verify.audit.scope import Scope
from ergs_verify.audit.suite import suite, suite_game
from ergs_verify.certify.stationary_nash import search_stationary_nash
from ergs_verify.cli import main
from ergs_verify.errors import NoStablePolicyError, UnboundedCostError
from ergs_verify.game import Game

GAMES = {one.name: one for one in suite("stationary")}
#: Games that are soon judged, two of them discounted, one with a proof that nothing is stable.
FEW = Scope(
    claims=("basic",),
    skip=tuple(
        name
        for name in GAMES
        if name not in (
            "endless-discounted", "endless-own-discounts", "endless-regulator",
            "endless-unreached",
        )
    ),
)  # fmt: skip
ALL_BUT = {
    short: tuple(name for name in GAMES if name != f"stationary-{short}") for short in ("root",)
}


@pytest.mark.parametrize("name", GAMES)
def test_every_game_is_whole(name):
    one = GAMES[name]
    assert one.game.stationary
    assert one.game.rounded().hash == one.game.hash
    assert suite_game(name).game.hash == one.game.hash
    assert one.singular == (name in ("endless-unreached", "endless-unbounded"))


def test_where_there_is_none_that_is_proved():
    for name, kind in (
        ("endless-unreached", NoStablePolicyError),
        ("endless-unbounded", UnboundedCostError),
    ):
        assert isinstance(search_stationary_nash(GAMES[name].game).refuted, kind)


def test_the_cycle_and_the_slow_game_are_such():
    search = search_stationary_nash(GAMES["endless-cycle"].game)
    assert search.equilibria
    assert not {run.outcome for run in search.runs} & {"settles"}
    game = GAMES["endless-slow"].game
    solution = solve(game)
    F = game.floats().A + sum(
        B @ K for B, K in zip(game.floats().B, solution.K, strict=True)
    )  # fmt: skip
    assert max(abs(np.linalg.eigvals(F))) == pytest.approx(0.97, abs=0.01)


def test_a_right_solver_passes():
    found = audit_solver(solver(), "stationary", scope=FEW)
    assert found.verdict == "pass"
    assert len(found.games) == 4
    assert {name for name, _ in found.skipped} == set(FEW.skip)


def test_one_diagnosis_for_a_wrong_solver():
    found = audit_solver(solver("stops early"), "stationary", scope=FEW)
    assert found.verdict == "fail"
    assert FAULTS["stops early"] in [one.id for one in found.suspects.mistakes]
    assert found.suspects.unexplained == ()
    assert found.smallest is not None
    assert found.smallest.game.stationary


@pytest.mark.parametrize("fault", ["one stage", "no discount", "one after the other"])
def test_each_fault_is_named_on_a_game(fault):
    game = GAMES["endless-discounted"].game
    found = audit(game, solver(fault)(game.floats()))
    assert found.verdict == "fail"
    assert FAULTS[fault] in [match.id for match in found.diagnosis or ()]


def test_an_error_passes_only_where_there_is_no_equilibrium():
    def raises(_game):
        raise ValueError("not stable")

    found = audit_solver(raises, "stationary", scope=FEW)
    verdicts = {one.name: (one.verdict, one.message) for one in found.games}
    assert all(verdict == "fail" for verdict, _ in verdicts.values())
    assert "regular game" in verdicts["endless-unreached"][1]


def test_numbers_where_no_policy_is_stable_fail():
    def zero(game):
        return {"K": [np.zeros((B.shape[1], len(game.A))) for B in game.B]}

    one = GAMES["endless-unreached"]
    assert FunctionSolver(function=zero)(one.game).policy is not None
    skip = tuple(name for name in GAMES if name != one.name)
    [found] = audit_solver(zero, "stationary", scope=Scope(skip=skip)).games
    assert found.verdict == "fail"
    assert "instead of an error" in found.message
    assert "No policy is stable" in found.message


def test_a_sign_is_a_convention():
    found = audit_solver(solver("negative"), "stationary", scope=Scope(skip=ALL_BUT["root"]))
    assert found.suspects.conventions == ("negative-gain",)
    assert FAULTS["negative"] in [one.id for one in found.suspects.mistakes]


@pytest.mark.parametrize("end", [".json", ".npz", ".mat"])
def test_a_program_is_judged_by_files(tmp_path, end):
    (tmp_path / "program.py").write_text(
        "import sys\n"
        "from ergs_verify import load_game, solve\n"
        "solve(load_game(sys.argv[1])).save(sys.argv[2])\n"
    )
    with CommandSolver(
        command=f"{sys.executable} {tmp_path}/program.py {{game}} {{solution}}", format=end
    ) as program:
        outcome = program(GAMES["stationary-root"].game)
    assert outcome.policy is not None, outcome.trouble
    assert float(outcome.policy.K[0][0, 0]) == -1.5


def test_a_plain_solver_is_handed_tau_in_R():
    def plain(game):
        assert game.tau == 0
        return solver()(game)

    judged = FunctionSolver(function=plain)
    from ergs_verify.audit.conventions import Conventions

    with judged.under(Conventions(tau_in_R=True)):
        found = audit_solver(judged, "stationary", scope=FEW)
    assert found.verdict == "pass"


@pytest.mark.parametrize(
    ("words", "game", "left_out"),
    [
        ("average", "endless-discounted", True),
        ("average", "endless-average", False),
        ("basic", "stationary-duopoly", True),
        ("basic", "endless-discounted", False),
        ("plain", "endless-average", True),
        ("entropy", "endless-average", False),
        ("no-noise", "endless-average", True),
        ("time-invariant", "endless-average", False),
        ("agents=2,states<=3", "endless-average", False),
    ],
)
def test_scopes(words, game, left_out):
    assert (Scope.named(words).left_out(GAMES[game].game) is not None) == left_out


def test_the_games_that_tell_mistakes_apart_have_equilibria():
    games = list(Scope().games(stationary=True))
    assert len(games) == 3
    for game in games:
        assert isinstance(game, Game)
        assert search_stationary_nash(game).equilibria


def test_the_command(capsys, tmp_path, monkeypatch):
    skip = [word for name in ALL_BUT["root"] for word in ("--skip", name)]
    (tmp_path / "own.py").write_text(
        "import numpy as np\n"
        "def solve(game):\n"
        "    return {'K': [np.zeros((B.shape[1], len(game.A))) for B in game.B]}\n"
    )
    monkeypatch.chdir(tmp_path)
    status = main(["audit", "--solver", "own:solve", "--suite", "stationary", *skip])
    out, err = capsys.readouterr()
    assert status == 1, err
    assert "of 1 game of the suite stationary" in out
    assert "Traceback" not in out + err
