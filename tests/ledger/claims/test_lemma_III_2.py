"""Lemma III.2: what its derivation's faults turn, and what it needs."""

from __future__ import annotations

import afresh
import pytest
from attrs import evolve
from expected import lemma_III_2 as expected
from expected import lemma_III_2_gaussian as expected_gaussian

from ergs_verify.ledger.claims import claims, lemma_III_2, lemma_III_2_gaussian
from ergs_verify.paper import lemma_III_2 as derivation
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import tau

EXPECTED = {**expected.EXPECTED, **expected_gaussian.EXPECTED}


@pytest.mark.parametrize("claim_id", EXPECTED)
def test_verdicts(claim_id):
    claim = claims()[claim_id]
    judged = claim.decide()
    found = judged.printed.verdict, judged.corrected and judged.corrected.verdict
    assert (*found, [f.fault.kind for f in judged.findings]) == EXPECTED[claim_id]
    assert all(gap.as_json()["verdict"] == "closed" for gap in claim.gaps)
    pieces = any(fault.printed for fault in claim.faults)
    assert bool(claim.corrected_display) == (pieces or bool(claim.corrected_latex))


def test_the_modules_hold_what_is_expected():
    held = (*lemma_III_2.CLAIMS, *lemma_III_2_gaussian.CLAIMS)
    assert [claim.id for claim in held] == list(EXPECTED)


MINIMISERS = ("lemma-III.2", "eq-8/equivalent", "sharp-gibbs")

FAULTS = [
    ("mean", lambda k: -k, ("lemma-III.2/minimiser",)),
    ("covariance", lambda X: 2 * X, ("lemma-III.2/minimiser",)),
    (
        "log_minimiser",
        lambda c: c + derivation.quadratic,
        (*MINIMISERS, "lemma-III.2/multiplier"),
    ),
    ("log_minimiser", lambda c: 2 * c, (*MINIMISERS, "lemma-III.2/multiplier")),
    ("log_minimiser", lambda c: c + 1, MINIMISERS),
    ("value", lambda c: c + tau * derivation.log_density, MINIMISERS),
    ("density", lambda v: -v, ("lemma-III.2/positive", "eq-8/equivalent", "lemma-III.2/density")),
    ("density", lambda v: 2 * v, ("lemma-III.2/density",)),
    ("exponent", lambda e: e.subs(derivation.lagrange, 0), ("lemma-III.2/multiplier",)),
    ("exponent", lambda e: 2 * e, ("lemma-III.2/gaussian-form", "lemma-III.2/multiplier")),
]


@pytest.mark.parametrize(
    ("name", "change", "ids"), FAULTS, ids=[f"{n}-{k}" for k, (n, _, _) in enumerate(FAULTS)]
)
def test_a_fault_in_the_derivation_turns_what_rests_on_it(monkeypatch, fresh, name, change, ids):
    theorem_III_1.derive()
    afresh.planted(monkeypatch, name, change, derivation)
    assert [k for k in ids if afresh.corrected(k) == "proved"] == []


def test_a_fault_in_the_lemma_reaches_the_theorem(monkeypatch, fresh):
    theorem_III_1.derive()
    afresh.planted(monkeypatch, "log_minimiser", lambda c: 2 * c, derivation)
    ids = ("thm-III.1", "thm-III.1/sufficient", "thm-III.1/existence", "eq-14", "lemma-III.4")
    assert [k for k in ids if afresh.corrected(k) == "proved"] == []


@pytest.mark.parametrize("wrong", [tau, tau / derivation.v**2, -tau / derivation.v])
def test_another_second_derivative_is_refuted(wrong):
    assert evolve(lemma_III_2._second_derivative(), right=wrong).decide().verdict == "refuted"


def test_every_hypothesis_is_needed():
    for theorem in (lemma_III_2.INVERSE, lemma_III_2.GIBBS, lemma_III_2.MINIMISER):
        for hypothesis in theorem.given:
            assert theorem.without(hypothesis).verdict == "refuted", hypothesis.id


def test_nothing_is_cited():
    for theorem in (lemma_III_2.MINIMISER, lemma_III_2.MULTIPLIER):
        assert not any(step.by == "cited" for step in theorem.decide().steps)
