"""Audit every solver on every game and write the tables: ``python -m benchmarks.real_solvers``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.real_solvers.environment import version_of
from benchmarks.real_solvers.finite import READINGS
from benchmarks.real_solvers.games import STATIONARY
from benchmarks.real_solvers.regulators import REGULATORS
from benchmarks.real_solvers.solvers import STATIONARY as SOLVERS
from benchmarks.real_solvers.tables import LEGEND, finite_table, stationary_table


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_solvers", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "table.md")
    options = parser.parse_args(arguments)
    packages = dict.fromkeys(one.package for one in (*SOLVERS, *REGULATORS, *READINGS))
    missing = [package for package in packages if version_of(package) is None]
    if len(missing) >= len(packages) - 1:  # scipy comes with this package
        sys.exit("The solvers are not installed here: make solvers installs and audits them.")
    regulators = [game for game in STATIONARY if game.agents == 1]
    games = [game for game in STATIONARY if game.agents > 1]
    solvers = [one for one in (*SOLVERS, *REGULATORS) if one.package not in missing]
    parts = [
        LEGEND,
        stationary_table("stationary regulator", regulators, [s for s in solvers if 1 in s.agents]),
        stationary_table("stationary game", games, [s for s in solvers if 2 in s.agents]),
        finite_table([one for one in READINGS if one.package not in missing]),
    ]
    if missing:
        parts.append(f"Left out, as they could not be installed: {', '.join(missing)}.")
    text = "\n\n".join(parts) + "\n"
    options.output.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
