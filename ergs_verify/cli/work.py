"""Work spread over processes: matrices of flint and mpmath cannot be shared between threads."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import active_children, connection, get_context, parent_process
from pathlib import Path

from ergs_verify.cli.memory import collect_rarely

__all__ = ["cores", "worker_ahead", "workers"]

#: Bytes of a file from which on what is done with it takes longer than a process needs to start.
_LARGE = 100_000


def cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _interrupt_held() -> Iterator[None]:
    """An interrupt waits. A process started meanwhile waits too, until it can end quietly."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


class _Pool(ProcessPoolExecutor):
    def __init__(self, processes: int):
        self._others = set(active_children())
        super().__init__(processes, mp_context=get_context("spawn"), initializer=_enter_worker)

    def end(self) -> None:
        """End its processes at once, whatever they do."""
        self.shutdown(wait=False, cancel_futures=True)
        for process in set(active_children()) - self._others:
            process.terminate()

    def submit(self, *args, **kwargs):
        # A worker is started when there is work for it.
        with _interrupt_held():
            return super().submit(*args, **kwargs)


@contextmanager
def workers() -> Iterator[Executor]:
    """A process per core, gone when the block is left, whatever the reason."""
    pool = _Pool(cores())
    try:
        yield pool
    except BaseException:
        pool.end()
        raise
    pool.shutdown()


@contextmanager
def worker_ahead(file: Path | None, module: str) -> Iterator[Executor | None]:
    """A process that imports a module meanwhile, if there is a core for it and the file is large.

    Enter it before anything that takes long to import.
    """
    if cores() < 2 or file is None or not _is_large(file):
        yield None
        return
    pool = _Pool(1)
    pool.submit(_imports, module)
    try:
        yield pool
    finally:
        pool.end()  # what it found is here, and to leave in order takes it long


def _is_large(file: Path) -> bool:
    try:
        return file.stat().st_size >= _LARGE
    except (OSError, ValueError):  # whoever reads the file will say so
        return False


def _imports(module: str) -> None:
    import_module(module)


def _enter_worker() -> None:
    collect_rarely()
    # Interrupted, a worker ends without a word; so it does when its parent is gone.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        connection.wait([parent.sentinel])
        os._exit(1)
