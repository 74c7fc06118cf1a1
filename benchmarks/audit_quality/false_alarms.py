"""Right solvers audited on random games and on the suite: nothing may fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import frozen

from benchmarks.audit_quality.exact_solver import exact_solution
from benchmarks.audit_quality.games import random_game
from benchmarks.audit_quality.plain_solver import (
    CAREFUL,
    EXPANDED,
    LEAST_SQUARES,
    RICCATI,
    ROTATED,
    TEXTBOOK,
    PlainSolver,
)
from ergs_verify import solve
from ergs_verify.audit.foreign import FunctionSolver
from ergs_verify.audit.result import Audit
from ergs_verify.audit.solver import judged
from ergs_verify.audit.suite import SuiteGame
from ergs_verify.engine import nash
from ergs_verify.game import FloatGame, Game, Policy

ENGINE, EXACT = "the engine", "exact rationals, rounded at the end"
RIGHT: dict[str, Callable[[FloatGame], Any]] = {
    ENGINE: nash,
    "least squares, refined once, made symmetric": CAREFUL,
    "least squares, as LAPACK gives it": LEAST_SQUARES,
    "elimination, as LAPACK gives it": PlainSolver(),
    "the textbook's m×m system": TEXTBOOK,
    "P by the Riccati equation": RICCATI,
    "P expanded": EXPANDED,
    "in rotated states": ROTATED,
    EXACT: exact_solution,
}
WHERE = ("random games", "small random games", "the suite")
#: Games of the suite with more stages take exact rationals minutes.
_MOST_STAGES = 5


@frozen(kw_only=True)
class Verdict:
    """What the audit said of a right solver on a game.

    `where` is one of `WHERE`; `verdict` is pass, undecided, fail, or refused, where
    there were no numbers or none that were read as a solution.
    """

    solver: str
    where: str
    game: str
    verdict: str
    message: str


def on_random_game(number: int) -> list[Verdict]:
    """The right solvers on the random game of a number and on the small one.

    Exact rationals, whose numbers grow threefold with every stage, on the small one alone.
    """
    game, small = random_game(number), random_game(number, small=True)
    asked = [(who, WHERE[0], game) for who in RIGHT if who != EXACT]
    asked += [(who, WHERE[1], small) for who in RIGHT]
    return [_verdict(who, where, one.name, one) for who, where, one in asked]


def on_suite_game(one: SuiteGame) -> list[Verdict]:
    """The right solvers on one game of the suite, as far as they take such games."""
    solvers = [
        who
        for who in RIGHT
        if (who == ENGINE)
        or (who == EXACT and one.game.horizon <= _MOST_STAGES)
        or (who != EXACT and not one.singular)
    ]
    return [_verdict(who, WHERE[2], one.name, one.game) for who in solvers]


def _verdict(who: str, where: str, name: str, game: Game) -> Verdict:
    outcome = FunctionSolver(function=RIGHT[who])(game)
    found = judged((name, game, outcome))
    said = found.message if found.audit is None else _places(found.audit, game, outcome.policy)
    refused = found.verdict == "fail" and found.audit is None
    return Verdict(
        solver=who,
        where=where,
        game=name,
        verdict="refused" if refused else found.verdict,
        message=said,
    )


def _places(audit: Audit, game: Game, policy: Policy | None) -> str:
    """What the verdict is about; of a failure the errors in norm too."""
    errors = (*audit.quantities.values(), *audit.costs.values())
    said = [one.place for one in errors if one.verdict == audit.verdict]
    if audit.verdict == "fail" and policy is not None:
        said += [f"{k} is off by {x:.1e} in norm" for k, x in _in_norm(game, policy).items()]
    return "; ".join(said)


def _in_norm(game: Game, policy: Policy) -> dict[str, float]:
    """The largest ‖ΔX‖/‖X‖ of K, Σ and P, the norm being the largest entry."""
    exact = solve(game)
    return {
        letter: max(
            float(abs(np.asarray(X, float) - Y).max() / (abs(Y).max() or 1.0))
            for own, right in zip(getattr(policy, letter), getattr(exact, letter), strict=True)
            for X, Y in zip(own, right, strict=True)
        )
        for letter in ("K", "Sigma", "P")
        if getattr(policy, letter) is not None
    }
