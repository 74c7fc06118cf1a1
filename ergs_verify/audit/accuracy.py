"""The bar: how accurate float64 can be on a game.

A float64 solver solves, at best, a game whose data are one rounding away from the given one's, and
rounds what it computes on the way. What moves by that (`ergs_verify.study.conditioning`) may be
off by so much, times `modest_factor`. What underflow loses is counted in; where float64's range is
left on the way the bar is ∞, and so undecided what is not accurate to the last digits anyway.

States and controls may come in units far apart. What an entry may lose is therefore what the worst
entry of its matrix loses in the matrix's natural units (`in_units`), those in which the diagonals
of the costs of the states and of the controls are 1; where the costs give a state no unit it has
that of the rest of the game, or none of its own.

There a solver that is stable only in norm loses more than it needs to, and is not wrong: what a
right way of solving loses when it is run is undecided (`ergs_verify.audit.right_ways`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from attrs import frozen

from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.arithmetic.roundings import Roundings
from ergs_verify.certify.policy_cost import EnclosedCosts
from ergs_verify.errors import InputError, NotCertifiedError, UnsupportedError
from ergs_verify.exact import UNIT, floats, number, quoted
from ergs_verify.game import Game, Policy
from ergs_verify.game.letters import LETTERS as ALL_LETTERS
from ergs_verify.game.letters import Letter, Sizes
from ergs_verify.paper import notation
from ergs_verify.recursion import Sequences, best_response
from ergs_verify.recursion.affine import part
from ergs_verify.recursion.gap import second_moments
from ergs_verify.recursion.given import in_state_of
from ergs_verify.recursion.stages import Stages
from ergs_verify.study.conditioning import (
    Moves,
    diagonal_roots,
    first_order,
    move,
    moving_costs,
    moving_equilibrium,
    roundoff,
    second_order,
)

LETTERS = ("K", "Sigma", "P", "q")

#: By the name of its numbers, the relative size of a rounding.
UNITS = {"float64": float(UNIT), "float32": 2.0**-24}


@frozen(eq=False)
class Bar:
    """The largest error allowed to each entry of a matrix, ∞ where nothing is known; and the units
    of its entries, 0 where they have none."""

    errors: np.ndarray
    units: np.ndarray


#: Raised where numbers leave float64's range, or a Σ that is singular has no log det.
_BEYOND_RANGE = (InputError, UnsupportedError, NotCertifiedError)

#: By letter, agent and time.
Allowed = dict[str, list[list[Bar]]]


def unit_of(dtype: str = "float64", tolerance: Any = None) -> float:
    """The relative size of a solver's roundings: u of its numbers, or its tolerance if larger.

    Raises
    ------
    InputError
        For other numbers than these, or a tolerance that is not between 0 and 1.

    Examples
    --------
    >>> from ergs_verify.audit.accuracy import unit_of
    >>> unit_of("float32") == 2**-24, unit_of(tolerance=1e-6)
    (True, 1e-06)
    """
    if dtype not in UNITS:
        raise InputError(
            f"{quoted(str(dtype))} is not a dtype that can be judged; choose {' or '.join(UNITS)}",
            "dtype",
        )
    if tolerance is None:
        return UNITS[dtype]
    given = float(number(tolerance, "tolerance"))
    if not 0 < given < 1:
        raise InputError("the tolerance must be a number between 0 and 1", "tolerance")
    return max(UNITS[dtype], given)


def of_equilibrium(
    game: Game,
    found: Sequences,
    *,
    letters: Collection[str] = LETTERS,
    unit: float = float(UNIT),
    states: int | None = None,
) -> Allowed:
    """The errors allowed to K, k, Σ, P, s and q of an equilibrium.

    Parameters
    ----------
    game : Game
    found : Sequences
        Its equilibrium in balls, of its state (1, x) if it has affine terms.
    letters : collection of str
        Those that are asked for.
    unit : float
        The relative size of a rounding: larger for numbers with fewer digits, and for what is
        iterated to a tolerance.
    states : int, optional
        The number of states, where the game is itself one of a state (1, x).

    Examples
    --------
    >>> from ergs_verify import gallery
    >>> from ergs_verify.audit.accuracy import of_equilibrium
    >>> from ergs_verify.certify.nash import certified_nash
    >>> game = gallery("g-star-near-4")  # gains of the order 1000, 1/1000 from a singular Φ
    >>> allowed = of_equilibrium(game, certified_nash(game).found)
    >>> 1e-11 < float(allowed["K"][0][0].errors.max()) < 1e-6
    True
    """
    states = states or game.state_size
    try:
        moving = moving_equilibrium(game, found, constants="q" in letters)
    except _BEYOND_RANGE:
        return nothing_known(game, letters, states)
    factor = roundoff(game, unit)
    with np.errstate(all="ignore"):
        first = first_order(moving, letters, states)
        second = second_order(game, moving, letters, states)
        lost = {
            letter: [
                [
                    factor * X + factor**2 * Y if letter in second else factor * X
                    for X, Y in zip(own, second.get(letter, first[letter])[i], strict=True)
                ]
                for i, own in enumerate(first[letter])
            ]
            for letter in letters
        }
        return bars_of(game, moving, lost)


def of_costs(
    game: Game,
    policy: Policy,
    costs: EnclosedCosts,
    *,
    letters: Collection[str] = ("P", "q"),
    unit: float = float(UNIT),
) -> Allowed:
    """The errors allowed to P, s and q of a given policy, whose entries are rounded themselves.

    Parameters
    ----------
    costs : EnclosedCosts
        The policy's, of the state (1, x) if the game has affine terms.
    """
    try:
        moving = moving_costs(game, policy, costs.P)
    except _BEYOND_RANGE:
        return nothing_known(game, letters, game.state_size)
    factor = roundoff(game, unit)
    with np.errstate(all="ignore"):
        lost = {
            letter: [[factor * X for X in own] for own in agents]
            for letter, agents in first_order(moving, letters, game.state_size).items()
        }
        return bars_of(game, moving, lost)


def of_gaps(game: Game, policy: Policy, *, unit: float = float(UNIT)) -> list[float]:
    """The gap that each agent of a policy would have if only rounding kept it from a best response.

    By the gap identity the gap is a sum of Tr(W ΔK X ΔK') and of (τ/4) Tr((Σ⁻¹ΔΣ)²), to second
    order. ΔK and ΔΣ are what rounding may do to the best response to the others' stated policies,
    themselves rounded, and to the agent's own. A gap below float64's smallest number is none.
    """
    return [_gap_allowed(game, policy, agent, unit) for agent in range(1, game.agents + 1)]


def bars_of(game: Game, moving: Sequences, lost: Moves) -> Allowed:
    """Bars in natural units, from what each entry may lose."""
    units_of = _Units(game, moving)

    def bar(letter: str, i: int, t: int) -> Bar:
        errors = lost[letter][i][t]
        units = units_of(letter, i, t, errors.shape)
        return Bar(in_units(errors, units), units)

    return {
        letter: [
            [bar(letter, i, t) for t in range(len(over_time))] for i, over_time in enumerate(agents)
        ]
        for letter, agents in lost.items()
    }


def nothing_known(game: Game, letters: Iterable[str], states: int) -> Allowed:
    """Bars of ∞."""
    sizes = Sizes(states, game.control_sizes)

    def bar(letter: Letter, i: int) -> Bar:
        shape = (*sizes.shape(letter.shapes[0], i + 1), 1, 1)[:2]
        return Bar(np.full(shape, math.inf), np.ones(shape))

    return {
        name: [
            [bar(ALL_LETTERS[name], i)] * (game.horizon + ALL_LETTERS[name].terminal)
            for i in range(game.agents)
        ]
        for name in letters
    }


def in_units(sizes: np.ndarray, units: np.ndarray) -> np.ndarray:
    """The least multiple of the units that no size exceeds, or the largest size if that is less.

    Where units are 0, the largest size there.
    """
    known = np.where(sizes < math.inf, sizes, math.inf)
    has_units = units > 0
    with np.errstate(all="ignore"):
        multiple = np.max(known / units, where=has_units, initial=0.0) * units
    without = np.max(known, where=~has_units, initial=0.0)
    return np.where(has_units, np.fmin(multiple, known.max()), without)


class _Units:
    """Natural units of entries: √(S_rr S_cc) of P_t, √(S_cc / W_rr) of K_t, √(Σ_rr Σ_cc) of Σ_t.

    W is the agent's weight of a control; S = P_t + K'WK, what a state would cost if the agent did
    not act on it, is at least K'WK. A state that costs the agent nothing then counts as at most as
    heavy, among the states, as it does anywhere in the game, and as any if it never costs. Where a
    cost may be negative its size counts.
    """

    def __init__(self, game: Game, moving: Sequences):
        self._moving, self._weight = moving, _Weights(game)
        self._indefinite = game.general
        self._roots = [
            [self._of_states(i, t) for t in range(game.horizon + 1)] for i in range(game.agents)
        ]
        roots = np.concatenate(self._roots)
        largest = roots.max(axis=1, keepdims=True)
        relative = np.divide(roots, largest, out=np.zeros_like(roots), where=largest > 0)
        anywhere = relative.max(axis=0)
        self._anywhere = np.where(anywhere > 0, anywhere, 1.0)

    def __call__(self, letter: str, i: int, t: int, shape: tuple[int, ...]) -> np.ndarray:
        """Those of a letter, which in the state (1, x) is a part of another, of this shape."""
        if letter == "q":
            return np.ones((1, 1))
        if letter == "Sigma":
            roots = diagonal_roots(self._moving.Sigma[i][t].value)
            return np.outer(roots, roots)
        states = self._roots[i][t]
        states = np.where(states > 0, states, self._anywhere * states.max())
        rows = states if letter in "Ps" else 1 / diagonal_roots(self._W(i, t))
        units = np.outer(rows, states)
        return units if units.shape == shape else part(letter, units, Float64())

    def _W(self, i: int, t: int) -> np.ndarray:
        return self._weight(i, t, self._moving.P[i][t + 1].value)

    def _of_states(self, i: int, t: int) -> np.ndarray:
        P = self._moving.P[i][t].value
        if t == len(self._moving.K[i]):
            return self._sizes(P)
        K = self._moving.K[i][t].value
        return self._sizes(P, K.T @ self._W(i, t) @ K)

    def _sizes(self, P: np.ndarray, more: np.ndarray | float = 0.0) -> np.ndarray:
        return diagonal_roots((np.diag(abs(np.diagonal(P))) if self._indefinite else P) + more)


class _Weights:
    """W of an agent at a stage whose next costs P: (τ/2)I + R + B'PB in the paper's class."""

    def __init__(self, game: Game):
        self._stages = Stages(game.near, Float64(), constants=False)

    def __call__(self, i: int, t: int, P: np.ndarray) -> np.ndarray:
        return self._stages.bare(t).with_values({notation.P(i + 1): P})(notation.W(i + 1))


def _gap_allowed(game: Game, policy: Policy, agent: int, unit: float) -> float:
    own, factor = agent - 1, roundoff(game, unit)
    K = in_state_of(game, policy).K[own]
    try:
        with np.errstate(all="ignore"):
            weight, total = _Weights(game), 0.0
            moments = second_moments(game.near, policy, Float64())
            best = best_response(game.near, policy, agent, Roundings())
            for t in range(game.horizon):
                W = diagonal_roots(weight(own, t, best.P[t + 1].value))
                X = diagonal_roots(moments[t])
                # |W_ab| ≤ √(W_aa W_bb), and so X.
                piece = (W @ (factor * (move(best.K[t]) + abs(floats(K[t])))) @ X) ** 2
                tau = float(game.tau_of[own][t])
                if tau and policy.Sigma is not None:
                    Sigma_t = best.Sigma[t]
                    apiece = factor * (move(Sigma_t) + abs(Sigma_t.value))
                    piece += tau / 4 * (W @ apiece @ W * 2 / tau) ** 2
                total += float(game.discount[own]) ** t * piece
        return _finite(float(total) + math.ulp(0.0))
    except _BEYOND_RANGE:
        return math.inf


def _finite(x: float) -> float:
    return x if x < math.inf else math.inf
