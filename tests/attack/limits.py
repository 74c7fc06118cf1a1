"""Bounds of time and memory on what is attacked in this process."""

from __future__ import annotations

import contextlib
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Bytes that may be allocated.
MEMORY = 2**30


class Late(BaseException):
    """An answer took too long."""


@contextlib.contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raises `Late` where the block takes longer."""

    def late(_signal: int, _frame: Any) -> None:
        raise Late(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def bounded_memory() -> Iterator[None]:
    """What this process may allocate besides what it holds already (Linux)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    held = Path("/proc/self/statm")
    if held.exists():
        pages = int(held.read_text(encoding="ascii").split()[5])
        resource.setrlimit(resource.RLIMIT_DATA, (pages * resource.getpagesize() + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
