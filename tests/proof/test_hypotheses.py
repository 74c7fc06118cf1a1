"""Hypotheses as equations."""

from __future__ import annotations

import re

import pytest
from sympy import Eq, Identity, Integer, MatrixSymbol, Trace, symbols

from ergs_verify.errors import InputError
from ergs_verify.expressions import AgentMatrix, AgentTotal, agent_index, agent_sum
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
        (Eq(Trace(A), 1), "not an equation of matrices"),
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


def test_a_gain_given_by_its_equation():
    """(R + B'PB) K = B'PA determines K as R + B'PB is positive definite."""
    given = [Eq((R + B.T * P * B) * K, B.T * P * A)]
    sides = A.T * P * A - A.T * P * B * K, F.T * P * F + K.T * R * K
    proof = prove(*sides, positive_definite=[P, R], given=given)
    assert proof
    assert dict(proof.evidence)["inverses"].startswith("all exist")
    with pytest.raises(InputError, match="K is multiplied by something that may have no inverse"):
        prove(*sides, symmetric=[P, R], given=given)


def test_inverses_that_are_taken_to_exist_are_named():
    proof = prove((P + A).I * (P + A) * P.I * B, P.I * B, positive_definite=[P])
    assert proof
    proof = prove((P + A).I * A + (P + A).I * P, Identity(n), positive_definite=[P])
    assert dict(proof.evidence)["inverses"] == "taken to exist: (A + P)**(-1)"


def test_a_filter_and_its_riccati_equation():
    """The information form of the covariance, with the gain given."""
    L, H, V = MatrixSymbol("L", n, m), MatrixSymbol("H", m, n), MatrixSymbol("V", m, m)
    given = [
        Eq(L * (H * S * H.T + V), S * H.T),
        Eq(Q, (Identity(n) - L * H) * S),
    ]
    assert prove(Q.I, S.I + H.T * V.I * H, positive_definite=[S, V], given=given)


def test_a_gain_makes_the_riccati_equation_symmetric():
    given = [Eq((R + B.T * P * B) * K, B.T * P * A), Eq(P, Q + A.T * P * A - A.T * P * B * K)]
    right = Q + K.T * R * K + F.T * P * F
    assert prove(P, right, positive_definite=[P, R], symmetric=[Q], given=given)


i, j = agent_index("i"), agent_index("j")


def T(agent):
    return AgentMatrix("T", agent, n, n)


def U(agent):
    return AgentMatrix("U", agent, n, n)


def test_an_equation_with_an_index_holds_for_every_agent():
    assert prove(agent_sum(T(j), j), agent_sum(U(j) + A, j), given=[Eq(T(i), U(i) + A)])
    solved = [Eq(T(i) * U(i), A)]
    wanted = agent_sum(T(j) * U(j), j), AgentTotal(Integer(1), j) * A
    assert prove(*wanted, given=solved, positive_definite=[T(i)])


@pytest.mark.parametrize(
    ("equation", "words"),
    [
        (Eq(A, T(i) * U(i) * T(i)), "A is not a letter of agent i"),
        (Eq(T(1), T(i) + A), "T^i occurs in 2 terms"),
        (Eq(T(i), agent_sum(T(j), j) + A), "T^i occurs in 2 terms"),
        (Eq(symbols("t") * P, symbols("t") * (A + Q)), "P is multiplied by t, which may be 0"),
    ],
)
def test_a_letter_that_an_equation_does_not_determine_is_not_eliminated(equation, words):
    with pytest.raises(InputError, match=re.escape(words)):
        prove(P, Q, given=[equation])
    positive = symbols("t", positive=True)
    assert prove(P, A + Q, given=[Eq(positive * P, positive * (A + Q))])
    assert prove(T(1), T(2) + A, given=[Eq(T(1), T(2) + A)])
