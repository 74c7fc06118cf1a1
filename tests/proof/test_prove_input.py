"""What is given to `prove` is checked, and nothing in it is dropped or misread in silence."""

from __future__ import annotations

import functools
import itertools
import re
import time

import pytest
from sympy import (
    BlockMatrix,
    Derivative,
    Determinant,
    E,
    Eq,
    HadamardProduct,
    Identity,
    Integer,
    Inverse,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Rational,
    Symbol,
    Trace,
    ZeroMatrix,
    log,
    pi,
    sqrt,
    symbols,
)
from sympy.combinatorics import Permutation

from ergs_verify.errors import InputError
from ergs_verify.expressions import AgentMatrix, agent_index, agent_sum
from ergs_verify.proof import Counterexample, prove
from ergs_verify.proof import sampling as sampling_module
from ergs_verify.proof.realize import Limits

n, m, k = symbols("n m k", integer=True, positive=True)
A, B, P, Q = (MatrixSymbol(s, n, n) for s in "ABPQ")
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


def test_time_is_kept_where_scalars_swell():
    """Every step takes longer than the one before it."""
    a, b, c = symbols("a b c")
    X = MatAdd(*(Inverse(s * A + (a + s * b) * B + c * Q) for s in range(1, 7)))
    start = time.perf_counter()
    sides = Inverse(X * A * X.T + Identity(n)) * X * A, X * Inverse(A * X.T * X + Identity(n)) * A
    assert "time allowed" in prove(*sides, limits=Limits(seconds=0.1)).reason
    assert "more than 5000 terms" in prove(*sides).reason
    assert time.perf_counter() - start < 40


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


Ai, Aj, A1, A2 = (AgentMatrix("A", agent, n, n) for agent in (*map(agent_index, "ij"), 1, 2))


def test_a_letter_and_an_agents_letter_of_one_name_are_two():
    """What is symmetric of the one is not of the other."""
    assert prove(Aj.T, Aj, symmetric=[A]).verdict == "refuted"
    assert prove(A.T, A, symmetric=[Ai]).verdict == "refuted"
    assert prove(Aj.T, Aj, symmetric=[Ai])


@pytest.mark.parametrize("where", ["symmetric", "positive_definite"])
def test_one_agents_letter_alone_is_not_declared(where):
    with pytest.raises(InputError, match="for every agent"):
        prove(A2.T, A2, **{where: [A1]})


def test_a_letter_that_is_declared_has_the_shape_it_has():
    other = MatrixSymbol("P", m, m)
    for given in ({"symmetric": [other]}, {"positive_definite": [other]}):
        with pytest.raises(InputError, match="gives P the size m×m, but it is n×n"):
            prove(P.T, P, **given)
    with pytest.raises(InputError, match="definitions gives W the size n×n, but it is m×m"):
        prove(Trace(W), Trace(A), definitions={MatrixSymbol("W", n, n): A})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"definitions": {n: Integer(3)}}, "n is a size or an agent"),
        ({"definitions": {P: Symbol("a")}}, "P is a matrix, but its definition is a scalar"),
        ({"definitions": {Symbol("a"): P}}, "a is a scalar, but its definition is a matrix"),
        ({"definitions": {P: A}, "symmetric": [P]}, "which its definition A does not show"),
        (
            {"definitions": {P: -A}, "positive_definite": [P, A]},
            "which its definition -A does not show",
        ),
        ({"definitions": {Symbol("t", positive=True): Integer(-1)}}, "t is positive, but"),
        ({"given": [Eq(A, A)]}, "hypothesis are the same"),
        ({"given": [Eq(A, TALL)]}, "hypothesis cannot be equal"),
        ({"given": ["A = B"]}, "must be an equation"),
    ],
)
def test_what_cannot_be_is_told(given, words):
    with pytest.raises(InputError, match=words):
        prove(P * A, A, **given)


def test_definitions_that_agree_with_what_is_declared():
    assert prove(P.T, P, definitions={P: A.T * A}, symmetric=[P])
    assert prove(P.T, P, definitions={P: A + B}, positive_definite=[P, A, B])


def test_a_hypothesis_that_follows_from_others_is_no_fault():
    assert prove(A, B, given=[Eq(A, B), Eq(B, A), Eq(A, B)])


def test_a_derivative_sees_definitions():
    """P depends on A where it is defined so."""
    rate = Derivative(Trace(P * B), A)
    for given in ({"definitions": {P: A}}, {"given": [Eq(P, A * Q)]}, {"definitions": {A: B}}):
        assert "whose definition contains" in prove(rate, ZeroMatrix(n, n), **given).reason
    assert prove(rate, ZeroMatrix(n, n), definitions={P: B * B})


