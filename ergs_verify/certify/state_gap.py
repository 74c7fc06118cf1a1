"""An agent's gap as a function of the initial state, and its worst case."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from attrs import frozen
from flint import arb

from ergs_verify.arithmetic.balls import Ball, Balls
from ergs_verify.certify.covariances import slacks
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.gap_parts import answered, gap_formula
from ergs_verify.certify.loewner import Bracket
from ergs_verify.certify.norms import largest_eigenvalue
from ergs_verify.certify.worst_state import largest_on_ball
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import short
from ergs_verify.game import Game, Policy
from ergs_verify.paper import notation
from ergs_verify.paper.gap import G, g
from ergs_verify.recursion.affine import part
from ergs_verify.recursion.gap import played_stages
from ergs_verify.recursion.given import in_state_of
from ergs_verify.recursion.stages import Stages


@frozen(kw_only=True, repr=False)
class StateGap:
    """One agent's gap as a function x'Gx + 2h'x + g of the initial state x.

    Attributes
    ----------
    agent : int
        Counted from 1.
    matrix : list of rows of Enclosure, m×m
        G ⪰ 0.
    linear : list of Enclosure, of length m, or None
        h; None, for 0, in a game without affine terms.
    constant : Enclosure
        g ≥ 0.
    worst : Enclosure
        The largest gap over ‖x‖₂ ≤ radius.
    radius : Fraction

    Notes
    -----
    See :doc:`/explanation/theory`, "How far from an equilibrium".
    """

    agent: int
    matrix: list[list[Enclosure]]
    linear: list[Enclosure] | None = None
    constant: Enclosure
    worst: Enclosure
    radius: Fraction

    def __repr__(self) -> str:
        size = f"{len(self.matrix)}×{len(self.matrix)}"
        linear = "" if self.linear is None else " + 2h'x"
        return (
            f"StateGap(agent {self.agent}: x'Gx{linear} + g with G {size} and g = {self.constant}, "
            f"at most {self.worst} where ‖x‖ ≤ {short(self.radius)})"
        )


def state_gaps(game: Game, policy: Policy, bits: int, radius: Fraction) -> tuple[StateGap, ...]:
    """Every agent's gap under a policy that has finite gaps, and the worst on ‖x‖₂ ≤ radius."""
    stages = Stages(game, Balls(bits), symmetric=True, deterministic=policy.Sigma is None)
    played = played_stages(stages, in_state_of(game, policy))
    return tuple(_state_gap(stages, played, agent, radius) for agent in stages.agents)


def _state_gap(
    stages: Stages[Balls], played: Sequence[Evaluator], agent: int, radius: Fraction
) -> StateGap:
    """Backwards in time; G stays between exact matrices, as it is linear in what follows it."""
    balls, formula = stages.arithmetic, gap_formula(stages)
    letter, constant = G.subs(notation.i, agent), g(agent)
    size = stages.game.state_size
    bracket = Bracket(balls.zeros(size, size), balls.zeros(size, size))
    number, of_noise = balls.scalar(Fraction(0)), slacks(stages.game.noise)
    rate = stages.game.discount[agent - 1]
    times = reversed(range(len(played)))
    for t, stage in zip(times, answered(stages, played, agent), strict=True):
        known = stage.with_values({letter: bracket.ball(balls), constant: number})
        name = "plain_gap_constant" if stages.plain_at(agent, t) else "gap_constant"
        number = known(formula(name, agent))
        if of_noise[t]:
            spread = balls.scalar(rate * of_noise[t]) * balls.trace(bracket.hi)
            number += Ball(arb(0, spread.value.abs_upper()), balls.bits)
        bracket = bracket.along(stage, letter, formula("gap_matrix", agent), balls)
    matrix, linear = bracket.ball(balls), None
    if stages.affine:
        matrix, h, corner = (part(letter, matrix, balls) for letter in "Psc")
        number += balls.trace(corner)
        worst = largest_on_ball(matrix, h, radius, balls) + number
        linear = [entry for (entry,) in _enclosed(h, balls)]
    else:
        squared = balls.scalar(radius * radius)
        worst = Ball(largest_eigenvalue(matrix, balls.bits), balls.bits) * squared + number
    return StateGap(
        agent=agent,
        matrix=_enclosed(matrix, balls),
        linear=linear,
        constant=Enclosure.of(number, least=Fraction(0)),
        worst=Enclosure.of(worst, least=Fraction(0)),
        radius=radius,
    )


def _enclosed(X: Any, balls: Balls) -> list[list[Enclosure]]:
    return [[Enclosure(*ends) for ends in row] for row in balls.enclosures(X)]
