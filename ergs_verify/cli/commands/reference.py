"""`reference`: certified digits as files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ergs_verify.cli import output
from ergs_verify.cli.inputs import expect_writable, named_game
from ergs_verify.cli.options import GameNames
from ergs_verify.cli.status import Status
from ergs_verify.errors import InputError, NotCertifiedError
from ergs_verify.files import disk
from ergs_verify.game import Game
from ergs_verify.recursion.stages import Progress
from ergs_verify.reference import make_reference


def command(
    games: GameNames,
    folder: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="DIR", help="Where to write NAME.json for each."),
    ],
    digits: Annotated[
        int, typer.Option("--digits", metavar="D", help="Decimal digits, 1 to 5000.")
    ] = 50,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that have other content.")
    ] = False,
) -> Status:
    """Write certified digits as files that any language reads.

    A file is one JSON object with "format": "ergs-reference/1". Its keys: name and game_hash are
    those of the game. digits is what was asked for. equilibrium is "unique", "none", "continuum",
    "singular" (none or a continuum), "unbounded" (the cost of agent has no lower bound) or
    "stationary" (the horizon is infinite, and the equilibrium is locally unique). t is the singular
    or unbounded stage, or null. If there is an equilibrium, K, Sigma and P are lists [agent][t] of
    matrices, and q is a list [agent][t] of numbers; with affine terms, k and s are lists [agent][t]
    of vectors. If it is stationary, [t] is left out. Numbers are decimal strings. error has, for
    each of these letters and each [agent][t], a bound on the error of every entry: |given - exact|
    <= error <= 10^-D max(1, largest entry); for Sigma the 1 is left out.

    The same game and digits give the same bytes on every machine.

    Exit status: 0 every file has the right content; 2 bad input, or a file exists already with
    other content; 3 the precision allowed does not decide every digit.
    """
    wanted = _by_file(games, folder)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be created: {error.strerror}", str(folder)) from error
    for path in wanted:
        expect_writable(path, ".json")
    stages = sum(_stages(game) for _, game in wanted.values())
    before = 0
    with output.progress("references") as progress:
        for path, (name, game) in wanted.items():
            told = partial(_tell, progress, before, stages)
            _write(path, _rendered(name, game, digits, told), force)
            before += _stages(game)
    return Status.HOLDS


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
                "exists already and says something else; replace it with --force, or choose "
                "another directory"
            )
        disk.write(path, data)
    output.say(f"wrote {path}")
