"""The cost (2) of a joint policy by moments forward in time, and its derivative: no Riccati here.

With X_t = E[x_t x_t'] and V_t^i = E[u_t^i u_t^i'] = K X_t K' + Σ, agent i's cost is the sum of
Tr(QX) + Tr(RV) + τ KL, where KL = (Tr V − p − log|Σ|)/2 is the expected divergence from N(0, I).
X goes forward by the dynamics (1) alone. In a general game all second moments of (x, u) have
costs, and the divergence is that from N(Mx, Λ). Nothing is derived, so nothing here can share a
mistake with the derivations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np
from attrs import frozen

from ergs_verify.arithmetic.base import Arithmetic, Matrix, Scalar
from ergs_verify.exact import fractions
from ergs_verify.game import Game

OverTime = Sequence[Matrix]
Enter = Callable[[np.ndarray], Matrix]


@frozen(kw_only=True)
class JointPolicy:
    """K and Sigma, ``[i][t]``, in the arithmetic's matrices."""

    K: Sequence[OverTime]
    Sigma: Sequence[OverTime]


@frozen(kw_only=True)
class Moments:
    """The closed loops F_t, t = 0…T−1, and X_t = E[x_t x_t'], t = 0…T."""

    F: OverTime
    X: OverTime


class Forward:
    """A game played forward in an arithmetic.

    Parameters
    ----------
    game : Game
        With affine terms it is played in the state (1, x), and its policies have gains [k K].
    arithmetic : Arithmetic
        One with logarithms, unless τ = 0.
    excited : bool
        Add the identity to the covariances of x_0 and of the noise: another game with the same
        K and Σ at equilibrium, in which every entry of every K_t matters.

    Examples
    --------
    >>> from ergs_verify.arithmetic import Rationals
    >>> from ergs_verify.game import Game
    >>> from ergs_verify.study.forward_cost import Forward, JointPolicy
    >>> game = Game.from_arrays(A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=0,
    ...     noise_cov=[[3]], horizon=1)
    >>> exact = Rationals()
    >>> K, Sigma = exact.matrix([[Fraction(-1, 2)]], (1, 1)), exact.zeros(1, 1)
    >>> play = Forward(game, exact)
    >>> play.costs(JointPolicy(K=[[K]], Sigma=[[Sigma]]))  # 1 + 1/4 + (1/4 + 3)
    [9/2]
    """

    def __init__(self, game: Game, arithmetic: Arithmetic, *, excited: bool = False):
        game = game.homogeneous
        self.game = game
        self.arithmetic = arithmetic
        self._entered: dict[int, tuple[np.ndarray, Matrix]] = {}
        enter = self._enter
        self._A = [enter(X) for X in game.A]
        self._B = [[enter(X) for X in over_time] for over_time in game.B]
        self._Q_end = [enter(over_time[-1]) for over_time in game.Q]
        self._stages = (_General if game.general else _Papers)(game, arithmetic, enter)
        mean = enter(game.x0_mean.reshape(-1, 1))
        spread = arithmetic.multiply(mean, arithmetic.transpose(mean))
        self._X_0 = arithmetic.add(enter(game.x0_cov), spread)
        self._noise = [enter(X) for X in game.noise]
        if excited:
            one = arithmetic.identity(game.state_size)
            self._X_0 = arithmetic.add(self._X_0, one)
            self._noise = [arithmetic.add(X, one) for X in self._noise]

    def moments(self, policy: JointPolicy) -> Moments:
        arithmetic = self.arithmetic
        loops, seconds = [], [self._X_0]
        for t in range(self.game.horizon):
            F, noise = self._A[t], self._noise[t]
            for B, K, Sigma in zip(self._B, policy.K, policy.Sigma, strict=True):
                F = arithmetic.add(F, arithmetic.multiply(B[t], K[t]))
                noise = arithmetic.add(noise, _around(arithmetic, B[t], Sigma[t]))
            loops.append(F)
            seconds.append(arithmetic.add(_around(arithmetic, F, seconds[-1]), noise))
        return Moments(F=loops, X=seconds)

    def costs(self, policy: JointPolicy) -> list[Scalar]:
        """J^i of every agent, from the game's x_0."""
        X = self.moments(policy).X
        return [self._cost(policy, X, i) for i in range(self.game.agents)]

    def slope(
        self,
        policy: JointPolicy,
        moments: Moments,
        i: int,
        *,
        dK: OverTime | None = None,
        dSigma: OverTime | None = None,
    ) -> Scalar:
        """The derivative of J^i, i from 0, along a change of agent i's own K_t and Σ_t.

        The rules of sums and products, applied stage by stage to `moments` and `costs`.
        """
        arithmetic, game = self.arithmetic, self.game
        add, multiply, transpose = arithmetic.add, arithmetic.multiply, arithmetic.transpose
        m, p = game.state_size, game.control_sizes[i]
        dX = arithmetic.zeros(m, m)
        total = arithmetic.scalar(Fraction(0))
        for t in range(game.horizon):
            X, F, B = moments.X[t], moments.F[t], self._B[i][t]
            dK_t = arithmetic.zeros(p, m) if dK is None else dK[t]
            dS_t = None if dSigma is None else dSigma[t]
            change = self._stages.change(policy, i, t, X, dX, dK_t, dS_t)
            total += change * arithmetic.scalar(game.discount[i] ** t)
            dF = multiply(B, dK_t)
            dX = add(
                _twice(arithmetic, multiply(multiply(dF, X), transpose(F))),
                _around(arithmetic, F, dX),
            )
            if dS_t is not None:
                dX = add(dX, _around(arithmetic, B, dS_t))
        end = arithmetic.scalar(game.discount[i] ** game.horizon)
        return total + end * _inner(arithmetic, self._Q_end[i], dX)

    def _cost(self, policy: JointPolicy, X: OverTime, i: int) -> Scalar:
        arithmetic, game = self.arithmetic, self.game
        end = arithmetic.scalar(game.discount[i] ** game.horizon)
        total = end * _inner(arithmetic, self._Q_end[i], X[game.horizon])
        for t in range(game.horizon):
            spent = self._stages.spent(policy, i, t, X[t])
            total += spent * arithmetic.scalar(game.discount[i] ** t)
        return total

    def _enter(self, array: np.ndarray) -> Matrix:
        if id(array) not in self._entered:
            # The array is kept too, so that its id stays its own.
            self._entered[id(array)] = (
                array,
                self.arithmetic.matrix(fractions(array), (array.shape[0], array.shape[1])),
            )
        return self._entered[id(array)][1]


