"""`gap`: what a larger τ, by δ, costs every agent; enclosed for one δ after another."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Annotated

import typer

from ergs_verify.certify.augmentation import chosen_deltas
from ergs_verify.certify.augmentation import gap as enclose
from ergs_verify.certify.augmentation_result import GapOfDelta
from ergs_verify.cli import output
from ergs_verify.cli.inputs import expect_writable, named_game
from ergs_verify.cli.options import CsvReport, GameName, HtmlReport, Json
from ergs_verify.cli.reports import Reports, typed
from ergs_verify.cli.status import Status
from ergs_verify.cli.work import workers
from ergs_verify.files import disk
from ergs_verify.game import Game
from ergs_verify.report.augmentation import gap_summary
from ergs_verify.report.plots import gap_figure
from ergs_verify.report.result_csv import gap_csv

#: N T m² of a game from which on a row takes longer than a process needs to start.
_WORTH_PROCESSES = 10_000


def command(
    game: GameName,
    delta: Annotated[
        str | None,
        typer.Option("--delta", metavar="D1,D2,...", help="Numbers > 0 (default: 1e-9 to 1000)."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw a plot: .png, .pdf or .svg."),
    ] = None,
    html: HtmlReport = None,
    csv: CsvReport = None,
    json: Json = False,
) -> Status:
    """Enclose the cost of playing at tau + delta.

    The gap is what each agent loses by playing the equilibrium at tau + delta in the game at tau.
    Shown are the gap of Theorem IV.3, its bound, its order in delta and its coefficient.

    Exit status: 0 every gap is enclosed; 1 at some delta there is no single equilibrium at
    tau + delta, or a gap is infinite, proved; 2 bad input; 3 some enclosure is wider than asked.
    """
    reports = Reports(html, csv)
    expect_writable(plot, ".png", ".pdf", ".svg")
    deltas = chosen_deltas(None if delta is None else delta.split(","))
    chosen = named_game(game)
    with output.progress("enclosing gaps") as progress, _processes(chosen) as executor:
        found = enclose(chosen, deltas, progress=progress, executor=executor)
    if plot is not None:
        _draw(found, plot)
        output.say(f"wrote {plot}")
    if json:
        output.show_json(found.as_json())
    else:
        output.show(gap_summary(found))
    reports.write(lambda: _page(found), lambda: gap_csv(found))
    return Status.of(found.verdict)


@contextmanager
def _processes(game: Game) -> Iterator[Executor | None]:
    if game.stationary or game.agents * game.horizon * game.state_size**2 < _WORTH_PROCESSES:
        yield None
        return
    with workers() as pool:
        yield pool


def _draw(found: GapOfDelta, path: Path) -> None:
    drawn = BytesIO()
    gap_figure(found).savefig(drawn, format=path.suffix[1:].lower())
    with disk.naming(path):
        disk.write(path, drawn.getvalue())


def _page(found: GapOfDelta) -> str:
    from ergs_verify.report.result_html import gap_page

    return gap_page(found, command=typed())
