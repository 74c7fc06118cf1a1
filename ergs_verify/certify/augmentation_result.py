"""What is certified of the δ-augmented equilibrium's gap, as a record that shows itself."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import log
from typing import Any

from attrs import field, frozen

from ergs_verify import markup
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.errors import InputError
from ergs_verify.exact import short, written
from ergs_verify.game import Game

HEADINGS = ("δ", "agent", "ε", "bound", "local order", "ε/(cδ²)")
#: Relative width of the coefficient's enclosure.
COEFFICIENT_TOLERANCE = Fraction(1, 10**12)
_NOTHING = "–"


@frozen(kw_only=True)
class DeltaAgent:
    """One agent at one δ.

    Attributes
    ----------
    agent : int
        Counted from 1.
    epsilon : Enclosure
        ε_i(δ): the agent's gap in the game at τ, where all play the equilibrium of the game at
        τ + δ; the mean over x_0.
    bound : Enclosure
        δ (KL_i(BR^i) − KL_i(S̃^i)) ≥ ε_i(δ). Infinite at τ = 0, where the best response is
        deterministic.

    Notes
    -----
    See :doc:`/explanation/theory`, "The δ-augmentation".
    """

    agent: int
    epsilon: Enclosure
    bound: Enclosure


@frozen(kw_only=True)
class DeltaRow:
    """All agents at one δ.

    Attributes
    ----------
    delta : Fraction
    verdict : str
        ``"proved"``: every enclosure is as tight as asked. ``"refuted"``: there is no single
        equilibrium at τ + δ, or an agent's gap is infinite. ``"undecided"``: the highest precision
        allowed did not suffice.
    agents : tuple of DeltaAgent, or None
        None if it is refuted, or if nothing is known. If it is undecided the enclosures may be
        wider than was asked.
    reason : str or None
        Why it is not proved.

    Notes
    -----
    See :doc:`/explanation/theory`, "The δ-augmentation".
    """

    delta: Fraction = field(repr=short)
    verdict: str
    agents: tuple[DeltaAgent, ...] | None
    reason: str | None = None


@frozen(kw_only=True)
class Coefficient:
    """The coefficient of δ² in one agent's gap: c_i in ε_i(δ) = c_i δ² + O(δ³).

    Attributes
    ----------
    agent : int
        Counted from 1.
    value : Enclosure

    Notes
    -----
    See :doc:`/explanation/theory`, "The δ-augmentation".
    """

    agent: int
    value: Enclosure


@frozen(kw_only=True)
class SmallestDelta:
    """How large δ has to be.

    Attributes
    ----------
    assumption_III_3 : Enclosure
        Of the least δ ≥ 0 from which on Assumption III.3 holds at τ + δ. Its upper end is infinite
        if the game's data alone prove nothing.
    """

    assumption_III_3: Enclosure


@frozen(kw_only=True, eq=False, repr=False)
class GapOfDelta:
    """Gaps and bounds over δ: the answer of `gap`.

    Attributes
    ----------
    tau : Fraction or None
        None if it differs between agents or times.
    rows : tuple of DeltaRow
        In the order of growing δ.
    verdict : str
        ``"refuted"`` if a row is, otherwise ``"undecided"`` if a row is, otherwise ``"proved"``.
    order : tuple of float or None
        Each agent's slope of log ε over log δ between the two smallest δ that are proved, taken
        between the middles of the enclosures; None if there are no two.
    coefficient : tuple of Coefficient, or None
        None at τ = 0, if some Φ_t is singular at τ, or if the precision does not suffice.
    coefficient_reason : str or None
        Why there is none.
    smallest_delta : SmallestDelta or None
        None if the game lies beyond the paper's class, to which Assumption III.3 belongs.
    game : Game

    Notes
    -----
    See :doc:`/explanation/theory`, "The δ-augmentation".
    """

    tau: Fraction | None
    rows: tuple[DeltaRow, ...]
    coefficient: tuple[Coefficient, ...] | None
    coefficient_reason: str | None
    smallest_delta: SmallestDelta | None
    game: Game

    @property
    def verdict(self) -> str:
        """``"refuted"`` if a row is, otherwise ``"undecided"`` if a row is, else ``"proved"``."""
        found = {row.verdict for row in self.rows}
        return next((worst for worst in ("refuted", "undecided") if worst in found), "proved")

    @property
    def order(self) -> tuple[float | None, ...]:
        """Each agent's slope of log ε over log δ between the two smallest δ that are proved.

        It is taken between the middles of the enclosures; None if there are no two.
        """
        orders = [row for row in self._local_orders() if row is not None]
        return orders[0] if orders else (None,) * self.game.agents

    def curve(self, agent: int, quantity: str = "epsilon") -> list[tuple[Fraction, Enclosure]]:
        """One agent's ε or its bound over δ, where it is enclosed.

        Parameters
        ----------
        agent : int
            Counted from 1.
        quantity : {"epsilon", "bound"}

        Returns
        -------
        list of tuples of a Fraction, δ, and an Enclosure

        Raises
        ------
        InputError
            If there is no such agent or quantity.

        Notes
        -----
        See :doc:`/explanation/theory`, "The δ-augmentation".

        Examples
        --------
        >>> from ergs_verify import gallery, gap
        >>> [str(delta) for delta, _ in gap(gallery("lqr"), ["1/100", "1/10"]).curve(1)]
        ['1/100', '1/10']
        """
        expect_curve(agent, quantity, self.game.agents)
        return [
            (row.delta, getattr(row.agents[agent - 1], quantity))
            for row in self.rows
            if row.agents is not None
        ]

    def as_json(self) -> dict[str, Any]:
        """The object ``ergs-gap/1``, every enclosure rounded outward.

        Returns
        -------
        dict

        Examples
        --------
        >>> from ergs_verify import gallery, gap
        >>> gap(gallery("g-star-2"), "1/10").as_json()["rows"][0]["delta"]
        '0.1'
        """
        return {
            "format": "ergs-gap/1",
            "tau": None if self.tau is None else written(self.tau),
            "verdict": self.verdict,
            "rows": [_row_as_json(row) for row in self.rows],
            "coefficient": None
            if self.coefficient is None
            else [{"agent": c.agent, "value": c.value.as_json()} for c in self.coefficient],
            "coefficient_reason": self.coefficient_reason,
            "order": list(self.order),
            "smallest_delta": self.smallest_delta
            and {"assumption_III_3": self.smallest_delta.assumption_III_3.as_json()},
        }

    def table(self) -> list[list[str]]:
        """Rows of strings under `HEADINGS`, every digit that is shown certain but the orders'."""
        lines = []
        for row, orders in zip(self.rows, self._local_orders(), strict=True):
            if row.agents is None:
                lines.append([short(row.delta), *[_NOTHING] * (len(HEADINGS) - 1)])
            for one in row.agents or ():
                order = orders and orders[one.agent - 1]
                lines.append(
                    [
                        short(row.delta),
                        str(one.agent),
                        _shown(one.epsilon),
                        _shown(one.bound),
                        _NOTHING if order is None else f"{order:.3f}",
                        self._ratio(row.delta, one),
                    ]
                )
        return lines

    def notes(self) -> list[str]:
        """What the table does not say, a sentence each."""
        if self.coefficient is None:
            second = f"No coefficient of δ²: {self.coefficient_reason}."
        else:
            values = ", ".join(_shown(one.value) for one in self.coefficient)
            second = f"Coefficient c of δ², agent by agent: {values}."
        notes = [second]
        if self.smallest_delta is not None:
            smallest = _shown(self.smallest_delta.assumption_III_3)
            told = "Least δ beyond which Assumption III.3 holds at τ + δ:"
            notes.append(f"{told} {smallest}.")
        reasons = [f"δ = {short(row.delta)}: {row.reason}." for row in self.rows if row.reason]
        return [*notes, *reasons]

    def __repr__(self) -> str:
        tau = "by agent" if self.tau is None else short(self.tau)
        return f"GapOfDelta(tau={tau}, {len(self.rows)} δ, {self.verdict})"

    def _repr_html_(self) -> str:
        table = markup.table(HEADINGS, self.table())
        return markup.bold(repr(self)) + table + markup.paragraphs(self.notes())

    def _ratio(self, delta: Fraction, one: DeltaAgent) -> str:
        if self.coefficient is None:
            return _NOTHING
        c = self.coefficient[one.agent - 1].value
        square = delta * delta
        ratio = Enclosure(one.epsilon.lo / (c.hi * square), one.epsilon.hi / (c.lo * square))
        return _shown(ratio)

    def _local_orders(self) -> list[tuple[float | None, ...] | None]:
        """For every row that is proved, the slopes since the one before that is."""
        orders: list[tuple[float | None, ...] | None] = [None] * len(self.rows)
        places = [k for k, row in enumerate(self.rows) if row.verdict == "proved"]
        for before, after in pairwise(places):
            smaller, larger = self.rows[before], self.rows[after]
            step = _log(larger.delta / smaller.delta)
            orders[after] = tuple(
                _slope(x.epsilon, y.epsilon, step)
                for x, y in zip(smaller.agents or (), larger.agents or (), strict=True)
            )
        return orders


