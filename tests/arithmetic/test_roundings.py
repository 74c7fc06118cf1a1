"""Derivatives along roundings: against difference quotients, and against closed forms."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ergs_verify.arithmetic import MPMath
from ergs_verify.arithmetic.roundings import Moving, Roundings
from ergs_verify.errors import NotCertifiedError


def given(arithmetic: Roundings, value, moves) -> Moving:
    """A matrix whose moves are these, without roundings of its own."""
    return Moving(np.array(value, dtype=float), np.array(moves, dtype=float), arithmetic._draw)


def quotient(of, X, dX):
    """(of(X + h dX) − of(X)) / h with h = 1e-30, in 80 digits."""
    wide, step = MPMath(digits=80), Fraction(1, 10**30)

    def entered(h):
        return wide.matrix(
            [
                [
                    Fraction(float(x)) + h * Fraction(float(d))
                    for x, d in zip(row, moves, strict=True)
                ]
                for row, moves in zip(X, dX, strict=True)
            ],
            X.shape,
        )

    near, far = of(wide, entered(step)), of(wide, entered(Fraction(0)))
    if not isinstance(near, list):
        return float((near - far) / wide.scalar(step))
    return np.array(
        [
            [float((x - y) / wide.scalar(step)) for x, y in zip(*rows, strict=True)]
            for rows in zip(near, far, strict=True)
        ]
    )


def squared_and_solved(arithmetic, X):
    identity = arithmetic.identity(arithmetic.shape(X)[0])
    return arithmetic.solve(arithmetic.add(arithmetic.multiply(X, X), identity), X)


def scalars(arithmetic, X):
    one = arithmetic.scalar(Fraction(1))
    log = arithmetic.log_determinant(X)
    return (arithmetic.trace(X) * log - one) / arithmetic.determinant(X)


@pytest.mark.parametrize("of", [squared_and_solved, scalars])
def test_moves_are_derivatives(monkeypatch, of):
    draw = np.random.default_rng(1)
    root = draw.normal(size=(3, 3))
    X, dX = root @ root.T + np.eye(3), draw.normal(size=(2, 3, 3))
    monkeypatch.setattr(Moving, "rounded", lambda self, _sizes: self)
    arithmetic = Roundings(draws=2)
    found = of(arithmetic, given(arithmetic, X, dX))
    for moved, direction in zip(found.moves, dX, strict=True):
        assert moved == pytest.approx(quotient(of, X, direction), rel=1e-11)


def test_a_number_near_underflow_moves_by_half_of_the_smallest():
    """2⁻¹⁰⁷⁵ = u 2⁻¹⁰²²: an entry of 2⁻¹⁰⁴⁰, and one of 2⁻¹²⁰⁰ that is lost beside it."""
    arithmetic = Roundings()
    column = arithmetic.matrix([[2.0**-440], [2.0**-600]], (2, 1))
    product = arithmetic.multiply(column, arithmetic.matrix([[2.0**-600]], (1, 1)))
    assert product.value.tolist() == [[2.0**-1040], [0.0]]
    assert (abs(product.moves) > 2.0**-1023).all()
    assert product.largest <= 2.0**-1021


def test_what_enters_moves_by_one_unit_and_a_symmetric_matrix_symmetrically():
    rows = [[Fraction(2), Fraction(3)], [Fraction(3), Fraction(5)]]
    X = Roundings(draws=60).matrix(rows, (2, 2))
    assert (abs(X.moves) == [[2, 3], [3, 5]]).all()
    assert (X.moves == X.moves.swapaxes(1, 2)).all()
    assert len({tuple(moves.ravel()) for moves in X.moves}) == 8  # three signs


def test_a_product_of_exact_numbers_moves_by_its_own_rounding_alone():
    arithmetic = Roundings(draws=20)
    two = arithmetic.add(arithmetic.identity(2), arithmetic.identity(2))
    product = arithmetic.multiply(two, two)
    assert (abs(product.moves) == np.maximum(4 * np.eye(2), 2.0**-1022)).all()


def test_cancelling_sums_keep_the_moves_of_their_terms():
    arithmetic = Roundings(draws=20)
    X = arithmetic.matrix([[Fraction(7)]], (1, 1))
    Y = arithmetic.matrix([[Fraction(-7)]], (1, 1))
    total = arithmetic.add(X, Y)
    assert total.value == 0
    assert total.largest == 14


def test_what_float64_cannot_tell_from_singular_moves_without_bound():
    arithmetic = Roundings()
    X = arithmetic.matrix([[Fraction(1), Fraction(1)]] * 2, (2, 2))
    with np.errstate(all="ignore"):
        solved = arithmetic.solve(X, arithmetic.identity(2))
    assert not np.isfinite(solved.largest)
    with pytest.raises(NotCertifiedError):
        arithmetic.log_determinant(X)


def test_rows_of_any_size_move_alike():
    rows = [[Fraction(1), Fraction(0)], [Fraction(0), Fraction(1, 2**20)]]
    right = [[Fraction(1)], [Fraction(1, 2**20)]]
    numbers = Roundings()
    solved = numbers.solve(numbers.matrix(rows, (2, 2)), numbers.matrix(right, (2, 1)))
    assert solved.largest < 8  # what enters, the system and its answer: a few units of 1


def test_the_same_seed_gives_the_same_moves():
    def moves(seed):
        arithmetic = Roundings(seed=seed)
        X = arithmetic.matrix([[Fraction(1), Fraction(2)]], (1, 2))
        return arithmetic.multiply(X, arithmetic.transpose(X)).moves

    assert (moves(3) == moves(3)).all()
    assert (moves(3) != moves(4)).any()
