"""The process in which a Python solver under audit lives: ``python -m ergs_verify.audit.worker``.

It reads pickles from standard input (first the solver's name and the search path for modules, then
one game after the other) and answers each with a line of JSON on standard output. The solver sees
neither: its own standard input is empty, and what it prints goes where standard error goes.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ergs_verify.audit.calling import called, raised

__all__ = ["main"]


def main() -> None:
    """Serve until standard input ends."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def answer(line: str) -> None:
        answers.write(line + "\n")
        answers.flush()

    name, path = pickle.load(questions)
    sys.path[:] = path
    try:
        solver = _loaded(name)
    except (Exception, SystemExit) as error:
        answer(json.dumps(raised(error)))
        return
    answer(json.dumps(None))
    own = os.getpid()
    while True:
        try:
            game = pickle.load(questions)
        except EOFError:
            return
        line = called(solver, game)
        if os.getpid() != own:  # a process that the solver forked comes back here too
            os._exit(0)
        answer(line)


def _loaded(name: str) -> Callable[..., Any]:
    module, _, attributes = name.partition(":")
    found: Any = import_module(module)
    for attribute in attributes.split("."):
        found = getattr(found, attribute)
    if not callable(found):
        raise TypeError(f"it is of type {type(found).__name__}, not a function")
    return found


if __name__ == "__main__":
    main()
