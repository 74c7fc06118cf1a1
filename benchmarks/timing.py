"""Processor time side by side: everybody once a round, so that a busy moment hits all alike.

The order changes from round to round: who runs after a relative finds its code in the cache.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from statistics import median

import numpy as np
from attrs import frozen


@frozen(kw_only=True)
class Row:
    """One line of a table: a competitor's median time, and its median ratio to the first's."""

    size: str
    who: str
    seconds: float
    ratio: float


@frozen(kw_only=True)
class Curve:
    """Seconds as one size grows."""

    letter: str
    who: str
    values: list[int]
    seconds: list[float]


def compare(
    size: str,
    calls: Mapping[str, Callable[[], object]],
    budget: float,
    *,
    rounds: int = 5,
    warm: bool = True,
    once: Mapping[str, Callable[[], object]] | None = None,
) -> dict[str, list[float]]:
    """Seconds of every call, round by round, for about `budget` seconds and at least `rounds`.

    Processor time leaves out what else runs on the machine. A first call of each is not counted:
    it compiles, imports and warms the caches. Without `warm` it is counted. Those in `once`
    take too long for rounds and run once, ahead of them. What is about to run for the first time
    is said on stderr.
    """
    said: set[str] = set()

    def seconds_of(name: str, call: Callable[[], object]) -> float:
        if name not in said:
            print(f"  {size}: {name}", file=sys.stderr)
            said.add(name)
        before = time.process_time()
        call()
        return time.process_time() - before

    for name, call in calls.items() if warm else ():
        seconds_of(name, call)
    slow = {name: [seconds_of(name, call)] for name, call in (once or {}).items()}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    order, shuffle = list(calls.items()), random.Random(0).shuffle
    start, done = time.perf_counter(), 0
    while done < rounds or time.perf_counter() - start < budget:
        shuffle(order)
        for name, call in order:
            seconds[name].append(seconds_of(name, call))
        done += 1
    return seconds | slow


def rows_of(size: str, seconds: Mapping[str, list[float]]) -> list[Row]:
    """Medians, and ratios to the first competitor: medians over the rounds.

    Of what ran once the ratio is that to the first competitor's median.
    """
    ours = next(iter(seconds.values()))

    def ratio(times: list[float]) -> float:
        if len(times) != len(ours):
            return median(times) / median(ours)
        return median(theirs / mine for theirs, mine in zip(times, ours, strict=True))

    return [
        Row(
            size=size,
            who=who,
            seconds=median(times),
            ratio=ratio(times),
        )
        for who, times in seconds.items()
    ]


def exponent(values: Iterable[int], seconds: Iterable[float]) -> float:
    """The slope of log seconds against log size, by least squares."""
    return float(np.polyfit(np.log(list(values)), np.log(list(seconds)), 1)[0])
