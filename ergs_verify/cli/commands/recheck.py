"""`recheck`: a proof in a file, confirmed by code that shares nothing with the prover."""

from __future__ import annotations

from json import loads
from pathlib import Path
from typing import Annotated

import typer

from ergs_verify.cli import output
from ergs_verify.cli.options import Json
from ergs_verify.cli.status import Status
from ergs_verify.errors import InputError
from ergs_verify.recheck import recheck
from ergs_verify.recheck_stationary import recheck as recheck_stationary

#: What confirms a file of each format.
_CONFIRM = {"ergs-proof/4": recheck, "ergs-stationary/1": recheck_stationary}


def command(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help=("A proof: a `Proof.certificate`, or what audit --certificate wrote."),
        ),
    ],
    json: Json = False,
) -> Status:
    """Confirm a proof by code that shares nothing with the prover.

    Exit status: 0 the proof is confirmed, and what it proves is printed; 1 it is not confirmed;
    2 bad input.
    """
    try:
        given = loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}", str(file)) from None
    except (ValueError, RecursionError):
        raise InputError(f"{file} is not a JSON file", str(file)) from None
    confirm = _CONFIRM.get(str(given.get("format"))) if isinstance(given, dict) else None
    if confirm is None:
        known = " or ".join(_CONFIRM)
        raise InputError(f"{file} is not a proof: its format is not {known}", str(file))
    try:
        confirmed, text = True, confirm(given)
    except ValueError as error:
        confirmed, text = False, str(error)
    if json:
        key = "proves" if confirmed else "reason"
        output.show_json({"format": "ergs-recheck/1", "confirmed": confirmed, key: text})
    else:
        output.show_text(f"{'confirmed' if confirmed else 'not confirmed'}: {text}\n")
    return Status.HOLDS if confirmed else Status.REFUTED
