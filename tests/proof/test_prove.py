"""`prove` on identities that hold, fail, have no types, or lie outside the language."""

from __future__ import annotations

import pytest
import sympy
from language import (
    SYMMETRIC,
    A,
    B,
    C,
    G,
    K,
    P,
    Q,
    R,
    S,
    T,
    V,
    W,
    X,
    Y,
    delta,
    i,
    j,
    k,
    m,
    p,
    q,
    tau,
    x,
    y,
)
from sympy import (
    Determinant,
    GoldenRatio,
    I,
    Identity,
    Integer,
    Inverse,
    MatPow,
    MatrixSymbol,
    Rational,
    Symbol,
    Trace,
    ZeroMatrix,
    log,
    sqrt,
)

from ergs_verify.errors import InputError, UnsupportedError
from ergs_verify.expressions import AgentMatrix, AgentTotal, agent_sum, control_size, trace_of
from ergs_verify.proof import prove
from ergs_verify.proof.elimination import Eliminating

Im, Ip = Identity(m), Identity(p)
r, q1, s = MatrixSymbol("r", 1, 1), MatrixSymbol("q", 1, 1), Symbol("s", positive=True)
Wt, Pt = MatrixSymbol(r"\tilde{W}", p, p), MatrixSymbol(r"\tilde{P}", m, m)
W_IS = tau / 2 * Ip + R + B.T * P * B
Wt_IS = (tau + delta) / 2 * Ip + R + B.T * Pt * B


def W_of(agent):
    return AgentMatrix("W", agent, control_size(agent), control_size(agent))


def R_of(agent):
    return AgentMatrix("R", agent, control_size(agent), control_size(agent))


def D_of(agent):
    return AgentMatrix("D", agent, m, m)


def eye(agent):
    return Identity(control_size(agent))


AGENT_W = {W_of(i): tau / 2 * eye(i) + R_of(i) + G(i).T * P * G(i)}
OTHERS = A + agent_sum(G(j) * K(j), j, i)
ALL = A + agent_sum(G(j) * K(j), j)
GAIN = -Inverse(W_of(i)) * G(i).T * P * OTHERS
CLOSED = OTHERS + G(i) * GAIN
SQUARES = agent_sum(S(j) * S(j).T, j)

