"""What a verdict rests on: a link refuted turns it, and a fault in a formula refutes its link."""

from __future__ import annotations

import random

import links
import mutants
import pytest
import sympy
from attrs import evolve

from ergs_verify.ledger import claims, section_IV_algorithm, sharp_apriori, sharp_gap
from ergs_verify.ledger.chain import Chain
from ergs_verify.ledger.claim import Claim, Computed, Decision, Equalities, Equality
from ergs_verify.recursion import nash

CLAIMS = [
    claim for claim in claims().values() if claim.id.startswith("sharp-") or claim.id == "thm-IV.2"
]
#: Evidence without a proof, and two counterexamples: tests/ledger/test_sharp_uniqueness.py.
WITHOUT_LINKS = {
    "sharp-gap-large-delta",
    "sharp-unique-iff-regular/no-nash",
    "sharp-unique-iff-regular/continuum",
}

#: Faults that are none: (I − C)Y = 0 for the projection C on Y, so in (X − XC)(X − XC)' one of the
#: C may be another YZY'; and R + B'PB = W − (τ/2)I commutes with W⁻¹.
EQUAL = {
    ("sharp-contraction-excludes", "factor"),
    ("sharp-contraction-excludes", "index"),
    ("sharp-contraction-excludes", "letter"),
    ("sharp-limits/large-tau", "swapped factors"),
}


def seen(part: Equality, mutant) -> bool:
    """Whether a fault is found, or is none."""
    verdict = evolve(part, right=mutant).decide().verdict
    return verdict in ("refuted", "ill-typed") or (
        verdict == "proved" and mutants.excused(mutant, part)
    )


# -- every claim -----------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim.id for claim in CLAIMS])
def test_a_claim_needs_its_links_and_each_link_its_formula(claim: Claim):
    """Two links are refuted in turn, and two faults planted in one; the same in every run."""
    found = links.links(claim)
    assert bool(found) == (claim.id not in WITHOUT_LINKS)
    rng = random.Random(claim.id)
    for link in rng.sample(found, min(2, len(found))):
        assert links.verdict_without(claim, link) in ("refuted", "undecided"), link
    identities = [
        link for link in found if isinstance(link, Equality) and not mutants.is_zero(link.right)
    ]
    for link in rng.sample(identities, min(1, len(identities))):
        for kind in rng.sample(list(mutants.KINDS), 2):
            for mutant in mutants.drawn(link.right, kind, rng):
                assert seen(link, mutant) or (claim.id, kind) in EQUAL, f"{kind}: {mutant}"


def test_a_link_that_is_left_out_would_be_noticed():
    """A decider that drops one of its links keeps its verdict, and shows it."""
    part = Equality(sympy.Integer(1), sympy.Integer(1))

    def forgetful() -> Decision:
        part.decide()
        return Decision(verdict="proved")

    claim = Claim(id="eq-0", title="Planted", where="", statement=Computed("planted", forgetful))
    assert links.links(claim) == [part]
    assert links.verdict_without(claim, part) == "proved"


# -- formulas as stated ----------------------------------------------------------------------------

STATED = {
    "sharp-gap-identity": "stated_identity",
    "sharp-gap-coefficient": "stated_coefficient",
}


@pytest.mark.parametrize("kind", mutants.KINDS)
@pytest.mark.parametrize("name", STATED.values())
def test_a_fault_in_a_formula_as_stated_is_found(name, kind):
    rng = random.Random(f"{name} {kind}")
    planted = [
        (part, mutant)
        for part in getattr(sharp_gap, name)().parts
        for mutant in mutants.drawn(part.right, kind, rng)
    ]
    assert planted
    for part, mutant in planted:
        assert seen(part, mutant), mutant


@pytest.mark.parametrize(
    ("claim_id", "k"), [(claim_id, k) for claim_id in STATED for k in range(2)]
)
def test_the_claim_turns_with_its_stated_formula(monkeypatch, claim_id, k):
    parts = list(getattr(sharp_gap, STATED[claim_id])().parts)
    parts[k] = evolve(parts[k], right=2 * parts[k].right)
    monkeypatch.setattr(sharp_gap, STATED[claim_id], lambda: Equalities(tuple(parts)))
    judged = claims()[claim_id].decide().printed
    assert judged.verdict == "refuted"
    assert judged.replay is not None
    assert judged.replay()


def test_the_limit_for_large_delta_needs_the_augmented_equilibrium(monkeypatch):
    monkeypatch.setattr(
        sharp_gap, "nash", lambda game, numbers: nash(evolve(game, tau_given=1), numbers)
    )
    assert claims()["sharp-gap-large-delta"].decide().printed.verdict == "undecided"


# -- scalars and chains ----------------------------------------------------------------------------


def zeros(monkeypatch, claim_id: str) -> list[sympy.Expr]:
    """The expressions that a claim needs to be 0."""
    met: list[sympy.Expr] = []
    true = sharp_apriori._zero
    monkeypatch.setattr(
        sharp_apriori, "_zero", lambda what, e: met.append(sympy.sympify(e)) or true(what, e)
    )
    claims()[claim_id].decide()
    monkeypatch.undo()
    return met


@pytest.mark.parametrize("claim_id", ["sharp-coupling", "sharp-apriori/falls"])
def test_a_fault_in_a_bound_of_scalars_is_found(monkeypatch, claim_id):
    expressions = [e for e in zeros(monkeypatch, claim_id) if e != 0]
    assert expressions
    for kind in ("sign", "factor", "dropped term"):
        for k, expression in enumerate(expressions):
            rng = random.Random(f"{claim_id} {kind} {k}")
            for mutant in mutants.drawn(expression, kind, rng):
                if mutant not in (-expression, 2 * expression):
                    assert sharp_apriori._zero("planted", mutant).verdict == "refuted", mutant


CHAINS = ("_moved_answer_chain", "_covariance_chain")


@pytest.mark.parametrize("name", CHAINS)
def test_a_smaller_bound_does_not_hold_and_turns_the_rate(monkeypatch, name):
    right: Chain = getattr(section_IV_algorithm, name)()
    small = evolve(right, right=right.right / 2)
    assert small.decide().verdict == "refuted"
    monkeypatch.setattr(section_IV_algorithm, name, lambda: small)
    assert links.verdict(claims()["thm-IV.2"]) == "refuted"
