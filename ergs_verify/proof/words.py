"""Polynomials in typed, noncommuting letters, with traces, log determinants and sums over agents.

A monomial is a product of scalar factors (traces of cyclic words, logarithms) and at most one
word of matrix letters; bound agent indices are part of it. Every monomial has one canonical
form: traces up to rotation and transposition, bound indices up to renaming, a word cut wherever
a 1×1 boundary makes part of it a number. Two polynomials in canonical form are equal in the free
algebra, for every size and number of agents, if and only if their dictionaries are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count, islice, pairwise, permutations
from typing import Any, NamedTuple

from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.proof.nodes import typed


class Size(NamedTuple):
    """A matrix dimension such as m, p_i or 3."""

    name: str
    agents: tuple[str, ...] = ()

    def rename(self, names: Mapping[str, str]) -> Size:
        agents = _renamed(self.agents, names)
        return self if agents is self.agents else Size(self.name, agents)

    def __str__(self) -> str:
        return self.name + "".join(f"({a})" for a in self.agents)


def size_of(text: str) -> Size:
    """A size as it stands in a statement."""
    if " + " in text or "*" in text:
        raise UnsupportedError(f"the size {text} is not understood")
    name, _, agent = text.partition("(")
    return Size(name, (agent[:-1],) if agent else ())


ONE = Size("1")
AGENTS = Size("#agents")
"""The number of agents; not a name that a dimension of the user's can have."""


class Letter(NamedTuple):
    """An indeterminate matrix, possibly transposed or inverted, of the agents it belongs to."""

    name: str
    agents: tuple[str, ...]
    rows: Size
    cols: Size
    symmetric: bool = False
    transposed: bool = False
    inverse: bool = False

    @property
    def T(self) -> Letter:
        if self.symmetric:
            return self
        name, agents, rows, cols, _, transposed, inverse = self
        return Letter(name, agents, cols, rows, False, not transposed, inverse)

    @property
    def inv(self) -> Letter:
        name, agents, rows, cols, symmetric, transposed, inverse = self
        return Letter(name, agents, cols, rows, symmetric, transposed, not inverse)

    @property
    def bare(self) -> Letter:
        letter = self.T if self.transposed else self
        return letter.inv if letter.inverse else letter

    def rename(self, names: Mapping[str, str]) -> Letter:
        name, agents, rows, cols, *kind = self
        renamed = _renamed(agents, names), rows.rename(names), cols.rename(names)
        if renamed[0] is agents and renamed[1] is rows and renamed[2] is cols:
            return self
        return Letter(name, *renamed, *kind)


Word = tuple[Letter, ...]


class Trace(NamedTuple):
    """The trace of a cyclic word; of an empty one, the size of its identity."""

    word: Word
    size: Size

    def rename(self, names: Mapping[str, str]) -> Trace:
        return Trace(tuple(a.rename(names) for a in self.word), self.size.rename(names))


DETERMINANT = "determinant"


class LogAtom(NamedTuple):
    """det or log det of a letter, or the logarithm of a scalar's irreducible factor."""

    text: str
    letters: Word = ()

    def rename(self, names: Mapping[str, str]) -> LogAtom:
        return LogAtom(self.text, tuple(a.rename(names) for a in self.letters))


class Monomial(NamedTuple):
    """traces · logs · word, summed over the bound agents; `word` is None in a scalar."""

    traces: tuple[Trace, ...] = ()
    logs: tuple[LogAtom, ...] = ()
    word: Word | None = None
    bound: tuple[str, ...] = ()

    def rename(self, names: Mapping[str, str]) -> Monomial:
        return Monomial(
            tuple(t.rename(names) for t in self.traces),
            tuple(a.rename(names) for a in self.logs),
            None if self.word is None else tuple(a.rename(names) for a in self.word),
            _renamed(self.bound, names),
        )

    def agents(self) -> set[str]:
        """Every agent index that occurs, bound or free."""
        found: set[str] = set()
        for trace in self.traces:
            found.update(trace.size.agents)
        for letter in self.letters():
            found.update(letter.agents)
        return found

    def letters(self) -> Iterable[Letter]:
        for trace in self.traces:
            yield from trace.word
        for atom in self.logs:
            yield from atom.letters
        yield from self.word or ()