def test_a_root_is_no_letter_of_the_users():
    root = P ** Rational(1, 2)
    assert prove(root, MatrixSymbol("√P", n, n), positive_definite=[P]).verdict == "refuted"


def test_a_logarithm_of_zero_is_equal_to_nothing():
    singular = log(Determinant(u * u.T))
    assert prove(singular, singular).verdict == "undecided"


def test_a_scalar_that_is_zero_is_not_divided_by():
    t, a = Symbol("t"), Symbol("a")
    for zero in ({t: Integer(0)}, {t: a - Symbol("b"), a: Symbol("b")}):
        assert prove(A / t, A / t, definitions=zero).verdict == "undecided"
        assert prove(A / t, B / t, definitions=zero).verdict == "undecided"


def test_a_multiple_of_the_prime_is_not_zero():
    assert prove((2**61 - 1) * A, ZeroMatrix(n, n)).verdict == "refuted"


def test_powers_of_any_length_are_answered():
    a = Symbol("a")
    assert "too long" in prove(a ** (2**61 - 2) * A, A).reason
    assert "too long" in prove(A ** (2**61), A).reason
    assert prove(a**1000 * A, a**999 * (a * A))


@pytest.mark.parametrize("cap", ["a", None, -1, float("nan"), True])
def test_a_limit_is_a_number(cap):
    with pytest.raises(InputError, match="seconds must be a number"):
        Limits(seconds=cap)


@pytest.mark.parametrize("cap", ["a", None, 0, 1.5, float("inf"), True])
def test_blocks_are_counted(cap):
    with pytest.raises(InputError, match="blocks must be a whole number, at least 1"):
        Limits(blocks=cap)


def test_a_block_matrix_that_is_defined_has_the_shape_of_its_letter():
    M = MatrixSymbol("M", n, n)
    proof = prove(M * A, M * B, definitions={M: BlockMatrix([[A, B], [B, A]])})
    assert proof.verdict == "ill-typed"


@pytest.mark.parametrize("agent", ["i", (1,), [1], 1.5])
def test_agents_of_a_sum_are_indices_or_numbers(agent):
    with pytest.raises(InputError, match="agent"):
        agent_sum(Aj, agent_index("j"), agent)
    with pytest.raises(InputError, match="index"):
        agent_sum(Aj, agent)


def test_two_symbols_of_one_name_are_told():
    """SymPy takes symbols that differ in assumptions alone for two, and writes them alike."""
    plain = MatrixSymbol("X", Symbol("n"), Symbol("n"))
    for left, right, declared in (
        (Trace(Identity(Symbol("n"))), n, {}),
        (Symbol("n") * A, n * A, {}),
        (Symbol("a", positive=True) * A, Symbol("a") * A, {}),
        (A * B, B * A, {"definitions": {B: Symbol("n") * A}}),
        (Trace(A), Trace(plain), {}),
        (A * B, B * A, {"given": [Eq(A, Symbol("n") * B)]}),
    ):
        with pytest.raises(InputError, match="two symbols are called"):
            prove(left, right, **declared)


def test_shapes_that_differ_are_told_in_the_letters_given():
    proof = prove(MatrixSymbol("A", n, n), MatrixSymbol("A", m, m))
    assert proof.verdict == "ill-typed"
    assert proof.reason == "the left side is n×n and the right side m×m"
    assert prove(BlockMatrix([[A, TALL]]), BlockMatrix([[A, B]])).reason == (
        "the left side is n×(k + n) and the right side n×(2*n)"
    )


@pytest.mark.parametrize("name", ["⟨1⟩", "x·", "~1", "#agents", "S^"])
def test_names_that_the_prover_gives_are_kept(name):
    """Such a letter would be taken for another: (A + B)⁻¹ is of a letter ⟨1⟩, A_j is named A^."""
    for letter in (MatrixSymbol(name, n, n), Symbol(name) * A, Identity(Symbol(name))):
        with pytest.raises(InputError, match=f"the name {re.escape(name)} is kept"):
            prove(letter, letter)


def test_sizes_of_which_one_has_to_be_larger_than_the_sum_of_others():
    """Frisch, Waugh and Lovell; whatever the sizes are called."""
    for tall, one, other in itertools.permutations((n, m, k)):
        X, Z = MatrixSymbol("X", tall, one), MatrixSymbol("Z", tall, other)
        rest = Identity(tall) - X * (X.T * X).I * X.T
        inverse = Inverse(Z.T * rest * Z)
        proof = prove(Z * inverse * Z.T * rest * X, ZeroMatrix(tall, one))
        assert proof, str(proof)
        assert "+" in proof.sizes
        assert prove(Z * inverse * Z.T * rest, rest).verdict == "refuted"
