"""The largest value of a quadratic function with a linear part on a ball of states."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import numpy as np
from flint import arb, arb_mat, fmpq

from ergs_verify.arithmetic.balls import Ball, Balls
from ergs_verify.certify.definite import demand_definite
from ergs_verify.certify.norms import frobenius_above, largest_eigenvalue
from ergs_verify.errors import NotCertifiedError

#: How much further than its float, relatively, the multiplier λ is taken, so that λI − G ≻ 0.
_BEYOND = 1 + Fraction(1, 2**40)
_HALVINGS = 200


def largest_on_ball(G: Any, h: Any, radius: Fraction, balls: Balls) -> Ball:
    """A ball that holds max x'Gx + 2h'x over ‖x‖₂ ≤ r, for G ⪰ 0.

    Parameters
    ----------
    G, h : matrix and column of balls
    radius : Fraction

    Notes
    -----
    The value at a state is a lower bound. For every λ with λI − G ≻ 0 an upper one is
    λr² + h'(λI − G)⁻¹h, since x'Gx + 2h'x ≤ λ‖x‖² + h'(λI − G)⁻¹h; at the best λ both meet.
    """
    direction, multiplier = _near(balls.to_fractions(G), balls.to_fractions(h), radius)
    with flint.ctx.workprec(balls.bits):
        r = arb(_rational(radius))
        x = arb_mat([[arb(entry)] for entry in direction])
        x = x * (r / (x.transpose() * x)[0, 0].sqrt().upper())
        lower = (x.transpose() * (G * x + h + h))[0, 0].lower()
        crude = largest_eigenvalue(G, balls.bits).upper() * r * r + 2 * r * frobenius_above(h)
        upper = min(crude.upper(), _above(G, h, arb(_rational(multiplier)), r, balls))
        return Ball(lower.union(upper), balls.bits)


def _above(G: Any, h: Any, multiplier: Any, r: Any, balls: Balls) -> Any:
    """Lagrange's bound; infinite where λI − G is not proved to be definite."""
    shifted = balls.identity(G.nrows()) * multiplier - G
    try:
        demand_definite(shifted, balls)
        solved = balls.solve(shifted, h)
    except NotCertifiedError:
        return arb("inf")
    return (multiplier * r * r + (h.transpose() * solved)[0, 0]).upper()


def _near(
    G: list[list[Fraction]], h: list[list[Fraction]], radius: Fraction
) -> tuple[list[float], Fraction]:
    """About the direction of the worst state, not 0, and its λ; in float64, scaled before."""
    size = max([abs(x) * radius**2 for row in G for x in row] + [abs(x) * radius for (x,) in h])
    if not size:
        return [1.0] * len(G), Fraction(0)
    scaled = np.array([[float(x * radius**2 / size) for x in row] for row in G])
    linear = np.array([float(x * radius / size) for (x,) in h])
    values, vectors = np.linalg.eigh((scaled + scaled.T) / 2)
    c = vectors.T @ linear

    def state(multiplier: float) -> np.ndarray:
        above = multiplier - values
        return np.divide(c, above, out=np.zeros_like(c), where=above > 0)

    low, high = values[-1], values[-1] + np.linalg.norm(c)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if np.linalg.norm(state(middle)) > 1 else (low, middle)
    y = state(high)
    # Where c has nothing of the largest eigenvalue's vector, that is what is left of the length.
    y[-1] += np.copysign(np.sqrt(max(0.0, 1 - y @ y)), c[-1])
    return (vectors @ y).tolist(), Fraction(float(high)) * _BEYOND * size / radius**2


def _rational(x: Fraction) -> Any:
    return fmpq(x.numerator, x.denominator)
