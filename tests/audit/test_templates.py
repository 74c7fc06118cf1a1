"""The solvers that `ergs-verify template` prints, each run where its program is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from ergs_verify.audit.command import CommandSolver
from ergs_verify.audit.foreign import FunctionSolver
from ergs_verify.audit.python_process import PythonSolver
from ergs_verify.audit.suite import suite
from ergs_verify.cli.app import app
from ergs_verify.engine import nash

GAMES = [one for one in suite("quick") if one.game.horizon <= 6]


def template(language: str) -> str:
    found = CliRunner().invoke(app, ["template", language])
    assert found.exit_code == 0
    return found.stdout


def in_python():
    Path("solve.py").write_text(template("python"))
    return PythonSolver(name="solve:solve")


def in_cpp():
    source = template("cpp")
    Path("solve.cpp").write_text(source)
    lines = [line[4:] for line in source.splitlines() if line.startswith("//|")]
    Path("solve.py").write_text("\n".join(lines) + "\n")
    command = ["g++", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", "libsolve.so"]
    subprocess.run([*command, "solve.cpp"], check=True)
    return PythonSolver(name="solve:solve")


def in_octave():
    Path("ergs_solve.m").write_text(template("octave"))
    command = "octave-cli --norc --no-history --eval \"ergs_solve('{game}', '{solution}')\""
    return CommandSolver(command=command, format=".mat")


def in_julia():
    Path("solve.jl").write_text(template("julia"))
    return CommandSolver(command="julia solve.jl {game} {solution}", timeout=300)


def in_jax():
    Path("solve.py").write_text(template("jax"))
    return PythonSolver(name="solve:solve", timeout=300)


SOLVERS = {"g++": in_cpp, "octave-cli": in_octave, "julia": in_julia, "jax": in_jax}


@pytest.mark.parametrize("program", ["python", *SOLVERS])
def test_the_template_solves_the_suite(program, monkeypatch, tmp_path):
    if program != "python" and not (shutil.which(program) or find_spec(program)):
        pytest.skip(f"{program} is not installed here")
    monkeypatch.chdir(tmp_path)
    with SOLVERS.get(program, in_python)() as solver:
        solve_all(solver)


def test_the_template_for_jax_with_numpy_in_its_place(monkeypatch):
    stand_in = SimpleNamespace(
        numpy=np, jit=lambda f: f, config=SimpleNamespace(update=lambda *_: None)
    )
    monkeypatch.setitem(sys.modules, "jax", stand_in)
    monkeypatch.setitem(sys.modules, "jax.numpy", np)
    names: dict = {}
    exec(template("jax"), names)
    solve_all(FunctionSolver(function=names["solve"]))


def solve_all(solver):
    for one in GAMES:
        outcome = solver(one.game)
        if one.singular:
            raised = "singular" in outcome.trouble.message.lower()
            assert raised or outcome.trouble.kind == "not a number"  # jitted code cannot raise
            continue
        assert outcome.trouble is None, outcome.trouble
        right = nash(one.game.floats())
        for letter in ("K", "Sigma"):
            if getattr(outcome.policy, letter) is None:
                continue
            for ours, theirs in zip(
                getattr(outcome.policy, letter), getattr(right, letter), strict=True
            ):
                # The worst of these games, loop-diverges, has det Φ = −7: no digits to lose.
                assert np.allclose(np.stack(ours), theirs, rtol=1e-11, atol=1e-12)


def test_an_unknown_language_is_said():
    found = CliRunner().invoke(app, ["template", "cobol"])
    assert found.exit_code != 0