# name: (left, right, definitions)
TRUE = {
    "transpose of a product": ((A * B).T, B.T * A.T, {}),
    "symmetric letters": ((B.T * P * B).T, B.T * P * B, {}),
    "expansion": ((A + X) * (A - X), A * A - A * X + X * A - X * X, {}),
    "inverse of a product": (Inverse(X * A), Inverse(A) * Inverse(X), {}),
    "transposed inverse": (Inverse(X.T), Inverse(X).T, {}),
    "inverse of a symmetric sum": (Inverse(P + Q).T, Inverse(P + Q), {}),
    "scaled inverse": (Inverse(2 * P + 2 * Q), Inverse(P + Q) / 2, {}),
    "resolvent": (Inverse(A) - Inverse(A + X), Inverse(A) * X * Inverse(A + X), {}),
    "definition": (W.I * (R + B.T * P * B), Ip - tau / 2 * W.I, {W: W_IS}),
    "two definitions share R": (
        W.I - Wt.I,
        W.I * (delta / 2 * Ip + B.T * (Pt - P) * B) * Wt.I,
        {W: W_IS, Wt: Wt_IS},
    ),
    "scalar definition": (s * X, (tau + delta) * X, {s: tau + delta}),
    "definition by definition": (V, W_IS + Ip, {V: W + Ip, W: W_IS}),
    "agents' definition": (W_of(j) * Inverse(W_of(j)), eye(j), AGENT_W),
    "closed loop": (
        OTHERS.T * P * OTHERS - OTHERS.T * P * G(i) * Inverse(W_of(i)) * G(i).T * P * OTHERS,
        GAIN.T * (tau / 2 * eye(i) + R_of(i)) * GAIN + CLOSED.T * P * CLOSED,
        AGENT_W,
    ),
    "inverse of a sum over agents inside another": (
        agent_sum(D_of(k) * Inverse(A + SQUARES) * A * D_of(k).T, k),
        agent_sum(D_of(k) * D_of(k).T, k)
        - agent_sum(D_of(k) * Inverse(A + SQUARES) * SQUARES * D_of(k).T, k),
        {},
    ),
    "trace is cyclic": (Trace(A * B * C), Trace(C * A * B), {}),
    "trace of a transpose": (Trace(A * B * C), Trace(C.T * B.T * A.T), {}),
    "product of traces": (Trace(A) * Trace(X + Y), Trace(A) * Trace(X) + Trace(Y) * Trace(A), {}),
    "quadratic form": (trace_of(x.T, A, x), trace_of(x.T, A.T, x), {}),
    "square of a form": (trace_of(x.T, y) ** 2, trace_of(x.T, y, y.T, x), {}),
    "number inside a product": (x * x.T * y, Trace(x.T * y) * x, {}),
    "1×1 letters commute": (r * r.T, Trace(r) ** 2 * Identity(1), {}),
    "1×1 inverse": (Trace(r) * Trace(r.I), Integer(1), {}),
    "1×1 letter and its inverse apart": (r.T.I * q1 * r, q1, {}),
    "size of an identity": (Trace(Im) * Trace(Identity(3)), 3 * m, {}),
    "log det of a product": (
        log(Determinant(2 * tau * W * V.I)),
        p * log(2) + p * log(tau) + log(Determinant(W)) - log(Determinant(V)),
        {},
    ),
    "log det of a scaled sum": (
        log(Determinant((P + tau * Q) / 2)),
        log(Determinant(P + tau * Q)) - m * log(2),
        {},
    ),
    "log det of a form": (
        log(Determinant(3 * B.T * P * B)),
        p * log(3) + log(Determinant(B.T * P * B)),
        {},
    ),
    "log det across a definition": (
        log(Determinant(W - tau / 2 * Ip - B.T * P * B)) + Trace(W.I),
        log(Determinant(R)) + Trace(W.I),
        {W: W_IS},
    ),
    "det of a multiple by a det": (
        Determinant(tau * Determinant(A) * P),
        (tau * Determinant(A)) ** m * Determinant(P),
        {},
    ),
    "sum of dets": (
        Determinant(A * X) + Determinant(A + X) * Trace(Y),
        Trace(Y.T) * Determinant(X + A) + Determinant(X.T) * Determinant(A),
        {},
    ),
    "det beside a log det": (
        Determinant(A) * X + log(Determinant(P * Q)) * Y,
        log(Determinant(Q)) * Y + Determinant(A.T) * X + log(Determinant(P)) * Y,
        {},
    ),
    "log of a number": (log(4) * X, 2 * log(2) * X, {}),
    "power": (MatPow(X, 0, evaluate=False) + X**3, Im + X * X * X, {}),
    "exclusion": (agent_sum(S(j), j, i) + S(i), agent_sum(S(k), k), {}),
    "numbered exclusion": (agent_sum(S(j), j, 1, 2) + S(1) + S(2), agent_sum(S(j), j), {}),
    "more agents than usual": (agent_sum(S(j), j, 6) + S(6), agent_sum(S(j), j), {}),
    "nested sums": (
        agent_sum(agent_sum(S(j) * S(k), k, j), j),
        agent_sum(S(j), j) * agent_sum(S(k), k) - agent_sum(S(j) * S(j), j),
        {},
    ),
    "same index twice": (
        agent_sum(S(j), j) * agent_sum(S(j), j),
        agent_sum(agent_sum(S(j) * S(k), j), k),
        {},
    ),
    "number of agents times an inverse": (
        agent_sum(Trace(S(j) * Inverse(A)) + Trace(Inverse(X) * Y), j),
        Trace(Inverse(A) * agent_sum(S(j), j)) + AgentTotal(Integer(1), j) * Trace(Y * Inverse(X)),
        {},
    ),
    "number of agents": (agent_sum(X, j, i), AgentTotal(Integer(1), j) * X - X, {}),
    "unequal sizes": (agent_sum(Trace(G(j) * K(j)), j), agent_sum(Trace(K(j) * G(j)), j), {}),
    "sizes of all": (AgentTotal(Trace(eye(j)), j), agent_sum(control_size(k), k), {}),
    "agents' scalars": (agent_sum(q(j), j, i) * X + q(i) * X, agent_sum(q(k), k) * X, {}),
    "definition captures nothing": (
        agent_sum(D_of(j), j),
        agent_sum(agent_sum(S(j) * X * S(k), k), j),
        {D_of(i): agent_sum(S(i) * X * S(j), j)},
    ),
    "definition with exclusion, summed": (
        agent_sum(D_of(j), j) + agent_sum(G(j) * K(j), j),
        AgentTotal(Integer(1), j) * ALL,
        {D_of(i): OTHERS},
    ),
    "definitions of single agents": (D_of(1) + D_of(2), X + Y, {D_of(1): X, D_of(2): Y}),
    "float is a dyadic": (0.1 * X, Rational(3602879701896397, 2**55) * X, {}),
    "π": (2 * sympy.pi * X / sympy.pi, 2 * X, {}),
}
FALSE = {
    "transpose": (B.T * P * B, B.T * P.T * B + B.T * P * B, {}),
    "letters do not commute": (A * X, X * A, {}),
    "no symmetric letter": (X, X.T, {}),
    "inverse of a product, order": (Inverse(X * A), Inverse(X) * Inverse(A), {}),
    "inverse of a sum": (Inverse(P + Q), Inverse(P) + Inverse(Q), {}),
    "definition": (W.I * (R + B.T * P * B), Ip - tau * W.I, {W: W_IS}),
    "trace in the wrong order": (Trace(A * X * Y), Trace(X * A * Y), {}),
    "trace of a product": (Trace(A * X), Trace(A) * Trace(X), {}),
    "swapped size": (trace_of(x.T, A, y), trace_of(x.T, A.T, y), {}),
    "det of a multiple, size forgotten": (
        Determinant(Determinant(A) * P),
        Determinant(A) * Determinant(P),
        {},
    ),
    "det of a sum": (Determinant(A + X), Determinant(A) + Determinant(X), {}),
    "log det, size forgotten": (log(Determinant(2 * P)), log(2) + log(Determinant(P)), {}),
    "log det of a sum": (log(Determinant(P + Q)), log(Determinant(P)) + log(Determinant(Q)), {}),
    "all for others": (agent_sum(S(j), j), agent_sum(S(j), j, i), {}),
    "index i for j": (agent_sum(S(j) * X, j, i), agent_sum(S(i) * X, j, i), {}),
    "square of a sum": (
        agent_sum(S(j), j) * agent_sum(S(j), j),
        agent_sum(S(j) * S(j), j),
        {},
    ),
    "agent i is not agent 2": (S(i), S(2), {}),
    "agents differ": (S(i), S(j), {}),
    "agent 2 has no definition": (D_of(2), X, {D_of(1): X}),
    "inverse of another agent": (
        agent_sum(Inverse(D_of(j)) * D_of(i), j),
        Im + agent_sum(Inverse(D_of(j)) * D_of(j), j, i),
        {D_of(i): S(i) + X},
    ),
    "size is no agents' number": (agent_sum(Trace(Im), j), Symbol("N", integer=True) * m, {}),
    "three agents": (AgentTotal(Integer(1), j), Integer(3), {}),
    "size four": (p * (p - 4) * X, ZeroMatrix(m, m), {}),
    "agents' scalars": (agent_sum(q(j), j), AgentTotal(Integer(1), k) * q(j), {}),
    "names alike, sizes not": (Trace(MatrixSymbol("Z", m, m)), Trace(MatrixSymbol("Z", p, p)), {}),
    "names alike, agents not": (MatrixSymbol("S", m, m) * S(i), S(i) * MatrixSymbol("S", m, m), {}),
    "π is not 3": (sympy.pi * X, 3 * X, {}),
    "0.1 is no tenth": (0.1 * X, X / 10, {}),
}
ILL_TYPED = {
    "sum of m and p": (P + R, P + R),
    "m against p": (ZeroMatrix(m, m), ZeroMatrix(p, p)),
    "product": (sympy.MatMul(P, R), P),
    "p_i against p_j": (T(i) + T(j), T(i) + T(j)),
    "a sum of unequal sizes": (agent_sum(T(j), j), agent_sum(T(j), j)),
    "scalar against matrix": (Trace(r), r),
    "trace of an ill-typed product": (Trace(sympy.MatMul(P, R)), Integer(0)),
    "inverse of a rectangle": (Inverse(B), C),
    "m against a number": (X + MatrixSymbol("Z", 2, 2), X),
}
z, Z2 = MatrixSymbol("z", 2, 1), MatrixSymbol("Z", 2, 2)
UNDECIDED = {
    "Cayley–Hamilton": (
        MatrixSymbol("Z", 2, 2) ** 2 - Trace(MatrixSymbol("Z", 2, 2)) * MatrixSymbol("Z", 2, 2),
        -Determinant(MatrixSymbol("Z", 2, 2)) * Identity(2),
        "beyond realizations; the prime field finds both sides equal",
    ),
    "irrational": (sqrt(2) * (X + A) - sqrt(2) * A, sqrt(2) * X, "not understood"),
    "irrational beside a letter": (
        tau * sqrt(2) * (X + A) - tau * sqrt(2) * A,
        tau * sqrt(2) * X,
        "not understood",
    ),
    "imaginary": (I * (X + A) - I * A, I * X, "not understood"),
    "golden ratio": (GoldenRatio**2 * X, GoldenRatio * X + X, "not understood"),
    "two left out": (
        agent_sum(S(j), j, i, k) + S(i) + S(k),
        agent_sum(S(j), j),
        "more than one agent is left out",
    ),
    "agent as a number": (agent_sum(j * S(j), j), agent_sum(k * S(k), k), "used as a number"),
    "never invertible": (
        Trace(sympy.MatMul(Inverse(z * z.T), z, z.T, Z2)),
        Trace(Z2),
        "at every random point some inverse did not exist",
    ),
}