class Poly:
    """A polynomial with coefficients in a field, a scalar or a matrix of a given type.

    Parameters
    ----------
    terms : mapping from canonical monomials to nonzero coefficients
    shape : (Size, Size) or None
        None for a scalar.
    """

    __slots__ = ("shape", "terms")

    def __init__(self, terms: Mapping[Monomial, Any], shape: tuple[Size, Size] | None):
        self.terms = dict(terms)
        self.shape = shape

    @classmethod
    def collect(cls, pairs: Iterable[tuple[Monomial, Any]], shape) -> Poly:
        """Bring monomials into canonical form and add up like ones."""
        terms: dict[Monomial, Any] = {}
        for monomial, coefficient in pairs:
            key, factor = _without_numbers(canonical(monomial, shape))
            if factor != 1:
                coefficient = coefficient * factor
            total = terms.get(key)
            terms[key] = coefficient if total is None else total + coefficient
        return cls({k: c for k, c in terms.items() if c}, shape)

    def __eq__(self, other) -> bool:
        return isinstance(other, Poly) and (self.terms, self.shape) == (other.terms, other.shape)

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __neg__(self) -> Poly:
        return Poly({k: -c for k, c in self.terms.items()}, self.shape)

    def add(self, other: Poly) -> None:
        """Add another one to this one, in place."""
        if self.shape != other.shape:
            raise ShapeError(f"cannot add {typed(self.shape)} and {typed(other.shape)}")
        terms = self.terms
        for key, coefficient in other.terms.items():
            known = terms.get(key)
            total = coefficient if known is None else known + coefficient
            if total:
                terms[key] = total
            else:
                del terms[key]

    def __add__(self, other: Poly) -> Poly:
        total = Poly(self.terms, self.shape)
        total.add(other)
        return total

    def __sub__(self, other: Poly) -> Poly:
        return self + (-other)

    def scale(self, factor) -> Poly:
        return Poly({k: c * factor for k, c in self.terms.items()} if factor else {}, self.shape)

    def __mul__(self, other: Poly) -> Poly:
        """Product of scalars, a scalar and a matrix, or two matrices."""
        shape = self.shape or other.shape
        if self.shape and other.shape:
            if self.shape[1] != other.shape[0]:
                raise ShapeError(f"cannot multiply {typed(self.shape)} and {typed(other.shape)}")
            shape = (self.shape[0], other.shape[1])
        others = [(apart(b), d) for b, d in other.terms.items()]
        return Poly.collect(
            ((_joined(a, b), c * d) for a, c in self.terms.items() for b, d in others), shape
        )

    @property
    def T(self) -> Poly:
        if self.shape is None:
            return self
        return Poly.collect(
            ((k._replace(word=flipped(k.word or ())), c) for k, c in self.terms.items()),
            (self.shape[1], self.shape[0]),
        )

    def trace(self) -> Poly:
        if self.shape is None or self.shape[0] != self.shape[1]:
            raise ShapeError(f"the trace of {typed(self.shape)} does not exist")
        size = self.shape[0]
        return Poly.collect(
            (
                (k._replace(word=None, traces=(*k.traces, Trace(k.word or (), size))), c)
                for k, c in self.terms.items()
            ),
            None,
        )

    def sum_over(self, *indices: str) -> Poly:
        """Bind agent indices that occur freely."""
        return Poly.collect(
            ((k._replace(bound=k.bound + indices), c) for k, c in self.terms.items()), self.shape
        )

    def rename(self, names: Mapping[str, str]) -> Poly:
        """Give free agent indices other names."""
        shape = self.shape and (self.shape[0].rename(names), self.shape[1].rename(names))
        taken = {*names, *names.values()}
        terms = ((k if taken.isdisjoint(k.bound) else apart(k), c) for k, c in self.terms.items())
        return Poly.collect(((k.rename(names), c) for k, c in terms), shape)

    def free_agents(self) -> list[str]:
        """Free agent indices, sorted."""
        found: set[str] = set()
        for monomial in self.terms:
            found |= monomial.agents() - set(monomial.bound)
        for size in self.shape or ():
            found.update(size.agents)
        return sorted(found)