class _Papers:
    """Stage costs of the paper's class: Tr(QX) + Tr(RV) + τ KL with V = KXK' + Σ."""

    def __init__(self, game: Game, arithmetic: Arithmetic, enter: Enter):
        self._arithmetic, self._sizes = arithmetic, game.control_sizes
        self._Q, self._R = (
            [[enter(X) for X in over_time] for over_time in agents] for agents in (game.Q, game.R)
        )
        self._half_tau = arithmetic.scalar(game.tau / 2) if game.tau else None

    def spent(self, policy: JointPolicy, i: int, t: int, X: Matrix) -> Scalar:
        """Agent i's cost at t, for X = E[xx']."""
        arithmetic, Sigma = self._arithmetic, policy.Sigma[i][t]
        V = arithmetic.add(_around(arithmetic, policy.K[i][t], X), Sigma)
        total = _inner(arithmetic, self._Q[i][t], X) + _inner(arithmetic, self._R[i][t], V)
        if self._half_tau is not None:
            p = arithmetic.scalar(Fraction(self._sizes[i]))
            divergence = arithmetic.trace(V) - p - arithmetic.log_determinant(Sigma)
            total += self._half_tau * divergence
        return total

    def change(
        self,
        policy: JointPolicy,
        i: int,
        t: int,
        X: Matrix,
        dX: Matrix,
        dK: Matrix,
        dSigma: Matrix | None,
    ) -> Scalar:
        """The derivative of `spent` along changes of X and of agent i's own K and Σ."""
        arithmetic, K = self._arithmetic, policy.K[i][t]
        cross = arithmetic.multiply(arithmetic.multiply(dK, X), arithmetic.transpose(K))
        dV = arithmetic.add(_twice(arithmetic, cross), _around(arithmetic, K, dX))
        if dSigma is not None:
            dV = arithmetic.add(dV, dSigma)
        total = _inner(arithmetic, self._Q[i][t], dX) + _inner(arithmetic, self._R[i][t], dV)
        if self._half_tau is not None:
            entropy = arithmetic.trace(dV)
            if dSigma is not None:
                entropy -= arithmetic.trace(arithmetic.solve(policy.Sigma[i][t], dSigma))
            total += self._half_tau * entropy
        return total


