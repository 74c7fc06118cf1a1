"""Enclosures: outward decimals, widths, and what a person reads."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ergs_verify.arithmetic import Balls
from ergs_verify.certify import Enclosure
from ergs_verify.certify.enclosure import INFINITE

rationals = st.fractions(max_denominator=10**9)


@given(rationals, rationals, st.integers(2, 40))
def test_the_decimal_strings_lie_outside_and_near(x, y, digits):
    one = Enclosure(min(x, y), max(x, y))
    lo, hi = (Fraction(text) for text in one.as_json(digits))
    assert lo <= one.lo <= one.hi <= hi
    assert one.lo - lo <= abs(one.lo) * Fraction(10) ** (1 - digits)
    assert hi - one.hi <= abs(one.hi) * Fraction(10) ** (1 - digits)


def test_what_a_person_reads():
    def around(x: str, width: str) -> str:
        return str(Enclosure(Fraction(x), Fraction(x) + Fraction(width)))

    assert around("1.23456789", "1e-12") == "1.23457"
    assert around("1.23456789", "1e-3") == "1.2"
    assert around("1.2496", "1e-3") == "1.25"
    assert around("1.25", "0.1") == "1.25 … 1.35"
    assert around("3e-30", "0") == "3e-30"
    assert around("30", "0") == "30"
    assert str(INFINITE) == "inf"
    assert str(Enclosure(Fraction(0), Fraction(0))) == "0"


def test_infinite_ends():
    assert INFINITE.as_json() == ["inf", "inf"]
    assert INFINITE.relative_width == 0
    half = Enclosure(Fraction(1), math.inf)
    assert half.as_json() == ["1", "inf"]
    assert half.relative_width == math.inf
    assert 10**400 in half


def test_an_empty_one_is_refused():
    with pytest.raises(ValueError, match="empty"):
        Enclosure(Fraction(2), Fraction(1))


def test_of_a_ball_and_of_its_numbers_that_are_not_negative():
    balls = Balls(64)
    third = balls.scalar(Fraction(1, 3))
    nothing = third + -third
    assert Fraction(0) in Enclosure.of(nothing)
    assert Enclosure.of(nothing).lo < 0
    assert Enclosure.of(nothing, least=Fraction(0)).lo == 0
    assert Enclosure.of(third).width <= Fraction(1, 2**63)


def test_shifting_and_meeting():
    one, other = Enclosure(Fraction(0), Fraction(1)), Enclosure(Fraction(1), Fraction(2))
    assert one.meets(other)
    assert not one.meets(other.shifted(Fraction(1, 10)))


@pytest.mark.parametrize(
    ("lo", "hi", "shown"),
    [
        (Fraction(0), Fraction(1, 10**40), "at most 1e-40"),
        (Fraction(2), math.inf, "at least 2"),
        (Fraction(0), math.inf, "at least 0"),
        (Fraction(1), Fraction(2), "1 … 2"),
        (Fraction(0), Fraction(0), "0"),
        (math.inf, math.inf, "inf"),
    ],
)
def test_what_is_wide_reads_well(lo, hi, shown):
    assert str(Enclosure(lo, hi)) == shown
