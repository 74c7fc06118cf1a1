"""Audit a solver: run it on a suite of games, judge and explain its answers, shrink a failure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager
from typing import Any

import attrs
from attrs import frozen

from ergs_verify import markup
from ergs_verify.audit.accuracy import unit_of
from ergs_verify.audit.command import CommandSolver
from ergs_verify.audit.contained import PRINTED
from ergs_verify.audit.foreign import FunctionSolver, Solver
from ergs_verify.audit.outcome import Outcome
from ergs_verify.audit.python_process import PythonSolver
from ergs_verify.audit.result import Audit, Verdict, worst
from ergs_verify.audit.scope import Scope
from ergs_verify.audit.shrink import shrink
from ergs_verify.audit.solution import audit, limit_of
from ergs_verify.audit.suite import SuiteGame
from ergs_verify.audit.suite import suite as named_suite
from ergs_verify.audit.suspects import Suspects, suspects, work
from ergs_verify.certify.nash import certified_nash
from ergs_verify.certify.stationary_nash import search_stationary_nash
from ergs_verify.errors import (
    InputError,
    NoStablePolicyError,
    NotCertifiedError,
    SingularStageError,
    UnboundedCostError,
)
from ergs_verify.exact import counted, quoted
from ergs_verify.game import Game, Policy
from ergs_verify.game.documents import game_document

#: Called with what is done and what is to do: every game is solved, then judged.
Progress = Callable[[int, int], None]

#: Kinds of trouble by which a solver says that a game has no single equilibrium: code that is
#: compiled beforehand cannot raise an exception, and gives NaN.
_SIGNALS = ("raised", "not a number")
_SAME = {
    "raised": "the solver raises the same error",
    "not a number": "the solver gives NaN or infinity too",
}

#: Numbers in a message, however many beside one another.
_NUMBERS = re.compile(r"[\s,;()\[\]]*(?:-?(?:0x[\da-f]+|\d[\w.]*(?:(?<=e)[-+]\d+)?)[\s,;()\[\]]*)+")

#: How often the solver is asked for a smaller game on which it fails.
_SHRINK_CALLS = 40


@frozen(kw_only=True)
class Asked:
    """What is asked of every answer, as by `audit`: by default the equilibrium, as accurate as
    float64 can be.

    Raises
    ------
    InputError
        Where a number is bad.
    """

    epsilon: Any = None
    dtype: str = "float64"
    tolerance: Any = None

    def __attrs_post_init__(self) -> None:
        limit_of(self.epsilon)
        unit_of(self.dtype, self.tolerance)

    def __call__(self, game: Game, policy: Policy, *, explain: bool = True) -> Audit:
        return audit(
            game,
            policy,
            self.epsilon,
            dtype=self.dtype,
            tolerance=self.tolerance,
            explain=explain,
        )


@frozen(kw_only=True, eq=False)
class GameResult:
    """What is found about a solver on one game.

    Attributes
    ----------
    name : str
        Of the game in the suite.
    game : Game
    verdict : {"pass", "fail", "undecided"}
    message : str
        Why, in one sentence.
    audit : Audit or None
        Of the numbers that it gave; None if it gave none.
    outcome : Outcome
        What it did: its answer, time, output, trouble, and whether it wrote into its input.
    """

    name: str
    game: Game
    verdict: Verdict
    message: str
    audit: Audit | None
    outcome: Outcome

    @property
    def signal(self) -> tuple[str, str] | None:
        """The error that it answered with, if it did: what it says where a game is singular.

        Without its numbers, which are the game's: sizes, conditions, addresses.
        """
        trouble = self.outcome.trouble
        if trouble is None or trouble.kind not in _SIGNALS:
            return None
        return trouble.kind, _NUMBERS.sub("#", trouble.message) if trouble.kind == "raised" else ""

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
    """What is found about a solver: the answer of `audit_solver`.

    Attributes
    ----------
    suite : str
    verdict : {"pass", "fail", "undecided"}
        ``fail`` if the solver fails on some game, otherwise ``undecided`` if some game is.
    title : str
        The verdict in one sentence.
    games : tuple of GameResult
        Those that were judged.
    skipped : tuple of pairs of str
        The names of games that were skipped, each with the reason.
    suspects : Suspects
        What explains the games on which the solver fails.
    smallest : GameResult or None
        A game cut down from one of these, as small as it can be with the same failure.
    """

    suite: str
    games: tuple[GameResult, ...]
    skipped: tuple[tuple[str, str], ...]
    suspects: Suspects
    smallest: GameResult | None

    @property
    def verdict(self) -> Verdict:
        """``fail`` if the solver fails on some game, otherwise ``undecided`` if some game is."""
        return worst(one.verdict for one in self.games) if self.games else "undecided"

    @property
    def title(self) -> str:
        """The verdict in one sentence."""
        count = Counter(one.verdict for one in self.games)
        total = f"{counted(len(self.games), 'game')} of the suite {self.suite}"
        others = [f", {count[v]} {told}" for v, told in _TOLD.items() if count[v]]
        if self.skipped:
            others.append(f"; {len(self.skipped)} skipped")
        if not self.games:
            return f"undecided: every game of the suite {self.suite} was skipped"
        if all(one.outcome.policy is None for one in self.games):
            # Singular games ask for an error, so that some may have passed.
            others.append("; the solver gave no policy for any of them")
        return f"{self.verdict}: {count['pass']} of {total} passed{''.join(others)}"

    def as_json(self) -> dict[str, Any]:
        """The object ``ergs-suite/1``.

        Returns
        -------
        dict

        Examples
        --------
        >>> from ergs_verify import audit_solver, engine
        >>> found = audit_solver(engine.nash, suite="quick", scope="agents=2,stages=1")
        >>> [one["verdict"] for one in found.as_json()["games"]]
        ['pass', 'pass']
        """
        small = self.smallest
        return {
            "format": "ergs-suite/1",
            "verdict": self.verdict,
            "suite": self.suite,
            "message": self.title,
            "diagnosis": [one.as_json() for one in self.suspects.mistakes],
            "indistinguishable": list(self.suspects.alike),
            "unexplained": list(self.suspects.unexplained),
            "conventions": list(self.suspects.conventions),
            "skipped": [{"game": name, "why": why} for name, why in self.skipped],
            "games": [one.as_json() for one in self.games],
            "smallest": small and {**small.as_json(), "game": game_document(small.game)},
        }

    def __repr__(self) -> str:
        return f"SuiteResult({self.title})"

    def _repr_html_(self) -> str:
        lines = [[one.name, one.verdict, one.message] for one in self.games]
        said = markup.paragraphs(self.suspects.told)
        return markup.bold(self.title) + said + markup.table(["game", "verdict", ""], lines)


_EQUILIBRIUM = Asked()
_TOLD = {"fail": "failed", "undecided": "undecided"}


def audit_solver(
    solver: Any,
    suite: str = "standard",
    *,
    epsilon: Any = None,
    dtype: str = "float64",
    tolerance: Any = None,
    scope: Scope | str = "",
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
    suite : {"standard", "quick", "general", "stationary"}
    epsilon, dtype, tolerance : optional
        What is asked of each answer, as in `audit`.
    scope : Scope or str
        The games that the solver takes, such as ``"agents=2,time-invariant"``. Others are skipped.
    pool : Executor, optional
        Processes that judge the answers, which this process does otherwise. The solver itself is
        run on one game after the other.
    progress : function of two int, optional
        Told how many games are done, and of how many.

    Returns
    -------
    SuiteResult

    Raises
    ------
    InputError
        If the suite is unknown, the solver cannot be found, or another argument is bad. What goes
        wrong inside the solver is part of the result.

    Notes
    -----
    On a game with exactly one equilibrium the solver has to give numbers that `audit` passes. On a
    game with none or many it has to raise an error, or to return NaN or infinity if its language
    cannot raise; an error that it also raises on games with one equilibrium does not count.
    Numbers on such a game fail, unless `epsilon` is given and they meet it. Which games have one is
    explained in :doc:`/explanation/theory`, "Existence and uniqueness".

    Examples
    --------
    >>> from ergs_verify import audit_solver, engine
    >>> audit_solver(engine.nash, suite="quick")
    SuiteResult(pass: 10 of 10 games of the suite quick passed)
    """
    scope = scope if isinstance(scope, Scope) else Scope.named(scope)
    asked = Asked(epsilon=epsilon, dtype=dtype, tolerance=tolerance)
    games, skipped = in_scope(named_suite(suite), scope)
    tell = _Told(progress, 2 * len(games))
    with _ready(solver) as foreign:
        runs = []
        for one in games:
            outcome = foreign(one.game)
            if outcome.trouble and scope.declines(outcome.trouble):
                skipped.append((one.name, f"the solver {outcome.trouble.message}"))
                tell()
            else:
                runs.append((one.name, one.game, outcome))
            tell()
        results = earned(_all_judged(runs, asked, pool, tell))
        failing = [one for one in results if one.verdict == "fail"]

        def judge(game: Game, solver: Solver, explain: bool) -> Audit | None:
            return judged(("", game, solver(game)), asked, explain=explain).audit

        found = suspects(
            ((one.name, one.game, one.audit) for one in failing if one.audit is not None),
            of=len(failing),
            solver=foreign,
            judge=judge,
            built=scope.games(
                general=all(one.game.general for one in failing),
                stationary=any(one.game.stationary for one in failing),
            ),
        )
        smallest = _shrunk(foreign, failing, found, asked) if failing else None
    return SuiteResult(
        suite=suite,
        games=tuple(results),
        skipped=tuple(skipped),
        suspects=found,
        smallest=smallest,
    )


