"""`schema`: the JSON Schema of a format."""

from __future__ import annotations

from typing import Annotated

import typer

from ergs_verify.cli import output
from ergs_verify.cli.status import Status
from ergs_verify.report.schema import schema


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="game, solution, error, check, gap, audit, suite or ledger: ergs-NAME/1.",
        ),
    ],
) -> Status:
    """Print the JSON Schema of a format that is read or printed."""
    output.show_json(schema(name))
    return Status.HOLDS
