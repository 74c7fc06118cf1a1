"""Files in the current directory that are named like modules: no command runs them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ergs_verify.game.gallery import gallery

INSTALLED = [str(Path(sys.executable).with_name("ergs-verify"))]
# Python itself loads some modules from the current directory before it comes to ours.
AS_MODULE = [sys.executable, "-m", "ergs_verify"]

LARGE = "random:N=2,m=20,p=1,T=13,seed=1"
SOLVERS = "from ergs_verify.engine import nash\n\n\ndef solve(game):\n    return nash(game)\n"
EIGHT = [f"eq-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8)]

#: Those that start processes, by status: games large enough for it, and claims and games enough.
COMMANDS = {
    "gap": (["gap", LARGE, "--delta", "1"], 0),
    "audit": (["audit", LARGE, "large.json"], 1),
    "audit --solver": (["audit", "--solver", "own_solvers:solve", "--suite", "quick"], 0),
    "paper": (["paper", *EIGHT], 0),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A folder with a file for every module of the standard library."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "own_solvers.py").write_text(SOLVERS, encoding="utf-8")
    K = [np.zeros((13, 1, 20)).tolist()] * 2
    text = json.dumps({"format": "ergs-solution/1", "K": K}) + " " * 100_000
    (folder / "large.json").write_text(text, encoding="utf-8")
    for name in sys.stdlib_module_names:
        text = f"open({str(folder / 'ran')!r}, 'a').write({name!r} + ' ')\nraise SystemExit(9)\n"
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def run(command: list[str], folder: Path) -> tuple[int, str, str]:
    """The status, and what is printed but for progress."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200)
    return done.returncode, done.stdout, re.sub(r"(?m)^.*: \d+ of \d+, \d+ s\n", "", done.stderr)


def what_ran(folder: Path) -> str:
    ran = folder / "ran"
    text = ran.read_text(encoding="utf-8") if ran.exists() else ""
    ran.unlink(missing_ok=True)
    return text


def test_a_python_that_is_not_kept_from_it_runs_what_is_there(hostile):
    status, _, _ = run([sys.executable, "-c", "import socket"], hostile)
    assert (status, what_ran(hostile)) == (9, "socket ")


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_runs_what_is_there(name, hostile):
    game = gallery(LARGE)
    assert game.agents * game.horizon * game.state_size**2 >= 10_000
    # "verify" starts its processes as "paper" does, and takes a minute.
    words, status = COMMANDS[name]
    found, out, err = run([*INSTALLED, *words], hostile)
    assert (what_ran(hostile), found, err) == ("", status, "")
    assert out


def test_started_as_a_module_it_runs_nothing_either(hostile, tmp_path):
    """But for what Python has run before it comes to the package."""
    (tmp_path / "nothing").mkdir()
    (tmp_path / "nothing/__init__.py").touch()
    (tmp_path / "nothing/__main__.py").write_text("import sys; print(*sys.modules)")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "nothing"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in sys.stdlib_module_names - set(done.stdout.split()):
        text = (hostile / f"{name}.py").read_text(encoding="utf-8")
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    assert {"signal", "typing", "struct", "pickle", "__future__"} <= {
        path.stem for path in folder.iterdir()
    }
    games = ["lqr", "g-star-2"]  # a process for each
    status, out, err = run([*AS_MODULE, "crosscheck", *games, "--digits", "20"], folder)
    assert what_ran(hostile) == ""
    assert (status, err) == (0, "")
    assert "lqr" in out
