"""`crosscheck`: a game's equilibrium computed in independent ways, and compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future
from typing import Annotated, Any

import typer
from attrs import frozen

from ergs_verify.cli import output
from ergs_verify.cli.commands.paper import gathered
from ergs_verify.cli.inputs import named_game
from ergs_verify.cli.options import CsvReport, GameNames, HtmlReport, Json
from ergs_verify.cli.reports import Reports, typed
from ergs_verify.cli.status import Status
from ergs_verify.cli.work import workers
from ergs_verify.exact import counted
from ergs_verify.report.result_csv import crosscheck_csv
from ergs_verify.report.terminal import printable
from ergs_verify.study.crosscheck import Progress, crosscheck
from ergs_verify.study.crosscheck_result import CrossCheck


@frozen
class Checked:
    """One game cross-checked."""

    name: str
    result: CrossCheck

    @property
    def verdict(self) -> str:
        return self.result.verdict

    @property
    def document(self) -> dict[str, Any]:
        """``ergs-crosscheck/1``."""
        return self.result.as_json()


def command(
    games: GameNames,
    digits: Annotated[
        int, typer.Option("--digits", metavar="D", help="Digits of the derived recursion.")
    ] = 50,
    html: HtmlReport = None,
    csv: CsvReport = None,
    json: Json = False,
) -> Status:
    """Compute an equilibrium in independent ways and compare.

    For every quantity the number of digits that agree is shown.

    Exit status: 0 the computations agree on every game; 1 they disagree on some game; 2 bad input;
    3 undecided on some game.
    """
    reports = Reports(html, csv)
    for name in games:
        named_game(name)
    checked = _one(games[0], digits) if len(games) == 1 else _several(games, digits)
    if json:
        output.show_json(as_document(checked))
    else:
        output.show_text("\n\n".join(printable(str(one.result)) for one in checked) + "\n")
    reports.write(
        lambda: _page(checked, digits),
        lambda: crosscheck_csv((one.name, one.result) for one in checked),
    )
    return status_of(checked)


def _page(checked: Sequence[Checked], digits: int) -> str:
    from ergs_verify.report.result_html import crosscheck_page

    games = [(one.name, named_game(one.name), one.result) for one in checked]
    asked = {"Derived recursion": counted(digits, "digit")}
    return crosscheck_page(games, command=typed(), asked=asked)


def check(name: str, digits: int, progress: Progress | None = None) -> Checked:
    """Cross-check one game."""
    return Checked(name, crosscheck(named_game(name), digits=digits, progress=progress))


def submit(pool: Executor, names: Iterable[str], digits: int) -> list[Future[Checked]]:
    """Have the games cross-checked by the pool."""
    return [pool.submit(check, name, digits) for name in names]


def as_document(checked: Sequence[Checked]) -> dict[str, Any]:
    """The object ``ergs-crosschecks/1``."""
    games = [{"name": one.name, "crosscheck": one.document} for one in checked]
    worst = max((one.verdict for one in checked), key=_severity, default="agree")
    return {"format": "ergs-crosschecks/1", "verdict": worst, "games": games}


def status_of(checked: Sequence[Checked]) -> Status:
    """1 where some game's computations disagree, else 3 where some is undecided, else 0."""
    return Status.of(as_document(checked)["verdict"])


def _one(name: str, digits: int) -> list[Checked]:
    with output.progress("cross-checking") as progress:
        return [check(name, digits, lambda _what, done, parts: progress(done, parts))]


def _several(names: Sequence[str], digits: int) -> list[Checked]:
    with workers() as pool:
        return gathered(submit(pool, names, digits), "cross-checking games")


def _severity(verdict: str) -> int:
    return ("agree", "undecided", "disagree").index(verdict)
