"""The process in which a Python solver under audit lives.

It reads pickles of pairs from standard input, a token and a question: first the solver's name and
the search path for modules, then one game after the other. It answers each with a line on standard
output, the token and a document in JSON. The solver sees neither stream: its own standard input is
empty, and what it prints goes where standard error goes.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from importlib import import_module

# By name: a solver may put something else in the place of `json.dumps`.
from json import dumps
from typing import Any

from ergs_verify.audit.calling import called, raised
from ergs_verify.processes import channel


def main() -> None:
    """Serve until standard input ends."""
    questions, answers = channel()

    def answer(token: str, document: str) -> None:
        answers.write(f"{token} {document}\n".encode())
        answers.flush()

    token, (name, path) = pickle.load(questions)
    sys.path[:] = path
    try:
        solver = _loaded(name)
    except (Exception, SystemExit) as error:
        answer(token, dumps(raised(error)))
        return
    answer(token, dumps(None))
    own = os.getpid()
    while True:
        try:
            token, game = pickle.load(questions)
        except EOFError:
            return
        document = called(solver, game)
        if os.getpid() != own:  # a process that the solver forked comes back here too
            os._exit(0)
        answer(token, document)


def _loaded(name: str) -> Callable[..., Any]:
    module, _, attributes = name.partition(":")
    found: Any = import_module(module)
    for attribute in attributes.split("."):
        found = getattr(found, attribute)
    if not callable(found):
        raise TypeError(f"it is of type {type(found).__name__}, not a function")
    return found
