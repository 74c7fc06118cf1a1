"""What an entry of the gallery is, and the matrices that entries are written with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

Rows = list[list[Any]]


@frozen
class Entry:
    """A game's data and one sentence on what it shows."""

    shows: str
    data: Callable[[], dict[str, Any]]


def scalar(size: int, value: Any) -> Rows:
    return [[value if r == c else 0 for c in range(size)] for r in range(size)]


def diagonal(*values: Any) -> Rows:
    return [[value if r == c else 0 for c in range(len(values))] for r, value in enumerate(values)]
