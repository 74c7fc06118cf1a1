"""Audit every solver on every game and write the tables: ``python -m benchmarks.real_solvers``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.peers import installed
from benchmarks.real_solvers.environment import ENVIRONMENT
from benchmarks.real_solvers.finite import READINGS
from benchmarks.real_solvers.games import STATIONARY
from benchmarks.real_solvers.regulators import REGULATORS
from benchmarks.real_solvers.solvers import STATIONARY as SOLVERS
from benchmarks.real_solvers.tables import LEGEND, finite_table, stationary_table

_PEERS = ("quantecon", "nashopt", "qpsolvers", "PyDiffGame")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_solvers", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "table.md")
    options = parser.parse_args(arguments)
    if not (installed(*_PEERS) and ENVIRONMENT.is_dir()):
        sys.exit("The solvers are not installed here: make solvers installs and audits them.")
    regulators = [game for game in STATIONARY if game.agents == 1]
    games = [game for game in STATIONARY if game.agents > 1]
    of_one = [*(s for s in SOLVERS if 1 in s.agents), *REGULATORS]
    parts = [
        LEGEND,
        stationary_table("stationary regulator", regulators, of_one),
        stationary_table("stationary game", games, [s for s in SOLVERS if 2 in s.agents]),
        finite_table(READINGS),
    ]
    text = "\n\n".join(parts) + "\n"
    options.output.write_text(text, encoding="utf-8")
    print(text)


main()
