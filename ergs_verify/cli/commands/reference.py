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
        bool, typer.Option("--force", help="Replace files that say something else.")
    ] = False,
) -> Status:
    """Write certified digits as files that any language reads.

    A file is one JSON object, "format": "ergs-reference/1". Its keys: name and game_hash of the
    game; digits, as asked for; equilibrium ("unique", "none", "continuum", "singular" for one of
    the two, "unbounded" where the cost of agent has no lower bound, or "stationary": the horizon is
    infinite, the equilibrium locally unique, and [t] is left out of all that follows); t, the
    singular or unbounded stage, else null; error. Where there is an equilibrium also K, Sigma and
    P, [agent][t] matrices as lists of rows of decimal strings, and q, [agent][t] decimal strings;
    with affine terms also k and s, [agent][t] lists. error holds for each of the letters
    [agent][t] how far at most an entry of that matrix is from the exact one: |given - exact| <=
    error <= 10^-D max(1, largest entry), for Sigma without the 1.

    The same game and digits give the same bytes, on every machine.

    Exit status: 0 every file says what it should; 2 bad input, or a file that is there already
    and says something else; 3 the precision allowed does not decide every digit.
    """
    wanted = _by_file(games, folder)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror}", str(folder)) from error
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
