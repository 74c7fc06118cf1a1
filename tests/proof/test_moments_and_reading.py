"""Gaussian expectations and coefficients read off, against other means of getting them."""

from __future__ import annotations

import pytest
import sympy
from language import SYMMETRIC, A, G, K, P, S, X, i, j, k, m, x, y
from sympy import Determinant, Identity, Inverse, MatrixSymbol, Trace, ZeroMatrix, log

from ergs_verify.errors import UnsupportedError
from ergs_verify.expressions import AgentMatrix, agent_sum, trace_of
from ergs_verify.proof import gaussian_expectation, prove
from ergs_verify.proof.quadrature import agrees_with_sigma_points
from ergs_verify.proof.reading import agent_coefficients, linear_map, quadratic_form

mu, Z, N = MatrixSymbol("mu", m, 1), MatrixSymbol("Z", m, m), MatrixSymbol("N", m, m)
zero = ZeroMatrix(m, 1)
symmetric = (*SYMMETRIC, Z, N, S(i))


def v(agent):
    return AgentMatrix("v", agent, m, 1)


def c(agent):
    return AgentMatrix("c", agent, m, 1)


GAUSSIANS = {x: (mu, Z), v(j): (c(j), S(j))}
COSTS = {
    "quadratic": trace_of(x.T, A, x),
    "square of a linear form": trace_of(x.T, y) ** 2,
    "others": trace_of((x + agent_sum(v(j), j, i)).T, A, x + agent_sum(v(j), j, i)),
    "agent i apart": trace_of((v(i) + agent_sum(v(j), j, i)).T, A, x),
    "own square": agent_sum(trace_of(v(j).T, A, v(j)), j),
    "two quadratic forms": trace_of(x.T, A, x) * trace_of(x.T, P, x),
    "quartic": trace_of(x.T, A, x, x.T, P, x),
    "quartic inside": trace_of(x.T, A.T, x, x.T, X, x) + trace_of(x.T, A, x) ** 2,
    "x x'Ax": trace_of(y.T, x, x.T, A, x),
    "cubic with agents": agent_sum(trace_of(v(j).T, A, v(j)) * trace_of(v(j).T, y), j),
    "quartic with agents": agent_sum(
        agent_sum(trace_of(v(j).T, A, v(k)) * trace_of(y.T, v(j)) * trace_of(v(k).T, y), k), j
    ),
}


@pytest.mark.parametrize("name", COSTS)
def test_expectation_agrees_with_sigma_points(name):
    cost = COSTS[name]
    expected = gaussian_expectation(cost, GAUSSIANS, symmetric=symmetric)
    assert agrees_with_sigma_points(cost, expected, GAUSSIANS, symmetric=symmetric)
    wrong = expected + Trace(Z)
    assert not agrees_with_sigma_points(cost, wrong, GAUSSIANS, symmetric=symmetric)


def test_sixth_moment():
    """E (x'x)³ of a standard normal vector is n(n + 2)(n + 4)."""
    got = gaussian_expectation(trace_of(x.T, x) ** 3, {x: (zero, Identity(m))})
    assert prove(got, m * (m + 2) * (m + 4))


def test_quartic_forms_of_the_cookbook():
    """E[x'Ax x'Bx] and E[x x'Ax], equations 8.2.3 of The Matrix Cookbook."""
    moments, both = {x: (mu, Z)}, (*symmetric, A)
    got = gaussian_expectation(trace_of(x.T, A, x, x.T, P, x), moments, symmetric=both)
    means = trace_of(mu.T, A, mu), trace_of(mu.T, P, mu)
    wanted = (
        2 * Trace(A * Z * P * Z)
        + 4 * trace_of(mu.T, A, Z, P, mu)
        + (Trace(A * Z) + means[0]) * (Trace(P * Z) + means[1])
    )
    assert prove(got, wanted, symmetric=both)
    got = gaussian_expectation(x * x.T * A * x, moments, symmetric=both)
    assert prove(got, 2 * Z * A * mu + (Trace(A * Z) + means[0]) * mu, symmetric=both)


def test_isserlis_for_two_numbers():
    """E (ax + by)² = a²(s + μ²) + b²(t + ν²) + 2abμν for independent numbers."""
    one, two, s, t = (MatrixSymbol(name, 1, 1) for name in "abst")
    a, b = sympy.symbols("a b")
    zero_mean = {one: (ZeroMatrix(1, 1), s), two: (ZeroMatrix(1, 1), t)}
    square = Trace((a * one + b * two) * (a * one + b * two))
    assert prove(gaussian_expectation(square, zero_mean), a**2 * Trace(s) + b**2 * Trace(t))


def test_agents_are_independent_and_exclusions_kept():
    cost = agent_sum(agent_sum(trace_of(v(j).T, v(k)), k), j, i)
    got = gaussian_expectation(cost, {v(j): (ZeroMatrix(m, 1), S(j))}, symmetric=symmetric)
    assert prove(got, agent_sum(Trace(S(j)), j, i))


