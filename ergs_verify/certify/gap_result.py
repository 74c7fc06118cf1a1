"""A policy's certified gaps, as they are shown and written."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from attrs import frozen

from ergs_verify import markup
from ergs_verify.certify.enclosure import INFINITE, Enclosure
from ergs_verify.certify.state_gap import StateGap, state_gaps
from ergs_verify.errors import InputError, UnboundedCostError
from ergs_verify.exact import number
from ergs_verify.game import Game, Policy


@frozen(kw_only=True)
class StageGap:
    """What one stage adds to a gap.

    Attributes
    ----------
    t : int
        The stage, counted from 0.
    gain : Enclosure
        Tr(W ΔK X_t ΔK') ≥ 0, what the gain's distance from the best response's costs.
    covariance : Enclosure
        (τ/2)(Tr(Σ_br⁻¹ Σ) − p − log det(Σ_br⁻¹ Σ)) ≥ 0, what the covariance's costs.

    Notes
    -----
    See :doc:`/explanation/theory`, "How far from an equilibrium".
    """

    t: int
    gain: Enclosure
    covariance: Enclosure


@frozen(kw_only=True)
class AgentGap:
    """One agent's gap.

    Attributes
    ----------
    agent : int
        Counted from 1.
    gap : Enclosure
        Of J^i(π) − min J^i, the mean over x_0. Infinite if τ > 0 and Σ is singular, or if the
        agent's cost has no lower bound.
    stages : tuple of StageGap, t = 0…T−1
        Its parts; empty if it is infinite.
    unbounded : UnboundedCostError or None
        At which stage and along which control the agent's cost has no lower bound, proved.

    Notes
    -----
    J^i is the cost of equation (2); see :doc:`/explanation/theory`, "How far from an equilibrium".
    """

    agent: int
    gap: Enclosure
    stages: tuple[StageGap, ...]
    unbounded: UnboundedCostError | None = None


@frozen(kw_only=True, eq=False, repr=False)
class CertifiedGap:
    """What every agent can gain by deviating alone, enclosed: the answer of `certify_gap`.

    Attributes
    ----------
    agents : tuple of AgentGap
    verdict : str
        ``"proved"`` if every enclosure is as tight as asked, otherwise ``"undecided"``.
    tolerance : Fraction
        The relative width asked for.
    bits : int
        The precision, in bits, that was needed or reached.
    largest : Enclosure
        The largest agent's gap: the least ε for which the policy is an ε-Nash equilibrium, on
        average over x_0.
    game : Game
    policy : Policy
        What was judged.
    """

    agents: tuple[AgentGap, ...]
    verdict: str
    tolerance: Fraction
    bits: int
    game: Game
    policy: Policy

    @property
    def largest(self) -> Enclosure:
        """The largest agent's gap: the least ε for which it is an ε-Nash equilibrium on average."""
        gaps = [one.gap for one in self.agents]
        return Enclosure(max(gap.lo for gap in gaps), max(gap.hi for gap in gaps))

    def of_state(self, radius: Any = 1) -> tuple[StateGap, ...]:
        """Every agent's gap as a function of the initial state, and its worst case on a ball.

        Parameters
        ----------
        radius : number > 0
            The ball is ‖x‖₂ ≤ radius.

        Returns
        -------
        tuple over agents of StateGap

        Raises
        ------
        InputError
            If the radius is bad, or a gap is infinite.

        Notes
        -----
        Definition II.1 of the paper asks for the gap at every x, not on average. It is a quadratic
        function of x: see :doc:`/explanation/theory`, "How far from an equilibrium".

        Examples
        --------
        >>> from ergs_verify import certify_gap, gallery
        >>> found = certify_gap(gallery("g-star-2"), {"K": [[[[0, 0]]], [[[0, 0]]]]})
        >>> [one.agent for one in found.of_state(radius="1/2")]
        [1, 2]
        """
        size = number(radius, "radius")
        if not size > 0:
            raise InputError("radius must be > 0", "radius")
        if any(one.gap == INFINITE for one in self.agents):
            raise InputError("a gap is infinite at every state: Σ is singular", "Sigma")
        return state_gaps(self.game, self.policy, self.bits, Fraction(size))

    def as_json(self) -> dict[str, Any]:
        """The part ``epsilon`` of ``ergs-audit/1``, with what is known besides."""
        return {
            "verdict": self.verdict,
            "bits": self.bits,
            "epsilon": [{"agent": one.agent, "gap": one.gap.as_json()} for one in self.agents],
        }

    def __repr__(self) -> str:
        gaps = ", ".join(f"{one.agent}: {one.gap}" for one in self.agents)
        return f"CertifiedGap({gaps}; {self.verdict} at {self.bits} bits)"

    def _repr_html_(self) -> str:
        lines = [[str(one.agent), str(one.gap)] for one in self.agents]
        told = (
            "A gap is what the agent can gain by deviating alone, on average over x_0; "
            f"{self.verdict} in balls of {self.bits} bits."
        )
        return markup.table(["agent", "gap"], lines) + markup.paragraphs([told])
