"""The feedback Nash equilibrium, backwards in time, or the stage at which there is not one."""

from __future__ import annotations

from ergs_verify.arithmetic.base import Arithmetic
from ergs_verify.errors import NotCertifiedError
from ergs_verify.game import Game
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion.backward_induction import backwards
from ergs_verify.recursion.records import Sequences
from ergs_verify.recursion.singular import decide_singular
from ergs_verify.recursion.stages import Progress, Stages


def nash(
    game: Game,
    arithmetic: Arithmetic,
    *,
    formulas: Formulas | None = None,
    progress: Progress | None = None,
) -> Sequences:
    """The feedback Nash equilibrium, by the derived formulas in any arithmetic.

    Parameters
    ----------
    game : Game
    arithmetic : Arithmetic
    formulas : Formulas, optional
        Stage formulas to use in place of the derived ones.
    progress : function of two int, optional
        Told how many stages are done, and of how many.

    Returns
    -------
    Sequences

    Raises
    ------
    SingularStageError
        If Φ_t is singular, decided in exact rationals: there is not exactly one equilibrium.
    NotCertifiedError
        If the arithmetic cannot tell Φ_t from a singular matrix, and exact rationals do not show it
        to be singular.

    Notes
    -----
    Equations (4) to (6) of the paper. K_t solves the block system of Lemma III.4. P_t and q_t are
    the cost of that policy, equation (24) as corrected, which at the equilibrium equals (4) and
    (5).

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
        t = game.horizon - 1 - len(played)
        decide_singular(game, until=t, formulas=formulas)
        raise NotCertifiedError(f"stage t = {t}: {error}; ask for more digits") from error
    return Sequences.from_backwards(terminal, played)
