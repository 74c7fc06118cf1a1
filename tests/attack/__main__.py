"""``make attack``: hostile games, files and solvers; prints tables and writes docs/attack.md.

One case is replayed with ``--only``: the name of a family of games, of a kind of files such as
"game, .json, structure", or of a solver, and ``--seed`` for the first two.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from attack_work import FILES, FOLDER, PARTS, SEEDS, tasks, worked
from containment import MOST_OPEN, OUTCOMES, Tally, too_open
from families import FAMILIES
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
#: Faults of a family or a kind that are printed.
_SHOWN = 5

Headings, Rows = list[str], list[list[str]]


Found = dict[tuple[str, str], Tally]


def ran(seeds: int, files: int, jobs: int, on: Console) -> Found:
    found: Found = {}
    folder = tempfile.mkdtemp()
    os.environ[FOLDER] = folder
    try:
        with (
            ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool,
            Progress(console=on, transient=True) as bar,
        ):
            futures = {pool.submit(worked, *task): task for task in tasks(seeds, files)}
            shown = bar.add_task("attacking", total=len(futures))
            for future in as_completed(futures):
                part, name, _ = futures[future]
                found.setdefault((part, name), Tally()).add(future.result())
                bar.advance(shown)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


# -- tables ----------------------------------------------------------------------------------------


def tables(found: Found) -> Iterator[tuple[str, Headings, Rows]]:
    """A title, headings and rows for each part."""
    games = {name: tally for (part, name), tally in found.items() if part == "games"}
    everything = Tally()
    for one in games.values():
        everything.add(one)
    by_name = [*sorted(games.items()), ("all", everything)]
    rows = [[name, str(one.games), *_counted(one.by_outcome(), OUTCOMES)] for name, one in by_name]
    yield "Games", ["family", "games", "tried", *OUTCOMES], rows if games else []
    rows = [
        [question, *_counted(everything.by_outcome(question), OUTCOMES)]
        for question in sorted({question for question, _ in everything.counts})
    ]
    yield "What was asked of the games", ["question", "tried", *OUTCOMES], rows
    for title, part, outcomes in (
        ("Mutated files", "files", ("refused", "answered", "wrong")),
        ("Small files that expand", "expanding files", ("refused", "answered", "wrong")),
        ("Solvers that do harm", "solvers", ("reported", "wrong")),
    ):
        kinds = {name: tally.by_outcome() for (p, name), tally in found.items() if p == part}
        total = sum(kinds.values(), Counter())
        named = [*sorted(kinds.items()), ("all", total)] if kinds else []
        yield title, ["", "tried", *outcomes], [[k, *_counted(one, outcomes)] for k, one in named]


def _counted(counts: Counter[str], outcomes: tuple[str, ...]) -> list[str]:
    return [f"{n:,}" for n in (sum(counts.values()), *(counts[o] for o in outcomes))]


_PAGE = """# Attacked

This page counts what a determined attack on the package finds. `make attack` writes it, and
`make test` runs a tenth of the attack. A case can be replayed by its family and seed:
`.venv/bin/python tests/attack --only "τ huge" --seed 3`.

*Games* are hostile games by family. Every number that the package encloses, decides or prints
is compared with a reference of a few hundred lines that shares no code with it. The reference
uses exact rationals and, for more than three stages, mpmath at two precisions. *contained*: the
claim holds; *undecided*: nothing was claimed; *loose*: the claim holds, but is wider than the
game explains; *wrong*: the claim is false, or an exception was raised. Precisions of 53 to 300
bits ("at few bits") may be too low for a game and are tried on purpose. For everything else
there is a limit to the share of each family, and of each question, that may stay undecided or
loose. If it is exceeded the run fails.

*Files* are mutated by bytes and by structure, also inside archives, and read by a command. They
have to be *refused* with exit status 2 and one sentence, or *answered*. *wrong* is any other
status, a traceback, a warning, more than 20 seconds or more than 1 GiB. *Solvers* have to end
in a report about the solver, and none of their processes may be left.
"""


def page(found: Found) -> str:
    """The Markdown."""
    parts = [_PAGE]
    for title, headings, rows in tables(found):
        numbers = "| ---: " * (len(headings) - 1)
        lines = [f"| {' | '.join(line)} |" for line in (headings, *rows)]
        parts += [f"## {title}\n", lines[0], f"| --- {numbers}|", *lines[1:], ""]
    return "\n".join(parts)


def show(found: Found, on: Console) -> None:
    for title, headings, rows in tables(found):
        if not rows:
            continue
        table = Table(title=title, title_justify="left")
        for k, heading in enumerate(headings):
            table.add_column(heading, justify="right" if k else "left")
        for row in rows:
            table.add_row(*row)
        on.print(table)


def faults(found: Found) -> list[str]:
    """What is wrong, in words, and what leaves too much open."""
    said, everything = [], Tally()
    for (part, name), tally in found.items():
        said += tally.faults[:_SHOWN]
        if (more := len(tally.faults) - _SHOWN) > 0:
            said.append(f"{name}: {more} more")
        if part == "games":
            everything.add(tally)
            if problem := too_open(tally, FAMILIES[name].open_share):
                said.append(f"{name}: {problem}")
    for question in sorted({question for question, _ in everything.counts}):
        one = Tally(Counter({k: n for k, n in everything.counts.items() if k[0] == question}))
        if problem := too_open(one, MOST_OPEN):
            said.append(f"{question}: {problem}")
    return said


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/attack", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="games of each family")
    parser.add_argument("--files", type=int, default=FILES, help="files of each kind")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--only", metavar="NAME", help="replay one case")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "attack.md")
    given: Any = parser.parse_args()
    on = Console(highlight=False, markup=False, emoji=False)
    if given.only:
        part = next((part for part, names in PARTS.items() if given.only in names), None)
        if part is None:
            parser.error(f"{given.only!r} is not a family, a kind of files or a solver")
        with tempfile.TemporaryDirectory() as folder:
            os.environ[FOLDER] = folder
            found = {(part, given.only): worked(part, given.only, (given.seed,))}
    else:
        found = ran(given.seeds, given.files, given.jobs, on)
        given.output.parent.mkdir(exist_ok=True)
        given.output.write_text(page(found), encoding="utf-8")
    show(found, on)
    wrong = (
        [fault for one in found.values() for fault in one.faults] if given.only else faults(found)
    )
    for fault in wrong:
        on.print(f"• {fault}", soft_wrap=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