class _General:
    """Stage costs of the general class: Tr(HZ) + τ_i KL, with Z the second moments of (x, u).

    H has the quadratic form (τ_i/2)(u − Mx)'Λ⁻¹(u − Mx) of the divergence in it, so that of KL
    only −(p + log|Λ⁻¹Σ|)/2 is left.
    """

    def __init__(self, game: Game, arithmetic: Arithmetic, enter: Enter):
        self._game, self._arithmetic = game, arithmetic
        m, n = game.state_size, sum(game.control_sizes)
        ends = list(pairwise(accumulate(game.control_sizes, initial=0)))
        eye = np.eye(n, dtype=int).astype(object)
        #: uⁱ among (x, u): (m+n)×p_i.
        self._places = [
            arithmetic.blocks([[arithmetic.zeros(m, stop - start)], [enter(eye[:, start:stop])]])
            for start, stop in ends
        ]
        self._known: dict[tuple, tuple] = {}
        self._enter = enter
        stages = range(game.horizon)
        self._costs = [[self._cost(i, t) for t in stages] for i in range(game.agents)]

    def _cost(self, i: int, t: int) -> tuple[Matrix, Scalar | None, Scalar | None]:
        """H, τ_i/2 and log|Λ|, the latter two None where τ_i = 0."""
        game = self._game
        arrays = (game.Q[i][t], game.joint_S[i][t], game.joint_R[i][t])
        arrays += (game.prior_gain[i][t], game.prior_cov[i][t])
        key = (i, game.tau_of[i][t], *map(id, arrays))
        if key not in self._known:
            self._known[key] = arrays, self._made(i, game.tau_of[i][t] / 2, *arrays)
        return self._known[key][1]

    def _made(self, i: int, half: Fraction, *arrays: np.ndarray):
        arithmetic = self._arithmetic
        Q, S, R, M, Lambda = map(self._enter, arrays)
        H = arithmetic.blocks([[Q, arithmetic.transpose(S)], [S, R]])
        if not half:
            return H, None, None
        half_tau, p = arithmetic.scalar(half), self._game.control_sizes[i]
        # u − Mx as a map of (x, u).
        own = arithmetic.transpose(self._places[i])
        minus_M = arithmetic.scale(arithmetic.scalar(Fraction(-1)), M)
        zeros = arithmetic.zeros(p, arithmetic.shape(H)[0] - arithmetic.shape(M)[1])
        off = arithmetic.add(own, arithmetic.blocks([[minus_M, zeros]]))
        weight = arithmetic.multiply(arithmetic.transpose(off), arithmetic.solve(Lambda, off))
        H = arithmetic.add(H, arithmetic.scale(half_tau, weight))
        return H, half_tau, arithmetic.log_determinant(Lambda)

    def _played(self, policy: JointPolicy, t: int) -> Matrix:
        """[I; 𝓚], the map from x to the mean of (x, u)."""
        eye = self._arithmetic.identity(self._game.state_size)
        return self._arithmetic.blocks([[eye], *([K[t]] for K in policy.K)])

    def spent(self, policy: JointPolicy, i: int, t: int, X: Matrix) -> Scalar:
        arithmetic, Sigma = self._arithmetic, policy.Sigma[i][t]
        H, half_tau, log_det_prior = self._costs[i][t]
        Z = _around(arithmetic, self._played(policy, t), X)
        for place, own in zip(self._places, policy.Sigma, strict=True):
            Z = arithmetic.add(Z, _around(arithmetic, place, own[t]))
        total = _inner(arithmetic, H, Z)
        if half_tau is not None:
            p = arithmetic.scalar(Fraction(self._game.control_sizes[i]))
            total -= half_tau * (p + arithmetic.log_determinant(Sigma) - log_det_prior)
        return total

    def change(
        self,
        policy: JointPolicy,
        i: int,
        t: int,
        X: Matrix,
        dX: Matrix,
        dK: Matrix,
        dSigma: Matrix | None,
    ) -> Scalar:
        arithmetic, played = self._arithmetic, self._played(policy, t)
        H, half_tau, _ = self._costs[i][t]
        moved = arithmetic.multiply(self._places[i], dK)
        cross = arithmetic.multiply(arithmetic.multiply(moved, X), arithmetic.transpose(played))
        dZ = arithmetic.add(_twice(arithmetic, cross), _around(arithmetic, played, dX))
        if dSigma is not None:
            dZ = arithmetic.add(dZ, _around(arithmetic, self._places[i], dSigma))
        total = _inner(arithmetic, H, dZ)
        if dSigma is not None and half_tau is not None:
            solved = arithmetic.solve(policy.Sigma[i][t], dSigma)
            total -= half_tau * arithmetic.trace(solved)
        return total


def _inner(arithmetic: Arithmetic, X: Matrix, Y: Matrix) -> Scalar:
    """Tr(XY)."""
    return arithmetic.trace(arithmetic.multiply(X, Y))


def _around(arithmetic: Arithmetic, X: Matrix, Y: Matrix) -> Matrix:
    """XYX'."""
    return arithmetic.multiply(arithmetic.multiply(X, Y), arithmetic.transpose(X))


def _twice(arithmetic: Arithmetic, X: Matrix) -> Matrix:
    """X + X'."""
    return arithmetic.add(X, arithmetic.transpose(X))
