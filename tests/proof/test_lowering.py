"""Kronecker products, vec, block matrices and roots: decided, refuted, or said to be beyond."""

from __future__ import annotations

import functools
import json

import pytest
from sympy import (
    BlockMatrix,
    Determinant,
    Identity,
    Inverse,
    KroneckerProduct,
    MatrixSymbol,
    Rational,
    Trace,
    ZeroMatrix,
    log,
    sqrt,
    symbols,
)

from ergs_verify.expressions import AgentMatrix, Vec, agent_index, agent_sum
from ergs_verify.proof import prove
from ergs_verify.recheck import recheck

n, m = symbols("n m", integer=True, positive=True)
t, j = symbols("t", positive=True), agent_index("j")
A, B, P = (MatrixSymbol(s, n, n) for s in "ABP")
D, E = (MatrixSymbol(s, m, m) for s in "DE")
U, X, V = MatrixSymbol("U", n, m), MatrixSymbol("X", n, m), MatrixSymbol("V", m, n)
u, w = MatrixSymbol("u", n, 1), MatrixSymbol("w", m, 1)
In, Im = Identity(n), Identity(m)
K = KroneckerProduct
Z = functools.partial(AgentMatrix, "Z", rows=n, cols=n)
M = BlockMatrix([[A, U], [V, D]])
S, T = D - V * A.I * U, A - U * D.I * V
ROOT = P ** Rational(1, 2)
INVERSE = BlockMatrix([[A.I + A.I * U * S.I * V * A.I, -A.I * U * S.I], [-S.I * V * A.I, S.I]])
TRUE = {
    "product": (K(A, D) * K(B, E), K(A * B, D * E)),
    "inverse": (Inverse(K(A, D)), K(A.I, D.I)),
    "sum": (K(A + B, D), K(A, D) + K(B, D)),
    "identity": (K(A, D) * K(A.I, D.I), Identity(n * m)),
    "square": ((K(A, Im) + K(In, D)) ** 2, K(A * A, Im) + 2 * K(A, D) + K(In, D * D)),
    "vec": (Vec(A * X * D), K(D.T, A) * Vec(X)),
    "vec, inverse": (Vec(A.I * X * D.I), Inverse(K(D.T, A)) * Vec(X)),
    "row": (Vec(X).T * K(D, A), Vec(A.T * X * D).T),
    "Lyapunov": ((K(In, A) + K(A, In)) * Vec(P), Vec(A * P + P * A.T)),
    "trace by vec": (Trace(Vec(X).T * K(D, A) * Vec(U)), Trace(X.T * A * U * D.T)),
    "log det": (log(Determinant(K(A, D))), m * log(Determinant(A)) + n * log(Determinant(D))),
    "det": (Determinant(K(A, D)), Determinant(A) ** m * Determinant(D) ** n),
    "det of a multiple": (Determinant(2 * A), 2**n * Determinant(A)),
    "block inverse": (Inverse(M), INVERSE),
    "inverse by the other": (
        Inverse(M),
        BlockMatrix([[T.I, -T.I * U * D.I], [-D.I * V * T.I, D.I + D.I * V * T.I * U * D.I]]),
    ),
    "times its inverse": (M * INVERSE, Identity(n + m)),
    "factors": (
        M,
        BlockMatrix([[In, ZeroMatrix(n, m)], [V * A.I, Im]])
        * BlockMatrix([[A, ZeroMatrix(n, m)], [ZeroMatrix(m, n), S]])
        * BlockMatrix([[In, A.I * U], [ZeroMatrix(m, n), Im]]),
    ),
    "two Schur complements": (Determinant(M), Determinant(D) * Determinant(T)),
    "trace of blocks": (Trace(M * M), Trace(A * A) + 2 * Trace(U * V) + Trace(D * D)),
    "rows of blocks": (
        BlockMatrix([[A, U]]) * BlockMatrix([[A.T], [U.T]]),
        A * A.T + U * U.T,
    ),
    "column and row": (K(u, w.T), u * w.T),
    "row and column": (K(w.T, u), u * w.T),
    "column and row, times": (K(u, w.T) * D, u * w.T * D),
    "vec of a column": (Vec(A * u), A * Vec(u)),
    "vec of a row": (Vec(u.T * A), A.T * u),
    "vec of a column, by a product": (K(w.T, A) * Vec(X), A * X * w),
    "vec of a product of vectors": (Vec(u * w.T), K(w, u)),
    "column, times": (K(u, Im) * w, Vec(w * u.T)),
    "column last, times": (K(A, w) * u, K(A * u, w)),
    "row, times": (w.T * K(u.T, D), K(u.T, w.T * D)),
    "vec of such, turned": (2 * Vec(u * w.T).T, K(w.T, u.T) + Vec(u * w.T).T),
    "root": (Inverse(ROOT * B * ROOT), P ** Rational(-1, 2) * B.I * P ** Rational(-1, 2)),
    "root inside": (ROOT * Inverse(In + ROOT * B * ROOT) * ROOT, Inverse(P.I + B)),
    "root, transposed": (ROOT.T * B, ROOT * B),
    "root of an agent's": (
        agent_sum(Z(j) ** Rational(1, 2) * B * Z(j) ** Rational(1, 2), j),
        agent_sum(Inverse(Z(j) ** Rational(-1, 2) * B.I * Z(j) ** Rational(-1, 2)), j),
    ),
    "sum over agents of blocks": (
        agent_sum(BlockMatrix([[Z(j), U], [V, D]]), j).T,
        agent_sum(BlockMatrix([[Z(j).T, V.T], [U.T, D.T]]), j),
    ),
    "sum over agents of products": (
        agent_sum(K(Z(j), D), j) * K(A, E),
        K(agent_sum(Z(j) * A, j), D * E),
    ),
    "sum over agents of vec": (agent_sum(Vec(A * Z(j)), j), K(In, A) * Vec(agent_sum(Z(j), j))),
    "root of a number": (sqrt(t) * A * B * sqrt(t), t * A * B),
}
NUMBERS = {
    "first": (K(u.T * B * u, A), Trace(u.T * B * u) * A),
    "last": (K(X, w.T * w), Trace(w.T * w) * X),
    "divided by a size": (Trace(A) / Trace(In), Trace(A) / n),
    "of agents": (agent_sum(Trace(A) / Trace(In), j), agent_sum(Trace(A), j) / n),
    "times the identity": (Trace(A - Trace(A) / n * In), 0),
    "times a matrix": (Trace(A - Trace(A) * B), Trace(A) - Trace(A) * Trace(B)),
}
FALSE = {
    "product": (K(A, D) * K(B, E), K(B * A, D * E)),
    "order": (K(A, B), K(B, A)),
    "column and row": (K(u, w.T), 2 * u * w.T),
    "vec of a product of vectors": (Vec(u * w.T), K(u, w)),
    "vec": (Vec(A * X * D), K(D, A) * Vec(X)),
    "det": (Determinant(K(A, D)), Determinant(A) ** n * Determinant(D) ** m),
    "block inverse": (M * INVERSE.T, Identity(n + m)),
    "cut otherwise": (BlockMatrix([[A, U], [V, D]]), BlockMatrix([[D, V], [U, A]])),
    "root": (ROOT * B, B * ROOT),
}
BEYOND = {
    "three": (K(A, D, B) * K(A, D, B), K(A * A, D * D, B * B), "three matrices"),
    "inverse of a sum": (
        Inverse(K(A, Im) + K(In, D)) * K(A, Im) + Inverse(K(A, Im) + K(In, D)) * K(In, D),
        Identity(n * m),
        "inverse or determinant of a sum",
    ),
    "sum of products of two": (
        agent_sum(K(Z(j), Z(j)), j),
        agent_sum(K(Z(j), Z(j) + B), j) - agent_sum(K(Z(j), B), j),
        "two letters of an agent are summed",
    ),
    "outer": (Vec(X) * Vec(U).T, Vec(X) * Vec(U + X).T - Vec(X) * Vec(X).T, "times a row"),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_ones_are_proved(name):
    proof = prove(*TRUE[name], positive_definite=[P, Z(agent_index("i"))])
    assert proof.verdict == "proved", str(proof)
    assert recheck(json.loads(json.dumps(proof.certificate)))


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_made_of_matrices_multiply_and_divide(name):
    proof = prove(*NUMBERS[name])
    assert proof.verdict == "proved", str(proof)


def test_a_multiple_of_another_size_is_ill_typed():
    wrong = Trace(A - Trace(A) * D)
    assert prove(wrong, Trace(A)).verdict == "ill-typed"


@pytest.mark.parametrize("name", FALSE)
def test_false_ones_are_refuted_and_replayed(name):
    proof = prove(*FALSE[name], positive_definite=[P])
    assert proof.verdict == "refuted", str(proof)
    assert proof.counterexample.replay()


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_beyond_is_undecided_with_a_reason(name):
    *sides, words = BEYOND[name]
    proof = prove(*sides)
    assert proof.verdict == "undecided"
    assert words in proof.reason


def test_products_of_traces_and_a_definition_that_is_a_block_matrix():
    assert prove(Trace(K(A, D)), Trace(A) * Trace(D))
    Z = MatrixSymbol("Z", n + m, n + m)
    assert prove(Z.T * Z, M.T * M, definitions={Z: M})
    assert prove(Z.T * Z, M * M.T, definitions={Z: M}).verdict == "refuted"


def test_blocks_that_are_cut_differently():
    """Of one size, and so well-typed, but no product block by block."""
    proof = prove(M * BlockMatrix([[D, V], [U, A]]), BlockMatrix([[A, U], [V, D]]))
    assert proof.verdict == "refuted"
    proof = prove(M * BlockMatrix([[A], [V]]), BlockMatrix([[A * A + U * V], [V * (A + D)]]))
    assert proof.verdict == "ill-typed", str(proof)


def test_a_root_needs_a_positive_definite_letter():
    proof = prove(ROOT * B * ROOT, ROOT * B * ROOT + A - A)
    assert proof.verdict in ("undecided", "proved")
    proof = prove(ROOT * B * ROOT, B * P)
    assert "positive_definite=[P]" in proof.reason
