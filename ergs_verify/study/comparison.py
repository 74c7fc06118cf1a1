"""Both sides' solutions of one game held against each other and against the forward moments."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import evolve, frozen

from ergs_verify import engine
from ergs_verify.arithmetic.base import Arithmetic, Matrix
from ergs_verify.arithmetic.mp import MPMath
from ergs_verify.arithmetic.roundings import Moving, Roundings
from ergs_verify.errors import InputError, NotCertifiedError, UnsupportedError
from ergs_verify.exact import UNIT, fractions
from ergs_verify.game import FloatGame, Game
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion import Sequences, algorithm_1, nash
from ergs_verify.recursion.affine import by_letter
from ergs_verify.study.agreement import Moves, Pair, lost_digits, row, sentence
from ergs_verify.study.conditioning import (
    first_order,
    modest_factor,
    moving_equilibrium,
    second_order,
)
from ergs_verify.study.crosscheck_result import Row, Simulated
from ergs_verify.study.forward_cost import Forward, JointPolicy
from ergs_verify.study.inner_loop import Convergence, convergence
from ergs_verify.study.monte_carlo import simulate
from ergs_verify.study.numbers import (
    AFFINE,
    LETTERS,
    Numbers,
    distance,
    enter,
    numbers,
    size,
)
from ergs_verify.study.stationarity import Stationarity, entered_policy

Tell = Callable[[str], None]

#: What the reference carries beyond the digits asked for.
_GUARD = 25
#: A normal variable is further than this from its mean with probability 7e-6.
_STANDARD_ERRORS = 4.5
#: Draws of roundings at which slopes are taken. That none of three moves a slope by a tenth of its
#: standard deviation has probability 0.08³; the modest factor has room.
_SAMPLES = 3
#: How often `Comparison.compare` tells what it does.
PARTS = 4


@frozen(kw_only=True)
class Equilibrium:
    """The reference rounded to float64, for the metric ‖·‖_□."""

    K: Sequence[np.ndarray]
    Sigma: Sequence[np.ndarray]
    k: Sequence[np.ndarray] | None = None


class Comparison:
    """One game with the arithmetics it is judged in.

    Parameters
    ----------
    game : Game
    digits : int
        Of the derived recursion.
    formulas : Formulas or None
    seed : int
    tell : function of a text
        Told what is done next, `PARTS` times by `compare`.
    """

    def __init__(self, game: Game, digits: int, formulas: Formulas | None, seed: int, tell: Tell):
        self.game, self.formulas, self.seed, self.tell = game, formulas, seed, tell
        #: What the derived side computes on: with affine terms, the state is (1, x).
        self.home = game.homogeneous
        self.affine = self.home is not game
        self.near, self.wide = MPMath(digits=digits), MPMath(digits=digits + _GUARD)
        self.factor = self.wide.scalar(Fraction(modest_factor(self.home)))
        self.own_unit = self.wide.scalar(Fraction(1, 2**self.near.bits) / UNIT)
        self.one = self.wide.scalar(Fraction(1))

    def derive(self, arithmetic: MPMath) -> Sequences:
        return nash(self.home, arithmetic, formulas=self.formulas)

    def shown(self, found: Sequences) -> Numbers:
        """What the derived side found, in the game's own state."""
        own = by_letter(found, self.game.state_size, self.wide)
        return numbers(own, AFFINE if self.affine else LETTERS)

    def compare(
        self, home: Sequences, found: Any, iterations: Sequence[int], samples: int
    ) -> dict[str, Any]:
        """The fields of a `CrossCheck`, for both sides' solutions."""
        floats = self.game.floats()
        letters = AFFINE if self.affine else LETTERS
        engines, derived = numbers(found, letters), self.shown(home)
        exact = self.derive(self.wide)
        reference = self.shown(exact)
        self.tell("conditioning")
        try:
            moving = moving_equilibrium(self.home, exact)
            lost = self._lost(moving, letters)
            moved, narrow = lost(self.one), lost(self.own_unit)
            _expect_in_range(reference, moved)
            self.tell("Algorithm 1")
            loops = self._algorithm_1(floats, iterations[0], letters)
        except (InputError, UnsupportedError, NotCertifiedError) as error:
            reason = f"the conditioning cannot be measured in float64: {error}"
            return {"verdict": "undecided", "reasons": (reason,), "lost_digits": {}}

        self.tell("forward moments and stationarity")
        rows = self._numbers("derived-precision", reference, derived, narrow, self.own_unit)
        rows += self._numbers("engine-nash", reference, engines, moved, self.one)
        rows += loops
        costs = self._costs(reference)
        allowed = self._allowed_costs(moved)
        own = self._allowed_costs(narrow)
        rows += self._forward("forward-cost-derived", derived, own, self.own_unit)
        rows += self._forward("forward-cost-engine", engines, allowed, self.one)
        rows += self._stationarity(exact, derived, engines, moving)
        self.tell("simulation")
        simulated, told = self._simulated(floats, found, samples, costs, allowed)
        return {
            "verdict": "agree" if all(one.holds for one in (*rows, *simulated)) else "disagree",
            "reasons": tuple(sentence(one) for one in (*rows, *simulated) if not one.holds),
            "rows": (*rows, *simulated),
            "algorithm_1": self._convergence(floats, reference, iterations, moved),
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
                    self._pair(distance(X, Y), move, size(X), unit)
                    for X, Y, move in zip(
                        reference[letter][i], other[letter][i], moved[letter][i], strict=True
                    )
                ],
            )
            for letter in reference
            for i in range(self.game.agents)
        ]

    def given_back(
        self, letter: str, derived: Numbers, stationary: Any, lost: Mapping[str, float]
    ) -> list[Row]:
        """The first stage's numbers against those of a stationary answer, agent by agent.

        So many digits are asked for as are carried, less what the game's conditioning costs.
        """
        rows = []
        slack = lost.get(letter, 0.0) + math.log10(float(self.factor)) + 1
        needed = self.near.bits * math.log10(2) - slack
        for i, X in enumerate(derived[letter]):
            wanted = np.reshape(stationary[i], X[0].shape)
            off = float(distance(X[0], wanted) / (size(wanted) or self.one))
            digits = math.inf if off == 0 else -math.log10(off)
            rows.append(
                Row(
                    check="stationary-answer",
                    quantity=letter,
                    agent=i + 1,
                    t=0,
                    digits=digits,
                    needed=needed,
                    holds=digits >= needed,
                )
            )
        return rows

    def _pair(self, error: Any, move: Any, scale: Any, unit: Any) -> Pair:
        # A matrix that is 0 has the size that its move is one rounding of.
        natural = scale or move / (unit * self.wide.scalar(UNIT)) or self.one
        return Pair(error, self.factor * move, natural)

    def _algorithm_1(self, floats: FloatGame, count: int, letters: Sequence[str]) -> list[Row]:
        def derive(game: Game, arithmetic: Arithmetic) -> Sequences:
            return algorithm_1(game, arithmetic, count, formulas=self.formulas)

        exact = self.shown(derive(self.home, self.wide))
        with np.errstate(all="ignore"):
            moving = derive(self.home.near, Roundings())
        moved = self._lost(moving, letters)(self.one)
        got = numbers(engine.algorithm_1(floats, count), letters)
        return self._numbers("engine-algorithm-1", exact, got, moved, self.one)

    def _lost(self, moving: Sequences, letters: Sequence[str]) -> Callable[[Any], Moves]:
        """What roundings of a relative size, in units of u, may move."""
        states = self.game.state_size
        with np.errstate(all="ignore"):
            first = first_order(moving, letters, states)
            second = second_order(self.home, moving, letters, states)

        def largest(X: np.ndarray) -> Any:
            if not np.isfinite(X).all():
                raise NotCertifiedError("numbers leave the range of float64")
            return self.wide.scalar(Fraction(float(X.max())))

        def moves(unit: Any) -> Moves:
            u = unit * self.wide.scalar(UNIT)
            found = {
                letter: [[u * largest(X) for X in own] for own in agents]
                for letter, agents in first.items()
            }
            for letter, agents in second.items():
                for i, own in enumerate(agents):
                    for t, X in enumerate(own):
                        found[letter][i][t] += self.factor * u**2 * largest(X)
            return found

        return moves

    def _costs(self, given: Numbers) -> list[Any]:
        """E[x_0'P_0 x_0 + 2s_0'x_0] + q_0 of every agent."""
        wide, X_0 = self.wide, self._second_moment()
        costs = [
            wide.trace(wide.multiply(enter(wide, P[0]), X_0)) + enter(wide, q[0])[0][0]
            for P, q in zip(given["P"], given["q"], strict=True)
        ]
        if not self.affine:
            return costs
        mean = self._mean()
        return [
            cost + 2 * sum(a[0] * b[0] for a, b in zip(enter(wide, s[0]), mean, strict=True))
            for cost, s in zip(costs, given["s"], strict=True)
        ]

    def _mean(self) -> Any:
        x0_mean = self.game.x0_mean.reshape(-1, 1)
        return self.wide.matrix(fractions(x0_mean), x0_mean.shape)

    def _second_moment(self) -> Any:
        game, wide, mean = self.game, self.wide, self._mean()
        cov = wide.matrix(fractions(game.x0_cov), game.x0_cov.shape)
        return wide.add(cov, wide.multiply(mean, wide.transpose(mean)))

    def _allowed_costs(self, moved: Moves) -> list[Any]:
        """How far J^i moves at most when P_0, s_0 and q_0 move as they do."""
        spread = sum(abs(x) for line in self._second_moment() for x in line)
        found = [moved["q"][i][0] + spread * moved["P"][i][0] for i in range(self.game.agents)]
        if self.affine:
            reach = 2 * sum(abs(x) for (x,) in self._mean())
            found = [x + reach * moved["s"][i][0] for i, x in enumerate(found)]
        return found

    def _forward(self, check: str, given: Numbers, allowed: list[Any], unit: Any) -> list[Row]:
        try:
            forward = Forward(self.home, self.wide).costs(entered_policy(self.wide, given))
        except NotCertifiedError:  # a Σ that is not positive definite: an infinite cost
            forward = [float("inf")] * self.game.agents
        claimed = self._costs(given)
        return [
            row(
                check,
                "J",
                i,
                [self._pair(_apart(J, claimed[i]), allowed[i], abs(claimed[i]), unit)],
                timeless=True,
            )
            for i, J in enumerate(forward)
        ]

    def _stationarity(
        self, exact: Sequences, derived: Numbers, engines: Numbers, moving: Sequences
    ) -> list[Row]:
        wide = self.wide
        judge = Stationarity(self.home, wide, numbers(exact), self.seed)
        at = JointPolicy(K=exact.K, Sigma=exact.Sigma)
        curvatures, there = judge.curvatures(at), judge.slopes(at)
        around = [judge.slopes(self._rounded(exact, moving, k)) for k in range(_SAMPLES)]
        shown = {"K": "[k K]"} if self.affine else {}
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
                for i in filter(judge.of(letter), range(self.game.agents)):
                    move = unit * max(abs(other[letter][i] - there[letter][i]) for other in around)
                    curvature = curvatures[letter][i]
                    pair = self._pair(abs(slopes[letter][i]), move, abs(curvature), unit)
                    one = row(check, f"dJ/d{shown.get(letter, letter)}", i, [pair], timeless=True)
                    if not one.holds and slopes[letter][i] != float("inf"):
                        by_stage = list(map(abs, judge.stage_slopes(policy, letter, i)))
                        one = evolve(one, t=by_stage.index(max(by_stage)))
                    # A slope that vanishes at a moved policy as well would say nothing.
                    rows.append(one if curvature > 0 else evolve(one, holds=False))
        return rows

    def _rounded(self, exact: Sequences, moving: Sequences, draw: int) -> JointPolicy:
        """The policy that one draw of roundings leads to, stored in float64."""

        def moved(X: Matrix, one: Moving) -> Matrix:
            step = one.rounded(abs(one.value)).moves[draw] * float(UNIT)
            return self.wide.add(X, enter(self.wide, step.astype(object)))

        def all_of(letter: str) -> list[list[Matrix]]:
            pairs = zip(getattr(exact, letter), getattr(moving, letter), strict=True)
            return [list(map(moved, *pair)) for pair in pairs]

        return JointPolicy(K=all_of("K"), Sigma=all_of("Sigma"))

    def _simulated(
        self, floats: FloatGame, found: Any, samples: int, costs: list[Any], allowed: list[Any]
    ) -> tuple[list[Row], tuple[Simulated, ...]]:
        estimate = simulate(
            floats, found.K, found.Sigma, k=found.k, samples=samples, seed=self.seed
        )
        rows, told = [], []
        for i, exact in enumerate(costs):
            mean, error = float(estimate.mean[i]), float(estimate.standard_error[i])
            room = _STANDARD_ERRORS * error + self.factor * allowed[i]
            pair = Pair(_apart(exact, mean), room, abs(exact) or self.one)
            rows.append(row("monte-carlo", "J", i, [pair], timeless=True))
            told.append(Simulated(agent=i + 1, mean=mean, standard_error=error, exact=float(exact)))
        return rows, tuple(told)

    def _convergence(
        self, floats: FloatGame, reference: Numbers, iterations: Sequence[int], moved: Moves
    ) -> Convergence:
        # ‖·‖_F is at most √(rows·columns) times the largest entry.
        m, sizes = self.game.state_size, self.game.control_sizes
        rounding = sum(
            float(K) * np.sqrt(p * m) + float(S) * p
            for i, p in enumerate(sizes)
            for K, S in zip(moved["K"][i], moved["Sigma"][i], strict=True)
        )
        near = Equilibrium(K=_floats(reference["K"]), Sigma=_floats(reference["Sigma"]))
        if self.affine:
            rounding += sum(
                float(k) * np.sqrt(p) for p, own in zip(sizes, moved["k"], strict=True) for k in own
            )
            near = evolve(near, k=[X[..., 0] for X in _floats(reference["k"])])
        return convergence(floats, near, iterations, float(self.factor) * float(rounding))


def _expect_in_range(reference: Numbers, moved: Moves) -> None:
    """What is not 0 moves, unless it is 0 in float64."""
    for letter, agents in moved.items():
        for own, moves in zip(reference[letter], agents, strict=True):
            if any(size(X) and not move for X, move in zip(own, moves, strict=True)):
                raise NotCertifiedError(f"{letter} is too small for float64")


def _apart(x: Any, y: Any) -> Any:
    """|x − y|, ∞ where that is not a number."""
    far = abs(x - y)
    return far if far - far == 0 else float("inf")


def _floats(agents: list[list[np.ndarray]]) -> list[np.ndarray]:
    return [np.stack([X.astype(float) for X in over_time]) for over_time in agents]
