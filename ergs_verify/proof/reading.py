"""Reading coefficients off: of a quadratic form, of a linear map, of each agent's gain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy
from attrs import frozen

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.algebra import Algebra
from ergs_verify.proof.letters import kind_of
from ergs_verify.proof.words import (
    ONE,
    Letter,
    Monomial,
    Poly,
    Trace,
    Word,
    flipped,
    opened_at_number,
)


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
        Where the letter is not a column, occurs more than twice in a term, inside a logarithm or
        an inverse, or for an agent that may or may not be the one asked for.

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
    poly, target = algebra.poly(expr), _column(algebra, vector)
    if poly.shape is not None:
        raise UnsupportedError("a quadratic form is a scalar; take the trace of a 1×1 matrix")
    n = target.rows
    matrix, linear, constant = Poly({}, (n, n)), Poly({}, (n, ONE)), Poly({}, None)
    for monomial, coefficient in poly.terms.items():
        count = _occurrences(monomial, target)
        if count == 0:
            constant = constant + Poly({monomial: coefficient}, None)
            continue
        pieces = [t for t in monomial.traces if any(_is(a, target) for a in t.word)]
        if sum(_is(a, target) for t in pieces for a in t.word) != count:
            raise UnsupportedError(f"{vector} occurs inside a logarithm")
        rest = list(monomial.traces)
        for piece in pieces:
            rest.remove(piece)
        outside = Poly.collect(
            [(monomial._replace(traces=tuple(rest), bound=()), coefficient)], None
        )
        if count == 1:
            inside = algebra.word(_ending_in(pieces[0], target)[:-1]).T
            linear = linear + (outside * inside).sum_over(*monomial.bound)
        elif count == 2:
            inside = _between(algebra, pieces, target)
            whole = (outside * inside).sum_over(*monomial.bound)
            matrix = matrix + (whole + whole.T).scale(algebra.one / 2)
        else:
            raise UnsupportedError(f"{vector} occurs {count} times in one term")
    return QuadraticForm(*(algebra.to_sympy(algebra.reduce(p)) for p in (matrix, linear, constant)))


def linear_map(expr, vector, *, definitions: Mapping | None = None, symmetric: Iterable = ()):
    """The matrix L of an expression L·v.

    Raises
    ------
    UnsupportedError
        Where a term does not end in the letter v, or holds it elsewhere too.

    Examples
    --------
    >>> from sympy import MatrixSymbol, Symbol
    >>> from ergs_verify.proof.reading import linear_map
    >>> n = Symbol("n", integer=True, positive=True)
    >>> A, K, v = MatrixSymbol("A", n, n), MatrixSymbol("K", n, n), MatrixSymbol("v", n, 1)
    >>> linear_map(A * (v + K * v), v)
    A + A*K
    """
    algebra = Algebra([expr, vector], definitions, symmetric)
    poly, target = algebra.poly(expr), _column(algebra, vector)
    if poly.shape is None:
        raise UnsupportedError(f"a scalar is not a linear map of {vector}")
    total = Poly({}, (poly.shape[0], target.rows))
    for monomial, coefficient in poly.terms.items():
        word = monomial.word or ()
        if not word or word[-1] != target or _occurrences(monomial, target) != 1:
            raise UnsupportedError(f"a term is not linear in {vector} with {vector} at its end")
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

    Raises
    ------
    UnsupportedError
        Where a term does not end in a gain, holds a second one, or where j occurs already.

    Examples
    --------
    >>> from ergs_verify.expressions import agent_sum
    >>> from ergs_verify.paper.notation import A, B, K, i, j
    >>> from ergs_verify.proof.reading import agent_coefficients
    >>> form = agent_coefficients(A + agent_sum(B(j) * K(j), j), K, i, j)
    >>> form.own, form.other, form.constant
    (B_t^i, B_t^j, A_t)
    """
    algebra = Algebra([expr, gain(index), gain(other_index)], definitions, symmetric)
    poly = algebra.poly(expr)
    gain_name, name = gain(index).name, kind_of(gain(index))
    i, j = str(index), str(other_index)
    if poly.shape is None:
        raise UnsupportedError("a scalar has no rows")
    if j in poly.free_agents():
        raise UnsupportedError(f"the index {j} occurs already")
    if name in algebra.inverted:
        raise UnsupportedError(f"{gain_name} occurs inside an inverse")
    own: list[tuple[Monomial, object]] = []
    other: list[tuple[Monomial, object]] = []
    constant: list[tuple[Monomial, object]] = []
    for monomial, coefficient in poly.terms.items():
        word = monomial.word or ()
        count = sum(a.name == name for a in monomial.letters())
        if count == 0:
            constant.append((monomial, coefficient))
            continue
        last = word[-1] if word else None
        if last is None or count > 1 or last.name != name or last.transposed or last.inverse:
            raise UnsupportedError(
                f"a term is not linear in {gain_name} with {gain_name} at its end"
            )
        agent = last.agents[0]
        opened = monomial._replace(word=word[:-1])
        if agent == i:
            own.append((opened, coefficient))
        elif agent in monomial.bound:
            opened = opened._replace(bound=tuple(b for b in monomial.bound if b != agent))
            own.append((opened.rename({agent: i}), coefficient))
            other.append((opened.rename({agent: j}), coefficient))
        else:
            raise UnsupportedError(f"the gain of agent {agent} is not multiplied by anything")
    rows = poly.shape[0]
    sizes = [algebra.poly(gain(a)).shape for a in (index, other_index)]
    assert sizes[0] is not None
    assert sizes[1] is not None
    return AgentCoefficients(
        own=algebra.to_sympy(Poly.collect(own, (rows, sizes[0][0]))),
        other=algebra.to_sympy(Poly.collect(other, (rows, sizes[1][0]))),
        constant=algebra.to_sympy(Poly.collect(constant, poly.shape)),
    )


def _column(algebra: Algebra, vector) -> Letter:
    """The letter of a vector that can be read off."""
    poly = algebra.poly(vector)
    letters = [a for k in poly.terms for a in k.letters()]
    if len(letters) != 1 or letters[0].cols != ONE or letters[0].transposed:
        raise UnsupportedError(f"{vector} is not a column letter")
    if letters[0].name in algebra.inverted:
        raise UnsupportedError(f"{vector} occurs inside a logarithm or an inverse")
    return letters[0]


def _is(letter: Letter, target: Letter) -> bool:
    """Whether a letter is the target or its transpose."""
    if letter.name != target.name:
        return False
    if letter.inverse:
        raise UnsupportedError(f"{target.name.removesuffix('^')} occurs inside an inverse")
    if letter.agents == target.agents:
        return True
    if all(a.isdigit() for a in letter.agents + target.agents):
        return False
    raise UnsupportedError(
        f"another agent's {target.name.removesuffix('^')} occurs, which may be the same"
    )


def _occurrences(monomial: Monomial, target: Letter) -> int:
    return sum(_is(a, target) for a in monomial.letters())


def _ending_in(trace: Trace, target: Letter) -> Word:
    """The piece as a row times the letter."""
    word = opened_at_number(trace)
    return word if _is(word[-1], target) else flipped(word)


def _between(algebra: Algebra, pieces: list[Trace], target: Letter) -> Poly:
    if len(pieces) == 1:
        return algebra.word(opened_at_number(pieces[0])[1:-1], target.rows)
    first, second = (algebra.word(_ending_in(t, target)[:-1]) for t in pieces)
    return first.T * second
