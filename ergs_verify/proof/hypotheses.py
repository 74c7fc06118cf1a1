"""Equations that are given: one letter of each is eliminated, as if the equation defined it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sympy

from ergs_verify.errors import InputError

__all__ = ["eliminated"]


def eliminated(
    given: Iterable,
    definitions: Mapping,
    symmetric: tuple,
    wanted: Iterable,
    is_symmetric: Callable[[Any], bool],
) -> dict:
    """Definitions of the letters that equations determine.

    A letter qualifies that is a term of its own, occurs nowhere else in the equation and has no
    definition; a symmetric one only where what it equals is symmetric. To hold for all matrices
    that satisfy the equations is then to hold with these definitions.

    Parameters
    ----------
    given : iterable of sympy.Eq
    definitions, symmetric
        As for `prove`.
    wanted : SymPy expressions
        Letters that occur here are taken first.
    is_symmetric : function of an expression

    Raises
    ------
    InputError
        Where no letter qualifies.
    """
    found: dict = {}
    occurring = set().union(*(e.atoms(sympy.MatrixSymbol) for e in wanted))
    names = {letter.name for letter in symmetric}
    for equation in given:
        if not isinstance(equation, sympy.Eq):
            raise InputError(
                f"a hypothesis must be an equation Eq(left, right), not {equation!r}", "given"
            )
        left, right = equation.args
        if not (left.is_Matrix and right.is_Matrix):
            raise InputError(f"the hypothesis {equation} is no equation of matrices", "given")
        terms = [*_terms(left, 1), *_terms(right, -1)]
        taken = {*definitions, *found}
        alone = [
            (letter, factor, k)
            for k, (factor, letter) in enumerate(terms)
            if isinstance(letter, sympy.MatrixSymbol)
            and letter not in taken
            and not any(
                letter in other.atoms(sympy.MatrixSymbol) for _, other in terms[:k] + terms[k + 1 :]
            )
        ]
        for letter, factor, k in sorted(alone, key=lambda c: c[0] not in occurring):
            rest = [(-f / factor) * X for f, X in terms[:k] + terms[k + 1 :]]
            value = sympy.MatAdd(*rest) if rest else sympy.ZeroMatrix(*letter.shape)
            if letter in _reached(value, {**definitions, **found}):
                continue
            if letter.name not in names or is_symmetric(value):
                found[letter] = value
                break
        else:
            raise InputError(
                f"no letter of the hypothesis {equation} can be eliminated: one must be a term of "
                "its own, such as Q in Eq(P, A.T*P*A + Q), and occur nowhere else in it",
                "given",
            )
    return found


def _reached(expression, definitions: Mapping) -> set:
    """The letters that an expression depends on."""
    reached: set = set()
    new = expression.atoms(sympy.MatrixSymbol)
    while new:
        reached |= new
        bodies = [sympy.sympify(definitions[x]) for x in new if x in definitions]
        new = set().union(*(body.atoms(sympy.MatrixSymbol) for body in bodies)) - reached
    return reached


def _terms(side, sign: int) -> Iterable[tuple[Any, Any]]:
    """The terms of a sum, each with its scalar factor."""
    for term in side.args if isinstance(side, sympy.MatAdd) else (side,):
        factor, matrix = sympy.Integer(sign), term
        if isinstance(term, sympy.MatMul):
            scalar, rest = term.as_coeff_matrices()
            if not scalar.atoms(sympy.MatrixSymbol):
                factor, matrix = sign * scalar, sympy.MatMul(*rest)
                matrix = rest[0] if len(rest) == 1 else matrix
        if not isinstance(matrix, sympy.ZeroMatrix):
            yield factor, matrix
