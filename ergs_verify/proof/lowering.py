"""Kronecker products, vec, block matrices, derivatives and roots, in terms of plain matrices.

A block matrix is zero iff Σ_rc y_r B_rc z_c is for arbitrary rows y_r and columns z_c, and
Σ X ⊗ Y is iff its value Σ Y Z X' at vec(Z) is for an arbitrary Z. (The inverse of a block matrix
goes by Schur complements, which exist for almost all matrices for which it does.) Only the engine
of realizations sees what is made here; the others evaluate block matrices and Kronecker products
as they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import sympy
from attrs import frozen
from sympy.core.function import AppliedUndef

from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.expressions import Vec, parts_of
from ergs_verify.proof.derivatives import derivative
from ergs_verify.proof.letters import name_of

KINDS = (sympy.KroneckerProduct, sympy.BlockMatrix, Vec)


def with_derivatives(expression: Any, definitions: Mapping) -> Any:
    """Every unevaluated derivative worked out.

    Raises
    ------
    UnsupportedError
        Where one is taken of what depends on a letter by a definition.
    """
    found = {}
    for node in parts_of(expression, sympy.Derivative):
        hidden = _behind(node, definitions)
        for by, _ in node.variable_count:
            if name_of(by) in hidden:
                raise UnsupportedError(
                    f"a letter whose definition contains {by} must be written out before the "
                    f"derivative by {by} is taken"
                )
        value = with_derivatives(node.expr, definitions)
        for by, times in node.variable_count:
            for _ in range(int(times)):
                value = derivative(value, by)
        found[node] = value
    if expression in found:
        return found[expression]
    return expression.xreplace(found) if found else expression


def _behind(expression: Any, definitions: Mapping) -> set[str]:
    """Names that an expression depends on by definitions, and those that are defined."""
    bodies: dict[str, set[str]] = {}
    for letter, value in definitions.items():
        bodies.setdefault(name_of(letter), {name_of(letter)}).update(_names(value))
    found: set[str] = set()
    todo = _names(expression)
    while todo := [name for name in todo if name in bodies and name not in found]:
        found.update(todo)
        todo = set().union(*(bodies[name] for name in todo))
    return found.union(*(bodies[name] for name in found))


def _names(expression: Any) -> set[str]:
    letters = parts_of(expression, sympy.MatrixSymbol, sympy.Symbol, AppliedUndef)
    return set(map(name_of, letters))


def with_roots(expressions: list, definite: frozenset) -> tuple[list, dict]:
    """Roots of positive letters as letters of their own, and what those letters define.

    Raises
    ------
    UnsupportedError
        Where the root of a matrix is taken that is not said to be positive definite.
    """
    roots: dict[Any, Any] = {}
    found: dict[Any, Any] = {}
    taken = {str(a) for e in expressions for a in parts_of(e, sympy.MatrixSymbol, sympy.Symbol)}

    def name(letter: Any) -> str:
        names = (f"√{letter.name}" + "'" * k for k in itertools.count())
        return next(name for name in names if name not in taken)

    for power in set().union(*(parts_of(e, sympy.MatPow, sympy.Pow) for e in expressions)):
        if not power.exp.is_Rational or power.exp.is_Integer or power.exp.q != 2:
            continue
        base, twice = power.base, int(2 * power.exp)
        if isinstance(base, sympy.MatrixSymbol):
            if base not in definite:
                raise UnsupportedError(
                    f"the root of {base} needs positive_definite=[{base}], so that there is one"
                )
            root = sympy.MatrixSymbol(name(base), *base.shape)
            found[base] = sympy.MatMul(root, root, evaluate=False)
        elif base.is_Symbol and base.is_positive:
            root = sympy.Symbol(name(base), positive=True)
            found[base] = root**2
        else:
            continue
        roots[power] = root**twice
    return [e.xreplace(roots) for e in expressions], found


def lowered(lhs: Any, rhs: Any, definitions: Mapping) -> tuple[Any, Any, dict]:
    """An identity of plain matrices that holds iff the given one does; the same if it is one.

    Raises
    ------
    ShapeError
        Where sizes do not fit.
    UnsupportedError
        Where kinds of matrices are mixed, or products of three Kronecker products occur.
    """
    special = {k: v for k, v in definitions.items() if _special(v)}
    for letter, value in special.items():
        if letter.is_Matrix and letter.shape != value.shape:
            own, other = ("×".join(map(str, e.shape)) for e in (letter, value))
            raise ShapeError(f"{letter} is {own} and its definition {other}")
    for _ in special:
        lhs, rhs = lhs.xreplace(special), rhs.xreplace(special)
    plain = {k: v for k, v in definitions.items() if k not in special}
    if not (_special(lhs) or _special(rhs)):
        return lhs, rhs, plain
    if lhs.is_Matrix and rhs.is_Matrix and lhs.shape == rhs.shape == (1, 1):
        lhs, rhs = sympy.Trace(lhs), sympy.Trace(rhs)
    if not (lhs.is_Matrix or rhs.is_Matrix):
        return _scalar(lhs), _scalar(rhs), plain
    left, right = _alike(_read(lhs), _read(rhs))
    if isinstance(left, Blocks):
        return left.tested(), right.tested(), plain
    if isinstance(left, Products):
        return left.tested(), right.tested(), plain
    return left, right, plain


def _special(e: Any) -> bool:
    return bool(parts_of(e, *KINDS))


def _sum(terms: list) -> Any:
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
            return _identity(heights)
        if len(heights) == len(widths) == 1:
            return Blocks(((other,),))
        raise UnsupportedError(f"{other} is not a block matrix, but it is combined with one")

    def plus(self, other: Blocks) -> Blocks:
        if self.sides != other.sides:
            raise UnsupportedError("block matrices that are cut differently are added or compared")
        pairs = zip(self.rows, other.rows, strict=True)
        return Blocks(
            tuple(tuple(_sum([x, y]) for x, y in zip(*rows, strict=True)) for rows in pairs)
        )

    def times(self, other: Blocks) -> Blocks:
        if self.sides[1] != other.sides[0]:
            raise UnsupportedError("block matrices that are cut differently are multiplied")
        columns = list(zip(*other.rows, strict=True))
        return Blocks(
            tuple(
                tuple(_sum([x * y for x, y in zip(row, column, strict=True)]) for column in columns)
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
        unit = _identity(heights).rows
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
        left = [sympy.MatrixSymbol(f"any row {k + 1}", q, r) for k, r in enumerate(heights)]
        right = [sympy.MatrixSymbol(f"any column {k + 1}", c, q) for k, c in enumerate(widths)]
        return _sum(
            [
                y * x * z
                for y, row in zip(left, self.rows, strict=True)
                for x, z in zip(row, right, strict=True)
            ]
        )


def _identity(sizes: tuple) -> Blocks:
    return Blocks(
        tuple(
            tuple(
                sympy.Identity(r) if k == j else sympy.ZeroMatrix(r, c) for j, c in enumerate(sizes)
            )
            for k, r in enumerate(sizes)
        )
    )


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

    def settled(self) -> Any:
        """A plain matrix, where these are columns times rows, or vec of a column or a row."""
        _, X, Y = self.terms[0]
        if Y is None and 1 in X.shape:
            columns = [c * (Z if X.shape[1] == 1 else Z.T) for c, Z, _ in self.terms]
            return _sum(columns).T if self.turned_vec else _sum(columns)
        if Y is None:
            return self
        if (X.shape[1], Y.shape[0]) == (1, 1):
            return _sum([c * Z * W for c, Z, W in self.terms])
        if (X.shape[0], Y.shape[1]) == (1, 1):
            return _sum([c * W * Z for c, Z, W in self.terms])
        if X.shape == (1, 1):
            return _sum([c * sympy.Trace(Z) * W for c, Z, W in self.terms])
        if Y.shape == (1, 1):
            return _sum([c * sympy.Trace(W) * Z for c, Z, W in self.terms])
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
            return _sum([c * X for c, X, _ in self.terms])
        Z = sympy.MatrixSymbol("any Z", self.terms[0][2].shape[1], self.terms[0][1].shape[1])
        return _sum([c * Y * Z * X.T for c, X, Y in self.terms])


def _fit(X, Y) -> None:
    if X.shape[1] != Y.shape[0]:
        raise UnsupportedError("Kronecker products of factors that do not fit are multiplied")


def _alike(left: Any, right: Any) -> tuple:
    """Two values of one kind."""
    for one, other, flip in ((left, right, False), (right, left, True)):
        if isinstance(one, Blocks | Products) and not isinstance(other, Blocks | Products):
            scalar, rest = sympy.S.One, other
            if isinstance(other, sympy.MatMul) and len(other.as_coeff_matrices()[1]) == 1:
                scalar, (rest,) = other.as_coeff_matrices()
            pair = one, one.adapted(rest).scaled(scalar)
            return pair[::-1] if flip else pair
    if isinstance(left, Products) and isinstance(right, Products):
        left, right = left.like(right), right.like(left)
    if type(left) is not type(right):
        if isinstance(left, Blocks | Products) and isinstance(right, Blocks | Products):
            raise UnsupportedError("block matrices and Kronecker products are mixed")
    elif isinstance(left, Blocks | Products) and left.sides != right.sides:
        raise UnsupportedError("the two sides are cut differently")
    return left, right


def _read(e: Any) -> Any:
    """A matrix: plain, or blocks, or Kronecker products."""
    if not _special(e):
        return e
    match e:
        case sympy.BlockMatrix():
            grid: Any = e.blocks
            return Blocks(tuple(tuple(map(_plain, grid[r, :])) for r in range(e.blockshape[0])))
        case sympy.KroneckerProduct():
            if len(e.args) != 2:
                raise UnsupportedError("Kronecker products of three matrices")
            return Products(((sympy.S.One, *map(_plain, e.args)),)).settled()
        case Vec():
            return Products(((sympy.S.One, _plain(e.arg), None),)).settled()
        case sympy.Transpose():
            return _read(e.arg).turned()
        case sympy.Inverse():
            inside = _read(e.arg)
            return inside.eliminated()[1] if isinstance(inside, Blocks) else inside.inverted()
        case sympy.MatPow() if e.exp.is_Integer and e.exp != 0:
            power = int(str(e.exp))
            return _product([_read(sympy.Inverse(e.base) if power < 0 else e.base)] * abs(power))
        case sympy.MatAdd():
            total = _read(e.args[0])
            for term in e.args[1:]:
                total, other = _alike(total, _read(term))
                total = total.plus(other) if isinstance(total, Blocks | Products) else total + other
            return total
        case sympy.MatMul():
            scalar = _scalar(sympy.Mul(*(a for a in e.args if not a.is_Matrix)))
            value = _product([_read(a) for a in e.args if a.is_Matrix])
            return value.scaled(scalar) if isinstance(value, Blocks | Products) else scalar * value
    raise UnsupportedError(f"{type(e).__name__} of block matrices or Kronecker products in {e}")


def _plain(e: Any) -> Any:
    value = _read(e)
    if isinstance(value, Blocks | Products):
        raise UnsupportedError(f"block matrices or Kronecker products inside others in {e}")
    return value


def _product(factors: list) -> Any:
    for left, right in pairwise(factors):
        kinds = {type(f) for f in (left, right) if isinstance(f, Blocks | Products)}
        if len(kinds) > 1:
            raise UnsupportedError("block matrices and Kronecker products are mixed")
    total = factors[0]
    for other in factors[1:]:
        if isinstance(total, Products) and isinstance(other, Products):
            total = total.times(other)
        elif isinstance(total, Blocks) or isinstance(other, Blocks):
            total = _as_blocks(total, other, 1).times(_as_blocks(other, total, 0))
        elif isinstance(total, Products) or isinstance(other, Products):
            if isinstance(total, sympy.Identity) or isinstance(other, sympy.Identity):
                total = other if isinstance(total, sympy.Identity) else total
            else:
                raise UnsupportedError("a plain matrix times a Kronecker product")
        else:
            total = total * other
    if isinstance(total, Blocks) and len(total.rows) == len(total.rows[0]) == 1:
        return total.rows[0][0]
    return total.settled() if isinstance(total, Products) else total


def _as_blocks(value: Any, other: Any, side: int) -> Blocks:
    """A plain factor beside a block matrix, cut to meet it."""
    if isinstance(value, Blocks):
        return value
    sizes = other.sides[1 - side]
    if isinstance(value, sympy.Identity):
        return _identity(sizes)
    if len(sizes) > 1:
        raise UnsupportedError(f"{value} is not a block matrix, but it is multiplied by one")
    return Blocks(((value,),))


def _trace(X: Any) -> Any:
    """The trace of a plain matrix, scalars in front."""
    if isinstance(X, sympy.MatAdd):
        return sympy.Add(*map(_trace, X.args))
    if isinstance(X, sympy.MatMul):
        scalar: Any
        scalar, rest = X.as_coeff_matrices()
        return scalar * (1 if rest == [sympy.Identity(1)] else _kept(rest))
    return X.rows if isinstance(X, sympy.Identity) else sympy.Trace(X)


def _kept(factors) -> Any:
    return sympy.Trace(factors[0] if len(factors) == 1 else sympy.MatMul(*factors))


def _scalar(e: Any) -> Any:
    """A scalar whose traces and determinants are of plain matrices."""
    if not _special(e):
        return e
    match e:
        case sympy.log():
            return sympy.expand_log(sympy.log(_scalar(e.args[0])), force=True)
        case sympy.Trace():
            value = _read(e.arg)
            return value.trace() if isinstance(value, Blocks | Products) else _trace(value)
        case sympy.Determinant():
            value = _read(e.arg)
            if isinstance(value, Blocks | Products):
                return value.determinant()
            return sympy.Determinant(value)
        case sympy.Add() | sympy.Mul() | sympy.Pow():
            return e.func(*map(_scalar, e.args))
    raise UnsupportedError(f"{type(e).__name__} of block matrices or Kronecker products in {e}")
