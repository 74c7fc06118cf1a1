"""The letters of an expression: their names, the agents they belong to, their sizes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import sympy
from sympy.core.function import AppliedUndef

from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal, owners_of, parts_of
from ergs_verify.proof.scalars import ANY


def dimensions_of(expressions: Iterable) -> set[sympy.Symbol]:
    """The symbols that occur in the size of a matrix, whatever they are assumed to be."""
    return set().union(*map(_dimensions, expressions))


@lru_cache(maxsize=4096)
def _dimensions(expression) -> frozenset[sympy.Symbol]:
    found: set = set()
    for X in parts_of(expression, sympy.MatrixSymbol, sympy.Identity, sympy.ZeroMatrix):
        for side in X.shape:
            agents = {x for p in side.atoms(AppliedUndef) for x in p.free_symbols}
            found |= side.free_symbols - agents
    return frozenset(found)


def name_of(letter) -> str:
    """The name of a letter, without its agents."""
    if isinstance(letter, AppliedUndef):
        return letter.func.__name__
    return letter.name if isinstance(letter, sympy.MatrixSymbol | sympy.Symbol) else str(letter)


def kind_of(letter) -> str:
    """What tells letters apart: a letter A may stand beside an agents' letter A_j."""
    return name_of(letter) + ("^" if owners_of(letter) else "")


def is_agents_size(expr) -> bool:
    """A size such as p(i)."""
    return isinstance(expr, AppliedUndef) and bool(expr.is_integer)


def belongs_to_agents(expr) -> bool:
    """A scalar such as q(i)."""
    return isinstance(expr, AppliedUndef) and all(
        a.is_Integer or (a.is_Symbol and a.is_integer) for a in expr.args
    )


def scalar_names(expressions: Iterable, dimensions: set) -> set[str]:
    """Names of scalars and sizes, those of agents for every agent that is named."""
    atoms = set().union(dimensions, *map(_atoms, expressions))
    agents = {str(a) for a in atoms if a.is_Integer or (a.is_Symbol and a.is_integer)}
    names = {"pi", "E"} & {str(a) for a in atoms}
    for atom in atoms:
        if is_agents_size(atom):
            names |= {f"{atom.func.__name__}({agent})" for agent in (*agents, ANY, "Σ")}
        elif atom.is_Symbol or (isinstance(atom, AppliedUndef) and not belongs_to_agents(atom)):
            names.add(str(atom))
    return names


@lru_cache(maxsize=4096)
def _atoms(expression) -> frozenset:
    """The scalars, sizes and agents of an expression."""
    kinds = (sympy.Symbol, AppliedUndef, sympy.Integer, sympy.NumberSymbol, sympy.exp)
    atoms = parts_of(expression, *kinds)
    for X in parts_of(expression, AgentMatrix):
        atoms.add(X.agent)
    for X in parts_of(expression, AgentSum, AgentTotal):
        atoms |= set(X.excluded)
    for X in parts_of(expression, sympy.MatrixSymbol, sympy.Identity):
        atoms |= parts_of(X.shape[0], AppliedUndef) | parts_of(X.shape[1], AppliedUndef)
    return frozenset(atoms)
