"""The gap of a policy: its identity, its coefficient, and what rests on the costs' difference."""

from __future__ import annotations

import random

import afresh
import mutants
import pytest
from attrs import evolve

from ergs_verify.errors import DerivationError
from ergs_verify.ledger.claims import claims, gap, theorem_IV_3
from ergs_verify.ledger.sentences import augmented
from ergs_verify.ledger.statements import Equalities
from ergs_verify.paper import theorem_III_1
from ergs_verify.recursion import nash

STATED = {"sharp-gap-identity": "stated_identity", "sharp-gap-coefficient": "stated_coefficient"}


@pytest.mark.parametrize("kind", mutants.KINDS)
@pytest.mark.parametrize("name", STATED.values())
def test_a_fault_in_a_formula_as_stated_is_found(name, kind):
    rng = random.Random(f"{name} {kind}")
    planted = [
        (part, mutant)
        for part in getattr(gap, name)().parts
        for mutant in mutants.drawn(part.right, kind, rng)
    ]
    assert planted
    for part, mutant in planted:
        verdict = evolve(part, right=mutant).decide().verdict
        excused = verdict == "proved" and mutants.excused(mutant, part)
        assert verdict in ("refuted", "ill-typed") or excused, mutant


@pytest.mark.parametrize(("claim_id", "k"), [(name, k) for name in STATED for k in range(2)])
def test_the_claim_turns_with_its_stated_formula(monkeypatch, fresh, claim_id, k):
    parts = list(getattr(gap, STATED[claim_id])().parts)
    parts[k] = evolve(parts[k], right=2 * parts[k].right)
    monkeypatch.setattr(gap, STATED[claim_id], lambda: Equalities(tuple(parts)))
    assert afresh.corrected(claim_id) == "undecided"


@pytest.mark.parametrize("claim_id", ["sharp-gap-coefficient", "sharp-gap-linear-regime"])
def test_a_limit_of_another_equilibrium_is_refuted(monkeypatch, fresh, claim_id):
    monkeypatch.setattr(
        augmented, "nash", lambda game, numbers: nash(evolve(game, tau_given=5), numbers)
    )
    assert afresh.corrected(claim_id) == "refuted"


def test_the_gap_of_another_prior_is_no_limit(monkeypatch, fresh):
    right = augmented._prior

    def wider(game):
        prior = right(game)
        return evolve(prior, Sigma=tuple(tuple(2 * S for S in own) for own in prior.Sigma))

    monkeypatch.setattr(augmented, "_prior", wider)
    assert afresh.corrected("sharp-gap-large-delta") == "refuted"


BY_COST_DIFFERENCE = (
    "eq-22",
    "eq-29",
    "eq-30",
    "eq-31",
    "eq-32/matrices",
    "thm-IV.3",
    "thm-IV.3/final-chain",
    "sharp-gap-bound",
    "abstract/augmentation",
)


def test_what_rests_on_the_difference_of_costs_needs_it(monkeypatch, fresh):
    true = theorem_IV_3.cost_difference()
    other = evolve(true, right=true.right + theorem_IV_3.delta)
    monkeypatch.setattr(theorem_IV_3, "cost_difference", lambda: other)
    assert [k for k in BY_COST_DIFFERENCE if afresh.corrected(k) == "proved"] == []


def test_a_broken_derivation_decides_nothing(monkeypatch, fresh):
    def fails():
        raise DerivationError("Theorem III.1, step “lemma”: planted")

    monkeypatch.setattr(theorem_III_1, "derive", fails)
    for claim_id in ("eq-6", "eq-22", "lemma-III.4", "sharp-unique-iff-regular"):
        assert afresh.corrected(claim_id) == "undecided", claim_id
    judged = claims()["eq-15"].decide()
    assert "planted" in dict(judged.printed.evidence)["failed"]
    assert "planted" in judged.as_json()["printed"]["expression"]
