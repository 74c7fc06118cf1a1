"""What a study of the δ-augmentation found, as a record that prints itself."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from ergs_verify import markup
from ergs_verify.certify.augmentation_result import expect_curve
from ergs_verify.exact import short, written
from ergs_verify.study.tables import as_text, ratio_as_decimal, shown


@frozen(kw_only=True)
class AugmentationAgent:
    """One agent's gap at one δ.

    Attributes
    ----------
    agent : int
        Counted from 1.
    epsilon : Decimal
        ε_i(δ): its gap in the game at τ, where all play the equilibrium of the game at τ + δ.
    bound : Decimal
        δ (KL_i(BR^i) − KL_i(S̃^i)); ∞ at τ = 0, where the best response is deterministic.
    order : float or None
        The slope of log ε over log δ since the next smaller δ; None for the smallest.
    ratio : float or None
        ε_i/(c_i δ²), which tends to 1; None if there is no coefficient.

    Notes
    -----
    See :doc:`/explanation/theory`, "The δ-augmentation".
    """

    agent: int
    epsilon: Decimal
    bound: Decimal
    order: float | None
    ratio: float | None


@frozen(kw_only=True)
class AugmentationRow:
    """All agents at one δ.

    Attributes
    ----------
    delta : Fraction
    agents : tuple of AugmentationAgent, or None
        None if some Φ_t is singular at τ + δ: :doc:`/explanation/theory`, "The δ-augmentation".
    reason : str or None
        Why there are none.
    """

    delta: Fraction = field(repr=short)
    agents: tuple[AugmentationAgent, ...] | None
    reason: str | None = None


@frozen(kw_only=True, repr=False)
class AugmentationStudy:
    """Gaps over δ at high precision: the answer of `augmentation_study`.

    Attributes
    ----------
    game, game_hash : str
    tau : Fraction
    digits : int
        Significant digits to which two precisions agree; evidence, not an enclosure.
    rows : tuple of AugmentationRow
        In the order of growing δ.
    order : tuple of float or None
        Each agent's slope of log ε over log δ between the two smallest δ.
    coefficient : tuple of Decimal or None
        c_i in ε_i = c_i δ² + O(δ³) for every agent; None at τ = 0, or if some Φ_t is singular at τ.
    coefficient_reason : str or None
        Why there is none.
    linear_slope : tuple of Fraction
        p_i T/2, the slope of ε_i in δ for τ ≪ δ ≪ 1.
    limit : tuple of Decimal
        Every agent's gap at the prior, to which ε_i tends as δ → ∞.

    Notes
    -----
    See :doc:`/explanation/theory`, "The δ-augmentation".
    """

    game: str
    game_hash: str
    tau: Fraction
    digits: int
    rows: tuple[AugmentationRow, ...]
    coefficient: tuple[Decimal, ...] | None
    coefficient_reason: str | None
    linear_slope: tuple[Fraction, ...]
    limit: tuple[Decimal, ...]

    @property
    def order(self) -> tuple[float | None, ...]:
        """Each agent's slope of log ε between the two smallest δ."""
        found = [row.agents for row in self.rows if row.agents is not None]
        if len(found) < 2:
            return (None,) * len(self.linear_slope)
        return tuple(one.order for one in found[1])

    def curve(self, agent: int, quantity: str = "epsilon") -> list[tuple[Fraction, Decimal]]:
        """One agent's ε or its bound over the δ at which the augmented game has one equilibrium.

        Parameters
        ----------
        agent : int
            Counted from 1.
        quantity : {"epsilon", "bound"}

        Returns
        -------
        list of tuples of a Fraction, δ, and a Decimal

        Raises
        ------
        InputError
            If there is no such agent or quantity.

        Notes
        -----
        See :doc:`/explanation/theory`, "The δ-augmentation".

        Examples
        --------
        >>> from ergs_verify import gallery
        >>> from ergs_verify.study.augmentation import augmentation_study
        >>> [str(delta) for delta, _ in augmentation_study(gallery("lqr"), ["1/10"]).curve(1)]
        ['1/10']
        """
        expect_curve(agent, quantity, len(self.linear_slope))
        return [
            (row.delta, getattr(row.agents[agent - 1], quantity))
            for row in self.rows
            if row.agents is not None
        ]

    def as_json(self) -> dict[str, Any]:
        """The object ``ergs-gap-study/1``: as ``ergs-gap/1``, with decimals in place of enclosures.

        Returns
        -------
        dict

        Examples
        --------
        >>> from ergs_verify import gallery
        >>> from ergs_verify.study.augmentation import augmentation_study
        >>> augmentation_study(gallery("lqr"), ["1/10"]).as_json()["certified"]
        False
        """
        values = self.coefficient
        return {
            "format": "ergs-gap-study/1",
            "game": self.game,
            "game_hash": self.game_hash,
            "certified": False,
            "digits": self.digits,
            "tau": written(self.tau),
            "rows": [_row(row) for row in self.rows],
            "coefficient": None
            if values is None
            else [{"agent": k, "value": _written(c)} for k, c in enumerate(values, 1)],
            "coefficient_reason": self.coefficient_reason,
            "order": list(self.order),
            "linear_slope": [written(slope) for slope in self.linear_slope],
            "limit": [{"agent": k, "value": _written(x)} for k, x in enumerate(self.limit, 1)],
        }

    def __repr__(self) -> str:
        return f"AugmentationStudy({self.game!r}, {len(self.rows)} δ)"

    def __str__(self) -> str:
        return "\n".join([*self._head(), "", as_text(*self._table()), *self._reasons()])

    def _repr_html_(self) -> str:
        head, reasons = markup.paragraphs(self._head()), markup.paragraphs(self._reasons())
        return head + markup.table(*self._table()) + reasons

    def _head(self) -> list[str]:
        if self.coefficient is None:
            second = f"No coefficient of δ²: {self.coefficient_reason}."
        else:
            second = f"Coefficient of δ²: {', '.join(shown(c, 8) for c in self.coefficient)}."
        limit = ", ".join(shown(x, 8) for x in self.limit)
        tau = shown(ratio_as_decimal(self.tau))
        return [
            f"Gap of the δ-augmented equilibrium in the game with τ = {tau}.",
            second,
            f"Limit δ → ∞: {limit}. {self.digits} digits, not certified.",
        ]

    def _reasons(self) -> list[str]:
        return [
            f"δ = {shown(ratio_as_decimal(row.delta))}: {row.reason}"
            for row in self.rows
            if row.reason
        ]

    def _table(self) -> tuple[list[str], list[list[str]]]:
        lines: list[list[str]] = []
        for row in self.rows:
            delta = shown(ratio_as_decimal(row.delta))
            if row.agents is None:
                lines.append([delta, "–", "–", "–", "–", "–"])
            for one in row.agents or ():
                numbers = (one.epsilon, one.bound, one.order, one.ratio)
                lines.append([delta, str(one.agent), *map(shown, numbers)])
        return ["δ", "agent", "ε", "bound", "local order", "ε/(cδ²)"], lines


def _row(row: AugmentationRow) -> dict[str, Any]:
    return {
        "delta": written(row.delta),
        "agents": None
        if row.agents is None
        else [
            {
                "agent": one.agent,
                "epsilon": _written(one.epsilon),
                "bound": _written(one.bound),
                "order": one.order,
            }
            for one in row.agents
        ],
        "reason": row.reason,
    }


def _written(value: Decimal) -> str:
    return "inf" if value == Decimal("Infinity") else str(value)
