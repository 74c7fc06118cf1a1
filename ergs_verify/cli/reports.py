"""The files that a command writes besides what it prints: a page and a table."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from ergs_verify.cli import output
from ergs_verify.cli.inputs import expect_writable
from ergs_verify.files import disk


@frozen
class Reports:
    """Where to write the page and the table, if anywhere; refused before any work is done."""

    html: Path | None = None
    csv: Path | None = None

    def __attrs_post_init__(self) -> None:
        expect_writable(self.html, ".html")
        expect_writable(self.csv, ".csv")

    def __bool__(self) -> bool:
        return self.html is not None or self.csv is not None

    def write(self, page: Callable[[], str], table: Callable[[], str]) -> None:
        """Make and write what is wanted."""
        for path, made in ((self.html, page), (self.csv, table)):
            if path is not None:
                with disk.naming(path):
                    disk.write(path, made().encode())
                output.say(f"wrote {path}")


def typed() -> str:
    """The command as it can be typed again."""
    words = ["ergs-verify", *output.ARGUMENTS.get()]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def sha256(path: Path) -> str:
    """The hash of a file's bytes."""
    with disk.naming(path):
        return hashlib.sha256(disk.read(path)).hexdigest()
