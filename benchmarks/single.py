"""One game: the engine against the plain recursion, the floor and finite-horizon peers."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import peers, plain
from benchmarks.floor import floor
from benchmarks.games import random_games
from benchmarks.timing import Row, compare, rows_of
from ergs_verify.engine import nash

TITLE = "One game"
NOTE = (
    "The engine gives K, Σ, P, q and the condition of every stage. The floor is nothing but the "
    "calls of solve and matmul that K, Σ, P and q need. PyDiffGame gives K and P alone. The "
    "recursion under jax.jit is written here; all outputs are K, Σ, P and q. The "
    "processor time of a jax row sums XLA's threads, and no jax row gives condition numbers. "
    "Compiling is not counted, nor is what PyDiffGame computes on construction. Sizes are "
    "(N, m, p, T)."
)
SIZES = [(2, 2, 1, 10), (2, 4, 2, 20), (3, 12, 4, 50), (5, 20, 3, 100)]


def rows(budget: float, smoke: bool) -> Iterator[Row]:
    for size in [(2, 2, 1, 2)] if smoke else SIZES:
        game = random_games(*size)
        calls = {"engine": lambda game=game: nash(game)}
        if peers.installed("numba") and not smoke:
            calls["engine, compiled"] = lambda game=game: nash(game, compiled=True)
        calls |= {
            "floor": floor(*size),
            "plain numpy, K and P alone": lambda game=game: plain.gains_and_costs(game),
            "plain numpy, all outputs": lambda game=game: plain.whole_solution(game),
        }
        if peers.installed("jax"):
            calls["recursion under jax.jit, K and P alone"] = peers.jax_recursion(game)
            calls["recursion under jax.jit, all outputs"] = peers.jax_recursion(game, whole=True)
        if peers.installed("PyDiffGame"):
            calls["PyDiffGame"] = peers.pydiffgame(game)
        yield from rows_of(str(size), compare(str(size), calls, budget))
