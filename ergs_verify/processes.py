"""Python processes of this program's own: apart from the current directory, spoken to by pipes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

#: What numpy's libraries read, when they are loaded, for their number of threads.
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def one_blas_thread() -> None:
    """Have numpy's products use one thread, unless the environment names a number of threads.

    It must not have been loaded. Products of small matrices gain nothing from more threads, and on
    a busy machine threads that wait for each other take many times as long.
    """
    if not any(variable in os.environ for variable in _THREADS):
        os.environ.update(dict.fromkeys(_THREADS, "1"))


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
