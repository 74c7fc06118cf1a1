"""However an audit of a solver ends, nothing that the solver started outlives it, nor a file."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time

import pytest
from processes import gone

# A child in the solver's group, one in a session of its own, and one whose parent has ended.
HANGS = """
import os, subprocess, sys, time
from pathlib import Path

def hang(*paths):
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    children = [subprocess.Popen(sleep), subprocess.Popen(sleep, start_new_session=True)]
    code = (
        "import subprocess; child = subprocess.Popen("
        f"{sleep!r}, stdout=subprocess.DEVNULL, start_new_session=True); print(child.pid)"
    )
    orphan = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True).stdout
    Path("new").write_text(" ".join(str(c.pid) for c in children) + f" {os.getpid()} {orphan}")
    Path("new").replace("pids")
    time.sleep(600)

if __name__ == "__main__":
    hang()
"""
COMMAND = f"{shlex.quote(sys.executable)} -S hangs.py {{game}} {{solution}}"
STATUS = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129, "SIGKILL": -signal.SIGKILL}


@pytest.mark.skipif(sys.platform != "linux", reason="finds what left its group on Linux only")
@pytest.mark.parametrize("name", STATUS)
@pytest.mark.parametrize("named", [("--solver", "hangs:hang"), ("--command", COMMAND)])
def test_it_ends_with_all_it_started(named, name, tmp_path):
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    here.mkdir()
    temporary.mkdir()
    (here / "hangs.py").write_text(HANGS, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "ergs_verify", "audit", *named],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=here,
        env={**os.environ, "TMPDIR": str(temporary)},
        start_new_session=True,
        # A shell that starts a job in the background may have it ignore the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    pids = here / "pids"
    deadline = time.monotonic() + 60
    while not pids.exists():
        assert process.poll() is None
        if time.monotonic() > deadline:
            process.kill()
            raise AssertionError("the solver was not called")
        time.sleep(0.1)
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (STATUS[name], b"")
    assert b"Traceback" not in err
    started = pids.read_text(encoding="utf-8").split()
    assert len(started) == 4
    assert all(gone(int(pid)) for pid in started)
    deadline = time.monotonic() + 10
    while list(temporary.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
