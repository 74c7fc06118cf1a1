"""Proofs as data: facts, hypotheses, other theorems, and rules of inference between them.

A sentence is known in a proof if it is a hypothesis of the theorem, a fact that an engine decided,
what a theorem says whose hypotheses are known, or the conclusion of a rule all of whose premises
are known. Sentences are compared as text; those of facts and rules are listed. A theorem is proved
where what it says is known at the end and nothing was idle on the way: every hypothesis, fact,
theorem and rule is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial

from attrs import evolve, field, frozen

from ergs_verify.ledger.decision import WORST_FIRST, Decision, Statement, Step
from ergs_verify.ledger.examination import first_failure, tried
from ergs_verify.ledger.hypotheses import Hypothesis
from ergs_verify.ledger.rules import RULES, Rule
from ergs_verify.ledger.sentences import BY_ENGINES_ALONE, at, can_be_evaluated


@frozen(eq=False)
class Fact:
    """A sentence that an engine decides.

    Attributes
    ----------
    says : str
    decided_by : Statement or callable
        What is decided; a function gives the `Decision` itself.
    needs : tuple of str
        Sentences without which it does not hold or makes no sense, known before it.
    """

    says: str
    decided_by: Statement | Callable[[], Decision]
    needs: tuple[str, ...] = ()

    def decide(self) -> Decision:
        return _computed(self)


@lru_cache(maxsize=1024)
def _computed(fact: Fact) -> Decision:
    decided_by = fact.decided_by
    return decided_by() if callable(decided_by) else decided_by.decide()


@frozen
class Cited:
    """A result from outside this project; what rests on it is assumed, not proved."""

    says: str
    source: str


@frozen
class Supposing:
    """A theorem of which one hypothesis is not known: it becomes a condition of what is said."""

    theorem: Theorem
    hypothesis: Hypothesis

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(f"where {self.hypothesis.text}: {said}" for said in self.theorem.sentences)


@frozen
class By:
    """A rule applied, with the names for its letters."""

    rule: Rule
    letters: tuple[tuple[str, str], ...] = ()


def by(rule: Rule, **letters: str) -> By:
    """A rule applied.

    Examples
    --------
    >>> from ergs_verify.ledger import rules
    >>> from ergs_verify.ledger.reasoning import by
    >>> by(rules.SHIFTED, X="W", Y="R + B'PB").rule.name
    'shifted'
    """
    return By(rule, tuple(letters.items()))


@frozen(kw_only=True, eq=False)
class Theorem:
    """What is said under hypotheses, with its proof.

    Attributes
    ----------
    id : str
        Of the claim that states it; its own, if no claim does.
    says : str or tuple of str
    given : tuple of Hypothesis
    proof : tuple of Fact, Theorem, Supposing, Cited and By
    needed : mapping from a hypothesis's id to a callable
        Decides what is said without that hypothesis alone: refuted, by a game and a policy.
        A hypothesis that is missing here is not known to be needed.
    """

    id: str
    says: str | tuple[str, ...]
    proof: tuple[Fact | Theorem | Supposing | Cited | By, ...]
    given: tuple[Hypothesis, ...] = ()
    needed: Mapping[str, Callable[[], Decision]] = field(factory=dict)

    @property
    def sentences(self) -> tuple[str, ...]:
        return (self.says,) if isinstance(self.says, str) else self.says

    def decide(self) -> Decision:
        return _decided(self)

    def without(self, hypothesis: Hypothesis) -> Decision:
        """What is said without one hypothesis: refuted by an exhibit, or undecided."""
        return _without(self, hypothesis)

    @property
    def expression(self) -> str:
        return "; ".join(self.sentences)

    @property
    def latex(self) -> str:
        return rf"\text{{{self.expression}}}"


def examined(theorem: Theorem) -> dict[str, int | None]:
    """On how many cases each sentence that a proof arrives at was tried; None if on none can be."""
    hypotheses = {h.text for h in theorem.given}
    said = (*(step.says for step in theorem.decide().steps), *theorem.sentences)
    return {
        sentence: len(tried(theorem.given, partial(at, sentence)))
        if can_be_evaluated(sentence)
        else None
        for sentence in dict.fromkeys(said)
        if sentence not in hypotheses
    }


class _Gap(Exception):
    """Why a proof does not go through."""


@lru_cache(maxsize=4096)
def _decided(theorem: Theorem) -> Decision:
    proof = _Proof(theorem)
    try:
        proof.check()
    except _Gap as gap:
        return Decision(
            verdict="undecided",
            evidence=(*proof.evidence, ("reason", str(gap))),
            steps=tuple(proof.steps),
        )
    failure = _failure(theorem.given, (*(s.says for s in proof.steps), *theorem.sentences))
    if failure is not None:
        return failure
    return Decision(
        verdict=min(proof.verdicts, key=WORST_FIRST.index),
        evidence=tuple(proof.evidence),
        steps=tuple(proof.steps),
        rests_on=tuple(dict.fromkeys(proof.rests_on)),
    )


def _failure(given: Iterable[Hypothesis], said: Iterable[str]) -> Decision | None:
    """The refutation of the first sentence that fails on a case where all hypotheses hold."""
    given = tuple(given)
    for sentence in dict.fromkeys(said):
        if can_be_evaluated(sentence):
            found = first_failure(given, partial(at, sentence))
            if found is not None:
                return evolve(found, evidence=(*found.evidence, ("sentence", sentence)))
    return None


@lru_cache(maxsize=4096)
def _without(theorem: Theorem, hypothesis: Hypothesis) -> Decision:
    decide = theorem.needed.get(hypothesis.id)
    others = [h for h in theorem.given if h is not hypothesis]
    found = decide() if decide else _failure(others, theorem.sentences)
    if found and found.verdict == "refuted":
        return found
    reason = f"no exhibit is known that shows the need for: {hypothesis.text}"
    return Decision(verdict="undecided", evidence=(("reason", reason),))


class _Proof:
    """A proof being checked, line by line."""

    def __init__(self, theorem: Theorem):
        self.theorem = theorem
        self.steps: list[Step] = []
        self.evidence: list[tuple[str, str]] = []
        self.rests_on: list[str] = []
        self.verdicts = ["proved"]
        self._sources: dict[str, int] = {}
        self._used: set[int] = set()

    def check(self) -> None:
        if not self.theorem.sentences:
            raise _Gap(f"{self.theorem.id} says nothing")
        for hypothesis in self.theorem.given:
            self._add(Step(hypothesis.text, "hypothesis", hypothesis.id), self._source())
        for line in self.theorem.proof:
            _ADD.get(type(line), _Proof._refuse)(self, line)
        self._use(self.theorem.sentences, "what the theorem says")
        idle = [step for k, step in self._lines() if k not in self._used]
        if idle:
            raise _Gap(f"“{idle[0].says}” is used nowhere")

    def _source(self) -> int:
        """A new line of the proof, which may make several sentences known."""
        return max(self._sources.values(), default=-1) + 1

    def _lines(self) -> Iterable[tuple[int, Step]]:
        return ((self._sources[step.says], step) for step in self.steps)

    def _add(self, step: Step, source: int) -> None:
        if step.says in self._sources:
            raise _Gap(f"“{step.says}” is known already")
        self._sources[step.says] = source
        self.steps.append(step)

    def _use(self, sentences: Iterable[str], by: str) -> None:
        for sentence in sentences:
            if sentence not in self._sources:
                raise _Gap(f"{by}: “{sentence}” is not known")
            self._used.add(self._sources[sentence])

    def _fact(self, fact: Fact) -> None:
        if fact.says not in BY_ENGINES_ALONE and not can_be_evaluated(fact.says):
            raise _Gap(f"“{fact.says}” is not a sentence that exhibits try or an engine decides")
        self._use(fact.needs, f"the fact “{fact.says}”")
        decision = fact.decide()
        self._use(decision.needs, f"the fact “{fact.says}”")
        needs = tuple(dict.fromkeys((*fact.needs, *decision.needs)))
        self.evidence += [("fact", fact.says), *decision.evidence]
        if decision.verdict != "proved":
            raise _Gap(f"the fact “{fact.says}” is {decision.verdict}")
        self._add(Step(fact.says, "fact", premises=needs), self._source())

    def _theorem(self, other: Theorem) -> None:
        self._cite(other, other.given, other.sentences)

    def _supposing(self, line: Supposing) -> None:
        given = line.theorem.given
        if line.hypothesis not in given:
            raise _Gap(f"{line.theorem.id} does not suppose: {line.hypothesis.text}")
        known = tuple(h for h in given if h is not line.hypothesis)
        self._cite(line.theorem, known, line.sentences)

    def _cite(
        self, other: Theorem, given: tuple[Hypothesis, ...], sentences: tuple[str, ...]
    ) -> None:
        decision = other.decide()
        if decision.verdict not in ("proved", "assumed"):
            raise _Gap(f"{other.id} is {decision.verdict}")
        premises = tuple(hypothesis.text for hypothesis in given)
        self._use(premises, f"{other.id} supposes more")
        self.evidence += [("claim", f"{other.id}: {other.expression}")]
        self.rests_on.append(other.id)
        if decision.verdict == "assumed":
            self.rests_on += decision.rests_on
        self.verdicts.append(decision.verdict)
        source = self._source()
        for sentence in sentences:
            self._add(Step(sentence, "claim", other.id, premises), source)

    def _cited(self, cited: Cited) -> None:
        self.evidence.append(("cited", f"{cited.says} ({cited.source})"))
        self.rests_on.append(cited.source)
        self.verdicts.append("assumed")
        self._add(Step(cited.says, "cited", cited.source), self._source())

    def _rule(self, application: By) -> None:
        rule = application.rule
        if RULES.get(rule.name) is not rule:
            raise _Gap(f"{rule.name} is not a rule of inference of this project")
        letters = dict(application.letters)
        known = re.findall(r"⟨(\w+)⟩", " ".join((*rule.premises, rule.conclusion)))
        if unknown := [letter for letter in letters if letter not in known]:
            raise _Gap(f"the rule “{rule.name}” has no letter ⟨{unknown[0]}⟩")
        premises = tuple(_written(premise, letters, rule) for premise in rule.premises)
        conclusion = _written(rule.conclusion, letters, rule)
        self._use(premises, f"the rule “{rule.name}”")
        self.evidence.append(("rule", f"{rule.name}: {conclusion}"))
        self._add(Step(conclusion, "rule", rule.name, premises), self._source())

    def _refuse(self, line: object) -> None:
        raise _Gap(f"{line!r} is not a fact, a theorem, a cited result or a rule")


_ADD = {
    Fact: _Proof._fact,
    Theorem: _Proof._theorem,
    Supposing: _Proof._supposing,
    Cited: _Proof._cited,
    By: _Proof._rule,
}


def _written(sentence: str, letters: Mapping[str, str], rule: Rule) -> str:
    """The sentence of a rule with the letters' names in it."""

    def name(letter: re.Match[str]) -> str:
        if letter[1] not in letters:
            raise _Gap(f"the rule “{rule.name}” does not say what ⟨{letter[1]}⟩ is")
        return letters[letter[1]]

    return re.sub(r"⟨(\w+)⟩", name, sentence)
