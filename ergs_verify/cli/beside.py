"""A second process beside a command, which gets ready while the command does so too."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

from ergs_verify.cli.work import cores, enter_worker, interrupt_held

__all__ = ["process_beside"]

T = TypeVar("T")

#: Bytes of a file from which on what is done with it takes longer than a process needs to start.
_LARGE = 100_000


@contextmanager
def process_beside(
    file: Path | None, module: str, prepare: str
) -> Iterator[Callable[[Callable[[], T]], Callable[[], T]] | None]:
    """A process for one piece of work, if the file is large and there is a core for it.

    Begun, the work gives a function that waits for the result. Enter this before anything that
    takes long to import: meanwhile the process imports the module and calls its function `prepare`.
    """
    if cores() < 2 or file is None or not _is_large(file):
        yield None
        return
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(there, module, prepare), daemon=True)
    with interrupt_held():
        process.start()
    there.close()
    senders: list[threading.Thread] = []

    def begun(work: Callable[[], T]) -> Callable[[], T]:
        # It is read only when the process is ready, and may be more than a pipe holds.
        senders.append(threading.Thread(target=_send, args=(here, pickle.dumps(work)), daemon=True))
        senders[-1].start()
        return lambda: _received(here, work)

    try:
        yield begun
    finally:
        process.terminate()
        process.join()
        for sender in senders:  # nobody is left to read, so that each ends
            sender.join()
        here.close()


def _is_large(file: Path) -> bool:
    try:
        return file.stat().st_size >= _LARGE
    except (OSError, ValueError):  # whoever reads the file will say so
        return False


def _send(here: Connection, work: bytes) -> None:
    with suppress(OSError):  # the process has ended, as who waits for the result will notice
        here.send_bytes(work)


def _received(here: Connection, work: Callable[[], T]) -> T:
    """The result; if the other process ended without one, it is worked out here."""
    try:
        return here.recv()
    except (EOFError, OSError):
        return work()


def _work(there: Connection, module: str, prepare: str) -> None:
    enter_worker()
    try:
        getattr(import_module(module), prepare)()
        there.send(there.recv()())
    except Exception:  # the command meets it too, and says what is wrong
        there.close()
