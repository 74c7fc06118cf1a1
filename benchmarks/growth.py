"""How the time grows with each size, the others held: the engine's, and certified digits'."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

from benchmarks import peers, plain, plain_mpmath
from benchmarks.certified import both
from benchmarks.games import random_games
from benchmarks.timing import Curve, compare
from ergs_verify import solve
from ergs_verify.engine import nash

__all__ = ["NOTE", "curves"]

NOTE = (
    "What does not grow is (N, m, p, T) = (3, 4, 2, 10), one game; digits are those of the NE at "
    "(2, 4, 2, 10). The exponent is the slope of log time against log size; the last column "
    "fits it to the upper half of the sizes."
)
HELD = {"N": 3, "m": 4, "p": 2, "T": 10}
GROWING = {
    "T": [10, 20, 40, 80, 160, 320],
    "m": [2, 4, 8, 16, 32, 64],
    "N": [1, 2, 4, 8, 16],
    "batch": [1, 4, 16, 64, 256, 1024, 4096],
    "digits": [50, 100, 200, 400, 800, 1600, 3200],
}


def curves(budget: float, smoke: bool) -> Iterator[Curve]:
    for letter, values in GROWING.items():
        values = values[:2] if smoke else values
        seconds: dict[str, list[float]] = {}
        for value in values:
            calls = _digits(value) if letter == "digits" else _engine(letter, value, smoke)
            for who, times in compare(calls, budget / 4).items():
                seconds.setdefault(who, []).append(median(times))
        for who, times in seconds.items():
            yield Curve(letter=letter, who=who, values=values, seconds=times)


def _engine(letter: str, value: int, smoke: bool) -> dict[str, Callable]:
    size = HELD | {letter: value}
    game = random_games(*(size[k] for k in "NmpT"), (value,) if letter == "batch" else ())
    calls: dict[str, Callable] = {"engine": lambda: nash(game)}
    if peers.installed("numba") and not smoke:
        calls["engine, compiled"] = lambda: nash(game, compiled=True)
    if letter != "batch":
        calls["plain numpy, K and P alone"] = lambda: plain.gains_and_costs(game)
    return calls


def _digits(digits: int) -> dict[str, Callable]:
    floats, game = both((2, 4, 2, 10))
    return {
        "NE to certified digits": lambda: solve(game, digits=digits),
        "plain mpmath, uncertified": lambda: plain_mpmath.nash(floats, digits),
    }
