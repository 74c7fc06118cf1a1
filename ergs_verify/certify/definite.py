"""Is a matrix in balls positive definite?"""

from __future__ import annotations

from typing import Any

from flint import arb_mat

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.errors import NotCertifiedError

__all__ = ["demand_definite"]


def demand_definite(X: Any, balls: Balls) -> None:
    """Prove that every symmetric matrix in the balls is positive definite.

    Raises
    ------
    NotCertifiedError
        Where some leading minor is not known to be positive.
    """
    rows = X.tolist()
    for size in range(1, len(rows) + 1):
        minor = balls.determinant(arb_mat([row[:size] for row in rows[:size]]))
        if not minor.value > 0:
            raise NotCertifiedError(
                f"W = (τ/2)I + R + B'PB is not certified to be positive definite at "
                f"{balls.bits} bits"
            )
