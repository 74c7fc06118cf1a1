"""The ledger as one page: printed | corrected | why, with exhibits, proofs and what rests on what.

Formulas are MathML, the graph is SVG, nothing is loaded and no script runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from html import escape
from itertools import groupby
from typing import Any

from ergs_verify import __version__
from ergs_verify.report.ledger import headline, section_of, value_text
from ergs_verify.report.mathtext import from_latex, readable

__all__ = ["ledger_page"]

Entry = Mapping[str, Any]

_STYLE = """
:root { --ink: #1b1b1b; --dim: #5c5c5c; --line: #d7d7d7; --good: #14691f; --bad: #a01313;
  --soft: #6b4d00; }
body { color: var(--ink); background: #fff; font: 16px/1.45 Georgia, 'Times New Roman', serif;
  margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1, h2, h3, .id, .chip, th { font-family: system-ui, sans-serif; }
h1 { font-size: 1.6rem; } h2 { border-bottom: 2px solid var(--ink); margin-top: 2.5rem; }
h3 { font-size: 1rem; margin: 0 0 .3rem; }
article { border-top: 1px solid var(--line); padding: 1rem 0; }
.where, .dim { color: var(--dim); } .id { font-weight: 600; }
.chip { border: 1px solid; border-radius: .6em; font-size: .8rem; padding: 0 .5em; }
.proved, .definition, .closed { color: var(--good); }
.refuted, .ill-typed { color: var(--bad); }
.assumed, .supported, .undecided, .open { color: var(--soft); }
.forms { display: grid; gap: .5rem 1.5rem; grid-template-columns: 1fr 1fr; }
.forms > div { overflow-x: auto; } .forms h4 { font: 600 .8rem system-ui, sans-serif; margin: 0; }
.single { grid-template-columns: 1fr; }
table { border-collapse: collapse; } td, th { padding: .1rem .8rem .1rem 0; text-align: left;
  vertical-align: top; }
ol, ul { margin: .3rem 0; padding-left: 1.6rem; } blockquote { margin: .3rem 1rem; }
summary { cursor: pointer; } math { font-size: 1.05em; } math[display=block] { text-align: left; }
svg text { font: 11px system-ui, sans-serif; } svg a { fill: #0b4a8f; }
@media print { body { font-size: 11px; max-width: none; } article { break-inside: avoid; } }
"""


def ledger_page(ledger: Mapping[str, Any]) -> str:
    """The page of a ledger (``ergs-ledger/1``)."""
    rules = {rule["name"]: rule for rule in ledger["rules"]}
    ids = {entry["id"] for entry in ledger["claims"]}
    body = [
        "<h1>The paper, claim by claim</h1>",
        f"<p>{escape(headline(ledger))}</p>",
        f'<p class="dim">ergs-verify {__version__}; <code>ergs-verify paper --html FILE</code>.'
        " Marked in red: what has to stand where the paper errs.</p>",
    ]
    for section, entries in groupby(ledger["claims"], section_of):
        body.append(f"<h2>{escape(section)}</h2>")
        body += [_article(entry, rules, ids) for entry in entries]
    body += [_rules(rules.values()), _graph(ledger["claims"])]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>The paper, claim by claim</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


# -- a claim --------------------------------------------------------------------------------------


def _article(entry: Entry, rules: Mapping[str, Any], ids: set[str]) -> str:
    parts = [
        f'<h3><span class="id" id="{_anchor(entry["id"])}">{escape(entry["id"])}</span>'
        f" {_words(entry['title'])} {_chips(entry)}</h3>",
        f'<div class="where">{escape(entry["where"])}</div>',
        _forms(entry),
        _findings(entry),
        _hypotheses(entry),
        _proof(entry, rules, ids),
        _evidence(entry),
    ]
    return f"<article>{''.join(filter(None, parts))}</article>"


def _chips(entry: Entry) -> str:
    chips = [_chip(entry["printed_verdict"], "as printed")]
    if entry["corrected_verdict"]:
        chips.append(_chip(entry["corrected_verdict"], "as corrected"))
    return " ".join(chips)


def _chip(verdict: str, what: str) -> str:
    return f'<span class="chip {verdict}">{verdict} {what}</span>'


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
        parts.append(_display(entry["printed"]["latex"]))
    if entry["quote"]:
        parts.append(f"<blockquote>“{_words(entry['quote'])}”</blockquote>")
    if not parts:
        parts.append(_form(entry["printed"]))
    return "".join(parts)


def _corrected(form: Mapping[str, str]) -> str:
    return _display(form["display"]) if form.get("display") else _form(form)


def _form(form: Mapping[str, str]) -> str:
    """A formula, or words."""
    if form["latex"] and not form["latex"].startswith(r"\text{"):
        return _display(form["latex"])
    return f"<p>{'<br>'.join(map(_words, form['expression'].split('; ')))}</p>"


def _findings(entry: Entry) -> str:
    items = [_finding(finding) for finding in entry["findings"]]
    return f"<ul>{''.join(items)}</ul>" if items else ""


def _finding(finding: Mapping[str, Any]) -> str:
    words = f"<b>{escape(finding['kind'])}</b> ({_SOURCES[finding['source']]}):"
    text = f"{words} {_words(finding['what'])}."
    if closed := finding.get("closed_by"):
        text += f" Closed by {', '.join(map(_link, closed))}."
    if example := finding["counterexample"]:
        text += _example(example)
    return f"<li>{text}</li>"


_SOURCES = {
    "author": "probably the author's",
    "scan": "probably lost or misread by the scanner",
    "wording": "a matter of words",
}


def _example(example: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><td>{escape(readable(str(letter)))}</td><td>{escape(value_text(value))}</td></tr>"
        for letter, value in example.get("values", {}).items()
    ]
    rows += [
        f"<tr><th>{side} side</th><td>{escape(value_text(example[side]))}</td></tr>"
        for side in ("left", "right")
        if side in example
    ]
    return f"<details><summary>Counterexample</summary><table>{''.join(rows)}</table></details>"


def _hypotheses(entry: Entry) -> str:
    items = []
    for hypothesis in entry["hypotheses"]:
        stated = hypothesis["stated"]
        place = "supposed here" if stated == "here" else f"supposed in {stated}"
        place = place if stated else "not supposed by the paper"
        needed = hypothesis["needed"]
        why = _example(needed) if needed else " No exhibit is known that shows its need."
        items.append(
            f'<li>{_words(hypothesis["text"])} <span class="dim">({place})</span>{why}</li>'
        )
    if not items:
        return ""
    return f"<details><summary>Hypotheses</summary><ul>{''.join(items)}</ul></details>"


def _proof(entry: Entry, rules: Mapping[str, Any], ids: set[str]) -> str:
    lines = [line for line in entry["proof"] if line["by"] != "hypothesis"]
    if not lines:
        return ""
    items = [f"<li>{_words(line['says'])} {_why(line, rules, ids)}</li>" for line in lines]
    return f"<details open><summary>Proof</summary><ol>{''.join(items)}</ol></details>"


def _why(line: Mapping[str, Any], rules: Mapping[str, Any], ids: set[str]) -> str:
    name = line["name"]
    if line["by"] == "rule":
        text = f'by <a href="#{_anchor("rule " + name)}">{escape(name)}</a>'
    elif line["by"] == "claim":
        text = f"by {_link(name) if name in ids else escape(name)}"
    elif line["by"] == "cited":
        text = f"assumed, from {escape(name)}"
    else:
        text = "decided"
    return f'<span class="dim">({text})</span>'


def _evidence(entry: Entry) -> str:
    wanted = [e for e in entry["evidence"] if e["method"] not in ("fact", "rule", "claim")]
    rows = [
        f"<tr><td>{escape(e['method'])}</td><td>{escape(from_latex(e['detail']))}</td></tr>"
        for e in wanted
    ]
    if not rows:
        return ""
    return f"<details><summary>Evidence</summary><table>{''.join(rows)}</table></details>"


# -- rules, and what rests on what ----------------------------------------------------------------


def _rules(rules: Iterable[Mapping[str, Any]]) -> str:
    items = [
        f'<article><h3 id="{_anchor("rule " + rule["name"])}">{escape(rule["name"])}</h3>'
        f"{_display(rule['statement'])}<p>{_words(rule['source'])}</p>"
        f"<p>If {'; '.join(map(_words, rule['premises']))}: then {_words(rule['conclusion'])}.</p>"
        "</article>"
        for rule in rules
    ]
    return "<h2>Rules of inference</h2>" + "".join(items) if items else ""


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
        '<h2 id="what-rests-on-what">What rests on what</h2><p>A claim stands below all that its'
        " proof rests on; an arc leads to each. What is not linked is a step that no claim of the"
        ' paper states.</p><svg role="img" aria-label="Which claim rests on which"'
        f' viewBox="0 0 {_WIDTH} {height}">{"".join(arcs + names)}</svg>'
    )


#: Of the names' column and of the whole drawing.
_NAMES, _WIDTH = 290, 860


def _arc(upper: str, lower: str, start: int, end: int) -> str:
    """From a claim to what it rests on, the further out the longer."""
    out = _NAMES + 30 + 0.5 * abs(start - end) ** 0.98
    out = min(out, _NAMES + (_WIDTH - _NAMES) * 1.3)
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


def _words(text: str) -> str:
    """A sentence with its indices lowered and its exponents raised."""
    text = re.sub(r"_(?:\{([^{}]*)\}|([A-Za-z0-9]+))", r"<sub>\1\2</sub>", escape(text))
    return re.sub(r"\^(?:\{([^{}]*)\}|([A-Za-z0-9*]+))", r"<sup>\1\2</sup>", text)


def _anchor(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text)


@lru_cache(maxsize=2048)
def _display(latex: str) -> str:
    """LaTeX as a displayed formula, over several lines where it has pieces."""
    from latex2mathml.converter import convert

    pieces = [piece for piece in latex.split(r"\qquad") if piece.strip()]
    return "".join(convert(_understood(piece), display="block") for piece in pieces)


def _understood(latex: str) -> str:
    """In the commands that the converter knows."""
    latex = re.sub(r"\\corrected\b", r"\\textcolor{#a01313}", latex)
    return latex.replace(r"\begin{aligned}", r"\begin{array}{rl}").replace(
        r"\end{aligned}", r"\end{array}"
    )
