"""A stack of games through a recursion, as much at a time as the processor's cache holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ergs_verify.engine.stacking import StackedGame, numbers_a_stage


def in_slabs(
    solve: Callable[..., tuple[np.ndarray, ...] | None],
    stacked: StackedGame,
    *given: np.ndarray | None,
    forward: bool = False,
) -> tuple[np.ndarray, ...]:
    """The answers of `solve`, arrays (T, …) if any, on all stages of all games.

    Parameters
    ----------
    solve : callable
        Called with some stages of some games and their part of what is given. The last stages
        come first: a P and q written over what is given are the final costs of the stages before.
    given : arrays (T, …) or (T+1, …), or None
    forward : bool
        The first stages come first.
    """
    if not stacked.batch:
        return solve(stacked, *given) or ()
    row, T = stacked.in_a_row(), stacked.horizon
    flat = [None if X is None else stacked.flat(X) for X in given]
    answers: list[np.ndarray] = []
    for stages, games in _slabs(row, forward):
        parts = (
            None if X is None else X[stages.start : stages.stop + len(X) - T, games] for X in flat
        )
        found = solve(row.part(stages, games), *parts) or ()
        if not answers:
            answers = [stacked.zeros(T, *X.shape[2:]) for X in found]
        for answer, X in zip(answers, found, strict=True):
            stacked.flat(answer)[stages, games] = X
    return tuple(answers)


def _slabs(row: StackedGame, forward: bool) -> Iterator[tuple[slice, slice]]:
    T, games = row.horizon, row.games
    # The working arrays then take some 16 MB: few instructions, and still in the cache.
    stages_held = 2**21 // numbers_a_stage(agents=row.agents, n=row.n, m=row.m)
    # All games at once where instructions go along them, all stages at once otherwise.
    together = max(1, stages_held // games) if row.games_innermost else T
    size = max(1, stages_held // together)
    starts = range(0, T, together)
    for first in range(0, games or 1, size):
        for start in starts if forward else reversed(starts):
            yield slice(start, min(start + together, T)), slice(first, first + size)
