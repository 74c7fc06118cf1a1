"""Stated numbers against enclosed ones: errors in digits, and whether they are within the bar."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import frozen
from flint import arb

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.audit.accuracy import Allowed
from ergs_verify.audit.result import Quantity, Verdict

__all__ = ["Compared", "compared"]


@frozen
class Compared:
    """Every letter's error, and whether a verdict is open only because balls are too wide."""

    quantities: Mapping[str, Quantity]
    too_wide: bool


@frozen(kw_only=True)
class _Error:
    """The error of one matrix: lo ≤ largest |given − exact| ≤ hi, exact `arb`s."""

    t: int
    lo: Any
    hi: Any
    entry: tuple[int, int]
    size: float
    allowed: float
    verdict: Verdict
    excused: bool
    too_wide: bool

    @property
    def badness(self) -> tuple[int, float]:
        share = 0.0 if self.hi == 0 else math.inf
        if self.allowed:
            share = _above((self.hi / arb(self.allowed)).upper())
        return ("pass", "undecided", "fail").index(self.verdict), share


def compared(
    given: Mapping[str, Any],
    exact: Mapping[str, Any],
    allowed: Allowed,
    balls: Balls,
    *,
    unit: float,
    excused: Allowed | None = None,
) -> Compared:
    """Compare what is stated of each letter with balls that hold what is right.

    Parameters
    ----------
    given : mapping from letter to ``[i][t]`` arrays (q: ``[i]`` arrays), or None
    exact : mapping from letter to ``[i][t]`` matrices or numbers in balls
    allowed : mapping from letter to ``[i][t]`` float
    balls : Balls
    unit : float
        The relative error at which a number counts as accurate however ill-conditioned it is.
    excused : like allowed, optional
        An error above what is allowed that is not above this is undecided.
    """
    quantities, too_wide = {}, False
    for letter, stated in given.items():
        if stated is None:
            continue
        # To second order in what is rounded: all that is left of a number that is exactly 0.
        matrices = [[_as_matrix(X, balls) for X in over_time] for over_time in exact[letter]]
        sizes = [[_size(X) for X in over_time] for over_time in matrices]
        least = unit**2 * max(map(max, sizes))
        worst = None
        for i, over_time in enumerate(stated):
            bars = list(zip(allowed[letter][i], (excused or allowed)[letter][i], strict=True))
            errors = _errors(over_time, matrices[i], sizes[i], bars, balls, unit, least)
            for error in errors:
                too_wide = too_wide or error.too_wide
                if worst is None or error.badness > worst[1].badness:
                    largest = max(one.size for one in errors)
                    worst = i, error, error.size or largest or 1.0
        if worst is not None:
            i, error, size = worst
            quantities[letter] = Quantity(
                letter=letter,
                verdict=error.verdict,
                max_error=_above(error.hi),
                allowed=error.allowed,
                excused=error.excused,
                size=size,
                agent=i + 1,
                t=error.t,
                entry=error.entry,
            )
    return Compared(quantities, too_wide)


def _errors(
    over_time: Sequence[Any],
    exact: Sequence[Any],
    sizes: Sequence[float],
    bars: Sequence[tuple[float, float]],
    balls: Balls,
    unit: float,
    least: float,
) -> list[_Error]:
    """One agent's errors, t = 0, 1, …"""
    return [
        _error(t, np.atleast_2d(X), exact[t], sizes[t], max(sizes), bars[t], balls, unit, least)
        for t, X in enumerate(over_time)
    ]


def _error(
    t: int,
    given: np.ndarray,
    exact: Any,
    size: float,
    largest: float,
    bars: tuple[float, float],
    balls: Balls,
    unit: float,
    least: float,
) -> _Error:
    shape = given.shape[0], given.shape[1]
    less = balls.scale(balls.scalar(Fraction(-1)), exact)
    apart = balls.add(balls.matrix(given.tolist(), shape), less).entries()
    above = [x.abs_upper() for x in apart]
    hi, lo = max(above), max(x.abs_lower() for x in apart)
    allowed, excused = bars
    bar = arb(allowed)
    # A bar as large as all of the agent's matrices asks for no digit: only accuracy passes.
    asks = allowed < (largest or math.inf)
    near = max(bar if asks else arb(unit * size), arb(least))
    wrong = lo > max(bar, arb(excused), arb(least))
    verdict: Verdict = "pass" if hi <= near else "fail" if wrong else "undecided"
    return _Error(
        t=t,
        lo=lo,
        hi=hi,
        entry=divmod(above.index(hi), shape[1]),
        size=size,
        allowed=allowed,
        verdict=verdict,
        excused=verdict == "undecided" and lo > bar,
        too_wide=verdict == "undecided" and lo <= near,
    )


def _size(X: Any) -> float:
    """The largest entry is at least so large: a ball around 0 has no size."""
    return _above(max(x.abs_lower() for x in X.entries()))


def _as_matrix(X: Any, balls: Balls) -> Any:
    return X if hasattr(X, "entries") else balls.scale(X, balls.identity(1))


def _above(x: Any) -> float:
    """A float64 that is not below an exact `arb`."""
    near = float(x)
    return near if x <= arb(near) else math.nextafter(near, math.inf)
