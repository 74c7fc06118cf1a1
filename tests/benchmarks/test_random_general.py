"""Some random general games against the reference, and what a miss does."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from general_reference import Reference

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tally_of(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.random_general import tally_of

    return tally_of


def test_every_enclosure_holds_and_is_small(tally_of):
    tally = tally_of(6, 10**6)
    assert tally.missed == []
    for kept in tally.kept.values():
        assert kept.enclosures >= 6
        assert kept.widest < Fraction(1, 10**20)


def test_a_reference_that_disagrees_is_a_miss(tally_of, monkeypatch):
    right = Reference.value_at

    def dearer(self, i, t, *rest):
        P, s, c = right(self, i, t, *rest)
        return P, s, c + self.tau[i][t] / 10**30

    monkeypatch.setattr(Reference, "value_at", dearer)
    tally = tally_of(1, 10**6 + 2)
    assert {name for name, _ in tally.missed} == {"K, k, Σ, P, s, q"}
