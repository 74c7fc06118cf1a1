"""The bar of stationary answers: what the equations' answer moves by when data are rounded.

A float64 solver solves, at best, a game whose data are one rounding away. The answer to such games
is taken by a step of Newton's method in float64 from the enclosed answer, whose own roundings
are in it; a few draws of signs stand for all. Times `modest_factor` that is what an error may be.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np

from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.audit.accuracy import Allowed, bars_of, nothing_known
from ergs_verify.certify.policy_cost import EnclosedCosts
from ergs_verify.certify.stationary_gap import certify_stationary_gap
from ergs_verify.certify.stationary_nash import float_costs, newton_step, stacked
from ergs_verify.certify.stein import as_floats
from ergs_verify.errors import InputError, NotCertifiedError, UnsupportedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import floats
from ergs_verify.game import Game, Policy
from ergs_verify.game.letters import Letter
from ergs_verify.paper import notation
from ergs_verify.recursion import Sequences
from ergs_verify.recursion.affine import by_letter
from ergs_verify.recursion.backward_induction import by_agent
from ergs_verify.recursion.given import in_state_of
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages
from ergs_verify.study.conditioning import roundoff

_DRAWS = 8
#: Policy improvement in float64 settles in fewer steps or not at all.
_MOST_IMPROVEMENTS = 100
_LOST = (InputError, UnsupportedError, NotCertifiedError, ArithmeticError, np.linalg.LinAlgError)


def of_stationary_equilibrium(
    once: Game, found: Sequences, *, letters: Collection[str], unit: float, states: int
) -> Allowed:
    """The errors allowed to K, k, Σ, P, s and q of a stationary equilibrium, ``[letter][i][0]``.

    Parameters
    ----------
    once : Game
        The one stage that is repeated.
    found : Sequences
        In balls, of the state that `once` is computed in.
    unit : float
        The relative size of a rounding.
    states : int
        The number of states that letters are of.
    """
    exact = Stage(
        K=tuple(as_floats(X) for (X,) in found.K),
        Sigma=tuple(as_floats(X) for (X,) in found.Sigma),
        P=tuple(as_floats(X) for (X,) in found.P),
        q=found.q and tuple(float(x.value) for (x,) in found.q),
    )

    def answer(moved: Game) -> Stage:
        stages = Stages(moved, Float64(), constants="q" in letters)
        gains = newton_step(stages, stacked(exact.K))
        return _evaluated(stages, gains, None)

    return _bars(once, exact, answer, letters, unit, states)


def of_stationary_costs(
    game: Game, policy: Policy, costs: EnclosedCosts, *, letters: Collection[str], unit: float
) -> Allowed:
    """The errors allowed to P, s and q of a given stationary policy, whose costs are enclosed."""
    once = in_state_of(game.one_stage, policy.one_stage)
    played = Stages(game.one_stage.near, Float64(), deterministic=policy.Sigma is None)
    K = [floats(X) for (X,) in once.K]
    exact = Stage(
        K=tuple(K),
        Sigma=_covariances(played, once),
        P=tuple(as_floats(X) for (X,) in costs.P),
        q=tuple(float(x.value) for (x,) in costs.q) or None,
    )

    def answer(moved: Game) -> Stage:
        stages = Stages(
            moved, Float64(), deterministic=policy.Sigma is None, constants="q" in letters
        )
        return _evaluated(stages, stacked(K), once)

    return _bars(game.one_stage, exact, answer, letters, unit, game.state_size)


def of_stationary_gaps(game: Game, policy: Policy, *, unit: float) -> list[float]:
    """The gap that each agent would have if only rounding kept it from a best response."""
    factor = roundoff(game.one_stage, unit)
    once = in_state_of(game.one_stage, policy.one_stage)
    deterministic = policy.Sigma is None
    K = [floats(X) for (X,) in once.K]

    def best(moved: Game, agent: int) -> np.ndarray:
        stages = Stages(moved, Float64(), deterministic=deterministic, constants=False)
        return _best_gain(stages, K, agent)

    def allowed(agent: int) -> float:
        try:
            with np.errstate(all="ignore"):
                right = best(game.one_stage.near, agent)
                moves = [abs(best(X, agent) - right) for X in _moved(game.one_stage.near, unit)]
                off = right + factor * (np.max(moves, axis=0) / unit + abs(right))
            if not np.isfinite(off).all():
                return math.inf
            lead = off.shape[1] - game.state_size  # the column of the 1 in (1, x)
            gains, constants = list(policy.K), list(policy.k or map(np.zeros, game.control_sizes))
            gains[agent - 1] = off[:, lead:]
            if lead:
                constants[agent - 1] = off[:, 0]
            played = Policy.from_arrays(K=gains, k=constants if lead else None)
            gap = certify_stationary_gap(game, played, 1e-1).agents[agent - 1].gap
            return float(gap.hi) + math.ulp(0.0)
        except _LOST:
            return math.inf

    return [allowed(agent) for agent in range(1, game.agents + 1)]


def _bars(
    once: Game, exact: Stage, answer: Any, letters: Collection[str], unit: float, states: int
) -> Allowed:
    try:
        with np.errstate(all="ignore"):
            answers = [answer(moved) for moved in _moved(once.near, unit)]
    except _LOST:
        return nothing_known(once, letters, states)
    factor = roundoff(once, unit)

    def moves(letter: str) -> tuple[tuple[Any, ...], ...]:
        found = []
        for i, right in enumerate(getattr(exact, letter)):
            apart = [abs(getattr(one, letter)[i] - right) for one in answers]
            # Of a state (1, x), s and P are parts of one matrix: cut below.
            found.append((factor * (np.max(apart, axis=0) / unit + abs(right)),))
        return tuple(found)

    told = Sequences(
        K=moves("K"),
        Sigma=moves("Sigma"),
        P=moves("P"),
        q=moves("q") if exact.q is not None and "q" in letters else None,
    )
    lost = by_letter(told, states, Float64())
    sizes = {
        letter: [[np.atleast_2d(X) for X in own] for own in getattr(lost, letter)]
        for letter in letters
    }
    valued = Sequences(
        K=_valued(exact.K), Sigma=_valued(exact.Sigma), P=_valued(exact.P, times=2), q=None
    )
    return bars_of(once, valued, sizes)


def _valued(arrays: Sequence[np.ndarray], times: int = 1) -> tuple[tuple[Any, ...], ...]:
    return tuple((SimpleNamespace(value=X),) * times for X in arrays)


def _moved(near: Game, unit: float) -> Iterator[Game]:
    """Games whose entries are off by random signs times a rounding."""
    draw = np.random.default_rng(0)

    def moved(letter: Letter, value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return Fraction(value)
        signs = draw.choice((-1.0, 1.0), size=value.shape)
        if letter.needs:
            signs = np.triu(signs) + np.triu(signs, 1).T
        return value * (1 + unit * signs)

    for _ in range(_DRAWS):
        yield near.mapped(moved)


def _covariances(stages: Stages, once: Policy) -> tuple[np.ndarray, ...]:
    if once.Sigma is None:
        return tuple(np.zeros((p, p)) for p in stages.game.control_sizes)
    return tuple(floats(X) for (X,) in once.Sigma)


def _evaluated(stages: Stages[Float64], gains: np.ndarray, given: Policy | None) -> Stage:
    """What gains cost, with the covariances that are given, or the best ones."""
    known = float_costs(stages, gains)
    if known is None:
        raise NotCertifiedError("the closed loop is not stable")
    Sigma = stages.covariances(known) if given is None else _covariances(stages, given)
    P = tuple(known(notation.P(k)) for k in stages.agents)
    q = None
    if stages.has_constants:
        played = known.with_values({notation.S(k): Sigma[k - 1] for k in stages.agents})
        q = tuple(_constant(stages, played, k) for k in stages.agents)
    return Stage(K=tuple(by_agent(stages, gains)), Sigma=tuple(Sigma), P=P, q=q)


def _constant(stages: Stages[Float64], played: Evaluator, agent: int) -> float:
    known = played.with_values({notation.q(agent): 0.0})
    rate = float(stages.game.discount[agent - 1])
    constant = stages.constant(known, "policy_constant", agent, 0)
    if stages.relative:
        constant += known(stages.formula("policy_cost", agent))[0, 0]
    return constant if rate == 1 else constant / (1 - rate)


def _best_gain(stages: Stages[Float64], K: Sequence[np.ndarray], agent: int) -> np.ndarray:
    """An agent's best answer to the others, by policy improvement."""
    K = list(K)
    for _ in range(_MOST_IMPROVEMENTS):
        known = float_costs(stages, stacked(K))
        if known is None:
            raise NotCertifiedError("the closed loop is not stable")
        better = known(stages.formula("gain", agent))
        change = abs(better - K[agent - 1]).max()
        K[agent - 1] = better
        if change <= 1e-13 * abs(better).max():
            break
    return K[agent - 1]
