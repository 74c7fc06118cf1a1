"""Coordinates of the state in which costs are of one size, so that bounds of errors stay tight."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, reduce
from operator import add
from typing import Any

import flint
import numpy as np
from attrs import frozen
from flint import arb, arb_mat

from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify.float_norms import in_float64
from ergs_verify.certify.norms import BITS, coarse, is_bounded
from ergs_verify.errors import NotCertifiedError

#: float64 tells directions apart that cost no less than this part of the dearest one. Those that
#: cost less are told apart anew, among themselves, or else count as this dear.
_LEAST = 2.0**-20
#: A cost is told from rounding where it is so much larger.
_CLEARLY = 2**30


@frozen(eq=False)
class Frame:
    """An invertible S, m×m, in balls: a matrix of costs P is S'PS in its coordinates.

    Any S serves. It is guessed so that S'(ΣPⁱ)S is near I: a closed loop, which hardly raises
    costs, then has a norm near 1 or below, however unlike the state's entries are.

    Attributes
    ----------
    S, inverse : arb_mat
    bits : int
        Of products with them: `BITS` and as many as cancel in them.
    """

    S: Any
    inverse: Any
    bits: int = BITS

    @classmethod
    def of(cls, costs: Sequence[Any], balls: Balls) -> Frame:
        """The frame of symmetric matrices of balls, to whose rounding errors it pays heed."""
        with flint.ctx.workprec(balls.bits):
            columns, bits = _guess(reduce(add, costs))
            S = arb_mat([list(row) for row in zip(*columns, strict=True)])
        return cls(S, Balls(2 * bits).solve(S, balls.identity(S.nrows())), bits)

    def of_cost(self, P: Any) -> Any:
        """S'PS."""
        with flint.ctx.workprec(self.bits):
            return self.S.transpose() * coarse(P, self.bits) * self.S

    def turned(self, Z: np.ndarray) -> Frame:
        """The frame of SZ, with Z in exact floats.

        Raises
        ------
        NotCertifiedError
            If Z is not certified to be regular.
        """
        exact, balls = arb_mat(Z.tolist()), Balls(self.bits + BITS)
        return Frame(balls.multiply(self.S, exact), balls.solve(exact, self.inverse), self.bits)

    @cached_property
    def columns_above(self) -> list[Any]:
        """Upper bounds of the norms of the columns of S⁻¹: |v'P| ≤ ‖S'PS‖₂ · these."""
        squares = (self.inverse.transpose() * self.inverse).tolist()
        return [squares[k][k].abs_upper().sqrt().upper() for k in range(len(squares))]


def _guess(total: Any) -> tuple[list[list[Any]], int]:
    """The columns of S, exact, and the bits that products with it need.

    Directions fall into groups of one size each, the dearest first. What is left is then made
    orthogonal to a group in the total cost, which takes the precision of `total`.
    """
    columns: list[list[Any]] = []
    basis, cost = arb_mat(total.nrows(), total.nrows(), 1), total
    first = None
    while True:
        size = _largest(cost)
        if not size > 0:
            size = arb(1)  # nothing costs anything: any frame will do
        first = size if first is None else first
        values, vectors = _directions(cost * (1 / size))
        dear = values >= _LEAST * values.max()
        rest = None if dear.all() else _left_over(basis, cost, total, vectors, dear)
        kept = slice(None) if rest is None else dear
        lengths = np.sqrt(np.maximum(values, _LEAST * values.max()))
        group = basis * arb_mat((vectors / lengths)[:, kept].tolist()) * (1 / size.sqrt())
        columns += group.mid().transpose().tolist()
        if rest is None:
            return columns, BITS + exponent_of(first) - exponent_of(size)
        basis, cost = rest


def _directions(cost: Any) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues in size, in float64, and eigenvectors; 1 for them where nothing costs."""
    values, vectors = np.linalg.eigh(in_float64([cost]).middle[0])
    sizes = np.abs(values)
    return (sizes, vectors) if sizes.max() > 0 else (np.ones_like(sizes), vectors)


def _left_over(
    basis: Any, cost: Any, total: Any, vectors: np.ndarray, dear: np.ndarray
) -> tuple[Any, Any] | None:
    """Directions orthogonal in cost to the dear ones, and their cost; None where it is not clear.

    `cost` is that of the directions in `basis`, `vectors` are among these.
    """
    these, others = (arb_mat(vectors[:, which].tolist()) for which in (dear, ~dear))
    # What float64 lost of an eigenvector may be far above what counts in a state of unlike entries.
    with flint.ctx.workprec(flint.ctx.prec + _spread(total)):
        across = these.transpose() * cost
        shares = (across * these).mid().solve((across * others).mid(), algorithm="approx")
        if not is_bounded(shares):
            return None
        directions = (basis * (others - these * shares)).mid()
        left = directions.transpose() * total * directions
        noise = max(x.rad() for x in left.entries())
        return (directions, left) if _largest(left) > noise * _CLEARLY else None


def _largest(X: Any) -> Any:
    """The largest midpoint in size."""
    if not is_bounded(X):
        raise NotCertifiedError("an enclosure has no bounds")
    return max(abs(x.mid()) for x in X.entries())


def _spread(X: Any) -> int:
    """log₂ of the ratio of the largest entry to the least on the diagonal but 0."""
    diagonal = [abs(X[k, k].mid()) for k in range(X.nrows())]
    least = min((x for x in diagonal if x > 0), default=None)
    return 0 if least is None else exponent_of(_largest(X)) - exponent_of(least)


def exponent_of(x: Any) -> int:
    """log₂ of a number, about."""
    mantissa, exponent = (int(part) for part in x.mid().man_exp())
    return mantissa.bit_length() + exponent - 1
