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
from ergs_verify.audit.accuracy import of_equilibrium
from ergs_verify.audit.foreign import FunctionSolver
from ergs_verify.audit.solver import judged
from ergs_verify.audit.suite import SuiteGame
from ergs_verify.certify.nash import certified_nash
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
    there were no numbers or none that were read as a solution. Of what fails, `in_norm` is how many
    times an error in norm exceeds what a norm-wise bar allows, at most: up to 1 it passes.
    """

    solver: str
    where: str
    game: str
    verdict: str
    message: str
    in_norm: float | None = None


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
    refused = found.verdict == "fail" and found.audit is None
    said, in_norm = found.message, None
    if found.audit is not None:
        errors = (*found.audit.quantities.values(), *found.audit.costs.values())
        places = [one.place for one in errors if one.verdict == found.verdict]
        if found.verdict == "fail" and outcome.policy is not None:
            norms = _in_norm(game, outcome.policy)
            in_norm = max(bars for _, bars in norms.values())
            places += [
                f"{k} is off by {x:.1e} in norm, {bars:.2g} times a norm-wise bar"
                for k, (x, bars) in norms.items()
            ]
        said = "; ".join(dict.fromkeys(places))
    return Verdict(
        solver=who,
        where=where,
        game=name,
        verdict="refused" if refused else found.verdict,
        message=said,
        in_norm=in_norm,
    )


def _in_norm(game: Game, policy: Policy) -> dict[str, tuple[float, float]]:
    """Of K, Σ and P the largest ‖ΔX‖/‖X‖, and the largest ‖ΔX‖ in units of a norm-wise bar.

    The norm is the largest entry; the bar is the largest error that is allowed to an entry of X.
    """
    letters = [k for k in ("K", "Sigma", "P") if getattr(policy, k) is not None]
    exact, found = solve(game), certified_nash(game).found
    allowed = of_equilibrium(game, found, letters=letters)
    norms = {}
    for letter in letters:
        of_letter = [
            (float(abs(np.asarray(X, float) - Y).max()), abs(Y).max(), bar.errors.max())
            for own, right, bars in zip(
                getattr(policy, letter), getattr(exact, letter), allowed[letter], strict=True
            )
            for X, Y, bar in zip(own, right, bars, strict=True)
        ]
        norms[letter] = (
            max(off / float(size or 1.0) for off, size, _ in of_letter),
            max(off / float(bar) if off else 0.0 for off, _, bar in of_letter),
        )
    return norms
