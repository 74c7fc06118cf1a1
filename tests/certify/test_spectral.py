"""Enclosures of spectral radii against matrices whose eigenvalues are known."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import flint
import pytest
from flint import arb, arb_mat, fmpq, fmpq_mat
from hypothesis import given
from hypothesis import strategies as st

from ergs_verify.certify import spectral
from ergs_verify.certify.spectral import has_reciprocal_eigenvalues, spectral_radius
from ergs_verify.errors import NotCertifiedError

KNOWN = {
    "zero": ([[0, 0], [0, 0]], 0),
    "nilpotent": ([[0, 1, 5], [0, 0, -3], [0, 0, 0]], 0),
    "one entry": ([[-3]], 3),
    "defective": ([[2, 1], [0, 2]], 2),
    "plus and minus": ([[0, 1], [1, 0]], 1),
    "a quarter turn": ([[0, -3], [3, 0]], 3),
    # The traces of every power 2^k vanish here.
    "a cycle of three": ([[0, 1, 0], [0, 0, 1], [8, 0, 0]], 2),
    "a cycle of five": ([[int(c == (r + 1) % 5) for c in range(5)] for r in range(5)], 1),
    "far from normal": ([[1, 10**9], [0, -2]], 2),
}


@pytest.mark.parametrize("bits", [64, 320])
@pytest.mark.parametrize("name", KNOWN)
def test_known_radius_is_enclosed_and_the_enclosure_is_small(name, bits):
    rows, radius = KNOWN[name]
    found = spectral_radius(arb_mat(rows), bits)
    assert radius in found
    # 30 squarings: |X^k| ≤ c ρ^k with c < 10^20 in each of these, and c^(2^-30) < 1 + 1e-7.
    assert found.width <= 1e-7 * radius


entries = st.integers(-3, 3)


@given(st.lists(entries, min_size=1, max_size=5), st.data())
def test_triangular_matrix_in_other_coordinates(diagonal, data):
    """S T S⁻¹ with an integer S of determinant 1 has T's diagonal for its eigenvalues."""
    n = len(diagonal)
    T = fmpq_mat(n, n, [_above(data, r, c, diagonal[r]) for r in range(n) for c in range(n)])
    S = fmpq_mat(n, n, [_above(data, r, c, 1) for r in range(n) for c in range(n)])
    X = S * T * S.inv()
    with flint.ctx.workprec(256):
        found = spectral_radius(arb_mat(X), 256)
    radius = max(map(abs, diagonal))
    assert radius in found
    assert found.width <= Fraction(1, 10**6)
    pairs = any(a * b == 1 for a in diagonal for b in diagonal)
    assert has_reciprocal_eigenvalues(X) == pairs


def _above(data, r: int, c: int, on_diagonal: int) -> int:
    return data.draw(entries) if c > r else on_diagonal * (r == c)


@pytest.mark.parametrize("excess", [-1, 1])
def test_a_radius_next_to_1_is_told_from_it(excess):
    """Thirty squarings cannot; more of them, with bits for them, can."""
    with flint.ctx.workprec(400):
        X = arb_mat([[0, 1], [1 + excess * arb(10) ** -30, 0]])
    found = spectral_radius(X, 400)
    assert found.hi < 1 if excess < 0 else found.lo > 1


@pytest.mark.parametrize("radius", [fmpq(1), 1 + fmpq(1, 10**24)], ids=["1", "1 + 1e-24"])
@pytest.mark.parametrize(("bits", "width"), [(64, 1e-6), (128, 1e-13), (200, 1e-20), (400, 1e-35)])
def test_powers_that_rounding_spoils_do_not_undo_what_earlier_ones_said(radius, bits, width):
    """Eigenvalues ±r(3 ± 4i)/5: a squaring loses several bits, and the last powers are all radius.

    The width is r (log n)/k for the last clear power k, which 64 bits let be above 2^20.
    """
    c, s = radius * fmpq(3, 5), radius * fmpq(4, 5)
    T = fmpq_mat([[0, 0, c, -s], [0, 0, s, c], [c, -s, 0, 0], [s, c, 0, 0]])
    S = fmpq_mat([[1, 1, 0, 1], [0, 1, 0, 0], [0, 1, 1, 0], [0, 0, -1, 1]])
    with flint.ctx.workprec(bits):
        X = arb_mat(S * T * S.inv())
    found = spectral_radius(X, bits)
    assert Fraction(int(radius.p), int(radius.q)) in found
    assert found.width <= width


def test_away_from_1_no_power_is_taken_that_tells_no_more(monkeypatch):
    """Powers of 2^100 and more have long exponents: a product of them takes many times as long."""
    taken = []
    right = spectral.frobenius_squared
    monkeypatch.setattr(spectral, "frobenius_squared", lambda X: taken.append(X) or right(X))
    with flint.ctx.workprec(400):
        X = arb_mat([[1, -2], [2, arb(1) / 3]])
        lo, hi = spectral._bounds(X, 128, 400)
    assert lo <= hi <= lo * (1 + 1e-7)
    assert len(taken) < 50


def test_enclosures_shrink_as_precision_grows():
    def width(bits: int) -> Fraction:
        with flint.ctx.workprec(bits):
            third = arb(1) / 3
            X = arb_mat([[third, 1, 0], [0, third, 2], [third, 0, -1]])
        return spectral_radius(X, bits).width

    widths = [width(bits) for bits in (24, 32, 48, 64)]
    assert all(b < a for a, b in pairwise(widths))
    assert widths[-1] < 1e-8


def test_wide_balls_give_a_wide_enclosure_that_holds_every_matrix_in_them():
    X = arb_mat([[arb(1, 0.25), arb(0, 0.25)], [arb(0, 0.25), arb(0.5, 0.25)]])
    found = spectral_radius(X, 64)
    assert found.lo <= Fraction(3, 4)
    assert found.hi >= Fraction(5, 4)


def test_a_matrix_without_bounds_is_not_certified():
    with pytest.raises(NotCertifiedError, match="no bounds at 64 bits"):
        spectral_radius(arb_mat([[arb("nan")]]), 64)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[1]], True),
        ([[-1]], True),
        ([[0]], False),
        ([[2, 0], [0, 3]], False),
        ([[2, 1], [1, 1]], True),  # (3 ± √5)/2, whose product is 1: ρ > 1
        ([[0, -1], [1, 0]], True),
    ],
)
def test_reciprocal_eigenvalues(rows, expected):
    assert has_reciprocal_eigenvalues(fmpq_mat(rows)) is expected
