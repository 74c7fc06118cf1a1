"""The scalars of an identity: the field ℚ(scalar letters, sizes, number of agents).

SymPy's own fraction fields do the same in Python; most of a proof's time went there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import reduce
from math import comb, gcd, lcm
from typing import Any

import flint
import sympy

from ergs_verify.errors import UnsupportedError

MOST_POWER = 10**6
"""A bound on the terms of a power times its exponent."""
MOST_TERMS = 5000
"""Of a numerator or denominator, so that computing with it takes well below a second."""
AGENTS = "#agents"
"""The number of agents; not a name that a letter of the user's can have."""


def size_terms(size: str) -> Iterator[tuple[int, list[str]]]:
    """The terms of a size such as ``2*n + m``."""
    for term in size.split(" + "):
        factor, names = 1, []
        for part in term.split("*"):
            if part.lstrip("-").isdigit():
                factor *= int(part)
            else:
                names.append(part)
        yield factor, names


ANY = "~"
"""Any agent; the indices that sums bind start so, and no name of the user's may."""


class Quotient:
    """A reduced fraction of polynomials, the denominator monic: equal values look the same."""

    __slots__ = ("denominator", "numerator")

    def __init__(self, numerator: flint.fmpq_mpoly, denominator: flint.fmpq_mpoly):
        if len(numerator) > MOST_TERMS:
            raise UnsupportedError(f"a scalar in it has more than {MOST_TERMS} terms")
        self.numerator = numerator
        self.denominator = denominator

    @classmethod
    def reduced(cls, numerator: flint.fmpq_mpoly, denominator: flint.fmpq_mpoly) -> Quotient:
        """numerator/denominator in lowest terms."""
        if len(numerator) + len(denominator) > 2 * MOST_TERMS:
            raise UnsupportedError(f"a scalar in it has more than {MOST_TERMS} terms")
        common = numerator.gcd(denominator) * denominator.leading_coefficient()
        return cls(numerator // common, denominator // common)

    def __bool__(self) -> bool:
        return bool(self.numerator)

    def __eq__(self, other) -> bool:
        return (
            isinstance(other, Quotient)
            and self.numerator == other.numerator
            and self.denominator == other.denominator
        )

    __hash__ = None  # type: ignore[assignment]  # flint's polynomials have none

    def __neg__(self) -> Quotient:
        return Quotient(-self.numerator, self.denominator)

    def __add__(self, other: Quotient) -> Quotient:
        a, b, c, d = self.numerator, self.denominator, other.numerator, other.denominator
        if b.is_one() and d.is_one():
            return Quotient(a + c, b)
        return Quotient.reduced(a + c, b) if b == d else Quotient.reduced(a * d + c * b, b * d)

    def __mul__(self, other: Quotient | int) -> Quotient:
        if isinstance(other, int):
            return Quotient.reduced(self.numerator * other, self.denominator)
        a, b, c, d = self.numerator, self.denominator, other.numerator, other.denominator
        if b.is_one() and d.is_one():
            return Quotient(a * c, b)
        return Quotient.reduced(a * c, b * d)

    def __truediv__(self, other: Quotient | int) -> Quotient:
        if not other:
            raise ZeroDivisionError("a coefficient divided by zero")
        if isinstance(other, int):
            return Quotient(self.numerator / other, self.denominator)
        if other.numerator.is_constant() and other.denominator.is_one():
            number = other.numerator.leading_coefficient()
            if self.denominator.is_one():
                return self if number == 1 else Quotient(self.numerator / number, self.denominator)
        return Quotient.reduced(
            self.numerator * other.denominator, self.denominator * other.numerator
        )


class Scalars:
    """Rational functions of named letters.

    Parameters
    ----------
    names : iterable of str
    split : mapping from a size to its parts, optional
        A size that is a sum of others.
    """

    def __init__(self, names: Iterable[str], split: Mapping[str, tuple[str, ...]] | None = None):
        self._split = split or {}
        parts = {part for parts in self._split.values() for part in parts if not part.isdigit()}
        self.names = sorted({*names, *parts, AGENTS})
        letters = tuple(f"g{k}" for k in range(len(self.names)))
        self._context = flint.fmpq_mpoly_ctx.get(letters, "lex")
        self._unit = self._context.constant(1)
        self.one = Quotient(self._unit, self._unit)
        self._generators = {
            name: Quotient(letter, self._unit)
            for name, letter in zip(self.names, self._context.gens(), strict=True)
        }
        self._numbers: dict[Any, Any] = {1: self.one}

    def number(self, value) -> Any:
        """A rational number."""
        if value not in self._numbers:
            exact = Fraction(str(value))
            number = self._context.constant(flint.fmpq(exact.numerator, exact.denominator))
            self._numbers[value] = Quotient(number, self._unit)
        return self._numbers[value]

    def generator(self, name: str) -> Any:
        """A letter.

        Raises
        ------
        UnsupportedError
            Where it depends on an agent that a sum binds.
        """
        if name not in self._generators:
            raise UnsupportedError(f"{name} belongs to an agent over whom a sum runs")
        return self._generators[name]

    def size(self, size: str, over: Iterable[str] = ()) -> Any:
        """A dimension, or its sum over some agents."""
        total = self.number(0)
        for factor, names in size_terms(size):
            term, left = self.number(factor), list(over)
            for name in names:
                own = next((index for index in left if f"({index})" in name), None)
                if own is not None:
                    left.remove(own)
                    name = name.replace(f"({own})", "(Σ)")
                parts = [self.size(part) for part in self._split.get(name, ()) if part != name]
                term = term * (sum(parts[1:], parts[0]) if parts else self.generator(name))
            for _ in left:
                term = term * self.generator(AGENTS)
            total = total + term
        return total

    def parts(self, value) -> tuple[Any, Any]:
        """The numerator and the denominator."""
        return Quotient(value.numerator, self._unit), Quotient(value.denominator, self._unit)

    def common_denominator(self, values: Iterable) -> Any:
        """A polynomial by which all become polynomials."""
        common = self.one
        for value in values:
            common = common * self.parts(common * value)[1]
        return common

    def power(self, value, exponent: int) -> Any:
        """value^exponent.

        Raises
        ------
        UnsupportedError
            Where it would be too long.
        """
        if exponent < 0:
            value = self.one / value
        terms = max(len(part.to_dict()) for part in (value.numerator, value.denominator))
        if comb(abs(exponent) + terms - 1, terms - 1) * abs(exponent) > MOST_POWER:
            raise UnsupportedError(f"the power {exponent} of a scalar is too long to write out")
        total = self.one
        for digit in f"{abs(exponent):b}":
            total = total * total
            if digit == "1":
                total = total * value
        return total

    def terms(self, value) -> list:
        """A polynomial as [[coefficient as text, names…], …]."""
        return self._terms(value.numerator)

    def as_json(self, value) -> str | list:
        """A fraction as text, or [numerator, denominator], each [[coefficient, names…], …]."""
        if value.denominator.is_one() and value.numerator.is_constant():
            return str(value.numerator.leading_coefficient()) if value else "0"
        return [self._terms(value.numerator), self._terms(value.denominator)]

    def to_sympy(self, value, shown: Callable[[str], Any]) -> Any:
        """A SymPy expression, integers alone above and below; `shown` are its letters."""
        sides = [self.terms(part) for part in self.parts(value)]
        numbers = [Fraction(c) for side in sides for c, *_ in side]
        times = Fraction(lcm(*(x.denominator for x in numbers)))
        times /= reduce(gcd, (int(x * times) for x in numbers), 0)
        top, bottom = (
            sympy.Add(
                *(sympy.Mul(int(Fraction(c) * times), *map(shown, names)) for c, *names in side)
            )
            for side in sides
        )
        return top / bottom

    def _terms(self, polynomial) -> list:
        return [
            [str(c), *(n for n, k in zip(self.names, powers, strict=False) for _ in range(int(k)))]
            for powers, c in sorted(polynomial.to_dict().items(), reverse=True)
        ]
