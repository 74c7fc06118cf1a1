"""How far certificates in float64 reach as games grow, beside balls.

``OPENBLAS_NUM_THREADS=1 python -m benchmarks.float_reach`` writes
``benchmarks/results/float_reach.md``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from statistics import median

from benchmarks.report import markdown
from ergs_verify import gallery, solve
from ergs_verify.certify.float_nash import certified_stack
from ergs_verify.game import Game

PAGE = Path(__file__).parent / "results" / "float_reach.md"
AGENTS, STATES, STAGES = (2, 3, 5), (2, 8, 20), (5, 20, 40)
SEEDS = range(1, 6)
DIGITS = 8
HEAD = f"""# How far float64 reaches

Written by `python -m benchmarks.float_reach`. Random games with two controls for each agent, \
{len(SEEDS)} of each size: the median of the digits to which float64 certifies every K and P, on \
how many games that is {DIGITS} or more, and the processor time beside that of `solve` in balls to \
{DIGITS} digits, which all of them have.

One pass in float64 has 16 digits to lose. The errors of P are bounded for all agents together, by \
norms of products over three stages, of matrices of m and of N m rows in balanced coordinates; \
where these have eaten all digits nothing is certified. Carrying the linear map of all errors as a \
QR factorisation would keep more games, but there are d = N m(m + 1)/2 errors, and a stage would \
take d³ operations where these products take (N m)³: at (5, 20), 1050³ for 100³. Balls of as many \
bits as it takes cost the times in the last column, and serve every game. So a survey asks float64 \
first, and balls where it gives up; for one game `check` and `solve` take guesses and bounds of \
errors from float64, and the rest from balls."""


def rows(
    agents=AGENTS, states=STATES, stages=STAGES, seeds=SEEDS, digits: int = DIGITS
) -> Iterator[list[str]]:
    """A line for each size."""
    for N, m, T in product(agents, states, stages):
        games = [gallery(f"random:N={N},m={m},p=2,T={T},seed={seed}") for seed in seeds]
        found = [float(certified_stack(game).digits()[0]) for game in games]
        in_floats = _seconds(certified_stack, games[0])
        in_balls = _seconds(lambda game: solve(game, digits=digits), games[0])
        enough = sum(one >= digits for one in found)
        reached = median(found)
        yield [
            *map(str, (N, m, T)),
            f"{reached:.1f}" if reached > 0 else "none",
            f"{enough} of {len(games)}",
            f"{1000 * in_floats:.0f}",
            f"{in_balls / in_floats:.1f}",
        ]


def _seconds(work: Callable[[Game], object], game: Game) -> float:
    start = time.process_time()
    work(game)
    return time.process_time() - start


def main() -> None:
    """Write the page."""
    certified_stack(gallery("g-star-2"))  # derives the formulas
    solve(gallery("g-star-2"), digits=DIGITS)
    headings = ["N", "m", "T", "digits", f"{DIGITS} or more", "ms", "balls, times as long"]
    PAGE.write_text(f"{HEAD}\n\n{markdown(headings, list(rows()))}\n", encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
