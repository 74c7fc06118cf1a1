"""The ledger (``ergs-ledger/1``) as a page of text, one claim whole, or Markdown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ergs_verify.report.mathtext import from_latex, readable

__all__ = [
    "claim_whole",
    "headline",
    "ledger_markdown",
    "ledger_summary",
    "ledger_table",
    "section_of",
    "value_text",
    "wrong_claims",
]

Entry = Mapping[str, Any]

STYLES = {
    "proved": "green",
    "definition": "cyan",
    "assumed": "yellow",
    "supported": "yellow",
    "refuted": "red",
    "ill-typed": "red",
    "undecided": "bold magenta",
}
_MEANINGS = {
    "proved": "proved as printed",
    "definition": "well-typed definitions, which claim nothing",
    "assumed": "assumed, resting on a cited outside result",
    "supported": "supported by evidence, not proved",
    "refuted": "refuted as printed",
    "ill-typed": "ill-typed as printed",
    "undecided": "undecided",
}
_RIGHT = ("proved", "definition", "assumed", "supported")
_WRONG = ("refuted", "ill-typed")


def ledger_table(ledger: Mapping[str, Any]) -> RenderableType:
    """Every claim on a line, by section, with the findings under the claims they belong to."""
    claims = ledger["claims"]
    widths = _widths(claims)
    parts: list[RenderableType] = []
    for section, entries in groupby(claims, section_of):
        parts += [Text(), Rule(Text(section, "bold"), style="dim", align="left")]
        for entry in entries:
            parts.append(_line(entry, widths))
            parts += _finding_lines(entry)
    return Group(*parts, Text(), ledger_summary(ledger))


def headline(ledger: Mapping[str, Any]) -> str:
    """What was found of the paper's claims, in sentences."""
    paper = [entry for entry in ledger["claims"] if entry["of_the_paper"]]
    findings = [finding for entry in paper for finding in entry["findings"]]
    gaps = [f for f in findings if f["kind"] == "proof gap"]
    sources = Counter(f["source"] for f in findings if f["kind"] != "proof gap")
    closed = sum(gap["verdict"] == "closed" for gap in gaps)
    ours = len(ledger["claims"]) - len(paper)
    return (
        f"{_number(len(paper), 'claim')} of the paper and {_number(ours, 'result')} beyond it."
        f" In the paper: {_number(sources['author'], 'error')} of substance,"
        f" {_number(sources['wording'], 'slip')} of wording,"
        f" {_number(sources['scan'], 'sign')} probably lost or misread by the scanner, and"
        f" {_number(len(gaps), 'step')} that {'does' if len(gaps) == 1 else 'do'} not follow as"
        f" printed, {closed} of which {'is' if closed == 1 else 'are'} closed here."
    )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def ledger_summary(ledger: Mapping[str, Any]) -> RenderableType:
    """How many claims have each verdict, and how many of the wrong ones hold as corrected."""
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for title, counts in (
        ("claims of the paper", ledger["summary"]),
        ("results beyond it", ledger["beyond_the_paper"]),
    ):
        if counts:
            table.add_row(Text(str(sum(counts.values())), "bold"), Text(title, "bold"))
        for verdict, style in STYLES.items():
            if count := counts.get(verdict, 0):
                meaning = _MEANINGS[verdict] + _corrected_words(ledger, verdict, count)
                table.add_row(Text(str(count), style), Text(meaning))
    return Group(Text(headline(ledger)), Text(), table)


def wrong_claims(ledger: Mapping[str, Any]) -> RenderableType:
    """The claims that are wrong as printed or undecided, each with its findings."""
    entries = [e for e in ledger["claims"] if e["printed_verdict"] not in _RIGHT]
    widths = _widths(entries)
    parts: list[RenderableType] = []
    for entry in entries:
        parts += [_line(entry, widths), *_finding_lines(entry)]
    return Group(*parts)


def claim_whole(entry: Entry) -> RenderableType:
    """One claim with everything known of it."""
    parts: list[RenderableType] = [
        Text.assemble((entry["id"], "bold"), "  ", (entry["title"], "bold")),
        Text(entry["where"], "dim"),
    ]
    printed = entry["printed"]
    if entry["quote"]:
        parts.append(_block("The paper's words", Text(f"“{entry['quote']}”")))
    if printed["latex"]:
        parts.append(_block("The paper's LaTeX", Text(printed["latex"])))
    parts.append(_block("Encoded as printed", _expression(printed)))
    parts.append(_verdict_line("As printed", entry["printed_verdict"]))
    if entry["corrected"]:
        parts.append(_block("Corrected", _expression(entry["corrected"])))
        parts.append(_verdict_line("As corrected", entry["corrected_verdict"]))
    parts += [_finding(finding, k) for k, finding in enumerate(entry["findings"], 1)]
    if entry["hypotheses"]:
        parts.append(_block("Under", Text("\n".join(map(_hypothesis, entry["hypotheses"])))))
    if entry["proof"]:
        parts.append(_block("Proof", _proof(entry["proof"])))
    if entry["exhibits"]:
        names = "; ".join(exhibit["name"] for exhibit in entry["exhibits"])
        parts.append(_block("Games that show it (--exhibit -o FILE)", Text(names)))
    parts.append(_block("Evidence", _evidence(entry)))
    return Group(*parts)


