"""What a given joint policy costs each agent: the Lyapunov equations (24), corrected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from ergs_verify.engine.general import (
    is_general,
    refuse_constants,
    split_costs,
    stack_general,
    stack_general_policy,
)
from ergs_verify.engine.linear_algebra import log_det_covariance, symmetrise
from ergs_verify.engine.slabs import in_slabs
from ergs_verify.engine.stacking import (
    EVERYONE,
    GameArrays,
    StackedGame,
    own_constants,
    own_costs,
    stack_costs,
    stack_game,
    stack_policy,
)


@frozen(kw_only=True, eq=False)
class PolicyCost:
    """What a joint policy costs: the answer of `evaluate_policy`.

    From state x at time t on agent i pays x'P_t x + 2s_t'x + q_t.

    Attributes
    ----------
    P : tuple over agents of (…, T+1, m, m)
    q : tuple over agents of (…, T+1)
    s : tuple over agents of (…, T+1, m), or None
        None in a game of the paper's class.

    Notes
    -----
    P and q are those of equation (24).
    """

    P: tuple[np.ndarray, ...]
    q: tuple[np.ndarray, ...]
    s: tuple[np.ndarray, ...] | None = None


def evaluate_policy(
    game: GameArrays,
    K: Sequence[np.ndarray],
    Sigma: Sequence[np.ndarray] | None,
    *,
    k: Sequence[np.ndarray] | None = None,
) -> PolicyCost:
    """The cost of a joint policy, for every agent.

    Parameters
    ----------
    game : GameArrays
        One game, or games stacked along leading axes.
    K : sequence over agents of (…, T, p_i, m)
    Sigma : sequence over agents of (…, T, p_i, p_i), symmetric positive semidefinite, or None
        None: a deterministic policy, judged in the plain game with R + (τ/2)I for R (in a game
        with priors, with (τ/2)(u − Mx)'Λ⁻¹(u − Mx) added to the cost).
    k : sequence over agents of (…, T, p_i), optional
        The controls are drawn from N(Kx + k, Σ); 0 by default.

    Returns
    -------
    PolicyCost
        q is ∞ if τ > 0 and Σ is singular to float64: the relative entropy is infinite then.

    Raises
    ------
    InputError
        If the number of agents or a shape does not fit the game.

    Notes
    -----
    Equation (24) of the paper, corrected: P_t = Q_t + K_t'((τ/2)I + R_t)K_t + F_t'P_{t+1}F_t and
    q_t = q_{t+1} + Tr(Σ_t((τ/2)I + R_t)) − (τ/2)(p + log|Σ_t|) +
    Tr((Σ_ω + Σ_j B_t^j Σ_t^j B_t^j')P_{t+1}). The paper prints Σ^j for B^j Σ^j B^j', which is
    ill-typed.

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
    if is_general(game):
        return _general(game, K, Sigma, k)
    refuse_constants(k)
    stacked = stack_game(game, deterministic=Sigma is None)
    policy = stack_policy(stacked, K, Sigma)
    P, q = stack_costs(stacked, game.Q), stacked.zeros(stacked.horizon + 1, stacked.agents)
    with np.errstate(all="ignore"):
        in_slabs(_evaluate, stacked, P, q, policy.K, policy.Sigma)
    return PolicyCost(P=own_costs(P), q=own_constants(q))


def _general(game: GameArrays, K, Sigma, k) -> PolicyCost:
    stack = stack_general(game)
    gains, joint, log_dets = stack_general_policy(stack, K, Sigma, k)
    P = stack.costs_to_come()
    with np.errstate(all="ignore"):
        for t in reversed(range(stack.horizon)):
            P[t] = stack.value(t, P[t + 1], gains[t])
        return PolicyCost(**split_costs(P, stack.constants(P, joint, log_dets)))


def _evaluate(
    stacked: StackedGame, P: np.ndarray, q: np.ndarray, K: np.ndarray, Sigma: np.ndarray | None
) -> None:
    """P (T+1, …, N, m, m), which holds Q, and q (T+1, …, N)."""
    product = stacked.product
    F = stacked.closed_loop(K)[..., None, :, :]
    P[:-1] += product(K.swapaxes(-1, -2), product(stacked.R, K))
    for t in reversed(range(stacked.horizon)):
        P_t, F_t = P[t], F[t]
        P_t += product(F_t.swapaxes(-1, -2), product(P[t + 1], F_t))
    symmetrise(P)
    add_constants(stacked, q, P, stacked.joint_noise(Sigma), Sigma, log_det(stacked, Sigma))


def add_constants(
    stacked: StackedGame,
    q: np.ndarray,
    P: np.ndarray,
    noise: np.ndarray,
    Sigma: np.ndarray | None,
    log_det: np.ndarray | None,
    own: slice = EVERYONE,
) -> None:
    """q (T+1, …, agents), of which the last is given, of the agents whose P and Σ these are.

    log_det is log|Σ|, (T, …, agents), and noise N_t of the joint policy, (T, …, m, m).
    """
    later, joint = (X.reshape(*X.shape[:-2], stacked.m**2) for X in (P[1:], noise))
    steps = stacked.product(later, joint[..., None])[..., 0]
    if Sigma is not None and log_det is not None:
        steps += (Sigma * stacked.R[..., own, :, :]).sum((-2, -1))
        entropy = stacked.entropy[..., None]
        steps -= np.where(entropy > 0, entropy * (np.array(stacked.sizes[own]) + log_det), 0)
    q[:-1] = q[-1] + np.cumsum(steps[::-1], axis=0)[::-1]


def log_det(stacked: StackedGame, Sigma: np.ndarray | None) -> np.ndarray | None:
    """log|Σ^i| of the controls that the agents have, (T, …, N)."""
    return None if Sigma is None else log_det_covariance(Sigma + stacked.filled)
