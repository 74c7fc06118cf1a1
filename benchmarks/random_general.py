"""Random general games against an independent recursion: do enclosures hold, how small are they?

Run with ``python -m benchmarks.random_general``; it writes benchmarks/results/random_general.md
within some minutes. Games, policies and right answers are those of tests/general_reference.py, by
hand in mpmath at 60 digits.
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

from attrs import Factory, define

from benchmarks.report import markdown
from ergs_verify import Game
from ergs_verify.certify import Enclosure, certify_gap
from ergs_verify.certify.augmentation import gap as gap_of_delta
from ergs_verify.certify.nash import certified_nash
from ergs_verify.game import Policy
from ergs_verify.solve import matrices_of

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from general_reference import Reference, as_arrays, exact, number, perturbed, random_game, rows

PAGE = Path(__file__).parent / "results" / "random_general.md"
#: What the reference may have lost of its 60 digits, relative to numbers below 10⁵.
LOST = Fraction(1, 10**45)
#: The next order in δ = 10⁻²⁰, relative to the coefficient of δ².
NEXT_ORDER = Fraction(1, 10**14)
TINY, STEP = Fraction(1, 10**20), Fraction(1, 1000)
#: A tolerance that float64 does not meet.
CLOSE = Fraction(1, 10**25)
#: One game in so many has τ = 0 at some stages, or all.
_PLAIN = 5
QUANTITIES = ("K, k, Σ, P, s, q", "gap", "ε at δ = 1/1000", "coefficient of δ²")


@define
class Kept:
    """What was found of one quantity."""

    enclosures: int = 0
    missed: list[int] = Factory(list)
    widest: Fraction = Fraction(0)

    def add(self, seed: int, holds: bool, width: Fraction) -> None:
        """Count an enclosure, and its width as a part of the number (or of 1, if larger)."""
        self.enclosures += 1
        self.widest = max(self.widest, width)
        if not holds:
            self.missed.append(seed)


@define
class Tally:
    """What was found of all games."""

    games: int = 0
    classes: Counter = Factory(Counter)
    kept: dict[str, Kept] = Factory(lambda: {name: Kept() for name in QUANTITIES})
    unbounded: int = 0

    @property
    def missed(self) -> list[tuple[str, int]]:
        """Quantities and seeds of the games where an enclosure does not hold."""
        return [(name, seed) for name, kept in self.kept.items() for seed in kept.missed]


def tally_of(games: int, seed: int) -> Tally:
    """Solve, certify and compare so many games, drawn from the seed on."""
    tally = Tally()
    for own in range(seed, seed + games):
        given = _given(own)
        reference, game = Reference(given), Game.from_arrays(**given)
        tally.games += 1
        tally.classes.update([*game.beyond, *["affine terms"] * game.affine])
        policy, values = reference.nash()
        _equilibrium(tally, own, game, reference, policy, values)
        _gaps(tally, own, game, reference, perturbed(policy, own, game.affine))
        _augmentation(tally, own, given, game)
    return tally


def _given(seed: int) -> dict:
    given, draw = random_game(seed), random.Random(seed)
    if draw.randrange(_PLAIN) == 0:
        stages = range(given["horizon"])
        given["tau"] = [[tau * draw.randint(0, 1) for _ in stages] for tau in given["tau"]]
    return given


def _equilibrium(tally: Tally, seed: int, game: Game, reference: Reference, policy, values) -> None:
    found = certified_nash(game)
    right = dict(_right(reference, policy, values))
    for letter, agents in matrices_of(found.found, found.balls, game):
        for i, over_time in enumerate(agents):
            for t, X in enumerate(over_time):
                wanted = right[letter, i, t]
                for ends, entries in zip(found.balls.enclosures(X), wanted, strict=True):
                    for (lo, hi), x in zip(ends, entries, strict=True):
                        size = max(Fraction(1), abs(x))
                        holds = lo - LOST * size <= x <= hi + LOST * size
                        tally.kept[QUANTITIES[0]].add(seed, holds, (hi - lo) / size)


def _right(reference: Reference, policy, values) -> Iterator[tuple[tuple[str, int, int], list]]:
    for i in range(reference.N):
        for t, (K, k, Sigma) in enumerate(policy):
            yield ("K", i, t), rows(reference.rows(K, i))
            yield ("k", i, t), rows(reference.rows(k, i))
            yield ("Sigma", i, t), rows(Sigma[i])
        for t, (P, s, c) in enumerate(values[i]):
            yield ("P", i, t), rows(P)
            yield ("s", i, t), rows(s)
            yield ("q", i, t), [[exact(c)]]


def _gaps(tally: Tally, seed: int, game: Game, reference: Reference, off) -> None:
    policy = Policy.from_arrays(**as_arrays(reference, off, game.affine))
    for one in certify_gap(game, policy).agents:
        i = one.agent - 1
        if one.unbounded:
            tally.unbounded += 1
            tally.kept[QUANTITIES[1]].add(seed, not reference.has_least_cost(i, off), Fraction(0))
        else:
            _compare(tally.kept[QUANTITIES[1]], seed, one.gap, exact(reference.gap(i, off)), LOST)


def _augmentation(tally: Tally, seed: int, given: dict, game: Game) -> None:
    """ε and its bound at a δ, and the coefficient of δ² where every τ > 0."""
    found = gap_of_delta(game, [STEP], tolerance=CLOSE)
    loose = gap_of_delta(game, [STEP])  # mostly in float64
    right, kept = _gaps_at(given, STEP), tally.kept[QUANTITIES[2]]
    for one in found.rows[0].agents or ():
        _compare(kept, seed, one.epsilon, right[one.agent - 1], LOST)
    for one in (*(found.rows[0].agents or ()), *(loose.rows[0].agents or ())):
        if (
            not _holds(one.epsilon, right[one.agent - 1], LOST)
            or right[one.agent - 1] > one.bound.hi
        ):
            kept.missed.append(seed)
    if found.coefficient:
        right = _gaps_at(given, TINY)
        for one in found.coefficient:
            over = right[one.agent - 1] / TINY**2
            _compare(tally.kept[QUANTITIES[3]], seed, one.value, over, NEXT_ORDER)


def _gaps_at(given: dict, delta: Fraction) -> list[Fraction]:
    """Every agent's gap at the equilibrium at τ + δ, by the reference."""
    shifted, reference = Reference(given, number(delta)).nash()[0], Reference(given)
    return [exact(reference.gap(i, shifted)) for i in range(reference.N)]


