"""The general game as stacked arrays, and its stages: time first, then the batch, then the agents.

Agent i's stage cost is [x;u]'Hⁱ[x;u] with Hⁱ = [[Qⁱ, Sⁱ'], [Sⁱ, Rⁱ]], u the controls of all
agents, and τ_i KL(π‖μ) with the prior μ = N(Mⁱx, Λⁱ); the next stage weighs γ_i. The state is
(1, x), in which affine terms are entries of the matrices: a gain is [k K], a value [[c, s'],
[s, P]].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from attrs import frozen

from ergs_verify.engine.linear_algebra import (
    inverse_and_roots,
    log_det_covariance,
    symmetric,
)
from ergs_verify.engine.stacking import (
    EVERYONE,
    GameArrays,
    Stack,
    batch_first,
    batch_of,
    blank,
    fitting,
    many_and_small,
    time_first,
)
from ergs_verify.errors import InputError


@frozen(kw_only=True, eq=False)
class GeneralStack(Stack):
    """A general game's data, N agents of n controls in all; m counts the 1 of the state (1, x).

    Attributes
    ----------
    H : (T, …, N, m+n, m+n)
        Costs of (x, u), without the prior.
    Q_end : (…, N, m, m)
    prior : (T, …, N, n, n)
        (τ_i/2)(Λⁱ)⁻¹ at the agent's own controls.
    prior_gain : (T, …, n, m)
        Mⁱ of all agents, stacked.
    half_tau, log_det_precision : (T, …, N)
        τ_i/2, and log|(Λⁱ)⁻¹|.
    rate : (…, N)
        γ_i.
    noise : (T, …, m, m)
    X_0 : (…, m, m)
        E[x_0x_0'].
    """

    H: np.ndarray
    Q_end: np.ndarray
    prior: np.ndarray
    prior_gain: np.ndarray
    half_tau: np.ndarray
    log_det_precision: np.ndarray
    rate: np.ndarray
    noise: np.ndarray
    X_0: np.ndarray

    @cached_property
    def own(self) -> list[slice]:
        """Where the agents' controls lie among all."""
        return [slice(*ends) for ends in pairwise(accumulate(self.sizes, initial=0))]

    @property
    def R(self) -> np.ndarray:
        """(T, …, N, n, n)."""
        return self.H[..., self.m :, self.m :]

    @cached_property
    def own_rows(self) -> np.ndarray:
        """What Φ and its right side have beside B'V[B A]: (T, …, n, n+m), row block i of agent i.

        [Rⁱ + (τ_i/2)(Λⁱ)⁻¹  Sⁱ − (τ_i/2)(Λⁱ)⁻¹Mⁱ].
        """
        rows = self.zeros(self.horizon, self.n, self.n + self.m)
        R, S = self.R, self.H[..., self.m :, : self.m]
        for i, own in enumerate(self.own):
            prior = self.prior[..., i, own, :]
            rows[..., own, : self.n] = R[..., i, own, :] + prior
            rows[..., own, self.n :] = S[..., i, own, :] - self.product(prior, self.prior_gain)
        return rows

    def first_order(self, t: int, later: np.ndarray) -> np.ndarray:
        """[Φ_t rhs_t], (…, n, n+m), from P_{t+1} (…, N, m, m).

        Row block i of Φ is Rⁱ's own rows + Bⁱ'VB, with (τ_i/2)(Λⁱ)⁻¹ added to its own block; of
        the right side Sⁱ's own rows + Bⁱ'VA − (τ_i/2)(Λⁱ)⁻¹Mⁱ; V = γ_i Pⁱ_{t+1}.
        """
        rows, V = self.own_rows[t].copy("K"), self.discounted(later)
        for i, own in enumerate(self.own):
            turned = self.B[t][..., own].swapaxes(-1, -2)
            ahead = self.product(turned, V[..., i, :, :])
            rows[..., own, :] += self.product(ahead, self.BA[t])
        return rows

    def discounted(self, P: np.ndarray, agents: slice = EVERYONE) -> np.ndarray:
        """γ_i Pⁱ of some agents, (…, agents, m, m)."""
        return self.rate[..., agents, None, None] * P

    def value(
        self, t: int, later: np.ndarray, K: np.ndarray, agents: slice = EVERYONE
    ) -> np.ndarray:
        """P_t of some agents, (…, agents, m, m), under the joint gains K (…, n, m).

        [I;K]'H[I;K] + (τ/2)(K−M)'Λ⁻¹(K−M) + F'VF with F = A + BK.
        """
        joint = self.zeros(1, 1, self.m + self.n, self.m)[0]
        joint[..., 0, : self.m, :], joint[..., 0, self.m :, :] = np.eye(self.m), K
        off = (K - self.prior_gain[t])[..., None, :, :]
        F = (self.A[t] + self.product(self.B[t], K))[..., None, :, :]
        P = self._form(self.H[t][..., agents, :, :], joint)
        P += self._form(self.prior[t][..., agents, :, :], off)
        P += self._form(self.discounted(later, agents), F)
        return symmetric(P)

    def _form(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        """Y'XY."""
        return self.product(Y.swapaxes(-1, -2), self.product(X, Y))

    def constants(
        self,
        P: np.ndarray,
        Sigma: np.ndarray | None,
        log_det: np.ndarray | None,
        agents: slice = EVERYONE,
    ) -> np.ndarray:
        """q (T+1, …, agents) for P (T+1, …, agents, m, m), Σ (T, …, n, n) and log|Σⁱ|.

        q_t = γq_{t+1} + Tr(VΣ_ω) + Σ_j Tr((Rⁱʲʲ + Bʲ'VBʲ)Σʲ)
        + (τ_i/2)(Tr((Λⁱ)⁻¹Σⁱ) − p_i − log|(Λⁱ)⁻¹Σⁱ|).
        """
        noise = self.joint_noise(Sigma)[..., None, :, :]
        steps = (self.discounted(P[1:], agents) * noise).sum((-2, -1))
        if Sigma is not None and log_det is not None:
            weights = (self.R + self.prior)[..., agents, :, :]
            steps += (weights * Sigma[..., None, :, :]).sum((-2, -1))
            half_tau = self.half_tau[..., agents]
            logs = log_det + self.log_det_precision[..., agents]
            entropy = half_tau * (np.array(self.sizes[agents]) + logs)
            steps -= np.where(half_tau > 0, entropy, 0)
        q = self.zeros(self.horizon + 1, steps.shape[-1])
        for t in reversed(range(self.horizon)):
            q[t] = self.rate[..., agents] * q[t + 1] + steps[t]
        return q

    def joint_noise(self, Sigma: np.ndarray | None) -> np.ndarray:
        """Σ_ω + Σ_j BʲΣʲBʲ', (T, …, m, m)."""
        if Sigma is None:
            return self.noise
        return self.noise + self._form(Sigma, self.B.swapaxes(-1, -2))

    def best_covariance(self, W: np.ndarray, agent: int) -> tuple[np.ndarray, np.ndarray]:
        """Σ = (τ_i/2)W⁻¹ of an agent and log|Σ|, for W (T, …, p_i, p_i)."""
        inverse, roots = inverse_and_roots(W)
        half_tau = self.half_tau[..., agent]
        Sigma = half_tau[..., None, None] * inverse
        return Sigma, 2 * np.log(np.sqrt(half_tau)[..., None] / roots).sum(-1)

    def best_covariances(self, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All agents' Σ as one block diagonal matrix, (T, …, n, n), and log|Σⁱ|, (T, …, N)."""
        Sigma, log_dets = np.zeros_like(phi), []
        for i, own in enumerate(self.own):
            Sigma[..., own, own], log_det = self.best_covariance(phi[..., own, own], i)
            log_dets.append(log_det)
        return Sigma, np.stack(log_dets, axis=-1)

    def costs_to_come(self) -> np.ndarray:
        """P (T+1, …, N, m, m), of which the last is there."""
        P = self.zeros(self.horizon + 1, self.agents, self.m, self.m)
        P[-1] = self.Q_end
        return P


def is_general(game: GameArrays) -> bool:
    return bool(getattr(game, "general", False))


def stack_general(game: Any) -> GeneralStack:
    """A general game's data, stacked, in the state (1, x).

    Raises
    ------
    InputError
        Where batch axes do not broadcast against each other, or `tau`, `noise_cov` or `R` say
        something else than `tau_of`, `noise` or `joint_R`, of which the game is made.
    """
    batch = batch_of(game)
    _expect_one_meaning(game)
    T, states = game.horizon, game.A.shape[-1]
    sizes = tuple(B_i.shape[-1] for B_i in game.B)
    N, n, m = len(sizes), sum(sizes), states + 1
    innermost = many_and_small(math.prod(batch), n, m)

    def zeros(length: int, *shape: int) -> np.ndarray:
        return blank(length, batch, shape, innermost)

    def each(given: Sequence[np.ndarray], axes: int) -> list[np.ndarray]:
        return [time_first(np.asarray(X, float), batch, axes) for X in given]

    BA, noise = zeros(T, m, n + m), zeros(T, m, m)
    BA[..., 0, n] = 1
    BA[..., 1:, n], BA[..., 1:, n + 1 :] = each([game.drift], 2)[0], each([game.A], 3)[0]
    BA[..., 1:, :n] = np.concatenate(each(game.B, 3), axis=-1)
    noise[..., 1:, 1:] = each([game.noise], 3)[0]

    H, Q = zeros(T, N, m + n, m + n), zeros(T + 1, N, m, m)
    prior, gain, log_det = zeros(T, N, n, n), zeros(T, n, m), zeros(T, N)
    x_linear, u_linear = each(game.x_linear, 2), each(game.u_linear, 2)
    own_Q, S, R = each(game.Q, 3), each(game.joint_S, 3), each(game.joint_R, 3)
    M, mean, cov = each(game.prior_gain, 3), each(game.prior_mean, 2), each(game.prior_cov, 3)
    half_tau = zeros(T, N)
    half_tau[...] = 0.5 * np.stack(each(game.tau_of, 1), axis=-1)
    ends = pairwise(accumulate(sizes, initial=0))
    with np.errstate(all="ignore"):
        for i, (start, stop) in enumerate(ends):
            Q[..., i, 1:, 1:] = own_Q[i]
            Q[..., i, 0, 1:] = Q[..., i, 1:, 0] = x_linear[i]
            H[..., i, m:, 0], H[..., i, m:, 1:m], H[..., i, m:, m:] = u_linear[i], S[i], R[i]
            gain[..., start:stop, 0], gain[..., start:stop, 1:] = mean[i], M[i]
            precision, roots = inverse_and_roots(cov[i])
            prior[..., i, start:stop, start:stop] = half_tau[..., i, None, None] * precision
            log_det[..., i] = -2 * np.log(roots).sum(-1)
    H[..., :m, :m] = Q[:-1]
    H[..., :m, m:] = H[..., m:, :m].swapaxes(-1, -2)
    rate = zeros(1, N)[0]
    rate[...] = np.stack([np.broadcast_to(X, batch) for X in game.discount], axis=-1)
    first, X_0 = zeros(1, m)[0], zeros(1, m, m)[0]
    first[..., 0], first[..., 1:] = 1, game.x0_mean
    X_0[...] = first[..., None] * first[..., None, :]
    X_0[..., 1:, 1:] += game.x0_cov
    return GeneralStack(
        BA=BA,
        H=H,
        Q_end=Q[-1],
        prior=prior,
        prior_gain=gain,
        half_tau=half_tau,
        log_det_precision=log_det,
        rate=rate,
        noise=noise,
        X_0=X_0,
        sizes=sizes,
        batch=batch,
        horizon=T,
        m=m,
        games_innermost=innermost,
    )


def stack_general_policy(
    stack: GeneralStack,
    K: Sequence[np.ndarray],
    Sigma: Sequence[np.ndarray] | None,
    k: Sequence[np.ndarray] | None,
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Gains [k K] (T, …, n, m), block diagonal Σ (T, …, n, n) and log|Σⁱ| (T, …, N).

    Raises
    ------
    InputError
        Where an agent or a shape does not fit the game.
    """
    T, states = stack.horizon, stack.m - 1
    gains = stack.zeros(T, stack.n, stack.m)
    parts = fitting(K, "K", [(T, p, states) for p in stack.sizes], stack.batch)
    for own, X in zip(stack.own, parts, strict=True):
        gains[..., own, 1:] = X
    if k is not None:
        parts = fitting(k, "k", [(T, p) for p in stack.sizes], stack.batch)
        for own, X in zip(stack.own, parts, strict=True):
            gains[..., own, 0] = X
    if Sigma is None:
        return gains, None, None
    joint = stack.zeros(T, stack.n, stack.n)
    parts = fitting(Sigma, "Sigma", [(T, p, p) for p in stack.sizes], stack.batch)
    for own, X in zip(stack.own, parts, strict=True):
        joint[..., own, own] = X
    with np.errstate(all="ignore"):
        log_dets = [log_det_covariance(joint[..., own, own]) for own in stack.own]
    return gains, joint, np.stack(log_dets, axis=-1)


def split_policy(
    stack: GeneralStack, K: np.ndarray, Sigma: np.ndarray
) -> dict[str, tuple[np.ndarray, ...]]:
    """K, k and Sigma per agent, batch first."""
    return {
        "K": tuple(batch_first(K[..., own, 1:], 2) for own in stack.own),
        "k": tuple(batch_first(K[..., own, 0], 1) for own in stack.own),
        "Sigma": tuple(batch_first(Sigma[..., own, own], 2) for own in stack.own),
    }


def split_costs(P: np.ndarray, q: np.ndarray) -> dict[str, tuple[np.ndarray, ...]]:
    """P, s and q per agent, batch first, of values in the state (1, x)."""
    values = np.moveaxis(P, -3, 0)
    return {
        "P": tuple(batch_first(X[..., 1:, 1:], 2) for X in values),
        "s": tuple(batch_first(X[..., 1:, 0], 1) for X in values),
        "q": tuple(
            batch_first(X[..., 0, 0] + q_i, 0)
            for X, q_i in zip(values, np.moveaxis(q, -1, 0), strict=True)
        ),
    }


def refuse_constants(k: Sequence[np.ndarray] | None) -> None:
    """No constants k in the paper's class.

    Raises
    ------
    InputError
        Where one is not 0.
    """
    if k is not None and any(np.any(own) for own in k):
        raise InputError(
            "k is not 0, but policies of a game without affine terms have no such constants", "k"
        )


def _expect_one_meaning(game: Any) -> None:
    """What a general game tells twice has to be the same both times."""
    told: list[tuple[str, str, Any, Any]] = []
    if game.tau is not None:
        tau = np.asarray(game.tau)[..., None]
        told += [("tau", f"tau_of[{i}]", tau, own) for i, own in enumerate(game.tau_of)]
    if game.noise_cov is not None:
        told.append(("noise_cov", "noise", game.noise_cov[..., None, :, :], game.noise))
    ends = pairwise(accumulate((R_i.shape[-1] for R_i in game.R), initial=0))
    for i, (R_i, joint, (start, stop)) in enumerate(zip(game.R, game.joint_R, ends, strict=True)):
        told.append((f"R[{i}]", f"joint_R[{i}]", R_i, joint[..., start:stop, start:stop]))
    for name, counts, value, other in told:
        if not np.array_equal(*np.broadcast_arrays(value, other), equal_nan=True):
            raise InputError(
                f"{name} differs from {counts}, from which a general game is built; change "
                f"{counts} too",
                name,
            )
