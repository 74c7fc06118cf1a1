"""What a cross-check found: rows of agreement in digits, and a verdict."""

from __future__ import annotations

import math
from typing import Any

from attrs import asdict, frozen

from ergs_verify import markup
from ergs_verify.study.inner_loop import Convergence

#: The checks in their order, each with what is compared.
CHECKS = {
    "derived-precision": "derived recursion, at two precisions",
    "engine-nash": "engine against derived recursion",
    "engine-algorithm-1": "Algorithm 1, engine against derived",
    "forward-cost-derived": "forward moments against derived P, q",
    "forward-cost-engine": "forward moments against engine P, q",
    "stationarity-derived": "derived policy stationary",
    "stationarity-engine": "engine policy stationary",
    "monte-carlo": "simulation against derived P, q",
    "stationary-answer": "stages back, derived recursion against the stationary solution",
}
#: With more agents than this a table shows the worst of them only.
_MOST_AGENTS = 6


@frozen(kw_only=True)
class Row:
    """One quantity of one agent, as two ways of computing it give it.

    Attributes
    ----------
    check : str
        Which two ways are compared, such as ``"monte-carlo"``.
    quantity : str
        K, Sigma, P, q, J, dJ/dK or dJ/dSigma; with affine terms k and s too, and dJ/d[k K].
    agent : int
        Counted from 1.
    t : int or None
        The worst stage, of which the digits are given.
    digits : float
        Decimal digits that agree, ∞ if nothing differs: relative to the matrix's largest entry,
        for a derivative in units of the policy.
    needed : float
        The digits that can be asked for, given the game's conditioning.
    holds : bool
        Whether they agree to these.
    """

    check: str
    quantity: str
    agent: int
    t: int | None
    digits: float
    needed: float
    holds: bool


@frozen(kw_only=True)
class Simulated:
    """One agent's cost by simulation.

    It passes if `mean` and `exact` differ by at most 4.5 standard errors.

    Attributes
    ----------
    agent : int
        Counted from 1.
    mean, standard_error : float
        Of the simulated cost.
    exact : float
        By the derived P and q.
    """

    agent: int
    mean: float
    standard_error: float
    exact: float


