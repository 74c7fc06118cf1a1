"""Rounding matrices to digits."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import flint
from hypothesis import example, given
from hypothesis import strategies as st

from ergs_verify.exact.decimals import (
    NOTHING,
    agree,
    decimals,
    exactly,
    in_units,
    magnitude,
    places_of,
    quantum,
)

long = st.integers(-(2**200), 2**200)
wide = st.builds(lambda n, k: n * Fraction(2) ** k, long, st.integers(-400, 200))
#: Among them ties at any place, and what is nothing to float64.
short = st.builds(lambda n, k: n * Fraction(2) ** k, st.integers(-99, 99), st.integers(-1090, 60))


def held(x, kind=int):
    """A dyadic rational as balls and mpmath hold it."""
    x = Fraction(x)
    odd = x.numerator // (x.numerator & -x.numerator) if x else 0
    twos = (x.numerator & -x.numerator).bit_length() - x.denominator.bit_length()
    return kind(odd), twos


def rows(*entries):
    return [list(map(held, entries))]


def rounded_slowly(x, places, digits):
    """To so many places, or to so many digits of its own, as text."""
    if digits and abs(x) > NOTHING:
        tens = 0
        while abs(x) >= Fraction(10) ** (tens + 1):
            tens += 1
        while abs(x) < Fraction(10) ** tens:
            tens -= 1
        places = max(places, digits - 1 - tens)
    units = round(x * Fraction(10) ** places)  # ties to even
    return str(Decimal(f"{units}E{-places}") if places >= 0 else Decimal(units * 10**-places))


@given(wide | short, st.integers(-30, 60), st.sampled_from([0, 1, 17, 40]))
@example(Fraction(1, 2), 0, 0)
@example(Fraction(3, 2), 0, 0)
@example(Fraction(-5, 2), 0, 0)
@example(Fraction(1000), -1, 3)
@example(NOTHING, 3, 17)
@example(Fraction(10) ** 16 - 1, 0, 17)
def test_rounding_is_what_rationals_say(x, places, digits):
    wanted = [[rounded_slowly(x, places, digits)]]
    for kind in (int, flint.fmpz):
        found = decimals([[held(x, kind)]], places, digits=digits)
        assert [[str(shown) for shown in row] for row in found] == wanted


@given(wide | short)
def test_what_is_held_is_the_number(x):
    assert exactly(held(x)) == exactly(held(x, flint.fmpz)) == x


@given(st.lists(wide, min_size=1, max_size=4), st.integers(1, 80))
def test_the_contract_holds_with_room(row, digits):
    """Half of what D digits allow is left for the error of the numbers themselves."""
    places = quantum(rows(*row), digits)
    bound = Fraction(10) ** -digits * max(1, *(abs(x) for x in row), 0)
    for x, shown in zip(row, decimals(rows(*row), places)[0], strict=True):
        assert abs(Fraction(shown) - x) <= bound / 2
        assert -shown.as_tuple().exponent == max(places, 0)


@given(wide.filter(bool))
def test_relative_digits_count_from_the_first(x):
    places = quantum(rows(x), 10, relative=True)
    shown = decimals(rows(x), places)[0][0]
    assert abs(Fraction(shown) - x) <= abs(x) / Fraction(2 * 10**10)
    assert Fraction(10) ** -10 * abs(x) < Fraction(10) ** -places * 10
    assert places == 10 - magnitude(abs(x))


def test_rounding_ignores_the_decimal_context():
    # The context has 28 digits.
    shown = decimals(rows(Fraction(1, 2**60)), 60)[0][0].as_tuple()
    assert (shown.digits, shown.exponent) == (tuple(map(int, str(5**60))), -60)


def test_large_numbers_have_no_exponent():
    assert str(decimals(rows(123456), -2)[0][0]) == "123500"
    assert str(in_units(1235, -2)) == "123500"


def test_agreement_is_exact():
    assert agree(rows(0), rows(1), 0)
    assert not agree(rows(0), rows(1 + Fraction(1, 2**300)), 0)
    assert not agree(rows(0, 1), rows(0, 2), 1)


@given(wide.filter(bool), st.integers(0, 40), st.integers(17, 60))
def test_small_entries_keep_digits_of_their_own(x, least, digits):
    places = places_of(held(x), least, digits)
    shown = Fraction(decimals(rows(x, 0), least, digits=digits)[0][0])
    assert abs(shown - x) <= min(Fraction(10) ** -least, abs(x) / 10 ** (digits - 1)) / 2
    assert places == least or len(str(int(abs(x) * Fraction(10) ** places))) == digits


def test_what_float64_cannot_tell_from_0_keeps_no_digits():
    assert float(2 * NOTHING) == 0
    assert places_of(held(NOTHING), 30, 17) == 30
    assert places_of(held(Fraction(1, 2**1074)), 30, 17) == 340
    assert str(decimals(rows(NOTHING), 30, digits=17)[0][0]) == "0E-30"


def test_digits_of_an_entry_agree_or_both_are_nothing():
    small, other = Fraction(1, 2**160), Fraction(1, 2**159)
    assert agree(rows(small), rows(other), 40)
    assert not agree(rows(small), rows(other), 40, digits=17)
    assert agree(rows(NOTHING), rows(-NOTHING), 40, digits=17)
    assert not agree(rows(NOTHING), rows(4 * NOTHING), 40, digits=17)
