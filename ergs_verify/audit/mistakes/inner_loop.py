"""Loops of best responses in the place of a stage's equation, and their rounds read off gains."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction

import numpy as np
from attrs import frozen

from ergs_verify.arithmetic.base import Matrix
from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.audit.mistakes.given import costs_of, stages_after, whole_gain
from ergs_verify.audit.mistakes.numbers import Numbers
from ergs_verify.audit.mistakes.record import Recomputed
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game
from ergs_verify.recursion.backward_induction import block_system, by_agent
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages

#: Of rounds that are tried: a loop that needs more hardly moves. A power of 2.
_MOST_ROUNDS = 2048
#: What a round changes, relative to the largest gain, where the loop has converged: enough above
#: rounding that the rounds before can be told apart. And how near to the stated gains it must come.
_CONVERGED, _NEAR = 1e-12, 1e-3
#: What float64 leaves of an error in any case, and by how much one may be larger than the least by
#: rounding alone.
_ROUNDING, _AS_GOOD = 1e-14, 10


@frozen(kw_only=True)
class Loop:
    """Rounds 𝓚 ← G𝓚 + g at each stage.

    Attributes
    ----------
    in_turn : bool
        Each agent answers what those before it have just answered; otherwise all answer at once.
    warm : bool
        A stage starts from the gains of the stage after it; otherwise, as the last does, from zero.
    damped : bool
        A round goes half the way.
    from_alone : bool
        A stage starts from what each agent would do if the others did nothing.
    """

    in_turn: bool
    warm: bool = False
    damped: bool = False
    from_alone: bool = False

    def start(self, stages: Stages, stage: Evaluator, after: Matrix | None) -> Matrix | None:
        """The gains that a stage starts from, None for zero."""
        if self.from_alone:
            return Loop(in_turn=False).round(stages, stage)[1]
        return after if self.warm else None

    def round(self, stages: Stages, stage: Evaluator) -> tuple[Matrix, Matrix]:
        """G = M⁻¹(M − Φ_t) and g = −M⁻¹r; damped, (I + G)/2 and g/2.

        M is the block diagonal of Φ_t, in turn its lower block triangle.
        """
        arithmetic = stages.arithmetic
        phi, rhs = block_system(stages, stage)
        answered = self._answered(stages, stage)
        minus = arithmetic.scalar(Fraction(-1))
        left = arithmetic.add(answered, arithmetic.scale(minus, phi))
        again = arithmetic.solve(answered, left)
        first = arithmetic.scale(minus, arithmetic.solve(answered, rhs))
        if self.damped:
            half = arithmetic.scalar(Fraction(1, 2))
            one = arithmetic.identity(sum(stages.game.control_sizes))
            again = arithmetic.scale(half, arithmetic.add(one, again))
            first = arithmetic.scale(half, first)
        return again, first

    def _answered(self, stages: Stages, stage: Evaluator) -> Matrix:
        """The blocks of Φ_t that a round solves for; the others' gains are those of the last."""
        sizes = stages.game.control_sizes

        def block(k: int, other: int) -> Matrix:
            if k == other:
                return stage(stages.formula("phi_diagonal", k))
            if self.in_turn and other < k:
                return stage(stages.formula("phi_off_diagonal", k, other))
            return stages.arithmetic.zeros(sizes[k - 1], sizes[other - 1])

        return stages.arithmetic.blocks(
            [[block(k, n) for n in stages.agents] for k in stages.agents]
        )

    def stopped(self, counts: Sequence[int], *, said: str, freedom: float = 0.0) -> Recomputed:
        """The loop after so many rounds at each stage t = 0…T−1."""

        def gains(stages: Stages, stage: Evaluator, played: Sequence[Stage]) -> list[Matrix]:
            arithmetic, after = stages.arithmetic, played[-1].K
            again, first = self.round(stages, stage)
            power, found = again, first
            for bit in bin(counts[-len(played)])[3:]:  # 𝓚_2n = 𝓚_n + Gⁿ 𝓚_n from zero
                found = arithmetic.add(found, arithmetic.multiply(power, found))
                power = arithmetic.multiply(power, power)
                if bit == "1":
                    found = arithmetic.add(first, arithmetic.multiply(again, found))
                    power = arithmetic.multiply(again, power)
            after = arithmetic.blocks([[X] for X in after]) if after else None
            if (start := self.start(stages, stage, after)) is not None:
                found = arithmetic.add(found, arithmetic.multiply(power, start))
            return by_agent(stages, found)

        half_way = ", each going half the way" if self.damped else ""
        begun = ", started from the gains of the stage after it" if self.warm else ""
        begun += ", started from what each agent would do alone" if self.from_alone else ""
        detail = f"here after {said}{half_way}{begun}"
        return Recomputed(gains=gains, detail=detail, freedom=freedom)


