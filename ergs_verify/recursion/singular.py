"""Is Φ_t singular? Decided in exact rationals, as far as they stay short enough."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from ergs_verify.arithmetic.base import Matrix
from ergs_verify.arithmetic.rationals import Rationals
from ergs_verify.errors import NotCertifiedError, UnboundedCostError
from ergs_verify.game import Game
from ergs_verify.paper import notation
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion.backward_induction import backwards
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages

#: Beyond these one exact stage takes seconds: the bits of an entry of P, and the bits times the
#: cube of the largest size.
_MOST_BITS = 20_000
_MOST_WORK = 2 * 10**7


def decide_singular(game: Game, *, until: int = 0, formulas: Formulas | None = None) -> bool:
    """Decide in exact rationals whether Φ_t is regular, going backwards in time.

    Parameters
    ----------
    game : Game
    until : int
        The earliest stage that is decided.
    formulas : Formulas, optional
        Stage formulas to use in place of the derived ones.

    Returns
    -------
    bool
        True: Φ_t is regular for t = T−1, …, `until`. False: undecided, because the rationals grow
        too long (they triple in length at every stage), or because the W of an agent without
        entropy is singular in a game beyond the paper's class.

    Raises
    ------
    SingularStageError
        At the first singular stage; it says whether its equations are consistent.
    UnboundedCostError
        If in a game beyond the paper's class the W of an agent with τ > 0 is singular.

    Notes
    -----
    See :doc:`/explanation/theory`, "Existence and uniqueness".

    Examples
    --------
    >>> from ergs_verify.game import Game
    >>> from ergs_verify.recursion import decide_singular
    >>> game = Game.from_arrays(A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=1,
    ...     noise_cov=[[0]], horizon=3)
    >>> decide_singular(game)
    True
    """
    stages = Stages(game, Rationals(), formulas)
    ahead = stages.terminal()
    steps = backwards(stages, ahead)
    for t in reversed(range(until, game.horizon)):
        if not short_enough(game, ahead.P):
            return False
        try:
            ahead = next(steps)
        except NotCertifiedError:  # some W is singular: Φ_t is regular, what is before unknown
            _demand_variance_bounded(stages, t, ahead)
            return False
    return True


def _demand_variance_bounded(stages: Stages[Rationals], t: int, ahead: Stage) -> None:
    """With Wv = 0, Tr(WΣ) − (τ/2) log det Σ tends to −∞ as Σ grows along v, if τ > 0."""
    stage = stages.at(t, ahead)
    for k in stages.agents:
        W = stage(notation.W(k))
        kernel, nullity = W.numer_denom()[0].nullspace()
        if nullity and not stages.plain_at(k, t):
            raise UnboundedCostError(k, t, _column(kernel), singular=True)


def _column(kernel: Any) -> list[Fraction]:
    """The first column of integers, its largest entry in size 1."""
    entries = [int(row[0]) for row in kernel.tolist()]
    largest = max(entries, key=abs)
    return [Fraction(x, largest) for x in entries]


def short_enough(game: Game, costs: Iterable[Matrix]) -> bool:
    """Whether the rationals of all P_{t+1} are so short that stage t takes no more than seconds."""
    size = max(game.state_size, sum(game.control_sizes))
    bits = max(_bits(P) for P in costs)
    return bits <= _MOST_BITS and size**3 * bits <= _MOST_WORK


def _bits(P: Matrix) -> int:
    return max(max(abs(x.p).bit_length(), x.q.bit_length()) for x in P.entries())
