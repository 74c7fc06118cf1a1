"""The feedback Nash equilibrium: at each stage Φ_t 𝓚_t = −rhs_t, backwards in time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, pairwise

from ergs_verify.arithmetic.base import Arithmetic, Matrix
from ergs_verify.errors import NotCertifiedError, SingularStageError
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion.records import Sequences, Stage
from ergs_verify.recursion.stages import Progress, Stages, WithFormulas


def nash(
    game: Game,
    arithmetic: Arithmetic,
    *,
    formulas: Formulas | None = None,
    progress: Progress | None = None,
) -> Sequences:
    """The game's feedback Nash equilibrium, equations (4)–(6) of the paper.

    K_t solves the block system of Lemma III.4; P_t and q_t are the cost recursion of that policy
    (24), corrected, which at the equilibrium equals (4) and (5).

    Raises
    ------
    SingularStageError
        Where Φ_t is singular, decided in exact rationals: there is not one equilibrium.
    NotCertifiedError
        Where the arithmetic cannot tell Φ_t from a singular matrix and the exact decision would
        be too long.

    Examples
    --------
    >>> from ergs_verify.arithmetic import Rationals
    >>> from ergs_verify.game import Game
    >>> from ergs_verify.recursion import nash
    >>> game = Game.from_arrays(
    ...     A=[[1]], B=[[[1]]] * 3, Q=[[[[0]], [[1]]]] * 3, R=[[["1/4"]]] * 3,
    ...     tau="1/2", noise_cov=[[1]], horizon=1)
    >>> nash(game, Rationals()).K[0][0]
    [-2/7]
    """
    stages = Stages(game, arithmetic, formulas)
    terminal = stages.terminal()
    played = []
    try:
        for stage in backwards(stages, terminal):
            played.append(stage)
            if progress:
                progress(len(played), game.horizon)
    except NotCertifiedError as error:
        from ergs_verify.recursion.singular import decide_singular

        t = game.horizon - 1 - len(played)
        decide_singular(game, until=t, formulas=formulas)
        raise NotCertifiedError(f"stage t = {t}: {error}; ask for more digits") from error
    return Sequences.from_backwards(terminal, played)


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
    from ergs_verify.arithmetic.rationals import Rationals

    return arithmetic.consistent(phi, rhs) if isinstance(arithmetic, Rationals) else None
