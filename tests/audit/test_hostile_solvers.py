"""Solvers that attack the audit: every attack is trouble of theirs, and the next game is solved."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from processes import gone

from ergs_verify.audit import contained, python_process
from ergs_verify.audit.answers import well_formed
from ergs_verify.audit.command import CommandSolver
from ergs_verify.audit.python_process import PythonSolver
from ergs_verify.engine import nash
from ergs_verify.errors import InputError
from ergs_verify.game.gallery import gallery

SOLVERS = """
import functools, gc, io, json, os, shutil, signal, subprocess, sys, time
import numpy as np
from ergs_verify.engine import nash

def attack(game):
    if game.tau == 1:
        ATTACK
    return nash(game)
"""
DAEMON = (
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], "
    "start_new_session=True, close_fds=False); print(child.pid, flush=True); "
)
ALL = "for fd in range(3, 64):\n            try: {}\n            except OSError: pass"
REMOVE = "assert os.path.basename(os.getcwd()) == 'here'; shutil.rmtree(os.getcwd())"
CLOSE = ALL.format("os.close(fd)")
# Without a keeper its parent is the first process of the machine, which is left alone.
KEEPER = "os.getppid() > 1 and os.kill(os.getppid(), {})"


def game(tau):
    return gallery(f"random:N=2,m=2,p=1,T=3,tau={tau}").rounded()


def right(policy, tau):
    wanted = nash(game(tau).floats()).K
    return all(np.array_equal(np.stack(K), R) for K, R in zip(policy.K, wanted, strict=True))


@pytest.fixture
def attacking(tmp_path, monkeypatch):
    """A solver that does this on the game with τ = 1, in a directory of its own."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def made(attack: str, **options) -> PythonSolver:
        text = SOLVERS.replace("ATTACK", attack)
        Path("attackers.py").write_text(text, encoding="utf-8")
        return PythonSolver(name="attackers:attack", **options)

    yield made
    os.chdir(tmp_path)


@pytest.mark.parametrize(
    "attack",
    [
        "json.dumps = functools.partial(json.dumps, indent=2)",
        "json.dumps = lambda *_, **__: 'no JSON'",
        "json.dumps = None",
    ],
)
def test_what_replaces_a_function_of_the_library_is_judged_by_its_numbers(attacking, attack):
    with attacking(attack) as solver:
        assert right(solver(game(1)).policy, 1)
        assert right(solver(game(2)).policy, 2)


