"""`gap`: what a larger τ, by δ, costs every agent; enclosed for one δ after another."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from ergs_verify.certify.augmentation import chosen_deltas, gap
from ergs_verify.certify.augmentation_result import GapOfDelta
from ergs_verify.cli import output
from ergs_verify.cli.inputs import expect_writable, named_game
from ergs_verify.cli.reports import Reports, typed
from ergs_verify.cli.status import Status
from ergs_verify.cli.work import workers
from ergs_verify.files import disk
from ergs_verify.game import Game
from ergs_verify.report.augmentation import gap_summary
from ergs_verify.report.plots import gap_figure
from ergs_verify.report.result_csv import gap_csv

_STATUS = {"proved": Status.HOLDS, "refuted": Status.REFUTED, "undecided": Status.UNDECIDED}
#: N T m² of a game from which on a row takes longer than a process needs to start.
_WORTH_PROCESSES = 10_000


def run(
    name: str, *, delta: str | None, plot: Path | None, as_json: bool, reports: Reports
) -> Status:
    """Enclose the gaps, draw them where a file is named, and print a table or the object."""
    expect_writable(plot, ".png", ".pdf", ".svg")
    deltas = chosen_deltas(None if delta is None else delta.split(","))
    game = named_game(name)
    with output.progress("enclosing gaps") as progress, _processes(game) as executor:
        found = gap(game, deltas, progress=progress, executor=executor)
    if plot is not None:
        _draw(found, plot)
        output.say(f"wrote {plot}")
    if as_json:
        output.show_json(found.as_json())
    else:
        output.show(gap_summary(found))
    reports.write(lambda: _page(found), lambda: gap_csv(found))
    return _STATUS[found.verdict]


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
