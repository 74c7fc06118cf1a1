"""Stands between this program and another's: whatever happens, that one ends, and all it started.

Run as a file by an interpreter without the package, so that it starts in a moment::

    keeper.py CONTROL FOLDER MEMORY FILE WORD...

It starts the words as a program and says over the socket CONTROL how that ended, once nothing of it
is left. When the other end of the socket closes, because the program is wanted no longer or because
who wanted it was killed, the keeper kills what still runs and removes FOLDER, if one is named.
MEMORY and FILE are limits in bytes.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

# <sys/prctl.h>
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
#: Seconds after which processes are given up that multiply faster than they are killed.
_GIVEN_UP = 5.0


def main() -> None:
    """See above."""
    control_number, folder, memory, file, *words = sys.argv[1:]
    control = socket.socket(fileno=int(control_number))
    control.set_inheritable(False)
    prctl = _prctl()
    prctl(_PR_SET_CHILD_SUBREAPER, 1)

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # for the case that the keeper is killed
        _limit(int(memory), int(file))

    try:
        program = subprocess.Popen(words, preexec_fn=prepare, process_group=0)
    except OSError as error:
        control.sendall(f"failed {error.strerror or error}\n".encode())
        return
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # its pipes are held by nobody else
        os.dup2(nothing, number)
    control.sendall(f"started {program.pid}\n".encode())
    over = threading.Event()
    unwanted = threading.Thread(target=_kill_when_unwanted, args=(control, program.pid, over))
    unwanted.start()
    status = _ended(program.pid, over)
    with suppress(OSError):
        control.sendall(f"ended {status}\n".encode())
    unwanted.join()
    if folder:  # itself only: of a link in its place nothing is followed
        shutil.rmtree(folder, ignore_errors=True)


def _prctl():
    if sys.platform != "linux":
        return lambda *_: None
    import ctypes

    return ctypes.CDLL(None).prctl


def _limit(memory: int, file: int) -> None:
    if sys.platform != "linux":  # elsewhere the limits mean something else, or nothing
        return
    import resource

    for kind, wanted in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_FSIZE, file)):
        _, most = resource.getrlimit(kind)
        limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(kind, (limit, limit))


def _kill_when_unwanted(control: socket.socket, pid: int, over: threading.Event) -> None:
    with suppress(OSError):
        control.recv(1)
    if not over.is_set():
        _kill(pid)


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        with suppress(OSError):
            kill(pid, signal.SIGKILL)


def _ended(pid: int, over: threading.Event) -> int:
    """Wait for a child, kill what it leaves behind, and give its status as `subprocess` does."""
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        _kill(pid)
        over.set()  # from now on the number may be another's
        _, status = os.waitpid(pid, 0)
    else:  # macOS, before Python 3.13
        _, status = os.waitpid(pid, 0)
        over.set()
        with suppress(OSError):  # the number is its group's as long as that has members
            os.killpg(pid, signal.SIGKILL)
    # Processes that lost their parent are this one's now (Linux), those under `setsid` too.
    until = time.monotonic() + _GIVEN_UP
    with suppress(ChildProcessError):
        while time.monotonic() < until:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            for child in _children():
                _kill(child)
            time.sleep(0.001)
    return os.waitstatus_to_exitcode(status)


def _children() -> list[int]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{name}/stat", "rb") as file:
                # The name of the program, in parentheses, may hold anything.
                after = file.read().rpartition(b")")[2].split()
            if int(after[1]) == os.getpid():
                found.append(int(name))
    return found


if __name__ == "__main__":
    main()
