"""`games` and `game`: the gallery, and one game as a file."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from ergs_verify.cli import output
from ergs_verify.cli.inputs import expect_writable, listed_game
from ergs_verify.cli.status import Status
from ergs_verify.files import text
from ergs_verify.game import Game, documents
from ergs_verify.game.gallery import names, published, stationary
from ergs_verify.report.solution import game_line

_RANDOM = (
    "A random game of any size, the same on every machine; every key may be left out, and "
    "p=1-2-3 gives each agent its own."
)


def show_all(*, as_json: bool) -> Status:
    """Every name with what it shows."""
    if as_json:
        listed = [{"name": name, "shows": shows} for name, shows in names().items()]
        listed += [
            {"name": name, "shows": entry.shows, "source": entry.source}
            for name, entry in published().items()
        ]
        listed += [
            {"name": name, "shows": entry.shows}
            | ({"source": entry.source} if entry.source else {})
            for name, entry in stationary().items()
        ]
        output.show_json({"format": "ergs-games/1", "games": listed})
        return Status.HOLDS
    others = [
        (name, f"Published: {entry.shows} {entry.source}") for name, entry in published().items()
    ]
    others += [
        (name, f"Infinite horizon: {entry.shows} {entry.source}".rstrip())
        for name, entry in stationary().items()
    ]
    rows = [*names().items(), *others, ("random:N=3,m=4,p=2,T=10,tau=1,seed=0", _RANDOM)]
    output.show(Group(*(part for name, shows in rows for part in _entry(name, shows))))
    return Status.HOLDS


def show_one(name: str, path: Path | None) -> Status:
    """The game as JSON on standard output, or in a file."""
    expect_writable(path, ".json", ".npz", ".mat")
    write(listed_game(name), path)
    return Status.HOLDS


def write(game: Game, path: Path | None) -> None:
    """A game as JSON on standard output, or in a file."""
    if path is None:
        output.show_text(text.render_json(documents.game_document(game)).decode())
    else:
        game.save(path)
        output.say(f"{path}: {game_line(game)}")


def _entry(name: str, shows: str) -> tuple[Text, Padding]:
    return Text(name, "bold"), Padding(Text(shows), (0, 0, 0, 4))
