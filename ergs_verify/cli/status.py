"""Exit statuses."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Status"]


class Status(IntEnum):
    """What a command's exit status says; 70, 130 and 141 are the usual ones of Unix."""

    HOLDS = 0
    REFUTED = 1
    BAD_INPUT = 2
    UNDECIDED = 3
    FAULT = 70
    INTERRUPTED = 130
    BROKEN_PIPE = 141
