"""Sums of Kronecker products of two matrices, and of vec."""

from __future__ import annotations

from typing import Any

import sympy
from attrs import frozen

from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.proof.blocks import added


@frozen
class Products:
    """A sum of c · X ⊗ Y, or of c · vec(X): `terms` are (c, X, Y), Y being None of a vec."""

    terms: Any
    turned_vec: bool = False

    @property
    def is_vec(self) -> bool:
        return self.terms[0][2] is None

    @property
    def sides(self) -> tuple:
        _, X, Y = self.terms[0]
        return (*X.shape, *(() if Y is None else Y.shape), self.turned_vec)

    def adapted(self, other: Any) -> Products:
        """A plain matrix, as a Kronecker product of these sizes."""
        zero = isinstance(other, sympy.ZeroMatrix)
        if zero:
            terms = tuple((sympy.S.Zero, X, Y) for _, X, Y in self.terms[:1])
            return Products(terms, self.turned_vec)
        if isinstance(other, sympy.Identity) and not self.is_vec:
            X, Y = self.terms[0][1:]
            if X.shape[0] == X.shape[1] and Y.shape[0] == Y.shape[1]:
                unit = sympy.Identity(X.shape[0]), sympy.Identity(Y.shape[0])
                return Products(((sympy.S.One, *unit),))
        raise UnsupportedError(f"{other} is not a Kronecker product, but it is combined with one")

    def beside(self, plain: Any, side: int) -> Products:
        """A plain factor before these (side 0) or after them, where X or Y is 1 wide."""
        _, X, Y = self.terms[0]
        if Y is not None and X.shape[side] == 1:
            return Products(((sympy.S.One, sympy.Identity(1), plain),))
        if Y is not None and Y.shape[side] == 1:
            return Products(((sympy.S.One, plain, sympy.Identity(1)),))
        raise UnsupportedError("a plain matrix times a Kronecker product")

    def settled(self) -> Any:
        """A plain matrix, where these are columns times rows, or vec of a column or a row."""
        _, X, Y = self.terms[0]
        if Y is None and 1 in X.shape:
            columns = [c * (Z if X.shape[1] == 1 else Z.T) for c, Z, _ in self.terms]
            return added(columns).T if self.turned_vec else added(columns)
        if Y is None:
            return self
        if (X.shape[1], Y.shape[0]) == (1, 1):
            return added([c * Z * W for c, Z, W in self.terms])
        if (X.shape[0], Y.shape[1]) == (1, 1):
            return added([c * W * Z for c, Z, W in self.terms])
        if X.shape == (1, 1):
            return added([c * sympy.Trace(Z) * W for c, Z, W in self.terms])
        if Y.shape == (1, 1):
            return added([c * sympy.Trace(W) * Z for c, Z, W in self.terms])
        return self

    def like(self, other: Products) -> Products:
        """Of two columns, x ⊗ y as vec(yx'), and of two rows, where the other is a vec."""
        if self.is_vec or not other.is_vec:
            return self
        upright = self.turned() if other.turned_vec else self
        _, X, Y = upright.terms[0]
        if (X.shape[1], Y.shape[1]) != (1, 1):
            return self
        return Products(tuple((c, W * Z.T, None) for c, Z, W in upright.terms), other.turned_vec)

    def plus(self, other: Products) -> Products:
        if self.sides != other.sides:
            raise UnsupportedError("Kronecker products of different sizes are added or compared")
        return Products(self.terms + other.terms, self.turned_vec)

    def times(self, other: Products) -> Any:
        if self.turned_vec and other.is_vec and not other.turned_vec:
            if self.sides[:2] != other.sides[:2]:
                raise ShapeError("vec(X)' and vec(Y) of different sizes are multiplied")
            terms = [
                c * d * sympy.Trace(X.T * Z) for c, X, _ in self.terms for d, Z, _ in other.terms
            ]
            return sympy.Add(*terms) * sympy.Identity(1)
        if self.turned_vec:
            return self.turned().before(other.turned()).turned()
        if self.is_vec:
            raise UnsupportedError("a column vec(X) times a row is not a Kronecker product")
        return other.before(self)

    def before(self, other: Products) -> Products:
        """`other` times this one: Kronecker products, or of one and a vec."""
        if other.is_vec or (self.is_vec and self.turned_vec):
            raise UnsupportedError("a product with a column vec(X) is not a Kronecker product")
        terms = []
        for c, X, Y in other.terms:
            for d, Z, W in self.terms:
                _fit(Y, Z if W is None else W)
                _fit(X, Z.T if W is None else Z)
                terms.append((c * d, Y * Z * X.T, None) if W is None else (c * d, X * Z, Y * W))
        return Products(tuple(terms))

    def scaled(self, factor) -> Products:
        return Products(tuple((factor * c, X, Y) for c, X, Y in self.terms), self.turned_vec)

    def turned(self) -> Products:
        if self.is_vec:
            return Products(self.terms, not self.turned_vec)
        return Products(tuple((c, X.T, Y.T) for c, X, Y in self.terms))

    def single(self) -> tuple:
        if len(self.terms) > 1 or self.is_vec:
            raise UnsupportedError("the inverse or determinant of a sum of Kronecker products")
        _, X, Y = self.terms[0]
        if X.shape[0] != X.shape[1] or Y.shape[0] != Y.shape[1]:
            raise UnsupportedError("the inverse or determinant of factors that are not square")
        return self.terms[0]

    def inverted(self) -> Products:
        c, X, Y = self.single()
        return Products(((1 / c, sympy.Inverse(X), sympy.Inverse(Y)),))

    def trace(self) -> Any:
        if self.is_vec:
            raise UnsupportedError("the trace of a column vec(X)")
        return sympy.Add(*(c * sympy.Trace(X) * sympy.Trace(Y) for c, X, Y in self.terms))

    def determinant(self) -> Any:
        c, X, Y = self.single()
        a, b = X.shape[0], Y.shape[0]
        return c ** (a * b) * sympy.Determinant(X) ** b * sympy.Determinant(Y) ** a

    def tested(self) -> Any:
        """At an arbitrary vec(Z)."""
        if self.is_vec:
            return added([c * X for c, X, _ in self.terms])
        Z = sympy.MatrixSymbol("⟨Z⟩", self.terms[0][2].shape[1], self.terms[0][1].shape[1])
        return added([c * Y * Z * X.T for c, X, Y in self.terms])


def _fit(X, Y) -> None:
    if X.shape[1] != Y.shape[0]:
        raise UnsupportedError("Kronecker products of factors that do not fit are multiplied")
