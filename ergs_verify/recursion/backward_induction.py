"""The block system Φ_t 𝓚_t = −rhs_t of Lemma III.4, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, pairwise

from ergs_verify.arithmetic.base import Arithmetic, Matrix
from ergs_verify.arithmetic.rationals import Rationals
from ergs_verify.errors import SingularStageError
from ergs_verify.evaluate import Evaluator
from ergs_verify.paper import notation
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages, WithFormulas


def backwards(stages: Stages, terminal: Stage) -> Iterator[Stage]:
    """The equilibrium's stages t = T−1, …, 0."""
    ahead = terminal
    for t in reversed(range(stages.game.horizon)):
        stage = stages.at(t, ahead)
        K = _gains(stages, stage, t)
        ahead = stages.evaluated(stage, K, stages.covariances(stage), t)
        yield ahead


def block_system(stages: WithFormulas, stage: Evaluator) -> tuple[Matrix, Matrix]:
    """Φ_t and the right-hand side r of Φ_t 𝓚_t = −r, at a stage that knows P_{t+1}."""
    arithmetic, formula = stages.arithmetic, stages.formula
    phi = arithmetic.blocks(
        [
            [
                stage(
                    formula("phi_diagonal", k)
                    if k == other
                    else formula("phi_off_diagonal", k, other)
                )
                for other in stages.agents
            ]
            for k in stages.agents
        ]
    )
    return phi, arithmetic.blocks([[stage(formula("rhs", k))] for k in stages.agents])


def gains_and_costs(stages: WithFormulas, known: Evaluator) -> tuple[list[Matrix], list[Matrix]]:
    """The gains that solve a stage's equations and their costs, at a stage that knows P_{t+1}.

    Over an arithmetic of which matrices have a negative, and without Σ and q.
    """
    phi, rhs = block_system(stages, known)
    K = by_agent(stages, stages.arithmetic.solve(phi, -rhs))
    played = known.with_values({notation.K(k): K[k - 1] for k in stages.agents})
    return K, [played(stages.formula("policy_cost", k)) for k in stages.agents]


def _gains(stages: Stages, stage: Evaluator, t: int) -> list[Matrix]:
    arithmetic = stages.arithmetic
    phi, rhs = block_system(stages, stage)
    try:
        solved = arithmetic.solve(phi, rhs)
    except ZeroDivisionError as error:
        raise SingularStageError(t, _consistent(arithmetic, phi, rhs)) from error
    gains = arithmetic.scale(arithmetic.scalar(Fraction(-1)), solved)
    return by_agent(stages, gains)


def by_agent(stages: WithFormulas, stacked: Matrix) -> list[Matrix]:
    """The block rows of a matrix that is stacked over agents, such as 𝓚."""
    ends = accumulate(stages.control_sizes, initial=0)
    return [stages.arithmetic.rows(stacked, start, stop) for start, stop in pairwise(ends)]


def _consistent(arithmetic: Arithmetic, phi: Matrix, rhs: Matrix) -> bool | None:
    """Whether Φ𝓚 = −rhs has a solution, if this arithmetic can decide a rank."""
    return arithmetic.consistent(phi, rhs) if isinstance(arithmetic, Rationals) else None
