"""Cross-examination: what a claim says is tried on the exhibits of all claims.

A statement that fails where its hypotheses hold is refuted, whatever its proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any
from zlib import crc32

import flint
import sympy
from attrs import frozen
from sympy import MatrixSymbol
from sympy.core.function import AppliedUndef

from ergs_verify.arithmetic import Balls, Rationals
from ergs_verify.errors import ErgsError
from ergs_verify.evaluate import Evaluator
from ergs_verify.expressions import control_size, instantiate
from ergs_verify.ledger.decision import Decision
from ergs_verify.ledger.exhibits import Case, cases
from ergs_verify.ledger.hypotheses import Hypothesis
from ergs_verify.paper import notation


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
    found = ((case, test(case)) for case in where(tuple(given)))
    return [(case, outcome) for case, outcome in found if outcome is not None]


@lru_cache(maxsize=256)
def where(given: tuple[Hypothesis, ...]) -> tuple[Case, ...]:
    """The cases on which all hypotheses are seen to hold."""
    return tuple(
        case
        for case in cases()
        if all(h.holds is not None and h.holds(case) is True for h in given)
    )


def first_failure(given: Iterable[Hypothesis], test: Test) -> Decision | None:
    """The refutation on the first case on which the hypotheses hold and the statement fails."""
    return next(
        (
            refuted_by(case, outcome, lambda case=case: test(case))
            for case, outcome in tried(given, test)
            if not outcome.holds
        ),
        None,
    )


def refuted_by(case: Case, outcome: Outcome, again: Callable[[], Outcome | None]) -> Decision:
    """The refutation by a case; `again` tries the statement there once more."""

    def still_fails() -> bool:
        found = again()
        return found is not None and not found.holds

    return Decision(
        verdict="refuted",
        evidence=(("cross-examined", f"fails on {case.name}"),),
        counterexample={"values": case.values(), "left": outcome.left, "right": outcome.right},
        replay=still_fails,
        game=case.game,
    )


# -- identities in the letters of a stage --------------------------------------------------------


#: Bits of the balls in which logarithms are compared, and what they may be off by.
_BITS, _OFF = 256, 1e-60


def equality_at(
    case: Case, left: Any, right: Any, definitions: Any, symmetric: tuple = ()
) -> Outcome | None:
    """An identity in a stage's letters at the case's stage t = 0, for the first and last agent.

    Exact, but for logarithms, which are compared in balls. A letter that a stage and a policy do
    not give has any value there, as the identity is claimed for all of them: some number each. None
    where it cannot be evaluated, as where agents' sizes differ and it is written for one size, or
    where the balls are too wide to tell.
    """
    numbers = Balls(_BITS) if left.has(sympy.log) or right.has(sympy.log) else Rationals()
    known = _letters(case, type(numbers))
    if known is None:
        return None
    agents = case.game.agents
    for agent in {1, agents}:
        other = 1 if agent > 1 else min(2, agents)
        written = tuple(definitions.items())
        try:
            formulas, defined, letters = _instantiated(left, right, written, agents, agent, other)
            given = {letter.name for letter in symmetric}
            values, sizes = _with_others(letters, given, numbers, *known)
            evaluator = Evaluator(values, numbers, defined, sizes)
            sides = [evaluator(formula) for formula in formulas]
        except (ErgsError, KeyError, TypeError, ValueError):
            return None
        same = _same(*sides)
        if same is None:
            return None
        if not same:
            return Outcome(False, str(sides[0]), str(sides[1]))
    return Outcome(True, "", "")


@lru_cache(maxsize=2048)
def _instantiated(left, right, definitions: tuple, agents: int, agent: int, other: int):
    """Both sides and the definitions, for numbered agents, and all letters that occur."""
    chosen = {notation.i: agent, notation.j: other}
    # No identity here needs more of π than that it is positive.
    left, right = (side.xreplace({sympy.pi: _PI}) for side in (left, right))
    sides = [instantiate(side, agents, chosen) for side in (left, right)]
    owners = range(1, agents + 1)
    written = {
        instantiate(k, agents, {notation.i: owner, notation.j: other}): instantiate(
            v, agents, {notation.i: owner, notation.j: other}
        )
        for k, v in definitions
        for owner in (owners if notation.i in k.free_symbols else [agent])
    }
    return sides, written, _reached(sides, written)


def _reached(formulas: list, defined: dict) -> list:
    """Letters of the formulas and of what these are short for, each once."""
    waiting, seen, letters = list(formulas), set(), []
    while waiting:
        part = waiting.pop()
        if part in seen:
            continue
        seen.add(part)
        if part in defined:
            waiting.append(defined[part])
        elif part.is_Symbol or isinstance(part, MatrixSymbol | AppliedUndef):
            letters.append(part)
        if not part.is_Symbol:
            waiting.extend(part.args)
    return letters


def _with_others(
    letters: list, symmetric: set[str], numbers: Any, stage: Any, sizes: dict
) -> tuple[dict, dict]:
    """Values of a stage's letters and of all others that formulas reach, and the sizes."""
    values, sizes = dict(stage), dict(sizes)
    for letter in letters:
        if letter in values or letter in sizes:
            continue
        if letter.is_Symbol and letter.is_integer:
            sizes[letter] = _ANY_SIZE
        elif isinstance(letter, MatrixSymbol):
            rows, cols = (
                int(sizes.get(n, _ANY_SIZE) if n.is_Symbol else sizes.get(n, n))
                for n in letter.shape
            )
            values[letter] = numbers.matrix(
                _any_matrix(str(letter), rows, cols, letter.name in symmetric), (rows, cols)
            )
        else:
            values[letter] = numbers.scalar(_any_number(str(letter)))
    return values, sizes


_ANY_SIZE = 2
_PI = sympy.Symbol("pi", positive=True)


def _any_number(name: str) -> Fraction:
    """Positive, and another one for most other names."""
    return Fraction(1 + crc32(name.encode()) % 23, 7)


def _any_matrix(name: str, rows: int, cols: int, symmetric: bool) -> list[list[Fraction]]:
    """A square one is invertible, as its diagonal outweighs the rest; a symmetric one definite."""

    def entry(r: int, c: int) -> Fraction:
        if symmetric and r > c:
            r, c = c, r
        heavy = 4 * rows if r == c and rows == cols else 0
        return _any_number(f"{name}{r}{c}") + heavy

    return [[entry(r, c) for c in range(cols)] for r in range(rows)]


def _same(left: Any, right: Any) -> bool | None:
    if isinstance(left, flint.arb_mat):
        return _is_zero((left - right).entries())
    if hasattr(left, "value"):  # a scalar in balls
        return _is_zero([left.value - right.value])
    return bool(left == right)


def _is_zero(balls: list) -> bool | None:
    """False where a ball excludes 0, True where all are narrow around it, None otherwise."""
    if not all(ball.contains(0) for ball in balls):
        return False
    return True if all(ball.rad() < _OFF for ball in balls) else None


@lru_cache(maxsize=128)
def _letters(case: Case, arithmetic: type) -> tuple[Any, dict] | None:
    """The letters of stage 0 of a game with a joint policy, and the sizes."""
    stage = case.first_stage(arithmetic(_BITS) if arithmetic is Balls else arithmetic())
    if stage is None:
        return None
    sizes = {notation.m: case.game.state_size} | {
        control_size(k): p for k, p in enumerate(case.game.control_sizes, 1)
    }
    return stage, sizes
