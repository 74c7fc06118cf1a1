"""A solver in plain numpy, typed from the paper, each of whose steps a wrong one can replace.

It shares no code with what judges it: neither the engine nor the derived formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import define, evolve, frozen

from ergs_verify.game import FloatGame

Array = np.ndarray


@define(kw_only=True)
class Stage:
    """Stage t: its data, P, q and the gains of stage t+1, and what the solver has found so far.

    Methods take an agent i = 0…N−1.
    """

    tau: float
    noise: Array
    A: Array
    B: Sequence[Array]
    Q: Sequence[Array]
    R: Sequence[Array]
    P: Sequence[Array]
    q: Sequence[float]
    K_after: Sequence[Array] = ()
    K: Sequence[Array] = ()
    Sigma: Sequence[Array] = ()
    P_now: Sequence[Array] = ()

    @property
    def agents(self) -> range:
        return range(len(self.B))

    def R_tilde(self, i: int) -> Array:
        """(τ/2)I + Rⁱ."""
        return self.tau / 2 * np.eye(len(self.R[i]), dtype=self.R[i].dtype) + self.R[i]

    def BPB(self, i: int) -> Array:
        return self.B[i].T @ self.P[i] @ self.B[i]

    def W(self, i: int) -> Array:
        return self.R_tilde(i) + self.BPB(i)

    def A_bar(self, i: int) -> Array:
        """The loop that the others close, Āⁱ."""
        return self.A + sum(self.B[j] @ self.K[j] for j in self.agents if j != i)

    @property
    def F(self) -> Array:
        """The closed loop."""
        return self.A + sum(self.B[j] @ self.K[j] for j in self.agents)


Solve = Callable[[Array, Array], Array]
Gains = Callable[[Stage], list[Array]]
OfAgent = Callable[[Stage, int], Any]


def block_system(
    *,
    diagonal: OfAgent = Stage.W,
    off_diagonal: Callable[[Stage, int, int], Array] = lambda s, i, j: s.B[i].T @ s.P[i] @ s.B[j],
    right: OfAgent = lambda s, i: s.B[i].T @ s.P[i] @ s.A,
    solve: Solve = np.linalg.solve,
) -> Gains:
    """The gains of Lemma III.4: all agents' stationarity conditions, stacked and solved at once."""

    def gains(s: Stage) -> list[Array]:
        phi = np.block(
            [
                [diagonal(s, i) if i == j else off_diagonal(s, i, j) for j in s.agents]
                for i in s.agents
            ]
        )
        stacked = solve(phi, -np.concatenate([right(s, i) for i in s.agents]))
        return np.split(stacked, np.cumsum([B_i.shape[1] for B_i in s.B])[:-1])

    return gains


def best_responses(
    rounds: int = 1000,
    *,
    in_turn: bool,
    tolerance: float = 0.0,
    warm: bool = False,
    step: float = 1.0,
) -> Gains:
    """The inner loop of Algorithm 1, or its like in which each agent sees the last one's answer.

    It stops early where a round changes no gain by more than `tolerance`, relative to the largest.
    `warm`: from the gains of the stage after it, if there is one, in the place of zero. With a
    `step` below 1 a round goes but a part of the way.
    """

    def gains(s: Stage) -> list[Array]:
        known = s.K_after if warm else ()
        s.K = list(known) or [np.zeros(B_i.shape[::-1]) for B_i in s.B]
        for _ in range(rounds):
            before, answers = s.K, list(s.K)
            for i in s.agents:
                answers[i] = -np.linalg.solve(s.W(i), s.B[i].T @ s.P[i] @ s.A_bar(i))
                if in_turn:
                    s.K = list(answers)
            s.K = [X + step * (Y - X) for X, Y in zip(before, answers, strict=True)]
            moved = max(abs(X - Y).max() for X, Y in zip(before, s.K, strict=True))
            if moved <= tolerance * max(abs(X).max() for X in s.K):
                break
        return list(s.K)

    return gains


