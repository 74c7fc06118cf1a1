"""A page that is one file: nothing is loaded, no script runs, and it prints."""

from __future__ import annotations

import re
from html import escape
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What every page looks like, on a screen and on paper.
STYLE = """
:root { --ink: #1b1b1b; --dim: #5c5c5c; --line: #d7d7d7; --good: #14691f; --bad: #a01313;
  --soft: #7a5200; --link: #0b4a8f; }
body { color: var(--ink); background: #fff; font: 16px/1.45 Georgia, 'Times New Roman', serif;
  margin: 2rem auto; max-width: 76rem; overflow-wrap: break-word; padding: 0 1rem; }
h1, h2, h3, h4, th, summary { font-family: system-ui, sans-serif; }
h1 { font-size: 1.6rem; }
a { color: var(--link); text-decoration-thickness: 1px; }
.dim { color: var(--dim); font-size: .9rem; }
.proved, .definition, .closed, .pass, .agree, .converges { color: var(--good); }
.refuted, .ill-typed, .fail, .disagree, .diverges { color: var(--bad); }
.assumed, .supported, .undecided, .open { color: var(--soft); }
table { border-collapse: collapse; margin: .3rem 0; }
td, th { padding: .1rem .8rem .1rem 0; text-align: left; vertical-align: top; }
ol, ul { margin: .3rem 0; padding-left: 1.8rem; }
sub, sup { line-height: 0; }
summary { cursor: pointer; font-size: .8rem; font-weight: 600; }
code { font-size: .85em; }
details { overflow-x: auto; overflow-y: hidden; }
@media print {
  body { font-size: 10.5px; margin: 0; max-width: none; }
  details::details-content { content-visibility: visible; height: auto; }
  h2, h3 { break-after: avoid; } li, tr { break-inside: avoid; }
}
"""


def page(title: str, body: str, style: str = "") -> str:
    """A whole page of a title, the HTML of its body, and rules that come after `STYLE`.

    Examples
    --------
    >>> from ergs_verify.report.page import page
    >>> page("A & B", "<p>nothing</p>").count("A &amp; B")
    1
    """
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8" />'
        '<meta name="viewport" content="width=device-width, initial-scale=1" />'
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head>\n<body>\n"
        f"{body}\n</body></html>\n"
    )


def folded(title: str, body: str, *, opened: bool = False) -> str:
    """Something that a click opens; on paper it is open."""
    attribute = ' open="open"' if opened else ""
    return f"<details{attribute}><summary>{escape(title)}</summary>{body}</details>"


def words(text: str) -> str:
    """A sentence, escaped, with its indices lowered and its exponents raised.

    Examples
    --------
    >>> from ergs_verify.report.page import words
    >>> words("Φ_t < 2^61")
    'Φ<sub>t</sub> &lt; 2<sup>61</sup>'
    """
    for sign, tag in (("_", "sub"), ("^", "sup")):
        text_of = rf"\{sign}(?:\{{([^{{}}]*)\}}|(\[[^\[\]]*\]|[A-Za-z0-9□]+|\\*))"
        raised = rf"<{tag}>\1\2</{tag}>"
        text = re.sub(text_of, raised, escape(text) if sign == "_" else text)
    return text


def as_svg(figure: Figure, name: str, alternative: str) -> str:
    """A figure as SVG within a page, the same bytes every time.

    Parameters
    ----------
    figure : matplotlib Figure
    name : str
        Its own on the page: ids inside begin with it.
    alternative : str
        What it shows, for those who do not see it.
    """
    from matplotlib import rc_context

    drawn = StringIO()
    with rc_context({"svg.hashsalt": name}):
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    svg = drawn.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alternative)}" ', 1)
