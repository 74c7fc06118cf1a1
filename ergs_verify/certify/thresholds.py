"""The τ from which Assumption III.3 holds, and from which the inner loop converges, enclosed.

The upper end is proved for every larger τ, from the data alone. The lower end is the largest τ
found at which the property is proved to fail: floats guess where, balls prove it there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from attrs import evolve, frozen

from ergs_verify.arithmetic import Balls
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.equilibrium import EquilibriumStage, stages_in_balls
from ergs_verify.certify.precision import MOST_BITS, rising
from ergs_verify.certify.spectral import spectral_radius
from ergs_verify.certify.stage_verdicts import (
    NOTHING,
    coupling,
    jacobi_matrix,
    largest_norm,
    scaled,
)
from ergs_verify.errors import InputError, NotCertifiedError
from ergs_verify.game import Game
from ergs_verify.recursion.apriori import sufficient_tau
from ergs_verify.recursion.stages import Stages

__all__ = ["Thresholds", "tau_thresholds"]

#: Decimal digits of the upper ends.
_DIGITS = 4
#: A guess that needs more bits than this to be proved is given up.
_SEARCH_BITS = 1024
#: A guess is good to some 1e-3: a little below it, and where that fails further below.
_BELOW = (0.998, 0.98, 0.8)
#: A search narrows this many times to a gap of so many points, and starts so far down.
_ZOOMS, _POINTS, _LOWEST = 3, 24, 1e-12

Excess = Callable[[np.ndarray], np.ndarray]
Fails = Callable[[Fraction, Stages[Balls], EquilibriumStage], bool]


@frozen(kw_only=True)
class Thresholds:
    """Enclosures of the least τ beyond which a property holds for good.

    Attributes
    ----------
    assumption, loop : Enclosure
        Of Assumption III.3, and of the inner loop's convergence at every stage. At `lo` the
        property fails, or `lo` is 0; for every τ ≥ `hi` (τ > 0 where it is 0) it holds.
    """

    assumption: Enclosure
    loop: Enclosure


def tau_thresholds(game: Game, *, most_bits: int = MOST_BITS) -> Thresholds:
    """Enclose the thresholds of τ. The game's own τ plays no role.

    The upper ends are infinite where the data alone prove nothing: some Q that is not exactly
    positive semidefinite.

    Examples
    --------
    >>> from ergs_verify.certify.thresholds import tau_thresholds
    >>> from ergs_verify.gallery import gallery
    >>> found = tau_thresholds(gallery("identical-interest"))
    >>> found.loop.as_json(digits=4)  # ρ = 2/(τ/2 + 5/4), 1 at τ = 3/2
    ['1.494', '3.501']
    """
    if game.agents == 1:
        return Thresholds(assumption=NOTHING, loop=NOTHING)
    floor, factor = _data_alone(game), coupling(game)
    ends = _upper_ends(game)
    guessed = _guessed(game, floor, ends)

    def assumption_fails(tau: Fraction, stages: Stages[Balls], one: EquilibriumStage) -> bool:
        return scaled(largest_norm(one.stage.P, stages.arithmetic), factor).lo >= tau

    def loop_fails(_tau: Fraction, stages: Stages[Balls], one: EquilibriumStage) -> bool:
        return spectral_radius(jacobi_matrix(stages, one.known), stages.arithmetic.bits).lo >= 1

    def proved(fails: Fails, taus: Sequence[Fraction], least: Fraction) -> Fraction:
        most = min(most_bits, _SEARCH_BITS)
        return next((t for t in taus if t > least and _is_proved(fails, game, t, most)), least)

    return Thresholds(
        assumption=Enclosure(proved(assumption_fails, guessed[0], floor), ends[0]),
        loop=Enclosure(proved(loop_fails, guessed[1], Fraction(0)), ends[1]),
    )


def _upper_ends(game: Game) -> tuple[Any, Any]:
    try:
        known = sufficient_tau(game, digits=_DIGITS)
    except NotCertifiedError:
        return math.inf, math.inf
    return known.assumption, known.unique


def _data_alone(game: Game) -> Fraction:
    """A τ at which Assumption III.3 fails whatever the equilibrium is, since P_T = Q_T."""
    stages = Stages(game, Balls(64))
    return scaled(largest_norm(stages.terminal().P, stages.arithmetic), coupling(game)).lo


def _is_proved(fails: Fails, game: Game, tau: Fraction, most_bits: int) -> bool:
    """Whether some stage of the equilibrium at this τ is proved to fail."""
    for bits in rising(most=most_bits):
        stages = Stages(evolve(game, tau_given=tau), Balls(bits))
        try:
            return any(fails(tau, stages, one) for one in stages_in_balls(stages))
        except NotCertifiedError:
            continue
    return False


# -- guesses in float64 --------------------------------------------------------------------------


def _guessed(game: Game, floor: Fraction, ends: tuple[Any, Any]) -> list[list[Fraction]]:
    """Where to look for failures of the assumption, and of the loop."""
    try:
        factor, least = float(coupling(game)), float(floor)
        with np.errstate(all="ignore"):
            guess = _Guesses(game)
            return [
                _near_last_failure(
                    lambda taus: factor * guess(taus)[0] - taus, least, float(ends[0])
                ),
                _near_last_failure(lambda taus: guess(taus)[1] - 1, 0.0, float(ends[1])),
            ]
    except (InputError, OverflowError, np.linalg.LinAlgError):  # beyond float64, or singular in it
        return [[], []]


def _near_last_failure(excess: Excess, lo: float, hi: float) -> list[Fraction]:
    """Where to look for a τ between lo and hi, as large as can be, at which `excess` ≥ 0."""
    if not hi > 0:
        return []
    top = hi if hi < math.inf else max(lo, 1.0) / _LOWEST
    ends = (lo or top * _LOWEST, top)
    for _ in range(_ZOOMS):
        taus = np.geomspace(*ends, _POINTS)
        failing = np.flatnonzero(excess(taus) >= 0)
        if not failing.size:
            return []
        last = failing[-1]
        ends = taus[last], taus[min(last + 1, _POINTS - 1)]
    return [Fraction(f"{ends[0] * below:.4g}") for below in _BELOW]


class _Guesses:
    """The equilibria at several τ in float64, all at once: quick, and no verdict rests on them.

    So the recursion stands here again, in its shortest form.
    """

    def __init__(self, game: Game):
        floats = game.floats()
        sizes = game.control_sizes
        self._A, self._Q = floats.A, np.stack(floats.Q)
        self._B = np.concatenate(floats.B, axis=-1)
        self._selectors = np.zeros((len(sizes), sum(sizes), sum(sizes)))
        self._R = np.zeros((game.horizon, sum(sizes), sum(sizes)))
        ends = pairwise(accumulate(sizes, initial=0))
        for k, own in enumerate(slice(*pair) for pair in ends):
            self._selectors[k, own, own] = np.eye(sizes[k])
            self._R[:, own, own] = floats.R[k]
        self._own = (self._selectors @ np.ones_like(self._R[0]) @ self._selectors).sum(axis=0)

    def __call__(self, taus: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """γ_P and the largest spectral radius of the inner loop, at each τ; NaN where lost."""
        half = (taus / 2)[:, None, None] * np.eye(len(self._own))
        P = np.broadcast_to(self._Q[:, -1], (len(taus), *self._Q[:, -1].shape))
        norms, radii = [_largest_norm(P)], []
        for t in reversed(range(len(self._A))):
            A, B, R = self._A[t], self._B[t], self._R[t] + half
            rows = self._selectors @ B.T @ P
            answers = rows.sum(axis=1)
            phi = R + answers @ B
            radii.append(_radius(np.linalg.solve(phi * self._own, phi * (1 - self._own))))
            K = -np.linalg.solve(phi, answers @ A)
            F = (A + B @ K)[:, None]
            own = self._selectors @ K[:, None]
            P = self._Q[:, t] + _transposed(own) @ R[:, None] @ own + _transposed(F) @ P @ F
            norms.append(_largest_norm(P))
        return np.max(norms, axis=0), np.max(radii, axis=0)


def _largest_norm(P: np.ndarray) -> np.ndarray:
    return np.linalg.norm(P, axis=(-2, -1)).max(axis=-1)


def _radius(J: np.ndarray) -> np.ndarray:
    known = np.isfinite(J.sum(axis=(-2, -1)))
    radii = np.abs(np.linalg.eigvals(np.where(known[:, None, None], J, 0))).max(axis=-1)
    return np.where(known, radii, np.nan)


def _transposed(X: np.ndarray) -> np.ndarray:
    return X.swapaxes(-1, -2)
