"""Formulas as one line of Unicode text, from how SymPy prints them or from simple LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable
from unicodedata import normalize

_GREEK = {
    "Sigma": "Σ",
    "Delta": "Δ",
    "Phi": "Φ",
    "Psi": "Ψ",
    "alpha": "α",
    "beta": "β",
    "epsilon": "ε",
    "eta": "η",
    "kappa": "κ",
    "theta": "θ",
    "lambda": "λ",
    "omega": "ω",
    "gamma": "γ",
    "delta": "δ",
    "rho": "ρ",
    "tau": "τ",
    "mu": "μ",
    "pi": "π",
    "ell": "ℓ",
}
_SYMBOLS = {
    "mathbb{E}": "E",
    "mathbf{R}": "𝐑",
    "mathbf{M}": "𝐌",
    "mathcal{K}": "𝒦",
    "mathcal{N}": "N",
    "succeq": "⪰",
    "preceq": "⪯",
    "succ": "≻",
    "neq": "≠",
    "leq": "≤",
    "geq": "≥",
    "sim": "~",
    "int": "∫",
    "sum": "∑",
    "top": "ᵀ",
    "log": "log",
    "det": "det",
    "min": "min",
    "max": "max",
    "mid": "|",
    "infty": "∞",
    "partial": "∂",
    "cdot": "·",
    "dots": "…",
}
#: A letter with indices in braces of its own, under further ones.
_GROUP = re.compile(r"(?<![_^\w])\{((?:[^{}]|\{[^{}]*\})*)\}(?=[_^])")
#: A letter of the Greek alphabet by its name, and a number of an agent, q_t(i).
_WORDS = re.compile(rf"(?<![\\\w])(?:{'|'.join(_GREEK)})(?!\w)")
_OF_AGENT = re.compile(r"((?<!\w)q[\u0303\u0304\u0302]?_(?:\{[^{}]*\}|\w+))\(([ijk]|\d+)\)")
_LOWERED = str.maketrans("tijk+-−0123456789", "ₜᵢⱼₖ₊₋₋₀₁₂₃₄₅₆₇₈₉")
_RAISED = str.maketrans("ijk+-−0123456789T", "ⁱʲᵏ⁺⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ")
_ACCENTS = {
    "bar": "\N{COMBINING MACRON}",
    "tilde": "\N{COMBINING TILDE}",
    "hat": "\N{COMBINING CIRCUMFLEX ACCENT}",
}
#: Stands for the star of a name, π^*, while the stars of products are taken away.
_STAR = "\0"
#: The star of a name in prose, S_t* or P*_t: no factor follows it.
_NAMED = re.compile(r"(?<!\*)\*(?![^\W_ⁱʲᵀ]|[*\\(\[∑-]|‖[^\W_]|‖[∑(])|(?<=\bJ_t)\*(?=\()")


def readable(expression: str) -> str:
    """An expression as SymPy prints it, in the letters of the paper.

    Examples
    --------
    >>> from ergs_verify.report.mathtext import readable
    >>> readable(r"-W_t^i**(-1)*B_t^i.T*P_{t+1}^i*\\bar{A}_t^i")
    '-Wₜⁱ⁻¹ Bₜⁱᵀ Pₜ₊₁ⁱ Āₜⁱ'
    >>> readable("tau*log(Determinant(M))/2 + Sum[j≠i](Trace(M.T*M))")
    'τ log(det(M))/2 + ∑[j≠i](tr(Mᵀ M))'
    >>> readable(r"\\tilde{q}_t(i) - {P^{*}_{t+1}}^i*delta = p(i) + J^{-i*}")
    'q̃ₜⁱ - P*ₜ₊₁ⁱ δ = pᵢ + J⁻ⁱ*'
    """
    expression = expression.replace(r"\bar{\mathcal{K}}", "𝒦\N{COMBINING MACRON}")
    text = expression.replace("Sum[", "∑[").replace("Trace(", "tr(")
    text = text.replace("Determinant(", "det(").replace("^*", _STAR)
    text = _NAMED.sub(_STAR, text)
    text = re.sub(
        rf"\^\{{(-?\w*)[*{_STAR}]\}}",
        lambda found: f"^{{{found[1]}}}{_STAR}" if found[1] else _STAR,
        text,
    )
    text = _without_commands(text)
    text = _OF_AGENT.sub(r"\1^\2", re.sub(r"\bp\(([ijk]|\d+)\)", r"p_\1", text))
    text = _WORDS.sub(lambda found: _GREEK[found[0]], text)
    text = re.sub(r"\*\*\((-?\d+)\)|\*\*(\d+)", _raised, text)
    text = _GROUP.sub(r"\1", text.replace(".T", "ᵀ"))
    return _scripts(text).replace("*", " ").replace(_STAR, "*")


def from_latex(text: str) -> str:
    """Prose with simple LaTeX between dollar signs, as text.

    Examples
    --------
    >>> from ergs_verify.report.mathtext import from_latex
    >>> from_latex(r"the loop is $\\bar A = A + \\sum_{j \\neq i} B^j K^j$")
    'the loop is Ā = A + ∑_{j ≠ i} Bʲ Kʲ'
    >>> from_latex(r"$f = \\tau\\log v + \\frac{\\tau}{2}$, modulo 2^61 − 1")
    'f = τ log v + τ/2, modulo 2⁶¹ − 1'
    """
    return _scripts(re.sub(r"\$([^$]*)\$", lambda found: _without_commands(found[1]), text))


def in_a_terminal(text: str) -> str:
    """A sentence with its indices lowered where Unicode has them, and without braces.

    Examples
    --------
    >>> from ergs_verify.report.mathtext import in_a_terminal
    >>> in_a_terminal("Σ_{j≠i} ‖P_{t+1}ʲ‖ at T − 1: K_{T−1}, γ_{P,t}")
    'Σ_(j≠i) ‖Pₜ₊₁ʲ‖ at T − 1: K_(T−1), γ_(P,t)'
    """
    return re.sub(r"([_^])\{([^{}]*)\}", _bracketed, _scripts(text))


def _bracketed(found: re.Match[str]) -> str:
    sign, inside = found.groups()
    whole = len(inside) == 1 or (inside[:1] == "[" and inside[-1:] == "]")
    return sign + (inside if whole else f"({inside})")


def displayed(latex: str) -> str:
    r"""A display of the paper as lines of text; what ``\corrected`` marks is between `MARKS`.

    Examples
    --------
    >>> from ergs_verify.report.mathtext import displayed
    >>> displayed(r"\|K_t^{i*}\|_F \leq \frac{2}{\tau}\gamma_B^2 \left( N-1 \right) \qquad P_T = 0")
    '‖Kₜⁱ*‖_F ≤ (2/τ)γ_B² (N-1)\nP_T = 0'
    >>> displayed(r"\frac{1}{2\tau^2} u")
    '(1/(2τ²)) u'
    >>> displayed(r"E^{i\top} S^i")
    'Eⁱᵀ Sⁱ'
    """
    text = latex.replace(r"\left\{", _OPEN).replace(r"\right\}", _CLOSE)
    text = text.replace(r"\{", _OPEN).replace(r"\}", _CLOSE).replace(r"\|", "‖")
    text = re.sub(r"\\(?:left|right|middle|[Bb]ig|displaystyle)(?![A-Za-z])", "", text)
    text = re.sub(r"\\begin\{(?:aligned)\}|\\end\{(?:aligned)\}|&", "", text)
    text = re.sub(r"\\begin\{pmatrix\}(.*?)\\end\{pmatrix\}", _column, text, flags=re.S)
    text = re.sub(r"\\\\|\\qquad", "\n", text)
    text = re.sub(r"\\underbrace\{(.*?)\}_\{(\w+)\}", r"[\1 =: \2]", text)
    text = _with_brackets(text, r"\corrected", MARKS[0], MARKS[1])
    text = _fractions(text)
    for name, sign in (_MORE | _GREEK).items():
        text = re.sub(rf"\\{re.escape(name)}(?![A-Za-z])", sign, text)
    for name, accent in _ACCENTS.items():
        text = re.sub(rf"\\{name}\s*(?:\{{(\w)\}}|(\w))", rf"\1\2{accent}", text)
    text = re.sub(r"\^\{(\w?)\*\}|\^\*", lambda m: f"^{m[1]}*" if m[1] else "*", text)
    text = re.sub(r"\^\{-([ij])\*\}", r"^{-\1}*", _without_commands(text))
    text = re.sub(r"\^\{([ijk])\s*ᵀ\}", r"^\1ᵀ", text)
    text = re.sub(r"(\([^()]*\)|‖|\])\^⊤|\^\{⊤\}", r"\1ᵀ", text)
    # ᵀ is the sign of a transpose.
    text = in_a_terminal(text.replace("^{T-1}", "^(T-1)"))
    text = re.sub(r"(?<![_^])\{([^{}]*)\}", r"\1", text)
    lines = (re.sub(r"\s+", " ", line).strip(" ,.") for line in text.split("\n"))
    text = "\n".join(filter(None, lines)).replace(_OPEN, "{").replace(_CLOSE, "}")
    return re.sub(r"(?<=[(\[]) |(?<=\(\x03) | (?=[\x02\x03]?[)\],.])", "", text)


MARKS = "\x02", "\x03"
"""Around what is corrected in a display."""
_OPEN, _CLOSE = "\x04", "\x05"
_MORE = {
    "mathcal{S}": "𝒮",
    "mathcal{I}": "ℐ",
    "mathcal{L}": "ℒ",
    "mathcal{P}": "𝒫",
    "mathcal{O}": "O",
    "mathbb{R}": "ℝ",
    "in": "∈",
    "times": "×",
    "forall": "∀",
    "emptyset": "∅",
    "square": "□",
    "prod": "∏",
    "vdots": "⋮",
    "rightarrow": "→",
    "Rightarrow": "⇒",
    "exp": "exp",
    "quad": "  ",
    "Pi": "Π",
    "lim": "lim",
    "to": "→",
    "pm": "±",
    "circ": "°",
    "approx": "≈",
    "leftarrow": "←",
}


def _column(found: re.Match[str]) -> str:
    return f"[{'; '.join(row.strip() for row in found[1].split(chr(92) * 2))}]"


def _group(text: str, start: int) -> int:
    """Where the group ends that opens at `start`."""
    depth = 0
    for k in range(start, len(text)):
        depth += (text[k] == "{") - (text[k] == "}")
        if depth == 0:
            return k
    raise ValueError(f"a brace is not closed in {text[start:]}")


def _with_brackets(text: str, command: str, left: str, right: str) -> str:
    """The argument of a command between two signs."""
    while (at := text.find(command + "{")) >= 0:
        start = at + len(command)
        end = _group(text, start)
        text = f"{text[:at]}{left}{text[start + 1 : end]}{right}{text[end + 1 :]}"
    return text


def _fractions(text: str) -> str:
    text = re.sub(r"\\t?frac(\w)(\w)", r"\\frac{\1}{\2}", text)
    while found := re.search(r"\\t?frac\{", text):
        top = found.end() - 1
        bottom = _group(text, top) + 1
        end = _group(text, bottom)
        parts = text[top + 1 : bottom - 1], text[bottom + 1 : end]
        over = f"{_enclosed(parts[0], _alone)}/{_enclosed(parts[1], _one_factor)}"
        before, after = text[: found.start()], text[end + 1 :]
        pairs = (("(", ")"), ("^{", "}"), ("_{", "}"))
        enclosed = any(
            before.rstrip().endswith(left) and after.lstrip().startswith(right)
            for left, right in pairs
        )
        text = before + (over if enclosed else f"({over})") + after
    return text


def _enclosed(part: str, stands_alone: Callable[[str], bool]) -> str:
    return part if stands_alone(part) else f"({part})"


def _one_factor(part: str) -> bool:
    """Whether a denominator needs no bracket: a letter with its scripts, a number, or a value."""
    bare = re.sub(r"[_^]\{[^{}]*\}|[_^]\w", "", part.strip())
    return _alone(part) and bool(re.fullmatch(r"\d+|\\?[^\W\d]+(?:\([^()]*\))?", bare))


def _alone(part: str) -> bool:
    """Whether a part of a fraction needs no bracket: a letter, a number, or one with accents."""
    outside = re.sub(r"\([^()]*\)|\{[^{}]*\}", "", part.strip())
    return not re.search(r"[\s+\-]", outside) or outside.startswith(MARKS[0])


def _without_commands(text: str) -> str:
    text = re.sub(r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", r"\1/\2", text)
    text = re.sub(r"\\t?frac(\w)(\w)", r"\1/\2", text)
    text = text.replace(r"{\tau}", "{τ}")
    for name, accent in _ACCENTS.items():
        text = re.sub(rf"\\{name}\s*(?:\{{(\w)\}}|(\w))", rf"\1\2{accent}", text)
    text = re.sub(r"\\math(?:cal|bb|rm)\{(\w+)\}|\\text\{([^{}]*)\}", r"\1\2", text)
    text = re.sub(r"\\[,;! ]", " ", text)
    text = re.sub(r"\\(?:left|right|quad|displaystyle)(?![A-Za-z])", "", text)
    text = text.replace(r"^\top", "ᵀ")
    text = re.sub(r"(\\[A-Za-z]+)(?=\\[A-Za-z])", r"\1 ", text)
    for name, sign in (_SYMBOLS | _GREEK).items():
        text = re.sub(rf"\\{re.escape(name)}(?![A-Za-z])", sign, text)
    return normalize("NFC", text)


def _scripts(text: str) -> str:
    """Subscripts and superscripts, where Unicode has every sign of them."""
    text = re.sub(r"_\{([tijk0-9+−-]+)\}|_([tijk]|\d+)(?![A-Za-z])", _lowered, text)
    return re.sub(r"\^\{([ijkT0-9+-]+)\}|\^([ijkT]|−?\d+)(?![A-Za-z])", _raised, text)


def _lowered(found: re.Match[str]) -> str:
    return (found[1] or found[2]).translate(_LOWERED)


def _raised(found: re.Match[str]) -> str:
    return (found[1] or found[2]).translate(_RAISED)
