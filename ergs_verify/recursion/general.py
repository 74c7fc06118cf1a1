"""The letters that only the general game has, at each stage, in an arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Container
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import evolve

from ergs_verify.arithmetic.rationals import Rationals
from ergs_verify.exact import fractions
from ergs_verify.game import Game
from ergs_verify.paper import notation


class GeneralLetters:
    """Values of the general game's letters.

    Parameters
    ----------
    game : Game
        A homogeneous one.
    """

    def __init__(self, game: Game):
        self._game = game
        self._once = _Once()
        self._places = _places(game.control_sizes)

    def at(self, t: int, enter: Callable, scalar: Callable, plain: Container[int]) -> dict:
        """The letters of stage t.

        Parameters
        ----------
        t : int
        enter, scalar : functions
            Of an array and of a Fraction: what they are in an arithmetic.
        plain : container of agents
            Those without a τ.
        """
        game = self._game
        values: dict[Any, Any] = {}
        for own, place in enumerate(self._places):
            k = own + 1
            values |= {
                notation.Q(k): enter(game.Q[own][t]),
                notation.joint_S(k): enter(game.joint_S[own][t]),
                notation.joint_R(k): enter(game.joint_R[own][t]),
                notation.place(k): enter(place),
                notation.prior_gain(k): enter(game.prior_gain[own][t]),
                notation.precision(k): enter(self._precision(own, t)),
                notation.discount_of(k): scalar(game.discount[own]),
            }
            if k not in plain:
                values[notation.tau_of(k)] = scalar(game.tau_of[own][t])
        return values

    def _precision(self, own: int, t: int) -> np.ndarray:
        return self._once(inverse, self._game.prior_cov[own][t])


class _Once:
    """What is made of arrays (and numbers), once however many stages share them."""

    def __init__(self):
        self._made: dict[tuple, tuple] = {}

    def __call__(self, make: Callable[..., np.ndarray], *given: Any) -> np.ndarray:
        known = (make, *(id(X) if isinstance(X, np.ndarray) else X for X in given))
        if known not in self._made:
            # The arrays are kept too, so that their ids stay their own.
            self._made[known] = given, make(*given)
        return self._made[known][1]


def without_entropy(game: Game) -> Game:
    """The plain game in which deterministic policies of a homogeneous general game are judged.

    (τ/2)(u − Mx)'Λ⁻¹(u − Mx) is added to each stage's cost, and τ is 0.
    """
    if not any(tau for own in game.tau_of for tau in own):
        return game
    once, places = _Once(), _places(game.control_sizes)

    def costs(own: int, t: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        prior = game.prior_gain[own][t], once(inverse, game.prior_cov[own][t]), places[own]
        half = game.tau_of[own][t] / 2
        return (
            once(_with_prior_Q, game.Q[own][t], *prior, half),
            once(_with_prior_S, game.joint_S[own][t], *prior, half),
            once(_with_prior_R, game.joint_R[own][t], *prior, half),
        )

    made = [[costs(own, t) for t in range(game.horizon)] for own in range(game.agents)]
    return evolve(
        game,
        tau_given=Fraction(0),
        Q=tuple(
            (*(Q for Q, _, _ in own), over_time[-1])
            for own, over_time in zip(made, game.Q, strict=True)
        ),
        S=tuple(tuple(S for _, S, _ in own) for own in made),
        R=tuple(tuple(R for _, _, R in own) for own in made),
        prior_gain=None,
        prior_cov=None,
    )


def _exact(array: np.ndarray) -> np.ndarray:
    return np.array(fractions(array), dtype=object).reshape(array.shape)


def _places(sizes: tuple[int, ...]) -> list[np.ndarray]:
    """Eʲ, n×p_j, of every agent."""
    eye = np.eye(sum(sizes), dtype=int).astype(object)
    starts = np.cumsum([0, *sizes])
    return [eye[:, start : start + p] for start, p in zip(starts[:-1], sizes, strict=True)]


def inverse(covariance: np.ndarray) -> np.ndarray:
    """The exact inverse of a definite matrix."""
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
