"""Every number system against exact values, on random expressions."""

from __future__ import annotations

import math
from fractions import Fraction

import flint
import mpmath
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from random_expressions import (
    LETTERS,
    SIZES,
    as_rows,
    enter,
    letter_values,
    matrix_expressions,
    scalar_expressions,
)

from ergs_verify.arithmetic import Balls, Float64, MPMath, Rationals
from ergs_verify.evaluate import evaluate

any_expressions = st.one_of(
    st.tuples(st.sampled_from(SIZES), st.sampled_from(SIZES)).flatmap(
        lambda shape: matrix_expressions(*shape)
    ),
    scalar_expressions(),
)


def exactly(expr, values):
    exact = Rationals()
    return as_rows(evaluate(expr, enter(values, exact), exact), exact)


def ball_rows(expr, values, bits):
    balls = Balls(bits)
    value = evaluate(expr, enter(values, balls), balls)
    return balls.enclosures(value) if hasattr(value, "nrows") else [[balls.enclosure(value)]]


def entries(rows):
    return [x for row in rows for x in row]


def explicitly(expr, values):
    """By SymPy's explicit matrices, from the leaves up."""
    if expr in values:
        return sympy.Matrix(
            [[sympy.Rational(x.numerator, x.denominator) for x in row] for row in values[expr]]
        )
    parts = [explicitly(arg, values) for arg in expr.args]
    match expr:
        case sympy.Identity():
            return sympy.eye(int(expr.shape[0]))
        case sympy.Inverse():
            return parts[0].inv()
        case sympy.Transpose():
            return parts[0].T
        case sympy.Trace():
            return parts[0].trace()
        case sympy.Determinant():
            return parts[0].det()
        case sympy.ZeroMatrix():
            return sympy.zeros(*expr.shape)
        case sympy.Add() | sympy.MatAdd():
            return sum(parts[1:], start=parts[0])
        case sympy.Mul() | sympy.MatMul():
            return math.prod(parts[1:], start=parts[0])
        case sympy.Pow() | sympy.MatPow():
            return parts[0] ** parts[1]
    return expr


@settings(max_examples=40)
@given(any_expressions, letter_values)
def test_rationals_against_sympy(expr, values):
    """SymPy's explicit matrices are an implementation that shares nothing with flint's."""
    wanted = explicitly(expr, values)
    wanted = wanted.tolist() if hasattr(wanted, "tolist") else [[wanted]]
    got = exactly(expr, values)
    assert got == [[Fraction(int(x.p), int(x.q)) for x in row] for row in wanted]


@settings(max_examples=60)
@given(any_expressions, letter_values)
def test_balls_contain_the_exact_value_and_are_small(expr, values):
    for exact, (low, high) in zip(
        entries(exactly(expr, values)), entries(ball_rows(expr, values, 256)), strict=True
    ):
        assert low <= exact <= high
        # 256 bits are 77 digits; the expressions' numbers and condition leave far more than 30.
        assert high - low <= Fraction(1, 10**30) * max(1, abs(exact))


@pytest.mark.parametrize(
    ("arithmetic", "bits"),
    [(Float64(), 53), (MPMath(digits=50), 169), (MPMath(bits=80), 80)],
    ids=["float64", "fifty digits", "eighty bits"],
)
@settings(max_examples=60)
@given(expr=any_expressions, values=letter_values)
def test_floating_point_against_rationals(arithmetic, bits, expr, values):
    value = evaluate(expr, enter(values, arithmetic), arithmetic)
    matrix = isinstance(value, list) or hasattr(value, "shape")
    got = arithmetic.to_fractions(value) if matrix else [[arithmetic.to_fraction(value)]]
    # A ball that carries 13 bits fewer bounds how errors of 2^13 ulp would spread.
    balls = ball_rows(expr, values, bits - 13)
    for x, exact, (low, high) in zip(
        entries(got), entries(exactly(expr, values)), entries(balls), strict=True
    ):
        rounding = Fraction(1, 2 ** (bits - 13)) * max(1, abs(exact))
        assert abs(x - exact) <= (high - low) + rounding


def test_a_wrong_number_system_is_caught():
    """The oracle's own test: a product that forgets its last term does not pass."""

    class Forgetful(Float64):
        def multiply(self, X, Y):
            return super().multiply(X[:, :-1], Y[:-1]) if X.shape[1] > 1 else super().multiply(X, Y)

    X = LETTERS[2, 2]
    values = {X: [[Fraction(1), Fraction(2)], [Fraction(3), Fraction(5)]]}
    wrong = evaluate(X * X.T, enter(values, Forgetful()), Forgetful())
    assert Float64().to_fractions(wrong) != exactly(X * X.T, values)


def test_no_number_system_reads_or_leaves_global_precision():
    X = LETTERS[2, 2]
    third = [[Fraction(4, 3), Fraction(1, 3)], [Fraction(1, 7), Fraction(2)]]
    expr = sympy.Trace(X.I * X.T) / 3

    def values():
        mp, balls = MPMath(digits=60), Balls(200)
        return (
            mp.to_fraction(evaluate(expr, enter({X: third}, mp), mp)),
            balls.enclosure(evaluate(expr, enter({X: third}, balls), balls)),
        )

    usual = values()
    with mpmath.workdps(5), flint.ctx.workprec(20):
        assert values() == usual
        assert flint.ctx.prec == 20
        assert mpmath.mp.dps == 5


def test_ball_scalars_keep_their_precision_outside_the_walk():
    balls = Balls(300)
    third = balls.scalar(Fraction(1, 3))
    for result, exact in [
        (third + third, Fraction(2, 3)),
        (third - third * third, Fraction(2, 9)),
        (third / balls.scalar(Fraction(7)), Fraction(1, 21)),
        (-third, Fraction(-1, 3)),
    ]:
        low, high = balls.enclosure(result)
        assert low <= exact <= high
        assert high - low < Fraction(1, 2**295)
