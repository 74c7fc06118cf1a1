"""Precision rises until an enclosure is as tight as asked, or a stated cap is reached."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.errors import InputError
from ergs_verify.exact import number

#: The cap. An answer that still is not tight enough at this precision is undecided.
MOST_BITS = 8192


def rising(first: int = 128, most: int = MOST_BITS) -> Iterator[int]:
    """Precisions in bits, each half as large again as the last, at most `most`.

    Examples
    --------
    >>> from ergs_verify.certify.precision import rising
    >>> list(rising(128, most=400))
    [128, 192, 288, 400]
    """
    bits = min(first, most)
    while bits < most:
        yield bits
        bits += bits // 2
    yield most


def whole_limbs(bits: int) -> int:
    """The next multiple of 64: up to it balls cost the same.

    Examples
    --------
    >>> from ergs_verify.certify.precision import whole_limbs
    >>> whole_limbs(121), whole_limbs(128), whole_limbs(129)
    (128, 128, 192)
    """
    return -(-bits // 64) * 64


def tolerance_of(tolerance: Any) -> Any:
    """A relative width that was asked for, as the rational it is."""
    value = number(tolerance, "tolerance")
    if not 0 < value < 1:
        raise InputError("tolerance must lie between 0 and 1", "tolerance")
    return value


def bits_short(one: Enclosure, tolerance: Fraction, bits: int) -> int:
    """Twice as tight as asked will do, as its ends are rounded outward when they are printed."""
    if 2 * one.relative_width <= tolerance:
        return 0
    if one.lo == 0:
        return bits // 2
    return int(2 * one.relative_width / tolerance).bit_length()
