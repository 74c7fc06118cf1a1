"""pytest plugin: games, certified references, `assert_equilibrium`, the conformance options.

pytest loads it in every project of the environment, so everything heavy is imported when used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ergs_verify.audit.result import Audit
    from ergs_verify.game import Game
    from ergs_verify.solve import Solution

#: The property of a test's report by which `ergs_verify.conformance` says what stayed open.
UNDECIDED = "ergs-undecided"
#: Columns of a report inside a failure.
_WIDTH = 100


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup(
        "ergs-verify", "solvers of LQ games: pytest --pyargs ergs_verify.conformance with"
    )
    group.addoption(
        "--ergs-solver", metavar="MODULE:FUNCTION", help="Judge a Python solver on the suite."
    )
    group.addoption(
        "--ergs-command",
        metavar="COMMAND",
        help=(
            "Judge a program: 'prog {game} {solution}'. It reads the first file and writes the "
            "second."
        ),
    )
    group.addoption(
        "--ergs-format",
        default="json",
        choices=("json", "npz", "mat"),
        help="The format of these two files: json (default), npz or mat.",
    )
    group.addoption(
        "--ergs-suite",
        default="standard",
        choices=("standard", "quick", "general", "stationary"),
        help="The games: standard (default), quick (a part of them), general (beyond the paper) "
        "or stationary (infinite horizon).",
    )
    group.addoption(
        "--ergs-timeout",
        metavar="S",
        type=float,
        default=60.0,
        help="Seconds that a solver has for a game (default 60).",
    )
    group.addoption(
        "--ergs-convention",
        metavar="NAME",
        action="append",
        default=[],
        help=(
            "A convention in which a solver differs, as in ergs-verify audit --convention; may "
            "be repeated."
        ),
    )
    group.addoption(
        "--ergs-epsilon",
        metavar="E",
        help=("Pass if no agent's gap exceeds E, whatever the digits."),
    )
    group.addoption(
        "--ergs-dtype",
        metavar="NAME",
        default="float64",
        help=("The solver's numbers: float64 or float32."),
    )
    group.addoption(
        "--ergs-tolerance", metavar="TOL", help="The tolerance that an iterative solver was given."
    )
    group.addoption(
        "--ergs-scope", metavar="WORDS", default="", help="As in ergs-verify audit --scope."
    )
    group.addoption(
        "--ergs-skip", metavar="GAME", action="append", default=[], help="Skip a game by name."
    )
    group.addoption(
        "--ergs-unsupported",
        metavar="SIGNAL",
        action="append",
        default=[],
        help="As in ergs-verify audit --unsupported; may be repeated.",
    )


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name the games that stayed undecided: pytest itself only counts them as skipped."""
    said = [
        f"{report.nodeid}: {value}"
        for report in terminalreporter.getreports("skipped")
        for name, value in report.user_properties
        if name == UNDECIDED
    ]
    if said:
        terminalreporter.section("ergs-verify: undecided, so neither passed nor failed")
        for line in said:
            terminalreporter.line(line)


def assert_equilibrium(
    game: Game, solution: Any, epsilon: Any = None, *, conventions: str | Iterable[str] = ()
) -> None:
    """Fail, with the audit's report, unless a solution is the game's Nash equilibrium.

    Parameters
    ----------
    game : Game
    solution : Policy, or a mapping or an object with K and optionally Sigma, P, q
        ``[i][t]``: K p_i×m and Sigma p_i×p_i for t = 0…T−1, P m×m and q numbers for t = 0…T.
    epsilon : number ≥ 0, optional
        Ask instead whether no agent can gain more than this by deviating, which is proved.
    conventions : str or iterable of str, optional
        How the solution's letters differ: ``"negative-gain"`` if u = −Kx, ``"time-last"`` for
        arrays p_i×m×T; see `Conventions`.

    Raises
    ------
    AssertionError
        If the verdict is not "pass". The message has the gaps, the errors in digits, and the
        mistake that leads to them if it is known; or what is wrong with a solution that is not a
        policy of the game (NaN, a wrong shape).
    InputError
        If `game` is not a game, `epsilon` is bad, or a convention is unknown.

    Notes
    -----
    As in `audit`, without `epsilon` everything that is stated must be as accurate as float64 can be
    on this game: see :doc:`/explanation/trust`.

    Examples
    --------
    >>> from ergs_verify import gallery, solve
    >>> from ergs_verify.pytest_plugin import assert_equilibrium
    >>> game = gallery("g-star-2")
    >>> assert_equilibrium(game, solve(game))
    >>> textbook = {"K": [[[[13 / 7, -8 / 7]]], [[[-8 / 7, 13 / 7]]]]}  # u = −Kx
    >>> assert_equilibrium(game, textbook, conventions="negative-gain")
    """
    __tracebackhide__ = True
    from ergs_verify.audit.conventions import Conventions
    from ergs_verify.audit.foreign import FunctionSolver
    from ergs_verify.audit.solution import audit
    from ergs_verify.errors import NotCertifiedError
    from ergs_verify.game import Policy
    from ergs_verify.game.game import expect_game

    expect_game(game, "assert_equilibrium")
    declared = Conventions.named(conventions)
    if isinstance(solution, Policy):
        solution = declared.applied(solution)
    else:
        outcome = FunctionSolver(function=lambda _: solution, conventions=declared)(game)
        if outcome.trouble:
            raise AssertionError(f"fail: the solver {outcome.trouble.message}")
        solution = outcome.policy
    try:
        found = audit(game, solution, epsilon)
    except NotCertifiedError as error:
        raise AssertionError(f"undecided: {error}") from None
    if found.verdict != "pass":
        raise AssertionError(report_text(found))


@pytest.fixture(name="assert_equilibrium", scope="session")
def _assert_equilibrium() -> Callable[..., None]:
    """`ergs_verify.pytest_plugin.assert_equilibrium`: fails with the audit's report."""
    return assert_equilibrium


@pytest.fixture(scope="session")
def ergs_game() -> Callable[[str], Game]:
    """A game of ergs-verify's gallery by its name, such as "random:N=2,m=3,T=5,seed=1"."""
    from ergs_verify.game.gallery import gallery

    return gallery


@pytest.fixture(scope="session")
def ergs_reference() -> Callable[..., Solution]:
    """The certified equilibrium of a game, `digits` of it or float64; solved once a session."""
    from ergs_verify.solve import solve

    solved: dict[tuple[str, int | None], Solution] = {}

    def reference(game: Game, digits: int | None = None) -> Solution:
        key = game.hash, digits
        if key not in solved:
            solved[key] = solve(game, digits=digits)
        return solved[key]

    return reference


def report_text(found: Audit) -> str:
    """An audit's report as plain text, its first line the verdict."""
    from ergs_verify.report.audit import audit_summary
    from ergs_verify.report.terminal import console, rendered

    return rendered(audit_summary(found), on=console(width=_WIDTH))
