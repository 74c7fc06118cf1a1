"""Identities from outside: proved, with certificates that are confirmed; false mutants are not."""

from __future__ import annotations

import json
import random

import pytest
import sympy
from outside import OUTSIDE

from ergs_verify.proof import prove
from ergs_verify.recheck import recheck

BEYOND = {k for k, e in enumerate(OUTSIDE) if e.kind == "beyond"}


def mutants(entry, rng: random.Random, count: int):
    """False, or at least other, identities: a letter, sign, factor, order or transpose changed."""
    for _ in range(count):
        side, other = entry.left, entry.right
        nodes = [e for e in sympy.preorder_traversal(side) if getattr(e, "is_Matrix", False)]
        node = rng.choice(nodes or [side])
        changes = [2 * node]
        if node.is_Matrix and node.shape[0] == node.shape[1]:
            changes += [node.T, node + sympy.Identity(node.shape[0])]
        if isinstance(node, sympy.MatAdd):
            changes += [sympy.MatAdd(*node.args[1:]), node - 2 * node.args[0]]
        change = rng.choice(changes)
        yield side.xreplace({node: change}), other


@pytest.mark.parametrize("number", [k for k in range(len(OUTSIDE)) if k not in BEYOND])
def test_proved_and_confirmed(number):
    entry = OUTSIDE[number]
    proof = prove(entry.left, entry.right, symmetric=entry.symmetric)
    assert proof.verdict == "proved", str(proof)
    assert recheck(json.loads(json.dumps(proof.certificate)))


@pytest.mark.parametrize("number", sorted(BEYOND))
def test_beyond_is_undecided_with_a_reason(number):
    entry = OUTSIDE[number]
    proof = prove(entry.left, entry.right, symmetric=entry.symmetric)
    assert proof.verdict == "undecided"
    assert "the prime field finds both sides equal" in proof.reason


@pytest.mark.parametrize("kind", sorted({e.kind for e in OUTSIDE} - {"beyond"}))
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
                assert recheck(proof.certificate)
    assert refuted >= 4
