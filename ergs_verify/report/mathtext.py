"""Formulas as one line of Unicode text, from how SymPy prints them or from simple LaTeX."""

from __future__ import annotations

import re
from unicodedata import normalize

__all__ = ["from_latex", "readable"]

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
_LOWERED = str.maketrans("tijk+-0123456789", "ₜᵢⱼₖ₊₋₀₁₂₃₄₅₆₇₈₉")
_RAISED = str.maketrans("ijk+-0123456789T", "ⁱʲᵏ⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ")
_ACCENTS = {
    "bar": "\N{COMBINING MACRON}",
    "tilde": "\N{COMBINING TILDE}",
    "hat": "\N{COMBINING CIRCUMFLEX ACCENT}",
}
#: Stands for the star of a name, π^*, while the stars of products are taken away.
_STAR = "\0"
#: The star of a name in prose, S_t* or P*_t: no factor follows it.
_NAMED = re.compile(r"(?<!\*)\*(?![^\W_ⁱʲᵀ]|[*\\(\[∑-])|(?<=\bJ_t)\*(?=\()")


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
    text = re.sub(r"_\{([tijk0-9+-]+)\}|_([tijk]|\d+)(?![A-Za-z])", _lowered, text)
    return re.sub(r"\^\{([ijkT0-9+-]+)\}|\^([ijkT]|\d+)(?![A-Za-z])", _raised, text)


def _lowered(found: re.Match[str]) -> str:
    return (found[1] or found[2]).translate(_LOWERED)


def _raised(found: re.Match[str]) -> str:
    return (found[1] or found[2]).translate(_RAISED)
