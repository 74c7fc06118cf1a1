"""Consoles and streams that hold on any terminal: narrow, without colour, without Unicode."""

from __future__ import annotations

import codecs
import io
import re
import sys
import unicodedata
from typing import Any, TextIO

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_ASCII = {
    "ε": "eps", "ℓ": "ell", "∑": "sum", "∏": "prod", "∂": "d", "∫": "int", "√": "sqrt", "∞": "inf",
    "−": "-", "–": "-", "—": "-", "→": "->", "←": "<-", "↦": "->", "⇒": "=>", "⇔": "<=>",
    "≠": "!=", "≡": "==", "≤": "<=", "≥": ">=", "≪": "<<", "⪰": ">=", "⪯": "<=", "≻": ">", "≺": "<",
    "⊁": "not >", "⋡": "not >=", "≈": "~", "·": "*", "×": "x", "⊗": "(x)", "±": "+/-", "∘": "o",
    "°": "^o", "‖": "||", "⟨": "<", "⟩": ">", "⟂": "_|_", "□": "[]", "…": "...", "⋮": ":", "“": '"',
    "”": '"', "‘": "'", "’": "'", "′": "'", "⊤": "'", "✓": "ok", "✗": "x", "•": "-", "¼": "(1/4)",
    "½": "(1/2)", "¾": "(3/4)", "∈": "in", "∉": "not in", "⊆": "subset of", "∀": "for all",
    "∅": "{}", "\N{COMBINING TILDE}": "~", "\N{COMBINING MACRON}": "bar",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "hat", "\N{COMBINING DOT ABOVE}": "dot",
}  # fmt: skip
#: What is raised or lowered together; a raised T is a transpose.
_PARTS = re.compile("[⁺⁻]?(?:[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[ʲᴺᵏˡⁱⁿᵒ]+)|[ᵢⱼₖₜ₊₋₀₁₂₃₄₅₆₇₈₉]+|ᵀ|.", re.DOTALL)
_GREEK = re.compile("GREEK (SMALL|CAPITAL) LETTER (\\w+)")


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
    if not _is_unicode(on.encoding):
        renderable = _in_encoding(renderable, on.encoding)
    with on.capture() as captured:
        on.print(renderable)
    return re.sub(r" +$", "", captured.get(), flags=re.MULTILINE)


def ready_streams() -> None:
    """Let every character be printed: in words where the stream's encoding lacks it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            unicode = _is_unicode(stream.encoding)
            stream.reconfigure(errors="backslashreplace" if unicode else "ergs-ascii")


def printable(text: str) -> str:
    """The text without anything that would steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def _is_unicode(encoding: str) -> bool:
    return codecs.lookup(encoding).name.startswith("utf")


def _in_encoding(part: Any, encoding: str) -> Any:
    """A renderable in what the encoding has, so that columns are as wide as what stands in them."""
    if isinstance(part, str):
        return part.encode(encoding, "ergs-ascii").decode(encoding)
    if isinstance(part, Text):
        plain = _in_encoding(part.plain, encoding)
        return part if plain == part.plain else Text(plain, part.style, justify=part.justify)
    if isinstance(part, Group):
        return Group(*(_in_encoding(one, encoding) for one in part.renderables))
    if isinstance(part, Padding):
        sides = part.top, part.right, part.bottom, part.left
        return Padding(_in_encoding(part.renderable, encoding), sides)
    if isinstance(part, Table):
        part.title = part.title and _in_encoding(part.title, encoding)
        for column in part.columns:
            column.header = _in_encoding(column.header, encoding)
            column._cells = [_in_encoding(cell, encoding) for cell in column._cells]
    return part


def _in_words(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    before, after = error.object[: error.start][-1:], error.object[error.end :][:1]
    letters = (
        unicodedata.normalize("NFD", sign) if sign.isalpha() else sign
        for sign in error.object[error.start : error.end]
    )
    said, words = before, False
    for told, is_word in map(_told, _PARTS.findall("".join(letters))):
        apart = said[-1:].isalnum() and told[:1].isalnum() and (words or is_word)
        said, words = f"{said} {told}" if apart else said + told, is_word
    end = " " if words and after.isalnum() else ""
    return said.removeprefix(before) + end, error.end


def _told(part: str) -> tuple[str, bool]:
    """In ASCII, and whether it is a word, which stands apart from letters and digits beside it."""
    told = _in_ascii(part)
    return told, len(told) > 1 and told[0].isalpha() and not unicodedata.combining(part[0])


def _in_ascii(part: str) -> str:
    if part.isascii():
        return part
    if part in _ASCII:
        return _ASCII[part]
    if part == "ᵀ":
        return "'"
    plain = unicodedata.normalize("NFKD", part).replace("−", "-")
    kind = unicodedata.decomposition(part[0]).split(" ")[0]
    if kind in ("<super>", "<sub>"):
        plain = f"({plain})" if re.search(r"\w[+-]", plain) else plain
        return ("^" if kind == "<super>" else "_") + plain
    name = unicodedata.name(part, "")
    if greek := _GREEK.match(name):
        letter = greek[2].replace("LAMDA", "lambda").lower()
        return letter.capitalize() if greek[1] == "CAPITAL" else letter
    if name.startswith("BOX DRAWINGS"):
        return "+" if "VERTICAL" in name and "HORIZONTAL" in name else "|-"["HORIZ" in name]
    if unicodedata.combining(part):
        return ""
    return plain.encode("ascii", "ignore").decode() or "?"


codecs.register_error("ergs-ascii", _in_words)
