"""One game or many as stacked arrays: time first, then the batch, then the agents.

Agents with fewer controls than the widest get columns of zeros in B and a unit diagonal in R. Such
a control moves nothing, is decoupled from every other, and its optimal gain is exactly 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from attrs import evolve, frozen

from ergs_verify.errors import InputError

__all__ = [
    "GameArrays",
    "StackedGame",
    "StackedPolicy",
    "batch_first",
    "batch_of",
    "numbers_a_stage",
    "own_constants",
    "own_costs",
    "own_matrices",
    "stack_costs",
    "stack_game",
    "stack_policy",
]


class GameArrays(Protocol):
    """What the engine needs of a game: float64 arrays, any batch axes first.

    `ergs_verify.game.FloatGame` is one. Shapes: A (…, T, m, m), B[i] (…, T, m, p_i), Q[i]
    (…, T+1, m, m), R[i] (…, T, p_i, p_i), noise_cov and x0_cov (…, m, m), x0_mean (…, m), tau
    scalar or (…). The batch axes broadcast against each other.
    """

    @property
    def A(self) -> np.ndarray: ...
    @property
    def B(self) -> Sequence[np.ndarray]: ...
    @property
    def Q(self) -> Sequence[np.ndarray]: ...
    @property
    def R(self) -> Sequence[np.ndarray]: ...
    @property
    def noise_cov(self) -> np.ndarray: ...
    @property
    def tau(self) -> Any: ...
    @property
    def horizon(self) -> int: ...
    @property
    def x0_mean(self) -> np.ndarray: ...
    @property
    def x0_cov(self) -> np.ndarray: ...


@frozen(kw_only=True, eq=False)
class StackedGame:
    """A game's data, N agents of p = max p_i controls each, n = N·p.

    Attributes
    ----------
    BA : (T, …, m, n+m)
        [B¹ … Bᴺ A], so that one product serves Φ_t and its right-hand side.
    R : (T, …, N, p, p)
        R̃ⁱ = (τ/2)I + Rⁱ, with 1 on the diagonal of the filled-in controls.
    noise_cov : (…, m, m)
    entropy : (…)
        τ/2, or 0 where the policy under study is deterministic.
    sizes : tuple of int
        The control dimensions p_i.
    batch : tuple of int
    horizon, m, p : int
    """

    BA: np.ndarray
    R: np.ndarray
    noise_cov: np.ndarray
    entropy: np.ndarray
    sizes: tuple[int, ...]
    batch: tuple[int, ...]
    horizon: int
    m: int
    p: int

    @property
    def agents(self) -> int:
        return len(self.sizes)

    @property
    def n(self) -> int:
        return self.agents * self.p

    @property
    def games(self) -> int:
        return math.prod(self.batch)

    @property
    def A(self) -> np.ndarray:
        """(T, …, m, m)."""
        return self.BA[..., self.n :]

    @property
    def B(self) -> np.ndarray:
        """[B¹ … Bᴺ], (T, …, m, n)."""
        return self.BA[..., : self.n]

    @property
    def B_transposed(self) -> np.ndarray:
        """(T, …, N, p, m)."""
        turned = self.B.swapaxes(-1, -2)
        return turned.reshape(*turned.shape[:-2], self.agents, self.p, self.m)

    @property
    def filled(self) -> np.ndarray:
        """(N, p, p), the unit diagonal of the controls that were filled in."""
        return np.stack([np.diag((np.arange(self.p) >= p_i).astype(float)) for p_i in self.sizes])

    def in_a_row(self) -> StackedGame:
        """The same games along one batch axis."""
        batch, games, m = self.batch, self.games, self.m

        def flat(X: np.ndarray) -> np.ndarray:
            return X.reshape(self.horizon, games, *X.shape[1 + len(batch) :])

        return evolve(
            self,
            BA=flat(self.BA),
            R=flat(self.R),
            noise_cov=np.broadcast_to(self.noise_cov, (*batch, m, m)).reshape(games, m, m),
            entropy=np.broadcast_to(self.entropy, batch).reshape(games),
            batch=(games,),
        )

    def part(self, places: slice) -> StackedGame:
        """Some of the games of a single batch axis."""
        entropy = self.entropy[places]
        return evolve(
            self,
            BA=self.BA[:, places],
            R=self.R[:, places],
            noise_cov=self.noise_cov[places],
            entropy=entropy,
            batch=entropy.shape,
        )

    def closed_loop(self, K: np.ndarray) -> np.ndarray:
        """F_t = A_t + Σ_j B_t^j K_t^j, (T, …, m, m), for gains (T, …, N, p, m)."""
        return self.A + self.B @ K.reshape(*K.shape[:-3], self.n, self.m)

    def joint_noise(self, Sigma: np.ndarray | None) -> np.ndarray:
        """N_t = Σ_ω + Σ_j B_t^j Σ_t^j B_t^j', (T, …, m, m)."""
        if Sigma is None:
            return np.broadcast_to(self.noise_cov, (self.horizon, *self.batch, self.m, self.m))
        rows = Sigma @ self.B_transposed
        return self.noise_cov + self.B @ rows.reshape(*rows.shape[:-3], self.n, self.m)


