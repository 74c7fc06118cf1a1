"""Random and hard stationary games against mpmath by hand: does every verdict hold, how fast?

Run with ``python -m benchmarks.random_stationary``; it writes
benchmarks/results/random_stationary.md. Random games and their answers are those of
tests/stationary_reference.py, by plain iteration at 60 digits; hard ones are regulators as in
collections of discrete Riccati equations, answered by Kleinman's iteration at 80 digits.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
from attrs import Factory, define

from benchmarks.report import markdown
from ergs_verify import Game, Policy, certify_gap, solve
from ergs_verify.certify.stationary_nash import search_stationary_nash
from ergs_verify.errors import NotCertifiedError
from ergs_verify.recheck_stationary import recheck

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from stationary_reference import Reference, matrix, mp, random_game

PAGE = Path(__file__).parent / "results" / "random_stationary.md"
#: What the reference's differences of costs, and its fixed points, leave of its digits.
LOST = Fraction(1, 10**40)
#: One certificate in so many is rechecked in rationals.
_RECHECKED = 10
HARD = mpmath.MPContext()
HARD.dps = 80


@define
class Tally:
    """How many verdicts of each kind, and which were wrong."""

    verdicts: Counter = Factory(Counter)
    wrong: list[str] = Factory(list)

    def judge(self, verdict: str, holds: bool, where: str) -> None:
        self.verdicts[verdict] += 1
        if not holds:
            self.wrong.append(f"{verdict}: {where}")


# -- random games ----------------------------------------------------------------------------------


def tally_of(games: int, seed: int) -> Tally:
    """Solve and certify so many games, drawn from the seed on, and compare."""
    tally = Tally()
    for own in range(seed, seed + games):
        given = random_game(own)
        reference, game = Reference(given), Game.from_arrays(**given)
        draw = random.Random(own)
        _equilibrium(tally, own, game, reference)
        _policy(tally, own, game, reference, draw)
    return tally


def _equilibrium(tally: Tally, seed: int, game: Game, reference: Reference) -> None:
    where = f"game {seed}"
    try:
        K, _, _ = reference.nash()
    except (AssertionError, ZeroDivisionError):
        K = None
    search = search_stationary_nash(game)
    if not search.equilibria:
        tally.judge("no equilibrium found", True, where)
        return
    if K is None:
        tally.judge("equilibrium, none by plain iteration", True, where)
        return

    def holds(nash: Any) -> bool:
        balls = [x for (X,) in nash.found.K for row in nash.balls.enclosures(X) for x in row]
        return all(
            lo - LOST <= Fraction(mp.nstr(x, 50)) <= hi + LOST
            for (lo, hi), x in zip(balls, list(K), strict=True)
        )

    near = any(map(holds, search.equilibria))
    tally.judge("equilibrium enclosed", near, where)


def _policy(tally: Tally, seed: int, game: Game, reference: Reference, draw: random.Random) -> None:
    """A random policy: of any size, so that some are unstable."""
    where, size = f"policy {seed}", draw.choice([1, 2, 4, 8])
    K = [
        [[Fraction(draw.randint(-4, 4) * size, 8) for _ in range(reference.m)] for _ in range(p)]
        for p in reference.p
    ]
    Sigma = [
        [[Fraction(int(r == c) * draw.randint(1, 4), 4) for c in range(p)] for r in range(p)]
        for p in reference.p
    ]
    found = certify_gap(game, Policy.from_arrays(K=K, Sigma=Sigma))
    stacked = matrix([row for own in K for row in own])
    F = reference.A + reference.B * stacked
    values = mp.eig(F)[0] if reference.m > 1 else [F[0, 0]]
    radius = max(map(abs, values))
    for one, rate in zip(found.agents, reference.rate, strict=True):
        stable = mp.sqrt(rate) * radius < 1
        tally.judge(f"stability {one.stable}", one.stable == ["refuted", "proved"][stable], where)
    if found.stability != "proved":
        return
    if found.certificate is not None and seed % _RECHECKED == 0:
        tally.judge("certificate rechecked", "is stable" in recheck(found.certificate), where)
    covariances = [matrix(X) for X in Sigma]
    for i, one in enumerate(found.agents):
        if one.reason:
            tally.judge("gap undecided", True, where)
            continue
        try:
            gap = reference.gap(i, stacked, covariances)
        except AssertionError:  # too slow for plain iteration
            tally.judge("gap, none by plain iteration", True, where)
            continue
        exact, slack = Fraction(mp.nstr(gap, 50)), LOST * max(1, int(abs(gap)) ** 2)
        holds = one.gap.lo - slack <= exact <= one.gap.hi + slack
        tally.judge("gap enclosed", holds, where)


# -- hard games ------------------------------------------------------------------------------------


def hard_games() -> Iterator[tuple[str, Game]]:
    """Cheap control, near unit roots, modes that are nearly out of reach."""
    for k in (4, 8, 12, 16):
        small = Fraction(1, 10**k)
        yield f"cheap control, R = 1e-{k}", _regulator([[1, 1], [0, 1]], [[0], [1]], r=small)
        yield f"unit root, Q = 1e-{k}", _regulator([[1, 0], [0, "1/2"]], [[1], [1]], q=small)
        yield (
            f"a mode at 2 hardly reached, B = 1e-{k}",
            _regulator([[2, 0], [0, "1/2"]], [[small], [1]]),
        )
        yield (
            f"a mode at 1 − 1e-{k} out of reach",
            _regulator([[1 - small, 0], [0, 2]], [[0], [1]]),
        )
        yield (
            f"two modes 1e-{k} apart under one control",
            _regulator([[2, 0], [0, 2 + small]], [[1], [1]]),
        )


def _regulator(A: Any, B: Any, *, q: Any = 1, r: Any = 1) -> Game:
    return Game.from_arrays(
        A=A, B=[B], Q=[[[q, 0], [0, q]]], R=[[[r]]], tau=0, noise_cov=np.eye(2, dtype=int),
        horizon="infinite",
    )  # fmt: skip


def _exact_regulator(game: Game, K: Any) -> Any:
    """The best gain, by Kleinman's iteration from a stable one."""
    h = HARD

    def enter(X: Any) -> Any:
        rows = [[Fraction(x) for x in row] for row in X.tolist()]
        return h.matrix([[h.mpf(x.numerator) / x.denominator for x in row] for row in rows])

    A, B, Q, R = (enter(X) for X in (game.A, game.B[0], game.Q[0], game.R[0]))
    K = enter(K)
    for _ in range(200):
        F, right = A + B * K, Q + K.T * R * K
        system = h.eye(4)
        for r, c, a, b in np.ndindex(2, 2, 2, 2):
            system[2 * r + c, 2 * a + b] -= F[a, r] * F[b, c]
        entries = h.lu_solve(system, h.matrix([right[r, c] for r in range(2) for c in range(2)]))
        P = h.matrix(2)
        for r, c in np.ndindex(2, 2):
            P[r, c] = entries[2 * r + c]
        better = -h.inverse(R + B.T * P * B) * (B.T * P * A)
        if h.mnorm(better - K, 1) <= h.mpf(10) ** -70 * h.mnorm(better, 1):
            return better
        K = better
    raise AssertionError("Kleinman's iteration does not settle")


