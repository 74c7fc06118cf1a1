"""The letters that only the general game has, at each stage, in an arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ergs_verify.arithmetic.rationals import Rationals
from ergs_verify.exact import fractions
from ergs_verify.paper import notation

if TYPE_CHECKING:
    from ergs_verify.recursion.stages import Stages


class GeneralLetters:
    """Values of the general game's letters.

    Parameters
    ----------
    stages : Stages
        Whose game, a homogeneous one, and arithmetic they are for.
    deterministic : bool
        As for `Stages`.
    """

    def __init__(self, stages: Stages, *, deterministic: bool):
        self._stages = stages
        self._deterministic = deterministic
        self._made: dict[tuple, tuple] = {}
        self._places = _places(stages.game.control_sizes)

    def at(self, t: int) -> dict[Any, Any]:
        """The letters of stage t."""
        stages, game = self._stages, self._stages.game
        enter, scalar = stages.enter, stages.arithmetic.scalar
        values: dict[Any, Any] = {}
        for k, place in zip(stages.agents, self._places, strict=True):
            own = k - 1
            Q, S, R = self._costs(own, t)
            values |= {
                notation.Q(k): enter(Q),
                notation.joint_S(k): enter(S),
                notation.joint_R(k): enter(R),
                notation.place(k): enter(place),
                notation.prior_gain(k): enter(game.prior_gain[own][t]),
                notation.precision(k): enter(self._precision(own, t)),
                notation.discount_of(k): scalar(game.discount[own]),
            }
            if k not in stages.plain:
                values[notation.tau_of(k)] = scalar(game.tau_of[own][t])
        return values

    def _precision(self, own: int, t: int) -> np.ndarray:
        return self._once(_inverse, self._stages.game.prior_cov[own][t])

    def _costs(self, own: int, t: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Q, S, R of the stage; for deterministic policies with the prior's quadratic form."""
        game = self._stages.game
        given = game.Q[own][t], game.joint_S[own][t], game.joint_R[own][t]
        if not self._deterministic:
            return given
        half = game.tau_of[own][t] / 2
        prior = game.prior_gain[own][t], self._precision(own, t), self._places[own]
        Q, S, R = given
        return (
            self._once(_with_prior_Q, Q, *prior, half),
            self._once(_with_prior_S, S, *prior, half),
            self._once(_with_prior_R, R, *prior, half),
        )

    def _once(self, make: Callable[..., np.ndarray], *given: Any) -> np.ndarray:
        """What is made of arrays (and a number), once however many stages share them."""
        known = (make, *(id(X) if isinstance(X, np.ndarray) else X for X in given))
        if known not in self._made:
            # The arrays are kept too, so that their ids stay their own.
            self._made[known] = given, make(*given)
        return self._made[known][1]


def _exact(array: np.ndarray) -> np.ndarray:
    return np.array(fractions(array), dtype=object).reshape(array.shape)


def _places(sizes: tuple[int, ...]) -> list[np.ndarray]:
    """Eʲ, n×p_j, of every agent."""
    eye = np.eye(sum(sizes), dtype=int).astype(object)
    starts = np.cumsum([0, *sizes])
    return [eye[:, start : start + p] for start, p in zip(starts[:-1], sizes, strict=True)]


def _inverse(covariance: np.ndarray) -> np.ndarray:
    numbers = Rationals()
    size = len(covariance)
    eye = [[Fraction(int(r == c)) for c in range(size)] for r in range(size)]
    shape = (size, size)
    solved = numbers.solve(numbers.matrix(fractions(covariance), shape), numbers.matrix(eye, shape))
    return np.array(numbers.to_fractions(solved), dtype=object).reshape(shape)


# (τ/2)(u − Mx)'Λ⁻¹(u − Mx) added to the stage's Q, S and R.


def _with_prior_Q(Q, gain, precision, _place, half) -> np.ndarray:
    M, L = _exact(gain), _exact(precision)
    return _exact(Q) + half * (M.T @ L @ M)


def _with_prior_S(S, gain, precision, place, half) -> np.ndarray:
    return _exact(S) - half * (place @ _exact(precision) @ _exact(gain))


def _with_prior_R(R, _gain, precision, place, half) -> np.ndarray:
    return _exact(R) + half * (place @ _exact(precision) @ place.T)
