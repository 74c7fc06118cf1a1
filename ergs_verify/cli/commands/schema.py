"""`schema`: the JSON Schema of a format, or what formats there are."""

from __future__ import annotations

from typing import Annotated

import typer

from ergs_verify.cli import output
from ergs_verify.cli.status import Status
from ergs_verify.report.schema import FORMATS, schema


def command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A format; without it all of them are listed."),
    ] = None,
) -> Status:
    """Print the JSON Schema of a format that is read or written, or list the formats.

    The schemas are written in draft 2020-12.
    """
    if name is not None:
        output.show_json(schema(name))
        return Status.HOLDS
    width = max(map(len, FORMATS))
    output.show_text(
        "".join(f"{key:{width}}  {one.what.replace('`', '')}\n" for key, one in FORMATS.items())
    )
    return Status.HOLDS
