"""The README's examples run and print what stands there. (Its tables: tests/ledger.)"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import attrs
import numpy as np
import pytest
from typer.main import get_command

from ergs_verify import engine
from ergs_verify.cli import main
from ergs_verify.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str, after: str = "") -> str:
    """The first fenced block of a language after some words."""
    found = re.search(rf"```{language}\n(.*?)```", README[README.index(after) :], re.DOTALL)
    assert found, f"no block {language} after {after!r}"
    return found[1]


def test_the_python_example_runs_and_prints_what_stands_there():
    done = subprocess.run(
        [sys.executable, "-c", block("python")],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=120,
    )
    assert done.stdout == block("text", after="## In Python")


def test_the_example_of_an_ensemble_streams_it():
    few = block("python", after="## Ensembles").replace("1_000_000", "2_000")
    names: dict = {}
    exec(few, names)
    alone = attrs.evolve(names["game"], tau=10.0)
    assert names["gains"].shape == (2_000,)
    assert names["gains"][-1] == pytest.approx(np.abs(engine.nash(alone).K[0]).max(), rel=1e-12)


@pytest.mark.parametrize("example", re.findall(r"```console\n(.*?)```", README, re.DOTALL))
def test_a_command_line_example_prints_what_stands_there(example, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    got = ""
    for line in re.findall(r"^\$ ergs-verify (.*)$", example, re.MULTILINE):
        main(line.split())
        got += f"$ ergs-verify {line}\n{capsys.readouterr().out}"
    assert got == example


@pytest.mark.parametrize("language", ["python", "console"])
def test_the_examples_stay_short(language):
    typed = [line for line in block(language).splitlines() if line]
    assert len([line for line in typed if language == "python" or line.startswith("$")]) <= 10


def test_the_layout_names_what_is_there():
    for name in re.findall(r"[\w/]+(?:/|\.py)(?=[\s,])", block("text", after="## Layout")):
        places = [ROOT / name, ROOT / "ergs_verify" / name]
        assert any(place.exists() for place in places), name


def test_what_the_readme_calls_a_command_is_one():
    used = set(re.findall(r"[`$] ?ergs-verify ([a-z]+)\b", README))
    assert used <= set(get_command(app).commands)


def test_the_table_of_published_solvers_is_the_one_that_was_written():
    start = "<!-- python -m benchmarks.real_solvers -->\n"
    shown = README.split(start)[1].split("<!-- end -->")[0]
    assert shown == (ROOT / "benchmarks/real_solvers/table.md").read_text(encoding="utf-8")
