"""The tasks of an attack, each of which a process of its own can do."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import containment
import fuzz
import hostile_solvers
from containment import Tally
from families import FAMILIES

#: Games of a family and files of a kind; the tests take a tenth.
SEEDS, FILES = 100, 250
KINDS = [f"{what}, {how}" for what in fuzz.KINDS for how in ("bytes", "structure")]
_CHUNK = 5
#: The names of what is attacked.
PARTS = {
    "solvers": [*hostile_solvers.SOLVERS],
    "expanding files": [*fuzz.BOMBS],
    "games": [*FAMILIES],
    "files": KINDS,
}
#: Names the environment variable that says where scratch folders are made.
FOLDER = "ERGS_ATTACK_FOLDER"


@cache
def _folder() -> Path:
    """Of this process, for files and solvers."""
    return Path(tempfile.mkdtemp(dir=os.environ.get(FOLDER)))


@cache
def _files() -> fuzz.Files:
    return fuzz.Files(_folder())


@cache
def _solvers() -> Path:
    hostile_solvers.write_solvers(_folder())
    return _folder()


def worked(part: str, name: str, seeds: tuple[int, ...]) -> Tally:
    """One task: of games the outcomes by question, of the rest by *refused*, *answered*, …"""
    tally = Tally()
    for seed in seeds:
        if part == "games":
            tally.add(containment.attacked(name, seed))
            continue
        if part == "files":
            what, _, how = name.rpartition(", ")
            outcome, fault = fuzz.attacked(_files(), what, how, seed)
        elif part == "expanding files":
            outcome, fault = fuzz.exploded(name, _folder())
        else:
            fault = hostile_solvers.attacked(name, _solvers())
            outcome = "wrong" if fault else "reported"
        tally.counts["", outcome] += 1
        tally.faults += [fault] * bool(fault)
    return tally


def tasks(seeds: int, files: int) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Those that take longest come first."""
    for part, count, chunk in (
        ("solvers", 1, 1),
        ("expanding files", 1, 1),
        ("games", seeds, _CHUNK),
        ("files", files, 10 * _CHUNK),
    ):
        for first in range(0, count, chunk):
            for name in PARTS[part]:
                yield part, name, tuple(range(first, min(count, first + chunk)))
