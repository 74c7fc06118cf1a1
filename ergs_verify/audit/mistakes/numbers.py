"""A solution's numbers as float64 arrays, and how far two of them are apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ergs_verify.exact import floats
from ergs_verify.game import Game, Policy
from ergs_verify.recursion.records import Stage

__all__ = [
    "Numbers",
    "Sizes",
    "errors",
    "last_stages",
    "of_policy",
    "of_sequences",
    "of_stages",
    "sizes_of",
]

#: Float64 arrays by letter (K, Sigma, P, q), one per agent, time first; NaN says nothing.
Numbers = Mapping[str, tuple[np.ndarray, ...]]

#: The largest entry over time by letter, of each agent.
Sizes = Mapping[str, tuple[float, ...]]

#: A matrix counts as at least so large, relative to the largest stated over time: where costs
#: vanish it may be nothing but rounding.
_FLOOR = 1e-6


def of_policy(policy: Policy) -> Numbers:
    """What a policy states. Raises `InputError` for an entry beyond float64."""
    numbers = {
        letter: tuple(np.stack([floats(X, letter) for X in over_time]) for over_time in agents)
        for letter in ("K", "Sigma", "P")
        if (agents := getattr(policy, letter)) is not None
    }
    if policy.q is not None:
        numbers["q"] = tuple(floats(q, "q") for q in policy.q)
    return numbers


def of_sequences(found: Any, letters: Iterable[str]) -> Numbers:
    """The same letters of a record whose ``K[i][t]`` and so on turn into floats."""
    return {
        letter: tuple(
            np.stack([np.array(X, dtype=float) for X in agent]) for agent in getattr(found, letter)
        )
        for letter in letters
    }


def of_stages(played: Sequence[Stage], game: Game, letters: Iterable[str], stages: int) -> Numbers:
    """Of the end and so many stages before it, as far back as they were played; NaN before."""
    terminal, *rest = played
    m = game.state_size

    def over_time(letter: str, k: int, p: int) -> np.ndarray:
        shape = {"K": (p, m), "Sigma": (p, p), "P": (m, m), "q": ()}[letter]
        known = [*rest[::-1], terminal] if letter in "Pq" else rest[::-1]
        lost = [np.full(shape, np.nan)] * (stages - len(rest))
        return np.stack(lost + [np.array(getattr(x, letter)[k], dtype=float) for x in known])

    return {
        letter: tuple(over_time(letter, k, p) for k, p in enumerate(game.control_sizes))
        for letter in letters
    }


def last_stages(numbers: Numbers, stages: int) -> Numbers:
    """The numbers of the last stages (P and q: and of the end)."""
    return {
        letter: tuple(X[-stages - (letter in "Pq") :] for X in agents)
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
