"""The τ from which Assumption III.3 holds, and from which the inner loop converges, enclosed.

The upper end is proved for every larger τ, from the data alone. The lower end is the largest τ
found at which the property is proved to fail: floats guess where, balls prove it there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from ergs_verify.arithmetic import Balls
from ergs_verify.arithmetic.stacks import Float64Stacks
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.equilibrium import EquilibriumStage, straight_in_balls
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
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game
from ergs_verify.recursion.apriori import sufficient_tau
from ergs_verify.recursion.backward_induction import Recursion
from ergs_verify.recursion.stages import Progress, Stages

#: Decimal digits of the upper ends.
_DIGITS = 4
#: A guess that needs more bits than this to be proved is given up.
_SEARCH_BITS = 1024
#: A guess is good to some 1e-3: a little below it, and where that fails further below.
_BELOW = (0.998, 0.98, 0.8)
#: A search narrows this many times to a gap of so many points, and starts so far down.
_ZOOMS, _POINTS, _LOWEST = 2, 24, 1e-12
#: Stages are alike where no cost changes by more than this part, and neither do their data.
_ALIKE = 1e-5
#: log2 of the power whose norm tells a spectral radius to some 1e-3.
_SQUARINGS = 12

Excess = Callable[[np.ndarray], np.ndarray]
Fails = Callable[[Fraction, Stages[Balls], EquilibriumStage], bool]


class TauThresholds:
    """Enclosures of the least τ beyond which a property holds for good, sought when asked for.

    The game's own τ plays no role. The upper ends are infinite where the data alone prove nothing:
    some Q that is not exactly positive semidefinite.

    Parameters
    ----------
    game : Game
        Of the paper's class.
    most_bits : int
    progress : function of two int, optional
        Told how many stages are done, and of how many, anew at each attempt to prove that a
        property fails.

    Attributes
    ----------
    assumption, loop : Enclosure
        Of Assumption III.3, and of the inner loop's convergence at every stage. At `lo` the
        property fails, or `lo` is 0; for every τ ≥ `hi` (τ > 0 where it is 0) it holds.

    Examples
    --------
    >>> from ergs_verify.certify.thresholds import TauThresholds
    >>> from ergs_verify.game.gallery import gallery
    >>> found = TauThresholds(gallery("identical-interest"))
    >>> found.loop.as_json(digits=4)  # ρ = 2/(τ/2 + 5/4), 1 at τ = 3/2
    ['1.497', '3.501']
    """

    def __init__(self, game: Game, *, most_bits: int = MOST_BITS, progress: Progress | None = None):
        self._game, self._most_bits, self._progress = game, most_bits, progress

    @cached_property
    def assumption(self) -> Enclosure:
        game = self._game
        if game.agents == 1:
            return NOTHING
        factor, floor = coupling(game), _data_alone(game)

        def fails(tau: Fraction, stages: Stages[Balls], one: EquilibriumStage) -> bool:
            return scaled(largest_norm(one.stage.P, stages.arithmetic), factor).lo >= tau

        def excess(taus: np.ndarray) -> np.ndarray:
            return float(factor) * self._guesses.largest_norm(taus) - taus

        return self._enclosed(fails, excess, floor, self._upper_ends[0])

    @cached_property
    def loop(self) -> Enclosure:
        if self._game.agents == 1:
            return NOTHING

        def fails(_tau: Fraction, stages: Stages[Balls], one: EquilibriumStage) -> bool:
            return spectral_radius(jacobi_matrix(stages, one.known), stages.arithmetic.bits).lo >= 1

        def excess(taus: np.ndarray) -> np.ndarray:
            return self._guesses.loop_radius(taus) - 1

        return self._enclosed(fails, excess, Fraction(0), self._upper_ends[1])

    @cached_property
    def _upper_ends(self) -> tuple[Any, Any]:
        try:
            known = sufficient_tau(self._game, digits=_DIGITS)
        except NotCertifiedError:
            return math.inf, math.inf
        return known.assumption, known.unique

    @cached_property
    def _guesses(self) -> _Guesses:
        return _Guesses(self._game)

    def _enclosed(self, fails: Fails, excess: Excess, floor: Fraction, end: Any) -> Enclosure:
        """From the largest τ above the floor at which some stage is proved to fail to the end."""
        for tau in _guessed(excess, floor, end):
            if tau > floor and self._is_proved(fails, tau):
                return Enclosure(tau, end)
        return Enclosure(floor, end)

    def _is_proved(self, fails: Fails, tau: Fraction) -> bool:
        """Whether some stage of the equilibrium at τ is proved to fail."""
        shifted = self._game.at_tau(tau)
        for bits in rising(most=min(self._most_bits, _SEARCH_BITS)):
            stages = Stages(shifted, Balls(bits), symmetric=True, covariances=False)
            try:
                for done, one in enumerate(straight_in_balls(stages), 1):
                    if self._progress:
                        self._progress(done, shifted.horizon)
                    if fails(tau, stages, one):
                        return True
            except NotCertifiedError:
                continue
            return False
        return False


def _data_alone(game: Game) -> Fraction:
    """A τ at which Assumption III.3 fails whatever the equilibrium is, since P_T = Q_T."""
    stages = Stages(game, Balls(64), symmetric=True)
    return scaled(largest_norm(stages.terminal().P, stages.arithmetic), coupling(game)).lo


# -- guesses in float64 --------------------------------------------------------------------------


def _guessed(excess: Excess, least: Fraction, end: Any) -> list[Fraction]:
    """Where to look for failures, as `excess` ≥ 0 tells of the equilibria at several τ."""
    try:
        with np.errstate(all="ignore"):
            return _near_last_failure(excess, float(least), float(end))
    except (InputError, OverflowError, np.linalg.LinAlgError):  # beyond float64, or singular in it
        return []


def _near_last_failure(excess: Excess, lo: float, hi: float) -> list[Fraction]:
    """Where to look for a τ between lo and hi, as large as can be, at which `excess` ≥ 0."""
    if not hi > 0:
        return []
    top = hi if hi < math.inf else max(lo, 1.0) / _LOWEST
    last, after, values = lo or top * _LOWEST, top, np.full(2, np.nan)
    for _ in range(_ZOOMS):
        taus = np.geomspace(last, after, _POINTS)
        found = excess(taus)
        failing = np.flatnonzero(found >= 0)
        if not failing.size:
            return []
        k = failing[-1]
        last, after, values = taus[k], taus[min(k + 1, _POINTS - 1)], found[k : k + 2]
    share = values[0] / (values[0] - values[-1])
    if 0 <= share <= 1:
        last *= (after / last) ** share
    return [Fraction(f"{last * below:.4g}") for below in _BELOW]


class _Guesses:
    """The equilibria at several τ in float64, all at once: quick, and no verdict rests on them."""

    def __init__(self, game: Game):
        self._game = game

    @cached_property
    def _stages(self) -> Stages[Float64Stacks]:
        return Stages(self._game.at_tau(Fraction(1)), Float64Stacks())

    def largest_norm(self, taus: np.ndarray) -> np.ndarray:
        """γ_P at each τ; NaN where lost."""
        costs = [self._stages.terminal().P, *(P for _, P in self._backwards(taus))]
        shape = len(taus), *costs[0][0].shape[-2:]
        stacked = np.stack([np.broadcast_to(P, shape) for own in costs for P in own])
        return np.linalg.norm(stacked, axis=(-2, -1)).max(axis=0)

    def loop_radius(self, taus: np.ndarray) -> np.ndarray:
        """The largest spectral radius of the inner loop at each τ; NaN where lost."""
        loops = [jacobi_matrix(self._stages, known) for known, _ in self._backwards(taus)]
        return _radius(np.stack(loops)).max(axis=0)

    def _backwards(self, taus: np.ndarray) -> Iterator[tuple[Evaluator, Sequence[Any]]]:
        """What each stage knows and P_t, t = T−1, …, 0, or until all stages to come are alike."""
        stages = self._stages.with_tau(taus)
        P: Sequence[Any] = stages.terminal().P
        recursion, sizes = Recursion(stages), None
        for t in reversed(range(stages.game.horizon)):
            values = stages.letters(t) | stages.costs(P)
            step = recursion.step(values)
            P = step.P
            yield stages.knowing(t, values | step.met), P
            if self._game.alike == self._game.horizon:
                before, sizes = sizes, np.array([np.einsum("...ii->...", X) for X in P])
                if before is not None and not (abs(sizes - before) > _ALIKE * abs(sizes)).any():
                    break


def _radius(J: np.ndarray) -> np.ndarray:
    """About ρ of each matrix, by norms of powers."""
    power, log = J, 0.0
    for k in range(_SQUARINGS + 1):
        size = np.linalg.norm(power, axis=(-2, -1))
        log = log + np.log(size) / 2**k
        power = power / size[..., None, None]
        power = power @ power
    return np.exp(log)
