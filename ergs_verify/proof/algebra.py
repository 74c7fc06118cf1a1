"""Statements multiplied out in the free algebra, and back to SymPy.

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

from ergs_verify.errors import UnsupportedError
from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal
from ergs_verify.proof.letters import owners_of
from ergs_verify.proof.nodes import Term
from ergs_verify.proof.scalars import AGENTS as ALL
from ergs_verify.proof.scalars import Quotient
from ergs_verify.proof.statement import Statement
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
        definitions = definitions or {}
        self._eliminating = eliminating
        self._definitions = definitions
        self._statement = Statement(expressions, definitions, symmetric)
        self.one = self._statement.scalars.one
        self.inverted: set[str] = set()
        self._rules: list[_Rule] = []
        self._used: dict[Word, Poly] = {}
        self._named: list[_Named] = []
        self._logarithms: dict[str, Any] = {}
        # Every inverse brings a rule; later conversions must all see the same ones.
        self._nodes: dict[int, Poly] = {}
        self._converted: dict[Any, Poly] = {}
        # Most rules are known after the inverses themselves, which saves a pass.
        everything = [*map(sympy.sympify, (*expressions, *definitions.values()))]
        inverses = set().union(*(e.atoms(sympy.Inverse) for e in everything))
        for inverse in sympy.ordered(inverses):
            self.poly(inverse)
        for _ in range(NAMING_PASSES):
            names = len(self._named)
            self._nodes, self._converted = {}, {}
            converted = {e: self.poly(e) for e in everything}
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
        return self.reduce(self._read(expression)) if known is None else known

    def scalar(self, expression) -> Quotient:
        """A rational function of scalars."""
        return self._statement.scalar(expression)

    def _read(self, expression, agents: Mapping | None = None) -> Poly:
        found = self._statement.convert(expression, agents or {})
        return self._of(found) if isinstance(found, int) else _total([*map(self._term, found)])

    def _term(self, term: Term) -> Poly:
        match term.kind:
            case "one":
                atom = self._number(self.one)
            case "log":
                atom = self._log_of_number(term.of)
            case "trace":
                atom = self.reduce(self._of(term.of)).trace()
            case "log det":
                atom = self._log_determinant(term.of)
            case _:
                raise UnsupportedError("a determinant is known in a logarithm alone")
        return _product([self._number(term.coefficient), atom]).sum_over(*term.over)

    def _of(self, number: int) -> Poly:
        """A node of the statement."""
        if number not in self._nodes:
            self._nodes[number] = self._multiplied_out(number)
        return self._nodes[number]

    def _multiplied_out(self, number: int) -> Poly:
        shape = cast(tuple[Size, Size], tuple(map(_size, self._statement.shapes[number])))
        match self._statement.nodes[number]:
            case ("letter", name, agent, *_):
                agents = () if agent is None else (agent,)
                letter = Letter(name, agents, *shape, name in self._statement.symmetric)
                return Poly.collect([(Monomial(word=(letter,)), self.one)], shape)
            case ("identity", _):
                return Poly({Monomial(word=()): self.one}, shape)
            case ("zero", *_):
                return Poly({}, shape)
            case ("add", *parts):
                return _total([*map(self._of, parts)])
            case ("multiply", *parts):
                return _product([*map(self._of, parts)])
            case ("scale", factor, a):
                return _product([self._number(self._statement.factors[factor]), self._of(a)])
            case ("times", factor, a):
                return _product([self._of(factor).trace(), self._of(a)])
            case ("transpose", a):
                return self._of(a).T
            case ("inverse", a):
                return self._inverse(self.reduce(self._of(a)))
            case ("sum", index, a):
                return self._of(a).sum_over(index)
            case ("log", factor):
                atom = self._term(Term(self.one, "log", self._statement.factors[factor]))
            case node:
                atom = self._term(Term(self.one, *node))
        return Poly({k._replace(word=()): c for k, c in atom.terms.items()}, (ONE, ONE))

    def _number(self, value: Quotient) -> Poly:
        """A scalar. Sizes are traces of identities, as they may belong to agents of a sum."""
        K, is_size = self._statement.scalars, self._statement.is_size
        above, below = (K.terms(part) for part in K.parts(value))
        if not any(is_size(name) for _, *names in (*above, *below) for name in names):
            return Poly({Monomial(): value} if value else {}, None)
        if any(is_size(name) for _, *names in below for name in names):
            raise UnsupportedError(f"{self.shown_scalar(value)} divides by a size")
        total, over = Poly({}, None), self.one / K.parts(value)[1]
        for c, *names in above:
            factor = K.number(Fraction(c)) * over
            sizes = [self._counted(name) for name in names if is_size(name)]
            for name in (name for name in names if not is_size(name)):
                factor = factor * K.generator(name)
            total.add(_product([Poly({Monomial(): factor}, None), *sizes]))
        return total

    def _counted(self, name: str) -> Poly:
        """A size, or its sum over all agents."""
        size = AGENTS if name == ALL else _size(name)
        bound = tuple(fresh_agent() for agent in size.agents if agent == "Σ")
        trace = Trace((), size._replace(agents=bound or size.agents))
        return Poly.collect([(Monomial(traces=(trace,), bound=bound), self.one)], None)

    # -- logarithms and inverses ----------------------------------------------------------

    def _log_of_number(self, coefficient) -> Poly:
        """log of a positive coefficient, split over its irreducible factors."""
        shown = self.shown_scalar(coefficient)
        if self._number(coefficient).terms.keys() != {Monomial()}:
            raise UnsupportedError(f"log({shown}) is more than a rational function of scalars")
        numerator, denominator = sympy.fraction(sympy.together(shown))
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

    def _log_determinant(self, number: int) -> Poly:
        value = self.reduce(self._of(number))
        assert value.shape is not None
        size = Poly.collect([(Monomial(traces=(Trace((), value.shape[0]),)), self.one)], None)
        product = _square_letters(value)
        if product is None:
            factor, letter = self._name_for(value)
            return self._log_letter(letter) + self._log_of_number(factor) * size
        coefficient, letters = product
        total = self._log_of_number(coefficient) * size
        for letter in letters:
            total = total + self._log_letter(letter)
        return total

    def _log_letter(self, letter: Letter) -> Poly:
        sign = -self.one if letter.inverse else self.one
        return Poly.collect([(Monomial(logs=(LogAtom("det", (letter.bare,)),)), sign)], None)

    def _inverse(self, value: Poly) -> Poly:
        assert value.shape is not None
        atoms = [t for k in value.terms for t in k.traces]
        if value.shape == (ONE, ONE) and any(all(a.rows != ONE for a in t.word) for t in atoms):
            raise UnsupportedError(f"{self.to_sympy(value)} is divided by")
        product = _square_letters(value)
        if product is None:
            coefficient, letter = self._name_for(value)
            letters = [letter]
        else:
            coefficient, letters = product
        word = tuple(letter.inv for letter in reversed(letters))
        return Poly.collect([(Monomial(word=word), self.one / coefficient)], value.shape)

    def _name_for(self, value: Poly) -> tuple:
        """A letter X and a factor c with value = c·X, an old letter where there is one."""
        if not value:
            raise UnsupportedError("a matrix that is zero has no inverse")
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
        self._used, self._nodes = {}, {}
        left = self.reduce(self._read(lhs))
        if left != self.reduce(self._read(rhs)):
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
        terms = [self._shown_term(k, c, poly.shape, e, free) for k, c, e in _with_exclusions(poly)]
        if poly.shape is None:
            return sympy.Add(*terms)
        if not terms:
            return sympy.ZeroMatrix(*(self._shown_size(s) for s in poly.shape))
        return terms[0] if len(terms) == 1 else sympy.MatAdd(*terms)

    def _shown_term(
        self, monomial: Monomial, coefficient, shape, excluded: str | None, free: list[str]
    ):
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
        factor = self.shown_scalar(coefficient)
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

    def shown_scalar(self, value: Quotient) -> Any:
        """The SymPy expression of a coefficient."""
        return self._statement.scalars.to_sympy(value, self._shown_name)

    def _shown_name(self, name: str) -> Any:
        if name == ALL:
            return self._shown_trace(Trace((), AGENTS))
        if self._statement.is_size(name):
            return self._shown_size(_size(name))
        constants = {"pi": sympy.pi, "E": sympy.E}
        return constants.get(name) or self._statement.meant["size", name]

    def _shown_agent(self, name: str):
        if name.isdigit():
            return sympy.Integer(int(name))
        free = sympy.Symbol(name, integer=True, positive=True)
        return self._statement.meant.get(("agent", name), free)

    def _shown_size(self, size: Size):
        if size.name.isdigit():
            return sympy.Integer(int(size.name))
        kind = self._statement.meant["size", size.name + "()" * bool(size.agents)]
        return kind(*map(self._shown_agent, size.agents)) if size.agents else kind

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
        node = self._statement.meant["letter", letter.name]
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
        for template, expression in self._definitions.items():
            if not template.is_Matrix:
                continue
            owners = [owner for owner in owners_of(template) if owner.is_Symbol]
            for agents in [letter.agents] if len(owners) == len(letter.agents) else []:
                indices = dict(zip(owners, agents, strict=True))
                if self.reduce(self._read(expression, indices)) == wanted:
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


def _size(text: str) -> Size:
    """A size as it stands in a statement."""
    if " + " in text or "*" in text:
        raise UnsupportedError(f"the size {text} is not understood")
    name, _, agent = text.partition("(")
    return Size(name, (agent[:-1],) if agent else ())


def _ratio(value: Poly, other: Poly):
    if value.shape != other.shape or set(value.terms) != set(other.terms):
        return None
    first, *others = (value.terms[k] / other.terms[k] for k in value.terms)
    return first if all(ratio == first for ratio in others) else None


def _total(polys: list[Poly]) -> Poly:
    total = Poly(polys[0].terms, polys[0].shape) if polys else Poly({}, None)
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
    if value.shape == (ONE, ONE) and all(
        len(t.word) == 1 and t.word[0].rows == ONE for t in monomial.traces
    ):
        letters += [t.word[0] for t in monomial.traces]
    elif monomial.traces:
        return None
    if monomial.logs or monomial.bound or any(a.rows != a.cols for a in letters):
        return None
    return coefficient, letters


def _index_names() -> Iterable[str]:
    return chain("jklnh", (f"j_{k}" for k in count(1)))
