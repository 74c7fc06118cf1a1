"""Every planted mistake on every game: is it caught, and is it diagnosed as itself?"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from attrs import evolve, frozen

from benchmarks.audit_quality.faults import FAULTS, Fault
from benchmarks.audit_quality.plain_solver import LEAST_SQUARES, PlainSolver
from ergs_verify import solve
from ergs_verify.answer import LETTERS
from ergs_verify.audit.diagnosis import Match
from ergs_verify.audit.foreign import FunctionSolver
from ergs_verify.audit.solver import judged
from ergs_verify.audit.suite import suite
from ergs_verify.game import FloatGame, Game, Policy

#: A number is visibly off by more than so many times what right solvers are off by, or a unit in
#: the last place of the agent's largest number of that letter.
_VISIBLE = 100
_NEARBY = 3
#: Matches within so many digits of the best lead to the same numbers, but for rounding.
_AS_GOOD = 1.0


@frozen(kw_only=True)
class Finding:
    """What the audit made of one planted mistake on one game.

    Attributes
    ----------
    caught : str
        ``caught``; ``missed``, by pass or undecided though the numbers are visibly off;
        ``invisible``, where they are not, or where an error is the right answer and is given;
        ``refused``, where they are not read as a solution; ``raised``, where there are none.
    diagnosed : str
        Of what is caught: ``itself``; ``with others``, as well as other mistakes that fit the
        numbers as well; ``others only``; ``nothing``.
    ids : tuple of str
        The mistakes named, the best first.
    """

    id: str
    planted: str
    game: str
    caught: str
    diagnosed: str = ""
    ids: tuple[str, ...] = ()


@cache
def games(name: str = "standard") -> dict[str, Game]:
    """Those of a suite."""
    return {one.name: one.game for one in suite(name)}


def finding(place: int, name: str) -> Finding:
    """Plant `FAULTS[place]` on the game of a name and audit the answer."""
    fault, game = FAULTS[place], games()[name]
    made = partial(Finding, id=fault.id, planted=fault.planted, game=name)
    outcome = FunctionSolver(function=fault.solver)(game)
    found = judged((name, game, outcome))
    if found.verdict != "fail":
        wrong = outcome.policy is not None and _visible(outcome.policy, game)
        return made(caught="missed" if wrong else "invisible")
    if outcome.trouble:
        raised = outcome.trouble.kind in ("raised", "not a number")
        return made(caught="raised" if raised else "refused")
    matches = (found.audit and found.audit.diagnosis) or ()
    return made(
        caught="caught",
        diagnosed=_diagnosed(fault, matches),
        ids=tuple(match.id for match in matches),
    )


def _diagnosed(fault: Fault, matches: tuple[Match, ...]) -> str:
    if not matches:
        return "nothing"
    best = [match.id for match in matches if match.digits > matches[0].digits - _AS_GOOD]
    if fault.id not in best:
        return "others only"
    return "itself" if best == [fault.id] else "with others"


def _visible(policy: Policy, game: Game) -> bool:
    """Whether some letter of some agent is off by more than right solvers' rounding."""
    exact, right = _right_numbers(game)
    stated = _arrays(policy)
    return any(
        _off(stated[letter][i], X)
        > _VISIBLE * max(_unit(X), *(_off(one[letter][i], X) for one in right))
        for letter in stated
        for i, X in enumerate(exact[letter])
    )


Arrays = dict[str, list[np.ndarray]]


@cache
def _right_numbers(game: Game) -> tuple[Arrays, list[Arrays]]:
    """The equilibrium, rounded once, and what right solvers make of it.

    They are the plain one, the same on games whose data are one rounding away, and least squares.
    """
    plain, given = PlainSolver(), game.floats()
    nearby = [plain(_moved(given, seed)) for seed in range(_NEARBY)]
    return _arrays(solve(game)), [
        _arrays(one) for one in (plain(given), LEAST_SQUARES(given), *nearby)
    ]


def _moved(game: FloatGame, seed: int) -> FloatGame:
    """Every entry of A and B moved by a unit in its last place, up or down; Q and R scaled so."""
    rng = np.random.default_rng(seed)

    def each(X: np.ndarray) -> np.ndarray:
        return X * (1 + 2.0**-52 * rng.choice([-1, 1], size=X.shape))

    def whole(X: np.ndarray) -> np.ndarray:
        return X * (1 + 2.0**-52 * rng.choice([-1, 1]))

    return evolve(
        game,
        A=each(game.A),
        B=[each(X) for X in game.B],
        Q=[whole(X) for X in game.Q],
        R=[whole(X) for X in game.R],
    )


def _arrays(answer: Any) -> Arrays:
    """What is stated, by letter and agent, time first."""
    letters = answer if isinstance(answer, dict) else {k: getattr(answer, k) for k in LETTERS}
    return {
        k: [np.array([np.asarray(x, dtype=float) for x in X]) for X in agents]
        for k, agents in letters.items()
        if agents is not None
    }


def _off(stated: np.ndarray, exact: np.ndarray) -> float:
    return float(abs(stated - exact).max())


def _unit(exact: np.ndarray) -> float:
    return float(np.spacing(abs(exact).max()))
