"""Cross-examination: what a claim says is tried on the exhibits of all claims.

A statement that fails where its hypotheses hold is refuted, whatever its proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import sympy
from attrs import frozen

from ergs_verify.errors import ErgsError, ShapeError
from ergs_verify.evaluate import Evaluator
from ergs_verify.expressions import control_size, instantiate
from ergs_verify.ledger.decision import Decision
from ergs_verify.ledger.exhibits import Case, cases
from ergs_verify.ledger.hypotheses import Hypothesis
from ergs_verify.paper import notation
from ergs_verify.proof.sampling import SymPyNumbers

__all__ = ["Outcome", "equality_at", "first_failure", "refuted_by", "tried"]


@frozen
class Outcome:
    """Whether what is said holds on a case, and the two things that were compared."""

    holds: bool
    left: str
    right: str


Test = Callable[[Case], Outcome | None]


def tried(given: Iterable[Hypothesis], test: Test) -> list[tuple[Case, Outcome]]:
    """The cases on which all hypotheses hold and the statement says something, with outcomes.

    A hypothesis that cannot be evaluated on a case does not hold there for this purpose.
    """
    given = tuple(given)
    found = []
    for case in cases():
        if all(h.holds is not None and h.holds(case) is True for h in given):
            outcome = test(case)
            if outcome is not None:
                found.append((case, outcome))
    return found


def first_failure(given: Iterable[Hypothesis], test: Test) -> Decision | None:
    """The refutation on the first case on which the hypotheses hold and the statement fails."""
    return next(
        (refuted_by(case, outcome) for case, outcome in tried(given, test) if not outcome.holds),
        None,
    )


def refuted_by(case: Case, outcome: Outcome) -> Decision:
    return Decision(
        verdict="refuted",
        evidence=(("cross-examined", f"fails on {case.name}"),),
        counterexample={"values": case.values(), "left": outcome.left, "right": outcome.right},
        game=case.game,
    )


# -- identities in the letters of a stage --------------------------------------------------------


def equality_at(case: Case, left: Any, right: Any, definitions: Any) -> Outcome | None:
    """An identity in a stage's letters at the case's stage t = 0, for every agent.

    None where it has letters that a stage and a policy do not give, or where agents' sizes differ
    and it is written for one size.
    """
    known = _letters(case)
    if known is None:
        return None
    values, sizes = known
    for agent in range(1, case.game.agents + 1):
        for other in _others(case, agent):
            chosen = {notation.i: agent, notation.j: other}
            try:
                written = {
                    instantiate(k, case.game.agents, chosen): instantiate(
                        v, case.game.agents, chosen
                    )
                    for k, v in definitions.items()
                }
                evaluator = Evaluator(values, SymPyNumbers(), written, sizes)
                sides = [
                    evaluator(instantiate(side, case.game.agents, chosen)) for side in (left, right)
                ]
            except (ErgsError, ShapeError, KeyError, TypeError, ValueError):
                return None
            if not _same(*sides):
                return Outcome(False, str(sides[0]), str(sides[1]))
    return Outcome(True, "", "")


def _same(left: Any, right: Any) -> bool:
    """Whether two exact matrices or numbers, with logarithms of positive numbers, are one."""
    if left == right:
        return True
    if hasattr(left, "shape"):
        return False
    return sympy.simplify(sympy.expand_log(left - right, force=True)) == 0


def _others(case: Case, agent: int) -> list[int]:
    return [k for k in range(1, case.game.agents + 1) if k != agent] or [agent]


@lru_cache(maxsize=64)
def _letters(case: Case) -> tuple[dict, dict] | None:
    """The letters of stage 0 of a game with a joint policy, as exact matrices; and the sizes."""
    stage = case.first_stage()
    if stage is None:
        return None
    sizes = {notation.m: case.game.state_size} | {
        control_size(k): p for k, p in enumerate(case.game.control_sizes, 1)
    }
    return stage, sizes