def in_scope(
    games: Sequence[SuiteGame], scope: Scope
) -> tuple[list[SuiteGame], list[tuple[str, str]]]:
    """The games that a solver is judged on, and the names of the others, with why.

    Raises
    ------
    InputError
        Where a game that is to be skipped is not among them.
    """
    names = [one.name for one in games]
    for name in scope.skip:
        if name not in names:
            raise InputError(f"{quoted(name)} is not a game of this suite", "skip")
    kept, skipped = [], []
    for one in games:
        why = "it was left out by name" if one.name in scope.skip else scope.left_out(one.game)
        if why is None:
            kept.append(one)
        else:
            skipped.append((one.name, why))
    return kept, skipped


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
            f"an object of type {type(solver).__name__} is not a solver; give a function, "
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


def _all_judged(
    runs: list[Run], asked: Asked, pool: Executor | None, tell: _Told
) -> list[GameResult]:
    if pool is None:
        results = []
        for run in runs:
            results.append(judged(run, asked))
            tell()
        return results
    futures = [pool.submit(judged, run, asked) for run in runs]
    for _ in as_completed(futures):
        tell()
    return [future.result() for future in futures]


def judged(run: Run, asked: Asked = _EQUILIBRIUM, *, explain: bool = True) -> GameResult:
    """Judge what a solver made of one game, given as its name, itself and the outcome."""
    name, game, outcome = run
    verdict, message, found = _verdict(game, outcome, asked, explain)
    return GameResult(
        name=name, game=game, verdict=verdict, message=message, audit=found, outcome=outcome
    )


