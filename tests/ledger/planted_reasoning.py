"""Faults planted in every proof of the ledger: what is added, dropped, exchanged or taken away.

Run as a program it prints the table of planted and caught.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from attrs import evolve

from ergs_verify.ledger.claims import claims
from ergs_verify.ledger.decision import Step, exactly
from ergs_verify.ledger.hypotheses import Hypothesis
from ergs_verify.ledger.reasoning import By, Fact, Supposing, Theorem, by
from ergs_verify.ledger.rules import RULES, Rule

RIEMANN = "so the Riemann hypothesis holds"
#: A sentence that facts say.
IDLE = "P_T = Q_T"


def theorems() -> list[Theorem]:
    """Every theorem that a claim states, and all that these cite, each once."""
    found: dict[int, Theorem] = {}

    def visit(theorem: Theorem) -> None:
        if id(theorem) not in found:
            found[id(theorem)] = theorem
            for line in theorem.proof:
                if isinstance(line, Theorem | Supposing):
                    visit(line.theorem if isinstance(line, Supposing) else line)

    for claim in claims().values():
        form = claim.form()
        if isinstance(form, Theorem):
            visit(form)
        for gap in claim.gaps:
            for theorem in gap.closed_by:
                visit(theorem)
    return list(found.values())


def planted(theorem: Theorem) -> Iterator[tuple[str, Theorem]]:
    """The theorem with one fault, and of what kind."""
    proof, given = theorem.proof, theorem.given
    unknown = Rule("magic", "", "", (), RIEMANN)
    yield "a free string added", evolve(theorem, proof=(*proof, RIEMANN))
    yield "an unknown rule added", evolve(theorem, proof=(*proof, by(unknown)))
    yield (
        "an idle fact added",
        evolve(theorem, proof=(*proof, Fact(IDLE, lambda: exactly("1", 1, 1)))),
    )
    yield (
        "a fact added and concluded",
        evolve(
            theorem,
            proof=(*proof, Fact(RIEMANN, lambda: exactly("1", 1, 1))),
            says=(*theorem.sentences, RIEMANN),
        ),
    )
    yield "more concluded", evolve(theorem, says=(*theorem.sentences, RIEMANN))
    for k, line in enumerate(proof):
        without = (*proof[:k], *proof[k + 1 :])
        kind = "a rule dropped" if isinstance(line, By) else "a premise dropped"
        yield kind, evolve(theorem, proof=without)
        if isinstance(line, By):
            impostor = evolve(line.rule, premises=())
            yield (
                "a rule exchanged for one without premises",
                evolve(theorem, proof=(*proof[:k], By(impostor, line.letters), *proof[k + 1 :])),
            )
            for at in range(len(line.rule.premises)):
                premises = list(line.rule.premises)
                premises[at] = RIEMANN
                yield (
                    "a rule's premise exchanged",
                    _with_rule(theorem, k, evolve(line.rule, premises=tuple(premises))),
                )
            names = list(RULES)
            other = RULES[names[(names.index(line.rule.name) + 1) % len(names)]]
            yield "a rule exchanged for another", _with_rule(theorem, k, other)
        if isinstance(line, Theorem):
            more = evolve(line, given=(*line.given, Hypothesis("zeros", RIEMANN)))
            more = evolve(more, says=(*more.sentences, RIEMANN))
            yield (
                "a cited theorem that supposes more",
                evolve(theorem, proof=(*proof[:k], more, *proof[k + 1 :])),
            )
        if isinstance(line, Fact):
            false = Fact(line.says, lambda: exactly("1", 1, 2), line.needs)
            reworded = Fact(f"{line.says} and more", line.decided_by, line.needs)
            yield (
                "a sentence reworded",
                evolve(theorem, proof=(*proof[:k], reworded, *proof[k + 1 :])),
            )
            yield (
                "a fact made false",
                evolve(theorem, proof=(*proof[:k], false, *proof[k + 1 :])),
            )
    places = [k for k, line in enumerate(proof) if isinstance(line, By)]
    for a, first in enumerate(places):
        for second in places[a + 1 :]:
            if _in_either_order(theorem, first, second):
                continue
            swapped = list(proof)
            swapped[first], swapped[second] = swapped[second], swapped[first]
            yield "two rules swapped", evolve(theorem, proof=tuple(swapped))
    for k in range(len(given)):
        others = (*given[:k], *given[k + 1 :])
        yield "a hypothesis deleted", evolve(theorem, given=others)
        weaker = evolve(given[k], text=f"{given[k].text}, or the Riemann hypothesis holds")
        yield "a hypothesis weakened", evolve(theorem, given=(*others, weaker))


def _with_rule(theorem: Theorem, at: int, rule: Rule) -> Theorem:
    """Another rule in one place, with the letters that it has."""
    line = theorem.proof[at]
    assert isinstance(line, By)
    proof = (*theorem.proof[:at], By(rule, line.letters), *theorem.proof[at + 1 :])
    return evolve(theorem, proof=proof)


def _in_either_order(theorem: Theorem, first: int, second: int) -> bool:
    """Whether two rules may be swapped, as neither they nor what is between use one another."""
    steps = {step.says: step for step in theorem.decide().steps}
    said, used = [], []
    for line in theorem.proof[first : second + 1]:
        own = [step for step in steps.values() if _makes_known(line, step)]
        said.append({step.says for step in own})
        used.append({premise for step in own for premise in step.premises})
    ahead, behind = set().union(*used[1:]), set().union(*said[:-1])
    return not said[0] & ahead and not used[-1] & behind


def _makes_known(line: object, step: Step) -> bool:
    if isinstance(line, By):
        return step.by == "rule" and step.name == line.rule.name
    if isinstance(line, Theorem):
        return step.by == "claim" and step.name == line.id
    return isinstance(line, Fact) and step.says == line.says


def table() -> dict[str, tuple[int, int]]:
    """Kind of fault → planted, caught."""
    made, caught = Counter(), Counter()
    for theorem in theorems():
        for kind, faulty in planted(theorem):
            made[kind] += 1
            caught[kind] += faulty.decide().verdict != "proved"
    return {kind: (made[kind], caught[kind]) for kind in made}


if __name__ == "__main__":
    for kind, counts in table().items():
        print(kind, *counts, sep=" | ")
