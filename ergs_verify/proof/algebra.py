"""SymPy expressions into the free algebra and back, with inverses and definitions.

Every inverse of a sum gets a letter X of its own, and X X⁻¹ → 1 and X⁻¹X → 1 are rewritten. Where
a proof is to be read, a letter that stands alone in that sum (such as R in W := (τ/2)I + R + B'PB)
is eliminated for X besides. Rewriting preserves value, so a zero normal form is a proof wherever
the inverses exist; a nonzero one says nothing: `realize` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import chain, combinations, count, permutations
from typing import Any, NamedTuple, cast

import sympy
from sympy.core.function import AppliedUndef
from sympy.core.symbol import Str
from sympy.polys.polyerrors import CoercionFailed

from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal
from ergs_verify.proof.coefficients import CoefficientField
from ergs_verify.proof.statement import belongs_to_agents, kind_of, name_of, owners_of
from ergs_verify.proof.words import (
    AGENTS,
    ONE,
    Letter,
    LogAtom,
    Monomial,
    Poly,
    Size,
    Trace,
    Word,
    apart,
    flipped,
    fresh_agent,
)

# A few passes settle which inverses occur; rewriting that goes on for longer than this is
# taken not to end (the longest derivation of the paper needs fewer than 20 passes).
NAMING_PASSES = 4
REWRITING_PASSES = 50
MOST_TERMS = 5000
MOST_PRODUCTS = 10_000
MOST_LETTERS = 500


class _Rule(NamedTuple):
    """A word (agents as parameters "?k") and what it is rewritten to."""

    pattern: Word
    result: Poly


class _Place(NamedTuple):
    """A part of a word that can be rewritten: what stands before it, its value, and what after."""

    before: Word
    value: Poly
    after: Word


class _Named(NamedTuple):
    """A letter that stands for an inverted sum: its value and how to show it."""

    letter: Letter
    value: Poly
    parameters: tuple[str, ...]


class Algebra:
    """One language of letters, in which polynomials can be compared.

    Parameters
    ----------
    expressions : iterable of SymPy expressions
        Everything that will be converted: their scalar symbols become the coefficient field.
    definitions : mapping from letters to expressions
        Abbreviations, of matrices or scalars; a key with an agent index serves every agent, one
        with an agent's number that agent alone.
    symmetric : iterable of letters
        Letters equal to their transpose, by name.
    eliminating : bool
        Whether a letter of each inverted sum is eliminated.

    Attributes
    ----------
    inverted : set of str
        Names of the letters inside inverses and log determinants of sums: expressions may depend
        on them although they do not show.
    """

    def __init__(
        self,
        expressions: Iterable,
        definitions: Mapping | None = None,
        symmetric=(),
        *,
        eliminating: bool = False,
    ):
        self._eliminating = eliminating
        self._definitions: dict[str, list[tuple]] = {}
        for letter, expression in (definitions or {}).items():
            self._definitions.setdefault(name_of(letter), []).append((letter, expression))
        self._symmetric = set(map(kind_of, symmetric))
        everything = [*expressions, *(definitions or {}).values()]
        generators = sorted(set().union(*(_generators(e) for e in everything)), key=str)
        self.field = CoefficientField(generators)
        self.one = self.field.one
        self.inverted: set[str] = set()
        self._rules: list[_Rule] = []
        self._used: dict[Word, Poly] = {}
        self._named: list[_Named] = []
        self._letters: dict[str, tuple[Letter, Any]] = {}
        self._logarithms: dict[str, Any] = {}
        self._indices: dict[str, Any] = {}
        self._dimensions: dict[tuple[str, int], Any] = {}
        self._being_defined: list[str] = []
        # What letters abbreviate, by template, number of inverses known, and agents.
        self._abbreviated: dict[tuple, Poly] = {}
        # Every inverse brings a rule; later conversions must all see the same ones.
        self._converted: dict[Any, Poly] = {}
        # Most rules are known after the inverses themselves, which saves a pass.
        inverses = set().union(*(sympy.sympify(e).atoms(sympy.Inverse) for e in everything))
        for inverse in sympy.ordered(inverses):
            self.poly(inverse)
        for _ in range(NAMING_PASSES):
            names = len(self._named)
            self._converted = {}
            converted = {sympy.sympify(e): self.poly(e) for e in everything}
            if len(self._named) == names:
                self._converted = converted
                break

    # -- from SymPy -----------------------------------------------------------------------

    def poly(self, expression) -> Poly:
        """The normal form of a scalar or matrix expression.

        Raises
        ------
        ShapeError
            Where sizes do not fit.
        UnsupportedError
            Where the expression leaves the language (1/trace, Hadamard products, …).
        """
        expression = sympy.sympify(expression)
        known = self._converted.get(expression)
        return self.reduce(self._convert(expression, {})) if known is None else known

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
            return self.number(self.one / self._coefficient(self.reduce(power), f"1/{node.base}"))
        if node.is_Symbol or isinstance(node, AppliedUndef):
            return self._scalar_letter(node, agents)
        if node.is_Float:
            node = sympy.Rational(node)  # a float is the dyadic rational it is
        if node.is_number:
            try:
                return self.number(self.field.from_sympy(node))
            except CoercionFailed:
                pass
        raise UnsupportedError(f"{type(node).__name__} is not understood in {node}")

    def _scalar_letter(self, node, agents) -> Poly:
        defined = self._defined(node, agents)
        if defined is not None:
            return defined
        if node.is_integer:
            if node in agents:
                raise UnsupportedError(f"the agent {node} is used as a number")
            trace = Trace((), self._size(node, agents))
            return Poly.collect([(Monomial(traces=(trace,)), self.one)], None)
        if belongs_to_agents(node):
            letter = self._typed(node, node.args, (ONE, ONE), agents)
            return Poly.collect([(Monomial(traces=(Trace((letter,), ONE),)), self.one)], None)
        return self.number(self.field.from_sympy(node))

    def number(self, coefficient) -> Poly:
        """A scalar of the coefficient field."""
        return Poly.collect([(Monomial(), coefficient)], None)

    def _coefficient(self, poly: Poly, wanted: str):
        if list(poly.terms) != [Monomial()]:
            raise UnsupportedError(f"{wanted} is more than a rational function of scalars")
        return poly.terms[Monomial()]

    def _matrix(self, node, agents) -> Poly:
        if isinstance(node, sympy.MatAdd):
            return _total([self._convert(a, agents) for a in node.args])
        if isinstance(node, sympy.MatMul):
            return _product([self._convert(a, agents) for a in node.args])
        if isinstance(node, sympy.Transpose):
            return self._convert(node.arg, agents).T
        if isinstance(node, sympy.Inverse):
            return self._inverse(self.reduce(self._convert(node.arg, agents)), node.arg)
        if isinstance(node, sympy.MatPow) and node.exp.is_Integer:
            if node.exp == 0:
                return self._convert(sympy.Identity(node.shape[0]), agents)
            exponent = int(cast(Any, node.exp))
            base = sympy.Inverse(node.base) if exponent < 0 else node.base
            return _product([self._convert(base, agents)] * abs(exponent))
        if isinstance(node, sympy.Identity):
            size = self._size(node.shape[0], agents)
            return Poly({Monomial(word=()): self.one}, (size, size))
        if isinstance(node, sympy.ZeroMatrix):
            return Poly({}, (self._size(node.shape[0], agents), self._size(node.shape[1], agents)))
        if isinstance(node, AgentSum):
            return self._sum(node, agents)
        if isinstance(node, sympy.MatrixSymbol):
            return self._letter(node, agents)
        raise UnsupportedError(f"{type(node).__name__} is not understood in {node}")

    def _letter(self, node: sympy.MatrixSymbol, agents) -> Poly:
        defined = self._defined(node, agents)
        if defined is not None:
            return defined
        rows, cols = (self._size(side, agents) for side in node.shape)
        letter = self._typed(node, owners_of(node), (rows, cols), agents)
        return Poly.collect([(Monomial(word=(letter,)), self.one)], (rows, cols))

    def _defined(self, node, agents) -> Poly | None:
        """What a letter abbreviates, read with no indices but the definition's own."""
        for template, expression in self._definitions.get(name_of(node), ()):
            indices = self._serves(template, node, agents)
            if indices is None:
                continue
            if name_of(node) in self._being_defined:
                raise UnsupportedError(f"the definition of {template} refers back to itself")
            key = (template, len(self._named), *indices.values())
            if key not in self._abbreviated:
                self._being_defined.append(name_of(node))
                try:
                    value = self._convert(sympy.sympify(expression), indices)
                finally:
                    self._being_defined.pop()
                self._abbreviated[key] = value
            return self._abbreviated[key]
        return None

    def _serves(self, template, node, agents) -> dict | None:
        """The definition's indices, where `template` stands for `node`."""
        owners = owners_of(template), owners_of(node)
        if template.is_Matrix != node.is_Matrix or len(owners[0]) != len(owners[1]):
            return None
        indices = {}
        for wanted, owner in zip(*owners, strict=True):
            agent = self._agent(owner, agents)
            if wanted.is_Symbol:
                indices[wanted] = agent
            elif str(wanted) != agent:
                return None
        return indices

    def _typed(self, node, owners, shape: tuple[Size, Size], agents) -> Letter:
        """The letter of a node; its name must not have stood for something of another type."""
        name = name_of(node)
        symmetric = kind_of(node) in self._symmetric
        if symmetric and shape[0] != shape[1]:
            raise ShapeError(f"{node} is {shape[0]}×{shape[1]} and cannot be symmetric")
        names = tuple(self._agent(owner, agents) for owner in owners)
        letter = Letter(name, names, *shape, symmetric)
        general = letter.rename({agent: f"?{k}" for k, agent in enumerate(names)})
        first, shown = self._letters.setdefault(name, (general, node))
        if first != general or node.is_Matrix != shown.is_Matrix:
            raise UnsupportedError(f"two letters of different types are both named {name}")
        return letter

    def _agent(self, node, agents) -> str:
        if node in agents:
            return agents[node]
        name = str(node)
        if self._indices.setdefault(name, node) != node:
            raise UnsupportedError(f"two different indices are both named {node}")
        return name

    def _size(self, node: Any, agents) -> Size:
        if isinstance(node, AppliedUndef):
            size = Size(node.func.__name__, tuple(self._agent(a, agents) for a in node.args))
            kind = node.func
        elif node.is_Integer and node.is_nonnegative:
            return Size(str(node))
        elif node.is_Symbol:
            size, kind = Size(str(node)), node
        else:
            raise UnsupportedError(f"the size {node} is not understood")
        if self._dimensions.setdefault((size.name, len(size.agents)), kind) != kind:
            raise UnsupportedError(f"two different dimensions are both named {size.name}")
        return size

    def _sum(self, node: AgentSum | AgentTotal, agents) -> Poly:
        index = fresh_agent()
        body = self._convert(node.body, {**agents, node.index: index})
        for size in body.shape or ():
            if index in size.agents:
                raise ShapeError(f"the terms of the sum {node} differ in size")
        if len(node.excluded) > 1 and not all(e.is_Integer for e in node.excluded):
            raise UnsupportedError(f"more than one agent is left out of {node}")
        left_out = {self._agent(e, agents) for e in node.excluded}
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
        return self._log_of_number(self._coefficient(poly, f"log({inside})"))

    def _log_of_number(self, coefficient) -> Poly:
        """log of a positive coefficient, split over its irreducible factors."""
        numerator, denominator = sympy.fraction(sympy.together(self.field.to_sympy(coefficient)))
        number, pairs = Fraction(1), []
        for part, sign in ((numerator, 1), (denominator, -1)):
            constant, factors = cast(tuple, sympy.factor_list(part))
            number *= Fraction(int(constant.p), int(constant.q)) ** sign
            pairs += [(factor, sign * power) for factor, power in factors]
        if number < 0:
            odd = next((k for k, (_, power) in enumerate(pairs) if power % 2), None)
            if odd is None:
                raise UnsupportedError(f"the logarithm of {number}")
            pairs[odd] = (-pairs[odd][0], pairs[odd][1])
        primes = sympy.factorint(abs(number.numerator)), sympy.factorint(number.denominator)
        for sign, powers in zip((1, -1), primes, strict=True):
            pairs += [(sympy.Integer(prime), sign * power) for prime, power in powers.items()]
        self._logarithms.update({sympy.srepr(factor): factor for factor, _ in pairs})
        return Poly.collect(
            (
                (Monomial(logs=(LogAtom(sympy.srepr(factor)),)), self.one * int(power))
                for factor, power in pairs
            ),
            None,
        )

    def _log_determinant(self, node, agents) -> Poly:
        value = self.reduce(self._convert(node, agents))
        if value.shape is None or value.shape[0] != value.shape[1]:
            raise ShapeError(f"the determinant of {node} does not exist")
        size = Poly.collect([(Monomial(traces=(Trace((), value.shape[0]),)), self.one)], None)
        product = _square_letters(value)
        if product is None:
            factor, letter = self._name_for(value, node)
            return self._log_letter(letter) + self._log_of_number(factor) * size
        coefficient, letters = product
        total = self._log_of_number(coefficient) * size
        for letter in letters:
            total = total + self._log_letter(letter)
        return total

    def _log_letter(self, letter: Letter) -> Poly:
        sign = -self.one if letter.inverse else self.one
        return Poly.collect([(Monomial(logs=(LogAtom("det", (letter.bare,)),)), sign)], None)

    def _inverse(self, value: Poly, node) -> Poly:
        if value.shape is None or value.shape[0] != value.shape[1]:
            raise ShapeError(f"the inverse of {node} does not exist")
        product = _square_letters(value)
        if product is None:
            coefficient, letter = self._name_for(value, node)
            letters = [letter]
        else:
            coefficient, letters = product
        word = tuple(letter.inv for letter in reversed(letters))
        return Poly.collect([(Monomial(word=word), self.one / coefficient)], value.shape)

    def _name_for(self, value: Poly, node) -> tuple:
        """A letter X and a factor c with value = c·X, an old letter where there is one."""
        if not value:
            raise UnsupportedError(f"{node} is zero and has no inverse")
        free = value.free_agents()
        for named in self._named:
            if len(named.parameters) != len(free):
                continue
            for order in permutations(free):
                names = dict(zip(named.parameters, order, strict=True))
                factor = _ratio(value, named.value.rename(names))
                if factor is not None:
                    return factor, named.letter.rename(names)
        return self.one, self._new_name(value, free)

    def _new_name(self, value: Poly, free: list[str]) -> Letter:
        assert value.shape is not None
        parameters = tuple(f"?{k}" for k in range(len(free)))
        to_parameters = dict(zip(free, parameters, strict=True))
        template = value.rename(to_parameters)
        assert template.shape is not None
        name = f"⟨{len(self._named) + 1}⟩"
        letter = Letter(name, parameters, *template.shape, symmetric=template.T == template)
        self.inverted |= {a.name for monomial in value.terms for a in monomial.letters()}
        self._named.append(_Named(letter, template, parameters))
        rule = self._elimination(template, letter) if self._eliminating else None
        if rule is not None:
            self._rules.append(rule)
            if rule.pattern[0].T != rule.pattern[0] or len(rule.pattern) > 1:
                turned = flipped(rule.pattern)
                if turned != rule.pattern:
                    self._rules.append(_Rule(turned, rule.result.T))
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
            if {x for a in word for x in a.agents} < set(letter.agents):
                continue
            inverses = sum(a.inverse for a in word)
            others = [a.bare.name for k in value.terms if k is not monomial for a in k.letters()]
            if len(word) == 1 and (word[0].bare.name in others or word[0].name in taken):
                continue
            if len(word) == 1 and word[0].symmetric != letter.symmetric:
                continue
            if _overlaps_itself(word):
                continue
            candidates.append(
                (
                    inverses,
                    len(word),
                    -len({a.bare.name for a in word} - set(others)),
                    monomial,
                    coefficient,
                )
            )
        if not candidates:
            return None
        *_, monomial, coefficient = min(candidates, key=lambda c: c[:4])
        whole = Poly.collect([(Monomial(word=(letter,)), self.one)], value.shape)
        rest = Poly({k: c for k, c in value.terms.items() if k != monomial}, value.shape)
        return _Rule(monomial.word or (), (whole - rest).scale(self.one / coefficient))

    # -- rewriting ------------------------------------------------------------------------

    def reduce(self, poly: Poly) -> Poly:
        """Apply X X⁻¹ → 1 and the elimination rules until nothing changes.

        Raises
        ------
        UnsupportedError
            Where rewriting does not seem to end.
        """
        done = Poly({}, poly.shape)
        todo = poly
        for _ in range(REWRITING_PASSES):
            if not todo:
                return done
            if len(todo.terms) > MOST_TERMS:
                raise UnsupportedError(f"multiplied out, it has more than {MOST_TERMS} terms")
            following = Poly({}, poly.shape)
            for monomial, coefficient in todo.terms.items():
                rewritten = self._rewrite(monomial, coefficient, poly.shape)
                if rewritten is None:
                    done.add(Poly({monomial: coefficient}, poly.shape))
                else:
                    following.add(rewritten)
            todo = following
        raise UnsupportedError("rewriting with the rules for the inverses does not terminate")

    def _rewrite(self, monomial: Monomial, coefficient, shape) -> Poly | None:
        if monomial.word:
            place = self._place(monomial.word, cyclic=False)
            if place is not None:
                return _rewritten(monomial._replace(word=()), coefficient, place, shape)
        for k, trace in enumerate(monomial.traces):
            place = self._place(trace.word, cyclic=True)
            if place is not None:
                others = monomial.traces[:k] + monomial.traces[k + 1 :]
                rest = monomial._replace(traces=others)
                return _rewritten(rest, coefficient, place, shape, closed=True)
        return None

    def _place(self, word: Word, cyclic: bool) -> _Place | None:
        """The first part of a word that can be rewritten."""
        present = {letter.name for letter in word}
        rules = [r for r in self._rules if all(a.name in present for a in r.pattern)]
        inverses = any(letter.inverse for letter in word)
        if not (rules or inverses):
            return None
        turns = [word[k:] + word[:k] for k in range(len(word))] if cyclic else [word]
        for turn in turns:
            for k in range(len(turn) - 1) if inverses else ():
                if turn[k].name == turn[k + 1].name and turn[k] == turn[k + 1].inv:
                    size = turn[k].rows
                    unit = Poly({Monomial(word=()): self.one}, (size, size))
                    return _Place(turn[:k], unit, turn[k + 2 :])
            for rule in rules:
                for k in range(len(turn) - len(rule.pattern) + 1):
                    end = k + len(rule.pattern)
                    names = _match(rule.pattern, turn[k:end])
                    if names is not None:
                        self._used[rule.pattern] = rule.result
                        return _Place(turn[:k], rule.result.rename(names), turn[end:])
        return None

    def same(self, lhs, rhs) -> tuple[Any, list[tuple]] | None:
        """The common normal form of two sides and the equations it takes; None where they differ.

        Parameters
        ----------
        lhs, rhs : SymPy expressions among those the language was made of, or products of them
        """
        self._used = {}
        left = self.reduce(self._convert(sympy.sympify(lhs), {}))
        if left != self.reduce(self._convert(sympy.sympify(rhs), {})):
            return None
        # An equation and its transpose are one; what belongs to agents has no fixed letters.
        used, shown = dict(self._used), []
        for pattern, result in used.items():
            first = flipped(pattern) not in used or pattern <= flipped(pattern)
            if first and not any(a.agents for a in pattern):
                word = Poly.collect([(Monomial(word=pattern), self.one)], result.shape)
                shown.append((self.to_sympy(word), self.to_sympy(result)))
        return self.to_sympy(left), shown

    # -- back to SymPy --------------------------------------------------------------------

    def to_sympy(self, poly: Poly) -> Any:
        """A SymPy expression equal to the polynomial."""
        free = poly.free_agents()
        terms = [self._term(k, c, poly.shape, e, free) for k, c, e in _with_exclusions(poly)]
        if poly.shape is None:
            return sympy.Add(*terms)
        if not terms:
            return sympy.ZeroMatrix(*(self._shown_size(s) for s in poly.shape))
        return terms[0] if len(terms) == 1 else sympy.MatAdd(*terms)

    def _term(self, monomial: Monomial, coefficient, shape, excluded: str | None, free: list[str]):
        unused = (name for name in _index_names() if name not in free)
        monomial = monomial.rename(dict(zip(monomial.bound, unused, strict=False)))
        scalars: list = [self._shown_trace(t) for t in monomial.traces]
        scalars += [self._shown_log(a) for a in monomial.logs]
        if monomial.word is None:
            term, kind = sympy.Mul(*scalars), AgentTotal
        else:
            factors = [self._shown_letter(a) for a in monomial.word]
            factors = factors or [sympy.Identity(self._shown_size(shape[0]))]
            scalar = sympy.Mul(*scalars)
            term = _matmul([scalar, *factors] if scalar != 1 else factors)
            kind = AgentSum
        left_out = () if excluded is None else (self._shown_agent(excluded),)
        for bound in monomial.bound:
            term = kind(term, self._shown_agent(bound), left_out)
        factor = self.field.to_sympy(coefficient)
        if kind is AgentTotal:
            return factor * term
        if factor == 1:
            return term
        return sympy.MatMul(factor, *(term.args if isinstance(term, sympy.MatMul) else [term]))

    def _shown_trace(self, trace: Trace):
        if not trace.word:
            if trace.size == AGENTS:
                return AgentTotal(sympy.Integer(1), self._shown_agent("j"))
            return self._shown_size(trace.size)
        (letter, *others) = trace.word
        if not others and not self._is_named(letter):
            shown = self._base(letter)
            if not shown.is_Matrix:
                return shown
        number = next((k for k, a in enumerate(trace.word) if a.rows == ONE), 0)
        turned = trace.word[number:] + trace.word[:number]
        return sympy.Trace(_matmul([self._shown_letter(a) for a in turned]))

    def _shown_log(self, atom: LogAtom):
        if atom.letters:
            return sympy.log(sympy.Determinant(self._shown_letter(atom.letters[0])))
        return sympy.log(self._logarithms[atom.text])

    def _shown_agent(self, name: str):
        if name in self._indices:
            return self._indices[name]
        if name.isdigit():
            return sympy.Integer(int(name))
        return sympy.Symbol(name, integer=True, positive=True)

    def _shown_size(self, size: Size):
        if size.name.isdigit():
            return sympy.Integer(int(size.name))
        kind = self._dimensions[size.name, len(size.agents)]
        return kind(*(self._shown_agent(a) for a in size.agents)) if size.agents else kind

    def _shown_letter(self, letter: Letter):
        shown = self._base(letter)
        if letter.transposed:
            shown = sympy.Transpose(shown)
        return sympy.Inverse(shown) if letter.inverse else shown

    def _is_named(self, letter: Letter) -> bool:
        return any(named.letter.name == letter.name for named in self._named)

    def _base(self, letter: Letter):
        for named in self._named:
            if named.letter.name == letter.name:
                return self._named_as_sympy(named, letter)
        _, node = self._letters[letter.name]
        owners = [self._shown_agent(agent) for agent in letter.agents]
        if isinstance(node, AgentMatrix):
            bare = letter.bare
            rows, cols = (self._shown_size(side) for side in (bare.rows, bare.cols))
            return AgentMatrix(node.name, owners[0], rows, cols)
        return node.func(*owners) if isinstance(node, AppliedUndef) else node

    def _named_as_sympy(self, named: _Named, letter: Letter):
        """The user's own letter where a definition has this value, else the sum itself."""
        value = named.value.rename(dict(zip(named.parameters, letter.agents, strict=True)))
        wanted = self.reduce(value)
        for template, expression in (d for same in self._definitions.values() for d in same):
            if not template.is_Matrix:
                continue
            owners = [owner for owner in owners_of(template) if owner.is_Symbol]
            for agents in [letter.agents] if len(owners) == len(letter.agents) else []:
                indices = dict(zip(owners, agents, strict=True))
                if self.reduce(self._convert(sympy.sympify(expression), indices)) == wanted:
                    shown = {owner: self._shown_agent(a) for owner, a in indices.items()}
                    return template.subs(shown)
        return self.to_sympy(value)


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


