"""Theorem III.1 and its proof: what the derivation's faults turn, and what it needs."""

from __future__ import annotations

from functools import partial

import afresh
import pytest
from attrs import evolve
from expected import theorem_III_1 as expected
from expected import theorem_III_1_proof as expected_proof
from expected import theorem_III_1_value as expected_value
from sympy import Rational

from ergs_verify.errors import DerivationError
from ergs_verify.game.gallery import gallery
from ergs_verify.ledger import continuum, counterexamples, exhibits, hypotheses
from ergs_verify.ledger.claims import (
    claims,
    optimality,
    theorem_III_1,
    theorem_III_1_proof,
    theorem_III_1_value,
)
from ergs_verify.ledger.examination import first_failure, tried
from ergs_verify.ledger.sentences import at
from ergs_verify.paper import theorem_III_1 as derivation
from ergs_verify.paper.notation import Q, tau

EXPECTED = {**expected.EXPECTED, **expected_proof.EXPECTED, **expected_value.EXPECTED}
NASH = ("thm-III.1/any-solution", "thm-III.1/sufficient", "thm-III.1/existence")
UNIQUE = ("thm-III.1", "thm-III.1/exclusively")


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
    modules = (theorem_III_1, theorem_III_1_proof, theorem_III_1_value)
    assert [claim.id for module in modules for claim in module.CLAIMS] == list(EXPECTED)


def test_nothing_is_assumed_of_dynamic_programming():
    for name in ("BELLMAN", "BEST_RESPONSE", "LEAST_COST", "SUFFICIENT", "STAGE", "REGULAR_UNIQUE"):
        decision = getattr(optimality, name).decide()
        assert decision.verdict == "proved", name
        assert not any(step.by == "cited" for step in decision.steps), name


FAULTS = [
    ("gain", lambda K: -K, ("eq-6", "eq-17", *NASH)),
    ("covariance", lambda X: 2 * X, ("eq-6", "eq-15", "thm-III.1/policy-class", *NASH)),
    ("mean", lambda M: -M, ("eq-15", "eq-16")),
    ("least", lambda c: 2 * c, (*NASH, *UNIQUE)),
    ("expected", lambda c: c + tau, ("eq-14", *NASH, *UNIQUE)),
    ("form", lambda f: evolve(f, matrix=2 * f.matrix), ("eq-14", *NASH, *UNIQUE)),
    ("form", lambda f: evolve(f, linear=-f.linear), ("eq-14", *NASH, *UNIQUE)),
    (
        "value",
        lambda v: evolve(v, matrix=v.matrix + Q(derivation.i)),
        ("eq-4", "thm-III.1/psd", "thm-III.1/value", "thm-III.1/gain-substituted"),
    ),
    ("constant", lambda c: c + 1, ("eq-5", "thm-III.1/value", "thm-III.1/gain-substituted")),
    ("row", lambda r: evolve(r, other=-r.other), ("eq-14", *UNIQUE)),
    ("row", lambda r: evolve(r, own=2 * r.own), ("eq-14", *UNIQUE)),
]


@pytest.mark.parametrize(
    ("name", "change", "ids"), FAULTS, ids=[f"{n}-{k}" for k, (n, _, _) in enumerate(FAULTS)]
)
def test_a_fault_in_the_derivation_turns_what_rests_on_it(monkeypatch, fresh, name, change, ids):
    afresh.planted(monkeypatch, name, change)
    assert [k for k in ids if afresh.corrected(k) == "proved"] == []


def test_a_fault_in_the_cost_of_a_policy_turns_what_rests_on_it(monkeypatch, fresh):
    afresh.planted_cost(monkeypatch, lambda X: X + Q(derivation.i))
    ids = ("thm-III.1/psd", "thm-III.1/quadratic-value", *NASH, *UNIQUE)
    assert [k for k in ids if afresh.corrected(k) == "proved"] == []


def test_a_broken_derivation_decides_nothing(monkeypatch, fresh):
    def fails(*_):
        raise DerivationError("Theorem III.1, step “lemma”: planted")

    monkeypatch.setattr(derivation, "derive", fails)
    for claim_id in ("eq-4", "eq-6", "eq-14", *NASH, *UNIQUE):
        assert afresh.corrected(claim_id) == "undecided", claim_id
    judged = claims()["eq-15"].decide()
    assert "planted" in dict(judged.printed.evidence)["failed"]


