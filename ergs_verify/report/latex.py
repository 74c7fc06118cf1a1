"""The ledger and the derivations as LaTeX documents, for an appendix or a referee's report."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from unicodedata import name, normalize

from ergs_verify.paper.derivation import Derived
from ergs_verify.report.ledger import (
    IN_PROOFS,
    NO_NEED_KNOWN,
    UNNAMED,
    closing,
    finding_kind,
    headline,
    in_a_line,
    section_of,
    supposed,
    why,
)
from ergs_verify.report.mathtext import from_latex, readable
from ergs_verify.typeset import equation

_PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage[T1]{fontenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb,graphicx,xcolor}
\usepackage[margin=22mm]{geometry}
\setlength{\parindent}{0pt}\setlength{\parskip}{4pt}\emergencystretch=4em
% A correction of the paper.
\newcommand{\corrected}[1]{\textcolor{red}{#1}}
% A display as wide as the page at most.
\newcommand{\fit}[1]{\sbox0{$\displaystyle #1$}%
  \begin{center}\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi\end{center}}
"""
_SPECIAL = str.maketrans(
    {c: "\\" + c for c in "#%&_{}$"}
    | {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
)
_SIGNS = {
    "≤": r"\leq",
    "≥": r"\geq",
    "≠": r"\neq",
    "≈": r"\approx",
    "≪": r"\ll",
    "≺": r"\prec",
    "≻": r"\succ",
    "⪯": r"\preceq",
    "⪰": r"\succeq",
    "∈": r"\in",
    "∀": r"\forall",
    "∂": r"\partial",
    "∫": r"\int",
    "∑": r"\sum",
    "∞": r"\infty",
    "√": r"\surd",
    "→": r"\to",
    "←": r"\leftarrow",
    "↦": r"\mapsto",
    "⇒": r"\Rightarrow",
    "⇔": r"\Leftrightarrow",
    "−": "-",
    "·": r"\cdot",
    "×": r"\times",
    "±": r"\pm",
    "‖": r"\|",
    "′": "'",
    "ᵀ": r"{}^{\top}",
    "ℓ": r"\ell",
    "½": r"\tfrac12",
    "¼": r"\tfrac14",
    "𝓚": r"\mathcal{K}",
    "𝓑": r"\mathcal{B}",
    "𝓢": r"\mathcal{S}",
    "□": r"\square",
    "°": r"{}^{\circ}",
    "⟂": r"\perp",
    "⟨": r"\langle",
    "⟩": r"\rangle",
    "⊆": r"\subseteq",
    "∉": r"\notin",
    "≡": r"\equiv",
    "∘": r"\circ",
    "…": r"\ldots",
    "✓": r"\checkmark",
}
_TEXT = {"“": "``", "”": "''", "’": "'", "–": "--", "—": "---", "ş": r"\c{s}", "\u00a0": "~"}


def ledger_document(ledger: Mapping[str, Any]) -> str:
    """The whole ledger (``ergs-ledger/1``): each claim's verdict, formula, findings, correction."""
    parts = [r"\section*{The paper, claim by claim}", _summary(ledger)]
    for where, entries in groupby(ledger["claims"], section_of):
        parts.append(rf"\subsection*{{{_prose(where)}}}")
        parts += [_claim(entry) for entry in entries]
    return _document("\n".join(parts))


def derivation_document(*derivations: Derived) -> str:
    """Derivations with all their steps."""
    parts = []
    for derived in derivations:
        parts.append(rf"\section*{{{_prose(derived.title)}}}")
        for number, step in enumerate(derived.steps, 1):
            parts.append(rf"\textbf{{{number}. {_mixed(step.what)}.}} ({_mixed(step.rule)})")
            parts.append(rf"\fit{{{equation(step.left, step.right)}}}")
            parts.append(rf"\textit{{{_mixed(step.checked)}.}}")
            parts.append("")
    return _document("\n".join(parts))


def _document(body: str) -> str:
    declared = "".join(_declaration(c) for c in sorted(set(body)) if ord(c) > 127)
    return f"{_PREAMBLE}{declared}\\begin{{document}}\n{body}\n\\end{{document}}\n"


def _declaration(character: str) -> str:
    if character in _TEXT:
        replacement = _TEXT[character]
    else:
        replacement = rf"\ensuremath{{{_in_mathematics(character)}}}"
    return f"\\DeclareUnicodeCharacter{{{ord(character):04X}}}{{{replacement}}}\n"


def _in_mathematics(character: str) -> str:
    """LaTeX for a sign, a Greek letter, a raised or lowered sign, a letter under an accent."""
    if character in _SIGNS:
        return _SIGNS[character]
    called = name(character, "")
    if called.startswith("GREEK SMALL LETTER "):
        return "\\" + called.rsplit(" ", 1)[1].lower().replace("lamda", "lambda")
    if called.startswith("GREEK CAPITAL LETTER "):
        return "\\" + called.rsplit(" ", 1)[1].capitalize()
    plain = normalize("NFKC", character)
    if called.startswith(("SUPERSCRIPT ", "MODIFIER LETTER ")):
        return rf"{{}}^{{{plain.replace('−', '-')}}}"
    if called.startswith(("SUBSCRIPT ", "LATIN SUBSCRIPT ")):
        return rf"{{}}_{{{plain.replace('−', '-')}}}"
    for style, command in {
        "BOLD": "mathbf",
        "SCRIPT": "mathcal",
        "DOUBLE-STRUCK": "mathbb",
    }.items():
        if called.startswith(f"MATHEMATICAL {style} CAPITAL "):
            return rf"\{command}{{{plain}}}"
    accents = {"MACRON": "bar", "TILDE": "tilde", "CIRCUMFLEX": "hat", "DOT ABOVE": "dot"}
    for accent, command in accents.items():
        if called.startswith("LATIN") and called.endswith(accent):
            return rf"\{command}{{{normalize('NFD', character)[0]}}}"
        if called == f"COMBINING {accent}" or called == f"COMBINING {accent} ACCENT":
            return rf"\{command}{{}}"
    raise ValueError(f"no LaTeX for {character} ({called})")


def _summary(ledger: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{count} {verdict}" for verdict, count in ledger["summary"].items())
    return f"{_prose(headline(ledger))} The paper's claims as printed: {_prose(counts)}.\n"


def _claim(entry: Mapping[str, Any]) -> str:
    verdict = entry["printed_verdict"]
    if entry["corrected_verdict"]:
        verdict += f", corrected: {entry['corrected_verdict']}"
    parts = [
        rf"\textbf{{\texttt{{{_prose(entry['id'])}}}}} {_words(entry['title'])}"
        rf" \hfill \textit{{{verdict}}}\nopagebreak",
    ]
    if entry["quote"]:
        parts.append(f"``{_words(entry['quote'])}''")
    if entry["printed"]["latex"]:
        parts.append(rf"\fit{{{entry['printed']['latex']}}}")
    parts += [
        rf"\textit{{{_prose(finding_kind(finding))}:}} {_words(finding['what'])}"
        rf"{_prose(closing(finding))}."
        for finding in entry["findings"]
    ]
    if entry["corrected"]:
        parts.append(_form(entry["corrected"]))
    parts += [
        _small(f"For instance {in_a_line(finding['counterexample'])}; {UNNAMED}")
        for finding in entry["findings"]
        if finding["counterexample"]
    ]
    supposes = "; ".join(map(_hypothesis, entry["hypotheses"]))
    parts += [_small(f"Supposed: {supposes}")] if supposes else []
    parts += _proof(entry["proof"])
    evidence = "; ".join(
        f"{item['form'] + ', ' if entry['of_the_paper'] else ''}{item['method']}:"
        f" {from_latex(item['detail'])}"
        for item in entry["evidence"]
        if item["method"] not in IN_PROOFS
    )
    parts += [_small(f"Evidence. {evidence}")] if evidence else []
    return "\n\n".join([*parts, "\\medskip\n"])


def _small(text: str) -> str:
    return rf"{{\small {_words(readable(text))}.\par}}"


def _hypothesis(hypothesis: Mapping[str, Any]) -> str:
    stated = hypothesis["stated"]
    place = supposed(stated) if stated else "not by the paper"
    needed = hypothesis["needed"]
    need = f"needed: {in_a_line(needed)}" if needed else NO_NEED_KNOWN
    return f"{hypothesis['text']} ({place}; {need})"


def _form(form: Mapping[str, str]) -> str:
    """A corrected form: a formula, or words."""
    if form["display"]:
        return rf"Corrected: \fit{{{form['display']}}}"
    if form["latex"].startswith(r"\text{"):
        return f"Corrected: {_words(form['expression'])}."
    return rf"Corrected: \fit{{{form['latex']}}}"


def _proof(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """The lines of a proof, each with what gives it."""
    items = [
        rf"\item {_words(line['says'])} ({_words(why(line))})"
        for line in lines
        if line["by"] != "hypothesis"
    ]
    return ["\n".join(["\\begin{enumerate}\\small", *items, "\\end{enumerate}"])] if items else []


def _mixed(text: str) -> str:
    """Prose with mathematics between dollar signs."""
    pieces = text.split("$")
    return "".join(f"${piece}$" if k % 2 else _prose(piece) for k, piece in enumerate(pieces))


def _words(text: str) -> str:
    """A sentence with its indices lowered and its exponents raised."""
    pieces = _SCRIPTS.split(text)
    commands = {"_": "textsubscript", "^": "textsuperscript"}
    # Between the plain pieces: a sign and what follows it, in one of two ways.
    return "".join(
        _prose(piece)
        if k % 4 == 0
        else rf"\{commands[piece]}{{{_prose((pieces[k + 1] or pieces[k + 2]).strip())}}}"
        for k, piece in enumerate(pieces)
        if k % 4 < 2
    )


_SCRIPTS = re.compile(r"([_^])(?:\{([^{}]*)\}|(\[[^\[\]]*\]|[A-Za-z0-9□]+|\*))")


def _prose(text: str) -> str:
    return re.sub(r'"([^"]*)"', r"``\1''", text.translate(_SPECIAL))
