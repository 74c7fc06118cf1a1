"""Derivatives of scalars by a matrix, and of anything by a scalar symbol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from ergs_verify.errors import InputError, UnsupportedError
from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal


def derivative(expr, by) -> Any:
    """The derivative of an expression by a matrix letter or a scalar symbol.

    It knows traces, determinants, logarithms, inverses and sums over agents. (SymPy's own
    derivative of log det X is sometimes 0.)

    Parameters
    ----------
    expr : SymPy expression
        A scalar or a 1×1 matrix if `by` is a matrix.
    by : MatrixSymbol or Symbol

    Returns
    -------
    SymPy expression
        For a matrix X of size m×n it is m×n: entry (r, c) is the derivative by X's entry (r, c),
        with all entries taken to be independent.

    Raises
    ------
    InputError
        If `by` is not a letter, or `expr` is not an expression that it can differentiate.
    UnsupportedError
        If an expression lies outside the language, or `by` belongs to an agent.

    Examples
    --------
    >>> from sympy import Determinant, Inverse, MatrixSymbol, Symbol, Trace, log
    >>> from ergs_verify.proof import derivative
    >>> n, t = Symbol("n", integer=True, positive=True), Symbol("t")
    >>> A, X = MatrixSymbol("A", n, n), MatrixSymbol("X", n, n)
    >>> derivative(log(Determinant(X)), X)
    X.T**(-1)
    >>> derivative(Trace(A * Inverse(X)), X)
    -X.T**(-1)*A.T*X.T**(-1)
    >>> derivative(Inverse(X + t * A), t)
    -(t*A + X)**(-1)*A*(t*A + X)**(-1)
    """
    expr = sympy.sympify(expr)
    if isinstance(by, AgentMatrix):
        raise UnsupportedError(f"the derivative by {by}, which belongs to an agent")
    if isinstance(by, sympy.MatrixSymbol):
        if expr.is_Matrix:
            expr = sympy.Trace(expr)
        found = _gradient(expr, by)
        return sympy.ZeroMatrix(*by.shape) if found is None else found
    if not isinstance(by, sympy.Symbol):
        raise InputError(f"a derivative is by a matrix letter or a symbol, not by {by!r}", "by")
    return _rate(expr, by)


def _times(*factors) -> Any:
    """A product of matrices and scalars, identities left out."""
    matrices = [f for f in factors if f.is_Matrix]
    matrices = [f for f in matrices if not isinstance(f, sympy.Identity)] or matrices[:1]
    kept = [*(f for f in factors if not f.is_Matrix and f != 1), *matrices]
    return kept[0] if len(kept) == 1 else sympy.MatMul(*kept).doit(deep=False)


def _added(parts, zero: Callable[[], Any]) -> Any:
    parts = [part for part in parts if part is not None]
    if not parts:
        return zero()
    return parts[0] if len(parts) == 1 else sympy.MatAdd(*parts).doit(deep=False)


def _turned(X) -> Any:
    return X if isinstance(X, sympy.Identity) else sympy.Transpose(X).doit(deep=False)


def _written_out(power: sympy.MatPow) -> Any:
    """Xᵏ as a product."""
    if not power.exp.is_Integer:
        raise UnsupportedError(f"the derivative of {power}")
    k = int(str(power.exp))
    base = power.base if k > 0 else sympy.Inverse(power.base)
    return sympy.MatMul(*[base] * abs(k), evaluate=False)


def _gradient(expr: Any, X: Any) -> Any:
    """Of a scalar; None where it does not depend on X."""
    if not expr.has(X):
        return None
    match expr:
        case sympy.Trace():
            inside: Any = expr.arg
            return _pulled(inside, sympy.Identity(inside.shape[0]), X)
        case sympy.Determinant():
            return _times(expr, _of_logarithm(expr.arg, X))
        case sympy.log() if isinstance(expr.args[0], sympy.Determinant):
            return _of_logarithm(expr.args[0].arg, X)
        case sympy.log():
            return _times(1 / expr.args[0], _gradient(expr.args[0], X))
        case sympy.Add():
            return _added((_gradient(a, X) for a in expr.args), lambda: None)
        case sympy.Mul():
            parts = []
            for k, factor in enumerate(expr.args):
                if (own := _gradient(factor, X)) is not None:
                    rest = sympy.Mul(*expr.args[:k], *expr.args[k + 1 :])
                    parts.append(_times(rest, own))
            return _added(parts, lambda: None)
        case sympy.Pow() if expr.exp.is_number:
            return _times(expr.exp * expr.base ** (expr.exp - 1), _gradient(expr.base, X))
        case AgentTotal():
            return AgentSum(_gradient(expr.body, X), expr.index, expr.excluded)
    raise UnsupportedError(f"the derivative of {expr} by {X}")


def _of_logarithm(M: Any, X: Any) -> Any:
    return _pulled(M, _turned(sympy.Inverse(M)), X)


def _pulled(E: Any, G: Any, X: Any) -> Any:
    """The gradient of f(E) by X, where the gradient of f by E is G."""
    if not E.has(X):
        return None
    match E:
        case sympy.MatrixSymbol():
            return G
        case sympy.Transpose():
            return _pulled(E.arg, _turned(G), X)
        case sympy.MatAdd():
            return _added((_pulled(a, G, X) for a in E.args), lambda: None)
        case sympy.Inverse():
            around = _turned(E)
            return _pulled(E.arg, _times(sympy.S.NegativeOne, around, G, around), X)
        case sympy.MatPow():
            return _pulled(_written_out(E), G, X)
        case sympy.MatMul():
            scalars = [a for a in E.args if not a.is_Matrix]
            matrices = [a for a in E.args if a.is_Matrix]
            parts = []
            for k, factor in enumerate(matrices):
                before = [_turned(a) for a in reversed(matrices[:k])]
                after = [_turned(a) for a in reversed(matrices[k + 1 :])]
                parts.append(_pulled(factor, _times(*scalars, *before, G, *after), X))
            scale = sympy.Mul(*scalars)
            if scale.has(X):
                inner = sympy.Trace(_times(_turned(G), *matrices))
                parts.append(_times(inner, _gradient(scale, X)))
            return _added(parts, lambda: None)
        case AgentSum():
            return AgentSum(_pulled(E.body, G, X), E.index, E.excluded)
    raise UnsupportedError(f"the derivative of {E} by {X}")


def _rate(e: Any, t: Any) -> Any:
    """The derivative of a scalar or matrix by a symbol."""
    if not e.has(t):
        return sympy.ZeroMatrix(*e.shape) if e.is_Matrix else sympy.S.Zero
    match e:
        case sympy.MatAdd():
            return _added(
                (_rate(a, t) for a in e.args if a.has(t)), lambda: sympy.ZeroMatrix(*e.shape)
            )
        case sympy.MatMul() | sympy.Mul():
            parts = []
            for k, factor in enumerate(e.args):
                if factor.has(t):
                    parts.append((*e.args[:k], _rate(factor, t), *e.args[k + 1 :]))
            if not e.is_Matrix:
                return sympy.Add(*(sympy.Mul(*part) for part in parts))
            return _added((_times(*part) for part in parts), lambda: None)
        case sympy.Transpose():
            return _turned(_rate(e.arg, t))
        case sympy.Inverse():
            return _times(sympy.S.NegativeOne, e, _rate(e.arg, t), e)
        case sympy.MatPow():
            return _rate(_written_out(e), t)
        case AgentSum() | AgentTotal():
            return e.func(_rate(e.body, t), e.index, e.excluded)
        case sympy.Trace():
            return sympy.Trace(_rate(e.arg, t))
        case sympy.Determinant():
            return e * sympy.Trace(_times(sympy.Inverse(e.arg), _rate(e.arg, t)))
        case sympy.log() if isinstance(e.args[0], sympy.Determinant):
            inside = e.args[0].arg
            return sympy.Trace(_times(sympy.Inverse(inside), _rate(inside, t)))
        case sympy.Add():
            return sympy.Add(*(_rate(a, t) for a in e.args))
    if e.is_Matrix or (e.atoms(sympy.MatrixSymbol) and not isinstance(e, sympy.Pow | sympy.log)):
        raise UnsupportedError(f"the derivative of {e} by {t}")
    if isinstance(e, sympy.Pow) and not e.exp.has(t):
        return e.exp * e.base ** (e.exp - 1) * _rate(e.base, t)
    if isinstance(e, sympy.log):
        return _rate(e.args[0], t) / e.args[0]
    return sympy.diff(e, t)
