"""Certificates against plain mpmath without certificates, and against the ball products needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from benchmarks import plain_mpmath
from benchmarks.ball_floor import (
    Pass,
    Size,
    Work,
    floor,
    floor_of_passes,
    of_check,
    of_gap,
    passes_of,
)
from benchmarks.games import random_games
from benchmarks.timing import Row, compare, rows_of
from ergs_verify import Game, Policy, check, solve
from ergs_verify.certify import certify_gap
from ergs_verify.certify.gap import enclosed_gaps
from ergs_verify.certify.stage_verdicts import coupling, regular_stage
from ergs_verify.engine import nash
from ergs_verify.game import FloatGame

TITLE = "Certificates"
NOTE = (
    "Plain mpmath (with gmpy2) does the same job at 50 digits and certifies nothing; it "
    "runs once, ahead of the rounds. Precision rises until an answer is certified, so that a "
    "certificate may take several passes through the stages; bits × stages reached of each are "
    "named. A floor is nothing but the operations in balls that a pass by these formulas cannot do "
    "without, at its precision, on random entries.\n\n"
    "The gap is that of the engine's float64 equilibrium. Its floor is products alone: all of "
    "them, or those of m×m matrices, which are for either end of every agent's bracket PĀ and "
    "Ā'PĀ, and for either end of the moments FX and FXF'.\n\n"
    "The floor of a pass of the NE is, at each stage, for every agent B'P, B'PB with every B, "
    "B'PA, BK, F'P, F'PF, R̃K, K'R̃K, W⁻¹, det W, ΣB', BΣB' and two inner products, and one solve "
    "with Φ for all gains. That of `check` is the same for K and P, and det Φ, ‖P‖_F, J and as "
    "many squarings of J as the spectral radius within 10⁻⁶ takes. `check` also encloses the τ "
    "from which its conditions hold for good; the passes of that search count in the floor of all "
    "as K and P alone. Plain mpmath's search is a bisection to 4 digits, which proves nothing "
    "beyond the τ it looks at.\n\n"
    "Sizes are (N, m, p, T)."
)
TINY: Size = (2, 2, 1, 2)
SMALL, MEDIUM, LARGE = (2, 4, 2, 20), (3, 12, 4, 50), (5, 20, 3, 100)
DIGITS = 50
BITS = 128


def rows(budget: float, smoke: bool) -> Iterator[Row]:
    # The tiny ones derive the formulas, import and warm the caches.
    tiny = [row for part in (_gap, _nash, _check) for row in part(TINY, 0.0)]
    jobs = [(_gap, LARGE), (_nash, MEDIUM), (_nash, LARGE), (_check, SMALL), (_check, MEDIUM)]
    yield from tiny if smoke else (row for part, size in jobs for row in part(size, 2 * budget))


def _gap(size: Size, budget: float) -> list[Row]:
    floats, game = both(size)
    played = nash(floats)
    policy = Policy.from_arrays(K=played.K, Sigma=played.Sigma)
    work = of_gap(size)
    return _compared(
        f"{size} gap",
        {
            "certified gap": lambda: certify_gap(game, policy),
            "one pass at 128 bits": lambda: enclosed_gaps(game, policy, BITS),
            "floor of the pass, its products": floor(work, BITS),
            "floor of the pass, those of m×m alone": floor(_square(work, size), BITS),
        },
        {"plain mpmath gap": lambda: plain_mpmath.gaps(floats, played.K, played.Sigma, DIGITS)},
        budget,
    )


def _nash(size: Size, budget: float) -> list[Row]:
    floats, game = both(size)
    passes = passes_of(lambda: solve(game, digits=DIGITS))
    last = passes[-1]
    return _compared(
        f"{size} NE",
        {
            "NE to 50 certified digits": lambda: solve(game, digits=DIGITS),
            f"its last pass, {_said([last])}": lambda: [*last.again(game)],
            **_floors(passes, last, size),
        },
        {"plain mpmath NE": lambda: plain_mpmath.nash(floats, DIGITS)},
        budget,
    )


def _check(size: Size, budget: float) -> list[Row]:
    floats, game = both(size)
    passes = passes_of(lambda: check(game), of_check)
    last = passes[-1]

    def last_pass() -> None:
        for stages, one in last.again(game):
            regular_stage(stages, one.known, one.t, coupling(game), one.phi)

    plain: dict[str, Callable] = {
        "plain mpmath, at the game's τ alone": lambda: plain_mpmath.check(floats, DIGITS)
    }
    if size in (TINY, SMALL):  # some thirty equilibria
        plain["plain mpmath, its search in τ alone"] = lambda: plain_mpmath.thresholds(
            floats, DIGITS
        )
    return _compared(
        f"{size} check",
        {
            "check": lambda: check(game),
            "check, with the thresholds of τ": lambda: check(game).as_json(),
            f"its last pass at the game's τ, {_said([last])}": last_pass,
            **_floors(passes, last, size),
        },
        plain,
        budget,
    )


def _compared(
    size: str, ours: dict[str, Callable], plain: dict[str, Callable], budget: float
) -> list[Row]:
    return rows_of(size, compare(size, ours, budget, rounds=3, warm=False, once=plain))


def _floors(passes: list[Pass], last: Pass, size: Size) -> dict[str, Callable]:
    floors = {"floor of that pass": floor_of_passes([last], size)}
    if len(passes) > 1:
        floors[f"floor of all passes, {_said(passes)}"] = floor_of_passes(passes, size)
    return floors


def _said(passes: Iterable[Pass]) -> str:
    return ", ".join(f"{one.bits} × {one.stages}" for one in passes)


def _square(work: Work, size: Size) -> Work:
    """The products of m×m matrices alone."""
    kind = ("product", *3 * [size[1]])
    return Counter({kind: work[kind]})


def both(size: Size) -> tuple[FloatGame, Game]:
    """A game in float64, and the same as exact numbers."""
    floats = random_games(*size)
    return floats, Game.from_arrays(
        A=floats.A[0],
        B=[X[0] for X in floats.B],
        Q=[(X[0] + X[0].T) / 2 for X in floats.Q],
        R=[(X[0] + X[0].T) / 2 for X in floats.R],
        tau=floats.tau,
        noise_cov=floats.noise_cov,
        horizon=floats.horizon,
    )
