"""The solvers shown in the documentation, each run where its program is installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ergs_verify.audit.command import CommandSolver
from ergs_verify.audit.python_process import PythonSolver
from ergs_verify.audit.suite import suite
from ergs_verify.engine import nash

SOLVERS = {
    "python": lambda: PythonSolver(name="solve:solve"),
    "octave-cli": lambda: CommandSolver(
        command="octave-cli --norc --no-history --eval \"ergs_solve('{game}', '{solution}')\"",
        format=".mat",
    ),
    "julia": lambda: CommandSolver(command="julia solve.jl {game} {solution}", timeout=300),
}
INSTALLED = [program for program in SOLVERS if program == "python" or shutil.which(program)]
GAMES = [one for one in suite("quick") if one.game.horizon <= 6]


@pytest.mark.parametrize("program", INSTALLED)
def test_the_snippet_solves_the_suite(program, monkeypatch):
    monkeypatch.chdir(Path(__file__).parent / "snippets")
    with SOLVERS[program]() as solver:
        for one in GAMES:
            outcome = solver(one.game)
            if one.singular:
                assert outcome.trouble.kind == "raised"
                assert "singular" in outcome.trouble.message.lower()
                continue
            assert outcome.trouble is None, outcome.trouble
            right = nash(one.game.floats())
            for letter in ("K", "Sigma"):
                for ours, theirs in zip(
                    getattr(outcome.policy, letter), getattr(right, letter), strict=True
                ):
                    # The worst of these games, loop-diverges, has det Φ = −7: no digits to lose.
                    assert np.allclose(np.stack(ours), theirs, rtol=1e-11, atol=1e-12)
