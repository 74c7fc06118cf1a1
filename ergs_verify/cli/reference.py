"""`reference` and `compare`: certified digits as files, and solutions judged by them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ergs_verify.cli import output
from ergs_verify.cli.inputs import expect_writable, named_game
from ergs_verify.cli.reports import Reports, typed
from ergs_verify.cli.status import Status
from ergs_verify.errors import InputError, NotCertifiedError
from ergs_verify.files import disk
from ergs_verify.game import Game
from ergs_verify.recursion.stages import Progress
from ergs_verify.reference import Comparison, compare, make_reference
from ergs_verify.report.comparison import comparison_summary
from ergs_verify.report.result_csv import comparison_csv

_STATUS = {"pass": Status.HOLDS, "fail": Status.REFUTED, "undecided": Status.UNDECIDED}


def run(names: Sequence[str], folder: Path, *, digits: int, force: bool) -> Status:
    """Write a reference for every game; a file that says something else stays unless `force`."""
    games = _by_file(names, folder)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror}", str(folder)) from error
    for path in games:
        expect_writable(path, ".json")
    stages = sum(_stages(game) for _, game in games.values())
    before = 0
    with output.progress("references") as progress:
        for path, (name, game) in games.items():
            told = partial(_tell, progress, before, stages)
            _write(path, _rendered(name, game, digits, told), force)
            before += _stages(game)
    return Status.HOLDS


def run_compare(
    references: Path, solutions: Path, *, digits: int, as_json: bool, reports: Reports
) -> Status:
    """Judge the solutions and print a line for each, or the object."""
    if digits < 1:
        raise InputError("--digits must be a whole number ≥ 1", "--digits")
    found = compare(references, solutions, digits=digits)
    if as_json:
        output.show_json(found.as_json())
    else:
        output.show(comparison_summary(found))
    reports.write(lambda: _page(found), lambda: comparison_csv(found))
    return _STATUS[found.verdict]


def _page(found: Comparison) -> str:
    from ergs_verify.report.result_html import comparison_page

    return comparison_page(found, command=typed())


def _by_file(names: Sequence[str], folder: Path) -> dict[Path, tuple[str, Game]]:
    games: dict[Path, tuple[str, Game]] = {}
    for name in names:
        path = folder / f"{_stem(name)}.json"
        if path in games:
            raise InputError(f"{name} and {games[path][0]} would both be written to {path}", name)
        games[path] = name, named_game(name)
    return games


def _stem(name: str) -> str:
    """What every file system takes: a game file's stem, or a name of the gallery without colons."""
    stem = Path(name).stem if Path(name).is_file() else name
    return re.sub(r"[^\w.,=+-]", "-", stem)


def _stages(game: Game) -> int:
    """What a game counts for in the progress that is told."""
    return 1 if game.stationary else game.horizon


def _tell(progress: Progress, before: int, stages: int, done: int, _horizon: int) -> None:
    progress(before + done, stages)


def _rendered(name: str, game: Game, digits: int, progress: Progress) -> bytes:
    try:
        return make_reference(game, digits=digits, progress=progress).render()
    except NotCertifiedError as error:
        raise NotCertifiedError(f"{name}: {error}") from error


def _write(path: Path, data: bytes, force: bool) -> None:
    with disk.naming(path):
        before = disk.read(path) if path.exists() else None
        if before == data:
            output.say(f"unchanged {path}")
            return
        if before is not None and not force:
            raise InputError(
                "is there already and says something else; --force replaces it, or give another "
                "directory"
            )
        disk.write(path, data)
    output.say(f"wrote {path}")
