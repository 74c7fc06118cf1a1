"""Work spread over processes: matrices of flint and mpmath cannot be shared between threads."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, connection, get_context, parent_process

from ergs_verify.cli.memory import collect_rarely

__all__ = ["cores", "enter_worker", "interrupt_held", "workers"]


def cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def interrupt_held() -> Iterator[None]:
    """An interrupt waits. A process started meanwhile waits too, until it can end quietly."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker  # not on every platform

    resource_tracker.ensure_running()  # when it starts it lets interrupts through again
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


class _Pool(ProcessPoolExecutor):
    def submit(self, *args, **kwargs):
        # A worker is started when there is work for it.
        with interrupt_held():
            return super().submit(*args, **kwargs)


@contextmanager
def workers() -> Iterator[Executor]:
    """A process per core, gone when the block is left, whatever the reason."""
    pool = _Pool(cores(), mp_context=get_context("spawn"), initializer=enter_worker)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in active_children():
            process.terminate()
        raise
    pool.shutdown()


def enter_worker() -> None:
    """What a process does first that is started for a command."""
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
