"""What follows from stated numbers, in float64: the costs of gains, the best covariances for P."""

from __future__ import annotations

import numpy as np

from ergs_verify import engine
from ergs_verify.audit.mistakes.numbers import Numbers, of_stages
from ergs_verify.audit.mistakes.recompute import LOST, LenientStages
from ergs_verify.audit.mistakes.record import FLOAT64
from ergs_verify.game import Game
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages


def costs_of(game: Game, stated: Numbers) -> Numbers:
    """P, s and q of the stated K, k and Σ: without Σ, of the deterministic policy."""
    if not game.general:
        cost = engine.evaluate_policy(game.floats(), stated["K"], stated.get("Sigma"))
        return {"P": cost.P, "q": cost.q}
    deterministic = "Sigma" not in stated
    stages = LenientStages(game.near, FLOAT64, deterministic=deterministic)
    played = [stages.terminal()]
    try:
        for t in reversed(range(game.horizon)):
            gains = [whole_gain(game, stated, i, t) for i in range(game.agents)]
            Sigma = [
                np.zeros((p, p)) if deterministic else stated["Sigma"][i][t]
                for i, p in enumerate(game.control_sizes)
            ]
            played.append(stages.evaluated(stages.at(t, played[-1]), gains, Sigma, t))
    except LOST:
        pass
    letters = ("P", "s", "q") if game.affine else ("P", "q")
    return of_stages(played, game, letters, game.horizon, FLOAT64)


def best_covariances(game: Game, stated: Numbers) -> tuple[np.ndarray, ...]:
    """Σ for the P that is stated. Raises `LOST` where there is none."""
    stages = Stages(game.near, FLOAT64, constants=False)
    best = [
        stages.covariances(stages.at(t, ahead))
        for t, ahead in enumerate(stages_after(game, stated)[1:])
    ]
    return tuple(map(np.stack, zip(*best, strict=True)))


def stages_after(game: Game, stated: Numbers) -> list[Stage]:
    """Stages t = 0…T that hand back the stated P, and s in the state (1, x)."""

    def cost(i: int, t: int) -> np.ndarray:
        P = stated["P"][i][t]
        if not game.affine:
            return P
        s = stated["s"][i][t] if "s" in stated else np.zeros((len(P), 1))
        return np.block([[np.zeros((1, 1)), s.T], [s, P]])

    return [
        Stage(K=(), Sigma=(), P=tuple(cost(i, t) for i in range(game.agents)), q=None)
        for t in range(game.horizon + 1)
    ]


def whole_gain(game: Game, stated: Numbers, i: int, t: int) -> np.ndarray:
    """An agent's K_t, or [k K] in the state (1, x)."""
    K = stated["K"][i][t]
    return np.hstack([stated["k"][i][t], K]) if game.affine else K
