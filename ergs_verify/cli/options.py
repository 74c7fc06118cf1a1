"""The arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

GAME = (
    "A game: a file (.json, .toml, .npz, .mat), a name in the gallery (see `ergs-verify games`), "
    "a random game such as random:N=3,m=4,p=2,T=10,seed=0, suite:NAME for a game on which solvers "
    "are audited, or exhibit:NAME for one on which the paper's claims are tried."
)
GameName = Annotated[str, typer.Argument(metavar="GAME", help=GAME)]
GameNames = Annotated[list[str], typer.Argument(metavar="GAME", help=GAME)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write to .json, .npz or .mat."),
]
HtmlReport = Annotated[
    Path | None,
    typer.Option(
        "--html", metavar="FILE", help=("Also write a report: one HTML page without scripts.")
    ),
]
CsvReport = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Also write the numbers as a table.")
]
