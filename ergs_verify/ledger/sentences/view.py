"""One stage of a case in exact rationals, under the joint policy or under the feedback NE."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any

from flint import arb, fmpq, fmpq_mat

from ergs_verify.arithmetic import Rationals
from ergs_verify.exact import fractions, read_matrix
from ergs_verify.exact.definite import is_positive
from ergs_verify.ledger import loops
from ergs_verify.ledger.exhibits import Case
from ergs_verify.recursion import block_system
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages

_numbers = Rationals()


class View:
    """A stage's letters as rational matrices; agents count from 0.

    `Phi`, `r` and `answers` come from the derived formulas, all else from the game and the policy.
    """

    def __init__(
        self, case: Case, t: int, K: Sequence, S: Sequence | None, P_t: Sequence, P: Sequence
    ):
        game = case.game
        self.case, self.t, self.N, self.m = case, t, game.agents, game.state_size
        self.agents = range(game.agents)
        self.tau = fmpq(*game.tau.as_integer_ratio())
        self.A = rational(game.A[t])
        self.B, self.Q, self.R = ([rational(X[t]) for X in own] for own in (game.B, game.Q, game.R))
        self.K, self.S, self.P_t, self.P = list(K), S and list(S), list(P_t), list(P)
        self.sizes = game.control_sizes

    def one(self, i: int) -> Any:
        return _numbers.identity(self.sizes[i])

    @cached_property
    def ahead(self) -> Stage:
        return Stage(K=(), Sigma=(), P=tuple(self.P), q=None)

    @cached_property
    def _system(self) -> tuple[Any, Any]:
        stages = Stages(self.case.game, _numbers)
        return block_system(stages, stages.at(self.t, self.ahead))

    @property
    def Phi(self) -> Any:
        return self._system[0]

    @property
    def r(self) -> Any:
        return self._system[1]

    def answers(self, K: Sequence) -> tuple[list, tuple]:
        """Ψ_t of these gains, with the covariances."""
        return loops.answers(self.case.game, self.t, K, self.ahead)

    def solved(self) -> list[Any]:
        """The gains that solve Φ𝓚 = −r, where Φ is regular."""
        found = self.Phi.solve(self.r) * -1
        return [self.block(found, i) for i in self.agents]

    def rows(self, i: int) -> slice:
        start = sum(self.sizes[:i])
        return slice(start, start + self.sizes[i])

    def block(self, X: Any, i: int, j: int | None = None) -> Any:
        """Block (i, j) of a matrix in blocks; block row i without j."""
        down = self.rows(i)
        along = self.rows(j) if j is not None else slice(0, X.ncols())
        return fmpq_mat(
            [
                [X[a, b] for b in range(along.start, along.stop)]
                for a in range(down.start, down.stop)
            ]
        )

    def W(self, i: int) -> Any:
        """The diagonal block of Φ."""
        return self.block(self.Phi, i, i)

    def curvature(self, i: int) -> Any:
        """R + B'PB."""
        return self.R[i] + self.B[i].transpose() * self.P[i] * self.B[i]

    def weighted(self, i: int) -> Any:
        """R̃ = (τ/2)I + R."""
        return self.R[i] + self.one(i) * (self.tau / 2)

    def push(self, K: Sequence, less: int | None = None) -> Any:
        """Σ_j BʲKʲ, with one agent left out."""
        return sum((self.B[j] * K[j] for j in self.agents if j != less), self.A * 0)

    @cached_property
    def F(self) -> Any:
        return self.A + self.push(self.K)

    def others(self, i: int) -> Any:
        """Ā."""
        return self.A + self.push(self.K, less=i)

    def pulled(self, i: int, X: Any) -> Any:
        """W⁻¹B'P X."""
        return self.W(i).solve(self.B[i].transpose() * self.P[i] * X)

    @cached_property
    def gamma_B(self) -> Any:
        """Over all agents and times."""
        return largest(frobenius(rational(X)) for own in self.case.game.B for X in own)

    @cached_property
    def gamma_P(self) -> Any:
        """γ_{P,t} of these P_{t+1}."""
        return largest(map(frobenius, self.P))

    def factor(self, gamma_P: Any) -> Any:
        """(2/τ)γ_B²γ_P(N−1)."""
        return 2 * self.gamma_B**2 * gamma_P * (self.N - 1) / arb(self.tau)


def rational(array: Any) -> Any:
    """A game's or a policy's matrix."""
    rows = fractions(array)
    return _numbers.matrix(rows, (len(rows), len(rows[0])))


def frobenius(X: Any) -> arb:
    return arb(sum((x * x for x in X.entries()), fmpq(0))).sqrt()


def spectral(X: Any) -> arb:
    """‖X‖₂, where a side of X is at most 2, as in every exhibit."""
    gram = X * X.transpose() if X.nrows() <= X.ncols() else X.transpose() * X
    return extremes(gram)[1].sqrt()


def extremes(X: Any) -> tuple[arb, arb]:
    """The eigenvalues of a symmetric matrix of size 1 or 2, the lesser first.

    Raises
    ------
    ValueError
        For a larger one.
    """
    if X.nrows() > 2:
        raise ValueError("an exhibit's matrices are of size 1 or 2")
    trace = sum((X[k, k] for k in range(X.nrows())), fmpq(0))
    if X.nrows() == 1:
        return arb(trace), arb(trace)
    apart = (X[0, 0] - X[1, 1]) ** 2 + 4 * X[0, 1] ** 2
    root = arb(apart).sqrt()
    return (arb(trace) - root) / 2, (arb(trace) + root) / 2


def largest(values: Any) -> arb:
    found = arb(0)
    for value in values:
        found = found.max(value)
    return found


def is_psd(X: Any, strictly: bool = False) -> bool:
    """Whether a rational matrix is symmetric and positive (semi)definite, exactly."""
    rows = _numbers.to_fractions(X)
    return X == X.transpose() and is_positive(read_matrix(rows), strictly=strictly)


@cache
def of_play(case: Case) -> tuple[View, ...]:
    """Every stage under the joint policy; none where it is not linear Gaussian."""
    policy, costs = case.play.policy, case.costs
    if policy is None or costs is None:
        return ()
    return tuple(
        View(
            case,
            t,
            [rational(K[t]) for K in policy.K],
            policy.Sigma and [rational(S[t]) for S in policy.Sigma],
            [P[t] for P in costs.P],
            [P[t + 1] for P in costs.P],
        )
        for t in range(case.game.horizon)
    )


@cache
def of_nash(case: Case) -> tuple[View, ...]:
    """Every stage under the feedback NE; none where there is none."""
    found = case.nash
    if found is None:
        return ()
    return tuple(
        View(
            case,
            t,
            [K[t] for K in found.K],
            [S[t] for S in found.Sigma],
            [P[t] for P in found.P],
            [P[t + 1] for P in found.P],
        )
        for t in range(case.game.horizon)
    )
