"""What the certificates rest on is proved, and a false sign is not."""

from __future__ import annotations

import afresh
import pytest
from attrs import evolve

from ergs_verify.ledger.claims.certificates import perturbed_cost, perturbed_gains
from ergs_verify.paper import theorem_III_1


@pytest.mark.parametrize(
    "identity", [perturbed_gains, lambda sign=1: perturbed_cost(sign).decide()]
)
def test_a_planted_sign_is_refuted(identity):
    assert identity().verdict == "proved"
    assert identity(sign=-1).verdict == "refuted"


def test_other_costs_are_noticed(monkeypatch, fresh):
    formulas = theorem_III_1.derived_formulas()
    other = evolve(formulas, riccati=2 * formulas.riccati, policy_cost=2 * formulas.policy_cost)
    monkeypatch.setattr(theorem_III_1, "derived_formulas", lambda: other)
    assert afresh.corrected("sharp-loewner") == "undecided"
