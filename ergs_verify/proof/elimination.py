"""Normal forms for proofs that are read: a letter of each inverted sum is eliminated.

A letter that stands alone in the sum (such as R in W := (τ/2)I + R + B'PB), or else a word of it,
is what the letter of the sum, less the others, stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ergs_verify.proof.algebra import Algebra, Place
from ergs_verify.proof.words import Letter, Monomial, Poly, Word, flipped

NAMING_PASSES = 4
"""A few passes settle which inverses occur."""


class _Rule(NamedTuple):
    """A word (agents as parameters "?k") and what it is rewritten to."""

    pattern: Word
    result: Poly


class Eliminating(Algebra):
    """An algebra in which a letter or word of each inverted sum is rewritten."""

    def __init__(self, expressions: Iterable, definitions: Mapping | None = None, symmetric=()):
        self._rules: list[_Rule] = []
        self._used: dict[Word, Poly] = {}
        super().__init__(expressions, definitions, symmetric)
        # Every inverse brings a rule; later conversions must all see the same ones.
        for _ in range(NAMING_PASSES):
            names = len(self.named)
            self.read_anew()
            for expression in (*expressions, *self.definitions.values()):
                self.poly(expression)
            if len(self.named) == names:
                break

    def same(self, lhs, rhs) -> tuple[Any, list[tuple]] | None:
        """The common normal form of two sides and the equations it takes; None where they differ.

        Parameters
        ----------
        lhs, rhs : SymPy expressions among those the language was made of, or products of them
        """
        self._used = {}
        self.read_anew()
        left = self.poly(lhs)
        if left != self.poly(rhs):
            return None
        # An equation and its transpose are one; what belongs to agents has no fixed letters.
        used, shown = dict(self._used), []
        for pattern, result in used.items():
            first = flipped(pattern) not in used or pattern <= flipped(pattern)
            if first and not any(a.agents for a in pattern):
                shown.append((self.to_sympy(self.word(pattern)), self.to_sympy(result)))
        return self.to_sympy(left), shown

    def new_name(self, value: Poly, letter: Letter, parameters: tuple[str, ...]) -> None:
        super().new_name(value, letter, parameters)
        rule = self._elimination(value, letter)
        if rule is None:
            return
        self._rules.append(rule)
        if (turned := flipped(rule.pattern)) != rule.pattern:
            self._rules.append(_Rule(turned, rule.result.T))
        self._rules = [_Rule(r.pattern, self.reduce(r.result)) for r in self._rules]
        for name, named in self.named.items():
            # In letters that are not eliminated by its own rule.
            reduced = self.reduce(named.value)
            if Monomial(word=(named.letter,)) not in reduced.terms:
                self.named[name] = named._replace(value=reduced)

    def place_in(self, word: Word) -> Place | None:
        if found := super().place_in(word):
            return found
        present = {letter.name for letter in word}
        for rule in self._rules:
            if not all(a.name in present for a in rule.pattern):
                continue
            for k in range(len(word) - len(rule.pattern) + 1):
                end = k + len(rule.pattern)
                names = _match(rule.pattern, word[k:end])
                if names is not None:
                    self._used[rule.pattern] = rule.result
                    return Place(word[:k], rule.result.rename(names), word[end:])
        return None

    def _elimination(self, value: Poly, letter: Letter) -> _Rule | None:
        """Solve `letter = value` for a word that occurs once: a lone letter if there is one."""
        candidates = {}
        for monomial, coefficient in value.terms.items():
            word = monomial.word
            others = {a.bare.name for k in value.terms if k is not monomial for a in k.letters()}
            if not word or monomial.traces or monomial.logs or monomial.bound:
                continue
            if {x for a in word for x in a.agents} < set(letter.agents) or _overlaps_itself(word):
                continue
            first, names = word[0], {a.bare.name for a in word}
            if len(word) == 1 and (
                first.symmetric != letter.symmetric or names & (others | self.named.keys())
            ):
                continue
            rank = sum(a.inverse for a in word), len(word), -len(names - others), monomial
            candidates[rank] = coefficient
        if not candidates:
            return None
        best = min(candidates)
        monomial = best[-1]
        rest = Poly({k: c for k, c in value.terms.items() if k != monomial}, value.shape)
        return _Rule(
            monomial.word, (self.word((letter,)) - rest).scale(self.one / candidates[best])
        )


def _match(pattern: Word, word: Word) -> dict[str, str] | None:
    """The agents for which a word is the pattern's."""
    names: dict[str, str] = {}
    for wanted, letter in zip(pattern, word, strict=True):
        kinds = [(a.name, a.transposed, a.inverse) for a in (wanted, letter)]
        if kinds[0] != kinds[1]:
            return None
        for parameter, agent in zip(wanted.agents, letter.agents, strict=True):
            known = names.setdefault(parameter, agent) if parameter[0] == "?" else parameter
            if known != agent:
                return None
    return names


def _overlaps_itself(word: Word) -> bool:
    turned = flipped(word)
    return any(word[:k] in (word[-k:], turned[-k:]) for k in range(1, len(word))) and word != turned
