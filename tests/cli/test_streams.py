"""Exit statuses where standard output or error is full, closed, or read by nobody."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

INSTALLED = shlex.quote(str(Path(sys.executable).with_name("ergs-verify")))

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")

#: Every way to end, with the status and whether standard output is needed to say it.
COMMANDS = {
    "success": ("game lqr", 0, True),
    "success, file": ("game lqr -o written.json", 0, False),
    "bad input": ("game nosuch", 2, False),
    "usage, JSON": ("games nosuch --json", 2, True),
    "refuted": ("solve g-star-4-no-nash", 1, True),
}
OUTPUTS = {">/dev/full": 74, ">&-": 74, "| true": 141, ">/dev/null": None}
ERRORS = ("2>/dev/full", "2>&-", "2>told")
CASES = {*((output, "2>told") for output in OUTPUTS), *((">/dev/null", error) for error in ERRORS)}
CASES.add((">&-", "2>&-"))


@pytest.mark.parametrize("name", COMMANDS)
def test_no_status_lies(name, tmp_path):
    words, status, needs_output = COMMANDS[name]
    cases = sorted(CASES)
    running = [
        # Nobody reads: what should has ended before the command starts.
        subprocess.Popen(
            ["bash", "-c", f"{{ sleep 1; {INSTALLED} {words} {error}; }} {output}; "
             "exit ${PIPESTATUS[0]}"],
            cwd=folder,
        )
        for folder, (output, error) in zip(_folders(tmp_path, cases), cases, strict=True)
    ]  # fmt: skip
    found = [process.wait(timeout=100) for process in running]
    wanted = [OUTPUTS[output] if needs_output else None for output, _ in cases]
    assert dict(zip(cases, found, strict=True)) == {
        case: status if want is None else want for case, want in zip(cases, wanted, strict=True)
    }
    for number, (output, error) in enumerate(cases):
        if error != "2>told":
            continue
        told = (tmp_path / str(number) / "told").read_text(encoding="utf-8")
        assert "Traceback" not in told
        assert "Exception ignored" not in told
        assert ("standard output cannot be written" in told) == (wanted[number] == 74), output
        assert ("nosuch" in told) == ("nosuch" in words)


def _folders(root, cases):
    for number in range(len(cases)):
        (root / str(number)).mkdir()
        yield root / str(number)


def test_what_a_closed_stream_leaves_is_not_given_to_a_file(tmp_path):
    """The number of standard output is free, and the next file opened would have it."""
    code = (
        "import sys; from ergs_verify.cli import main; status = main(['game', 'lqr']); "
        "main(['game', 'lqr', '-o', 'lqr.json']); sys.exit(status)"
    )
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)} >&- 2>&-"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, timeout=100)
    assert done.returncode == 74
    right = subprocess.run(["bash", "-c", f"{INSTALLED} game lqr"], capture_output=True, check=True)
    assert (tmp_path / "lqr.json").read_bytes() == right.stdout
