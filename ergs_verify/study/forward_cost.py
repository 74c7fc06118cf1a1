"""The cost (2) of a joint policy by moments forward in time, and its derivative: no Riccati here.

With X_t = E[x_t x_t'] and V_t^i = E[u_t^i u_t^i'] = K X_t K' + Σ, agent i's cost is the sum of
Tr(QX) + Tr(RV) + τ KL, where KL = (Tr V − p − log|Σ|)/2 is the expected divergence from N(0, I).
X goes forward by the dynamics (1) alone. Nothing is derived, so nothing here can share a mistake
with the derivations.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from attrs import frozen

from ergs_verify.arithmetic.base import Arithmetic, Matrix, Scalar
from ergs_verify.exact import fractions
from ergs_verify.game import Game

__all__ = ["Forward", "JointPolicy", "Moments"]

OverTime = Sequence[Matrix]


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
        game.expect_papers_class("the cost of a policy by its moments")
        self.game = game
        self.arithmetic = arithmetic
        self._entered: dict[int, Matrix] = {}
        enter = self._enter
        self._A = [enter(X) for X in game.A]
        self._B, self._Q, self._R = (
            [[enter(X) for X in over_time] for over_time in agents]
            for agents in (game.B, game.Q, game.R)
        )
        self._half_tau = arithmetic.scalar(game.tau / 2)
        mean = enter(game.x0_mean.reshape(-1, 1))
        spread = arithmetic.multiply(mean, arithmetic.transpose(mean))
        self._X_0 = arithmetic.add(enter(game.x0_cov), spread)
        self._noise = enter(game.noise_cov)
        if excited:
            one = arithmetic.identity(game.state_size)
            self._X_0 = arithmetic.add(self._X_0, one)
            self._noise = arithmetic.add(self._noise, one)

    def moments(self, policy: JointPolicy) -> Moments:
        arithmetic = self.arithmetic
        loops, seconds = [], [self._X_0]
        for t in range(self.game.horizon):
            F, noise = self._A[t], self._noise
            for B, K, Sigma in zip(self._B, policy.K, policy.Sigma, strict=True):
                F = arithmetic.add(F, arithmetic.multiply(B[t], K[t]))
                noise = arithmetic.add(noise, self._around(B[t], Sigma[t]))
            loops.append(F)
            seconds.append(arithmetic.add(self._around(F, seconds[-1]), noise))
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

        def twice(X: Matrix) -> Matrix:
            return add(X, transpose(X))

        m, p = game.state_size, game.control_sizes[i]
        dX = arithmetic.zeros(m, m)
        total = arithmetic.scalar(Fraction(0))
        for t in range(game.horizon):
            K, X, F, B = policy.K[i][t], moments.X[t], moments.F[t], self._B[i][t]
            dK_t = arithmetic.zeros(p, m) if dK is None else dK[t]
            dS_t = arithmetic.zeros(p, p) if dSigma is None else dSigma[t]
            dV = add(twice(multiply(multiply(dK_t, X), transpose(K))), self._around(K, dX))
            dV = add(dV, dS_t)
            total += self._inner(self._Q[i][t], dX) + self._inner(self._R[i][t], dV)
            if game.tau:
                entropy = arithmetic.trace(dV)
                if dSigma is not None:
                    entropy -= arithmetic.trace(arithmetic.solve(policy.Sigma[i][t], dS_t))
                total += self._half_tau * entropy
            dF = multiply(B, dK_t)
            dX = add(twice(multiply(multiply(dF, X), transpose(F))), self._around(F, dX))
            dX = add(dX, self._around(B, dS_t))
        return total + self._inner(self._Q[i][game.horizon], dX)

    def _cost(self, policy: JointPolicy, X: OverTime, i: int) -> Scalar:
        arithmetic, game = self.arithmetic, self.game
        p = arithmetic.scalar(Fraction(game.control_sizes[i]))
        total = self._inner(self._Q[i][game.horizon], X[game.horizon])
        for t in range(game.horizon):
            Sigma = policy.Sigma[i][t]
            V = arithmetic.add(self._around(policy.K[i][t], X[t]), Sigma)
            total += self._inner(self._Q[i][t], X[t]) + self._inner(self._R[i][t], V)
            if game.tau:
                divergence = arithmetic.trace(V) - p - arithmetic.log_determinant(Sigma)
                total += self._half_tau * divergence
        return total

    def _inner(self, X: Matrix, Y: Matrix) -> Scalar:
        """Tr(XY)."""
        return self.arithmetic.trace(self.arithmetic.multiply(X, Y))

    def _around(self, X: Matrix, Y: Matrix) -> Matrix:
        """XYX'."""
        multiply = self.arithmetic.multiply
        return multiply(multiply(X, Y), self.arithmetic.transpose(X))

    def _enter(self, array: np.ndarray) -> Matrix:
        if id(array) not in self._entered:
            self._entered[id(array)] = self.arithmetic.matrix(
                fractions(array), (array.shape[0], array.shape[1])
            )
        return self._entered[id(array)]
