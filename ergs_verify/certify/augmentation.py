"""Theorem IV.3 certified: the gap of the δ-augmented equilibrium enclosed at given δ.

S̃ is the equilibrium at τ + δ, and BR^i agent i's best response to S̃^{-i} at τ. Costs at τ + δ are
those at τ and δ KL_i, and S̃^i is agent i's best response there. So the bound of the theorem is
itself a sum of two gaps,

    δ (KL_i(BR^i) − KL_i(S̃^i)) = gap_i(S̃; τ) + gap_i((BR^i, S̃^{-i}); τ + δ),

of which the first is ε_i(δ). By the gap identity each is a sum of terms in which nothing cancels.
None of them is 0: at τ > 0 the covariances S̃^i and BR^i differ, as the one's precision
I + 2(R + B'PB)/τ falls strictly in τ; at τ = 0 that of S̃^i is positive. So a precision that is high
enough makes every enclosure as tight as asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, wait
from decimal import Decimal
from fractions import Fraction
from functools import partial, reduce
from itertools import pairwise
from operator import add
from typing import Any

import numpy as np
from attrs import evolve, frozen

from ergs_verify.arithmetic.balls import Ball, Balls
from ergs_verify.certify.augmentation_result import (
    COEFFICIENT_TOLERANCE,
    Coefficient,
    DeltaAgent,
    DeltaRow,
    GapOfDelta,
    SmallestDelta,
)
from ergs_verify.certify.enclosure import INFINITE, Enclosure
from ergs_verify.certify.float_augmentation import gaps_and_bounds as float_gaps
from ergs_verify.certify.gap_parts import answered, stage_parts, with_moments
from ergs_verify.certify.loewner import Bracket
from ergs_verify.certify.nash import certified_nash
from ergs_verify.certify.norms import coarse
from ergs_verify.certify.precision import MOST_BITS, bits_short, tolerance_of, whole_limbs
from ergs_verify.certify.stationary_augmentation import stationary_gap_of_delta
from ergs_verify.certify.thresholds import TauThresholds
from ergs_verify.errors import (
    ErgsError,
    InputError,
    NotCertifiedError,
    SingularStageError,
    UnboundedCostError,
)
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact import number
from ergs_verify.game import Game
from ergs_verify.game.game import expect_game
from ergs_verify.paper import notation
from ergs_verify.paper.gap import Z, second_order_formulas
from ergs_verify.recursion import Sequences
from ergs_verify.recursion.gap import played_stage
from ergs_verify.recursion.stages import Progress, Stages, setting_of

#: Twelve decades.
DELTAS = tuple(Fraction(10) ** k for k in range(-9, 4))
#: Bits to begin with, and how many of them a tame game leaves for what δ² cancels.
_FIRST_BITS, _LEFT_BITS = 128, 64
#: Bits beyond those that cancel and those of the tolerance, for what is lost besides.
_SPARE_BITS = 48
#: A tolerance that float64 mostly meets.
_OF_FLOATS = Fraction(1, 10**6)
#: Costs have settled where they move by so many bits less than the tolerance.
_SETTLED_BEYOND = 40
#: Seconds between two signs of life while processes work.
_PAUSE = 1.0


def gap(
    game: Game,
    deltas: Iterable[Any] | None = None,
    *,
    tolerance: Any = 1e-3,
    most_bits: int = MOST_BITS,
    progress: Progress | None = None,
    executor: Executor | None = None,
) -> GapOfDelta:
    """Enclose what playing the equilibrium of the δ-augmented game costs every agent.

    Parameters
    ----------
    game : Game
    deltas : number or iterable of numbers > 0, optional
        10⁻⁹ to 10³ by default. Strings and rationals are exact; floats are the dyadic rationals
        they are.
    tolerance : number, default 1e-3
        The relative width of each ε and bound. That of the coefficient is 1e-12.
    most_bits : int
        The highest precision; a row for which it does not suffice is ``"undecided"``.
    progress : function of two int, optional
        Told how many parts are done, and of how many. A part is a δ, the coefficient, or the
        smallest δ.
    executor : concurrent.futures.Executor, optional
        Processes over which the parts are spread.

    Returns
    -------
    GapOfDelta

    Raises
    ------
    InputError
        If `deltas` or `tolerance` are bad.

    Notes
    -----
    ε_i(δ) is agent i's gap in the game at τ, where all play the equilibrium S̃ at τ + δ, on average
    over x_0. Theorem IV.3 of [1]_ bounds it, and :doc:`/explanation/theory` sharpens that in "The
    δ-augmentation": 0 ≤ ε_i(δ) ≤ δ (KL_i(BR^i) − KL_i(S̃^i)), and if τ > 0 and every Φ_t is regular
    at τ, ε_i(δ) = c_i δ² + O(δ³). A row has a reason in place of numbers if some Φ_t is singular at
    τ + δ. If one is singular at τ, ε need not vanish with δ.

    With an infinite horizon S̃ is the equilibrium at τ + δ that Newton's method finds from the one
    at τ, following growing δ. Gaps, bounds and c_i are discounted, or the mean of a stage.

    References
    ----------
    .. [1] M. A. uz Zaman, S. Aggarwal, M. Bastopcu and T. Başar, Policy Optimization finds Nash
       Equilibrium in Regularized General-Sum LQ Games, Conference on Decision and Control 2024,
       arXiv:2404.00045.

    Examples
    --------
    >>> from ergs_verify import gallery
    >>> from ergs_verify.certify.augmentation import gap
    >>> found = gap(gallery("g-star-2"), ["1e-15", "1e-3"])
    >>> print(found.rows[0].agents[0].epsilon, found.coefficient[0].value)
    8.05556e-31 0.805556
    """
    expect_game(game, "gap")
    steps = chosen_deltas(deltas)
    wanted = Fraction(tolerance_of(tolerance))
    if game.stationary:
        return stationary_gap_of_delta(
            game, steps, tolerance=wanted, most_bits=most_bits, progress=progress
        )
    work = _Work(len(steps) + 2, progress, executor)
    [(second, bits)] = work.done([partial(_coefficient, game, most_bits)])
    row = partial(_row, game, tolerance=wanted, first_bits=bits, most_bits=most_bits)
    smallest, *rows = work.done(
        [partial(_smallest_delta, game, most_bits), *(partial(row, delta) for delta in steps)]
    )
    return GapOfDelta(
        tau=None if isinstance(game.tau_given, tuple) else game.tau,
        rows=tuple(rows),
        coefficient=None if isinstance(second, str) else second,
        coefficient_reason=second if isinstance(second, str) else None,
        smallest_delta=smallest and SmallestDelta(assumption_III_3=smallest),
        game=game,
    )


def chosen_deltas(deltas: Iterable[Any] | None) -> tuple[Fraction, ...]:
    """The δ by size, `DELTAS` where none are given.

    Raises
    ------
    InputError
        Where one is not a number > 0, two are equal, or there are none.
    """
    given = DELTAS if deltas is None else deltas
    if isinstance(given, str | int | float | Fraction | Decimal | np.number):
        given = [given]
    steps = sorted(Fraction(number(delta, "delta")) for delta in given)
    if not steps or steps[0] <= 0 or any(a == b for a, b in pairwise(steps)):
        raise InputError("deltas must be one or more distinct numbers > 0", "delta")
    return tuple(steps)


def _smallest_delta(game: Game, most_bits: int) -> Enclosure | None:
    if game.general:
        return None
    least = TauThresholds(game, most_bits=most_bits).assumption
    return least.shifted(-game.tau).at_least(Fraction(0))


# -- one δ -----------------------------------------------------------------------------------------


def _row(
    game: Game,
    delta: Fraction,
    *,
    tolerance: Fraction,
    first_bits: int,
    most_bits: int,
) -> DeltaRow:
    augmented = game.augmented(delta)
    largest = max(tau for own in augmented.tau_of for tau in own)
    # A covariance part, of the order (δ/(τ+δ))², is what is left of terms of order 1.
    cancelled = 2 * int(largest / delta).bit_length()
    in_floats = tolerance >= _OF_FLOATS and all(tau > 0 for own in game.tau_of for tau in own)
    try:
        reached = _reached(
            augmented,
            partial(_gaps_and_bounds, game, augmented),
            at_first=partial(float_gaps, game, delta) if in_floats else None,
            tolerance=tolerance,
            cancelled=cancelled,
            first_bits=first_bits
            if in_floats
            else whole_limbs(first_bits + max(0, cancelled - _LEFT_BITS)),
            most_bits=most_bits,
        )
    except (SingularStageError, UnboundedCostError) as error:
        reason = f"at τ + δ, {error}"
        return DeltaRow(delta=delta, verdict="refuted", agents=None, reason=reason)
    except _InfiniteGapError as error:
        return DeltaRow(delta=delta, verdict="refuted", agents=None, reason=str(error))
    values = reached.values
    agents = tuple(
        DeltaAgent(agent=k, epsilon=epsilon, bound=bound)
        for k, (epsilon, bound) in enumerate(zip(values[::2], values[1::2], strict=True), 1)
    )
    return DeltaRow(
        delta=delta,
        verdict="undecided" if reached.lacking else "proved",
        agents=agents or None,
        reason=reached.lacking,
    )


class _InfiniteGapError(ErgsError):
    """An agent has no best response at τ to the others' part of the equilibrium at τ + δ."""


