"""One game or many as stacked arrays: time first, then the batch, then the agents.

Agents with fewer controls than the widest get columns of zeros in B and a unit diagonal in R. Such
a control moves nothing, is decoupled from every other, and its optimal gain is exactly 0.

`matmul` and `solve` call a library once for each matrix of a stack, which takes longer than the
arithmetic of a few rows. Many small games therefore lie innermost in memory, whatever the order of
the axes: an entry of a matrix is then a row of numbers, one for each game, and an instruction goes
along that row. `Stack.product` and `Stack.solve` know which.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from attrs import evolve, frozen

from ergs_verify.engine.linear_algebra import product_in_step, solve, solve_in_step
from ergs_verify.errors import InputError
from ergs_verify.game.floats import expect_sizes, leaves

#: All agents.
EVERYONE = slice(None)


class GameArrays(Protocol):
    """What the engine needs of a game: float64 arrays, such as a `FloatGame` has.

    Attributes
    ----------
    A : (…, T, m, m)
    B, Q, R : sequence over agents of (…, T, m, p_i), (…, T+1, m, m) and (…, T, p_i, p_i)
    noise_cov, x0_cov : (…, m, m)
    x0_mean : (…, m)
    tau : float or (…)
    horizon : int
        T.

    Notes
    -----
    The axes … are those of a stack of games; they broadcast against each other.
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
class Stack:
    """What stacked games have in common, n controls of all agents.

    Attributes
    ----------
    BA : (T, …, m, n+m)
        [B¹ … Bᴺ A], so that one product serves Φ_t and its right-hand side.
    sizes : tuple of int
        The control dimensions p_i.
    batch : tuple of int
    horizon, m : int
    games_innermost : bool
        Whether all arrays have the games innermost in memory.
    """

    BA: np.ndarray
    sizes: tuple[int, ...]
    batch: tuple[int, ...]
    horizon: int
    m: int
    games_innermost: bool

    @property
    def agents(self) -> int:
        return len(self.sizes)

    @property
    def n(self) -> int:
        return sum(self.sizes)

    @property
    def A(self) -> np.ndarray:
        """(T, …, m, m)."""
        return self.BA[..., self.n :]

    @property
    def B(self) -> np.ndarray:
        """[B¹ … Bᴺ], (T, …, m, n)."""
        return self.BA[..., : self.n]

    @property
    def product(self) -> Callable[..., np.ndarray]:
        """XY of stacked matrices, as np.matmul."""
        return product_in_step if self.games_innermost else np.matmul

    @property
    def solve(self) -> Callable[[np.ndarray], np.ndarray]:
        """X⁻¹Y of one stage's [X Y], batch axes first."""
        return solve_in_step if self.games_innermost else solve

    def zeros(self, length: int, *shape: int) -> np.ndarray:
        """(length, …, *shape)."""
        return blank(length, self.batch, shape, self.games_innermost)


@frozen(kw_only=True, eq=False)
class StackedGame(Stack):
    """A game of the paper's class, N agents of p = max p_i controls each, n = N·p.

    Attributes
    ----------
    R : (T, …, N, p, p)
        R̃ⁱ = (τ/2)I + Rⁱ, with 1 on the diagonal of the filled-in controls.
    noise_cov : (1, …, m, m)
    entropy : (…)
        τ/2, or 0 where the policy under study is deterministic.
    p : int
    """

    R: np.ndarray
    noise_cov: np.ndarray
    entropy: np.ndarray
    p: int

    @property
    def n(self) -> int:
        return self.agents * self.p

    @property
    def games(self) -> int:
        return math.prod(self.batch)

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
        return evolve(
            self,
            BA=self.flat(self.BA),
            R=self.flat(self.R),
            noise_cov=self.flat(self.noise_cov),
            entropy=np.broadcast_to(self.entropy, self.batch).reshape(self.games),
            batch=(self.games,),
        )

    def flat(self, X: np.ndarray) -> np.ndarray:
        """A view of X (length, …, *shape) with one batch axis."""
        return X.reshape(len(X), self.games, *X.shape[1 + len(self.batch) :])

    def part(self, stages: slice, games: slice) -> StackedGame:
        """Some stages of some of the games of a single batch axis."""
        BA, entropy = self.BA[stages, games], self.entropy[games]
        return evolve(
            self,
            BA=BA,
            R=self.R[stages, games],
            noise_cov=self.noise_cov[:, games],
            entropy=entropy,
            batch=entropy.shape,
            horizon=len(BA),
        )

    def closed_loop(self, K: np.ndarray) -> np.ndarray:
        """F_t = A_t + Σ_j B_t^j K_t^j, (T, …, m, m), for gains (T, …, N, p, m)."""
        return self.A + self.product(self.B, K.reshape(*K.shape[:-3], self.n, self.m))

    def joint_noise(self, Sigma: np.ndarray | None) -> np.ndarray:
        """N_t = Σ_ω + Σ_j B_t^j Σ_t^j B_t^j', (T, …, m, m)."""
        if Sigma is None:
            return np.broadcast_to(self.noise_cov, (self.horizon, *self.batch, self.m, self.m))
        rows = self.product(Sigma, self.B_transposed)
        rows = rows.reshape(*rows.shape[:-3], self.n, self.m)
        return self.noise_cov + self.product(self.B, rows)