def test_a_covariance_that_is_a_sum_over_agents_keeps_them_apart():
    cost = agent_sum(trace_of(v(j).T, S(j), v(j)), j)
    got = gaussian_expectation(cost, {v(i): (zero, agent_sum(G(k) * G(k).T, k))})
    assert prove(got, agent_sum(agent_sum(Trace(S(j) * G(k) * G(k).T), k), j))


def test_numbered_agents_have_their_own_moments():
    form = v(1).T * v(1) + v(2).T * v(2)
    got = gaussian_expectation(
        Trace(form), {v(1): (zero, Z), v(2): (zero, 2 * N)}, symmetric=symmetric
    )
    assert prove(got, Trace(Z) + 2 * Trace(N))


def test_matrix_valued_expectations():
    got = gaussian_expectation(x * x.T * y, {x: (mu, Z)}, symmetric=symmetric)
    assert prove(got, Z * y + mu * mu.T * y, symmetric=symmetric)
    got = gaussian_expectation(x.T * A * x, {x: (zero, Z)}, symmetric=symmetric)
    assert prove(got, Trace(A * Z) * Identity(1), symmetric=symmetric)


@pytest.mark.parametrize(
    ("form", "gaussians", "message"),
    [
        (trace_of(x.T, x) ** 5, {x: (zero, Z)}, "more than 8 random letters"),
        (Trace(Inverse(P + x * x.T)), {x: (zero, Z)}, "inside a logarithm or an inverse"),
        (log(Determinant(P + x * x.T)), {x: (zero, Z)}, "inside a logarithm or an inverse"),
        (Trace(x.T * x), {x: (y, Z), y: (zero, Z)}, "random themselves"),
        (Trace(A * X), {X: (zero, Z)}, "not a column"),
        (trace_of(v(i).T, v(k)), {v(j): (zero, S(j))}, "may be the same or not"),
        (trace_of(v(i).T, v(i)), {v(1): (zero, Z)}, "may or may not be"),
    ],
)
def test_expectations_out_of_reach_are_refused(form, gaussians, message):
    with pytest.raises(UnsupportedError, match=message):
        gaussian_expectation(form, gaussians, symmetric=symmetric)


@pytest.mark.parametrize(
    "scalar",
    [
        trace_of(x.T, A, x) + trace_of(y.T, x) + Trace(P),
        trace_of((A * x - y).T, P, A * x - y),
        trace_of(x.T, y) ** 2 + Trace(X) * trace_of(x.T, y),
        agent_sum(trace_of(x.T, S(j), x), j, i) + agent_sum(trace_of(c(j).T, x), j),
    ],
)
def test_quadratic_form_recomposes(scalar):
    form = quadratic_form(scalar, x, symmetric=symmetric)
    whole = trace_of(x.T, form.matrix, x) + trace_of(form.linear.T, x) + form.constant
    assert prove(whole, scalar, symmetric=symmetric)
    assert prove(form.matrix, form.matrix.T, symmetric=symmetric)


def test_quadratic_form_of_a_number():
    r = MatrixSymbol("r", 1, 1)
    form = quadratic_form(3 * Trace(r) ** 2 + 2 * Trace(r), r)
    assert prove(form.matrix, 3 * Identity(1))
    assert prove(form.linear, 2 * Identity(1))


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: quadratic_form(Trace(x * x.T * x * x.T), x), "4 times"),
        (lambda: quadratic_form(Trace(Inverse(P + x * x.T)), x), "inside a logarithm"),
        (lambda: quadratic_form(agent_sum(trace_of(v(j).T, v(j)), j), v(i)), "may be the same"),
        (lambda: quadratic_form(x.T * x, x), "is a scalar"),
        (lambda: quadratic_form(Trace(X), X), "not a column letter"),
        (lambda: linear_map(A * x + y, x), "not linear"),
        (lambda: linear_map(x * x.T * x, x), "not linear"),
        (lambda: agent_coefficients(G(i) * K(i) * G(i) * K(i), K, i, j), "not linear"),
        (lambda: agent_coefficients(K(i) * A, K, i, j), "not linear"),
        (lambda: agent_coefficients(S(j) * G(i) * K(i), K, i, j), "occurs already"),
        (lambda: agent_coefficients(Inverse(P + G(i) * K(i)), K, i, j), "inside an inverse"),
        (lambda: agent_coefficients(G(1) * K(1), K, i, j), "not multiplied by anything"),
    ],
)
def test_what_cannot_be_read_is_refused(read, message):
    with pytest.raises(UnsupportedError, match=message):
        read()


def test_agent_coefficients_recompose_and_capture_nothing():
    expression = S(i) * G(i) * K(i) + agent_sum(agent_sum(S(k), k) * G(j) * K(j), j, i) + A
    row = agent_coefficients(expression, K, i, j)
    whole = row.own * K(i) + agent_sum(row.other * K(j), j, i) + row.constant
    assert prove(whole, expression)


def test_linear_map_recomposes():
    expression = agent_sum(S(j), j, i) * A * x - 2 * x
    assert prove(linear_map(expression, x) * x, expression)
