"""SymPy expressions into the free algebra and back, with inverses and definitions.

Every inverse of a sum gets a letter X of its own, and one letter that stands alone in that sum
(such as R in W := (τ/2)I + R + B'PB) is eliminated for it; the only rewritings left are then
X X⁻¹ → 1 and X⁻¹X → 1. Rewriting preserves value, so a zero normal form is a proof wherever the
inverses exist; where the rules do not overlap, a nonzero one means that the two sides differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import permutations
from typing import NamedTuple

import sympy
from sympy import QQ
from sympy.core.function import AppliedUndef
from sympy.core.symbol import Str

from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal
from ergs_verify.proof.words import (
    ONE,
    Letter,
    LogAtom,
    Monomial,
    Poly,
    Size,
    Trace,
    Word,
    canonical,
    fresh_agent,
)

__all__ = ["Algebra"]


class _Rule(NamedTuple):
    """A word (agents as parameters "?k") and what it is rewritten to."""

    pattern: Word
    result: Poly


class _Named(NamedTuple):
    """A letter that stands for an inverted sum: its value and how to show it."""

    letter: Letter
    value: Poly
    shown: sympy.MatrixExpr
    parameters: tuple[str, ...]


class Algebra:
    """One language of letters, in which polynomials can be compared.

    Parameters
    ----------
    expressions : iterable of SymPy expressions
        Everything that will be converted: their scalar symbols become the coefficient field.
    definitions : mapping from letters to expressions
        Abbreviations; a key with an agent index serves every agent.
    symmetric : iterable of letters
        Letters equal to their transpose, by name.
    """

    def __init__(self, expressions: Iterable, definitions: Mapping | None = None, symmetric=()):
        self._definitions = {
            _name(letter): (letter, e) for letter, e in (definitions or {}).items()
        }
        self._symmetric = {_name(letter) for letter in symmetric}
        everything = [*expressions, *(definitions or {}).values()]
        generators = sorted(set().union(*(_generators(e) for e in everything)), key=str)
        self.field = QQ.frac_field(*generators) if generators else QQ
        self.one = self.field.one
        self._rules: list[_Rule] = []
        self._named: list[_Named] = []
        self._shown: dict[str, sympy.MatrixExpr] = {}
        self._being_defined: list[str] = []
        # The first pass finds the inverses and their rules, so that later ones all see them.
        for expression in everything:
            self.poly(expression)

    # -- from SymPy -----------------------------------------------------------------------

    def poly(self, expression) -> Poly:
        """The normal form of a scalar or matrix expression.

        Raises
        ------
        ShapeError
            Where sizes do not fit.
        UnsupportedError
            Where the expression leaves the language (powers of logarithms, 1/trace, …).
        """
        return self.reduce(self._convert(sympy.sympify(expression), {}))

    def convert_for(self, expression, template, agents: tuple[str, ...]) -> Poly:
        """An expression written for the agent of `template`, for another agent."""
        names = {template.agent: agents[0]} if isinstance(template, AgentMatrix) else {}
        return self.reduce(self._convert(sympy.sympify(expression), names))

    def _convert(self, node, agents: Mapping) -> Poly:
        try:
            return self._matrix(node, agents) if node.is_Matrix else self._scalar(node, agents)
        except ShapeError as error:
            if " in " in str(error):
                raise
            raise ShapeError(f"{error} in {node}") from None

    def _scalar(self, node, agents) -> Poly:
        if isinstance(node, sympy.Add):
            return _total([self._convert(a, agents) for a in node.args])
        if isinstance(node, sympy.Mul):
            return _product([self._convert(a, agents) for a in node.args])
        if isinstance(node, sympy.Trace):
            return self.reduce(self._convert(node.arg, agents)).trace()
        if isinstance(node, AgentTotal):
            return self._sum(node, agents)
        if isinstance(node, sympy.log):
            return self._log(node.args[0], agents)
        if isinstance(node, sympy.Pow) and node.exp.is_Integer:
            base = self._convert(node.base, agents)
            power = _product([base] * abs(int(node.exp)))
            if node.exp > 0:
                return power
            return self.number(self.one / self._coefficient(self.reduce(power), node))
        if node.is_integer and (node.is_Symbol or isinstance(node, AppliedUndef)):
            return Poly.collect(
                [(Monomial(traces=(Trace((), _size(node, agents)),)), self.one)], None
            )
        if node.is_number or node.is_Symbol or isinstance(node, AppliedUndef):
            return self.number(self.field.from_sympy(node))
        raise UnsupportedError(f"{type(node).__name__} is not understood in {node}")

    def number(self, coefficient) -> Poly:
        """A scalar of the coefficient field."""
        return Poly.collect([(Monomial(), coefficient)], None)

    def _coefficient(self, poly: Poly, node):
        if list(poly.terms) != [Monomial()]:
            raise UnsupportedError(f"cannot divide by {node}")
        return poly.terms[Monomial()]

    def _matrix(self, node, agents) -> Poly:
        if isinstance(node, sympy.MatAdd):
            return _total([self._convert(a, agents) for a in node.args])
        if isinstance(node, sympy.MatMul):
            return _product([self._convert(a, agents) for a in node.args])
        if isinstance(node, sympy.Transpose):
            return self._convert(node.arg, agents).T
        if isinstance(node, sympy.Inverse):
            return self._inverse(self.reduce(self._convert(node.arg, agents)), node.arg, agents)
        if isinstance(node, sympy.MatPow) and node.exp.is_Integer:
            base = sympy.Inverse(node.base) if node.exp < 0 else node.base
            return _product([self._convert(base, agents)] * abs(int(node.exp)))
        if isinstance(node, sympy.Identity):
            size = _size(node.shape[0], agents)
            return Poly({Monomial(word=()): self.one}, (size, size))
        if isinstance(node, sympy.ZeroMatrix):
            return Poly({}, (_size(node.shape[0], agents), _size(node.shape[1], agents)))
        if isinstance(node, AgentSum):
            return self._sum(node, agents)
        if isinstance(node, sympy.MatrixSymbol):
            return self._letter(node, agents)
        raise UnsupportedError(f"{type(node).__name__} is not understood in {node}")

    def _letter(self, node: sympy.MatrixSymbol, agents) -> Poly:
        defined = self._definitions.get(_name(node))
        if defined is not None and _name(node) not in self._being_defined:
            template, expression = defined
            if isinstance(template, AgentMatrix) and isinstance(node, AgentMatrix):
                expression = expression.subs(template.agent, node.agent)
            self._being_defined.append(_name(node))
            try:
                return self._convert(expression, agents)
            finally:
                self._being_defined.pop()
        owner = (_agent(node.agent, agents),) if isinstance(node, AgentMatrix) else ()
        rows, cols = (_size(side, agents) for side in node.shape)
        letter = Letter(_name(node), owner, rows, cols, _name(node) in self._symmetric)
        self._shown.setdefault(letter.name, node)
        return Poly.collect([(Monomial(word=(letter,)), self.one)], (rows, cols))

    def _sum(self, node: AgentSum | AgentTotal, agents) -> Poly:
        index = fresh_agent()
        body = self._convert(node.body, {**agents, node.index: index})
        for size in body.shape or ():
            if index in size.agents:
                raise ShapeError(f"the terms of the sum {node} have sizes of their own")
        if len(node.excluded) > 1 and not all(e.is_Integer for e in node.excluded):
            raise UnsupportedError(f"more than one agent left out of {node}")
        left_out = {_agent(e, agents) for e in node.excluded}
        total = body.sum_over(index)
        for agent in sorted(left_out):
            total = total - body.rename({index: agent})
        return total

    # -- logarithms and inverses ----------------------------------------------------------

    def _log(self, inside, agents) -> Poly:
        if isinstance(inside, sympy.Determinant):
            return self._log_determinant(inside.arg, agents)
        if isinstance(inside, sympy.exp):
            return self._convert(inside.args[0], agents)
        poly = self.reduce(self._convert(inside, agents))
        return self._log_of_number(self._coefficient(poly, inside))

    def _log_of_number(self, coefficient) -> Poly:
        """log of a positive coefficient, split over its irreducible factors."""
        numerator, denominator = sympy.fraction(sympy.factor(self.field.to_sympy(coefficient)))
        pairs = []
        for part, sign in ((numerator, 1), (denominator, -1)):
            for factor in sympy.Mul.make_args(part):
                base, exponent = factor.as_base_exp()
                if base.is_Rational:
                    for prime, power in sympy.factorrat(base).items():
                        pairs.append((str(prime), sign * power * exponent))
                else:
                    pairs.append((str(base), sign * exponent))
        return Poly.collect(
            (
                (Monomial(logs=(LogAtom(text),)), self.field.from_sympy(sympy.sympify(power)))
                for text, power in pairs
                if text != "1"
            ),
            None,
        )

    def _log_determinant(self, node, agents) -> Poly:
        value = self.reduce(self._convert(node, agents))
        if value.shape is None or value.shape[0] != value.shape[1]:
            raise ShapeError(f"the determinant of {node} does not exist")
        size = Poly.collect([(Monomial(traces=(Trace((), value.shape[0]),)), self.one)], None)
        if len(value.terms) != 1:
            factor, letter = self._name_for(value, node, agents)
            return self._log_letter(letter) + self._log_of_number(factor) * size
        ((monomial, coefficient),) = value.terms.items()
        if monomial.traces or monomial.logs or monomial.bound:
            raise UnsupportedError(f"log det of {node}")
        total = self._log_of_number(coefficient) * size
        for letter in monomial.word or ():
            if letter.rows != letter.cols:
                raise UnsupportedError(f"log det of a product of rectangular matrices, {node}")
            total = total + self._log_letter(letter)
        return total

    def _log_letter(self, letter: Letter) -> Poly:
        sign = -self.one if letter.inverse else self.one
        return Poly.collect([(Monomial(logs=(LogAtom("det", (letter.bare,)),)), sign)], None)

    def _inverse(self, value: Poly, node, agents) -> Poly:
        if value.shape is None or value.shape[0] != value.shape[1]:
            raise ShapeError(f"the inverse of {node} does not exist")
        if len(value.terms) == 1:
            ((monomial, coefficient),) = value.terms.items()
            square = all(letter.rows == letter.cols for letter in monomial.word or ())
            if square and not (monomial.traces or monomial.logs or monomial.bound):
                word = tuple(letter.inv for letter in reversed(monomial.word or ()))
                return Poly.collect([(Monomial(word=word), self.one / coefficient)], value.shape)
        factor, letter = self._name_for(value, node, agents)
        return Poly.collect([(Monomial(word=(letter.inv,)), self.one / factor)], value.shape)

    def _name_for(self, value: Poly, node, agents) -> tuple:
        """A letter X and a factor c with value = c·X, an old letter where there is one."""
        free = value.free_agents()
        for named in self._named:
            if len(named.parameters) != len(free):
                continue
            for order in permutations(free):
                names = dict(zip(named.parameters, order, strict=True))
                factor = _ratio(value, named.value.rename(names))
                if factor is not None:
                    return factor, named.letter.rename(names)
        return self.one, self._new_name(value, node, agents, free)

    def _new_name(self, value: Poly, node, agents, free: list[str]) -> Letter:
        assert value.shape is not None
        parameters = tuple(f"?{k}" for k in range(len(free)))
        to_parameters = dict(zip(free, parameters, strict=True))
        template = value.rename(to_parameters)
        assert template.shape is not None
        name = f"⟨{len(self._named) + 1}⟩"
        letter = Letter(name, parameters, *template.shape, symmetric=template.T == template)
        shown = node
        if agents:
            shown = node.xreplace(
                {k: sympy.Symbol(to_parameters.get(v, v)) for k, v in agents.items()}
            )
        self._named.append(_Named(letter, template, shown, parameters))
        rule = self._elimination(template, letter)
        if rule is not None:
            self._rules.append(rule)
            if rule.pattern[0].T != rule.pattern[0] or len(rule.pattern) > 1:
                flipped = tuple(a.T for a in reversed(rule.pattern))
                if flipped != rule.pattern:
                    self._rules.append(_Rule(flipped, rule.result.T))
            self._rules = [_Rule(r.pattern, self.reduce(r.result)) for r in self._rules]
            self._named = [n._replace(value=self._settled(n)) for n in self._named]
        return letter.rename(dict(zip(parameters, free, strict=True)))

    def _settled(self, named: _Named) -> Poly:
        """A named sum's value in letters that are not eliminated by its own rule."""
        reduced = self.reduce(named.value)
        alone = Monomial(word=(named.letter,))
        return named.value if alone in reduced.terms else reduced

    def _elimination(self, value: Poly, letter: Letter) -> _Rule | None:
        """Solve `letter = value` for a word that occurs once: a lone letter if there is one."""
        taken = {n.letter.name for n in self._named}
        candidates = []
        for monomial, coefficient in value.terms.items():
            word = monomial.word
            if not word or monomial.traces or monomial.logs or monomial.bound:
                continue
            if any(a.inverse for a in word) or {x for a in word for x in a.agents} < set(
                letter.agents
            ):
                continue
            others = [a.bare.name for k in value.terms if k is not monomial for a in k.letters()]
            if len(word) == 1 and (word[0].bare.name in others or word[0].name in taken):
                continue
            if len(word) == 1 and word[0].symmetric != letter.symmetric:
                continue
            if _overlaps_itself(word):
                continue
            candidates.append(
                (
                    len(word),
                    -len(set(a.bare.name for a in word) - set(others)),
                    monomial,
                    coefficient,
                )
            )
        if not candidates:
            return None
        *_, monomial, coefficient = min(candidates, key=lambda c: (c[0], c[1], c[2]))
        whole = Poly.collect([(Monomial(word=(letter,)), self.one)], value.shape)
        rest = Poly({k: c for k, c in value.terms.items() if k != monomial}, value.shape)
        return _Rule(monomial.word or (), (whole - rest).scale(self.one / coefficient))

    # -- rewriting ------------------------------------------------------------------------

    def reduce(self, poly: Poly) -> Poly:
        """Apply X X⁻¹ → 1 and the elimination rules until nothing changes."""
        done = Poly({}, poly.shape)
        todo = poly
        while todo:
            following = Poly({}, poly.shape)
            for monomial, coefficient in todo.terms.items():
                rewritten = self._rewrite(monomial, coefficient, poly.shape)
                if rewritten is None:
                    done = done + Poly({monomial: coefficient}, poly.shape)
                else:
                    following = following + rewritten
            todo = following
        return done

    def _rewrite(self, monomial: Monomial, coefficient, shape) -> Poly | None:
        if monomial.word:
            rest = monomial._replace(word=())
            found = self._rewrite_word(monomial.word, cyclic=False)
            if found is not None:
                return self._with(rest, coefficient, found, shape)
        for k, trace in enumerate(monomial.traces):
            if not trace.word:
                continue
            found = self._rewrite_word(trace.word, cyclic=True)
            if found is not None:
                others = monomial.traces[:k] + monomial.traces[k + 1 :]
                return self._with(
                    monomial._replace(traces=others), coefficient, found.trace(), shape
                )
        return None

    def _with(self, rest: Monomial, coefficient, factor: Poly, shape) -> Poly:
        bound, rest = rest.bound, rest._replace(bound=())
        names = {b: fresh_agent() for b in bound}
        outer = Poly({rest.rename(names)._replace(word=None): coefficient}, None)
        inner = factor.rename(names)
        if factor.shape is None and rest.word is not None:
            outer = Poly({rest.rename(names): coefficient}, shape)
        total = outer * inner
        for name in names.values():
            total = total.sum_over(name)
        return total

    def _rewrite_word(self, word: Word, cyclic: bool) -> Poly | None:
        turns = [word[k:] + word[:k] for k in range(len(word))] if cyclic else [word]
        for turn in turns:
            for k in range(len(turn) - 1):
                if turn[k] == turn[k + 1].inv:
                    return self._word(turn[:k] + turn[k + 2 :], turn[k].rows, turn)
            for rule in self._rules:
                for k in range(len(turn) - len(rule.pattern) + 1):
                    names = _match(rule.pattern, turn[k : k + len(rule.pattern)])
                    if names is None:
                        continue
                    before = self._word(turn[:k], turn[k].rows, turn)
                    end = k + len(rule.pattern)
                    after = self._word(turn[end:], turn[end - 1].cols, turn)
                    return before * rule.result.rename(names) * after
        return None

    def _word(self, word: Word, size: Size, _context: Word) -> Poly:
        shape = (word[0].rows, word[-1].cols) if word else (size, size)
        return Poly.collect([(Monomial(word=word), self.one)], shape)

    # -- back to SymPy --------------------------------------------------------------------

    def to_sympy(self, poly: Poly):
        """A SymPy expression equal to the polynomial."""
        terms = [self._term(k, c, poly.shape, e) for k, c, e in _with_exclusions(poly)]
        if poly.shape is None:
            return sympy.Add(*terms)
        if not terms:
            return sympy.ZeroMatrix(*(_sympy_size(s) for s in poly.shape))
        return terms[0] if len(terms) == 1 else sympy.MatAdd(*terms)

    def _term(self, monomial: Monomial, coefficient, shape, excluded: str | None):
        scalars = [self.field.to_sympy(coefficient)]
        scalars += [self._shown_trace(t) for t in monomial.traces]
        scalars += [self._shown_log(a) for a in monomial.logs]
        scalar = sympy.Mul(*scalars)
        if monomial.word is None:
            term = scalar
        else:
            factors = [self._shown_letter(a) for a in monomial.word]
            factors = factors or [sympy.Identity(_sympy_size(shape[0]))]
            term = _matmul([*([scalar] if scalar != 1 else []), *factors])
        kind = AgentTotal if monomial.word is None else AgentSum
        left_out = () if excluded is None else (_sympy_agent(excluded),)
        for bound in monomial.bound:
            term = kind(term, _sympy_agent(bound), left_out)
        return term

    def _shown_trace(self, trace: Trace):
        if not trace.word:
            return _sympy_size(trace.size)
        return sympy.Trace(_matmul([self._shown_letter(a) for a in trace.word]))

    def _shown_log(self, atom: LogAtom):
        if atom.letters:
            return sympy.log(sympy.Determinant(self._shown_letter(atom.letters[0])))
        return sympy.log(sympy.sympify(atom.text, locals={str(g): g for g in self._symbols()}))

    def _symbols(self):
        return getattr(self.field, "symbols", ())

    def _shown_letter(self, letter: Letter):
        shown = self._base(letter)
        if letter.transposed:
            shown = sympy.Transpose(shown)
        return sympy.Inverse(shown) if letter.inverse else shown

    def _base(self, letter: Letter):
        for named in self._named:
            if named.letter.name == letter.name:
                return self._named_as_sympy(named, letter)
        node = self._shown[letter.name]
        if isinstance(node, AgentMatrix):
            agent = _sympy_agent(letter.agents[0])
            return AgentMatrix(node.name, agent, *(s.subs(node.agent, agent) for s in node.shape))
        return node

    def _named_as_sympy(self, named: _Named, letter: Letter):
        """The user's own letter where a definition has this value, else the sum itself."""
        names = dict(zip(named.parameters, letter.agents, strict=True))
        wanted = named.value.rename(names)
        for template, expression in self._definitions.values():
            agents = letter.agents if isinstance(template, AgentMatrix) else ("",)
            for agent in agents:
                candidate, inside = template, expression
                if isinstance(template, AgentMatrix):
                    shown = _sympy_agent(agent)
                    candidate = template.subs(template.agent, shown)
                    inside = expression.subs(template.agent, shown)
                    environment = {shown: agent}
                else:
                    environment = {}
                if self.reduce(self._convert(inside, environment)) == self.reduce(wanted):
                    return candidate
        return self.to_sympy(wanted)


