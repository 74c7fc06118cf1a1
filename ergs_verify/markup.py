"""HTML of the displays and reports: every text that comes in is escaped."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape
from typing import Any


def bold(text: str) -> str:
    """One bold line."""
    return f"<b>{escape(text)}</b>"


def paragraphs(texts: Iterable[str]) -> str:
    """A paragraph for each text."""
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def bullets(texts: Iterable[str]) -> str:
    """A list with an item for each text; nothing for no text."""
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>" if items else ""


def table(
    headings: Sequence[str], lines: Iterable[Sequence[str]], marked: Collection[str] = ()
) -> str:
    """A table; a cell that is one of the words in `marked` has that word as its class.

    Examples
    --------
    >>> from ergs_verify import markup
    >>> markup.table(["verdict"], [["pass"], ["a < b"]], marked=["pass"])[27:]
    '</tr><tr><td class="pass">pass</td></tr><tr><td>a &lt; b</td></tr></table>'
    """

    def cell(text: str) -> str:
        kind = f' class="{escape(text)}"' if text in marked else ""
        return f"<td{kind}>{escape(text)}</td>"

    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(map(cell, line))}</tr>" for line in lines)
    return f"<table><tr>{head}</tr>{body}</table>"


def matrix(rows: Iterable[Iterable[Any]]) -> str:
    """Numbers in rows and columns, as text or as what `str` makes of them."""
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(x))}</td>' for x in row)}</tr>" for row in rows)
    return f"<table>{body}</table>"


def piped(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    r"""The same table as Markdown; what has a meaning there is escaped.

    Examples
    --------
    >>> from ergs_verify import markup
    >>> print(markup.piped(["claim"], [["P* | Q"]]))
    | claim |
    | --- |
    | P\* \| Q |
    """
    rows = [headings, ["---"] * len(headings), *lines]
    return "\n".join(
        f"| {' | '.join(cell if k == 1 else in_markdown(cell) for cell in row)} |"
        for k, row in enumerate(rows)
    )


def in_markdown(text: str) -> str:
    r"""The text with everything escaped that Markdown would take for its own.

    Examples
    --------
    >>> from ergs_verify import markup
    >>> print(markup.in_markdown("P* and π*"))
    P\* and π\*
    """
    return "".join("\\" + c if c in "\\|*_`<[#$" else c for c in text)


def in_markdown_beside_math(text: str) -> str:
    r"""The same of all that stands outside ``$...$``.

    Examples
    --------
    >>> from ergs_verify import markup
    >>> print(markup.in_markdown_beside_math("π* of $u^*_t$"))
    π\* of $u^*_t$
    """
    parts = text.split("$")
    parts[::2] = map(in_markdown, parts[::2])
    return "$".join(parts)
