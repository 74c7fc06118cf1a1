"""Rounding matrices to digits."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ergs_verify.exact.decimals import NOTHING, agree, decimals, places_of, quantum

wide = st.fractions().flatmap(lambda x: st.integers(-60, 60).map(lambda k: x * Fraction(10) ** k))


@given(st.lists(wide, min_size=1, max_size=4), st.integers(1, 80))
def test_the_contract_holds_with_room(row, digits):
    """Half of what D digits allow is left for the error of the numbers themselves."""
    places = quantum([row], digits)
    bound = Fraction(10) ** -digits * max(1, *(abs(x) for x in row), 0)
    for x, shown in zip(row, decimals([row], places)[0], strict=True):
        assert abs(Fraction(shown) - x) <= bound / 2
        assert -shown.as_tuple().exponent == max(places, 0)


@given(wide.filter(bool))
def test_relative_digits_count_from_the_first(x):
    shown = decimals([[x]], quantum([[x]], 10, relative=True))[0][0]
    assert abs(Fraction(shown) - x) <= abs(x) / Fraction(2 * 10**10)
    assert Fraction(10) ** -10 * abs(x) < Fraction(10) ** -quantum([[x]], 10, relative=True) * 10


def test_rounding_ignores_the_decimal_context():
    # The context's 28 digits would end in 0…0.
    assert str(decimals([[Fraction(1, 3)]], 70)[0][0]) == "0." + "3" * 70


def test_large_numbers_have_no_exponent():
    assert str(decimals([[Fraction(123456)]], -2)[0][0]) == "123500"


def test_a_symmetric_matrix_stays_symmetric():
    rows = [[Fraction(1), Fraction(5, 100)], [Fraction(4, 100), Fraction(2)]]
    shown = decimals(rows, 1, symmetric=True)
    assert shown[0][1] == shown[1][0] == Decimal("0.0")
    assert decimals([[Fraction(15, 100)]], 1)[0][0] == Decimal("0.2")


def test_agreement_is_exact():
    one = [[Fraction(1)]]
    assert agree(one, [[1 + Fraction(1, 1000)]], 3)
    assert not agree(one, [[1 + Fraction(1, 1000) + Fraction(1, 10**90)]], 3)
    assert not agree([[Fraction(0), Fraction(1)]], [[Fraction(0), Fraction(2)]], 1)


@given(wide.filter(bool), st.integers(0, 40), st.integers(17, 60))
def test_small_entries_keep_digits_of_their_own(x, least, digits):
    places = places_of(x, least, digits)
    shown = Fraction(decimals([[x, Fraction(0)]], least, digits=digits)[0][0])
    assert abs(shown - x) <= min(Fraction(10) ** -least, abs(x) / 10 ** (digits - 1)) / 2
    assert places == least or len(str(int(abs(x) * Fraction(10) ** places))) == digits


def test_what_float64_cannot_tell_from_0_keeps_no_digits():
    assert float(2 * NOTHING) == 0
    assert places_of(NOTHING, 30, 17) == 30
    assert places_of(Fraction(1, 2**1074), 30, 17) == 340
    assert str(decimals([[NOTHING]], 30, digits=17)[0][0]) == "0E-30"


def test_digits_of_an_entry_agree_or_both_are_nothing():
    small, other = Fraction(1, 10**50), Fraction(2, 10**50)
    assert agree([[small]], [[other]], 40)
    assert not agree([[small]], [[other]], 40, digits=17)
    assert agree([[NOTHING]], [[-NOTHING]], 40, digits=17)
    assert not agree([[NOTHING]], [[4 * NOTHING]], 40, digits=17)
