"""The adapters in the environment apart, run there with fakes in the place of the packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).resolve().parents[2]

_RICCATI = """
import numpy as np

def back(A, B, Q, R, P):
    K = -np.linalg.solve(R + B.T @ P @ B, B.T @ P @ A)
    P = Q + A.T @ P @ (A + B @ K)
    return K, (P + P.T) / 2

def stationary(A, B, Q, R):
    P = Q
    for _ in range(300):
        K, P = back(A, B, Q, R, P)
    return K, P

def stages(A, B, Q, R, P):
    K = []
    for t in reversed(range(len(A))):
        K_t, P = back(A[t], B[t], Q[t], R[t], P)
        K.append(K_t)
    return np.array(K[::-1])
"""
_FAKES = {
    "riccati.py": _RICCATI,
    "control.py": """
from riccati import stationary
def dlqr(A, B, Q, R):
    K, P = stationary(A, B, Q, R)
    return -K, P, None
""",
    "slycot.py": """
from riccati import stationary
def sb02od(n, m, A, B, Q, R, dico):
    assert (B.shape, dico) == ((n, m), "D")
    return (stationary(A, B, Q, R)[1],)
""",
    "pydrake/systems/controllers.py": """
from riccati import stationary
def DiscreteTimeLinearQuadraticRegulator(A, B, Q, R):
    K, P = stationary(A, B, Q, R)
    return -K, P
""",
    "gym_lqr/utils.py": """
from riccati import stationary
def solve_inf_horizon_dare(A, B, Q, R):
    K, P = stationary(A, B, Q, R)
    return P, K, None
""",
    "jax.py": """
class config:
    @staticmethod
    def update(name, value):
        assert (name, value) == ("jax_enable_x64", True)
""",
    "contrax.py": """
from types import SimpleNamespace
from riccati import stationary
def dare(A, B, Q, R):
    K, S = stationary(A, B, Q, R)
    return SimpleNamespace(K=-K, S=S)
""",
    "diffilqrax/typs.py": """
from collections import namedtuple
LQR = namedtuple("LQR", "A B a Q q R r S Qf qf")
""",
    "diffilqrax/lqr.py": """
from types import SimpleNamespace
from riccati import stages
def lqr_backward_pass(lqr):
    assert not any(X.any() for X in (lqr.a, lqr.q, lqr.r, lqr.S, lqr.qf))
    return None, SimpleNamespace(K=stages(lqr.A, lqr.B, lqr.Q, lqr.R, lqr.Qf))
""",
    "lqg/spec.py": """
from types import SimpleNamespace as LQGSpec
""",
    "lqg/control/lqr.py": """
from types import SimpleNamespace
from riccati import stages
def backward(spec):
    assert not any(X.any() for X in (spec.q, spec.qf, spec.P, spec.r))
    return SimpleNamespace(L=stages(spec.A, spec.B, spec.Q, spec.R, spec.Qf))
""",
}


@pytest.fixture
def environment(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.real_solvers import environment

    for name, content in _FAKES.items():
        file = tmp_path / "fakes" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    program = tmp_path / "bin" / "python"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fakes"))
    monkeypatch.setattr(environment, "ENVIRONMENT", tmp_path)


def regulator():
    from benchmarks.real_solvers.games import STATIONARY

    return next(game for game in STATIONARY if game.name == "random regulator, m = 4, p = 2")


@pytest.mark.parametrize("place", range(5))
def test_a_right_regulator_passes_and_one_of_the_wrong_sign_does_not(environment, place):
    from benchmarks.real_solvers.regulators import REGULATORS
    from benchmarks.real_solvers.tables import stationary_cell

    assert len(REGULATORS) == 5
    solver = REGULATORS[place]

    def turned(game):
        answer = solver.function(game)
        return attrs.evolve(answer, K=[-K_i for K_i in answer.K])

    assert stationary_cell(regulator(), solver) == "pass"
    wrong = stationary_cell(regulator(), attrs.evolve(solver, function=turned))
    assert wrong.startswith("**unstable**")


def test_finite_horizons_pass(environment):
    from benchmarks.real_solvers.finite import READINGS, audits

    apart = [one for one in READINGS if one.package in ("diffilqrax", "lqg")]
    assert len(apart) == 2
    assert [next(audits(one)).verdict for one in apart] == ["pass", "pass"]


def test_what_a_solver_says_last_is_kept(environment):
    from benchmarks.real_solvers.regulators import REGULATORS
    from benchmarks.real_solvers.solvers import solved

    game = regulator().one_stage.floats()
    game = attrs.evolve(game, A=game.A[:, :2])
    answer, said = solved(REGULATORS[0].function, game)
    assert answer is None
    assert said.startswith("RuntimeError: ValueError: matmul")


def test_a_package_that_cannot_be_installed_stops_no_other(tmp_path):
    (tmp_path / "list.txt").write_text("# What is audited.\ngood==1\nbad==2\n\nfine==3  # why\n")
    (tmp_path / "pip.sh").write_text(
        'case "$*" in *-r*|*bad*) exit 1;; *) echo "$*" >> installed;; esac\n'
    )
    (tmp_path / "Makefile").write_text(
        f"include {ROOT / 'Makefile'}\ntry:\n\t@$(call EACH,sh pip.sh,list.txt)\n"
    )
    ran = subprocess.run(["make", "try"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (tmp_path / "installed").read_text().splitlines() == [
        "-c list.txt good==1",
        "-c list.txt fine==3",
    ]
    assert ran.stderr.startswith("bad==2 cannot be installed here and is left out")


def test_what_is_not_installed_is_left_out_and_named(tmp_path, monkeypatch, capsys):
    from benchmarks.real_solvers import __main__ as command

    there = {"scipy", "lqg"}
    monkeypatch.setattr(command, "version_of", lambda package: "1" if package in there else None)
    monkeypatch.setattr(command, "stationary_table", lambda _, games, who: f"{len(who)} solvers")
    monkeypatch.setattr(command, "finite_table", lambda who: f"{len(who)} readings")
    command.main(["--output", str(tmp_path / "table.md")])
    assert capsys.readouterr().out.strip().split("\n\n")[1:] == [
        "1 solvers",
        "0 solvers",
        "1 readings",
        "Left out, as they could not be installed: quantecon, nashopt, PyDiffGame, control, "
        "slycot, drake, gym-lqr, contrax, diffilqrax.",
    ]
    there.clear()
    with pytest.raises(SystemExit, match="make solvers"):
        command.main(["--output", str(tmp_path / "table.md")])
