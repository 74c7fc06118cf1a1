"""Entries and matrices: exact stays exact, floats stay floats, definiteness is proved."""

import time
from decimal import Decimal
from fractions import Fraction

import gmpy2
import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from ergs_verify.errors import InputError
from ergs_verify.exact import (
    MAX_DIGITS,
    floats,
    fractions,
    number,
    parse_number,
    read_matrix,
    read_vector,
    reduced_ratio,
    short,
    whole,
    written,
)
from ergs_verify.exact.definite import is_positive, judge_symmetric

U = 2.0**-53


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("1/3", Fraction(1, 3)),
        ("-2e-7", Fraction(-2, 10**7)),
        ("+1.5E2", Fraction(150)),
        ("-6/4", Fraction(-3, 2)),
        (".5", Fraction(1, 2)),
        ("1.", Fraction(1)),
        ("007", Fraction(7)),
        ("1e0", Fraction(1)),
        ("0e9999", Fraction(0)),
    ],
)
def test_strings_are_the_rationals_they_say(text, value):
    assert parse_number(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ".",
            "e5",
            "1e",
            "1_000",
            " 1",
            "1 ",
            "1\n",
            "\u0661",
            "0x10",
            "1/0",
            "1/-3",
            "1/3/4",
        ),
        *("1/3/4", "--1", "nan", "inf", "-Infinity", "1,5", "1e1.5", "1/2e3", "\u22121"),
        "__import__('os')",
    ],
)
def test_strings_that_are_no_numbers_are_refused(text):
    with pytest.raises(InputError, match=r"^A\[0\]\[0\] is ") as caught:
        parse_number(text, "A[0][0]")
    assert caught.value.where == "A[0][0]"
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "1e999999999",
        "-1e-999999999",
        "1e99999999999999999999",
        pytest.param("9" * 10**6, id="long"),
        pytest.param(f"1/{'9' * 10**6}", id="long ratio"),
        f"1e{MAX_DIGITS}",
        f"1e-{MAX_DIGITS + 1}",
    ],
)
def test_huge_numbers_are_refused_at_once(text):
    start = time.perf_counter()
    with pytest.raises(InputError):
        parse_number(text)
    assert time.perf_counter() - start < 0.5


@given(st.fractions())
def test_what_is_written_reads_back(value):
    assert parse_number(written(value)) == value
    top, bottom = reduced_ratio(value).split("/")
    assert (int(top), int(bottom)) == (value.numerator, value.denominator)


@pytest.mark.parametrize(
    "value", [Fraction(10**9999 - 1, 3), Fraction(7, 10**9998 + 1), Fraction(1, 10**9000)]
)
def test_numbers_beyond_the_interpreters_digit_limit_read_back(value):
    assert parse_number(written(value)) == value
    assert len(short(value)) < 25


@pytest.mark.parametrize(
    ("given_as", "value"),
    [
        (3, Fraction(3)),
        (np.int64(3), Fraction(3)),
        (np.uint8(3), Fraction(3)),
        (Fraction(1, 3), Fraction(1, 3)),
        (Decimal("0.1"), Fraction(1, 10)),
        (sympy.Rational(1, 3), Fraction(1, 3)),
        (sympy.Integer(2), Fraction(2)),
        (gmpy2.mpq(1, 3), Fraction(1, 3)),
        (mpmath.mpf(0.1), Fraction(0.1)),
        (mpmath.mpf(-3), Fraction(-3)),
        (np.str_("1/3"), Fraction(1, 3)),
    ],
)
def test_exact_numbers_of_other_libraries(given_as, value):
    got = number(given_as)
    assert type(got) is Fraction
    assert got == value


@pytest.mark.parametrize("given_as", [0.1, np.float64(0.1), np.array(0.1), np.float32(0.5)])
def test_floats_stay_floats(given_as):
    got = number(given_as)
    assert type(got) is float
    assert got == float(given_as)


@pytest.mark.parametrize(
    "bad",
    [
        *(True, np.True_, None, 1j, np.complex128(1), [1], {}, float("nan"), np.inf, -np.inf, b"1"),
        *(Decimal("NaN"), Decimal("Infinity"), mpmath.mpf("nan"), mpmath.mpf("-inf"), sympy.pi),
        *(mpmath.mpf("1e99999999"), Decimal("1e999999"), Fraction(10**20000), sympy.Symbol("x")),
    ],
)
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(InputError, match=r"^R\[1\]") as caught:
        number(bad, "R[1]")
    assert caught.value.message.isprintable()