def _rewritten(rest: Monomial, coefficient, place: _Place, shape, *, closed: bool = False) -> Poly:
    """What is left of a monomial times the rewritten word, or its trace if that is `closed`."""
    before, value, after = place
    assert value.shape is not None
    pairs = []
    for inner, factor in value.terms.items():
        inner = apart(inner)
        word, traces = before + (inner.word or ()) + after, rest.traces + inner.traces
        if closed:
            word, traces = rest.word, (*traces, Trace(word, value.shape[0]))
        term = Monomial(traces, rest.logs + inner.logs, word, rest.bound + inner.bound)
        pairs.append((term, coefficient * factor))
    return Poly.collect(pairs, shape)


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
    turned = flipped(word)
    return any(word[:k] in (word[-k:], turned[-k:]) for k in range(1, len(word))) and word != turned


def _ratio(value: Poly, other: Poly):
    if value.shape != other.shape or set(value.terms) != set(other.terms):
        return None
    first, *others = (value.terms[k] / other.terms[k] for k in value.terms)
    return first if all(ratio == first for ratio in others) else None


def _total(polys: list[Poly]) -> Poly:
    total = Poly(polys[0].terms, polys[0].shape)
    for poly in polys[1:]:
        total.add(poly)
    return total


def _product(polys: list[Poly]) -> Poly:
    total = polys[0]
    for poly in polys[1:]:
        if len(total.terms) * len(poly.terms) > MOST_PRODUCTS:
            raise UnsupportedError(f"multiplied out, it has more than {MOST_PRODUCTS} terms")
        if _length(total) + _length(poly) > MOST_LETTERS:
            raise UnsupportedError(
                f"multiplied out, it has products of more than {MOST_LETTERS} letters"
            )
        total = total * poly
    return total


