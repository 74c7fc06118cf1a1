"""What the audits found, as Markdown tables."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from benchmarks.real_solvers.environment import version_of
from benchmarks.real_solvers.finite import Reading, audits
from benchmarks.real_solvers.games import FINITE
from benchmarks.real_solvers.solvers import Solver, solved
from benchmarks.report import markdown
from ergs_verify.audit.result import Audit
from ergs_verify.audit.solution import audit
from ergs_verify.errors import ErgsError
from ergs_verify.game import Game

#: Digits. Ten times the loosest tolerance in the tables, 1e-5, leaves so many.
_FEW = 4
LEGEND = f"""\
The tables show what `ergs-verify audit` says of each answer. A stationary K is compared with
the nearest stationary equilibrium that is proved to exist, and P with the cost of K. Whether
the closed loop is stable is proved or refuted. *pass*: as accurate as float64 can be. Otherwise
there are the digits that agree at the worst entry, even of a state that costs next to nothing.
**wrong** means fewer than {_FEW}, and for K the largest certified gap is added. A known mistake
that leads to the numbers is named."""


def stationary_table(what: str, games: Sequence[Game], solvers: Sequence[Solver]) -> str:
    lines = [
        [game.name, *(stationary_cell(game, solver) for solver in solvers)] for game in _told(games)
    ]
    return markdown([what, *(solver.title for solver in solvers)], lines)


def stationary_cell(game: Game, solver: Solver) -> str:
    if game.agents not in solver.agents:
        return ""
    answer, said = solved(solver.function, game.one_stage.floats())
    if answer is None:
        return "raises"
    try:
        found = audit(game, {"K": answer.K} | ({} if answer.P is None else {"P": answer.P}))
    except ErgsError as error:
        return f"**no answer**: {error}"
    return ", ".join([*_findings(found), *(["warns"] if said else [])])


def _findings(found: Audit) -> Iterator[str]:
    if found.stability != "proved":
        yield "**unstable**" if found.stability == "refuted" else "stability undecided"
    yield _audited(found)
    yield from (f"`{match.id}`" for match in (found.diagnosis or ())[:1])


def _audited(found: Audit) -> str:
    """The verdict, with the digits that agree where it is no pass."""
    if found.verdict == "pass":
        return "pass"
    if not found.quantities:
        return f"{found.verdict}: no equilibrium known, gap {found.gap.largest}"
    # P against the cost of the stated policy; that it is the equilibrium's too, K says.
    errors = {"K": found.quantities["K"], **found.costs}
    digits = ", ".join(f"{letter} {max(one.digits, 0.0):.1f}" for letter, one in errors.items())
    if min(one.digits for one in errors.values()) >= _FEW:
        return digits
    known = found.stability != "refuted" and errors["K"].digits < _FEW
    gap = f", gap {found.gap.largest}" if known else ""
    return f"**wrong**: {digits}{gap}"


def finite_table(readings: Sequence[Reading]) -> str:
    lines = []
    for reading in _told(readings):
        cells = []
        for found in audits(reading):
            if isinstance(found, str):
                cells.append(found)
                continue
            causes = [f"`{match.id}`" for match in (found.diagnosis or ())[:1]]
            cells.append(", ".join([_audited(found), *causes]))
        lines.append([f"{reading.package} {version_of(reading.package)} {reading.title}", *cells])
    return markdown(["finite horizon", *(f"{g.name}, T = {g.horizon}" for g in FINITE)], lines)


def _told(items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        print(getattr(item, "name", None) or getattr(item, "title", ""), file=sys.stderr)
        yield item
