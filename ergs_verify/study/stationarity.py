"""Is J^i stationary in agent i's own K and Σ? By differentiating the forward moments.

The slope is taken along one random direction of all of agent i's K_t at once, and along one of all
its Σ_t (symmetric). A direction chosen at random misses no slope, but for a set of measure 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import evolve, frozen

from ergs_verify.arithmetic.base import Matrix
from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.game import Game
from ergs_verify.study.forward_cost import Forward, JointPolicy
from ergs_verify.study.numbers import Numbers, enter, gains, size

Slopes = dict[str, list[Any]]

#: How far a policy is moved to see that its slope does not vanish there. The slope is linear to
#: 8 digits over this distance, and 25 or more are carried beyond it.
_STEP = Fraction(1, 10**8)


@frozen(kw_only=True)
class Directions:
    """Changes of K and Sigma, ``[i][t]``, of the size of what they change."""

    K: Sequence[Sequence[Matrix]]
    Sigma: Sequence[Sequence[Matrix]]


class Stationarity:
    """Slopes of every agent's cost at joint policies of a game.

    Parameters
    ----------
    game : Game
        Without affine terms (`Game.homogeneous`).
    arithmetic : MPMath
    around : Numbers
        The solution whose sizes the directions take.
    seed : int
        Of the directions.
    """

    def __init__(self, game: Game, arithmetic: MPMath, around: Numbers, seed: int):
        self._random = [any(own) for own in game.tau_of]
        self.letters = ("K", "Sigma") if any(self._random) else ("K",)
        self._forward = Forward(game, arithmetic, excited=True)
        self._directions = _directions(game, arithmetic, around, np.random.default_rng(seed))

    def of(self, letter: str) -> Callable[[int], bool]:
        """Whether an agent's cost has a slope in this letter: none in Σ = 0, where its τ is 0."""
        return lambda i: letter == "K" or self._random[i]

    def slopes(self, policy: JointPolicy) -> Slopes:
        """The derivative of J^i along agent i's direction in K and in Σ."""
        moments = self._forward.moments(policy)
        return {
            letter: [
                self._forward.slope(policy, moments, i, **{f"d{letter}": along})
                for i, along in enumerate(getattr(self._directions, letter))
            ]
            for letter in self.letters
        }

    def curvatures(self, policy: JointPolicy) -> Slopes:
        """How fast the slope changes along the direction, from the slope at a moved policy.

        Slope over curvature is how far, in units of the policy's own size, the stationary point
        lies from the policy.
        """
        arithmetic = self._forward.arithmetic
        step = arithmetic.scalar(_STEP)
        at = self.slopes(policy)
        found: Slopes = {}
        for letter in self.letters:
            found[letter] = []
            for i, along in enumerate(getattr(self._directions, letter)):
                own = [
                    arithmetic.add(X, arithmetic.scale(step, d))
                    for X, d in zip(getattr(policy, letter)[i], along, strict=True)
                ]
                everyone = list(getattr(policy, letter))
                everyone[i] = own
                moved = evolve(policy, **{letter: everyone})
                moments = self._forward.moments(moved)
                there = self._forward.slope(moved, moments, i, **{f"d{letter}": along})
                found[letter].append((there - at[letter][i]) / step)
        return found

    def stage_slopes(self, policy: JointPolicy, letter: str, i: int) -> list[Any]:
        """The slope of J^i along agent i's direction at one stage after the other."""
        moments = self._forward.moments(policy)
        along = getattr(self._directions, letter)[i]
        arithmetic = self._forward.arithmetic
        nothing = [arithmetic.zeros(*arithmetic.shape(d)) for d in along]
        found = []
        for t, d in enumerate(along):
            only = [*nothing[:t], d, *nothing[t + 1 :]]
            found.append(self._forward.slope(policy, moments, i, **{f"d{letter}": only}))
        return found


def entered_policy(arithmetic: MPMath, given: Numbers) -> JointPolicy:
    """A solution's policy in an arithmetic, in the state (1, x) where it has been split."""
    return JointPolicy(
        K=[[enter(arithmetic, X) for X in over_time] for over_time in gains(given)],
        Sigma=[[enter(arithmetic, X) for X in over_time] for over_time in given["Sigma"]],
    )


def _directions(
    game: Game, arithmetic: MPMath, around: Numbers, draw: np.random.Generator
) -> Directions:
    def gain(X: np.ndarray) -> Matrix:
        weight = float(size(X)) or 1.0
        return enter(arithmetic, (draw.uniform(-1, 1, X.shape) * weight).astype(object))

    def covariance(X: np.ndarray) -> Matrix:
        roots = np.sqrt(np.diagonal(X).astype(float))
        random = draw.uniform(-1, 1, X.shape)
        return enter(arithmetic, ((random + random.T) * np.outer(roots, roots)).astype(object))

    return Directions(
        K=[[gain(X) for X in over_time] for over_time in gains(around)],
        Sigma=[[covariance(X) for X in over_time] for over_time in around["Sigma"]],
    )
