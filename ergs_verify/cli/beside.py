"""A second process beside a command, which gets ready while the command does so too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from ergs_verify.cli.work import WorkerLost, cores, workers

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
    with workers(1) as process:
        # Where it fails, the work will too, or the command, which says what is wrong.
        process.submit(_prepared, module, prepare)

        def begun(work: Callable[[], T]) -> Callable[[], T]:
            result = process.submit(work)

            def received() -> T:
                try:
                    return result.result()
                except WorkerLost:
                    return work()

            return received

        yield begun


def _is_large(file: Path) -> bool:
    try:
        return file.stat().st_size >= _LARGE
    except (OSError, ValueError):  # whoever reads the file will say so
        return False


def _prepared(module: str, prepare: str) -> None:
    getattr(import_module(module), prepare)()
