"""Taylor coefficients of matrix expressions in a scalar symbol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.algebra import Algebra
from ergs_verify.proof.words import Poly


def taylor_coefficient(
    expr, symbol, order: int, *, definitions: Mapping | None = None, symmetric: Iterable = ()
):
    """The coefficient of symbol^order in the expansion of a matrix or scalar around 0.

    The symbol may stand in scalar factors (polynomially or rationally) but not inside an inverse
    or a logarithm of a matrix: expand the equation that defines the inverse instead.

    Examples
    --------
    >>> from sympy import MatrixSymbol, Symbol
    >>> from ergs_verify.proof.expansion import taylor_coefficient
    >>> n, d = Symbol("n", integer=True, positive=True), Symbol("d", positive=True)
    >>> X, Y = MatrixSymbol("X", n, n), MatrixSymbol("Y", n, n)
    >>> taylor_coefficient((X + d * Y) * (X + d * Y), d, 1)
    X*Y + Y*X
    """
    for node in sympy.sympify(expr).atoms(sympy.Inverse, sympy.Determinant):
        if node.has(symbol):
            raise UnsupportedError(f"{symbol} occurs inside {node}")
    algebra = Algebra([expr, symbol], definitions, symmetric)
    terms = {}
    poly = algebra.poly(expr)
    for monomial, coefficient in poly.terms.items():
        scalar = algebra.shown_scalar(coefficient)
        value = sympy.diff(scalar, symbol, order).subs(symbol, 0) / sympy.factorial(order)
        if value != 0:
            terms[monomial] = algebra.scalar(value)
    return algebra.to_sympy(Poly(terms, poly.shape))
