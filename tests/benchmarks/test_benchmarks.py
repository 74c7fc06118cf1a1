"""The benchmarks run, and measure what they say; their results are never judged here."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
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
    assert "| batch | engine |" in text
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


def test_ratios_and_exponents(benchmarks):
    from benchmarks.timing import compare, exponent, rows_of

    def busy(seconds):
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass

    seconds = compare({"ours": lambda: busy(0.002), "theirs": lambda: busy(0.006)}, 0.0)
    assert {name: len(times) for name, times in seconds.items()} == {"ours": 5, "theirs": 5}
    ours, theirs = rows_of("any", seconds)
    assert (ours.who, ours.ratio) == ("ours", 1)
    # Each busy loop ends within microseconds of its time.
    assert 2.5 < theirs.ratio < 3.5
    assert exponent([1, 2, 4], [3.0, 12.0, 48.0]) == pytest.approx(2, abs=1e-12)


def test_a_certified_gap_makes_the_products_of_its_floor_and_no_others(benchmarks, monkeypatch):
    from benchmarks.certified import both, products_of_gap
    from ergs_verify import Policy
    from ergs_verify.arithmetic.balls import Balls
    from ergs_verify.certify.gap import enclosed_gaps
    from ergs_verify.engine import nash

    made, multiply = Counter(), Balls.multiply

    def counted(balls, X, Y):
        made[X.nrows(), X.ncols(), Y.ncols()] += 1
        return multiply(balls, X, Y)

    monkeypatch.setattr(Balls, "multiply", counted)
    size = (3, 20, 3, 4)
    floats, game = both(size)
    played = nash(floats)
    enclosed_gaps(game, Policy.from_arrays(K=played.K, Sigma=played.Sigma), 128)
    assert made == products_of_gap(size)
