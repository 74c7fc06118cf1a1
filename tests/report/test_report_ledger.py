"""The ledger as text and Markdown, from a small one that has every verdict."""

from __future__ import annotations

import pytest

from ergs_verify.ledger.verify import ledger_document
from ergs_verify.report.ledger import (
    claim_whole,
    headline,
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
        "source": "author",
        "verdict": verdict,
        "counterexample": example,
    }
    return {
        "id": name,
        "title": f"Title of {name}",
        "where": f"Section {section}, after (2)",
        "of_the_paper": not name.startswith("sharp"),
        "quote": "words",
        "hypotheses": [
            {"id": "tau", "text": "τ > 0", "stated": "Section II", "needed": None},
            {"id": "regular", "text": "det Φ ≠ 0", "stated": "", "needed": example},
        ],
        "printed": {"latex": r"\tau M", "expression": "tau*M; M**2 = M"},
        "printed_verdict": verdict,
        "corrected": {"latex": "M", "expression": "M.T", "display": ""} if corrected else None,
        "corrected_verdict": corrected,
        "findings": [finding] if wrong else [],
        "exhibits": [{"name": "g-star-2", "hash": "0", "shows": ["finding 1, sign"]}],
        "examined": [],
        "proof": [
            {"says": "τ > 0", "by": "hypothesis", "name": "tau", "premises": []},
            {"says": "τ ≠ 0", "by": "rule", "name": "order", "premises": ["τ > 0"]},
        ],
        "rests_on": ["sharp-gibbs"],
        "evidence": [{"form": "printed", "method": "normal form", "detail": "zero", "seconds": 1}],
    }


def ledger(*claims: dict) -> dict:
    return ledger_document(claims)


WHOLE = ledger(
    *(
        entry(f"eq-{k}", verdict, "proved" if verdict in ("refuted", "ill-typed") else None)
        for k, verdict in enumerate(VERDICTS)
    ),
    entry("eq-20", "refuted", "undecided", section="III"),
    entry("sharp-loop", "proved", section="V"),
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
    assert "2 refuted as printed, 1 of them right as corrected" in shown
    assert "1 ill-typed as printed, right as corrected" in shown
    assert "8 claims of the paper and 1 result beyond it." in shown


def test_errors_of_substance_stand_apart_from_lost_signs_and_words():
    def finding(kind, source, verdict="refuted"):
        return {"kind": kind, "source": source, "verdict": verdict}

    found = [
        finding("factor", "author"),
        finding("missing hypothesis", "author"),
        finding("accent", "scan"),
        finding("wording", "wording"),
        finding("proof gap", "author", "closed"),
        finding("proof gap", "author", "open"),
    ]
    shown = headline(ledger({**entry("eq-1", "proved"), "findings": found}))
    assert "2 errors of substance, 1 of them because a hypothesis is not stated;" in shown
    assert "1 slip of wording; 1 place where the scanner probably" in shown
    assert "2 steps of its proofs do not follow as printed; 1 of them is proved here." in shown


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
        "Printed\n  τ M",
        "As printed: refuted",
        "  Mᵀ",
        "As corrected: proved",
        "sign, probably the author's: what is wrong with eq-4",
        "M          = [1 0; 0 1/3]",
        "left side  = 1",
        "τ > 0 (supposed in Section II)",
        "det Φ ≠ 0 (the paper does not suppose it)",
        "needed: at τ = 2, M = [1 0; 0 1/3]: left 1, right 2",
        "rule: order",
        "Rests on\n  sharp-gibbs",
        "g-star-2",
        "normal form",
    ):
        assert part in shown


def test_markdown_has_the_counts_and_the_wrong_claims_escaped():
    shown = ledger_markdown(WHOLE)
    assert "| 2 | refuted as printed, 1 of them right as corrected |" in shown
    assert shown.count(r"*sign, probably the author's*: what is wrong with eq-4 \| a\*b") == 1
    assert "Corrected: \n\n$$\nM\n$$" in shown


def test_an_empty_ledger_is_no_trouble():
    assert text(wrong_claims(ledger())) == ""
    assert "0 claims of the paper" in text(ledger_summary(ledger()))