def ledger_markdown(ledger: Mapping[str, Any]) -> str:
    """The summary and the claims that are wrong as printed, as Markdown tables."""
    lines = ["| claims | verdict |", "| ---: | --- |"]
    for verdict in STYLES:
        if count := ledger["summary"].get(verdict, 0):
            extra = _corrected_words(ledger, verdict, count)
            lines.append(f"| {count} | {_MEANINGS[verdict]}{extra} |")
    lines += ["", "| claim | as printed | what is wrong | corrected |", "| --- | --- | --- | --- |"]
    for entry in ledger["claims"]:
        if entry["printed_verdict"] not in _RIGHT:
            findings = (f"*{f['kind']}*: {_plain(f['what'])}" for f in entry["findings"])
            cells = (
                f"`{entry['id']}` {_plain(entry['title'])}",
                entry["printed_verdict"],
                "; ".join(findings),
                entry["corrected_verdict"] or "",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, in a cell of a table too."""
    return re.sub(r"([\\`*_|<])", r"\\\1", text)


def section_of(entry: Entry) -> str:
    """Section I to V, the abstract, or beyond the paper."""
    found = re.search(r"Section [IVX]+|Abstract", entry["where"])
    return found[0] if found else "Beyond the paper"


def _widths(entries: Iterable[Entry]) -> tuple[int, int]:
    """Of the ids and the verdicts, so that the lines form a table."""
    pairs = [(len(entry["id"]), len(_verdict(entry))) for entry in entries]
    return max(pairs, default=(0, 0))[0], max((verdict for _, verdict in pairs), default=0)


def _line(entry: Entry, widths: tuple[int, int]) -> RenderableType:
    row = Table.grid(padding=(0, 1), expand=True)
    row.add_column(width=widths[0], no_wrap=True)
    row.add_column(ratio=1)
    row.add_column(width=widths[1], no_wrap=True)
    row.add_row(
        Text(entry["id"], "bold" if entry["findings"] else ""),
        Text(entry["title"]),
        _verdict(entry),
    )
    return row


def _verdict(entry: Entry) -> Text:
    printed, corrected = entry["printed_verdict"], entry["corrected_verdict"]
    text = Text(printed, STYLES[printed])
    if corrected:
        text.append(" → ").append(corrected, STYLES[corrected])
    return text


def _finding_lines(entry: Entry) -> Iterator[RenderableType]:
    for finding in entry["findings"]:
        text = Text.assemble((f"{finding['kind']}: ", "red"), finding["what"])
        yield Padding(text, (0, 0, 0, 4))


def _corrected_words(ledger: Mapping[str, Any], verdict: str, count: int) -> str:
    if verdict not in _WRONG:
        return ""
    wrong = [e for e in ledger["claims"] if e["printed_verdict"] == verdict]
    held = sum(entry["corrected_verdict"] in _RIGHT for entry in wrong)
    if held < count:
        return f", {held} of them proved as corrected"
    return ", proved as corrected" if count == 1 else ", each proved as corrected"


def _block(title: str, body: RenderableType) -> RenderableType:
    return Group(Text(), Text(title, "bold"), Padding(body, (0, 0, 0, 2)))


def _hypothesis(hypothesis: Mapping[str, Any]) -> str:
    stated = hypothesis["stated"]
    if not stated:
        return f"{hypothesis['text']} (the paper does not suppose it)"
    return hypothesis["text"] + ("" if stated == "here" else f" ({stated})")


def _proof(lines: Iterable[Mapping[str, Any]]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(ratio=1)
    table.add_column()
    for line in lines:
        if line["by"] != "hypothesis":
            why = "decided" if line["by"] == "fact" else line["name"]
            table.add_row(Text(line["says"]), Text(why, "dim"))
    return table


def _expression(form: Mapping[str, str]) -> Text:
    # Several equations of one display stand on a line each.
    return Text("\n".join(readable(part) for part in form["expression"].split("; ")))


def _verdict_line(title: str, verdict: str) -> RenderableType:
    return Group(Text(), Text.assemble((f"{title}: ", "bold"), (verdict, STYLES[verdict])))


def _finding(finding: Mapping[str, Any], number: int) -> RenderableType:
    body: list[RenderableType] = [
        Text.assemble((f"{finding['kind']} ({finding['source']}): ", "red"), finding["what"]),
        Text(_standing(finding), "dim"),
    ]
    if example := finding["counterexample"]:
        body.append(_counterexample(example))
    return _block(f"Finding {number}", Group(*body))


def _standing(finding: Mapping[str, Any]) -> str:
    if finding["kind"] != "proof gap":
        return f"alone in the otherwise corrected form: {finding['verdict']}"
    closed_by = ", ".join(finding["closed_by"])
    return f"closed by {closed_by}" if finding["verdict"] == "closed" else "open"


def _counterexample(example: Mapping[str, Any]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for _ in range(3):
        table.add_column()
    for letter, value in example.get("values", {}).items():
        table.add_row(readable(letter), "=", Text(value_text(value)))
    for side in ("left", "right"):
        if side in example:
            table.add_row(Text(f"{side} side", "bold"), "=", Text(value_text(example[side])))
    return Group(Text("Counterexample, exact:"), Padding(table, (0, 0, 0, 2)))


def value_text(value: Any) -> str:
    """An exact matrix as ``[a b; c d]``, or a number, on one line."""
    if isinstance(value, list):
        rows = [row if isinstance(row, list) else [row] for row in value]
        return "[" + "; ".join(" ".join(map(str, row)) for row in rows) + "]"
    return readable(str(value))


def _evidence(entry: Entry) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column()
    for item in entry["evidence"]:
        table.add_row(
            Text(item.get("form", ""), "dim"),
            Text(item["method"], "dim"),
            from_latex(item["detail"]),
        )
    seconds = entry["evidence"][0]["seconds"] if entry["evidence"] else 0
    return Group(table, Text(f"decided in {seconds:.2g} s", "dim"))
