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
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.certify.balance import root_of_inverse
from ergs_verify.certify.float_norms import column_norms, in_float64, stacked
from ergs_verify.certify.norms import BITS, coarse, exponent_of, frobenius_above, is_bounded
from ergs_verify.errors import NotCertifiedError

#: float64 tells directions apart that cost no less than this part of the dearest one. Those that
#: cost less are told apart anew, among themselves, or else count as this dear.
_LEAST = 2.0**-20
#: Directions ask for a frame of their own where one costs less than this part of another: those
#: that count as `_LEAST` ask for another as soon as they cost something.
_ALIKE = 2.0**-16
#: So do costs as far from 1 as this, either way.
_FAR = 2.0**100
#: A cost is told from rounding where it is so much larger.
_CLEARLY = 2**30


@frozen(eq=False)
class Frame:
    """An invertible S, m×m, in balls: a matrix of costs P is S'PS in its coordinates.

    Any S serves. It is I, without a matrix, where float64 tells apart what directions cost. Else it
    is guessed so that S'(ΣPⁱ)S is near I, however unlike the state's entries are.

    Attributes
    ----------
    S, inverse : arb_mat or None
    bits : int
        Of products with them: `BITS` and as many as cancel in them.
    """

    S: Any = None
    inverse: Any = None
    bits: int = BITS

    @classmethod
    def of(cls, costs: Sequence[Any], balls: Balls) -> Frame:
        """The frame of symmetric matrices of balls, to whose rounding errors it pays heed."""
        with flint.ctx.workprec(balls.bits):
            total = reduce(add, costs)
            if cost_alike(in_float64([total]).middle[0]):
                return PLAIN
            columns, bits = _guess(total)
            S = arb_mat([list(row) for row in zip(*columns, strict=True)])
        return cls(S, Balls(2 * bits).solve(S, balls.identity(S.nrows())), bits)

    def of_cost(self, P: Any) -> Any:
        """S'PS."""
        if self.S is None:
            return P
        with flint.ctx.workprec(self.bits):
            return self.S.transpose() * coarse(P, self.bits) * self.S

    def turn(self, total: np.ndarray) -> np.ndarray:
        """Z, in which costs of this total, as the frame has them, are near I.

        In a frame that was guessed they are so already.
        """
        return root_of_inverse(total[None])[0] if self.S is None else np.eye(len(total))

    def columns(self, size: int) -> tuple[Centred, list[int]]:
        """S⁻¹ with columns near 1 in size, and the exponents of the powers of 2 that they lack."""
        return self._columns or (Centred(np.eye(size)), [0] * size)

    @cached_property
    def _columns(self) -> tuple[Centred, list[int]] | None:
        if self.inverse is None:
            return None
        rows = [arb_mat([row]) for row in self.inverse.transpose().tolist()]
        exponents = [exponent_of(frobenius_above(row)) for row in rows]
        with flint.ctx.workprec(self.bits):
            scaled = [row * arb(2) ** -by for row, by in zip(rows, exponents, strict=True)]
        found = in_float64(scaled)
        return found.map(lambda X: X[:, 0].T), exponents


#: That of the state's own coordinates.
PLAIN = Frame()


def across(X: Any, ahead: Frame = PLAIN, now: Frame = PLAIN) -> Any:
    """S⁻¹XS of a matrix of balls, with S of x_{t+1} on the left and of x_t on the right."""
    bits = max(ahead.bits, now.bits)
    with flint.ctx.workprec(bits):
        if ahead.inverse is not None:
            X = ahead.inverse * coarse(X, bits)
        return X if now.S is None else coarse(X, bits) * now.S


@frozen(eq=False)
class Coordinates:
    """Those of SZ, of a frame and a matrix of exact floats.

    Attributes
    ----------
    frame : Frame
    Z : (m, m) array
    inverse : Centred
        Z⁻¹.
    columns_above : list of arb
        Upper bounds of the norms of the columns of (SZ)⁻¹: |v'P| ≤ ‖(SZ)'PSZ‖₂ · these.
    """

    frame: Frame
    Z: np.ndarray
    inverse: Centred
    columns_above: list[Any]

    @classmethod
    def of(cls, frames: Sequence[Frame], Z: np.ndarray) -> list[Coordinates]:
        """For each of some frames.

        Parameters
        ----------
        Z : (frames, m, m) array

        Raises
        ------
        NotCertifiedError
            If some Z is not certified to be regular.
        """
        numbers, m = CentredStacks(), Z.shape[-1]
        columns, exponents = zip(*(frame.columns(m) for frame in frames), strict=True)
        with np.errstate(all="ignore"):
            inverse = numbers.solve(Centred(Z), numbers.identity(m))
            norms = column_norms(numbers.multiply(inverse, stacked(columns))).value
        if not np.isfinite(norms).all():
            raise NotCertifiedError("coordinates of the state are not certified to be regular")
        return [
            cls(
                frame,
                Z[k],
                inverse[k],
                [
                    arb(float(x)) * arb(2) ** by
                    for x, by in zip(norms[k], exponents[k], strict=True)
                ],
            )
            for k, frame in enumerate(frames)
        ]


def cost_alike(total: np.ndarray) -> bool:
    """Whether float64 tells apart what directions cost, in a matrix of costs not far from 1."""
    if not np.isfinite(total).all():
        return False
    sizes = np.abs(np.linalg.eigvalsh(total))
    most, least = sizes.max(), sizes.min()
    return not most or bool(1 / _FAR < most < _FAR and least > most * _ALIKE)


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
