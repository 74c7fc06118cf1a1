"""A solution's numbers as float64 arrays, and how far two of them are apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ergs_verify.arithmetic.base import Arithmetic
from ergs_verify.exact import floats
from ergs_verify.game import Game, Policy
from ergs_verify.game.letters import LETTERS
from ergs_verify.recursion.affine import by_letter, stated_letters
from ergs_verify.recursion.records import Sequences, Stage

#: Float64 arrays by letter (K, k, Sigma, P, s, q), one per agent, time first; NaN says nothing.
Numbers = Mapping[str, tuple[np.ndarray, ...]]

#: The largest entry over time by letter, of each agent.
Sizes = Mapping[str, tuple[float, ...]]

#: A matrix counts as at least so large, relative to the largest stated over time: where costs
#: vanish it may be nothing but rounding.
_FLOOR = 1e-6


def of_policy(policy: Policy, game: Game) -> Numbers:
    """What a policy states of a game. Raises `InputError` for an entry beyond float64."""

    def over_time(letter: str, own: Any) -> np.ndarray:
        return floats(own, letter) if letter == "q" else np.stack([floats(X, letter) for X in own])

    return {
        letter: tuple(over_time(letter, own) for own in agents)
        for letter, agents in stated_letters(game, policy).items()
    }


def of_sequences(found: Any, letters: Iterable[str]) -> Numbers:
    """The same letters of a record whose ``K[i][t]`` and so on turn into floats."""
    numbers = {
        letter: tuple(
            np.stack([np.array(X, dtype=float) for X in agent]) for agent in getattr(found, letter)
        )
        for letter in letters
    }
    for letter in numbers.keys() & {"k", "s"}:  # one column, or a vector
        numbers[letter] = tuple(X.reshape(*X.shape[:2], 1) for X in numbers[letter])
    return numbers


def of_stages(
    played: Sequence[Stage],
    game: Game,
    letters: Iterable[str],
    stages: int,
    arithmetic: Arithmetic,
) -> Numbers:
    """Of the end and so many stages before it, as far back as they were played; NaN before.

    What was found in the state (1, x) is told apart; k and s of what was not are 0.
    """
    terminal, *rest = played
    found = by_letter(Sequences.from_backwards(terminal, rest), game.state_size, arithmetic)

    def over_time(letter: str, i: int) -> np.ndarray:
        row = LETTERS[letter]
        shape = game.sizes.shape(row.shapes[0], i + 1)
        shape = (*shape, 1) if row.ndim == 1 else shape
        agents = row.of(found)
        if agents is None:
            known = [np.zeros(shape)] * (len(rest) + row.terminal)
        else:
            known = [np.array(X, dtype=float) for X in (agents[i] if agents else ())]
        return np.stack([np.full(shape, np.nan)] * (stages - len(rest)) + known)

    return {letter: tuple(over_time(letter, i) for i in range(game.agents)) for letter in letters}


def last_stages(numbers: Numbers, stages: int) -> Numbers:
    """The numbers of the last stages (of values: and of the end)."""
    return {
        letter: tuple(X[-stages - LETTERS[letter].terminal :] for X in agents)
        for letter, agents in numbers.items()
    }


def sizes_of(numbers: Numbers) -> Sizes:
    """What tells of a solution's numbers which are small."""
    return {k: tuple(float(np.max(np.abs(X))) for X in agents) for k, agents in numbers.items()}


def errors(stated: Numbers, others: Numbers, sizes: Sizes) -> dict[str, np.ndarray]:
    """The largest entry of stated − other relative to other's, by letter that both have: agents ×
    times.

    `sizes` are those of all the stated numbers. q is measured against its largest value over time,
    as it may pass through 0.
    """
    return {
        letter: np.stack(
            [
                _errors(X, Y, largest=size, scalars=letter == "q")
                for X, Y, size in zip(stated[letter], others[letter], sizes[letter], strict=True)
            ]
        )
        for letter in stated.keys() & others.keys()
    }


def _errors(X: np.ndarray, Y: np.ndarray, *, largest: float, scalars: bool) -> np.ndarray:
    flat = (len(X), -1)
    gap = np.abs(X - Y).reshape(flat).max(axis=1)
    size = np.abs(Y).reshape(flat).max(axis=1)
    scale = np.maximum(size, largest if scalars else _FLOOR * largest)
    return np.divide(gap, scale, out=np.zeros_like(gap), where=gap != 0)
