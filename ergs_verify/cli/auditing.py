"""What `audit` does: one solution of a game judged, or a solver on a suite of games."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from ergs_verify.audit.answers import file_fits_time_last
from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.foreign import Solver
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
from ergs_verify.files import disk, text
from ergs_verify.game import Game, Policy, load_solution
from ergs_verify.report.audit import audit_summary, suite_summary
from ergs_verify.report.result_csv import audit_csv, suite_csv


@frozen
class Judged:
    """What was found, its exit status, and how it becomes an object, a summary and files."""

    found: Any
    document: Callable[[], dict[str, Any]]
    summary: Callable[[], Any]
    write: Callable[[], None]

    @property
    def status(self) -> Status:
        return Status.of(self.found.verdict)


def judge_solution(
    name: str,
    solution: Path,
    asked: Mapping[str, Any],
    conventions: Sequence[str],
    certificate: Path | None,
    reports: Reports,
    meanwhile: Meanwhile | None,
) -> Judged:
    """Judge the solution in a file."""
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
            progress=lambda _what, done, parts: progress(done, parts),
            meanwhile=meanwhile,
            **asked,
        )

    def page() -> str:
        told = {"Solution": str(solution), "Solution's sha256": sha256(solution)}
        told |= {"Declared conventions": ", ".join(conventions), "ε": asked["epsilon"]}
        return _page("audit_page", found, told)

    def write() -> None:
        if certificate is not None:
            _write_certificate(found, certificate)
        reports.write(page, lambda: audit_csv(found))

    def document() -> dict[str, Any]:
        return {**found.as_json(), "solution": {"sha256": sha256(solution)}}

    return Judged(found, document, lambda: audit_summary(found), write)


def judge_solver(
    solver: Solver,
    suite: str,
    scope: Scope,
    asked: Mapping[str, Any],
    told: Mapping[str, Any],
    reports: Reports,
) -> Judged:
    """Judge a solver on a suite."""
    with solver, workers() as pool, output.progress("auditing the solver") as progress:
        found = audit_solver(
            solver, suite=suite, scope=scope, pool=pool, progress=progress, **asked
        )

    def write() -> None:
        reports.write(lambda: _page("suite_page", found, told), lambda: suite_csv(found))

    return Judged(found, found.as_json, lambda: suite_summary(found), write)


def _write_certificate(found: Audit, path: Path) -> None:
    if found.certificate is None:
        output.say(f"{path} was not written, because not everything that it would state was proved")
        return
    with disk.naming(path):
        disk.write(path, text.render_json(dict(found.certificate)))
    output.say(f"wrote {path}")


def _page(name: str, found: Any, told: Mapping[str, Any]) -> str:
    from ergs_verify.report import result_html

    asked = {what: str(value) for what, value in told.items() if value}
    return getattr(result_html, name)(found, command=typed(), asked=asked)


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
