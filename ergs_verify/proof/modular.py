"""Scalars modulo a prime, and small ones recognised."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import flint

from ergs_verify.proof.scalars import Scalars

PRIME = 2**61 - 1


class Modular:
    """The scalars at a random point modulo a prime, and simple ones recognised by their value."""

    def __init__(self, scalars: Scalars, rng: random.Random):
        self._scalars = scalars
        self._one = flint.nmod(1, PRIME)
        self._values = {n: flint.nmod(rng.randrange(2, PRIME), PRIME) for n in scalars.names}
        self._at: dict[int, Any] = {}
        self._monomials: list[tuple[tuple, flint.nmod]] = []

    def value(self, scalar) -> flint.nmod:
        return self._scalars.evaluate(scalar, self._values, self._one)

    def seen(self, value: flint.nmod):
        """A small fraction times a few scalars. (What was misread does not pass as a space.)

        Raises
        ------
        LookupError
            Where it is none.
        """
        if int(value) not in self._at:
            self._at[int(value)] = self._recognised(value)
        return self._at[int(value)]

    def _recognised(self, value: flint.nmod):
        scalars = self._scalars
        if not self._monomials:
            powers = [(name, sign) for name in scalars.names for sign in (1, -1)]
            some = [((), self._one), *(((p,), self._values[p[0]] ** p[1]) for p in powers)]
            self._monomials = [(a + c, 1 / (b * d)) for a, b in some for c, d in some]
        for monomial, inverse in self._monomials:
            fraction = _small_fraction(int(value * inverse))
            if fraction is not None:
                found = scalars.number(fraction)
                for name, sign in monomial:
                    found = found * scalars.power(scalars.generator(name), sign)
                return found
        raise LookupError


def _small_fraction(value: int) -> Fraction | None:
    """The fraction of at most 15 bits above and below that is this modulo the prime, if any."""
    a, b, s, t = PRIME, value, 0, 1
    while b >= 2**15:
        q = a // b
        a, b, s, t = b, a - q * b, t, s - q * t
    return Fraction(b, t) if t and abs(t) < 2**15 else None
