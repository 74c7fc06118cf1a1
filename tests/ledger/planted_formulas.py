"""Faults planted in the ledger's formulas: those of displays, and those inside proofs."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
from unittest.mock import patch

import afresh
import mutants
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


Planted = tuple[str, Equality, sympy.Basic]


def drawn_inside_proofs() -> Iterator[Planted]:
    """Mutants of two kinds of each."""
    for k, part in enumerate(inside_proofs()):
        rng = random.Random(f"inside {k}")
        for kind in rng.sample(list(mutants.KINDS), 2):
            for mutant in mutants.drawn(part.right, kind, rng):
                yield kind, part, mutant


def table() -> dict[str, tuple[int, int, int]]:
    """Kind of fault → planted, caught, and how many change nothing."""
    made, caught, equal = Counter(), Counter(), Counter()
    shown = (mutant for claim in CLAIMS for mutant in drawn(claim.id))
    for kind, part, mutant in (*shown, *drawn_inside_proofs()):
        made[kind] += 1
        verdict = evolve(part, right=mutant).decide().verdict
        caught[kind] += verdict in ("refuted", "ill-typed")
        equal[kind] += verdict == "proved" and mutants.excused(mutant, part)
    return {kind: (made[kind], caught[kind], equal[kind]) for kind in mutants.KINDS}


if __name__ == "__main__":
    for kind, counts in table().items():
        print(kind, *counts, sep=" | ")
