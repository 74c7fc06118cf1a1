"""A derivation as text: what was done, by what rule, the equation, how it was checked."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ergs_verify.paper.derivation import Derived, Step
from ergs_verify.report.mathtext import from_latex, readable


def derivation_whole(derived: Derived) -> RenderableType:
    """Every step with its equation."""
    steps = (_step(number, step) for number, step in enumerate(derived.steps, 1))
    return Group(Text(derived.title, "bold"), *steps)


def derivation_steps(derived: Derived) -> RenderableType:
    """What was done, a line per step."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=3, justify="right")
    table.add_column()
    for number, step in enumerate(derived.steps, 1):
        table.add_row(Text("✓", "green"), Text(f"{number}. {from_latex(step.what)}"))
    return Group(Text(derived.title, "bold"), table)


def _step(number: int, step: Step) -> RenderableType:
    equation = f"{readable(str(step.left))} = {readable(str(step.right))}"
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", width=3)
    table.add_column()
    table.add_row(Text(f"{number}.", "bold"), Text(from_latex(step.what), "bold"))
    table.add_row("by", Text(from_latex(step.rule)), style="dim")
    table.add_row("", Padding(Text(equation), (0, 0, 0, 4)))
    table.add_row(Text("✓", "green"), Text(from_latex(step.checked)))
    return Group(Text(), table)
