"""Loewner enclosures: exact symmetric matrices lo ⪯ P ⪯ hi, carried through monotone steps.

Policy evaluation and one agent's Riccati map are monotone in the Loewner order: a step is
evaluated in balls at either end, and its result moved outward by the radii: a symmetric E is
⪯ diag(Σ_c |E_rc|), as that less E is diagonally dominant. So the radii start anew at every step
and cannot grow as those of entries do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import flint
from attrs import frozen
from flint import arb, arb_mat

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.norms import BITS
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator


@frozen(eq=False)
class Bracket:
    """lo ⪯ P ⪯ hi: symmetric matrices (`arb_mat`) without radii."""

    lo: Any
    hi: Any

    @classmethod
    def around(cls, X: Any, balls: Balls) -> Bracket:
        """A bracket of every symmetric matrix in a matrix of balls."""
        return cls.between(X, X, balls)

    @classmethod
    def between(cls, lo: Any, hi: Any, balls: Balls) -> Bracket:
        """A bracket of all that lies between the symmetric matrices in two matrices of balls."""
        return cls(_moved(lo, balls, outward=-1), _moved(hi, balls, outward=1))

    def wider(self, by: Fraction, balls: Balls) -> Bracket:
        """A bracket of all that lies within so much of it in the 2-norm."""
        if not by:
            return self
        shift = balls.scale(balls.scalar(by), balls.identity(self.lo.nrows()))
        with flint.ctx.workprec(balls.bits):
            return self.between(self.lo - shift, self.hi + shift, balls)

    def through(self, step: Callable[[Any], Any], balls: Balls) -> Bracket:
        """A bracket of step(P), for a step that is monotone in the Loewner order."""
        return self.between(step(self.lo), step(self.hi), balls)

    def ends(self, stage: Evaluator, letter: Any) -> tuple[Evaluator, Evaluator]:
        """A stage that knows the lower end as a letter, and one that knows the upper end."""
        return stage.with_values({letter: self.lo}), stage.with_values({letter: self.hi})

    def along(self, stage: Evaluator, letter: Any, formula: Any, balls: Balls) -> Bracket:
        """A bracket of a formula that is monotone in a letter, evaluated at a stage."""
        lo, hi = self.ends(stage, letter)
        return self.between(lo(formula), hi(formula), balls)

    def ball(self, balls: Balls) -> Any:
        """A matrix of balls that holds P: |P − (lo + hi)/2|_rc ≤ ½√(D_rr D_cc), D = hi − lo."""
        with flint.ctx.workprec(balls.bits):
            # The middle keeps its rounding error: beside an exact one P might lie further off.
            half = arb(0.5)
            middle = (self.lo + self.hi) * half
            widths = [(self.hi[k, k] - self.lo[k, k]) * half for k in range(middle.nrows())]
            sides = [width.abs_upper().sqrt().upper() for width in widths]
        return widened(middle, sides, sides, balls)


def symmetric_midpoint(X: Any, balls: Balls) -> tuple[Any, Any]:
    """An exact symmetric matrix, and balls around 0 that hold what X differs from it by."""
    with flint.ctx.workprec(balls.bits):
        mean = _symmetric_part(X)
        middle = mean.mid()
        return middle, mean - middle


def _symmetric_part(X: Any) -> Any:
    return (X + X.transpose()) * arb(0.5)


def widened(X: Any, rows: Sequence[Any], columns: Sequence[Any], balls: Balls) -> Any:
    """The matrix with the ball of every entry (r, c) widened by rows[r] · columns[c]."""
    with flint.ctx.workprec(BITS):
        column = arb_mat(len(rows), 1, [arb(0, r) for r in rows])
        radii = column * arb_mat(1, len(columns), columns)
    with flint.ctx.workprec(balls.bits):
        return X + radii


def _moved(X: Any, balls: Balls, *, outward: int) -> Any:
    """An exact matrix below (`outward` −1) or above (1) every symmetric one in the balls."""
    with flint.ctx.workprec(balls.bits):
        mean = _symmetric_part(X)
    end = mean.mid()
    with flint.ctx.workprec(balls.bits + BITS):
        # The ball of a row's sum is as wide as those of its entries together, or wider by rounding.
        sums = mean * arb_mat(end.nrows(), 1, [1] * end.nrows())
    with flint.ctx.workprec(balls.bits):
        for k, total in enumerate(sums.entries()):
            if not total.is_finite():
                raise NotCertifiedError(f"an enclosure has no bounds at {balls.bits} bits")
            diagonal, radius = end[k, k], total.rad()
            end[k, k] = (diagonal - radius).lower() if outward < 0 else (diagonal + radius).upper()
    return end
