"""Every planted mistake on every game of a suite: is it caught, and is it diagnosed as itself?"""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cache, partial
from typing import Any

import numpy as np
from attrs import evolve, field, frozen

from benchmarks.audit_quality.faults import FAULTS, Fault
from benchmarks.audit_quality.plain_solver import LEAST_SQUARES, PlainSolver
from ergs_verify import solve
from ergs_verify.answer import LETTERS
from ergs_verify.audit.diagnosis import Match
from ergs_verify.audit.foreign import FunctionSolver
from ergs_verify.audit.solver import GameResult, audit_solver, judged
from ergs_verify.audit.suite import suite_game
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
    ids: tuple[str, ...] = field(default=(), converter=tuple)

    @property
    def fails(self) -> bool:
        return self.caught in ("caught", "refused", "raised")


def _findings(given: Iterable[Any]) -> tuple[Finding, ...]:
    return tuple(one if isinstance(one, Finding) else Finding(**one) for one in given)


@frozen(kw_only=True)
class Planted:
    """What a run over a suite made of a solver that makes one mistake.

    Attributes
    ----------
    findings : tuple of Finding
        Game by game.
    named : tuple of str
        The mistakes to which the run puts down as many failing games as to any: one, or several
        that it says no game tells apart.
    smallest : tuple of str
        The mistakes that the smallest failing game shows.
    seconds : float
        Of the processor.
    """

    id: str
    planted: str
    findings: tuple[Finding, ...] = field(converter=_findings)
    named: tuple[str, ...] = field(converter=tuple)
    smallest: tuple[str, ...] = field(converter=tuple)
    seconds: float

    @property
    def diagnosed(self) -> str:
        """``itself``, ``among others``, ``others only`` or ``nothing``; ``""`` if all is passed."""
        if not any(one.fails for one in self.findings):
            return ""
        if not self.named:
            return "nothing"
        if self.id not in self.named:
            return "others only"
        return "itself" if len(self.named) == 1 else "among others"


def over_suite(place: int, name: str) -> Planted:
    """Audit the solver of `FAULTS[place]` on a suite."""
    fault, began = FAULTS[place], time.process_time()
    found = audit_solver(fault.solver, name)
    first = [one.id for one in found.suspects.mistakes[:1]]
    return Planted(
        id=fault.id,
        planted=fault.planted,
        findings=[_finding(fault, one) for one in found.games],
        named=found.suspects.alike or first,
        smallest=_named(found.smallest),
        seconds=time.process_time() - began,
    )


def finding(place: int, name: str) -> Finding:
    """Plant `FAULTS[place]` on the game of a name and audit the answer."""
    fault, game = FAULTS[place], suite_game(name).game
    return _finding(fault, judged((name, game, FunctionSolver(function=fault.solver)(game))))


def _finding(fault: Fault, found: GameResult) -> Finding:
    made = partial(Finding, id=fault.id, planted=fault.planted, game=found.name)
    outcome = found.outcome
    if found.verdict != "fail":
        wrong = outcome.policy is not None and _visible(outcome.policy, found.game)
        return made(caught="missed" if wrong else "invisible")
    if outcome.trouble:
        raised = outcome.trouble.kind in ("raised", "not a number")
        return made(caught="raised" if raised else "refused")
    matches = (found.audit and found.audit.diagnosis) or ()
    return made(caught="caught", diagnosed=_diagnosed(fault, matches), ids=_named(found))


def _named(found: GameResult | None) -> tuple[str, ...]:
    matches = (found and found.audit and found.audit.diagnosis) or ()
    return tuple(match.id for match in matches)


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
