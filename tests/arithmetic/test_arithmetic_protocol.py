"""What all number systems share: entering, shapes, blocks, and what they refuse."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import flint
import mpmath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ergs_verify.arithmetic import Balls, Float64, MPMath, Rationals
from ergs_verify.errors import NotCertifiedError, ShapeError, UnsupportedError

ALL = [Float64(), MPMath(digits=30), Rationals(), Balls(100)]
LOGS = [Float64(), MPMath(digits=30), Balls(100)]
each = pytest.mark.parametrize("arithmetic", ALL, ids=lambda a: a.name)
each_log = pytest.mark.parametrize("arithmetic", LOGS, ids=lambda a: a.name)


def matrix(arithmetic, rows):
    return arithmetic.matrix(
        [[Fraction(x) for x in row] for row in rows], (len(rows), len(rows[0]))
    )


def value(arithmetic, X):
    """Rows of fractions; of a ball, which here is exact, its only number."""
    if isinstance(arithmetic, Balls):
        assert all(low == high for row in arithmetic.enclosures(X) for low, high in row)
        return [[low for low, _ in row] for row in arithmetic.enclosures(X)]
    return arithmetic.to_fractions(X)


def number(arithmetic, s):
    if isinstance(arithmetic, Balls):
        low, high = arithmetic.enclosure(s)
        assert low == high
        return low
    return arithmetic.to_fraction(s)


@each
def test_small_integers_are_exact(arithmetic):
    X, Y = matrix(arithmetic, [[1, 2], [3, 4]]), matrix(arithmetic, [[0, 1], [1, 0]])
    assert value(arithmetic, arithmetic.multiply(X, Y)) == [[2, 1], [4, 3]]
    assert value(arithmetic, arithmetic.add(X, Y)) == [[1, 3], [4, 4]]
    assert value(arithmetic, arithmetic.transpose(X)) == [[1, 3], [2, 4]]
    assert value(arithmetic, arithmetic.solve(Y, X)) == [[3, 4], [1, 2]]
    assert number(arithmetic, arithmetic.trace(X)) == 5
    assert number(arithmetic, arithmetic.determinant(Y)) == -1
    assert value(arithmetic, arithmetic.scale(arithmetic.scalar(Fraction(2)), Y)) == [
        [0, 2],
        [2, 0],
    ]
    assert value(arithmetic, arithmetic.rows(X, 1, 2)) == [[3, 4]]
    assert value(arithmetic, arithmetic.identity(2)) == [[1, 0], [0, 1]]
    assert value(arithmetic, arithmetic.zeros(1, 2)) == [[0, 0]]


@each
def test_blocks_of_unequal_sizes(arithmetic):
    parts = [
        [matrix(arithmetic, [[1]]), matrix(arithmetic, [[2, 3]])],
        [matrix(arithmetic, [[4], [5]]), matrix(arithmetic, [[6, 7], [8, 9]])],
    ]
    whole = arithmetic.blocks(parts)
    assert value(arithmetic, whole) == [[1, 2, 3], [4, 6, 7], [5, 8, 9]]
    with pytest.raises(ShapeError, match="blocks of sizes"):
        arithmetic.blocks([parts[0], parts[1][::-1]])


@each
def test_wrong_shapes_are_refused(arithmetic):
    tall, wide, square = (arithmetic.zeros(*s) for s in [(3, 1), (1, 3), (3, 3)])
    # numpy would broadcast the first of these.
    with pytest.raises(ShapeError, match="cannot add 3×1 and 3×3"):
        arithmetic.add(tall, square)
    with pytest.raises(ShapeError, match="cannot multiply 3×1 and 3×3"):
        arithmetic.multiply(tall, square)
    with pytest.raises(ShapeError, match="cannot multiply 3×3 and 1×3"):
        arithmetic.solve(square, wide)
    for operation in (arithmetic.trace, arithmetic.determinant, arithmetic.log_determinant):
        with pytest.raises(ShapeError, match="square"):
            operation(wide)
    with pytest.raises(ShapeError, match="square"):
        arithmetic.solve(tall, tall)
    with pytest.raises(ShapeError, match="2 rows of length"):
        arithmetic.matrix([[Fraction(1)], [Fraction(2), Fraction(3)]], (2, 2))


@each
def test_singular_matrices_are_never_solved(arithmetic):
    X = matrix(arithmetic, [[1, 2], [2, 4]])
    with pytest.raises((NotCertifiedError, ZeroDivisionError)) as caught:
        arithmetic.solve(X, arithmetic.identity(2))
    # Only exact numbers may say that a matrix is singular.
    assert (caught.type is ZeroDivisionError) == isinstance(arithmetic, Rationals)


@pytest.mark.parametrize("arithmetic", [MPMath(digits=30), Balls(100)], ids=lambda a: a.name)
def test_a_matrix_singular_but_for_rounding_is_not_solved(arithmetic):
    third = Fraction(1, 3)
    X = matrix(arithmetic, [[third, third / 7], [1, Fraction(1, 7)]])
    with pytest.raises(NotCertifiedError):
        arithmetic.solve(X, arithmetic.identity(2))


def test_badly_scaled_rows_are_solved():
    mp = MPMath(digits=20)
    X = matrix(mp, [[1, 1], [0, Fraction(1, 10**60)]])
    assert value(mp, mp.solve(X, matrix(mp, [[0], [0]]))) == [[0], [0]]


@each_log
def test_logarithms(arithmetic):
    two = arithmetic.scalar(Fraction(2))
    log_two = Fraction(6931471805599453094172321214581765680755, 10**40)
    X = matrix(arithmetic, [[0, -2], [1, 0]])
    for found in (arithmetic.log(two), arithmetic.log_determinant(X)):
        if isinstance(arithmetic, Balls):
            low, high = arithmetic.enclosure(found)
            assert low < log_two < high < low + Fraction(1, 10**28)
        else:
            digits = 15 if isinstance(arithmetic, Float64) else 29
            assert abs(arithmetic.to_fraction(found) - log_two) < Fraction(1, 10**digits)


@each_log
def test_logarithms_of_what_is_not_positive(arithmetic):
    for wrong in (0, -1):
        with pytest.raises(NotCertifiedError, match="positive"):
            arithmetic.log(arithmetic.scalar(Fraction(wrong)))
        with pytest.raises(NotCertifiedError, match="positive"):
            arithmetic.log_determinant(matrix(arithmetic, [[wrong]]))


def test_rationals_have_no_logarithm():
    Q = Rationals()
    for attempt in (lambda: Q.log(Q.scalar(Fraction(1))), lambda: Q.log_determinant(Q.identity(2))):
        with pytest.raises(UnsupportedError, match="not a rational number"):
            attempt()


def test_rationals_decide_consistency():
    Q = Rationals()
    X = matrix(Q, [[1, 2], [2, 4]])
    assert Q.consistent(X, matrix(Q, [[1], [2]]))
    assert not Q.consistent(X, matrix(Q, [[1], [3]]))


def test_a_ball_that_contains_zero_divides_nothing():
    balls = Balls(64)
    third = balls.scalar(Fraction(1, 3))
    with pytest.raises(NotCertifiedError, match="contains 0"):
        third / (third - third)


def test_rationals_enter_rounded_once():
    tenth = Fraction(1, 10)
    assert Float64().scalar(tenth) == 0.1
    low, high = Balls(53).enclosure(Balls(53).scalar(tenth))
    assert low < tenth < high
    mp = MPMath(bits=24)
    # Rounding first to 53 bits and then to 24 would give the neighbour below.
    between = Fraction(2**24 + 1, 2**24) + Fraction(1, 2**80)
    assert mp.to_fraction(mp.scalar(between)) == Fraction(2**23 + 1, 2**23)


@each
@given(x=st.floats(allow_nan=False, allow_infinity=False), n=st.integers(-9, 9))
@example(x=5e-324, n=1)
def test_floats_enter_a_matrix_as_the_rationals_they_are(arithmetic, x, n):
    mixed = [[x, n], [Fraction(n, 2), -x]]
    exact = [[Fraction(entry) for entry in row] for row in mixed]
    assert value(arithmetic, arithmetic.matrix(mixed, (2, 2))) == exact


def test_floats_enter_coarser_numbers_rounded_once():
    tenth = [[0.1]]
    assert value(MPMath(bits=4), MPMath(bits=4).matrix(tenth, (1, 1))) == [[Fraction(13, 128)]]
    low, high = Balls(4).enclosures(Balls(4).matrix(tenth, (1, 1)))[0][0]
    assert low <= Fraction(0.1) <= high


def test_numbers_beyond_float64():
    with pytest.raises(UnsupportedError, match="larger than float64"):
        Float64().scalar(Fraction(10) ** 400)


def test_fractions_come_back_out():
    for exact in (Fraction(0), Fraction(-3, 8), Fraction(5 * 2**70)):
        for arithmetic in (Float64(), MPMath(bits=60), Rationals(), Balls(60)):
            assert number(arithmetic, arithmetic.scalar(exact)) == exact


@pytest.mark.parametrize("wrong", [{}, {"digits": 5, "bits": 5}, {"digits": 0}, {"bits": -3}])
def test_mpmath_wants_one_positive_precision(wrong):
    with pytest.raises(ValueError, match="digits or bits"):
        MPMath(**wrong)


def test_balls_want_a_precision():
    with pytest.raises(ValueError, match="2 bits"):
        Balls(1)


def test_contexts_are_private():
    MPMath(digits=77).log(MPMath(digits=77).scalar(Fraction(2)))
    Balls(777).identity(2)
    assert (mpmath.mp.dps, flint.ctx.prec) == (15, 53)


def test_import_is_lazy():
    code = "import sys, ergs_verify.arithmetic as a; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"sympy", "scipy", "mpmath", "flint", "numpy"} & set(loaded.stdout.split())
