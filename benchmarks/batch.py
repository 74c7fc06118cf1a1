"""A stack of games in one call: against single calls, the floor and jax.vmap."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from benchmarks import peers
from benchmarks.floor import floor
from benchmarks.games import random_games
from benchmarks.timing import Row, compare, rows_of
from ergs_verify import engine
from ergs_verify.engine import nash

TITLE = "2,000 games at once"
NOTE = (
    "Times are those of 2,000 games; single calls are measured on 20 and multiplied. Where the "
    "engine is below the floor, it makes none of its calls: it goes along the games, entry by "
    "entry. At the end of each size the engine's other answers, batched."
)
SIZES = [(2, 2, 1, 10), (3, 4, 2, 20)]


def rows(budget: float, smoke: bool) -> Iterator[Row]:
    count, singles = (8, 2) if smoke else (2000, 20)
    for size in [(2, 2, 1, 2)] if smoke else SIZES:
        stack, one = random_games(*size, (count,)), random_games(*size)
        calls = {"engine, one call": lambda stack=stack: nash(stack)}
        if peers.installed("numba") and not smoke:
            calls["engine, one call, compiled"] = lambda stack=stack: nash(stack, compiled=True)
        calls["floor"] = floor(*size, (count,))
        if peers.installed("jax"):
            calls["recursion under jax.vmap, K and P"] = peers.jax_recursion(stack)
        alone = "engine, single calls"
        calls[alone] = lambda one=one: [nash(one) for _ in range(singles)]
        for row in rows_of(str(size), compare(str(size), calls, budget)):
            times = count / singles if row.who == alone else 1
            yield evolve(row, seconds=row.seconds * times, ratio=row.ratio * times)
        yield from _other_answers(str(size), stack, budget)


def _other_answers(size: str, stack, budget: float) -> Iterator[Row]:
    solution = nash(stack)
    policy = (stack, solution.K, solution.Sigma)
    calls = {
        "equilibrium": lambda: nash(stack),
        "Algorithm 1, L = 10": lambda: engine.algorithm_1(stack, 10),
        "policy evaluation": lambda: engine.evaluate_policy(*policy),
        "best response of one agent": lambda: engine.best_response(*policy, agent=1),
        "gaps": lambda: engine.gap(*policy),
    }
    yield from rows_of(size, compare(size, calls, budget / 4))