def expect_curve(agent: int, quantity: str, agents: int) -> None:
    """Refuse an agent or a quantity that there is not.

    Raises
    ------
    InputError
    """
    if agent not in range(1, agents + 1):
        raise InputError(f"agent must be a whole number from 1 to {agents}", "agent")
    if quantity not in ("epsilon", "bound"):
        raise InputError('quantity must be "epsilon" or "bound"', "quantity")


def _row_as_json(row: DeltaRow) -> dict[str, Any]:
    agents = row.agents and [
        {
            "agent": one.agent,
            "epsilon": one.epsilon.as_json(),
            "bound": one.bound.as_json(),
        }
        for one in row.agents
    ]
    document = {"delta": written(row.delta), "verdict": row.verdict, "agents": agents}
    return document | ({"reason": row.reason} if row.reason else {})


def _slope(before: Enclosure, after: Enclosure, step: float) -> float | None:
    if before.lo <= 0 or after.lo <= 0:
        return None
    return _log((after.lo + after.hi) / (before.lo + before.hi)) / step


def _log(ratio: Fraction) -> float:
    """Also where the ratio is beyond float64."""
    return log(ratio.numerator) - log(ratio.denominator)


def _shown(value: Enclosure) -> str:
    return "∞" if value.lo == float("inf") else str(value)
