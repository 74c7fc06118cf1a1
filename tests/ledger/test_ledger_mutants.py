"""The prover is tried on the ledger's own formulas: one small fault on a right side must show.

One mutant of every kind is drawn from each identity that is proved as corrected. The few that
survive are equal to the formula for a reason that is checked: a symmetric letter's transpose, or
factors turned round or transposed as a whole inside a trace.
"""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from unittest.mock import patch

import afresh
import mutants
import pytest
import sympy
from attrs import evolve

from ergs_verify.ledger import claims
from ergs_verify.ledger.claim import Claim
from ergs_verify.ledger.statements import Equalities, Equality


def identities(claim: Claim) -> list[Equality]:
    form = claim.form()
    parts = form.parts if isinstance(form, Equalities) else (form,)
    return [
        part for part in parts if isinstance(part, Equality) and not mutants.is_zero(part.right)
    ]


CLAIMS = [claim for claim in claims().values() if identities(claim)]


BY_ID = {claim.id: claim for claim in CLAIMS}


@cache
def drawn(claim_id: str) -> tuple[tuple[str, Equality, sympy.Basic], ...]:
    """One mutant of every kind for each identity, the same in every run."""
    chosen = []
    for k, part in enumerate(identities(BY_ID[claim_id])):
        for kind in mutants.KINDS:
            rng = random.Random(f"{claim_id} {k} {kind}")
            chosen += [(kind, part, mutant) for mutant in mutants.drawn(part.right, kind, rng)]
    return tuple(chosen)


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


@cache
def inside_proofs() -> tuple[Equality, ...]:
    """Every identity that a proof rests on and no display shows, each once."""
    met: dict[tuple, Equality] = {}
    decide = Equality.decide

    def noted(self):
        met.setdefault((self.left, self.right), self)
        return decide(self)

    afresh.forget()
    with patch.object(Equality, "decide", noted):
        for claim in claims().values():
            claim._decided()
    shown = {(part.left, part.right) for claim in CLAIMS for part in identities(claim)}
    return tuple(
        part
        for key, part in met.items()
        if key not in shown and not mutants.is_zero(part.right) and part.left != part.right
    )


def test_a_fault_in_an_identity_inside_a_proof_is_seen():
    planted, survived = 0, []
    for k, part in enumerate(inside_proofs()):
        rng = random.Random(f"inside {k}")
        for kind in rng.sample(list(mutants.KINDS), 2):
            for mutant in mutants.drawn(part.right, kind, rng):
                planted += 1
                verdict = evolve(part, right=mutant).decide().verdict
                if verdict not in ("refuted", "ill-typed") and not mutants.excused(mutant, part):
                    survived.append((kind, str(part.right)[:200], str(mutant)[:200]))
    assert planted >= 40
    assert survived == []
