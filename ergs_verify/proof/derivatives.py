"""Derivatives of scalars by a matrix, and of anything by a scalar symbol."""

from __future__ import annotations

from typing import Any

import sympy

from ergs_verify.errors import InputError, UnsupportedError
from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal, parts_of


def derivative(expr, by) -> Any:
    """The derivative of an expression by a matrix letter or a scalar symbol.

    It knows traces, determinants, logarithms, inverses and sums over agents. (SymPy's own
    derivative of log det X is sometimes 0.)

    Parameters
    ----------
    expr : SymPy expression
        A scalar or a 1×1 matrix if `by` is a matrix.
    by : MatrixSymbol or Symbol
        A letter of one agent, K^i, is meant where a sum runs over that agent too.

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
        If an expression lies outside the language.

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
        expr = _singled_out(expr, by)
    if isinstance(by, sympy.MatrixSymbol):
        if expr.is_Matrix:
            expr = sympy.Trace(expr)
        d = sympy.MatrixSymbol(f"d{by.name}", *by.shape)
        found = _read_off(_differential(expr, by, d), d)
        return sympy.ZeroMatrix(*by.shape) if found is None else found
    if not isinstance(by, sympy.Symbol):
        raise InputError(f"a derivative is by a matrix letter or a symbol, not by {by!r}", "by")
    return _differential(expr, by, sympy.S.One)


def _singled_out(e: Any, by: AgentMatrix) -> Any:
    """The same, the term of the agent of a letter apart from every sum with such letters."""
    sums = parts_of(e, AgentSum, AgentTotal)
    if any(one.index == by.agent for one in sums):
        raise UnsupportedError(f"{by.agent} is an agent; call the index of the sum something else")
    if not isinstance(e, AgentSum | AgentTotal):
        args = [_singled_out(a, by) if sums else a for a in e.args]
        return e.func(*args) if sums else e
    if any(one.index == e.index for one in parts_of(e.body, AgentSum, AgentTotal)):
        raise UnsupportedError(f"two sums inside one another are both over {e.index}")
    letters = parts_of(e.body, AgentMatrix)
    rest = e.func(_singled_out(e.body, by), e.index, (*e.excluded, by.agent))
    if by.agent in e.excluded or not any((x.name, x.agent) == (by.name, e.index) for x in letters):
        return e.func(rest.body, e.index, e.excluded)
    return _singled_out(e.body.xreplace({e.index: by.agent}), by) + rest


def _times(*factors) -> Any:
    """A product of matrices and scalars, identities left out."""
    matrices = [f for f in factors if f.is_Matrix]
    matrices = [f for f in matrices if not isinstance(f, sympy.Identity)] or matrices[:1]
    kept = [*(f for f in factors if not f.is_Matrix and f != 1), *matrices]
    return kept[0] if len(kept) == 1 else sympy.MatMul(*kept).doit(deep=False)


def _added(parts) -> Any:
    parts = [part for part in parts if part is not None]
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


def _differential(e: Any, x: Any, dx: Any) -> Any:
    """How a scalar or matrix changes if a letter or symbol x changes by dx."""
    if not e.has(x):
        return sympy.ZeroMatrix(*e.shape) if e.is_Matrix else sympy.S.Zero

    def d(part: Any) -> Any:
        return _differential(part, x, dx)

    match e:
        case _ if e == x:
            return dx
        case sympy.MatAdd():
            return _added(d(a) for a in e.args if a.has(x))
        case sympy.MatMul():
            places = [k for k, factor in enumerate(e.args) if factor.has(x)]
            parts = (_times(*e.args[:k], d(e.args[k]), *e.args[k + 1 :]) for k in places)
            return _added(parts)
        case sympy.Transpose():
            return _turned(d(e.arg))
        case sympy.Inverse():
            return _times(sympy.S.NegativeOne, e, d(e.arg), e)
        case sympy.MatPow():
            return d(_written_out(e))
        case AgentSum() | AgentTotal():
            return e.func(d(e.body), e.index, e.excluded)
        case sympy.Trace():
            return sympy.Trace(d(e.arg))
        case sympy.Determinant():
            return e * d(sympy.log(e))
        case sympy.log() if isinstance(e.args[0], sympy.Determinant):
            inside = e.args[0].arg
            return sympy.Trace(_times(sympy.Inverse(inside), d(inside)))
        case sympy.log():
            return d(e.args[0]) / e.args[0]
        case sympy.Add():
            return sympy.Add(*map(d, e.args))
        case sympy.Mul():
            places = [k for k, factor in enumerate(e.args) if factor.has(x)]
            return sympy.Add(
                *(sympy.Mul(*e.args[:k], d(e.args[k]), *e.args[k + 1 :]) for k in places)
            )
        case sympy.Pow() if not e.exp.has(x):
            return e.exp * e.base ** (e.exp - 1) * d(e.base)
    if e.is_Matrix or x.is_Matrix or e.atoms(sympy.MatrixSymbol):
        raise UnsupportedError(f"the derivative of {e} by {x}")
    return sympy.diff(e, x)


def _read_off(e: Any, d: Any, around: Any = None) -> Any:
    """G where e, or tr(around' e), is tr(G'd); None where it does not depend on d."""
    if not e.has(d):
        return None
    match e:
        case sympy.MatrixSymbol():
            return around
        case sympy.Trace():
            inside: Any = e.arg
            return _read_off(inside, d, sympy.Identity(inside.shape[0]))
        case sympy.Transpose():
            return _read_off(e.arg, d, _turned(around))
        case sympy.Add() | sympy.MatAdd():
            return _added(_read_off(a, d, around) for a in e.args)
        case AgentSum() | AgentTotal():
            return AgentSum(_read_off(e.body, d, around), e.index, e.excluded)
    (k,) = (k for k, factor in enumerate(e.args) if factor.has(d))
    before, factor, after = e.args[:k], e.args[k], e.args[k + 1 :]
    scalars = [a for a in (*before, *after) if not a.is_Matrix]
    if not factor.is_Matrix:  # of a product of matrices it is tr(around' e)
        inside = [sympy.Trace(_times(_turned(around), *e.args[k + 1 :]))] if e.is_Matrix else []
        return _times(*scalars, *inside, _read_off(factor, d))
    left = [_turned(a) for a in reversed(before) if a.is_Matrix]
    right = [_turned(a) for a in reversed(after) if a.is_Matrix]
    return _read_off(factor, d, _times(*scalars, *left, around, *right))