def loops_read_off(game: Game, stated: Numbers, loops: Iterable[Loop]) -> Iterator[Recomputed]:
    """Those that lead near the stated gains at all stages, with as many rounds as lead nearest.

    Each stage is asked by itself: after it the stated policy is played.
    """
    stages = Stages(game.near, Float64())
    after_of = stages_after(game, costs_of(game, {k: X for k, X in stated.items() if k in "Kk"}))
    left: dict[Loop, list[np.ndarray]] = {loop: [] for loop in loops}
    after = np.zeros((sum(game.control_sizes), stages.game.state_size))
    with suppress(NotCertifiedError):
        for t in reversed(range(game.horizon)):
            stage = stages.at(t, after_of[t + 1])
            K = np.concatenate([whole_gain(game, stated, i, t) for i in range(game.agents)])
            for loop in list(left):
                start = loop.start(stages, stage, after)
                start = np.zeros_like(after) if start is None else start
                error = _errors(K, start, *loop.round(stages, stage))
                if error.min() > _NEAR:
                    del left[loop]
                else:
                    left[loop].append(error)
            if not left:
                return
            after = K
        for loop, errors in left.items():
            yield from _read_off(loop, errors[::-1], gains=after.size)


def _read_off(loop: Loop, errors: Sequence[np.ndarray], *, gains: int) -> Iterator[Recomputed]:
    """The loop with its rounds, the same at all stages if that explains them as well.

    `errors` are those after 1, 2, … rounds, by stage; `gains` is how many numbers a stage has. A
    stage where the loop has converged does not tell its rounds.
    """
    longest = max(map(len, errors))
    table = np.stack([np.pad(error, (0, longest - len(error)), mode="edge") for error in errors])
    table = np.maximum(table, _ROUNDING)
    worse = table / table.min(axis=1, keepdims=True)
    told = [t for t, error in enumerate(worse[:, -1]) if error > _AS_GOOD]
    if not told:
        return
    for_all = int(worse.max(axis=0).argmin())
    if worse[:, for_all].max() <= _AS_GOOD:
        counts = [for_all + 1] * len(errors)
    else:
        counts = (table.argmin(axis=1) + 1).tolist()
    least, most = min(counts[t] for t in told), max(counts[t] for t in told)
    said = f"{least} to {most}" if least < most else f"{most}"
    said += " rounds" if most > 1 else " round"
    yield loop.stopped(counts, said=said, freedom=math.log10(longest) / gains)


def _errors(
    stated: np.ndarray, start: np.ndarray, again: np.ndarray, first: np.ndarray
) -> np.ndarray:
    """How far gains are from the stated ones after 1, 2, … rounds, until they have converged.

    Relative to each control's largest gain: agents' controls may come in units far apart.
    """
    power, before = again, start
    found = (again @ start + first)[None]
    while len(found) < _MOST_ROUNDS and np.isfinite(found[-1]).all():
        if _apart(found[-1:], before, found[-1])[0] <= _CONVERGED:
            break
        # 𝓚_{n+j} = 𝓚_n + Gⁿ(𝓚_j − 𝓚_0)
        found = np.concatenate([found, found[-1] + power @ (found - start)])
        power, before = power @ power, found[-2]
    errors = _apart(found, stated, stated)
    return np.where(np.isfinite(errors), errors, np.inf)


def _apart(found: np.ndarray, other: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    rows = abs(sizes).max(axis=1, keepdims=True)
    return (abs(found - other) / np.where(rows > 0, rows, 1.0)).max(axis=(1, 2))