def verdict(left, right, definitions=None):
    return prove(left, right, definitions=definitions, symmetric=SYMMETRIC)


@pytest.mark.parametrize("name", TRUE)
def test_true_identities_are_proved(name):
    left, right, definitions = TRUE[name]
    proof = verdict(left, right, definitions)
    assert proof.verdict == "proved", str(proof)
    assert bool(proof)


@pytest.mark.parametrize("name", FALSE)
def test_false_identities_are_refuted_with_a_counterexample_that_replays(name):
    left, right, definitions = FALSE[name]
    proof = verdict(left, right, definitions)
    assert proof.verdict == "refuted", str(proof)
    assert not proof
    assert proof.counterexample.replay()
    shown = proof.counterexample.as_json()
    assert shown["left"] != shown["right"]


@pytest.mark.parametrize("where", ["symmetric", "positive_definite"])
def test_a_rectangle_cannot_be_symmetric(where):
    """Also where it does not occur."""
    rectangle = MatrixSymbol("Z", m, p)
    for side in (rectangle, Identity(m)):
        with pytest.raises(InputError, match="Z is m×p, so it cannot be symmetric"):
            prove(side, side, **{where: [rectangle]})


@pytest.mark.parametrize("name", ILL_TYPED)
def test_ill_typed_expressions(name):
    proof = verdict(*ILL_TYPED[name])
    assert proof.verdict == "ill-typed", str(proof)
    assert proof.reason


