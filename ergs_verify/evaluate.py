"""Walks SymPy matrix expressions over one arithmetic, such as float64, mpmath, rationals, balls.

The walk never simplifies: it adds, multiplies and solves exactly as the expression says, checks
every shape on the way, and shares common subexpressions. It chooses only the order: how a product
is associated, and where the cycle inside a trace starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from ergs_verify.arithmetic.base import Arithmetic, Matrix, Scalar
from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.expressions import AgentSum, AgentTotal

__all__ = ["Evaluator", "evaluate"]


def evaluate(
    expr,
    values: Mapping,
    arithmetic: Arithmetic,
    definitions: Mapping | None = None,
    sizes: Mapping | None = None,
):
    """Value of an expression (sums over agents already written out by `instantiate`).

    Parameters
    ----------
    expr : SymPy scalar or matrix expression
    values : mapping from letters and scalar symbols to the arithmetic's matrices and scalars
    arithmetic : Arithmetic
    definitions : mapping from letters to expressions, optional
        Letters without a value that stand for an expression, evaluated once when first met.
    sizes : mapping from size symbols (m, p_i) to int, optional

    Raises
    ------
    ShapeError
        Where sizes do not fit, naming the subexpression.
    UnsupportedError
        Where a letter has neither value nor definition, or a node is not understood.

    Examples
    --------
    >>> import sympy
    >>> from fractions import Fraction
    >>> from ergs_verify.arithmetic import Rationals
    >>> from ergs_verify.evaluate import evaluate
    >>> P = sympy.MatrixSymbol("P", 2, 2)
    >>> Q = Rationals()
    >>> two = Q.matrix([[Fraction(1), Fraction(2)], [Fraction(0), Fraction(3)]], (2, 2))
    >>> evaluate(sympy.Trace(P.T * P), {P: two}, Q)
    14
    """
    return Evaluator(values, arithmetic, definitions, sizes)(expr)


class Evaluator:
    """One set of values; what is common to several expressions is evaluated once."""

    def __init__(
        self,
        values: Mapping,
        arithmetic: Arithmetic,
        definitions: Mapping | None = None,
        sizes: Mapping | None = None,
    ):
        self.arithmetic = arithmetic
        self._known: dict[Any, Any] = dict(values)
        self._definitions = definitions or {}
        self._sizes = sizes or {}

    def with_values(self, values: Mapping) -> Evaluator:
        """An evaluator of further letters besides, which shares what is evaluated so far.

        The letters must be new: what was evaluated with an old value would stay.
        """
        again = [str(letter) for letter in values if letter in self._known]
        if again:
            raise ValueError(f"these letters have a value already: {', '.join(again)}")
        return Evaluator({**self._known, **values}, self.arithmetic, self._definitions, self._sizes)

    def __call__(self, expr):
        expr = sympy.sympify(expr)
        value = self._known.get(expr)
        if value is None:
            value = self._matrix(expr) if expr.is_Matrix else self._scalar(expr)
            self._known[expr] = value
        return value

    def _scalar(self, expr) -> Scalar:
        arithmetic = self.arithmetic
        if expr.is_Rational:
            return arithmetic.scalar(Fraction(int(expr.p), int(expr.q)))
        if isinstance(expr, sympy.Trace):
            value = self(self._rotated(expr.arg))
            self._square(value, expr)
            return arithmetic.trace(value)
        if isinstance(expr, sympy.Determinant):
            value = self(expr.arg)
            self._square(value, expr)
            return arithmetic.determinant(value)
        if isinstance(expr, sympy.log):
            inside = expr.args[0]
            if isinstance(inside, sympy.Determinant):
                value = self(inside.arg)
                self._square(value, inside)
                return arithmetic.log_determinant(value)
            return arithmetic.log(self(inside))
        if isinstance(expr, sympy.Add):
            return self._fold(expr.args, lambda x, y: x + y)
        if isinstance(expr, sympy.Mul):
            over = [arg.base for arg in expr.args if isinstance(arg, sympy.Pow) and arg.exp == -1]
            top = [arg for arg in expr.args if not (isinstance(arg, sympy.Pow) and arg.exp == -1)]
            value = self._fold(top, lambda x, y: x * y) if top else arithmetic.scalar(Fraction(1))
            for divisor in over:
                value = value / self(divisor)
            return value
        if isinstance(expr, sympy.Pow) and expr.exp.is_Integer:
            power = self._fold([expr.base] * abs(int(expr.exp)), lambda x, y: x * y)
            return power if expr.exp > 0 else arithmetic.scalar(Fraction(1)) / power
        return self._defined(expr)

    def _matrix(self, expr) -> Matrix:
        arithmetic = self.arithmetic
        if isinstance(expr, sympy.MatAdd):
            return self._fold(expr.args, lambda X, Y: self._add(X, Y, expr))
        if isinstance(expr, sympy.MatMul):
            return self._product(expr)
        if isinstance(expr, sympy.Inverse):
            value = self(expr.arg)
            size = self._square(value, expr)
            return arithmetic.solve(value, arithmetic.identity(size))
        if isinstance(expr, sympy.MatPow) and expr.exp.is_Integer:
            return self._power(expr, int(sympy.Integer(expr.exp)))
        if isinstance(expr, sympy.Transpose):
            return arithmetic.transpose(self(expr.arg))
        if isinstance(expr, sympy.Identity):
            return arithmetic.identity(self._size(expr.shape[0]))
        if isinstance(expr, sympy.ZeroMatrix):
            return arithmetic.zeros(self._size(expr.shape[0]), self._size(expr.shape[1]))
        return self._defined(expr)

    def _power(self, expr, exponent: int) -> Matrix:
        factor = expr.base if exponent >= 0 else sympy.Inverse(expr.base)
        size = self._square(self(factor), expr)
        if exponent == 0:
            return self.arithmetic.identity(size)
        return self._fold([factor] * abs(exponent), self.arithmetic.multiply)

    def _defined(self, expr):
        if expr in self._definitions:
            return self(self._definitions[expr])
        if expr in self._sizes:
            return self.arithmetic.scalar(Fraction(self._sizes[expr]))
        if isinstance(expr, AgentSum | AgentTotal):
            raise UnsupportedError(f"the sum {expr} must be written out with `instantiate` first")
        if isinstance(expr, sympy.MatrixSymbol | sympy.Symbol | AppliedUndef):
            raise UnsupportedError(f"the letter {expr} has neither a value nor a definition")
        raise UnsupportedError(f"cannot evaluate {type(expr).__name__} in {expr}")

    def _fold(self, args, operation):
        value = self(args[0])
        for arg in args[1:]:
            value = operation(value, self(arg))
        return value

    def _product(self, expr) -> Matrix:
        """Scalars in front; then the chain of matrices, inverses as solves."""
        scalars = [arg for arg in expr.args if not arg.is_Matrix]
        factors = [arg for arg in expr.args if arg.is_Matrix]
        value = self._chain(factors, expr)
        if scalars:
            value = self.arithmetic.scale(self._fold(scalars, lambda x, y: x * y), value)
        return value

    def _chain(self, factors, expr) -> Matrix:
        """The product, associated so that the fewest multiplications are needed."""
        if len(factors) == 1:
            return self(factors[0])
        key = sympy.Tuple(*factors)
        if key not in self._known:
            self._known[key] = self._associated(factors, expr)
        return self._known[key]

    def _associated(self, factors, expr) -> Matrix:
        shapes = [self.arithmetic.shape(self(_without_inverse(f))) for f in factors]
        for left, right in pairwise(shapes):
            if left[1] != right[0]:
                raise ShapeError(f"cannot multiply {_by(left)} and {_by(right)} in {expr}")
        cut = _cheapest_cut(shapes)
        left, right = factors[:cut], factors[cut:]
        if len(left) == 1 and isinstance(left[0], sympy.Inverse):
            value = self(left[0].arg)
            self._square(value, left[0])
            return self.arithmetic.solve(value, self._chain(right, expr))
        return self.arithmetic.multiply(self._chain(left, expr), self._chain(right, expr))

    def _rotated(self, expr):
        """A product with the same trace whose outer size is the smallest: tr(XY) = tr(YX)."""
        if not isinstance(expr, sympy.MatMul):
            return expr
        scalars = [arg for arg in expr.args if not arg.is_Matrix]
        factors = [arg for arg in expr.args if arg.is_Matrix]
        shapes = [self.arithmetic.shape(self(_without_inverse(f))) for f in factors]
        if shapes[0][0] != shapes[-1][1]:
            outer = _by((shapes[0][0], shapes[-1][1]))
            raise ShapeError(f"a square matrix is needed, not {outer}, in a trace of {expr}")
        first = min(range(len(factors)), key=lambda k: shapes[k][0])
        if first == 0:
            return expr
        return sympy.MatMul(*scalars, *factors[first:], *factors[:first])

    def _add(self, X: Matrix, Y: Matrix, expr) -> Matrix:
        left, right = self.arithmetic.shape(X), self.arithmetic.shape(Y)
        if left != right:
            raise ShapeError(f"cannot add {_by(left)} and {_by(right)} in {expr}")
        return self.arithmetic.add(X, Y)

    def _square(self, X: Matrix, expr) -> int:
        rows, cols = self.arithmetic.shape(X)
        if rows != cols:
            raise ShapeError(f"a square matrix is needed, not {rows}×{cols}, in {expr}")
        return rows

    def _size(self, size) -> int:
        if size.is_Integer:
            return int(size)
        if size in self._sizes:
            return self._sizes[size]
        raise UnsupportedError(f"the size {size} has no value")


def _without_inverse(factor):
    return factor.arg if isinstance(factor, sympy.Inverse) else factor


def _by(shape: tuple[int, int]) -> str:
    return f"{shape[0]}×{shape[1]}"


def _cheapest_cut(shapes: list[tuple[int, int]]) -> int:
    """Where to split a chain of matrices last (the textbook dynamic programme)."""
    sides = [rows for rows, _ in shapes] + [shapes[-1][1]]
    count = len(shapes)
    cost: dict[tuple[int, int], tuple[int, int]] = {(k, k + 1): (0, 0) for k in range(count)}
    for length in range(2, count + 1):
        for start in range(count - length + 1):
            stop = start + length
            cost[start, stop] = min(
                (
                    cost[start, cut][0]
                    + cost[cut, stop][0]
                    + sides[start] * sides[cut] * sides[stop],
                    cut,
                )
                for cut in range(start + 1, stop)
            )
    return cost[0, count][1]