def _length(poly: Poly) -> int:
    """The letters of the longest word."""
    return max((len(monomial.word or ()) for monomial in poly.terms), default=0)


def _matmul(factors: list):
    return factors[0] if len(factors) == 1 else sympy.MatMul(*factors)


def _square_letters(value: Poly) -> tuple | None:
    """Coefficient and letters of a product of square letters, else None."""
    if len(value.terms) != 1:
        return None
    ((monomial, coefficient),) = value.terms.items()
    letters = list(monomial.word or ())
    if value.shape == (ONE, ONE) and all(len(t.word) == 1 for t in monomial.traces):
        letters += [t.word[0] for t in monomial.traces]
    elif monomial.traces:
        return None
    if monomial.logs or monomial.bound or any(a.rows != a.cols for a in letters):
        return None
    return coefficient, letters


def _index_names() -> Iterable[str]:
    return chain("jklnh", (f"j_{k}" for k in count(1)))


def _generators(expression) -> set:
    """The scalar symbols of an expression; sizes, agents' numbers and matrix letters aside."""
    found: set = set()
    stack = [sympy.sympify(expression)]
    while stack:
        node = stack.pop()
        if isinstance(node, sympy.MatrixSymbol | sympy.Identity | sympy.ZeroMatrix | Str):
            continue
        if node in (sympy.pi, sympy.E) or isinstance(node, sympy.Symbol | AppliedUndef):
            if not node.is_integer and not belongs_to_agents(node):
                found.add(node)
            continue
        stack.extend(node.args)
    return found
