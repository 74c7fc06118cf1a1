"""Solvers that do harm, audited: whatever they do becomes a report about them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from attrs import evolve
from limits import bounded_memory

from ergs_verify import audit_solver, gallery
from ergs_verify.audit import solver as module
from ergs_verify.audit.python_process import PythonSolver
from ergs_verify.audit.suite import suite

#: Seconds that a solver may take for a game, and that the audit may take for two.
_TIMEOUT, _SECONDS = 2.0, 40.0
_MARK = "ERGS_ATTACK"

#: Bodies of `solve(game)`; what ends in PASSES answers rightly all the same.
_BODIES = {
    "json.dumps replaced": "json.dumps = lambda *a, **k: 'no JSON'; return nash(game)",
    "json.dumps with line breaks": """
    json.dumps = functools.partial(json.dumps, indent=2); return nash(game)""",
    "json.dumps with two lines": "json.dumps = lambda *a, **k: '{}\\n{}'; return nash(game)",
    "the encoder replaced": "json.JSONEncoder.encode = None; return nash(game)",
    "a line of noise on every descriptor": """
    for fd in range(64):
        with contextlib.suppress(OSError):
            os.write(fd, b'noise\\n')
    return nash(game)""",
    "endless noise in every pipe": """
    while True:
        for fd in range(3, 64):
            if pathlib.Path(f'/proc/self/fd/{fd}').is_fifo():
                with contextlib.suppress(OSError):
                    os.write(fd, b'x' * 2**20)""",
    "endless output": """
    while True:
        print('x' * 2**20)""",
    "an endless answer": "return {'K': itertools.repeat([[[1.0]]])}",
    "an endless list": """
    class Endless(list):
        def __iter__(self): return itertools.repeat(1.0)
        def __len__(self): return 2**62
    return {'K': Endless([1.0])}""",
    "a long answer": "return {'K': [np.zeros((1, 10**6, 1))]}",
    "its log's folder deleted": """
    remove(os.path.dirname(log())); return nash(game)""",
    "its log deleted": "remove(log()); return nash(game)",
    "its working directory deleted": "remove(os.getcwd()); return nash(game)",
    "its working directory deleted, then gone": """
    remove(os.getcwd()); os._exit(1)""",
    "its log's folder deleted, then gone": """
    remove(os.path.dirname(log())); os._exit(1)""",
    "its log a folder": """
    remove(log()); os.mkdir(inside(log())); return nash(game)""",
    "every descriptor closed": "os.closerange(0, 64); return nash(game)",
    "a fork that answers too": "os.fork(); return nash(game)",
    "a child that stays": """
    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); return nash(game)""",
    "a child that keeps the pipes": """
    if os.fork() == 0:
        time.sleep(600)
    os._exit(1)""",
    "SIGTERM ignored": "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
    "every signal ignored": """
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    while True: pass""",
    "stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
    "sys.exit": "sys.exit('bye')",
    "sys.exit(0)": "sys.exit(0)",
    "os._exit": "os._exit(0)",
    "abort": "os.abort()",
    "a segmentation fault": "faulthandler._sigsegv()",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "GeneratorExit": "raise GeneratorExit",
    "an exception of no kind": "raise type('Odd', (BaseException,), {})('odd')",
    "an exception that cannot be told": """
    raise type('Mute', (Exception,), {'__str__': lambda self: 1 / 0})()""",
    "an exception with a long text": "raise ValueError('\\n\\x1b[2J' * 10**6)",
    "an exception in a name of its own": "raise type('\\n\\x00', (Exception,), {})('odd')",
    "nothing": "return None",
    "a wrong shape": "return {'K': [np.zeros((2, 3, 4))]}",
    "ragged": "return {'K': [[[[1.0], [1.0, 2.0]]]]}",
    "NaN": "return {'K': [np.full((1, 1, 1), np.nan)]}",
    "infinity": "return {'K': [np.full((1, 1, 1), -np.inf)]}",
    "strings": "return {'K': [[[['__import__(\"os\")']]]]}",
    "complex numbers": "return {'K': [np.ones((1, 1, 1)) * 1j]}",
    "objects": "return {'K': [[[[object()]]]]}",
    "a property that raises": """
    return type('Trap', (), {'K': property(lambda self: 1 / 0)})()""",
    "a property that leaves": """
    return type('Trap', (), {'K': property(lambda self: sys.exit(3))})()""",
    "an attribute that hangs": """
    return type('Trap', (), {'__getattr__': lambda self, name: time.sleep(600)})()""",
    "an array that lies": """
    class Liar(np.ndarray):
        def tolist(self): return [[['1e999999999']]]
    return {'K': [np.ones((1, 1, 1)).view(Liar)]}""",
    "a list within itself": "x = []; x.append(x); return {'K': x}",
    "a deep list": """
    x = 1.0
    for _ in range(10**5): x = [x]
    return {'K': x}""",
    "the game overwritten": """
    found = nash(game); game.A[:] = 0; game.tau = None
    return found  # PASSES""",
    "the game's attributes deleted": "found = nash(game); del game.A, game.B; return found",
    "numpy replaced": "found = nash(game); np.asarray = np.array = np.ndarray = None; return found",
    "len and isinstance replaced": """
    found = nash(game); builtins.len = lambda x: 0; builtins.isinstance = lambda *a: True
    return found""",
    "no modules left": "found = nash(game); sys.modules.clear(); return found",
    "pickle replaced": "found = nash(game); pickle.load = lambda file: 3; return found",
    "streams gone": "sys.stdout = sys.stderr = sys.stdin = None; return nash(game)  # PASSES",
    "a thread without end": """
    threading.Thread(target=lambda: [time.sleep(1) for _ in iter(int, 1)]).start()
    return nash(game)  # PASSES""",
    "an end that waits": "atexit.register(time.sleep, 600); return nash(game)  # PASSES",
    "recursion": "return solve(game)",
    "recursion without a limit": """
    sys.setrecursionlimit(2**31 - 1)
    f = lambda x: [f(x + 1)]
    return f(0)""",
    "memory": "return [bytes(2**28) for _ in range(10**6)]",
    "a file that grows": """
    with open('grown', 'wb') as file:
        while True: file.write(bytes(2**24))""",
}
SOLVERS = {name: f"solve_{k}" for k, name in enumerate(_BODIES)}
_IMPORTS = """import atexit, builtins, contextlib, faulthandler, functools, itertools, json, os
import pathlib, pickle, shutil, signal, subprocess, sys, threading, time
import numpy as np
from ergs_verify.engine import nash

def log():
    return os.readlink('/proc/self/fd/2')

def inside(path):
    # Nothing but the folder that is to be destroyed ever is.
    home, path = os.environ['ERGS_ATTACK_SCRATCH'], os.path.realpath(path)
    if os.path.commonpath([home, path]) != home:
        raise PermissionError(path)
    return path

def remove(path):
    path = inside(path)
    shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
"""


