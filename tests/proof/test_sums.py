"""Letters of no agent, inside of sums over agents and outside."""

from __future__ import annotations

import json

import pytest
from language import A, G, P, S, X, Y, i, j, k, m
from sympy import Identity, Integer, Inverse, Trace

from ergs_verify.expressions import AgentMatrix, AgentTotal, agent_sum, control_size
from ergs_verify.proof import prove
from ergs_verify.recheck import recheck

N, one = AgentTotal(Integer(1), j), Identity(m)


def D(agent):
    return AgentMatrix("D", agent, m, m)


def R(agent):
    return AgentMatrix("R", agent, control_size(agent), control_size(agent))


def H(agent):
    """(A + S_j)⁻¹."""
    return Inverse(A + S(agent))


def DEEP(agent):
    return Inverse(2 * one + Inverse(2 * S(agent) + 2 * one))


WOODBURY = A.I * G(j) * Inverse(R(j).I + G(j).T * A.I * G(j)) * G(j).T * A.I
TRUE = {
    "resolvents": (agent_sum(H(j) - A.I, j), -A.I * agent_sum(S(j) * H(j), j)),
    "from the other side": (agent_sum(H(j) * S(j) * A.I, j), N * A.I - agent_sum(H(j), j)),
    "of a rectangle": (
        agent_sum(Inverse(A + G(j) * R(j) * G(j).T), j),
        N * A.I - agent_sum(WOODBURY, j),
    ),
    "within the inverse of a sum": (
        Inverse(X + agent_sum(H(j) * S(j), j)),
        Inverse(X + N * one - agent_sum(H(j), j) * A),
    ),
    "twice": (
        agent_sum(H(j) * S(j), j) * agent_sum(S(k) * H(k), k),
        (N * one - agent_sum(H(j), j) * A) * (N * one - A * agent_sum(H(k), k)),
    ),
    "an inverse within": (
        agent_sum(Inverse(X + Inverse(A + S(j))), j),
        agent_sum(Inverse(X + A.I - A.I * S(j) * H(j)), j),
    ),
    "transposed": (
        agent_sum(H(j), j).T * A.T,
        N * one - agent_sum(S(j) * H(j), j).T,
    ),
    "beside a free agent": (
        agent_sum(D(j) * Inverse(S(j) + S(i)), j) * S(i),
        agent_sum(D(j), j) - agent_sum(D(j) * Inverse(S(j) + S(i)) * S(j), j),
    ),
    "that an agent's letter alone inverts": (agent_sum(S(j) * X * Inverse(S(j) * X) * A, j), N * A),
    "parallel": (
        agent_sum(Inverse(A.I + S(j).I), j),
        N * A - A * agent_sum(H(j), j) * A,
    ),
    "within a trace": (
        Trace(X * agent_sum(H(j) * S(j) * A.I * Y, j)),
        N * Trace(Y * X * A.I) - Trace(X * agent_sum(H(j) * Y, j)),
    ),
    "inverses within inverses": (
        agent_sum(Inverse(DEEP(j) + A) * DEEP(j), j),
        N * one - agent_sum(Inverse(DEEP(j) + A), j) * A,
    ),
    "within a trace, with a letter of the sum": (
        Trace(agent_sum(Inverse(DEEP(j) * X + A) * DEEP(j) * X, j) * X),
        N * Trace(X) - Trace(X * agent_sum(Inverse(DEEP(j) * X + A), j) * A),
    ),
    "of traces": (
        agent_sum(Trace(X * H(j) * S(j) * A.I), j),
        N * Trace(X * A.I) - agent_sum(Trace(X * H(j)), j),
    ),
}


@pytest.mark.parametrize("name", TRUE)
def test_what_holds_is_proved_and_confirmed(name):
    proof = prove(*TRUE[name])
    assert proof.verdict == "proved", str(proof)
    assert recheck(json.loads(json.dumps(proof.certificate)))


@pytest.mark.parametrize("name", TRUE)
def test_what_is_changed_is_refuted(name):
    left, right = TRUE[name]
    more = agent_sum(H(j) * S(j), j)
    for wrong in (2 * right, right + (more if right.is_Matrix else Trace(more * X))):
        proof = prove(left, wrong)
        assert proof.verdict == "refuted", str(proof)
        assert proof.counterexample.replay()


def test_a_symmetric_letter_stays_symmetric():
    sides = agent_sum(D(j) * Inverse(S(j) + S(i)), j), agent_sum(D(j) * Inverse(S(j).T + S(i)), j)
    assert prove(*sides, symmetric=[S(i), P])
    assert prove(*sides, symmetric=[P]).verdict == "refuted"


def pair(agent, other):
    return Inverse(A + S(agent) + D(other))


def test_nested_sums():
    """In the one order and in the other, which is beyond where A has to cancel too."""
    body = pair(j, k) * (S(j) + D(k))
    inside = agent_sum(agent_sum(body, k), j)
    assert prove(inside, N**2 * one - agent_sum(agent_sum(pair(j, k), k), j) * A)
    assert prove(inside, agent_sum(agent_sum(body, j), k))
    proof = prove(inside, agent_sum(agent_sum(one - pair(j, k) * A, j), k))
    assert proof.verdict == "undecided"
    assert "nested sums over agents" in proof.reason
