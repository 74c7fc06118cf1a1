"""The paper as the tests read it: formulas, and words where at hand.

``paper_formulas.txt`` holds every formula of the paper in order, one a line, displays marked
``D`` and inline formulas ``i``. Where the paper itself lies beside the checkout it is read too.
``paper_sentences.txt`` names every sentence of its prose in order, by its first four longer words,
with the record of what it claims, or with ``-`` and why it claims nothing that can be judged.
"""

from __future__ import annotations

import re
from pathlib import Path

from attrs import frozen

DATA = Path(__file__).with_name("paper_formulas.txt")
SENTENCES = Path(__file__).with_name("paper_sentences.txt")
PAPER = Path(__file__).parents[3] / "shared" / "paper.md"

_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)
_LAYOUT = re.compile(
    r"\\quad\s*\(\d+\)|\\quad|\\\\|&|\\begin\{aligned\}|\\end\{aligned\}|\\(?:left|right)\.|\s"
)


@frozen
class Source:
    """Formulas as (is a display, LaTeX), in order; `words` is the prose, if there is any."""

    name: str
    formulas: tuple[tuple[bool, str], ...]
    words: str | None


def sources() -> list[Source]:
    """The data file, and the paper where it is there."""
    lines = DATA.read_text(encoding="utf-8").splitlines()
    found = [Source("data file", tuple((line[0] == "D", line[2:]) for line in lines), None)]
    if PAPER.exists():
        whole = PAPER.read_text(encoding="utf-8")
        paper = whole[: whole.index("## REFERENCES")]
        found.append(Source("paper", tuple(formulas(paper)), paper))
    return found


def formulas(text: str):
    for match in _FORMULA.finditer(text):
        display, inline = match.groups()
        yield display is not None, " ".join((display or inline).split())


def normal(latex: str) -> str:
    """LaTeX without white space, alignment, line breaks and equation numbers."""
    bare = _LAYOUT.sub("", latex)
    return re.sub(r"\\(?:left|right)(?![a-z])", "", bare)


def labelled() -> list[tuple[str, str]]:
    """The sentences' labels, each with an id or with ``-`` and a reason."""
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    return [(label, record) for label, _, record in (line.partition(" | ") for line in lines)]


def labels(text: str) -> list[str]:
    """Of the sentences of three longer words or more; a display ends none."""
    prose = _FORMULA.sub(" ◻ ", text)
    paragraphs = (" ".join(part.split()) for part in prose.split("\n\n"))
    sentences = (s for part in paragraphs for s in re.split(r"(?<=[.!?])\s+(?=[A-Z])", part))
    return [" ".join(found[:4]) for s in sentences if len(found := words(s)) >= 3]


def words(text: str) -> list[str]:
    """The longer words of a text, in order, formulas left out."""
    prose = _FORMULA.sub(" ", text)
    prose = re.sub(r"[^A-Za-z-]+", " ", prose)
    return [w for w in prose.lower().split() if len(w.replace("-", "")) > 3]
