"""X = R + γF'XF, the equation of stationary costs: stability, and enclosures of solutions.

A symmetric Y ≻ 0 with Y − γF'YF ⪰ I/2 proves √γF stable. It also bounds what an approximation is
off: where X̂ misses the equation by E, ‖E‖ ≤ η, the solution lies between X̂ − 2ηY and X̂ + 2ηY.

Average cost in a state (1, x): F = [[1, 0], [f, F_x]], and values are relative, X = [[0, s'],
[s, P]]. All of the equation but its corner is solved, P = R_P + F_x'PF_x and s = R_s + F_x'(s +
Pf); what the corner misses is the average. Y is of F_x then.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import numpy as np
from attrs import frozen
from flint import arb, arb_mat, fmpq, fmpq_mat

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.definite import demand_definite
from ergs_verify.certify.loewner import Bracket, symmetric_midpoint, widened
from ergs_verify.certify.norms import frobenius_above, is_bounded
from ergs_verify.certify.spectral import has_reciprocal_eigenvalues, spectral_radius
from ergs_verify.errors import NotCertifiedError

_MOST_DOUBLINGS = 80


@frozen(eq=False)
class Stein:
    """A closed loop that is proved stable.

    Attributes
    ----------
    F : matrix of balls
    rate : Fraction
        γ.
    Y : arb_mat without radii
        Y ≻ 0 and Y − γF'YF ⪰ I/2; F_x for F where `one`.
    balls : Balls
    one : bool
        The first state is always 1, and costs are averages.
    """

    F: Any
    rate: Fraction
    Y: Any
    balls: Balls
    one: bool = False

    def next(self, X: Any) -> Any:
        """γF'XF."""
        return _next(self.F, self.rate, X, self.balls)

    def solved(self, right: Any) -> Any:
        """An exact matrix near X = R + γF'XF; None where there is none."""
        return solved(self.F, self.rate, right, self.balls, one=self.one)

    @property
    def wide(self) -> Any:
        """Y, with 0 for the state that is always 1."""
        return _assembled(self.Y, arb_mat(self.Y.nrows(), 1)) if self.one else self.Y

    def relative(self, X: Any) -> Any:
        """X, with 0 in the corner that holds an average."""
        return _assembled(_cut(X, _X, _X), _cut(X, _X, _ONE)) if self.one else X

    def sides(self, eta: Any) -> list[Any]:
        """√(2ηY_rr): a matrix between −2ηY and 2ηY is at most sides[r]·sides[c] in size."""
        return [(2 * eta * self.Y[k, k]).abs_upper().sqrt().upper() for k in range(self.Y.nrows())]

    def enclosure(self, near: Any, right: Any) -> Any:
        """A matrix of balls that holds X = R + γF'XF for every R in balls, from an X near it."""
        if self.one:
            P = self._of_x.enclosure(_cut(near, _X, _X), _cut(right, _X, _X))
            return relative_value(self.F, P, right, self.balls)
        with flint.ctx.workprec(self.balls.bits):
            eta = norm(right + self.next(near) - near)
            sides = self.sides(eta)
        return widened(near, sides, sides, self.balls)

    def above(self, near: Any, right: Any) -> Any:
        """An exact matrix that is at least X in the Loewner order; of `one` its P is."""
        if self.one:
            P = self._of_x.above(_cut(near, _X, _X), _cut(right, _X, _X))
            return _assembled(P, _cut(near, _X, _ONE))
        with flint.ctx.workprec(self.balls.bits):
            eta = norm(right + self.next(near) - near)
            higher = near + self.Y * (2 * eta)
        return Bracket.around(higher, self.balls).hi

    @property
    def _of_x(self) -> Stein:
        return Stein(_cut(self.F, _X, _X), self.rate, self.Y, self.balls)


_ONE, _X = slice(0, 1), slice(1, None)


def _cut(X: Any, rows: slice, columns: slice) -> Any:
    return arb_mat([row[columns] for row in X.tolist()[rows]])


def _assembled(P: Any, s: Any) -> Any:
    """[[0, s'], [s, P]]."""
    column = [x for (x,) in s.tolist()]
    rows = [[x, *row] for x, row in zip(column, P.tolist(), strict=True)]
    return arb_mat([[arb(0), *column], *rows])


