"""Standard output and error of a command, which may be full, closed, or read by nobody."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from ergs_verify.cli.status import Status
from ergs_verify.report.terminal import ready_streams


class UnwrittenError(Exception):
    """Standard output did not take what was written to it."""

    def __init__(self, error: OSError):
        self.reason = error.strerror or str(error)
        self.status = Status.BROKEN_PIPE if error.errno == errno.EPIPE else Status.UNWRITTEN
        super().__init__(f"standard output cannot be written: {self.reason}")


class _Output(io.FileIO):
    """Raises `UnwrittenError` once. After that nothing is left to say there."""

    _lost = False

    def write(self, data: Any, /) -> int | None:
        if self._lost:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except OSError as error:
            self._lost = True
            raise UnwrittenError(error) from None


class _Error(io.FileIO):
    """Drops what cannot be written: no status depends on what is told beside the answer."""

    def write(self, data: Any, /) -> int | None:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


@contextmanager
def guarded_streams() -> Iterator[None]:
    """Within it a standard stream that cannot be written does what is said above.

    Streams that have been put in place of the standard ones, as pytest does, are left alone; so are
    those of a Windows console, which is written to by other means than a file.
    """
    before = sys.stdout, sys.stderr
    if sys.stdout is sys.__stdout__ and _is_file(sys.stdout):
        sys.stdout = _guarded(_Output, 1, sys.stdout, line_buffering=_is_terminal(sys.stdout))
    if sys.stderr is sys.__stderr__ and _is_file(sys.stderr):
        sys.stderr = _guarded(_Error, 2, sys.stderr, line_buffering=True)
    ready_streams()
    try:
        yield
    finally:
        with suppress(UnwrittenError):  # then there is a status already that says more
            sys.stdout.flush()
        sys.stdout, sys.stderr = before


def _guarded(
    kind: type[io.FileIO], number: int, stream: TextIO | None, *, line_buffering: bool
) -> TextIO:
    if stream is None:  # it was closed when the program began
        # Where nothing can be written. Left free, its number would go to the next file opened.
        nowhere = os.open(os.devnull, os.O_RDONLY)
        if nowhere != number:
            os.dup2(nowhere, number)
            os.close(nowhere)
    else:
        stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(kind(number, "w", closefd=False)),
        encoding=stream.encoding if stream else "utf-8",
        errors=stream.errors if stream else "strict",
        line_buffering=line_buffering,
    )


def _is_file(stream: TextIO | None) -> bool:
    """Whether bytes go through a file descriptor, or would if it were not closed."""
    buffer = getattr(stream, "buffer", None)
    return stream is None or isinstance(getattr(buffer, "raw", buffer), io.FileIO)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()
