"""Polynomials of the free algebra as SymPy expressions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, combinations, count
from typing import Any, NamedTuple

import sympy
from sympy.core.function import AppliedUndef

from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal, owners_of
from ergs_verify.proof.scalars import AGENTS as ALL
from ergs_verify.proof.scalars import Quotient
from ergs_verify.proof.words import (
    AGENTS,
    DETERMINANT,
    ONE,
    Letter,
    LogAtom,
    Monomial,
    Poly,
    Size,
    Trace,
    size_of,
)


class Named(NamedTuple):
    """A letter that stands for an inverted sum: its value and how to show it."""

    letter: Letter
    value: Poly
    parameters: tuple[str, ...]


class Shown:
    """What an algebra's polynomials are in the letters of the user."""

    def __init__(self, algebra: Any):
        self._algebra, self._statement = algebra, algebra.statement

    def poly(self, poly: Poly) -> Any:
        """A SymPy expression equal to the polynomial."""
        free = poly.free_agents()
        terms = [self._term(k, c, poly.shape, e, free) for k, c, e in _with_exclusions(poly)]
        if poly.shape is None:
            return sympy.Add(*terms)
        if not terms:
            return sympy.ZeroMatrix(*(self._size(s) for s in poly.shape))
        return terms[0] if len(terms) == 1 else sympy.MatAdd(*terms)

    def _term(self, monomial: Monomial, coefficient, shape, excluded: str | None, free: list[str]):
        unused = (name for name in _index_names() if name not in free)
        monomial = monomial.rename(dict(zip(monomial.bound, unused, strict=False)))
        scalars: list = [self._trace(t) for t in monomial.traces]
        scalars += [self._log(a) for a in monomial.logs]
        if monomial.word is None:
            term, kind = sympy.Mul(*scalars), AgentTotal
        else:
            factors = [self._letter(a) for a in monomial.word]
            factors = factors or [sympy.Identity(self._size(shape[0]))]
            scalar = sympy.Mul(*scalars)
            term = _matmul([scalar, *factors] if scalar != 1 else factors)
            kind = AgentSum
        left_out = () if excluded is None else (self._agent(excluded),)
        for bound in monomial.bound:
            term = kind(term, self._agent(bound), left_out)
        factor = self.scalar(coefficient)
        if kind is AgentTotal:
            return factor * term
        if factor == 1:
            return term
        return sympy.MatMul(factor, *(term.args if isinstance(term, sympy.MatMul) else [term]))

    def _trace(self, trace: Trace):
        if not trace.word:
            if trace.size == AGENTS:
                return AgentTotal(sympy.Integer(1), self._agent("j"))
            return self._size(trace.size)
        (letter, *others) = trace.word
        if not others and letter.name in self._algebra.named and letter.rows == ONE:
            named = self._algebra.named[letter.name]
            names = dict(zip(named.parameters, letter.agents, strict=True))
            scalar = self.poly(named.value.rename(names).trace())
            return 1 / scalar if letter.inverse else scalar
        if not others and letter.name not in self._algebra.named:
            shown = self._base(letter)
            if not shown.is_Matrix:
                return shown
        number = next((k for k, a in enumerate(trace.word) if a.rows == ONE), 0)
        turned = trace.word[number:] + trace.word[:number]
        return sympy.Trace(_matmul([self._letter(a) for a in turned]))

    def _log(self, atom: LogAtom):
        if atom.letters:
            determinant = sympy.Determinant(self._letter(atom.letters[0]))
            return determinant if atom.text == DETERMINANT else sympy.log(determinant)
        return sympy.log(self._algebra.logarithms[atom.text])

    def scalar(self, value: Quotient) -> Any:
        """The SymPy expression of a coefficient."""
        return self._statement.scalars.to_sympy(value, self._name)

    def _name(self, name: str) -> Any:
        if name == ALL:
            return self._trace(Trace((), AGENTS))
        if self._statement.is_size(name):
            return self._size(size_of(name))
        constants = {"pi": sympy.pi, "E": sympy.E}
        return constants.get(name) or self._statement.meant["size", name]

    def _agent(self, name: str):
        if name.isdigit():
            return sympy.Integer(int(name))
        free = sympy.Symbol(name, integer=True, positive=True)
        return self._statement.meant.get(("agent", name), free)

    def _size(self, size: Size):
        if size.name.isdigit():
            return sympy.Integer(int(size.name))
        kind = self._statement.meant["size", size.name + "()" * bool(size.agents)]
        return kind(*map(self._agent, size.agents)) if size.agents else kind

    def _letter(self, letter: Letter):
        shown = self._base(letter)
        if letter.transposed:
            shown = sympy.Transpose(shown)
        return sympy.Inverse(shown) if letter.inverse else shown

    def _base(self, letter: Letter):
        if letter.name in self._algebra.named:
            return self._sum(self._algebra.named[letter.name], letter)
        node = self._statement.meant["letter", letter.name]
        owners = [self._agent(agent) for agent in letter.agents]
        if isinstance(node, AgentMatrix):
            bare = letter.bare
            rows, cols = (self._size(side) for side in (bare.rows, bare.cols))
            return AgentMatrix(node.name, owners[0], rows, cols)
        return node.func(*owners) if isinstance(node, AppliedUndef) else node

    def _sum(self, named: Named, letter: Letter):
        """The user's own letter where a definition has this value, else the sum itself."""
        value = named.value.rename(dict(zip(named.parameters, letter.agents, strict=True)))
        wanted = self._algebra.reduce(value)
        for template, expression in self._algebra.definitions.items():
            if not template.is_Matrix:
                continue
            owners = [owner for owner in owners_of(template) if owner.is_Symbol]
            for agents in [letter.agents] if len(owners) == len(letter.agents) else []:
                indices = dict(zip(owners, agents, strict=True))
                if self._algebra.reduce(self._algebra.read(expression, indices)) == wanted:
                    shown = {owner: self._agent(a) for owner, a in indices.items()}
                    return template.subs(shown)
        return self.poly(value)