def hard_lines(tally: Tally) -> Iterator[list[str]]:
    """A line for each hard game."""
    for name, game in hard_games():
        start = time.perf_counter()
        try:
            solution = solve(game, digits=20)
        except NotCertifiedError as error:
            told = str(error).rpartition("; ")[2]
            tally.judge("hard: undecided", True, name)
            yield [name, "undecided", told, f"{time.perf_counter() - start:.1f} s"]
            continue
        exact = _exact_regulator(game, solution.K[0])
        off = max(
            abs(HARD.mpf(str(x)) - y) for x, y in zip(solution.K[0].ravel(), exact, strict=True)
        )
        holds = off <= HARD.mpf(10) ** -20 * max(1, HARD.mnorm(exact, 1))
        tally.judge("hard: certified", bool(holds), name)
        gap = certify_gap(game, solution.policy).agents[0]
        told = f"20 digits, gap {gap.gap}" if not gap.reason else gap.reason
        yield [name, "certified", told, f"{time.perf_counter() - start:.1f} s"]


# -- speed -----------------------------------------------------------------------------------------


def speed_lines() -> Iterator[list[str]]:
    """Three agents with four controls each on twelve states."""
    from scipy.linalg import solve_discrete_are

    game = _large()
    start = time.perf_counter()
    solution = solve(game)
    yield ["equilibrium, float64", f"{time.perf_counter() - start:.2f} s"]
    start = time.perf_counter()
    solve(game, digits=30)
    yield ["equilibrium, 30 certified digits", f"{time.perf_counter() - start:.2f} s"]
    learned = Policy.from_arrays(K=[X * 1.01 for X in solution.K], Sigma=solution.Sigma)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        certify_gap(game, learned)
        seconds.append(time.perf_counter() - start)
    yield ["certified gaps of all agents", f"{min(seconds):.2f} s"]
    arrays = game.floats()
    moved = [B @ K for B, K in zip(arrays.B, learned.K, strict=True)]
    loops = [arrays.A + sum(moved) - own for own in moved]
    start, runs = time.perf_counter(), 10
    for _ in range(runs):
        for loop, B, Q, R in zip(loops, arrays.B, arrays.Q, arrays.R, strict=True):
            solve_discrete_are(loop, B, Q, R + arrays.tau / 2 * np.eye(4))
    each = (time.perf_counter() - start) / runs
    yield ["scipy's solve_discrete_are for each agent, uncertified", f"{1000 * each:.1f} ms"]
    yield ["ratio", f"{min(seconds) / each:.0f}"]


