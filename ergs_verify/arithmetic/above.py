"""Upper bounds in float64, and the model of rounding that they rest on.

Numbers are IEEE 754 doubles with gradual underflow. With u = 2⁻⁵² and η = 2⁻¹⁰⁷⁴, what the machine
gives for x + y, x − y, xy, x/y or √x, if it is finite, is off by at most u times the exact value,
and of a product or quotient by η more. That holds whatever the rounding mode, if what overflows
becomes infinite, and it holds of a sum of products in any order, fused or not, term by term: with k
terms each is off by (1 + u)^k − 1 of itself and by kη more. Absolute values, maxima and powers of 2
are exact, the latter but for η where they underflow. A result that is not finite bounds nothing,
and whoever compares finds it so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen

#: u of the model.
UNIT = 2.0**-52
#: Above all absolute errors of a sum of up to 2⁴⁰ products, and normal: it slows nothing down.
TINY = 2.0**-1022


#: One rounding, relative to what was computed: at least u/(1 − u).
ROUNDED = UNIT * (1 + 2.0**-20)


def gamma(terms: int) -> float:
    """At least (1 + u)^terms − 1, for up to 2³⁰ terms."""
    return terms * ROUNDED


def above(x: Any, operations: int = 1) -> Any:
    """At least the exact value of an expression of numbers ≥ 0 whose computed value is x.

    `operations` is the greatest number of +, × and / that a term goes through. No product on the
    way may be a factor of another: its underflow would be multiplied.
    """
    return x * (1 + 2 * (operations + 3) * UNIT) + TINY


def below(x: Any) -> Any:
    """At most the exact value of a sum or difference of two numbers whose computed value is x."""
    return x - (np.abs(x) * (8 * UNIT) + TINY)


@frozen(eq=False)
class Above:
    """Upper bounds of numbers ≥ 0, an array of them; + and × round upward.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ergs_verify.arithmetic.above import Above
    >>> tenth = Above(0.1)
    >>> Fraction((tenth * tenth).value) >= Fraction(0.1) ** 2
    True
    """

    value: Any

    def __add__(self, other: Above | float) -> Above:
        return Above(above(self.value + _number(other)))

    __radd__ = __add__

    def __mul__(self, other: Above | float) -> Above:
        return Above(above(self.value * _number(other)))

    __rmul__ = __mul__

    def __getitem__(self, key: Any) -> Above:
        return Above(self.value[key])

    def root(self) -> Above:
        """Of the square roots."""
        return Above(above(np.sqrt(self.value)))

    def total(self, axis: int | tuple[int, ...]) -> Above:
        """Of the sums along an axis, or two."""
        axes = axis if isinstance(axis, tuple) else (axis,)
        terms = int(np.prod([self.value.shape[k] for k in axes]))
        return Above(above(self.value.sum(axis=axis), terms))

    def over_rest(self, part: Above) -> Above:
        """Of x/(1 − part); NaN where the part is not below 1."""
        rest = below(1 - part.value)
        return Above(above(self.value / np.where(rest > 0, rest, np.nan)))


def _number(x: Any) -> Any:
    return x.value if isinstance(x, Above) else x
