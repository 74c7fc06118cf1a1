"""What other systems lack is not needed there: Windows and macOS, as far as Linux can tell."""

from __future__ import annotations

import io
import subprocess
import sys

from ergs_verify.cli import streams

#: What the standard library has on Linux and not on Windows.
NOT_ON_WINDOWS = """
import os, signal, socket, sys
for name in ("fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"):
    sys.modules[name] = None
for home, names in {
    os: "fork forkpty killpg getpgid getuid setsid wait waitid waitpid sched_getaffinity",
    signal: "SIGKILL SIGHUP SIGALRM SIGXFSZ SIGXCPU SIGPIPE alarm setitimer pthread_sigmask",
    socket: "AF_UNIX",
}.items():
    for name in names.split():
        if hasattr(home, name):
            delattr(home, name)
"""
EVERY_MODULE = """
import importlib, pkgutil
import ergs_verify
seen = 0
for module in pkgutil.walk_packages(ergs_verify.__path__, "ergs_verify."):
    if not module.name.endswith(("__main__", "conformance")):
        importlib.import_module(module.name)
        seen += 1
print(seen)
"""
# What they themselves need of the system is not this package's affair.
LIBRARIES = "import matplotlib.pyplot, pytest, scipy.linalg, subprocess, sympy, tempfile\n"


def run_python(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_is_imported_without_what_windows_lacks():
    assert int(run_python(LIBRARIES + NOT_ON_WINDOWS + EVERY_MODULE)) > 300


def test_commands_run_without_what_windows_lacks(tmp_path):
    commands = {
        "check g-star-2": "It is the only one: proved",
        "solve g-star-2 -o own.json": "Nash equilibrium",
        "audit g-star-2 own.json --html own.html": "pass: the Nash equilibrium",
        "gap g-star-2 --delta 1/10": "0.1",
    }
    run = "\n".join(f"assert main({words.split()}) == 0" for words in commands)
    cli = f"import os\nfrom ergs_verify.cli import main\nos.chdir({str(tmp_path)!r})\n"
    said = run_python(LIBRARIES + NOT_ON_WINDOWS + cli + run)
    for printed in commands.values():
        assert printed in said


def test_what_windows_lacks_would_be_noticed():
    done = subprocess.run([sys.executable, "-c", NOT_ON_WINDOWS + "import resource"], check=False)
    assert done.returncode == 1


def test_a_console_that_is_no_file_is_left_alone(monkeypatch):
    """A Windows console turns UTF-8 into what it shows; bytes through a descriptor it misreads."""

    class Console(io.RawIOBase):
        def writable(self):
            return True

    stream = io.TextIOWrapper(io.BufferedWriter(Console()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "__stdout__", stream)
    with streams.guarded_streams():
        assert sys.stdout is stream
