"""What float64 may lose on a game: how far its solution moves when computed with roundings.

An algorithm that is backward stable gives the exact solution of a game near the one it was given.
Its error is then as large as the solution's move over such a distance, times a modest factor. The
move is the derivative of the derived recursion (`Roundings`), taken at the exact answer, not at a
rounded one: the data, every product and every linear system are rounded once, and P_t by
u√(P_rr P_cc) in the entry (r, c). It is measured, not bounded: a few random draws of signs stand
for all. What leaves float64's range on the way leaves moves of ∞.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import evolve

from ergs_verify.arithmetic.roundings import Moving, Roundings
from ergs_verify.arithmetic.stacks import Float64Stacks
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import UNIT
from ergs_verify.game import Game, Policy
from ergs_verify.paper import notation
from ergs_verify.recursion import Sequences, block_system, by_agent
from ergs_verify.recursion.affine import by_letter, part
from ergs_verify.recursion.given import given_covariances, in_state_of
from ergs_verify.recursion.stages import Stages

#: By letter, agent and time: how far each entry moves.
Moves = dict[str, list[list[np.ndarray]]]

#: A stage's K and Σ in `Roundings`, from what is known at the stage.
_Play = Callable[[Stages, Evaluator, int], tuple[Sequence[Moving], Sequence[Moving]]]


def modest_factor(game: Game) -> float:
    """8(m+n)√T, by which an error may exceed the moves that were measured; n = Σ_i p_i.

    A stage multiplies and solves with matrices of sizes m and n, and each entry of such a result
    carries up to about m + n roundings where a perturbed game has one. The signs of the samples
    are independent over time, so that their effect grows like √T, while the roundings of a stage
    that repeats itself are the same at each: another √T. The 8 is for the few products in a row
    of which a stage consists, and for the largest of a few random samples falling short of the
    worst signs.
    """
    return 8 * (game.state_size + sum(game.control_sizes)) * math.sqrt(game.horizon)


def roundoff(game: Game, unit: float = float(UNIT)) -> float:
    """`modest_factor` times the relative size of a rounding, by default that of float64: the
    relative error allowed where nothing is ill-conditioned."""
    return modest_factor(game) * unit


def moving_equilibrium(game: Game, found: Sequences, *, constants: bool = True) -> Sequences:
    """An equilibrium with its moves, in `Roundings`.

    Parameters
    ----------
    game : Game
    found : Sequences
        Its equilibrium to more digits than float64's, of its state (1, x) if it has affine terms.
    constants : bool
        Whether q is followed as well.

    Raises
    ------
    InputError, UnsupportedError, NotCertifiedError
        Where the numbers leave float64's range.
    """

    def play(stages: Stages, known: Evaluator, t: int) -> Any:
        phi, rhs = block_system(stages, known)
        gains = by_agent(stages, -stages.arithmetic.solve(phi, rhs))
        return _at(found.K, gains, t), _at(found.Sigma, stages.covariances(known), t)

    return _moving(Stages(game.near, Roundings(), constants=constants), play, found.P)


def moving_costs(game: Game, policy: Policy, P: Sequence[Sequence[Any]]) -> Sequences:
    """A given policy, whose entries are rounded themselves, and its costs with their moves.

    Parameters
    ----------
    P : ``[i][t]``
        The policy's costs to more digits than float64's, of the state (1, x) if the game has
        affine terms.

    Raises
    ------
    InputError, UnsupportedError, NotCertifiedError
        Where the numbers leave float64's range; where a Σ is singular.
    """
    given = in_state_of(game, policy)

    def play(stages: Stages, _known: Evaluator, t: int) -> Any:
        return [stages.enter(K[t]) for K in given.K], given_covariances(stages, given, t)

    return _moving(Stages(game.near, Roundings(), deterministic=policy.Sigma is None), play, P)


def _moving(stages: Stages, play: _Play, P: Sequence[Sequence[Any]]) -> Sequences:
    played = [terminal := stages.terminal()]
    with np.errstate(all="ignore"):
        for t in reversed(range(stages.game.horizon)):
            known = stages.at(t, played[-1])
            K, Sigma = play(stages, known, t)
            stage = stages.evaluated(known, K, Sigma, t)
            costs = zip(stage.P, P, strict=True)
            played.append(evolve(stage, P=tuple(_rounded_cost(X, at[t]) for X, at in costs)))
    return Sequences.from_backwards(terminal, played[1:])


def first_order(moving: Sequences, letters: Iterable[str], states: int) -> Moves:
    """Moves in units of u, by letter, the rounding of what is stored included.

    Parameters
    ----------
    moving : Sequences
        In `Roundings`.
    states : int
        The number of the game's states; k and s are letters where `moving` has one more.
    """
    found = by_letter(moving, states, Roundings())
    return {
        letter: [[move(X) for X in over_time] for over_time in getattr(found, letter)]
        for letter in letters
    }


def second_order(game: Game, moving: Sequences, letters: Collection[str], states: int) -> Moves:
    """What moves ΔK of the gains do to P, s and q beyond the derivative, in units of u²: to an
    agent that nothing costs, everything.

    Pⁱ_t is quadratic in the gains: they add Dⁱ, what ΔK would cost if nothing else did, and E_t in
    all, D_t and what E_{t+1} leads to; to q_t what E_{t+1} and the q of it lead to.
    """
    near = game.near.homogeneous
    m, T = near.state_size, game.horizon
    found: Moves = {
        letter: [[np.zeros((1, 1))] * (T + 1) for _ in range(game.agents)]
        for letter in ("P", "s", "q")
        if letter in letters
    }
    if not found:
        return found
    nothing = ((np.zeros((m, m)),) * (T + 1),) * game.agents
    no_controls = tuple((np.zeros((p, p)),) * T for p in game.control_sizes)
    moved_alone = evolve(near, A=nothing[0][:T], Q=nothing, S=None, prior_gain=None)
    handed_on = evolve(near, Q=nothing, R=no_controls, S=None, tau_given=Fraction(0))
    alone, passed = (Stages(one, Float64Stacks()) for one in (moved_alone, handed_on))
    E: list[np.ndarray] = [np.zeros((m, m))] * game.agents
    constant: list[Any] = [0.0] * game.agents
    for t in reversed(range(T)):
        squares = alone.bare(t).with_values(
            {notation.K(k): moving.K[k - 1][t].moves for k in alone.agents}
            | {notation.P(k): moving.P[k - 1][t + 1].value for k in alone.agents}
        )
        later = passed.bare(t).with_values(
            {notation.K(k): moving.K[k - 1][t].value for k in alone.agents}
            | {notation.S(k): moving.Sigma[k - 1][t].value for k in alone.agents}
            | {notation.P(k): E[k - 1] for k in alone.agents}
            | {notation.q(k): constant[k - 1] for k in alone.agents}
        )
        for k in alone.agents:
            constant[k - 1] = later(passed.formula("policy_constant", k))
            E[k - 1] = squares(alone.formula("policy_cost", k)) + later(
                passed.formula("policy_cost", k)
            )
            for letter, moved in _cost_letters(E[k - 1], constant[k - 1], states).items():
                if letter in found:
                    found[letter][k - 1][t] = abs(moved).max(axis=0)
    return found


def _cost_letters(E: np.ndarray, constant: Any, states: int) -> dict[str, Any]:
    affine = E.shape[-1] > states
    q = np.asarray(constant)[..., None, None] + (E[..., :1, :1] if affine else 0.0)
    return {"q": q} | {X: part(X, E, Float64Stacks()) if affine else E for X in "Ps"}


def move(moving: Moving) -> np.ndarray:
    """By entry the largest move, and the rounding of what is stored, in units of u."""
    return np.atleast_2d(abs(moving.moves).max(axis=0) + abs(moving.value))


def diagonal_roots(X: np.ndarray) -> np.ndarray:
    """The roots of a diagonal, 0 for what is negative."""
    return np.sqrt(np.maximum(np.diagonal(X), 0.0))


def _rounded_cost(moving: Moving, exact: Any) -> Moving:
    """P_t at its exact value; float64 rounds its entry (r, c) by u √(P_rr P_cc), or by u times
    itself where it is larger, as it may be in an indefinite P."""
    value = _near(exact)
    roots = diagonal_roots(value)
    return moving.at(value).rounded(np.maximum(np.outer(roots, roots), abs(value)))


def _at(exact: Sequence[Sequence[Any]], moved: Iterable[Moving], t: int) -> list[Moving]:
    return [one.at(_near(X[t])) for one, X in zip(moved, exact, strict=True)]


def _near(X: Any) -> np.ndarray:
    rows = X.tolist() if hasattr(X, "tolist") else X
    return np.array([[float(x) for x in row] for row in rows])
