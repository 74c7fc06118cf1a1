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

from ergs_verify.ledger import claims

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


# -- what is on record ----------------------------------------------------------------------------

CLAIMS = [claim for claim in claims().values() if claim.of_the_paper]

# Inline formulas that claim nothing of their own: what a letter ranges over, names for tuples, a
# hypothesis said again, and a condition whose display has a record.
NOTATION = {
    r"x_t \in \mathbb{R}^m",
    r"u_t^i \in \mathbb{R}^p",
    r"i \in [N]",
    r"x \in \mathbb{R}^m",
    r"\pi^i \in \Pi^i",
    r"(\pi^i)_{i \in [N]}",
    r"q_t^{i*} \in \mathbb{R}",
    r"\pi(u) \in \mathcal{P}(\mathbb{R}^p)",
    r"t \in [0, T-1]",
    r"t \in \{0, \dots, T-1\}",
    r"i \neq j",
    r"S_t := (S_t^i)_{i \in [N]}",
    r"S^i := (S_t^i)_{0 \leq t \leq T-1}",
    r"\mathcal{S}^{-i} = (\mathcal{S}^j)_{j \in [N] \setminus \{i\}}",
    r"x_0 \sim \mathcal{N}(x^0, \Sigma^0)",
    r"\omega_t \sim \mathcal{N}(0, \Sigma)",
    r"\Sigma \succeq 0",
    r"Q_t^i \succeq 0",
    r"R_t^i \succ 0",
    r"M \succeq 0",
    r"\tau > 0",
    r"\partial f / \partial v = 0",
    r"M \in \mathbb{N}",
    r"Z \succeq 0",
    r"Z \succ 0",
    r"\epsilon > 0",
    r"\delta \in \mathbb{R}^+",
    r"i \in [N], t \in \{0, \dots, T-1\}",
    r"\mathcal{S}_t = \prod_{i \in [N]} \mathcal{S}_t^i",
    r"S_t^i = (K_t^i, \Sigma_t^i) \in \mathcal{S}_t^i",
    r"S^i = (K^i, \Sigma^i) \in \mathcal{S}^i",
    r"S_t := (S_t^i)_{\forall i} = (K_t^i, \Sigma_t^i)_{\forall i}",
    r"S_t = (K_t^i, \Sigma_t^i)_{\forall i}",
    r"S'_t = (K_t^{i'}, \Sigma_t^{i'})_{\forall i}",
    r"(S_t^i)_{\forall i,t} = (K_t^i, \Sigma_t^i)_{\forall i,t}",
    r"(\tilde{S}_t^{i*})_{\forall i,t} = (\tilde{K}_t^{i*}, \tilde{\Sigma}_t^{i*})_{\forall i,t}",
}
RELATION = re.compile(
    r"=|<|>|\\(?:leq|geq|preceq|succeq|succ|prec|sim|in|neq|approx|leftarrow)(?![a-z])"
)


def pieces(claim) -> list[str]:
    return [normal(p) for p in claim.latex.split(r"\qquad") if p.strip()]


def displays_without_record(source: Source) -> list[str]:
    """The displays of which some piece stands in no record."""
    recorded = ["".join(pieces(claim)) for claim in CLAIMS]
    by_length = sorted((p for c in CLAIMS for p in pieces(c)), key=len, reverse=True)
    found = []
    for display in (normal(latex) for display, latex in source.formulas if display):
        # (16) and (17) share a display; each has a record of its own.
        rest = display
        for piece in by_length:
            rest = rest.replace(piece, "")
        left_over = rest.replace(r"\text{with}", "").strip(".,")
        if left_over and not any(display in whole for whole in recorded):
            found.append(display)
    return found


def counted_formulas(source: Source) -> dict[str, int]:
    """A display counts once; an inline formula counts as often as it is printed."""
    recorded = ["".join(pieces(claim)) for claim in CLAIMS]
    notation = {normal(latex) for latex in NOTATION}
    inline = [latex for display, latex in source.formulas if not display]
    relations = [latex for latex in inline if RELATION.search(latex)]
    claiming = [latex for latex in relations if normal(latex) not in notation]
    found = [latex for latex in claiming if any(normal(latex) in whole for whole in recorded)]
    displays = len(source.formulas) - len(inline)
    return {
        "displays": displays,
        "displays on record": displays - len(displays_without_record(source)),
        "inline formulas": len(inline),
        "that state a relation": len(relations),
        "that are more than notation": len(claiming),
        "on record": len(found),
    }


def counted_sentences() -> dict[str, int]:
    """Of the paper's prose, abstract to conclusion."""
    records = [record for _, record in labelled()]
    claiming = [record for record in records if not record.startswith("- ")]
    return {
        "sentences": len(records),
        "that claim something": len(claiming),
        "on record": sum(record in claims() for record in claiming),
    }


if __name__ == "__main__":
    print(counted_formulas(sources()[-1]))
    print(counted_sentences())
