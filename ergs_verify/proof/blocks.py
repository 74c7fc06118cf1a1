"""Matrices made of blocks."""

from __future__ import annotations

from typing import Any

import sympy
from attrs import frozen

from ergs_verify.errors import ShapeError, UnsupportedError


def added(terms: list) -> Any:
    """A sum of matrices."""
    return terms[0] if len(terms) == 1 else sympy.MatAdd(*terms)


@frozen
class Blocks:
    """A matrix by its blocks."""

    rows: tuple[tuple[Any, ...], ...]

    @property
    def sides(self) -> tuple[tuple, tuple]:
        """The sizes of the rows and of the columns."""
        return tuple(r[0].shape[0] for r in self.rows), tuple(X.shape[1] for X in self.rows[0])

    def adapted(self, other: Any) -> Blocks:
        """A plain matrix, cut as this one is."""
        heights, widths = self.sides
        if isinstance(other, sympy.ZeroMatrix):
            return Blocks(tuple(tuple(sympy.ZeroMatrix(r, c) for c in widths) for r in heights))
        if isinstance(other, sympy.Identity) and heights == widths:
            return identity(heights)
        if len(heights) == len(widths) == 1:
            return Blocks(((other,),))
        raise UnsupportedError(f"{other} is not a block matrix, but it is combined with one")

    def plus(self, other: Blocks) -> Blocks:
        if self.sides != other.sides:
            raise UnsupportedError("block matrices that are cut differently are added or compared")
        pairs = zip(self.rows, other.rows, strict=True)
        return Blocks(
            tuple(tuple(added([x, y]) for x, y in zip(*rows, strict=True)) for rows in pairs)
        )

    def times(self, other: Blocks) -> Blocks:
        if self.sides[1] != other.sides[0]:
            raise UnsupportedError("block matrices that are cut differently are multiplied")
        columns = list(zip(*other.rows, strict=True))
        return Blocks(
            tuple(
                tuple(
                    added([x * y for x, y in zip(row, column, strict=True)]) for column in columns
                )
                for row in self.rows
            )
        )

    def scaled(self, factor) -> Blocks:
        return Blocks(tuple(tuple(factor * x for x in row) for row in self.rows))

    def turned(self) -> Blocks:
        return Blocks(tuple(tuple(x.T for x in column) for column in zip(*self.rows, strict=True)))

    def eliminated(self) -> tuple[list, Blocks]:
        """The pivots of Gauss and Jordan, and the inverse."""
        heights, widths = self.sides
        if heights != widths:
            raise ShapeError("the inverse or determinant of blocks that are not square")
        n = len(heights)
        unit = identity(heights).rows
        rows = [[*self.rows[r], *unit[r]] for r in range(n)]
        pivots = []
        for k in range(n):
            pivot = rows[k][k]
            if pivot.is_ZeroMatrix:
                raise UnsupportedError("a block on the diagonal is zero, so it has no complement")
            pivots.append(pivot)
            inverse = sympy.Inverse(pivot)
            rows[k] = [inverse * x for x in rows[k]]
            for r in range(n):
                if r != k and not rows[r][k].is_ZeroMatrix:
                    factor = rows[r][k]
                    pairs = zip(rows[r], rows[k], strict=True)
                    rows[r] = [x - factor * y for x, y in pairs]
        return pivots, Blocks(tuple(tuple(row[n:]) for row in rows))

    def trace(self) -> Any:
        return sympy.Add(*(sympy.Trace(self.rows[k][k]) for k in range(len(self.rows))))

    def determinant(self) -> Any:
        return sympy.Mul(*map(sympy.Determinant, self.eliminated()[0]))

    def tested(self) -> Any:
        """Σ y_r B_rc z_c."""
        heights, widths = self.sides
        q = sympy.Symbol("any", integer=True, positive=True)
        left = [sympy.MatrixSymbol(f"⟨row {k + 1}⟩", q, r) for k, r in enumerate(heights)]
        right = [sympy.MatrixSymbol(f"⟨column {k + 1}⟩", c, q) for k, c in enumerate(widths)]
        return added(
            [
                y * x * z
                for y, row in zip(left, self.rows, strict=True)
                for x, z in zip(row, right, strict=True)
            ]
        )


def identity(sizes: tuple) -> Blocks:
    """The identity, rows and columns cut alike."""
    return Blocks(
        tuple(
            tuple(
                sympy.Identity(r) if k == j else sympy.ZeroMatrix(r, c) for j, c in enumerate(sizes)
            )
            for k, r in enumerate(sizes)
        )
    )
