"""Agents' letters, sums over agents, and writing them out."""

from __future__ import annotations

import pytest
import sympy
from sympy import Integer, MatrixSymbol, Symbol, Trace

from ergs_verify.expressions import (
    AgentMatrix,
    AgentSum,
    AgentTotal,
    agent_index,
    agent_sum,
    control_size,
    instantiate,
    trace_of,
)

i, j, k = (agent_index(name) for name in "ijk")
m = Symbol("m", integer=True, positive=True)


def B(agent):
    return AgentMatrix("B", agent, m, control_size(agent))


def K(agent):
    return AgentMatrix("K", agent, control_size(agent), m)


def test_letters_of_different_agents_differ():
    assert B(1) != B(2)
    assert B(i).subs(i, 2) == B(2)
    assert hash(B(i)) == hash(B(i))
    assert B(i) != AgentMatrix("C", i, m, control_size(i))
    assert B(2) != MatrixSymbol("B", m, control_size(Integer(2)))


def test_shapes_follow_the_agent():
    assert B(2).shape == (m, control_size(Integer(2)))
    assert instantiate(B(i) * K(i), 3, {i: 3}).shape == (m, m)
    assert B(2).T.shape == (control_size(Integer(2)), m)


def test_letters_print():
    assert str(B(i).T * B(2)) == "B^i.T*B^2"
    assert sympy.latex(B(i)) == "B^{i}"
    assert sympy.latex(agent_sum(B(j) * K(j), j, i)) == r"\sum_{j \neq i} B^{j} K^{j}"
    assert sympy.latex(agent_sum(B(j) + B(j), j)).startswith(r"\sum_{j}")
    assert str(agent_sum(B(j) * K(j), j, i)) == "Sum[j≠i](B^j*K^j)"


def test_sums_are_matrices_or_scalars():
    assert isinstance(agent_sum(B(j) * K(j), j), AgentSum)
    assert agent_sum(B(j) * K(j), j).shape == (m, m)
    assert isinstance(agent_sum(Trace(B(j) * K(j)), j), AgentTotal)


@pytest.mark.parametrize("agents", [1, 2, 4])
def test_instantiate_writes_every_agent(agents):
    written = instantiate(agent_sum(B(j) * K(j), j), agents)
    terms = set(written.args) if agents > 1 else {written}
    assert terms == {B(a) * K(a) for a in range(1, agents + 1)}


def test_instantiate_leaves_out_the_excluded():
    assert instantiate(agent_sum(B(j) * K(j), j, i), 3, {i: 2}) == sympy.MatAdd(
        B(1) * K(1), B(3) * K(3)
    )
    assert instantiate(agent_sum(control_size(j), j, i, k), 3, {i: 1, k: 3}) == control_size(
        Integer(2)
    )


def test_an_empty_sum_is_zero_of_its_shape():
    zero = instantiate(agent_sum(K(i) * B(j) * K(j), j, i), 1, {i: 1})
    assert zero == sympy.ZeroMatrix(control_size(Integer(1)), m)
    assert instantiate(agent_sum(control_size(j), j, i), 1, {i: 1}) == 0


def test_nested_sums_bind_their_own_index():
    double = agent_sum(agent_sum(trace_of(B(j), K(j), B(k), K(k)), k, j), j, i)
    written = instantiate(double, 3, {i: 1})
    assert written == sum(
        Trace(sympy.MatMul(B(a), K(a), B(b), K(b))) for a in (2, 3) for b in (1, 2, 3) if a != b
    )


def test_what_has_no_agents_stays_the_same_object():
    expr = MatrixSymbol("A", m, m) * MatrixSymbol("x", m, 1)
    assert instantiate(expr, 5, {i: 1}) is expr


def test_trace_of_leaves_a_product_as_written():
    X, Y = MatrixSymbol("X", 2, 2), MatrixSymbol("Y", 2, 2)
    assert trace_of(X, Y).arg.args == (X, Y)
    assert trace_of(X) == Trace(X)
