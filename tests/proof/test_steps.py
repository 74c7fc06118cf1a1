"""Proofs to read: each step is true, and what is used is what was meant."""

from __future__ import annotations

import pytest
from outside import OUTSIDE, A, B, Ik, P, U, V, inv
from sympy import MatrixSymbol

from ergs_verify.proof import prove

READ = [k for k, entry in enumerate(OUTSIDE) if entry.kind in ("inverse of a sum", "Riccati")]


def test_woodbury_is_read_as_on_paper():
    right = inv(A) - inv(A) * U * inv(Ik + V * inv(A) * U) * V * inv(A)
    lines = str(prove(inv(A + U * V), right)).splitlines()
    assert lines[0].endswith("for every size")
    assert lines[1] == "  1. Multiply from the left by an invertible factor: A + U*V"
    assert lines[-2] == "  3. Use: V*A**(-1)*U = (I + V*A**(-1)*U) - I"
    assert lines[-1] == "  4. Multiplied out, both sides are: I"


@pytest.mark.parametrize("number", READ[::6])
def test_each_step_is_true(number):
    entry = OUTSIDE[number]
    for step in prove(entry.left, entry.right, symmetric=entry.symmetric).steps:
        if step.left is not None:
            assert prove(step.left, step.right, symmetric=entry.symmetric)


def test_what_is_not_multiplied_out_is_told_by_its_certificate():
    proof = prove(inv(inv(A) + inv(B)), A * inv(A + B) * B)
    assert proof
    assert all(step.text for step in proof.steps)
    shown = proof._repr_markdown_()
    assert "\n1. " in shown
    assert "for every size" in shown


def test_nothing_is_told_of_what_is_not_proved():
    assert prove(A * B, B * A).steps == ()
    assert prove(P.T, P, symmetric=[P]).steps[-1].right == MatrixSymbol("P", *P.shape)
