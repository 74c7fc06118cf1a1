"""What expressions are read as, with the proofs that they are."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from sympy import primefactors

from coq.statement import EMPTY, Statement
from coq.words import (
    Agent,
    Poly,
    View,
    Word,
    added,
    applied,
    binder,
    joined,
    listed,
    multiplied,
    named,
    not_zero,
    places,
    put_at,
    table,
)


@dataclass(eq=False)
class Family:
    """A letter or an inverse, for the agents a0, a1, … that it belongs to."""

    number: int
    text: str
    rows: str
    cols: str
    symmetric: str = ""  # the fact that it is
    equal: tuple[str, Family, Any] | None = None  # a fact, a family, and times what it is it


class Terms(Statement):
    """Proofs what expressions are read as.

    With `shared`, a sum of matrices that occurs in several places is one letter.
    """

    def __init__(self, given: Mapping[str, Any], *, shared: bool):
        super().__init__(given)
        self.families: dict[str, Family] = {}
        self.tables: dict[str, list[str]] = {"scalar": [], "size": [], "number": []}
        self.coefficients: list[Any] = []
        self.stated: dict[int, None] = {}
        self.counted: dict[str, int] = {}
        self.expanded: dict[tuple, Poly] = {}
        self.values: dict[tuple, tuple[Any, str]] = {}  # sizes as scalars, and as Coq writes them
        self.opaque = self._shared() if shared else set()

    def _meaning(self) -> list[str]:
        """What letters, scalars and sizes are called in the proof, and coefficients written so."""
        written = [self._parts(value) for value in self.coefficients]
        numbers = [Fraction(c) for terms, _ in written for c, *_ in terms]
        primes = sorted({p for x in numbers for p in primefactors(x.denominator)})
        self.base = prod(primes)
        denominators = sorted({x.denominator for x in numbers} | self.over)
        self.nonzero |= {f"{prime}%:R": None for prime in primes}
        literals = [self._literal(*parts) for parts in written]
        letters = [t for f in self.families.values() for t in (f.text, f"{f.text}^T")]
        tables = [
            ("k", self.tables["scalar"], "0"),
            ("k a", [f"Any {text}" for text in letters], "Any (0 : 'M[F]_(0, 0))"),
            ("k a", [f"({size})%N" for size in self.tables["size"]], "0%N"),
            ("k a", self.tables["number"], "0"),
        ]
        return [
            *(not_zero(f"y{n}", n) for n in {self.base, *denominators}),
            f"pose K := @Meaning F N {self.base} {self.base}%:R^-1 (mulfV y{self.base})",
            *(f"  (fun {over} => {table(rows, other)})" for over, rows, other in tables),
            ".",
            *(f"pose d{k} : coef := {shown}." for k, shown in enumerate(literals)),
            *(
                f"have c{k} : {self._scalar(self.coefficients[k])} = cev K d{k} by coefficient."
                for k in self.stated
            ),
            *(
                f"have b{k} : {text} = cev K d{k} by coefficient."
                for text, k in self.counted.items()
            ),
        ]

    def _parts(self, value: Any) -> tuple[list, list[str]]:
        """The terms of a numerator, and what else it is multiplied by."""
        top, bottom = map(self.field.terms, self.field.parts(value))
        if bottom == [["1"]]:
            return top, []
        shown = self._polynomial(bottom)
        self.nonzero[shown] = None
        return top, [f"{shown}^-1"]

    def _literal(self, terms: list, over: list[str]) -> str:
        monomials = []
        for given, *names in terms:
            factor, power = Fraction(given), 0
            while factor.denominator != 1:
                factor, power = factor * self.base, power + 1
            z = f"Posz {factor}" if factor >= 0 else f"Negz {-factor - 1}"
            texts = [*map(self._generator, names), *over]
            at = sorted(self._entry("scalar", text) for text in texts)
            monomials.append(f"({z}, {power}%N, {listed(at)})")
        return f"[:: {'; '.join(monomials)}]"

    def _entry(self, table: str, text: str) -> int:
        known = self.tables[table]
        if text not in known:
            known.append(text)
        return known.index(text)

    def _coefficient(self, value: Any, *, stated: bool = False) -> int:
        known = self.coefficients
        k = next((k for k, other in enumerate(known) if other == value), len(known))
        if k == len(known):
            known.append(value)
        if stated:
            self._scalar(value)
            self.stated[k] = None
        return k

    def _stated(self, value: Any, text: str) -> str:
        """The fact that a size, written so, is a coefficient."""
        return f"b{self.counted.setdefault(text, self._coefficient(value))}"

    def _family(self, number: int) -> tuple[Family, tuple[str, ...]]:
        """Of a letter or an inverse, with the agents of it that are bound."""
        kind, *args = self.nodes[number]
        agents = self._bound_agents(number)
        if kind == "letter" and args[1]:
            agents = (args[1],)
        names = {agent: f"a{k}" for k, agent in enumerate(agents)}
        key = self.shown(number, names)
        if key not in self.families:
            text, rows, cols = key, self._rows(number, names), self._rows(number, names, True)
            if kind != "letter":
                text = applied(f"{'Y' if kind == 'inverse' else 'L'}{number}", names.values())
            made = Family(len(self.families), text, rows, cols)
            self.families[key] = made
            letter = kind == "letter" and self._letter(*args)
            if letter in self.symmetric:
                made.symmetric = applied(f"s{letter}", names.values())
        return self.families[key], agents

    def _shared(self) -> set[int]:
        """Sums of matrices that occur in several places, and in no inverse."""
        places = Counter(a for k in range(len(self.nodes)) for a in self.children(k))
        below = {
            k
            for node in self.nodes
            if node[0] == "inverse"
            for k in (node[1], *self.within(node[1]))
        }
        return {
            k
            for k, node in enumerate(self.nodes)
            if node[0] == "add" and places[k] > 1 and k not in below
        }

    def _view(self, *names: str) -> View:
        return (*names, *self.agents.values())

    def _pattern(self, number: int) -> dict[str, str]:
        return {agent: f"a{k}" for k, agent in enumerate(self._bound_agents(number))}

    def _expanded(
        self, number: int, turned: bool, binders: tuple[str, ...], names: Mapping[str, str] = EMPTY
    ) -> Poly:
        """Written out; `binders` are bound around it, the innermost first, others have names."""
        key = number, turned, binders, *names.values()
        if key not in self.expanded:
            self.expanded[key] = self._expand(number, turned, binders, names)
        return self.expanded[key]

    def _expand(self, number: int, t: bool, binders: tuple[str, ...], names) -> Poly:
        kind, *args = self.nodes[number]
        match kind:
            case _ if kind in ("letter", "inverse") or number in self.opaque:
                family, agents = self._family(number)
                factor = self.field.one
                if family.equal:
                    _, family, factor = family.equal
                where = (
                    binders.index(a) if a in binders else self._agent(a, names) for a in agents
                )
                atom = ("letter", family.number, t and not family.symmetric, tuple(where))
                return {(atom,): factor}
            case "identity":
                return {(): self.field.one}
            case "zero":
                return {}
            case "transpose":
                return self._expanded(args[0], not t, binders, names)
            case "scale":
                factor = self.factors[args[0]]
                inside = self._expanded(args[1], t, binders, names)
                return {w: c * factor for w, c in inside.items()}
            case "sum":
                inside = self._expanded(args[1], t, (args[0], *binders), names)
                return {(("sum", w),): c for w, c in inside.items()}
            case "add":
                parts = [self._expanded(a, t, binders, names).items() for a in args]
                return added(itertools.chain(*parts))
        product: Poly = {(): self.field.one}
        for a in reversed(args) if t else args:
            product = multiplied(product, self._expanded(a, t, binders, names))
        return product

    # Proofs what expressions are.

    def _atom(self, number: int, turned: bool, agents: Iterable[Agent], v: View) -> str:
        text = self._texts(number, turned, agents, v)
        at = f"{2 * number + turned} {places(agents, v)}"
        return f"(okL K {listed(v)} {at} {text} erefl)"

    def _texts(self, number: int, turned: bool, agents: Iterable[Agent], v: View) -> str:
        family = self._numbered(number)
        text = put_at(family.text, [named(a, v) for a in agents])
        return f"{text}^T" if turned else text

    def _numbered(self, number: int) -> Family:
        return list(self.families.values())[number]

    def _size_of(self, word: Word, v: View, turned: bool = False) -> str:
        """The rows of a word; turned: its columns."""
        kind, *args = word[-1 if turned else 0]
        if kind == "sum":
            return self._size_of(args[0], (binder(v), *v), turned)
        number, flipped, agents = args
        family = self._numbered(number)
        size = family.cols if turned != flipped else family.rows
        return put_at(size, [named(a, v) for a in agents])

    def _product(self, word: Word, v: View, size: str = "_") -> str:
        parts = []
        for kind, *args in word:
            if kind == "sum":
                j = binder(v)
                parts.append(f"(okS K (fun {j} => {self._product(args[0], (j, *v))}))")
            else:
                number, turned, agents = args
                parts.append(self._atom(number, turned, agents, v))
        if not parts:
            return f"(ok1 K {listed(v)} {size})"
        return joined("okM", parts)

    def _sum_of(self, poly: Poly, v: View, rows: str, cols: str) -> str:
        if not poly:
            return f"(ok0 K {listed(v)} {rows} {cols})"
        return joined(
            "okD",
            [
                f"(okZ c{self._coefficient(c, stated=True)} {self._product(w, v, rows)})"
                for w, c in poly.items()
            ],
        )

    def _words(self, word: Word, v: View, size: str) -> str:
        """A word as Coq writes it."""
        parts = []
        for kind, *args in word:
            if kind == "sum":
                j = binder(v)
                parts.append(f"(\\sum_({j} < N) {self._words(args[0], (j, *v), size)})")
            else:
                number, turned, agents = args
                parts.append(self._texts(number, turned, agents, v))
        return "(" + " *m ".join(parts) + ")" if parts else f"(1%:M : 'M[F]_({size}))"

    def _tree(self, number: int, v: View, names: Mapping[str, str] = EMPTY, t: bool = False) -> str:
        """That a node, or its transpose, is what it is read as."""
        kind, *args = self.nodes[number]
        T = "T" if t else ""
        match kind:
            case _ if kind in ("letter", "inverse") or number in self.opaque:
                family, agents = self._family(number)
                called = [self._agent(a, names) for a in agents]
                fact, same, times = family.equal or ("", family, None)
                plain = bool(same.symmetric)
                shown = self._atom(same.number, t and not plain, called, v)
                if t and plain:
                    shown = f"(ok_is {put_at(same.symmetric, called)} {shown})"
                if fact:
                    fact = put_at(fact, called)
                    fact = f"(congr1 trmx {fact})" if t else fact
                    k = self._coefficient(times, stated=True)
                    shown = f"(ok_is {fact} (ok{T}Z c{k} {shown}))"
                return shown
            case "identity":
                return f"(ok{T}1 K {listed(v)} {self._size(args[0], names)})"
            case "zero":
                return f"(ok{T}0 K {listed(v)} {' '.join(self._size(s, names) for s in args)})"
            case "transpose":
                inside = self._tree(args[0], v, names, not t)
                return f"(okTT {inside})" if t else inside
            case "scale":
                k = self._coefficient(self.factors[args[0]], stated=True)
                return f"(ok{T}Z c{k} {self._tree(args[1], v, names, t)})"
            case "sum":
                j = binder(v)
                inside = self._tree(args[1], (j, *v), {**names, args[0]: j}, t)
                return f"(ok{T}S K (fun {j} => {inside}))"
        parts = [self._tree(a, v, names, t) for a in args]
        return joined(f"ok{T}{'D' if kind == 'add' else 'M'}", parts)
