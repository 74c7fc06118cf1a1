"""The ledger (``ergs-ledger/1``) as a page of text, one claim whole, or Markdown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ergs_verify.exact import counted
from ergs_verify.ledger.claim import escaped, form_markdown
from ergs_verify.report.mathtext import (
    MARKS,
    displayed,
    from_latex,
    in_a_terminal,
    readable,
)

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
    gaps = [f["verdict"] for f in findings if f["kind"] == "proof gap"]
    sources = Counter(f["source"] for f in findings if f["kind"] != "proof gap")
    unstated = sum(f["kind"] == "missing hypothesis" for f in findings)
    beyond = len(ledger["claims"]) - len(paper)
    missing = f", {unstated} of them because a hypothesis is not stated" if unstated else ""
    text = (
        f"{counted(len(paper), 'claim')} of the paper and {counted(beyond, 'result')} beyond it. "
        f"In the paper: {counted(sources['author'], 'error')} of substance{missing}; "
        f"{counted(sources['wording'], 'slip')} of wording; {counted(sources['scan'], 'place')} "
        "where the scanner probably lost or misread a sign."
    )
    if gaps:
        text += f" {counted(len(gaps), 'step')} of its proofs {_do(len(gaps))} not follow as"
        text += f" printed; {_closed(gaps)}."
    return text


def _do(count: int) -> str:
    return "does" if count == 1 else "do"


def _closed(gaps: Sequence[str]) -> str:
    closed = gaps.count("closed")
    if closed == len(gaps):
        return "it is proved here" if closed == 1 else "all of them are proved here"
    return f"{closed} of them {'is' if closed == 1 else 'are'} proved here"


def counts(ledger: Mapping[str, Any]) -> Iterator[tuple[str, int, list[tuple[int, str, str]]]]:
    """Whose claims, how many, and how many have each verdict: number, verdict, meaning."""
    for title, ours, summary in (
        ("claims of the paper", True, ledger["summary"]),
        ("results beyond it", False, ledger["beyond_the_paper"]),
    ):
        entries = [entry for entry in ledger["claims"] if entry["of_the_paper"] is ours]
        rows = [
            (count, verdict, _meaning(verdict, ours) + _corrected_words(entries, verdict, count))
            for verdict in STYLES
            if (count := summary.get(verdict, 0))
        ]
        if rows:
            yield title, len(entries), rows


def _meaning(verdict: str, of_the_paper: bool) -> str:
    """What a verdict says; nothing beyond the paper is printed in it."""
    meaning = _MEANINGS[verdict]
    return meaning if of_the_paper else meaning.removesuffix(" as printed")


def shown_by(exhibit: Mapping[str, Any]) -> str:
    """A game and what it shows."""
    return f"{exhibit['name']} ({'; '.join(exhibit['shows'])})"


def ledger_summary(ledger: Mapping[str, Any]) -> RenderableType:
    """How many claims have each verdict, and how many of the wrong ones hold as corrected."""
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for title, total, rows in counts(ledger):
        table.add_row(Text(str(total), "bold"), Text(title, "bold"))
        for count, verdict, meaning in rows:
            table.add_row(Text(str(count), STYLES[verdict]), Text(meaning))
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
        Text.assemble((entry["id"], "bold"), "  ", (in_a_terminal(entry["title"]), "bold")),
        Text(in_a_terminal(entry["where"]), "dim"),
    ]
    printed = entry["printed"]
    if entry["quote"]:
        parts.append(_block("The paper's words", Text(f"“{in_a_terminal(entry['quote'])}”")))
    if printed["latex"]:
        title = "Printed" if entry["of_the_paper"] else "Formula"
        parts.append(_block(title, _display(printed["latex"])))
    if not (printed["latex"] and entry["of_the_paper"]):
        parts.append(_block("Statement", _expression(printed)))
    said = "As printed" if entry["of_the_paper"] else "Verdict"
    parts.append(_verdict_line(said, entry["printed_verdict"]))
    if entry["corrected"]:
        parts.append(_block(*_corrected(entry)))
        parts.append(_verdict_line("As corrected", entry["corrected_verdict"]))
    parts += [_finding(finding, k) for k, finding in enumerate(entry["findings"], 1)]
    if entry["hypotheses"]:
        parts.append(_block("Under", Group(*map(_hypothesis, entry["hypotheses"]))))
    if any(line["by"] != "hypothesis" for line in entry["proof"]):
        parts.append(_block("Proof", _proof(entry["proof"])))
    if entry["rests_on"]:
        parts.append(_block("Rests on", Text(", ".join(entry["rests_on"]))))
    if entry["exhibits"]:
        names = in_a_terminal("\n".join(map(shown_by, entry["exhibits"])))
        parts.append(_block("Games, and what they show (--exhibit -o FILE)", Text(names)))
    parts.append(_block("Evidence", _evidence(entry)))
    return Group(*parts)


def summary_markdown(ledger: Mapping[str, Any]) -> str:
    """The headline and the numbers of claims by verdict."""
    lines = [headline(ledger), "", "| claims | |", "| ---: | --- |"]
    for title, total, rows in counts(ledger):
        lines.append(f"| **{total}** | **{title}** |")
        lines += [f"| {count} | {meaning} |" for count, _, meaning in rows]
    return "\n".join(lines) + "\n"


def ledger_markdown(ledger: Mapping[str, Any]) -> str:
    """The summary, and every claim in the paper's order: its formula, findings, corrected form."""
    parts = [
        "# The paper, claim by claim\n",
        "`ergs-verify paper --markdown` prints this page. Corrections are in red.\n",
        summary_markdown(ledger),
    ]
    for section, entries in groupby(ledger["claims"], section_of):
        parts += [f"## {section}\n", *map(_markdown, entries)]
    return "\n".join(parts)