def _compare(kept: Kept, seed: int, found: Enclosure, right: Fraction, allowed: Fraction) -> None:
    kept.add(seed, _holds(found, right, allowed), found.relative_width)


def _holds(found: Enclosure, right: Fraction, allowed: Fraction) -> bool:
    off = allowed * max(Fraction(1), abs(right))
    return found.lo - off <= right <= found.hi + off


def page(tally: Tally, seed: int, seconds: float) -> str:
    """The result as Markdown."""
    lines = [
        (name, f"{kept.enclosures:,}", str(len(kept.missed)), f"{float(kept.widest):.1e}")
        for name, kept in tally.kept.items()
    ]
    classes = [(name, str(count)) for name, count in sorted(tally.classes.items())]
    against_it = ""
    if tally.unbounded:
        against_it = (
            f"; against it the costs of {tally.unbounded} agents have no lower bound, proved, and "
            "the reference's W has an eigenvalue that is not positive"
        )
    return "\n\n".join(
        [
            "# Random general games against an independent recursion",
            f"Written by `python -m benchmarks.random_general --games {tally.games} --seed {seed}` "
            f"in {seconds / 60:.1f} minutes. {tally.games:,} games of 1 to 3 agents, 1 to 3 "
            "states, 1 or 2 controls each and 1 to 4 stages, all costs allowed to be indefinite. "
            "The reference is tests/general_reference.py: by hand, mpmath at 60 digits, affine "
            "terms as vectors. *Widest*: the width of an enclosure, as a part of its number (or of "
            "1, for entries below 1). A gap is that of a policy moved off the equilibrium at random"
            f"{against_it}. One game in {_PLAIN} has τ = 0 at some stages or all. The coefficient "
            "of δ² is compared with the reference's gap at δ = 10⁻²⁰.",
            markdown(("quantity", "enclosures", "do not hold", "widest"), lines),
            "What the games have beyond the paper's class:",
            markdown(("", "games"), classes),
        ]
    )


def main(arguments: list[str] | None = None) -> None:
    """Write the page; the status is 1 where an enclosure does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.random_general")
    parser.add_argument("--games", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    tally = tally_of(options.games, options.seed)
    text = page(tally, options.seed, time.perf_counter() - start) + "\n"
    PAGE.write_text(text, encoding="utf-8")
    print(text)
    for name, seed in tally.missed:
        print(f"the enclosure of {name} does not hold in the game of seed {seed}", file=sys.stderr)
    sys.exit(bool(tally.missed))


if __name__ == "__main__":
    main()
