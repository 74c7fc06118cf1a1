"""The feedback Nash equilibrium, from the block system Φ_t of Lemma III.4."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import frozen

from ergs_verify.engine.evaluation import add_constants
from ergs_verify.engine.general import (
    GeneralStack,
    is_general,
    split_costs,
    split_policy,
    stack_general,
)
from ergs_verify.engine.linear_algebra import inverse_and_roots, symmetric, symmetrise
from ergs_verify.engine.slabs import in_slabs
from ergs_verify.engine.stacking import (
    EVERYONE,
    GameArrays,
    StackedGame,
    batch_first,
    own_constants,
    own_costs,
    own_matrices,
    stack_costs,
    stack_game,
)
from ergs_verify.errors import ErgsError, InputError, SingularStageError, UnboundedCostError

EPS = np.finfo(float).eps


@frozen(kw_only=True, eq=False)
class EngineSolution:
    """Equilibrium policies and costs: the answer of `ergs_verify.engine.nash`.

    Agent i draws u_t from N(K x + k, Σ) and pays x'Px + 2s'x + q from time t on.

    Attributes
    ----------
    K : tuple over agents of (…, T, p_i, m)
    Sigma : tuple over agents of (…, T, p_i, p_i)
    P : tuple over agents of (…, T+1, m, m)
    q : tuple over agents of (…, T+1)
    condition : (…, T)
        The reciprocal condition of Φ_t: about how small, relative to its size, a change of Φ_t is
        that makes it singular. NaN at stages before a singular one.
    singular_stage : (…) of int
        −1, or the last t at which Φ_t is singular to float64 or has an entry ≤ 0 on its diagonal
        (then some W^i is not positive definite).
    k, s : tuple over agents of (…, T, p_i) and (…, T+1, m), or None
        None in a game of the paper's class.

    Notes
    -----
    The letters are those of Theorem III.1 and of :doc:`/explanation/theory`.

    Rounding may depend on how many games are in a call: the same game in another stack, or in
    another chunk of `ergs_verify.engine.stream`, can differ in its last digits (times its
    conditioning). The arrays of large stacks are strided views with the games innermost in memory;
    `np.ascontiguousarray` makes a contiguous copy of one game's part.
    """

    K: tuple[np.ndarray, ...]
    Sigma: tuple[np.ndarray, ...]
    P: tuple[np.ndarray, ...]
    q: tuple[np.ndarray, ...]
    condition: np.ndarray
    singular_stage: np.ndarray
    k: tuple[np.ndarray, ...] | None = None
    s: tuple[np.ndarray, ...] | None = None


def nash(game: GameArrays, *, compiled: bool = False) -> EngineSolution:
    """The feedback Nash equilibrium in float64.

    Parameters
    ----------
    game : GameArrays
        One game, or games stacked along leading axes.
    compiled : bool
        Run the recursion compiled by numba (the extra ``compiled``). The first use ever takes some
        twenty seconds to compile. It is several times faster for one small game or some hundred,
        no slower for thousands, and not worth it with more than some 60 states. The answers
        differ from numpy's by rounding alone.

    Returns
    -------
    EngineSolution
        In a stack, a game with a stage that is singular to float64 has NaN entries, and that stage
        in `singular_stage`. A game whose recursion is not finite for another reason (its own
        entries are not finite, it leaves the range of float64, or some W^i is not positive
        definite) has NaN entries, and −1 there.

    Raises
    ------
    SingularStageError
        For a single game: Φ_t is singular to float64.
    UnboundedCostError
        For a single game beyond the paper's class: some W^i has a negative eigenvalue, so that the
        agent's cost has no lower bound, as far as float64 tells.
    ErgsError
        For a single game: some W^i is not positive definite, an entry is not finite, or the
        recursion leaves the range of float64.
    InputError
        If `compiled` is asked for and numba is not installed, or the batch axes do not fit.

    Notes
    -----
    The recursion of Theorem III.1 of [1]_, equations (4) to (6), written by hand: Φ_t K_t = −r_t
    backwards in time. The blocks of Φ_t are B^i'P^i_{t+1}B^j, plus (τ/2)I + R^i if i = j; those of
    r_t are B^i'P^i_{t+1}A. Then Σ^i = (τ/2)(W^i)⁻¹, where W^i is the diagonal block, and P and q
    follow from the Lyapunov equations. At τ = 0 it is the plain LQ game: Σ = 0, and no entropy
    terms in q. For games beyond the paper's class see :doc:`/explanation/theory`, "The general
    game".

    Φ_t counts as singular if `condition` is below 8n·2⁻⁵², with n controls: rounding alone changes
    Φ_t by that much. Errors of P_{t+1} can be larger, so near there trust the gains only to about
    2⁻⁵²/condition.

    References
    ----------
    .. [1] M. A. uz Zaman, S. Aggarwal, M. Bastopcu and T. Başar, Policy Optimization finds Nash
       Equilibrium in Regularized General-Sum LQ Games, Conference on Decision and Control 2024,
       arXiv:2404.00045.

    Examples
    --------
    >>> from ergs_verify.game.gallery import gallery
    >>> game = gallery("g-star-2").floats()
    >>> nash(game).K[0].round(4)  # −13/7 and 8/7
    array([[[-1.8571,  1.1429]]])

    The same game for three weights of the entropy, of which the second has no equilibrium:

    >>> import attrs, numpy as np
    >>> family = nash(attrs.evolve(game, tau=np.array([2.0, 4.0, 6.0])))
    >>> family.K[0].shape, family.singular_stage
    ((3, 1, 1, 2), array([-1,  0, -1]))
    """
    if is_general(game):
        return _general(game, _by_numba().general_recursion if compiled else _general_recursion)
    recursion = _by_numba().recursion if compiled else _recursion
    stacked = stack_game(game, innermost=not compiled)
    P = stack_costs(stacked, game.Q)
    with np.errstate(all="ignore"):
        K, Sigma, q, phi, condition = recursion(stacked, P)
    lost, singular_stage = _lost(P, q, phi, condition)
    if not stacked.batch and lost:
        raise _why_lost(stacked, phi, int(singular_stage))
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


def _general(game: GameArrays, recursion: Callable) -> EngineSolution:
    stack = stack_general(game)
    P = stack.costs_to_come()
    with np.errstate(all="ignore"):
        K, phi, inverse = recursion(stack, P)
        condition = reciprocal_condition(stack, phi, inverse)
        Sigma, log_det = stack.best_covariances(phi)
        q = stack.constants(P, Sigma, log_det)
    lost, singular_stage = _lost(P, q, phi, condition)
    if not stack.batch and lost:
        raise _why_general_lost(stack, phi, int(singular_stage))
    if lost.any():
        for entries in (K, Sigma, P, q):
            entries[:, lost] = np.nan
    return EngineSolution(
        **split_policy(stack, K, Sigma),
        **split_costs(P, q),
        condition=batch_first(condition, 0),
        singular_stage=singular_stage,
    )


def _general_recursion(
    stack: GeneralStack, P: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """K (T, …, n, m), Φ and Φ⁻¹ (T, …, n, n); P, which holds the terminal costs, is filled."""
    n, m, T = stack.n, stack.m, stack.horizon
    K, phi, inverse = stack.zeros(T, n, m), stack.zeros(T, n, n), stack.zeros(T, n, n)
    # [Φ rhs I], scaled: one elimination gives the gains and, for the condition, the inverse.
    systems = stack.zeros(T, n, n + m + n)
    systems[..., n + m :] = np.eye(n)
    for t in reversed(range(T)):
        rows = stack.first_order(t, P[t + 1])
        phi[t] = rows[..., :n]
        system = systems[t]
        system[..., : n + m] = rows
        system *= row_scales(phi[t])
        solved = stack.solve(system)
        K[t], inverse[t] = -solved[..., :m], solved[..., m:]
        P[t] = stack.value(t, P[t + 1], K[t])
    return K, phi, inverse


def _lost(
    P: np.ndarray, q: np.ndarray, phi: np.ndarray, condition: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which games have no answer, and their singular stages or −1."""
    # Infinities and NaN reach the first stage: 0·∞ is NaN.
    finite = np.isfinite(P[0]).all((-3, -2, -1)) & np.isfinite(q[0]).all(-1)
    singular_stage = _first_singular(phi, condition)
    return ~finite | (singular_stage >= 0), singular_stage


