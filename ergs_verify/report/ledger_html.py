"""The ledger as one page: printed | corrected | why, with exhibits, proofs and what rests on what.

Formulas are MathML, the graph is SVG, nothing is loaded and no script runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from ergs_verify import __version__
from ergs_verify.report.ledger import (
    IN_PROOFS,
    NO_NEED_KNOWN,
    UNNAMED,
    counts,
    finding_kind,
    headline,
    section_of,
    shown_by,
    supposed,
    value_text,
    why,
)
from ergs_verify.report.mathml import display
from ergs_verify.report.mathtext import from_latex, readable
from ergs_verify.report.page import folded
from ergs_verify.report.page import page as page_of
from ergs_verify.report.page import words as _words

Entry = Mapping[str, Any]

_STYLE = """
nav, .chip, .counts { font-family: system-ui, sans-serif; }
h2 { border-bottom: 2px solid var(--ink); margin: 2.5rem 0 0; }
h3 { font-size: 1rem; line-height: 1.7; margin: 0; }
h4 { font-size: .8rem; margin: .6rem 0 0; }
article { border-top: 1px solid var(--line); padding: 1rem 0; }
h2 + article { border-top: 0; }
nav { columns: 1; font-size: .85rem; } nav p { margin: .4rem 0; }
.where { color: var(--dim); font-size: .9rem; }
.id { color: var(--dim); margin-right: .4em; }
.chip { border: 1px solid; border-radius: .6em; font-size: .8rem; font-weight: 400;
  padding: 0 .5em; white-space: nowrap; }
