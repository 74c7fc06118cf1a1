"""Games as float64 arrays: what a solver under audit is called with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from attrs import define, evolve

from ergs_verify.errors import InputError
from ergs_verify.game.horizon import is_infinite
from ergs_verify.game.letters import GAME, LETTERS


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
    horizon : int or "infinite"
        If it is infinite, no array has a time axis, and `discount` is never None.
    general : bool
        Whether the game lies beyond the paper's class. If so, `tau` and `noise_cov` are None if
        they differ between agents or times, and the attributes below are set; otherwise these are
        None.
    tau_of : tuple over agents of (T,)
    discount : tuple over agents of float
    noise : (T, m, m)
    joint_R, joint_S : tuple over agents of (T, n, n) and (T, n, m)
    drift : (T, m)
    x_linear, u_linear : tuple over agents of (T+1, m) and (T, n)
    prior_gain, prior_mean, prior_cov : tuple over agents of (T, p_i, m), (T, p_i), (T, p_i, p_i)

    Notes
    -----
    The letters are those of `Game`: m states, p_i controls of agent i, n in all, T stages.

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

    def letters(self) -> dict[str, Any]:
        """The arrays by the names that the table of letters gives them, those that are told."""
        names = {letter.name: letter.name for letter in GAME}
        if self.general:
            names |= {"tau": "tau_of", "noise_cov": "noise", "R": "joint_R", "S": "joint_S"}
        told = {name: getattr(self, attribute, None) for name, attribute in names.items()}
        return {name: value for name, value in told.items() if value is not None}


#: The axes that each array of one game has.
AXES = {
    "A": 3, "B": 3, "Q": 3, "R": 3, "noise_cov": 2, "tau": 0, "x0_mean": 1, "x0_cov": 2,
    "tau_of": 1, "discount": 0, "noise": 3, "joint_R": 3, "joint_S": 3, "drift": 2, "x_linear": 2,
    "u_linear": 2, "prior_gain": 3, "prior_mean": 2, "prior_cov": 3,
}  # fmt: skip


def float_game(near: Any) -> FloatGame:
    """A `Game` of float64 entries as fresh arrays."""
    if near.stationary:
        return _without_time(near)
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


#: The arrays that have a time axis, where there is a last stage.
_OVER_TIME = (
    "A", "B", "Q", "R", "tau_of", "noise", "joint_R", "joint_S", "drift", "x_linear", "u_linear",
    "prior_gain", "prior_mean", "prior_cov",
)  # fmt: skip


def _without_time(near: Any) -> FloatGame:
    """The one stage that a stationary game repeats."""
    found = float_game(near.one_stage)
    for name in _OVER_TIME:
        value = getattr(found, name)
        if isinstance(value, tuple):
            setattr(found, name, tuple(own[0] for own in value))
        elif value is not None:
            setattr(found, name, value[0])
    found.horizon = near.horizon
    found.discount = tuple(map(float, near.discount))
    return found


def as_general(game: Any) -> FloatGame:
    """The same game, batch axes or not, with all that a general one tells.

    Examples
    --------
    >>> from ergs_verify.game.floats import as_general
    >>> from ergs_verify.game.gallery import gallery
    >>> as_general(gallery("g-star-2").floats()).tau_of
    (array([2.]), array([2.]))
    """
    if getattr(game, "general", False):
        return mapped(game, lambda _place, X, _axes: X)
    T, m, sizes = game.horizon, game.A.shape[-1], [B_i.shape[-1] for B_i in game.B]
    tau, noise = np.asarray(game.tau, dtype=float), game.noise_cov
    joint_R = []
    for i, (R_i, p_i) in enumerate(zip(game.R, sizes, strict=True)):
        joint = np.zeros((*R_i.shape[:-2], sum(sizes), sum(sizes)))
        own = slice(sum(sizes[:i]), sum(sizes[:i]) + p_i)
        joint[..., own, own] = R_i
        joint_R.append(joint)
    return evolve(
        mapped(game, lambda _place, X, _axes: X),
        general=True,
        tau_of=tuple(np.repeat(tau[..., None], T, axis=-1) for _ in sizes),
        discount=(1.0,) * len(sizes),
        noise=np.repeat(noise[..., None, :, :], T, axis=-3),
        joint_R=tuple(joint_R),
        joint_S=tuple(np.zeros((T, sum(sizes), m)) for _ in sizes),
        drift=np.zeros((T, m)),
        x_linear=tuple(np.zeros((T + 1, m)) for _ in sizes),
        u_linear=tuple(np.zeros((T, sum(sizes))) for _ in sizes),
        prior_gain=tuple(np.zeros((T, p, m)) for p in sizes),
        prior_mean=tuple(np.zeros((T, p)) for p in sizes),
        prior_cov=tuple(np.tile(np.eye(p), (T, 1, 1)) for p in sizes),
    )


def expect_sizes(game: Any) -> None:
    """Refuse arrays of the paper's class whose last axes are not those of one game.

    Numpy would spread a matrix that is too small over the place of one that is not.

    Raises
    ------
    InputError
        Naming the array, or saying that the horizon is infinite.
    """
    T, m = game.horizon, game.A.shape[-1]
    times = T + 1
    if not len(game.B) == len(game.Q) == len(game.R):
        raise InputError("B, Q and R need an array for each agent", "B")
    for i, (B, Q, R) in enumerate(zip(game.B, game.Q, game.R, strict=True)):
        p = B.shape[-1]
        _expect_last(B, (T, m, p), "B", i)
        _expect_last(Q, (times, m, m), "Q", i)
        _expect_last(R, (T, p, p), "R", i)
    _expect_last(game.A, (T, m, m), "A")
    _expect_last(game.noise_cov, (m, m), "noise_cov")
    _expect_last(game.x0_mean, (m,), "x0_mean")
    _expect_last(game.x0_cov, (m, m), "x0_cov")


def _expect_last(X: Any, size: tuple[int, ...], letter: str, i: int | None = None) -> None:
    if X.shape[-len(size) :] != size:
        place = letter if i is None else f"{letter}[{i}]"
        raise InputError(f"{place} has shape {X.shape}, but its last axes must be {size}", place)


def expect_stack(games: FloatGame, what: str) -> None:
    """Refuse arrays that are not games of the paper's class along at most one batch axis.

    Raises
    ------
    InputError
        Naming the array.
    """
    if games.general or is_infinite(games.horizon):
        raise InputError(f"{what} takes only games of the paper's class", "general")
    expect_sizes(games)
    count = 1
    for place, X, axes in leaves(games):
        batch = np.shape(X)[: np.ndim(X) - axes]
        if len(batch) > 1:
            raise InputError(f"{place} has batch axes {batch}, but {what} has one", place)
        if batch and batch != (1,):
            if count not in (1, *batch):
                raise InputError(
                    f"{place} has {batch[0]} games, but arrays before it have {count}", place
                )
            count = batch[0]


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