@pytest.mark.parametrize("name", UNDECIDED)
def test_undecided_with_a_reason(name):
    left, right, reason = UNDECIDED[name]
    proof = verdict(left, right)
    assert proof.verdict == "undecided", str(proof)
    assert reason in proof.reason


def test_circular_definition_is_named():
    circle = {D_of(i): S(i) + agent_sum(D_of(j), j, i)}
    proof = verdict(D_of(1), S(1), circle)
    assert proof.verdict == "undecided"
    assert "refers back to itself" in proof.reason


def test_rewriting_that_does_not_end_is_given_up():
    left = Inverse(X * Y + Y * Y * X * X) * X * X * X * Y
    assert verdict(left, A).verdict == "refuted"
    with pytest.raises(UnsupportedError, match="more than 5000 terms"):
        Eliminating([left])


@pytest.mark.parametrize("given", [None, "X*Y", True, sympy.Eq(tau, 1)])
def test_what_is_no_expression_is_refused(given):
    with pytest.raises(InputError, match="the left side must be a SymPy expression"):
        prove(given, X)
    with pytest.raises(InputError, match="the definition of W"):
        prove(W, W, definitions={W: given})


def test_closed_loop_identity_takes_less_than_a_second():
    left, right, definitions = TRUE["closed loop"]
    # The best of three, as the machine may be busy.
    assert min(verdict(left, right, definitions).seconds for _ in range(3)) < 1


