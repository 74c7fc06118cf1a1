"""``module:function`` as a solver under audit, in a process of its own."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
from attrs import define, field

from ergs_verify.audit import contained
from ergs_verify.audit.answers import from_call, trouble
from ergs_verify.audit.foreign import Solver
from ergs_verify.audit.outcome import Outcome, Trouble
from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.game import Game

__all__ = ["PythonSolver"]

#: Seconds for a solver's module to be imported: large libraries are loaded, or code compiled.
_LOADING = 120.0
_DOTTED = r"[^\W\d]\w*(\.[^\W\d]\w*)*"
_WORKER = (sys.executable, "-P", "-u", "-X", "faulthandler", "-m", "ergs_verify.audit.worker")


@define(kw_only=True, eq=False)
class PythonSolver(Solver):
    """One process serves every game, and is replaced when it hangs or dies.

    Attributes
    ----------
    name : str
        ``module:function``. Modules are looked for in the current directory, then where this
        process finds its own.

    Raises
    ------
    InputError
        On the first call, or by `ready`, where the name is wrong or the module cannot be imported.

    Examples
    --------
    >>> from ergs_verify.audit.python_process import PythonSolver
    >>> from ergs_verify.gallery import gallery
    >>> with PythonSolver(name="ergs_verify.engine:nash") as solver:
    ...     solver(gallery("g-star-4-no-nash")).trouble.kind, solver(gallery("lqr")).policy
    ('raised', Policy(N=1, T=30, Gaussian, with P, q))
    """

    name: str
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _folder: TemporaryDirectory[str] | None = field(default=None, init=False)

    def __call__(self, game: Game) -> Outcome:
        process, log = self._started()
        os.truncate(log, 0)  # what it prints is bounded for each game, not for all of them
        began = time.perf_counter()
        reply = self._asked(process, self.conventions.handed(game), self.timeout)
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
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _started(self) -> tuple[subprocess.Popen[bytes], Path]:
        if self._folder is None:
            self._folder = TemporaryDirectory(ignore_cleanup_errors=True)
        log = Path(self._folder.name, "printed")
        if self._process is not None:
            return self._process, log
        if not re.fullmatch(f"{_DOTTED}:{_DOTTED}", self.name):
            raise InputError(
                f'{quoted(self.name)} is no solver; write it like "module:function"', "solver"
            )
        self._process = contained.start(_WORKER, log, channel=subprocess.PIPE)
        path = [os.getcwd(), *filter(None, sys.path)]
        problem = self._asked(self._process, (self.name, path), _LOADING)
        if isinstance(problem, Trouble):
            problem = f"while it was imported, the process {problem.message}"
        if problem:
            self.close()
            raise InputError(
                f"the solver {quoted(self.name)} cannot be loaded: {problem}", "solver"
            )
        return self._process, log

    def _asked(self, process: subprocess.Popen[bytes], question: object, seconds: float) -> Any:
        """The document that the process answers with, or the `Trouble` in which it was lost."""
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(seconds, contained.kill, [process])
        late.start()
        line = b""
        try:
            with suppress(BrokenPipeError):
                pickle.dump(question, process.stdin)
                process.stdin.flush()
                line = process.stdout.readline()
            in_time = late.is_alive()
        finally:
            late.cancel()
        if line.endswith(b"\n"):
            return json.loads(line)
        with suppress(subprocess.TimeoutExpired):  # how it ended shows a moment after its pipe
            process.wait(1)
        self._end()
        if in_time:
            return Trouble(kind="crashed", message=contained.ended_how(process.returncode))
        return Trouble(kind="timeout", message=contained.overdue(seconds))

    def _end(self) -> None:
        if self._process is not None:
            contained.end(self._process)
            self._process = None