def test_provenance_is_kept_entry_by_entry():
    mixed = read_matrix([[1, 0.5], ["0.1", Fraction(1, 3)]])
    assert mixed.dtype == object
    assert [type(x) for x in mixed.flat] == [Fraction, float, Fraction, Fraction]
    assert read_matrix([[1.0, 0.5]]).dtype == np.float64
    assert read_matrix(np.array([[1, 2]])).dtype == object
    assert read_matrix(np.array([[1, 2]], dtype=np.float32)).dtype == np.float64
    assert read_matrix(sympy.Matrix([[1, sympy.Rational(1, 3)]]))[0, 1] == Fraction(1, 3)


def test_arrays_are_copies_that_cannot_be_written():
    given_array = np.eye(2)
    read = read_matrix(given_array)
    given_array[0, 0] = 5
    assert read[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        read[0, 0] = 2
    near = floats(read)
    near[0, 0] = 7
    assert read[0, 0] == 1


def test_floats_are_the_rationals_they_are():
    assert fractions(np.array([[0.1]])) == [[Fraction(0.1)]]
    assert floats(read_matrix([["0.1", "1/3"]])).tolist() == [[0.1, 1 / 3]]
    with pytest.raises(InputError, match="too large for a float64"):
        floats(read_matrix([["1e400"]]), "A")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([[1, 2], [3]], "A is ragged: row 1 has length 1 but row 0 has length 2"),
        ([], "A is empty where a matrix, a list of rows, is needed"),
        ([[]], "A[0] is empty where a row of a matrix, a list of numbers, is needed"),
        ([[1], 2], "A[1] must be a row of a matrix, a list of numbers, not a number"),
        ("12", "A must be a matrix, a list of rows, not a string"),
        ([[1, True]], "A[0][1] is the boolean true, not a number"),
        ([[1, [2]]], "A[0][1] is a list, not a number"),
        (np.array([[1.0, np.nan]]), "A[0][1] is NaN, not a number"),
        (np.array([[1.0], [-np.inf]]), "A[1][0] is infinite or larger than any float64"),
        (np.zeros((2, 0)), "A must be a matrix, not an array of shape (2, 0)"),
        (np.array([[True]]), "A[0][0] is the boolean true, not a number"),
        (np.array([[1 + 2j]]), "A[0][0] is a complex number, not a number"),
        (np.ma.masked_array([[1.0]], mask=True), "A has masked entries, which are not numbers"),
    ],
)
def test_bad_matrices_are_named(bad, message):
    with pytest.raises(InputError) as caught:
        read_matrix(bad, "A")
    assert caught.value.message == message


def test_bad_vectors_are_named():
    with pytest.raises(InputError, match=r"x0_mean\[1\] is null"):
        read_vector([1, None], "x0_mean")
    with pytest.raises(InputError, match="array of shape"):
        read_vector(np.eye(2), "x0_mean")


matrices = st.integers(1, 4).flatmap(
    lambda n: st.lists(
        st.lists(st.fractions(-3, 3, max_denominator=5), min_size=n, max_size=n),
        min_size=n,
        max_size=n,
    )
)


@given(matrices, st.integers(0, 3))
def test_definiteness_agrees_with_sympy(rows, kept):
    """Gram matrices of any rank, and symmetric ones of any sign, against SymPy's exact answer."""
    C = sympy.Matrix(rows)
    gram = C[: max(1, min(kept, C.rows)), :].T * C[: max(1, min(kept, C.rows)), :]
    for symmetric in (gram, C + C.T):
        matrix = read_matrix(symmetric)
        # SymPy eliminates over rationals; it does not go by the characteristic polynomial.
        assert is_positive(matrix) == symmetric.is_positive_semidefinite
        assert is_positive(matrix, strictly=True) == symmetric.is_positive_definite


def test_an_exact_matrix_just_short_of_semidefinite_is_refused():
    off = "1.000000000000000000000000000001"
    with pytest.raises(InputError, match="not positive semidefinite"):
        judge_symmetric(read_matrix([[1, off], [off, 1]]), "Q", semidefinite=True)
    judge_symmetric(read_matrix([[1, 1], [1, 1]]), "Q", semidefinite=True)


