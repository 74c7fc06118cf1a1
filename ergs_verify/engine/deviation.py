"""An agent's best response to the policies of the others: a Riccati recursion of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from ergs_verify.engine.equilibrium import best_covariance
from ergs_verify.engine.evaluation import add_constants
from ergs_verify.engine.general import (
    GeneralStack,
    is_general,
    refuse_constants,
    split_costs,
    stack_general,
    stack_general_policy,
)
from ergs_verify.engine.linear_algebra import symmetrise
from ergs_verify.engine.slabs import in_slabs
from ergs_verify.engine.stacking import (
    EVERYONE,
    GameArrays,
    StackedGame,
    batch_first,
    stack_costs,
    stack_game,
    stack_policy,
)
from ergs_verify.errors import InputError


@frozen(kw_only=True, eq=False)
class BestResponse:
    """One agent's best response, and its cost: the answer of `best_response`.

    The agent draws u_t from N(K x + k, Σ) and pays x'Px + 2s'x + q from time t on.

    Attributes
    ----------
    K : (…, T, p_i, m)
    Sigma : (…, T, p_i, p_i)
    P : (…, T+1, m, m)
    q : (…, T+1)
    k, s : (…, T, p_i) and (…, T+1, m), or None
        None in a game of the paper's class.

    Notes
    -----
    See :doc:`/explanation/theory`, "How far from an equilibrium".
    """

    K: np.ndarray
    Sigma: np.ndarray
    P: np.ndarray
    q: np.ndarray
    k: np.ndarray | None = None
    s: np.ndarray | None = None


def best_response(
    game: GameArrays,
    K: Sequence[np.ndarray],
    Sigma: Sequence[np.ndarray] | None,
    agent: int,
    *,
    k: Sequence[np.ndarray] | None = None,
) -> BestResponse:
    """One agent's best response while the others keep to a joint policy.

    Parameters
    ----------
    game : GameArrays
        One game, or games stacked along leading axes.
    K : sequence over agents of (…, T, p_i, m)
        The agent's own entries of K, Sigma and k are not used.
    Sigma : sequence over agents of (…, T, p_i, p_i), or None
        None: deterministic policies, in the plain game with R + (τ/2)I for R; then Σ_br = 0.
    agent : int
        Counted from 1.
    k : sequence over agents of (…, T, p_i), optional
        The controls are drawn from N(Kx + k, Σ); 0 by default.

    Returns
    -------
    BestResponse

    Raises
    ------
    InputError
        If the number of agents or a shape does not fit the game, or there is no such agent.

    Notes
    -----
    K_br = −W⁻¹B'P_br Ā and Σ_br = (τ/2)W⁻¹, where W = (τ/2)I + R + B'P_br B, Ā = A + Σ_{j≠i} B^jK^j
    and P_br follows from the Riccati recursion, equation (4) with the others' gains.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.engine import best_response, nash
    >>> game = gallery("g-star-2").floats()
    >>> equilibrium = nash(game)
    >>> answer = best_response(game, equilibrium.K, equilibrium.Sigma, agent=1)
    >>> np.allclose(answer.K, equilibrium.K[0], rtol=1e-12)
    True
    """
    if not 1 <= agent <= len(game.B):
        raise InputError(f"agent is {agent}, but the game's agents are 1 to {len(game.B)}", "agent")
    at = agent - 1
    if is_general(game):
        return _general(game, K, Sigma, k, at)
    refuse_constants(k)
    stacked = stack_game(game, deterministic=Sigma is None)
    policy = stack_policy(stacked, K, Sigma)
    own, p_i = slice(at, at + 1), stacked.sizes[at]
    P, q = stack_costs(stacked, game.Q[own]), stacked.zeros(stacked.horizon + 1, 1)

    def answer(some: StackedGame, P, q, K, Sigma) -> tuple[np.ndarray, np.ndarray]:
        K_br, W = riccati(some, P, K, own)
        Sigma_br, log_det = best_covariance(some, W, own)
        # The noise is that of the joint policy in which this agent plays its response.
        if Sigma is not None:
            Sigma[..., own, :, :] = Sigma_br
        add_constants(some, q, P, some.joint_noise(Sigma), Sigma_br, log_det, own)
        return K_br, Sigma_br

    with np.errstate(all="ignore"):
        K_br, Sigma_br = in_slabs(answer, stacked, P, q, policy.K, policy.Sigma)
    return BestResponse(
        K=batch_first(K_br[..., 0, :p_i, :], 2),
        Sigma=batch_first(Sigma_br[..., 0, :p_i, :p_i], 2),
        P=batch_first(P[..., 0, :, :], 2),
        q=batch_first(q[..., 0], 0),
    )


def _general(game: GameArrays, K, Sigma, k, agent: int) -> BestResponse:
    stack = stack_general(game)
    gains, joint, _ = stack_general_policy(stack, K, Sigma, k)
    own = stack.own[agent]
    with np.errstate(all="ignore"):
        answer, W, P = general_riccati(stack, gains, agent)
        Sigma_br, log_det = stack.best_covariance(W, agent)
        if joint is None:
            Sigma_br = np.zeros_like(Sigma_br)
        else:
            joint[..., own, own] = Sigma_br
        q = stack.constants(P, joint, log_det[..., None], slice(agent, agent + 1))
    costs = {letter: X for letter, (X,) in split_costs(P, q).items()}
    return BestResponse(
        K=batch_first(answer[..., 1:], 2),
        k=batch_first(answer[..., 0], 1),
        Sigma=batch_first(Sigma_br, 2),
        **costs,
    )


def general_riccati(
    stack: GeneralStack, gains: np.ndarray, agent: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """An agent's K_br (T, …, p_i, m), W (T, …, p_i, p_i), P (T+1, …, 1, m, m) against the others.

    W K_br = −(Bⁱ'VĀ + Sⁱ + Rⁱ's other columns times the others' gains − (τ_i/2)(Λⁱ)⁻¹Mⁱ): the
    agent's row of the block system, the others' gains put in.
    """
    own, only, n = stack.own[agent], slice(agent, agent + 1), stack.n
    K, P = gains.copy("K"), stack.costs_to_come()[..., only, :, :]
    K[..., own, :] = 0
    p, m = stack.sizes[agent], stack.m
    W, systems = stack.zeros(stack.horizon, p, p), stack.zeros(stack.horizon, p, p + m)
    turned = stack.B[..., own].swapaxes(-1, -2)
    for t in reversed(range(stack.horizon)):
        V = stack.discounted(P[t + 1], only)[..., 0, :, :]
        row = stack.product(stack.product(turned[t], V), stack.BA[t])
        row += stack.own_rows[t][..., own, :]
        W[t] = systems[t][..., :p] = row[..., own]
        systems[t][..., p:] = row[..., n:] + stack.product(row[..., :n], K[t])
        K[t][..., own, :] = -stack.solve(systems[t])
        P[t] = stack.value(t, P[t + 1], K[t], only)
    return K[..., own, :], W, P


def riccati(
    stacked: StackedGame, P: np.ndarray, K: np.ndarray, own: slice = EVERYONE
) -> tuple[np.ndarray, np.ndarray]:
    """K_br and W of some agents, each against the gains K of all the others.

    P (T+1, …, agents, m, m) holds their Q, and is overwritten with P_br.
    """
    p, product, solve = stacked.p, stacked.product, stacked.solve
    B_transposed, R = stacked.B_transposed[..., own, :, :], stacked.R[..., own, :, :]
    B = B_transposed.swapaxes(-1, -2)
    others = stacked.closed_loop(K)[..., None, :, :] - product(B, K[..., own, :, :])
    T, m, agents = stacked.horizon, stacked.m, B.shape[-3]
    own_and_others = stacked.zeros(T, agents, m, p + m)
    own_and_others[..., :p], own_and_others[..., p:] = B, others
    # [W B'P_brĀ]
    systems = stacked.zeros(T, agents, p, p + m)
    K_br = np.zeros_like(systems[..., p:])
    W = systems[..., :p]
    W[...] = R
    for t in reversed(range(T)):
        P_t, later, system = P[t], P[t + 1], systems[t]
        system += product(product(B_transposed[t], later), own_and_others[t])
        K_t = np.negative(solve(system), out=K_br[t])
        F = others[t] + product(B[t], K_t)
        P_t += product(F.swapaxes(-1, -2), product(later, F))
        P_t += product(K_t.swapaxes(-1, -2), product(R[t], K_t))
    symmetrise(P)
    return K_br, W
