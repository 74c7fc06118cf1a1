"""What is proved of a game, as text: the verdicts in sentences, then a line per stage."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ergs_verify.certify.check_result import STAGE_COLUMNS, Check
from ergs_verify.report.solution import game_line

#: Lines that a person takes in at once; the JSON has the rest.
_STAGES = 20
_STYLES = {
    "proved": "green",
    "converges": "green",
    "refuted": "bold red",
    "diverges": "bold red",
    "undecided": "bold magenta",
}


def check_summary(check: Check) -> RenderableType:
    """The verdicts, then the stages from T−1 down."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    for heading in STAGE_COLUMNS:
        table.add_column(heading, overflow="fold")
    for row in check.rows()[:_STAGES]:
        table.add_row(*(Text(cell, _STYLES.get(cell, "")) for cell in row))
    more = len(check.stages) - _STAGES
    left = f"… and {more} more: --json has every stage. " if more > 0 else ""
    proved = Text(f"{left}Proved in balls of {check.bits} bits.", "dim")
    return Group(
        Text(game_line(check.game), "bold"),
        Text(),
        *(_sentence(text) for text in check.sentences()),
        *((Text(), table, Text(), proved) if check.stages else ()),
    )


def _sentence(text: str) -> Text:
    styled = Text(text)
    for word, style in _STYLES.items():
        styled.highlight_words([word], style)
    return styled
