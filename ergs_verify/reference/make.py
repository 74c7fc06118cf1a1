"""Makes references: decimals that depend on the exact equilibrium alone, not on how it was found.

Correct rounding is not decidable in balls: an entry may lie exactly between two decimals (1/64 to
five places), or a matrix's largest entry be exactly a power of ten. So both boundaries are moved by
10^−20 of the last place: ties go towards zero, and no entry met in practice sits on the moved
boundary. Where the ends of an entry's ball lie on both sides of one, more bits are taken.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import flint
from flint import arb

from ergs_verify.arithmetic.balls import Balls, dyadic
from ergs_verify.certify.nash import certified_nash
from ergs_verify.certify.precision import MOST_BITS
from ergs_verify.certify.stationary_nash import search_stationary_nash
from ergs_verify.errors import (
    SingularStageError,
    UnboundedCostError,
)
from ergs_verify.exact import whole
from ergs_verify.exact.decimals import in_units, magnitude
from ergs_verify.game import Game
from ergs_verify.game.game import expect_game
from ergs_verify.recursion import Sequences
from ergs_verify.recursion.stages import Progress
from ergs_verify.reference.record import Kind, Reference, unpacked
from ergs_verify.solve import MOST_DIGITS, matrices_of

#: By how much of a last place, or of a power of ten, the boundaries are moved.
_MOVED = Fraction(1, 10**20)

_KINDS: dict[bool | None, Kind] = {True: "continuum", False: "none", None: "singular"}


def make_reference(game: Game, *, digits: int = 50, progress: Progress | None = None) -> Reference:
    """The certified digits of a game's equilibrium, or that there is no single one.

    That some agent's cost has no lower bound is such an answer too.

    Parameters
    ----------
    game : Game
    digits : int
        D, with ``|given − exact|`` ≤ 10^−D · max(1, largest entry in size) for each matrix, for Σ
        without the 1.
    progress : function of two int, optional
        Told how many stages are done, and of how many. It starts again at each precision.

    Returns
    -------
    Reference

    Raises
    ------
    NoStablePolicyError
        If the horizon is infinite and no joint policy is stable.
    NotCertifiedError
        If the highest precision allowed does not decide every digit.
    InputError
        If `game` is not a game, or `digits` is bad.

    Notes
    -----
    The equilibrium, equations (4) to (6) of [1]_ as corrected, is enclosed in balls [2]_. With an
    infinite horizon it is the first that iterating stages backward, or Newton's method, finds; it
    is locally unique. The same game and digits give the same bytes on every machine.

    References
    ----------
    .. [1] M. A. uz Zaman, S. Aggarwal, M. Bastopcu and T. Başar, Policy Optimization finds Nash
       Equilibrium in Regularized General-Sum LQ Games, Conference on Decision and Control 2024,
       arXiv:2404.00045.
    .. [2] F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic,
       IEEE Transactions on Computers 66 (2017), 1281–1292.

    Examples
    --------
    >>> from ergs_verify import gallery
    >>> from ergs_verify.reference import make_reference
    >>> reference = make_reference(gallery("g-star-2"), digits=12)
    >>> reference.values["K"][0][0], reference.error["K"][0][0]
    ([['-1.857142857143', '1.142857142857']], '1E-12')
    >>> make_reference(gallery("g-star-4-no-nash")).equilibrium
    'none'
    """
    expect_game(game, "reference")
    wanted = whole(digits, "digits", 1, MOST_DIGITS)
    decided: dict[str, Any] = {}
    once = game.one_stage if game.stationary else game

    def lacking(found: Sequences, balls: Balls) -> int:
        decided.update(_decided(found, balls, once, wanted) or {})
        return 0 if decided else balls.bits // 2

    bits = math.ceil((wanted + 30) * math.log2(10))
    about = {"name": game.name, "game_hash": game.hash, "digits": wanted}
    if game.stationary:
        return _stationary(game, wanted, about, bits)
    try:
        certified_nash(
            game,
            lacking,
            first_bits=bits + 64,
            most_bits=8 * bits + MOST_BITS,
            progress=progress,
        )
    except SingularStageError as error:
        kind = _KINDS[error.consistent]
        return Reference(**about, equilibrium=kind, t=error.t, values={}, error={})
    except UnboundedCostError as error:
        where: dict[str, Any] = {"t": error.t, "agent": error.agent}
        return Reference(**about, equilibrium="unbounded", **where, values={}, error={})
    values, errors = (
        {
            letter: [[X[part] for X in over_time] for over_time in decided[letter]]
            for letter in decided
        }
        for part in (0, 1)
    )
    return Reference(**about, equilibrium="unique", t=None, values=values, error=errors)


def _stationary(game: Game, digits: int, about: dict[str, Any], bits: int) -> Reference:
    once = game.one_stage

    def lacking(found: Sequences, balls: Balls) -> int:
        return 0 if _decided(found, balls, once, digits) else balls.bits // 2

    search = search_stationary_nash(
        game, lacking, first_bits=bits + 64, most_bits=8 * bits + MOST_BITS
    )
    nash = search.first()
    decided = _decided(nash.found, nash.balls, once, digits) or {}
    values, errors = (
        {letter: [own[0][part] for own in agents] for letter, agents in decided.items()}
        for part in (0, 1)
    )
    return Reference(**about, equilibrium="stationary", t=None, values=values, error=errors)


def _decided(found: Sequences, balls: Balls, game: Game, digits: int) -> dict[str, Any] | None:
    """By letter, agent and time a matrix's decimals and their error; None if one is undecided."""
    decided: dict[str, Any] = {}
    for letter, agents in matrices_of(found, balls, game):
        decided[letter] = []
        for over_time in agents:
            decided[letter].append([])
            for X in over_time:
                rows = _decimals(X, balls, digits, relative=letter == "Sigma")
                if rows is None:
                    return None
                decided[letter][-1].append((unpacked(letter, rows[0]), rows[1]))
    return decided


def _decimals(
    X: Any, balls: Balls, digits: int, *, relative: bool
) -> tuple[list[list[str]], str] | None:
    """A matrix's entries to D digits and one unit of their last place; None where undecided."""
    entries = X.entries()
    with flint.ctx.workprec(balls.bits + 64):
        most = dyadic(max(map(arb.abs_upper, entries)))
        least = dyadic(max(map(arb.abs_lower, entries)))
        if not relative or most == 0:
            most, least = max(most, Fraction(1)), max(least, Fraction(1))
        if not least and most:
            return None
        places = _places(most, digits)
        if places != _places(least, digits):
            return None
        boundary = arb(flint.fmpq(*(Fraction(1, 2) + _MOVED).as_integer_ratio()))
        units = [_units(x, boundary) for x in (X * arb(10) ** places).entries()]
    if any(count is None for count in units):
        return None
    shown = [str(in_units(int(count), places)) for count in units]
    cols = X.ncols()
    return [shown[k : k + cols] for k in range(0, len(shown), cols)], f"1E{-places:+d}"


def _places(size: Fraction, digits: int) -> int:
    return digits - magnitude(size / (1 - _MOVED))


def _units(x: Any, boundary: Any) -> Any:
    """The whole number nearest to all of a ball, ties towards zero; None where it is not one."""
    if x > 0:
        return (x - boundary).ceil().unique_fmpz()
    if x < 0:
        count = (-x - boundary).ceil().unique_fmpz()
        return None if count is None else -count
    return 0 if x.abs_upper() <= boundary else None
