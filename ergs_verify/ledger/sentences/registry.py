"""Sentences of the ledger: the text that a proof compares, and what it says of a concrete case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import flint

from ergs_verify.errors import SingularStageError
from ergs_verify.ledger import hypotheses
from ergs_verify.ledger.examination import Outcome
from ergs_verify.ledger.exhibits import Case
from ergs_verify.ledger.hypotheses import Hypothesis

Evaluator = Callable[[Case], Outcome | None]

EVALUATORS: dict[str, Evaluator] = {}
"""Of each sentence that can be evaluated; those of hypotheses are their `holds`."""

_BITS = 128


def says(*texts: str) -> Callable[[Evaluator], Evaluator]:
    """Register the evaluator of some sentences; it gives None where they say nothing.

    Where a sentence speaks of all policies, starts or large numbers the evaluator tries some, so
    that a failure refutes it and a success does not prove it.

    Raises
    ------
    ValueError
        Where a sentence has one already.
    """

    def register(evaluator: Evaluator) -> Evaluator:
        for text in texts:
            if text in EVALUATORS or text in _SUPPOSED:
                raise ValueError(f"“{text}” has an evaluator already")
            EVALUATORS[text] = evaluator
        return evaluator

    return register


def can_be_evaluated(text: str) -> bool:
    """Whether a sentence, or what it says under a condition, has an evaluator."""
    return _evaluator(_parts(text)[1]) is not None


@cache
def at(text: str, case: Case) -> Outcome | None:
    """What a sentence says of a case; None where it says nothing or cannot be evaluated."""
    conditions, sentence = _parts(text)
    evaluator = _evaluator(sentence)
    if evaluator is None or not all(h.holds and h.holds(case) is True for h in conditions):
        return None
    try:
        with flint.ctx.workprec(_BITS):
            return evaluator(case)
    except SingularStageError:  # the sentence speaks of an equilibrium that is not there
        return None


_SUPPOSED: dict[str, Hypothesis] = {
    h.text: h for h in vars(hypotheses).values() if isinstance(h, Hypothesis) and h.holds
}


@cache
def _parts(text: str) -> tuple[tuple[Hypothesis, ...], str]:
    """The conditions “where …:” in front of a sentence, and the sentence."""
    for condition, hypothesis in _SUPPOSED.items():
        if text.startswith(f"where {condition}: "):
            more, sentence = _parts(text.removeprefix(f"where {condition}: "))
            return (hypothesis, *more), sentence
    return (), text


def _evaluator(sentence: str) -> Evaluator | None:
    supposed = _SUPPOSED.get(sentence)
    return EVALUATORS.get(sentence) if supposed is None else _as_evaluator(supposed)


def _as_evaluator(hypothesis: Hypothesis) -> Evaluator:
    def evaluator(case: Case) -> Outcome | None:
        holds = hypothesis.holds and hypothesis.holds(case)
        return None if holds is None else Outcome(bool(holds), "it does not hold", hypothesis.text)

    return evaluator


def all_hold(found: Iterable[tuple[Any, str, Any]]) -> Outcome | None:
    """The first relation that fails, of several; None where there are none.

    Relations are ``=`` and, between enclosures, ``≤`` and ``<``, which fail where that is certain.
    """
    some = False
    for left, relation, right in found:
        some = True
        if not _HOLDS[relation](left, right):
            return Outcome(False, str(left), f"{relation} {right}")
    return Outcome(True, "", "") if some else None


_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: bool(left == right),
    "≤": lambda left, right: not bool(left > right),
    "<": lambda left, right: not bool(left >= right),
}

Relations = Iterator[tuple[Any, str, Any]]
