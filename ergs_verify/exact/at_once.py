"""Rounding many numbers at once, where two floats each say enough to do it correctly.

A number x is `high` + `low`, off by at most 2^−100 of itself, with |low| ≤ 2^−52 |high| and |high|
between LEAST and MOST; or it is 0 and so is `high`; or `high` is NaN. What they do not decide is
not sure, and is left to `ergs_verify.exact.decimals`. Where they decide, the answer is the same.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np

from ergs_verify.exact.decimals import in_units

#: No product here overflows, and none underflows.
LEAST, MOST = 1e-100, 1e100
#: Powers of ten from 10^−_POWERS to 10^_POWERS are used.
_POWERS = 150
#: Far above what comparing with a power of ten loses, relative to it.
_NEAR = 2.0**-90
#: What 18 digits count. Such a product is off by less than 2^−38, far below _TIE.
_UNITS, _TIE = 2.0**60, 2.0**-30
#: Dekker's factor: it splits a float into two halves of 26 bits.
_SPLIT = 2.0**27 + 1


def quanta(
    high: np.ndarray, low: np.ndarray, digits: int, *, relative: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """`decimals.quantum` of every row of numbers, and whether it is sure.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.exact.at_once import quanta
    >>> quanta(np.array([[250.0, 3.0], [0.25, 0.0]]), np.zeros((2, 2)), 10)
    (array([ 8, 10]), array([ True,  True]))
    """
    powers, sure = _magnitudes(high, low)
    largest = np.where(high == 0, -_POWERS, powers).max(axis=-1)
    counted = np.where((high == 0).all(axis=-1), 0, largest)
    return digits - (counted if relative else np.maximum(counted, 0)), np.all(sure, axis=-1)


def decimals_at_once(
    high: np.ndarray, low: np.ndarray, least: np.ndarray, digits: int
) -> tuple[np.ndarray, np.ndarray]:
    """`decimals.decimals` of every row of numbers, with its own `least` places, and whether sure.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.exact.at_once import decimals_at_once
    >>> found, sure = decimals_at_once(np.array([[0.0, 2.5]]), np.zeros((1, 2)), np.array([3]), 4)
    >>> list(map(str, found[0])), sure
    (['0.000', '2.500'], array([ True]))
    """
    powers, clear = _magnitudes(high, low)
    own = np.where(high == 0, -_POWERS, digits - 1 - powers)
    places = np.maximum(least[:, None], own)
    clear &= np.abs(places) <= _POWERS
    places = np.where(clear, places, 0)
    units, off = _product(high, low, *_tens(places))
    whole = np.rint(units)
    rest = (units - whole) + off
    more = np.rint(rest)
    with np.errstate(invalid="ignore"):
        clear &= (np.abs(units) < _UNITS) & (0.5 - np.abs(rest - more) > _TIE)
    counts = np.where(clear, whole, 0).astype(np.int64) + np.where(clear, more, 0).astype(np.int64)
    found = np.empty(counts.size, dtype=object)
    found[:] = list(map(in_units, counts.ravel().tolist(), places.ravel().tolist()))
    return found.reshape(counts.shape), np.all(clear, axis=-1)


def floats_at_once(high: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest float of every number, no −0.0, and of every row whether it is sure.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.exact.at_once import floats_at_once
    >>> floats_at_once(np.array([[1.0]]), np.array([[2.0**-53]]))[1]  # a tie
    array([False])
    """
    found = high + low
    off = low - (found - high)
    gap = np.abs(np.nextafter(found, np.copysign(np.inf, off)) - found)
    sure = (np.abs(off) < gap * (0.5 - 2.0**-40)) | (high == 0)
    return found + 0.0, np.all(sure, axis=-1)


def _magnitudes(high: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """floor(log10 |x|), and where it is sure; any number for 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        near = np.floor(np.log10(np.abs(high)))
    powers = np.where(np.abs(near) < _POWERS, near, 0).astype(np.int64)
    with np.errstate(invalid="ignore"):
        sure = (_beyond(high, low, powers) > _NEAR) & (_beyond(high, low, powers + 1) < -_NEAR)
    return powers, sure | (high == 0)


def _beyond(high: np.ndarray, low: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """Near |x|/10^power − 1."""
    tens, rest = _tens(powers)
    return ((np.abs(high) - tens) + (np.copysign(1.0, high) * low - rest)) / tens


def _product(x: np.ndarray, off: np.ndarray, y: np.ndarray, y_off: np.ndarray) -> tuple:
    """(x + off)(y + y_off) as two floats: the product of x and y as rounded, and the rest."""
    product = x * y
    (x_top, x_end), (y_top, y_end) = _halves(x), _halves(y)
    rounded = ((x_top * y_top - product) + x_top * y_end + x_end * y_top) + x_end * y_end
    return product, rounded + (x * y_off + off * y)


def _halves(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    top = x * _SPLIT
    top = top - (top - x)
    return top, x - top


def _tens(powers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """10^power as two floats."""
    tens, rest = _table()
    return tens[powers + _POWERS], rest[powers + _POWERS]


@lru_cache(maxsize=1)
def _table() -> tuple[np.ndarray, np.ndarray]:
    exact = [Fraction(10) ** k for k in range(-_POWERS, _POWERS + 1)]
    tens = list(map(float, exact))
    return np.array(tens), np.array(
        [float(x - Fraction(y)) for x, y in zip(exact, tens, strict=True)]
    )
