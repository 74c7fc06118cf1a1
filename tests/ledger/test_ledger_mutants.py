"""The prover is tried on the ledger's own formulas: one small fault on a right side must show.

One mutant of every kind is drawn from each identity that is proved as corrected. The few that
survive are equal to the formula for a reason that is checked: a symmetric letter's transpose, or
factors turned round or transposed as a whole inside a trace.
"""

from __future__ import annotations

from collections import Counter

import mutants
import pytest
from attrs import evolve
from planted_formulas import CLAIMS, drawn, drawn_inside_proofs


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim.id for claim in CLAIMS])
def test_every_mutant_is_seen_or_equal(claim):
    planted = 0
    for kind, part, mutant in drawn(claim.id):
        planted += 1
        verdict = evolve(part, right=mutant).decide().verdict
        if verdict == "proved":
            assert mutants.excused(mutant, part), f"{kind}: {mutant} survives"
        else:
            assert verdict in ("refuted", "ill-typed"), f"{kind}: {mutant}"
    assert planted


def test_mutants_of_every_kind_are_planted():
    planted = Counter(kind for claim in CLAIMS for kind, _, _ in drawn(claim.id))
    assert min(planted[kind] for kind in mutants.KINDS) >= 15
    assert sum(planted.values()) >= 200


def test_the_reasons_given_for_survivors_excuse_no_fault():
    """The canonical form keeps apart what the prover tells apart."""
    excused = [
        (kind, claim.id)
        for claim in CLAIMS
        for kind, part, mutant in drawn(claim.id)
        if kind in ("sign", "factor", "dropped term", "index", "letter")
        and mutants.excused(mutant, part)
    ]
    assert excused == []


# -- identities inside proofs ----------------------------------------------------------------------


def test_a_fault_in_an_identity_inside_a_proof_is_seen():
    planted, survived = 0, []
    for kind, part, mutant in drawn_inside_proofs():
        planted += 1
        verdict = evolve(part, right=mutant).decide().verdict
        if verdict not in ("refuted", "ill-typed") and not mutants.excused(mutant, part):
            survived.append((kind, str(part.right)[:200], str(mutant)[:200]))
    assert planted >= 40
    assert survived == []
