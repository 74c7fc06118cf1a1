"""A stack's equilibria certified in float64, against the engine.

``OPENBLAS_NUM_THREADS=1 python -m benchmarks.float_certificates``
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.games import random_games
from ergs_verify.certify.float_check import check_stack
from ergs_verify.certify.float_nash import certified_stack
from ergs_verify.engine import nash, stream

#: Sizes (N, m, p, T), games of a chunk, and digits that are asked for.
SIZES = (((2, 2, 1, 10), 800), ((3, 4, 2, 20), 200))
DIGITS = 8


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.float_certificates")
    parser.add_argument("--games", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for size, chunk in SIZES:
        games = random_games(*size, (options.games,))
        digits: list[np.ndarray] = []

        def certificates(games=games, chunk=chunk, digits=digits) -> None:
            digits[:] = stream(lambda part: certified_stack(part).digits(), games, chunk=chunk)

        def checks(games=games, chunk=chunk) -> None:
            for _ in stream(lambda part: check_stack(part).unique, games, chunk=chunk):
                pass

        calls: dict[str, Callable[[], object]] = {
            "engine, one call": lambda games=games: nash(games),
            "engine, in chunks": lambda games=games: [
                None for _ in stream(lambda part: nash(part).singular_stage, games)
            ],
            "certificates": certificates,
            "check": checks,
        }
        certified_stack(random_games(*size, (chunk,)))  # derives the formulas
        times = {who: [] for who in calls}
        for _ in range(options.rounds):
            for who, call in calls.items():
                start = time.process_time()
                call()
                times[who].append(time.process_time() - start)
        known = np.concatenate(digits)
        first = statistics.median(times["engine, one call"])
        print(
            f"{size}, {options.games} games: {(known > 0).mean():.2%} certified, "
            f"{(known >= DIGITS).mean():.2%} to {DIGITS} digits, median {np.median(known):.1f}"
        )
        for who, several in times.items():
            seconds = statistics.median(several)
            print(f"  {who}: {seconds:.2f} s, {seconds / first:.1f} times")


if __name__ == "__main__":
    main()
