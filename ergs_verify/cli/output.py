"""What the commands print: one JSON object or text on standard output, progress beside it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ergs_verify.report.terminal import console, printable, rendered

#: What was typed after the program's name.
ARGUMENTS: ContextVar[Sequence[str]] = ContextVar("arguments", default=())
#: Seconds between lines of progress where no bar can be drawn.
_BETWEEN_LINES = 5.0


def show(renderable: Any) -> None:
    """Print a rich renderable to standard output."""
    show_text(rendered(renderable))


def show_text(text: str) -> None:
    """Write text to standard output as it is, not wrapped."""
    sys.stdout.write(text)
    sys.stdout.flush()


def show_json(document: Mapping[str, Any]) -> None:
    """Write one JSON object to standard output."""
    show_text(json.dumps(document, ensure_ascii=not _writes_unicode(), indent=1) + "\n")


def say(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(f"{printable(text)}\n")


def complain(message: str, where: str, *, as_json: bool) -> None:
    """What is wrong with the input: on standard error, and as an object where JSON is wanted."""
    say(f"ergs-verify: {message}")
    if as_json:
        show_json({"format": "ergs-error/1", "message": message, "where": where})


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function of what is done and of all, shown on standard error: a bar, or a line now and
    then where standard error is no terminal."""
    on = console(sys.stderr)
    named = _Attempts(what)
    if on.is_terminal:
        from rich.progress import Progress

        with Progress(console=on, transient=True, redirect_stdout=False) as bar:
            task = bar.add_task(what, total=None)

            def drawn(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total, description=named(done))

            yield drawn
        return
    start = last = time.monotonic()

    def line(done: int, total: int) -> None:
        nonlocal last
        now, name = time.monotonic(), named(done)
        if now - last >= _BETWEEN_LINES:
            last = now
            say(f"{name}: {done} of {total}, {now - start:.0f} s")

    yield line


class _Attempts:
    """What is being done; work that begins anew does so at a higher precision, and says so."""

    def __init__(self, what: str):
        self._what, self._attempt, self._done = what, 1, 0

    def __call__(self, done: int) -> str:
        self._attempt += done < self._done
        self._done = done
        return self._what if self._attempt == 1 else f"{self._what}, precision {self._attempt}"


def _writes_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().startswith("utf")
