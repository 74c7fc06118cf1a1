"""How the time grows with each size, the others held: the engine's, and that of certificates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

from benchmarks import peers, plain, plain_mpmath
from benchmarks.certified import both
from benchmarks.games import random_games
from benchmarks.timing import Curve, compare
from ergs_verify import Policy, solve
from ergs_verify.certify import certify_gap
from ergs_verify.engine import nash

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
            for who, times in _times(letter, value, budget / 4, smoke).items():
                seconds.setdefault(who, []).append(median(times))
        for who, times in seconds.items():
            yield Curve(letter=letter, who=who, values=values, seconds=times)


def _times(letter: str, value: int, budget: float, smoke: bool) -> dict[str, list[float]]:
    name, size = f"{letter} = {value}", HELD | {letter: value}
    if letter == "digits":
        return compare(name, _digits(value), budget)
    times = compare(name, _engine(letter, size, smoke), budget)
    if letter == "batch":
        return times
    # Apart from the engine, whose code they would push out of the cache.
    return times | compare(name, _certified(size), budget, rounds=3, warm=False)


def _engine(letter: str, size: dict[str, int], smoke: bool) -> dict[str, Callable]:
    batch = (size["batch"],) if letter == "batch" else ()
    game = random_games(*(size[k] for k in "NmpT"), batch)
    calls: dict[str, Callable] = {"engine": lambda: nash(game)}
    if peers.installed("numba") and not smoke:
        calls["engine, compiled"] = lambda: nash(game, compiled=True)
    if letter != "batch":
        calls["plain numpy, K and P alone"] = lambda: plain.gains_and_costs(game)
    return calls


def _certified(size: dict[str, int]) -> dict[str, Callable]:
    floats, game = both((size["N"], size["m"], size["p"], size["T"]))
    played = nash(floats)
    policy = Policy.from_arrays(K=played.K, Sigma=played.Sigma)
    return {
        "certified gap": lambda: certify_gap(game, policy),
        "NE to 50 certified digits": lambda: solve(game, digits=50),
    }


def _digits(digits: int) -> dict[str, Callable]:
    floats, game = both((2, 4, 2, 10))
    return {
        "NE to certified digits": lambda: solve(game, digits=digits),
        "plain mpmath, uncertified": lambda: plain_mpmath.nash(floats, digits),
    }
