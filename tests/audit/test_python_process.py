"""A Python solver in a process of its own: it may hang, crash and print as it likes."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from processes import gone

from ergs_verify.audit import contained
from ergs_verify.audit.contained import MEMORY
from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.python_process import PythonSolver
from ergs_verify.engine import nash
from ergs_verify.errors import InputError
from ergs_verify.game.gallery import gallery

# τ says what the solver does: one process serves the tests that do not end it.
SOLVERS = """
import os, subprocess, sys, time
import numpy as np
from ergs_verify.engine import nash

calls = 0

def solve(game):
    global calls
    calls += 1
    os.write(1, b"to the file descriptor\\n")
    print("call", calls, input() if game.tau == 5 else "")
    if game.tau == 6:
        game.A[:] = 0
        game.tau = 7
        return None
    if game.tau == 8:
        return np.empty(1 << 34)
    return nash(game)

def hang(game):
    if game.tau == 1:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print(child.pid, flush=True)
        time.sleep(600)
    return nash(game)

def crash(game):
    print("so far so good")
    if game.tau == 1:
        os.abort()
    if game.tau == 2:
        os._exit(0)
    return nash(game)

def fork(game):
    os.fork()
    return nash(game)

def print_much(game):
    os.write(1, b"x" * int(game.tau * 2**20))
    return nash(game)

class Solver:
    solve = staticmethod(nash)

number = 3
"""


def game(tau):
    return gallery(f"random:N=2,m=2,p=1,T=3,tau={tau}").rounded()


@pytest.fixture
def solvers(tmp_path, monkeypatch):
    """A directory with a user's module in it, and it is the current one."""
    Path(tmp_path, "planted_solvers.py").write_text(SOLVERS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@contextmanager
def running(name, **options):
    with PythonSolver(name=f"planted_solvers:{name}", **options) as solver:
        yield solver


def same_gains(policy, tau):
    right = nash(game(tau).floats()).K
    return all(np.array_equal(np.stack(K), R) for K, R in zip(policy.K, right, strict=True))


def test_one_process_serves_game_after_game(solvers, capfd):
    with running("solve") as solver:
        first, second = solver(game(1)), solver(game(2))
        reads = solver(game(5)).trouble
        mutates = solver(game(6))
        too_large = solver(game(8)).trouble
        last = solver(game(3))
    assert same_gains(first.policy, 1)
    assert same_gains(second.policy, 2)
    assert second.printed == "to the file descriptor\ncall 2 \n"
    assert (reads.kind, reads.message.split(" (")[0]) == (
        "raised",
        "raised EOFError: EOF when reading a line",
    )
    assert mutates.mutated == ("A", "tau")
    assert mutates.trouble.kind == "nothing returned"
    assert MEMORY < 8 * 2**34
    assert too_large.message.startswith("raised MemoryError")
    assert "call 6" in last.printed
    assert same_gains(last.policy, 3)
    assert capfd.readouterr() == ("", "")


def test_a_hanging_solver_is_ended_with_all_it_started(solvers):
    with running("hang", timeout=1.5) as solver:
        began = time.monotonic()
        outcome = solver(game(1))
        assert time.monotonic() - began < 10
        assert outcome.trouble.kind == "timeout"
        assert outcome.trouble.message == "gave no answer within 1.5 s and was stopped"
        assert outcome.seconds >= 1.5
        assert same_gains(solver(game(2)).policy, 2)
    assert gone(int(outcome.printed))


def test_a_process_that_runs_is_not_gone():
    assert not gone(os.getpid(), within=0.1)


def test_a_crash_is_reported_and_the_next_game_is_solved(solvers):
    with running("crash") as solver:
        aborts, leaves, works = solver(game(1)), solver(game(2)), solver(game(3))
    assert (aborts.trouble.kind, aborts.trouble.message) == ("crashed", "was killed by SIGABRT")
    assert aborts.printed.startswith("so far so good\nFatal Python error: Aborted")
    assert leaves.trouble.kind == "crashed"
    assert leaves.trouble.message == "ended with exit status 0"
    assert works.printed == "so far so good\n"
    assert same_gains(works.policy, 3)


def test_a_forked_copy_of_the_solver_answers_nothing(solvers):
    with running("fork") as solver:
        for tau in (1, 2, 3):
            assert same_gains(solver(game(tau)).policy, tau)


def test_output_is_bounded_for_each_game(solvers, monkeypatch):
    monkeypatch.setattr(contained, "FILE", 2**20)
    with running("print_much") as solver:
        assert [solver(game("3/4")).trouble for _ in range(3)] == [None] * 3
        trouble = solver(game(1)).trouble
        assert solver(game("1/4")).trouble is None
    assert (trouble.kind, trouble.message) == (
        "crashed",
        "printed more than 1 MiB and was cut off there",
    )


def test_what_is_wrong_with_the_name_is_known_before_the_first_game(solvers):
    with running("slove") as solver, pytest.raises(InputError, match="has no attribute 'slove'"):
        solver.ready()


def test_conventions_are_applied(solvers):
    with running("Solver.solve", conventions=Conventions(negative_gain=True)) as solver:
        K = solver(game(1)).policy.K
    assert np.array_equal(-K[0][0], nash(game(1).floats()).K[0][0])


def test_modules_are_found_where_this_process_finds_them(solvers, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    with running("Solver.solve") as solver:
        assert solver(game(1)).trouble is None


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("no_such_module:solve", "", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("broken:solve", "1 +", "SyntaxError: invalid syntax"),
        ("broken:solve", "import no_such", "No module named 'no_such' (broken.py, line 1)"),
        ("broken:solve", "raise SystemExit(0)", "SystemExit: 0 (broken.py, line 1)"),
        ("broken:solve", "import os; os._exit(3)", "the process ended with exit status 3"),
        ("planted_solvers:slove", "", "has no attribute 'slove'"),
        ("planted_solvers:number", "", "it is of type int, not a function"),
        ("planted_solvers", "", 'write it like "module:function"'),
        ("planted_solvers:", "", 'write it like "module:function"'),
        ("os:system; x", "", 'write it like "module:function"'),
    ],
)
def test_a_solver_that_cannot_be_loaded_is_an_input_error(solvers, name, text, message):
    Path("broken.py").write_text(text, encoding="utf-8")
    with PythonSolver(name=name) as solver, pytest.raises(InputError) as caught:
        solver(game(1))
    assert message in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.where == "solver"