def test_a_trace_is_no_letter_of_size_one():
    """Its logarithm would be log det A."""
    left = log(Determinant(sympy.MatMul(Trace(A), Identity(1))))
    assert verdict(left, log(Determinant(A))).verdict == "refuted"


def test_numbers_that_are_divided_by_cancel():
    """Not in the trace of a matrix of a scalar, which is n times as much."""
    by = Trace(A * X)
    assert verdict(Trace(X * A) ** 2 / by * Y, by * Y)
    assert verdict(Trace(A.T) / (Trace(A) + 1) * Y, Trace(A) / (Trace(A.T) + 1) * Y)
    wrong = Trace(Inverse(sympy.MatMul(Trace(A), Identity(m)))) * Trace(A)
    assert verdict(wrong, sympy.Integer(1)).verdict == "refuted"


def test_displays():
    proof = verdict(A * X, X * A)
    assert "left − right = " in str(proof)
    assert "at A = " in str(proof)
    assert r"\neq" in proof._repr_markdown_()
    assert "**proved**" in verdict(A, A)._repr_markdown_()


@pytest.mark.parametrize("name", [n for n in TRUE if "float" not in n])
def test_a_perturbed_identity_is_not_proved(name):
    left, right, definitions = TRUE[name]
    assert verdict(left, 3 * right, definitions).verdict == "refuted"


def test_sympy_noncommutative_symbols_agree():
    """A third engine where no transposes and traces occur."""
    a, b, c = sympy.symbols("a b c", commutative=False)
    letters = {a: A, b: X, c: Y}
    products = [(a + b) * (a - c), (a * b - b * a) * c, (a + b + c) ** 2, a * (b + c) * a]

    def matrices(expression):
        if expression.is_Add:
            return sympy.MatAdd(*(matrices(e) for e in expression.args))
        if expression.is_Mul:
            return sympy.MatMul(*(matrices(e) for e in expression.args))
        if expression.is_Pow:
            return matrices(expression.base) ** expression.exp
        return letters.get(expression, expression)

    for one in products:
        for other in products:
            same = sympy.expand(one - other) == 0
            assert bool(verdict(matrices(one), matrices(other))) == same
            assert bool(verdict(matrices(one), matrices(sympy.expand(one))))
