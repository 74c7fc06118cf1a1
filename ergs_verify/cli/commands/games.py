"""`games`: the gallery."""

from __future__ import annotations

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from ergs_verify.cli import output
from ergs_verify.cli.options import Json
from ergs_verify.cli.status import Status
from ergs_verify.game.gallery import names, published, stationary

_RANDOM = (
    "A random game of any size, the same on every machine; every key may be left out, and "
    "p=1-2-3 gives each agent its own."
)


def command(json: Json = False) -> Status:
    """List the named games of the gallery, each with what it shows."""
    if json:
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


def _entry(name: str, shows: str) -> tuple[Text, Padding]:
    return Text(name, "bold"), Padding(Text(shows), (0, 0, 0, 4))