@frozen(kw_only=True, repr=False)
class CrossCheck:
    """Ways of computing an equilibrium compared: the answer of `crosscheck`.

    Attributes
    ----------
    game : str
        The game in one line.
    verdict : {"agree", "disagree", "undecided"}
        ``undecided``: one side could give no answer, for the reason stated.
    reasons : tuple of str
        What disagrees, or why nothing was compared; what a singular game's sides say.
    rows : tuple of Row
    algorithm_1 : Convergence or None
        How Algorithm 1 behaves; divergence is the game's nature and no disagreement.
    compared_iterations : int or None
        The L of the rows on Algorithm 1.
    simulation : tuple of Simulated
    samples : int
        Trajectories simulated.
    digits : int
        Of the derived recursion.
    lost_digits : dict
        By letter, the digits that are lost when the data are rounded to float64: log₁₀ of the
        condition number.
    factor : float
        By how much an error may exceed what rounding the data does.
    singular_stage : int or None
        The stage at which both sides find Φ_t singular: :doc:`/explanation/theory`, "Existence and
        uniqueness".
    seconds : float
    """

    game: str
    verdict: str
    reasons: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    algorithm_1: Convergence | None = None
    compared_iterations: int | None = None
    simulation: tuple[Simulated, ...] = ()
    samples: int = 0
    digits: int
    lost_digits: dict[str, float]
    factor: float
    singular_stage: int | None = None
    seconds: float

    def failed(self) -> tuple[Row, ...]:
        """The rows that do not hold."""
        return tuple(row for row in self.rows if not row.holds)

    def as_json(self) -> dict[str, Any]:
        """One game of the object ``ergs-crosschecks/1``; None stands for ∞.

        Returns
        -------
        dict

        Examples
        --------
        >>> from ergs_verify import gallery
        >>> from ergs_verify.study.crosscheck import crosscheck
        >>> crosscheck(gallery("g-star-2"), digits=20).as_json()["verdict"]
        'agree'
        """
        found = asdict(self, recurse=True)
        return {"format": "ergs-crosscheck/1"} | _plain(found)

    def __str__(self) -> str:
        headings, lines = self.table()
        parts = [f"Cross-check: {self.verdict}", self.game, *self.told_reasons()]
        if lines:
            parts += ["", *_aligned([headings, *lines])]
        return "\n".join([*parts, "", *self.notes(), f"{self.seconds:.1f} s"])

    def __repr__(self) -> str:
        return f"CrossCheck({self.verdict}, {len(self.rows)} rows, {len(self.failed())} failed)"

    def _repr_markdown_(self) -> str:
        headings, lines = self.table()
        told = [markup.in_markdown(text) for text in (self.game, *self.told_reasons())]
        table = [markup.piped(headings, lines)] if lines else []
        notes = map(markup.in_markdown, self.notes())
        return "\n\n".join([f"**Cross-check: {self.verdict}**", *told, *table, *notes])

    def _repr_html_(self) -> str:
        headings, lines = self.table()
        parts = [
            markup.bold(f"Cross-check: {self.verdict}"),
            markup.paragraphs([self.game, *self.told_reasons()]),
            markup.table(headings, lines) if lines else "",
            markup.paragraphs(self.notes()),
        ]
        return "".join(parts)

    def told_reasons(self) -> list[str]:
        """The first reasons, and how many more there are."""
        most = 12
        left = len(self.reasons) - most
        return [*self.reasons[:most], *([f"… and {left} more"] if left > 0 else [])]

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Digits that agree (and how many are needed), a column per agent."""
        agents = sorted({row.agent for row in self.rows})
        few = len(agents) <= _MOST_AGENTS
        columns = [f"agent {i}" for i in agents] if few else ["worst agent"]
        together: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            together.setdefault((row.check, row.quantity), []).append(row)
        lines, before = [], ""
        for (check, quantity), rows in together.items():
            shown = rows if few else [min(rows, key=lambda row: (row.holds, row.digits))]
            cells = [_cell(row, named=not few) for row in shown]
            lines.append([CHECKS[check] if check != before else "", quantity, *cells])
            before = check
        return ["digits that agree (needed)", "", *columns], lines

    def notes(self) -> list[str]:
        """What the table does not say, a sentence each."""
        notes = []
        if self.algorithm_1 is not None:
            notes.append(_told(self.algorithm_1))
        if self.simulation:
            off = [
                abs(one.mean - one.exact) / one.standard_error
                for one in self.simulation
                if one.standard_error > 0
            ]
            far = f"off by {max(off):.1f} standard errors at most" if off else "without chance"
            notes.append(f"Simulation: {self.samples} trajectories, {far} (4.5 allowed).")
        if self.lost_digits:
            lost = ", ".join(f"{letter} {x:.1f}" for letter, x in self.lost_digits.items())
            notes.append(f"Digits that the game's conditioning costs: {lost}.")
        return notes


def _told(found: Convergence) -> str:
    rate = "" if found.rate is None else f", a factor {found.rate:.4g} per inner step"
    last, far = found.iterations[-1], found.distances[-1]
    behaviour = {"undecided": "shows no clear trend"}.get(found.behaviour, found.behaviour)
    return f"Algorithm 1 {behaviour}: distance {far:.2g} after L = {last}{rate}."


def _cell(row: Row, *, named: bool) -> str:
    digits, needed = ("all" if x == math.inf else f"{x:.1f}" for x in (row.digits, row.needed))
    place = "" if row.t is None else f" at t = {row.t}"
    agent = f", agent {row.agent}" if named else ""
    wrong = "" if row.holds else f" FAILS{place}"
    return f"{digits} ({needed}){wrong}{agent}"


def _aligned(lines: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(x) for x in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
