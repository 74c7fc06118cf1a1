"""X = R + γF'XF, the equation of stationary costs: stability, and enclosures of solutions.

A symmetric Y ≻ 0 with Y − γF'YF ⪰ I/2 proves √γF stable. It also bounds what an approximation is
off: where X̂ misses the equation by E, ‖E‖ ≤ η, the solution lies between X̂ − 2ηY and X̂ + 2ηY.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import numpy as np
from attrs import frozen
from flint import arb, arb_mat, fmpq

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.definite import demand_definite
from ergs_verify.certify.loewner import Bracket, symmetric_midpoint, widened
from ergs_verify.certify.norms import frobenius_above
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
        Y ≻ 0 and Y − γF'YF ⪰ I/2.
    balls : Balls
    """

    F: Any
    rate: Fraction
    Y: Any
    balls: Balls

    def next(self, X: Any) -> Any:
        """γF'XF."""
        return _next(self.F, self.rate, X, self.balls)

    def sides(self, eta: Any) -> list[Any]:
        """√(2ηY_rr): a matrix between −2ηY and 2ηY is at most sides[r]·sides[c] in size."""
        return [(2 * eta * self.Y[k, k]).abs_upper().sqrt().upper() for k in range(self.Y.nrows())]

    def enclosure(self, near: Any, right: Any) -> Any:
        """A matrix of balls that holds X = R + γF'XF for every R in balls, from an X near it."""
        with flint.ctx.workprec(self.balls.bits):
            eta = norm(right + self.next(near) - near)
            sides = self.sides(eta)
        return widened(near, sides, sides, self.balls)

    def above(self, near: Any, right: Any) -> Any:
        """An exact matrix that is at least X in the Loewner order."""
        with flint.ctx.workprec(self.balls.bits):
            eta = norm(right + self.next(near) - near)
            higher = near + self.Y * (2 * eta)
        return Bracket.around(higher, self.balls).hi


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


def stable(F: Any, rate: Fraction, balls: Balls) -> Stein | None:
    """The proof that √γF is stable, for every F in a matrix of balls; None where none is found."""
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


def is_unstable(F: Any, rate: Fraction, balls: Balls, exactly: Any = None) -> bool:
    """Whether √γF is proved to have an eigenvalue of size 1 or more.

    Parameters
    ----------
    exactly : fmpq_mat, optional
        F in rationals: it decides where the eigenvalue's size is 1.
    """
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


def solved(F: Any, rate: Fraction, right: Any, balls: Balls) -> Any:
    """An exact symmetric matrix near X = R + γF'XF, by doubling; None where the sum grows."""
    with flint.ctx.workprec(balls.bits):
        X, power = symmetric_midpoint(right, balls)[0], F.mid()
        weight = arb(fmpq(rate.numerator, rate.denominator))
        first = norm(X)
        for _ in range(_MOST_DOUBLINGS):
            step = power.transpose() * X * power * weight
            X = symmetric_midpoint(X + step, balls)[0]
            if not _is_finite(X):
                return None
            if norm(step) <= norm(X) * arb(2) ** (-balls.bits):
                return X
            if norm(X) > first * arb(2) ** balls.bits:
                return None
            power, weight = (power * power).mid(), weight * weight
    return None


def _is_finite(X: Any) -> bool:
    return all(x.is_finite() for x in X.entries())


def _next(F: Any, rate: Fraction, X: Any, balls: Balls) -> Any:
    with flint.ctx.workprec(balls.bits):
        return F.transpose() * X * F * arb(fmpq(rate.numerator, rate.denominator))


def as_floats(X: Any) -> np.ndarray:
    """The midpoints as float64."""
    return np.array([[float(x.mid()) for x in row] for row in X.tolist()])


def from_floats(X: np.ndarray) -> Any:
    """The dyadic matrix that an array of float64 is."""
    return arb_mat(X.tolist())