def _log_det(s: Stage, i: int) -> float:
    return np.linalg.slogdet(s.Sigma[i])[1] if s.tau else 0.0


#: The terms of (5). Without τ policies are deterministic and there is no entropy.
_TERMS: dict[str, OfAgent] = {
    "noise": lambda s, i: np.trace(s.noise @ s.P[i]),
    "control cost": lambda s, i: np.trace(s.R[i] @ s.Sigma[i]),
    "own covariance": lambda s, i: np.trace(s.BPB(i) @ s.Sigma[i]),
    "trace": lambda s, i: s.tau / 2 * np.trace(s.Sigma[i]),
    "p": lambda s, i: -s.tau / 2 * len(s.R[i]),
    "log det": lambda s, i: -s.tau / 2 * _log_det(s, i),
    "later q": lambda s, i: s.q[i],
    "others' covariances": lambda s, i: sum(
        np.trace(s.Sigma[j] @ s.B[j].T @ s.P[i] @ s.B[j]) for j in s.agents if j != i
    ),
}


def q_of(*without: str, plus: OfAgent = lambda s, i: 0.0) -> OfAgent:
    """The recursion (5) of q without some of its terms, with another."""
    terms = [term for name, term in _TERMS.items() if name not in without]
    return lambda s, i: sum(term(s, i) for term in terms) + plus(s, i)


def _cost_of_policy(s: Stage, i: int) -> Array:
    return s.Q[i] + s.K[i].T @ s.R_tilde(i) @ s.K[i] + s.F.T @ s.P[i] @ s.F


def _covariance(s: Stage, i: int) -> Array:
    return s.tau / 2 * np.linalg.inv(s.W(i))


def _same(given: Any) -> Any:
    return given


_gains, _constant = block_system(), q_of()


@frozen(kw_only=True)
class PlainSolver:
    """The recursion backwards in time; by default the right one.

    Attributes
    ----------
    read : callable
        What the solver makes of the game's arrays.
    gains : callable
        All agents' K_t.
    covariance, cost, constant : callable
        An agent's Σ_t by (6), P_t and q_t, P_t as the cost of the policy.
    hand_over : callable
        What becomes of the finished arrays ``K[i]``, ``Sigma[i]``, ``P[i]``, ``q[i]``, time first.
    """

    read: Callable[[FloatGame], FloatGame] = _same
    gains: Gains = _gains
    covariance: OfAgent = _covariance
    cost: OfAgent = _cost_of_policy
    constant: OfAgent = _constant
    hand_over: Callable[[dict[str, list[Array]]], dict[str, list[Array]]] = _same

    def __call__(self, given: FloatGame) -> dict[str, list[Array]]:
        """Solve a game. Raises `LinAlgError` at a matrix that numpy takes for singular."""
        with np.errstate(all="ignore"):
            return self.hand_over(self._solved(self.read(given)))

    def _solved(self, game: FloatGame) -> dict[str, list[Array]]:
        P, q = [Q_i[-1] for Q_i in game.Q], [0.0 for _ in game.Q]
        played = []
        for t in reversed(range(game.horizon)):
            s = Stage(
                tau=game.tau,
                noise=game.noise_cov,
                A=game.A[t],
                B=[B_i[t] for B_i in game.B],
                Q=[Q_i[t] for Q_i in game.Q],
                R=[R_i[t] for R_i in game.R],
                P=P,
                q=q,
                K_after=played[-1][0] if played else (),
            )
            s.K = self.gains(s)
            s.Sigma = [self.covariance(s, i) for i in s.agents]
            P = s.P_now = [self.cost(s, i) for i in s.agents]
            q = [self.constant(s, i) for i in s.agents]
            played.append((s.K, s.Sigma, P, q))
        K, Sigma, costs, constants = zip(*played[::-1], strict=True)
        return {
            "K": _over_time(K),
            "Sigma": _over_time(Sigma),
            "P": _over_time([*costs, [Q_i[-1] for Q_i in game.Q]]),
            "q": _over_time([*constants, [0.0 for _ in game.Q]]),
        }


