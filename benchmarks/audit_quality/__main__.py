"""Make the tables of false alarms and of planted mistakes: ``python -m benchmarks.audit_quality``.

Each takes some ten minutes on two cores that do nothing else. With ``--found FILE`` what is found
is kept there, and a run with the same file goes on from where one of fewer games ended.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from itertools import chain, product
from pathlib import Path
from typing import TypeVar

import attrs

from benchmarks.audit_quality import tables
from benchmarks.audit_quality.false_alarms import Verdict, on_random_game, on_suite_game
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
    parser.add_argument("--found", type=Path, help="keeps what is found of right solvers")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / "results")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.processes) as pool:
        name = "quick" if options.quick else "standard"
        if options.table != _PLANTED:
            text = _false_alarms(pool, options.games, name, options.found)
            _write(options.output / "audit_quality_false_alarms.md", text)
        if options.table != _FALSE_ALARMS:
            _write(options.output / "audit_quality_planted.md", _planted(pool, name))


def _false_alarms(pool: Executor, count: int, name: str, kept: Path | None) -> str:
    found = _kept(kept)
    known, numbers = {one.name: one for one in suite(name)}, range(count)
    running = {pool.submit(on_suite_game, known[key]): key for key in known if key not in found}
    running |= {pool.submit(on_random_game, n): str(n) for n in numbers if str(n) not in found}
    for one in _told(_FALSE_ALARMS, as_completed(running), len(running)):
        key = running[one]
        found[key] = one.result()
        if kept is not None:
            line = {"of": key, "verdicts": [attrs.asdict(v) for v in found[key]]}
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
    return tables.false_alarms(
        list(chain.from_iterable(found[key] for key in (*known, *map(str, numbers))))
    )


def _kept(file: Path | None) -> dict[str, list[Verdict]]:
    if file is None or not file.exists():
        return {}
    lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return {line["of"]: [Verdict(**v) for v in line["verdicts"]] for line in lines}


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
