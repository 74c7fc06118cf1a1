"""Adapters: each gives a published solver a game as its documentation says, and reads its answer.

All of them minimise Σ x'Qx + u'Ru without ½, state u = −Kx and know no entropy, so they are given
R + (τ/2)I for R, and the sign of their gains is turned.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np
from attrs import frozen

from benchmarks.peers import nnash, weights
from benchmarks.real_solvers.environment import version_of
from ergs_verify.game import FloatGame


@frozen(kw_only=True)
class Answer:
    """One p_i×m gain and one m×m cost for every agent, u = Kx; P may be left out."""

    K: list[np.ndarray]
    P: list[np.ndarray] | None = None


@frozen(kw_only=True)
class Solver:
    """A solver of stationary problems, and how many agents it takes."""

    name: str
    package: str
    agents: range
    function: Callable[[FloatGame], Answer]

    @property
    def title(self) -> str:
        return f"{self.package} {version_of(self.package)} `{self.name}`"


def solved(function: Callable[..., Any], *arguments: Any) -> tuple[Any, str]:
    """What a solver returns, None where it raises; and what it said, in exceptions or warnings."""
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(StringIO()):
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DeprecationWarning)  # nothing about the answer
        try:
            answer = function(*arguments)
        except Exception as error:  # whatever it raises is its answer
            return None, f"{type(error).__name__}: {error}"
    said = {f"{one.category.__name__}: {one.message}" for one in caught}
    return answer, "; ".join(sorted(said))


def symmetric(P: np.ndarray) -> np.ndarray:
    """Most recursions leave P a little more asymmetric than a `Policy` may state it."""
    return (P + P.T) / 2


def _regulator(game: FloatGame) -> tuple[np.ndarray, ...]:
    return game.A[0], game.B[0][0], game.Q[0][0], weights(game)[0]


def scipy_dare(game: FloatGame) -> Answer:
    """scipy gives P alone; K is the gain that its documentation derives from it."""
    from scipy.linalg import solve_discrete_are

    A, B, Q, R = _regulator(game)
    P = solve_discrete_are(A, B, Q, R)
    return Answer(K=[-np.linalg.solve(R + B.T @ P @ B, B.T @ P @ A)], P=[P])


def quantecon_lq(game: FloatGame) -> Answer:
    """Its Q weighs the control and its R the state."""
    from quantecon import LQ

    A, B, Q, R = _regulator(game)
    P, F, _ = LQ(R, Q, A, B).stationary_values()
    return Answer(K=[-F], P=[P])


def quantecon_nnash(game: FloatGame) -> Answer:
    F_1, F_2, P_1, P_2 = nnash(game)()
    return Answer(K=[-F_1, -F_2], P=[P_1, P_2])


def nash_lqr(method: str) -> Callable[[FloatGame], Answer]:
    """It gives gains alone."""

    def solve(game: FloatGame) -> Answer:
        from nashopt import NashLQR

        sizes = [B_i.shape[-1] for B_i in game.B]
        B, Q = np.concatenate([B_i[0] for B_i in game.B], axis=1), [Q_i[0] for Q_i in game.Q]
        solver = NashLQR(sizes, game.A[0], B, Q, weights(game))
        K = np.asarray(solver.solve(method=method).K_Nash)
        return Answer(K=[-K_i for K_i in np.split(K, np.cumsum(sizes)[:-1])])

    return solve


def pydiffgame(game: FloatGame, **options: Any) -> Any:
    """The solved DiscretePyDiffGame, with the agents' own input matrices."""
    from PyDiffGame import DiscretePyDiffGame, Objective

    objectives = [
        Objective(Q=Q_i[0], R=R_i) for Q_i, R_i in zip(game.Q, weights(game), strict=True)
    ]
    B = [B_i[0] for B_i in game.B]
    return DiscretePyDiffGame(
        game.A[0], objectives, Bs=B, is_input_discrete=True, **options
    ).solve()


def pydiffgame_stationary(game: FloatGame) -> Answer:
    solved = pydiffgame(game)
    return Answer(K=[-K_i for K_i in solved.K], P=list(solved.P))


def quantecon_stages(game: FloatGame) -> dict[str, Any]:
    """LQ over a finite horizon, stepped back by `update_values`; its d is q."""
    from quantecon import LQ

    A, B, Q, R = _regulator(game)
    C = np.linalg.cholesky(game.noise_cov)
    solver = LQ(R, Q, A, B, C=C, T=game.horizon, Rf=game.Q[0][-1])
    K, P, q = [], [solver.P], [solver.d]
    for _ in range(game.horizon):
        solver.update_values()
        K.append(-solver.F)
        P.append(solver.P)
        q.append(solver.d)
    return {"K": [K[::-1]], "P": [[symmetric(X) for X in P[::-1]]], "q": [q[::-1]]}


def _solver(
    name: str, package: str, agents: range, function: Callable[[FloatGame], Answer]
) -> Solver:
    return Solver(name=name, package=package, agents=agents, function=function)


_MOST = 100
STATIONARY = (
    _solver("solve_discrete_are", "scipy", range(1, 2), scipy_dare),
    _solver("LQ", "quantecon", range(1, 2), quantecon_lq),
    _solver("nnash", "quantecon", range(2, 3), quantecon_nnash),
    _solver('NashLQR, "residual"', "nashopt", range(2, _MOST), nash_lqr("residual")),
    _solver('NashLQR, "riccati"', "nashopt", range(2, _MOST), nash_lqr("riccati")),
    _solver("DiscretePyDiffGame", "PyDiffGame", range(1, _MOST), pydiffgame_stationary),
)
