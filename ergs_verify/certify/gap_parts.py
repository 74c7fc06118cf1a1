"""What each stage adds to an agent's gap, in balls, by the gap identity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ergs_verify.arithmetic.balls import Ball, Balls
from ergs_verify.certify.covariances import slack, slacks
from ergs_verify.certify.definite import demand_bounded, demand_definite
from ergs_verify.certify.loewner import Bracket
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact.definite import is_positive
from ergs_verify.game import Policy
from ergs_verify.paper import notation
from ergs_verify.paper.gap import X, gap_formulas
from ergs_verify.recursion.gap import initial_moment
from ergs_verify.recursion.stages import Stages, setting_of
from ergs_verify.recursion.written_out import WrittenOut


def gap_formula(stages: Stages[Any]) -> WrittenOut:
    """The gap's formulas, written out for the game's agents."""
    return stages.written(gap_formulas(setting_of(stages.game)))


def with_moments(stages: Stages[Balls], played: Sequence[Evaluator]) -> list[Evaluator]:
    """The stages t = 0…T−1, which know everybody's K and Σ, with E[xx'] besides."""
    balls = stages.arithmetic
    formula = gap_formula(stages)
    at_start, of_noise = slack(stages.game.x0_cov), slacks(stages.game.noise)
    moment = Bracket.around(initial_moment(stages.game, balls), balls).wider(at_start, balls)
    known = []
    for stage in played:
        known.append(stage.with_values({X: moment.ball(balls)}))
        if len(known) < len(played):
            moment = moment.along(stage, X, formula("second_moment", 1), balls)
            moment = moment.wider(of_noise[len(known) - 1], balls)
    return known


def answered(stages: Stages[Balls], played: Sequence[Evaluator], agent: int) -> Iterator[Evaluator]:
    """The stages t = T−1, …, 0 with P_{t+1} of an agent's best response to the others."""
    balls, P = stages.arithmetic, notation.P(agent)
    riccati = stages.formula("riccati", agent)
    cost = Bracket.around(stages.terminal().P[agent - 1], balls)
    for t in reversed(range(len(played))):
        stage = played[t]
        lo, hi = cost.ends(stage, P)
        W = notation.W(agent)
        against_others = stages.game.agents > 1
        demand_bounded(lo(W), stages, agent=agent, t=t, above=hi(W), against_others=against_others)
        yield stage.with_values({P: cost.ball(balls)})
        cost = Bracket.between(lo(riccati), hi(riccati), balls)


def gap_parts(
    stages: Stages[Balls], played: Sequence[Evaluator], agent: int
) -> Iterator[tuple[Ball, Ball]]:
    """What the stages t = T−1, …, 0 add to an agent's gap, by the gain and by the covariance."""
    times = reversed(range(len(played)))
    for t, stage in zip(times, answered(stages, played, agent), strict=True):
        yield stage_parts(stages, stage, agent, t)


def stage_parts(stages: Stages[Balls], stage: Evaluator, agent: int, t: int) -> tuple[Ball, Ball]:
    """The same of stage t alone, which knows P_{t+1} of the agent's best response."""
    formula = gap_formula(stages)
    covariance = "plain_covariance_part" if stages.plain_at(agent, t) else "covariance_part"
    gain, spread = stage(formula("gain_part", agent)), stage(formula(covariance, agent))
    return stages.weighed(gain, agent, t), stages.weighed(spread, agent, t)


def has_density(stages: Stages[Balls], policy: Policy, agent: int) -> bool:
    """Whether an agent's gap is finite: where τ > 0 its Σ has to be positive definite."""
    if agent in stages.plain or policy.Sigma is None:
        return True
    return all(
        stages.plain_at(agent, t) or _is_definite(stages, Sigma)
        for t, Sigma in enumerate(policy.Sigma[agent - 1])
    )


def _is_definite(stages: Stages[Balls], Sigma: np.ndarray) -> bool:
    """By balls, which is quick, and exactly where they do not prove it."""
    try:
        demand_definite(stages.enter(Sigma), stages.arithmetic)
    except NotCertifiedError:
        return is_positive(Sigma, strictly=True)
    return True
