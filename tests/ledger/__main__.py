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
        "How much of the paper is on record, and what becomes of faults that are planted in the"
        " ledger. `make faults` counts, and writes this page.\n",
        "`.venv/bin/python tests/ledger/paper_text.py` counts what has a record. Inline formulas"
        " count as often as they are printed.\n",
        *counted(),
        "\nOne-character faults in formulas: in every identity that a display or a proof rests on."
        " *Changes nothing*: a symmetric letter transposed, or factors turned round inside a trace."
        " `.venv/bin/python tests/ledger/planted_formulas.py` prints the table.\n",
        *table(["planted in a formula", "planted", "caught", "changes nothing"], formulas),
        f"\nFaults in the reasoning, planted in each of the {len(planted_reasoning.theorems())}"
        " theorems: what is caught is no longer proved."
        " `.venv/bin/python tests/ledger/planted_reasoning.py` prints the table. What an engine"
        " decided is read into a sentence by people: a fact can say a sentence that is tried on the"
        f" exhibits as well, or one of {len(BY_ENGINES_ALONE)} that are listed.\n",
        *proofs(),
        f"\nFaults in the rules of inference. {tried} of {len(RULES)} rules are tried, on numbers"
        " and on games at which their premises hold. What is not caught is a premise that says what"
        " always holds there, or a conclusion with room to spare."
        " `.venv/bin/python tests/ledger/rules_tried.py` prints the table.\n",
        *table(["planted in a rule", "planted", "caught"], rules),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))
