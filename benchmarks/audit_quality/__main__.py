"""Make the tables of false alarms and of planted mistakes: ``python -m benchmarks.audit_quality``.

Each takes some ten minutes on two cores that do nothing else. With ``--found FILE`` what is found
is kept there, and a run with the same file goes on from where another ended.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from benchmarks.audit_quality import tables
from benchmarks.audit_quality.false_alarms import Verdict, on_random_game, on_suite_game
from benchmarks.audit_quality.faults import FAULTS
from benchmarks.audit_quality.planted import Planted, over_suite
from ergs_verify.audit.suite import suite

_FALSE_ALARMS, _PLANTED = "false-alarms", "planted"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit_quality", description=__doc__)
    parser.add_argument("table", nargs="?", choices=[_FALSE_ALARMS, _PLANTED], help="one alone")
    parser.add_argument("--games", type=int, default=1000, help="how many random games")
    parser.add_argument("--quick", action="store_true", help="on the quick suite")
    parser.add_argument("--found", type=Path, help="keeps what is found")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / "results")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.processes) as pool:
        name, kept = "quick" if options.quick else "standard", _Kept(pool, options.found)
        if options.table != _PLANTED:
            text = _false_alarms(kept, options.games, name)
            _write(options.output / "audit_quality_false_alarms.md", text)
        if options.table != _FALSE_ALARMS:
            _write(options.output / "audit_quality_planted.md", _planted(kept, name))


def _false_alarms(kept: _Kept, count: int, name: str) -> str:
    known = {one.name: one for one in suite(name)}
    work = {key: (on_suite_game, one) for key, one in known.items()}
    work |= {str(number): (on_random_game, number) for number in range(count)}
    found = kept.each(_FALSE_ALARMS, work)
    return tables.false_alarms([Verdict(**one) for each in found.values() for one in each])


def _planted(kept: _Kept, name: str) -> str:
    work = {
        f"{name}: {fault.id}, {fault.planted}": (over_suite, place, name)
        for place, fault in enumerate(FAULTS)
    }
    found = kept.each(_PLANTED, work)
    return tables.planted([Planted(**one) for one in found.values()])


@frozen
class _Kept:
    """Makes what is not found yet, in other processes, and keeps it in a file if there is one."""

    pool: Executor
    file: Path | None

    def each(self, what: str, work: Mapping[str, tuple]) -> dict[str, Any]:
        """What each piece of work gives, as JSON has it, in the order of the work."""
        found = {}
        if self.file is not None and self.file.exists():
            lines = map(json.loads, self.file.read_text(encoding="utf-8").splitlines())
            found = {line["of"]: line["found"] for line in lines}
        running = {self.pool.submit(*work[key]): key for key in work if key not in found}
        for done, one in enumerate(as_completed(running), start=1):
            line = json.dumps({"of": running[one], "found": one.result()}, default=attrs.asdict)
            found[running[one]] = json.loads(line)["found"]
            if self.file is not None:
                with self.file.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
            if done % 50 == 0 or done == len(running):
                print(f"{what}: {done} of {len(running)}", file=sys.stderr)
        return {key: found[key] for key in work}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
