"""Audit a solver: run it on a suite of games, judge every answer, shrink the first failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from ergs_verify import markup
from ergs_verify.audit.command import CommandSolver
from ergs_verify.audit.contained import PRINTED
from ergs_verify.audit.foreign import FunctionSolver, Solver
from ergs_verify.audit.outcome import Outcome
from ergs_verify.audit.python_process import PythonSolver
from ergs_verify.audit.result import Audit, Verdict, worst
from ergs_verify.audit.shrink import shrink
from ergs_verify.audit.solution import audit
from ergs_verify.audit.suite import suite as named_suite
from ergs_verify.certify.nash import certified_nash
from ergs_verify.errors import InputError, NotCertifiedError, SingularStageError
from ergs_verify.game import Game
from ergs_verify.game.documents import game_document

__all__ = ["GameResult", "SuiteResult", "audit_solver", "judged"]

#: Called with what is done and what is to do: every game is solved, then judged.
Progress = Callable[[int, int], None]

#: How often the solver is asked for a smaller game on which it fails.
_SHRINK_CALLS = 40


@frozen(kw_only=True, eq=False)
class GameResult:
    """A solver judged on one game.

    Attributes
    ----------
    name : str
    game : Game
    verdict : {"pass", "fail", "undecided"}
    message : str
        Why, in one sentence.
    audit : Audit or None
        Of the numbers that it gave, if it gave some.
    outcome : Outcome
        What else it did: time, output, what it wrote into its input, trouble.
    """

    name: str
    game: Game
    verdict: Verdict
    message: str
    audit: Audit | None
    outcome: Outcome

    @property
    def remarks(self) -> tuple[str, ...]:
        """What else the solver did that it should not."""
        said = []
        if self.outcome.mutated:
            said.append(f"it changed the game that it was given: {', '.join(self.outcome.mutated)}")
        if self.audit is not None and self.audit.asymmetric:
            said.append(f"a Σ or P is asymmetric by {self.audit.asymmetry:.1e} of its size")
        if printed := len(self.outcome.printed):
            many = f"{printed}" if printed <= PRINTED else f"more than {PRINTED}"
            said.append(f"it printed {many} characters")
        return tuple(said)

    def as_json(self) -> dict[str, Any]:
        """Its part of ``ergs-suite/1``."""
        trouble = self.outcome.trouble
        return {
            "name": self.name,
            "verdict": self.verdict,
            "message": self.message,
            "audit": self.audit and self.audit.as_json(),
            "trouble": trouble and {"kind": trouble.kind, "message": trouble.message},
            "seconds": self.outcome.seconds,
            "printed": self.outcome.printed,
            "mutated": list(self.outcome.mutated),
        }


@frozen(kw_only=True, eq=False, repr=False)
class SuiteResult:
    """The outcome of `audit_solver`.

    Attributes
    ----------
    suite : str
    games : tuple of GameResult
    smallest : GameResult or None
        A game made from the first on which the solver fails, as small as it still fails on.
    """

    suite: str
    games: tuple[GameResult, ...]
    smallest: GameResult | None

    @property
    def verdict(self) -> Verdict:
        """``fail`` if the solver fails on some game, ``undecided`` if some is undecided."""
        return worst(one.verdict for one in self.games)

    @property
    def title(self) -> str:
        """The verdict in one sentence."""
        count = Counter(one.verdict for one in self.games)
        total = f"{len(self.games)} games of the suite {self.suite}"
        others = [f", {count[v]} {told}" for v, told in _TOLD.items() if count[v]]
        if all(one.outcome.policy is None for one in self.games):
            others.append("; the solver answered none")  # singular games ask for an error
        return f"{self.verdict}: {count['pass']} of {total} passed{''.join(others)}"

    def as_json(self) -> dict[str, Any]:
        """The object ``ergs-suite/1``."""
        small = self.smallest
        return {
            "format": "ergs-suite/1",
            "verdict": self.verdict,
            "suite": self.suite,
            "message": self.title,
            "games": [one.as_json() for one in self.games],
            "smallest": small and {**small.as_json(), "game": game_document(small.game)},
        }

    def __repr__(self) -> str:
        return f"SuiteResult({self.title})"

    def _repr_html_(self) -> str:
        lines = [[one.name, one.verdict, one.message] for one in self.games]
        return markup.bold(self.title) + markup.table(["game", "verdict", ""], lines)


_TOLD = {"fail": "failed", "undecided": "undecided"}


def audit_solver(
    solver: Any,
    suite: str = "standard",
    *,
    pool: Executor | None = None,
    progress: Progress | None = None,
) -> SuiteResult:
    """Judge a solver on the games of a suite.

    Parameters
    ----------
    solver : callable, str or Solver
        A function of a `FloatGame` that returns a mapping or an object with K and optionally
        Sigma, P, q, called in this process; ``"module:function"``, called in a process of its own;
        a command such as ``"julia solve.jl {game} {solution}"``; or a `Solver`, which can have
        conventions and a timeout.
    suite : {"standard", "quick"}
    pool : Executor, optional
        Judges the answers; they are judged in this process otherwise. The solver is run on one
        game after the other all the same.
    progress : function of what is done and what is to do, optional

    Returns
    -------
    SuiteResult

    Raises
    ------
    InputError
        Where the suite is unknown or the solver cannot be found. What goes wrong inside the
        solver is part of the result.

    Notes
    -----
    A game with one equilibrium asks for numbers that `audit` passes. A game without one, or with
    many, asks for an error: whatever a solver returns there is no answer.

    Examples
    --------
    >>> from ergs_verify import audit_solver, engine
    >>> audit_solver(engine.nash, suite="quick")
    SuiteResult(pass: 10 of 10 games of the suite quick passed)
    """
    games = named_suite(suite)
    tell = _Told(progress, 2 * len(games))
    with _ready(solver) as foreign:
        runs = []
        for one in games:
            runs.append((one.name, one.game, foreign(one.game)))
            tell()
        results = _all_judged(runs, pool, tell)
        failing = next((one for one in results if one.verdict == "fail"), None)
        smallest = failing and _shrunk(foreign, failing)
    return SuiteResult(suite=suite, games=tuple(results), smallest=smallest)


class _Told:
    """Counts what is done for a progress function."""

    def __init__(self, progress: Progress | None, total: int):
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self) -> None:
        self._done += 1
        if self._progress:
            self._progress(self._done, self._total)


@contextmanager
def _ready(solver: Any) -> Iterator[Solver]:
    if isinstance(solver, Solver):
        yield solver
        return
    if callable(solver):
        made: Solver = FunctionSolver(function=solver)
    elif not isinstance(solver, str):
        raise InputError(
            f"an object of type {type(solver).__name__} is no solver; give a function, "
            '"module:function" or a command with {game} and {solution}',
            "solver",
        )
    elif "{" in solver:
        made = CommandSolver(command=solver)
    else:
        made = PythonSolver(name=solver)
    with made:
        yield made


Run = tuple[str, Game, Outcome]


def _all_judged(runs: list[Run], pool: Executor | None, tell: _Told) -> list[GameResult]:
    if pool is None:
        results = []
        for run in runs:
            results.append(judged(run))
            tell()
        return results
    futures = [pool.submit(judged, run) for run in runs]
    for _ in as_completed(futures):
        tell()
    return [future.result() for future in futures]


def judged(run: Run, *, explain: bool = True) -> GameResult:
    """Judge what a solver made of one game, given as its name, itself and the outcome."""
    name, game, outcome = run
    verdict, message, found = _verdict(game, outcome, explain)
    return GameResult(
        name=name, game=game, verdict=verdict, message=message, audit=found, outcome=outcome
    )


def _verdict(game: Game, outcome: Outcome, explain: bool) -> tuple[Verdict, str, Audit | None]:
    if outcome.policy is None:
        return *_verdict_on_trouble(game, outcome), None
    try:
        found = audit(game, outcome.policy, explain=explain)
    except NotCertifiedError as error:
        return "undecided", f"undecided: {error}", None
    if found.equilibrium.kind in ("none", "continuum", "singular"):
        return (
            "fail",
            f"fail: numbers instead of an error, though {found.equilibrium.message}",
            found,
        )
    return found.verdict, found.title, found


def _verdict_on_trouble(game: Game, outcome: Outcome) -> tuple[Verdict, str]:
    assert outcome.trouble is not None
    told = f"the solver {outcome.trouble.message}"
    try:
        certified_nash(game)
    except SingularStageError as error:
        if outcome.trouble.kind == "raised":
            return "pass", f"pass: an error, as it should be. {error}"
        return "fail", f"fail: {told}; an error was asked for, as {error}"
    except NotCertifiedError as error:
        return "undecided", f"undecided: {told}, and {error}"
    return "fail", f"fail: {told}"


def _shrunk(solver: Solver, failing: GameResult) -> GameResult:
    def fails(game: Game) -> bool:
        return judged(("", game, solver(game)), explain=False).verdict == "fail"

    game = shrink(failing.game, fails, calls=_SHRINK_CALLS)
    return failing if game is failing.game else judged((game.name, game, solver(game)))
