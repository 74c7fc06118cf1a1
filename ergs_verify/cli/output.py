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

__all__ = ["ARGUMENTS", "complain", "progress", "say", "show", "show_json", "show_text"]

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
    if on.is_terminal:
        from rich.progress import Progress

        with Progress(console=on, transient=True, redirect_stdout=False) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    start = last = time.monotonic()

    def line(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _BETWEEN_LINES:
            last = now
            say(f"{what}: {done} of {total}, {now - start:.0f} s")

    yield line


def _writes_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().startswith("utf")
