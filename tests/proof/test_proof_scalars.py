"""The scalars of the prover against SymPy's own rational functions."""

from __future__ import annotations

import operator

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.scalars import Scalars
from ergs_verify.proof.statement import Statement

a, b = sympy.symbols("a b")
STATEMENT = Statement([a, b], None, ())
FIELD = STATEMENT.scalars
SHOWN = sympy.QQ.frac_field(a, b)

numbers = st.fractions(min_value=-5, max_value=5, max_denominator=6).map(sympy.Rational)
polynomials = st.lists(st.tuples(numbers, st.integers(0, 2), st.integers(0, 2)), max_size=3).map(
    lambda terms: sympy.Add(*(c * a**k * b**n for c, k, n in terms))
)
functions = st.tuples(polynomials, polynomials.filter(bool)).map(lambda pair: pair[0] / pair[1])
few = settings(max_examples=25)


def read(expression):
    return STATEMENT.scalar(expression)


@few
@given(left=functions, right=functions)
@pytest.mark.parametrize("operation", [operator.add, operator.mul, operator.truediv])
def test_arithmetic_is_that_of_sympy(operation, left, right):
    ours, shown = [read(e) for e in (left, right)], [SHOWN.from_sympy(e) for e in (left, right)]
    if operation is operator.truediv and not shown[1]:
        with pytest.raises(ZeroDivisionError):
            operation(*ours)
        return
    found, wanted = operation(*ours), operation(*shown)
    assert bool(found) == bool(wanted)
    assert SHOWN.from_sympy(FIELD.to_sympy(found, sympy.Symbol)) == wanted


@few
@given(value=functions, factor=polynomials.filter(bool), times=st.integers(-3, 3))
def test_equal_values_are_equal(value, factor, times):
    known = read(value)
    expanded = read(sympy.expand(factor)) * known / read(factor)
    assert expanded == known
    assert known + known == known * 2
    assert not known + -known
    assert (known / 2) * 2 == known
    assert known * times == known * read(sympy.Integer(times))
    assert FIELD.one + known != known


def test_sums_are_in_lowest_terms():
    assert read(a / (a + b)) + read(b / (a + b)) == FIELD.one
    assert read(1 / a) + read(-1 / (a * (a + 1))) == read(1 / (a + 1))


def test_numbers_alone():
    field = Scalars([])
    half = field.number(sympy.Rational(1, 2))
    assert field.to_sympy(half + half, sympy.Symbol) == 1
    assert field.to_sympy(half * -1, sympy.Symbol) == sympy.Rational(-1, 2)
    assert field.to_sympy(half * 0, sympy.Symbol) == 0


@pytest.mark.parametrize("outside", [sympy.sqrt(2), sympy.I, sympy.oo, sympy.Symbol("c")])
def test_what_is_no_scalar_is_refused(outside):
    with pytest.raises(UnsupportedError):
        read(outside)
