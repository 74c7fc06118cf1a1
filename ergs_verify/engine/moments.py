"""Second moments of the state under a joint policy, forward in time and without any Riccati."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ergs_verify.engine.general import (
    GeneralStack,
    is_general,
    refuse_constants,
    stack_general,
    stack_general_policy,
)
from ergs_verify.engine.slabs import in_slabs
from ergs_verify.engine.stacking import (
    GameArrays,
    StackedGame,
    batch_first,
    stack_game,
    stack_policy,
)


def state_moments(
    game: GameArrays,
    K: Sequence[np.ndarray],
    Sigma: Sequence[np.ndarray] | None,
    *,
    k: Sequence[np.ndarray] | None = None,
) -> np.ndarray:
    """The second moments of the state under a joint policy.

    Parameters
    ----------
    game : GameArrays
        One game, or games stacked along leading axes.
    K : sequence over agents of (…, T, p_i, m)
    Sigma : sequence over agents of (…, T, p_i, p_i), or None for a deterministic policy
    k : sequence over agents of (…, T, p_i), optional
        The controls are drawn from N(Kx + k, Σ); 0 by default. A drift and k move the mean, which
        is part of the moment.

    Returns
    -------
    array (…, T+1, m, m)
        X_t = E[x_t x_t'].

    Raises
    ------
    InputError
        If the number of agents or a shape does not fit the game.

    Notes
    -----
    X_0 = Σ⁰ + x⁰x⁰' and X_{t+1} = F_t X_t F_t' + Σ_ω + Σ_j B_t^j Σ_t^j B_t^j'; see
    :doc:`/explanation/theory`, "How far from an equilibrium".

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.game import FloatGame
    >>> one = np.ones((1, 1, 1))
    >>> game = FloatGame(A=one, B=(one,), Q=(np.ones((2, 1, 1)),), R=(one,), tau=2.0, horizon=1,
    ...                  noise_cov=np.ones((1, 1)), x0_mean=np.ones(1), x0_cov=np.ones((1, 1)))
    >>> state_moments(game, [-0.5 * one], [3 * one]).ravel()  # 1 + 1; 2/4 + 1 + 3
    array([2. , 4.5])
    """
    if is_general(game):
        stack = stack_general(game)
        with np.errstate(all="ignore"):
            X = general_moments(stack, *stack_general_policy(stack, K, Sigma, k)[:2])
        return batch_first(X[..., 1:, 1:], 2)
    refuse_constants(k)
    stacked = stack_game(game, deterministic=Sigma is None)
    policy = stack_policy(stacked, K, Sigma)
    with np.errstate(all="ignore"):
        X = first_moment(stacked, game)
        in_slabs(later_moments, stacked, X, policy.K, policy.Sigma, forward=True)
    return batch_first(X, 2)


def first_moment(stacked: StackedGame, game: GameArrays) -> np.ndarray:
    """(T+1, …, m, m), X_0 and zeros."""
    X = stacked.zeros(stacked.horizon + 1, stacked.m, stacked.m)
    mean = np.asarray(game.x0_mean, dtype=float)[..., None]
    X[0] = game.x0_cov + mean * mean.swapaxes(-1, -2)
    return X


def later_moments(
    stacked: StackedGame, X: np.ndarray, K: np.ndarray, Sigma: np.ndarray | None
) -> None:
    """Fills all of X (T+1, …, m, m) but X_0, which is given."""
    F, noise, product = stacked.closed_loop(K), stacked.joint_noise(Sigma), stacked.product
    for t in range(stacked.horizon):
        X[t + 1] = product(product(F[t], X[t]), F[t].swapaxes(-1, -2)) + noise[t]


def general_moments(stack: GeneralStack, K: np.ndarray, Sigma: np.ndarray | None) -> np.ndarray:
    """E[(1, x_t)(1, x_t)'], (T+1, …, m, m), for gains (T, …, n, m) and Σ (T, …, n, n)."""
    product = stack.product
    F, noise = stack.A + product(stack.B, K), stack.joint_noise(Sigma)
    X = stack.zeros(stack.horizon + 1, stack.m, stack.m)
    X[0] = stack.X_0
    for t in range(stack.horizon):
        X[t + 1] = product(product(F[t], X[t]), F[t].swapaxes(-1, -2)) + noise[t]
    return X
