"""The games that the solvers are given, without an end; and some of them with one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ergs_verify.game import Game
from ergs_verify.game.horizon import INFINITE

_SMALL = 2.0**-20


def _game(name: str, A: Any, B: Any, Q: Any, R: Any, tau: Any = 0.5) -> Game:
    noise = np.eye(len(A)) / 16
    return Game.from_arrays(
        name=name, A=A, B=B, Q=Q, R=R, tau=tau, noise_cov=noise, horizon=INFINITE
    )


def _random(name: str, m: int, p: tuple[int, ...]) -> Game:
    """Spectral radius near 1 and entries with short binary fractions."""
    rng = np.random.default_rng(0)

    def draw(rows: int, cols: int) -> np.ndarray:
        return np.round(8 * rng.normal(size=(rows, cols))) / 8

    C = [draw(1, m) for _ in p]
    return _game(
        name,
        A=draw(m, m) / 2,
        B=[draw(m, p_i) for p_i in p],
        Q=[C_i.T @ C_i for C_i in C],
        R=[np.eye(p_i) for p_i in p],
    )


def _nashopt_example() -> Game:
    """examples/control/example_lqr.py of NashOpt, with its random numbers."""
    draw = np.random.RandomState(0)
    A = draw.rand(10, 10)
    A = A / max(abs(np.linalg.eigvals(A))) * 1.1
    B = draw.randn(10, 10)
    unit = np.eye(10)
    return _game(
        "NashOpt's example: 10 agents, m = 10, ρ(A) = 1.1",
        A=A,
        B=[B[:, [i]] for i in range(10)],
        Q=[np.outer(e, e) for e in unit],
        R=[[[10.0]]] * 10,
        tau=0,
    )


STATIONARY = (
    _game("scalar regulator", [[1.125]], [[[1]]], [[[1]]], [[[1]]]),
    _random("random regulator, m = 4, p = 2", 4, (2,)),
    _game(
        "regulator, weakly controlled",
        [[1.25, _SMALL], [0, 0.5]],
        [[[0], [1]]],
        [[[1, 0], [0, 1]]],
        [[[1]]],
    ),
    _game("regulator, slow: Q = 2⁻³⁴", [[1]], [[[1]]], [[[2.0**-34]]], [[[1]]]),
    _game(
        "regulator, an unstable state costs nothing",
        [[2, 0], [0, 0.5]],
        [[[1], [1]]],
        [[[0, 0], [0, 1]]],
        [[[1]]],
    ),
    _game("scalar, 2 agents", [[1.125]], [[[1]], [[0.5]]], [[[1]], [[2]]], [[[1]], [[0.25]]]),
    _game(
        "m = 2, 2 agents",
        [[1, 0.25], [-0.25, 0.75]],
        [[[1], [0]], [[0.5], [1]]],
        [[[1, 0], [0, 1]], [[2, 1], [1, 1]]],
        [[[1]], [[0.5]]],
    ),
    _game(
        "QuantEcon's test: agents that do not meet",
        [[0.95, 0], [0, 0.95]],
        [[[0.95], [0]], [[0], [0.95]]],
        [[[0.25, 0], [0, 0]], [[0, 0], [0, 0.25]]],
        [[[0.15]], [[0.15]]],
        tau=0,
    ),
    _random("random, 2 agents, m = 4, p = 2 and 1", 4, (2, 1)),
    _game(
        "2 agents, weakly controlled",
        [[1.25, _SMALL], [0, 0.5]],
        [[[0], [1]], [[0], [0.5]]],
        [[[1, 0], [0, 1]], [[0.5, 0], [0, 1]]],
        [[[1]], [[1]]],
    ),
    _game(
        "2 agents, slow: Q = 2⁻³⁴",
        [[1]],
        [[[1]], [[0.5]]],
        [[[2.0**-34]], [[2.0**-34]]],
        [[[1]], [[1]]],
    ),
    _game(
        "2 agents, an unstable state costs nothing",
        [[2, 0], [0, 0.5]],
        [[[1], [0]], [[0.5], [1]]],
        [[[0, 0], [0, 1]], [[0, 0], [0, 2]]],
        [[[1]], [[1]]],
    ),
    _game(
        "2 agents, best responses in turn do not converge",
        [[0.5, -1.25], [-2.75, -0.5]],
        [[[1], [0.25]], [[0.75], [0.25]]],
        [[[1 / 16, -3 / 16], [-3 / 16, 9 / 16]], [[9 / 16, 21 / 16], [21 / 16, 49 / 16]]],
        [[[0.75]], [[0.75]]],
    ),
    _game(
        "2 agents, neither do they nor the recursion in time",
        [[-0.25, -1], [1.5, 0.5]],
        [[[-1.25], [1]], [[0.75], [-0.75]]],
        [[[0, 0], [0, 0.25]], [[0.25, 0.5], [0.5, 1]]],
        [[[1 / 64]], [[1 / 64]]],
        tau=0,
    ),
    _random("random, 3 agents, m = 3", 3, (1, 2, 1)),
    _nashopt_example(),
)


def with_terminal_cost(game: Game, Q_T: Any, horizon: int) -> Game:
    """So many of the game's stages, with agent i's terminal cost x'Q_T[i]x."""
    return Game.from_arrays(
        A=game.A[0],
        B=[B_i[0] for B_i in game.B],
        Q=[[Q_i[0]] * horizon + [end] for Q_i, end in zip(game.Q, Q_T, strict=True)],
        R=[R_i[0] for R_i in game.R],
        tau=game.tau_given,
        noise_cov=game.noise_cov,
        horizon=horizon,
        name=game.name,
    )


#: Of several stages, with a terminal cost unlike the stage cost.
FINITE = tuple(
    with_terminal_cost(game.one_stage, [4.0 * np.eye(game.state_size)] * game.agents, 6)
    for game in STATIONARY
    if game.name in ("random regulator, m = 4, p = 2", "m = 2, 2 agents", "random, 3 agents, m = 3")
)
