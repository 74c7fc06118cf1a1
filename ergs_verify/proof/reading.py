"""Reading coefficients off: of a quadratic form, of a linear map, of each agent's gain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy
from attrs import frozen

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.algebra import Algebra
from ergs_verify.proof.words import ONE, Letter, Monomial, Poly, Trace, Word

__all__ = [
    "AgentCoefficients",
    "QuadraticForm",
    "agent_coefficients",
    "linear_map",
    "quadratic_form",
]


@frozen
class QuadraticForm:
    """A scalar written as v'Hv + h'v + c, with H symmetric.

    Attributes
    ----------
    matrix, linear, constant : SymPy expressions H (n×n), h (n×1) and c
    """

    matrix: sympy.MatrixExpr
    linear: sympy.MatrixExpr
    constant: sympy.Expr


@frozen
class AgentCoefficients:
    """A matrix written as D·Kⁱ + Σ_{j≠i} O(j)·Kʲ + C.

    Attributes
    ----------
    own, other, constant : SymPy expressions D, O (in the index j) and C
    """

    own: sympy.MatrixExpr
    other: sympy.MatrixExpr
    constant: sympy.MatrixExpr


def quadratic_form(
    expr, vector, *, definitions: Mapping | None = None, symmetric: Iterable = ()
) -> QuadraticForm:
    """Collect a scalar in a column letter.

    Raises
    ------
    UnsupportedError
        Where the letter occurs more than twice in a term, or under a logarithm.

    Examples
    --------
    >>> from sympy import MatrixSymbol, Symbol, Trace
    >>> from ergs_verify.proof.reading import quadratic_form
    >>> p = Symbol("p", integer=True, positive=True)
    >>> u, b, M = MatrixSymbol("u", p, 1), MatrixSymbol("b", p, 1), MatrixSymbol("M", p, p)
    >>> form = quadratic_form(Trace(u.T * M * u) + Trace(b.T * u) + 3, u, symmetric=[M])
    >>> form.matrix, form.linear, form.constant
    (M, b, 3)
    """
    algebra = Algebra([expr, vector], definitions, symmetric)
    size = algebra.poly(vector).shape
    assert size is not None
    n = size[0]
    matrix, linear, constant = Poly({}, (n, n)), Poly({}, (n, ONE)), Poly({}, None)
    for monomial, coefficient in algebra.poly(expr).terms.items():
        pieces = [t for t in monomial.traces if _holds(t.word, vector)]
        count = sum(a.name == vector.name for a in monomial.letters())
        if count != sum(a.name == vector.name for t in pieces for a in t.word):
            raise UnsupportedError(f"{vector} under a logarithm")
        if count == 0:
            constant = constant + Poly({monomial: coefficient}, None)
            continue
        rest = list(monomial.traces)
        for piece in pieces:
            rest.remove(piece)
        outside = Poly({monomial._replace(traces=tuple(rest), bound=()): coefficient}, None)
        if count == 1:
            inside = _word(algebra, _ending_in(pieces[0], vector)[:-1]).T
            linear = linear + _close(outside * inside, monomial.bound)
        elif count == 2:
            inside = _between(algebra, pieces, vector, n)
            whole = _close(outside * inside, monomial.bound)
            matrix = matrix + (whole + whole.T).scale(algebra.one / 2)
        else:
            raise UnsupportedError(f"{vector} occurs {count} times in one term")
    return QuadraticForm(*(algebra.to_sympy(algebra.reduce(p)) for p in (matrix, linear, constant)))


def linear_map(expr, vector, *, definitions: Mapping | None = None, symmetric: Iterable = ()):
    """The matrix L of an expression L·v.

    Raises
    ------
    UnsupportedError
        Where a term does not end in the letter v.
    """
    algebra = Algebra([expr, vector], definitions, symmetric)
    poly = algebra.poly(expr)
    assert poly.shape is not None
    size = algebra.poly(vector).shape
    assert size is not None
    total = Poly({}, (poly.shape[0], size[0]))
    for monomial, coefficient in poly.terms.items():
        word = monomial.word or ()
        if not word or word[-1].name != vector.name or word[-1].transposed:
            raise UnsupportedError(f"a term does not end in {vector}")
        total = total + Poly.collect(
            [(monomial._replace(word=word[:-1]), coefficient)], total.shape
        )
    return algebra.to_sympy(total)


def agent_coefficients(
    expr, gain, index, other_index, *, definitions: Mapping | None = None, symmetric: Iterable = ()
) -> AgentCoefficients:
    """Split a matrix on its last letter: agent i's gain, any other agent's, or neither.

    Parameters
    ----------
    expr : matrix expression, linear in the gains
    gain : callable
        ``gain(agent)`` is an agent's letter K.
    index, other_index : agent indices i and j of the answer
    """
    algebra = Algebra([expr, gain(index), gain(other_index)], definitions, symmetric)
    poly = algebra.poly(expr)
    name = gain(index).name
    assert poly.shape is not None
    i, j = str(index), str(other_index)
    own: list[tuple[Monomial, object]] = []
    other: list[tuple[Monomial, object]] = []
    constant: list[tuple[Monomial, object]] = []
    for monomial, coefficient in poly.terms.items():
        word = monomial.word or ()
        if not any(a.name == name for a in word):
            constant.append((monomial, coefficient))
            continue
        last = word[-1]
        if last.name != name or last.transposed:
            raise UnsupportedError(f"a term does not end in {name}")
        agent = last.agents[0]
        opened = monomial._replace(word=word[:-1])
        if agent == i:
            own.append((opened, coefficient))
        elif agent in monomial.bound:
            opened = opened._replace(bound=tuple(b for b in monomial.bound if b != agent))
            own.append((opened.rename({agent: i}), coefficient))
            other.append((opened.rename({agent: j}), coefficient))
        else:
            raise UnsupportedError(f"the gain of agent {agent} stands alone")
    rows = poly.shape[0]
    sizes = [algebra.poly(gain(a)).shape for a in (index, other_index)]
    assert sizes[0] is not None
    assert sizes[1] is not None
    return AgentCoefficients(
        own=algebra.to_sympy(Poly.collect(own, (rows, sizes[0][0]))),
        other=algebra.to_sympy(Poly.collect(other, (rows, sizes[1][0]))),
        constant=algebra.to_sympy(Poly.collect(constant, poly.shape)),
    )


def _holds(word: Word, vector) -> bool:
    return any(a.name == vector.name for a in word)


def _opened(trace: Trace) -> Word:
    for k, letter in enumerate(trace.word):
        if letter.rows == ONE:
            return trace.word[k:] + trace.word[:k]
    raise UnsupportedError("the letter is no column")


def _ending_in(trace: Trace, vector) -> Word:
    """The piece as a row times the letter."""
    word = _opened(trace)
    if word[-1].name != vector.name:
        word = tuple(a.T for a in reversed(word))
    return word


def _between(algebra: Algebra, pieces: list[Trace], vector, n) -> Poly:
    if len(pieces) == 1:
        word = _opened(pieces[0])[1:-1]
        return _word(algebra, word) if word else Poly({Monomial(word=()): algebra.one}, (n, n))
    first, second = (_word(algebra, _ending_in(t, vector)[:-1]) for t in pieces)
    return first.T * second


def _word(algebra: Algebra, word: tuple[Letter, ...]) -> Poly:
    return Poly.collect([(Monomial(word=word), algebra.one)], (word[0].rows, word[-1].cols))


def _close(poly: Poly, bound: tuple[str, ...]) -> Poly:
    for index in bound:
        poly = poly.sum_over(index)
    return poly
