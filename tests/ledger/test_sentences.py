"""Evaluators of sentences can fail: each does where letters, or what is computed, are not right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import afresh
import pytest
from attrs import evolve

from ergs_verify.ledger import costs_compared, exhibits, loops
from ergs_verify.ledger.sentences import (
    EVALUATORS,
    at,
    augmented,
    data,
    equilibria,
    maps,
    view,
)

CASES = tuple(
    case
    for case in exhibits.cases()
    if case.exhibit.name in ("no-nash", "unreached", "unequal-controls", "near-singular")
)


def failing(sentences: set[str]) -> set[str]:
    """Those that are false on some exhibit; what breaks before it can be false is not counted."""
    found = set()
    for sentence in sentences:
        for case in CASES:
            try:
                outcome = at(sentence, case)
            except (ArithmeticError, TypeError, ValueError, AssertionError):
                continue
            if outcome is not None and not outcome.holds:
                found.add(sentence)
                break
    return found


@contextmanager
def planted(where: Any, name: str, value: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(where, name, value)
        afresh.forget_sentences()
        yield
    afresh.forget_sentences()


def views(change: Callable[[Any], None]) -> Any:
    """Views whose letters are not those of the game that their system comes from."""
    right = view.View.__init__

    def wrong(self, *args) -> None:
        right(self, *args)
        change(self)

    return planted(view.View, "__init__", wrong)


def scaled(letter: str, factor: int) -> Any:
    def change(v: Any) -> None:
        matrices = getattr(v, letter)
        setattr(v, letter, matrices and [X * factor for X in matrices])

    return views(change)


def with_tau(where: Any, name: str) -> Any:
    """A function of a game, of the game at another τ."""
    right = getattr(where, name)

    def wrong(game, *args, **kwargs):
        return right(evolve(game, tau_given=3 * game.tau + 1), *args, **kwargs)

    return planted(where, name, wrong)


def doubled_answers() -> Any:
    right = loops.answers

    def wrong(game, t, gains, ahead):
        found, spreads = right(game, t, gains, ahead)
        return [K * 2 for K in found], tuple(S * (2 + 3 * bool(gains[0])) for S in spreads)

    return planted(loops, "answers", wrong)


LETTERS: tuple[Callable[[], Any], ...] = (
    lambda: scaled("B", 2),
    lambda: scaled("R", -3),
    lambda: scaled("P_t", 3),
    lambda: scaled("P", -3),
    lambda: views(lambda v: setattr(v, "tau", v.tau / 9)),
    doubled_answers,
)
"""Of sentences on stages, maps, data and equilibria."""

COMPUTED = (
    *(
        (where, lambda where=where, name=name: with_tau(where, name))
        for where, name in (
            (equilibria, "best_response"),
            (equilibria, "evaluate_policy"),
            (equilibria, "average_cost"),
            (equilibria, "gaps"),
            (augmented, "evaluate_policy"),
            (augmented, "average_cost"),
            (augmented, "nash"),
            (augmented, "gaps"),
            (costs_compared, "average_cost"),
            (maps, "algorithm_1"),
        )
    ),
    (costs_compared, lambda: planted(costs_compared, "divergence", lambda *_: -1)),
    (data, lambda: planted(data, "bounds_hold", lambda _: False)),
    (augmented, lambda: planted(augmented, "_largest", lambda _: 1)),
    (maps, lambda: planted(maps, "frobenius", lambda X: view.frobenius(X) ** 2 + 1)),
)
"""Of sentences in one module."""


def test_evaluators_can_fail():
    """Without a fault some do, on exhibits where hypotheses do not hold; with faults most do."""
    left = set(EVALUATORS)
    left -= failing(left)
    far = {augmented.__name__, costs_compared.__name__}
    for fault in LETTERS:
        with fault():
            left -= failing({s for s in left if EVALUATORS[s].__module__ not in far})
    for module, fault in COMPUTED:
        with fault():
            left -= failing({s for s in left if EVALUATORS[s].__module__ == module.__name__})
    assert len(EVALUATORS) >= 139
    assert len(EVALUATORS) - len(left) >= 110, sorted(left)
