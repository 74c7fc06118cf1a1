"""Hypotheses as equations."""

from __future__ import annotations

import pytest
from sympy import Eq, Identity, MatrixSymbol, Trace, symbols

from ergs_verify.errors import InputError
from ergs_verify.proof import prove

n, m = symbols("n m", integer=True, positive=True)
A, P, Q, S = (MatrixSymbol(s, n, n) for s in "APQS")
B, R, K = MatrixSymbol("B", n, m), MatrixSymbol("R", m, m), MatrixSymbol("K", m, n)
F = A - B * K
GAIN = (R + B.T * P * B).I * B.T * P * A
RICCATI = Eq(P, Q + A.T * P * A - A.T * P * B * GAIN)
SYMMETRIC = [P, Q, R, S]


def test_riccati_equation_gives_the_closed_loop_one():
    closed = A - B * GAIN
    right = Q + GAIN.T * R * GAIN + closed.T * P * closed
    assert prove(P, right, symmetric=SYMMETRIC, given=[RICCATI])
    assert prove(P, right, symmetric=SYMMETRIC).verdict == "refuted"


def test_two_lyapunov_equations_and_a_trace():
    """tr(P W) = tr(S Q) for the cost and the covariance of a closed loop."""
    W = MatrixSymbol("W", n, n)
    given = [Eq(P, Q + F.T * P * F), Eq(S, F * S * F.T + W)]
    assert prove(Trace(P * W), Trace(S * Q), symmetric=SYMMETRIC, given=given)
    assert not prove(Trace(P * W), Trace(S * Q), symmetric=SYMMETRIC, given=given[:1])


def test_a_symmetric_letter_needs_a_symmetric_value():
    with pytest.raises(InputError, match="can be eliminated"):
        prove(Q, P, symmetric=[Q, P], given=[Eq(Q, P * A)])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (A, "must be an equation"),
        (Eq(A * P, P * A), "no letter of the hypothesis"),
        (Eq(Trace(A), 1), "no equation of matrices"),
        (Eq(A * A, A), "no letter of the hypothesis"),
    ],
)
def test_what_cannot_be_used_is_told(given, words):
    with pytest.raises(InputError, match=words):
        prove(A, P, given=[given])


def test_an_ill_typed_hypothesis():
    proof = prove(P, A, given=[Eq(Q, P * P), Eq(S, P + Q)])
    assert proof.verdict == "refuted"
    assert prove(S, P + P * P, given=[Eq(Q, P * P), Eq(S, P + Q)])
    assert prove(Q + Identity(n), Identity(n), given=[Eq(Q, A - A + 0 * P)])