# -- what is missing in the paper's form ----------------------------------------------------------


@pytest.mark.parametrize(
    ("claim_id", "missing"),
    [
        ("thm-III.1", ["feedback", "regular"]),
        ("thm-III.1/exclusively", ["feedback", "regular"]),
        ("thm-III.1/quadratic-value", ["feedback", "regular"]),
        ("thm-III.1/existence", ["solvable"]),
        ("thm-III.1/any-solution", ["answers"]),
        ("thm-III.1/sufficient", []),
        ("thm-III.1/bellman", ["feedback"]),
        ("eq-14", ["feedback"]),
    ],
)
def test_hypotheses_that_the_paper_does_not_state(claim_id, missing):
    assert [h.id for h in claims()[claim_id].unstated] == missing


def test_existence_is_asserted():
    (says,) = theorem_III_1.EXISTENCE.sentences
    assert "exists" in says
    assert hypotheses.SOLVABLE in theorem_III_1.EXISTENCE.given


def test_four_alone_holds_of_any_gains():
    found = claims()["thm-III.1/any-solution"].decide().printed
    assert found.verdict == "refuted"
    assert found.game is not None
    assert found.counterexample is not None
    assert found.counterexample["values"]["K^1"] == "0"


@pytest.mark.parametrize("other", ["g-star-2", "g-star-4-continuum", "g-star-near-4"])
def test_nonexistence_needs_an_inconsistent_system(monkeypatch, other):
    listed = {**exhibits.exhibits()}
    listed["no-nash"] = evolve(listed["no-nash"], game=gallery(other))
    monkeypatch.setattr(counterexamples, "exhibits", lambda: listed)
    assert counterexamples.no_equilibrium().verdict == "undecided"


def test_several_equilibria_differ(monkeypatch):
    assert theorem_III_1._several().verdict == "proved"
    monkeypatch.setattr(continuum, "means", lambda *_: continuum.state)
    assert theorem_III_1._several().verdict == "refuted"


@pytest.mark.parametrize("other", ["g-star-2", "g-star-4-no-nash", "g-star-near-4"])
def test_the_continuum_needs_a_singular_consistent_system(monkeypatch, other):
    assert counterexamples.continuum_of_equilibria().verdict == "refuted"
    listed = {**exhibits.exhibits()}
    listed["continuum"] = evolve(listed["continuum"], game=gallery(other))
    monkeypatch.setattr(counterexamples, "exhibits", lambda: listed)
    monkeypatch.setattr(continuum, "game", lambda: gallery(other))
    assert counterexamples.continuum_of_equilibria().verdict == "undecided"
    assert counterexamples.nonquadratic_value().verdict == "undecided"


@pytest.mark.parametrize("claim_id", ["eq-4", "eq-5", "eq-6", "eq-15", "eq-16"])
def test_the_step_that_carries_a_formula_is_shown(claim_id):
    shown = [
        detail for method, detail in claims()[claim_id]._decided().evidence if "Lemma" in detail
    ]
    assert shown


# -- cross-examination ----------------------------------------------------------------------------


def test_theorems_are_tried_on_exhibits():
    for theorem in (optimality.SUFFICIENT, optimality.BELLMAN, theorem_III_1.PSD):
        assert len(tried(theorem.given, partial(at, theorem.sentences[0]))) >= 8, theorem.id


def test_a_policy_that_is_no_answer_would_be_noticed():
    """Without its hypothesis each theorem fails on an exhibit by itself."""
    for theorem, name in ((optimality.SUFFICIENT, "answers"), (optimality.BELLMAN, "feedback")):
        others = [h for h in theorem.given if h.id != name]
        found = first_failure(others, partial(at, theorem.sentences[0]))
        assert found is not None
        assert found.verdict == "refuted"


@pytest.mark.parametrize("factor", [Rational(1, 2), 2])
def test_another_factor_in_the_value_is_refuted(factor):
    right = theorem_III_1_value._substituted(frozenset())
    assert evolve(right, right=factor * right.right).decide().verdict == "refuted"
