"""Audits as text: the verdict first, then gaps, errors in digits, and what is to be said."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ergs_verify.audit.result import Audit
from ergs_verify.audit.solver import GameResult, SuiteResult
from ergs_verify.report.solution import game_line
from ergs_verify.report.terminal import printable

_STYLES = {"pass": "bold green", "fail": "bold red", "undecided": "bold magenta"}
#: What a person takes in at once; the JSON has the rest.
_AGENTS = 12
_LEGEND = (
    "gap: the most that the agent can gain by deviating alone, {mean} (proved). digits: at least "
    "how many agree with the equilibrium (proved). They are counted where the error is largest "
    "compared with what is allowed: agent, {time}entry [row][column]. They are relative to the "
    "matrix's largest entry, in units in which all states cost the same, and so do all controls. "
    "asked for: how many digits float64 can keep on this game, given its conditioning (measured). "
    "Agents are counted from 1, everything else from 0."
)


def audit_legend(audit: Audit) -> str:
    """What the numbers of an audit mean."""
    game = audit.gap.game
    of_average = game.stationary and game.discount[0] == 1
    return _LEGEND.format(
        mean="a stage on average" if of_average else "on average over x_0",
        time="" if game.stationary else "time t, ",
    )


def audit_summary(audit: Audit) -> RenderableType:
    """One solution judged."""
    parts: list[RenderableType] = [
        Text(printable(audit.title), _STYLES[audit.verdict]),
        Text(game_line(audit.gap.game)),
    ]
    for headings, lines in audit.tables:
        table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
        for heading in headings:
            table.add_column(heading)
        for line in lines[:_AGENTS]:
            table.add_row(*line)
        parts += [Text(), table]
        if len(lines) > _AGENTS:
            parts.append(Text(f"… and {len(lines) - _AGENTS} more", "dim"))
    if audit.notes:
        parts.append(Text())
    parts += [Text(f"• {printable(note)}") for note in audit.notes]
    return Group(*parts, Text(), Text(audit_legend(audit), "dim"))


def suite_summary(found: SuiteResult) -> RenderableType:
    """A solver judged on a suite: what explains its failures, a line per game, the smallest."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    for heading in ("game", "verdict", "digits that agree (asked for), or what is wrong"):
        table.add_column(heading, overflow="fold")
    for one in found.games:
        table.add_row(one.name, Text(one.verdict, _STYLES[one.verdict]), Text(told_of_game(one)))
    parts: list[RenderableType] = [
        Text(printable(found.title), _STYLES[found.verdict]),
        *(Text(f"• {printable(one)}") for one in found.suspects.told),
        Text(),
        table,
    ]
    if found.skipped:
        why = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
        why.add_column("skipped")
        why.add_column("why", overflow="fold")
        for name, reason in found.skipped:
            why.add_row(name, printable(reason))
        parts += [Text(), why]
    if (small := found.smallest) is not None:
        parts += [
            Text(),
            Text("The smallest game found on which it fails in the same way:", "bold"),
        ]
        told = Text(f"{game_line(small.game)}\n{printable(small.message)}")
        parts.append(told if small.audit is None else audit_summary(small.audit))
        parts.append(Text("The game itself, and every audit: --json.", "dim"))
    return Group(*parts)


def told_of_game(one: GameResult) -> str:
    """What is to be said of a game in its line: the worst quantity, the diagnosis, remarks."""
    said = []
    if one.audit is not None and one.audit.judged_by == "epsilon":
        largest = max(one.audit.gap.agents, key=lambda agent: agent.gap.hi).gap
        said.append(f"largest gap {largest} by ε alone, not by digits")
    elif one.audit is not None and one.audit.diagnosis:
        said.append(", ".join(match.id for match in one.audit.diagnosis[:3]))
    elif one.audit is None or not one.audit.equilibrium.known:
        said.append(one.message.partition(": ")[2])
    elif one.verdict == "pass":
        said.append(", ".join(f"{q.letter} {q.told}" for q in one.audit.quantities.values()))
    else:
        wrong = [q.place for q in one.audit.quantities.values() if q.verdict != "pass"]
        said += wrong[:1]
    return printable("; ".join([*said, *one.remarks]))
