"""Exit statuses: what each says, and which signal ends a command with which."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any, NoReturn


class Status(IntEnum):
    """What a command's exit status says. From 70 on they are the usual ones of Unix.

    The first four are said only by a command that could say all it had to: standard output took
    it. What goes to standard error alone never changes a status.
    """

    HOLDS = 0
    REFUTED = 1
    BAD_INPUT = 2
    UNDECIDED = 3
    FAULT = 70
    UNWRITTEN = 74
    HUNG_UP = 129
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143

    @classmethod
    def of(cls, verdict: str) -> Status:
        """Of a verdict: whether what was asked holds."""
        return _OF_VERDICTS[verdict]


_OF_VERDICTS = {
    **dict.fromkeys(("pass", "agree", "proved", "locally"), Status.HOLDS),
    **dict.fromkeys(("fail", "disagree", "refuted"), Status.REFUTED),
    "undecided": Status.UNDECIDED,
}


class EndedError(BaseException):
    """A signal asks the command to end. As an interrupt, it is none of the `Exception` kind."""

    def __init__(self, status: Status):
        super().__init__(status)
        self.status = status


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP raise `EndedError`, so that the command leaves nothing behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = {"SIGTERM": Status.TERMINATED, "SIGHUP": Status.HUNG_UP}
    taken = []
    for name, status in asked.items():
        number = getattr(signal, name, None)
        # Ignored it stays, as `nohup` wants it.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _raising(status))
            taken.append(number)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _raising(status: Status) -> Any:
    def handler(_number: int, _frame: Any) -> NoReturn:
        raise EndedError(status)

    return handler
