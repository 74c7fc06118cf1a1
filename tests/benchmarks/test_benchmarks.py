"""The benchmarks run, and measure what they say; their results are never judged here."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)


def test_every_subject_runs(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "benchmarks", "--smoke", "--output", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "| (2, 2, 1, 2) | floor |" in text
    assert "| (2, 2, 1, 2) check | floor of that pass |" in text
    assert "| batch | engine |" in text
    assert "| T | certified gap |" in text
    assert (tmp_path / "growth.png").stat().st_size > 5000


def test_plain_recursion_is_the_engines(benchmarks):
    from benchmarks.games import random_games
    from benchmarks.plain import gains_and_costs, whole_solution
    from ergs_verify.engine import nash

    game = random_games(3, 4, 2, 5)
    solution = nash(game)
    for t, (K, Sigma, P, q) in enumerate(whole_solution(game)):
        for i in range(3):
            # Some hundred roundings on numbers of size 1 to 100.
            np.testing.assert_allclose(K[i], solution.K[i][t], rtol=1e-11, atol=1e-12)
            np.testing.assert_allclose(Sigma[i], solution.Sigma[i][t], rtol=1e-11, atol=1e-12)
            np.testing.assert_allclose(P[i], solution.P[i][t], rtol=1e-11, atol=1e-12)
            np.testing.assert_allclose(q[i], solution.q[i][t], rtol=1e-11)
    np.testing.assert_array_equal(gains_and_costs(game)[0][0][0], whole_solution(game)[0][0][0])


def test_ratios_and_exponents(benchmarks, capsys):
    from benchmarks.timing import compare, exponent, rows_of

    def busy(seconds):
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass

    seconds = compare(
        "any size",
        {"ours": lambda: busy(0.002), "theirs": lambda: busy(0.006)},
        0.0,
        once={"slow": lambda: busy(0.02)},
    )
    counts = {name: len(times) for name, times in seconds.items()}
    assert counts == {"ours": 5, "theirs": 5, "slow": 1}
    said = ["  any size: ours", "  any size: theirs", "  any size: slow"]
    assert capsys.readouterr().err.splitlines() == said
    ours, theirs, slow = rows_of("any", seconds)
    assert (ours.who, ours.ratio) == ("ours", 1)
    # Each busy loop ends within microseconds of its time.
    assert 2.5 < theirs.ratio < 3.5
    assert 8 < slow.ratio < 12
    assert exponent([1, 2, 4], [3.0, 12.0, 48.0]) == pytest.approx(2, abs=1e-12)


def test_the_general_class_beside_the_papers(benchmarks):
    from benchmarks.certified import both
    from benchmarks.general import rows, with_everything

    found = list(rows([(2, 2, 1, 2)], budget=0.0))
    assert len(found) == 9
    assert [row.ratio for row in found[::3]] == [1, 1, 1]
    game = with_everything(both((2, 2, 1, 2))[1])
    assert set(game.beyond) == {
        "tau", "discount", "drift", "R", "S", "x_linear", "u_linear", "prior", "indefinite",
    }  # fmt: skip


def test_this_tree_against_itself(benchmarks, monkeypatch, capsys, tmp_path):
    from benchmarks import against

    monkeypatch.setattr(against, "SIZES", ((1, 1, 1, 1),))
    monkeypatch.setattr(against, "LARGE", (1, 2, 1, 1))
    monkeypatch.setattr(against, "PAGE", tmp_path / "against.md")
    against.main([str(ROOT), "--rounds", "1", "--large"])
    told = capsys.readouterr().out
    assert "(1, 1, 1, 1) check" in told
    assert "(1, 2, 1, 1) gap over its thirteen δ" in told


def test_bits_lost_are_seen(benchmarks, monkeypatch, capsys):
    from benchmarks import bits_lost

    monkeypatch.setattr(bits_lost, "GAMES", (((2, 2, 1, 5), 0),))
    bits_lost.main()
    row = capsys.readouterr().out.splitlines()[-1].split("|")
    assert 0 < int(row[3]) < 30
    assert float(row[4]) > 10
