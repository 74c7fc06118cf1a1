"""Games as float64 arrays: what a solver under audit is called with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from attrs import define

from ergs_verify.errors import InputError
from ergs_verify.game.letters import LETTERS


@define(kw_only=True, eq=False)
class FloatGame:
    """A game as float64 arrays: what a solver under audit is called with.

    Attributes
    ----------
    A : (T, m, m)
    B, Q, R : tuple over agents of (T, m, p_i), (T+1, m, m) and (T, p_i, p_i)
    noise_cov, x0_cov : (m, m)
    x0_mean : (m,)
    tau : float
    horizon : int
    general : bool
        Whether the game lies beyond the paper's class. Then `tau` and `noise_cov` are None where
        they differ between agents or times, and what follows is told; else it is None.
    tau_of : tuple over agents of (T,)
    discount : tuple over agents of float
    noise : (T, m, m)
    joint_R, joint_S : tuple over agents of (T, n, n) and (T, n, m)
    drift : (T, m)
    x_linear, u_linear : tuple over agents of (T+1, m) and (T, n)
    prior_gain, prior_mean, prior_cov : tuple over agents of (T, p_i, m), (T, p_i), (T, p_i, p_i)

    Notes
    -----
    Several games of the same sizes may be stacked into one record: every array then has the batch
    axes first, such as ``A (batch, T, m, m)``, and `tau` is an array of the batch's shape.

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> gallery("g-star-2").floats().Q[1].shape
    (2, 2, 2)
    """

    A: np.ndarray
    B: tuple[np.ndarray, ...]
    Q: tuple[np.ndarray, ...]
    R: tuple[np.ndarray, ...]
    noise_cov: Any
    tau: Any
    horizon: int
    x0_mean: np.ndarray
    x0_cov: np.ndarray
    general: bool = False
    tau_of: Any = None
    discount: Any = None
    noise: Any = None
    joint_R: Any = None
    joint_S: Any = None
    drift: Any = None
    x_linear: Any = None
    u_linear: Any = None
    prior_gain: Any = None
    prior_mean: Any = None
    prior_cov: Any = None


#: The axes that each array of one game has.
AXES = {
    "A": 3, "B": 3, "Q": 3, "R": 3, "noise_cov": 2, "tau": 0, "x0_mean": 1, "x0_cov": 2,
    "tau_of": 1, "discount": 0, "noise": 3, "joint_R": 3, "joint_S": 3, "drift": 2, "x_linear": 2,
    "u_linear": 2, "prior_gain": 3, "prior_mean": 2, "prior_cov": 3,
}  # fmt: skip


def float_game(near: Any) -> FloatGame:
    """A `Game` of float64 entries as fresh arrays."""
    tau, noise = near.tau_given, LETTERS["noise_cov"].of(near)
    plain = FloatGame(
        A=np.stack(near.A),
        B=tuple(map(np.stack, near.B)),
        Q=tuple(map(np.stack, near.Q)),
        R=tuple(map(np.stack, near.R)),
        noise_cov=None if isinstance(noise, tuple) else noise.copy(),
        tau=None if isinstance(tau, tuple) else float(tau),
        horizon=near.horizon,
        x0_mean=near.x0_mean.copy(),
        x0_cov=near.x0_cov.copy(),
    )
    if near.general:
        plain.general = True
        plain.discount = tuple(map(float, near.discount))
        plain.tau_of = tuple(np.array(own, dtype=float) for own in near.tau_of)
        plain.noise, plain.drift = np.stack(near.noise), _stacked(near.full("drift"))
        of_agents = {"joint_R": near.joint_R, "joint_S": near.joint_S}
        of_agents["u_linear"] = near.joint_u_linear
        for name in ("x_linear", "prior_gain", "prior_mean", "prior_cov"):
            of_agents[name] = near.full(name)
        for name, agents in of_agents.items():
            setattr(plain, name, tuple(map(_stacked, agents)))
    return plain


def expect_papers_class(game: Any, what: str) -> None:
    """Refuse a general game in the name of what does not know it, as `Game.expect_papers_class`.

    Raises
    ------
    InputError
    """
    if getattr(game, "general", False):
        raise InputError(f"{what} knows only games of the paper's class, and this one is general")


def leaves(game: Any) -> Iterator[tuple[str, Any, int]]:
    """The arrays of a game, each with its place, such as ``Q[1]``, and the axes one game has.

    `FloatGame` and whatever has its attributes will do; what is None is passed over.
    """
    for name, axes in AXES.items():
        value = getattr(game, name, None)
        if isinstance(value, tuple | list):
            yield from ((f"{name}[{i}]", own, axes) for i, own in enumerate(value))
        elif value is not None:
            yield name, value, axes


def mapped(game: Any, change: Callable[[str, Any, int], Any]) -> FloatGame:
    """A game whose arrays are what a function makes of them: of place, array and axes."""
    changed: dict[str, Any] = {}
    for name, axes in AXES.items():
        value = getattr(game, name, None)
        if isinstance(value, tuple | list):
            value = tuple(change(f"{name}[{i}]", own, axes) for i, own in enumerate(value))
        elif value is not None:
            value = change(name, value, axes)
        changed[name] = value
    return FloatGame(**changed, horizon=game.horizon, general=getattr(game, "general", False))


def _stacked(entries: Any) -> np.ndarray:
    return np.stack([np.asarray(entry, dtype=float) for entry in entries])
