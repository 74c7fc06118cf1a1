"""Consoles and streams that hold on any terminal: narrow, without colour, without Unicode."""

from __future__ import annotations

import codecs
import io
import re
import sys
import unicodedata
from typing import Any, TextIO

from rich.console import Console

_ASCII = {
    "τ": "tau", "Σ": "Sigma", "Φ": "Phi", "π": "pi", "μ": "mu", "λ": "lambda", "ω": "omega",
    "δ": "delta", "γ": "gamma", "ρ": "rho", "ε": "eps", "ℓ": "ell", "∑": "sum", "∂": "d",
    "∫": "int", "√": "sqrt", "∞": "inf", "ᵀ": "'", "−": "-", "–": "-", "—": "-", "→": "->",
    "≠": "!=", "≤": "<=", "≥": ">=", "⪰": ">=", "⪯": "<=", "≻": ">", "≈": "~", "·": "*",
    "×": "x", "±": "+/-", "‖": "||", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'",
    "✓": "ok", "✗": "x", "•": "-", "½": "1/2", "∈": "in",
}  # fmt: skip
_RAISED = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")


def console(stream: TextIO | None = None, *, width: int | None = None) -> Console:
    """A console on a stream, standard output by default; text is printed as it is, no markup."""
    return Console(
        file=stream or sys.stdout, width=width, markup=False, emoji=False, highlight=False
    )


def rendered(renderable: Any, *, on: Console | None = None) -> str:
    """What a console would print, without the blanks it pads lines with.

    Examples
    --------
    >>> from rich.padding import Padding
    >>> from ergs_verify.report.terminal import console, rendered
    >>> rendered(Padding("gain", (0, 0, 0, 2)), on=console(width=40))
    '  gain\\n'
    """
    on = on or console()
    with on.capture() as captured:
        on.print(renderable)
    return re.sub(r" +$", "", captured.get(), flags=re.MULTILINE)


def ready_streams() -> None:
    """Let every character be printed: in words where the stream's encoding lacks it."""
    codecs.register_error("ergs-ascii", _in_words)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            unicode = codecs.lookup(stream.encoding).name.startswith("utf")
            stream.reconfigure(errors="backslashreplace" if unicode else "ergs-ascii")


def printable(text: str) -> str:
    """The text without anything that would steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def _in_words(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = _RAISED.sub(_raised, error.object[error.start : error.end])
    return "".join(map(_in_ascii, text)), error.end


def _raised(exponent: re.Match[str]) -> str:
    return "^" + unicodedata.normalize("NFKD", exponent[0]).replace("−", "-")


def _in_ascii(sign: str) -> str:
    if sign.isascii():
        return sign
    if sign in _ASCII:
        return _ASCII[sign]
    base = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return base or "?"
