"""Several policies' E[xx'] in float64, kept between two matrices in the Loewner order.

As `ergs_verify.certify.loewner` does in balls: a step is monotone, so it is taken from either end,
and its result moved outward by the radii. Large games take a tenth of the time that balls take.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ergs_verify.arithmetic.above import ROUNDED, Above, above, below
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.certify.covariances import slack, slacks
from ergs_verify.certify.float_norms import power_of_two
from ergs_verify.certify.gap_parts import gap_formula
from ergs_verify.game import Game
from ergs_verify.paper.gap import X
from ergs_verify.recursion.gap import initial_moment, played_stage
from ergs_verify.recursion.stages import Stages

#: Where an entry's radius is more than this part of it, it is taken to have cancelled.
_CANCELLED = 2.0**-26


def second_moments(
    game: Game, gains: Sequence[Centred], covariances: Sequence[Centred]
) -> np.ndarray:
    """Floats below and above E[xx'] at t = 0…T−1 of several policies, (policies, T, 2, m, m).

    Parameters
    ----------
    game : Game
    gains, covariances : sequence over agents of Centred (policies, T, p_i, m) and (…, p_i, p_i)

    Notes
    -----
    NaN or infinite where there are no bounds; numpy may warn of it.
    """
    numbers = CentredStacks()
    stages = Stages(game, numbers, symmetric=True)
    formula = gap_formula(stages)("second_moment", 1)
    ends = outward(initial_moment(stages.game, numbers))
    policies = len(gains[0].middle)
    ends = _wider(np.broadcast_to(ends, (policies, *ends.shape)), slack(stages.game.x0_cov))
    found = [ends]
    for t, by in enumerate(slacks(stages.game.noise)[:-1]):
        K, Sigma = ([X[:, t, None] for X in letter] for letter in (gains, covariances))
        known = played_stage(stages, t, K, Sigma).with_values({X: Centred(ends)})
        ends = _wider(outward(known(formula)), by)
        found.append(ends)
    return np.stack(found, axis=1)


def outward(X: Centred) -> np.ndarray:
    """Floats below and above all symmetric matrices that are enclosed, (…, 2, m, m).

    The lower ones of the first and the upper ones of the second of two enclosures (…, 2, m, m), or
    both of one (m, m). A symmetric E is ⪯ diag(Σ_c |E_rc| w_r/w_c) for any weights w > 0.
    """
    middle = (X.middle + X.middle.swapaxes(-1, -2)) / 2
    radius = (X.radii + X.radii.swapaxes(-1, -2)) / 2
    radius = above(above(radius) + above(np.abs(middle) * ROUNDED))
    diagonal = np.einsum("...kk->...k", middle)
    # Units of x, by what an entry is, or was before it cancelled.
    squares = np.maximum(np.abs(diagonal), np.einsum("...kk->...k", radius) / _CANCELLED)
    weights = power_of_two(np.sqrt(squares))
    shares = above(radius * weights[..., :, None] / weights[..., None, :], 2)
    ends = np.array(np.broadcast_to(middle, (*middle.shape[:-3], 2, *middle.shape[-2:])))
    return _moved(ends, Above(shares).total(-1).value)


def between(ends: np.ndarray) -> Centred:
    """What lies between the ends: |P − (lo + hi)/2|_rc ≤ ½√(D_rr D_cc), D = hi − lo."""
    lo, hi = ends[..., 0, :, :], ends[..., 1, :, :]
    middle = (lo + hi) / 2
    widths = np.einsum("...kk->...k", hi) - np.einsum("...kk->...k", lo)
    sides = Above(above(widths)).root().value
    radius = above(sides[..., :, None] * sides[..., None, :] / 2 + np.abs(middle) * ROUNDED, 3)
    return Centred(middle, radius)


def _wider(ends: np.ndarray, by: Fraction) -> np.ndarray:
    """Ends of all that lies within so much in the 2-norm."""
    return _moved(ends.copy(), above(float(by))) if by else ends


def _moved(ends: np.ndarray, by: Any) -> np.ndarray:
    """The same with their diagonals moved outward, in place."""
    diagonals = np.einsum("...kk->...k", ends)
    by = np.broadcast_to(by, diagonals.shape)
    diagonals[..., 0, :] = below(diagonals[..., 0, :] - by[..., 0, :])
    diagonals[..., 1, :] = -below(-(diagonals[..., 1, :] + by[..., 1, :]))
    return ends