def reciprocal_condition(
    stacked: StackedGame | GeneralStack, phi: np.ndarray, inverse: np.ndarray
) -> np.ndarray:
    """1 over Skeel's condition number ‖ |Φ⁻¹| |Φ| ‖ in the norm max_k |z_k| √Φ_kk.

    It does not change with an agent's unit of control. R. D. Skeel, "Scaling for numerical
    stability in Gaussian elimination", J. ACM 26 (1979), 494–526.
    """
    unit = 1 / np.sqrt(np.einsum("...ii->...i", phi))[..., None]
    product = stacked.product
    reached = product(np.abs(inverse), product(np.abs(phi), unit))
    return np.min(unit / reached, axis=(-2, -1))


def row_scales(phi: np.ndarray) -> np.ndarray:
    """Powers of 2, (…, n, 1), by which Φ's rows become about equally large.

    Pivots are then sought among rows of one size, whatever unit of control an agent has.
    """
    largest = np.abs(phi).max(axis=-1, keepdims=True)
    _, exponents = np.frexp(largest / largest[..., :1, :])
    return np.ldexp(1.0, -exponents)


def best_covariance(
    stacked: StackedGame, W: np.ndarray, own: slice = EVERYONE
) -> tuple[np.ndarray, np.ndarray]:
    """Σ = (τ/2)W⁻¹ of some agents, and log|Σ| (−∞ where τ = 0), for their W (T, …, agents, p, p).

    log|Σ| = Σ_k log((τ/2)/w_k²) with w_k on the diagonal of W's Cholesky factor: log|W| alone has
    some hundred times the error where costs are of size 2⁹⁰⁰ or 2⁻⁹⁰⁰.
    """
    inverse, roots = inverse_and_roots(W)
    Sigma = stacked.entropy[..., None, None, None] * inverse
    ratios = np.sqrt(stacked.entropy)[..., None, None] / roots
    if len(set(stacked.sizes)) > 1:
        filled = stacked.filled[own].max(-1)
        Sigma *= 1 - filled[..., None]
        np.copyto(ratios, 1, where=filled > 0)
    return Sigma, 2 * np.log(ratios, out=ratios).sum(-1)


