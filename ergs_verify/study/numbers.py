"""The numbers of a solution, whoever computed it, as arrays of objects to be compared exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ergs_verify.arithmetic.base import Matrix
from ergs_verify.arithmetic.mp import MPMath

LETTERS = ("K", "Sigma", "P", "q")
#: Those of a game with affine terms: u = Kx + k, value x'Px + 2s'x + q.
AFFINE = ("K", "k", "Sigma", "P", "s", "q")

#: By letter, agent and time: 2-dimensional arrays of `float` or `mpf`; k and s as columns, q as
#: 1×1.
Numbers = dict[str, list[list[np.ndarray]]]


def numbers(found: Any, letters: Sequence[str] = LETTERS) -> Numbers:
    """These letters of anything that has them ``[agent][t]``: recursion or engine."""
    return {
        letter: [[_matrix(X) for X in over_time] for over_time in getattr(found, letter)]
        for letter in letters
    }


def gains(given: Numbers) -> list[list[np.ndarray]]:
    """K, or [k K] of a game with affine terms."""
    if "k" not in given:
        return given["K"]
    return [
        [np.hstack(pair) for pair in zip(k, K, strict=True)]
        for k, K in zip(given["k"], given["K"], strict=True)
    ]


def _matrix(X: Any) -> np.ndarray:
    shape = (*np.shape(X), 1, 1)[: max(2, np.ndim(X))]
    return np.array(X, dtype=object).reshape(shape)


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
