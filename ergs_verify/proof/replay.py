"""A second evaluation of written-out formulas at given matrices, for counterexamples.

Nothing is shared with `ergs_verify.evaluate`: lists of fractions, the rules of arithmetic, and
mpmath at 60 digits where a logarithm or π occurs.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import mpmath
import sympy

from ergs_verify.errors import UnsupportedError
from ergs_verify.expressions import Vec

DIGITS = 60


def differ(left, right, values: Mapping, definitions: Mapping, sizes: Mapping) -> bool:
    """Whether two formulas without sums over agents have different values.

    Parameters
    ----------
    left, right : SymPy expressions
    values : mapping from letters to SymPy matrices and numbers
    definitions : mapping from letters to expressions
    sizes : mapping from size symbols to int
    """
    context = mpmath.MPContext()
    context.dps = DIGITS
    transcendental = any(
        sympy.sympify(e).has(sympy.log, sympy.NumberSymbol)
        for e in (left, right, *definitions.values())
    )

    def number(x) -> Any:
        if x.is_Rational:
            exact = Fraction(int(x.p), int(x.q))
            return context.mpf(exact.numerator) / exact.denominator if transcendental else exact
        return context.mpf(x.evalf(DIGITS + 10))

    def value(e) -> Any:
        if e not in known:
            known[e] = found(e)
        return known[e]

    def size(side) -> int:
        return int(side.xreplace(dict(sizes)))

    def found(e: Any) -> Any:
        if e in values:
            given = values[e]
            if isinstance(given, sympy.MatrixBase):
                return [[number(x) for x in given.row(r)] for r in range(given.rows)]
            return number(sympy.sympify(given))
        if e in definitions:
            return value(definitions[e])
        if e in sizes:
            return number(sympy.Integer(sizes[e]))
        match e:
            case sympy.Identity():
                n = range(size(e.shape[0]))
                return [[number(sympy.Integer(int(r == c))) for c in n] for r in n]
            case sympy.ZeroMatrix():
                rows, cols = map(size, e.shape)
                return [[number(sympy.Integer(0))] * cols for _ in range(rows)]
            case sympy.MatAdd() | sympy.Add():
                return _folded(_sum, map(value, e.args))
            case sympy.MatMul() | sympy.Mul():
                return _folded(_product, map(value, e.args))
            case sympy.Transpose():
                return [list(row) for row in zip(*value(e.arg), strict=True)]
            case sympy.Inverse():
                return _inverse(value(e.arg))
            case sympy.MatPow() | sympy.Pow() if e.exp.is_Integer:
                base, power, shape = value(e.base), int(str(e.exp)), getattr(e, "shape", ())
                if power == 0:
                    return value(sympy.Identity(shape[0])) if shape else number(sympy.S.One)
                if power < 0:
                    base = _inverse(base) if e.is_Matrix else 1 / base
                return _folded(_product, [base] * abs(power))
            case sympy.BlockMatrix():
                blocks: Any = e.blocks
                grid = [[value(X) for X in blocks[r, :]] for r in range(e.blockshape[0])]
                beside = [row for line in grid for row in zip(*line, strict=True)]
                return [[x for part in row for x in part] for row in beside]
            case sympy.KroneckerProduct():
                return _folded(_kronecker, map(value, e.args))
            case Vec():
                return [[x] for column in zip(*value(e.arg), strict=True) for x in column]
            case sympy.Pow() if e.exp.is_integer:
                return found(sympy.Pow(e.base, size(e.exp), evaluate=False))
            case sympy.Trace():
                X = value(e.arg)
                return sum(X[k][k] for k in range(len(X)))
            case sympy.Determinant():
                return _determinant(value(e.arg))
            case sympy.log():
                return context.log(value(e.args[0]))
        if e.is_number:
            return number(e)
        raise UnsupportedError(f"{type(e).__name__} is not understood in {e}")

    known: dict = {}
    first, second = value(sympy.sympify(left)), value(sympy.sympify(right))
    if not isinstance(first, list):
        first, second = [[first]], [[second]]
    bound = context.mpf(10) ** -(DIGITS - 15) if transcendental else 0
    rows = zip(first, second, strict=True)
    return any(abs(x - y) > bound for pair in rows for x, y in zip(*pair, strict=True))


def _folded(operation, parts):
    total, *others = parts
    for other in others:
        total = operation(total, other)
    return total


def _sum(X, Y):
    if not isinstance(X, list):
        return X + Y
    return [[x + y for x, y in zip(*rows, strict=True)] for rows in zip(X, Y, strict=True)]


def _product(X, Y):
    if not isinstance(X, list):
        X, Y = Y, X
    if not isinstance(X, list):
        return X * Y
    if not isinstance(Y, list):
        return [[x * Y for x in row] for row in X]
    columns = list(zip(*Y, strict=True))
    return [[sum(a * b for a, b in zip(row, c, strict=True)) for c in columns] for row in X]


def _kronecker(X, Y):
    return [[x * y for x in row for y in other] for row in X for other in Y]


def _eliminated(X, right):
    """X brought to the identity by Gauss and Jordan, `right` along with it; and det X."""
    rows = [[*a, *b] for a, b in zip(X, right, strict=True)]
    determinant = 1
    for k in range(len(rows)):
        pivot = max(range(k, len(rows)), key=lambda r: abs(rows[r][k]))
        if not rows[pivot][k]:
            return 0, rows
        if pivot != k:
            rows[k], rows[pivot], determinant = rows[pivot], rows[k], -determinant
        determinant *= rows[k][k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for r in range(len(rows)):
            if r != k and rows[r][k]:
                rows[r] = [x - rows[r][k] * y for x, y in zip(rows[r], rows[k], strict=True)]
    return determinant, [row[len(rows) :] for row in rows]


def _inverse(X):
    size = range(len(X))
    determinant, inverse = _eliminated(X, [[int(r == c) for c in size] for r in size])
    if not determinant:
        raise ZeroDivisionError("a singular matrix")
    return inverse


def _determinant(X):
    return _eliminated(X, [[]] * len(X))[0]
