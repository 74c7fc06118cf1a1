"""Cross-checks of several games in a table: what agrees with what, in digits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ergs_verify.report.terminal import printable

_STYLES = {"agree": "green", "disagree": "bold red", "undecided": "bold magenta"}
#: Rows of ``ergs-crosscheck/1`` that stand in a column each.
_COLUMNS = {
    "engine": "engine-nash",
    "moments": "forward-cost-engine",
    "slope": "stationarity-engine",
}
_LEGEND = (
    "The fewest digits in which the float64 engine agrees with the derived recursion (K, Σ, P, "
    "q), the cost by forward moments with the engine's P and q, and the engine's policy with a "
    "stationary point. In brackets: the digits needed, given the game's conditioning. The verdict "
    "includes a simulation."
)


def crosscheck_lines(games: Iterable[tuple[str, Mapping[str, Any]]]) -> RenderableType:
    """A line per game (name, ``ergs-crosscheck/1``), and the reasons where there are some."""
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, header_style="dim")
    for heading in ("game", "verdict", *_COLUMNS, "Algorithm 1"):
        table.add_column(heading, overflow="fold")
    reasons: list[RenderableType] = []
    for name, found in games:
        verdict = Text(found["verdict"], _STYLES[found["verdict"]])
        digits = [_fewest(found["rows"], check) for check in _COLUMNS.values()]
        table.add_row(Text(printable(name)), verdict, *digits, _algorithm_1(found))
        reasons += [_reason(name, text) for text in found["reasons"]]
    return Group(table, *reasons, Text(), Text(_LEGEND, "dim"))


def _fewest(rows: Iterable[Mapping[str, Any]], check: str) -> Text:
    """The row that fails, or that has the fewest digits; null stands for all of them."""
    counted = [row for row in rows if row["check"] == check and row["digits"] is not None]
    if not counted:
        return Text("–" if not any(row["check"] == check for row in rows) else "all")
    row = min(counted, key=lambda row: (row["holds"], row["digits"]))
    needed = "all" if row["needed"] is None else f"{row['needed']:.0f}"
    return Text(f"{row['digits']:.1f} ({needed})", "" if row["holds"] else "bold red")


def _algorithm_1(found: Mapping[str, Any]) -> Text:
    behaviour = found["algorithm_1"] and found["algorithm_1"]["behaviour"]
    return Text(behaviour or ("singular" if found["singular_stage"] is not None else "–"))


def _reason(name: str, text: str) -> RenderableType:
    return Padding(Text(f"{printable(name)}: {printable(text)}"), (0, 0, 0, 2))