def _large() -> Game:
    draw = np.random.default_rng(0)
    A = draw.normal(size=(12, 12))
    A *= 0.95 / max(abs(np.linalg.eigvals(A)))
    return Game.from_arrays(
        A=A,
        B=[draw.normal(size=(12, 4)) / 4 for _ in range(3)],
        Q=[np.eye(12)] * 3,
        R=[np.eye(4)] * 3,
        tau=0.5,
        noise_cov=np.eye(12),
        horizon="infinite",
    )


def page(games: int, seed: int) -> tuple[str, Tally]:
    """The whole page, and what was found."""
    start = time.perf_counter()
    tally = tally_of(games, seed)
    seconds = time.perf_counter() - start
    hard = list(hard_lines(tally))
    wrong = f"{len(tally.wrong)} are wrong{': ' if tally.wrong else ''}{'; '.join(tally.wrong)}"
    counts = [[verdict, str(count)] for verdict, count in sorted(tally.verdicts.items())]
    parts = [
        "# Random and hard stationary games",
        f"Written by `python -m benchmarks.random_stationary --games {games} --seed {seed}`: "
        f"{games} random games in {seconds:.0f} s. Of the verdicts {wrong}.",
        markdown(["verdict", "count"], counts),
        "## Hard regulators",
        markdown(["game", "verdict", "", "time"], hard),
        "## Speed at (N, m, p) = (3, 12, 4)",
        markdown(["", "time"], list(speed_lines())),
    ]
    return "\n\n".join(parts) + "\n", tally


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.random_stationary")
    parser.add_argument("--games", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1000)
    asked = parser.parse_args()
    text, tally = page(asked.games, asked.seed)
    PAGE.write_text(text, encoding="utf-8")
    print(text)
    sys.exit(bool(tally.wrong))


if __name__ == "__main__":
    main()
