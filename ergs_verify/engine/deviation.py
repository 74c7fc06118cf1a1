"""An agent's best response to the policies of the others: a Riccati recursion of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from ergs_verify.engine.equilibrium import best_covariance
from ergs_verify.engine.evaluation import constants, log_det
from ergs_verify.engine.linear_algebra import solve, symmetrise
from ergs_verify.engine.stacking import (
    GameArrays,
    StackedGame,
    batch_first,
    stack_costs,
    stack_game,
    stack_policy,
)
from ergs_verify.errors import InputError

__all__ = ["BestResponse", "best_response", "riccati"]


@frozen(kw_only=True, eq=False)
class BestResponse:
    """One agent's best response and what it costs that agent.

    Attributes
    ----------
    K : (…, T, p_i, m)
    Sigma : (…, T, p_i, p_i)
    P : (…, T+1, m, m)
    q : (…, T+1)
    """

    K: np.ndarray
    Sigma: np.ndarray
    P: np.ndarray
    q: np.ndarray


def best_response(
    game: GameArrays,
    K: Sequence[np.ndarray],
    Sigma: Sequence[np.ndarray] | None,
    agent: int,
) -> BestResponse:
    """Best response of one agent while the others keep to a joint policy.

    K_br = −W⁻¹B'P_br Ā and Σ_br = (τ/2)W⁻¹, with W = (τ/2)I + R + B'P_br B, Ā = A + Σ_{j≠i} B^jK^j
    and P_br from the Riccati recursion (4) with the others' gains.

    Parameters
    ----------
    K : list over agents of (…, T, p_i, m)
    Sigma : list over agents of (…, T, p_i, p_i), or None
        None: deterministic policies in the plain game with R + (τ/2)I for R; then Σ_br = 0. The
        agent's own entries of K and Sigma are not used.
    agent : int
        Counted from 0.

    Raises
    ------
    InputError
        Where an agent or a shape does not fit the game.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.gallery import gallery
    >>> from ergs_verify.engine import best_response, nash
    >>> game = gallery("g-star-2").floats()
    >>> equilibrium = nash(game)
    >>> answer = best_response(game, equilibrium.K, equilibrium.Sigma, agent=0)
    >>> np.allclose(answer.K, equilibrium.K[0], rtol=1e-12)
    True
    """
    if not 0 <= agent < len(game.B):
        raise InputError(
            f"agent is {agent}, but the game's agents are 0 to {len(game.B) - 1}", "agent"
        )
    stacked = stack_game(game, deterministic=Sigma is None)
    policy = stack_policy(stacked, K, Sigma)
    with np.errstate(all="ignore"):
        K_br, W, P = riccati(stacked, stack_costs(game, [agent]), policy.K, [agent])
        # The constants are those of the joint policy in which this agent plays its response.
        W_all = np.broadcast_to(np.eye(stacked.p), stacked.R.shape).copy()
        W_all[..., agent, :, :] = W[..., 0, :, :]
        responses, response_log_det = best_covariance(stacked, W_all)
        joint = None if policy.Sigma is None else policy.Sigma.copy()
        logs = log_det(stacked, joint)
        if joint is not None and logs is not None:
            joint[..., agent, :, :] = responses[..., agent, :, :]
            logs[..., agent] = response_log_det[..., agent]
        everyone = np.repeat(P, stacked.agents, axis=-3)
        q = constants(stacked, everyone, joint, logs)[..., agent]
    p_i = stacked.sizes[agent]
    return BestResponse(
        K=batch_first(K_br[..., 0, :p_i, :], 2),
        Sigma=batch_first(responses[..., agent, :p_i, :p_i], 2),
        P=batch_first(P[..., 0, :, :], 2),
        q=batch_first(q, 0),
    )


def riccati(
    stacked: StackedGame, Q: np.ndarray, K: np.ndarray, agents: Sequence[int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """K_br, W and P_br of the chosen agents, each against the gains K of all the others.

    Q (T+1, …, len(agents), m, m) is overwritten. Shapes are those of `StackedGame`, with
    len(agents) in place of N.
    """
    p = stacked.p
    chosen = list(agents)
    B_transposed = stacked.B_transposed[..., chosen, :, :]
    B = B_transposed.swapaxes(-1, -2)
    R = stacked.R[..., chosen, :, :]
    others = stacked.closed_loop(K)[..., None, :, :] - B @ K[..., chosen, :, :]
    own_and_others = np.concatenate([B, others], axis=-1)
    K_br = np.empty((stacked.horizon, *stacked.batch, len(chosen), p, stacked.m))
    W = np.empty((*K_br.shape[:-1], p))
    P = Q[-1]
    for t in reversed(range(stacked.horizon)):
        stage = B_transposed[t] @ P @ own_and_others[t]
        W_t = np.add(R[t], stage[..., :p], out=W[t])
        K_t = np.negative(solve(W_t, stage[..., p:]), out=K_br[t])
        F = others[t] + B[t] @ K_t
        P = Q[t]
        P += F.swapaxes(-1, -2) @ (Q[t + 1] @ F)
        P += K_t.swapaxes(-1, -2) @ (R[t] @ K_t)
    return K_br, W, symmetrise(Q)
