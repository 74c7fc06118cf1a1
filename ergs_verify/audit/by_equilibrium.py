"""A solution against the game's one equilibrium, which is enclosed: errors, bars, excuses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import partial

import attrs
import numpy as np

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.audit import accuracy
from ergs_verify.audit.accuracy import LETTERS, Allowed
from ergs_verify.audit.comparison import as_matrix, compared
from ergs_verify.audit.first_error import near
from ergs_verify.audit.precision import MOST_BITS_OF_EQUILIBRIUM, first_bits
from ergs_verify.audit.result import Existence, Kind, Quantity
from ergs_verify.audit.right_ways import lost_by_right_ways
from ergs_verify.certify.nash import CertifiedNash, certified_nash
from ergs_verify.errors import NotCertifiedError, SingularStageError, UnboundedCostError
from ergs_verify.exact import fractions
from ergs_verify.exact.decimals import NOTHING
from ergs_verify.game import Game, Policy
from ergs_verify.game.letters import POLICY
from ergs_verify.recursion import Sequences
from ergs_verify.recursion.affine import by_letter, stated_letters
from ergs_verify.recursion.general import without_entropy
from ergs_verify.study.conditioning import roundoff

#: Of the largest entry of each matrix: those of float64, and some to round from.
_BITS = 60


def against_equilibrium(
    game: Game, policy: Policy, unit: float
) -> tuple[Existence, CertifiedNash | None, Allowed | None, Mapping[str, Quantity]]:
    """Whether there is one equilibrium, where, with what bars, and how far off the solution is.

    The bars are for roundings of the relative size `unit`.
    """
    judged = judged_game(game, policy)
    bits = first_bits(game)
    given = stated_letters(game, policy)
    allowed: Allowed | None = None
    while True:
        try:
            nash = certified_nash(judged, first_bits=bits, most_bits=MOST_BITS_OF_EQUILIBRIUM)
        except SingularStageError as error:
            return _singular(error), None, None, {}
        except UnboundedCostError as error:
            said = f"{capital(error)}. The gaps decide."
            return Existence(kind="none", t=error.t, message=said), None, None, {}
        except NotCertifiedError as error:
            said = f"It is undecided whether there is an equilibrium: {error}. The gaps decide."
            return Existence(kind="undecided", t=None, message=said), None, None, {}
        allowed = allowed or accuracy.of_equilibrium(
            judged, nash.found, letters=given.keys(), unit=unit, states=game.state_size
        )
        found_letters = by_letter(nash.found, game.state_size, nash.balls)
        compare = partial(
            compared,
            exact={letter: getattr(found_letters, letter) for letter in given},
            allowed=allowed,
            balls=nash.balls,
            unit=roundoff(game, unit),
        )
        found = compare(given)
        quantities, too_wide = found.quantities, found.too_wide
        wrong = {letter for letter, one in quantities.items() if one.wrong}
        if wrong and not found.inexcusable:
            right = in_float64(found_letters)
            excused = lost_by_right_ways(judged, right, allowed, wrong, unit, told_of=game)
            # Where the worst entry of a letter is clearly above it, the others do not matter.
            close = {k for k in wrong if quantities[k].max_error <= 2 * _at(quantities[k], excused)}
            found = compare({letter: given[letter] for letter in close}, excused=excused)
            quantities, too_wide = quantities | found.quantities, too_wide or found.too_wide
        if not too_wide or nash.balls.bits >= MOST_BITS_OF_EQUILIBRIUM:
            unique = Existence(kind="unique", t=None, message="The game has one equilibrium.")
            return unique, nash, allowed, quantities
        bits = 2 * nash.balls.bits


def _at(one: Quantity, bars: Allowed) -> float:
    return float(bars[one.letter][one.agent - 1][one.t or 0].errors[one.entry])


def judged_game(game: Game, policy: Policy) -> Game:
    """The game, or without Σ the plain one with R + (τ/2)I for R, whose NE has the same K."""
    if policy.Sigma is not None:
        return game
    if game.general:
        return without_entropy(game.homogeneous)
    half = game.tau / 2

    def weighted(R: np.ndarray) -> np.ndarray:
        return np.array(fractions(R), dtype=object) + half * np.eye(len(R), dtype=int)

    R = tuple(tuple(weighted(X) for X in R_i) for R_i in game.R)
    return attrs.evolve(game, tau_given=Fraction(0), R=R)


def _singular(error: SingularStageError) -> Existence:
    kinds: dict[bool | None, Kind] = {True: "continuum", False: "none", None: "singular"}
    kind = kinds[error.consistent]
    return Existence(kind=kind, t=error.t, message=f"{error}. The gaps decide.")


def capital(error: Exception | str) -> str:
    said = str(error)
    return said[:1].upper() + said[1:]


def in_floats(game: Game, policy: Policy, nash: CertifiedNash) -> Sequences | None:
    """The equilibrium in float64; None where not even the digits of the largest entries are known.

    The balls may be as wide as a wide bar, and their midpoints then say nothing.
    """
    if bits_lacking(nash.found, nash.balls) > 0:
        try:
            nash = certified_nash(
                judged_game(game, policy),
                bits_lacking,
                first_bits=nash.balls.bits,
                most_bits=MOST_BITS_OF_EQUILIBRIUM,
            )
        except NotCertifiedError:
            return None
    return in_float64(by_letter(nash.found, game.state_size, nash.balls))


def bits_lacking(found: Sequences, balls: Balls) -> int:
    """How many bits the balls lack for the largest entry of each matrix to have those of float64.

    A matrix that may be 0 has to be smaller than any float64.
    """
    most = 0
    for letter in LETTERS:
        for X in (X for over_time in getattr(found, letter) for X in over_time):
            entries = as_matrix(X, balls)
            radius, size = balls.radius(entries), balls.largest(entries)
            allowed = size / 2**_BITS if radius < size else NOTHING
            if radius > max(allowed, NOTHING):
                most = max(most, math.ceil(radius / max(allowed, NOTHING)).bit_length())
    return most


def in_float64(found: Sequences) -> Sequences:
    return Sequences(
        **{
            letter.name: tuple(tuple(near(X) for X in over_time) for over_time in agents)
            for letter in POLICY
            if (agents := letter.of(found)) is not None
        }
    )