def _gaps_and_bounds(
    game: Game, augmented: Game, equilibrium: Sequences, balls: Balls
) -> list[Enclosure]:
    """ε_1, bound_1, ε_2, bound_2, …"""
    stages, shifted = Stages(game, balls, symmetric=True), Stages(augmented, balls, symmetric=True)
    policy = _Policy.of(equilibrium)
    played = policy.played(stages)
    found = []
    for agent in stages.agents:
        try:
            answering = list(answered(stages, played, agent))[::-1]
        except UnboundedCostError as error:
            raise _InfiniteGapError(f"at τ, {error}") from None
        epsilon = _gap(stages, answering, agent)
        found.append(Enclosure.of(epsilon, least=Fraction(0)))
        if any(stages.plain_at(agent, t) for t in range(game.horizon)):
            found.append(INFINITE)
            continue
        joint = policy.with_agent(
            agent,
            [stage(stages.formula("gain", agent)) for stage in answering],
            [stage(stages.formula("covariance", agent)) for stage in answering],
        )
        ahead = equilibrium.P[agent - 1][1:]
        excess = _gap(shifted, _with_costs(joint.played(shifted), ahead, agent), agent)
        found.append(Enclosure.of(epsilon + excess, least=Fraction(0)))
    return found


@frozen(eq=False)
class _Policy:
    """A joint policy in balls: K[t][i] and Sigma[t][i]."""

    K: list[tuple[Any, ...]]
    Sigma: list[tuple[Any, ...]]

    @classmethod
    def of(cls, equilibrium: Sequences) -> _Policy:
        return cls(
            list(zip(*equilibrium.K, strict=True)), list(zip(*equilibrium.Sigma, strict=True))
        )

    def with_agent(self, agent: int, K: Sequence[Any], Sigma: Sequence[Any]) -> _Policy:
        """The policy with an agent's part, given over t, in place of its own."""
        before, after = slice(agent - 1), slice(agent, None)
        return _Policy(
            [(*X[before], own, *X[after]) for X, own in zip(self.K, K, strict=True)],
            [(*X[before], own, *X[after]) for X, own in zip(self.Sigma, Sigma, strict=True)],
        )

    def played(self, stages: Stages[Balls]) -> list[Evaluator]:
        """The stages t = 0…T−1 with this policy and E[xx']."""
        pairs = enumerate(zip(self.K, self.Sigma, strict=True))
        return with_moments(stages, [played_stage(stages, t, *policy) for t, policy in pairs])


