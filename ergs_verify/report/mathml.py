"""LaTeX as MathML that a browser may break into lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ergs_verify.typeset import coloured

#: In tokens: a longer piece is broken inside its brackets too.
_LONG = 100
_TOKEN = re.compile(r"\\(?:left|right)(?![A-Za-z])\s*(?:\\[A-Za-z]+|\\.|.)|\\[A-Za-z]+|\\.|.", re.S)
_BREAK_BEFORE = {"=", "+", "-", r"\leq", r"\geq", "<", ">", r"\Rightarrow", r"\mid", r"\quad"}
_OPENS, _CLOSES = {"{", "(", "["}, {"}", ")", "]"}


@lru_cache(maxsize=2048)
def display(latex: str) -> str:
    r"""A displayed formula: a paragraph for each of its parts, which ``\qquad`` separates.

    Examples
    --------
    >>> from ergs_verify.report.mathml import display
    >>> display("a = b").count("<math")
    2
    """
    latex = coloured(latex, r"\textcolor{#a01313}{", "}")
    parts = [part for part in latex.split(r"\qquad") if part.strip(" ,")]
    return "".join(
        f'<p class="formula">{"<wbr />".join(map(_math, _pieces(part)))}</p>' for part in parts
    )


def inline(latex: str) -> str:
    r"""A formula within a line.

    Examples
    --------
    >>> from ergs_verify.report.mathml import inline
    >>> "displaystyle" in inline(r"\frac12")
    False
    """
    return _math(latex).replace(' displaystyle="true"', "", 1)


def _pieces(latex: str) -> Iterator[str]:
    """The formula in pieces between which a line may end."""
    if r"\begin" in latex:
        yield latex
        return
    tokens = _TOKEN.findall(latex)
    start, depth, before = 0, 0, ""
    for k, token in enumerate(tokens):
        depth += token in _OPENS or bool(_pair(token, r"\left"))
        depth -= token in _CLOSES or bool(_pair(token, r"\right"))
        between = before and before not in _BREAK_BEFORE and before not in "^_:"
        if depth == 0 and token in _BREAK_BEFORE and between:
            yield from _broken(tokens[start:k])
            start = k
        before = token.strip() or before
    yield from _broken(tokens[start:])


def _broken(tokens: list[str]) -> Iterator[str]:
    """A piece; a long one in further pieces, its widest bracket being one that does not grow."""
    opened = next((k for k, token in enumerate(tokens) if _pair(token, r"\left")), None)
    if len(tokens) <= _LONG or opened is None:
        yield "".join(tokens)
        return
    depth = 0
    for k in range(opened, len(tokens)):
        depth += bool(_pair(tokens[k], r"\left")) - bool(_pair(tokens[k], r"\right"))
        if depth == 0:
            inside = "".join(tokens[opened + 1 : k]).replace(r"\middle", r"\Big")
            pieces = list(_pieces(inside))
            before = "".join(tokens[:opened]) + r"\Big" + _pair(tokens[opened], r"\left")
            after = r"\Big" + _pair(tokens[k], r"\right") + "".join(tokens[k + 1 :])
            pieces[0] = before + pieces[0]
            pieces[-1] += after
            yield from pieces
            return
    yield "".join(tokens)


def _pair(token: str, command: str) -> str:
    r"""The bracket of ``\left(`` or ``\right)``; empty for what is neither."""
    rest = token.removeprefix(command)
    return "" if rest == token or rest[:1].isalpha() else rest.strip()


def _math(piece: str) -> str:
    from latex2mathml.converter import convert

    piece = re.sub(r"(?<=[\w})\]])\s*(?=\\log\b)", r"\\,", piece)
    # Commands that the converter does not know, or not as brackets that grow.
    piece = piece.replace(r"\|", "‖").replace(r"\arg", r"\operatorname{arg}")
    piece = piece.replace(r"\begin{aligned}", r"\begin{array}{rl}")
    piece = piece.replace(r"\end{aligned}", r"\end{array}")
    # After an empty group a sign stands between two terms, as before the line was broken.
    text = convert("{}" + piece if piece.lstrip()[:1] in "+-=<>" else piece)
    text = re.sub(r"<mi>(&#x02A[AB][0-9A-F];|&#x0227[AB];)</mi>", r"<mo>\1</mo>", text)
    return text.replace('display="inline"', 'displaystyle="true"', 1)
