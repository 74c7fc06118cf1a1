"""A proof to read: what is multiplied by, the equations used, and the form both sides come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sympy
from attrs import frozen

from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.proof.elimination import Eliminating
from ergs_verify.proof.realize import Realization

LONGEST = 1000
"""Formulas of more operations are not shown: nobody would read them."""


@frozen
class Step:
    """One step of a proof that is to be read.

    Attributes
    ----------
    text : str
        What is done.
    left, right : SymPy expression or None
        The equation that it leads to, or one matrix or scalar.
    """

    text: str
    left: Any = None
    right: Any = None

    def __str__(self) -> str:
        sides = [str(side) for side in (self.left, self.right) if side is not None]
        return f"{self.text}: {' = '.join(sides)}" if sides else self.text


def steps(
    lhs, rhs, definitions: Mapping, symmetric: Iterable, found: Realization | None
) -> tuple[Step, ...]:
    """The steps of a proof.

    Both sides are multiplied by what the first and last factors of their terms are inverses of,
    and multiplied out. Where that does not do, it is told what the certificate shows.

    Parameters
    ----------
    lhs, rhs, definitions, symmetric
        As for `ergs_verify.proof.prove`; the two sides must have been proved equal.
    found : Realization or None
    """
    if sum(int(sympy.count_ops(side)) for side in (lhs, rhs)) <= LONGEST:
        for before, after in _multipliers(lhs, rhs):
            shown = _multiplied_out(lhs, rhs, before, after, definitions, symmetric)
            if shown:
                return shown
    return () if found is None else tuple(_facts(found))


def _multipliers(lhs, rhs) -> Iterator[tuple[tuple, tuple]]:
    """What to multiply by from the left and from the right."""
    yield (), ()
    if not lhs.is_Matrix:
        return
    starts: dict[Any, None] = {}
    ends: dict[Any, None] = {}
    for side in (lhs, rhs):
        for term in side.args if isinstance(side, sympy.MatAdd) else (side,):
            factors = [a for a in getattr(term, "args", ()) if getattr(a, "is_Matrix", False)]
            if not isinstance(term, sympy.MatMul):
                factors = [term]
            for place, end in ((starts, factors[0]), (ends, factors[-1])):
                if isinstance(end, sympy.Inverse):
                    place[end.arg] = None
    for X in starts:
        yield (X,), ()
    for Y in ends:
        yield (), (Y,)
    for X in starts:
        for Y in ends:
            yield (X,), (Y,)


def _multiplied_out(lhs, rhs, before, after, definitions, symmetric) -> tuple[Step, ...]:
    left, right = (_around(side, before, after) for side in (lhs, rhs))
    try:
        same = Eliminating([left, right], definitions, symmetric).same(left, right)
    except (UnsupportedError, ShapeError, RecursionError):
        return ()
    if same is None:
        return ()
    form, equations = same
    found = [
        Step(f"Multiply from the {side} by an invertible factor", right=factors[0])
        for factors, side in ((before, "left"), (after, "right"))
        if factors
    ]
    if found:
        found.append(Step("It is to be shown that", left, right))
    found += [Step("Use", *sides) for sides in equations if sides[0] != sides[1]]
    return (*found, Step("Multiplied out, both sides are", right=form))


def _around(side, before: tuple, after: tuple) -> Any:
    """Each term between the factors, an inverse that meets its matrix cancelled."""
    if not (before or after):
        return side
    terms = side.args if isinstance(side, sympy.MatAdd) else (side,)
    return sympy.MatAdd(*(sympy.MatMul(*before, a, *after).doit(deep=False) for a in terms))


def _facts(found: Realization) -> Iterator[Step]:
    """What the certificate shows."""
    used = found.letters
    numbers = {name: x[0] for name, x in found.centre.items() if name in used and x and x[0]}
    where = ", ".join(f"{name} = {x}·I" for name, x in sorted(numbers.items()))
    others = " and other letters 0" if used - numbers.keys() else ""
    where = f"at {where}{others}" if where else "where every letter is 0"
    if found.split:
        parts = "; ".join(f"{n} = {' + '.join(p)}" for n, p in found.split.items())
        where = f"at letters cut into blocks, {parts}"
    solves = "x solves L·x = b, a linear equation for each factor"
    if isinstance(found.sides[0], list):
        spaces = [str(len(space.unknowns)) for space in found.spaces]
        if spaces:
            each = "By each letter, those before it put to 0" if found.order else "By each letter"
            yield Step(f"{each}, left − right has a derivative c·x, where {solves}")
            yield Step(
                f"x lies in a space on which c is 0, so the derivative is 0 (dimension "
                f"{', '.join(dict.fromkeys(spaces))})"
            )
        yield Step(f"So left − right is constant, and it is 0 {where}")
        return
    for space in found.spaces:
        yield Step(
            f"Evaluated from its right, left − right is c·x, where {solves} ({space.blocks} in all)"
        )
        yield Step(
            f"x lies in a space of dimension {len(space.unknowns)} on which c is 0, so "
            "left − right is 0; the certificate names the space"
        )
    yield Step(f"Every inverse exists {where}, and so almost everywhere")
