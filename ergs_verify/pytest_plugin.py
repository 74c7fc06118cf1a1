"""pytest plugin: games, certified references, `assert_equilibrium`, the conformance options.

pytest loads it in every project of the environment, so everything heavy is imported when used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ergs_verify.audit.result import Audit
    from ergs_verify.game import Game
    from ergs_verify.solve import Solution

__all__ = ["assert_equilibrium", "report_text"]

#: Columns of a report inside a failure.
_WIDTH = 100


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ergs-verify", "solvers of LQ games (ergs-verify)")
    group.addoption(
        "--ergs-solver", metavar="MODULE:FUNCTION", help="Judge a Python solver on the suite."
    )
    group.addoption(
        "--ergs-command",
        metavar="COMMAND",
        help="Judge a program: 'prog {game} {solution}', two files.",
    )
    group.addoption(
        "--ergs-suite",
        default="standard",
        choices=("standard", "quick"),
        help="The games: standard (default) or quick, a part of them.",
    )


def assert_equilibrium(game: Game, solution: Any, epsilon: Any = None) -> None:
    """Fail with the audit's report unless a solution is the game's Nash equilibrium.

    Parameters
    ----------
    game : Game
    solution : Policy, or a mapping or an object with K and optionally Sigma, P, q
    epsilon : number ≥ 0, optional
        Asks instead whether no agent can gain more than this by deviating, which is proved.

    Raises
    ------
    AssertionError
        With gaps, errors in digits and the mistake that they resemble. Undecided is no pass.
    InputError
        Where the solution does not fit the game.

    Notes
    -----
    See `ergs_verify.audit`: without `epsilon` every quantity stated must be as accurate as float64
    can be on this game.

    Examples
    --------
    >>> from ergs_verify import gallery, solve
    >>> from ergs_verify.pytest_plugin import assert_equilibrium
    >>> game = gallery("g-star-2")
    >>> assert_equilibrium(game, solve(game))
    """
    __tracebackhide__ = True
    from ergs_verify.audit.solution import audit

    found = audit(game, solution, epsilon)
    if found.verdict != "pass":
        raise AssertionError(report_text(found))


@pytest.fixture(name="assert_equilibrium", scope="session")
def _assert_equilibrium() -> Callable[..., None]:
    """`ergs_verify.pytest_plugin.assert_equilibrium`: fails with the audit's report."""
    return assert_equilibrium


@pytest.fixture(scope="session")
def ergs_game() -> Callable[[str], Game]:
    """A game of ergs-verify's gallery by its name, such as "random:N=2,m=3,T=5,seed=1"."""
    from ergs_verify.gallery import gallery

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
