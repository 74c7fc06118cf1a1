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
from sympy.core.function import AppliedUndef

from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.expressions import AgentSum, Vec, parts_of
from ergs_verify.proof.blocks import Blocks, identity
from ergs_verify.proof.derivatives import derivative
from ergs_verify.proof.kronecker import Products
from ergs_verify.proof.letters import kind_of, name_of

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
        if isinstance(base, sympy.Transpose) and isinstance(base.arg, sympy.MatrixSymbol):
            base = base.arg  # SymPy's (√P)'
        if isinstance(base, sympy.MatrixSymbol):
            if kind_of(base) not in set(map(kind_of, definite)):
                raise UnsupportedError(
                    f"the root of {base} needs positive_definite=[{base}], so that there is one"
                )
            root = base.func(name(base), *base.args[1:])
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
        case AgentSum():
            return _summed(_read(e.body), e)
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


def _summed(value: Any, e: AgentSum) -> Any:
    """The sum over agents of what `e` sums."""

    def total(X: Any) -> Any:
        return AgentSum(X, e.index, e.excluded)

    if isinstance(value, Blocks):
        return Blocks(tuple(tuple(map(total, row)) for row in value.rows))
    if not isinstance(value, Products):
        return total(value)
    terms = []
    for c, X, Y in value.terms:
        if Y is None or not Y.has(e.index):
            terms.append((sympy.S.One, total(c * X), Y))
        elif X.has(e.index):
            raise UnsupportedError("Kronecker products of two letters of an agent are summed")
        else:
            terms.append((sympy.S.One, X, total(c * Y)))
    return Products(tuple(terms), value.turned_vec)


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
            elif isinstance(total, Products):
                total = total.times(total.beside(other, 1))
            else:
                total = other.beside(total, 0).times(other)
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
        return identity(sizes)
    if len(sizes) > 1:
        raise UnsupportedError(f"{value} is not a block matrix, but it is multiplied by one")
    return Blocks(((value,),))


def _scalar(e: Any) -> Any:
    """A scalar whose traces and determinants are of plain matrices."""
    if not _special(e):
        return e
    match e:
        case sympy.log():
            return sympy.expand_log(sympy.log(_scalar(e.args[0])), force=True)
        case sympy.Trace():
            value = _read(e.arg)
            return value.trace() if isinstance(value, Blocks | Products) else sympy.Trace(value)
        case sympy.Determinant():
            value = _read(e.arg)
            if isinstance(value, Blocks | Products):
                return value.determinant()
            return sympy.Determinant(value)
        case sympy.Add() | sympy.Mul() | sympy.Pow():
            return e.func(*map(_scalar, e.args))
    raise UnsupportedError(f"{type(e).__name__} of block matrices or Kronecker products in {e}")
