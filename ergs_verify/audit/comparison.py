"""Stated numbers against enclosed ones: errors in digits, and whether they are within the bar."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from operator import itemgetter
from typing import Any

import numpy as np
from attrs import evolve, frozen
from flint import arb

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.audit.accuracy import Allowed, Bar, in_units
from ergs_verify.audit.result import Quantity, Verdict


@frozen
class Compared:
    """Every letter's error.

    Attributes
    ----------
    quantities : dict from letter to Quantity
    too_wide : bool
        Whether a verdict is open only because balls are too wide.
    inexcusable : bool
        Whether an error is so large that nothing would excuse it.
    """

    quantities: dict[str, Quantity]
    too_wide: bool
    inexcusable: bool


@frozen(kw_only=True)
class _Error:
    """The error of one matrix at the entry where it is worst."""

    t: int
    entry: tuple[int, int]
    error: float
    size: float
    allowed: float
    verdict: Verdict
    excused: bool
    too_wide: bool
    inexcusable: bool

    @property
    def badness(self) -> tuple[int, float]:
        share = 0.0 if self.error == 0 else math.inf
        if self.allowed:
            share = self.error / self.allowed
        return ("pass", "undecided", "fail").index(self.verdict), share


def compared(
    given: Mapping[str, Any],
    *,
    exact: Mapping[str, Any],
    allowed: Allowed,
    balls: Balls,
    unit: float,
    excused: Allowed | None = None,
    timeless: bool = False,
) -> Compared:
    """Compare what is stated of each letter with balls that hold what is right.

    Parameters
    ----------
    given : mapping from letter to ``[i][t]`` arrays (q: ``[i]`` arrays), or None
    exact : mapping from letter to ``[i][t]`` matrices or numbers in balls
    allowed : mapping from letter to ``[i][t]`` Bar
    balls : Balls
    unit : float
        The relative error at which a number counts as accurate however ill-conditioned it is.
    excused : like allowed, optional
        An error above what is allowed that is not above this is undecided, unless it is above a
        tenth of the number and above `unit` of its matrix's largest.
    timeless : bool
        Whether the horizon is infinite, so that there is one time and it is not told.
    """
    quantities, too_wide, inexcusable = {}, False, False
    for letter, stated in given.items():
        if stated is None:
            continue
        sizes = [
            [_sizes(X, bar, balls) for X, bar in zip(over_time, bars, strict=True)]
            for over_time, bars in zip(exact[letter], allowed[letter], strict=True)
        ]
        # To second order in what is rounded: all that is left of a number that is exactly 0.
        least = unit**2 * max(X.max() for over_time in sizes for X in over_time)
        found: list[tuple[tuple[int, float], Quantity]] = []
        for i, over_time in enumerate(stated):
            bars = list(zip(allowed[letter][i], (excused or allowed)[letter][i], strict=True))
            errors = _errors(over_time, exact[letter][i], sizes[i], bars, balls, unit, least)
            for error in errors:
                too_wide = too_wide or error.too_wide
                inexcusable = inexcusable or error.inexcusable
                found.append((error.badness, _quantity(letter, i + 1, error, timeless)))
        if found:
            _, worst = max(found, key=itemgetter(0))
            quantities[letter] = evolve(worst, each=tuple(one for _, one in found))
    return Compared(quantities, too_wide, inexcusable)


def _quantity(letter: str, agent: int, error: _Error, timeless: bool) -> Quantity:
    return Quantity(
        letter=letter,
        verdict=error.verdict,
        max_error=error.error,
        allowed=error.allowed,
        excused=error.excused,
        size=error.size,
        agent=agent,
        t=None if timeless else error.t,
        entry=error.entry,
    )


def _errors(
    over_time: Sequence[Any],
    exact: Sequence[Any],
    sizes: Sequence[np.ndarray],
    bars: Sequence[tuple[Bar, Bar]],
    balls: Balls,
    unit: float,
    least: float,
) -> list[_Error]:
    """One agent's errors, t = 0, 1, …"""
    largest = np.max(sizes, axis=0)
    return [
        _error(t, np.atleast_2d(X), exact[t], sizes[t], largest, bars[t], balls, unit, least)
        for t, X in enumerate(over_time)
    ]


def _error(
    t: int,
    given: np.ndarray,
    exact: Any,
    sizes: np.ndarray,
    largest: np.ndarray,
    bars: tuple[Bar, Bar],
    balls: Balls,
    unit: float,
    least: float,
) -> _Error:
    rows, cols = given.shape
    less = balls.scale(balls.scalar(Fraction(-1)), as_matrix(exact, balls))
    apart = balls.add(balls.matrix(given.tolist(), (rows, cols)), less).entries()
    hi = _above(x.abs_upper() for x in apart).reshape(rows, cols)
    lo = _below(x.abs_lower() for x in apart).reshape(rows, cols)
    allowed, excused = (bar.errors for bar in bars)
    floor = np.where(sizes > 0, 0.0, least)
    # A bar as large as all of the agent's numbers there asks for no digit: only accuracy passes.
    asks = allowed < np.where(largest > 0, largest, math.inf)
    near = np.maximum(np.where(asks, allowed, unit * sizes), floor)
    # Float64's numbers are nowhere less than one unit apart, and `hi` is rounded up to one.
    near = np.maximum(near, 2 * math.ulp(0.0))
    # Beyond float64's range nothing is known.
    passes = (hi <= near) & (near < math.inf)
    # Nobody is excused for a number of which no digit is right, where digits are asked for: but
    # for one that is less than a rounding of its matrix's largest.
    most = np.where(asks & (sizes > 0), np.maximum(sizes / 10, unit * sizes.max()), math.inf)
    fails = lo > np.maximum(np.maximum(allowed, np.minimum(excused, most)), floor)
    rank = np.where(passes, 0, np.where(fails, 2, 1))
    with np.errstate(all="ignore"):
        share = np.where(hi > 0, hi / allowed, 0.0)
    worst = np.unravel_index(np.lexsort((share.ravel(), rank.ravel()))[-1], hi.shape)
    return _Error(
        t=t,
        entry=(int(worst[0]), int(worst[1])),
        error=float(hi[worst]),
        size=float(sizes[worst] or largest[worst] or largest.max() or 1.0),
        allowed=float(max(allowed[worst], floor[worst])),
        verdict=("pass", "undecided", "fail")[rank[worst]],
        excused=bool(rank[worst] == 1 and lo[worst] > allowed[worst]),
        too_wide=bool(np.any((rank == 1) & (lo <= near))),
        inexcusable=bool(np.any(fails & (lo > most))),
    )


def _sizes(X: Any, bar: Bar, balls: Balls) -> np.ndarray:
    """How large entries are at least, in natural units: a ball around 0 has no size."""
    lower = _above(x.abs_lower() for x in as_matrix(X, balls).entries())
    return in_units(lower.reshape(bar.units.shape), bar.units)


def as_matrix(X: Any, balls: Balls) -> Any:
    """A matrix as it is, a number as a 1×1 one."""
    return X if hasattr(X, "entries") else balls.scale(X, balls.identity(1))


def _above(numbers: Iterable[arb]) -> np.ndarray:
    """Float64 numbers that are not below the exact, nonnegative ones."""
    numbers = list(numbers)
    up = np.nextafter([float(x) for x in numbers], math.inf)
    return np.where([bool(x == 0) for x in numbers], 0.0, up)


def _below(numbers: Iterable[arb]) -> np.ndarray:
    """Float64 numbers that are not above the exact, nonnegative ones."""
    return np.nextafter([float(x) for x in numbers], 0.0)
