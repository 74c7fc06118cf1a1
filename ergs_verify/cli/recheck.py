"""`recheck`: a proof in a file, confirmed by code that shares nothing with the prover."""

from __future__ import annotations

import json
from pathlib import Path

from ergs_verify.cli import output
from ergs_verify.cli.status import Status
from ergs_verify.errors import InputError
from ergs_verify.recheck import recheck
from ergs_verify.recheck_stationary import recheck as recheck_stationary

#: What confirms a file of each format.
_CONFIRM = {"ergs-proof/3": recheck, "ergs-stationary/1": recheck_stationary}


def run(path: Path, *, as_json: bool) -> Status:
    """Print what the proof proves; refuted where it proves nothing."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", str(path)) from None
    except (ValueError, RecursionError):
        raise InputError(f"{path} is not a JSON file", str(path)) from None
    confirm = _CONFIRM.get(str(given.get("format"))) if isinstance(given, dict) else None
    if confirm is None:
        known = " or ".join(_CONFIRM)
        raise InputError(f"{path} is not a proof: its format is not {known}", str(path))
    try:
        confirmed, text = True, confirm(given)
    except ValueError as error:
        confirmed, text = False, str(error)
    if as_json:
        key = "proves" if confirmed else "reason"
        output.show_json({"format": "ergs-recheck/1", "confirmed": confirmed, key: text})
    else:
        output.show_text(f"{'confirmed' if confirmed else 'not confirmed'}: {text}\n")
    return Status.HOLDS if confirmed else Status.REFUTED
