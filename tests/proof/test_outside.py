"""Identities from outside: proved, with certificates that are confirmed; false mutants are not."""

from __future__ import annotations

import json
import random

import pytest
import sympy
from outside import OUTSIDE

from ergs_verify.proof import prove
from ergs_verify.recheck import recheck

NORMAL_FORM = {160, 173, 185, 221, 222}
"""Shown by the normal form alone, which has no certificates: numbers that commute."""


def changed(node, rng: random.Random):
    """A node with one of its parts, or itself, changed in one place."""
    parts = [
        k
        for k, a in enumerate(node.args)
        if getattr(a, "is_Matrix", False) and not isinstance(a, sympy.MatrixBase)
    ]
    if parts and not isinstance(node, sympy.MatrixSymbol) and rng.random() < 0.7:
        k = rng.choice(parts)
        return node.func(*node.args[:k], changed(node.args[k], rng), *node.args[k + 1 :])
    if not node.is_Matrix:
        return 2 * node
    changes = [2 * node, -node]
    if node.shape[0] == node.shape[1]:
        changes += [node.T, node + sympy.Identity(node.shape[0])]
    if isinstance(node, sympy.MatAdd):
        changes.append(sympy.MatAdd(*node.args[1:]))
    return rng.choice(changes)


def mutants(entry, rng: random.Random, count: int):
    """Other identities, false but for a symmetric node that was transposed, say."""
    for _ in range(count):
        yield changed(entry.left, rng), entry.right


@pytest.mark.parametrize("number", range(len(OUTSIDE)))
def test_proved_and_confirmed(number):
    entry = OUTSIDE[number]
    proof = prove(entry.left, entry.right, symmetric=entry.symmetric)
    assert proof.verdict == "proved", str(proof)
    if number in NORMAL_FORM:
        assert ("normal form", "zero") in proof.evidence
        assert proof.certificate is None
    else:
        assert recheck(json.loads(json.dumps(proof.certificate)))


@pytest.mark.parametrize("kind", sorted({e.kind for e in OUTSIDE}))
def test_mutants_are_proved_only_if_confirmed_by_values(kind):
    """A mutant may happen to be true (a symmetric node transposed): then its values agree."""
    rng = random.Random(kind)
    entries = [e for e in OUTSIDE if e.kind == kind]
    refuted = 0
    for entry in rng.sample(entries, 4):
        for left, right in mutants(entry, rng, 2):
            proof = prove(left, right, symmetric=entry.symmetric)
            if proof.verdict == "refuted":
                assert proof.counterexample.replay()
                refuted += 1
            elif proof:
                assert proof.certificate is None or recheck(proof.certificate)
    assert refuted >= 4
