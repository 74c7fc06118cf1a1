"""The ledger as text and Markdown, from a small one that has every verdict."""

from __future__ import annotations

import pytest

from ergs_verify.report.ledger import (
    claim_whole,
    ledger_markdown,
    ledger_summary,
    ledger_table,
    wrong_claims,
)
from ergs_verify.report.terminal import console, rendered

VERDICTS = (
    "proved",
    "definition",
    "assumed",
    "supported",
    "refuted",
    "ill-typed",
    "undecided",
)


def entry(name: str, verdict: str, corrected: str | None = None, section: str = "II") -> dict:
    wrong = verdict in ("refuted", "ill-typed")
    example = {"values": {"tau": "2", "M": [["1", "0"], ["0", "1/3"]]}, "left": "1", "right": "2"}
    finding = {
        "what": f"what is wrong with {name} | a*b",
        "kind": "sign",
        "verdict": verdict,
        "counterexample": example,
    }
    return {
        "id": name,
        "title": f"Title of {name}",
        "where": f"Section {section}, after (2)",
        "quote": "words",
        "hypotheses": ["τ > 0"],
        "printed": {"latex": r"\tau M", "expression": "tau*M; M**2 = M"},
        "printed_verdict": verdict,
        "corrected": {"latex": "M", "expression": "M.T"} if corrected else None,
        "corrected_verdict": corrected,
        "findings": [finding] if wrong else [],
        "evidence": [{"form": "printed", "method": "normal form", "detail": "zero", "seconds": 1}],
    }


def ledger(*claims: dict) -> dict:
    summary: dict[str, int] = {}
    for claim in claims:
        summary[claim["printed_verdict"]] = summary.get(claim["printed_verdict"], 0) + 1
    return {"format": "ergs-ledger/1", "claims": list(claims), "summary": summary}


WHOLE = ledger(
    *(
        entry(f"eq-{k}", verdict, "proved" if verdict in ("refuted", "ill-typed") else None)
        for k, verdict in enumerate(VERDICTS)
    ),
    entry("eq-20", "refuted", "undecided", section="III"),
)


def text(renderable, width: int = 80) -> str:
    return rendered(renderable, on=console(width=width))


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_table_has_every_claim_with_its_verdict_and_findings(width):
    lines = text(ledger_table(WHOLE), width).splitlines()
    assert max(map(len, lines)) <= width
    for claim in WHOLE["claims"]:
        (row,) = (line for line in lines if line.startswith(f"{claim['id']} "))
        assert claim["printed_verdict"] in row
        assert claim["corrected_verdict"] is None or f"→ {claim['corrected_verdict']}" in row
    assert sum("sign: what is wrong with" in line for line in lines) == 3


def test_the_sections_stand_in_their_order():
    shown = text(ledger_table(WHOLE))
    assert shown.index("Section II ") < shown.index("eq-6") < shown.index("Section III ")


def test_a_wrong_claim_that_is_not_proved_as_corrected_is_counted_out():
    shown = text(ledger_summary(WHOLE))
    assert "2 refuted as printed, 1 of them proved as corrected" in shown
    assert "1 ill-typed as printed, proved as corrected" in shown
    assert "8 claims judged" in shown


def test_the_wrong_claims_are_those_and_the_undecided():
    shown = text(wrong_claims(WHOLE))
    assert [c["id"] for c in WHOLE["claims"] if f"{c['id']} " in shown] == [
        "eq-4",
        "eq-5",
        "eq-6",
        "eq-20",
    ]


def test_one_claim_whole_has_everything():
    shown = text(claim_whole(WHOLE["claims"][4]))
    for part in (
        "eq-4  Title of eq-4",
        "Section II, after (2)",
        "“words”",
        r"  \tau M",
        "  τ M\n  M² = M",
        "As printed: refuted",
        "  Mᵀ",
        "As corrected: proved",
        "sign: what is wrong with eq-4",
        "M          = [1 0; 0 1/3]",
        "left side  = 1",
        "τ > 0",
        "normal form",
    ):
        assert part in shown


def test_markdown_has_the_counts_and_the_wrong_claims_escaped():
    shown = ledger_markdown(WHOLE)
    assert "| 2 | refuted as printed, 1 of them proved as corrected |" in shown
    assert shown.count(r"*sign*: what is wrong with eq-4 \| a\*b") == 1
    rows = [line for line in shown.splitlines() if line.startswith("| `")]
    assert len(rows) == 4
    assert all(row.replace(r"\|", "").count("|") == 5 for row in rows)


def test_an_empty_ledger_is_no_trouble():
    assert text(wrong_claims(ledger())) == ""
    assert "0 claims judged" in text(ledger_summary(ledger()))
