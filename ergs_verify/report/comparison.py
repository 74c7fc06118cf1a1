"""Solutions beside their references as text: a line for every file."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ergs_verify.exact import counted
from ergs_verify.reference import AFFINE, LETTERS, Comparison
from ergs_verify.report.terminal import printable

_STYLES = {"pass": "bold green", "fail": "bold red", "undecided": "bold magenta"}


def comparison_summary(found: Comparison) -> RenderableType:
    """The verdict, the digits right of every letter, file by file, and what is left over."""
    passed = sum(one.verdict == "pass" for one in found.files)
    title = (
        f"{found.verdict}: {passed} of {len(found.files)} passed, with "
        f"{counted(found.digits, 'digit')} asked for"
    )
    headings, lines = comparison_lines(found)
    judged = headings[2:-1]
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    for heading in headings:
        justify = "right" if heading in judged else "left"
        table.add_column(heading, overflow="fold", justify=justify)
    for line in lines:
        table.add_row(*(Text(printable(cell), _STYLES.get(cell, "")) for cell in line))
    extra = [Text(f"no reference for {printable(path.name)}", "dim") for path in found.extra]
    return Group(Text(title, _STYLES[found.verdict]), Text(), table, *extra)


def comparison_lines(found: Comparison) -> tuple[list[str], list[list[str]]]:
    """Headings, and a line for every file: digits that are right of every letter stated."""
    stated = {letter for one in found.files for letter in one.quantities}
    letters = [letter for letter in AFFINE if letter in stated or letter in LETTERS]
    lines = []
    for one in found.files:
        digits = [
            f"{one.quantities[letter].digits:.1f}" if letter in one.quantities else "–"
            for letter in letters
        ]
        lines.append([one.name, one.verdict, *digits, one.message])
    return ["reference", "verdict", *letters, ""], lines