def relative_value(F: Any, P: Any, right: Any, balls: Balls) -> Any:
    """[[0, s'], [s, P]] with s = R_s + F_x'(s + Pf), from its P.

    Raises
    ------
    NotCertifiedError
        Where I − F_x is not certified to be regular.
    """
    loop, drift = _cut(F, _X, _X), _cut(F, _X, _ONE)
    with flint.ctx.workprec(balls.bits):
        pushed = _cut(right, _X, _ONE) + loop.transpose() * (P * drift)
        system = balls.identity(P.nrows()) - loop.transpose()
    return _assembled(P, balls.solve(system, pushed))


def norm(X: Any) -> Any:
    """An upper bound of the 2-norm, exact.

    Raises
    ------
    NotCertifiedError
        Where an entry has no bounds.
    """
    bound = frobenius_above(X)
    if not bound.is_finite():
        raise NotCertifiedError("an enclosure has no bounds")
    return bound


def stable(F: Any, rate: Fraction, balls: Balls, *, one: bool = False) -> Stein | None:
    """The proof that √γF is stable, for every F in a matrix of balls; None where none is found.

    Parameters
    ----------
    one : bool
        The first state is always 1, and the rest is what has to be stable.
    """
    if one:
        of_x = stable(_cut(F, _X, _X), rate, balls)
        return None if of_x is None else Stein(F, rate, of_x.Y, balls, one=True)
    for size in dict.fromkeys((64, balls.bits)):
        Y = solved(F, rate, balls.identity(F.nrows()), Balls(size))
        if Y is None:
            continue
        found = Stein(F, rate, Y, balls)
        with flint.ctx.workprec(balls.bits):
            rest = Y - found.next(Y) - balls.identity(F.nrows()) * arb(0.5)
        try:
            demand_definite(rest, balls)
            demand_definite(Y, balls)
        except NotCertifiedError:
            continue
        return found
    return None


def is_unstable(
    F: Any, rate: Fraction, balls: Balls, exactly: Any = None, *, one: bool = False
) -> bool:
    """Whether √γF is proved to have an eigenvalue of size 1 or more.

    Parameters
    ----------
    exactly : fmpq_mat, optional
        F in rationals: it decides where the eigenvalue's size is 1.
    one : bool
        The first state is always 1, which is not counted.
    """
    if one:
        if exactly is not None:
            exactly = fmpq_mat([row[1:] for row in exactly.tolist()[1:]])
        return is_unstable(_cut(F, _X, _X), rate, balls, exactly)
    try:
        radius = spectral_radius(F, balls.bits)
    except NotCertifiedError:
        return False
    if radius.lo**2 * rate >= 1:
        return True
    return (
        exactly is not None
        and radius.hi**2 * rate >= 1
        and has_reciprocal_eigenvalues(exactly, product=1 / rate)
    )


def solved(F: Any, rate: Fraction, right: Any, balls: Balls, *, one: bool = False) -> Any:
    """An exact symmetric matrix near X = R + γF'XF, by doubling; None where the sum grows.

    Parameters
    ----------
    one : bool
        The first state is always 1, and X is relative.
    """
    if one:
        P = solved(_cut(F, _X, _X), rate, _cut(right, _X, _X), balls)
        if P is None:
            return None
        try:
            return relative_value(F.mid(), P, right.mid(), balls).mid()
        except NotCertifiedError:
            return None
    with flint.ctx.workprec(balls.bits):
        X, power = symmetric_midpoint(right, balls)[0], F.mid()
        weight = arb(fmpq(rate.numerator, rate.denominator))
        first = norm(X)
        for _ in range(_MOST_DOUBLINGS):
            step = power.transpose() * X * power * weight
            X = symmetric_midpoint(X + step, balls)[0]
            if not is_bounded(X):
                return None
            if norm(step) <= norm(X) * arb(2) ** (-balls.bits):
                return X
            if norm(X) > first * arb(2) ** balls.bits:
                return None
            power, weight = (power * power).mid(), weight * weight
    return None


def _next(F: Any, rate: Fraction, X: Any, balls: Balls) -> Any:
    with flint.ctx.workprec(balls.bits):
        return F.transpose() * X * F * arb(fmpq(rate.numerator, rate.denominator))


def as_floats(X: Any) -> np.ndarray:
    """The midpoints as float64."""
    return np.array([[float(x.mid()) for x in row] for row in X.tolist()])


def from_floats(X: np.ndarray) -> Any:
    """The dyadic matrix that an array of float64 is."""
    return arb_mat(X.tolist())
