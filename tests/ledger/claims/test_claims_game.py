"""Section II and (3): how far a sum goes, the regularizer, one value or several."""

from __future__ import annotations

import pytest
from expected.game import EXPECTED

from ergs_verify.ledger import continuum
from ergs_verify.ledger.claims import claims, game


@pytest.mark.parametrize("claim_id", EXPECTED)
def test_verdicts(claim_id):
    claim = claims()[claim_id]
    judged = claim.decide()
    found = judged.printed.verdict, judged.corrected and judged.corrected.verdict
    assert (*found, [f.fault.kind for f in judged.findings]) == EXPECTED[claim_id]
    assert all(gap.as_json()["verdict"] == "closed" for gap in claim.gaps)
    pieces = any(fault.printed for fault in claim.faults)
    assert bool(claim.corrected_display) == (pieces or bool(claim.corrected_latex))


def test_the_module_holds_what_is_expected():
    assert [claim.id for claim in game.CLAIMS] == list(EXPECTED)


def test_values_differ_only_where_there_are_several_equilibria(monkeypatch):
    assert game._two_nash_values().verdict == "refuted"
    value = continuum.value(0 * continuum.state[0])
    monkeypatch.setattr(game.continuum, "value", lambda _: value)
    assert game._two_nash_values().verdict == "undecided"


def test_counterexamples_replay():
    for claim in game.CLAIMS:
        for finding in claim.decide().findings:
            assert finding.decision.replay is not None
            assert finding.decision.replay()
