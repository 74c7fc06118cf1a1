"""Identities from outside and mutants of them, decided by `prove`: a table by class.

Run with ``python -m benchmarks.identities``; it takes some two minutes.
"""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict
from pathlib import Path

from ergs_verify.proof import prove
from ergs_verify.recheck import recheck

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "proof"))

from outside import OUTSIDE
from test_outside import mutants

MUTANTS = 40
COLUMNS = ("identities", "proved", "confirmed", "undecided", "seconds")
MUTANT_COLUMNS = ("mutants", "refuted", "true after all", "undecided mutants")


def main() -> None:
    """Print the table."""
    rng = random.Random(5)
    rows: defaultdict[str, Counter] = defaultdict(Counter)
    for entry in OUTSIDE:
        row = rows[entry.kind]
        proof = prove(entry.left, entry.right, symmetric=entry.symmetric)
        row.update(["identities", proof.verdict])
        row["confirmed"] += bool(proof and recheck(proof.certificate))
        row["seconds"] += proof.seconds
        for left, right in {m for m in mutants(entry, rng, MUTANTS) if m[0] != entry.left}:
            proof = prove(left, right, symmetric=entry.symmetric)
            row["mutants"] += 1
            # A mutant is true where a node that is symmetric was transposed, say. Then another
            # program must confirm the proof.
            confirmed = bool(proof and (proof.certificate is None or recheck(proof.certificate)))
            row["true after all"] += confirmed
            row["refuted"] += bool(proof.counterexample and proof.counterexample.replay())
            row["undecided mutants"] += proof.verdict == "undecided"
    rows["all"] = sum(rows.values(), Counter())
    print(f"| class | {' | '.join((*COLUMNS, *MUTANT_COLUMNS))} |")
    print("|" + " --- |" * (1 + len(COLUMNS) + len(MUTANT_COLUMNS)))
    for kind, row in rows.items():
        shown = [round(row[c], 1) if c == "seconds" else row[c] for c in COLUMNS + MUTANT_COLUMNS]
        print(f"| {kind} | {' | '.join(map(str, shown))} |")


if __name__ == "__main__":
    main()
