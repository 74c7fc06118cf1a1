"""The coefficients of the free algebra against SymPy's own rational functions."""

from __future__ import annotations

import operator

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.polys.polyerrors import CoercionFailed

from ergs_verify.proof.coefficients import CoefficientField

a, b = sympy.symbols("a b")
FIELD = CoefficientField([a, b])
SHOWN = sympy.QQ.frac_field(a, b)

numbers = st.fractions(min_value=-5, max_value=5, max_denominator=6).map(sympy.Rational)
polynomials = st.lists(st.tuples(numbers, st.integers(0, 2), st.integers(0, 2)), max_size=3).map(
    lambda terms: sympy.Add(*(c * a**k * b**n for c, k, n in terms))
)
functions = st.tuples(polynomials, polynomials.filter(bool)).map(lambda pair: pair[0] / pair[1])
few = settings(max_examples=25)


@few
@given(left=functions, right=functions)
@pytest.mark.parametrize("operation", [operator.add, operator.mul, operator.truediv])
def test_arithmetic_is_that_of_sympy(operation, left, right):
    ours, shown = ([field.from_sympy(e) for e in (left, right)] for field in (FIELD, SHOWN))
    if operation is operator.truediv and not shown[1]:
        with pytest.raises(ZeroDivisionError):
            operation(*ours)
        return
    found, wanted = operation(*ours), operation(*shown)
    assert bool(found) == bool(wanted)
    assert FIELD.to_sympy(found) == SHOWN.to_sympy(wanted)


@few
@given(value=functions, factor=polynomials.filter(bool), times=st.integers(-3, 3))
def test_equal_values_are_equal(value, factor, times):
    read = FIELD.from_sympy(value)
    expanded = FIELD.from_sympy(sympy.expand(factor)) * read / FIELD.from_sympy(factor)
    assert expanded == read
    assert read + read == read * 2
    assert not read + -read
    assert (read / 2) * 2 == read
    assert read * times == read * FIELD.from_sympy(sympy.Integer(times))
    assert FIELD.one + read != read


def test_sums_are_in_lowest_terms():
    def read(e):
        return FIELD.from_sympy(e)

    assert read(a / (a + b)) + read(b / (a + b)) == FIELD.one
    assert read(1 / a) + read(-1 / (a * (a + 1))) == read(1 / (a + 1))


def test_numbers_alone():
    field = CoefficientField([])
    half = field.from_sympy(sympy.Rational(1, 2))
    assert field.to_sympy(half + half) == 1
    assert field.to_sympy(half * -1) == sympy.Rational(-1, 2)
    assert field.to_sympy(half * 0) == 0


@pytest.mark.parametrize("field", [FIELD, CoefficientField([])])
@pytest.mark.parametrize("outside", [sympy.sqrt(2), sympy.I, sympy.oo, sympy.Symbol("c")])
def test_what_is_no_coefficient_is_refused(field, outside):
    with pytest.raises(CoercionFailed):
        field.from_sympy(outside)
