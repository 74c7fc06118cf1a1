"""The walk: shapes, sharing, definitions, sizes, and what it refuses."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from sympy import Determinant, Identity, Inverse, MatPow, MatrixSymbol, Symbol, Trace, ZeroMatrix

from ergs_verify.arithmetic import Rationals
from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.evaluate import _KEPT, Evaluator, _nodes, evaluate
from ergs_verify.expressions import AgentMatrix, agent_index, agent_sum, control_size

m, p = sympy.symbols("m p", integer=True, positive=True)
i, j = agent_index("i"), agent_index("j")
X, Y, B = MatrixSymbol("X", m, m), MatrixSymbol("Y", m, m), MatrixSymbol("B", m, p)


class Counting(Rationals):
    """Counts the products it makes."""

    def __init__(self):
        self.products = []

    def multiply(self, X, Y):
        self.products.append((self.shape(X), self.shape(Y)))
        return super().multiply(X, Y)


def matrix(rows):
    exact = [[Fraction(x) for x in row] for row in rows]
    return Rationals().matrix(exact, (len(rows), len(rows[0])))


two, one = matrix([[1, 2], [3, 5]]), matrix([[1], [2]])


def value(expr, **options):
    found = evaluate(expr, {X: two, B: one}, options.pop("arithmetic", Rationals()), **options)
    return Rationals().to_fractions(found)


def test_powers_and_inverses():
    assert value(MatPow(X, 2)) == [[7, 12], [18, 31]]
    assert value(Inverse(X)) == value(MatPow(X, -1)) == [[-5, 2], [3, -1]]
    assert value(MatPow(X, -2)) == [[31, -12], [-18, 7]]
    assert value(MatPow(X, 0)) == [[1, 0], [0, 1]]
    assert value(Inverse(X) * B) == [[-1], [1]]


def test_scalars():
    t = Symbol("t")
    Q = Rationals()
    values = {X: two, t: Q.scalar(Fraction(3))}
    for expr, wanted in [
        (Trace(X), 6),
        (Determinant(X), -1),
        (Trace(X) / t, 2),
        (t**-2 / 4, Fraction(1, 36)),
        (t**3 - sympy.Rational(1, 2), Fraction(53, 2)),
        (sympy.Integer(7), 7),
    ]:
        assert Q.to_fraction(evaluate(expr, values, Q)) == wanted


def test_sizes_give_identities_zeros_and_numbers():
    sizes = {m: 2}
    assert value(Identity(m), sizes=sizes) == [[1, 0], [0, 1]]
    assert value(ZeroMatrix(m, 1), sizes=sizes) == [[0], [0]]
    assert Rationals().to_fraction(evaluate(m / 3, {}, Rationals(), sizes=sizes)) == Fraction(2, 3)
    with pytest.raises(UnsupportedError, match="the size m has no value"):
        value(Identity(m))


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        (X + B, r"cannot add 2×2 and 2×1 in B \+ X|cannot add 2×1 and 2×2 in B \+ X"),
        (sympy.MatMul(B, X), r"cannot multiply 2×1 and 2×2 in B\*X"),
        (sympy.MatMul(X, B, X), r"in X\*B\*X"),
        (Trace(sympy.MatMul(X, X)) + Trace(Y), "square"),
        (Trace(sympy.MatMul(Y, X)), "cannot multiply|square"),
        (Determinant(Y), "square"),
        (Inverse(Y), "square"),
        (MatPow(Y, 2), "square"),
    ],
)
def test_symbolic_sizes_that_do_not_fit_are_found(expr, message):
    """SymPy adds and multiplies matrices of symbolic sizes without a word."""
    values = {X: two, B: one, Y: matrix([[1, 2]])}
    with pytest.raises(ShapeError, match=message):
        evaluate(expr, values, Rationals())


def test_a_trace_of_no_square_product_is_refused():
    values = {X: two, Y: matrix([[1, 2], [3, 4], [5, 6]])}
    with pytest.raises(ShapeError, match="not 3×2, in a trace"):
        evaluate(Trace(sympy.MatMul(Y, X)), values, Rationals())


def test_a_trace_starts_its_cycle_where_it_is_cheapest():
    arithmetic = Counting()
    found = evaluate(Trace(B * B.T * X), {B: one, X: two}, arithmetic)
    assert Rationals().to_fraction(found) == 31
    # Never an outer product 2×1 · 1×2.
    assert ((2, 1), (1, 2)) not in arithmetic.products


def test_products_are_associated_cheaply_and_shared():
    arithmetic = Counting()
    walk = Evaluator({X: two, B: one}, arithmetic)
    walk(sympy.MatMul(X, X, X, B))
    assert arithmetic.products == [((2, 2), (2, 1))] * 3
    walk(sympy.MatMul(2, X, X, X, B))
    walk(sympy.MatMul(X, X, B))
    assert len(arithmetic.products) == 3


def test_traces_with_a_common_factor_take_one_product_with_it():
    """tr(XB_kB_k') for k = 1, 2, 3, and tr(YX): one product with X, three of the others."""
    columns = [MatrixSymbol(f"B_{k}", m, 1) for k in (1, 2, 3)]
    values = {X: two, Y: matrix([[0, 1], [5, 2]])} | {
        column: matrix([[k], [1]]) for k, column in enumerate(columns)
    }
    terms = [Trace(column.T * X * column) for column in columns]
    asked = sympy.Add(*terms, Trace(Y * X), 3 * Trace(X), Trace(Y * Y))
    arithmetic = Counting()
    found = evaluate(asked, values, arithmetic)
    one_by_one = [evaluate(term, values, Rationals()) for term in asked.args]
    assert found == sum(one_by_one[1:], one_by_one[0])
    outer = [((2, 1), (1, 2))] * 3
    assert sorted(arithmetic.products) == sorted([*outer, ((2, 2), (2, 2)), ((2, 2), (2, 2))])


@pytest.mark.parametrize("square", [X * X * Y, X * Y * X, X.T * Y, sympy.MatMul(X)])
def test_only_a_factor_that_stands_once_in_a_trace_is_taken_out(square):
    values = {X: two, Y: matrix([[0, 1], [5, 2]])}
    terms = Trace(square), Trace(X * Y.T), Trace(Y.T * X * Y)
    found = [evaluate(term, values, Rationals()) for term in terms]
    assert evaluate(sympy.Add(*terms), values, Rationals()) == found[0] + found[1] + found[2]


def test_chains_that_cost_the_same_share_what_one_agent_has():
    B_i, B_j = (AgentMatrix("B", k, m, p) for k in (1, 2))
    P_i = AgentMatrix("P", 1, m, m)
    arithmetic = Counting()
    walk = Evaluator({B_i: one, B_j: one, P_i: two}, arithmetic, symmetric=[P_i])
    for other in (B_j, B_i, X):
        walk.with_values({X: two})(sympy.MatMul(B_i.T, P_i, other))
    assert len(arithmetic.products) == 4


def test_equal_expressions_built_apart_are_evaluated_once():
    def built():
        letters = [MatrixSymbol(name, m, m) for name in ("X", "Y")]
        return sympy.MatMul(*letters, *letters)

    arithmetic = Counting()
    walk = Evaluator({X: two, Y: two}, arithmetic)
    assert walk(built()) is walk(built())
    assert len(arithmetic.products) == 3


def test_what_was_read_is_dropped_in_the_end_but_not_under_an_evaluator():
    arithmetic = Counting()
    walk = Evaluator({X: two}, arithmetic)
    squared = walk(X * X)
    before = len(_nodes)
    for k in range(_KEPT + 100):
        evaluate(sympy.Integer(10**6 + k), {}, arithmetic)
    assert len(_nodes) <= before + _KEPT
    assert walk(X * X) is squared
    assert Rationals().to_fractions(walk(X + X.T)) == [[2, 5], [5, 10]]
    assert len(arithmetic.products) == 1


def test_definitions_are_evaluated_once():
    arithmetic = Counting()
    walk = Evaluator({X: two}, arithmetic, {Y: X * X})
    assert Rationals().to_fractions(walk(Y + Y.T)) == [[14, 30], [30, 62]]
    assert len(arithmetic.products) == 1


def test_further_values_share_what_is_known_and_leave_the_first_alone():
    arithmetic = Counting()
    walk = Evaluator({X: two}, arithmetic)
    walk(X * X)
    more = walk.with_values({B: one})
    assert Rationals().to_fractions(more(X * X * B + B)) == [[32], [82]]
    with pytest.raises(UnsupportedError, match="the letter B"):
        walk(X * B)
    with pytest.raises(ValueError, match="have a value already: X"):
        walk.with_values({X: two})


def test_what_needs_no_new_letter_is_evaluated_once_for_all_that_know_more():
    arithmetic = Counting()
    Z = MatrixSymbol("Z", m, m)
    walk = Evaluator({X: two}, arithmetic, {Y: X * X, Z: Y * B * B.T})
    inner = [walk.with_values({B: matrix([[k], [1]])}) for k in (1, 2)]
    found = [Rationals().to_fractions(one(Y + Z)) for one in inner]
    assert found == [[[26, 31], [67, 80]], [[59, 38], [152, 98]]]
    assert arithmetic.products.count(((2, 2), (2, 2))) == 1
    assert len(arithmetic.products) == 1 + 2 * 2
    with pytest.raises(UnsupportedError, match="the letter B"):
        walk(Z)


def test_a_definition_of_definitions_needs_their_letters():
    """Y needs B by way of Z alone, and V by way of Y."""
    Z, V = MatrixSymbol("Z", m, m), MatrixSymbol("V", m, m)
    walk = Evaluator({X: two}, Rationals(), {V: Y + X, Y: Z * X, Z: B * B.T})
    given = walk.with_values({B: one})
    assert Rationals().to_fractions(given(V)) == [[8, 14], [17, 29]]


def test_a_definition_may_be_given_a_value_further_in():
    walk = Evaluator({X: two}, Rationals(), {Y: X * X})
    given = walk.with_values({Y: two})
    assert Rationals().to_fractions(given(Y + X)) == [[2, 4], [6, 10]]
    assert Rationals().to_fractions(walk(Y)) == [[7, 12], [18, 31]]
    with pytest.raises(ValueError, match="have a value already: Y"):
        walk.with_values({Y: two})


def test_of_a_chain_and_its_transpose_one_is_multiplied_where_letters_are_symmetric():
    """Y'XB is the transpose of B'XY; the transposed inverse is found too."""
    values = {X: matrix([[1, 2], [2, 5]]), Y: two, B: one}
    for expr, plain, sharing in [
        (sympy.MatMul(Y.T, X, B, B.T, X, Y), 5, 3),
        (sympy.MatMul(Y.T, Inverse(X.T), B, B.T, Inverse(X), Y), 4, 3),
    ]:
        found = []
        for letters, count in (((), plain), ((X,), sharing)):
            arithmetic = Counting()
            found.append(Evaluator(values, arithmetic, symmetric=letters)(expr))
            assert len(arithmetic.products) == count
        assert found[0] == found[1]


def test_what_is_not_understood_is_refused():
    Q = Rationals()
    for expr, message in [
        (Y, "the letter Y has neither"),
        (Symbol("s"), "the letter s has neither"),
        (sympy.Function("q")(1), r"the letter q\(1\) has neither"),
        (agent_sum(AgentMatrix("S", j, 2, 2), j, i), "written out with `instantiate`"),
        (agent_sum(control_size(j), j), "written out with `instantiate`"),
        (sympy.sin(1), "cannot evaluate sin"),
        (sympy.Float(0.5), "cannot evaluate"),
        (sympy.HadamardProduct(X, X), "cannot evaluate HadamardProduct"),
        (sympy.log(sympy.Integer(2)), "not a rational number"),
    ]:
        with pytest.raises(UnsupportedError, match=message):
            evaluate(expr, {X: two}, Q)
