"""The benchmark of stationary games: nothing is wrong, and a wrong verdict would be seen."""

from __future__ import annotations

from fractions import Fraction

import attrs
import pytest


@pytest.fixture(scope="module")
def benchmark():
    return pytest.importorskip("benchmarks.random_stationary")


def test_no_verdict_is_wrong(benchmark):
    tally = benchmark.tally_of(4, 7)
    assert tally.wrong == []
    assert tally.verdicts["equilibrium enclosed"] == 4
    assert tally.verdicts["stability proved"] + tally.verdicts["stability refuted"] >= 4


def test_a_wrong_gap_is_seen(benchmark, monkeypatch):
    right = benchmark.certify_gap

    def wrong(game, policy):
        found = right(game, policy)
        agents = [
            attrs.evolve(one, gap=one.gap.shifted(Fraction(1, 10**6))) for one in found.agents
        ]
        return attrs.evolve(found, agents=tuple(agents))

    monkeypatch.setattr(benchmark, "certify_gap", wrong)
    assert any("gap enclosed" in told for told in benchmark.tally_of(4, 7).wrong)


def test_hard_games_are_certified_or_undecided(benchmark, monkeypatch):
    games = [one for one in benchmark.hard_games() if "1e-8" in one[0]]
    monkeypatch.setattr(benchmark, "hard_games", lambda: iter(games))
    tally = benchmark.Tally()
    lines = list(benchmark.hard_lines(tally))
    assert tally.wrong == []
    assert tally.verdicts["hard: certified"] >= 3
    assert len(lines) == len(games) == 5