.forms { display: grid; gap: .2rem 2rem; grid-template-columns: 1fr 1fr; }
.forms > div { min-width: 0; overflow-x: auto; overflow-y: hidden; }
.forms p, blockquote { margin: .4rem 0; }
.single { grid-template-columns: 1fr; }
.counts td:first-child, .counts th:first-child { text-align: right; }
li summary { font-weight: 400; }
.formula { line-height: 2.2; margin: .2rem 0; }
svg { height: auto; max-width: 60rem; min-width: 34rem; width: 100%; }
svg text { font: 11px system-ui, sans-serif; text-anchor: end; }
svg path { fill: none; stroke: #9db3cc; } svg path:hover { stroke: var(--bad); stroke-width: 2; }
svg a { fill: var(--link); } svg circle { fill: var(--ink); }
.graph { overflow-x: auto; }
@media (max-width: 50rem) { .forms { grid-template-columns: 1fr; } }
@media print {
  nav { display: none; } .forms { break-inside: avoid; }
}
"""


def ledger_page(ledger: Mapping[str, Any]) -> str:
    """The page of a ledger (``ergs-ledger/1``)."""
    claims = ledger["claims"]
    page = _Page(claims, ledger["rules"])
    sections = [(name, list(entries)) for name, entries in groupby(claims, section_of)]
    body = [
        "<h1>The paper, claim by claim</h1>",
        f"<p>{escape(headline(ledger))}</p>",
        _counts(ledger),
        f'<p class="dim">Made by <code>ergs-verify paper --html FILE</code>, {__version__}. <span '
        'class="refuted">Red</span> in a formula: a correction. In the contents: <span '
        'class="proved">right</span> as printed, <span class="open">right, but a step of its '
        'proof is missing</span>, <span class="refuted">wrong</span> as printed.</p>',
        f"<nav>{''.join(_contents(*section) for section in sections)}</nav>",
    ]
    for name, entries in sections:
        body.append(f'<h2 id="{_anchor(name)}">{escape(name)}</h2>')
        body += [page.article(entry) for entry in entries]
    body += [_rules(ledger["rules"]), _graph(claims)]
    return page_of("The paper, claim by claim", "\n".join(body), _STYLE)


def _counts(ledger: Mapping[str, Any]) -> str:
    rows = []
    for title, total, verdicts in counts(ledger):
        rows.append(f"<tr><th>{total}</th><th>{title}</th></tr>")
        rows += [
            f'<tr><td>{count}</td><td class="{verdict}">{meaning}</td></tr>'
            for count, verdict, meaning in verdicts
        ]
    return f'<table class="counts">{"".join(rows)}</table>'


def _contents(section: str, entries: Sequence[Entry]) -> str:
    """A section's claims as links, coloured by what is said of them as printed."""
    links = " · ".join(
        f'<a class="{_gapped(entry)}" href="#{_anchor(entry["id"])}">{escape(entry["id"])}</a>'
        for entry in entries
    )
    return f'<p><a href="#{_anchor(section)}"><b>{escape(section)}</b></a> {links}</p>'


def _gapped(entry: Entry) -> str:
    """The verdict as printed, or that a step of the proof is missing."""
    right = entry["printed_verdict"] in ("proved", "definition")
    return "open" if right and entry["findings"] else entry["printed_verdict"]


# -- a claim --------------------------------------------------------------------------------------


class _Page:
    """What an article links to."""

    def __init__(self, claims: Sequence[Entry], rules: Sequence[Mapping[str, Any]]):
        self.claims = {entry["id"] for entry in claims}
        self.rules = {rule["name"] for rule in rules}
        self.used: dict[str, list[str]] = {}
        for entry in claims:
            for other in entry["rests_on"]:
                if other != entry["id"]:
                    self.used.setdefault(other, []).append(entry["id"])

    def article(self, entry: Entry) -> str:
        """A claim with everything known of it."""
        parts = [
            f'<h3 id="{_anchor(entry["id"])}"><span class="id">{escape(entry["id"])}</span>'
            f" {_words(entry['title'])} {_chips(entry)}</h3>",
            f'<div class="where">{escape(entry["where"])}</div>',
            _forms(entry),
            self._findings(entry),
            _hypotheses(entry),
            self._proof(entry),
            _exhibits(entry),
            _evidence(entry),
            self._links("Used by", self.used.get(entry["id"], ())),
        ]
        return f"<article>{''.join(filter(None, parts))}</article>"

    def _findings(self, entry: Entry) -> str:
        items = "".join(map(self._finding, entry["findings"]))
        title = "Why" if entry["corrected"] else "What the paper's proof lacks"
        return f"<h4>{title}</h4><ul>{items}</ul>" if items else ""

    def _finding(self, finding: Mapping[str, Any]) -> str:
        kind, _, source = finding_kind(finding).partition(", ")
        source = f' <span class="dim">({source})</span>' if source else ""
        text = f"<b>{kind}</b>{source}: {_words(finding['what'])}."
        if finding["kind"] == "proof gap":
            closed_by = ", ".join(map(self._link, finding["closed_by"]))
            text += f" Closed by {closed_by}." if closed_by else " It is open."
        if example := finding["counterexample"]:
            text += folded(f"Counterexample; {UNNAMED}", _example(example))
        return f"<li>{text}</li>"

    def _proof(self, entry: Entry) -> str:
        lines = [line for line in entry["proof"] if line["by"] != "hypothesis"]
        items = [
            f'<li>{_words(line["says"])} <span class="dim">({self._why(line)})</span></li>'
            for line in lines
        ]
        return folded("Proof", f"<ol>{''.join(items)}</ol>", opened=True) if items else ""

    def _why(self, line: Mapping[str, Any]) -> str:
        name, words = line["name"], why(line)
        before = words.removesuffix(name) if name else words
        if line["by"] == "rule":
            return f'{before}<a href="#{_anchor("rule " + name)}">{escape(name)}</a>'
        return before + (self._link(name) if name else "")

    def _links(self, title: str, ids: Iterable[str]) -> str:
        links = ", ".join(map(self._link, ids))
        return f'<div class="dim">{title} {links}</div>' if links else ""

    def _link(self, claim_id: str) -> str:
        return _link(claim_id) if claim_id in self.claims else escape(claim_id)


def _chips(entry: Entry) -> str:
    chips = [_chip(entry["printed_verdict"], "as printed" if entry["of_the_paper"] else "")]
    if entry["corrected_verdict"]:
        chips.append(_chip(entry["corrected_verdict"], "as corrected"))
    return " ".join(chips)


def _chip(verdict: str, what: str) -> str:
    return f'<span class="chip {verdict}">{f"{verdict} {what}".strip()}</span>'


def _forms(entry: Entry) -> str:
    printed = _printed(entry)
    corrected = entry["corrected"]
    if not corrected:
        return f'<div class="forms single"><div>{printed}</div></div>'
    return (
        f'<div class="forms"><div><h4>Printed</h4>{printed}</div>'
        f"<div><h4>Corrected</h4>{_corrected(corrected)}</div></div>"
    )


def _printed(entry: Entry) -> str:
    parts = []
    if entry["printed"]["latex"]:
        parts.append(display(entry["printed"]["latex"]))
    if entry["quote"]:
        parts.append(f"<blockquote>“{_words(entry['quote'])}”</blockquote>")
    if not parts:
        parts.append(_form(entry["printed"]))
    return "".join(parts)


def _corrected(form: Mapping[str, str]) -> str:
    return display(form["display"]) if form.get("display") else _form(form)


def _form(form: Mapping[str, str]) -> str:
    """A formula, or words."""
    if form["latex"] and not form["latex"].startswith(r"\text{"):
        return display(form["latex"])
    return f"<p>{'<br />'.join(map(_words, form['expression'].split('; ')))}</p>"


def _example(example: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><td>{_words(readable(str(letter)))}</td><td>{_words(value_text(value))}</td></tr>"
        for letter, value in example["values"].items()
    ]
    rows += [
        f"<tr><th>{side} side</th><td>{_words(value_text(example[side]))}</td></tr>"
        for side in ("left", "right")
    ]
    return f"<table>{''.join(rows)}</table>"


def _hypotheses(entry: Entry) -> str:
    items = []
    for hypothesis in entry["hypotheses"]:
        stated, needed = hypothesis["stated"], hypothesis["needed"]
        place = f"supposed {supposed(stated)}" if stated else "not supposed by the paper"
        need = folded("It is needed", _example(needed)) if needed else ""
        place += "" if needed else f"; {NO_NEED_KNOWN}"
        items.append(
            f'<li>{_words(hypothesis["text"])} <span class="dim">({place})</span>{need}</li>'
        )
    return folded("Hypotheses", f"<ul>{''.join(items)}</ul>") if items else ""


def _exhibits(entry: Entry) -> str:
    items = "".join(f"<li>{_words(shown_by(exhibit))}</li>" for exhibit in entry["exhibits"])
    command = f"ergs-verify paper {entry['id']} --exhibit -o game.json"
    if not items:
        return ""
    return f"<h4>Games, and what they show</h4><ul>{items}</ul><code>{command}</code>"


def _evidence(entry: Entry) -> str:
    rows = [
        f"<tr><td>{escape(e['form']) if entry['of_the_paper'] else ''}</td>"
        f"<td>{escape(e['method'])}</td>"
        f"<td>{_words(from_latex(readable(e['detail'])))}</td></tr>"
        for e in entry["evidence"]
        if e["method"] not in IN_PROOFS
    ]
    return folded("Evidence", f"<table>{''.join(rows)}</table>") if rows else ""


# -- rules, and what rests on what ----------------------------------------------------------------


def _rules(rules: Iterable[Mapping[str, Any]]) -> str:
    items = [
        f'<article><h3 id="{_anchor("rule " + rule["name"])}">{escape(rule["name"])}</h3>'
        f"{display(rule['statement'])}<p>Why: {_words(rule['source'])}.</p>"
        f"<p>As applied: {_applied(rule)}.</p>"
        "</article>"
        for rule in rules
    ]
    return '<h2 id="rules">Rules of inference</h2>' + "".join(items) if items else ""


def _applied(rule: Mapping[str, Any]) -> str:
    """The rule's premises and conclusion, with its letters in italics."""
    premises = ", and ".join(map(_words, rule["premises"]))
    conclusion = _words(rule["conclusion"])
    text = f"if {premises}, then {conclusion}" if premises else conclusion
    return re.sub(r"⟨(\w+)⟩", r"<i>\1</i>", text)


def _graph(entries: Sequence[Entry]) -> str:
    """A row for each claim below all that it rests on, and an arc from it to each of these."""
    rests = {e["id"]: [k for k in e["rests_on"] if k != e["id"]] for e in entries}
    used = {k for on in rests.values() for k in on}
    depths: dict[str, int] = {}
    rows = [n for n in dict.fromkeys((*rests, *sorted(used))) if rests.get(n) or n in used]
    if not rows:
        return ""
    rows.sort(key=lambda node: _depth(node, rests, depths))
    place = {node: 14 + 18 * row for row, node in enumerate(rows)}
    arcs = [_arc(a, b, place[a], place[b]) for a, on in rests.items() for b in on]
    names = [
        f'<text x="{_NAMES - 10}" y="{y + 4}">{_link(node) if node in rests else escape(node)}'
        f'</text><circle cx="{_NAMES}" cy="{y}" r="2.5"></circle>'
        for node, y in place.items()
    ]
    height = 28 + 18 * len(rows)
    return (
        '<h2 id="what-rests-on-what">What rests on what</h2><p>Each claim is below all that its'
        " proof rests on, and an arc leads to each of these. A name without a link is a step that"
        ' no claim of the paper states.</p><div class="graph"><svg role="img"'
        f' aria-label="Which claim rests on which" viewBox="0 0 {_WIDTH} {height}">'
        f"{''.join(arcs + names)}</svg></div>"
    )


#: Of the names' column and of the whole drawing.
_NAMES, _WIDTH = 290, 760


def _arc(upper: str, lower: str, start: int, end: int) -> str:
    """From a claim to what it rests on, the further out the longer."""
    out = _NAMES + 30 + 0.5 * abs(start - end)
    return (
        f'<path d="M{_NAMES + 4},{start} C{out:.0f},{start} {out:.0f},{end} {_NAMES + 4},{end}">'
        f"<title>{escape(upper)} rests on {escape(lower)}</title></path>"
    )


def _depth(node: str, rests: Mapping[str, Sequence[str]], depths: dict[str, int]) -> int:
    if node not in depths:
        on = rests.get(node, ())
        depths[node] = max((1 + _depth(other, rests, depths) for other in on), default=0)
    return depths[node]


# -- pieces ---------------------------------------------------------------------------------------


def _link(claim_id: str) -> str:
    return f'<a href="#{_anchor(claim_id)}">{escape(claim_id)}</a>'


def _anchor(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text)
