"""How much each agent could gain by deviating, as a sum of terms that are never negative.

Differences of costs cancel; the divergence from the best response does not, so a gap of 1e-30
keeps its digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ergs_verify.engine.deviation import general_riccati, riccati
from ergs_verify.engine.evaluation import log_det
from ergs_verify.engine.general import (
    is_general,
    refuse_constants,
    stack_general,
    stack_general_policy,
)
from ergs_verify.engine.linear_algebra import cholesky, symmetric
from ergs_verify.engine.moments import first_moment, general_moments, later_moments
from ergs_verify.engine.slabs import in_slabs
from ergs_verify.engine.stacking import (
    GameArrays,
    StackedGame,
    batch_first,
    stack_costs,
    stack_game,
    stack_policy,
)


def gap(
    game: GameArrays,
    K: Sequence[np.ndarray],
    Sigma: Sequence[np.ndarray] | None,
    *,
    k: Sequence[np.ndarray] | None = None,
) -> np.ndarray:
    """What every agent can gain by deviating alone, in float64: J^i(π) − min over its policies.

    Parameters
    ----------
    game : GameArrays
        One game, or games stacked along leading axes.
    K : sequence over agents of (…, T, p_i, m)
    Sigma : sequence over agents of (…, T, p_i, p_i), or None
        None: a deterministic policy, judged in the plain game with R + (τ/2)I for R.
    k : sequence over agents of (…, T, p_i), optional
        The controls are drawn from N(Kx + k, Σ); 0 by default.

    Returns
    -------
    array (…, N)
        From the game's x_0, on average. ∞ for an agent whose Σ is singular to float64 at some
        stage while τ > 0. NaN if some W of the agent's best response is not positive definite to
        float64: beyond the paper's class its cost may then have no lower bound.

    Raises
    ------
    InputError
        If the number of agents or a shape does not fit the game.

    Notes
    -----
    The sum over time of `stage_gaps`. `ergs_verify.certify_gap` encloses it. See
    :doc:`/explanation/theory`, "How far from an equilibrium".

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> from ergs_verify.engine import gap, nash
    >>> game = gallery("g-star-2").floats()
    >>> equilibrium = nash(game)
    >>> bool((gap(game, equilibrium.K, equilibrium.Sigma) < 1e-28).all())
    True
    """
    with np.errstate(all="ignore"):
        return stage_gaps(game, K, Sigma, k=k).sum(-1)


def stage_gaps(
    game: GameArrays,
    K: Sequence[np.ndarray],
    Sigma: Sequence[np.ndarray] | None,
    *,
    k: Sequence[np.ndarray] | None = None,
) -> np.ndarray:
    """What every stage adds to every agent's gap, in float64.

    Parameters
    ----------
    game : GameArrays
        One game, or games stacked along leading axes.
    K : sequence over agents of (…, T, p_i, m)
    Sigma : sequence over agents of (…, T, p_i, p_i), or None
        None: a deterministic policy, judged in the plain game with R + (τ/2)I for R.
    k : sequence over agents of (…, T, p_i), optional
        The controls are drawn from N(Kx + k, Σ); 0 by default.

    Returns
    -------
    array (…, N, T)
        Every entry is ≥ 0; ∞ and NaN as in `gap`.

    Raises
    ------
    InputError
        If the number of agents or a shape does not fit the game.

    Notes
    -----
    τ E[KL(π_t ‖ BR_t)] = Tr(W ΔK X ΔK') + (τ/2)(Tr(Σ_br⁻¹Σ) − p − log|Σ_br⁻¹Σ|), where ΔK =
    K − K_br, Σ_br⁻¹ = (2/τ)W and X = E[x_t x_t'] under the joint policy. At τ = 0 the second term
    is Tr(WΣ). With discounts stage t is multiplied by γ_i^t. See :doc:`/explanation/theory`, "How
    far from an equilibrium".

    Examples
    --------
    >>> from ergs_verify import engine, gallery
    >>> game = gallery("lqr").floats()
    >>> found = engine.nash(game)
    >>> engine.stage_gaps(game, found.K, found.Sigma).shape
    (1, 30)
    """
    if is_general(game):
        return _general(game, K, Sigma, k)
    refuse_constants(k)
    stacked = stack_game(game, deterministic=Sigma is None)
    policy = stack_policy(stacked, K, Sigma)
    P = stack_costs(stacked, game.Q)
    with np.errstate(all="ignore"):
        X = first_moment(stacked, game)
        K_br, W = in_slabs(riccati, stacked, P, policy.K)
        given = (X, policy.K, policy.Sigma, K_br, W)
        (terms,) = in_slabs(_stage_gaps, stacked, *given, forward=True)
    return batch_first(terms, 0)


def _general(game: GameArrays, K, Sigma, k) -> np.ndarray:
    stack = stack_general(game)
    gains, joint, log_dets = stack_general_policy(stack, K, Sigma, k)
    terms, product = stack.zeros(stack.horizon, stack.agents), stack.product
    with np.errstate(all="ignore"):
        X = general_moments(stack, gains, joint)[:-1]
        for i, own in enumerate(stack.own):
            K_br, W, _ = general_riccati(stack, gains, i)
            lower, off = cholesky(symmetric(W)), gains[..., own, :] - K_br
            found = _squares(product, lower, off, X)
            if joint is not None and log_dets is not None:
                half_tau, Sigma_i = stack.half_tau[..., i], joint[..., own, own]
                weighed = product(product(lower.swapaxes(-1, -2), Sigma_i), lower)
                found += _divergence(weighed, lower, log_dets[..., i], half_tau)
            weights = stack.rate[..., i, None] ** np.arange(stack.horizon)
            terms[..., i] = found * np.moveaxis(weights, -1, 0)
    return batch_first(terms, 0)


def _stage_gaps(stacked: StackedGame, X, K, Sigma, K_br, W) -> tuple[np.ndarray]:
    """(T, …, N); X_0 is given, and the later moments are written behind it."""
    later_moments(stacked, X, K, Sigma)
    lower = cholesky(symmetric(W))
    terms = _mean_term(stacked, lower, K - K_br, X[:-1])
    if Sigma is not None:
        terms += _covariance_term(stacked, lower, Sigma)
    return (terms,)


def _mean_term(
    stacked: StackedGame, lower: np.ndarray, difference: np.ndarray, X: np.ndarray
) -> np.ndarray:
    """Tr(W ΔK X ΔK'), (T, …, N), with W = LL'."""
    return _squares(stacked.product, lower, difference, X[..., None, :, :])


def _squares(
    product: Callable[..., np.ndarray], lower: np.ndarray, difference: np.ndarray, X: np.ndarray
) -> np.ndarray:
    """Tr(LL' ΔK X ΔK') = ‖L'ΔK X^{1/2}‖²_F."""
    weighted = product(lower.swapaxes(-1, -2), difference)
    spread = (product(weighted, X) * weighted).sum(-1)
    # Each row gives a form y'Xy with X ⪰ 0: below 0 it is rounding.
    return np.maximum(spread, 0).sum(-1)


def _covariance_term(stacked: StackedGame, lower: np.ndarray, Sigma: np.ndarray) -> np.ndarray:
    """(τ/2)(Tr(M) − p − log|M|) with M = L'ΣL/(τ/2), or Tr(WΣ) where τ = 0, (T, …, N)."""
    own = stacked.product(stacked.product(lower.swapaxes(-1, -2), Sigma), lower)
    entropy, sizes = stacked.entropy[..., None], np.array(stacked.sizes)
    return _divergence(own, lower, log_det(stacked, Sigma), entropy, sizes, stacked.filled)


def _divergence(
    weighed: np.ndarray,
    lower: np.ndarray,
    log_det_Sigma: np.ndarray | None,
    half_tau: np.ndarray,
    sizes: np.ndarray | None = None,
    filled: np.ndarray | float = 0.0,
) -> np.ndarray:
    """(τ/2)(Tr(M) − p − log|M|) with M = L'ΣL/(τ/2), of which L'ΣL is given; Tr(WΣ) if τ = 0.

    A filled-in control has Σ = 0 and W = 1; as its own best response it counts nothing.
    """
    p = weighed.shape[-1]
    positive = half_tau > 0
    scale = np.where(positive, half_tau, 1)
    M = weighed / scale[..., None, None] + filled
    excess = symmetric(M - np.eye(p))
    trace = np.einsum("...ii->...", excess)
    log_det_W = 2 * np.log(np.einsum("...ii->...i", lower)).sum(-1)
    log_det_M = log_det_Sigma + log_det_W - (p if sizes is None else sizes) * np.log(scale)
    far = trace - log_det_M
    small = np.abs(excess).sum(-1).max(-1) < 0.5
    near = _trace_less_log_det(np.where(small[..., None, None], excess, 0))
    plain = np.einsum("...ii->...", weighed)
    return np.where(positive, half_tau * np.where(small, near, far), plain)


def _trace_less_log_det(E: np.ndarray) -> np.ndarray:
    """Tr(E) − log|1+E| of symmetric E with ‖E‖ ≤ 1/2, as a sum of terms ≥ 0.

    Elimination of 1+E has the pivots 1 + E_kk − s_k, s_k a sum of squares over earlier pivots.
    With d_k = E_kk − s_k, which does not cancel, that is Σ_k d_k − log(1+d_k) + s_k.
    """
    rest, squares = E.copy("K"), 0.0
    for k in range(E.shape[-1] - 1):
        column, pivot = rest[..., k + 1 :, k, None], 1 + rest[..., k, k, None, None]
        moved = column * column.swapaxes(-1, -2) / pivot
        rest[..., k + 1 :, k + 1 :] -= moved
        squares = squares + np.einsum("...ii->...", moved)
    return _minus_log1p(np.einsum("...ii->...i", rest)).sum(-1) + squares


def _minus_log1p(e: np.ndarray) -> np.ndarray:
    """e − log(1+e) to full relative accuracy for |e| ≤ 1/2.

    With r = e/(2+e), log(1+e) = 2 artanh r, so that e − log(1+e) = r(e − 2r²(1/3 + r²/5 + …)).
    Here r² ≤ 1/9, and 17 terms leave less than 9⁻¹⁷ < 2⁻⁵³.
    """
    r = e / (2 + e)
    square = r * r
    series = np.zeros_like(e)
    for k in reversed(range(17)):
        series = series * square + 1 / (2 * k + 3)
    return r * (e - 2 * square * series)
