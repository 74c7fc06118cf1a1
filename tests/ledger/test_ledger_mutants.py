"""The prover is tried on the ledger's own formulas: one small fault on a right side must show.

One mutant of every kind is drawn from each identity that is proved as corrected. The few that
survive are equal to the formula for a reason that is checked: a symmetric letter's transpose, or
factors turned round or transposed as a whole inside a trace.
"""

from __future__ import annotations

import random
from collections import Counter
from functools import cache

import mutants
import pytest
import sympy
from attrs import evolve

from ergs_verify.ledger import claims
from ergs_verify.ledger.claim import Claim, Equalities, Equality


def identities(claim: Claim) -> list[Equality]:
    form = claim.form()
    parts = form.parts if isinstance(form, Equalities) else (form,)
    return [part for part in parts if isinstance(part, Equality) and not is_zero(part.right)]


def is_zero(expression) -> bool:
    return expression == 0 or isinstance(expression, sympy.ZeroMatrix)


CLAIMS = [claim for claim in claims().values() if identities(claim)]


BY_ID = {claim.id: claim for claim in CLAIMS}


@cache
def drawn(claim_id: str) -> tuple[tuple[str, Equality, sympy.Basic], ...]:
    """One mutant of every kind for each identity, the same in every run."""
    chosen = []
    for k, part in enumerate(identities(BY_ID[claim_id])):
        for kind in mutants.KINDS:
            found = mutants.mutants(part.right, kind)
            if found:
                rng = random.Random(f"{claim_id} {k} {kind}")
                chosen.append((kind, part, rng.choice(found)))
    return tuple(chosen)


def canonical(expression, symmetric):
    """With transposes of symmetric letters undone; a trace as the least of its ways to be read."""
    names = {letter.name for letter in symmetric}
    undone = {
        node: node.arg
        for node in expression.atoms(sympy.Transpose)
        if getattr(node.arg, "name", None) in names
    }
    plain = expression.xreplace(undone)
    return plain.xreplace({t: _read(t.arg, names) for t in plain.atoms(sympy.Trace)})


def _read(product, symmetric: set[str]) -> sympy.Symbol:
    """The least, as text, of a product's rotations and those of its transpose."""
    factors = list(_factors(product))
    back = [_transposed(factor, symmetric) for factor in reversed(factors)]
    words = [
        tuple(str(f) for f in (*word[k:], *word[:k]))
        for word in (factors, back)
        for k in range(len(word))
    ]
    return sympy.Symbol(" ".join(min(words)))


def _factors(product):
    if isinstance(product, sympy.MatMul):
        for arg in product.args:
            yield from _factors(arg)
    else:
        yield product


def _transposed(factor, symmetric: set[str]):
    if isinstance(factor, sympy.Transpose):
        return factor.arg
    unchanged = not factor.is_Matrix or getattr(factor, "name", None) in symmetric
    return factor if unchanged else sympy.Transpose(factor)


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim.id for claim in CLAIMS])
def test_every_mutant_is_seen_or_equal(claim):
    planted = 0
    for kind, part, mutant in drawn(claim.id):
        planted += 1
        verdict = evolve(part, right=mutant).decide().verdict
        if verdict == "proved":
            same = canonical(mutant, part.symmetric) == canonical(part.right, part.symmetric)
            assert same, f"{kind}: {mutant} survives"
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
        and canonical(mutant, part.symmetric) == canonical(part.right, part.symmetric)
    ]
    assert excused == []
