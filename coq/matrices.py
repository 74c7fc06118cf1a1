"""Proofs that two sums of words of matrices are equal, by rules for the inverses."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from coq.terms import Family, Terms
from coq.words import (
    Agent,
    Poly,
    View,
    Word,
    Zero,
    added,
    applied,
    binder,
    length,
    listed,
    matches,
    multiplied,
    named,
    over_all,
    put_at,
    ratio_of,
    subtracted,
    with_agents,
)
from ergs_verify.errors import UnsupportedError

MOST_STEPS = 20_000


class Rule(NamedTuple):
    """A fact for the agents a0, a1, …: a word is equal to a sum of others."""

    fact: str
    agents: View
    lead: Word
    rest: Poly
    rows: str
    cols: str


class Lemma(Terms):
    """One lemma, proved by rules for its inverses."""

    def __init__(self, given: Mapping[str, Any], *, shared: bool):
        super().__init__(given, shared=shared)
        self.units: list[tuple[int, Family, Poly, list]] = []
        self.rules: list[Rule] = []
        self.supposed: dict[str, str] = {}
        self.poses: list[str] = []
        self.steps: list[str] = []
        self.left = MOST_STEPS

    def text(self, name: str) -> str:
        claim = self._claim()
        for number, node in enumerate(self.nodes):
            if node[0] == "inverse":
                self._inverse(number)
            elif number in self.opaque:
                self._family(number)
                names = self._pattern(number)
                self.poses.append(
                    f"pose L{number}{over_all(names.values())} := {self.shown(number, names)}."
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
                todo = added([*todo.items(), *((w, c * factor) for w, c in put.items())])
            else:
                done = added([*done.items(), (word, factor)])
        return done, zeros

    def _step(self, word: Word) -> tuple[Poly, Zero] | None:
        """A word as a sum of others, and a proof that the difference is zero."""
        for rule in self.rules:
            n = len(rule.lead)
            for k in range(len(word) - n + 1):
                agents: dict[str, Agent] = {}
                if matches(rule.lead, word[k : k + n], agents) and len(agents) == len(rule.agents):
                    put = {with_agents(w, agents): c for w, c in rule.rest.items()}
                    zero = self._by_rule(rule, agents, word[k : k + n], put)
                    return self._within(word[:k], put, zero, word[k + n :])
        return None

    def _by_rule(self, rule: Rule, agents: Mapping[str, Agent], word: Word, put: Poly) -> Zero:
        def zero(v: View) -> str:
            names = [named(agents[a], v) for a in rule.agents]
            rest = self._sum_of(put, v, put_at(rule.rows, names), put_at(rule.cols, names))
            return f"(z_is {applied(rule.fact, names)} {self._product(word, v)} {rest})"

        return zero

    def _within(self, before: Word, put: Poly, zero: Zero, after: Word) -> tuple[Poly, Zero]:
        def around(v: View) -> str:
            shown = zero(v)
            shown = f"(zR {shown} {self._product(after, v)})" if after else shown
            return f"(zL {self._product(before, v)} {shown})" if before else shown

        return {before + w + after: c for w, c in put.items()}, around

    def _around(self, v: View, out: Word, before: Word, inside: Word, after: Word, back: Word):
        """Proofs what the parts of P Σ X_j S are, P and S outside of the sum and inside."""
        j = binder(v)
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

    def _below(self, depth: int, zero: Zero) -> Zero:
        """A scalar that is zero, within sums."""

        def shown(v: View) -> str:
            names: View = ()
            for _ in range(depth):
                names = (binder((*names, *v)), *names)
            inside = zero((*names, *v))
            for j in names:
                inside = f"(szS K (fun {j} => {inside}))"
            return inside

        return shown

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
        view = f"(v := {listed(v)})"
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
        return applied(fact, [(names or own)[agent] for agent in own])

    def _inverse(self, number: int) -> None:
        """The rules that the two equations of Y = a⁻¹ give, for it and its transpose."""
        names, inside = self._pattern(number), self.nodes[number][1]
        if self.shown(number, names) in self.families:
            return
        family, _ = self._family(number)
        agents = tuple(names.values())
        forall = over_all(agents)
        v, unit, Y = self._view(*agents), self._unit(inside), family.text
        body = self.shown(inside, names)
        left, right = (applied(f"{side}{number}", agents) for side in "lr")
        self.poses += [
            f"pose Y{number}{forall} := {self.shown(number, names)}.",
            f"have l{number}{forall} : {Y} *m {body} = 1%:M := mulVmx {unit}.",
            f"have r{number}{forall} : {body} *m {Y} = 1%:M := mulmxV {unit}.",
        ]
        straight, turned = (self._expanded(inside, t, (), names) for t in (False, True))
        a, aT = (self._tree(inside, v, names, t) for t in (False, True))
        poly, zeros = self._reduced(straight, self._step)
        for other, known, before, left_out in self.units:
            ratio = ratio_of(poly, before)
            if ratio is not None and len(self._pattern(other)) == len(names):
                times = self.field.one / ratio
                rest = [*zeros, *((-(c * ratio), zero) for c, zero in left_out)]
                self._same_inverse(number, other, known, times, rest)
                return
        rest, turning = self._reduced(subtracted(turned, straight), self._step)
        if not rest:
            self.steps += [
                f"have s{number}{forall} : {Y}^T = {Y}.",
                f"  apply: (symmetric _ {left} {right}).",
                f"  {self._equal(v, aT, a, turning)}.",
            ]
            family.symmetric = applied(f"s{number}", agents)
        self.units.append((number, family, poly, zeros))
        size, one = family.rows, f"(ok1 K {listed(v)} {family.rows})"
        oneT = f"(okT1 K {listed(v)} {size})"
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
            for k, product in enumerate((multiplied(at, inner), multiplied(inner, at))):
                base = f"(z_is {facts[k]} {ways[k]} {oneT if t else one})"
                self._solve(f"e{number}_{2 * t + k}", agents, product, base, size)

    def _same_inverse(
        self, number: int, other: int, known: Family, times: Any, zeros: Iterable
    ) -> None:
        """Y = c Z for inverses Y of a and Z of b, as b = c a up to zeros."""
        names = self._pattern(number)
        family, _ = self._family(number)
        agents = tuple(names.values())
        v = self._view(*agents)
        y, z = (self._atom(f.number, False, agents, v) for f in (family, known))
        a, b = (self._tree(self.nodes[k][1], v, self._pattern(k)) for k in (number, other))
        one = f"(ok1 K {listed(v)} {family.rows})"
        left, right = applied(f"l{number}", agents), applied(f"r{other}", agents)
        rest: list[tuple[Any, Zero]] = [
            (-self.field.one, lambda _: f"(zL {y} (z_is {right} (okM {b} {z}) {one}))"),
            (times, lambda _: f"(zR (z_is {left} (okM {y} {a}) {one}) {z})"),
            *((-(c * times), lambda v, f=f: f"(zL {y} (zR {f(v)} {z}))") for c, f in zeros),
        ]
        k = self._coefficient(times, stated=True)
        self.steps += [
            f"have t{number}{over_all(agents)} : "
            f"{family.text} = {self._scalar(times)} *: {known.text}.",
            f"  {self._equal(v, y, f'(okZ c{k} {z})', rest)}.",
        ]
        family.equal = applied(f"t{number}", agents), known, times

    def _solve(self, fact: str, agents: View, product: Poly, base: str, size: str) -> None:
        """The rule that an equation `product` = 1, proved by `base`, gives for its longest word."""
        relation = subtracted(product, {(): self.field.one})
        poly, zeros = self._reduced(relation, self._step)
        if not poly:
            return
        lead = max(poly, key=lambda w: (length(w), repr(w)))
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
        forall = over_all(agents)
        known = [(self.field.one / factor, lambda _: base)]
        known += [(-(c / factor), zero) for c, zero in zeros]
        proof = self._equal(v, self._product(lead, v), shown, known)
        self.steps += [
            f"have {fact}{forall} : {self._words(lead, v, rows)} = {written or '0'}.",
            f"  {proof}.",
        ]
        self.rules.append(Rule(fact, agents, lead, rest, rows, cols))

    def _end(self) -> None:
        """How the two sides become equal by the rules."""
        v = self._view()
        left, right = (self._expanded(side, False, ()) for side in self.sides)
        free = [k for k, n in enumerate(self.nodes) if n[0] == "inverse" and not self._pattern(k)]
        for before, after in itertools.product((None, *free), (None, *free)):
            start = subtracted(left, right)
            shown = [self._tree(side, v) for side in self.sides]
            tactics = []
            if before is not None:
                a = self.nodes[before][1]
                start = multiplied(self._expanded(a, False, ()), start)
                shown = [f"(okM {self._tree(a, v)} {side})" for side in shown]
                tactics.append(f"refine (cancel_left l{before} _).")
            if after is not None:
                a = self.nodes[after][1]
                start = multiplied(start, self._expanded(a, False, ()))
                shown = [f"(okM {side} {self._tree(a, v)})" for side in shown]
                tactics.append(f"refine (cancel_right r{after} _).")
            rest, zeros = self._reduced(start, self._step)
            if not rest:
                left, right = shown
                self.steps += [*tactics, f"{self._equal(v, left, right, zeros)}."]
                return
        raise UnsupportedError("the rules do not show it")
