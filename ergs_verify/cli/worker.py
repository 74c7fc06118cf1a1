"""A process that works for a command, started by `ergs_verify.cli.work`.

It reads pickles from standard input, first the search path for modules, then one piece of work
after the other, and answers each on standard output. It ends when standard input does.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, BinaryIO

from ergs_verify.cli.memory import collect_rarely
from ergs_verify.processes import channel, one_blas_thread


def main() -> None:
    """Do what is asked until nobody is there to ask."""
    one_blas_thread()
    collect_rarely()
    questions, answers = channel()
    sys.path[:] = pickle.load(questions)
    works: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read, args=(questions, works), daemon=True).start()
    while True:
        answers.write(_done(works.get()))
        answers.flush()


def _read(questions: BinaryIO, works: SimpleQueue[bytes]) -> None:
    """Read while work is done too: only so is it known at once that the command has ended."""
    try:
        while True:
            works.put(pickle.load(questions))
    except (EOFError, pickle.UnpicklingError):
        os._exit(1)


def _done(work: bytes) -> bytes:
    """Whether the work was done, and its result or the exception."""
    try:
        function: Callable[[], Any] = pickle.loads(work)
        return pickle.dumps((True, function()))
    except Exception as error:
        error.add_note(f"In a process of its own:\n{traceback.format_exc()}")
        return pickle.dumps((False, error))
