"""What a given joint policy costs each agent: the Lyapunov equations (24), corrected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from ergs_verify.engine.linear_algebra import log_det_covariance, symmetrise
from ergs_verify.engine.stacking import (
    GameArrays,
    StackedGame,
    own_constants,
    own_costs,
    stack_costs,
    stack_game,
    stack_policy,
)

__all__ = ["PolicyCost", "constants", "cost_to_go", "evaluate_policy", "log_det"]


@frozen(kw_only=True, eq=False)
class PolicyCost:
    """J_t^i(x) = x'P_t^i x + q_t^i.

    Attributes
    ----------
    P : tuple over agents of (…, T+1, m, m)
    q : tuple over agents of (…, T+1)
    """

    P: tuple[np.ndarray, ...]
    q: tuple[np.ndarray, ...]


def evaluate_policy(
    game: GameArrays, K: Sequence[np.ndarray], Sigma: Sequence[np.ndarray] | None
) -> PolicyCost:
    """P and q of a joint policy, equation (24).

    P_t = Q_t + K_t'((τ/2)I + R_t)K_t + F_t'P_{t+1}F_t and q_t = q_{t+1} + Tr(Σ_t((τ/2)I + R_t))
    − (τ/2)(p + log|Σ_t|) + Tr((Σ_ω + Σ_j B_t^j Σ_t^j B_t^j')P_{t+1}); the paper prints Σ^j for
    B^j Σ^j B^j', which is ill-typed.

    Parameters
    ----------
    K : list over agents of (…, T, p_i, m)
    Sigma : list over agents of (…, T, p_i, p_i), symmetric positive semidefinite, or None
        None: a deterministic policy, judged in the plain game with R + (τ/2)I for R.

    Returns
    -------
    PolicyCost
        q is ∞ where τ > 0 and Σ is singular to float64 (the relative entropy is infinite).

    Raises
    ------
    InputError
        Where an agent or a shape does not fit the game.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.game import FloatGame
    >>> one = np.ones((1, 1, 1))
    >>> game = FloatGame(A=one, B=(one,), Q=(np.ones((2, 1, 1)),), R=(one,), tau=2.0, horizon=1,
    ...                  noise_cov=np.ones((1, 1)), x0_mean=np.ones(1), x0_cov=np.zeros((1, 1)))
    >>> cost = evaluate_policy(game, [-0.5 * one], [one])
    >>> cost.P[0].ravel(), cost.q[0]  # 1 + (1+1)/4 + (1/2)²; 2 − 1 + (1 + 1)
    (array([1.75, 1.  ]), array([3., 0.]))
    """
    stacked = stack_game(game, deterministic=Sigma is None)
    policy = stack_policy(stacked, K, Sigma)
    with np.errstate(all="ignore"):
        P = cost_to_go(stacked, stack_costs(game), policy.K)
        q = constants(stacked, P, policy.Sigma, log_det(stacked, policy.Sigma))
    return PolicyCost(
        P=own_costs(P),
        q=own_constants(q),
    )


def cost_to_go(stacked: StackedGame, Q: np.ndarray, K: np.ndarray) -> np.ndarray:
    """P (T+1, …, N, m, m) of gains K (T, …, N, p, m), written over Q."""
    F = stacked.closed_loop(K)[..., None, :, :]
    Q[:-1] += K.swapaxes(-1, -2) @ (stacked.R @ K)
    for t in reversed(range(stacked.horizon)):
        Q[t] += F[t].swapaxes(-1, -2) @ (Q[t + 1] @ F[t])
    return symmetrise(Q)


def constants(
    stacked: StackedGame, P: np.ndarray, Sigma: np.ndarray | None, log_det: np.ndarray | None
) -> np.ndarray:
    """q (T+1, …, N) of a joint policy whose P is known; log_det is log|Σ|, (T, …, N)."""
    later = P[1:].reshape(*P[1:].shape[:-2], stacked.m**2)
    noise = stacked.joint_noise(Sigma)
    steps = (later @ noise.reshape(*noise.shape[:-2], stacked.m**2, 1))[..., 0]
    if Sigma is not None and log_det is not None:
        steps += (Sigma * stacked.R).sum((-2, -1))
        entropy = stacked.entropy[..., None]
        steps -= np.where(entropy > 0, entropy * (np.array(stacked.sizes) + log_det), 0)
    q = np.zeros((stacked.horizon + 1, *steps.shape[1:]))
    q[:-1] = np.cumsum(steps[::-1], axis=0)[::-1]
    return q


def log_det(stacked: StackedGame, Sigma: np.ndarray | None) -> np.ndarray | None:
    """log|Σ^i| of the controls that the agents have, (T, …, N)."""
    return None if Sigma is None else log_det_covariance(Sigma + stacked.filled)
