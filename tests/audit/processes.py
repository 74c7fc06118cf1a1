"""Whether a process has ended."""

from __future__ import annotations

import os
import time
from pathlib import Path


def gone(pid: int, within: float = 5.0) -> bool:
    """It may be there a moment longer, and a moment more as a zombie that nobody asks after."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        status = Path(f"/proc/{pid}/stat")
        try:
            os.kill(pid, 0)
            if status.exists() and " Z " in status.read_text(encoding="utf-8"):
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False
