"""`horizon`: how fast a finite horizon's gains approach those of a stationary equilibrium."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Annotated

import typer

from ergs_verify.certify.approach import approach
from ergs_verify.cli import output
from ergs_verify.cli.inputs import expect_writable, named_game
from ergs_verify.cli.options import GameName, Json
from ergs_verify.cli.status import Status
from ergs_verify.errors import InputError
from ergs_verify.exact import counted
from ergs_verify.files import disk
from ergs_verify.report.plots import approach_figure
from ergs_verify.report.solution import game_line

#: Numbers of stages left that a person is told of.
_SHOWN = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


def command(
    game: GameName,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw a plot: .png, .pdf or .svg."),
    ] = None,
    json: Json = False,
) -> Status:
    """Measure how fast a finite horizon approaches the infinite one.

    The game has an infinite horizon. The command shows how far the gains with more and more stages
    left are from those of a stationary equilibrium, and the rate at which they approach them. Where
    it is proved, it also shows the factor by which each stage brings the costs nearer.

    Exit status: 0 the gains approach an equilibrium; 1 they do not, as far as they were followed;
    2 bad input; 3 no stationary equilibrium was proved.
    """
    expect_writable(plot, ".png", ".pdf", ".svg")
    chosen = named_game(game)
    if not chosen.stationary:
        raise InputError(
            f"{game} has {counted(chosen.horizon, 'stage')}; this command needs a game with "
            '"horizon": "infinite"',
            game,
        )
    found = approach(chosen)
    if plot is not None:
        drawn = BytesIO()
        approach_figure(found).savefig(drawn, format=plot.suffix[1:].lower())
        with disk.naming(plot):
            disk.write(plot, drawn.getvalue())
        output.say(f"wrote {plot}")
    if json:
        output.show_json(found.as_json())
    else:
        told = f"{found.told[:1].upper()}{found.told[1:]}."
        lines = [
            f"{k:>11}  {found.distances[k - 1]:.2g}" for k in _SHOWN if k <= len(found.distances)
        ]
        output.show_text(
            "\n".join([game_line(chosen), told, "", "stages left  distance", *lines, ""])
        )
    return Status.HOLDS if found.settles else Status.REFUTED