def diagonal_blocks(phi: np.ndarray, p: int) -> np.ndarray:
    """A view (…, N, p, p) of the agents' own blocks of (…, n, n)."""
    agents = phi.shape[-2] // p
    return np.einsum("...iaib->...iab", phi.reshape(*phi.shape[:-2], agents, p, agents, p))


def _recursion(stacked: StackedGame, P: np.ndarray) -> tuple[np.ndarray, ...]:
    """K, Sigma, q, Φ (T, …, n, n) and `condition` (T, …); P, which holds Q, is overwritten."""
    q = stacked.zeros(stacked.horizon + 1, stacked.agents)
    K, Sigma, phi, condition = in_slabs(_solve, stacked, P, q)
    return K, Sigma, q, phi, condition


def _solve(stacked: StackedGame, P: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, ...]:
    K, phi, inverse = _backward(stacked, P)
    condition = reciprocal_condition(stacked, phi, inverse)
    Sigma, log_det = best_covariance(stacked, diagonal_blocks(phi, stacked.p))
    symmetrise(P)
    add_constants(stacked, q, P, stacked.joint_noise(Sigma), Sigma, log_det)
    return K, Sigma, phi, condition


def _by_numba() -> Any:
    try:
        from ergs_verify.engine import compiled
    except ImportError as error:
        raise InputError(
            "compiled=True needs numba: pip install 'ergs-verify[compiled]'", "compiled"
        ) from error
    return compiled


