"""`audit`: one solution of a game judged, or a solver on a suite of games."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from ergs_verify.audit.answers import file_fits_time_last
from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.named_solver import named_solver
from ergs_verify.audit.result import Audit
from ergs_verify.audit.scope import Scope
from ergs_verify.audit.solution import Meanwhile, audit
from ergs_verify.audit.solver import audit_solver
from ergs_verify.cli import output
from ergs_verify.cli.inputs import expect_writable, named_game
from ergs_verify.cli.reports import Reports, sha256, typed
from ergs_verify.cli.status import Status
from ergs_verify.cli.work import workers
from ergs_verify.errors import FileFormatError, InputError
from ergs_verify.exact import quoted
from ergs_verify.files import disk, text
from ergs_verify.game import Game, Policy, load_solution
from ergs_verify.report.audit import audit_summary, suite_summary
from ergs_verify.report.result_csv import audit_csv, suite_csv

_STATUS = {"pass": Status.HOLDS, "fail": Status.REFUTED, "undecided": Status.UNDECIDED}


def run(
    name: str | None,
    solution: Path | None,
    *,
    epsilon: str | None,
    dtype: str,
    tolerance: str | None,
    conventions: Sequence[str],
    of_solver: Sequence[Any],
    certificate: Path | None,
    as_json: bool,
    reports: Reports,
    meanwhile: Meanwhile | None = None,
) -> Status:
    """Judge the solution in a file and print what was found, or the object.

    `of_solver` are the options that go with a solver only, and have to be None.
    """
    if name is None or solution is None:
        raise InputError(
            "give a game and a file with its solution, or --solver or --command", "command line"
        )
    if any(given is not None for given in of_solver):
        raise InputError(
            "--format, --suite, --timeout, --scope, --skip and --unsupported go with --solver or "
            "--command",
            "command line",
        )
    declared = Conventions.named(conventions)
    if declared.time_last:
        raise InputError(
            "--convention time-last goes with --solver or --command; the format of a solution "
            "file says where its time axis is",
            "--convention",
        )
    expect_writable(certificate, ".json")
    game = named_game(name)
    if certificate is not None and not game.stationary:
        raise InputError(
            f"--certificate is for games whose horizon is infinite; this one has {game.horizon} "
            "stages",
            "--certificate",
        )
    policy = _loaded(solution, game)
    with output.progress("auditing") as progress:
        found = audit(
            game,
            declared.applied(policy),
            epsilon,
            dtype=dtype,
            tolerance=tolerance,
            progress=lambda _what, done, parts: progress(done, parts),
            meanwhile=meanwhile,
        )
    if certificate is not None:
        _write_certificate(found, certificate)
    if as_json:
        output.show_json({**found.as_json(), "solution": {"sha256": sha256(solution)}})
    else:
        output.show(audit_summary(found))
    asked = {"Solution": str(solution), "Solution's sha256": sha256(solution)} if reports else {}
    asked |= _declared(conventions)
    if epsilon is not None:
        asked["ε"] = epsilon
    reports.write(lambda: _page("audit_page", found, asked), lambda: audit_csv(found))
    return _STATUS[found.verdict]


def _write_certificate(found: Audit, path: Path) -> None:
    if found.certificate is None:
        output.say(f"{path} is not written: not everything that it states was proved")
        return
    with disk.naming(path):
        disk.write(path, text.render_json(dict(found.certificate)))
    output.say(f"wrote {path}")


def _page(name: str, found: Any, asked: dict[str, str]) -> str:
    from ergs_verify.report import result_html

    return getattr(result_html, name)(found, command=typed(), asked=asked)


def _declared(conventions: Sequence[str]) -> dict[str, str]:
    return {"Declared conventions": ", ".join(conventions)} if conventions else {}


def _loaded(solution: Path, game: Game) -> Policy:
    try:
        policy = load_solution(solution, as_stated=True)
        with disk.naming(solution):
            policy.validate(game)
    except FileFormatError as error:
        if file_fits_time_last(solution, game):
            hint = "it would fit with the time axis of K, Sigma, P first"
            raise InputError(f"{error.message}; {hint}", error.where) from error
        raise
    return policy


def run_suite(
    of_solution: Sequence[Any],
    *,
    asked: Mapping[str, Any],
    scope: tuple[str, Sequence[str], Sequence[str]],
    solver: str | None,
    command: str | None,
    file_format: str | None,
    suite: str | None,
    timeout: float | None,
    conventions: Sequence[str],
    as_json: bool,
    reports: Reports,
) -> Status:
    """Judge a solver and print what was found, or the object.

    `of_solution` are the arguments that go with one solution only, and have to be None.
    """
    if any(given is not None for given in of_solution):
        raise InputError("--solver and --command take no game: it is that of a suite", "--solver")
    if solver is not None and command is not None:
        raise InputError("give --solver or --command, not both", "--solver")
    if file_format is not None and command is None:
        raise InputError("--format goes with --command: a function gets arrays", "--format")
    claims, skip, unsupported = scope
    declared = Scope.named(claims, skip=skip, unsupported=unsupported)
    foreign = named_solver(
        solver=solver,
        command=command,
        file_format=file_format or "json",
        conventions=conventions,
        timeout=60.0 if timeout is None else timeout,
    )
    with (
        foreign,
        workers() as pool,
        output.progress("auditing the solver") as progress,
    ):
        found = audit_solver(
            foreign,
            suite=suite or "standard",
            scope=declared,
            pool=pool,
            progress=progress,
            **asked,
        )
    if as_json:
        output.show_json(found.as_json())
    else:
        output.show(suite_summary(found))
    told = {"Solver": str(solver or command), **_declared(conventions)}
    given = {"ε": asked["epsilon"], "Tolerance": asked["tolerance"], "Scope": claims}
    told |= {name: str(value) for name, value in given.items() if value}
    reports.write(lambda: _page("suite_page", found, told), lambda: suite_csv(found))
    return _STATUS[found.verdict]


def show_template(language: str) -> Status:
    """Print the template of a solver, as it is in the package."""
    folder = resources.files("ergs_verify.audit") / "templates"
    known = {place.name.partition(".")[0]: place for place in folder.iterdir()}
    if language.lower() not in known:
        raise InputError(
            f"there is no template for {quoted(language)}; there are {', '.join(sorted(known))}",
            "LANGUAGE",
        )
    output.show_text(known[language.lower()].read_text(encoding="utf-8"))
    return Status.HOLDS
