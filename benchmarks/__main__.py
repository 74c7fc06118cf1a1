"""Run every benchmark and write the tables and the picture: ``python -m benchmarks``.

A subject is a module with TITLE, NOTE and ``rows(budget, smoke)``; add it to SUBJECTS.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks import batch, certified, growth, single, stationary
from benchmarks.report import curve_table, draw, machine, table

SUBJECTS = (single, batch, stationary, certified)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--budget", type=float, default=8.0, help="seconds for each comparison")
    parser.add_argument("--smoke", action="store_true", help="one tiny size of each, no peers")
    options = parser.parse_args(arguments)
    budget = 0.0 if options.smoke else options.budget
    options.output.mkdir(parents=True, exist_ok=True)

    start = time.perf_counter()
    parts = [
        "# Benchmarks",
        "Written by `make bench`. Everybody in a table runs in turn, round by round. Times are "
        "medians of processor time, which leaves out what else the machine does; ratios are "
        "medians of the rounds' ratios to the first line of each size.",
        machine(),
    ]
    for subject in SUBJECTS:
        print(subject.TITLE, file=sys.stderr)
        if rows := list(subject.rows(budget, options.smoke)):
            parts += [f"## {subject.TITLE}", subject.NOTE, table(rows)]
    print("Growth", file=sys.stderr)
    curves = list(growth.curves(budget, options.smoke))
    draw(curves, options.output / "growth.png")
    picture = "![Time against each size](growth.png)"
    parts += ["## Growth", growth.NOTE, picture, curve_table(curves)]
    text = "\n\n".join(parts) + "\n"
    (options.output / "benchmarks.md").write_text(text, encoding="utf-8")
    print(text)
    print(f"{(time.perf_counter() - start) / 60:.1f} minutes", file=sys.stderr)


main()