def _with_exclusions(poly: Poly) -> list[tuple]:
    """Terms in order, with Σ_j f(j) − f(i) put together as a sum over j ≠ i."""
    terms = dict(poly.terms)
    shown = []
    for monomial in sorted(poly.terms, key=lambda k: (-len(k.bound), k)):
        coefficient = terms.pop(monomial, None)
        if coefficient is None:
            continue
        excluded = None
        if len(monomial.bound) == 1:
            for agent in sorted(monomial.agents() - set(monomial.bound)):
                opened = monomial._replace(bound=()).rename({monomial.bound[0]: agent})
                single = canonical(opened, poly.shape)
                if terms.get(single) == -coefficient:
                    del terms[single]
                    excluded = agent
                    break
        shown.append((monomial, coefficient, excluded))
    return shown


def _match(pattern: Word, word: Word) -> dict[str, str] | None:
    names: dict[str, str] = {}
    for wanted, letter in zip(pattern, word, strict=True):
        if (wanted.name, wanted.transposed, wanted.inverse) != (
            letter.name,
            letter.transposed,
            letter.inverse,
        ):
            return None
        for parameter, agent in zip(wanted.agents, letter.agents, strict=True):
            if parameter.startswith("?"):
                if names.setdefault(parameter, agent) != agent:
                    return None
            elif parameter != agent:
                return None
    return names


