"""Algorithm 1 of the paper, as printed: simultaneous best responses, stage by stage."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from ergs_verify.engine.equilibrium import best_covariance, diagonal_blocks
from ergs_verify.engine.evaluation import add_constants
from ergs_verify.engine.general import (
    GeneralStack,
    is_general,
    split_costs,
    split_policy,
    stack_general,
)
from ergs_verify.engine.linear_algebra import symmetrise
from ergs_verify.engine.stacking import (
    GameArrays,
    StackedGame,
    own_constants,
    own_costs,
    own_matrices,
    stack_costs,
    stack_game,
)
from ergs_verify.errors import InputError


@frozen(kw_only=True, eq=False)
class AlgorithmOutput:
    """The policy that Algorithm 1 gives out, and its cost: the answer of `algorithm_1`.

    Attributes
    ----------
    K : tuple over agents of (…, T, p_i, m)
    Sigma : tuple over agents of (…, T, p_i, p_i)
    P : tuple over agents of (…, T+1, m, m)
    q : tuple over agents of (…, T+1)
    iterates : tuple over agents of (L+1, …, p_i, m), or None
        The gains of the recorded stage, before the first iteration and after each.
    k, s : tuple over agents of (…, T, p_i) and (…, T+1, m), or None
        None in a game of the paper's class.
    """

    K: tuple[np.ndarray, ...]
    Sigma: tuple[np.ndarray, ...]
    P: tuple[np.ndarray, ...]
    q: tuple[np.ndarray, ...]
    iterates: tuple[np.ndarray, ...] | None
    k: tuple[np.ndarray, ...] | None = None
    s: tuple[np.ndarray, ...] | None = None


def algorithm_1(
    game: GameArrays, iterations: int, *, record_stage: int | None = None
) -> AlgorithmOutput:
    """Algorithm 1, started at zero, with L inner iterations at each stage.

    Parameters
    ----------
    game : GameArrays
        One game, or games stacked along leading axes.
    iterations : int
        L ≥ 0. With L = 0 the policy stays where it starts, K = 0 and Σ = 0.
    record_stage : int, optional
        A stage t, counted from 0, whose gains are kept at every iteration.

    Returns
    -------
    AlgorithmOutput
        If the inner loop diverges, entries grow, in the end to infinity and NaN; nothing is
        raised. With L = 0 and τ > 0, q is ∞.

    Raises
    ------
    InputError
        If `iterations` is negative or `record_stage` is not a stage.

    Notes
    -----
    Algorithm 1 of [1]_. At t = T−1, …, 0 all agents answer each other's gains simultaneously, L
    times, by equation (19), where P_{t+1} is the cost of the policy found so far for the later
    stages. When this converges is explained in :doc:`/explanation/theory`, "The inner loop".

    References
    ----------
    .. [1] M. A. uz Zaman, S. Aggarwal, M. Bastopcu and T. Başar, Policy Optimization finds Nash
       Equilibrium in Regularized General-Sum LQ Games, Conference on Decision and Control 2024,
       arXiv:2404.00045.

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.engine import algorithm_1, nash, policy_distance
    >>> game = gallery("random:N=2,m=2,p=1,T=3,seed=0").floats()
    >>> float(policy_distance(algorithm_1(game, 500), nash(game))) < 1e-12
    True
    """
    if iterations < 0:
        raise InputError(f"iterations is {iterations}, but must be ≥ 0", "iterations")
    if record_stage is not None and not 0 <= record_stage < game.horizon:
        raise InputError(
            f"record_stage is {record_stage}, but stages run from 0 to {game.horizon - 1}",
            "record_stage",
        )
    if is_general(game):
        return _general(game, iterations, record_stage)
    stacked = stack_game(game)
    P, q = stack_costs(stacked, game.Q), stacked.zeros(stacked.horizon + 1, stacked.agents)
    with np.errstate(all="ignore"):
        K, W, recorded = _backward(stacked, P, iterations, record_stage)
        if iterations:
            Sigma, log_det = best_covariance(stacked, W)
        else:
            Sigma, log_det = np.zeros_like(W), np.full(W.shape[:-2], -np.inf)
        symmetrise(P)
        add_constants(stacked, q, P, stacked.joint_noise(Sigma), Sigma, log_det)
    return AlgorithmOutput(
        K=own_matrices(stacked, K, square=False),
        Sigma=own_matrices(stacked, Sigma, square=True),
        P=own_costs(P),
        q=own_constants(q),
        iterates=None
        if recorded is None
        else tuple(recorded[..., i, :p_i, :] for i, p_i in enumerate(stacked.sizes)),
    )


def _general(game: GameArrays, iterations: int, record_stage: int | None) -> AlgorithmOutput:
    stack = stack_general(game)
    T, n, m = stack.horizon, stack.n, stack.m
    P, K = stack.costs_to_come(), stack.zeros(T, n, m)
    phi, recorded = stack.zeros(T, n, n), None
    with np.errstate(all="ignore"):
        for t in reversed(range(T)):
            rows = stack.first_order(t, P[t + 1])
            phi[t] = rows[..., :n]
            coupling, alone = _general_answers(stack, rows)
            gains = [K[t]]
            for _ in range(iterations):
                following = stack.product(coupling, gains[-1]) + alone
                gains = [*gains, following] if t == record_stage else [following]
            if t == record_stage:
                recorded = np.stack(gains)
            K[t] = gains[-1]
            P[t] = stack.value(t, P[t + 1], K[t])
        if iterations:
            Sigma, log_det = stack.best_covariances(phi)
        else:
            Sigma, log_det = np.zeros_like(phi), np.full(stack.half_tau.shape, -np.inf)
        q = stack.constants(P, Sigma, log_det)
    return AlgorithmOutput(
        **split_policy(stack, K, Sigma),
        **split_costs(P, q),
        iterates=None if recorded is None else tuple(recorded[..., own, 1:] for own in stack.own),
    )


def _general_answers(stack: GeneralStack, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The map 𝓚 ↦ coupling·𝓚 + alone in which every agent answers the others, from [Φ rhs]."""
    answers = np.empty_like(rows)
    for own in stack.own:
        p = own.stop - own.start
        system = stack.zeros(1, p, p + stack.n + stack.m)[0]
        others = system[..., p:]
        system[..., :p], others[...] = rows[..., own, own], rows[..., own, :]
        others[..., own] = 0
        answers[..., own, :] = -stack.solve(system)
    return answers[..., : stack.n], answers[..., stack.n :]


