"""Small exact matrices at which two sides differ."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

import sympy

from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.proof.answer import Counterexample
from ergs_verify.proof.field import PrimeField, same_in_field
from ergs_verify.proof.sampling import Setting, SymPyNumbers, small_values

MOST_DEGREE = 10_000
"""No exact counterexample is looked for beyond: its numbers would be too long."""
# A wrong identity seldom agrees at a random small point; 65 points at five kinds of sizes, and
# sizes in the other order, as an inverse may need n ≥ k.
SEARCH_SETTINGS = (
    (2, lambda _: 1, 15),
    (2, lambda _: 2, 15),
    (2, lambda k: 1 + k % 3, 15),
    (3, lambda k: 2 + k % 2, 15),
    (2, lambda k: 3 - k % 3, 15),
    (2, lambda k: 4 + k, 5),
)


def search(
    sides: tuple, definitions: Mapping, setting_for: Callable[..., Setting], *, modular: bool
) -> tuple[Counterexample | None, int]:
    """A counterexample, or at how many points the sides agree.

    With `modular`, points at which they agree modulo a prime are left out: it is seen sooner.
    """
    compared = 0
    if _degree(sides, definitions) > MOST_DEGREE:
        return None, 0
    for agents, size_of, trials in SEARCH_SETTINGS:
        rng = random.Random(11)
        try:
            setting = setting_for(agents, size_of)
            for _ in range(trials):
                values = small_values(setting, rng)
                try:
                    if modular and _same_modulo_prime(setting, values):
                        compared += 1
                        continue
                    left, right = setting.evaluate(values, SymPyNumbers())
                    found = _differ(left, right)
                except ZeroDivisionError:
                    continue
                if found:
                    return Counterexample(values, left, right, setting), compared
                compared += 1
        except (ShapeError, UnsupportedError, RecursionError):
            continue
    return None, compared


def _degree(expressions: Iterable, definitions: Mapping) -> int:
    """A bound on the degree in the letters, which the length of exact numbers grows with."""
    known: dict = {}
    bodies = {getattr(k, "name", k): v for k, v in definitions.items()}

    def degree(e: Any) -> int:
        if e not in known:
            known[e] = 0  # a definition that comes back to itself
            if isinstance(e, sympy.MatrixSymbol | sympy.Symbol):
                name = getattr(e, "name", e)
                known[e] = degree(bodies[name]) if name in bodies else 1
            elif isinstance(e, sympy.MatMul | sympy.Mul):
                known[e] = sum(map(degree, e.args))
            elif isinstance(e, sympy.MatPow | sympy.Pow) and e.exp.is_Integer:
                known[e] = degree(e.base) * abs(int(str(e.exp)))
            else:
                known[e] = max(map(degree, e.args), default=0)
        return known[e]

    return max(map(degree, map(sympy.sympify, expressions)))


def _same_modulo_prime(setting: Setting, values: Mapping) -> bool:
    """Whether small integers show agreement modulo a prime, which is seen sooner."""
    arithmetic = PrimeField()
    if any(value.is_NumberSymbol for value in values.values() if not value.is_Matrix):
        return False

    def entering(value):
        if not value.is_Matrix:
            return arithmetic.scalar(Fraction(int(value)))
        return arithmetic.matrix([[*map(int, row)] for row in value.tolist()], value.shape)

    try:
        entered = {letter: entering(value) for letter, value in values.items()}
        return same_in_field(*setting.evaluate(entered, arithmetic))
    except UnsupportedError:
        return False


def _differ(left, right) -> bool:
    """Whether exact values differ; logarithms and π are told apart at 50 digits."""
    difference = left - right
    if difference.has(sympy.zoo, sympy.nan):  # SymPy divides by 0 without an error
        raise ZeroDivisionError
    if isinstance(difference, sympy.MatrixBase):
        return any(_nonzero(entry) for entry in difference)
    return _nonzero(sympy.sympify(difference))


def _nonzero(number: sympy.Expr) -> bool:
    if number.is_Rational:
        return number != 0
    return bool(abs(number.evalf(60)) > sympy.Float(10) ** -50)
