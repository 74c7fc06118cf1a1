"""`audit`: one solution of a game judged, or a solver on a suite of games."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ergs_verify.audit.command import CommandSolver
from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.foreign import Solver
from ergs_verify.audit.python_process import PythonSolver
from ergs_verify.audit.solution import audit
from ergs_verify.audit.solver import audit_solver
from ergs_verify.cli import output
from ergs_verify.cli.inputs import named_game
from ergs_verify.cli.status import Status
from ergs_verify.cli.work import workers
from ergs_verify.errors import InputError
from ergs_verify.files import disk, load_solution
from ergs_verify.report.audit import audit_summary, suite_summary

__all__ = ["run", "run_suite"]

_STATUS = {"pass": Status.HOLDS, "fail": Status.REFUTED, "undecided": Status.UNDECIDED}


def run(name: str | None, solution: Path | None, *, epsilon: str | None, as_json: bool) -> Status:
    """Judge the solution in a file and print what was found, or the object."""
    if name is None or solution is None:
        raise InputError(
            "give a game and a file with its solution, or --solver or --command", "command line"
        )
    game, policy = named_game(name), load_solution(solution)
    with disk.naming(solution):
        policy.validate(game)
    with output.progress("auditing") as progress:
        found = audit(
            game, policy, epsilon, progress=lambda _what, done, parts: progress(done, parts)
        )
    if as_json:
        output.show_json(found.as_json())
    else:
        output.show(audit_summary(found))
    return _STATUS[found.verdict]


def run_suite(
    of_solution: Sequence[Any],
    *,
    solver: str | None,
    command: str | None,
    file_format: str,
    suite: str,
    timeout: float,
    conventions: Sequence[str],
    as_json: bool,
) -> Status:
    """Judge a solver and print what was found, or the object.

    `of_solution` are the arguments that go with one solution only, and have to be None.
    """
    if any(given is not None for given in of_solution):
        raise InputError("--solver and --command take neither a game nor --epsilon", "--solver")
    with (
        _solver(solver, command, file_format, conventions, timeout) as foreign,
        workers() as pool,
        output.progress("auditing the solver") as progress,
    ):
        found = audit_solver(foreign, suite=suite, pool=pool, progress=progress)
    if as_json:
        output.show_json(found.as_json())
    else:
        output.show(suite_summary(found))
    return _STATUS[found.verdict]


def _solver(
    solver: str | None,
    command: str | None,
    file_format: str,
    conventions: Sequence[str],
    timeout: float,
) -> Solver:
    if solver is not None and command is not None:
        raise InputError("give --solver or --command, not both", "--solver")
    if not 0 < timeout < float("inf"):
        raise InputError("--timeout must be a number of seconds > 0", "--timeout")
    options: dict[str, Any] = {"conventions": Conventions.named(conventions), "timeout": timeout}
    if command is not None:
        return CommandSolver(command=command, format=file_format, **options)
    return PythonSolver(name=solver or "", **options)