def write_solvers(folder: Path) -> None:
    """A module ``hostile`` with all of them."""
    functions = (
        f"def {SOLVERS[name]}(game):\n    {body.strip().replace('solve(', f'{SOLVERS[name]}(')}\n"
        for name, body in _BODIES.items()
    )
    (folder / "hostile.py").write_text("\n".join([_IMPORTS, *functions]), encoding="utf-8")


def attacked(name: str, folder: Path) -> str:
    """What is wrong with the audit of a solver; empty where it is a report about the solver."""
    regular = gallery("random:N=1,m=1,p=1,T=1,seed=1").rounded()
    games = [evolve(suite("quick")[0], name=k, game=regular) for k in ("first", "second")]
    mark, began = uuid.uuid4().hex, time.monotonic()
    with (
        _in_scratch(folder),
        patch.dict(os.environ, {_MARK: mark}),
        patch.object(module, "named_suite", lambda _name: games),
        bounded_memory(),
    ):
        try:
            with PythonSolver(name=f"hostile:{SOLVERS[name]}", timeout=_TIMEOUT) as solver:
                found = audit_solver(solver, "quick")
            json.dumps(found.as_json(), allow_nan=False)
        except BaseException as error:
            return f"{name}: the audit raised {type(error).__name__}: {error}"
        finally:
            left = _ended(mark)
    if left:
        return f"{name}: {left} of its processes were left"
    if time.monotonic() - began > _SECONDS:
        return f"{name}: the audit took {time.monotonic() - began:.0f} s"
    if "PASSES" in _BODIES[name] and found.verdict != "pass":
        return f"{name}: {found.games[0].message}"
    if not all(one.message.isprintable() and len(one.message) < 1000 for one in found.games):
        return f"{name}: {found.games[0].message[:200]!r} is no sentence"
    return ""


@contextlib.contextmanager
def _in_scratch(folder: Path) -> Iterator[None]:
    """A working directory to be destroyed, and the solvers where modules are looked for."""
    scratch = os.path.realpath(tempfile.mkdtemp(dir=folder))
    before = os.getcwd()
    os.chdir(scratch)
    with (
        patch.object(sys, "path", [*sys.path, str(folder)]),
        patch.object(tempfile, "tempdir", scratch),  # the audit's own temporary files too
        patch.dict(os.environ, {"ERGS_ATTACK_SCRATCH": scratch}),
    ):
        try:
            yield
        finally:
            os.chdir(before)


def _ended(mark: str) -> int:
    """How many processes that carry the mark are left a moment later; they are killed."""
    wanted = f"{_MARK}={mark}".encode()
    for _ in range(20):
        left = [pid for pid in _others() if wanted in _environment(pid)]
        if not left:
            return 0
        time.sleep(0.1)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(left)


def _others() -> list[int]:
    names = os.listdir("/proc") if os.path.isdir("/proc") else []
    return [int(name) for name in names if name.isdigit() and int(name) != os.getpid()]


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