def _backward(stacked: StackedGame, P: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """K (T, …, N, p, m), Φ and Φ⁻¹ (T, …, n, n); P, which holds Q, is overwritten."""
    n, m, p, T = stacked.n, stacked.m, stacked.p, stacked.horizon
    A, B, BA, R = stacked.A, stacked.B, stacked.BA, stacked.R
    product, solve, batch = stacked.product, stacked.solve, stacked.batch
    scales = _scales(stacked, P)
    by_agent = scales.reshape(T, *batch, stacked.agents, p, 1)
    scaled_B = stacked.B_transposed * by_agent
    # [Φ rhs I], scaled: one elimination gives the gains and, for the condition, the inverse.
    systems, solved = stacked.zeros(T, n, n + m + n), stacked.zeros(T, n, m + n)
    phi, left = systems[..., :n], systems[..., : n + m]
    np.multiply(R, by_agent, out=diagonal_blocks(phi, p))
    np.multiply(np.eye(n), scales, out=systems[..., n + m :])
    minus_gains = solved[..., :m]
    minus_K = minus_gains.reshape(T, *batch, stacked.agents, p, m)
    for t in reversed(range(T)):
        P_t, later, K_t = P[t], P[t + 1], minus_K[t]
        rows = product(scaled_B[t], later).reshape(*batch, n, m)
        left_t = left[t]
        left_t += product(rows, BA[t])
        solved[t] = solve(systems[t])
        F = A[t] - product(B[t], minus_gains[t])
        ahead = product(later.reshape(*batch, stacked.agents * m, m), F).reshape(P_t.shape)
        P_t += product(F[..., None, :, :].swapaxes(-1, -2), ahead)
        P_t += product(K_t.swapaxes(-1, -2), product(R[t], K_t))
    return np.negative(minus_K), phi / scales, solved[..., m:]


def _scales(stacked: StackedGame, P: np.ndarray) -> np.ndarray:
    """`row_scales` of all stages, (T, …, n, 1), with Q for P so that they are found at once."""
    rows = stacked.product(stacked.B_transposed, P[1:])
    phi = stacked.product(rows.reshape(*rows.shape[:-3], stacked.n, stacked.m), stacked.B)
    own = diagonal_blocks(phi, stacked.p)
    own += stacked.R
    return row_scales(phi)


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


def _why_lost(stacked: StackedGame, phi: np.ndarray, singular_stage: int) -> ErgsError:
    """What is wrong with a single game at the first bad stage, going backwards."""
    for t in reversed(range(stacked.horizon)):
        if not np.isfinite(phi[t]).all():
            break
        eigenvalues = np.linalg.eigvalsh(diagonal_blocks(phi[t], stacked.p))
        rounding = 8 * stacked.n * EPS * np.abs(eigenvalues).max(-1)
        unbounded = np.flatnonzero(eigenvalues.min(-1) < -rounding)
        if unbounded.size:
            return ErgsError(
                f"W_t = (τ/2)I + R_t + B_t'P_(t+1)B_t of agent {unbounded[0] + 1} is not positive "
                f"definite at stage t = {t}: the agent has no best response, and there is no Nash "
                "equilibrium"
            )
        if t == singular_stage:
            return SingularStageError(t)
    return _out_of_range()


def _why_general_lost(stack: GeneralStack, phi: np.ndarray, singular_stage: int) -> ErgsError:
    """The same of a general game: an unbounded cost is an answer."""
    for t in reversed(range(stack.horizon)):
        if not np.isfinite(phi[t]).all():
            break
        for i, own in enumerate(stack.own):
            eigenvalues, vectors = np.linalg.eigh(symmetric(phi[t, own, own]))
            rounding = 8 * stack.n * EPS * np.abs(eigenvalues).max()
            if eigenvalues[0] < -rounding:
                return UnboundedCostError(i + 1, t, list(map(Fraction, vectors[:, 0].tolist())))
            if eigenvalues[0] <= rounding:
                return ErgsError(
                    f"W of agent {i + 1} is singular to float64 at stage t = {t}, so whether the "
                    "agent's cost has a lower bound has to be decided with more digits"
                )
        if t == singular_stage:
            return SingularStageError(t)
    return _out_of_range()


def _out_of_range() -> ErgsError:
    return ErgsError(
        "the backward recursion is not finite, or leaves the range of float64: check that all "
        "entries of the game are finite, shorten the horizon, scale the game, or solve it with "
        "more digits"
    )
