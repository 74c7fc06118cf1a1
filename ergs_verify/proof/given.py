"""What `prove` is given, read and checked: each fault of it in a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from ergs_verify.errors import InputError
from ergs_verify.expressions import owners_of, parts_of
from ergs_verify.proof.hypotheses import is_definite
from ergs_verify.proof.letters import dimensions_of, kind_of, name_of
from ergs_verify.proof.sampling import free_agent_indices

RESERVED = r"[·⟨⟩]|^[~#]|\^$"
"""Names that tell the prover's own letters, agents and sizes from those of the user."""
Equal = Callable[[Any, Any, Mapping], bool]
"""Whether two expressions are equal with these definitions."""


def expression_of(given, where: str):
    """A SymPy expression; a string is not read, for reading it would run it."""
    try:
        expression = sympy.sympify(given, strict=True)
    except sympy.SympifyError:
        expression = None
    if not isinstance(expression, sympy.Expr | sympy.MatrixExpr | sympy.MatrixBase):
        raise InputError(f"{where} must be a SymPy expression, not {shown(given)}", where)
    if expression.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        raise InputError(f"{where} divides by 0: SymPy made it {expression}", where)
    return expression


def shown(given) -> str:
    return f"{type(given).__name__} {given!r}"


def definitions_of(given) -> dict:
    """The definitions, by letter."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InputError(
            f"definitions must be a mapping such as {{W: A + B}}, not {type(given).__name__}",
            "definitions",
        )
    for key in given:
        if not isinstance(key, sympy.MatrixSymbol | sympy.Symbol | AppliedUndef):
            raise InputError(f"only a letter can be defined, not {shown(key)}", "definitions")
    found = {k: expression_of(v, f"the definition of {k}") for k, v in given.items()}
    for letter, value in found.items():
        if letter.is_Matrix != value.is_Matrix:
            kinds = ("a matrix" if e.is_Matrix else "a scalar" for e in (letter, value))
            raise InputError(f"{letter} is {', but its definition is '.join(kinds)}", "definitions")
    return found


def letters_of(given, where: str = "symmetric") -> tuple:
    """The symmetric letters, or the positive definite ones."""
    if isinstance(given, sympy.Basic | str) or not isinstance(given, Iterable):
        raise InputError(
            f"{where} must be a list of letters such as [P], not {shown(given)}", where
        )
    letters = tuple(given)
    for letter in letters:
        if not isinstance(letter, sympy.MatrixSymbol):
            raise InputError(
                f"a {where.replace('_', ' ')} letter must be a MatrixSymbol, not {shown(letter)}",
                where,
            )
        if letter.shape[0] != letter.shape[1]:
            rows, cols = letter.shape
            raise InputError(f"{letter} is {rows}×{cols}, so it cannot be symmetric", where)
        if any(owner.is_Integer for owner in owners_of(letter)):
            raise InputError(
                f"{where} has to hold for every agent: give {letter.name} with an index, such as "
                f"AgentMatrix({letter.name!r}, agent_index('i'), …), not {letter}",
                where,
            )
    return letters


def demand_consistent(
    claim: tuple, definitions: Mapping, symmetric: tuple, definite: frozenset, equal: Equal
) -> None:
    """Raise where a letter is defined or declared to be what it cannot be, or two look alike."""
    everything = [e for e in (*claim, *definitions.values()) if isinstance(e, sympy.Basic)]
    called: dict[str, sympy.Symbol] = {}
    atoms = sympy.Symbol, sympy.MatrixSymbol, AppliedUndef
    named = set().union(*(parts_of(e, *atoms) for e in (*everything, *definitions)))
    for name in sorted(map(name_of, named)):
        if re.search(RESERVED, name):
            raise InputError(
                f"the name {name} is kept for letters that the prover makes; take one without "
                "· ⟨ ⟩, that does not start with ~ or # and does not end with ^"
            )
    for symbol in (x for x in named if x.is_Symbol):
        if called.setdefault(symbol.name, symbol) != symbol:
            raise InputError(
                f"two symbols are called {symbol.name} but have different SymPy assumptions; make "
                "the symbol once and use it everywhere"
            )
    letters = set().union(*(parts_of(e, sympy.MatrixSymbol) for e in everything))
    for declared, where in (
        *((s, "symmetric") for s in symmetric),
        *((d, "definitions") for d in definitions),
    ):
        if isinstance(declared, sympy.MatrixSymbol):
            _fits(declared, letters, where)
    kinds = set(map(kind_of, symmetric))
    sizes = dimensions_of((*everything, *definitions)) | set(free_agent_indices(everything))
    for letter, value in definitions.items():
        if letter in sizes:
            raise InputError(
                f"{letter} is a size or an agent and cannot be defined; write its value instead",
                "definitions",
            )
        if letter.is_positive and value.is_positive is False:
            raise InputError(f"{letter} is positive, but its definition is {value}", "definitions")
        if is_definite(letter, definite) and not is_definite(value, definite):
            raise InputError(
                f"{letter} is declared positive definite, which its definition {value} does not "
                "show",
                "positive_definite",
            )
        if kind_of(letter) in kinds and value.is_Matrix and not is_definite(letter, definite):
            turned = sympy.Transpose(value)
            if not equal(value, turned, definitions):
                raise InputError(
                    f"{letter} is declared symmetric, which its definition {value} does not show",
                    "symmetric",
                )


def _fits(declared, letters: set, where: str) -> None:
    """Raise where a letter of this name has another shape."""
    for letter in letters:
        if kind_of(letter) == kind_of(declared):
            names = dict(zip(owners_of(declared), owners_of(letter), strict=True))
            shape = tuple(side.xreplace(names) for side in declared.shape)
            if shape != letter.shape:
                shown = ("×".join(map(str, sides)) for sides in (shape, letter.shape))
                raise InputError(
                    f"{where} gives {declared} the size {', but it is '.join(shown)}",
                    where,
                )
