"""How a command treats memory: SymPy's expressions are many, and stay until it ends."""

from __future__ import annotations

import atexit
import gc

#: New objects between two rounds of garbage collection. Python's 700 would look through the
#: expressions again and again, a tenth of the time of a command.
_GARBAGE = 50_000


def collect_rarely() -> None:
    """Few rounds of garbage collection, and none at the end: that took half a second."""
    gc.set_threshold(_GARBAGE)
    atexit.register(gc.freeze)
