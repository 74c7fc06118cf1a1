"""Checks that any engine must pass: run on the real one, and on copies with planted faults.

Tolerances are multiples of 2⁻⁵²: some hundred roundings on numbers of size 1 to 100, divided by
the smallest reciprocal condition of Φ where a Nash equilibrium is involved.
"""

from __future__ import annotations

import numpy as np
from engine_games import (
    changed,
    condition_of,
    cost_by_moments,
    g_star,
    gradient,
    random_game,
    random_policy,
    three_identical,
)

from ergs_verify.engine import stacking

EPS = np.finfo(float).eps


def close(got, wanted, factor=1e3):
    wanted = np.asarray(wanted)
    scale = max(1.0, float(np.abs(wanted).max(initial=0)))
    assert np.abs(np.asarray(got) - wanted).max(initial=0) <= factor * EPS * scale


def closed_forms(engine):
    solution = engine.nash(g_star(2.0))
    close(solution.K[0], [[[-13 / 7, 8 / 7]]])
    close(solution.K[1], [[[8 / 7, -13 / 7]]])
    close(solution.Sigma[0], [[[1 / 3]]])
    for K_i in engine.nash(three_identical()).K:
        close(K_i, [[[-2 / 7]]])


def scalar_regulator(engine):
    """One agent, one state: numbers worked out by hand in Fractions."""
    from fractions import Fraction as F

    a, b, q, r, tau, noise = F(3, 2), F(1, 2), F(2), F(3, 4), F(1, 2), F(1, 8)
    P, K, spread = [F(5)], [], []
    for _ in range(4):
        W = tau / 2 + r + b * P[0] * b
        K.insert(0, -b * P[0] * a / W)
        spread.insert(0, tau / 2 / W)
        P.insert(0, q + a * P[0] * a - (b * P[0] * a) ** 2 / W)
    constant = sum(
        float(noise * P_next - tau / 2)
        + float(S * (r + tau / 2 + b * P_next * b))
        - float(tau / 2) * np.log(float(S))
        for S, P_next in zip(spread, P[1:], strict=True)
    )
    column = np.ones((4, 1, 1))
    game = changed(
        three_identical(),
        A=float(a) * column,
        B=(float(b) * column,),
        Q=(np.array([2.0] * 4 + [5.0]).reshape(5, 1, 1),),
        R=(float(r) * column,),
        noise_cov=np.array([[float(noise)]]),
        tau=0.5,
        horizon=4,
    )
    solution = engine.nash(game)
    close(solution.K[0].ravel(), [float(x) for x in K])
    close(solution.Sigma[0].ravel(), [float(x) for x in spread])
    close(solution.P[0].ravel(), [float(x) for x in P])
    close(solution.q[0][0], constant)


def policies_cost_what_moments_say(engine, game):
    policy = random_policy(game, seed=7)
    mean = game.x0_mean
    X_0 = game.x0_cov + np.outer(mean, mean)
    for Sigma in (policy.Sigma, None):
        cost = engine.evaluate_policy(game, policy.K, Sigma)
        for i in range(len(game.B)):
            forward = cost_by_moments(game, policy.K, Sigma, i)
            close(np.trace(cost.P[i][0] @ X_0) + cost.q[i][0], forward)


def equilibrium_is_stationary(engine, game):
    solution = engine.nash(game)
    for i in range(len(game.B)):
        for slopes in gradient(game, solution.K, solution.Sigma, i):
            close(slopes, np.zeros_like(slopes), condition_of(game, solution))


def equilibrium_answers_itself(engine, game):
    solution = engine.nash(game)
    cost = engine.evaluate_policy(game, solution.K, solution.Sigma)
    factor = condition_of(game, solution)
    for i in range(len(game.B)):
        answer = engine.best_response(game, solution.K, solution.Sigma, i + 1)
        for letter in ("K", "Sigma", "P", "q"):
            close(getattr(answer, letter), getattr(solution, letter)[i], factor)
        close(cost.P[i], solution.P[i], factor)
        close(cost.q[i], solution.q[i], factor)
    gaps = engine.gap(game, solution.K, solution.Sigma)
    assert gaps.shape == (len(game.B),)
    # Squares of errors in K and Σ: the square of the tolerance above.
    assert (gaps >= 0).all()
    assert (gaps <= (factor * EPS) ** 2 * 1e4).all()


def gap_is_cost_less_best_cost(engine, game):
    policy = random_policy(game, seed=3)
    X_0 = game.x0_cov + np.outer(game.x0_mean, game.x0_mean)
    for Sigma in (policy.Sigma, None):
        gaps = engine.gap(game, policy.K, Sigma)
        for i in range(len(game.B)):
            answer = engine.best_response(game, policy.K, Sigma, i + 1)
            K = [*policy.K[:i], answer.K, *policy.K[i + 1 :]]
            joint = None if Sigma is None else [*Sigma[:i], answer.Sigma, *Sigma[i + 1 :]]
            worse = cost_by_moments(game, policy.K, Sigma, i)
            best = cost_by_moments(game, K, joint, i)
            close(best, np.trace(answer.P[0] @ X_0) + answer.q[0])
            close(gaps[i], worse - best, 1e4)  # the difference of costs cancels


def moments_agree_with_evaluation(engine, game):
    """Tr(Q_T X_T) is the cost of a game whose only cost is at the end."""
    policy = random_policy(game, seed=5)
    nothing = tuple(np.zeros_like(Q_i) for Q_i in game.Q)
    for Q_i in nothing:
        Q_i[-1] = np.eye(Q_i.shape[-1])
    free = changed(game, Q=nothing, R=tuple(0 * R_i for R_i in game.R), tau=0.0)
    X = engine.state_moments(free, policy.K, policy.Sigma)
    close(np.trace(X[-1]), cost_by_moments(free, policy.K, policy.Sigma, 0))


def algorithm_reaches_equilibrium(engine, game):
    game = changed(game, tau=60.0)  # large enough for a contraction, with a wide margin
    solution, output = engine.nash(game), engine.algorithm_1(game, 60)
    for letter in ("K", "Sigma", "P", "q"):
        for got, wanted in zip(getattr(output, letter), getattr(solution, letter), strict=True):
            close(got, wanted, condition_of(game, solution))


CHECKS_ON_GAMES = (
    policies_cost_what_moments_say,
    equilibrium_is_stationary,
    equilibrium_answers_itself,
    gap_is_cost_less_best_cost,
    moments_agree_with_evaluation,
    algorithm_reaches_equilibrium,
)

GAMES = {
    "unequal controls": random_game(),
    "equal controls": random_game(m=2, sizes=(2, 2, 2), T=2, seed=1),
    "one agent": random_game(m=2, sizes=(2,), T=4, seed=2),
    "one stage, more controls than states": random_game(m=1, sizes=(3, 2), T=1, seed=3),
    "plain": random_game(m=2, sizes=(1, 2), T=3, tau=0.0, seed=4),
}


def seen_operands(monkeypatch, games: int) -> list:
    """All operands of products and solutions from now on that have so many games."""
    operands: list = []

    def seen(call):
        def recorded(*given, **options):
            operands.extend(X for X in given if games in X.shape)
            return call(*given, **options)

        return recorded

    for name in ("product_in_step", "solve_in_step"):
        monkeypatch.setattr(stacking, name, seen(getattr(stacking, name)))
    return operands


def assert_innermost(operands: list, games: int) -> None:
    """The games are next to one another in memory."""
    assert operands
    for X in operands:
        steps = [step for step, length in zip(X.strides, X.shape, strict=True) if length > 1]
        assert X.strides[X.shape.index(games)] == min(step for step in steps if step) == 8
