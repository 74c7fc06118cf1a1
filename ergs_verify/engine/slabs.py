"""A stack of games through a recursion, as many at a time as the processor's cache holds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ergs_verify.engine.stacking import StackedGame, numbers_a_stage

__all__ = ["in_slabs"]


def in_slabs(
    solve: Callable[..., object], stacked: StackedGame, P: np.ndarray
) -> tuple[np.ndarray, ...]:
    """K, Sigma, q, Φ (T, …, n, n) and `condition` (T, …) of a stack of games, or of one.

    Parameters
    ----------
    solve : callable
        Called with some of the games along one batch axis, their part of P and of the five arrays
        of answers, q all zeros and the others empty, which it fills.
    P : (T+1, …, N, m, m)
        Holds Q, and is overwritten with P.
    """
    T, agents, p, m, n = stacked.horizon, stacked.agents, stacked.p, stacked.m, stacked.n
    row = stacked.in_a_row()
    games = row.games
    P = P.reshape(T + 1, games, agents, m, m)
    answers = (
        np.empty((T, games, agents, p, m)),
        np.empty((T, games, agents, p, p)),
        np.zeros((T + 1, games, agents)),
        np.empty((T, games, n, n)),
        np.empty((T, games)),
    )
    # A stage's working arrays then take some 2 MB: few instructions, and still in the cache.
    slab = max(1, 2**18 // numbers_a_stage(agents=agents, n=n, m=m))
    for first in range(0, games, slab):
        places = slice(first, first + slab)
        solve(row.part(places), P[:, places], *(X[:, places] for X in answers))
    return tuple(X.reshape(X.shape[0], *stacked.batch, *X.shape[2:]) for X in answers)
