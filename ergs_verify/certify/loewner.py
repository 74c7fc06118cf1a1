"""Loewner enclosures: exact symmetric matrices lo ⪯ P ⪯ hi, carried through monotone steps.

Policy evaluation and one agent's Riccati map are monotone in the Loewner order: a step is
evaluated in balls at either end, and its result moved outward by a bound of the radii. So the
radii start anew at every step and cannot grow as those of entries do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flint
from attrs import frozen
from flint import arb, arb_mat

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.norms import BITS, frobenius_above
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator

__all__ = ["Bracket", "symmetric_midpoint", "widened"]


@frozen(eq=False)
class Bracket:
    """lo ⪯ P ⪯ hi: symmetric matrices (`arb_mat`) without radii."""

    lo: Any
    hi: Any

    @classmethod
    def around(cls, X: Any, balls: Balls) -> Bracket:
        """A bracket of every symmetric matrix in a matrix of balls."""
        return cls(_moved(X, balls, outward=-1), _moved(X, balls, outward=1))

    def through(self, step: Callable[[Any], Any], balls: Balls) -> Bracket:
        """A bracket of step(P), for a step that is monotone in the Loewner order."""
        return Bracket(
            _moved(step(self.lo), balls, outward=-1), _moved(step(self.hi), balls, outward=1)
        )

    def along(self, stage: Evaluator, letter: Any, formula: Any, balls: Balls) -> Bracket:
        """A bracket of a formula that is monotone in a letter, evaluated at a stage."""
        return self.through(lambda end: stage.with_values({letter: end})(formula), balls)

    def ball(self, balls: Balls) -> Any:
        """A matrix of balls that holds P: |P − (lo + hi)/2|_rc ≤ ½√(D_rr D_cc), D = hi − lo."""
        with flint.ctx.workprec(balls.bits):
            # The middle keeps its rounding error: beside an exact one P might lie further off.
            middle = (self.lo + self.hi) * arb(0.5)
            off = (self.hi - self.lo) * arb(0.5)
            sides = [off[k, k].abs_upper().sqrt().upper() for k in range(off.nrows())]
        return widened(middle, sides, sides, balls)


def symmetric_midpoint(X: Any, balls: Balls) -> tuple[Any, Any]:
    """An exact symmetric matrix, and balls around 0 that hold what X differs from it by."""
    with flint.ctx.workprec(balls.bits):
        mean = (X + X.transpose()) * arb(0.5)
        middle = mean.mid()
        return middle, mean - middle


def widened(X: Any, rows: Sequence[Any], columns: Sequence[Any], balls: Balls) -> Any:
    """The matrix with the ball of every entry (r, c) widened by rows[r] · columns[c]."""
    with flint.ctx.workprec(BITS):
        column = arb_mat(len(rows), 1, [arb(0, r) for r in rows])
        radii = column * arb_mat(1, len(columns), columns)
    with flint.ctx.workprec(balls.bits):
        return X + radii


def _moved(X: Any, balls: Balls, *, outward: int) -> Any:
    end, off = symmetric_midpoint(X, balls)
    radius = frobenius_above(off)
    if not radius.is_finite():
        raise NotCertifiedError(f"an enclosure has no bounds at {balls.bits} bits")
    with flint.ctx.workprec(balls.bits):
        for k in range(end.nrows()):
            shifted = end[k, k] + outward * radius
            end[k, k] = shifted.lower() if outward < 0 else shifted.upper()
    return end
