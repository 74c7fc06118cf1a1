"""How much each agent could gain by deviating, as a sum of terms that are never negative.

Differences of costs cancel; the divergence from the best response does not, so a gap of 1e-30
keeps its digits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ergs_verify.engine.deviation import riccati
from ergs_verify.engine.evaluation import log_det
from ergs_verify.engine.linear_algebra import cholesky, symmetric
from ergs_verify.engine.moments import first_moment, later_moments
from ergs_verify.engine.slabs import in_slabs
from ergs_verify.engine.stacking import (
    GameArrays,
    StackedGame,
    batch_first,
    stack_costs,
    stack_game,
    stack_policy,
)

__all__ = ["gap", "stage_gaps"]


def gap(
    game: GameArrays, K: Sequence[np.ndarray], Sigma: Sequence[np.ndarray] | None
) -> np.ndarray:
    """J^i(π) − min over agent i's policies, (…, N), from the game's x_0.

    Parameters
    ----------
    K : list over agents of (…, T, p_i, m)
    Sigma : list over agents of (…, T, p_i, p_i), or None
        None: a deterministic policy, judged in the plain game with R + (τ/2)I for R.

    Returns
    -------
    array (…, N)
        ∞ for an agent whose Σ is singular to float64 at some stage while τ > 0.

    Raises
    ------
    InputError
        Where an agent or a shape does not fit the game.

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
        return stage_gaps(game, K, Sigma).sum(-1)


def stage_gaps(
    game: GameArrays, K: Sequence[np.ndarray], Sigma: Sequence[np.ndarray] | None
) -> np.ndarray:
    """The gap stage by stage, (…, N, T), every entry ≥ 0.

    τ E[KL(π_t ‖ BR_t)] = Tr(W ΔK X ΔK') + (τ/2)(Tr(Σ_br⁻¹Σ) − p − log|Σ_br⁻¹Σ|), where ΔK =
    K − K_br, Σ_br⁻¹ = (2/τ)W and X = E[x_t x_t'] under the joint policy. With τ = 0 the second
    term is Tr(WΣ). Parameters and errors as for `gap`.
    """
    stacked = stack_game(game, deterministic=Sigma is None)
    policy = stack_policy(stacked, K, Sigma)
    P = stack_costs(stacked, game.Q)
    with np.errstate(all="ignore"):
        X = first_moment(stacked, game)
        K_br, W = in_slabs(riccati, stacked, P, policy.K)
        given = (X, policy.K, policy.Sigma, K_br, W)
        (terms,) = in_slabs(_stage_gaps, stacked, *given, forward=True)
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
    """Tr(W ΔK X ΔK') = ‖L'ΔK X^{1/2}‖²_F, (T, …, N), with W = LL'."""
    weighted = stacked.product(lower.swapaxes(-1, -2), difference)
    spread = (stacked.product(weighted, X[..., None, :, :]) * weighted).sum(-1)
    # Each row gives a form y'Xy with X ⪰ 0: below 0 it is rounding.
    return np.maximum(spread, 0).sum(-1)


def _covariance_term(stacked: StackedGame, lower: np.ndarray, Sigma: np.ndarray) -> np.ndarray:
    """(τ/2)(Tr(M) − p − log|M|) with M = L'ΣL/(τ/2), or Tr(WΣ) where τ = 0, (T, …, N)."""
    entropy = stacked.entropy[..., None]
    positive = entropy > 0
    scale = np.where(positive, entropy, 1)
    own = stacked.product(stacked.product(lower.swapaxes(-1, -2), Sigma), lower)
    # A filled-in control has Σ = 0 and W = 1; as its own best response it counts nothing.
    M = own / scale[..., None, None] + stacked.filled
    excess = symmetric(M - np.eye(stacked.p))
    trace = np.einsum("...ii->...", excess)
    log_det_W = 2 * np.log(np.einsum("...ii->...i", lower)).sum(-1)
    log_det_M = log_det(stacked, Sigma) + log_det_W - np.array(stacked.sizes) * np.log(scale)
    far = trace - log_det_M
    small = np.abs(excess).sum(-1).max(-1) < 0.5
    near = _trace_less_log_det(np.where(small[..., None, None], excess, 0))
    plain = np.einsum("...ii->...", own)
    return np.where(positive, entropy * np.where(small, near, far), plain)


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
