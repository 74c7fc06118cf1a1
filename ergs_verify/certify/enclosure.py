"""An interval that is known to hold a number, with exact ends."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from ergs_verify.arithmetic.balls import Ball, Balls
from ergs_verify.errors import NotCertifiedError
from ergs_verify.exact import short

#: Significant digits of an end that is printed: more than any default tolerance needs.
_DIGITS = 25
#: Decimal exponents below this are written out.
_PLAIN = 6


@frozen
class Enclosure:
    """An interval that is known to hold a number: lo ≤ the number ≤ hi.

    Attributes
    ----------
    lo, hi : Fraction or math.inf
        Both are infinite for an infinite number.
    width : Fraction or math.inf
        hi − lo, or 0 if both are infinite.
    relative_width : Fraction or math.inf
        The width over the larger end in size, or 0 if the ends are equal.

    Raises
    ------
    ValueError
        If lo > hi.

    Notes
    -----
    ``x in enclosure`` tells whether x lies in it. The ends of decimals that are printed are
    rounded outward.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.certify import Enclosure
    >>> third = Enclosure(Fraction(333, 1000), Fraction(1, 3))
    >>> third.as_json(digits=5)
    ['0.333', '0.33334']
    >>> third.relative_width < Fraction(1, 900), Fraction(1, 3) in third
    (True, True)
    """

    lo: Any = field(repr=short)
    hi: Any = field(repr=short)

    @hi.validator
    def _ordered(self, _attribute: Any, hi: Any) -> None:
        if not self.lo <= hi:
            raise ValueError(f"an enclosure from {short(self.lo)} to {short(hi)} is empty")

    @classmethod
    def of(cls, ball: Ball, *, least: Fraction | None = None) -> Enclosure:
        """A ball's ends; with `least`, of the numbers in it that are at least so large.

        Raises
        ------
        NotCertifiedError
            Where there are none: what was enclosed is not what it was taken for.
        """
        lo, hi = Balls(ball.bits).enclosure(ball)
        if least is None:
            return cls(lo, hi)
        if hi < least:
            raise NotCertifiedError(
                f"a number that cannot be below {short(least)} is at most {short(hi)}"
            )
        return cls(lo, hi).at_least(least)

    @property
    def width(self) -> Any:
        """hi − lo, or 0 if both are infinite."""
        return Fraction(0) if self.lo == self.hi else self.hi - self.lo

    @property
    def relative_width(self) -> Any:
        """The width over the larger end in size, or 0 if the ends are equal."""
        if self.lo == self.hi:
            return Fraction(0)
        largest = max(abs(self.lo), abs(self.hi))
        return math.inf if largest == math.inf else self.width / largest

    def __contains__(self, number: Any) -> bool:
        return self.lo <= number <= self.hi

    def meets(self, other: Enclosure) -> bool:
        """Whether both can hold the same number."""
        return self.lo <= other.hi and other.lo <= self.hi

    def shifted(self, by: Fraction) -> Enclosure:
        """The enclosure of the number plus a rational."""
        return Enclosure(self.lo + by, self.hi + by)

    def at_least(self, least: Fraction) -> Enclosure:
        """The enclosure of the larger of the number and a rational."""
        return Enclosure(max(self.lo, least), max(self.hi, least))

    def as_json(self, digits: int = _DIGITS) -> list[str]:
        """The ends as decimal strings, rounded outward.

        Parameters
        ----------
        digits : int
            Significant digits of each.

        Returns
        -------
        list of two str

        Examples
        --------
        >>> from fractions import Fraction
        >>> from ergs_verify.certify import Enclosure
        >>> Enclosure(Fraction(1, 3), Fraction(2, 3)).as_json(digits=3)
        ['0.333', '0.667']
        """
        return [_text(self.lo, digits, ROUND_FLOOR), _text(self.hi, digits, ROUND_CEILING)]

    def __str__(self) -> str:
        """The digits that both ends share when rounded, at most six, or else both ends; one alone
        where the other is 0 or infinite."""
        for digits in range(6, 1, -1):
            lo, hi = (_text(end, digits, ROUND_HALF_EVEN) for end in (self.lo, self.hi))
            if lo == hi:
                return lo
        lo, hi = self.as_json(digits=3)
        if hi == "inf":
            return f"at least {lo}"
        return f"at most {hi}" if lo == "0" else f"{lo} … {hi}"


INFINITE = Enclosure(math.inf, math.inf)
#: Of a number ≥ 0 of which nothing is known.
ANYTHING = Enclosure(Fraction(0), math.inf)


def _text(end: Any, digits: int, rounding: str) -> str:
    if end in (math.inf, -math.inf):
        return "inf" if end > 0 else "-inf"
    context = Context(prec=digits, rounding=rounding, Emin=-(10**9), Emax=10**9)
    quotient = context.divide(Decimal(end.numerator), Decimal(end.denominator))
    if not quotient:
        return "0"
    shape = "f" if abs(quotient.adjusted()) < _PLAIN else "g"
    return format(quotient.normalize(context), shape)
