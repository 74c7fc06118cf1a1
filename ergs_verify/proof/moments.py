"""Expectations of linear and quadratic forms in independent Gaussian vectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.algebra import Algebra
from ergs_verify.proof.words import ONE, Letter, Monomial, Poly, Trace, Word

__all__ = ["gaussian_expectation"]

CENTRED = "−mean"


def gaussian_expectation(
    expr,
    gaussians: Mapping,
    *,
    definitions: Mapping | None = None,
    symmetric: Iterable = (),
):
    """Expectation over independent Gaussian vectors, for every dimension and number of agents.

    Parameters
    ----------
    expr : SymPy expression
        At most quadratic in the random letters.
    gaussians : mapping from column letters to (mean, covariance)
        A key with an agent index serves every agent; different letters, and different agents'
        vectors, are independent.
    definitions, symmetric
        As for `ergs_verify.proof.prove`.

    Raises
    ------
    UnsupportedError
        Where a random letter occurs more than twice in a term, or under a logarithm.

    Examples
    --------
    >>> from sympy import MatrixSymbol, Symbol, Trace, ZeroMatrix
    >>> from ergs_verify.proof import gaussian_expectation
    >>> p = Symbol("p", integer=True, positive=True)
    >>> u, mu = MatrixSymbol("u", p, 1), MatrixSymbol("mu", p, 1)
    >>> M, S = MatrixSymbol("M", p, p), MatrixSymbol("S", p, p)
    >>> gaussian_expectation(Trace(u.T * M * u), {u: (mu, S)}, symmetric=[M, S])
    Trace(M*S) + Trace(M*mu*mu.T)
    """
    moments = [m for pair in gaussians.values() for m in pair]
    algebra = Algebra([expr, *moments, *gaussians], definitions, symmetric)
    return algebra.to_sympy(expectation(algebra, algebra.poly(expr), gaussians))


def expectation(algebra: Algebra, poly: Poly, gaussians: Mapping) -> Poly:
    """`gaussian_expectation` of a polynomial."""
    by_name = {letter.name: (letter, mean, cov) for letter, (mean, cov) in gaussians.items()}

    def centre(letter: Letter) -> Poly | None:
        if letter.name not in by_name:
            return None
        template, mean, _ = by_name[letter.name]
        value = algebra.convert_for(mean, template, letter.agents)
        noise = letter.bare._replace(name=letter.name + CENTRED)
        value = value + Poly({Monomial(word=(noise,)): algebra.one}, value.shape)
        return value.T if letter.transposed else value

    total = Poly({}, poly.shape)
    for monomial, coefficient in poly.expand(centre, algebra.one).terms.items():
        total = total + _contracted(algebra, monomial, coefficient, poly.shape, by_name)
    return algebra.reduce(total)


def _contracted(algebra: Algebra, monomial: Monomial, coefficient, shape, by_name) -> Poly:
    """The expectation of one monomial in centred letters."""
    noises = [a for a in monomial.letters() if a.name.endswith(CENTRED)]
    if not noises:
        return Poly({monomial: coefficient}, shape)
    if len(noises) > 2:
        raise UnsupportedError("more than two random letters in one term")
    if len(noises) == 1 or noises[0].name != noises[1].name:
        return Poly({}, shape)
    monomial = _same_agent(monomial, noises)
    if monomial is None:
        return Poly({}, shape)
    noise = next(a for a in monomial.letters() if a.name.endswith(CENTRED)).bare
    template, _, cov = by_name[noise.name.removesuffix(CENTRED)]
    covariance = algebra.convert_for(cov, template, noise.agents)
    bound, free = monomial.bound, monomial._replace(bound=())
    total = _contract_word(algebra, free, covariance, shape, coefficient)
    if total is None:
        total = _contract_traces(algebra, free, covariance, shape, coefficient)
    for index in bound:
        total = total.sum_over(index)
    return total


def _same_agent(monomial: Monomial, noises: list[Letter]) -> Monomial | None:
    """Two agents' vectors covary only where the agents are one: put one index for the other."""
    first, second = noises[0].agents, noises[1].agents
    if first == second:
        return monomial
    (a,), (b,) = first, second
    if b not in monomial.bound:
        a, b = b, a
    if b not in monomial.bound:
        if a.isdigit() and b.isdigit():
            return None
        raise UnsupportedError(f"agents {a} and {b} may be the same or not")
    kept = tuple(index for index in monomial.bound if index != b)
    return monomial._replace(bound=kept).rename({b: a})


def _contract_word(algebra, monomial: Monomial, covariance: Poly, shape, coefficient):
    word = monomial.word or ()
    for k in range(len(word) - 1):
        if all(a.name.endswith(CENTRED) for a in word[k : k + 2]):
            before, after = word[:k], word[k + 2 :]
            middle = covariance
            if before:
                middle = _as_poly(algebra, before) * middle
            if after:
                middle = middle * _as_poly(algebra, after)
            return Poly({monomial._replace(word=None): coefficient}, None) * middle
    if any(a.name.endswith(CENTRED) for a in word):
        raise UnsupportedError("random letters apart from each other in a product of matrices")
    return None


def _contract_traces(algebra, monomial: Monomial, covariance: Poly, shape, coefficient) -> Poly:
    random = [t for t in monomial.traces if any(a.name.endswith(CENTRED) for a in t.word)]
    rest = list(monomial.traces)
    for trace in random:
        rest.remove(trace)
    outside = Poly({monomial._replace(traces=tuple(rest)): coefficient}, shape)
    if len(random) == 1:
        middle = _opened(random[0])[1:-1]
        inside = _as_poly(algebra, middle) * covariance if middle else covariance
        return outside * inside.trace()
    left, right = (_opened(t) for t in random)
    if not left[-1].name.endswith(CENTRED):
        left = _flip(left)
    if not right[0].name.endswith(CENTRED):
        right = _flip(right)
    product = _as_poly(algebra, left[:-1]) * covariance * _as_poly(algebra, right[1:])
    return outside * product.trace()


def _opened(trace: Trace) -> Word:
    """The cyclic word turned so that it starts at its 1×1 boundary."""
    for k, letter in enumerate(trace.word):
        if letter.rows == ONE:
            return trace.word[k:] + trace.word[:k]
    raise UnsupportedError("a random letter that is no column")


def _flip(word: Word) -> Word:
    return tuple(a.T for a in reversed(word))


def _as_poly(algebra: Algebra, word: Word) -> Poly:
    shape = (word[0].rows, word[-1].cols)
    return Poly.collect([(Monomial(word=word), algebra.one)], shape)