@frozen(kw_only=True, eq=False)
class StackedPolicy:
    """K (T, …, N, p, m) and Sigma (T, …, N, p, p) or None, zeros filled in."""

    K: np.ndarray
    Sigma: np.ndarray | None


def stack_game(game: GameArrays, *, deterministic: bool = False) -> StackedGame:
    """The game's data, stacked.

    Parameters
    ----------
    deterministic : bool
        Take the plain LQ game with R + (τ/2)I for R, without entropy terms: equation (20).
    """
    batch = batch_of(game)
    T, m = game.horizon, game.A.shape[-1]
    sizes = tuple(B_i.shape[-1] for B_i in game.B)
    agents, p = len(sizes), max(sizes)
    n = agents * p
    A, B, R = (
        [_time_first(X, batch) for X in matrices] for matrices in ((game.A,), game.B, game.R)
    )
    # Matrices that are constant in time (broadcast, stride 0) are stacked once.
    stages = 1 if all(X.strides[0] == 0 for X in (*A, *B, *R)) else T

    half_tau = 0.5 * np.asarray(game.tau, dtype=float)
    BA = np.zeros((stages, *batch, m, n + m))
    R_tilde = np.zeros((stages, *batch, agents, p, p))
    BA[..., n:] = A[0][:stages]
    for i, (B_i, R_i, p_i) in enumerate(zip(B, R, sizes, strict=True)):
        BA[..., i * p : i * p + p_i] = B_i[:stages]
        R_tilde[..., i, :p_i, :p_i] = R_i[:stages]
    diagonal = np.einsum("...ii->...i", R_tilde)
    diagonal += half_tau[..., None, None]
    for i, p_i in enumerate(sizes):
        if p_i < p:
            diagonal[..., i, p_i:] = 1
    return StackedGame(
        BA=over_time(BA, T),
        R=over_time(R_tilde, T),
        noise_cov=game.noise_cov,
        entropy=np.zeros(()) if deterministic else half_tau,
        sizes=sizes,
        batch=batch,
        horizon=T,
        m=m,
        p=p,
    )


def stack_costs(game: GameArrays, agents: Sequence[int] | None = None) -> np.ndarray:
    """Q of the chosen agents (default: all), a fresh array (T+1, …, N, m, m)."""
    batch = batch_of(game)
    chosen = range(len(game.Q)) if agents is None else agents
    m = game.A.shape[-1]
    stacked = np.empty((game.horizon + 1, *batch, len(chosen), m, m))
    for place, i in enumerate(chosen):
        stacked[..., place, :, :] = _time_first(game.Q[i], batch)
    return stacked


