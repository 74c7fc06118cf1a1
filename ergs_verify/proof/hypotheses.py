"""Equations that are given: one letter of each is eliminated, as if the equation defined it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sympy

from ergs_verify.errors import InputError
from ergs_verify.expressions import AgentSum, owners_of, parts_of
from ergs_verify.proof.letters import kind_of
from ergs_verify.proof.sampling import free_agent_indices


def eliminated(
    given: Iterable,
    definitions: Mapping,
    symmetric: tuple,
    wanted: Iterable,
    equal: Callable[[Any, Any, Mapping], bool],
    definite: frozenset = frozenset(),
) -> dict:
    """Definitions of the letters that equations determine.

    A letter L qualifies that occurs once in the equation, in a term X L Y where X and Y are
    invertible (as they are positive definite, or as the identity has their inverses), and has no
    definition; a symmetric one only where what it equals is symmetric. To hold for all matrices
    that satisfy the equations is then to hold with these definitions. An equation with an agent's
    index holds for every agent, so that only letters of that agent qualify.

    Parameters
    ----------
    given : iterable of sympy.Eq
    definitions, symmetric
        As for `prove`.
    wanted : SymPy expressions
        Letters that occur here are taken first.
    equal : function of two expressions and the definitions so far
    definite : set of positive definite letters

    Raises
    ------
    InputError
        Where no letter qualifies.
    """
    found: dict = {}
    occurring = set().union(*(e.atoms(sympy.MatrixSymbol) for e in wanted))
    kinds = set(map(kind_of, symmetric))
    inverted = set().union(*(e.atoms(sympy.Inverse) for e in wanted))

    def invertible(X) -> bool:
        return is_definite(X, definite) or any(X == inverse.arg for inverse in inverted)

    for equation in given:
        if equation in (True, False):
            seen = "are the same" if equation else "cannot be equal"
            raise InputError(f"SymPy finds that the two sides of a hypothesis {seen}", "given")
        if not isinstance(equation, sympy.Eq):
            raise InputError(
                f"a hypothesis must be an equation Eq(left, right), not {equation!r}", "given"
            )
        left, right = equation.args
        if not (left.is_Matrix and right.is_Matrix):
            raise InputError(f"the hypothesis {equation} is not an equation of matrices", "given")
        terms = [*_terms(left, 1), *_terms(right, -1)]
        agents = free_agent_indices([equation])
        taken = {*definitions, *found}
        alone = [
            (letter, around, k)
            for k, (factor, matrix) in enumerate(terms)
            for letter, around in _solvable(matrix, invertible)
            if not any(map(_is_letter(letter), taken))
            and not any(_holds(other, letter) for _, other in _but(terms, k))
            and [a for a in owners_of(letter) if a.is_Symbol] == agents
            and sympy.fraction(factor)[0].is_nonzero
        ]
        for letter, (before, after), k in sorted(alone, key=lambda c: c[0] not in occurring):
            rest = [(-f / terms[k][0]) * X for f, X in _but(terms, k)]
            value: Any = sympy.MatAdd(*rest) if rest else sympy.ZeroMatrix(*terms[k][1].shape)
            value = sympy.MatMul(
                *map(sympy.Inverse, before[::-1]), value, *map(sympy.Inverse, after[::-1])
            )
            value = value.args[0] if len(value.args) == 1 else value
            known = {**definitions, **found}
            if any(map(_is_letter(letter), _reached(value, known))):
                continue
            if kind_of(letter) not in kinds or equal(value, value.T, known):
                found[letter] = value
                break
        else:
            if equal(left, right, {**definitions, **found}):
                continue  # it follows from those before
            raise InputError(
                f"no letter of the hypothesis {equation} can be eliminated: one must occur once in "
                "it, as a term of its own, such as Q in Eq(P, A.T*P*A + Q), or between factors "
                f"that are positive definite; {_obstacles(terms, taken, agents)}",
                "given",
            )
    return found


def _is_letter(letter) -> Callable[[Any], bool]:
    """Whether another letter is this one, for some agents."""

    def same(other: Any) -> bool:
        pairs = zip(owners_of(letter), owners_of(other), strict=False)
        apart = any(a != b and a.is_Integer and b.is_Integer for a, b in pairs)
        return kind_of(other) == kind_of(letter) and not apart

    return same


def _holds(expression, letter) -> bool:
    return any(map(_is_letter(letter), parts_of(expression, sympy.MatrixSymbol)))


def _but(terms: list, k: int) -> list:
    return terms[:k] + terms[k + 1 :]


def _solvable(matrix, invertible: Callable[[Any], bool]) -> Iterable[tuple]:
    """Letters of a term X L Y with invertible X and Y, each with (factors of X, of Y)."""
    factors = matrix.args if isinstance(matrix, sympy.MatMul) else (matrix,)
    for k, letter in enumerate(factors):
        others = *factors[:k], *factors[k + 1 :]
        if (
            isinstance(letter, sympy.MatrixSymbol)
            and all(map(invertible, others))
            and not any(_holds(X, letter) for X in others)
        ):
            yield letter, (factors[:k], factors[k + 1 :])


def _obstacles(terms: list, taken: set, agents: list) -> str:
    """What keeps each letter from being eliminated."""
    letters = sorted(set().union(*(X.atoms(sympy.MatrixSymbol) for _, X in terms)), key=str)
    said = []
    for letter in letters:
        count = sum(_holds(X, letter) for _, X in terms)
        factors = [f for f, X in terms if letter == X and not sympy.fraction(f)[0].is_nonzero]
        if any(map(_is_letter(letter), taken)):
            said.append(f"{letter} has a definition")
        elif count > 1:
            said.append(f"{letter} occurs in {count} terms")
        elif [a for a in owners_of(letter) if a.is_Symbol] != agents:
            said.append(f"{letter} is not a letter of agent {' and '.join(map(str, agents))}")
        elif factors:
            said.append(f"{letter} is multiplied by {factors[0]}, which may be 0")
        elif letter in [X for _, X in terms]:
            said.append(
                f"{letter} is symmetric, but what it equals is not symmetric or depends on it"
            )
        else:
            said.append(f"{letter} is multiplied by something that may have no inverse")
    return ", ".join(said)


def is_definite(X, letters: frozenset) -> bool:
    """Whether a matrix is seen to be positive definite where these letters are.

    Examples
    --------
    >>> from sympy import Identity, MatrixSymbol, Symbol
    >>> from ergs_verify.proof.hypotheses import is_definite
    >>> n, t = Symbol("n", integer=True, positive=True), Symbol("t", positive=True)
    >>> B, P = MatrixSymbol("B", n, n), MatrixSymbol("P", n, n)
    >>> is_definite(t * Identity(n) + B.T * P * B, frozenset([P]))
    True
    >>> is_definite(B.T * P * B, frozenset([P]))
    False
    """
    match X:
        case sympy.Identity():
            return True
        case sympy.MatrixSymbol():
            return kind_of(X) in map(kind_of, letters)
        case sympy.Inverse():
            return is_definite(X.arg, letters)
        case sympy.MatAdd():
            return all(_is_semidefinite(a, letters) for a in X.args) and any(
                is_definite(a, letters) for a in X.args
            )
        case sympy.MatMul():
            factor, rest = X.as_coeff_matrices()
            return bool(factor.is_positive) and len(rest) == 1 and is_definite(rest[0], letters)
    return False


def _is_semidefinite(X, letters: frozenset) -> bool:
    if is_definite(X, letters) or isinstance(X, sympy.ZeroMatrix):
        return True
    match X:
        case sympy.MatAdd():
            return all(_is_semidefinite(a, letters) for a in X.args)
        case AgentSum():
            return _is_semidefinite(X.body, letters)
        case sympy.MatMul():
            factor, rest = X.as_coeff_matrices()
            while len(rest) > 1 and sympy.Transpose(rest[0]).doit() == rest[-1]:
                rest = rest[1:-1]
            inner = not rest or (len(rest) == 1 and _is_semidefinite(rest[0], letters))
            return bool(factor.is_nonnegative) and inner
    return False


def _reached(expression, definitions: Mapping) -> set:
    """The letters that an expression depends on."""
    reached: set = set()
    new = expression.atoms(sympy.MatrixSymbol)
    while new:
        reached |= new
        bodies = [sympy.sympify(definitions[x]) for x in new if x in definitions]
        new = set().union(*(body.atoms(sympy.MatrixSymbol) for body in bodies)) - reached
    return reached


def _terms(side, sign: int) -> Iterable[tuple[Any, Any]]:
    """The terms of a sum, each with its scalar factor."""
    for term in side.args if isinstance(side, sympy.MatAdd) else (side,):
        factor, matrix = sympy.Integer(sign), term
        if isinstance(term, sympy.MatMul):
            scalar, rest = term.as_coeff_matrices()
            if not scalar.atoms(sympy.MatrixSymbol):
                factor, matrix = sign * scalar, sympy.MatMul(*rest)
                matrix = rest[0] if len(rest) == 1 else matrix
        if not isinstance(matrix, sympy.ZeroMatrix):
            yield factor, matrix
