"""Upper bounds of the gaps of given policies, for stacks of games in float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy

from ergs_verify.arithmetic.above import above
from ergs_verify.arithmetic.centred import Centred
from ergs_verify.certify.float_nash import certified_stack
from ergs_verify.errors import InputError
from ergs_verify.evaluate import Evaluator
from ergs_verify.expressions import control_size
from ergs_verify.game import FloatGame
from ergs_verify.paper import notation
from ergs_verify.paper.gap import X, gap_formulas
from ergs_verify.paper.theorem_III_1 import PAPER, derived_formulas
from ergs_verify.recursion.stack import StageStack, stages_first
from ergs_verify.recursion.written_out import written_out

_HALF = Centred(np.array(0.5))


def gap_bounds(
    games: FloatGame, K: Sequence[np.ndarray], Sigma: Sequence[np.ndarray]
) -> np.ndarray:
    """Upper bounds of what every agent can gain by deviating alone, for a stack of games.

    Parameters
    ----------
    games : FloatGame
        G games of the paper's class along one batch axis, such as ``A (G, T, m, m)``. Floats are
        the dyadic rationals they are.
    K, Sigma : sequence over agents of (G, T, p_i, m) and (G, T, p_i, p_i)
        The policies, such as those that `ergs_verify.engine.nash` gives.

    Returns
    -------
    array (N, G)
        NaN if float64 gives no bound: τ > 0 and a Σ is not proved to be definite, or a best
        response is not certified. `certify_gap` decides such games one by one.

    Raises
    ------
    InputError
        If the games lie beyond the paper's class, or the policies do not fit them.

    Notes
    -----
    By the gap identity of :doc:`/explanation/theory`, "How far from an equilibrium", with the best
    responses' costs enclosed. The gain's part is quadratic in its error, so that nothing cancels
    in it; the covariance's part does not go below roundings of τ.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify import gallery
    >>> from ergs_verify.certify.float_gap import gap_bounds
    >>> game = gallery("g-star-2").floats()
    >>> zero = [np.zeros((1, 1, 1, 2))] * 2
    >>> gap_bounds(game, zero, [np.ones((1, 1, 1, 1))] * 2).round(6).tolist()
    [[3.901388], [3.901388]]
    """
    with np.errstate(all="ignore"):
        stack = StageStack.of_floats(games)
        _expect_fitting(stack, K, Sigma)
        count, T = stack.games, stack.horizon
        policy = {
            letter(k): stages_first(np.asarray(own[k - 1], dtype=float), count, T)
            for letter, own in ((notation.K, K), (notation.S, Sigma))
            for k in stack.agents
        }
        formula = written_out(gap_formulas(PAPER), agents=len(stack.agents), plain=stack.plain)
        played = stack.known.with_values(policy)
        played = played.with_values({X: _moments(stack, policy, formula, games)})
        bounds = []
        for k in stack.agents:
            answer = certified_stack(_alone(stack, policy, k))
            known = played.with_values({notation.P(k): answer.P[0][count:]})
            names = ("gain_part", "plain_covariance_part" if stack.plain else "covariance_part")
            parts = [stack.by_stage(known(formula(name, k)).upper) for name in names]
            total = above(np.maximum(parts, 0).sum(axis=(0, 1)), 2 * T)
            bounds.append(np.where(answer.certified, total, np.nan))
        return np.stack(bounds)


def _expect_fitting(stack: StageStack, K: Sequence[Any], Sigma: Sequence[Any]) -> None:
    if len(K) != len(stack.agents) or len(Sigma) != len(stack.agents):
        raise InputError(f"K and Sigma need an entry for each of {len(stack.agents)} agents", "K")
    for k, p in zip(stack.agents, stack.control_sizes, strict=True):
        for name, given, cols in (("K", K[k - 1], stack.states), ("Sigma", Sigma[k - 1], p)):
            wanted = (stack.games, stack.horizon, p, cols)
            if np.shape(given) != wanted:
                raise InputError(
                    f"{name} of agent {k} has shape {np.shape(given)}, but must be {wanted}", name
                )


def _moments(stack: StageStack, policy: dict, formula: Any, games: FloatGame) -> Centred:
    """E[xx'] at t = 0…T−1, the stack."""
    numbers = stack.arithmetic
    mean = Centred(np.asarray(games.x0_mean, dtype=float)[..., None])
    spread = numbers.multiply(mean, numbers.transpose(mean)) + Centred(np.asarray(games.x0_cov))
    shape = (stack.games, stack.states, stack.states)
    moment = spread.map(lambda x: np.broadcast_to(x, shape))
    found = []
    for t in range(stack.horizon):
        found.append(moment)
        known = stack.nothing_known.with_values(stack.at(t) | stack.at(t, policy))
        moment = known.with_values({X: moment})(formula("second_moment", 1))
        moment = numbers.scale(_HALF, moment + numbers.transpose(moment))
    return Centred(
        np.concatenate([one.middle for one in found]), np.concatenate([one.radii for one in found])
    )


def _alone(stack: StageStack, policy: dict, k: int) -> StageStack:
    """Agent k's own problem against the others' gains: a game of one agent."""
    numbers = stack.arithmetic
    loop = stack.letters[notation.A]
    for other in stack.agents:
        if other != k:
            moved = numbers.multiply(stack.letters[notation.B(other)], policy[notation.K(other)])
            loop = loop + moved
    formula = written_out(derived_formulas(), agents=1, plain=frozenset({1} & stack.plain))
    letters: dict[Any, Centred] = {
        notation.A: loop,
        notation.noise: stack.letters[notation.noise],
    }
    letters |= {
        letter(1): stack.letters[letter(k)] for letter in (notation.B, notation.Q, notation.R)
    }
    if not stack.plain:
        letters[notation.tau] = stack.letters[notation.tau]
    sizes = {
        notation.m: stack.states,
        control_size(sympy.Integer(1)): stack.control_sizes[k - 1],
    }
    return StageStack(
        horizon=stack.horizon,
        games=stack.games,
        states=stack.states,
        control_sizes=(stack.control_sizes[k - 1],),
        formula=formula,
        plain=frozenset({1} & stack.plain),
        letters=letters,
        nothing_known=Evaluator({}, numbers, formula.definitions, sizes, formula.symmetric),
        terminal=(stack.terminal[k - 1],),
        rates=(stack.rates[k - 1],),
    )
