"""The feedback Nash equilibrium, from the block system Φ_t of Lemma III.4."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from ergs_verify.engine import side_by_side
from ergs_verify.engine.evaluation import constants
from ergs_verify.engine.linear_algebra import inverse_and_log_det, solve, symmetrise
from ergs_verify.engine.slabs import in_slabs
from ergs_verify.engine.stacking import (
    GameArrays,
    StackedGame,
    batch_first,
    own_constants,
    own_costs,
    own_matrices,
    stack_costs,
    stack_game,
)
from ergs_verify.errors import ErgsError, InputError, SingularStageError

__all__ = ["EngineSolution", "best_covariance", "nash"]

EPS = np.finfo(float).eps


@frozen(kw_only=True, eq=False)
class EngineSolution:
    """The equilibrium policies u_t^i ~ N(K x, Σ) and costs x'Px + q.

    Attributes
    ----------
    K : tuple over agents of (…, T, p_i, m)
    Sigma : tuple over agents of (…, T, p_i, p_i)
    P : tuple over agents of (…, T+1, m, m)
    q : tuple over agents of (…, T+1)
    condition : (…, T)
        Reciprocal condition of Φ_t, as `reciprocal_condition` defines it: about how much smaller
        than its size a change of Φ_t is that makes it singular. NaN before a lost stage.
    singular_stage : (…) of int
        −1, or the last t at which Φ_t is singular to float64.
    """

    K: tuple[np.ndarray, ...]
    Sigma: tuple[np.ndarray, ...]
    P: tuple[np.ndarray, ...]
    q: tuple[np.ndarray, ...]
    condition: np.ndarray
    singular_stage: np.ndarray


def nash(game: GameArrays, *, compiled: bool = False) -> EngineSolution:
    """Feedback Nash equilibrium: Φ_t K_t = −rhs_t backwards in time, equations (4) to (6).

    The blocks of Φ_t are B^i'P^i_{t+1}B^j, plus (τ/2)I + R^i where i = j; those of rhs_t are
    B^i'P^i_{t+1}A. Then Σ^i = (τ/2)(W^i)⁻¹ with W^i the diagonal block, and P and q follow from
    the Lyapunov equations. τ = 0 is the plain LQ game: Σ = 0 and no entropy terms in q.

    Parameters
    ----------
    game : GameArrays
        One game, or games stacked along leading axes.
    compiled : bool
        Run the recursion compiled by numba (the extra ``compiled``), after some twenty seconds of
        compiling at the first use ever: several times faster for one small game or some hundred,
        no slower for thousands; not with more than some 60 states. The answers differ from
        numpy's by rounding alone.

    Returns
    -------
    EngineSolution
        In a batch, a game with a stage that is singular to float64 has NaN for all its entries
        and the stage in `singular_stage`. A game whose recursion leaves the range of float64 has
        NaN entries and −1 there.

    Raises
    ------
    SingularStageError
        For a single game, where Φ_t is singular to float64.
    ErgsError
        For a single game whose recursion leaves the range of float64.
    InputError
        If `compiled` is asked for and numba is not installed.

    Notes
    -----
    Φ_t counts as singular where `condition` is below 8n·2⁻⁵², n the number of controls: rounding
    alone changes Φ_t by that much. Errors of P_{t+1} can be larger, so near there the gains are
    to be trusted only to about 2⁻⁵²/condition.

    Examples
    --------
    >>> from ergs_verify.gallery import gallery
    >>> game = gallery("g-star-2").floats()
    >>> nash(game).K[0].round(4)  # −13/7 and 8/7
    array([[[-1.8571,  1.1429]]])

    The same game for three weights of the entropy, of which the second has no equilibrium:

    >>> import attrs, numpy as np
    >>> family = nash(attrs.evolve(game, tau=np.array([2.0, 4.0, 6.0])))
    >>> family.K[0].shape, family.singular_stage
    ((3, 1, 1, 2), array([-1,  0, -1]))
    """
    stacked, P = stack_game(game), stack_costs(game)
    if compiled:
        recursion = _compiled_recursion()
    else:
        recursion = side_by_side.recursion if side_by_side.worthwhile(stacked) else _recursion
    with np.errstate(all="ignore"):
        K, Sigma, q, phi, condition = recursion(stacked, P)
    # Infinities and NaN reach the first stage: 0·∞ is NaN.
    finite = np.isfinite(P[0]).all((-3, -2, -1)) & np.isfinite(q[0]).all(-1)
    singular_stage = _first_singular(phi, condition)
    lost = ~finite | (singular_stage >= 0)
    if not stacked.batch and lost:
        raise (
            SingularStageError(int(singular_stage)) if singular_stage >= 0 else _overflow_error()
        )
    if lost.any():
        for entries in (K, Sigma, P, q):
            entries[:, lost] = np.nan
    return EngineSolution(
        K=own_matrices(stacked, K, square=False),
        Sigma=own_matrices(stacked, Sigma, square=True),
        P=own_costs(P),
        q=own_constants(q),
        condition=batch_first(condition, 0),
        singular_stage=singular_stage,
    )


def reciprocal_condition(phi: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """1 over Skeel's condition number ‖ |Φ⁻¹| |Φ| ‖ in the norm max_k |z_k| √Φ_kk.

    It does not change with an agent's unit of control. R. D. Skeel, "Scaling for numerical
    stability in Gaussian elimination", J. ACM 26 (1979), 494–526.
    """
    unit = 1 / np.sqrt(np.einsum("...ii->...i", phi))[..., None]
    reached = np.abs(inverse) @ (np.abs(phi) @ unit)
    return np.min(unit / reached, axis=(-2, -1))


def row_scales(phi: np.ndarray) -> np.ndarray:
    """Powers of 2, (…, n, 1), by which Φ's rows become about equally large.

    Pivots are then sought among rows of one size, whatever unit of control an agent has.
    """
    largest = np.abs(phi).max(axis=-1, keepdims=True)
    _, exponents = np.frexp(largest / largest[..., :1, :])
    return np.ldexp(1.0, -exponents)


def best_covariance(stacked: StackedGame, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Σ = (τ/2)W⁻¹ of every agent, and log|Σ| (0 where τ = 0), for W (T, …, N, p, p)."""
    inverse, log_det_W = inverse_and_log_det(W)
    Sigma = stacked.entropy[..., None, None, None] * inverse
    if len(set(stacked.sizes)) > 1:
        Sigma *= 1 - stacked.filled.max(-1, keepdims=True)
    log_entropy = np.log(np.where(stacked.entropy > 0, stacked.entropy, 1))[..., None]
    return Sigma, np.array(stacked.sizes) * log_entropy - log_det_W


