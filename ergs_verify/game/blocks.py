"""Matrices put together of blocks: a cost on all controls, the state that is always 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import repeat
from typing import Any

import numpy as np
from attrs import evolve

OverTime = tuple[np.ndarray, ...]


def each(matrices: Sequence[np.ndarray], change: Callable[[np.ndarray], np.ndarray]) -> OverTime:
    """Every matrix changed, one that stands at several times once."""
    done = {key: change(X) for key, X in {id(X): X for X in matrices}.items()}
    return tuple(done[id(X)] for X in matrices)


def block(rows: Sequence[Sequence[Any]]) -> np.ndarray:
    """A matrix of blocks, read-only: matrices, or 0 and 1, which fill the room that is left.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.game.blocks import block
    >>> block([[1, 0], [np.array([[3.0]]), np.eye(1)]])
    array([[1., 0.],
           [3., 1.]])
    """
    blocks = [X for row in rows for X in row if isinstance(X, np.ndarray)]
    exact = any(X.dtype == object for X in blocks)
    heights = [next((len(X) for X in row if isinstance(X, np.ndarray)), 1) for row in rows]
    widths = [
        next((X.shape[1] for X in column if isinstance(X, np.ndarray)), 1)
        for column in zip(*rows, strict=True)
    ]
    whole = np.full((sum(heights), sum(widths)), Fraction(0) if exact else 0.0)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        left = 0
        for X, width in zip(row, widths, strict=True):
            place = slice(top, top + height), slice(left, left + width)
            whole[place] = X if isinstance(X, np.ndarray) or not exact else Fraction(X)
            left += width
        top += height
    whole.flags.writeable = False
    return whole


def embedded(X: np.ndarray, shape: tuple[int, ...], place: tuple[slice, ...]) -> np.ndarray:
    """A matrix or a vector at a place among zeros."""
    wide = np.full(shape, Fraction(0) if X.dtype == object else 0.0)
    wide[place] = X
    wide.flags.writeable = False
    return wide


def homogeneous(game: Any) -> Any:
    """A game without affine terms, whose state is (1, x): see `Game.homogeneous`."""
    known: dict[tuple, tuple] = {}

    def over_time(
        build: Callable[..., Sequence[Sequence[Any]]],
        matrices: OverTime,
        vectors: OverTime | None = None,
    ) -> OverTime:
        """`build` tells the blocks from a matrix and a column; equal ones are one object."""
        made = []
        for X, vector in zip(matrices, vectors or repeat(None), strict=False):
            key = build, id(X), id(vector)
            if key not in known:
                column = 0 if vector is None else vector[:, None]
                known[key] = block(build(X, column)), X, vector  # kept, so that ids stay theirs
            made.append(known[key][0])
        return tuple(made)

    def state(X, column):
        return [[1, 0], [column, X]]

    def below(X, _):
        return [[0], [X]]

    def cost(X, column):
        return [[0, 0 if isinstance(column, int) else column.T], [column, X]]

    def beside(X, column):
        return [[column, X]]

    nothing = repeat(None)
    changed: dict[str, Any] = {
        "A": over_time(state, game.A, game.drift),
        "B": tuple(map(over_time, repeat(below), game.B)),
        "Q": tuple(map(over_time, repeat(cost), game.Q, game.x_linear or nothing)),
        "noise_cov": over_time(cost, game.noise),
        "x0_mean": np.append(block([[1]]), game.x0_mean),
        "x0_cov": block(cost(game.x0_cov, 0)),
    }
    if game.S is not None or game.u_linear is not None:
        changed["S"] = tuple(map(over_time, repeat(beside), game.joint_S, game.joint_u_linear))
    if "prior" in game.beyond:
        means = game.prior_mean or nothing
        changed["prior_gain"] = tuple(map(over_time, repeat(beside), game.prior_gain, means))
    if all(X is changed["noise_cov"][0] for X in changed["noise_cov"]):
        changed["noise_cov"] = changed["noise_cov"][0]
    return evolve(
        game,
        **changed,
        drift=None,
        x_linear=None,
        u_linear=None,
        prior_mean=None,
        indefinite=game.indefinite or game.x_linear is not None,
        first_is_one=True,
    )