def earned(results: Sequence[GameResult], before: Iterable[GameResult] = ()) -> list[GameResult]:
    """An error passes on a singular game only if the solver does not say the same of another."""
    on_regular = {
        one.signal: one.name for one in (*before, *results) if one.verdict == "fail" and one.signal
    }
    return [
        attrs.evolve(
            one,
            verdict="fail",
            message=f"fail: {_SAME[one.signal[0]]} for the regular game {on_regular[one.signal]}",
        )
        if one.verdict == "pass" and one.signal and one.signal in on_regular
        else one
        for one in results
    ]


def _verdict(
    game: Game, outcome: Outcome, asked: Asked, explain: bool
) -> tuple[Verdict, str, Audit | None]:
    if outcome.policy is None:
        return *_verdict_on_trouble(game, outcome), None
    try:
        found = asked(game, outcome.policy, explain=explain)
    except NotCertifiedError as error:
        return "undecided", f"undecided: {error}", None
    singular = found.equilibrium.kind in ("none", "continuum", "singular")
    if singular and found.judged_by != "epsilon":
        message = f"fail: numbers instead of an error, although {found.equilibrium.message}"
        return "fail", message, found
    return found.verdict, found.title, found


def _verdict_on_trouble(game: Game, outcome: Outcome) -> tuple[Verdict, str]:
    assert outcome.trouble is not None
    told = f"the solver {outcome.trouble.message}"
    try:
        if game.stationary:
            search_stationary_nash(game).first()
        else:
            certified_nash(game)
    except (SingularStageError, UnboundedCostError, NoStablePolicyError) as error:
        if outcome.trouble.kind in _SIGNALS:
            return "pass", f"pass: an error, as there should be: {error}"
        return "fail", f"fail: {told}; it should have raised an error, because {error}"
    except NotCertifiedError as error:
        return "undecided", f"undecided: {told}, and {error}"
    return "fail", f"fail: {told}"


def _shrunk(
    solver: Solver, failing: Sequence[GameResult], found: Suspects, asked: Asked
) -> GameResult:
    """The smallest of the failing games of one kind, made smaller while that is kept."""
    wanted = found.mistakes[0].id if found.mistakes else None
    alike = [one for one in failing if wanted in _named(one)] or failing[:1]
    alone = [one for one in alike if _named(one) == {wanted}]
    first = min(alone or alike, key=lambda one: (_gap(one) == 0, work(one.game)))
    least = _gap(first) / 10

    def fails(game: Game) -> bool:
        one = judged(("", game, solver(game)), asked, explain=wanted is not None)
        if one.verdict != "fail" or (one.audit is None) != (first.audit is None):
            return False
        if one.audit is None:
            return one.signal == first.signal and _kind(one) == _kind(first)
        named = _named(one)
        return _gap(one) >= least and (
            named == {wanted} if alone else wanted in named or not wanted
        )

    game = shrink(first.game, fails, calls=_SHRINK_CALLS)
    run = game.name, game, solver(game)
    return first if game is first.game else judged(run, asked)


def _named(one: GameResult) -> set[str | None]:
    return {match.id for match in (one.audit and one.audit.diagnosis) or ()}


def _kind(one: GameResult) -> str | None:
    return one.outcome.trouble and one.outcome.trouble.kind


def _gap(one: GameResult) -> float:
    """The largest gap at least, where the policy itself is wrong."""
    if one.audit is None or not one.audit.wrong_policy:
        return 0.0
    return float(max(agent.gap.lo for agent in one.audit.gap.agents))
