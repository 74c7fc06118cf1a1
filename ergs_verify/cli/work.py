"""Work spread over processes: matrices of flint and mpmath cannot be shared between threads."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from ergs_verify.audit.contained import ended_how
from ergs_verify.processes import python


class WorkerLost(RuntimeError):
    """A process ended before its work was done."""


def cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def workers(count: int | None = None) -> Iterator[Executor]:
    """Processes for work, one per core by default, gone when the block is left.

    Each is started when there is work for it. Work not done by the end of the block is dropped.
    """
    pool = _Pool(count or cores())
    try:
        yield pool
    finally:
        pool.end()


class _Pool(ThreadPoolExecutor):
    """Threads, each of which has a process and waits for what that does."""

    def __init__(self, count: int):
        super().__init__(count)
        self._mine = threading.local()
        self._all: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._ended = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(self._asked, partial(fn, *args, **kwargs))

    def end(self) -> None:
        """Stop all work. Then every thread finds its process gone."""
        with self._lock:
            self._ended = True
        for process in self._all:
            process.kill()
        self.shutdown(cancel_futures=True)
        for process in self._all:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                with suppress(OSError):  # what was not sent is sent no more
                    pipe.close()

    def _asked(self, work: Callable[[], Any]) -> Any:
        sent = pickle.dumps(work)
        process = self._process()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump(sent, process.stdin)
            process.stdin.flush()
            done, value = pickle.load(process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            del self._mine.process
            how = ended_how(process.wait())
            raise WorkerLost(f"a process that worked for this command {how}") from error
        if not done:
            raise value
        return value

    def _process(self) -> subprocess.Popen[bytes]:
        if not hasattr(self._mine, "process"):
            with self._lock:
                if self._ended:
                    raise WorkerLost("the command has ended")
                process = subprocess.Popen(
                    python("ergs_verify.cli.worker"),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    process_group=0,  # an interrupt at the terminal is the command's affair alone
                )
                self._all.append(process)
            self._mine.process = process
            assert process.stdin is not None
            with suppress(OSError):  # it has ended, as is noticed when it is asked
                pickle.dump([place for place in sys.path if place], process.stdin)
        return self._mine.process
