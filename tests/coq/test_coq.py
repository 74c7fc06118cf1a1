"""Identities stated in Coq: true ones are accepted by its kernel, false ones are not."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import pytest
from sympy import Determinant, Identity, MatrixSymbol, Symbol, Trace, log

from coq.kernel import accepted, installed, lemma
from ergs_verify.errors import UnsupportedError
from ergs_verify.expressions import AgentMatrix, agent_index, agent_sum, control_size
from ergs_verify.proof import prove

needs_coq = pytest.mark.skipif(not installed(), reason="Coq with MathComp is not installed")

n, m = (Symbol(s, integer=True, positive=True) for s in "nm")
tau = Symbol("tau", positive=True)
A, P, Q = (MatrixSymbol(s, n, n) for s in "APQ")
B, C, K = MatrixSymbol("B", n, m), MatrixSymbol("C", m, n), MatrixSymbol("K", m, n)
R = MatrixSymbol("R", m, m)
j = agent_index("j")
Bj, Kj = AgentMatrix("B", j, n, control_size(j)), AgentMatrix("K", j, control_size(j), n)
i = agent_index("i")
Bi, Ki = AgentMatrix("B", i, n, control_size(i)), AgentMatrix("K", i, control_size(i), n)
LOOP = A + agent_sum(Bj * Kj, j)
W = tau / 2 * Identity(m) + R + B.T * P * B
GAIN = -W.I * B.T * P * A
RICCATI = Q + A.T * P * A - A.T * P * B * W.I * B.T * P * A
WEIGHT = tau / 2 * Identity(m) + R

IDENTITIES = {
    "push-through": ((tau * Identity(n) + B * C).I * B, B * (tau * Identity(m) + C * B).I, ()),
    "shrunk": (W.I * WEIGHT, Identity(m) - W.I * B.T * P * B, ()),
    "Lyapunov form": (
        Q + GAIN.T * WEIGHT * GAIN + (A + B * GAIN).T * P * (A + B * GAIN),
        RICCATI,
        (P, R),
    ),
    "completed square": (
        Q + K.T * WEIGHT * K + (A + B * K).T * P * (A + B * K),
        RICCATI + (K - GAIN).T * W * (K - GAIN),
        (P, R),
    ),
    "agents": (
        LOOP.T * P * LOOP,
        A.T * P * LOOP + agent_sum(Kj.T * Bj.T, j) * P * LOOP,
        (),
    ),
}


def certificate(name: str) -> dict:
    left, right, symmetric = IDENTITIES[name]
    proof = prove(left, right, symmetric=symmetric)
    assert proof, str(proof)
    assert proof.certificate is not None
    return proof.certificate


@needs_coq
@pytest.mark.parametrize("name", IDENTITIES)
def test_is_accepted(name):
    assert accepted(lemma("identity", certificate(name)))


@needs_coq
def test_a_false_statement_is_not_accepted():
    text = lemma("identity", certificate("shrunk"))
    statement, proof = text.split("Proof.")
    sides, right = statement.rsplit(" = ", 1)
    for changed in (f"{sides} = {right.replace('x_P', '(x_P *m x_P)')}", f"{sides} = 0.\n"):
        assert changed != statement
        assert not accepted(f"{changed}Proof.{proof}")


@needs_coq
def test_the_inverse_has_to_be_supposed():
    text = lemma("identity", certificate("shrunk"))
    assert text.count("\\in unitmx") == 1
    supposed = next(line for line in text.splitlines() if "unitmx" in line)
    assert not accepted(text.replace(supposed + "\n", ""))


def test_a_false_identity_has_no_lemma():
    given = certificate("shrunk")
    with pytest.raises(UnsupportedError, match="do not show it"):
        lemma("identity", given | {"right": given["left"] - 1})


SCALARS = {
    "turned": (Trace(A * B * C) + Trace(P * A), Trace(C * A * B) + Trace(A.T * P.T)),
    "moved in a trace": (
        Trace(W.I * B.T * P * B + W.I * R),
        m - tau / 2 * Trace(W.I),
    ),
    "relative entropy": (
        log(Determinant(tau * R.I)) + Trace(R * C * C.T) - log(Determinant(R + R)),
        m * log(tau) - 2 * log(Determinant(R)) - m * log(2) + Trace(C.T * R * C),
    ),
    "summed over agents": (
        agent_sum(Trace(A * Bj * Kj), j) - Trace(P * LOOP),
        Trace(A * agent_sum(Bj * Kj, j)) - Trace(A * P) - agent_sum(Trace(Kj * P * Bj), j),
    ),
    "summed twice": (
        Trace(LOOP.T * P * LOOP),
        Trace(A.T * P * LOOP)
        + agent_sum(Trace(Bj.T * P * A * Kj.T), j)
        + agent_sum(Trace(Kj * agent_sum(Ki.T * Bi.T, i) * P * Bj), j),
    ),
    "inverses of agents": (
        agent_sum(Trace((tau * Identity(n) + Bj * Kj).I * Bj * Kj), j),
        agent_sum(n - tau * Trace((tau * Identity(n) + Bj * Kj).I), j),
    ),
}


@needs_coq
@pytest.mark.parametrize("name", SCALARS)
def test_scalars_are_accepted(name):
    proof = prove(*SCALARS[name])
    assert proof, str(proof)
    assert proof.certificate is not None
    text = lemma("identity", proof.certificate)
    assert accepted(text)
    if name == "turned":
        statement, script = text.split("Proof.")
        left, right = statement.rsplit(" = ", 1)
        changed = right.replace("x_C", "(- x_C)", 1)
        assert not accepted(f"{left} = {changed}Proof.{script}")


def test_names_that_look_alike_stay_apart():
    """Two letters written alike would be one, and the lemma another statement."""
    other, twin = MatrixSymbol("A+", n, n), MatrixSymbol("A-", n, n)
    proof = prove((other + twin) * P, other * P + twin * P)
    assert proof.certificate is not None
    with pytest.raises(UnsupportedError, match="two names"):
        lemma("identity", proof.certificate)
