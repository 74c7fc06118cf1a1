"""Coordinates of the state in which costs are of one size, so that bounds of errors stay tight."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

import flint
import numpy as np
from attrs import frozen
from flint import arb_mat

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.norms import BITS, coarse
from ergs_verify.errors import NotCertifiedError

__all__ = ["Frame"]

#: Directions that cost less than this part of the dearest one count as this dear.
_LEAST = 2.0**-20


@frozen(eq=False)
class Frame:
    """An exact invertible S, m×m: a matrix of costs P is S'PS in its coordinates.

    Any S serves. It is guessed in float64, so that S'(ΣPⁱ)S is near I: a closed loop, which hardly
    raises costs, then has a norm near 1 or below, however unlike the state's entries are.
    """

    S: Any
    inverse: Any

    @classmethod
    def of(cls, costs: Sequence[Any]) -> Frame:
        """The frame of exact symmetric matrices P̂ⁱ."""
        with flint.ctx.workprec(BITS):
            guess = _guess(reduce(add, costs))
            S = arb_mat(guess.tolist())
        balls = Balls(2 * BITS)  # S is not far from orthogonal columns, some 2^10 apart in length
        return cls(S, balls.solve(S, balls.identity(len(guess))))

    def of_cost(self, P: Any) -> Any:
        """S'PS."""
        return self.S.transpose() * coarse(P) * self.S

    def columns_above(self) -> list[Any]:
        """Upper bounds of the norms of the columns of S⁻¹: |v'P| ≤ ‖S'PS‖₂ · these."""
        squares = (self.inverse.transpose() * self.inverse).tolist()
        return [squares[k][k].abs_upper().sqrt().upper() for k in range(len(squares))]


def _guess(total: Any) -> np.ndarray:
    size = total.nrows()
    if not all(x.is_finite() for x in total.entries()):
        raise NotCertifiedError("an enclosure has no bounds")
    scale = max(abs(x.mid()) for x in total.entries())
    if not scale > 0:
        return np.eye(size)
    numbers = np.array([[float((x / scale).mid()) for x in row] for row in total.tolist()])
    values, vectors = np.linalg.eigh(numbers)
    sizes = np.abs(values)
    root = np.sqrt(np.maximum(sizes, _LEAST * sizes.max()))
    return vectors / root
