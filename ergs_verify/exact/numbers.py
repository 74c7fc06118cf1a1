"""Exact entries: the numbers and matrices a game is made of, with what they were given as kept.

A number given as a string, an integer or a rational is the rational it says; a number given as a
float is a float64. A matrix is a read-only numpy array: dtype float64 where every entry was given
as a float, else dtype object with entries `Fraction` or `float`.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from numbers import Rational
from typing import Any

import numpy as np

from ergs_verify.errors import InputError

Number = Fraction | float

#: u, the unit roundoff of float64.
UNIT = Fraction(1, 2**53)

#: Decimal digits that the numerator and the denominator of an entry may have.
MAX_DIGITS = 10_000
_MAX_BITS = int(MAX_DIGITS * math.log2(10))

#: Small whole numbers, of which matrices are full, are one object each.
_WHOLE = {n: Fraction(n) for n in range(-256, 257)}

_DECIMAL = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,12}))?")
_RATIO = re.compile(r"([+-]?[0-9]+)/([0-9]+)")


def parse_number(text: str, where: str = "") -> Fraction:
    """The rational number that a string says, such as ``"0.1"``, ``"1/3"`` or ``"-2e-7"``.

    The length and the exponent are judged before anything is computed, so ``"1e999999999"`` is
    refused at once.

    Raises
    ------
    InputError
        If the string is not such a number, has the denominator 0, or needs more than
        `MAX_DIGITS` digits.

    Examples
    --------
    >>> from ergs_verify.exact import parse_number
    >>> parse_number("-2e-7"), parse_number("1/3")
    (Fraction(-1, 5000000), Fraction(1, 3))
    """
    if len(text) > 2 * MAX_DIGITS + 2:
        raise _bad(where, f"is a string of {len(text)} characters, too long for a number")
    if "/" in text and (ratio := _RATIO.fullmatch(text)):
        top, bottom = (int(Decimal(part)) for part in ratio.groups())
        if bottom == 0:
            raise _bad(where, f"is {quoted(text)}, whose denominator is 0")
        return _bounded(Fraction(top, bottom), where)
    decimal = _DECIMAL.fullmatch(text)
    if decimal is None or not (decimal[2] or decimal[3]):
        raise _bad(
            where,
            f'is {quoted(text)}, which is not a number: write it like "0.1", "1/3" or "-2e-7"',
        )
    if decimal[4] and abs(int(decimal[4])) > 2 * MAX_DIGITS:
        raise _bad(where, f"is {quoted(text)}, which needs more than {MAX_DIGITS} digits")
    return _bounded(Fraction(Decimal(text)), where)


def number(value: Any, where: str = "") -> Number:
    """One entry: a `Fraction` from what is exact, a `float` from a float.

    Taken are strings, integers, rationals (Python's, SymPy's, gmpy2's), `Decimal`, mpmath's mpf
    (the dyadic rational it is), numpy's integers and floats.

    Raises
    ------
    InputError
        For NaN, infinities, booleans, complex numbers and whatever else is not a number.

    Examples
    --------
    >>> from ergs_verify.exact import number
    >>> number("0.1"), number(3), number(0.5)
    (Fraction(1, 10), Fraction(3, 1), 0.5)
    """
    if type(value) is float:
        return _finite(value, where)
    if type(value) is int:
        return _WHOLE[value] if value in _WHOLE else _bounded(Fraction(value), where)
    if isinstance(value, str):
        return parse_number(value, where)
    if isinstance(value, Decimal):
        if not value.is_finite():
            return _finite(math.inf, where)
        text = str(value)
        short = len(text) <= 100 and abs(value.adjusted()) <= 1000  # nothing to be judged first
        return Fraction(value) if short else parse_number(text, where)
    if isinstance(value, bool | np.bool_):
        raise _bad(where, f"is the boolean {str(bool(value)).lower()}, not a number")
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return number(value[()], where)
    if isinstance(value, (Rational, np.integer)):
        return _bounded(Fraction(int(value.numerator), int(value.denominator)), where)
    if isinstance(value, np.floating) and value.dtype.itemsize > 8 and np.isfinite(value):
        return _bounded(Fraction(*value.as_integer_ratio()), where)
    if isinstance(value, (float, np.floating)):
        return _finite(float(value), where)
    if (mpf := getattr(value, "_mpf_", None)) is not None:
        return _from_mpf(mpf, where)
    if value is None:
        raise _bad(where, "is null, not a number: JSON has no NaN, and null often stands for it")
    raise _bad(where, f"is {_kind(value)}, not a number")


def whole(value: Any, where: str, least: int, most: int | None = None) -> int:
    """A whole number that says how many, which, or how often.

    Parameters
    ----------
    value : int, or anything that numpy or Python takes for an index
    where : str
        The name that errors give it.
    least, most : int
        Its bounds, both admitted.

    Raises
    ------
    InputError
        For anything else, booleans and floats among them.

    Examples
    --------
    >>> from ergs_verify.exact import whole
    >>> whole(3, "digits", 1)
    3
    >>> whole(2.0, "agent", 1, 2)
    Traceback (most recent call last):
    ergs_verify.errors.InputError: agent must be a whole number from 1 to 2
    """
    try:
        count = None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        count = None
    if count is None or count < least or (most is not None and count > most):
        bounds = f"≥ {least}" if most is None else f"from {least} to {most}"
        raise InputError(f"{where} must be a whole number {bounds}", where)
    return count


def counted(count: int, noun: str) -> str:
    """A number with its noun, which is in the plural unless the number is 1.

    Examples
    --------
    >>> from ergs_verify.exact import counted
    >>> counted(1, "game"), counted(2, "more stage"), counted(2, "proved identity")
    ('1 game', '2 more stages', '2 proved identities')
    """
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("ity") else f"{count} {noun}s"


def read_matrix(value: Any, where: str = "") -> np.ndarray:
    """A matrix as a read-only array of exact entries (see the module's head).

    Parameters
    ----------
    value : list of rows, or anything numpy turns into a two-dimensional array
    where : str
        The place that errors name, followed by ``[row][column]``.

    Raises
    ------
    InputError
        Where rows differ in length or are missing, or an entry is not a number.

    Examples
    --------
    >>> from ergs_verify.exact import read_matrix
    >>> read_matrix([[1, "0.1"], [0.5, 0]])[0, 1]
    Fraction(1, 10)
    """
    value = as_list(value, where)
    if isinstance(value, np.ndarray):
        if value.ndim != 2 or 0 in value.shape:
            raise _bad(where, f"must be a matrix, not an array of shape {value.shape}")
        return _read_floats(value, where, 2)
    rows = [as_list(row, where) for row in _listed(value, where, "a matrix, a list of rows")]
    rows = [row.tolist() if isinstance(row, np.ndarray) else row for row in rows]
    for r, row in enumerate(rows):
        _listed(row, f"{where}[{r}]", "a row of a matrix, a list of numbers")
        if len(row) != len(rows[0]):
            raise _bad(
                where,
                f"is ragged: row {r} has length {len(row)} but row 0 has length {len(rows[0])}",
            )
    entries = [[_entry(x, where, r, c) for c, x in enumerate(row)] for r, row in enumerate(rows)]
    return _array(entries, (len(rows), len(rows[0])))


def read_vector(value: Any, where: str = "") -> np.ndarray:
    """A list of numbers as a read-only one-dimensional array of exact entries."""
    value = as_list(value, where)
    if isinstance(value, np.ndarray):
        if value.ndim != 1 or value.size == 0:
            raise _bad(where, f"must be a list of numbers, not an array of shape {value.shape}")
        return _read_floats(value, where, 1)
    listed = _listed(value, where, "a list of numbers")
    return _array([number(x, f"{where}[{k}]") for k, x in enumerate(listed)], (len(listed),))


def as_list(value: Any, where: str = "") -> Any:
    """What numpy can read becomes a float64 array or nested lists; everything else stays."""
    if isinstance(value, list | tuple) or not hasattr(value, "__array__"):
        return value
    if np.ma.is_masked(value):
        raise _bad(where, "has masked entries, which are not numbers")
    try:
        array = np.asarray(value)
    except (Exception, SystemExit) as error:  # whatever its own conversion raises
        raise _bad(where, f"is {_kind(value)} that numpy cannot read") from error
    if array.dtype in (np.float64, np.float32, np.float16):
        return array.astype(np.float64)
    return array if array.ndim == 0 else array.tolist()


def fractions(array: np.ndarray) -> list[list[Fraction]]:
    """The entries of a matrix as the rationals they are: a float64 is a dyadic rational.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.exact import fractions
    >>> fractions(np.array([[0.5, 2.0]]))
    [[Fraction(1, 2), Fraction(2, 1)]]
    """
    return [[x if type(x) is Fraction else Fraction(x) for x in row] for row in array.tolist()]


def squared_norm(array: np.ndarray) -> Fraction:
    """‖X‖_F², exactly.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.exact import squared_norm
    >>> squared_norm(np.array([[0.5, 1.0]]))
    Fraction(5, 4)
    """
    ratios = [x.as_integer_ratio() for row in array.tolist() for x in row]
    # Over one denominator, as sums of `Fraction` cancel common factors at every step.
    whole = math.lcm(*(bottom for _, bottom in ratios))
    return Fraction(sum((top * (whole // bottom)) ** 2 for top, bottom in ratios), whole**2)


def floats(array: np.ndarray, where: str = "") -> np.ndarray:
    """A fresh, writable float64 array of the nearest floats, of the same shape.

    Raises
    ------
    InputError
        Where an entry is larger than any float64.
    """
    if array.dtype == np.float64:
        return array.copy()
    flat = [nearest_float(x, where) for x in array.ravel().tolist()]
    return np.array(flat, dtype=np.float64).reshape(array.shape)


def nearest_float(value: Number, where: str = "") -> float:
    """The float64 nearest to a number."""
    try:
        return float(value)
    except OverflowError:
        raise _bad(where, "has an entry too large for a float64") from None


def written(value: Number) -> str:
    """A number as a string that `parse_number` reads back: a decimal or a ratio, the shorter.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.exact import written
    >>> written(Fraction(1, 10)), written(Fraction(1, 3)), written(Fraction(2, 10**9)), written(2.0)
    ('0.1', '1/3', '2E-9', '2')
    """
    ratio = reduced_ratio(value).removesuffix("/1")
    top, bottom = value.as_integer_ratio()
    places, units = _decimal_places(bottom)
    if not places:
        return ratio
    decimal = str(Decimal(f"{digits_of(top * units)}E-{places}"))
    return min(ratio, decimal, key=len)


def digits_of(whole: int) -> str:
    """A whole number of any length in decimal digits.

    `str` refuses more than 4,300 digits, a limit that belongs to the whole process; `Decimal`
    writes them all, and takes less time.

    Examples
    --------
    >>> from ergs_verify.exact import digits_of
    >>> digits_of(-12), len(digits_of(10**5000))
    ('-12', 5001)
    """
    return str(whole) if whole.bit_length() < 1600 else format(Decimal(whole), "f")


def reduced_ratio(value: Number) -> str:
    """The rational a number is, as ``"n/d"`` in lowest terms: ``"2/1"`` for 2."""
    top, bottom = value.as_integer_ratio()
    return f"{digits_of(top)}/{digits_of(bottom)}"


def short(value: Number | int) -> str:
    """A number for a message: whole where it is short, six digits where it is long."""
    # Lower case, as Python and the enclosures write an exponent; files keep their `1E-9`.
    text = repr(float(value)) if isinstance(value, float) else written(Fraction(value)).lower()
    if len(text) <= 20:
        return text
    exact = Fraction(value)
    return f"{Decimal(exact.numerator) / Decimal(exact.denominator):.6g}"


def quoted(text: object, most: int = 40) -> str:
    """A string as it can stand in a one-line message: quoted, escaped and cut short."""
    shown = str(text)
    cut = shown if len(shown) <= most else f"{shown[:most]}…"
    return ascii(cut) if not cut.isprintable() else f'"{cut}"'


@lru_cache(maxsize=2**10)
def _decimal_places(denominator: int) -> tuple[int, int]:
    """How many decimal places 1/denominator has, and how many units of the last it is.

    0 places where they never end or there are none.
    """
    twos = (denominator & -denominator).bit_length() - 1
    odd = denominator >> twos
    fives = round(math.log(odd, 5)) if odd > 1 else 0
    places = max(twos, fives) if odd == 5**fives else 0
    return places, 10**places // denominator


def _entry(value: Any, where: str, r: int, c: int) -> Number:
    if type(value) is float and math.isfinite(value):
        return value
    return number(value, f"{where}[{r}][{c}]")


def _read_floats(array: np.ndarray, where: str, ndim: int) -> np.ndarray:
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        place = "".join(f"[{k}]" for k in bad[0])
        _finite(float(array[tuple(bad[0])]), where + place)
    return _frozen(np.ascontiguousarray(array))


def _array(entries: Sequence, shape: tuple[int, ...]) -> np.ndarray:
    flat: Iterable = entries if len(shape) == 1 else (x for row in entries for x in row)
    flat = list(flat)
    if all(type(x) is float for x in flat):
        return _frozen(np.array(flat, dtype=np.float64).reshape(shape))
    array = np.empty(len(flat), dtype=object)
    array[:] = flat
    return _frozen(array.reshape(shape))


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _listed(value: Any, where: str, what: str) -> Sequence:
    if isinstance(value, list | tuple):
        if not value:
            raise _bad(where, f"is empty where {what}, is needed")
        return value
    raise _bad(where, f"must be {what}, not {_kind(value)}")


def _finite(value: float, where: str) -> float:
    if math.isnan(value):
        raise _bad(where, "is NaN, not a number")
    if math.isinf(value):
        raise _bad(where, "is infinite or larger than any float64")
    return value


def _bounded(value: Fraction, where: str) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_BITS:
        raise _bad(where, f"needs more than {MAX_DIGITS} digits")
    return value


def _from_mpf(parts: tuple, where: str) -> Fraction:
    sign, mantissa, exponent, bits = (int(part) for part in parts)
    if mantissa == 0 and exponent != 0:  # how mpmath marks infinities and NaN
        raise _bad(where, "is NaN or infinite, not a number")
    if bits + abs(exponent) > _MAX_BITS:
        raise _bad(where, f"needs more than {MAX_DIGITS} digits")
    return Fraction((-1) ** sign * mantissa) * Fraction(2) ** exponent


def _kind(value: object) -> str:
    names = {
        dict: "an object with keys",
        list: "a list",
        tuple: "a list",
        str: "a string",
        type(None): "null",
        complex: "a complex number",
        np.complex128: "a complex number",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), f"of the type {type(value).__name__}")


def _bad(where: str, what: str) -> InputError:
    return InputError(f"{where or 'the entry'} {what}", where)
