"""The entry point: runs a command, and turns every outcome into an exit status.

The one place where the package's errors become messages.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer

from ergs_verify.cli import output
from ergs_verify.cli.app import app
from ergs_verify.cli.memory import collect_rarely
from ergs_verify.cli.status import EndedError, Status, ended_by_signals
from ergs_verify.cli.streams import UnwrittenError, guarded_streams
from ergs_verify.errors import (
    DerivationError,
    ErgsError,
    InputError,
    NoStablePolicyError,
    SingularStageError,
    UnboundedCostError,
)

# Typer's name for it is private, and whose class it is differs between its versions.
_UsageError: Any = typer.BadParameter.__base__


def run(argv: Sequence[str] | None) -> int:
    """See `ergs_verify.cli.main`."""
    arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    output.ARGUMENTS.set(arguments)
    collect_rarely()
    try:
        with guarded_streams(), ended_by_signals():
            return _status(arguments)
    except EndedError as error:
        return error.status


def _status(arguments: list[str]) -> int:
    try:
        status = _outcome(arguments)
        sys.stdout.flush()
    except UnwrittenError as error:
        if error.status is Status.UNWRITTEN:  # of a reader who has left nobody need be told
            output.say(f"ergs-verify: {error}")
        return error.status
    except typer.Abort:
        return Status.INTERRUPTED
    except Exception:
        # Not raised on purpose: a fault of this program, which no other status may stand for.
        traceback.print_exc()
        return Status.FAULT
    return status


def _outcome(arguments: list[str]) -> int:
    as_json = "--json" in arguments
    try:
        return typer.main.get_command(app)(
            arguments, prog_name="ergs-verify", standalone_mode=False
        )
    except _UsageError as error:
        output.complain(*_usage(error), as_json=as_json)
        return Status.BAD_INPUT
    except InputError as error:
        output.complain(error.message, error.where, as_json=as_json)
        return Status.BAD_INPUT
    except SingularStageError as error:
        answer = {"message": str(error), "t": error.t, "consistent": error.consistent}
        return _answer("refuted", answer, Status.REFUTED, as_json)
    except UnboundedCostError as error:
        answer = {"message": str(error), "t": error.t, "agent": error.agent}
        return _answer("refuted", answer, Status.REFUTED, as_json)
    except (DerivationError, NoStablePolicyError) as error:
        return _answer("refuted", {"message": str(error)}, Status.REFUTED, as_json)
    except ErgsError as error:
        return _answer("undecided", {"message": str(error)}, Status.UNDECIDED, as_json)


def _answer(verdict: str, said: dict[str, Any], status: Status, as_json: bool) -> int:
    """Not what was asked for, but an answer: on standard output."""
    if as_json:
        output.show_json({"format": "ergs-answer/1", "verdict": verdict, **said})
    else:
        output.show_text(f"{verdict}: {said['message']}\n")
    return status


def _usage(error: Any) -> tuple[str, str]:
    message = " ".join(error.format_message().split()) or "Which command?"
    message += "" if message.endswith((".", "?")) else "."
    context = error.ctx
    path = context.command_path if context is not None else "ergs-verify"
    option = getattr(error, "param", None)
    where = option.opts[-1] if option is not None and option.opts else "command line"
    return f"{message} See {path} --help.", where