@frozen(kw_only=True, eq=False)
class StackedPolicy:
    """K (T, …, N, p, m) and Sigma (T, …, N, p, p) or None, zeros filled in."""

    K: np.ndarray
    Sigma: np.ndarray | None


def stack_game(
    game: GameArrays, *, deterministic: bool = False, innermost: bool = True
) -> StackedGame:
    """The game's data, stacked.

    Parameters
    ----------
    innermost : bool
        Whether many small games may lie innermost in memory.
    deterministic : bool
        Take the plain LQ game with R + (τ/2)I for R, without entropy terms: equation (20).

    Raises
    ------
    InputError
        Where the batch axes of the game's arrays do not broadcast against each other.
    """
    batch = batch_of(game)
    T, m = game.horizon, game.A.shape[-1]
    sizes = tuple(B_i.shape[-1] for B_i in game.B)
    agents, p = len(sizes), max(sizes)
    n = agents * p
    innermost = innermost and many_and_small(math.prod(batch), n, m)
    A, B, R = ([time_first(X, batch) for X in matrices] for matrices in ((game.A,), game.B, game.R))
    # Matrices that are constant in time (broadcast, stride 0) are stacked once.
    stages = 1 if all(X.strides[0] == 0 for X in (*A, *B, *R)) else T

    half_tau = 0.5 * np.asarray(game.tau, dtype=float)
    BA = blank(stages, batch, (m, n + m), innermost)
    R_tilde = blank(stages, batch, (agents, p, p), innermost)
    noise_cov = blank(1, batch, (m, m), innermost)
    noise_cov[0] = game.noise_cov
    BA[..., n:] = A[0][:stages]
    for i, (B_i, R_i, p_i) in enumerate(zip(B, R, sizes, strict=True)):
        BA[..., i * p : i * p + p_i] = B_i[:stages]
        R_tilde[..., i, :p_i, :p_i] = R_i[:stages]
    diagonal = np.einsum("...ii->...i", R_tilde)
    with np.errstate(over="ignore"):
        diagonal += half_tau[..., None, None]
    for i, p_i in enumerate(sizes):
        if p_i < p:
            diagonal[..., i, p_i:] = 1
    return StackedGame(
        BA=_over_time(BA, T),
        R=_over_time(R_tilde, T),
        noise_cov=noise_cov,
        entropy=np.zeros(()) if deterministic else half_tau,
        sizes=sizes,
        batch=batch,
        horizon=T,
        m=m,
        p=p,
        games_innermost=innermost,
    )


def many_and_small(games: int, n: int, m: int) -> bool:
    """Whether going along the games is faster than a library's call for each."""
    return games >= 128 and m <= 6 and n + m <= 12  # measured


def stack_costs(stacked: StackedGame, Q: Sequence[np.ndarray]) -> np.ndarray:
    """Q of some agents, (…, T+1, m, m) each, as a fresh array (T+1, …, agents, m, m)."""
    costs = stacked.zeros(stacked.horizon + 1, len(Q), stacked.m, stacked.m)
    for i, Q_i in enumerate(Q):
        costs[..., i, :, :] = time_first(Q_i, stacked.batch)
    return costs


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


def _over_time(X: np.ndarray, T: int) -> np.ndarray:
    """The one stage of a contiguous X, T times; X itself where it has all of them.

    That is np.broadcast_to, which takes a fifth of the time of a small game.
    """
    if len(X) == T:
        return X
    if not X.flags.c_contiguous:
        return np.broadcast_to(X, (T, *X.shape[1:]))
    return np.ndarray((T, *X.shape[1:]), X.dtype, X, 0, (0, *X.strides[1:]))