def _overlaps_itself(word: Word) -> bool:
    flipped = tuple(a.T for a in reversed(word))
    return (
        any(word[:k] in (word[-k:], flipped[-k:]) for k in range(1, len(word))) and word != flipped
    )


def _ratio(value: Poly, other: Poly):
    if value.shape != other.shape or set(value.terms) != set(other.terms):
        return None
    ratios = {value.terms[k] / other.terms[k] for k in value.terms}
    return ratios.pop() if len(ratios) == 1 else None


def _total(polys: list[Poly]) -> Poly:
    total = polys[0]
    for poly in polys[1:]:
        total = total + poly
    return total


def _product(polys: list[Poly]) -> Poly:
    total = polys[0]
    for poly in polys[1:]:
        total = total * poly
    return total


def _matmul(factors: list):
    return factors[0] if len(factors) == 1 else sympy.MatMul(*factors)


def _name(letter) -> str:
    return letter.name if isinstance(letter, sympy.MatrixSymbol) else str(letter)


def _agent(node, agents: Mapping) -> str:
    return agents.get(node, str(node))


def _sympy_agent(name: str):
    if name.isdigit():
        return sympy.Integer(int(name))
    if name.startswith("#"):
        name = "jkl"[int(name[1:]) - 1] if int(name[1:]) <= 3 else f"j_{name[1:]}"
    return sympy.Symbol(name.lstrip("~?"), integer=True, positive=True)


def _size(node, agents: Mapping) -> Size:
    if isinstance(node, AppliedUndef):
        return Size(node.func.__name__, tuple(_agent(a, agents) for a in node.args))
    if node.is_Symbol or node.is_Integer:
        return Size(str(node))
    raise UnsupportedError(f"the size {node} is not understood")


def _sympy_size(size: Size):
    if size.name.isdigit():
        return sympy.Integer(int(size.name))
    if size.agents:
        function = sympy.Function(size.name, integer=True, positive=True)
        return function(*(_sympy_agent(a) for a in size.agents))
    return sympy.Symbol(size.name, integer=True, positive=True)


def _generators(expression) -> set:
    """The scalar symbols of an expression, sizes and matrix letters aside."""
    found: set = set()
    stack = [sympy.sympify(expression)]
    while stack:
        node = stack.pop()
        if isinstance(node, sympy.MatrixSymbol | sympy.Identity | sympy.ZeroMatrix | Str):
            continue
        if isinstance(node, sympy.Symbol | AppliedUndef | sympy.NumberSymbol):
            if not node.is_integer:
                found.add(node)
            continue
        stack.extend(node.args)
    return found