def test_an_exact_asymmetry_however_small_is_refused():
    with pytest.raises(InputError, match=r"Q is not symmetric: entry \[0\]\[1\] is 0"):
        judge_symmetric(read_matrix([[1, 0], ["1e-3000", 1]]), "Q")


@pytest.mark.parametrize("size", [2, 5])
def test_the_float_rule_at_its_edge(size):
    """Diagonal matrices have eigenvalues that float64 computes without error."""
    edge = 4 * size * U
    slightly = np.diag([1.0] * (size - 1) + [-edge])
    assert judge_symmetric(read_matrix(slightly), "Q", semidefinite=True).eigenvalue == -edge
    with pytest.raises(InputError, match="not positive semidefinite"):
        judge_symmetric(
            read_matrix(np.diag([1.0] * (size - 1) + [-edge * 1.01])), "Q", semidefinite=True
        )


def test_asymmetry_within_rounding_is_symmetrised():
    slightly = np.array([[1.0, 0.5], [0.5 + U, 1.0]])
    judged = judge_symmetric(read_matrix(slightly), "Q", semidefinite=True)
    assert judged.asymmetry == U
    assert judged.matrix[0, 1] == judged.matrix[1, 0]
    with pytest.raises(InputError, match="not symmetric"):
        judge_symmetric(read_matrix([[1.0, 0.5], [0.5 + 16 * U, 1.0]]), "Q")


def test_one_float_makes_a_matrix_judged_as_floats():
    mixed = read_matrix([["0.1", 0.1], ["0.1", 1]])
    judged = judge_symmetric(mixed, "Q", semidefinite=True)
    assert judged.asymmetry is not None
    assert judged.matrix[0, 1] == judged.matrix[1, 0]


def test_definiteness_is_never_forgiven():
    with pytest.raises(InputError, match="not positive definite"):
        judge_symmetric(read_matrix([[1.0, 0.0], [0.0, -1e-17]]), "R", definite=True)
    with pytest.raises(InputError, match="the eigenvalue 0, so"):
        judge_symmetric(read_matrix([[0.0]]), "R", definite=True)
    judge_symmetric(read_matrix([[1.0, 0.0], [0.0, 5e-324]]), "R", definite=True)


@pytest.mark.parametrize("scale", [1e308, 5e-324, 1e-160, 1e160])
def test_extreme_scales_neither_overflow_nor_warn(scale):
    judge_symmetric(read_matrix([[scale, scale], [scale, scale]]), "Q", semidefinite=True)
    with pytest.raises(InputError, match="not positive semidefinite"):
        judge_symmetric(read_matrix([[-scale]]), "Q", semidefinite=True)
    with pytest.raises(InputError, match="not symmetric"):
        judge_symmetric(read_matrix([[scale, -scale], [scale, scale]]), "Q")


def test_exact_entries_beyond_float_range_are_judged():
    judge_symmetric(read_matrix([["1e5000", 0], [0, "1e-5000"]]), "R", definite=True)
    with pytest.raises(InputError, match="not positive semidefinite"):
        judge_symmetric(read_matrix([["1e5000", 0], [0, "-1e5000"]]), "Q", semidefinite=True)


def test_a_float_beside_exact_entries_beyond_float_range_changes_nothing_about_them():
    with pytest.raises(InputError, match="is not symmetric"):
        judge_symmetric(read_matrix([[3.0, "1e5000"], [0.5, 1.0]]), "Q")
    rows = [[3.0, "1e5000"], [f"1{'0' * 4999}1", 1.0]]
    mean = judge_symmetric(read_matrix(rows), "Q").matrix
    assert mean[0, 1] == mean[1, 0] == 10**5000 + Fraction(1, 2)


@pytest.mark.parametrize("value", [2, np.int8(2), np.array(2)])
def test_whole_numbers_are_taken(value):
    assert type(whole(value, "agent", 1, 2)) is int


@pytest.mark.parametrize("value", [0, 3, 2.0, "2", None, True, np.True_, np.array([2]), 10**400])
def test_what_is_no_whole_number_within_bounds_is_refused(value):
    with pytest.raises(InputError, match=r"^agent must be a whole number from 1 to 2$") as caught:
        whole(value, "agent", 1, 2)
    assert caught.value.where == "agent"


def test_a_whole_number_may_be_unbounded():
    assert whole(10**400, "digits", 1) == 10**400
    with pytest.raises(InputError, match=r"^digits must be a whole number ≥ 1$"):
        whole(0, "digits", 1)
