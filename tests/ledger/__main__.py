"""``make faults``: faults planted in the ledger and caught; writes docs/faults.md."""

from __future__ import annotations

from pathlib import Path

import paper_text
import planted_formulas
import planted_reasoning
import rules_tried

from ergs_verify.ledger.rules import RULES
from ergs_verify.ledger.sentences import BY_ENGINES_ALONE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"


def table(headings: list[str], rows: dict[str, tuple[int, ...]]) -> list[str]:
    """A Markdown table, with the totals."""
    totals = tuple(map(sum, zip(*rows.values(), strict=True)))
    lines = [f"| {' | '.join(headings)} |", f"| --- |{' ---: |' * len(totals)}"]
    for name, numbers in {**rows, "**all**": totals}.items():
        lines.append(f"| {name} | {' | '.join(map(str, numbers))} |")
    return lines


def counted() -> list[str]:
    """Displays, inline formulas and sentences of the paper with records."""
    formulas = paper_text.counted_formulas(paper_text.sources()[-1])
    sentences = paper_text.counted_sentences()
    return [
        "| of the paper | all | that claim something | on record |",
        "| --- | ---: | ---: | ---: |",
        f"| displays | {formulas['displays']} | {formulas['displays']} |"
        f" {formulas['displays on record']} |",
        f"| inline formulas | {formulas['inline formulas']} |"
        f" {formulas['that are more than notation']} | {formulas['on record']} |",
        f"| sentences of prose | {sentences['sentences']} | {sentences['that claim something']} |"
        f" {sentences['on record']} |",
    ]


def proofs() -> list[str]:
    return table(["planted in a proof", "planted", "caught"], planted_reasoning.table())


def page() -> str:
    formulas = planted_formulas.table()
    rules = rules_tried.table()
    tried = len(RULES) - len(rules_tried.untried())
    lines = [
        "# Faults planted in the ledger\n",
        "This page shows how much of the paper is on record, and what becomes of faults that are"
        " planted in the ledger. `make faults` writes it.\n",
        "`.venv/bin/python tests/ledger/paper_text.py` counts what has a record. Inline formulas"
        " count as often as they are printed.\n",
        *counted(),
        "\nFaults of one character are planted in every identity that a display or a proof rests "
        "on. *Changes nothing*: a symmetric letter was transposed, or factors were exchanged in a "
        "trace. `.venv/bin/python tests/ledger/planted_formulas.py` prints the table.\n",
        *table(["planted in a formula", "planted", "caught", "changes nothing"], formulas),
        "\nFaults are planted in the reasoning of each of the "
        f"{len(planted_reasoning.theorems())} theorems. A fault is caught if the theorem is no "
        "longer proved. `.venv/bin/python tests/ledger/planted_reasoning.py` prints the table. "
        "People have written the sentence that an engine's decision stands for. The sentence of "
        f"a fact is also tried on the exhibits, or it is one of {len(BY_ENGINES_ALONE)} that are "
        "listed.\n",
        *proofs(),
        f"\nFaults are planted in the rules of inference. {tried} of {len(RULES)} rules are "
        "tried, on numbers and on games for which their premises hold. Two kinds are not caught: "
        "a premise that always holds there, and a conclusion with room to spare. "
        "`.venv/bin/python tests/ledger/rules_tried.py` prints the table.\n",
        *table(["planted in a rule", "planted", "caught"], rules),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))
