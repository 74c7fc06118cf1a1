"""The limits τ → ∞ and τ → 0."""

from __future__ import annotations

from fractions import Fraction

import afresh
import pytest
from attrs import evolve

from ergs_verify.ledger.claims import limits
from ergs_verify.ledger.sentences import augmented
from ergs_verify.recursion import nash


@pytest.mark.parametrize(
    ("claim_id", "name"),
    [
        ("sharp-limits/large-tau", "gain_compact"),
        ("sharp-limits/large-tau", "covariance"),
        ("sharp-limits/large-tau", "riccati"),
        ("sharp-limits/small-tau", "covariance"),
    ],
)
def test_a_wrong_formula_is_noticed(monkeypatch, fresh, claim_id, name):
    afresh.planted(monkeypatch, name, lambda formula: 2 * formula)
    assert afresh.corrected(claim_id) == "undecided"


@pytest.mark.parametrize(
    ("claim_id", "name", "factor"),
    [
        ("sharp-limits/large-tau", "curvature", 2),
        ("sharp-limits/large-tau", "pull", -1),
        ("sharp-limits/small-tau", "curvature", 2),
    ],
)
def test_a_wrong_letter_of_its_own_is_noticed(monkeypatch, fresh, claim_id, name, factor):
    monkeypatch.setattr(limits, name, factor * getattr(limits, name))
    assert afresh.corrected(claim_id) == "undecided"


def test_remainders_that_do_not_shrink_are_met(monkeypatch, fresh):
    monkeypatch.setattr(augmented, "_distance_at_large_tau", lambda *_: Fraction(1))
    assert afresh.corrected("sharp-limits/large-tau") == "refuted"


def test_limits_of_another_equilibrium_are_refuted(monkeypatch, fresh):
    def doubled(game, numbers):
        found = nash(game, numbers)
        return evolve(found, K=tuple(tuple(X * 2 for X in agent) for agent in found.K))

    monkeypatch.setattr(augmented, "nash", doubled)
    assert afresh.corrected("sharp-limits/large-tau") == "refuted"
