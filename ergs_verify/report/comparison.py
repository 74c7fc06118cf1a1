"""Solutions beside their references as text: a line for every file."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ergs_verify.reference import LETTERS, Comparison
from ergs_verify.report.terminal import printable

__all__ = ["comparison_summary"]

_STYLES = {"pass": "bold green", "fail": "bold red", "undecided": "bold magenta"}


def comparison_summary(found: Comparison) -> RenderableType:
    """The verdict, the digits right of every letter, file by file, and what is left over."""
    passed = sum(one.verdict == "pass" for one in found.files)
    title = f"{found.verdict}: {passed} of {len(found.files)} passed, {found.digits} digits asked"
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    table.add_column("reference", overflow="fold")
    table.add_column("verdict")
    for letter in LETTERS:
        table.add_column(letter, justify="right")
    table.add_column("", overflow="fold")
    for one in found.files:
        digits = [
            f"{one.quantities[letter].digits:.1f}" if letter in one.quantities else "–"
            for letter in LETTERS
        ]
        verdict = Text(one.verdict, _STYLES[one.verdict])
        table.add_row(printable(one.name), verdict, *digits, printable(one.message))
    extra = [Text(f"no reference for {printable(path.name)}", "dim") for path in found.extra]
    return Group(Text(title, _STYLES[found.verdict]), Text(), table, *extra)