def _with_exclusions(poly: Poly) -> list[tuple]:
    """Terms in order, with Σ_j f(j) − f(i) put together as a sum over j ≠ i.

    The same for double sums: Σ_jk f(j,k) − Σ_k f(i,k) − Σ_j f(j,i) + f(i,i).
    """
    terms = dict(poly.terms)
    shown = []
    for monomial in sorted(poly.terms, key=lambda k: (-len(k.bound), k)):
        coefficient = terms.pop(monomial, None)
        if coefficient is None:
            continue
        excluded = None
        if 1 <= len(monomial.bound) <= 2:
            for agent in sorted(monomial.agents() - set(monomial.bound)):
                opened = _opened(monomial, coefficient, agent, poly.shape)
                if all(terms.get(k) == c for k, c in opened.terms.items()):
                    for key in opened.terms:
                        del terms[key]
                    excluded = agent
                    break
        shown.append((monomial, coefficient, excluded))
    return shown


def _opened(monomial: Monomial, coefficient, agent: str, shape) -> Poly:
    """What a sum over all agents lacks of the sum over all but one."""
    pairs = []
    for many in range(1, len(monomial.bound) + 1):
        for chosen in combinations(monomial.bound, many):
            kept = tuple(index for index in monomial.bound if index not in chosen)
            term = monomial._replace(bound=kept).rename(dict.fromkeys(chosen, agent))
            pairs.append((term, coefficient * (-1) ** many))
    return Poly.collect(pairs, shape)


def _matmul(factors: list):
    return factors[0] if len(factors) == 1 else sympy.MatMul(*factors)


def _index_names() -> Iterable[str]:
    return chain("jklnh", (f"j_{k}" for k in count(1)))
