"""`horizon`: how fast a finite horizon's gains approach those of a stationary equilibrium."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from ergs_verify.certify.approach import approach
from ergs_verify.cli import output
from ergs_verify.cli.inputs import expect_writable, named_game
from ergs_verify.cli.status import Status
from ergs_verify.errors import InputError
from ergs_verify.files import disk
from ergs_verify.report.plots import approach_figure
from ergs_verify.report.solution import game_line

#: Numbers of stages left that a person is told of.
_SHOWN = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


def run(name: str, *, plot: Path | None, as_json: bool) -> Status:
    """Follow the stages, draw their distances where a file is named, and print what was found."""
    expect_writable(plot, ".png", ".pdf", ".svg")
    game = named_game(name)
    if not game.stationary:
        raise InputError(
            f'{name} has {game.horizon} stages; horizon takes a game with "horizon": "infinite"',
            name,
        )
    found = approach(game)
    if plot is not None:
        drawn = BytesIO()
        approach_figure(found).savefig(drawn, format=plot.suffix[1:].lower())
        with disk.naming(plot):
            disk.write(plot, drawn.getvalue())
        output.say(f"wrote {plot}")
    if as_json:
        output.show_json(found.as_json())
    else:
        told = f"{found.told[:1].upper()}{found.told[1:]}."
        lines = [
            f"{k:>11}  {found.distances[k - 1]:.2g}" for k in _SHOWN if k <= len(found.distances)
        ]
        output.show_text(
            "\n".join([game_line(game), told, "", "stages left  distance", *lines, ""])
        )
    return Status.HOLDS if found.settles else Status.REFUTED
