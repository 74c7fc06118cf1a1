"""Solvers are run where the system has less than Linux: Windows and macOS, simulated."""

from __future__ import annotations

import os
import signal
import sys
import types

import pytest
from processes import gone

from ergs_verify.audit import command, contained
from ergs_verify.audit.command import CommandSolver
from ergs_verify.audit.python_process import PythonSolver
from ergs_verify.game.gallery import gallery

GAME = gallery("g-star-2").rounded()
SLEEPS = "import time; time.sleep(60)"
#: The keeper as macOS runs it before Python 3.13: no `waitid`, no /proc, no prctl.
ON_MACOS = (
    "import os, runpy, sys; del os.waitid, os.P_PID, os.WNOWAIT; sys.platform = 'darwin'; "
    "os.listdir = None; del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')"
)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            r"C:\julia\bin\julia.exe C:\my\new.jl {game}",
            [r"C:\julia\bin\julia.exe", r"C:\my\new.jl"],
        ),
        (r'"C:\Program Files\R\R.exe" --quiet {game}', [r"C:\Program Files\R\R.exe", "--quiet"]),
        (r'octave --eval="a b" {game}', ["octave", "--eval=a b"]),
        (r"\\server\share\solve.exe # {game}", [r"\\server\share\solve.exe", "#"]),
        (r"'C:\it is\here.exe' {game}", [r"C:\it is\here.exe"]),
    ],
)
def test_a_backslash_is_part_of_a_path_on_windows(monkeypatch, line, words):
    monkeypatch.setattr(command.os, "name", "nt")
    try:
        found = command._words(line)
    finally:
        monkeypatch.undo()
    assert found == [*words, "{game}"]


def test_elsewhere_a_command_is_split_as_a_shell_does():
    for line in (r"a\ b 'c d' # {game}", 'x --y="a b"', r"\\n"):
        assert command._words(line) == command.shlex.split(line)


@pytest.fixture
def windows(monkeypatch):
    """The modules that run programs find no keeper, no groups and no SIGKILL."""
    system = types.SimpleNamespace(**{**vars(os), "name": "nt"})
    del system.killpg
    signals = types.SimpleNamespace(**vars(signal))
    del signals.SIGKILL
    monkeypatch.setattr(contained, "os", system)
    monkeypatch.setattr(contained, "signal", signals)


@pytest.fixture
def macos(monkeypatch):
    keeper = contained._KEEPER[-1]
    words = (sys.executable, "-I", "-S", "-c", ON_MACOS, keeper)
    monkeypatch.setattr(contained, "_KEEPER", words)


def program(code):
    return f'"{sys.executable}" -S -c "{code}" {{game}} {{solution}}'


@pytest.mark.parametrize("system", ["windows", "macos"])
def test_solvers_are_run_and_stopped(system, request):
    request.getfixturevalue(system)
    with PythonSolver(name="ergs_verify.engine:nash") as solver:
        assert solver(GAME).policy is not None
        assert solver(GAME).policy is not None
    fails = CommandSolver(command=program("raise SystemExit(3)"))(GAME)
    assert fails.trouble.message == "ended with exit status 3"
    late = CommandSolver(command=program(SLEEPS), timeout=1.0)(GAME)
    assert late.trouble.message == "gave no answer within 1 s and was stopped"
    assert late.seconds < 10


def test_what_a_solver_starts_is_stopped_on_macos(macos, tmp_path):
    """A child in the solver's own group, both where the solver ends and where its time is up."""
    child = (
        "import subprocess, sys, pathlib; "
        f"it = subprocess.Popen([sys.executable, '-S', '-c', '{SLEEPS}']); "
        "pathlib.Path('{place}').write_text(str(it.pid)); {then}"
    )
    for then in ("sys.exit(3)", SLEEPS):
        place = tmp_path / "pid"
        code = child.replace("{place}", str(place)).replace("{then}", then)
        CommandSolver(command=program(code), timeout=2.0)(GAME)
        number = int(place.read_text(encoding="utf-8"))
        assert gone(number)
