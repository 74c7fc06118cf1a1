"""Stacks of small games: the equations of `ergs_verify.engine.equilibrium`, games on the last axis.

`matmul` and `solve` call a library once for each matrix of a stack, which takes longer than the
arithmetic of a few rows. Here an entry of a matrix is a row of numbers, one for each game, and an
instruction goes along that row. In the subscripts of `einsum` i is an agent and g a game.
"""

from __future__ import annotations

import numpy as np

from ergs_verify.engine.linear_algebra import eliminate, invert_in_step
from ergs_verify.engine.slabs import in_slabs
from ergs_verify.engine.stacking import StackedGame

__all__ = ["recursion", "worthwhile"]


def worthwhile(stacked: StackedGame) -> bool:
    """Whether the games are so many and so small that this is faster than a library's calls."""
    return stacked.games >= 256 and stacked.n + stacked.m <= 12  # measured


def recursion(stacked: StackedGame, P: np.ndarray) -> tuple[np.ndarray, ...]:
    """K, Sigma, q, Φ and `condition`, in the shapes of the recursion for one game.

    P holds Q, (T+1, …, N, m, m), and is overwritten with P.
    """
    return in_slabs(_solve, stacked, P)


def _solve(stacked: StackedGame, P, K, Sigma, q, phi, condition) -> None:
    n, m, agents, p = stacked.n, stacked.m, stacked.agents, stacked.p
    noise_cov, entropy, sizes = _last(stacked.noise_cov), stacked.entropy, np.array(stacked.sizes)
    log_entropy = np.log(np.where(entropy > 0, entropy, 1))
    # τ/2 for the agents' own controls, 0 for those filled in.
    spread = entropy * (1 - stacked.filled.max(-1).T[:, None, :, None])
    later, constant = _last(P[-1]), np.zeros((agents, stacked.games))
    for t in reversed(range(stacked.horizon)):
        BA, R = _last(stacked.BA[t]), _last(stacked.R[t])
        B, A = BA[:, :n], BA[:, n:]
        B_by_agent = B.reshape(m, agents, p, -1)
        system = _block_system(BA, B_by_agent, R, later)
        block = system[:, :n].copy()
        system *= _row_scales(block)[:, None]
        solved = eliminate(system)
        gains = -solved[:, :m]
        F = A + np.einsum("akg,kbg->abg", B, gains)
        gains = gains.reshape(agents, p, m, -1)
        inverse_W, log_det_W = invert_in_step(_diagonal_blocks(block, agents))
        covariance = spread * inverse_W
        moved = np.einsum("kiag,abig->kibg", B_by_agent, covariance).reshape(m, n, -1)
        noise = noise_cov + np.einsum("akg,bkg->abg", moved, B)
        constant += np.einsum("abg,iabg->ig", noise, later)
        constant += np.einsum("abig,iabg->ig", covariance, R)
        constant += entropy * (log_det_W - sizes[:, None] * (1 + log_entropy))

        now = _last(P[t])
        now += np.einsum("kag,ikbg->iabg", F, np.einsum("iakg,kbg->iabg", later, F))
        now += np.einsum("ikag,ikbg->iabg", gains, np.einsum("iakg,ikbg->iabg", R, gains))
        later = 0.5 * (now + now.swapaxes(1, 2))

        K[t], Sigma[t], P[t] = _first(gains), covariance.transpose(3, 2, 0, 1), _first(later)
        q[t], phi[t] = _first(constant), _first(block)
        condition[t] = _reciprocal_condition(block, solved[:, m:])


def _block_system(BA, B_by_agent, R, later) -> np.ndarray:
    """[Φ rhs I], (n, n+m+n, games)."""
    m, agents, p, games = B_by_agent.shape
    n = agents * p
    rows = np.einsum("kiag,ikbg->iabg", B_by_agent, later).reshape(n, m, games)
    system = np.zeros((n, n + m + n, games))
    np.einsum("akg,kbg->abg", rows, BA, out=system[:, : n + m])
    for i in range(agents):
        own = slice(i * p, (i + 1) * p)
        system[own, own] += R[i]
    system[range(n), range(n + m, n + m + n)] = 1
    return system


def _last(X: np.ndarray) -> np.ndarray:
    """(games, …) copied to (…, games)."""
    return np.ascontiguousarray(X.transpose(*range(1, X.ndim), 0))


def _first(X: np.ndarray) -> np.ndarray:
    """(…, games) seen as (games, …)."""
    return X.transpose(-1, *range(X.ndim - 1))


def _diagonal_blocks(block: np.ndarray, agents: int) -> np.ndarray:
    """(p, p, N, games) of Φ (n, n, games)."""
    p = len(block) // agents
    return np.einsum("iaibg->abig", block.reshape(agents, p, agents, p, -1))


def _row_scales(block: np.ndarray) -> np.ndarray:
    """`ergs_verify.engine.equilibrium.row_scales` of (n, n, games), as (n, games)."""
    largest = np.abs(block).max(axis=1)
    _, exponents = np.frexp(largest / largest[0])
    return np.ldexp(1.0, -exponents)


def _reciprocal_condition(block: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """`ergs_verify.engine.equilibrium.reciprocal_condition` of (n, n, games)."""
    unit = 1 / np.sqrt(np.einsum("aag->ag", block))
    sizes = np.einsum("abg,bg->ag", np.abs(block), unit)
    reached = np.einsum("abg,bg->ag", np.abs(inverse), sizes)
    return np.min(unit / reached, axis=0)
