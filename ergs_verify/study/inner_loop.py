"""Does Algorithm 1 approach the equilibrium as L grows, and how fast?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from attrs import frozen

from ergs_verify import engine
from ergs_verify.engine import GameArrays


@frozen(kw_only=True)
class Convergence:
    """Distances of Algorithm 1's policies from the equilibrium.

    Attributes
    ----------
    iterations : tuple of int
        The numbers L of inner steps that were tried.
    distances : tuple of float
        Σ_t ‖S_t − S*_t‖_□ of Theorem IV.2 after each; ∞ if an entry is not finite.
    rate : float or None
        The factor per inner step, between the last two L whose distances are larger than rounding
        errors.
    behaviour : {"converges", "approaches", "diverges", "undecided"}
        ``converges``: the last distance is down to rounding errors. ``approaches`` and
        ``diverges``: the rate is below 1, or not. This is what these L show, not a proof.
    """

    iterations: tuple[int, ...]
    distances: tuple[float, ...]
    rate: float | None
    behaviour: str


def convergence(
    game: GameArrays, equilibrium: Any, iterations: Sequence[int], rounding: float
) -> Convergence:
    """Run the engine's Algorithm 1 with growing L.

    Parameters
    ----------
    equilibrium : joint policy with float64 arrays K and Sigma
    iterations : sequence of int ≥ 1, growing
    rounding : float
        The distance that rounding errors explain.
    """
    distances = []
    for count in iterations:
        output = engine.algorithm_1(game, count)
        far = float(engine.policy_distance(output, equilibrium))
        distances.append(far if math.isfinite(far) else math.inf)
    rate = _rate(iterations, distances, 10 * rounding)
    return Convergence(
        iterations=tuple(iterations),
        distances=tuple(distances),
        rate=rate,
        behaviour=_behaviour(distances[-1], rate, rounding),
    )


def _rate(iterations: Sequence[int], distances: Sequence[float], floor: float) -> float | None:
    seen = [
        (count, far)
        for count, far in zip(iterations, distances, strict=True)
        if floor < far < math.inf
    ]
    rates = [(b / a) ** (1 / (k - j)) for (j, a), (k, b) in pairwise(seen)]
    return rates[-1] if rates else None


def _behaviour(last: float, rate: float | None, rounding: float) -> str:
    if last <= rounding:
        return "converges"
    if last == math.inf:
        return "diverges"
    if rate is None:
        return "undecided"
    return "approaches" if rate < 1 else "diverges"
