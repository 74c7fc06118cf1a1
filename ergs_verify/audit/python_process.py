"""``module:function`` as a solver under audit, in a process of its own."""

from __future__ import annotations

import json
import os
import pickle
import re
import sys
import threading
import time
import uuid
from contextlib import suppress
from sysconfig import get_path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

import attrs
from attrs import define, field

from ergs_verify.audit import contained
from ergs_verify.audit.answers import from_call, trouble, well_formed
from ergs_verify.audit.foreign import Solver
from ergs_verify.audit.outcome import Outcome, Trouble
from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.game import Game
from ergs_verify.processes import python

#: Seconds for a solver's module to be imported: large libraries are loaded, or code compiled.
_LOADING = 120.0
_DOTTED = r"[^\W\d]\w*(\.[^\W\d]\w*)*"
_WORKER = python("ergs_verify.audit.worker", "-u", "-X", "faulthandler")
#: Bytes that an answer may have, and more for each number in the solution of the game.
_ANSWER = 16 * 2**20
_NUMBER = 1000
_SPOILED = (
    "spoiled its answer: it wrote to a file descriptor that it did not open, or changed a module "
    "with which the answer is written"
)
_CLOSED = "closed a file descriptor that it did not open, so that it could not answer"


@define(kw_only=True, eq=False)
class PythonSolver(Solver):
    """A Python function by its name, called in a process of its own.

    One process serves every game; it is replaced when it hangs or dies.

    Attributes
    ----------
    name : str
        ``module:function``. The module is looked for where this process finds its own modules, and
        in the directory that was current when the solver was made.
    conventions, timeout
        As of `Solver`.

    Raises
    ------
    InputError
        On the first call, or by `ready`, if the name is wrong or the module cannot be imported.

    Examples
    --------
    >>> from ergs_verify.audit.python_process import PythonSolver
    >>> from ergs_verify.game.gallery import gallery
    >>> with PythonSolver(name="ergs_verify.engine:nash") as solver:
    ...     solver(gallery("g-star-4-no-nash")).trouble.kind, solver(gallery("lqr")).policy
    ('raised', Policy(N=1, T=30, Gaussian, with P, q))
    """

    name: str
    _program: contained.Program | None = field(default=None, init=False)
    _log: BinaryIO | None = field(default=None, init=False)
    _ran: bool = field(default=False, init=False)
    # Taken once: the solver may remove the current directory.
    _path: list[str] = field(factory=lambda: _search_path(), init=False)

    def __call__(self, game: Game) -> Outcome:
        try:
            program, log = self._started()
        except InputError as error:
            if not self._ran:
                raise
            return trouble("crashed", error.message)  # what it did to itself
        self._ran = True
        log.truncate(0)  # what it prints is bounded for each game, not for all of them
        log.seek(0)
        began = time.perf_counter()
        handed = self.conventions.handed(game)
        reply = self._asked(program, handed, self.timeout, _bytes_of_answer(game))
        if not isinstance(reply, Trouble) and not well_formed(reply):
            self._end()
            reply = Trouble(kind="crashed", message=_SPOILED)
        if isinstance(reply, Trouble):
            outcome = Outcome(trouble=reply, seconds=time.perf_counter() - began)
        else:
            outcome = from_call(reply, game, self.conventions)
        if overflow := contained.overflowed(log):
            outcome = trouble("crashed", overflow, seconds=outcome.seconds)
        return attrs.evolve(outcome, printed=contained.printed(log))

    def ready(self) -> None:
        self._started()

    def close(self) -> None:
        self._end()
        if self._log is not None:
            self._log.close()
            self._log = None

    def _started(self) -> tuple[contained.Program, BinaryIO]:
        if not re.fullmatch(f"{_DOTTED}:{_DOTTED}", self.name):
            raise InputError(
                f'{quoted(self.name)} is not a solver; write it like "module:function"', "solver"
            )
        if self._log is None:
            with contained.needing_room():
                self._log = cast(BinaryIO, TemporaryFile(buffering=0))  # noqa: SIM115
        if self._program is not None:
            return self._program, self._log
        self._program = contained.Program(_WORKER, self._log, channel=True)
        problem = self._asked(self._program, (self.name, self._path), _LOADING, _ANSWER)
        if isinstance(problem, Trouble):
            problem = f"while it was imported, the process {problem.message}"
        if problem:
            self.close()
            again = "cannot be loaded a second time" if self._ran else "cannot be loaded"
            told = again if self._ran else f"the solver {quoted(self.name)} {again}"
            raise InputError(f"{told}: {problem}", "solver")
        return self._program, self._log

    def _asked(
        self, program: contained.Program, question: object, seconds: float, most: int
    ) -> Any:
        """The document that the process answers with, or the `Trouble` in which it was lost."""
        token = uuid.uuid4().hex
        lines: list[bytes] = []

        def exchange() -> None:
            with suppress(OSError):  # it ended without having read all
                _write(program, pickle.dumps((token, question)))
            lines.append(_read_line(program, most))

        # A thread, for neither reading nor writing can be given up, and a daemon, for where the
        # keeper of the process was killed the pipes may be held open by what is not found.
        thread = threading.Thread(target=exchange, daemon=True)
        thread.start()
        thread.join(seconds)
        in_time = not thread.is_alive()
        line = lines[0] if in_time else b""
        if line.endswith(b"\n"):
            # Whatever else comes down the pipe is another's writing.
            said, _, document = line.partition(b" ")
            with suppress(ValueError, RecursionError):
                if said == token.encode():
                    return json.loads(document)
            kind, message = "crashed", _SPOILED
        elif len(line) >= most:
            kind, message = "no policy", f"gave an answer of more than {most / 2**20:.0f} MiB"
        elif not in_time:
            kind, message = "timeout", contained.overdue(seconds)
        else:  # how it ended shows a moment after its pipe
            status = program.wait(1)
            message = _CLOSED if status is None else contained.ended_how(status)
            kind = "crashed"
        self._end()
        thread.join(1)
        return Trouble(kind=kind, message=message)

    def _end(self) -> None:
        if self._program is not None:
            self._program.end()
            self._program = None


def _search_path() -> list[str]:
    """Where modules are looked for: the current directory comes after the standard library.

    So a file there that is named like a module of that library does not stand in for it.
    """
    try:
        current = os.getcwd()
    except OSError:  # it was removed
        return [place for place in sys.path if place]
    places = [place for place in sys.path if place not in ("", current)]
    library = {get_path("stdlib"), get_path("platstdlib")}
    library |= {os.path.join(place, "lib-dynload") for place in library}
    after = max((i for i, place in enumerate(places, 1) if place in library), default=0)
    return [*places[:after], current, *places[after:]]


def _bytes_of_answer(game: Game) -> int:
    """How long an answer may be: generous for each number that it has, in any notation."""
    m, controls, stages = game.state_size, game.control_sizes, game.stages_told + 1
    return _ANSWER + _NUMBER * stages * sum(p * (m + p) + m * m + 1 for p in controls)


def _write(program: contained.Program, data: bytes) -> None:
    assert program.stdin is not None
    view = memoryview(data)
    while view:
        view = view[program.stdin.write(view) :]


def _read_line(program: contained.Program, most: int) -> bytes:
    """A line with its end, or what came before the pipe did, or before it was `most` bytes."""
    assert program.stdout is not None
    parts, size = [], 0
    while size < most:
        try:
            part = program.stdout.read(min(2**16, most - size))
        except (OSError, ValueError):  # the pipe was closed meanwhile
            break
        if not part:
            break
        parts.append(part)
        size += len(part)
        if part.endswith(b"\n"):
            break
    return b"".join(parts)
