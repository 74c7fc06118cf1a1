"""An interrupt while a command still loads its modules, and what asks it to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

# The signal comes when a module is about to be imported.
COMMAND = """
import os, signal, sys

def send(event, details):
    global number
    if event == "import" and details[0] == {module!r} and number:
        number, sent = 0, number
        os.kill(os.getpid(), sent)

number = signal.{name}
sys.addaudithook(send)
from ergs_verify.cli import main
sys.exit(main({words!r}))
"""


@pytest.mark.parametrize(
    "module", ["ergs_verify.cli.entry", "typer", "ergs_verify.cli.app", "numpy", "sympy"]
)
def test_interrupted_while_modules_are_loaded(module):
    code = COMMAND.format(module=module, name="SIGINT", words=["solve", "g-star-2"])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=100,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "")


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_asked_to_end_it_does_in_order(name, status, tmp_path):
    code = COMMAND.format(module="sympy", name=name, words=["solve", "g-star-2"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")


def test_what_is_to_be_ignored_is():
    code = COMMAND.format(module="sympy", name="SIGHUP", words=["solve", "g-star-2"])
    code = code.replace("number =", "signal.signal(signal.SIGHUP, signal.SIG_IGN)\nnumber =")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_no_process_of_a_command_outlives_it(name):
    process = subprocess.Popen(
        [sys.executable, "-m", "ergs_verify", "paper"], stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not (workers := children(process.pid)):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(getattr(signal, name))
    process.wait(timeout=30)
    deadline = time.monotonic() + 30
    while any(map(lives, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True
    )
    return [int(each) for each in listed.stdout.split()]


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")
