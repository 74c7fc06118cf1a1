"""Rounding many numbers at once gives what rounding each exactly gives, or says it is not sure."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
from flint import arb, arb_mat
from hypothesis import example, given
from hypothesis import strategies as st

from ergs_verify.arithmetic import Balls
from ergs_verify.exact.at_once import decimals_at_once, floats_at_once, quanta
from ergs_verify.exact.decimals import decimals, exactly, quantum

BALLS = Balls(400)

odd = st.integers(-(10**20), 10**20)
power = st.integers(-40, 40)
#: Off by something, or by nothing.
nudge = st.sampled_from([0, 1, -1]) | st.integers(-(2**60), 2**60)


def close(number, steps, bits):
    """A dyadic number so many steps of 2^−bits of itself away, as near as 400 bits allow."""
    return (1 + Fraction(steps, 2**bits)) * number


bits = st.sampled_from([53, 64, 90, 100, 120, 200, 380])
hostile = st.one_of(
    st.just(Fraction(0)),
    st.builds(Fraction, st.floats(allow_nan=False, allow_infinity=False)),  # subnormals among them
    st.builds(lambda n, k: n * Fraction(2) ** k, odd, st.integers(-1200, 1200)),
    st.builds(lambda k, s, b: close(Fraction(10) ** k, s, b), st.integers(-330, 330), nudge, bits),
    # Ties of decimals, and of floats.
    st.builds(lambda n, k, s, b: close((n + Fraction(1, 2)) * Fraction(10) ** k, s, b),
              odd, power, nudge, bits),
    st.builds(lambda n, k, s, b: close((n % 2**52 + 2**52 + Fraction(1, 2)) * Fraction(2)**k, s, b),
              odd, st.integers(-200, 200), nudge, bits),
)  # fmt: skip
rows_of_numbers = st.lists(hostile, min_size=1, max_size=4)


def enclosed(numbers):
    with flint.ctx.workprec(BALLS.bits):
        return arb_mat(1, len(numbers), [arb(flint.fmpq(*x.as_integer_ratio())) for x in numbers])


def held(X):
    return BALLS.to_dyadics(X)


@given(rows_of_numbers)
@example([Fraction(1), Fraction(-1, 3)])
@example([Fraction(1e-300), Fraction(1e300)])
def test_two_floats_are_the_number(numbers):
    X = enclosed(numbers)
    high, low = BALLS.in_two_floats([X])
    for x, top, rest in zip(map(exactly, held(X)[0]), high[0], low[0], strict=True):
        if x == 0:
            assert (top, rest) == (0, 0)
        elif np.isfinite(top):
            assert abs(Fraction(rest)) * 2**52 <= abs(Fraction(top))
            assert abs(x - Fraction(top) - Fraction(rest)) * 2**100 <= abs(x)
        else:
            assert not Fraction(2, 10**100) < abs(x) < 10**100 / 2


@given(rows_of_numbers, st.integers(1, 30), st.booleans())
def test_places_are_those_of_exact_numbers(numbers, digits, relative):
    X = enclosed(numbers)
    (places,), (sure,) = quanta(*BALLS.in_two_floats([X]), digits, relative=relative)
    assert not sure or places == quantum(held(X), digits, relative=relative)


@given(rows_of_numbers, st.integers(-30, 60), st.integers(1, 30))
@example([Fraction(0), Fraction(-1, 10**30)], 5, 1)
@example([Fraction(10**16 - 1, 2)], 0, 16)
def test_decimals_are_those_of_exact_numbers(numbers, least, digits):
    X = enclosed(numbers)
    found, (sure,) = decimals_at_once(*BALLS.in_two_floats([X]), np.array([least]), digits)
    if sure:
        assert list(map(str, found[0])) == list(
            map(str, decimals(held(X), least, digits=digits)[0])
        )


@given(rows_of_numbers)
def test_floats_are_the_nearest(numbers):
    X = enclosed(numbers)
    found, (sure,) = floats_at_once(*BALLS.in_two_floats([X]))
    if sure:
        assert [x.hex() for x in found[0].tolist()] == [
            (float(exactly(x)) + 0.0).hex() for x in held(X)[0]
        ]


@given(st.integers(1, 10**17) | st.integers(-(10**17), -2), st.integers(-30, 60), nudge, bits)
@example(10**16, 3, 1, 120)
def test_near_a_tie_decimals_are_right_or_not_sure(n, places, steps, bits):
    X = enclosed([close((n + Fraction(1, 2)) / Fraction(10) ** places, steps, bits)])
    found, (sure,) = decimals_at_once(*BALLS.in_two_floats([X]), np.array([places]), 1)
    assert not sure or str(found[0, 0]) == str(decimals(held(X), places, digits=1)[0][0])
    assert not (sure and bits >= 200)


@given(st.integers(0, 2**52 - 1), nudge, bits)
@example(0, -1, 120)
def test_near_a_tie_floats_are_right_or_not_sure(n, steps, bits):
    """Also next to a power of 2, where the floats below it are closer."""
    for tie in (Fraction(2**53 + 2 * n + 1), 2**53 - Fraction(1, 2)):
        X = enclosed([close(tie, steps, bits)])
        found, (sure,) = floats_at_once(*BALLS.in_two_floats([X]))
        assert not sure or found[0, 0] == float(exactly(held(X)[0][0]))
        assert not (sure and bits >= 200)


@pytest.mark.parametrize("digits", [1, 8, 16, 17])
def test_ordinary_numbers_are_decided(digits):
    drawn = np.random.default_rng(0).normal(size=(50, 20)) * 10.0 ** np.arange(-10, 10)
    drawn[0, :5] = 0
    third = arb(1) / 3
    stack = [arb_mat(1, 20, [x * third for x in row]) for row in drawn.tolist()]
    high, low = BALLS.in_two_floats(stack)
    places, sure = quanta(high, low, digits)
    assert sure.all()
    assert decimals_at_once(high, low, places, digits)[1].all()
    assert floats_at_once(high, low)[1].all()


def test_of_a_symmetric_matrix_one_triangle_is_read():
    X = arb_mat([[1, 2], [3, 4]])
    assert BALLS.in_two_floats([X, X], triangle=True)[0].tolist() == [[1, 2, 4]] * 2
    assert BALLS.in_two_floats([X])[0].tolist() == [[1, 2, 3, 4]]
