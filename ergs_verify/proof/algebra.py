"""Statements multiplied out in the free algebra, and back to SymPy.

Every inverse of a sum gets a letter X of its own, and X X⁻¹ → 1 and X⁻¹X → 1 are rewritten. (Where
a proof is to be read, `elimination` has more rules.) Rewriting preserves value, so a zero normal
form is a proof wherever the inverses exist; a nonzero one says nothing: `realize` decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise, permutations
from typing import Any, NamedTuple, cast

import sympy

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.nodes import Term
from ergs_verify.proof.scalars import AGENTS as ALL
from ergs_verify.proof.scalars import Quotient
from ergs_verify.proof.shown import Named, Shown
from ergs_verify.proof.statement import Statement
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
    Word,
    apart,
    fresh_agent,
    size_of,
)

# Rewriting that goes on for longer than this is taken not to end (the longest derivation of the
# paper needs fewer than 20 passes).
REWRITING_PASSES = 50
MOST_TERMS = 5000
MOST_PRODUCTS = 10_000
MOST_LETTERS = 500


class Place(NamedTuple):
    """A part of a word that can be rewritten: what stands before it, its value, and what after."""

    before: Word
    value: Poly
    after: Word


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

    Attributes
    ----------
    inverted : set of str
        Names of the letters inside inverses and log determinants of sums: expressions may depend
        on them although they do not show.
    """

    def __init__(self, expressions: Iterable, definitions: Mapping | None = None, symmetric=()):
        self.definitions = definitions or {}
        self.statement = Statement(expressions, self.definitions, symmetric)
        self.one = self.statement.scalars.one
        self.inverted: set[str] = set()
        self.named: dict[str, Named] = {}
        self.logarithms: dict[str, Any] = {}
        self._nodes: dict[int, Poly] = {}
        everything = [*map(sympy.sympify, (*expressions, *self.definitions.values()))]
        inverses = set().union(*(e.atoms(sympy.Inverse) for e in everything))
        for expression in (*sympy.ordered(inverses), *everything):
            self.poly(expression)

    # -- from SymPy -----------------------------------------------------------------------

    def poly(self, expression) -> Poly:
        """The normal form of a scalar or matrix expression.

        Raises
        ------
        ShapeError
            Where sizes do not fit.
        UnsupportedError
            Where the expression leaves the language (Hadamard products, …).
        """
        return self.reduce(self.read(expression))

    def scalar(self, expression) -> Quotient:
        """A rational function of scalars."""
        return self.statement.scalar(expression)

    def read(self, expression, agents: Mapping | None = None) -> Poly:
        """An expression multiplied out; `agents` are names of indices."""
        found = self.statement.convert(expression, agents or {})
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
                atom = self._determinant(term.of)
        return _product([self._number(term.coefficient), atom]).sum_over(*term.over)

    def word(self, word: Word, size: Size = ONE) -> Poly:
        """A word as a polynomial; the empty one is an identity of this size."""
        shape = (word[0].rows, word[-1].cols) if word else (size, size)
        return Poly.collect([(Monomial(word=word), self.one)], shape)

    def read_anew(self) -> None:
        """Forget what was multiplied out, as it may be rewritten otherwise now."""
        self._nodes = {}

    def _of(self, number: int) -> Poly:
        """A node of the statement."""
        if number not in self._nodes:
            self._nodes[number] = self._multiplied_out(number)
        return self._nodes[number]

    def _multiplied_out(self, number: int) -> Poly:
        shape = cast(tuple[Size, Size], tuple(map(size_of, self.statement.shapes[number])))
        match self.statement.nodes[number]:
            case ("letter", name, agent, *_):
                agents = () if agent is None else (agent,)
                letter = Letter(name, agents, *shape, name in self.statement.symmetric)
                return self.word((letter,))
            case ("identity", _):
                return self.word((), shape[0])
            case ("zero", *_):
                return Poly({}, shape)
            case ("add", *parts):
                return _total([*map(self._of, parts)])
            case ("multiply", *parts):
                return _product([*map(self._of, parts)])
            case ("scale", factor, a):
                return _product([self._number(self.statement.factors[factor]), self._of(a)])
            case ("times", factor, a):
                return _product([self._of(factor).trace(), self._of(a)])
            case ("transpose", a):
                return self._of(a).T
            case ("inverse", a):
                return self._inverse(self.reduce(self._of(a)))
            case ("sum", index, a):
                return self._of(a).sum_over(index)
            case ("log", factor):
                atom = self._term(Term(self.one, "log", self.statement.factors[factor]))
            case node:
                atom = self._term(Term(self.one, *node))
        return Poly({k._replace(word=()): c for k, c in atom.terms.items()}, (ONE, ONE))

    def _number(self, value: Quotient) -> Poly:
        """A scalar. Sizes are traces of identities, as they may belong to agents of a sum."""
        K, is_size = self.statement.scalars, self.statement.is_size
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
        size = AGENTS if name == ALL else size_of(name)
        bound = tuple(fresh_agent() for agent in size.agents if agent == "Σ")
        return self.word((), size._replace(agents=bound or size.agents)).trace().sum_over(*bound)

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
        self.logarithms.update({sympy.srepr(factor): factor for factor, _ in pairs})
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
        size = self.word((), value.shape[0]).trace()
        coefficient, letters = _square_letters(value) or self._named(value)
        total = self._log_of_number(coefficient) * size
        for letter in letters:
            total = total + self._log_letter(letter)
        return total

    def _determinant(self, number: int) -> Poly:
        value = self.reduce(self._of(number))
        factor, letters = _square_letters(value) or self._named(value)
        if factor != self.one or any(letter.inverse for letter in letters):
            raise UnsupportedError("the determinant of a multiple or of an inverse, in a sum")
        atoms = tuple(LogAtom(DETERMINANT, (letter.bare,)) for letter in letters)
        return Poly.collect([(Monomial(logs=atoms), self.one)], None)

    def _log_letter(self, letter: Letter) -> Poly:
        sign = -self.one if letter.inverse else self.one
        return Poly.collect([(Monomial(logs=(LogAtom("det", (letter.bare,)),)), sign)], None)

    def _inverse(self, value: Poly) -> Poly:
        assert value.shape is not None
        coefficient, letters = _square_letters(value) or self._named(value)
        word = tuple(letter.inv for letter in reversed(letters))
        return Poly.collect([(Monomial(word=word), self.one / coefficient)], value.shape)

    def _named(self, value: Poly) -> tuple[Any, list[Letter]]:
        """A factor c and a letter X with value = c·X, an old letter where there is one."""
        if not value:
            raise UnsupportedError("a matrix that is zero has no inverse")
        free = value.free_agents()
        for named in self.named.values():
            if len(named.parameters) != len(free):
                continue
            for order in permutations(free):
                names = dict(zip(named.parameters, order, strict=True))
                factor = _ratio(value, named.value.rename(names))
                if factor is not None:
                    return factor, [named.letter.rename(names)]
        return self.one, [self._new_letter(value, free)]

    def _new_letter(self, value: Poly, free: list[str]) -> Letter:
        assert value.shape is not None
        parameters = tuple(f"?{k}" for k in range(len(free)))
        to_parameters = dict(zip(free, parameters, strict=True))
        template = value.rename(to_parameters)
        assert template.shape is not None
        name = f"⟨{len(self.named) + 1}⟩"
        letter = Letter(name, parameters, *template.shape, symmetric=template.T == template)
        self.inverted |= {a.name for monomial in value.terms for a in monomial.letters()}
        self.new_name(template, letter, parameters)
        return letter.rename(dict(zip(parameters, free, strict=True)))

    def new_name(self, value: Poly, letter: Letter, parameters: tuple[str, ...]) -> None:
        """Note what a new letter stands for."""
        self.named[letter.name] = Named(letter, value, parameters)

    # -- rewriting ------------------------------------------------------------------------

    def reduce(self, poly: Poly) -> Poly:
        """Apply X X⁻¹ → 1, and what else is rewritten, until nothing changes.

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
        return self._cancelled(monomial, coefficient, shape)

    def _cancelled(self, monomial: Monomial, coefficient, shape) -> Poly | None:
        """s⁻¹·s → 1 for a 1×1 letter, or a scalar of one term, as numbers commute."""
        for trace in monomial.traces:
            letter = trace.word[0] if trace.word else None
            if letter is None or letter.rows != ONE or not letter.inverse:
                continue
            value = Poly({Monomial(traces=(Trace((letter.inv,), ONE),)): self.one}, None)
            if named := self.named.get(letter.name):
                value = named.value.rename(dict(zip(named.parameters, letter.agents, strict=True)))
            (own, factor), *others = value.terms.items()
            left = Counter(monomial.traces)
            left.subtract((trace, *own.traces))
            if not (others or own.logs or own.bound) and min(left.values()) >= 0:
                rest = monomial._replace(traces=tuple(left.elements()))
                return Poly.collect([(rest, coefficient / factor)], shape)
        return None

    def _place(self, word: Word, cyclic: bool) -> Place | None:
        """The first part of a word that can be rewritten."""
        turns = (word[k:] + word[:k] for k in range(len(word))) if cyclic else (word,)
        return next((found for turn in turns if (found := self.place_in(turn))), None)

    def place_in(self, word: Word) -> Place | None:
        """Where an inverse meets its letter."""
        for k, (left, right) in enumerate(pairwise(word)):
            if left.name == right.name and left == right.inv:
                return Place(word[:k], self.word((), left.rows), word[k + 2 :])
        return None

    # -- back to SymPy --------------------------------------------------------------------

    def to_sympy(self, poly: Poly) -> Any:
        """A SymPy expression equal to the polynomial."""
        return Shown(self).poly(poly)

    def shown_scalar(self, value: Quotient) -> Any:
        """The SymPy expression of a coefficient."""
        return Shown(self).scalar(value)


def _rewritten(rest: Monomial, coefficient, place: Place, shape, *, closed: bool = False) -> Poly:
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
