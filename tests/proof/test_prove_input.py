"""What is given to `prove` is checked, and nothing in it is dropped or misread in silence."""

from __future__ import annotations

import functools
import itertools
import time

import pytest
from sympy import (
    E,
    Eq,
    HadamardProduct,
    Identity,
    Integer,
    Inverse,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Symbol,
    Trace,
    ZeroMatrix,
    pi,
    sqrt,
    symbols,
)
from sympy.combinatorics import Permutation

from ergs_verify.errors import InputError
from ergs_verify.proof import Counterexample, prove
from ergs_verify.proof import sampling as sampling_module
from ergs_verify.proof.prove import Limits

n, m, k = symbols("n m k", integer=True, positive=True)
A, B, P = (MatrixSymbol(s, n, n) for s in "ABP")
W, u = MatrixSymbol("W", m, m), MatrixSymbol("u", n, 1)
N = Symbol("N")
TALL, WIDE = MatrixSymbol("X", n, k), MatrixSymbol("X", k, n)


def test_noncommutative_scalars_are_no_numbers():
    a, b = symbols("a b", commutative=False)
    for left, right in ((a * b, b * a), (a * b, a * b)):
        proof = prove(left, right)
        assert proof.verdict == "undecided"
        assert "does not commute" in proof.reason


@pytest.mark.parametrize("statement", [(W, W), (Trace(W), Trace(P)), (A, A), (W.T * W, W.T * W)])
def test_a_definition_of_another_type_is_ill_typed(statement):
    proof = prove(*statement, definitions={W: P})
    assert proof.verdict == "ill-typed"
    assert proof.reason == "W is m×m and its definition n×n"


def test_sizes_that_are_sums_or_plain_symbols():
    assert prove(Trace(Identity(2 * n)), 2 * n)
    assert prove(Trace(Identity(n + m)), n + m)
    assert prove(Trace(Identity(n + m)), n).verdict == "refuted"
    Z = MatrixSymbol("Z", N, N)
    assert prove(Trace(Z + N * Identity(N)), Trace(Z) + N**2)
    Y = MatrixSymbol("Y", 2 * n, n)
    assert prove((Identity(n) + Y.T * Y).I * Y.T, Y.T * (Identity(2 * n) + Y * Y.T).I)
    assert prove(Y + MatrixSymbol("Z", n, 2 * n), Y).verdict == "ill-typed"


@pytest.mark.parametrize("given", [P, "P", ["P"], None, [P.T], [Symbol("P")], 3])
def test_symmetric_must_be_a_list_of_letters(given):
    with pytest.raises(InputError, match="symmetric"):
        prove(P.T, P, symmetric=given)


@pytest.mark.parametrize("given", [[(P, A)], {A * B: P}, {P.T: A}, {2: A}, {"P": A}, "P"])
def test_definitions_must_map_letters(given):
    with pytest.raises(InputError, match=r"definition|letter"):
        prove(P, P, definitions=given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"limits": 3}, "limits must be Limits"),
        ({"given": None}, "given must be a list"),
        ({"given": Eq(A, B)}, "given must be a list"),
    ],
)
def test_limits_and_hypotheses_of_another_kind_are_told(given, words):
    with pytest.raises(InputError, match=words):
        prove(A, A, **given)


def test_sizes_that_are_differences_or_zero():
    Z = MatrixSymbol("Z", n - m, n)
    assert prove(Z * (A + B) - Z * B, Z * A)
    assert prove(MatrixSymbol("Z", 0, n) * A, MatrixSymbol("Z", 0, n) * B)
    both = MatrixSymbol("Z", n - m, n), MatrixSymbol("Y", m - n, n)
    proof = prove(both[0] * (A + B) * both[1].T, both[0] * A * both[1].T)
    assert "is not positive for every size" in proof.reason


@pytest.mark.parametrize("name", ["pi", "E"])
def test_a_letter_named_like_a_number_is_not_that_number(name):
    number = {"pi": pi, "E": E}[name]
    assert prove(Symbol(name) * A, number * A).verdict == "refuted"


def test_deep_nesting_is_undecided():
    deep = functools.reduce(lambda X, _: (X + B) * A, range(150), A)
    proof = prove(deep, A)
    assert proof.verdict == "undecided"
    assert "nested too deeply" in proof.reason


def test_a_division_by_zero_is_named():
    with pytest.raises(InputError, match="the left side divides by 0"):
        prove(A / Integer(0), A)


def test_amitsur_and_levitzki_vanishes_at_small_sizes_alone():
    letters = [MatrixSymbol(f"A{j}", n, n) for j in range(6)]
    terms = [
        Permutation(order).signature() * MatMul(*(letters[j] for j in order))
        for order in itertools.permutations(range(6))
    ]
    proof = prove(MatAdd(*terms), ZeroMatrix(n, n))
    assert proof.verdict == "refuted"
    assert proof.counterexample.replay()


def test_powers_and_nested_definitions_stay_small():
    start = time.perf_counter()
    assert prove((A + B) ** 24, MatMul((A + B) ** 23, A) + (A + B) ** 23 * B)
    assert prove((A + B) ** 24, (A - B) ** 24).verdict == "refuted"
    assert prove((A + B) ** 14, MatMul((A + B) ** 13, A) + (A + B) ** 13 * B)
    letters = [MatrixSymbol(f"D{j}", n, n) for j in range(31)]
    squares = {letters[j + 1]: letters[j] * letters[j] for j in range(30)}
    proof = prove(letters[30], letters[0], definitions=squares)
    assert proof.verdict == "undecided"
    assert "more than" in proof.reason
    assert time.perf_counter() - start < 60


def test_limits_can_be_set():
    left, right = (A + B) ** 24, MatMul((A + B) ** 23, A) + (A + B) ** 23 * B
    assert "more than 10 blocks" in prove(left, right, limits=Limits(blocks=10)).reason
    assert "time allowed" in prove(left, right, limits=Limits(seconds=0)).reason


@pytest.mark.parametrize("name", ["n k", "k n", "a z", "z a"])
def test_the_alphabet_does_not_matter(name):
    rows, cols = symbols(name, integer=True, positive=True)
    X = MatrixSymbol("X", rows, cols)
    hat = X * Inverse(X.T * X) * X.T
    proof = prove(hat * hat, hat)
    assert proof
    assert proof.sizes == f"every {rows} ≥ {cols} (where the inverses exist)"


def test_identical_sides_of_any_kind_are_equal():
    for side in (HadamardProduct(A, B), sqrt(2) * A, Symbol("x") ** sqrt(2)):
        assert prove(side, side)


def test_an_inverse_that_exists_for_one_size_alone_is_told():
    inverse = Inverse(u * u.T)
    for left, right in ((MatMul(inverse, A), MatMul(inverse, A)), (MatMul(inverse, u, u.T, A), A)):
        proof = prove(left, right)
        assert proof.verdict == "undecided"
        assert "inverses exist" in proof.reason


def test_two_sizes_of_one_name_are_not_mixed_up():
    assert prove(TALL.T, WIDE).verdict != "proved"


def test_a_counterexample_is_replayed_by_other_code(monkeypatch):
    """An evaluator that lies does not confirm itself."""
    true = prove(A * B, B * A).counterexample
    assert true.replay()
    same = {letter: value * 0 for letter, value in true.values.items()}
    liar = Counterexample(same, true.left, true.right, true.setting)
    monkeypatch.setattr(sampling_module.Setting, "evaluate", lambda *_: [true.left, true.right])
    assert not liar.replay()
