"""The numbers of a solution, whoever computed it, as arrays of objects to be compared exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from ergs_verify.arithmetic.base import Matrix
from ergs_verify.arithmetic.mp import MPMath

__all__ = ["LETTERS", "Numbers", "distance", "enter", "log10", "numbers", "size"]

LETTERS = ("K", "Sigma", "P", "q")

#: By letter, agent and time: 2-dimensional arrays of `float` or `mpf`; q as 1×1.
Numbers = dict[str, list[list[np.ndarray]]]


def numbers(found: Any) -> Numbers:
    """K, Sigma, P and q of anything that has them ``[agent][t]``: recursion or engine."""
    return {
        letter: [
            [np.array(X, dtype=object).reshape(np.shape(X) or (1, 1)) for X in over_time]
            for over_time in getattr(found, letter)
        ]
        for letter in LETTERS
    }


def enter(arithmetic: MPMath, X: np.ndarray) -> Matrix:
    """A matrix of `float` or `mpf` entries in an arithmetic, rounded once."""
    return arithmetic.matrix([[_exact(arithmetic, x) for x in row] for row in X.tolist()], X.shape)


def size(X: np.ndarray) -> Any:
    """The largest entry in size, ∞ where an entry is not finite."""
    entries = [abs(x) for x in X.ravel().tolist()]
    return float("inf") if any(x - x != 0 for x in entries) else max(entries)


def distance(X: np.ndarray, Y: np.ndarray) -> Any:
    """The largest difference of two entries, to the precision of X."""
    if X.shape != Y.shape:
        return float("inf")
    return size(X - Y)


def log10(x: Any) -> float:
    """log₁₀ of a size ≥ 0 that may lie outside the range of float64; −∞ at 0."""
    if x == 0:
        return -np.inf
    return float(x.context.log10(x)) if hasattr(x, "context") else float(np.log10(x))


def _exact(arithmetic: MPMath, x: Any) -> Fraction:
    return Fraction(x) if isinstance(x, float) else arithmetic.to_fraction(x)