def _markdown(entry: Entry) -> str:
    """A claim with its formula or words, what was found about it, and its corrected form."""
    ours = not entry["of_the_paper"]
    verdict = f"**{entry['printed_verdict']}**{'' if ours else ' as printed'}"
    if entry["corrected_verdict"]:
        verdict += f", **{entry['corrected_verdict']}** as corrected"
    lines = [f"### `{entry['id']}` {escaped(entry['title'])}\n", f"{entry['where']}: {verdict}.\n"]
    if entry["printed"]["latex"]:
        lines.append(f"$$\n{entry['printed']['latex']}\n$$\n")
    elif entry["quote"]:
        lines.append(f"> {escaped(entry['quote'])}\n")
    if ours:
        under, words = provided(entry), _in_words(entry["printed"])
        said = f"Statement{f', {under}' if under else ''}: {words}" if words else ""
        if under and not words:
            said = f"It holds {under}"
        lines += [f"{escaped(said)}.\n"] if said else []
    for finding in entry["findings"]:
        lines.append(
            f"- *{finding_kind(finding)}*: {escaped(finding['what'])}{escaped(closing(finding))}"
        )
    lines += [""] if entry["findings"] else []
    if entry["corrected"]:
        form = entry["corrected"]
        under = provided(entry) if form["display"] else ""
        title = f"Corrected, {escaped(under)}" if under else "Corrected"
        lines.append(f"{title}: {form_markdown(form)}\n")
    return "\n".join(lines)


def _in_words(form: Mapping[str, str]) -> str:
    """The statement where no formula shows it; empty where one does."""
    return "" if form["latex"] else form["expression"]


SOURCES = {
    "author": "probably the author's",
    "scan": "probably the scanner's",
    "wording": "a slip of wording",
}


def finding_kind(finding: Mapping[str, Any]) -> str:
    """Of what kind a finding is, and whose it probably is."""
    kind, source = finding["kind"], finding["source"]
    if kind in ("proof gap", "wording"):
        return kind
    return f"{kind}, {SOURCES[source]}"


#: Said of a hypothesis that no exhibit shows to be needed.
NO_NEED_KNOWN = "no exhibit is known that shows its need"
#: Of the letters in a counterexample.
UNNAMED = "letters that are not named are 0"
#: Evidence that the lines of a proof show already.
IN_PROOFS = ("fact", "rule", "claim", "cited")


def closing(finding: Mapping[str, Any]) -> str:
    """What closes a proof gap, after a semicolon; nothing for other findings."""
    if finding["kind"] != "proof gap":
        return ""
    closed = finding["verdict"] == "closed"
    return f"; closed by {', '.join(finding['closed_by'])}" if closed else "; open"


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
        Text(in_a_terminal(entry["title"])),
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
        text = Text.assemble((f"{finding['kind']}: ", "red"), in_a_terminal(finding["what"]))
        yield Padding(text, (0, 0, 0, 4))


