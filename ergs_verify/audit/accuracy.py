"""The bar: how accurate float64 can be on a game.

A float64 solver solves, at best, a game whose data are one rounding away from the given one's, and
rounds what it computes on the way. How far an equilibrium, a policy's cost or a best response
moves under such roundings is the derivative of the derived recursion (`Roundings`), taken at the
enclosed answer, not at a rounded one. Times `modest_factor` that is what an error may be. The bar
is measured, not proved: a few random draws of signs stand for all. What underflow loses is counted
in; what leaves float64's range on the way leaves a bar of ∞, and so undecided what is not accurate
to the last digits anyway.

States and controls may come in units far apart. What an entry may lose is therefore what the worst
entry of its matrix loses in the matrix's natural units (`in_units`), those in which the diagonals
of the costs of the states and of the controls are 1; where the costs give a state no unit it has
that of the rest of the game, or none of its own.

There a solver that is stable only in norm loses more than it needs to, and is not wrong: what a
right way of solving loses when it is run is undecided (`ergs_verify.audit.right_ways`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from attrs import evolve, frozen

from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.arithmetic.roundings import Moving, Roundings
from ergs_verify.arithmetic.stacks import Float64Stacks
from ergs_verify.errors import InputError, NotCertifiedError, UnsupportedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import UNIT, floats, number, quoted
from ergs_verify.game import Game, Policy
from ergs_verify.game.letters import LETTERS as ALL_LETTERS
from ergs_verify.game.letters import Letter, Sizes
from ergs_verify.paper import notation
from ergs_verify.recursion import Sequences, best_response, block_system, by_agent
from ergs_verify.recursion.affine import by_letter, part
from ergs_verify.recursion.gap import second_moments
from ergs_verify.recursion.given import given_covariances, in_state_of
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages
from ergs_verify.study.conditioning import modest_factor

LETTERS = ("K", "Sigma", "P", "q")

#: By the name of its numbers, the relative size of a rounding.
UNITS = {"float64": float(UNIT), "float32": 2.0**-24}


@frozen(eq=False)
class Bar:
    """The largest error allowed to each entry of a matrix, ∞ where nothing is known; and the units
    of its entries, 0 where they have none."""

    errors: np.ndarray
    units: np.ndarray


#: By letter, agent and time.
Allowed = dict[str, list[list[Bar]]]

#: By letter, agent and time: what moves show, entry by entry.
_Lost = dict[str, list[list[np.ndarray]]]

#: A stage's K and Σ in `Roundings`, from what is known at the stage.
_Play = Callable[[Stages, Evaluator, int], tuple[Sequence[Moving], Sequence[Moving]]]


def roundoff(game: Game, unit: float = float(UNIT)) -> float:
    """`modest_factor` times the relative size of a rounding, by default that of float64: the
    relative error allowed where nothing is ill-conditioned."""
    return modest_factor(game) * unit


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
            f"{quoted(str(dtype))} is not judged; known are {' and '.join(UNITS)}", "dtype"
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
    stages_of = partial(Stages, constants="q" in letters)
    play = partial(_equilibrium_play, found)
    played = _moved_stages(stages_of, game, play, found.P)
    states = states or game.state_size
    if played is None:
        return _nothing_known(game, letters, states)
    with np.errstate(all="ignore"):
        lost = _lost(game, played, letters, unit, states)
        if not {"P", "s", "q"}.isdisjoint(letters):
            _add_second_order(game, played, lost, roundoff(game, unit) ** 2, states)
        return _bars(game, played, lost)


def of_costs(
    game: Game,
    policy: Policy,
    P: Sequence[Sequence[Any]],
    *,
    letters: Collection[str] = ("P", "q"),
    unit: float = float(UNIT),
) -> Allowed:
    """The errors allowed to P, s and q of a given policy, whose entries are rounded themselves.

    Parameters
    ----------
    P : ``[i][t]``
        The policy's costs in balls, of the state (1, x) if the game has affine terms.
    """
    stages_of = partial(Stages, deterministic=policy.Sigma is None)
    play = partial(_given_play, in_state_of(game, policy))
    played = _moved_stages(stages_of, game, play, P)
    if played is None:
        return _nothing_known(game, letters, game.state_size)
    with np.errstate(all="ignore"):
        return _bars(game, played, _lost(game, played, letters, unit, game.state_size))


def of_gaps(game: Game, policy: Policy, *, unit: float = float(UNIT)) -> list[float]:
    """The gap that each agent of a policy would have if only rounding kept it from a best response.

    By the gap identity the gap is a sum of Tr(W ΔK X ΔK') and of (τ/4) Tr((Σ⁻¹ΔΣ)²), to second
    order. ΔK and ΔΣ are what rounding may do to the best response to the others' stated policies,
    themselves rounded, and to the agent's own. A gap below float64's smallest number is none.
    """
    return [_gap_allowed(game, policy, agent, unit) for agent in range(1, game.agents + 1)]


def _moved_stages(
    stages_of: Callable[..., Stages],
    game: Game,
    play: _Play,
    P: Sequence[Sequence[Any]],
) -> list[Stage] | None:
    """The stages t = 0…T with their moves; None beyond float64's range."""
    try:
        with np.errstate(all="ignore"):
            stages = stages_of(game.near, Roundings())
            played = [stages.terminal()]
            for t in reversed(range(game.horizon)):
                known = stages.at(t, played[-1])
                K, Sigma = play(stages, known, t)
                stage = stages.evaluated(known, K, Sigma, t)
                costs = zip(stage.P, P, strict=True)
                played.append(evolve(stage, P=tuple(_rounded_cost(X, at[t]) for X, at in costs)))
    except (InputError, UnsupportedError, NotCertifiedError):  # a singular Σ has no log det
        return None
    return played[::-1]


def _lost(
    game: Game, played: Sequence[Stage], letters: Iterable[str], unit: float, states: int
) -> _Lost:
    """What moves show of each entry, the rounding of what is stored included."""
    factor = roundoff(game, unit)
    *stages, terminal = played
    whole = Sequences.from_backwards(terminal, stages[::-1])
    found = by_letter(whole, states, Roundings())
    return {
        letter: [[factor * _move(X) for X in over_time] for over_time in getattr(found, letter)]
        for letter in letters
    }


def _bars(game: Game, played: Sequence[Stage], lost: _Lost) -> Allowed:
    units_of = _Units(game, played)

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


def _nothing_known(game: Game, letters: Iterable[str], states: int) -> Allowed:
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

    def __init__(self, game: Game, played: Sequence[Stage]):
        self._played, self._weight = played, _Weights(game)
        self._indefinite = game.general
        self._roots = [
            [self._of_states(i, t) for t in range(len(played))] for i in range(game.agents)
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
            roots = _roots(self._played[t].Sigma[i].value)
            return np.outer(roots, roots)
        states = self._roots[i][t]
        states = np.where(states > 0, states, self._anywhere * states.max())
        rows = states if letter in "Ps" else 1 / _roots(self._W(i, t))
        units = np.outer(rows, states)
        return units if units.shape == shape else part(letter, units, Float64())

    def _W(self, i: int, t: int) -> np.ndarray:
        return self._weight(i, t, self._played[t + 1].P[i].value)

    def _of_states(self, i: int, t: int) -> np.ndarray:
        P = self._played[t].P[i].value
        if t == len(self._played) - 1:
            return self._sizes(P)
        K = self._played[t].K[i].value
        return self._sizes(P, K.T @ self._W(i, t) @ K)

    def _sizes(self, P: np.ndarray, more: np.ndarray | float = 0.0) -> np.ndarray:
        return _roots((np.diag(abs(np.diagonal(P))) if self._indefinite else P) + more)


class _Weights:
    """W of an agent at a stage whose next costs P: (τ/2)I + R + B'PB in the paper's class."""

    def __init__(self, game: Game):
        self._stages = Stages(game.near, Float64(), constants=False)

    def __call__(self, i: int, t: int, P: np.ndarray) -> np.ndarray:
        return self._stages.bare(t).with_values({notation.P(i + 1): P})(notation.W(i + 1))


def _roots(X: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(np.diagonal(X), 0.0))


def _add_second_order(
    game: Game, played: Sequence[Stage], lost: _Lost, squared: float, states: int
) -> None:
    """What moves ΔK of the gains do to P, s and q beyond the derivative: to an agent that nothing
    costs, everything.

    Pⁱ_t is quadratic in the gains: they add Dⁱ, what ΔK would cost if nothing else did, and E_t in
    all, D_t and what E_{t+1} leads to; to q_t what E_{t+1} and the q of it lead to.
    """
    near = game.near.homogeneous
    m, T = near.state_size, game.horizon
    nothing = ((np.zeros((m, m)),) * (T + 1),) * game.agents
    no_controls = tuple((np.zeros((p, p)),) * T for p in game.control_sizes)
    moved_alone = evolve(near, A=nothing[0][:T], Q=nothing, S=None, prior_gain=None)
    handed_on = evolve(near, Q=nothing, R=no_controls, S=None, tau_given=Fraction(0))
    alone, passed = (Stages(one, Float64Stacks()) for one in (moved_alone, handed_on))
    E: list[np.ndarray] = [np.zeros((m, m))] * game.agents
    constant: list[Any] = [0.0] * game.agents
    for t in reversed(range(T)):
        stage, ahead = played[t : t + 2]
        squares = alone.bare(t).with_values(
            {notation.K(k): stage.K[k - 1].moves for k in alone.agents}
            | {notation.P(k): ahead.P[k - 1].value for k in alone.agents}
        )
        later = passed.bare(t).with_values(
            {notation.K(k): stage.K[k - 1].value for k in alone.agents}
            | {notation.S(k): stage.Sigma[k - 1].value for k in alone.agents}
            | {notation.P(k): E[k - 1] for k in alone.agents}
            | {notation.q(k): constant[k - 1] for k in alone.agents}
        )
        for k in alone.agents:
            constant[k - 1] = later(passed.formula("policy_constant", k))
            E[k - 1] = squares(alone.formula("policy_cost", k)) + later(
                passed.formula("policy_cost", k)
            )
            _add(lost, k - 1, t, E[k - 1], constant[k - 1], squared, states)


def _add(
    lost: _Lost, i: int, t: int, E: np.ndarray, constant: Any, squared: float, states: int
) -> None:
    affine = E.shape[-1] > states
    q = np.asarray(constant)[..., None, None] + (E[..., :1, :1] if affine else 0.0)
    parts = {letter: part(letter, E, Float64Stacks()) if affine else E for letter in "Ps"}
    for letter, moved in {**parts, "q": q}.items():
        if letter in lost:
            lost[letter][i][t] = lost[letter][i][t] + squared * abs(moved).max(axis=0)


def _rounded_cost(moving: Moving, exact: Any) -> Moving:
    """P_t at its exact value; float64 rounds its entry (r, c) by u √(P_rr P_cc), or by u times
    itself where it is larger, as it may be in an indefinite P."""
    value = _near(exact)
    roots = _roots(value)
    return moving.at(value).rounded(np.maximum(np.outer(roots, roots), abs(value)))


def _equilibrium_play(found: Sequences, stages: Stages, known: Evaluator, t: int) -> Any:
    phi, rhs = block_system(stages, known)
    solved = stages.arithmetic.solve(phi, rhs)

    def at(exact: Sequence[Sequence[Any]], moved: Iterable[Moving]) -> list[Moving]:
        return [one.at(_near(X[t])) for one, X in zip(moved, exact, strict=True)]

    gains = by_agent(stages, -solved)
    return at(found.K, gains), at(found.Sigma, stages.covariances(known))


def _given_play(policy: Policy, stages: Stages, _known: Evaluator, t: int) -> Any:
    return [stages.enter(K[t]) for K in policy.K], given_covariances(stages, policy, t)


def _gap_allowed(game: Game, policy: Policy, agent: int, unit: float) -> float:
    own, factor = agent - 1, roundoff(game, unit)
    K = in_state_of(game, policy).K[own]
    try:
        with np.errstate(all="ignore"):
            weight, total = _Weights(game), 0.0
            moments = second_moments(game.near, policy, Float64())
            best = best_response(game.near, policy, agent, Roundings())
            for t in range(game.horizon):
                W, X = _roots(weight(own, t, best.P[t + 1].value)), _roots(moments[t])
                # |W_ab| ≤ √(W_aa W_bb), and so X.
                piece = (W @ (factor * (_move(best.K[t]) + abs(floats(K[t])))) @ X) ** 2
                tau = float(game.tau_of[own][t])
                if tau and policy.Sigma is not None:
                    Sigma_t = best.Sigma[t]
                    apiece = factor * (_move(Sigma_t) + abs(Sigma_t.value))
                    piece += tau / 4 * (W @ apiece @ W * 2 / tau) ** 2
                total += float(game.discount[own]) ** t * piece
        return _finite(float(total) + math.ulp(0.0))
    except (InputError, UnsupportedError, NotCertifiedError):  # beyond float64's range
        return math.inf


def _move(moving: Moving) -> np.ndarray:
    """By entry the largest move, and the rounding of what is stored, in units of u."""
    return np.atleast_2d(abs(moving.moves).max(axis=0) + abs(moving.value))


def _finite(x: float) -> float:
    return x if x < math.inf else math.inf


def _near(X: Any) -> np.ndarray:
    return np.array([[float(x) for x in row] for row in X.tolist()])
