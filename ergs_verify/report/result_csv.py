"""Results as CSV: a table with one header line, for a spreadsheet or a script."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

from ergs_verify.audit.result import Audit
from ergs_verify.audit.solver import SuiteResult
from ergs_verify.certify.augmentation_result import GapOfDelta
from ergs_verify.certify.check_result import Check
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.exact import written
from ergs_verify.reference.compare import Comparison
from ergs_verify.study.crosscheck_result import CrossCheck

_QUANTITY = (
    "agent", "t", "quantity", "verdict", "max_error", "allowed", "digits", "needed", "row", "column"
)  # fmt: skip


def audit_csv(found: Audit) -> str:
    """The audit of one solution as a table: a line for each agent, time and quantity.

    ``max_error`` is the error at the worst entry, whose ``row`` and ``column`` count from 0. A line
    for each agent's gap follows: there it is the upper end of the enclosure, and ``allowed`` is
    empty. Agents count from 1, times from 0.

    Parameters
    ----------
    found : Audit

    Returns
    -------
    str
        Lines of cells with commas between; the first has the headings.

    Examples
    --------
    >>> from ergs_verify import audit, engine, gallery
    >>> from ergs_verify.report.result_csv import audit_csv
    >>> game = gallery("g-star-2")
    >>> audit_csv(audit(game, engine.nash(game.floats()))).splitlines()[0]
    'agent,t,quantity,verdict,max_error,allowed,digits,needed,row,column'
    """
    return _csv(_QUANTITY, _audit_lines(found))


def suite_csv(found: SuiteResult) -> str:
    """The audit of a solver as a table: the lines of `audit_csv` for each game, with its name.

    A game without numbers has one line.

    Parameters
    ----------
    found : SuiteResult

    Returns
    -------
    str
        Lines of cells with commas between; the first has the headings.

    Examples
    --------
    >>> from ergs_verify import audit_solver, engine
    >>> from ergs_verify.report.result_csv import suite_csv
    >>> suite_csv(audit_solver(engine.nash, suite="quick")).splitlines()[0]
    'game,agent,t,quantity,verdict,max_error,allowed,digits,needed,row,column'
    """
    lines: list[Sequence[Any]] = []
    for one in found.games:
        if one.audit is None:
            lines.append((one.name, "", "", "", one.verdict, *[""] * (len(_QUANTITY) - 4)))
        else:
            lines += [(one.name, *line) for line in _audit_lines(one.audit)]
    return _csv(("game", *_QUANTITY), lines)


def _audit_lines(found: Audit) -> Iterator[Sequence[Any]]:
    for worst in found.quantities.values():
        for one in worst.each:
            yield (
                one.agent, one.t, one.letter, one.verdict, one.max_error, one.allowed, one.digits,
                one.needed, *one.entry,
            )  # fmt: skip
    for one in found.gap.agents:
        yield one.agent, "", "gap", found.gap.verdict, _hi(one.gap), "", "", "", "", ""


def check_csv(found: Check) -> str:
    """A check as a table: a line for each stage, enclosures as their lower and upper ends.

    Parameters
    ----------
    found : Check

    Returns
    -------
    str
        Lines of cells with commas between; the first has the headings.

    Examples
    --------
    >>> from ergs_verify import check, gallery
    >>> from ergs_verify.report.result_csv import check_csv
    >>> game = gallery("g-star-2")
    >>> check_csv(check(game)).splitlines()[0][:74]
    't,phi_nonsingular,inner_loop,det_phi_lo,det_phi_hi,contraction_constant_lo'
    """
    names = ("det_phi", "contraction_constant", "spectral_radius")
    headings = ["t", "phi_nonsingular", "inner_loop"]
    headings += [f"{name}_{end}" for name in names for end in ("lo", "hi")]
    lines = []
    for stage in found.stages:
        ends = [end for name in names for end in _ends(getattr(stage, name))]
        lines.append([stage.t, stage.phi_nonsingular, stage.inner_loop, *ends])
    return _csv(headings, lines)


def gap_csv(found: GapOfDelta) -> str:
    """Gaps over δ as a table: a line for each δ and agent, enclosures as their two ends.

    The numbers are those of :doc:`/explanation/theory`, "The δ-augmentation".

    Parameters
    ----------
    found : GapOfDelta

    Returns
    -------
    str
        Lines of cells with commas between; the first has the headings.

    Examples
    --------
    >>> from ergs_verify import gallery, gap
    >>> from ergs_verify.report.result_csv import gap_csv
    >>> game = gallery("g-star-2")
    >>> gap_csv(gap(game, ["1/10"])).splitlines()[0]
    'delta,agent,epsilon_lo,epsilon_hi,bound_lo,bound_hi,verdict'
    """
    headings = ("delta", "agent", "epsilon_lo", "epsilon_hi", "bound_lo", "bound_hi", "verdict")
    lines: list[Sequence[Any]] = []
    for row in found.rows:
        delta = written(row.delta)
        if row.agents is None:
            lines.append((delta, "", "", "", "", "", row.verdict))
        for one in row.agents or ():
            ends = (*_ends(one.epsilon), *_ends(one.bound))
            lines.append((delta, one.agent, *ends, row.verdict))
    return _csv(headings, lines)


def crosscheck_csv(found: Iterable[tuple[str, CrossCheck]]) -> str:
    """Crosschecks as a table: a line for each game, check, quantity and agent.

    Parameters
    ----------
    found : iterable of tuples of a name and a CrossCheck

    Returns
    -------
    str
        Lines of cells with commas between; the first has the headings.

    Examples
    --------
    >>> from ergs_verify import gallery
    >>> from ergs_verify.report.result_csv import crosscheck_csv
    >>> from ergs_verify.study.crosscheck import crosscheck
    >>> found = crosscheck(gallery("g-star-2"), digits=20)
    >>> crosscheck_csv([("g-star-2", found)]).splitlines()[0]
    'game,check,quantity,agent,t,digits,needed,holds'
    """
    headings = ("game", "check", "quantity", "agent", "t", "digits", "needed", "holds")
    lines = []
    for name, one in found:
        for r in one.rows:
            t = "" if r.t is None else r.t
            holds = str(r.holds).lower()
            lines.append((name, r.check, r.quantity, r.agent, t, r.digits, r.needed, holds))
    return _csv(headings, lines)


def comparison_csv(found: Comparison) -> str:
    """A comparison as a table: a line for each file and quantity.

    A file without numbers has one line.

    Parameters
    ----------
    found : Comparison

    Returns
    -------
    str
        Lines of cells with commas between; the first has the headings.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from ergs_verify import gallery, solve
    >>> from ergs_verify.reference import compare, make_reference
    >>> from ergs_verify.report.result_csv import comparison_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     a, b = (pathlib.Path(folder) / name for name in ("references", "solutions"))
    ...     a.mkdir(), b.mkdir()
    ...     (a / "lqr.json").write_bytes(make_reference(gallery("lqr")).render()) > 0
    ...     solve(gallery("lqr")).save(b / "lqr.json")
    ...     found = compare(a, b)
    (None, None)
    True
    >>> comparison_csv(found).splitlines()[0]
    'name,solution,quantity,verdict,digits,max_error,agent,t'
    """
    headings = ("name", "solution", "quantity", "verdict", "digits", "max_error", "agent", "t")
    lines: list[Sequence[Any]] = []
    for one in found.files:
        path = one.solution or ""
        if not one.quantities:
            lines.append((one.name, path, "", one.verdict, "", "", "", ""))
        for letter, q in one.quantities.items():
            line = (one.name, path, letter, q.verdict, q.digits, q.max_error, q.agent, q.t)
            lines.append(line)
    return _csv(headings, lines)


def _ends(enclosure: Enclosure | None) -> tuple[Any, Any]:
    if enclosure is None:
        return "", ""
    lo, hi = enclosure.as_json()
    return lo, hi


def _hi(enclosure: Enclosure) -> Any:
    return _ends(enclosure)[1]


def _csv(headings: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([_cell(x) for x in line] for line in lines)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Spreadsheets run a text that begins with one of these as a formula."""
    if isinstance(value, str) and value[:1] in "=@\t\r" and value:
        return f"'{value}"
    return value
