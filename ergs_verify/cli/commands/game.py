"""`game`: one game as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ergs_verify.cli import output
from ergs_verify.cli.inputs import expect_writable, listed_game
from ergs_verify.cli.options import Output
from ergs_verify.cli.status import Status
from ergs_verify.files import text
from ergs_verify.game import Game, documents
from ergs_verify.report.solution import game_line


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A name in the gallery (see `ergs-verify games`), a random game such as "
            "random:N=3,m=4,p=2,T=10,seed=0 (any of the keys), suite:NAME for a game on "
            "which solvers are audited, or exhibit:NAME for one on which the paper's claims "
            "are tried.",
        ),
    ],
    path: Output = None,
) -> Status:
    """Print one game of the gallery as JSON, or write it to a file."""
    expect_writable(path, ".json", ".npz", ".mat")
    write_game(listed_game(name), path)
    return Status.HOLDS


def write_game(game: Game, path: Path | None) -> None:
    """A game as JSON on standard output, or in a file."""
    if path is None:
        output.show_text(text.render_json(documents.game_document(game)).decode())
    else:
        game.save(path)
        output.say(f"{path}: {game_line(game)}")