def _with_costs(played: Sequence[Evaluator], P: Sequence[Any], agent: int) -> list[Evaluator]:
    """The stages t = 0…T−1 with an agent's P_{t+1}."""
    letter = notation.P(agent)
    return [stage.with_values({letter: ahead}) for stage, ahead in zip(played, P, strict=True)]


def _gap(stages: Stages[Balls], answering: Sequence[Evaluator], agent: int) -> Ball:
    """By the gap identity, at stages that know the best response's P_{t+1}."""
    parts = (stage_parts(stages, stage, agent, t) for t, stage in enumerate(answering))
    return reduce(add, (x for pair in parts for x in pair))


# -- the coefficient of δ² -------------------------------------------------------------------------


def _coefficient(game: Game, most_bits: int) -> tuple[tuple[Coefficient, ...] | str, int]:
    """Every agent's, or why there is none; and the bits that a row may begin with."""
    if any(tau == 0 for own in game.tau_of for tau in own):
        return "τ = 0, where the gap is linear in δ", _FIRST_BITS
    try:
        reached = _reached(
            game,
            partial(_coefficients, game),
            tolerance=COEFFICIENT_TOLERANCE,
            first_bits=_FIRST_BITS,
            most_bits=most_bits,
        )
    except (SingularStageError, UnboundedCostError) as error:
        return f"at τ, {error}", _FIRST_BITS
    if reached.lacking:
        return reached.lacking, _FIRST_BITS
    values = enumerate(reached.values, 1)
    return tuple(Coefficient(agent=k, value=value) for k, value in values), reached.bits


