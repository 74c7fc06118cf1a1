"""SymPy expressions into the nodes of a statement, definitions put in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.expressions import AgentSum, AgentTotal, owners_of, parts_of
from ergs_verify.proof.letters import (
    belongs_to_agents,
    dimensions_of,
    is_agents_size,
    kind_of,
    name_of,
    scalar_names,
)
from ergs_verify.proof.nodes import MOST_NODES, Node, Nodes, Term, typed
from ergs_verify.proof.scalars import AGENTS, ANY, Scalars


class Statement(Nodes):
    """The nodes of one identity.

    Parameters
    ----------
    expressions : SymPy expressions
        Everything that will be converted.
    definitions, symmetric
        As for `ergs_verify.proof.prove`.

    Attributes
    ----------
    symmetric : frozenset of str
        Names of letters equal to their transpose.
    meant : dict
        What names of letters, agents and sizes stand for, by kind and name.
    beyond : str
        What realizations do not know of what was converted, if there is anything.

    Raises
    ------
    ShapeError
        Where sizes do not fit.
    UnsupportedError
        Where an expression leaves the language.
    """

    def __init__(
        self,
        expressions: Iterable,
        definitions: Mapping | None,
        symmetric: Iterable,
        split: Mapping[str, tuple[str, ...]] | None = None,
    ):
        self.symmetric = frozenset(map(kind_of, symmetric))
        self._definitions: dict[str, list[tuple]] = {}
        for letter, value in (definitions or {}).items():
            self._definitions.setdefault(name_of(letter), []).append((letter, value))
        everything = [*expressions, *(definitions or {}), *(definitions or {}).values()]
        self._dimensions = dimensions_of(everything)
        super().__init__(Scalars(scalar_names(everything, self._dimensions), split))
        self.meant: dict[tuple[str, str], Any] = {}
        self.beyond = ""
        self._known: dict[Any, Any] = {}
        self._being_defined: list[str] = []
        self._bound = 0

    def convert(self, expression, agents: Mapping = MappingProxyType({})) -> int | list[Term]:
        """A matrix as the number of its node, a scalar as its terms; `agents` names indices."""
        return self._convert(sympy.sympify(expression), agents)

    def _convert(self, expr, agents: Mapping) -> Any:
        key = expr, tuple(agents.items())
        if key not in self._known:
            make = self._matrix if expr.is_Matrix else self._scalar
            self._known[key] = make(expr, agents)
        return self._known[key]

    # -- matrices -------------------------------------------------------------------------

    def _matrix(self, expr: Any, agents) -> int:
        match expr:
            case AgentSum():
                return self._sum(expr, agents)
            case sympy.MatrixSymbol():
                return self._letter(expr, agents)
            case sympy.Identity():
                size = self._size(expr.shape[0], agents)
                return self.node("identity", size, shape=(size, size))
            case sympy.ZeroMatrix():
                rows, cols = (self._size(side, agents) for side in expr.shape)
                return self.node("zero", rows, cols, shape=(rows, cols))
            case sympy.MatAdd():
                return self.add(*(self._convert(a, agents) for a in expr.args))
            case sympy.MatMul():
                return self._product(expr.args, agents)
            case sympy.Transpose():
                return self.transpose(self._convert(expr.arg, agents))
            case sympy.Inverse():
                return self._inverse(self._convert(expr.arg, agents), expr)
            case sympy.MatPow() if expr.exp.is_Integer:
                return self._power(self._convert(expr.base, agents), int(str(expr.exp)), expr)
        raise UnsupportedError(f"{type(expr).__name__} is not understood in {expr}")

    def _inverse(self, number: int, expr) -> int:
        shape = self.shapes[number]
        if shape[0] != shape[1]:
            raise ShapeError(f"the inverse of a {typed(shape)} matrix does not exist in {expr}")
        return self.inverse(number)

    def _power(self, base: int, exponent: int, expr) -> int:
        shape = self.shapes[base]
        if shape[0] != shape[1]:
            raise ShapeError(f"the power of a {typed(shape)} matrix does not exist in {expr}")
        if exponent == 0:
            return self.identity(shape[0])
        base = base if exponent > 0 else self._inverse(base, expr)
        if abs(exponent) > MOST_NODES:
            raise UnsupportedError(f"written out, it has more than {MOST_NODES} parts")
        return self.multiply(*[base] * abs(exponent))

    def _product(self, args, agents) -> int:
        matrices = [self._convert(a, agents) for a in args if a.is_Matrix]
        return self._scaled([a for a in args if not a.is_Matrix], matrices, agents)

    def _scaled(self, scalars, matrices: list[int], agents) -> int:
        """A product of scalars and matrices."""
        factor, left = self.scalars.one, []
        for scalar in scalars:
            if (value := self._value_or_none(scalar, agents)) is not None:
                factor = factor * value
                continue
            place, number = self._place(matrices), self._one_by_one(scalar, agents)
            if place is None:
                left.append(number)
                self._is_beyond(f"the scalar {scalar} times a matrix is beyond realizations")
            else:
                matrices.insert(place, number)
        made = self.multiply(*matrices)
        for number in left:
            made = self.node("times", number, made, shape=self.shapes[made])
        return self.scale(factor, made)

    def _is_beyond(self, why: str) -> None:
        self.beyond = self.beyond or why

    def _place(self, matrices: list[int]) -> int | None:
        """Before which factor the product is 1 wide."""
        sides = [self.shapes[M][0] for M in matrices] + [self.shapes[matrices[-1]][1]]
        return next((k for k, side in enumerate(sides) if side == "1"), None)

    def _letter(self, expr, agents) -> int:
        defined = self._defined(expr, agents)
        if defined is not None:
            return defined
        owners = owners_of(expr)
        agent = self._agent(owners[0], agents) if owners else None
        sides: Any = getattr(expr, "shape", (sympy.S.One, sympy.S.One))
        shape = self._size(sides[0], agents), self._size(sides[1], agents)
        general = tuple(s.replace(f"({agent})", "(·)") for s in shape)
        name = kind_of(expr)
        if len(owners) > 1:
            raise UnsupportedError(f"{expr} belongs to more than one agent")
        self.meant.setdefault(("letter", name), expr)
        if self.meant.setdefault(("type", name), general) != general:
            raise UnsupportedError(f"two letters of different types are both named {name}")
        if name in self.symmetric and shape[0] != shape[1]:
            raise ShapeError(f"{expr} is {typed(shape)} and cannot be symmetric")
        return self.node("letter", name, agent, *shape, shape=shape)

    def _defined(self, expr, agents) -> Any:
        """What a letter abbreviates, read with no indices but the definition's own."""
        name = name_of(expr)
        for template, value in self._definitions.get(name, ()):
            owners = owners_of(template), owners_of(expr)
            if template.is_Matrix != expr.is_Matrix or len(owners[0]) != len(owners[1]):
                continue
            pairs = [(w, self._agent(o, agents)) for w, o in zip(*owners, strict=True)]
            if any(not w.is_Symbol and str(w) != agent for w, agent in pairs):
                continue
            if name in self._being_defined:
                raise UnsupportedError(f"the definition of {template} refers back to itself")
            names = {w: agent for w, agent in pairs if w.is_Symbol}
            self._being_defined.append(name)
            result = self._convert(sympy.sympify(value), names)
            self._being_defined.pop()
            if template.is_Matrix:
                wanted = tuple(self._size(s, names) for s in template.shape)
                if self.shapes[result] != wanted:
                    found = typed(self.shapes[result])
                    raise ShapeError(f"{template} is {typed(wanted)} and its definition {found}")
            return result
        return None

    def _agent(self, owner, agents) -> str:
        if owner in agents:
            return agents[owner]
        name = str(owner)
        if name.startswith(ANY):
            raise UnsupportedError(f"an index cannot be named {name}")
        if self.meant.setdefault(("agent", name), owner) != owner:
            raise UnsupportedError(f"two different indices are both named {name}")
        return name

    def _size(self, size, agents) -> str:
        """A polynomial in dimensions, as text in one normal form."""
        total: dict[tuple, int] = {}
        for term in sympy.Add.make_args(sympy.expand(size)):
            factor, names = 1, []
            for part in sympy.Mul.make_args(term):
                if part.is_Integer:
                    factor *= int(part)
                    continue
                base, power = part.as_base_exp()
                if not (power.is_Integer and power > 0):
                    raise UnsupportedError(f"the size {size} is not understood")
                names += [self._dimension(base, size, agents)] * int(power)
            key = tuple(sorted(names))
            total[key] = total.get(key, 0) + factor
        terms = [(names, factor) for names, factor in sorted(total.items()) if factor]
        if len(terms) == 1 and not terms[0][0] and terms[0][1] < 0:
            raise ShapeError(f"{size} is not a size")
        return (
            " + ".join(
                "*".join([*([str(factor)] if factor != 1 or not names else []), *names])
                for names, factor in terms
            )
            or "0"
        )

    def _dimension(self, base, size, agents) -> str:
        if isinstance(base, AppliedUndef) and len(base.args) == 1:
            name = f"{base.func.__name__}({self._agent(base.args[0], agents)})"
            kind = base.func
        elif base.is_Symbol:
            name = base.name
            if base in agents:
                raise UnsupportedError(f"the agent {base} is used as a number")
            kind = base
        else:
            raise UnsupportedError(f"the size {size} is not understood")
        if self.meant.setdefault(("size", re.sub(r"\(.*", "()", name)), kind) != kind:
            raise UnsupportedError(f"two different dimensions are both named {name}")
        return name

    def _sum(self, expr: AgentSum, agents) -> int:
        index, bodies = self._opened(expr, agents)
        body, *left_out = bodies
        if any(f"({index})" in side for side in self.shapes[body]):
            raise ShapeError(f"the terms of the sum {expr} differ in size")
        return self.add(self.sum_over(index, body), *map(self.minus, left_out))

    def _opened(self, expr: AgentSum | AgentTotal, agents) -> tuple[str, list]:
        """A sum's index, its body, and its body for each agent left out."""
        self._bound += 1
        index = f"~{self._bound}"
        if len(expr.excluded) > 1 and not all(e.is_Integer for e in expr.excluded):
            raise UnsupportedError(f"more than one agent is left out of {expr}")
        left_out = dict.fromkeys(self._agent(e, agents) for e in expr.excluded)
        return index, [
            self._convert(expr.body, {**agents, expr.index: agent}) for agent in (index, *left_out)
        ]

    # -- scalars --------------------------------------------------------------------------

    def _scalar(self, expr, agents) -> list[Term]:
        one = self.scalars.one
        match expr:
            case sympy.Add():
                return [t for a in expr.args for t in self._convert(a, agents)]
            case sympy.Mul():
                return self._scalar_product(expr.args, agents)
            case sympy.Trace() if (terms := self._multiples(expr.arg)) is not None:
                shapes = [[self._size(side, agents) for side in X.shape] for _, X in terms]
                if other := next((shape for shape in shapes if shape != shapes[0]), None):
                    raise ShapeError(f"cannot add {typed(shapes[0])} and {typed(other)}")
                return [t for c, X in terms for t in self._convert(c * sympy.Trace(X), agents)]
            case sympy.Trace():
                return [Term(one, "trace", self._square(expr.arg, agents))]
            case sympy.Determinant():
                return [Term(one, "det", self._square(expr.arg, agents))]
            case sympy.log():
                return self._logarithm(expr.args[0], agents)
            case AgentTotal():
                index, (body, *left_out) = self._opened(expr, agents)
                minus = self.scalars.number(-1)
                return [
                    *(t._replace(over=(*t.over, index)) for t in body),
                    *(t._replace(coefficient=t.coefficient * minus) for b in left_out for t in b),
                ]
            case sympy.Pow() if expr.exp.is_Integer:
                if (value := self._value_or_none(expr.base, agents)) is not None:
                    return self._number(self.scalars.power(value, int(expr.exp)))
                base = self._one_by_one(expr.base, agents)
                return [Term(one, "trace", self._power(base, int(expr.exp), expr))]
        if expr.is_Float:
            expr = sympy.Rational(expr)
        if expr.is_Rational:
            return self._number(self.scalars.number(expr))
        if expr in (sympy.pi, sympy.E):
            return self._number(self.scalars.generator(str(expr)))
        if not (expr.is_Symbol or isinstance(expr, AppliedUndef)):
            raise UnsupportedError(f"{type(expr).__name__} is not understood in {expr}")
        if not expr.is_commutative:
            raise UnsupportedError(
                f"the symbol {expr} does not commute; write a matrix as a MatrixSymbol"
            )
        defined = self._defined(expr, agents)
        if defined is not None:
            return defined
        if expr in agents:
            raise UnsupportedError(f"the agent {expr} is used as a number")
        if self._counts(expr):
            # A size is the trace of an identity, so that it may belong to an agent of a sum.
            return [Term(one, "trace", self.identity(self._size(expr, agents)))]
        if belongs_to_agents(expr):
            return [Term(one, "trace", self._letter(expr, agents))]
        if self.meant.setdefault(("size", str(expr)), expr) != expr:
            raise UnsupportedError(f"a size and a scalar are both named {expr}")
        if str(expr) in (AGENTS, "pi", "E"):
            raise UnsupportedError(f"a scalar cannot be named {expr}")
        return self._number(self.scalars.generator(str(expr)))

    def _number(self, value) -> list[Term]:
        return [Term(value, "one")]

    def _value(self, expr, agents):
        """A rational scalar, as an element of the field."""
        return self.number_of(self._convert(expr, agents), expr)

    def scalar(self, expression):
        """A rational scalar, as an element of the field."""
        return self._value(sympy.sympify(expression), {})

    def number_of(self, terms: list[Term], expr: Any = "a scalar"):
        """What terms without letters add up to, sizes included."""
        total = self.scalars.number(0)
        for term in terms:
            node: Node = self.nodes[term.of] if term.kind == "trace" else (term.kind,)
            if node[0] not in ("one", "identity"):
                raise UnsupportedError(f"{expr} is more than a rational function of scalars")
            size = node[1] if node[0] == "identity" else "1"
            total = total + term.coefficient * self.scalars.size(size, term.over)
        return total

    def _value_or_none(self, expr, agents):
        """A rational scalar, as an element of the field; None where it is none."""
        if self._rational(expr):
            try:
                return self._value(expr, agents)
            except UnsupportedError:
                pass
        return None

    def _scalar_product(self, args, agents) -> list[Term]:
        factor, rest = self.scalars.one, []
        for a in args:
            value = self._value_or_none(a, agents)
            if value is None:
                rest.append(a)
            else:
                factor = factor * value
        if len(rest) == 1:
            terms = self._convert(rest[0], agents)
        elif rest:
            product = self.multiply(*(self._one_by_one(a, agents) for a in rest))
            terms = [Term(self.scalars.one, "trace", product)]
        else:
            return self._number(factor)
        return [t._replace(coefficient=factor * t.coefficient) for t in terms]

    def _logarithm(self, inside, agents) -> list[Term]:
        """log of a product of determinants, 1×1 products and scalars."""
        one = self.scalars.one
        match inside:
            case sympy.exp():
                return self._convert(inside.args[0], agents)
            case sympy.Determinant():
                matrix: Any = inside.arg
                scalar, rest = matrix.as_coeff_mmul()
                if not self._rational(scalar):  # det(aX) = aⁿ det X
                    inside = scalar ** rest.shape[0] * sympy.Determinant(rest)
                    return self._logarithm(inside, agents)
                return [Term(one, "log det", self._square(inside.arg, agents))]
            case sympy.Mul():
                return [t for a in inside.args for t in self._logarithm(a, agents)]
            case sympy.Pow() if not (inside.exp.is_Integer and self._rational(inside.base)):
                power = self._value(inside.exp, agents)
                terms = self._logarithm(inside.base, agents)
                return [t._replace(coefficient=power * t.coefficient) for t in terms]
        if self._rational(inside):
            return [Term(one, "log", self._value(inside, agents))]
        return [Term(one, "log det", self._one_by_one(inside, agents))]

    def is_size(self, name: str) -> bool:
        """Whether a scalar of this name is a size, or counts agents."""
        kind = self.meant.get(("size", re.sub(r"\(.*", "()", name)))
        return name == AGENTS or (
            kind is not None and (not isinstance(kind, sympy.Symbol) or self._counts(kind))
        )

    def _counts(self, symbol) -> bool:
        return symbol in self._dimensions or bool(symbol.is_integer)

    def logarithm(self, expression) -> list[Term]:
        """log of a product of determinants, 1×1 products and scalars, as terms."""
        return self._logarithm(sympy.sympify(expression), {})

    def _square(self, expr, agents) -> int:
        number = self._convert(expr, agents)
        shape = self.shapes[number]
        if shape[0] != shape[1]:
            raise ShapeError(
                f"the trace or determinant of a {typed(shape)} matrix does not exist in {expr}"
            )
        return number

    def _rational(self, expr) -> bool:
        """Whether a scalar is a rational function of scalar letters and sizes."""
        functions = parts_of(expr, AppliedUndef)
        scalars = {a for a in functions | parts_of(expr, sympy.Symbol) if not a.is_Matrix}
        defined = [v for a in scalars for _, v in self._definitions.get(name_of(a), ())]
        matrices = parts_of(expr, sympy.MatrixExpr, sympy.Determinant, sympy.log)
        return not (
            any(not isinstance(X, sympy.Identity) for X in matrices)
            or any(belongs_to_agents(a) for a in functions if not is_agents_size(a))
            or any(not self._rational(sympy.sympify(v)) for v in defined if not v.is_Matrix)
        )

    def _multiples(self, expr) -> list[tuple] | None:
        """Scalars and matrices, where these are summed, and some scalars are traces or the like."""
        terms = []
        for X in expr.args if isinstance(expr, sympy.MatAdd) else (expr,):
            scalar, matrices = X.as_coeff_matrices() if isinstance(X, sympy.MatMul) else (1, [X])
            product = matrices[0] if len(matrices) == 1 else sympy.MatMul(*matrices)
            terms.append((sympy.sympify(scalar), product))
        return None if all(self._rational(scalar) for scalar, _ in terms) else terms

    def _one_by_one(self, expr, agents) -> int:
        """A scalar as a 1×1 matrix."""
        if (value := self._value_or_none(expr, agents)) is not None:
            return self.scale(value, self.identity("1"))
        made = [self._entry(term, expr) for term in self._convert(expr, agents)]
        return self.add(*made) if made else self.node("zero", "1", "1", shape=("1", "1"))

    def _entry(self, term: Term, expr) -> int:
        """A term of a scalar as a 1×1 matrix; beyond realizations if it is no 1×1 product."""
        why = f"the scalar {expr} is not a 1×1 product; products of traces are beyond realizations"
        number = self._turned(term.of) if term.kind == "trace" else None
        if term.kind == "one" or (number is None and self._is_size(term)):
            try:
                plain = self.number_of([term._replace(over=())])
                return self._summed(term.over, self.scale(plain, self.identity("1")))
            except UnsupportedError as error:
                why = str(error)
        if number is None:
            self._is_beyond(why)
            of = self.factor(term.of) if term.kind == "log" else term.of
            number = self.node(term.kind, of, shape=("1", "1"))
        return self._summed(term.over, self.scale(term.coefficient, number))

    def _is_size(self, term: Term) -> bool:
        return term.kind == "trace" and self.nodes[term.of][0] == "identity"

    def _summed(self, over: tuple[str, ...], number: int) -> int:
        for index in reversed(over):
            number = self.sum_over(index, number)
        return number

    def _turned(self, number: int) -> int | None:
        """A 1×1 matrix with the trace of a matrix, where its product is 1 wide somewhere."""
        match self.nodes[number]:
            case _ if self.shapes[number] == ("1", "1"):
                return number
            case ("scale", factor, a) if (turned := self._turned(a)) is not None:
                return self.scale(self.factors[factor], turned)
            case ("multiply", *factors) if (place := self._place(factors)) is not None:
                return self.multiply(*factors[place:], *factors[:place])
        return None