def _recursion(stacked: StackedGame, Q: np.ndarray) -> tuple[np.ndarray, ...]:
    """K, Sigma, q, Φ (T, …, n, n) and `condition` (T, …); P is written over Q."""
    if not stacked.batch:
        return _at_once(stacked, Q)

    def fill(some: StackedGame, P: np.ndarray, *answers: np.ndarray) -> None:
        for answer, found in zip(answers, _at_once(some, P), strict=True):
            answer[...] = found

    return in_slabs(fill, stacked, Q)


def _at_once(stacked: StackedGame, Q: np.ndarray) -> tuple[np.ndarray, ...]:
    K, phi, inverse = _backward(stacked, Q)
    condition = reciprocal_condition(phi, inverse)
    Sigma, log_det = best_covariance(stacked, _diagonal_blocks(stacked, phi))
    return K, Sigma, constants(stacked, symmetrise(Q), Sigma, log_det), phi, condition


def _compiled_recursion():
    try:
        from ergs_verify.engine.compiled import recursion
    except ImportError as error:
        raise InputError(
            "compiled=True needs numba: pip install 'ergs-verify[compiled]'", "compiled"
        ) from error
    return recursion


def _backward(stacked: StackedGame, Q: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """K (T, …, N, p, m), Φ and Φ⁻¹ (T, …, n, n); P (T+1, …, N, m, m) is written over Q."""
    n, m, T, batch = stacked.n, stacked.m, stacked.horizon, stacked.batch
    by_agent = (*batch, stacked.agents, stacked.p, m)
    A, B, BA, R_blocks = stacked.A, stacked.B, stacked.BA, _block_diagonal(stacked)
    scales = _scales(stacked, Q, R_blocks)
    # [Φ rhs I], scaled: one elimination gives the gains and, for the condition, the inverse.
    system = np.zeros((T, *batch, n, n + m + n))
    system[..., n + m :] = np.eye(n) * scales
    solved = np.empty((T, *batch, n, m + n))
    scaled_B = stacked.B_transposed * scales.reshape(T, *batch, stacked.agents, stacked.p, 1)
    scaled_R, phi = R_blocks * scales, system[..., :n]
    P = Q[-1]
    for t in reversed(range(T)):
        rows = np.matmul(scaled_B[t], P).reshape(*batch, n, m)
        np.matmul(rows, BA[t], out=system[t, ..., : n + m])
        phi_t = phi[t]
        phi_t += scaled_R[t]
        solved[t] = solve(phi_t, system[t, ..., n:])
        gains = solved[t, ..., :m]
        F = A[t] - np.matmul(B[t], gains)
        ahead = np.matmul(F.swapaxes(-1, -2)[..., None, :, :], P).reshape(*batch, -1, m)
        P = Q[t]
        P += np.matmul(ahead, F).reshape(P.shape)
        minus_K = gains.reshape(by_agent)
        weighted = np.matmul(R_blocks[t], gains).reshape(by_agent)
        P += np.matmul(minus_K.swapaxes(-1, -2), weighted)
    K = np.negative(solved[..., :m]).reshape(T, *by_agent)
    return K, phi / scales, solved[..., m:]


def _scales(stacked: StackedGame, Q: np.ndarray, R_blocks: np.ndarray) -> np.ndarray:
    """`row_scales` of all stages, (T, …, n, 1), with Q for P so that they are found at once."""
    rows = (stacked.B_transposed @ Q[1:]).reshape(*R_blocks.shape[:-1], stacked.m)
    return row_scales(rows @ stacked.B + R_blocks)


def _block_diagonal(stacked: StackedGame) -> np.ndarray:
    """R̃ of all agents as one block diagonal matrix, (T, …, n, n)."""
    p, R = stacked.p, stacked.R
    stages = 1 if R.strides[0] == 0 else stacked.horizon
    blocks = np.zeros((stages, *stacked.batch, stacked.n, stacked.n))
    for i in range(stacked.agents):
        own = slice(i * p, (i + 1) * p)
        blocks[..., own, own] = R[:stages, ..., i, :, :]
    return np.broadcast_to(blocks, (stacked.horizon, *blocks.shape[1:]))


def _diagonal_blocks(stacked: StackedGame, phi: np.ndarray) -> np.ndarray:
    p = stacked.p
    owns = (slice(i * p, (i + 1) * p) for i in range(stacked.agents))
    return np.stack([phi[..., own, own] for own in owns], axis=-3)


def _first_singular(phi: np.ndarray, condition: np.ndarray) -> np.ndarray:
    """The stage, or −1, at which each game first meets a singular Φ, going backwards."""
    regular = condition > 8 * phi.shape[-1] * EPS
    if regular.all():
        return np.full(regular.shape[1:], -1)
    singular = ~regular
    first = len(singular) - 1 - np.argmax(singular[::-1], axis=0)
    at_first = np.take_along_axis(phi, first[None, ..., None, None], axis=0)[0]
    # Where Φ is not finite the recursion was lost before, to overflow.
    return np.where(singular.any(0) & np.isfinite(at_first).all((-2, -1)), first, -1)


def _overflow_error() -> ErgsError:
    return ErgsError(
        "the backward recursion leaves the range of float64: shorten the horizon, scale the game, "
        "or solve it with more digits"
    )