def _corrected_words(entries: Iterable[Entry], verdict: str, count: int) -> str:
    if verdict not in _WRONG:
        return ""
    wrong = [e for e in entries if e["printed_verdict"] == verdict]
    held = sum(entry["corrected_verdict"] in _RIGHT for entry in wrong)
    if held < count:
        return f", {held} of them right as corrected"
    return ", right as corrected" if count == 1 else ", each right as corrected"


def _block(title: str, body: RenderableType) -> RenderableType:
    return Group(Text(), Text(title, "bold"), Padding(body, (0, 0, 0, 2)))


def _hypothesis(hypothesis: Mapping[str, Any]) -> RenderableType:
    stated, needed = hypothesis["stated"], hypothesis["needed"]
    place = "the paper does not suppose it" if not stated else f"supposed {supposed(stated)}"
    need = f"needed: {in_a_terminal(in_a_line(needed))}" if needed else NO_NEED_KNOWN
    return Group(
        Text.assemble(in_a_terminal(hypothesis["text"]), (f" ({place})", "dim")),
        Padding(Text(need, "dim"), (0, 0, 0, 2)),
    )


def supposed(stated: str) -> str:
    """Where the paper supposes something, after “supposed”."""
    return "here" if stated == "here" else f"in {stated}"


def in_a_line(example: Mapping[str, Any]) -> str:
    """A counterexample in a line."""
    values = [f"{readable(k)} = {value_text(v)}" for k, v in example["values"].items()]
    sides = f"left {value_text(example['left'])}, right {value_text(example['right'])}"
    return f"at {', '.join(values)}: {sides}" if values else sides


def _proof(lines: Iterable[Mapping[str, Any]]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(ratio=3)
    table.add_column(ratio=2)
    for line in lines:
        if line["by"] != "hypothesis":
            table.add_row(Text(in_a_terminal(line["says"])), Text(why(line), "dim"))
    return table


def why(line: Mapping[str, Any]) -> str:
    """What gives a line of a proof."""
    words = {"fact": "decided", "cited": "assumed, from ", "claim": "claim ", "rule": "rule: "}
    return words[line["by"]] + (line["name"] if line["by"] != "fact" else "")


def _expression(form: Mapping[str, str]) -> Text:
    # Several equations of one display stand on a line each.
    parts = form["expression"].split("; ")
    return Text("\n".join(in_a_terminal(readable(part)) for part in parts))


def _corrected(entry: Entry) -> tuple[str, Text]:
    """A title, and the corrected form: the paper's display with the changes in red, or words."""
    form = entry["corrected"]
    if not form["display"]:
        return "Corrected", _expression(form)
    under = provided(entry)
    return f"Corrected{f', {in_a_terminal(under)}' if under else ''}", _display(form["display"])


def provided(entry: Entry) -> str:
    """What the corrected form supposes besides what the paper supposes throughout."""
    texts = [h["text"] for h in entry["hypotheses"] if h["stated"] in ("", "here")]
    return f"provided that {', and '.join(texts)}" if texts else ""


def _display(latex: str) -> Text:
    """A display, with what is corrected in red."""
    text = Text()
    for k, part in enumerate(re.split(f"[{''.join(MARKS)}]", displayed(latex))):
        text.append(part, "bold red" if k % 2 else "")
    return text


def _verdict_line(title: str, verdict: str) -> RenderableType:
    return Group(Text(), Text.assemble((f"{title}: ", "bold"), (verdict, STYLES[verdict])))


def _finding(finding: Mapping[str, Any], number: int) -> RenderableType:
    body: list[RenderableType] = [
        Text.assemble((f"{finding_kind(finding)}: ", "red"), in_a_terminal(finding["what"])),
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
        table.add_row(in_a_terminal(readable(letter)), "=", Text(in_a_terminal(value_text(value))))
    for side in ("left", "right"):
        if side in example:
            value = Text(in_a_terminal(value_text(example[side])))
            table.add_row(Text(f"{side} side", "bold"), "=", value)
    return Group(Text(f"Counterexample, exact; {UNNAMED}:"), Padding(table, (0, 0, 0, 2)))


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
    for item in (e for e in entry["evidence"] if e["method"] not in IN_PROOFS):
        table.add_row(
            Text(item["form"] if entry["of_the_paper"] else "", "dim"),
            Text(item["method"], "dim"),
            Text(in_a_terminal(from_latex(readable(item["detail"])))),
        )
    seconds = entry["evidence"][0]["seconds"] if entry["evidence"] else 0
    return Group(table, Text(f"decided in {seconds:.2g} s", "dim"))
