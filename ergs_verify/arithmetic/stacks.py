"""Float64 on stacks of numbers: one walk of a formula for many values of a letter."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from ergs_verify.arithmetic import in_step, shapes
from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.errors import UnsupportedError


class Float64Stacks(Float64):
    """Scalars are floats or arrays (…), matrices are arrays (…, rows, columns); stacks broadcast.

    A singular system has no solution, and its place is NaN from there on.

    Examples
    --------
    >>> import numpy as np
    >>> from ergs_verify.arithmetic.stacks import Float64Stacks
    >>> stacks = Float64Stacks()
    >>> stacks.solve(np.array([[[2.0]], [[0.0]]]), stacks.identity(1)).ravel()
    array([0.5, nan])
    """

    name = "float64 on stacks"
    #: Operations for shapes that are known to fit, and the context that they need.
    bare = {"add": operator.add, "multiply": in_step.product}, nullcontext

    def log(self, x):
        raise UnsupportedError("stacks have no logarithm")

    def shape(self, X: np.ndarray) -> tuple[int, int]:
        return X.shape[-2], X.shape[-1]

    def multiply(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        shapes.need_chain(self.shape(X), self.shape(Y))
        return in_step.product(X, Y)

    def scale(self, s: float | np.ndarray, X: np.ndarray) -> np.ndarray:
        return np.asarray(s)[..., None, None] * X

    def transpose(self, X: np.ndarray) -> np.ndarray:
        return X.swapaxes(-1, -2)

    def solve(self, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
        shapes.need_square(self.shape(X))
        shapes.need_chain(self.shape(X), self.shape(Y))
        if in_step.is_in_step(X):
            return in_step.solve(X, Y)
        try:
            return np.linalg.solve(X, Y)
        except np.linalg.LinAlgError:  # as soon as one is singular
            pass
        finite = np.isfinite(X).all(axis=(-2, -1), keepdims=True)
        X = np.where(finite, X, 0)
        kept = (np.linalg.det(X) != 0)[..., None, None]
        solved = np.linalg.solve(np.where(kept, X, np.eye(X.shape[-1])), Y)
        return np.where(kept, solved, np.nan)

    def trace(self, X: np.ndarray) -> Any:
        shapes.need_square(self.shape(X))
        return np.trace(X, axis1=-2, axis2=-1)

    def blocks(self, rows: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
        shapes.need_blocks([[self.shape(X) for X in row] for row in rows])
        stack = np.broadcast_shapes(*(X.shape[:-2] for row in rows for X in row))
        return in_step.blocks(rows, stack)

    def rows(self, X: np.ndarray, start: int, stop: int) -> np.ndarray:
        return X[..., start:stop, :]
