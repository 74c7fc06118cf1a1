"""Rounding whole matrices to D digits, and whether two computations of one agree to them.

A matrix is its exact entries, `Fraction`s in rows. Its digits count from its size: D digits of it
are known where the error is at most 10^−D · max(1, largest entry in size). States and controls may
come in units far apart, and then a small entry says as much as a large one: what is written keeps
so many digits of each entry too, down to the smallest numbers of float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from ergs_verify.exact.numbers import digits_of

#: Every number so small is nearer to 0 than to any other float64, twice as near as it need be.
NOTHING = Fraction(1, 1 << 1076)
#: Fewer bits above the point than this has what may be as small.
_BITS_OF_NOTHING = -1074

Rows = Sequence[Sequence[Fraction]]


def quantum(rows: Rows, digits: int, *, relative: bool = False) -> int:
    """The number of places after the point that D digits of a matrix reach to.

    With `relative` digits count from the largest entry even where all are smaller than 1.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.exact.decimals import quantum
    >>> quantum([[Fraction(250)]], 10), quantum([[Fraction(1, 250)]], 10)
    (8, 10)
    >>> quantum([[Fraction(1, 250)]], 10, relative=True)
    13
    """
    sizes = [(abs(x.numerator), x.denominator) for row in rows for x in row if x]
    most = max((_bits_above(n, d) for n, d in sizes), default=0)
    near = (_magnitude(n, d) for n, d in sizes if _bits_above(n, d) >= most - 1)
    largest = max(near, default=0)
    return digits - (largest if relative else max(largest, 0))


def places_of(x: Fraction, least: int, digits: int) -> int:
    """The places at which an entry keeps so many digits of its own, and no fewer than `least`.

    `least` for 0, and for what float64 cannot tell from it.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.exact.decimals import places_of
    >>> places_of(Fraction(1, 250), 10, 17), places_of(Fraction(250), 20, 17)
    (19, 20)
    >>> places_of(Fraction(0), 10, 17)
    10
    """
    n, d = abs(x.numerator), x.denominator
    if not n or (_bits_above(n, d) < _BITS_OF_NOTHING and abs(x) <= NOTHING):
        return least
    return max(least, digits - 1 - _magnitude(n, d))


def places_for_definite(rows: Rows) -> int:
    """Places after the point at which a positive definite matrix, rounded, still is definite.

    Entries within 10^−places move no eigenvalue by more than the size times that, which stays
    below 1/tr(X⁻¹) ≤ λ_min. 0 for a matrix that is singular or whose midpoint is not definite.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.exact.decimals import places_for_definite
    >>> places_for_definite([[Fraction(1), Fraction(0)], [Fraction(0), Fraction(1, 10**6)]])
    7
    """
    import flint

    size = len(rows)
    matrix = flint.fmpq_mat(
        size, size, [flint.fmpq(x.numerator, x.denominator) for row in rows for x in row]
    )
    try:
        inverse = matrix.inv()
    except ZeroDivisionError:
        return 0
    trace = sum((inverse[k, k] for k in range(size)), flint.fmpq(0)) * size
    return max(0, _magnitude(int(trace.p), int(trace.q)) + 1) if trace > 0 else 0


def decimals(
    rows: Rows, places: int, *, digits: int = 0, symmetric: bool = False
) -> list[list[Decimal]]:
    """Every entry rounded correctly to `places` after the point (before it, where negative).

    With `digits` a small entry is rounded to so many of its own. A symmetric matrix is read from
    its upper triangle, so that it stays symmetric exactly.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.exact.decimals import decimals
    >>> print(decimals([[Fraction(2, 3)]], 5)[0][0])
    0.66667
    """
    if symmetric:
        rows = [[rows[min(r, c)][max(r, c)] for c in range(len(rows))] for r in range(len(rows))]
    if not digits:
        return [[_rounded(x, places) for x in row] for row in rows]
    return [[_rounded(x, places_of(x, places, digits)) for x in row] for row in rows]


def agree(left: Rows, right: Rows, places: int, *, digits: int = 0) -> bool:
    """Whether two matrices, rounded to such `places` and `digits`, may come out the same.

    No entries differ by more than 10^−places, nor by more than 10^−digits of the right one unless
    float64 can tell neither from 0.
    """
    bound = Fraction(10) ** -places

    def near(x: Fraction, y: Fraction) -> bool:
        apart = abs(x - y)
        if apart > bound:
            return False
        return not digits or apart * 10**digits <= abs(y) or max(abs(x), abs(y)) <= NOTHING

    return all(
        near(x, y)
        for one, other in zip(left, right, strict=True)
        for x, y in zip(one, other, strict=True)
    )


def _rounded(x: Fraction, places: int) -> Decimal:
    """x to the nearest multiple of 10^−places, ties to even."""
    over, under = x.numerator, x.denominator
    scale = _ten_to(abs(places))
    if places >= 0:
        over *= scale
    else:
        under *= scale
    units, rest = divmod(over, under)
    if 2 * rest > under or (2 * rest == under and units % 2):
        units += 1
    if places < 0:
        units, places = units * scale, 0
    # From text: the current decimal context would round an operation.
    return Decimal(f"{digits_of(units)}E{-places}")


@lru_cache(maxsize=2**10)
def _ten_to(power: int) -> int:
    return 10**power


def _bits_above(n: int, d: int) -> int:
    """b with 2^(b−1) < n/d < 2^(b+1)."""
    return n.bit_length() - d.bit_length()


def _magnitude(n: int, d: int) -> int:
    """floor(log10 n/d) of positive numbers."""

    def reaches(power: int) -> bool:
        return n >= d * _ten_to(power) if power >= 0 else n * _ten_to(-power) >= d

    found = math.floor((_bits_above(n, d) - 1) * math.log10(2))
    while not reaches(found):  # the logarithm was rounded
        found -= 1
    while reaches(found + 1):
        found += 1
    return found
