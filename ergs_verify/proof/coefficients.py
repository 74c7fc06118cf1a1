"""The coefficients of the free algebra: rational functions of scalar symbols over ℚ.

SymPy's own fraction fields do the same in Python; most of a proof's time went there.
"""

from __future__ import annotations

from collections.abc import Sequence

import flint
import sympy
from sympy import QQ
from sympy.polys.polyerrors import CoercionFailed


class Quotient:
    """A reduced fraction of polynomials, the denominator monic: equal values look the same."""

    __slots__ = ("denominator", "numerator")

    def __init__(self, numerator: flint.fmpq_mpoly, denominator: flint.fmpq_mpoly):
        self.numerator = numerator
        self.denominator = denominator

    @classmethod
    def reduced(cls, numerator: flint.fmpq_mpoly, denominator: flint.fmpq_mpoly) -> Quotient:
        """numerator/denominator in lowest terms."""
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


class CoefficientField:
    """The field ℚ(generators), with SymPy's expressions going in and out.

    Parameters
    ----------
    generators : sequence of SymPy symbols or constants
    """

    def __init__(self, generators: Sequence):
        # A field has a generator, so where there are only numbers it is one that never occurs.
        generators = generators or [sympy.Dummy()]
        self._shown = QQ.frac_field(*generators)
        names = tuple(f"g{k}" for k in range(len(generators)))
        self._context = flint.fmpq_mpoly_ctx.get(names, "lex")
        self._unit = self._context.constant(1)
        self.one = Quotient(self._unit, self._unit)
        letters = zip(generators, self._context.gens(), strict=True)
        self._letters = {shown: Quotient(letter, self._unit) for shown, letter in letters}

    def from_sympy(self, expression) -> Quotient:
        """A rational function.

        Raises
        ------
        CoercionFailed
            Where the expression is none in these generators.
        """
        if expression in self._letters:
            return self._letters[expression]
        if expression.is_Rational:
            number = flint.fmpq(int(expression.p), int(expression.q))
            return Quotient(self._context.constant(number), self._unit)
        try:
            element = self._shown.from_sympy(expression)
        except ValueError as error:  # what SymPy raises for √2, say
            raise CoercionFailed(str(error)) from None
        return Quotient.reduced(self._polynomial(element.numer), self._polynomial(element.denom))

    def polynomial(self, value: flint.fmpq_mpoly) -> Quotient:
        """A polynomial in the generators, as an element of the field."""
        return Quotient(value, self._unit)

    def to_sympy(self, value: Quotient):
        """The SymPy expression of a coefficient, in SymPy's normal form."""
        if value.denominator.is_one() and value.numerator.is_constant():
            number = value.numerator.leading_coefficient() if value else flint.fmpq(0)
            return sympy.Rational(int(number.p), int(number.q))
        parts = (self._shown_polynomial(p) for p in (value.numerator, value.denominator))
        return self._shown.to_sympy(self._shown.field.new(*parts))

    def _polynomial(self, shown) -> flint.fmpq_mpoly:
        terms = {
            powers: flint.fmpq(int(c.numerator), int(c.denominator)) for powers, c in shown.items()
        }
        return self._context.from_dict(terms)

    def _shown_polynomial(self, polynomial: flint.fmpq_mpoly):
        terms = {
            tuple(map(int, powers)): QQ(int(c.p), int(c.q))
            for powers, c in polynomial.to_dict().items()
        }
        return self._shown.field.ring.from_dict(terms)
