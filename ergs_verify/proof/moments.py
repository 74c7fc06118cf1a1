"""Expectations of polynomials in independent Gaussian vectors, by Isserlis' theorem."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from functools import reduce

import sympy

from ergs_verify.errors import UnsupportedError
from ergs_verify.expressions import AgentMatrix, owners_of
from ergs_verify.proof.algebra import Algebra
from ergs_verify.proof.letters import kind_of
from ergs_verify.proof.words import (
    ONE,
    Letter,
    Monomial,
    Poly,
    Size,
    Word,
    flipped,
    opened_at_number,
)

CENTRED = "⟨mean⟩"
PAIRED = "·"
MOST_FACTORS = 8
"""Letters in one term: eight have 105 pairings."""


def gaussian_expectation(
    expr,
    gaussians: Mapping,
    *,
    definitions: Mapping | None = None,
    symmetric: Iterable = (),
):
    """The expectation over independent Gaussian vectors, for every dimension and number of agents.

    Parameters
    ----------
    expr : SymPy expression
        A polynomial in the random letters, such as (x'Ax)(x'Bx), of degree 8 at most.
    gaussians : mapping from letters p×1 to pairs of a mean p×1 and a covariance p×p
        A letter with an agent index stands for every agent, one with an agent's number for that
        agent alone. Different letters, and different agents' vectors, are independent.
    definitions, symmetric : optional
        As in `prove`.

    Returns
    -------
    SymPy expression

    Raises
    ------
    UnsupportedError
        If a random letter is not a column, occurs more than eight times in a term, or occurs
        inside a logarithm, an inverse, a mean or a covariance.

    Notes
    -----
    By Isserlis' formula [1]_: a moment is a sum over all ways of pairing the letters.

    References
    ----------
    .. [1] L. Isserlis, On a formula for the product-moment coefficient of any order of a normal
       frequency distribution in any number of variables, Biometrika 12 (1918), 134–139.

    Examples
    --------
    >>> from sympy import MatrixSymbol, Symbol, Trace, ZeroMatrix
    >>> from ergs_verify.proof import gaussian_expectation
    >>> p = Symbol("p", integer=True, positive=True)
    >>> u, mu = MatrixSymbol("u", p, 1), MatrixSymbol("mu", p, 1)
    >>> M, S = MatrixSymbol("M", p, p), MatrixSymbol("S", p, p)
    >>> gaussian_expectation(Trace(u.T * M * u), {u: (mu, S)}, symmetric=[M, S])
    Trace(M*S) + Trace(mu.T*M*mu)
    >>> gaussian_expectation(u * u.T * M * u, {u: (mu, S)}, symmetric=[M, S])
    Trace(M*S)*mu + Trace(mu.T*M*mu)*mu + 2*S*M*mu
    """
    # A random letter is its mean and a centred one, which is put for it as a definition.
    centred = {key: _centred(key) for key in gaussians}
    put = {key: sympy.MatAdd(mean, centred[key]) for key, (mean, _) in gaussians.items()}
    moments = [moment for pair in gaussians.values() for moment in pair]
    algebra = Algebra([expr, *moments], {**(definitions or {}), **put}, symmetric)
    poly = algebra.poly(expr)
    _refuse_hidden(algebra, poly, centred)
    for key, pair in gaussians.items():
        if any(
            map(_is_noise, (a for m in pair for k in algebra.poly(m).terms for a in k.letters()))
        ):
            raise UnsupportedError(f"the moments of {key} are random themselves")

    def covariance(noise: Letter) -> Poly:
        for key, (_, value) in gaussians.items():
            owners = list(map(str, owners_of(key)))
            fixed = owners if owners and owners[0].isdigit() else []
            if kind_of(centred[key]) == noise.name and (not fixed or (*fixed,) == noise.agents):
                return algebra.poly(value).rename(dict(zip(owners, noise.agents, strict=True)))
        raise AssertionError("a centred letter belongs to a random one")

    total = Poly({}, poly.shape)
    for monomial, coefficient in poly.terms.items():
        total = total + _contracted(algebra, monomial, coefficient, poly.shape, covariance)
    return algebra.to_sympy(algebra.reduce(total))


def _centred(key: sympy.MatrixSymbol) -> sympy.MatrixSymbol:
    if key.shape[1] != 1:
        raise UnsupportedError(f"the random {key} is not a column")
    if isinstance(key, AgentMatrix):
        return AgentMatrix(key.name + CENTRED, key.agent, *key.shape)
    return sympy.MatrixSymbol(key.name + CENTRED, *key.shape)


def _refuse_hidden(algebra: Algebra, poly: Poly, centred: Mapping) -> None:
    """Random letters must stand where they can be seen."""
    letters = [a for k in poly.terms for a in k.letters()]
    logs = {a.name for k in poly.terms for atom in k.logs for a in atom.letters}
    hidden = algebra.inverted | logs | {a.name for a in letters if a.inverse}
    for key, noise in centred.items():
        if kind_of(noise) in hidden:
            raise UnsupportedError(f"the random {key} occurs inside a logarithm or an inverse")
        for letter in letters:
            if letter.name == kind_of(key) and not letter.agents[0].isdigit():
                raise UnsupportedError(
                    f"{key} is random, and the agent {letter.agents[0]} may or may not be its agent"
                )


def _contracted(algebra: Algebra, monomial: Monomial, coefficient, shape, covariance) -> Poly:
    """The expectation of one monomial in centred letters: a sum over all pairings (Isserlis)."""
    noises = [a.bare for a in monomial.letters() if _is_noise(a)]
    if not noises:
        return Poly({monomial: coefficient}, shape)
    total = Poly({}, shape)
    if len(noises) % 2:
        return total
    if len(noises) > MOST_FACTORS:
        raise UnsupportedError(f"more than {MOST_FACTORS} random letters in one term")
    for other in range(1, len(noises)):
        if noises[0].name == noises[other].name:
            first = _paired(monomial, other)
            for left, factor in _pair_contracted(algebra, first, coefficient, shape, covariance):
                total = total + _contracted(algebra, left, factor, shape, covariance)
    return total


def _paired(monomial: Monomial, other: int) -> Monomial:
    """The first centred letter and another one marked, in the order of `Monomial.letters`."""
    count = -1

    def marked(word: Word) -> Word:
        nonlocal count
        letters = []
        for letter in word:
            count += _is_noise(letter)
            pair = _is_noise(letter) and count in (0, other)
            letters.append(letter._replace(name=letter.name + PAIRED) if pair else letter)
        return tuple(letters)

    traces = tuple(t._replace(word=marked(t.word)) for t in monomial.traces)
    return monomial._replace(traces=traces, word=monomial.word and marked(monomial.word))


def _pair_contracted(algebra: Algebra, monomial: Monomial, coefficient, shape, covariance):
    """The terms in which the marked pair is replaced by its covariance."""
    pair = [a for a in monomial.letters() if _is_marked(a)]
    unified = _same_agent(monomial, pair)
    if unified is None:
        return ()
    noise = next(a for a in unified.letters() if _is_marked(a)).bare
    noise = noise._replace(name=noise.name.removesuffix(PAIRED))
    random = [t for t in unified.traces if any(_is_marked(a) for a in t.word)]
    rest = list(unified.traces)
    for trace in random:
        rest.remove(trace)
    outside = Poly.collect([(Monomial(traces=tuple(rest), logs=unified.logs), coefficient)], None)
    contracted = _joined_by(
        algebra, unified.word, [opened_at_number(t) for t in random], covariance(noise), shape
    )
    return (outside * contracted).sum_over(*unified.bound).terms.items()


def _joined_by(
    algebra: Algebra, word: Word | None, random: list[Word], covariance: Poly, shape
) -> Poly:
    """E[ν ν'] = covariance put where the two centred letters ν stand.

    They stand side by side in the word (…νν'…), one at an end of the word and one in a scalar
    ν'z, in one scalar ν'Mν, or in two scalars y'ν and ν'z.
    """
    n = covariance.shape[0] if covariance.shape else ONE
    places = [k for k, a in enumerate(word or ()) if _is_marked(a)]
    if not random:
        before, after = (word or ())[: places[0]], (word or ())[places[1] + 1 :]
        return _chain(algebra, [before, covariance, after], n)
    if places:
        assert word is not None
        k, column = places[0], _starting(random[0])[1:]
        if word[k].transposed:
            return _chain(algebra, [word[:k], flipped(column), covariance, word[k + 1 :]], n)
        return _chain(algebra, [word[:k], covariance, column, word[k + 1 :]], n)
    if len(random) == 1:
        scalar = _chain(algebra, [random[0][1:-1], covariance], n).trace()
    else:
        left, right = (_starting(w)[1:] for w in random)
        scalar = _chain(algebra, [flipped(left), covariance, right], n).trace()
    return scalar if shape is None else scalar * _chain(algebra, [word or ()], shape[0])


def _is_noise(letter: Letter) -> bool:
    return CENTRED in letter.name


def _is_marked(letter: Letter) -> bool:
    return letter.name.endswith(PAIRED)


def _starting(word: Word) -> Word:
    """The scalar ν'z written with the centred letter first."""
    return word if _is_marked(word[0]) else flipped(word)


def _chain(algebra: Algebra, parts: list, size: Size) -> Poly:
    """The product of words and polynomials, the empty word being 1."""
    factors = [p if isinstance(p, Poly) else algebra.word(p) for p in parts if p != ()]
    return reduce(operator.mul, factors) if factors else algebra.word((), size)


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
