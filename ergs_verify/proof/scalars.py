"""The scalars of an identity: the field ℚ(scalar letters, sizes, number of agents)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import comb
from typing import Any

import flint
import sympy

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.coefficients import CoefficientField

MOST_POWER = 10**6
"""A bound on the terms of a power times its exponent."""
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
        symbols = [sympy.Symbol(name) for name in self.names]
        self._field = CoefficientField(symbols)
        self.one = self._field.one
        self._generators = {
            name: self._field.from_sympy(symbol)
            for name, symbol in zip(self.names, symbols, strict=True)
        }
        self._numbers: dict[Any, Any] = {1: self.one}

    def number(self, value) -> Any:
        """A rational number."""
        if value not in self._numbers:
            self._numbers[value] = self._field.from_sympy(sympy.Rational(value))
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
        return self._field.polynomial(value.numerator), self._field.polynomial(value.denominator)

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

    def evaluate(self, value, values: Mapping, one) -> Any:
        """A rational function in another field, the letters having `values` there."""
        if value.denominator.is_one() and value.numerator.is_constant():
            number = value.numerator.leading_coefficient() if value else flint.fmpq(0)
            return one * int(number.p) if number.q == 1 else one * int(number.p) / int(number.q)
        at = [values[name] for name in self.names]
        return _evaluated(value.numerator, at, one) / _evaluated(value.denominator, at, one)

    def terms(self, value) -> list:
        """A polynomial as [[coefficient as text, names…], …]."""
        return self._terms(value.numerator)

    def as_json(self, value) -> str | list:
        """A fraction as text, or [numerator, denominator], each [[coefficient, names…], …]."""
        if value.denominator.is_one() and value.numerator.is_constant():
            return str(value.numerator.leading_coefficient()) if value else "0"
        return [self._terms(value.numerator), self._terms(value.denominator)]

    def _terms(self, polynomial) -> list:
        return [
            [str(c), *(n for n, k in zip(self.names, powers, strict=False) for _ in range(int(k)))]
            for powers, c in sorted(polynomial.to_dict().items(), reverse=True)
        ]


def _evaluated(polynomial, values: list, one) -> Any:
    total = one * 0
    for powers, factor in polynomial.to_dict().items():
        term = one * int(factor.p) / (one * int(factor.q))
        for value, power in zip(values, powers, strict=False):
            if power:
                term = term * value ** int(power)
        total = total + term
    return total
