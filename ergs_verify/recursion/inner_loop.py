"""Algorithm 1: at each stage, backwards in time, L simultaneous best responses from zero."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ergs_verify.arithmetic.base import Arithmetic
from ergs_verify.errors import ErgsError, NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import whole
from ergs_verify.exact.definite import is_positive
from ergs_verify.game import Game
from ergs_verify.paper import notation
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion.records import Sequences, Stage
from ergs_verify.recursion.stages import Progress, Stages


def algorithm_1(
    game: Game,
    arithmetic: Arithmetic,
    iterations: int,
    *,
    formulas: Formulas | None = None,
    progress: Progress | None = None,
) -> Sequences:
    """What Algorithm 1 of the paper gives out, by the derived formulas in any arithmetic.

    Parameters
    ----------
    game : Game
    arithmetic : Arithmetic
    iterations : int ≥ 1
        The number L of inner steps at each stage.
    formulas : Formulas, optional
        Stage formulas to use in place of the derived ones.
    progress : function of two int, optional
        Told how many stages are done, and of how many.

    Returns
    -------
    Sequences
        P_t and q_t are the cost of the policy found. The inner loop may diverge; nothing here says
        so, because after any L there is a policy.

    Raises
    ------
    InputError
        If `iterations` is not such a number.
    ErgsError
        If in a game beyond the paper's class some W is not positive definite: the agent has no best
        response to what was found for the later stages.

    Examples
    --------
    >>> from ergs_verify.arithmetic import Rationals
    >>> from ergs_verify.game import Game
    >>> from ergs_verify.recursion import algorithm_1
    >>> game = Game.from_arrays(
    ...     A=[[1]], B=[[[1]]] * 3, Q=[[[[0]], [[1]]]] * 3, R=[[["1/4"]]] * 3,
    ...     tau="1/2", noise_cov=[[1]], horizon=1)
    >>> algorithm_1(game, Rationals(), 2).K[0][0]
    [2/9]
    """
    count = whole(iterations, "iterations", 1)
    stages = Stages(game, arithmetic, formulas)
    terminal = stages.terminal()
    played = []
    try:
        for stage in _backwards(stages, terminal, count):
            played.append(stage)
            if progress:
                progress(len(played), game.horizon)
    except NotCertifiedError as error:
        t = game.horizon - 1 - len(played)
        raise NotCertifiedError(f"stage t = {t}: {error}; ask for more digits") from error
    return Sequences.from_backwards(terminal, played)


def _backwards(stages: Stages, terminal: Stage, count: int) -> Iterator[Stage]:
    arithmetic, game = stages.arithmetic, stages.game
    ahead = terminal
    for t in reversed(range(game.horizon)):
        stage = stages.at(t, ahead)
        if game.general:
            _expect_answers(stages, stage, t)
        Sigma = stages.covariances(stage)
        K = [arithmetic.zeros(p, game.state_size) for p in game.control_sizes]
        for _ in range(count):
            known = stage.with_values({notation.K(k): K[k - 1] for k in stages.agents})
            K = [known(stages.formula("gain", k)) for k in stages.agents]
        ahead = stages.evaluated(stage, K, Sigma, t)
        yield ahead


def _expect_answers(stages: Stages, stage: Evaluator, t: int) -> None:
    for k in stages.agents:
        rows = stages.arithmetic.to_fractions(stage(stages.formula("phi_diagonal", k)))
        W = np.array(rows, dtype=object)
        if not is_positive((W + W.T) / 2, strictly=True):
            raise ErgsError(
                f"Algorithm 1 stops at stage t = {t}: W of agent {k} is not positive definite "
                "there, so the agent has no best response to the policies of the later stages"
            )
