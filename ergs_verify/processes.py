"""Python processes of this program's own: apart from the current directory, spoken to by pipes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO


def python(module: str, *options: str) -> list[str]:
    """The command of a Python process that runs the function ``main`` of a module.

    Nothing is imported from the current directory: the files there are not this program's, and one
    named like a module of the standard library would be run in its place.

    Examples
    --------
    >>> from ergs_verify.processes import python
    >>> "-P" in python("ergs_verify.cli.worker")
    True
    """
    # Wherever this package was found, the process finds it too, after all else.
    code = f"import sys; sys.path.append(sys.argv[1]); from {module} import main; main()"
    return [sys.executable, "-P", *options, "-c", code, str(Path(__file__).parents[1])]


def channel() -> tuple[BinaryIO, BinaryIO]:
    """Where a process's questions come from and its answers go: its standard streams at the start.

    Afterwards standard input is empty, and what is printed goes where standard error goes.
    """
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    return questions, answers
