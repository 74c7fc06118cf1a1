"""Any number of games through the engine, a chunk at a time, in the memory of one chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TypeVar

import attrs
import numpy as np

from ergs_verify.engine.general import is_general
from ergs_verify.engine.stacking import GameArrays, batch_of, numbers_a_stage
from ergs_verify.errors import InputError
from ergs_verify.game import FloatGame
from ergs_verify.game.floats import as_general, leaves, mapped

Answer = TypeVar("Answer")

#: What a chunk holds by default: 32 MB of numbers.
_CHUNK_NUMBERS = 2**22


def stream(
    answer: Callable[[FloatGame], Answer],
    games: GameArrays | Iterable[GameArrays],
    *,
    chunk: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Iterator[Answer]:
    """Apply a function to one stack of games after another, so that memory stays small.

    Parameters
    ----------
    answer : function of a FloatGame
        It takes a stack of games and returns anything: `nash`, or a function of your own that
        calls several of the engine's.
    games : FloatGame or iterable of FloatGame
        One stack along one batch axis, such as ``A (G, T, m, m)``, which is cut without copying
        and may hold memory maps; or single games of equal sizes, such as a generator gives, which
        are stacked as they come.
    chunk : int, optional
        The number of games in a stack; by default as many as take some 32 MB.
    progress : function of an int, optional
        Told after every stack how many games are done.

    Yields
    ------
    object
        What `answer` returns, stack by stack.

    Raises
    ------
    InputError
        If `chunk` is below 1, a stack does not have exactly one batch axis, or games differ in
        size.

    Notes
    -----
    Rounding may depend on the chunk: libraries sum in another order for a stack of another size,
    so that answers differ in their last digits (times a game's conditioning). The arrays of large
    stacks are strided views with the games innermost in memory.

    Examples
    --------
    >>> from ergs_verify.engine import gap, nash, stream
    >>> from ergs_verify.game.gallery import gallery
    >>> def largest_gap(games):
    ...     solution = nash(games)
    ...     return float(gap(games, solution.K, solution.Sigma).max())
    >>> games = (gallery(f"random:N=2,m=2,p=1,T=3,seed={k}").floats() for k in range(10))
    >>> [gap < 1e-25 for gap in stream(largest_gap, games, chunk=4, progress=print)]
    4
    8
    10
    [True, True, True]

    A hundred thousand games, one for each weight of the entropy, of which τ = 4 has no equilibrium:

    >>> import attrs, numpy as np
    >>> family = attrs.evolve(gallery("g-star-2").floats(), tau=np.linspace(0, 8, 10**5 + 1))
    >>> def lost(games):
    ...     return games.tau[nash(games).singular_stage >= 0]
    >>> np.concatenate(list(stream(lost, family)))
    array([4.])
    """
    if chunk is not None and chunk < 1:
        raise InputError(f"chunk is {chunk}, but must be ≥ 1", "chunk")
    done = 0
    for stack in _stacks(games, chunk):
        yield answer(stack)
        done += len(stack.A)
        if progress is not None:
            progress(done)


def stack_games(games: Iterable[GameArrays]) -> FloatGame:
    """Single games of equal sizes as one stack, along a new first axis.

    Parameters
    ----------
    games : iterable of FloatGame
        If one of them lies beyond the paper's class, all are treated as if they did.

    Returns
    -------
    FloatGame
        Arrays such as ``A (G, T, m, m)`` for G games.

    Raises
    ------
    InputError
        If there is no game, or one differs from the first in agents, horizon or a shape.

    Examples
    --------
    >>> from ergs_verify import engine, gallery
    >>> games = [gallery(f"random:N=2,m=2,p=1,T=3,seed={k}").floats() for k in range(3)]
    >>> engine.stack_games(games).A.shape
    (3, 3, 2, 2)
    """
    many = list(games)
    if not many:
        raise InputError("there is no game to stack", "games")
    if any(map(is_general, many)):
        many = [attrs.evolve(as_general(game), tau=None, noise_cov=None) for game in many]
    shapes = _shapes(many[0])
    for place, game in enumerate(many):
        if _shapes(game) != shapes:
            raise InputError(
                f"game {place + 1} of a stack differs from the first in agents, horizon or a shape",
                f"games[{place}]",
            )
    arrays = [{place: np.asarray(X, float) for place, X, _ in leaves(game)} for game in many]
    return mapped(many[0], lambda place, *_: np.stack([each[place] for each in arrays]))


def _stacks(games: GameArrays | Iterable[GameArrays], chunk: int | None) -> Iterator[FloatGame]:
    if isinstance(games, Iterable):
        coming = iter(games)
        gathered = list(islice(coming, 1))
        size = chunk or (_default_chunk(gathered[0]) if gathered else 1)
        coming = chain(gathered, coming)
        while gathered := list(islice(coming, size)):
            yield stack_games(gathered)
    else:
        batch = batch_of(games)
        if len(batch) != 1:
            raise InputError(
                f"the stack of games has batch axes {batch}, but must have exactly one", "games"
            )
        size = chunk or _default_chunk(games)
        for start in range(0, batch[0], size):
            yield _part(games, batch, slice(start, start + size))


def _default_chunk(game: GameArrays) -> int:
    agents = len(game.B)
    n, m = agents * max(B_i.shape[-1] for B_i in game.B), game.A.shape[-1]
    a_stage = numbers_a_stage(agents=agents, n=n, m=m)
    if is_general(game):
        a_stage += agents * (m + n + 1) ** 2
    return max(1, _CHUNK_NUMBERS // (game.horizon * a_stage))


def _part(game: GameArrays, batch: tuple[int, ...], places: slice) -> FloatGame:
    def cut(_: str, X, axes: int):
        X = np.asanyarray(X)
        return np.broadcast_to(X, batch + X.shape[X.ndim - axes :])[places]

    return mapped(game, cut)


def _shapes(game: GameArrays) -> list:
    return [game.horizon, *((place, np.shape(X)) for place, X, _ in leaves(game))]
