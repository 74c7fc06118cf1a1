"""Cross-check a game: derived recursion, engine, forward moments, stationarity, simulation."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import evolve

from ergs_verify import engine
from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.errors import ErgsError, InputError, NotCertifiedError, SingularStageError
from ergs_verify.exact import fractions
from ergs_verify.game import FloatGame, Game
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion import algorithm_1, nash
from ergs_verify.solve import MOST_DIGITS
from ergs_verify.study.agreement import Pair, lost_digits, row, sentence
from ergs_verify.study.conditioning import (
    UNIT,
    Moves,
    Rounding,
    modest_factor,
    moves,
    perturbed,
)
from ergs_verify.study.crosscheck_result import CrossCheck, Row, Simulated
from ergs_verify.study.forward_cost import Forward
from ergs_verify.study.inner_loop import Convergence, convergence
from ergs_verify.study.monte_carlo import simulate
from ergs_verify.study.numbers import LETTERS, Numbers, distance, enter, numbers, size
from ergs_verify.study.singular import compare_singular
from ergs_verify.study.stationarity import Stationarity, entered_policy, rounded_policy

__all__ = ["crosscheck"]

#: Called with what is being done, how many parts are done and how many there are.
Progress = Callable[[str, int, int], None]

#: What the reference carries beyond the digits asked for.
_GUARD = 25
#: Games near the given one on which its conditioning is measured. That none of three moves an
#: entry by a tenth of the standard deviation has probability 0.08³; the modest factor has room.
_SAMPLES = 3
#: Fewer digits would not tell the derived recursion's own error from float64's.
_FEWEST_DIGITS = 20
#: A normal variable is further than this from its mean with probability 7e-6.
_STANDARD_ERRORS = 4.5


def crosscheck(
    game: Game,
    *,
    digits: int = 50,
    samples: int = 20_000,
    iterations: Sequence[int] = (2, 4, 8, 16, 32, 64, 128),
    formulas: Formulas | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> CrossCheck:
    """Compute a game's equilibrium and costs in ways that share nothing, and compare.

    The derived recursion (mpmath, at `digits` and 25 more) stands against the float64 engine;
    both against the cost (2) by forward moments, its derivative in each agent's own K and Σ, and
    against simulation of the engine's policy. Algorithm 1 is followed as L grows.

    Parameters
    ----------
    game : Game
    digits : int
        Of the derived recursion, at least 20.
    samples : int
        Trajectories simulated, at least 1000.
    iterations : growing sequence of int ≥ 1
        The L at which Algorithm 1 is looked at. At the first of them the engine's run is compared
        with the derived one.
    formulas : Formulas, optional
        The derived ones by default.
    seed : int
        Of all random numbers.
    progress : function of a text and two numbers, optional
        Told what is being done, how many parts are done, and how many there are.

    Returns
    -------
    CrossCheck
        A singular game is an answer too: both sides must find the same stage.

    Raises
    ------
    InputError
        Where an argument is bad.

    Notes
    -----
    An error is allowed to be a `modest_factor` times what rounding the game's data does to the
    solution (`ergs_verify.study.conditioning`), for the derived recursion scaled to its own
    precision. The simulated mean must lie within 4.5 standard errors, which a normal variable
    misses with probability 7e-6.

    Examples
    --------
    >>> from ergs_verify import gallery
    >>> from ergs_verify.study import crosscheck
    >>> found = crosscheck(gallery("g-star-2"), samples=2000)
    >>> found.verdict, found.algorithm_1.behaviour
    ('agree', 'diverges')
    """
    start = time.perf_counter()
    wanted = _whole(digits, "digits", _FEWEST_DIGITS, MOST_DIGITS)
    count = _whole(samples, "samples", 1000, 10**9)
    loops = _growing(iterations)
    seed = _whole(seed, "seed", 0, 2**63)
    tell = _Told(progress, parts=4 + _SAMPLES)
    check = _Check(game, wanted, formulas, seed, tell)

    tell("derived recursion")
    derived = _attempt(lambda: check.derive(game, check.near))
    tell("engine")
    found = _attempt(lambda: engine.nash(game.floats()))
    if isinstance(derived, ErgsError) or isinstance(found, ErgsError):
        verdict, reason, t = compare_singular(game, derived, found, formulas, seed=seed)
        outcome: dict[str, Any] = {"verdict": verdict, "reasons": (reason,), "singular_stage": t}
        outcome["lost_digits"] = {}
    else:
        outcome = check.compare(derived, found, loops, count)
    return CrossCheck(
        game=_line(game),
        digits=wanted,
        factor=modest_factor(game),
        seconds=time.perf_counter() - start,
        **outcome,
    )


class _Check:
    """One game with the arithmetics it is judged in."""

    def __init__(self, game: Game, digits: int, formulas: Formulas | None, seed: int, tell: _Told):
        self.game, self.formulas, self.seed, self.tell = game, formulas, seed, tell
        self.near, self.wide = MPMath(digits=digits), MPMath(digits=digits + _GUARD)
        self.factor = self.wide.scalar(Fraction(modest_factor(game)))
        self.own_unit = self.wide.scalar(Fraction(1, 2**self.near.bits) / UNIT)
        self.one = self.wide.scalar(Fraction(1))

    def derive(self, game: Game, arithmetic: MPMath) -> Numbers:
        return numbers(nash(game, arithmetic, formulas=self.formulas))

    def compare(
        self, derived: Numbers, found: Any, iterations: Sequence[int], samples: int
    ) -> dict[str, Any]:
        game, floats = self.game, self.game.floats()
        engines = numbers(found)
        try:
            reference = self.derive(game, self.wide)
            nearby = []
            for k in range(_SAMPLES):
                self.tell("conditioning")
                other = perturbed(game, reference["P"], self.seed + k)
                nearby.append(self.derive(other, Rounding(self.seed + k)))
        except (SingularStageError, NotCertifiedError) as error:
            reason = f"the conditioning cannot be measured, a game nearby has no answer: {error}"
            return {"verdict": "undecided", "reasons": (reason,), "lost_digits": {}}
        moved = moves(game, reference, nearby, self.wide)

        self.tell("forward moments and stationarity")
        rows = self._numbers("derived-precision", reference, derived, moved, self.own_unit)
        rows += self._numbers("engine-nash", reference, engines, moved, self.one)
        rows += self._algorithm_1(floats, iterations[0], reference)
        costs = self._costs(reference)
        allowed = self._allowed_costs(moved)
        rows += self._forward("forward-cost-derived", derived, allowed, self.own_unit)
        rows += self._forward("forward-cost-engine", engines, allowed, self.one)
        rows += self._stationarity(reference, derived, engines, nearby)
        self.tell("simulation")
        simulated, told = self._simulated(floats, found, samples, costs, allowed)
        return {
            "verdict": "agree" if all(one.holds for one in (*rows, *simulated)) else "disagree",
            "reasons": tuple(sentence(one) for one in (*rows, *simulated) if not one.holds),
            "rows": (*rows, *simulated),
            "algorithm_1": self._convergence(floats, found, iterations, moved),
            "compared_iterations": iterations[0],
            "simulation": told,
            "samples": samples,
            "lost_digits": lost_digits(reference, moved),
        }

    def _numbers(
        self, check: str, reference: Numbers, other: Numbers, moved: Moves, unit: Any
    ) -> list[Row]:
        """All letters of all agents, each at its worst stage."""
        return [
            row(
                check,
                letter,
                i,
                [
                    self._pair(distance(X, Y), unit * move, size(X), unit)
                    for X, Y, move in zip(
                        reference[letter][i], other[letter][i], moved[letter][i], strict=True
                    )
                ],
            )
            for letter in LETTERS
            for i in range(self.game.agents)
        ]

    def _pair(self, error: Any, move: Any, scale: Any, unit: Any) -> Pair:
        # A matrix that is 0 has the size that its move is one rounding of.
        natural = scale or move / (unit * self.wide.scalar(UNIT)) or self.one
        return Pair(error, self.factor * move, natural)

    def _algorithm_1(self, floats: FloatGame, count: int, reference: Numbers) -> list[Row]:
        def derive(game: Game, arithmetic: MPMath) -> Numbers:
            return numbers(algorithm_1(game, arithmetic, count, formulas=self.formulas))

        exact = derive(self.game, self.wide)
        nearby = [
            derive(perturbed(self.game, exact["P"], self.seed + k), Rounding(self.seed + k))
            for k in range(_SAMPLES)
        ]
        moved = moves(self.game, exact, nearby, self.wide)
        got = numbers(engine.algorithm_1(floats, count))
        return self._numbers("engine-algorithm-1", exact, got, moved, self.one)

    def _costs(self, given: Numbers) -> list[Any]:
        """E[x_0'P_0 x_0] + q_0 of every agent."""
        wide, X_0 = self.wide, self._second_moment()
        return [
            wide.trace(wide.multiply(enter(wide, P[0]), X_0)) + enter(wide, q[0])[0][0]
            for P, q in zip(given["P"], given["q"], strict=True)
        ]

    def _second_moment(self) -> Any:
        game, wide = self.game, self.wide
        mean = wide.matrix(fractions(game.x0_mean.reshape(-1, 1)), (game.state_size, 1))
        cov = wide.matrix(fractions(game.x0_cov), game.x0_cov.shape)
        return wide.add(cov, wide.multiply(mean, wide.transpose(mean)))

    def _allowed_costs(self, moved: Moves) -> list[Any]:
        """How far J^i moves at most when P_0 and q_0 move as they do."""
        spread = sum(abs(x) for row in self._second_moment() for x in row)
        return [moved["q"][i][0] + spread * moved["P"][i][0] for i in range(self.game.agents)]

    def _forward(self, check: str, given: Numbers, allowed: list[Any], unit: Any) -> list[Row]:
        try:
            forward = Forward(self.game, self.wide).costs(entered_policy(self.wide, given))
        except NotCertifiedError:  # a Σ that is not positive definite: an infinite cost
            forward = [self.wide.scalar(Fraction(0)) * float("inf")] * self.game.agents
        claimed = self._costs(given)
        return [
            row(
                check,
                "J",
                i,
                [self._pair(_apart(J, claimed[i]), unit * allowed[i], abs(J), unit)],
                timeless=True,
            )
            for i, J in enumerate(forward)
        ]

    def _stationarity(
        self, reference: Numbers, derived: Numbers, engines: Numbers, nearby: list[Numbers]
    ) -> list[Row]:
        wide = self.wide
        judge = Stationarity(self.game, wide, reference, self.seed)
        curvatures = judge.curvatures(entered_policy(wide, reference))
        around = [
            judge.slopes(rounded_policy(wide, given, self.seed + k))
            for k, given in enumerate(nearby)
        ]
        rows = []
        for check, given, unit in (
            ("stationarity-derived", derived, self.own_unit),
            ("stationarity-engine", engines, self.one),
        ):
            policy = entered_policy(wide, given)
            try:
                slopes = judge.slopes(policy)
            except NotCertifiedError:  # a singular Σ: the slope is infinite
                slopes = {letter: [float("inf")] * self.game.agents for letter in judge.letters}
            for letter in judge.letters:
                for i in range(self.game.agents):
                    move = unit * max(abs(other[letter][i]) for other in around)
                    curvature = curvatures[letter][i]
                    pair = self._pair(abs(slopes[letter][i]), move, abs(curvature), unit)
                    one = row(check, f"dJ/d{letter}", i, [pair], timeless=True)
                    if not one.holds and slopes[letter][i] != float("inf"):
                        by_stage = list(map(abs, judge.stage_slopes(policy, letter, i)))
                        one = evolve(one, t=by_stage.index(max(by_stage)))
                    # A slope that vanishes at a moved policy as well would say nothing.
                    rows.append(one if curvature > 0 else evolve(one, holds=False))
        return rows

    def _simulated(
        self, floats: FloatGame, found: Any, samples: int, costs: list[Any], allowed: list[Any]
    ) -> tuple[list[Row], tuple[Simulated, ...]]:
        estimate = simulate(floats, found.K, found.Sigma, samples=samples, seed=self.seed)
        rows, told = [], []
        for i, exact in enumerate(costs):
            mean, error = float(estimate.mean[i]), float(estimate.standard_error[i])
            room = _STANDARD_ERRORS * error + self.factor * allowed[i]
            pair = Pair(_apart(exact, mean), room, abs(exact) or self.one)
            rows.append(row("monte-carlo", "J", i, [pair], timeless=True))
            told.append(Simulated(agent=i + 1, mean=mean, standard_error=error, exact=float(exact)))
        return rows, tuple(told)

    def _convergence(
        self, floats: FloatGame, found: Any, iterations: Sequence[int], moved: Moves
    ) -> Convergence:
        # ‖·‖_F is at most √(rows·columns) times the largest entry.
        m, sizes = self.game.state_size, self.game.control_sizes
        rounding = sum(
            float(K) * np.sqrt(p * m) + float(S) * p
            for i, p in enumerate(sizes)
            for K, S in zip(moved["K"][i], moved["Sigma"][i], strict=True)
        )
        return convergence(floats, found, iterations, float(self.factor) * float(rounding))


class _Told:
    """Counts the parts of the work for a progress function."""

    def __init__(self, progress: Progress | None, parts: int):
        self._progress, self._parts, self._done = progress, parts, 0

    def __call__(self, what: str) -> None:
        if self._progress:
            self._progress(what, self._done, self._parts)
        self._done += 1


def _attempt(run: Callable[[], Any]) -> Any:
    """What a side gives, or the reason why it gives nothing."""
    try:
        return run()
    except ErgsError as error:
        return error


def _apart(x: Any, y: Any) -> Any:
    """|x − y|, ∞ where that is no number."""
    far = abs(x - y)
    return far if far - far == 0 else float("inf")


def _line(game: Game) -> str:
    p = ", ".join(map(str, game.control_sizes))
    sizes = f"N = {game.agents}, m = {game.state_size}, p = {p}, T = {game.horizon}"
    return f"{game.name}: {sizes}, τ = {game.tau}" if game.name else f"{sizes}, τ = {game.tau}"


def _whole(value: Any, where: str, least: int, most: int) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        count = least - 1
    if not least <= count <= most or isinstance(value, bool):
        raise InputError(f"{where} must be a whole number from {least} to {most}", where)
    return count


def _growing(iterations: Iterable[Any]) -> list[int]:
    loops = [_whole(L, "iterations", 1, 10**6) for L in iterations]
    if not loops or sorted(set(loops)) != loops:
        raise InputError("iterations must be one or more growing whole numbers ≥ 1", "iterations")
    return loops
