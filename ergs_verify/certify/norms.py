"""Rigorous bounds of norms and of the spectral radius, by traces of powers.

No eigenvalue is computed: a trace of a high power bounds the largest one and does not mind
defective eigenvalues.
"""

from __future__ import annotations

from typing import Any

import flint
from flint import arb, arb_mat

from ergs_verify.errors import NotCertifiedError

#: Precision of a bound. Bounds need few digits, and balls keep them bounds at any precision.
BITS = 53
#: log2 of the power whose trace bounds the largest eigenvalue.
_SQUARINGS = 12


def frobenius_squared(X: Any) -> Any:
    """A ball that holds ‖X‖_F² of every matrix in the balls."""
    with flint.ctx.workprec(BITS):
        return _gram(X).trace()


def frobenius_above(X: Any) -> Any:
    """An upper bound of ‖X‖_F of every matrix in the balls, exact (`arb` without radius)."""
    with flint.ctx.workprec(BITS):
        return frobenius_squared(X).abs_upper().sqrt().upper()


def largest_eigenvalue(X: Any, bits: int) -> Any:
    """A ball that holds λ_max of the positive semidefinite matrix in a matrix of balls.

    (tr X^k / m)^{1/k} ≤ λ_max ≤ (tr X^k)^{1/k} with k = 2^12: for m = 20 they are 7e-4 apart.
    """
    with flint.ctx.workprec(bits):
        power = X
        for _ in range(_SQUARINGS):
            power = power * power
        trace = power.trace()
        hi = _root(trace.abs_upper(), _SQUARINGS)
        least = (trace / X.nrows()).lower()
        lo = _root(least, _SQUARINGS) if least > 0 else arb(0)
        return lo.union(hi)


def is_bounded(X: Any) -> bool:
    """Whether every entry is: the ball of a sum is as wide as those of its terms together."""
    rows = X * arb_mat(X.ncols(), 1, [1] * X.ncols())
    return all(x.is_finite() for x in rows.entries())


def coarse(X: Any, bits: int = BITS) -> Any:
    """The matrix rounded to so many bits, outward: products of long numbers cost more."""
    with flint.ctx.workprec(bits):
        return X * arb(1)


def exponent_of(x: Any) -> int:
    """log₂ of a number, about; 0 for 0.

    Raises
    ------
    NotCertifiedError
        If the number has no bounds.
    """
    if not x.is_finite():
        raise NotCertifiedError("an enclosure has no bounds")
    mantissa, exponent = (int(part) for part in x.mid().man_exp())
    return mantissa.bit_length() + exponent - 1 if mantissa else 0


def _gram(X: Any) -> Any:
    """The smaller of XX' and X'X."""
    return X * X.transpose() if X.nrows() <= X.ncols() else X.transpose() * X


def _root(x: Any, halvings: int) -> Any:
    """x to the power 1/2^halvings; python-flint's own root of 0 is nan."""
    for _ in range(halvings):
        x = x.sqrt()
    return x
