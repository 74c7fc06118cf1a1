"""The gaps of the δ-augmented equilibrium as a table."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ergs_verify.certify.augmentation_result import HEADINGS, GapOfDelta
from ergs_verify.report.solution import game_line

VERDICTS = {
    "proved": (
        "Every ε is enclosed as tightly as asked, and every digit shown is certain.",
        "",
    ),
    "refuted": (
        "At some δ there is no single equilibrium at τ + δ, or a gap is infinite.",
        "bold red",
    ),
    "undecided": ("Some enclosure is wider than asked.", "bold magenta"),
}


def gap_summary(found: GapOfDelta) -> RenderableType:
    """The rows, δ by δ and agent by agent, and what else is known."""
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, header_style="dim")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    for line in found.table():
        table.add_row(*line)
    notes = [Text(note) for note in found.notes()]
    return Group(
        Text("Gap of the equilibrium at τ + δ in the game at τ", "bold"),
        Text(game_line(found.game)),
        Text(),
        table,
        Text(),
        *notes,
        Text(*VERDICTS[found.verdict]),
    )
