"""Processes of other people's programs: a group of their own, bounded, ended whole."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Self

from ergs_verify.audit import keeper
from ergs_verify.errors import InputError

#: Bytes of memory that a solver may allocate, where the system can bound it (Linux).
MEMORY = 8 * 2**30
#: Bytes that it may write to one file, its printed output included (Linux).
FILE = 2**30
#: Characters of its output that are kept.
PRINTED = 2000
#: Seconds that a keeper has to kill what it keeps and to remove its folder.
_PATIENCE = 10.0
_KEEPER = (sys.executable, "-I", "-S", keeper.__file__)


class Program:
    """Another's program that runs, in a group of its own, without a shell; ends with the block.

    It ends, with whatever it started, when the block is left or when this process ends in any way,
    killed too. So a keeper (`ergs_verify.audit.keeper`) stands between the two, which also removes
    the folder then. Not covered: where the program kills or stops its keeper, processes that have
    left its group; outside Linux, processes in a session of their own (``setsid``); on Windows,
    where there is no keeper, whatever the program started, and a death of this process.

    Parameters
    ----------
    words : sequence of str
    log : binary file
        Takes standard error, and standard output unless there is a channel.
    folder : path, optional
        Of files for the program; it is removed with it.
    channel : bool
        Open pipes to standard input and output: `stdin` and `stdout`, unbuffered.

    Raises
    ------
    OSError
        Where the program cannot be run.
    """

    def __init__(
        self,
        words: Sequence[str],
        log: BinaryIO,
        *,
        folder: Path | None = None,
        channel: bool = False,
    ):
        self._status: int | None = None
        self._kept = True
        self._pid: int | None = None
        self._control: socket.socket | None = None
        theirs: socket.socket | None = None
        passed = ()
        if os.name == "posix":
            self._control, theirs = socket.socketpair()
            passed = (theirs.fileno(),)
            limits = (str(folder or ""), str(MEMORY), str(FILE))
            words = [*_KEEPER, str(theirs.fileno()), *limits, *words]
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE if channel else subprocess.DEVNULL,
            stdout=subprocess.PIPE if channel else log,
            stderr=log,
            bufsize=0,
            start_new_session=True,
            pass_fds=passed,
        )
        self.stdin, self.stdout = self._process.stdin, self._process.stdout
        if theirs is None or self._control is None:
            return
        theirs.close()
        said, _, rest = self._told().partition(" ")
        if said == "failed":
            self.end()
            raise OSError(0, rest)
        if said == "started":
            self._pid = int(rest)

    def wait(self, seconds: float) -> int | None:
        """The status with which it ended, as `subprocess` says it; None where it goes on."""
        if self._status is None and self._control is None:
            with suppress(subprocess.TimeoutExpired):
                self._status = self._process.wait(seconds)
        elif self._status is None:
            try:
                said, _, rest = self._told(seconds).partition(" ")
            except (TimeoutError, BlockingIOError):
                return None
            self._kept = said == "ended"
            # A keeper that says nothing was killed, and what it kept with it.
            self._status = int(rest) if self._kept else -signal.SIGKILL
        return self._status

    def stop(self) -> None:
        """Have it killed, with whatever it started."""
        if self._control is None:
            self._process.kill()
            return
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)

    def end(self) -> None:
        """Kill it, and return when it is gone."""
        self.stop()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:  # the keeper is stopped itself
            self._process.kill()
            self._process.wait()
        self.wait(0)
        if self._pid is not None and not self._kept:
            with suppress(OSError):
                os.killpg(self._pid, signal.SIGKILL)
        for end in (self.stdin, self.stdout, self._control):
            if end is not None:
                with suppress(OSError):
                    end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _told(self, seconds: float | None = None) -> str:
        """A line of the keeper's; empty where it is gone."""
        assert self._control is not None
        self._control.settimeout(seconds)
        line = b""
        with suppress(ConnectionError):
            while not line.endswith(b"\n"):
                if not (byte := self._control.recv(1)):
                    break
                line += byte
        return line.decode(errors="replace").rstrip()


@contextmanager
def needing_room() -> Iterator[None]:
    """An `OSError` within it is about temporary files, as an `InputError`."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"no temporary file can be written: {error.strerror or error}; free some space, or "
            "name another folder in the environment variable TMPDIR",
            "TMPDIR",
        ) from error


def ended_how(status: int) -> str:
    """An exit status as Python gives it, in words."""
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        return f"was killed by signal {-status}"
    why = f", because it wrote more than {FILE / 2**20:g} MiB to one file"
    return f"was killed by {name}" + why * (name == "SIGXFSZ")


def overdue(seconds: float) -> str:
    """What a process did that was killed after so many seconds."""
    return f"gave no answer within {seconds:g} s and was stopped"


def overflowed(log: BinaryIO) -> str:
    """What a process did that printed more than it may; empty where it did not."""
    if log.seek(0, os.SEEK_END) < FILE:
        return ""
    return f"printed more than {FILE / 2**20:g} MiB and was cut off there"


def printed(log: BinaryIO) -> str:
    """The end of what was written to a log."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - 4 * PRINTED))
    return shortened(log.read().decode("utf-8", errors="replace"))


def shortened(text: str) -> str:
    """The end of a text, if it is long."""
    return text if len(text) <= PRINTED else f"…{text[-PRINTED:]}"
