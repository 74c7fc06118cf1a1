"""Derivatives against block matrices: f(X + εE) is read off f at [[X, E], [0, X]]."""

from __future__ import annotations

import random

import pytest
from sympy import (
    Derivative,
    Determinant,
    Identity,
    ImmutableMatrix,
    Inverse,
    MatrixSymbol,
    Symbol,
    Trace,
    log,
    symbols,
)

from ergs_verify.errors import InputError, UnsupportedError
from ergs_verify.expressions import AgentMatrix, agent_index, agent_sum
from ergs_verify.proof import derivative, prove

n, k = symbols("n k", integer=True, positive=True)
t = Symbol("t")
A, B, X = (MatrixSymbol(s, n, n) for s in "ABX")
U, x = MatrixSymbol("U", n, k), MatrixSymbol("x", n, 1)
i, j, other = agent_index("i"), agent_index("j"), agent_index("other")


def S(agent):
    return AgentMatrix("S", agent, n, n)


TOTAL = A + agent_sum(S(j), j)


# The Matrix Cookbook, chapter 2.
COOKBOOK = [
    (Trace(A * X), X, A.T),
    (Trace(A * X.T), X, A),
    (Trace(X * X), X, 2 * X.T),
    (Trace(A * X * B), X, A.T * B.T),
    (Trace(X.T * A * X), X, (A + A.T) * X),
    (Trace(A * Inverse(X)), X, -(Inverse(X) * A * Inverse(X)).T),
    (Trace(Inverse(X + A)), X, -(Inverse(X + A) * Inverse(X + A)).T),
    (log(Determinant(X)), X, Inverse(X).T),
    (Determinant(X), X, Determinant(X) * Inverse(X).T),
    (log(Determinant(U.T * X * U)), X, U * Inverse(U.T * X.T * U) * U.T),
    (log(Determinant(U.T * U)), U, 2 * U * Inverse(U.T * U)),
    (x.T * A * x, x, (A + A.T) * x),
    (log(Determinant(X + t * A)), t, Trace(Inverse(X + t * A) * A)),
    (Inverse(X + t * A), t, -Inverse(X + t * A) * A * Inverse(X + t * A)),
    (agent_sum(Trace(S(j) * X * S(j) * X), j), X, agent_sum(2 * S(j).T * X.T * S(j).T, j)),
    (Trace(X * X * X), X, 3 * (X * X).T),
    (Trace(A), X, 0 * A),
    (Trace(S(i) * A * S(j)), S(i), (A * S(j)).T),
    (agent_sum(Trace(S(j).T * A * S(j)), j), S(i), (A + A.T) * S(i)),
    (agent_sum(Trace(S(j).T * A * S(j)), j), S(2), (A + A.T) * S(2)),
    (agent_sum(Trace(S(j).T * A * S(j)), j, i), S(i), 0 * A),
    (Trace(TOTAL.T * A * TOTAL), S(i), (A + A.T) * TOTAL),
    (agent_sum(Trace(S(j).T * A * agent_sum(S(other), other)), j), S(i), (A + A.T) * (TOTAL - A)),
    (agent_sum(log(Determinant(S(j))) + Trace(S(i)), j, i), S(i), agent_sum(Identity(n), j, i)),
]


@pytest.mark.parametrize("case", COOKBOOK, ids=str)
def test_of_the_cookbook(case):
    function, by, wanted = case
    assert prove(derivative(function, by), wanted)


def test_an_unevaluated_derivative_is_worked_out():
    assert prove(Derivative(log(Determinant(X)), X), Inverse(X).T)
    assert prove(Derivative(log(Determinant(X)), X), Inverse(X)).verdict == "refuted"
    assert prove(
        Derivative(Trace(Inverse(X + t * A)), t, t),
        derivative(-Trace(Inverse(X + t * A) * A * Inverse(X + t * A)), t),
    )


FUNCTIONS = [
    Inverse(X) * A * X,
    X.T * Inverse(A + X * X),
    X * B * X.T * Inverse(X + X.T + 9 * A),
    X**3 * A,
    Inverse(X) ** 2,
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_against_blocks(function):
    rng = random.Random(3)

    def draw(rows: int, cols: int):
        return ImmutableMatrix(rows, cols, lambda *_: rng.randint(-5, 5))

    size = 2
    values = {letter: draw(size, size) for letter in (A, B, X)}
    E = draw(size, size)

    def doubled(corner, Y):
        """[[Y, corner], [0, Y]]."""
        return ImmutableMatrix.vstack(
            ImmutableMatrix.hstack(Y, corner),
            ImmutableMatrix.hstack(ImmutableMatrix.zeros(size, size), Y),
        )

    # A transpose would flip the block: X' is a letter of its own in the block matrix.
    Y = MatrixSymbol("Y", n, n)
    big = {A: doubled(0 * E, values[A]), B: doubled(0 * E, values[B])}
    big |= {X: doubled(E, values[X]), Y: doubled(E.T, values[X].T)}
    written = function.xreplace({X.T: Y})
    corner = evaluated(written, big)[:size, size:]
    gradient = derivative(Trace(function), X)
    inner = sum(a * b for a, b in zip(evaluated(gradient, values), E, strict=True))
    assert inner == corner.trace()


def evaluated(expression, values):
    side = next(iter(values.values())).shape[0]
    return (
        expression.subs(n, side)
        .xreplace(
            {MatrixSymbol(letter.name, side, side): value for letter, value in values.items()}
        )
        .doit()
        .as_explicit()
    )


def test_what_is_out_of_reach_is_told():
    nested = agent_sum(Trace(S(j)) * agent_sum(Trace(S(i)), i), j)
    with pytest.raises(UnsupportedError, match="call the index of the sum something else"):
        derivative(nested, S(i))
    with pytest.raises(InputError, match="by a matrix letter"):
        derivative(Trace(A), A * X)
