"""The bar: how accurate float64 can be on a game.

A float64 solver solves, at best, a game whose data are one rounding away from the given one's, and
rounds what it computes on the way. How far an equilibrium, a policy's cost or a best response
moves under such roundings is the derivative of the derived recursion (`Roundings`), taken at the
enclosed answer, not at a rounded one. Times `modest_factor` that is what an error may be. The bar
is measured, not proved: a few random draws of signs stand for all. What underflow loses is counted
in; what leaves float64's range on the way leaves a bar of ∞, and so undecided what is not accurate
to the last digits anyway.

Where states or controls come in units far apart, a solver whose linear solves are stable only in
norm loses more than it needs to, and is not wrong: a second bar, `in_norm`, tells that apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from attrs import evolve

from ergs_verify import engine
from ergs_verify.arithmetic.roundings import UNIT, Moving, Roundings
from ergs_verify.errors import InputError, NotCertifiedError, UnsupportedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import floats
from ergs_verify.game import Game, Policy
from ergs_verify.recursion import Sequences, best_response, block_system, by_agent
from ergs_verify.recursion.given import given_covariances
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages
from ergs_verify.study.conditioning import modest_factor

__all__ = ["LETTERS", "Allowed", "of_costs", "of_equilibrium", "of_gaps", "roundoff"]

LETTERS = ("K", "Sigma", "P", "q")

#: By letter, agent and time: the largest error allowed to an entry; ∞ where nothing is known.
Allowed = dict[str, list[list[float]]]

#: A stage's K and Σ in `Roundings`, from what is known at the stage.
_Play = Callable[[Stages, Evaluator, int], tuple[Sequence[Moving], Sequence[Moving]]]


def roundoff(game: Game) -> float:
    """u times `modest_factor`: the relative error allowed where nothing is ill-conditioned."""
    return modest_factor(game) * float(UNIT)


def of_equilibrium(
    game: Game,
    found: Sequences,
    *,
    letters: Collection[str] = LETTERS,
    in_norm: bool = False,
) -> Allowed:
    """The errors allowed to K, Σ, P and q of an equilibrium.

    Parameters
    ----------
    game : Game
    found : Sequences
        Its equilibrium in balls.
    letters : collection of str
        Those that are asked for.
    in_norm : bool
        Whether linear systems are solved stably in norm only, whatever the sizes of their rows.

    Examples
    --------
    >>> from ergs_verify import gallery
    >>> from ergs_verify.audit.accuracy import of_equilibrium
    >>> from ergs_verify.certify.nash import certified_nash
    >>> game = gallery("g-star-near-4")  # gains of the order 1000, 1/1000 from a singular Φ
    >>> allowed = of_equilibrium(game, certified_nash(game).found)
    >>> 1e-11 < allowed["K"][0][0] < 1e-6
    True
    """
    numbers = Roundings(in_norm=in_norm)
    stages_of = partial(Stages, constants="q" in letters)
    played = _moved_stages(stages_of, game, numbers, partial(_equilibrium_play, found), found.P)
    allowed = _bars(game, played, letters)
    if played is not None and not {"P", "q"}.isdisjoint(letters):
        with np.errstate(all="ignore"):
            _add_second_order(game, played, allowed)
    return allowed


def of_costs(game: Game, policy: Policy, P: Sequence[Sequence[Any]]) -> Allowed:
    """The errors allowed to P and q of a given policy, whose entries are rounded themselves.

    Parameters
    ----------
    P : ``[i][t]``
        The policy's costs in balls.
    """
    stages_of = partial(Stages, deterministic=policy.Sigma is None)
    played = _moved_stages(stages_of, game, Roundings(), partial(_given_play, policy), P)
    return _bars(game, played, "Pq")


def of_gaps(game: Game, policy: Policy) -> list[float]:
    """The gap that each agent of a policy would have if only rounding kept it from a best response.

    By the gap identity the gap is a sum of Tr(W ΔK X ΔK') and of (τ/4) Tr((Σ⁻¹ΔΣ)²), to second
    order. ΔK and ΔΣ are what rounding may do to the best response to the others' stated policies,
    themselves rounded, and to the agent's own. A gap below float64's smallest number is none.
    """
    return [_gap_allowed(game, policy, agent) for agent in range(1, game.agents + 1)]


def _moved_stages(
    stages_of: Callable[..., Stages],
    game: Game,
    numbers: Roundings,
    play: _Play,
    P: Sequence[Sequence[Any]],
) -> list[Stage] | None:
    """The stages t = 0…T with their moves; None beyond float64's range."""
    try:
        with np.errstate(all="ignore"):
            stages = stages_of(game, numbers)
            played = [stages.terminal()]
            for t in reversed(range(game.horizon)):
                known = stages.at(t, played[-1])
                K, Sigma = play(stages, known, t)
                stage = stages.evaluated(known, K, Sigma, t)
                costs = zip(stage.P, P, strict=True)
                played.append(evolve(stage, P=tuple(_rounded_cost(X, at[t]) for X, at in costs)))
    except (UnsupportedError, NotCertifiedError):  # a singular Σ has no log det
        return None
    return played[::-1]


def _bars(game: Game, played: Sequence[Stage] | None, letters: Iterable[str]) -> Allowed:
    lengths = {letter: game.horizon + (letter in "Pq") for letter in letters}
    if played is None:
        return {letter: [[math.inf] * length] * game.agents for letter, length in lengths.items()}
    factor = roundoff(game)
    return {
        letter: [
            [_finite(factor * _move(getattr(stage, letter)[i])) for stage in played[:length]]
            for i in range(game.agents)
        ]
        for letter, length in lengths.items()
    }


def _add_second_order(game: Game, played: Sequence[Stage], allowed: Allowed) -> None:
    """What moves ΔK of the gains do to P and q beyond the derivative: to an agent that nothing
    costs, everything.

    They add D = ΔKⁱ'R̃ⁱΔKⁱ + (𝓑ΔK)'Pⁱ𝓑ΔK to Pⁱ_t, and E_t = D_t + F'E_{t+1}F in all; to q_t the
    sum of Tr(N E).
    """
    squared, half_tau = roundoff(game) ** 2, float(game.tau) / 2
    for i in range(game.agents):
        E, constant = np.zeros((game.state_size, game.state_size)), np.array(0.0)
        for t in reversed(range(game.horizon)):
            K, Sigma = played[t].K, played[t].Sigma
            B = [floats(B[t]) for B in game.B]
            loop = floats(game.A[t]) + _sum(b @ k.value for b, k in zip(B, K, strict=True))
            noise = _sum(b @ s.value @ b.T for b, s in zip(B, Sigma, strict=True))
            pushed = _sum(b @ k.moves for b, k in zip(B, K, strict=True))
            weight = floats(game.R[i][t]) + half_tau * np.eye(B[i].shape[1])
            D = _squared(K[i].moves, weight) + _squared(pushed, played[t + 1].P[i].value)
            constant = constant + np.trace((floats(game.noise_cov) + noise) @ E, axis1=-2, axis2=-1)
            E = D + loop.T @ E @ loop
            for letter, moved in (("P", E), ("q", constant)):
                added = squared * float(abs(moved).max())
                if letter in allowed:
                    allowed[letter][i][t] = _finite(allowed[letter][i][t] + added)


def _sum(matrices: Iterable[np.ndarray]) -> np.ndarray:
    return np.sum(list(matrices), axis=0)


def _squared(moves: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return moves.swapaxes(-1, -2) @ weight @ moves


def _rounded_cost(moving: Moving, exact: Any) -> Moving:
    """P_t at its exact value; float64 rounds its entry (r, c) by u √(P_rr P_cc)."""
    value = _near(exact)
    roots = np.sqrt(np.maximum(np.diagonal(value), 0.0))
    return moving.at(value).rounded(np.outer(roots, roots))


def _equilibrium_play(found: Sequences, stages: Stages, known: Evaluator, t: int) -> Any:
    phi, rhs = block_system(stages, known)
    solved = stages.arithmetic.solve(phi, rhs)

    def at(exact: Sequence[Sequence[Any]], moved: Iterable[Moving]) -> list[Moving]:
        return [one.at(_near(X[t])) for one, X in zip(moved, exact, strict=True)]

    gains = by_agent(stages, -solved)
    return at(found.K, gains), at(found.Sigma, stages.covariances(known))


def _given_play(policy: Policy, stages: Stages, _known: Evaluator, t: int) -> Any:
    return [stages.enter(K[t]) for K in policy.K], given_covariances(stages, policy, t)


def _gap_allowed(game: Game, policy: Policy, agent: int) -> float:
    own, factor = agent - 1, roundoff(game)
    plain = game.tau == 0 or policy.Sigma is None
    try:
        with np.errstate(all="ignore"):
            data = game.floats()
            K = _stacked(policy.K)
            Sigma = None if policy.Sigma is None else _stacked(policy.Sigma)
            moments = engine.state_moments(data, K, Sigma)
            best = best_response(game, policy, agent, Roundings())
            total = 0.0
            for t in range(game.horizon):
                B, P = data.B[own][t], best.P[t + 1].value
                W = data.R[own][t] + data.tau / 2 * np.eye(B.shape[1]) + B.T @ P @ B
                # ‖ΔK‖_F ≤ √(p m) times the largest entry.
                gain = factor * (_move(best.K[t]) + abs(K[own][t]).max())
                total += np.linalg.norm(W) * gain**2 * K[own][t].size * np.trace(moments[t])
                if not plain:
                    Sigma_t = best.Sigma[t]
                    apart = factor * (_move(Sigma_t) + abs(Sigma_t.value).max()) * len(W)
                    total += data.tau / 4 * (np.linalg.norm(W) * 2 / data.tau * apart) ** 2
        return _finite(float(total) + math.ulp(0.0))
    except (InputError, UnsupportedError, NotCertifiedError):  # beyond float64's range
        return math.inf


def _stacked(agents: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    return [np.stack([floats(X) for X in over_time]) for over_time in agents]


def _move(moving: Moving) -> float:
    """The largest move, and the rounding of what is stored, in units of u."""
    return moving.largest + float(abs(moving.value).max())


def _finite(x: float) -> float:
    return x if x < math.inf else math.inf


def _near(X: Any) -> np.ndarray:
    return np.array([[float(x) for x in row] for row in X.tolist()])
