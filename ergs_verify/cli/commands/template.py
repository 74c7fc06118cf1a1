"""`template`: a solver to begin with."""

from __future__ import annotations

from importlib import resources
from typing import Annotated

import typer

from ergs_verify.cli import output
from ergs_verify.cli.status import Status
from ergs_verify.errors import InputError
from ergs_verify.exact import quoted


def command(
    language: Annotated[
        str, typer.Argument(metavar="LANGUAGE", help="python, jax, octave, julia or cpp.")
    ],
) -> Status:
    """Print a small solver that passes an audit, for you to replace by your own."""
    folder = resources.files("ergs_verify.audit") / "templates"
    known = {place.name.partition(".")[0]: place for place in folder.iterdir()}
    if language.lower() not in known:
        raise InputError(
            f"there is no template for {quoted(language)}; the templates are "
            f"{', '.join(sorted(known))}",
            "LANGUAGE",
        )
    output.show_text(known[language.lower()].read_text(encoding="utf-8"))
    return Status.HOLDS