def _backward(
    stacked: StackedGame, P: np.ndarray, iterations: int, record_stage: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """K, W and the recorded gains; P, which holds Q, is overwritten."""
    product = stacked.product
    K = stacked.zeros(stacked.horizon, stacked.agents, stacked.p, stacked.m)
    W = stacked.zeros(stacked.horizon, stacked.agents, stacked.p, stacked.p)
    by_agent, recorded = K.shape[1:], None
    for t in reversed(range(stacked.horizon)):
        W[t], coupling, alone = _answers(stacked, P[t + 1], t)
        gains = [np.zeros_like(alone)]
        for _ in range(iterations):
            following = product(coupling, gains[-1]) + alone
            gains = [*gains, following] if t == record_stage else [following]
        if t == record_stage:
            recorded = np.stack([each.reshape(by_agent) for each in gains])
        K_t = K[t] = gains[-1].reshape(by_agent)
        F = (stacked.A[t] + product(stacked.B[t], gains[-1]))[..., None, :, :]
        P_t = P[t]
        P_t += product(F.swapaxes(-1, -2), product(P[t + 1], F))
        P_t += product(K_t.swapaxes(-1, -2), product(stacked.R[t], K_t))
    return K, W, recorded


def _answers(stacked: StackedGame, P: np.ndarray, t: int):
    """W^i, and the map 𝓚 ↦ coupling·𝓚 + alone in which every agent answers the others.

    Row block i of `coupling` is −(W^i)⁻¹B^i'P^i[B¹ … Bᴺ] with 0 in place of its own block, that of
    `alone` is −(W^i)⁻¹B^i'P^iA: equation (19) with A^i written out.
    """
    n, p, product = stacked.n, stacked.p, stacked.product
    rows = product(stacked.B_transposed[t], P)
    products = product(rows, stacked.BA[t][..., None, :, :])
    own = diagonal_blocks(products[..., :n].reshape(*stacked.batch, n, n), p)
    systems = stacked.zeros(1, stacked.agents, p, p + n + stacked.m)[0]
    W = np.add(stacked.R[t], own, out=systems[..., :p])
    own[...] = 0
    systems[..., p:] = products
    np.negative(stacked.solve(systems), out=products)
    answers = products.reshape(*stacked.batch, n, n + stacked.m)
    return W, answers[..., :n], answers[..., n:]