def _over_time(stages: Sequence[Sequence[Any]]) -> list[Array]:
    """Every agent's matrices, time first."""
    return [np.stack(one) for one in zip(*stages, strict=True)]


def _least_squares(phi: Array, r: Array) -> Array:
    return np.linalg.lstsq(phi, r, rcond=None)[0]


def _refined(phi: Array, r: Array) -> Array:
    """One step of refinement: as accurate in small entries beside large ones as elimination."""
    found = _least_squares(phi, r)
    return found + _least_squares(phi, r - phi @ found)


def _symmetric(of_agent: OfAgent) -> OfAgent:
    def symmetric(s: Stage, i: int) -> Array:
        X = of_agent(s, i)
        return (X + X.T) / 2

    return symmetric


#: Right on regular games: the stationarity conditions by least squares, as they come from LAPACK.
LEAST_SQUARES = PlainSolver(gains=block_system(solve=_least_squares))
#: The same with the care that a numerical analyst takes.
CAREFUL = PlainSolver(
    gains=block_system(solve=_refined),
    covariance=_symmetric(_covariance),
    cost=_symmetric(_cost_of_policy),
)


def _textbook(s: Stage) -> list[Array]:
    """K = −R̃⁻¹B'P(I + ΣBR̃⁻¹B'P)⁻¹A: one m×m system, whatever the number of controls."""
    V = [np.linalg.solve(s.R_tilde(i), s.B[i].T @ s.P[i]) for i in s.agents]
    loop = np.linalg.solve(np.eye(len(s.A)) + sum(s.B[i] @ V[i] for i in s.agents), s.A)
    return [-V_i @ loop for V_i in V]


def _riccati(s: Stage, i: int) -> Array:
    """(4): the cost of a best response, which K is."""
    cross = s.B[i].T @ s.P[i] @ s.A_bar(i)
    return s.Q[i] + s.A_bar(i).T @ s.P[i] @ s.A_bar(i) - cross.T @ np.linalg.solve(s.W(i), cross)


def _expanded(s: Stage, i: int) -> Array:
    """Q + A'PA + A'PBK + (A'PBK)' + K'B'PBK + K'R̃K, in which large terms cancel."""
    push = sum(s.B[j] @ s.K[j] for j in s.agents)
    cross = s.A.T @ s.P[i] @ push
    own = s.K[i].T @ s.R_tilde(i) @ s.K[i]
    return s.Q[i] + s.A.T @ s.P[i] @ s.A + cross + cross.T + push.T @ s.P[i] @ push + own


def _rotation(m: int) -> Array:
    return np.linalg.qr(np.random.default_rng(m).normal(size=(m, m)))[0]


def _into_rotated(game: FloatGame) -> FloatGame:
    """States Ux for a rotation U."""
    U = _rotation(game.A.shape[-1])
    return evolve(
        game,
        A=U @ game.A @ U.T,
        B=tuple(U @ X for X in game.B),
        Q=tuple(U @ X @ U.T for X in game.Q),
        noise_cov=U @ game.noise_cov @ U.T,
    )


def _out_of_rotated(found: dict[str, list[Array]]) -> dict[str, list[Array]]:
    U = _rotation(found["P"][0].shape[-1])
    K, P = [X @ U for X in found["K"]], [U.T @ X @ U for X in found["P"]]
    return {**found, "K": K, "P": [(X + X.swapaxes(1, 2)) / 2 for X in P]}


#: Right too, each in a way that textbooks or good reasons suggest.
TEXTBOOK = PlainSolver(gains=_textbook)
RICCATI = PlainSolver(cost=_symmetric(_riccati))
EXPANDED = PlainSolver(cost=_symmetric(_expanded))
ROTATED = PlainSolver(read=_into_rotated, hand_over=_out_of_rotated)
