"""The spectral radius of a matrix in balls, enclosed; and whether it is 1, in rationals."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
from flint import arb, fmpq, fmpq_poly

from ergs_verify.arithmetic.balls import Ball, Balls
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.norms import coarse, frobenius_squared
from ergs_verify.errors import NotCertifiedError

#: Squarings that give 9 digits, and bits that mostly suffice for these.
_SQUARINGS, _FEW_BITS = 30, 64
#: The most squarings that are tried to tell the radius from 1.
_MOST_SQUARINGS = 128
#: A power is clear where the square of its norm has so many bits.
_CLEAR_BITS = 10
#: A lower end that is this part of the upper one is near enough.
_NEAR = 1 - 2.0**-27


def spectral_radius(X: Any, bits: int) -> Enclosure:
    """An enclosure of ρ for every matrix in a square matrix of balls (`arb_mat`).

    Raises
    ------
    NotCertifiedError
        Where an entry is not bounded.

    Notes
    -----
    With M = X^k, k = 2^s: ρ ≤ ‖M‖_F^{1/k}, and ρ ≥ (|tr M^r|/n)^{1/(kr)} for every r. The trace
    of M alone may vanish (the eigenvalues of a cyclic permutation cancel), but by Newton's
    identities those of M, …, Mⁿ are not all small beside the powers of ρ(M). So the ends are near,
    defective eigenvalues or not, as long as the balls stay small; every squaring doubles their
    relative width.

    Examples
    --------
    >>> from flint import arb_mat
    >>> from ergs_verify.certify.spectral import spectral_radius
    >>> print(spectral_radius(arb_mat(2, 2, [1, 1, 1, 0]), 64))
    1.61803
    >>> print(spectral_radius(arb_mat(2, 2, [0, 1, 0, 0]), 64))
    0
    """
    lo, hi = _at_once(X)
    if lo < 1 <= hi or not lo >= hi * _NEAR:
        again = _bounds(X, min(_MOST_SQUARINGS, bits // 2), bits)
        lo, hi = max(lo, again[0]), _least(hi, again[1])
    if not hi.is_finite():
        raise NotCertifiedError(f"a matrix has no bounds at {bits} bits")
    balls = Balls(bits)
    return Enclosure(balls.enclosure(Ball(lo, bits))[0], balls.enclosure(Ball(hi, bits))[1])


def has_reciprocal_eigenvalues(X: Any, product: Fraction = Fraction(1)) -> bool:
    """Whether r and c/r are eigenvalues of a matrix of rationals (`fmpq_mat`), r = ±√c included.

    Then ρ² ≥ c, the `product`; and it is so wherever ρ² = c, as c/r is the conjugate of an r on
    the circle of radius √c. This decides what no enclosure can.

    Examples
    --------
    >>> from flint import fmpq, fmpq_mat
    >>> from ergs_verify.certify.spectral import has_reciprocal_eigenvalues
    >>> has_reciprocal_eigenvalues(fmpq_mat(2, 2, [0, 1, -1, 0]))
    True
    >>> has_reciprocal_eigenvalues(fmpq_mat(2, 2, [0, 1, fmpq(99, 100), 0]))
    False
    """
    p = X.charpoly().numer()
    c = fmpq(product.numerator, product.denominator)
    reversed_p = fmpq_poly([x * c**k for k, x in enumerate(p.coeffs())][::-1])
    return fmpq_poly(p).gcd(reversed_p).degree() > 0


def _at_once(X: Any) -> tuple[Any, Any]:
    """Exact numbers lo ≤ ρ ≤ hi by one power with few bits, which mostly do."""
    with flint.ctx.workprec(_FEW_BITS):
        power, k = coarse(X, _FEW_BITS), 2**_SQUARINGS
        for _ in range(_SQUARINGS):
            power = power * power
        hi = _root(frobenius_squared(power).abs_upper(), 2 * k).upper()
        return _by_traces(power, k, hi * _NEAR), hi


def _bounds(X: Any, squarings: int, bits: int) -> tuple[Any, Any]:
    """Exact numbers lo ≤ ρ ≤ hi, the best of all powers on the way; hi need not be finite.

    Near 1 all squarings are done; elsewhere only until the ends are near.
    """
    with flint.ctx.workprec(bits):
        size = frobenius_squared(X)
        power, k, lo, hi = X, 1, arb(0), size.abs_upper().sqrt().upper()
        clear = power, k
        for _ in range(squarings):
            away = lo * _NEAR >= 1 or hi < _NEAR
            if not hi > 0 or (away and lo >= hi * _NEAR):
                break
            power, k = power * power, 2 * k
            size = frobenius_squared(power)
            hi = _least(hi, _root(size.abs_upper(), 2 * k).upper())
            lo = max(lo, _mean_bound(power, k))
            if size.rel_accuracy_bits() >= _CLEAR_BITS:
                clear = power, k
        return max(lo, _by_traces(*clear, hi * _NEAR)), hi


def _by_traces(M: Any, k: int, enough: Any) -> Any:
    """A lower bound of ρ(X), M being X^k; no better one is sought where it is `enough`."""
    best, power = arb(0), M
    for r in range(1, M.nrows() + 1):
        best = max(best, _mean_bound(power, k * r))
        if best >= enough:
            break
        power = power * M
    return best


def _mean_bound(power: Any, k: int) -> Any:
    """A lower bound of ρ(X) by the mean of the eigenvalues of X^k."""
    return _root((power.trace() / power.nrows()).abs_lower(), k).lower()


def _root(x: Any, k: int) -> Any:
    return (x.log() / k).exp() if x > 0 else x


def _least(x: Any, y: Any) -> Any:
    """The smaller of two bounds, or the finite one."""
    return y if y < x or not x.is_finite() else x
