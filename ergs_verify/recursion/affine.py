"""A game with affine terms is computed in its state (1, x): its letters told apart again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import evolve

from ergs_verify.arithmetic.base import Arithmetic, Matrix
from ergs_verify.game import Game, Policy
from ergs_verify.game.letters import POLICY
from ergs_verify.recursion.records import Sequences

#: The letter of the state (1, x) that holds another, and which rows and columns: of the 1 or of x.
_PARTS = {
    "K": ("K", None, False),
    "k": ("K", None, True),
    "P": ("P", False, False),
    "s": ("P", False, True),
    "c": ("P", True, True),
}


def part(letter: str, X: Matrix, arithmetic: Arithmetic) -> Matrix:
    """K, k of [k K]; P, s, c of [[c, s'], [s, P]]; other letters as they are."""
    if letter not in _PARTS:
        return X
    _, rows, columns = _PARTS[letter]

    def cut(X: Matrix, constant: bool | None) -> Matrix:
        if constant is None:
            return X
        return arithmetic.rows(X, *((0, 1) if constant else (1, arithmetic.shape(X)[0])))

    return arithmetic.transpose(cut(arithmetic.transpose(cut(X, rows)), columns))


def by_letter(found: Sequences, states: int, arithmetic: Arithmetic) -> Sequences:
    """K, k, Σ, P, s, q of a game with so many states, where they were found in the state (1, x).

    k and s have one column. What was found in the game's own state stays as it is.
    """
    if arithmetic.shape(found.P[0][-1])[0] == states:
        return found

    def each(letter: str) -> Any:
        agents = getattr(found, _PARTS[letter][0])
        return tuple(tuple(part(letter, X, arithmetic) for X in own) for own in agents)

    q = found.q and tuple(
        tuple(x + arithmetic.trace(c) for x, c in zip(*pair, strict=True))
        for pair in zip(found.q, each("c"), strict=True)
    )
    return evolve(found, K=each("K"), k=each("k"), P=each("P"), s=each("s"), q=q)


def stated_letters(game: Game, policy: Policy) -> Mapping[str, Any]:
    """What a policy of a game states, by letter: k and s as columns.

    With affine terms k is part of the policy, and 0 where it is not given.
    """
    stated = {x.name: own for x in POLICY if (own := x.of(policy)) is not None}
    if not game.affine:
        return {letter: own for letter, own in stated.items() if letter not in ("k", "s")}
    if policy.k is None:
        stated["k"] = tuple(tuple(np.zeros(len(X)) for X in own) for own in policy.K)
    for letter in ("k", "s"):
        if letter in stated:
            stated[letter] = tuple(tuple(x[:, None] for x in own) for own in stated[letter])
    return stated
