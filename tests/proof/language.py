"""Letters and random expressions of the typed language, for the prover's tests."""

from __future__ import annotations

import sympy
from hypothesis import strategies as st
from sympy import Function, Identity, MatrixSymbol, Symbol, Trace

from ergs_verify.expressions import AgentMatrix, agent_index, agent_sum, control_size

m, n, p = (Symbol(name, integer=True, positive=True) for name in "mnp")
i, j, k = (agent_index(name) for name in "ijk")
tau, delta = Symbol("tau", positive=True), Symbol("delta", positive=True)
A, X, Y = (MatrixSymbol(name, m, m) for name in "AXY")
P, Q = MatrixSymbol("P", m, m), MatrixSymbol("Q", m, m)
R, W, V = (MatrixSymbol(name, p, p) for name in "RWV")
B, C = MatrixSymbol("B", m, p), MatrixSymbol("C", p, m)
x, y = MatrixSymbol("x", m, 1), MatrixSymbol("y", m, 1)
q = Function("q", real=True)
SYMMETRIC = (P, Q, R)


def G(agent):
    """m×p_i."""
    return AgentMatrix("G", agent, m, control_size(agent))


def K(agent):
    """p_i×m."""
    return AgentMatrix("K", agent, control_size(agent), m)


def S(agent):
    """m×m."""
    return AgentMatrix("S", agent, m, m)


def T(agent):
    """p_i×p_i."""
    return AgentMatrix("T", agent, control_size(agent), control_size(agent))


def _square() -> st.SearchStrategy:
    """m×m expressions, small and large."""
    atoms = st.sampled_from(
        [A, X, P, A.T, B * C, C.T * B.T, x * y.T, S(i), S(i).T, S(j), G(i) * K(i), Identity(m)]
    )

    def grow(inner):
        pairs = st.tuples(inner, inner)
        return st.one_of(
            pairs.map(lambda both: both[0] + both[1]),
            pairs.map(lambda both: both[0] * both[1]),
            pairs.map(lambda both: both[0] - 2 * both[1]),
            inner.map(lambda e: e.T),
            inner.map(lambda e: tau * e),
            inner.map(lambda e: Trace(e) * e),
            inner.map(lambda e: agent_sum(e, j)),
            inner.map(lambda e: agent_sum(e, j, i)),
        )

    return st.recursive(atoms, grow, max_leaves=3).filter(lambda e: e.is_Matrix)


SQUARE = _square()
SCALAR = SQUARE.map(lambda e: sympy.Trace(e))
