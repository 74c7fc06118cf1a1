"""Small tables of text, and numbers cut for reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ergs_verify.arithmetic.mp import MPMath


def as_text(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Columns set flush left, two blanks apart.

    Examples
    --------
    >>> from ergs_verify.study.tables import as_text
    >>> print(as_text(["L", "error"], [["1", "0.5"], ["16", "0.01"]]))
    L   error
    1   0.5
    16  0.01
    """
    everything = [list(headings), *map(list, lines)]
    widths = [max(map(len, column)) for column in zip(*everything, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in everything
    )


def shown(value: Decimal | float | None, digits: int = 4) -> str:
    """A number of any size in a few digits; a dash for None.

    Examples
    --------
    >>> from decimal import Decimal
    >>> from ergs_verify.study.tables import shown
    >>> shown(Decimal("1.23456e-900")), shown(None), shown(float("inf"))
    ('1.235e-900', '–', '∞')
    """
    if value is None:
        return "–"
    if value == float("inf"):
        return "∞"
    if value == 0:
        return "0"
    return f"{Decimal(value):.{digits}g}"


def as_decimal(arithmetic: MPMath, value: Any, digits: int) -> Decimal:
    """An mpmath number rounded to significant decimal digits."""
    context = arithmetic.scalar(Fraction(0)).context
    return Decimal(context.nstr(value, digits, strip_zeros=False))


def ratio_as_decimal(value: Fraction) -> Decimal:
    """A rational of any size to the 28 digits of the decimal context."""
    return Decimal(value.numerator) / Decimal(value.denominator)
