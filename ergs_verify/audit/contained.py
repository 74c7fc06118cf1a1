"""Processes of other people's programs: a group of their own, bounded, ended whole."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = [
    "FILE",
    "MEMORY",
    "PRINTED",
    "end",
    "ended_how",
    "kill",
    "overdue",
    "overflowed",
    "printed",
    "shortened",
    "start",
]

#: Bytes of memory that a solver may allocate, where the system can bound it (Linux).
MEMORY = 8 * 2**30
#: Bytes that it may write to one file, its printed output included (Linux).
FILE = 2**30
#: Characters of its output that are kept.
PRINTED = 2000


def start(arguments: Sequence[str], log: Path, *, channel: Any = None) -> subprocess.Popen[bytes]:
    """A process in a group of its own, without a shell.

    Parameters
    ----------
    log : Path
        Takes standard error, and standard output unless `channel` is ``subprocess.PIPE``, which
        opens pipes to standard input and output.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            arguments,
            stdin=channel or subprocess.DEVNULL,
            stdout=channel or output,
            stderr=output,
            start_new_session=True,
        )
    with suppress(ImportError, AttributeError, OSError):  # it may have ended already
        import resource

        resource.prlimit(process.pid, resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (FILE, FILE))
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and whatever it started, but for what has left its group (``setsid``)."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and whatever it started, and close its pipes."""
    kill(process)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(OSError):
                pipe.close()


def ended_how(status: int) -> str:
    """An exit status as Python gives it, in words."""
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        return f"was killed by signal {-status}"
    why = f", for it wrote more than {FILE / 2**20:g} MiB to one file"
    return f"was killed by {name}" + why * (name == "SIGXFSZ")


def overdue(seconds: float) -> str:
    """What a process did that was killed after so many seconds."""
    return f"gave no answer within {seconds:g} s and was stopped"


def overflowed(log: Path) -> str:
    """What a process did that printed more than it may; empty where it did not."""
    if log.stat().st_size < FILE:
        return ""
    return f"printed more than {FILE / 2**20:g} MiB, which is where it was cut off"


def printed(log: Path) -> str:
    """The end of what was written to a log."""
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 4 * PRINTED))
        text = file.read().decode("utf-8", errors="replace")
    return shortened(text)


def shortened(text: str) -> str:
    """The end of a text, if it is long."""
    return text if len(text) <= PRINTED else f"…{text[-PRINTED:]}"