def canonical(monomial: Monomial, shape) -> Monomial:
    """The one representative of a monomial."""
    if not monomial.bound:
        return _tidy(monomial, shape)
    used = monomial.agents()
    bound = tuple(b for b in monomial.bound if b in used)
    # A sum over an index that no letter carries counts the agents.
    idle = (Trace((), AGENTS),) * (len(monomial.bound) - len(bound))
    monomial = monomial._replace(traces=monomial.traces + idle, bound=bound)
    if not bound:
        return _tidy(monomial, shape)
    # An index of a sum that was opened is free, and may be called so already.
    free = used.difference(bound)
    names = list(islice((n for k in count(1) if (n := f"#{k}") not in free), len(bound)))
    return min(
        _tidy(monomial.rename(dict(zip(order, names, strict=True))), shape)._replace(
            bound=tuple(names)
        )
        for order in permutations(bound)
    )


def _without_numbers(monomial: Monomial) -> tuple[Monomial, int]:
    """Traces of identities whose size is a number, as that number."""
    factor, kept = 1, []
    for trace in monomial.traces:
        if not trace.word and trace.size.name.isdigit():
            factor *= int(trace.size.name)
        else:
            kept.append(trace)
    if len(kept) == len(monomial.traces):
        return monomial, 1
    return monomial._replace(traces=tuple(kept)), factor


def _tidy(monomial: Monomial, shape) -> Monomial:
    """Canonical form up to the naming of bound indices."""
    traces: list[Trace] = []
    for trace in monomial.traces:
        traces.extend(_pieces(trace))
    word = monomial.word
    if word is not None:
        word, scalars = _without_scalars(word, shape)
        for piece in scalars:
            traces.append(_least_rotation(piece))
    return Monomial(tuple(sorted(traces)), tuple(sorted(monomial.logs)), word, monomial.bound)


def _pieces(trace: Trace) -> list[Trace]:
    """A trace, cut at its 1×1 boundaries into traces that multiply."""
    word = trace.word
    if not word:
        return [] if trace.size == ONE else [trace]
    cuts = [k for k, letter in enumerate(word) if letter.rows == ONE]
    if len(cuts) <= 1:
        return [_least_rotation(word)]
    pieces = []
    for start, stop in zip(cuts, [*cuts[1:], cuts[0] + len(word)], strict=True):
        pieces.append(_least_rotation((word + word)[start:stop]))
    return pieces


def _without_scalars(word: Word, shape) -> tuple[Word, list[Word]]:
    """Pull the parts of a word that are numbers out of it."""
    cuts = [k for k, letter in enumerate(word) if letter.rows == ONE]
    if word and word[-1].cols == ONE:
        cuts.append(len(word))
    if len(cuts) < 2:
        return word, []
    pieces = [word[a:b] for a, b in pairwise(cuts)]
    return word[: cuts[0]] + word[cuts[-1] :], pieces


def _least_rotation(word: Word) -> Trace:
    turns = [w[k:] + w[:k] for w in (word, flipped(word)) for k in range(len(word))]
    return Trace(min(turns), ONE)


def flipped(word: Word) -> Word:
    """The transpose of a word."""
    return tuple(letter.T for letter in reversed(word))


def opened_at_number(trace: Trace) -> Word:
    """The cyclic word turned so that it starts at its 1×1 boundary.

    Raises
    ------
    UnsupportedError
        Where it has none.
    """
    for k, letter in enumerate(trace.word):
        if letter.rows == ONE:
            return trace.word[k:] + trace.word[:k]
    raise UnsupportedError("the letter is not a column")


_counter = 0


def fresh_agent() -> str:
    """An agent index that occurs nowhere else."""
    global _counter
    _counter += 1
    return f"~~{_counter}"


def apart(monomial: Monomial) -> Monomial:
    """Bound indices renamed, so that another monomial's cannot be captured."""
    if not monomial.bound:
        return monomial
    return monomial.rename({b: fresh_agent() for b in monomial.bound})


def _joined(a: Monomial, b: Monomial) -> Monomial:
    if a.word is None or b.word is None:
        word = a.word if b.word is None else b.word
    else:
        word = a.word + b.word
    return Monomial(a.traces + b.traces, a.logs + b.logs, word, a.bound + b.bound)


def _renamed(agents: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    """The same tuple where no name changes: letters are renamed more often than they change."""
    if names.keys().isdisjoint(agents):
        return agents
    return tuple([names.get(a, a) for a in agents])