def _coefficients(game: Game, equilibrium: Sequences, balls: Balls) -> list[Enclosure]:
    stages = Stages(game, balls, symmetric=True)
    played = _Policy.of(equilibrium).played(stages)
    found = []
    for agent in stages.agents:
        known = _with_costs(played, equilibrium.P[agent - 1][1:], agent)
        found.append(Enclosure.of(_second_order(stages, known, agent), least=Fraction(0)))
    return found


def _second_order(stages: Stages[Balls], known: Sequence[Evaluator], agent: int) -> Ball:
    """Backwards in time. Z_t, the slope of P_t in τ, is monotone in Z_{t+1}: F'ZF and more."""
    balls = stages.arithmetic
    formula = stages.written(second_order_formulas(setting_of(stages.game)))
    letter, size = Z.subs(notation.i, agent), stages.game.state_size
    slope = Bracket(balls.zeros(size, size), balls.zeros(size, size))
    total = balls.scalar(Fraction(0))
    for t in reversed(range(len(known))):
        stage = known[t]
        part = stage.with_values({letter: slope.ball(balls)})(formula("coefficient", agent))
        total = total + stages.weighed(part, agent, t)
        slope = slope.along(stage, letter, formula("cost_slope", agent), balls)
    return total


# -- precision -------------------------------------------------------------------------------------


@frozen
class _Reached:
    """Enclosures, as tight as asked unless it says what is lacking; none where there are none."""

    values: list[Enclosure]
    bits: int
    lacking: str | None = None


def _reached(
    game: Game,
    measure: Callable[[Sequences, Balls], list[Enclosure]],
    *,
    at_first: Callable[[Sequences], list[Enclosure]] | None = None,
    tolerance: Fraction,
    first_bits: int,
    most_bits: int,
    cancelled: int = 0,
) -> _Reached:
    """What `measure` makes of the equilibrium in balls, at a precision that makes it tight.

    The recursion of the equilibrium loses more bits than what is measured at it. So that is tried
    with no more than its own losses take, of which `cancelled` are foreseen, and before it what
    says the same `at_first`.
    """
    values: list[Enclosure] = []
    asked = (tolerance.denominator // tolerance.numerator).bit_length()
    enough = _SPARE_BITS + cancelled + asked

    def short(measured: Callable[[], list[Enclosure]], bits: int) -> int:
        try:
            values[:] = measured()
        except NotCertifiedError:
            return bits // 2
        return max(bits_short(one, tolerance, bits) for one in values)

    def lacking(equilibrium: Sequences, balls: Balls) -> int:
        if at_first and short(partial(at_first, equilibrium), balls.bits) <= 0:
            return 0
        few = Balls(min(enough, balls.bits))
        lacks = short(partial(measure, _coarse(equilibrium, few.bits), few), balls.bits)
        if lacks <= 0 or few.bits == balls.bits:
            return lacks
        return short(partial(measure, equilibrium, balls), balls.bits)

    try:
        nash = certified_nash(
            game,
            lacking,
            first_bits=first_bits,
            most_bits=most_bits,
            settled_bits=asked + _SETTLED_BEYOND if at_first else None,
            constants=False,
        )
    except NotCertifiedError as error:
        return _Reached(values, most_bits, lacking=str(error))
    return _Reached(values, nash.balls.bits)


def _coarse(equilibrium: Sequences, bits: int) -> Sequences:
    """K, Σ and P rounded outward."""
    letters = {
        name: tuple(tuple(coarse(X, bits) for X in own) for own in getattr(equilibrium, name))
        for name in ("K", "Sigma", "P")
    }
    return evolve(equilibrium, **letters)


# -- the parts of the work -------------------------------------------------------------------------


class _Work:
    """Does parts of the work, in other processes where there are some, and says how many are done.

    While others work it says so again and again.
    """

    def __init__(self, parts: int, progress: Progress | None, executor: Executor | None):
        self._parts = parts
        self._progress = progress
        self._executor = executor
        self._finished = 0

    def done(self, tasks: Sequence[Callable[[], Any]]) -> list[Any]:
        """What the tasks return, in their order."""
        if self._executor is None:
            return [self._counted(task()) for task in tasks]
        futures = [self._executor.submit(task) for task in tasks]
        before, left = self._finished, set(futures)
        while left:
            left = wait(left, timeout=_PAUSE).not_done
            self._say(before + len(futures) - len(left))
        return [future.result() for future in futures]

    def _counted(self, result: Any) -> Any:
        self._say(self._finished + 1)
        return result

    def _say(self, finished: int) -> None:
        self._finished = finished
        if self._progress:
            self._progress(finished, self._parts)
