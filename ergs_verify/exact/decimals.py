"""Rounding whole matrices to D digits, and whether two computations of one agree to them.

A matrix is its exact entries in rows. Its digits count from its size: D digits of it are known
where the error is at most 10^−D · max(1, largest entry in size). States and controls may come in
units far apart, and then a small entry says as much as a large one: what is written keeps so many
digits of each entry too, down to the smallest numbers of float64.

Entries are dyadic, as balls and mpmath hold them. Large games have 10⁵ of them, and to make
`Fraction`s of these would take longer than to round them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeVar

#: Every number so small is nearer to 0 than to any other float64, twice as near as it need be.
NOTHING = Fraction(1, 1 << 1076)
#: It has so many bits above the point, and what is smaller has fewer.
_BITS_OF_NOTHING = 2 - NOTHING.denominator.bit_length()
#: Moves the point of any number; the current context would round it.
_EXACTLY = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)

#: The number mantissa · 2^exponent: an odd `int` or `fmpz`, and an `int`; or 0 and anything.
Dyadic = tuple[Any, int]
Rows = Sequence[Sequence[Dyadic]]
_T = TypeVar("_T")


def exactly(x: Dyadic) -> Fraction:
    """The number itself.

    Examples
    --------
    >>> from ergs_verify.exact.decimals import exactly
    >>> exactly((-3, -1))
    Fraction(-3, 2)
    """
    mantissa, exponent = int(x[0]), x[1]
    return Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)


def quantum(rows: Rows, digits: int, *, relative: bool = False) -> int:
    """The number of places after the point that D digits of a matrix reach to.

    With `relative` digits count from the largest entry even where all are smaller than 1.

    Examples
    --------
    >>> from ergs_verify.exact.decimals import quantum
    >>> quantum([[(125, 1)]], 10), quantum([[(1, -8)]], 10)  # 250 and 1/256
    (8, 10)
    >>> quantum([[(1, -8)]], 10, relative=True)
    13
    """
    entries = [(x[0].bit_length() + x[1], x) for row in rows for x in row if x[0]]
    if not entries:
        return digits
    most = max(bits for bits, _ in entries)
    largest = max(_magnitude(x) for bits, x in entries if bits == most)
    return digits - (largest if relative else max(largest, 0))


def places_of(x: Dyadic, least: int, digits: int) -> int:
    """The places at which an entry keeps so many digits of its own, and no fewer than `least`.

    `least` for 0, and for what float64 cannot tell from it.

    Examples
    --------
    >>> from ergs_verify.exact.decimals import places_of
    >>> places_of((1, -8), 10, 17), places_of((125, 1), 20, 17)
    (19, 20)
    >>> places_of((0, 0), 10, 17)
    10
    """
    mantissa, exponent = x
    bits = mantissa.bit_length() + exponent
    if not mantissa or (bits <= _BITS_OF_NOTHING and abs(exactly(x)) <= NOTHING):
        return least
    low, high = _magnitudes(bits)
    places = digits - 1 - low
    if places <= least:
        return least
    return places - 1 if low < high and _reaches(x, high) else places


def places_for_definite(triangle: Rows) -> int:
    """Places after the point at which a positive definite matrix, rounded, still is definite.

    Entries within 10^−places move no eigenvalue by more than the size times that, which stays
    below 1/tr(X⁻¹) ≤ λ_min. 0 for a matrix that is singular or whose midpoint is not definite.

    Examples
    --------
    >>> from ergs_verify.exact.decimals import places_for_definite
    >>> places_for_definite([[(1, 0), (0, 0)], [(1, -20)]])  # from the diagonal on
    7
    """
    import flint

    size = len(triangle)
    entries = [exactly(x) for row in mirrored(triangle) for x in row]
    matrix = flint.fmpq_mat(size, size, [flint.fmpq(*x.as_integer_ratio()) for x in entries])
    try:
        inverse = matrix.inv()
    except ZeroDivisionError:
        return 0
    trace = sum((inverse[k, k] for k in range(size)), flint.fmpq(0)) * size
    return max(0, magnitude(Fraction(int(trace.p), int(trace.q))) + 1) if trace > 0 else 0


def decimals(rows: Rows, places: int, *, digits: int = 0) -> list[list[Decimal]]:
    """Every entry rounded correctly to `places` after the point (before it, where negative).

    With `digits` a small entry is rounded to so many of its own.

    Examples
    --------
    >>> from ergs_verify.exact.decimals import decimals
    >>> print(decimals([[(5, -3)]], 2)[0][0])  # 5/8, a tie, to even
    0.62
    """
    if not digits:
        return [[_rounded(x, places) for x in row] for row in rows]
    return [[_rounded(x, places_of(x, places, digits)) for x in row] for row in rows]


def mirrored(triangle: Sequence[Sequence[_T]]) -> list[list[_T]]:
    """The rows of a symmetric matrix, of which only those from the diagonal on are given.

    Examples
    --------
    >>> from ergs_verify.exact.decimals import mirrored
    >>> mirrored([[1, 2], [3]])
    [[1, 2], [2, 3]]
    """
    return [[*(triangle[r][c - r] for r in range(c)), *own] for c, own in enumerate(triangle)]


def agree(left: Rows, right: Rows, places: int, *, digits: int = 0) -> bool:
    """Whether two matrices, rounded to such `places` and `digits`, may come out the same.

    No entries differ by more than 10^−places, nor by more than 10^−digits of the right one unless
    float64 can tell neither from 0.
    """
    bound = Fraction(10) ** -places

    def near(one: Dyadic, other: Dyadic) -> bool:
        x, y = exactly(one), exactly(other)
        apart = abs(x - y)
        if apart > bound:
            return False
        return not digits or apart * 10**digits <= abs(y) or max(abs(x), abs(y)) <= NOTHING

    return all(
        near(x, y)
        for one, other in zip(left, right, strict=True)
        for x, y in zip(one, other, strict=True)
    )


def magnitude(x: Fraction) -> int:
    """floor(log10 x) of a positive number.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.exact.decimals import magnitude
    >>> magnitude(Fraction(999)), magnitude(Fraction(1, 1000))
    (2, -3)
    """
    top, bottom = x.as_integer_ratio()
    found = math.floor((top.bit_length() - bottom.bit_length() - 1) * math.log10(2))
    while Fraction(10) ** found > x:  # the logarithm was rounded
        found -= 1
    while Fraction(10) ** (found + 1) <= x:
        found += 1
    return found


def in_units(count: int, places: int) -> Decimal:
    """count · 10^−places, written with so many places, or none where that is negative.

    Examples
    --------
    >>> from ergs_verify.exact.decimals import in_units
    >>> print(in_units(120, 3), in_units(12, -2))
    0.120 1200
    """
    if places < 0:
        return Decimal(count * 10**-places)
    return Decimal(count).scaleb(-places, _EXACTLY)


def _magnitude(x: Dyadic) -> int:
    """floor(log10 |x|) of a number other than 0."""
    least, most = _magnitudes(x[0].bit_length() + x[1])
    return most if least < most and _reaches(x, most) else least


def _reaches(x: Dyadic, power: int) -> bool:
    """|x| ≥ 10^power."""
    odd, twos = abs(x[0]), x[1] - power
    if power < 0:
        return (odd * _five_to(-power)).bit_length() + twos > 0
    return odd << max(twos, 0) >= _five_to(power) << max(-twos, 0)


@lru_cache(maxsize=2**12)
def _magnitudes(bits: int) -> tuple[int, int]:
    """Those of all numbers ≥ 2^(bits−1) and < 2^bits."""
    least = magnitude(Fraction(2) ** (bits - 1))
    return least, least + (Fraction(10) ** (least + 1) < Fraction(2) ** bits)


def _rounded(x: Dyadic, places: int) -> Decimal:
    """x to the nearest multiple of 10^−places, ties to even."""
    mantissa, exponent = x
    if places < 0:
        return in_units(round(exactly(x) / 10**-places), places)
    # An odd number over 2^halvings, unless it is 0: a tie only where this is 2.
    scaled, halvings = mantissa * _five_to(places), -(exponent + places)
    if halvings <= 0:
        units = int(scaled) << -halvings
    else:
        units = (int(scaled >> (halvings - 1)) + 1) >> 1
        if halvings == 1 and units % 2:
            units -= 1
    return Decimal(units).scaleb(-places, _EXACTLY)


@lru_cache(maxsize=2**10)
def _five_to(power: int) -> Any:
    import flint

    return flint.fmpz(5) ** power
