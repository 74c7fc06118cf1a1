"""Identities of matrices stated in Coq with MathComp, from their certificates, with proofs.

What is taken from a certificate is the statement alone. Sizes are any natural numbers, the field is
any in which the integers that are divided by are not 0, and every inverse is supposed to exist.
A sum over agents runs over ``j < N`` for any N. Of log in log det it is supposed alone that it
turns products of nonzero numbers into sums.

The proof: each inverse Y of a, in turn, gives rules, by solving Y·a = 1 and a·Y = 1 written out for
their longest products. The two sides, written out, are rewritten by these and what else is known of
traces, logarithms and sums over agents, until they are equal. Coq is given the steps, as
expressions that are zero, and adds up by computation (``identities.v``). An identity that needs
more than this is not proved.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import sympy
from sympy import primefactors

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.scalars import AGENTS, ANY, Scalars, size_terms

LIBRARY = Path(__file__).with_name("identities.v")
IMPORTS = """From mathcomp Require Import all_ssreflect all_algebra ring.
Require Import identities.
Set Implicit Arguments.
Unset Strict Implicit.
Import GRing.Theory.
Local Open Scope ring_scope.

"""
EMPTY: Mapping[str, str] = MappingProxyType({})
MOST_STEPS = 20_000
SECONDS = 300.0
Agent = str | int  # the name of one that no sum binds, or how many sums further out it is bound
Word = tuple[Any, ...]  # of ("letter", number, turned?, agents) and ("sum", word)
Poly = dict[Any, Any]  # the factors are elements of the field of `Scalars`
View = tuple[str, ...]  # the names of agents, the innermost bound one first
Zero = Callable[[View], str]  # a proof that an expression is zero, there
_Step = tuple[Poly, Zero, int]  # what a word is up to zero, within so many sums


def lemma(name: str, given: Mapping[str, Any]) -> str:
    """The lemma, with its proof, that a certificate's two sides are equal.

    Raises
    ------
    UnsupportedError
        Where the rules do not show it.
    """
    kind = _Lemma if given["size"] else _ScalarLemma
    try:
        return kind(given, shared=True).text(name)
    except UnsupportedError:
        return kind(given, shared=False).text(name)


@dataclass(eq=False)
class _Family:
    """A letter or an inverse, for the agents a0, a1, … that it belongs to."""

    number: int
    text: str
    rows: str
    cols: str
    symmetric: str = ""  # the fact that it is
    equal: tuple[str, _Family, Any] | None = None  # a fact, a family, and times what it is it


class _Rule(NamedTuple):
    """A fact for the agents a0, a1, …: a word is equal to a sum of others."""

    fact: str
    agents: View
    lead: Word
    rest: Poly
    rows: str
    cols: str


class _Lemma:
    """One lemma; with `shared`, a sum of matrices that occurs in several places is one letter."""

    def __init__(self, given: Mapping[str, Any], *, shared: bool):
        written = [c for terms in given["expressions"] for c, *_ in terms if not isinstance(c, str)]
        sizes = {n for size in _sizes(given) for _, names in size_terms(size) for n in names}
        self.field = Scalars(sizes.union(*(ns for terms in written for _, *ns in terms)))
        read = _Nodes(given, self.field)
        self.sides = tuple(read.side(side) for side in ("left", "right"))
        self.nodes, self.scalars = read.nodes, read.scalars
        self.sizes: set[str] = set()
        self.names: dict[str, None] = {}
        self.agents: dict[str, str] = {}
        self.nonzero: dict[str, None] = {}
        self.letters: dict[str, str] = {}
        self.identifiers: dict[str, tuple[str, str]] = {}
        self.symmetric = {self._named("x", name) for name in given["symmetric"]}
        self.families: dict[str, _Family] = {}
        self.units: list[tuple[int, _Family, Poly, list]] = []
        self.tables: dict[str, list[str]] = {"scalar": [], "size": [], "number": []}
        self.coefficients: list[Any] = []
        self.stated: dict[int, None] = {}
        self.counted: dict[str, int] = {}
        self.over: set[int] = set()
        self.expanded: dict[tuple, Poly] = {}
        self.rules: list[_Rule] = []
        self.supposed: dict[str, str] = {}
        self.poses: list[str] = []
        self.steps: list[str] = []
        self.values: dict[tuple, tuple[Any, str]] = {}  # sizes as scalars, and as Coq writes them
        self.left = MOST_STEPS
        self.opaque = self._shared() if shared else set()
        for node in self.nodes:
            if node[0] == "letter" and node[2] and not node[2].startswith(ANY):
                self._agent(node[2])

    def text(self, name: str) -> str:
        claim = self._claim()
        for number, node in enumerate(self.nodes):
            if node[0] == "inverse":
                self._inverse(number)
            elif number in self.opaque:
                self._family(number)
                names = self._pattern(number)
                self.poses.append(
                    f"pose L{number}{_forall(names.values())} := {self.shown(number, names)}."
                )
        self._end()
        meaning = self._meaning()
        over = any(text.endswith("^-1") for text in self.tables["scalar"])
        closed = "_); [computed_but | vanished]" if over else "(I : vanish K [::])); computed"
        letters = sorted(self.symmetric & self.letters.keys())
        hypotheses = {f"z{k}": f"({c} : F) != 0" for k, c in enumerate(self.nonzero)}
        hypotheses |= {f"s{letter}": self._is_symmetric(letter) for letter in letters}
        hypotheses |= {name: shown for shown, name in self.supposed.items()}
        hypotheses |= self._logarithm()
        return "\n".join(
            [
                f"Lemma {name} (F : fieldType) {self._variables()} :",
                "  " + " ->\n  ".join([*hypotheses.values(), claim]) + ".",
                "Proof.",
                *([f"move=> {' '.join(hypotheses)}."] if hypotheses else []),
                *self.poses,
                *meaning,
                *(step.replace("@D", str(self.base)).replace("@I", closed) for step in self.steps),
                "Qed.",
                "",
            ]
        )

    def _variables(self) -> str:
        groups = [
            (sorted(self.names), "F"),
            (["N", *self.agents.values()], "nat"),
            (sorted(s for s in self.sizes if not s.endswith("()")), "nat"),
            (sorted(s[:-2] for s in self.sizes if s.endswith("()")), "nat -> nat"),
            *(([letter], kind) for letter, kind in sorted(self.letters.items())),
            (["lg"] if self._logarithm() else [], "F -> F"),
        ]
        return " ".join(f"({' '.join(names)} : {kind})" for names, kind in groups if names)

    # -- what is stated -------------------------------------------------------------------

    def _claim(self) -> str:
        return " = ".join(map(self.shown, self.sides))

    def _logarithm(self) -> dict[str, str]:
        """What is supposed of logarithms."""
        return {}

    def shown(self, number: int, names: Mapping[str, str] = EMPTY, depth: int = 0) -> str:
        """A node as Coq writes it, with names for agents; sums that it stands in: `depth`."""
        kind, *args = self.nodes[number]
        match kind:
            case "letter":
                letter = self._letter(*args)
                return f"({letter} {self._agent(args[1], names)})" if args[1] else letter
            case "identity":
                return f"(1%:M : 'M[F]_({self._size(args[0], names)}))"
            case "zero":
                sizes = ", ".join(self._size(size, names) for size in args)
                return f"(0 : 'M[F]_({sizes}))"
            case "sum":
                bound = {**names, args[0]: f"j{depth}"}
                return f"(\\sum_(j{depth} < N) {self.shown(args[1], bound, depth + 1)})"
        if kind == "scale":
            scalar, body = self._scalar(self.scalars[args[0]]), self.shown(args[1], names, depth)
            return f"({scalar} *: {body})"
        parts = [self.shown(a, names, depth) for a in args]
        if kind == "transpose":
            return f"{parts[0]}^T"
        if kind == "inverse":
            return f"(invmx {parts[0]})"
        return "(" + {"add": " + ", "multiply": " *m "}[kind].join(parts) + ")"

    def _letter(self, name: str, agent: str | None, rows: str, cols: str) -> str:
        letter, own = self._named("x", name), {agent: "a"} if agent else {}
        kind = f"'M[F]_({self._size(rows, own)}, {self._size(cols, own)})"
        self.letters[letter] = f"forall a : nat, {kind}" if agent else kind
        return letter

    def _agent(self, agent: str, names: Mapping[str, str] = EMPTY) -> str:
        if agent in names:
            return names[agent]
        if agent.startswith(ANY):
            raise UnsupportedError("a size belongs to an agent over whom a sum runs")
        return self.agents.setdefault(agent, self._named("i", agent))

    def _size(self, size: str, names: Mapping[str, str] = EMPTY) -> str:
        terms = []
        for term in size.split(" + "):
            parts = []
            for part in term.split("*"):
                called = re.fullmatch(r"(.+)\((.+)\)", part)
                if called:
                    named = self._named("p", called[1])
                    self.sizes.add(f"{named}()")
                    parts.append(f"({named} {self._agent(called[2], names)})")
                elif part.isdigit():
                    parts.append(part)
                else:
                    parts.append(self._named("n", part))
                    self.sizes.add(parts[-1])
            terms.append(" * ".join(parts))
        return terms[0] if len(terms) == 1 else f"({' + '.join(terms)})%N"

    def _is_symmetric(self, letter: str) -> str:
        if self.letters[letter].startswith("forall"):
            return f"(forall a, ({letter} a)^T = {letter} a)"
        return f"{letter}^T = {letter}"

    def _scalar(self, value: Any) -> str:
        top, bottom = (self._polynomial(self.field.terms(part)) for part in self.field.parts(value))
        if bottom == "1":
            return top
        self.nonzero[bottom] = None
        return f"({top} / {bottom})"

    def _polynomial(self, terms: Iterable) -> str:
        shown = []
        for given, *names in terms:
            parts, factor = [], Fraction(given)
            if factor.numerator != 1 or not names:
                n = abs(factor.numerator)
                number = "1" if n == 1 else f"{n}%:R"
                parts.append(number if factor > 0 else f"(- {number})")
            parts += map(self._generator, names)
            product = " * ".join(parts)
            if factor.denominator != 1:
                self.over.add(factor.denominator)
                for prime in primefactors(factor.denominator):
                    self.nonzero[f"{prime}%:R"] = None
                product = f"{product} / {factor.denominator}%:R"
            shown.append(product)
        joined = " + ".join(shown) or "0"
        return joined if joined.isidentifier() or joined in ("0", "1") else f"({joined})"

    def _generator(self, one: str) -> str:
        called = re.fullmatch(r"(.+)\((.+)\)", one)
        if one == AGENTS:
            return "N%:R"
        if called and called[2] == "Σ":
            named = self._named("p", called[1])
            self.sizes.add(f"{named}()")
            return f"(\\sum_(j < N) ({named} j)%:R)"
        if called or f"n_{one}" in self.sizes:
            return f"{self._size(one)}%:R"
        named = self._named("t", one)
        self.names[named] = None
        return named

    def _named(self, kind: str, name: str) -> str:
        """An identifier of Coq; no two things may share one."""
        text = f"{kind}_" + re.sub(
            r"[^A-Za-z0-9_]", "_", name.replace("^", "_a").replace("'", "_q")
        )
        if self.identifiers.setdefault(text, (kind, name)) != (kind, name):
            raise UnsupportedError(f"two names would both be written {text}")
        return text

    # -- how it is proved -----------------------------------------------------------------

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
            *(_not_zero(f"y{n}", n) for n in {self.base, *denominators}),
            f"pose K := @Meaning F N {self.base} {self.base}%:R^-1 (mulfV y{self.base})",
            *(f"  (fun {over} => {_table(rows, other)})" for over, rows, other in tables),
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
            monomials.append(f"({z}, {power}%N, {_list(at)})")
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

    def _family(self, number: int) -> tuple[_Family, tuple[str, ...]]:
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
                text = _applied(f"{'Y' if kind == 'inverse' else 'L'}{number}", names.values())
            made = _Family(len(self.families), text, rows, cols)
            self.families[key] = made
            letter = kind == "letter" and self._letter(*args)
            if letter in self.symmetric:
                made.symmetric = _applied(f"s{letter}", names.values())
        return self.families[key], agents

    def _bound_agents(self, number: int) -> tuple[str, ...]:
        """The agents that sums outside of a node bind."""
        kind, *args = self.nodes[number]
        if kind in ("letter", "identity", "zero"):
            sizes = re.findall(rf"\(({ANY}[^)]*)\)", " ".join(map(str, args[-2:])))
            own = [args[1]] if kind == "letter" and str(args[1]).startswith(ANY) else []
            found = own + sizes
        else:
            found = [a for child in self._children(number) for a in self._bound_agents(child)]
        inside = args[0] if kind == "sum" else None
        return tuple(dict.fromkeys(agent for agent in found if agent != inside))

    def _shared(self) -> set[int]:
        """Sums of matrices that occur in several places, and in no inverse."""
        places = Counter(a for k in range(len(self.nodes)) for a in self._children(k))
        below = {k for node in self.nodes if node[0] == "inverse" for k in self._inside(node[1])}
        return {
            k
            for k, node in enumerate(self.nodes)
            if node[0] == "add" and places[k] > 1 and k not in below
        }

    def _inside(self, number: int) -> set[int]:
        return {number}.union(*map(self._inside, self._children(number)))

    def _children(self, number: int) -> list[int]:
        kind, *args = self.nodes[number]
        if kind in ("letter", "identity", "zero"):
            return []
        return list(args[1:] if kind in ("scale", "sum") else args)

    def _rows(self, number: int, names: Mapping[str, str] = EMPTY, turned: bool = False) -> str:
        """How many rows a node has; turned: columns."""
        return self._size(self._dimension_of(number, turned), names)

    def _dimension_of(self, number: int, turned: bool = False) -> str:
        kind, *args = self.nodes[number]
        if kind in ("letter", "identity", "zero"):
            return args[-1 if turned or kind == "identity" else -2]
        if kind == "multiply":
            return self._dimension_of(args[-1 if turned else 0], turned)
        inside = args[1] if kind in ("sum", "scale") else args[0]
        return self._dimension_of(inside, turned != (kind == "transpose"))

    def _view(self, *names: str) -> View:
        return (*names, *self.agents.values())

    # Words, and what they are rewritten to.

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
                factor = self.scalars[args[0]]
                inside = self._expanded(args[1], t, binders, names)
                return {w: c * factor for w, c in inside.items()}
            case "sum":
                inside = self._expanded(args[1], t, (args[0], *binders), names)
                return {(("sum", w),): c for w, c in inside.items()}
            case "add":
                parts = [self._expanded(a, t, binders, names).items() for a in args]
                return _sum(itertools.chain(*parts))
        product: Poly = {(): self.field.one}
        for a in reversed(args) if t else args:
            product = _times(product, self._expanded(a, t, binders, names))
        return product

    def _reduced(self, poly: Poly, step: Callable) -> tuple[Poly, list[tuple[Any, Zero]]]:
        """Rewritten as far as it goes, and what is zero and was left out."""
        done: Poly = {}
        todo, zeros = dict(poly), []
        while todo:
            word, factor = todo.popitem()
            if found := step(word):
                self.left -= 1
                if self.left < 0:
                    raise UnsupportedError("the rules do not end")
                put, zero = found
                zeros.append((factor, zero))
                todo = _sum([*todo.items(), *((w, c * factor) for w, c in put.items())])
            else:
                done = _sum([*done.items(), (word, factor)])
        return done, zeros

    def _step(self, word: Word) -> tuple[Poly, Zero] | None:
        """A word as a sum of others, and a proof that the difference is zero."""
        for k, factor in enumerate(word):
            if factor[0] == "sum" and (found := self._step_of_sum(factor[1])):
                return self._within(word[:k], *found, word[k + 1 :])
        for rule in self.rules:
            n = len(rule.lead)
            for k in range(len(word) - n + 1):
                agents: dict[str, Agent] = {}
                if _matches(rule.lead, word[k : k + n], agents) and len(agents) == len(rule.agents):
                    put = {_put(w, agents): c for w, c in rule.rest.items()}
                    zero = self._by_rule(rule, agents, word[k : k + n], put)
                    return self._within(word[:k], put, zero, word[k + n :])
        return None

    def _by_rule(self, rule: _Rule, agents: Mapping[str, Agent], word: Word, put: Poly) -> Zero:
        def zero(v: View) -> str:
            names = [_name(agents[a], v) for a in rule.agents]
            rest = self._sum_of(put, v, _at(rule.rows, names), _at(rule.cols, names))
            return f"(z_is {_applied(rule.fact, names)} {self._product(word, v)} {rest})"

        return zero

    def _within(self, before: Word, put: Poly, zero: Zero, after: Word) -> tuple[Poly, Zero]:
        def around(v: View) -> str:
            shown = zero(v)
            shown = f"(zR {shown} {self._product(after, v)})" if after else shown
            return f"(zL {self._product(before, v)} {shown})" if before else shown

        return {before + w + after: c for w, c in put.items()}, around

    def _step_of_sum(self, word: Word) -> tuple[Poly, Zero] | None:
        """What does not depend on the agent is moved out of a sum."""
        own = [k for k, factor in enumerate(word) if _mentions((factor,), 0)]
        if not own:
            agents = self.field.generator(AGENTS)
            out = _shifted(word, -1)

            def constant(v: View) -> str:
                j = _bound(v)
                fact = f"c{self._coefficient(agents, stated=True)}"
                size = self._size_of(out, v)
                inside = self._product(word, (j, *v), size)
                return f"(z_const K {fact} {self._product(out, v, size)} (fun {j} => {inside}))"

            return {out: agents}, constant
        first, last = own[0], own[-1] + 1
        before, inside, after = word[:first], word[first:last], word[last:]
        if before or after:
            out, back = _shifted(before, -1), _shifted(after, -1)

            def moved(v: View) -> str:
                return f"(z_move K {self._around(v, out, before, inside, after, back)})"

            return {(*out, ("sum", inside), *back): self.field.one}, moved
        if found := self._step(word):
            put, zero = found
            return {(("sum", w),): c for w, c in put.items()}, self._below(1, zero, "zS")
        return None

    def _around(self, v: View, out: Word, before: Word, inside: Word, after: Word, back: Word):
        """Proofs what the parts of P Σ X_j S are, P and S outside of the sum and inside."""
        j = _bound(v)
        within = (j, *v)
        rows, cols = self._size_of(inside, within), self._size_of(inside, within, True)
        parts = [
            self._product(out, v, rows),
            f"(fun {j} => {self._product(before, within, rows)})",
            f"(fun {j} => {self._product(inside, within)})",
            self._product(back, v, cols),
            f"(fun {j} => {self._product(after, within, cols)})",
        ]
        return " ".join(parts)

    def _below(self, depth: int, zero: Zero, name: str) -> Zero:
        """Zero within sums."""

        def shown(v: View) -> str:
            names: View = ()
            for _ in range(depth):
                names = (_bound((*names, *v)), *names)
            inside = zero((*names, *v))
            for j in names:
                inside = f"({name} K (fun {j} => {inside}))"
            return inside

        return shown

    # Proofs what expressions are.

    def _atom(self, number: int, turned: bool, agents: Iterable[Agent], v: View) -> str:
        text = self._texts(number, turned, agents, v)
        at = f"{2 * number + turned} {_places(agents, v)}"
        return f"(okL K {_list(v)} {at} {text} erefl)"

    def _texts(self, number: int, turned: bool, agents: Iterable[Agent], v: View) -> str:
        family = self._numbered(number)
        text = _at(family.text, [_name(a, v) for a in agents])
        return f"{text}^T" if turned else text

    def _numbered(self, number: int) -> _Family:
        return list(self.families.values())[number]

    def _size_of(self, word: Word, v: View, turned: bool = False) -> str:
        """The rows of a word; turned: its columns."""
        kind, *args = word[-1 if turned else 0]
        if kind == "sum":
            return self._size_of(args[0], (_bound(v), *v), turned)
        number, flipped, agents = args
        family = self._numbered(number)
        size = family.cols if turned != flipped else family.rows
        return _at(size, [_name(a, v) for a in agents])

    def _product(self, word: Word, v: View, size: str = "_") -> str:
        parts = []
        for kind, *args in word:
            if kind == "sum":
                j = _bound(v)
                parts.append(f"(okS K (fun {j} => {self._product(args[0], (j, *v))}))")
            else:
                number, turned, agents = args
                parts.append(self._atom(number, turned, agents, v))
        if not parts:
            return f"(ok1 K {_list(v)} {size})"
        return _joined("okM", parts)

    def _sum_of(self, poly: Poly, v: View, rows: str, cols: str) -> str:
        if not poly:
            return f"(ok0 K {_list(v)} {rows} {cols})"
        return _joined(
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
                j = _bound(v)
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
                    shown = f"(ok_is {_at(same.symmetric, called)} {shown})"
                if fact:
                    fact = _at(fact, called)
                    fact = f"(congr1 trmx {fact})" if t else fact
                    k = self._coefficient(times, stated=True)
                    shown = f"(ok_is {fact} (ok{T}Z c{k} {shown}))"
                return shown
            case "identity":
                return f"(ok{T}1 K {_list(v)} {self._size(args[0], names)})"
            case "zero":
                return f"(ok{T}0 K {_list(v)} {' '.join(self._size(s, names) for s in args)})"
            case "transpose":
                inside = self._tree(args[0], v, names, not t)
                return f"(okTT {inside})" if t else inside
            case "scale":
                k = self._coefficient(self.scalars[args[0]], stated=True)
                return f"(ok{T}Z c{k} {self._tree(args[1], v, names, t)})"
            case "sum":
                j = _bound(v)
                inside = self._tree(args[1], (j, *v), {**names, args[0]: j}, t)
                return f"(ok{T}S K (fun {j} => {inside}))"
        parts = [self._tree(a, v, names, t) for a in args]
        return _joined(f"ok{T}{'D' if kind == 'add' else 'M'}", parts)

    def _zeros(self, zeros: Iterable[tuple[Any, Zero]], v: View, kind: str = "z") -> str:
        """A sum of zeros, each times a coefficient."""
        parts = [
            f"({kind}Z d{self._coefficient(c)} {zero(v)})" if c != self.field.one else zero(v)
            for c, zero in zeros
        ]
        while len(parts) > 1:  # in halves, as Coq does not like what is deep
            pairs = itertools.zip_longest(parts[::2], parts[1::2])
            parts = [f"({kind}D {a} {b})" if b else a for a, b in pairs]
        return parts[0] if parts else "(ok0 _ _ _ _)" if kind == "z" else "(oks0 _ _)"

    def _equal(self, v: View, left: str, right: str, zeros: Iterable, lemma: str = "mx_eq") -> str:
        """The tactic that proves an equation, the difference of its sides being some zeros."""
        negative = [(-c, zero) for c, zero in zeros]
        shown = self._zeros(negative, v, "z" if lemma == "mx_eq" else "sz")
        view = f"(v := {_list(v)})"
        return (
            f"refine ({lemma} (K := K) {view} (d := @D) erefl\n    {left}\n    {right}\n"
            f"    {shown} _ @I"
        )

    # Rules.

    def _unit(self, number: int, names: Mapping[str, str] | None = None) -> str:
        """The hypothesis that a node has an inverse, at some agents, or at a0, a1, … of its own."""
        own = self._pattern(number)
        over = f"forall {' '.join(own.values())} : nat, " if own else ""
        shown = f"({over}{self.shown(number, own)} \\in unitmx)"
        fact = self.supposed.setdefault(shown, f"u{number}")
        return _applied(fact, [(names or own)[agent] for agent in own])

    def _pattern(self, number: int) -> dict[str, str]:
        return {agent: f"a{k}" for k, agent in enumerate(self._bound_agents(number))}

    def _inverse(self, number: int) -> None:
        """The rules that the two equations of Y = a⁻¹ give, for it and its transpose."""
        names, inside = self._pattern(number), self.nodes[number][1]
        if self.shown(number, names) in self.families:
            return
        family, _ = self._family(number)
        agents = tuple(names.values())
        forall = _forall(agents)
        v, unit, Y = self._view(*agents), self._unit(inside), family.text
        body = self.shown(inside, names)
        left, right = (_applied(f"{side}{number}", agents) for side in "lr")
        self.poses += [
            f"pose Y{number}{forall} := {self.shown(number, names)}.",
            f"have l{number}{forall} : {Y} *m {body} = 1%:M := mulVmx {unit}.",
            f"have r{number}{forall} : {body} *m {Y} = 1%:M := mulmxV {unit}.",
        ]
        straight, turned = (self._expanded(inside, t, (), names) for t in (False, True))
        a, aT = (self._tree(inside, v, names, t) for t in (False, True))
        poly, zeros = self._reduced(straight, self._step)
        for other, known, before, left_out in self.units:
            ratio = _ratio(poly, before)
            if ratio is not None and len(self._pattern(other)) == len(names):
                times = self.field.one / ratio
                rest = [*zeros, *((-(c * ratio), zero) for c, zero in left_out)]
                self._same_inverse(number, other, known, times, rest)
                return
        rest, turning = self._reduced(_less(turned, straight), self._step)
        if not rest:
            self.steps += [
                f"have s{number}{forall} : {Y}^T = {Y}.",
                f"  apply: (symmetric _ {left} {right}).",
                f"  {self._equal(v, aT, a, turning)}.",
            ]
            family.symmetric = _applied(f"s{number}", agents)
        self.units.append((number, family, poly, zeros))
        size, one = family.rows, f"(ok1 K {_list(v)} {family.rows})"
        oneT = f"(okT1 K {_list(v)} {size})"
        for t, inner, shown in ((False, straight, a), (True, turned, aT)):
            if t and family.symmetric:
                break
            atom = ("letter", family.number, t, agents)
            y = self._atom(family.number, t, agents, v)
            at = {(atom,): self.field.one}
            # Y a = 1 and a Y = 1, or transposed a' Y' = 1 and Y' a' = 1
            facts = (f"(congr1 trmx {right})", f"(congr1 trmx {left})") if t else (left, right)
            pairs = (shown, y), (y, shown)
            ways = [f"(okM {y} {shown})", f"(okM {shown} {y})"]
            if t:
                ways = [f"(okTM {x} {z})" for x, z in pairs]
            for k, product in enumerate((_times(at, inner), _times(inner, at))):
                base = f"(z_is {facts[k]} {ways[k]} {oneT if t else one})"
                self._solve(f"e{number}_{2 * t + k}", agents, product, base, size)

    def _same_inverse(
        self, number: int, other: int, known: _Family, times: Any, zeros: Iterable
    ) -> None:
        """Y = c Z for inverses Y of a and Z of b, as b = c a up to zeros."""
        names = self._pattern(number)
        family, _ = self._family(number)
        agents = tuple(names.values())
        v = self._view(*agents)
        y, z = (self._atom(f.number, False, agents, v) for f in (family, known))
        a, b = (self._tree(self.nodes[k][1], v, self._pattern(k)) for k in (number, other))
        one = f"(ok1 K {_list(v)} {family.rows})"
        left, right = _applied(f"l{number}", agents), _applied(f"r{other}", agents)
        rest: list[tuple[Any, Zero]] = [
            (-self.field.one, lambda _: f"(zL {y} (z_is {right} (okM {b} {z}) {one}))"),
            (times, lambda _: f"(zR (z_is {left} (okM {y} {a}) {one}) {z})"),
            *((-(c * times), lambda v, f=f: f"(zL {y} (zR {f(v)} {z}))") for c, f in zeros),
        ]
        k = self._coefficient(times, stated=True)
        self.steps += [
            f"have t{number}{_forall(agents)} : "
            f"{family.text} = {self._scalar(times)} *: {known.text}.",
            f"  {self._equal(v, y, f'(okZ c{k} {z})', rest)}.",
        ]
        family.equal = _applied(f"t{number}", agents), known, times

    def _solve(self, fact: str, agents: View, product: Poly, base: str, size: str) -> None:
        """The rule that an equation `product` = 1, proved by `base`, gives for its longest word."""
        relation = _less(product, {(): self.field.one})
        poly, zeros = self._reduced(relation, self._step)
        if not poly:
            return
        lead = max(poly, key=lambda w: (_length(w), repr(w)))
        if not lead:
            return
        factor = poly[lead]
        rest = {w: -(c / factor) for w, c in poly.items() if w != lead}
        v = self._view(*agents)
        rows, cols = (self._size_of(lead, v, t) for t in (False, True))
        shown = self._sum_of(rest, v, rows, cols)
        written = " + ".join(
            f"{self._scalar(c)} *: {self._words(w, v, rows)}" for w, c in rest.items()
        )
        forall = _forall(agents)
        known = [(self.field.one / factor, lambda _: base)]
        known += [(-(c / factor), zero) for c, zero in zeros]
        proof = self._equal(v, self._product(lead, v), shown, known)
        self.steps += [
            f"have {fact}{forall} : {self._words(lead, v, rows)} = {written or '0'}.",
            f"  {proof}.",
        ]
        self.rules.append(_Rule(fact, agents, lead, rest, rows, cols))

    def _end(self) -> None:
        """How the two sides become equal by the rules."""
        v = self._view()
        left, right = (self._expanded(side, False, ()) for side in self.sides)
        free = [k for k, n in enumerate(self.nodes) if n[0] == "inverse" and not self._pattern(k)]
        for before, after in itertools.product((None, *free), (None, *free)):
            start = _less(left, right)
            shown = [self._tree(side, v) for side in self.sides]
            tactics = []
            if before is not None:
                a = self.nodes[before][1]
                start = _times(self._expanded(a, False, ()), start)
                shown = [f"(okM {self._tree(a, v)} {side})" for side in shown]
                tactics.append(f"refine (cancel_left l{before} _).")
            if after is not None:
                a = self.nodes[after][1]
                start = _times(start, self._expanded(a, False, ()))
                shown = [f"(okM {side} {self._tree(a, v)})" for side in shown]
                tactics.append(f"refine (cancel_right r{after} _).")
            rest, zeros = self._reduced(start, self._step)
            if not rest:
                left, right = shown
                self.steps += [*tactics, f"{self._equal(v, left, right, zeros)}."]
                return
        raise UnsupportedError("the rules do not show it")


class _Measured(NamedTuple):
    """factor · kind(node), summed over agents; a node of this size."""

    factor: Any
    kind: str
    over: tuple[str, ...]
    node: int
    size: str


class _ScalarLemma(_Lemma):
    """The sides are sums of traces and log dets; log is any map that turns products into sums.

    Words are here ("trace", sums, size, word) and ("number", sums, which, agents), sums bind the
    agents 0, 1, …
    """

    def _claim(self) -> str:
        self.logs: dict[int, tuple[str, tuple[str, ...], list[tuple[Any, int, tuple]]]] = {}
        self.leaves: list[tuple[int, int, Poly, list]] = []
        self.of_logs = any(term.kind == "log det" for side in self.sides for term in side)
        for term in (term for side in self.sides for term in side):
            self._term(term)  # the letters tell which names are sizes
        return " = ".join(" + ".join(map(self._term, side)) or "0" for side in self.sides)

    def _term(self, term: _Measured) -> str:
        names = {agent: f"j{k}" for k, agent in enumerate(term.over)}
        shown = self.shown(term.node, names, len(names))
        shown = f"\\tr {shown}" if term.kind == "trace" else f"lg (\\det {shown})"
        for j in reversed(names.values()):
            shown = f"(\\sum_({j} < N) {shown})"
        return f"{self._scalar(term.factor)} * {shown}"

    def _logarithm(self) -> dict[str, str]:
        product = "(forall x y : F, x != 0 -> y != 0 -> lg (x * y) = lg x + lg y)"
        return {"lgM": product} if self.of_logs else {}

    def _end(self) -> None:
        v = self._view()
        sides = [_sum(entry for term in side for entry in self._read(term)) for side in self.sides]
        rest, zeros = self._reduced(_less(*sides), self._scalar_step)
        if rest:
            raise UnsupportedError("the rules do not show it")
        left, right = (
            _joined("oksD", [self._shown_as(term, v) for term in side]) if side else "(oks0 _ _)"
            for side in self.sides
        )
        self.steps.append(f"{self._equal(v, left, right, zeros, 'sc_eq')}.")

    def _read(self, term: _Measured) -> Iterator[tuple[tuple, Any]]:
        binders, over = term.over[::-1], len(term.over)
        if term.kind == "trace":
            size = self._dimension(term.size, binders)
            for word, c in self._expanded(term.node, False, binders).items():
                yield ("trace", over, size, word), c * term.factor
        else:
            yield ("number", over, *self._log_det(term.node, binders)), term.factor

    def _shown_as(self, term: _Measured, v: View, names: Mapping[str, str] = EMPTY) -> str:
        """That a term, or what its sums are of, is what it is read as."""

        def inside(v: View, names: Mapping[str, str]) -> str:
            if len(names) < len(term.over):
                j = _bound(v)
                below = inside((j, *v), {**names, term.over[len(names)]: j})
                return f"(oksS K (fun {j} => {below}))"
            binders = term.over[::-1]
            if term.kind == "trace":
                size = self._dimension(term.size, binders)
                return self._is_trace(size, self._tree(term.node, v, names), v)
            which, agents = self._log_det(term.node, binders)
            return self._is_number(which, agents, v)

        k = self._coefficient(term.factor, stated=True)
        return f"(oksZ c{k} {inside(v, {})})"

    def _dimension(self, size: str, binders: tuple[str, ...]) -> tuple[int, tuple[Agent, ...]]:
        bound = [agent for agent in re.findall(r"\(([^)]+)\)", size) if agent in binders]
        bound = list(dict.fromkeys(bound))
        text = self._size(size, {agent: f"a{k}" for k, agent in enumerate(bound)})
        found = self._entry("size", text), tuple(map(binders.index, bound))
        if not bound:
            self.values[found] = self.field.size(size), self._size(size)
        return found

    def _start(self, word: Word) -> tuple[int, tuple[Agent, ...]]:
        """The size that a word of letters begins with."""
        _, number, turned, agents = word[0]
        family = self._numbered(number)
        size = family.cols if turned else family.rows
        used = [agents[int(k)] for k in re.findall(r"\ba(\d+)\b", size)]
        bound = list(dict.fromkeys(a for a in used if isinstance(a, int)))
        names = [f"a{bound.index(a)}" if a in bound else str(a) for a in agents]
        return self._entry("size", _at(size, names)), tuple(bound)

    def _is_trace(self, size: tuple, shown: str, v: View) -> str:
        return f"(okt K {_list(v)} {self._of_size(size, v)} erefl {shown})"

    def _of_size(self, size: tuple, v: View) -> str:
        return f"{size[0]} {_places(size[1], v)}"

    def _is_number(self, which: int, agents: Sequence[Agent], v: View) -> str:
        text = _at(self.tables["number"][which], [_name(a, v) for a in agents])
        return f"(okn K {_list(v)} {which} {_places(agents, v)} ({text}) erefl)"

    def _sums(self, sums: int, key: tuple, v: View) -> str:
        """What a trace or a number is, summed over so many agents."""
        if sums:
            j = _bound(v)
            return f"(oksS K (fun {j} => {self._sums(sums - 1, key, (j, *v))}))"
        kind, _, size, rest = key
        if kind == "number":
            return self._is_number(size, rest, v)
        return self._is_trace(size, self._product(rest, v), v)

    # Steps.

    def _scalar_step(self, key: tuple) -> tuple[Poly, Zero] | None:
        kind, sums, size, rest = key
        steps = self._trace_steps if kind == "trace" else self._log_steps
        found = steps(sums, size, rest)
        if found is None:
            return None
        put, zero, depth = found
        return put, self._below(depth, zero, "szS")

    def _moved(self, key: tuple, change: Callable[[Word], Word]) -> tuple:
        """A trace or number with its agents changed, as those of a word are."""
        kind, sums, size, rest = key

        def agents(found: tuple) -> tuple:
            return change((("letter", 0, False, found),))[0][3]

        if kind == "number":
            return kind, sums, size, agents(rest)
        return kind, sums, (size[0], agents(size[1])), change(rest)

    def _sums_step(self, key: tuple) -> _Step | None:
        """A sum of what does not depend on the agent; sums in the order of their agents."""
        kind, sums, size, rest = key
        word = rest if kind == "trace" else (("letter", 0, False, rest),)
        every = [*_agents(word), *(size[1] if kind == "trace" else ())]
        order = list(dict.fromkeys(agent for agent in every if isinstance(agent, int)))
        for b in range(sums):
            if b not in order:
                return self._constant(key, b)
        for b in range(sums - 1):
            if order.index(b) > order.index(b + 1):
                return self._swapped(key, b)
        return None

    def _constant(self, key: tuple, b: int) -> _Step:
        agents = self.field.generator(AGENTS)
        kind, sums, *rest = self._moved(key, lambda word: _shifted(word, -1, b))
        out = (kind, sums - 1, *rest)

        def zero(v: View) -> str:
            j = _bound(v)
            fact = f"c{self._coefficient(agents, stated=True)}"
            inside = self._sums(b, key, (j, *v))
            return f"(sz_const K {fact} {self._sums(b, out, v)} (fun {j} => {inside}))"

        return {out: agents}, zero, sums - 1 - b

    def _swapped(self, key: tuple, b: int) -> _Step:
        swap: dict[Agent, Agent] = {b: b + 1, b + 1: b}
        out = self._moved(key, lambda word: _mapped(word, lambda a, _: swap.get(a, a)))

        def zero(v: View) -> str:
            i = _bound(v)
            j = _bound((i, *v))
            one, two = self._sums(b, key, (j, i, *v)), self._sums(b, out, (i, j, *v))
            return f"(sz_swap K (fun {i} {j} => {one}) (fun {j} {i} => {two}))"

        return {out: self.field.one}, zero, key[1] - 2 - b

    def _pulled(self, key: tuple, k: int) -> _Step:
        """A sum within a trace becomes one of traces."""
        kind, sums, size, word = key
        before, inside, after = word[:k], word[k][1], word[k + 1 :]
        first, last = _shifted(before, 1), _shifted(after, 1)
        within = self._moved(key, lambda word: _shifted(word, 1))[2]

        def zero(v: View) -> str:
            parts = self._around(v, before, first, inside, last, after)
            at = f"{self._of_size(size, v)} {_places(within[1], (_bound(v), *v))}"
            return f"(sz_pull K {_list(v)} {at} erefl (fun _ => erefl) {parts})"

        return {(kind, sums + 1, within, first + inside + last): self.field.one}, zero, sums

    def _trace_steps(self, sums: int, size: tuple, word: Word) -> _Step | None:
        key = ("trace", sums, size, word)
        for k, (kind, *_) in enumerate(word):
            if kind == "sum":
                return self._pulled(key, k)
        if found := self._step(word):
            put, zero = found

            def ruled(v: View) -> str:
                return f"(sz_tr K {_list(v)} {self._of_size(size, v)} erefl {zero(v)})"

            return {("trace", sums, size, w): c for w, c in put.items()}, ruled, sums
        unit = self._entry("size", "1"), ()
        if not word and size != unit and size in self.values:
            value, text = self.values[size]
            fact = self._stated(value, f"{text}%:R")

            def counted(v: View) -> str:
                return (
                    f"(sz_size K {_list(v)} {self._of_size(size, v)} {unit[0]} erefl erefl {fact})"
                )

            return {("trace", sums, unit, ()): value}, counted, sums
        if found := self._turned_step(sums, size, word):
            return found
        return self._sums_step(key)

    def _turned_step(self, sums: int, size: tuple, word: Word) -> _Step | None:
        """A trace begun anew: so that rules apply, or as the first in the alphabet."""
        if not word:
            return None
        turned = self._transposed(word)
        ways = [w[k:] + w[:k] for w in (word, turned) for k in range(len(w))]
        best = next((w for w in ways if self._step(w)), None)
        if best is None:
            best = min(ways, key=_alphabet)
            if _alphabet(best) == _alphabet(word):
                return None
        k = next((k for k in range(len(word)) if word[k:] + word[:k] == best), None)
        begin, flips = (word, False) if k is not None else (turned, True)
        k = next(k for k in range(len(begin)) if begin[k:] + begin[:k] == best)
        first, end = self._start(begin), self._start(best)

        def begun_anew(v: View) -> str:
            shown = []
            if flips:
                flipped = self._turned_product(word, v)
                at = self._of_size(size, v)
                shown.append(
                    f"(sz_transpose K {_list(v)} {at} erefl {self._product(word, v)} {flipped})"
                )
            if k:
                left, right = self._product(begin[:k], v), self._product(begin[k:], v)
                at = f"{self._of_size(first, v)} {self._of_size(end, v)}"
                shown.append(f"(sz_turn K {_list(v)} {at} erefl erefl {left} {right})")
            return shown[0] if len(shown) == 1 else f"(szD {' '.join(shown)})"

        return {("trace", sums, end, best): self.field.one}, begun_anew, sums

    def _transposed(self, word: Word) -> Word:
        return tuple(
            (kind, number, not turned and not self._numbered(number).symmetric, agents)
            for kind, number, turned, agents in reversed(word)
        )

    def _turned_product(self, word: Word, v: View) -> str:
        """That the transpose of a word is what it is read as."""
        parts = []
        for _, number, turned, agents in word:
            symmetric = self._numbered(number).symmetric
            shown = self._atom(number, not turned and not symmetric, agents, v)
            if turned:
                shown = f"(okTT {shown})"
            elif symmetric:
                shown = f"(ok_is {_at(symmetric, [_name(a, v) for a in agents])} {shown})"
            parts.append(shown)
        return _joined("okTM", parts)

    # Logarithms.

    def _log_det(
        self, number: int, binders: tuple[str, ...], names: Mapping[str, str] = EMPTY
    ) -> tuple[int, tuple]:
        """The number of lg (\\det node), and its agents."""
        pattern = self._pattern(number)
        text = f"lg (\\det {self.shown(number, pattern)})"
        new = text not in self.tables["number"]
        which = self._entry("number", text)
        if new:
            self._log_rule(number, which)
        return which, tuple(binders.index(a) if a in binders else names[a] for a in pattern)

    def _log_rule(self, number: int, which: int) -> None:
        """What a log det is a sum of."""
        kind, *args = self.nodes[number]
        names = self._pattern(number)
        children = self._children(number)
        logs = [(c, *self._log_det(c, (), names)) for c in children] if self._splits(number) else []
        units = [self._has_inverse(c, names) for c in children] if logs else []
        terms, script = [(self.field.one, *log[1:]) for log in logs], "by rewrite"
        if kind == "identity":
            script = "exact: (log_one lgM)"
        elif kind == "inverse":
            terms = [(-self.field.one, *logs[0][1:])]
            script = f"by rewrite (log_inverse lgM {units[0]}) mulN1r"
        elif kind == "transpose":
            script = "by rewrite log_turned mul1r"
        elif logs and kind == "multiply":
            shown = units[0]
            script = ""
            for unit in units[1:]:
                script = f" (log_times lgM {shown} {unit})" + script
                shown = f"(unit_M {shown} {unit})"
            script = f"by rewrite{script} !mul1r"
        elif kind == "scale":
            terms, script = self._log_of_multiple(
                args[1], self.scalars[args[0]], names, logs[0][1:]
            )
        else:
            straight, zeros = self._reduced(self._expanded(number, False, (), names), self._step)
            like = (
                (ratio, *leaf)
                for leaf in self.leaves
                if (ratio := _ratio(straight, leaf[2])) is not None
                and len(self._pattern(leaf[0])) == len(names)
            )
            ratio, other, log, _, before = next(like, (None, 0, 0, {}, []))
            if ratio is None:
                self._unit(number)
                self.leaves.append((number, which, straight, zeros))
                return
            own = self._pattern(other)
            agents, v = tuple(names.values()), self._view(*names.values())
            shown = f"{self._scalar(ratio)} *: {self.shown(other, own)}"
            k = self._coefficient(ratio, stated=True)
            proofs = self._tree(number, v, names), f"(okZ c{k} {self._tree(other, v, own)})"
            rest = [*zeros, *((-(c * ratio), zero) for c, zero in before)]
            self.steps += [
                f"have m{which}{_forall(agents)} : {self.shown(number, names)} = {shown}.",
                f"  {self._equal(v, *proofs, rest)}.",
            ]
            terms, script = self._log_of_multiple(other, ratio, own, (log, agents))
            script = f"rewrite {_applied(f'm{which}', agents)}; {script}"
        v = self._view(*names.values())
        written = " + ".join(
            f"{self._scalar(c)} * {_at(self.tables['number'][k], [_name(a, v) for a in agents])}"
            for c, k, agents in terms
        )
        agents = tuple(names.values())
        self.steps += [
            f"have g{which}{_forall(agents)} : {_at(self.tables['number'][which], agents)} "
            f"= {written or '0'}.",
            f"  {script}.",
        ]
        self.logs[which] = f"g{which}", agents, terms

    def _log_of_multiple(self, number: int, factor: Any, names, log: tuple) -> tuple[list, str]:
        """log det (factor · node), what is multiplied taken apart."""
        size = self.field.size(self._dimension_of(number))
        parts = [*self._factors(factor)]
        logs = [(size if up else -size, text) for text, up in parts]
        terms = [(c, self._entry("number", f"lg {text}"), ()) for c, text in logs]
        product = " * ".join(text if up else f"{text}^-1" for text, up in parts) or "1"
        unit = self._has_inverse(number, names)
        scalar, shown = self._scalar(factor), self.shown(number, names)
        size_shown = self._rows(number, names)
        written = " + ".join(f"lg {text}" if up else f"- lg {text}" for text, up in parts) or "0"
        times = f"do {len(logs) - 1}![rewrite lgM ?nonzero //]; " if len(logs) > 1 else ""
        script = (
            f"have q : {scalar} = {product} :> F by ratio.\n"
            f"  have nz : {scalar} != 0 :> F by try rewrite q; rewrite ?nonzero.\n"
            f"  have e : lg (\\det ({scalar} *: {shown})) = ({size_shown})%:R * lg {scalar} + "
            f"lg (\\det {shown}) := log_scale lgM nz {unit}.\n"
            f"  have w : lg {scalar} = {written}.\n"
            f"    by try rewrite q; {times}rewrite ?(log1 lgM) ?(log_over lgM).\n"
            f"  rewrite e ?(natrM, natrD); try rewrite w; ring"
        )
        return [*terms, (self.field.one, *log)], script

    def _factors(self, factor: Any) -> Iterator[tuple[str, bool]]:
        """What a scalar is a product of, supposed not to be 0; whether it is not divided by."""
        for part, above in zip(self.field.parts(factor), (True, False), strict=True):
            terms = self.field.terms(part)
            texts = [(self._polynomial(terms), above)]
            if len(terms) == 1:
                number, names = Fraction(terms[0][0]), terms[0][1:]
                if number < 0:
                    raise UnsupportedError(
                        "the logarithm of a product is split whose factors may be negative"
                    )
                texts = [(self._generator(name), above) for name in names]
                for whole, up in ((number.numerator, above), (number.denominator, not above)):
                    texts += [(f"{prime}%:R", up) for prime in _primes(whole)]
            for text, up in texts:
                self.nonzero[text] = None
                yield text, up

    def _splits(self, number: int) -> bool:
        kind, *_ = self.nodes[number]
        if kind == "multiply":
            sizes = {
                self._dimension_of(c, t) for c in self._children(number) for t in (False, True)
            }
            return len(sizes) == 1
        return kind in ("transpose", "scale", "inverse")

    def _has_inverse(self, number: int, names: Mapping[str, str]) -> str:
        kind, *args = self.nodes[number]
        if kind == "identity":
            return f"(unit_1 F {self._rows(number, names)})"
        if kind == "inverse":
            return f"(unit_V {self._unit(args[0], names)})"
        if kind in ("transpose", "multiply") and self._splits(number):
            parts = [self._has_inverse(c, names) for c in args]
            return f"(unit_T {parts[0]})" if kind == "transpose" else _joined("unit_M", parts)
        return self._unit(number, names)

    def _log_steps(self, sums: int, which: int, agents: tuple) -> _Step | None:
        if which not in self.logs:
            return self._sums_step(("number", sums, which, agents))
        fact, own, terms = self.logs[which]
        put = dict(zip(own, agents, strict=True))
        terms = [(c, k, tuple(put[a] for a in at)) for c, k, at in terms]

        def ruled(v: View) -> str:
            shown = [
                f"(oksZ c{self._coefficient(c, stated=True)} {self._is_number(k, at, v)})"
                for c, k, at in terms
            ]
            is_sum = _joined("oksD", shown) if shown else f"(oks0 K {_list(v)})"
            given = _applied(fact, [_name(a, v) for a in agents])
            return f"(sz_is {given} {self._is_number(which, agents, v)} {is_sum})"

        return _sum((("number", sums, k, at), c) for c, k, at in terms), ruled, sums


class _Nodes:
    """The expressions of a certificate as nodes of one operation each, identities with sizes."""

    def __init__(self, given: Mapping[str, Any], field: Scalars):
        self.given, self.field = given, field
        self.nodes: list[list] = []
        self.scalars: list[Any] = []
        self.known: dict[tuple[int, str], tuple[int, str]] = {}

    def side(self, side: str) -> Any:
        """The node of a side; of a scalar, a list of `_Measured`."""
        if self.given["size"]:
            return self._expression(self.given[side], self.given["size"])[0]
        return [
            _Measured(self._polynomial(c), kind, tuple(over), self._expression(e, size)[0], size)
            for c, (kind, *over, size, e) in self.given["expressions"][self.given[side]]
        ]

    def node(self, *node: Any) -> int:
        if [*node] not in self.nodes:
            self.nodes.append([*node])
        return self.nodes.index([*node])

    def _expression(self, number: int, cols: str) -> tuple[int, str]:
        """A node, and its rows."""
        if (number, cols) not in self.known:
            terms = [self._term(*term, cols=cols) for term in self.given["expressions"][number]]
            if not terms:
                terms = [(self.node("zero", cols, cols), cols)]
            nodes = [node for node, _ in terms]
            made = nodes[0] if len(nodes) == 1 else self.node("add", *nodes)
            self.known[number, cols] = made, terms[0][1]
        return self.known[number, cols]

    def _term(self, written: Any, *word: list, cols: str) -> tuple[int, str]:
        factor, parts, rows = self._polynomial(written), [], cols
        for kind, *args in reversed(word):
            if kind == "letter":
                part, rows = self.node(kind, *args), args[2]
            elif kind == "inverse" and (over := self._multiple(args[0])) is not None:
                factor = factor / over
                continue
            elif kind == "transpose":
                part, rows = self._turned(args[0], rows)
            else:
                part, rows = self._expression(args[-1], rows)
                part = part if kind == "group" else self.node(kind, *args[:-1], part)
            parts.append(part)
        if len(parts) < 2:
            made = parts[0] if parts else self.node("identity", cols)
        else:
            made = self.node("multiply", *parts[::-1])
        if factor != self.field.one:
            self.scalars.append(factor)
            at = next(k for k, known in enumerate(self.scalars) if known == factor)
            made = self.node("scale", at, made)
        return made, rows

    def _turned(self, number: int, rows: str) -> tuple[int, str]:
        """The transpose of an expression with these rows."""
        cols = self._columns(number) or rows
        return self.node("transpose", self._expression(number, cols)[0]), cols

    def _columns(self, number: int) -> str | None:
        """The columns of an expression, where a letter tells them."""
        for _, *word in self.given["expressions"][number]:
            for kind, *args in reversed(word):
                if kind == "letter":
                    return args[3]
                found = self._rows(args[-1]) if kind == "transpose" else self._columns(args[-1])
                if found:
                    return found
        return None

    def _rows(self, number: int) -> str | None:
        for _, *word in self.given["expressions"][number]:
            for kind, *args in word:
                if kind == "letter":
                    return args[2]
                found = self._columns(args[-1]) if kind == "transpose" else self._rows(args[-1])
                if found:
                    return found
        return None

    def _multiple(self, number: int) -> Any:
        """The scalar that an expression is times I, if it has no factor else."""
        terms = self.given["expressions"][number]
        if any(word for _, *word in terms):
            return None
        values = [self._polynomial(c) for c, *_ in terms]
        return sum(values[1:], values[0])

    def _polynomial(self, written: str | list) -> Any:
        K, total = self.field, self.field.number(0)
        for factor, *names in [[written]] if isinstance(written, str) else written:
            product = K.number(Fraction(factor))
            for one in names:
                product = product * K.generator(one)
            total = total + product
        return total


def _joined(operation: str, parts: Sequence[str]) -> str:
    shown = parts[0]
    for part in parts[1:]:
        shown = f"({operation} {shown} {part})"
    return shown


def _primes(number: int) -> list[int]:
    return [p for p, power in sympy.factorint(number).items() for _ in range(power)]


def _not_zero(fact: str, number: int) -> str:
    """That a number is not 0, as its prime factors are not."""
    primes = _primes(number)
    split = [f"(natrM F {p} {prod(primes[k + 1 :])})" for k, p in enumerate(primes[:-1])]
    steps = ["rewrite", *split, "?mulf_neq0", "?oner_neq0"]
    return f"have {fact} : ({number}%:R : F) != 0 by {' '.join(steps)}."


def _applied(fact: str, agents: Iterable[str]) -> str:
    """A fact, or a family of letters, at some agents."""
    return f"({' '.join([fact, *agents])})" if [*agents] else fact


def _forall(agents: Iterable[str]) -> str:
    return "".join(f" ({agent} : nat)" for agent in agents)


def _places(agents: Iterable[Agent], v: View) -> str:
    """Where agents stand in a view."""
    return _list(a if isinstance(a, int) else v.index(a) for a in agents)


def _at(text: str, agents: Sequence[str]) -> str:
    """What is written for a0, a1, … at some agents."""
    return re.sub(r"\ba(\d+)\b", lambda found: agents[int(found[1])], text)


def _list(entries: Iterable[Agent]) -> str:
    shown = (f"{x}%N" if isinstance(x, int) else f"({x} : nat)" for x in entries)
    return f"[:: {'; '.join(shown)}]"


def _table(rows: Iterable[str], other: str) -> str:
    cases = [f"{k} => {_at(row, _NTH)}" for k, row in enumerate(rows)]
    return f"match k with {' | '.join([*cases, f'_ => {other}'])} end"


_NTH = [f"(nth 0%N a {k})" for k in range(9)]


def _bound(v: View) -> str:
    """A name for the agent that a further sum binds."""
    return f"j{len(v)}"


def _name(agent: Agent, v: View) -> str:
    return v[agent] if isinstance(agent, int) else agent


def _length(word: Word) -> int:
    return sum(1 if factor[0] == "letter" else _length(factor[1]) for factor in word)


def _mapped(word: Word, change: Callable[[Agent, int], Agent], depth: int = 0) -> Word:
    """A word with other agents; `depth` counts the sums around one."""
    return tuple(
        (*factor[:3], tuple(change(agent, depth) for agent in factor[3]))
        if factor[0] == "letter"
        else ("sum", _mapped(factor[1], change, depth + 1))
        for factor in word
    )


def _shifted(word: Word, by: int, above: int = 0) -> Word:
    """A word moved into more sums, or out of some."""

    def change(agent: Agent, depth: int) -> Agent:
        if isinstance(agent, int) and agent >= depth + above:
            return agent + by
        return agent

    return _mapped(word, change)


def _mentions(word: Word, index: int) -> bool:
    return any(
        index in factor[3] if factor[0] == "letter" else _mentions(factor[1], index + 1)
        for factor in word
    )


def _agents(word: Word) -> list[Agent]:
    """The agents of a word of letters, as they come."""
    return list(dict.fromkeys(agent for *_, agents in word for agent in agents))


def _alphabet(word: Word) -> str:
    """A word of letters, bound agents called as they come."""
    bound = [a for a in _agents(word) if isinstance(a, int)]
    return repr(_mapped(word, lambda a, _: bound.index(a) if a in bound else a))


def _ratio(p: Poly, q: Poly) -> Any:
    """The scalar that p is times q, None where it is none."""
    word = next(iter(q), None)
    if word is None or word not in p:
        return None
    factor = p[word] / q[word]
    return None if _less(p, {w: c * factor for w, c in q.items()}) else factor


def _sizes(given: Mapping[str, Any]) -> set[str]:
    """The sizes that a certificate names."""
    factors = [factor for terms in given["expressions"] for _, *word in terms for factor in word]
    letters = (size for kind, *args in factors if kind == "letter" for size in args[2:])
    measured = (args[-2] for kind, *args in factors if kind in ("trace", "log det"))
    return {*letters, *measured, *([given["size"]] if given["size"] else [])}


def _put(word: Word, agents: Mapping[str, Agent]) -> Word:
    def change(agent: Agent, depth: int) -> Agent:
        if isinstance(agent, int):
            return agent
        put = agents.get(agent, agent)
        return put + depth if isinstance(put, int) else put

    return _mapped(word, change)


def _matches(lead: Word, word: Word, agents: dict[str, Agent], depth: int = 0) -> bool:
    """Whether a word is one for a0, a1, …, which are noted."""
    if len(lead) != len(word):
        return False
    for a, b in zip(lead, word, strict=True):
        if a[0] != b[0]:
            return False
        if a[0] == "sum":
            if not _matches(a[1], b[1], agents, depth + 1):
                return False
            continue
        if a[1:3] != b[1:3]:
            return False
        for own, agent in zip(a[3], b[3], strict=True):
            if isinstance(own, str) and re.fullmatch(r"a\d+", own):
                if isinstance(agent, int) and agent < depth:
                    return False
                agent = agent - depth if isinstance(agent, int) else agent
                if agents.setdefault(own, agent) != agent:
                    return False
            elif own != agent:
                return False
    return True


def _sum(terms: Iterable[tuple[Any, Any]]) -> Poly:
    total: Poly = {}
    for word, factor in terms:
        total[word] = total[word] + factor if word in total else factor
    return {word: factor for word, factor in total.items() if factor}


def _less(p: Poly, q: Poly) -> Poly:
    return _sum([*p.items(), *((word, -factor) for word, factor in q.items())])


def _times(p: Poly, q: Poly) -> Poly:
    return _sum((u + v, a * b) for u, a in p.items() for v, b in q.items())


def accepted(text: str, seconds: float = SECONDS) -> bool:
    """Whether Coq's kernel accepts a lemma.

    Raises
    ------
    UnsupportedError
        Where Coq, or MathComp with its `ring` and `field`, is not installed.
    """
    if not installed():
        raise UnsupportedError("Coq with MathComp's algebra and its ring tactic is not installed")
    return _compiles(IMPORTS + text, seconds)


@cache
def installed() -> bool:
    """Whether Coq is there, and what `identities.v` needs."""
    return shutil.which("coqc") is not None and _library() is not None


@cache
def _library() -> tempfile.TemporaryDirectory | None:
    """A folder with `identities.v` compiled; None where that fails."""
    folder = tempfile.TemporaryDirectory()
    shutil.copy(LIBRARY, folder.name)
    return folder if _coqc(folder.name, 120.0, "identities.v") else None


def _compiles(text: str, seconds: float) -> bool:
    library = _library()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "identity.v").write_text(text, encoding="utf-8")
        return library is not None and _coqc(folder, seconds, "-Q", library.name, "", "identity.v")


def _coqc(folder: str, seconds: float, *arguments: str) -> bool:
    command = ["coqc", "-q", "-w", "none", *arguments]
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


def main(folder: str) -> int:
    """State the certificates of a folder in Coq, write them beside, and have each checked."""
    if not installed():
        print("Skipped: Coq with MathComp's algebra and its ring tactic is not installed.")
        return 0
    texts: dict[Path, str] = {}
    beyond: Counter[str] = Counter()
    for path in sorted(Path(folder).glob("*.json")):
        try:
            texts[path] = lemma("identity", json.loads(path.read_text(encoding="utf-8")))
        except UnsupportedError as why:
            beyond[str(why)] += 1
        else:
            path.with_suffix(".v").write_text(IMPORTS + texts[path], encoding="utf-8")
    # The short ones first: the longest take Coq many minutes.
    texts = dict(sorted(texts.items(), key=lambda item: len(item[1])))
    start, count = time.monotonic(), 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, good in zip(texts, pool.map(accepted, texts.values()), strict=True):
            shown = "accepted" if good else f"not accepted within {SECONDS:.0f} s"
            print(f"{path.stem}: {shown}", flush=True)
            count += good
    print(
        f"{count} of {len(texts)} identities that were stated are accepted by Coq's kernel "
        f"({time.monotonic() - start:.0f} s)."
    )
    for why, number in beyond.items():
        print(f"{number} more were not stated: {why}.")
    return int(count < len(texts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
