"""Several policies' E[xx'] in float64, kept between two matrices in the Loewner order.

As `ergs_verify.certify.loewner` does in balls: a step is monotone, so it is taken from either end,
and its result moved outward by the radii. Large games take a tenth of the time that balls take.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb_mat

from ergs_verify.arithmetic.above import ROUNDED, Above, above, below
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.certify.covariances import slack, slacks
from ergs_verify.certify.float_norms import in_float64, power_of_two
from ergs_verify.certify.gap_parts import gap_formula
from ergs_verify.certify.loewner import Bracket
from ergs_verify.errors import NotCertifiedError
from ergs_verify.game import Game
from ergs_verify.paper.gap import X
from ergs_verify.recursion.gap import initial_moment, played_stage
from ergs_verify.recursion.stages import Stages

#: Beside the largest, so that nothing grows out of an underflow.
_LEAST_WEIGHT = 2.0**-30

#: By time and agent, in balls.
Policies = Sequence[Sequence[Sequence[Any]]]


def second_moments(game: Game, K: Policies, Sigma: Policies) -> list[list[Bracket]]:
    """Brackets of E[xx'] at t = 0…T−1 for each of several policies.

    Parameters
    ----------
    game : Game
    K, Sigma : ``[policy][t][i]``, of `arb_mat`

    Raises
    ------
    NotCertifiedError
        If float64 does not hold them.
    """
    numbers = CentredStacks()
    stages = Stages(game, numbers, symmetric=True)
    formula = gap_formula(stages)("second_moment", 1)
    with np.errstate(all="ignore"):
        gains, covariances = (_over_policies(letter) for letter in (K, Sigma))
        ends = _outward(initial_moment(stages.game, numbers))
        ends = _wider(np.broadcast_to(ends, (len(K), *ends.shape)), slack(stages.game.x0_cov))
        found = [ends]
        for t, by in enumerate(slacks(stages.game.noise)[:-1]):
            played = played_stage(
                stages, t, [X[:, t, None] for X in gains], [X[:, t, None] for X in covariances]
            )
            ends = _wider(_outward(played.with_values({X: Centred(ends)})(formula)), by)
            found.append(ends)
    if not all(np.isfinite(ends).all() for ends in found):
        raise NotCertifiedError("second moments of the state have no bounds in float64")
    size = stages.game.state_size
    return [
        [Bracket(*(arb_mat(size, size, end.ravel().tolist()) for end in ends[k])) for ends in found]
        for k in range(len(K))
    ]


def _over_policies(letter: Policies) -> list[Centred]:
    """For each agent (policies, T, rows, columns); a matrix of several policies is entered once."""
    found = []
    for i in range(len(letter[0][0])):
        places: dict[int, int] = {}
        kept = []
        for policy in letter:
            for at in policy:
                if id(at[i]) not in places:
                    places[id(at[i])] = len(kept)
                    kept.append(at[i])
        index = np.array([[places[id(at[i])] for at in policy] for policy in letter])
        found.append(in_float64(kept).map(lambda x, index=index: x[index]))
    return found


def _outward(moments: Centred) -> np.ndarray:
    """Floats below and above all symmetric matrices that are enclosed, (…, 2, m, m).

    The lower ones of the first and the upper ones of the second of two enclosures (…, 2, m, m), or
    both of one (m, m). A symmetric E is ⪯ diag(Σ_c |E_rc| w_c/w_r) for any weights w > 0.
    """
    middle = (moments.middle + moments.middle.swapaxes(-1, -2)) / 2
    radius = (moments.radii + moments.radii.swapaxes(-1, -2)) / 2
    radius = above(above(radius) + above(np.abs(middle) * ROUNDED))
    diagonal = np.einsum("...kk->...k", middle)
    sizes = np.sqrt(np.abs(diagonal))
    weights = power_of_two(np.maximum(sizes, sizes.max(axis=-1, keepdims=True) * _LEAST_WEIGHT))
    shares = above(radius * weights[..., None, :] / weights[..., :, None], 2)
    ends = np.array(np.broadcast_to(middle, (*middle.shape[:-3], 2, *middle.shape[-2:])))
    return _moved(ends, Above(shares).total(-1).value)


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
