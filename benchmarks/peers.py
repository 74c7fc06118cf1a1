"""Other people's solvers, each called as its documentation says; absent where not installed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO

import numpy as np

from ergs_verify.game import FloatGame


def installed(*modules: str) -> bool:
    return all(find_spec(module) is not None for module in modules)


def weights(game: FloatGame) -> list[np.ndarray]:
    """R̃ⁱ = (τ/2)I + Rⁱ, so that a solver of plain LQ games finds the same gains."""
    return [R_i[0] + game.tau / 2 * np.eye(R_i.shape[-1]) for R_i in game.R]


def pydiffgame(game: FloatGame) -> Callable[[], object]:
    """DiscretePyDiffGame over T stages, built beforehand.

    It takes P_T from algebraic Riccati equations of its own, whatever the game says.
    """
    from PyDiffGame import DiscretePyDiffGame, Objective

    p = [B_i.shape[-1] for B_i in game.B]
    unit, places = np.eye(sum(p)), np.cumsum([0, *p])
    objectives = [
        Objective(Q=game.Q[i][0], R=R_i, M=unit[places[i] : places[i + 1]])
        for i, R_i in enumerate(weights(game))
    ]
    solver = DiscretePyDiffGame(
        game.A[0],
        objectives,
        Bs=[B_i[0] for B_i in game.B],
        T_f=float(game.horizon),
        L=game.horizon,
        is_input_discrete=True,
    )
    return solver.solve


def jax_recursion(game: FloatGame, *, whole: bool = False) -> Callable[[], object]:
    """K and P by the same recursion under jax.jit: what a solver based on JAX can hope for.

    With `whole` Σ and q too. A stack of games goes through jax.vmap.
    """
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)
    agents, p = range(len(game.B)), game.B[0].shape[-1]
    noise_cov = jnp.asarray(game.noise_cov)

    def one(A, B, Q, R, half):
        wide = jnp.concatenate(list(B), axis=1)

        def covariance_and_constant(phi, P):
            own = phi.reshape(len(agents), p, len(agents), p)
            Sigma = half * jnp.linalg.inv(jnp.stack([own[i, :, i] for i in agents]))
            noise = noise_cov + (B @ Sigma @ B.swapaxes(1, 2)).sum(0)
            step = (noise * P).sum((1, 2)) + (Sigma * R).sum((1, 2))
            return Sigma, step - half * (p + jnp.linalg.slogdet(Sigma)[1])

        def stage(later, _):
            P, q = later
            rows = jnp.concatenate([B[i].T @ P[i] for i in agents])
            phi = rows @ wide + jax.scipy.linalg.block_diag(*R)
            gains = -jnp.linalg.solve(phi, rows @ A)
            F = A + wide @ gains
            K = gains.reshape(len(agents), p, -1)
            now = Q + F.T @ P @ F + K.swapaxes(1, 2) @ R @ K
            if not whole:
                return (now, q), (K, now)
            Sigma, step = covariance_and_constant(phi, P)
            return (now, q + step), (K, now, Sigma, q + step)

        return jax.lax.scan(stage, (Q, jnp.zeros(len(agents))), length=game.horizon)[1]

    batched = game.A.ndim > 3
    solve = jax.jit(jax.vmap(one) if batched else one)
    half = np.asarray(game.tau) / 2
    R = [R_i[..., 0, :, :] + half[..., None, None] * np.eye(p) for R_i in game.R]
    data = [
        jnp.asarray(game.A[..., 0, :, :]),
        *(
            jnp.asarray(np.stack(X, axis=-3))
            for X in (
                [B_i[..., 0, :, :] for B_i in game.B],
                [Q_i[..., 0, :, :] for Q_i in game.Q],
                R,
            )
        ),
        jnp.asarray(half),
    ]
    return lambda: jax.block_until_ready(solve(*data))


def nnash(game: FloatGame, iterations: int = 1000) -> Callable[[], tuple]:
    """quantecon's nnash: the stationary gains of two agents, to its tolerance of 1e-8."""
    from quantecon import nnash as solver

    p = [B_i.shape[-1] for B_i in game.B]
    R = weights(game)
    none = [np.zeros((p[1], p[1])), np.zeros((p[0], p[0]))]
    cross = [np.zeros((game.A.shape[-1], p_i)) for p_i in p]
    mixed = [np.zeros((p[1], p[0])), np.zeros((p[0], p[1]))]
    B, Q = [B_i[0] for B_i in game.B], [Q_i[0] for Q_i in game.Q]
    arguments = (game.A[0], *B, *Q, *R, *none, *cross, *mixed)
    return lambda: solver(*arguments, max_iter=iterations)


def nash_lqr(game: FloatGame) -> Callable[[], np.ndarray]:
    """nashopt's NashLQR by its Riccati method: stationary gains, to its tolerance of 1e-5."""
    import jax
    from nashopt import NashLQR

    jax.config.update("jax_enable_x64", True)
    sizes = [B_i.shape[-1] for B_i in game.B]
    B, Q = np.concatenate([B_i[0] for B_i in game.B], axis=1), [Q_i[0] for Q_i in game.Q]

    def solve():
        with redirect_stdout(StringIO()):
            solver = NashLQR(sizes, game.A[0], B, Q, weights(game))
            return np.asarray(solver.solve(method="riccati").K_Nash)

    return solve