SPOILED = "spoiled its answer"
ATTACKS = {
    "junk everywhere": (ALL.format("os.write(fd, b'junk')"), SPOILED),
    "lines everywhere": (ALL.format("os.write(fd, b'junk\\n')"), SPOILED),
    "JSON everywhere": (ALL.format("os.write(fd, b'{\"seconds\": 0.0}\\n')"), SPOILED),
    "encoder": ("json.encoder.JSONEncoder.encode = lambda *_: '[]'", SPOILED),
    "encoder, two lines": ("json.encoder.JSONEncoder.encode = lambda *_: '[]\\n[]'", SPOILED),
    "encoder, no str": ("json.encoder.JSONEncoder.encode = lambda *_: 7", SPOILED),
    "all closed": (CLOSE, "ended with exit status 1"),
    "closed and on": (f"{CLOSE}\n        time.sleep(600)", "closed a file descriptor"),
    "clock": ("time.perf_counter = None", "ended with exit status 1"),
    "keyboard": ("raise KeyboardInterrupt", "was killed by SIGINT"),
    "group killed": ("os.killpg(0, signal.SIGKILL)", "was killed by SIGKILL"),
    "keeper killed": (
        KEEPER.format(9) + "; time.sleep(600)",
        "by SIGKILL",
    ),
    "left open": (f"{DAEMON}os._exit(3)", "ended with exit status 3"),
    "deep": ("K = 1.0\n        for _ in range(900): K = [K]\n        return {'K': K}", "no policy"),
    "too deep": ("K = []\n        K.append(K)\n        return {'K': K}", "cannot be read"),
    "huge number": ("return {'K': 10 ** 10000}", "cannot be read as numbers"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_reported_and_the_next_game_is_solved(attacking, name):
    attack, message = ATTACKS[name]
    with attacking(attack, timeout=20) as solver:
        solver.ready()
        began = time.monotonic()
        outcome = solver(game(1))
        assert time.monotonic() - began < 10
        assert outcome.policy is None
        assert message in outcome.trouble.message
        assert "\n" not in outcome.trouble.message
        following = solver(game(2))
        if following.policy is None:  # what was written after the answer spoils the next
            assert SPOILED in following.trouble.message
            following = solver(game(3))
            assert right(following.policy, 3)
        else:
            assert right(following.policy, 2)
    if outcome.printed.strip().isdigit():
        assert gone(int(outcome.printed))


def test_a_stopped_keeper_is_given_up(attacking, monkeypatch):
    monkeypatch.setattr(contained, "_PATIENCE", 0.5)
    with attacking(KEEPER.format(19) + "; print(os.getpid(), flush=True); "
                   "time.sleep(600)", timeout=2) as solver:  # fmt: skip
        outcome = solver(game(1))
        assert outcome.trouble.kind == "timeout"
        assert gone(int(outcome.printed))
        assert right(solver(game(2)).policy, 2)


def test_an_answer_is_bounded(attacking, monkeypatch):
    monkeypatch.setattr(python_process, "_ANSWER", 2**20)
    attack = ALL.format("\n                while True: os.write(fd, bytes(65536))")
    with attacking(attack, timeout=20) as solver:
        outcome = solver(game(1))
        assert outcome.trouble.kind == "no policy"
        assert outcome.trouble.message == "gave an answer of more than 1 MiB"
        assert right(solver(game(2)).policy, 2)


def test_a_long_answer_is_no_attack(attacking):
    with attacking("pass") as solver:
        large = gallery("random:N=2,m=40,p=20,T=60,seed=0").rounded()
        assert solver(large).trouble is None


@pytest.mark.parametrize(
    "attack",
    [
        "[os.remove(f'/proc/self/fd/{fd}') for fd in (1, 2)]",
        "os.ftruncate(2, 2**20); os._exit(4)",
        "print('far', flush=True, end=''); os.lseek(2, 2**29, 0); os._exit(4)",
    ],
)
def test_its_log_cannot_be_removed(attacking, attack):
    with attacking(attack) as solver:
        assert solver(game(1)).trouble is not None
        following = solver(game(2))
        assert right(following.policy, 2)
        assert following.printed == ""


def test_a_removed_directory_is_not_missed(attacking):
    with attacking(f"{REMOVE}; print('gone', flush=True)") as solver:
        first = solver(game(1))
        assert right(first.policy, 1)
        assert first.printed == "gone\n"
        assert right(solver(game(2)).policy, 2)
        assert not os.path.exists("attackers.py")


def test_a_module_that_removed_itself_is_told_of(attacking):
    with attacking(f"{REMOVE}; os._exit(4)") as solver:
        assert solver(game(1)).trouble.message == "ended with exit status 4"
        trouble = solver(game(2)).trouble
        assert trouble.kind == "crashed"
        assert trouble.message == (
            "cannot be loaded a second time: ModuleNotFoundError: No module named 'attackers'"
        )


# --- programs -----------------------------------------------------------------------------------


def outcomes(code, count=1, **options):
    head = (
        "import os, shutil, signal, subprocess, sys, time; from pathlib import Path; "
        "game, solution = map(Path, sys.argv[1:])\n"
    )
    words = f"{shlex.quote(sys.executable)} -S -c {shlex.quote(head + code)} {{game}} {{solution}}"
    with CommandSolver(command=words, **options) as solver:
        return [solver(game(1)) for _ in range(count)]


PROGRAMS = {
    "folder removed": ("shutil.rmtree(game.parent)", "wrote no solution file"),
    "a file for the folder": (
        "shutil.rmtree(game.parent); game.parent.write_text('')",
        "wrote no solution file",
    ),
    "a link for the folder": (
        "shutil.rmtree(game.parent); game.parent.symlink_to(game.parent.parent / 'elsewhere')",
        "wrote no solution file",
    ),
    "a pipe": ("os.mkfifo(solution)", "is not a regular file"),
    "a directory": ("solution.mkdir()", "is a directory"),
    "a device": ("solution.symlink_to('/dev/zero')", "is not a regular file"),
    "a loop": ("solution.symlink_to(solution)", "wrote no solution file"),
    "deep": ("solution.write_text('[' * 10**6)", "wrote a solution file that"),
    "keeper killed": (
        KEEPER.format(9) + "; time.sleep(600)",
        "was killed by SIGKILL",
    ),
    "left behind": (f"{DAEMON}sys.exit(3)", "ended with exit status 3"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_attack_of_a_program_is_reported(name, tmp_path, monkeypatch):
    (tmp_path / "elsewhere" / "inner").mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = modes(tmp_path)
    code, message = PROGRAMS[name]
    (outcome,) = outcomes(code, timeout=30)
    assert message in outcome.trouble.message
    assert "\n" not in outcome.trouble.message
    assert outcome.seconds < 10
    if outcome.printed.strip().isdigit():
        assert gone(int(outcome.printed))
    after = modes(tmp_path)
    assert before.items() <= after.items()  # where a link leads nothing is changed
    # Of a file or a link in the place of the folder nobody takes care.
    assert len(after) - len(before) == ("for the folder" in name)


def modes(root: Path) -> dict[str, int]:
    paths = [root, root / "elsewhere", *root.iterdir(), *(root / "elsewhere").iterdir()]
    return {str(path): path.lstat().st_mode for path in paths}


def test_a_program_that_removes_itself_is_told_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "solver"
    script.write_text("#!/bin/sh\nrm solver\n", encoding="utf-8")
    script.chmod(0o700)
    with CommandSolver(command="./solver {game} {solution}") as solver:
        assert "wrote no solution file" in solver(game(1)).trouble.message
        trouble = solver(game(1)).trouble
    assert trouble.kind == "crashed"
    assert trouble.message == "cannot be run: No such file or directory, though it was run before"


def test_without_room_for_files_the_input_is_at_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(InputError, match="no temporary file can be written: No such file"):
        outcomes("pass")
    with (
        PythonSolver(name="ergs_verify.engine:nash") as solver,
        pytest.raises(InputError, match="name another folder in the environment variable TMPDIR"),
    ):
        solver(game(1))


@pytest.mark.parametrize(
    ("reply", "well"),
    [
        ({"seconds": 0.5, "mutated": [], "answer": {"K": 1}}, True),
        ({"seconds": 0.5, "mutated": ["A"], "trouble": ["raised", "raised"]}, True),
        ({"seconds": 0.5, "mutated": [], "trouble": ["unheard of", "raised"]}, False),
        ({"seconds": 0.5, "mutated": [], "trouble": [[], "raised"]}, False),
        ({"seconds": 0.5, "mutated": [], "answer": {"K": 1, "L": 1}}, False),
        ({"seconds": float("nan"), "mutated": [], "answer": {"K": 1}}, False),
        ({"seconds": -1.0, "mutated": [], "answer": {"K": 1}}, False),
        ({"seconds": 0.5, "mutated": [1], "answer": {"K": 1}}, False),
        ({"seconds": 0.5, "mutated": [], "answer": [1]}, False),
        ({"mutated": [], "answer": {"K": 1}}, False),
        ([], False),
        (None, False),
    ],
)
def test_what_a_reply_must_look_like(reply, well):
    assert well_formed(reply) is well
