"""Make the tables of false alarms and of planted mistakes: ``python -m benchmarks.audit_quality``.

Each takes some ten minutes on two cores that do nothing else.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from itertools import chain, product
from pathlib import Path
from typing import TypeVar

from benchmarks.audit_quality import tables
from benchmarks.audit_quality.false_alarms import on_random_game, on_suite_game
from benchmarks.audit_quality.faults import FAULTS
from benchmarks.audit_quality.planted import finding, games
from ergs_verify.audit.suite import suite

T = TypeVar("T")

_FALSE_ALARMS, _PLANTED = "false-alarms", "planted"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit_quality", description=__doc__)
    parser.add_argument("table", nargs="?", choices=[_FALSE_ALARMS, _PLANTED], help="one alone")
    parser.add_argument("--games", type=int, default=1000, help="how many random games")
    parser.add_argument("--quick", action="store_true", help="on the quick suite")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / "results")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.processes) as pool:
        name = "quick" if options.quick else "standard"
        if options.table != _PLANTED:
            text = _false_alarms(pool, options.games, name)
            _write(options.output / "audit_quality_false_alarms.md", text)
        if options.table != _FALSE_ALARMS:
            _write(options.output / "audit_quality_planted.md", _planted(pool, name))


def _false_alarms(pool: Executor, count: int, name: str) -> str:
    known = suite(name)
    found = chain(pool.map(on_suite_game, known), pool.map(on_random_game, range(count)))
    return tables.false_alarms(list(chain(*_told(_FALSE_ALARMS, found, len(known) + count))))


def _planted(pool: Executor, name: str) -> str:
    faults, on = zip(*product(range(len(FAULTS)), games(name)), strict=True)
    return tables.planted(list(_told(_PLANTED, pool.map(finding, faults, on), len(faults))))


def _told(what: str, found: Iterable[T], total: int) -> Iterator[T]:
    for done, one in enumerate(found, start=1):
        if done % 50 == 0 or done == total:
            print(f"{what}: {done} of {total}", file=sys.stderr)
        yield one


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
