"""How the engine's time grows with each size, the others held."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks import peers, plain
from benchmarks.games import random_games
from benchmarks.timing import Curve, compare
from ergs_verify.engine import nash

__all__ = ["curves"]

#: The size that grows, and what the others are meanwhile; `batch` None is a single game.
GROWING = {
    "T": ([10, 20, 40, 80, 160, 320], {"N": 3, "m": 4, "p": 2, "batch": None}),
    "m": ([2, 4, 8, 16, 32, 64], {"N": 3, "p": 2, "T": 10, "batch": None}),
    "N": ([1, 2, 4, 8, 16], {"m": 4, "p": 2, "T": 10, "batch": None}),
    "batch": ([1, 4, 16, 64, 256, 1024], {"N": 3, "m": 4, "p": 2, "T": 10}),
}


def curves(budget: float, smoke: bool) -> Iterator[Curve]:
    for letter, (values, held) in GROWING.items():
        values = values[:2] if smoke else values
        seconds: dict[str, list[float]] = {}
        for value in values:
            size = held | {letter: value}
            batch = () if size["batch"] is None else (size["batch"],)
            game = random_games(*(size[letter] for letter in "NmpT"), batch)
            calls = {"engine": lambda game=game: nash(game)}
            if peers.installed("numba") and not smoke:
                calls["engine, compiled"] = lambda game=game: nash(game, compiled=True)
            if letter != "batch":
                calls["plain numpy, K and P alone"] = lambda game=game: plain.gains_and_costs(game)
            for who, times in compare(calls, budget / 4).items():
                seconds.setdefault(who, []).append(median(times))
        for who, times in seconds.items():
            yield Curve(letter=letter, who=who, values=list(values), seconds=times)