def stack_policy(
    stacked: StackedGame, K: Sequence[np.ndarray], Sigma: Sequence[np.ndarray] | None
) -> StackedPolicy:
    """A joint policy, stacked like its game.

    Raises
    ------
    InputError
        Where an agent or a shape does not fit the game.
    """
    return StackedPolicy(
        K=_fill(stacked, K, "K", stacked.m),
        Sigma=None if Sigma is None else _fill(stacked, Sigma, "Sigma", None),
    )


def own_matrices(stacked: StackedGame, X: np.ndarray, *, square: bool) -> tuple[np.ndarray, ...]:
    """Per agent (…, T, p_i, columns) of an array (T, …, N, p, columns); columns p_i if square."""
    return tuple(
        batch_first(X[..., i, :p_i, : p_i if square else None], 2)
        for i, p_i in enumerate(stacked.sizes)
    )


def own_costs(P: np.ndarray) -> tuple[np.ndarray, ...]:
    """Per agent (…, T+1, m, m) of an array (T+1, …, N, m, m)."""
    return tuple(batch_first(P[..., i, :, :], 2) for i in range(P.shape[-3]))


def own_constants(q: np.ndarray) -> tuple[np.ndarray, ...]:
    """Per agent (…, T+1) of an array (T+1, …, N)."""
    return tuple(batch_first(q[..., i], 0) for i in range(q.shape[-1]))


def batch_first(X: np.ndarray, after: int) -> np.ndarray:
    """A view with time, the first axis, moved behind the batch, before the last `after` axes."""
    place = X.ndim - after
    if place == 1:
        return X
    return X.transpose(*range(1, place), 0, *range(place, X.ndim))


def over_time(X: np.ndarray, T: int) -> np.ndarray:
    """The one stage of a contiguous X, T times; X itself where it has all of them.

    That is np.broadcast_to, which takes a fifth of the time of a small game.
    """
    if len(X) == T:
        return X
    return np.ndarray((T, *X.shape[1:]), X.dtype, X, 0, (0, *X.strides[1:]))


def _fill(stacked: StackedGame, given: Sequence[np.ndarray], letter: str, columns: int | None):
    if len(given) != stacked.agents:
        raise InputError(
            f"{letter} has {len(given)} agents but the game has {stacked.agents}", letter
        )
    width = stacked.p if columns is None else columns
    filled = np.zeros((stacked.horizon, *stacked.batch, stacked.agents, stacked.p, width))
    for i, (X, p_i) in enumerate(zip(given, stacked.sizes, strict=True)):
        wanted = (stacked.horizon, p_i, p_i if columns is None else columns)
        if X.shape[-3:] != wanted:
            raise InputError(
                f"{letter} of agent {i + 1} has shape {X.shape} but must end in {wanted}",
                f"{letter}[{i}]",
            )
        filled[..., i, :p_i, : wanted[-1]] = _time_first(X, stacked.batch)
    return filled


def numbers_a_stage(*, agents: int, n: int, m: int) -> int:
    """About how many float64 one game needs at a stage while it is solved, n its controls.

    The two largest systems of `nash` and their solutions, P and its symmetric part.
    """
    return 4 * n * (n + m) + 3 * agents * m * m


def batch_of(game: GameArrays) -> tuple[int, ...]:
    """The shape of the batch, () for one game."""
    overtime = (game.A, *game.B, *game.Q, *game.R)
    ranks = (np.ndim(game.tau), game.x0_mean.ndim, game.noise_cov.ndim, game.x0_cov.ndim)
    if ranks == (0, 1, 2, 2) and all(X.ndim == 3 for X in overtime):
        return ()
    return np.broadcast_shapes(
        np.shape(game.tau),
        game.noise_cov.shape[:-2],
        game.x0_mean.shape[:-1],
        game.x0_cov.shape[:-2],
        *(X.shape[:-3] for X in overtime),
    )


def _time_first(X: np.ndarray, batch: tuple[int, ...]) -> np.ndarray:
    if not batch:
        return X
    return np.moveaxis(np.broadcast_to(X, batch + X.shape[-3:]), -3, 0)
