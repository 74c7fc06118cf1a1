"""Proofs for traces and log dets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from coq.matrices import Lemma
from coq.nodes import Measured
from coq.statement import EMPTY
from coq.words import (
    Agent,
    Poly,
    View,
    Word,
    Zero,
    added,
    agents_of,
    alphabet,
    applied,
    binder,
    joined,
    listed,
    mapped,
    named,
    over_all,
    places,
    prime_factors,
    put_at,
    ratio_of,
    shifted,
    subtracted,
)
from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.scalars import AGENTS

Step = tuple[Poly, Zero, int]  # what a word is up to zero, within so many sums


class ScalarLemma(Lemma):
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

    def _term(self, term: Measured) -> str:
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
        sides = [added(entry for term in side for entry in self._read(term)) for side in self.sides]
        rest, zeros = self._reduced(subtracted(*sides), self._scalar_step)
        if rest:
            raise UnsupportedError("the rules do not show it")
        left, right = (
            joined("oksD", [self._shown_as(term, v) for term in side]) if side else "(oks0 _ _)"
            for side in self.sides
        )
        self.steps.append(f"{self._equal(v, left, right, zeros, 'sc_eq')}.")

    def _read(self, term: Measured) -> Iterator[tuple[tuple, Any]]:
        binders, over = term.over[::-1], len(term.over)
        if term.kind == "trace":
            size = self._dimension(term.size, binders)
            for word, c in self._expanded(term.node, False, binders).items():
                yield ("trace", over, size, word), c * term.factor
        else:
            yield ("number", over, *self._log_det(term.node, binders)), term.factor

    def _shown_as(self, term: Measured, v: View, names: Mapping[str, str] = EMPTY) -> str:
        """That a term, or what its sums are of, is what it is read as."""

        def inside(v: View, names: Mapping[str, str]) -> str:
            if len(names) < len(term.over):
                j = binder(v)
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
        return self._entry("size", put_at(size, names)), tuple(bound)

    def _is_trace(self, size: tuple, shown: str, v: View) -> str:
        return f"(okt K {listed(v)} {self._of_size(size, v)} erefl {shown})"

    def _of_size(self, size: tuple, v: View) -> str:
        return f"{size[0]} {places(size[1], v)}"

    def _is_number(self, which: int, agents: Sequence[Agent], v: View) -> str:
        text = put_at(self.tables["number"][which], [named(a, v) for a in agents])
        return f"(okn K {listed(v)} {which} {places(agents, v)} ({text}) erefl)"

    def _sums(self, sums: int, key: tuple, v: View) -> str:
        """What a trace or a number is, summed over so many agents."""
        if sums:
            j = binder(v)
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
        return put, self._below(depth, zero)

    def _moved(self, key: tuple, change: Callable[[Word], Word]) -> tuple:
        """A trace or number with its agents changed, as those of a word are."""
        kind, sums, size, rest = key

        def agents(found: tuple) -> tuple:
            return change((("letter", 0, False, found),))[0][3]

        if kind == "number":
            return kind, sums, size, agents(rest)
        return kind, sums, (size[0], agents(size[1])), change(rest)

    def _sums_step(self, key: tuple) -> Step | None:
        """A sum of what does not depend on the agent; sums in the order of their agents."""
        kind, sums, size, rest = key
        word = rest if kind == "trace" else (("letter", 0, False, rest),)
        every = [*agents_of(word), *(size[1] if kind == "trace" else ())]
        order = list(dict.fromkeys(agent for agent in every if isinstance(agent, int)))
        for b in range(sums):
            if b not in order:
                return self._constant(key, b)
        for b in range(sums - 1):
            if order.index(b) > order.index(b + 1):
                return self._swapped(key, b)
        return None

    def _constant(self, key: tuple, b: int) -> Step:
        agents = self.field.generator(AGENTS)
        kind, sums, *rest = self._moved(key, lambda word: shifted(word, -1, b))
        out = (kind, sums - 1, *rest)

        def zero(v: View) -> str:
            j = binder(v)
            fact = f"c{self._coefficient(agents, stated=True)}"
            inside = self._sums(b, key, (j, *v))
            return f"(sz_const K {fact} {self._sums(b, out, v)} (fun {j} => {inside}))"

        return {out: agents}, zero, sums - 1 - b

    def _swapped(self, key: tuple, b: int) -> Step:
        swap: dict[Agent, Agent] = {b: b + 1, b + 1: b}
        out = self._moved(key, lambda word: mapped(word, lambda a, _: swap.get(a, a)))

        def zero(v: View) -> str:
            i = binder(v)
            j = binder((i, *v))
            one, two = self._sums(b, key, (j, i, *v)), self._sums(b, out, (i, j, *v))
            return f"(sz_swap K (fun {i} {j} => {one}) (fun {j} {i} => {two}))"

        return {out: self.field.one}, zero, key[1] - 2 - b

    def _pulled(self, key: tuple, k: int) -> Step:
        """A sum within a trace becomes one of traces."""
        kind, sums, size, word = key
        before, inside, after = word[:k], word[k][1], word[k + 1 :]
        first, last = shifted(before, 1), shifted(after, 1)
        within = self._moved(key, lambda word: shifted(word, 1))[2]

        def zero(v: View) -> str:
            parts = self._around(v, before, first, inside, last, after)
            at = f"{self._of_size(size, v)} {places(within[1], (binder(v), *v))}"
            return f"(sz_pull K {listed(v)} {at} erefl (fun _ => erefl) {parts})"

        return {(kind, sums + 1, within, first + inside + last): self.field.one}, zero, sums

    def _trace_steps(self, sums: int, size: tuple, word: Word) -> Step | None:
        key = ("trace", sums, size, word)
        for k, (kind, *_) in enumerate(word):
            if kind == "sum":
                return self._pulled(key, k)
        if found := self._step(word):
            put, zero = found

            def ruled(v: View) -> str:
                return f"(sz_tr K {listed(v)} {self._of_size(size, v)} erefl {zero(v)})"

            return {("trace", sums, size, w): c for w, c in put.items()}, ruled, sums
        unit = self._entry("size", "1"), ()
        if not word and size != unit and size in self.values:
            value, text = self.values[size]
            fact = self._stated(value, f"{text}%:R")

            def counted(v: View) -> str:
                return (
                    f"(sz_size K {listed(v)} {self._of_size(size, v)} {unit[0]} erefl erefl {fact})"
                )

            return {("trace", sums, unit, ()): value}, counted, sums
        if found := self._turned_step(sums, size, word):
            return found
        return self._sums_step(key)

    def _turned_step(self, sums: int, size: tuple, word: Word) -> Step | None:
        """A trace begun anew: so that rules apply, or as the first in the alphabet."""
        if not word:
            return None
        turned = self._transposed(word)
        ways = [w[k:] + w[:k] for w in (word, turned) for k in range(len(w))]
        best = next((w for w in ways if self._step(w)), None)
        if best is None:
            best = min(ways, key=alphabet)
            if alphabet(best) == alphabet(word):
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
                    f"(sz_transpose K {listed(v)} {at} erefl {self._product(word, v)} {flipped})"
                )
            if k:
                left, right = self._product(begin[:k], v), self._product(begin[k:], v)
                at = f"{self._of_size(first, v)} {self._of_size(end, v)}"
                shown.append(f"(sz_turn K {listed(v)} {at} erefl erefl {left} {right})")
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
                shown = f"(ok_is {put_at(symmetric, [named(a, v) for a in agents])} {shown})"
            parts.append(shown)
        return joined("okTM", parts)

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
        children = self.children(number)
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
                args[1], self.factors[args[0]], names, logs[0][1:]
            )
        else:
            straight, zeros = self._reduced(self._expanded(number, False, (), names), self._step)
            like = (
                (ratio, *leaf)
                for leaf in self.leaves
                if (ratio := ratio_of(straight, leaf[2])) is not None
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
                f"have m{which}{over_all(agents)} : {self.shown(number, names)} = {shown}.",
                f"  {self._equal(v, *proofs, rest)}.",
            ]
            terms, script = self._log_of_multiple(other, ratio, own, (log, agents))
            script = f"rewrite {applied(f'm{which}', agents)}; {script}"
        v = self._view(*names.values())
        written = " + ".join(
            f"{self._scalar(c)} * {put_at(self.tables['number'][k], [named(a, v) for a in agents])}"
            for c, k, agents in terms
        )
        agents = tuple(names.values())
        self.steps += [
            f"have g{which}{over_all(agents)} : {put_at(self.tables['number'][which], agents)} "
            f"= {written or '0'}.",
            f"  {script}.",
        ]
        self.logs[which] = f"g{which}", agents, terms

    def _log_of_multiple(self, number: int, factor: Any, names, log: tuple) -> tuple[list, str]:
        """log det (factor · node), what is multiplied taken apart."""
        size = self.field.size(self.shapes[number][0])
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
                    texts += [(f"{prime}%:R", up) for prime in prime_factors(whole)]
            for text, up in texts:
                self.nonzero[text] = None
                yield text, up

    def _splits(self, number: int) -> bool:
        kind, *_ = self.nodes[number]
        if kind == "multiply":
            sizes = {self.shapes[c][t] for c in self.children(number) for t in (False, True)}
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
            return f"(unit_T {parts[0]})" if kind == "transpose" else joined("unit_M", parts)
        return self._unit(number, names)

    def _log_steps(self, sums: int, which: int, agents: tuple) -> Step | None:
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
            is_sum = joined("oksD", shown) if shown else f"(oks0 K {listed(v)})"
            given = applied(fact, [named(a, v) for a in agents])
            return f"(sz_is {given} {self._is_number(which, agents, v)} {is_sum})"

        return added((("number", sums, k, at), c) for c, k, at in terms), ruled, sums
