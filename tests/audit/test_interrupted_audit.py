"""Ctrl-C during an audit of a solver: status 130, not a word, and nothing left running."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import gone

HANGS = """
import os, subprocess, sys, time
from pathlib import Path

def hang(*paths):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path("new").write_text(f"{child.pid} {os.getpid()}")
    Path("new").replace("pids")
    time.sleep(600)

if __name__ == "__main__":
    hang()
"""
COMMAND = f"{shlex.quote(sys.executable)} -S hangs.py {{game}} {{solution}}"


@pytest.mark.parametrize("named", [("--solver", "hangs:hang"), ("--command", COMMAND)])
def test_interrupted_it_ends_with_all_it_started(named, tmp_path):
    Path(tmp_path, "hangs.py").write_text(HANGS, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "ergs_verify.cli", "audit", *named],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        start_new_session=True,
        # A shell that starts a job in the background may have it ignore the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    pids = tmp_path / "pids"
    deadline = time.monotonic() + 60
    while not pids.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err
    assert all(gone(int(pid)) for pid in pids.read_text(encoding="utf-8").split())