def _fill(stacked: StackedGame, given: Sequence[np.ndarray], letter: str, columns: int | None):
    width = stacked.p if columns is None else columns
    filled = stacked.zeros(stacked.horizon, stacked.agents, stacked.p, width)
    shapes = [(stacked.horizon, p_i, columns or p_i) for p_i in stacked.sizes]
    for i, X in enumerate(fitting(given, letter, shapes, stacked.batch)):
        filled[..., i, : X.shape[-2], : X.shape[-1]] = X
    return filled


def fitting(
    given: Sequence[np.ndarray],
    letter: str,
    shapes: Sequence[tuple[int, ...]],
    batch: tuple[int, ...],
) -> Iterator[np.ndarray]:
    """A policy's letter agent by agent, time first, where it has these shapes, time first too.

    Raises
    ------
    InputError
        Where there are not as many agents, or a shape or a batch axis does not fit.
    """
    if len(given) != len(shapes):
        raise InputError(
            f"the number of agents in {letter} is {len(given)}, but {len(shapes)} in the game",
            letter,
        )
    for i, (X, wanted) in enumerate(zip(given, shapes, strict=True)):
        axes = len(wanted)
        if X.shape[-axes:] != wanted:
            raise InputError(
                f"{letter} of agent {i + 1} has shape {X.shape} but must end in {wanted}",
                f"{letter}[{i}]",
            )
        _check_batch(batch, X.shape[:-axes], f"{letter} of agent {i + 1}", f"{letter}[{i}]")
        yield time_first(X, batch, axes)


def _check_batch(batch: tuple[int, ...], axes: tuple[int, ...], name: str, where: str) -> None:
    """That a policy's batch axes broadcast to the game's."""
    try:
        fits = np.broadcast_shapes(axes, batch) == batch
    except ValueError:
        fits = False
    if not fits:
        raise InputError(
            f"{name} has batch axes {axes} but the game {batch or 'none'}: a stack of "
            "policies needs a game stacked along the same axes",
            where,
        )


def numbers_a_stage(*, agents: int, n: int, m: int) -> int:
    """About how many float64 one game needs at a stage while it is solved, n its controls.

    The two largest systems of `nash` and their solutions, P and its symmetric part.
    """
    return 4 * n * (n + m) + 3 * agents * m * m


def batch_of(game: GameArrays) -> tuple[int, ...]:
    """The shape of the batch, () for one game.

    Raises
    ------
    InputError
        Where a matrix has not the size of its kind, or the batch axes of the arrays do not
        broadcast against each other.
    """
    if getattr(game, "general", False):
        return common_batch(
            {place: np.shape(X)[: np.ndim(X) - axes] for place, X, axes in leaves(game)}
        )
    expect_sizes(game)
    overtime = (game.A, *game.B, *game.Q, *game.R)
    ranks = (np.ndim(game.tau), game.x0_mean.ndim, game.noise_cov.ndim, game.x0_cov.ndim)
    if ranks == (0, 1, 2, 2) and all(X.ndim == 3 for X in overtime):
        return ()
    axes = {"A": game.A.shape[:-3]}
    for letter, matrices in (("B", game.B), ("Q", game.Q), ("R", game.R)):
        axes |= {f"{letter}[{i}]": X.shape[:-3] for i, X in enumerate(matrices)}
    axes |= {
        "noise_cov": game.noise_cov.shape[:-2],
        "tau": np.shape(game.tau),
        "x0_mean": game.x0_mean.shape[:-1],
        "x0_cov": game.x0_cov.shape[:-2],
    }
    return common_batch(axes)


def common_batch(axes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """What the batch axes of several named arrays broadcast to.

    Raises
    ------
    InputError
        Where they do not; it names the first array that fits not with those before.
    """
    common: tuple[int, ...] = ()
    for name, own in axes.items():
        try:
            common = np.broadcast_shapes(common, own)
        except ValueError:
            raise InputError(
                f"{name} has batch axes {own}, which do not fit the {common} before it",
                name,
            ) from None
    return common


def blank(
    length: int, batch: tuple[int, ...], shape: tuple[int, ...], innermost: bool
) -> np.ndarray:
    """(length, *batch, *shape), the batch innermost in memory or not."""
    if not innermost:
        return np.zeros((length, *batch, *shape))
    behind = 1 + len(shape)
    X = np.zeros((length, *shape, *batch))
    return X.transpose(0, *range(behind, X.ndim), *range(1, behind))


def time_first(X: np.ndarray, batch: tuple[int, ...], axes: int = 3) -> np.ndarray:
    """An array with `axes` axes of its own, the first of them time, before the batch."""
    if not batch:
        return X
    return np.moveaxis(np.broadcast_to(X, batch + X.shape[-axes:]), -axes, 0)
