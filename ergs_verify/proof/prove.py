"""`prove`: are two scalar or matrix expressions equal for every size and any number of agents?"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import sympy
from attrs import evolve, frozen

from ergs_verify.errors import InputError, ShapeError, UnsupportedError
from ergs_verify.expressions import parts_of
from ergs_verify.proof.algebra import Algebra
from ergs_verify.proof.answer import Counterexample, Proof
from ergs_verify.proof.field import PrimeField, same_in_field
from ergs_verify.proof.given import (
    definitions_of,
    demand_consistent,
    expression_of,
    letters_of,
    shown,
)
from ergs_verify.proof.hypotheses import eliminated, is_definite
from ergs_verify.proof.letters import kind_of
from ergs_verify.proof.lowering import lowered, with_derivatives, with_roots
from ergs_verify.proof.realize import Limits, Realization, realize
from ergs_verify.proof.sampling import (
    Setting,
    field_values,
    typed_mismatch,
)
from ergs_verify.proof.search import search
from ergs_verify.proof.statement import Statement

FIELD_POINTS = 4
"""Logarithms that differ agree at one point with probability near 2^−16, at four below 2^−50."""
MOST_SIZE = 12
"""Sizes grow with the realization's dimension up to this one."""
NEVER_REGULAR = (
    "at every random point some inverse did not exist, so the inverses exist for no size or for few"
)
MOST_EXPONENT = 10**6


def prove(
    lhs,
    rhs,
    *,
    definitions: Mapping | None = None,
    symmetric: Iterable = (),
    positive_definite: Iterable = (),
    given: Iterable = (),
    limits: Limits | None = None,
) -> Proof:
    """Decide whether two expressions are equal for every size and any number of agents.

    Parameters
    ----------
    lhs, rhs : SymPy expressions
        Matrices, or scalars made of traces, determinants, their logarithms and scalar symbols.
        Letters are `sympy.MatrixSymbol` m×n with symbols m and n for the sizes, or `AgentMatrix`.
    definitions : mapping from letters to expressions, optional
        Abbreviations such as ``{W: tau/2*I + R + B.T*P*B}``.
    symmetric : iterable of letters, optional
        Letters that equal their transpose.
    positive_definite : iterable of letters, optional
        Letters that are symmetric and positive definite. They have roots, written
        ``P**Rational(1, 2)``, and sums of them have inverses.
    given : iterable of sympy.Eq, optional
        Hypotheses, such as the Riccati equation that a letter satisfies. One letter of each is
        eliminated. It must occur once in the equation, as a term of its own or between factors
        that are positive definite. An equation with an agent's index holds for every agent.
    limits : Limits, optional
        The most time, and the largest system of equations, that may be used.

    Returns
    -------
    Proof
        ``refuted`` comes with exact matrices at which the sides differ. ``undecided`` comes with
        the reason: an expression lies outside the language, no centre is known at which every
        inverse exists, or a limit is reached.

    Raises
    ------
    InputError
        If something given is not an expression or not a letter, or no letter of a hypothesis can
        be eliminated.

    Notes
    -----
    Inverses are assumed to exist, and arguments of log det to be positive. Two engines that share
    no code must agree: realizations [1]_, and evaluation over a prime field at unequal sizes.
    :doc:`/explanation/theory` explains them in "Deciding identities"; :doc:`/prover` counts what
    they decide.

    References
    ----------
    .. [1] P. M. Cohn and C. Reutenauer, On the construction of the free field, International
       Journal of Algebra and Computation 9 (1999), 307–323.

    Examples
    --------
    >>> from sympy import Identity, MatrixSymbol, Symbol
    >>> from ergs_verify.proof import prove
    >>> m, p = Symbol("m", integer=True), Symbol("p", integer=True)
    >>> B, P, R = MatrixSymbol("B", m, p), MatrixSymbol("P", m, m), MatrixSymbol("R", p, p)
    >>> tau, W = Symbol("tau", positive=True), MatrixSymbol("W", p, p)
    >>> define = {W: tau / 2 * Identity(p) + R + B.T * P * B}
    >>> prove(W.I * (R + B.T * P * B), Identity(p) - tau / 2 * W.I, definitions=define).verdict
    'proved'
    >>> I = Identity
    >>> prove((I(p) + B.T * P * B).I * B.T, B.T * (I(m) + P * B * B.T).I).verdict
    'proved'
    >>> print(prove(B.T * P, B.T * P.T).verdict)
    refuted
    >>> from sympy import Eq
    >>> A, Q = MatrixSymbol("A", m, m), MatrixSymbol("Q", m, m)
    >>> lyapunov = Eq(P, A.T * P * A + Q)
    >>> prove(P - A.T * A.T * P * A * A, Q + A.T * Q * A, given=[lyapunov]).verdict
    'proved'
    """
    start = time.perf_counter()
    lhs, rhs = expression_of(lhs, "the left side"), expression_of(rhs, "the right side")
    definitions = definitions_of(definitions)
    definite = frozenset(letters_of(positive_definite, "positive_definite"))
    symmetric = tuple(dict.fromkeys((*letters_of(symmetric), *sorted(definite, key=str))))
    if not isinstance(limits, Limits | None):
        raise InputError(f"limits must be Limits(seconds=…, blocks=…), not {shown(limits)}")
    if isinstance(given, sympy.Basic | str) or not isinstance(given, Iterable):
        raise InputError(f"given must be a list such as [Eq(P, Q)], not {shown(given)}", "given")
    given = tuple(given)

    def equal(left, right, known: Mapping) -> bool:
        return _equal(left, right, tuple(known.items()), symmetric)

    demand_consistent((lhs, rhs, *given), definitions, symmetric, definite, equal)
    if given:
        wanted = (lhs, rhs, *definitions.values())
        found = eliminated(given, definitions, symmetric, wanted, equal, definite)
        definitions = {**definitions, **found}
    question = _Question(lhs, rhs, definitions, symmetric, limits or Limits(), definite)
    try:
        result = question.answer()
    except RecursionError:
        result = Proof(lhs, rhs, "undecided", reason=_reason(RecursionError()))
    return evolve(result, seconds=time.perf_counter() - start)


@lru_cache(maxsize=256)
def _equal(left, right, definitions: tuple, symmetric: tuple) -> bool:
    return bool(_Question(left, right, dict(definitions), symmetric, Limits()).answer())


@frozen
class _Question:
    """What is asked."""

    lhs: Any
    rhs: Any
    definitions: dict
    symmetric: tuple
    limits: Limits
    definite: frozenset = frozenset()
    plain: tuple = ()
    split: Mapping[str, tuple[str, ...]] = {}

    def answer(self) -> Proof:
        """The proof, without the time it took."""
        powers = set().union(*(parts_of(e, sympy.Pow, sympy.MatPow) for e in self._everything()))
        for power in sympy.ordered(powers):
            if power.exp.is_Integer and abs(power.exp) > MOST_EXPONENT:
                return self._proof("undecided", reason=f"{power} is too long to write out")
        try:
            question = self._without_roots()
        except UnsupportedError as error:
            return self._proof("undecided", reason=str(error))
        found = question._answer()
        evidence = found.evidence
        if found and self.definite:
            evidence = (*evidence, ("inverses", self._inverses()))
        asked = question.lhs, question.rhs, question.definitions, question.symmetric
        return evolve(found, left=self.lhs, right=self.rhs, evidence=evidence, asked=asked)

    def _inverses(self) -> str:
        """Which inverses are known to exist."""
        atoms = set().union(*(parts_of(e, sympy.Inverse) for e in self._everything()))
        left = [x for x in sympy.ordered(atoms) if not is_definite(x.arg, self.definite)]
        if not left:
            return "all exist: what is inverted is positive definite"
        return f"taken to exist: {', '.join(map(str, left))}"

    def _without_roots(self) -> _Question:
        """Derivatives worked out, and roots as letters of their own."""
        lhs, rhs, *values = (with_derivatives(e, self.definitions) for e in self._everything())
        (lhs, rhs, *values), roots = with_roots([lhs, rhs, *values], self.definite)
        for letter in roots:
            if kind_of(letter) in map(kind_of, self.definitions):
                raise UnsupportedError(f"the root of {letter}, which has a definition")
        definitions = {**dict(zip(self.definitions, values, strict=True)), **roots}
        matrices = [value.args[0] for value in roots.values() if value.is_Matrix]
        symmetric = (*(s for s in self.symmetric if s not in roots), *matrices)
        return evolve(self, lhs=lhs, rhs=rhs, definitions=definitions, symmetric=symmetric)

    def _answer(self) -> Proof:
        statement, found, beyond = None, None, ""
        try:
            self = evolve(self, plain=lowered(self.lhs, self.rhs, self.definitions))
            statement = self._typed()
        except ShapeError as error:
            return self._ill_typed(str(error))
        except (UnsupportedError, ZeroDivisionError) as error:
            beyond = _reason(error)
        if "does not commute" in beyond:
            return self._proof("undecided", reason=beyond)
        if self.plain:
            lhs, rhs, definitions = self.plain
            try:
                found = realize(lhs, rhs, definitions, self.symmetric, self.limits, statement)
                beyond = ""
            except (ShapeError, UnsupportedError, RecursionError, ZeroDivisionError) as error:
                beyond = _reason(error)
        if found is None and self.lhs == self.rhs:
            return self._same_expression()
        return self._decided(found, beyond)

    def _proof(self, verdict: str, **more) -> Proof:
        return Proof(left=self.lhs, right=self.rhs, verdict=verdict, **more)

    def _same_expression(self) -> Proof:
        """Of two sides that are one; what they mean must exist."""
        evidence = (("identity", "both sides are the same expression"),)
        if self.lhs.has(sympy.Inverse, sympy.MatPow, sympy.Pow, sympy.log) or self.definitions:
            try:
                equal, where = self._over_prime_field(1)
            except UnsupportedError:
                equal, where = True, ""
            except ShapeError as error:
                return self._proof("ill-typed", reason=str(error), evidence=evidence)
            if not equal:
                reason = f"no value confirms that the inverses exist:  {where}"
                return self._proof("undecided", reason=reason, evidence=evidence)
        return self._proof("proved", sizes="every size", evidence=evidence)

    def _typed(self) -> Statement:
        """The statement; an error where sizes do not fit, in the definitions too."""
        lhs, rhs, definitions = self.plain
        statement = Statement([lhs, rhs], definitions, self.symmetric)
        try:
            for letter in definitions:
                statement.convert(letter)
        except RecursionError as error:
            raise UnsupportedError(_reason(error)) from None
        if lhs.is_Matrix != rhs.is_Matrix:
            raise ShapeError("a scalar is compared with a matrix")
        left: Any = statement.convert(lhs)
        right: Any = statement.convert(rhs)
        if lhs.is_Matrix:
            statement.add(left, right)
        return statement

    def _ill_typed(self, found: str) -> Proof:
        """Both engines must find the fault in the types."""
        other = ""
        try:
            self._over_prime_field(1)
        except ShapeError as error:
            other = str(error)
        except UnsupportedError:
            other = found
        if not other and not any(k.is_Matrix for k in self.definitions):
            return self._proof("undecided", reason=f"the engines disagree about types: {found}")
        evidence = (("types", found), *((("sizes all different", other),) if other else ()))
        return self._proof("ill-typed", reason=found, evidence=evidence)

    def _decided(self, found: Realization | None, beyond: str) -> Proof:
        dimension = found.dimension if found else 1
        self = evolve(self, split=found.split if found else {})
        try:
            equal, where = self._over_prime_field(dimension)
        except ShapeError as error:
            if beyond:
                evidence = (("types", str(error)),)
                return self._proof("ill-typed", reason=str(error), evidence=evidence)
            return self._proof("undecided", reason=f"the engines disagree about types: {error}")
        except UnsupportedError as error:
            equal, where = None, str(error)
        zero = found.zero if found else None
        evidence = (("realization", _described(found) if found else beyond),)
        normal, residual = None, None
        if not zero:
            normal, residual, detail = self._normal_form()
            evidence += (("normal form", detail),)
            beyond = beyond or ("" if normal is not None else detail)
        evidence += (("prime field", where),)
        differ = not (zero or normal) and (zero is False or normal is False)
        example, compared = None, 0
        if equal is None or differ or not (equal or zero or normal):
            example, compared = self._search(not (equal and differ))
            said = "different" if example else f"equal at {compared} points"
            evidence += (("exact values", said),)
        more: dict[str, Any] = {"evidence": evidence}
        if zero or normal:
            if equal is False or example or zero is False:
                other = "values differ" if zero is not False else "the sides differ by realizations"
                reason = f"the engines disagree: one finds zero, but {other}"
                return self._proof("undecided", reason=reason, **more)
            if equal is None and (where == NEVER_REGULAR or not compared):
                reason = f"the difference would be zero, but no value confirms it: {where}"
                return self._proof("undecided", reason=reason, **more)
            found = found if zero else None
            return self._proof("proved", sizes=_sizes(found), realization=found, **more)
        more["residual"] = residual
        if example is not None:
            if not equal or example.replay():
                return self._proof("refuted", counterexample=example, **more)
            beyond = "the engines disagree about a counterexample"
        reason = beyond or "realizations say that the sides differ"
        if equal:
            reason += "; the prime field finds both sides equal"
        elif equal is False:
            reason += ", but no small counterexample was found"
        elif found is not None or not beyond or where == NEVER_REGULAR:
            reason = where
        return self._proof("undecided", reason=reason, **more)

    def _normal_form(self) -> tuple[bool | None, Any, str]:
        """Whether the difference is zero in the free algebra, and what is left of it."""
        lhs, rhs, definitions = self.plain or (self.lhs, self.rhs, self.definitions)
        try:
            algebra = Algebra([lhs, rhs], definitions, self.symmetric)
            difference = algebra.poly(lhs) - algebra.poly(rhs)
            residual = algebra.to_sympy(difference) if difference else None
        except (ShapeError, UnsupportedError, RecursionError, ZeroDivisionError) as error:
            return None, None, _reason(error)
        return not difference, residual, "not zero" if difference else "zero"

    def _setting(self, agents: int, size_of: Callable[[int], int]) -> Setting:
        setting = Setting.of(
            [self.lhs, self.rhs],
            definitions=self.definitions,
            symmetric=self.symmetric,
            agents=agents,
            size_of=size_of,
        )
        # A size that was split is at least the sum of its parts.
        sizes = {str(size): number for size, number in setting.sizes.items()}
        room = {n: 1 + sum(sizes.get(part, 0) for part in parts) for n, parts in self.split.items()}
        larger = {s: max(number, room.get(str(s), 0)) for s, number in setting.sizes.items()}
        return evolve(setting, sizes=larger)

    def _everything(self) -> tuple:
        return self.lhs, self.rhs, *map(sympy.sympify, self.definitions.values())

    def _shapes_differ(self) -> str:
        """How the shapes of the sides differ, in the letters given."""
        shown = [
            "×".join(f"({d})" if d.is_Add or d.is_Mul else str(d) for d in e.shape)
            for e in (self.lhs, self.rhs)
            if e.is_Matrix
        ]
        differ = len({*shown}) == 2
        return f"the left side is {shown[0]} and the right side {shown[1]}" if differ else ""

    def _over_prime_field(self, dimension: int) -> tuple[bool | None, str]:
        """Whether both sides agree at random points; None where no point was regular."""
        arithmetic = PrimeField()
        rng = random.Random(20)
        compared, different, sizes = 0, False, set()
        kronecker = any(parts_of(e, sympy.KroneckerProduct) for e in self._everything())
        settings = [self._setting(*given) for given in _field_settings(dimension, kronecker)]
        for number, setting in enumerate(FIELD_POINTS * settings):
            # Each once, as each may show a fault in the types; the regular ones until it is enough.
            if number >= len(settings) and (different or compared >= FIELD_POINTS):
                break
            try:
                left, right = setting.evaluate(field_values(setting, rng), arithmetic)
            except ZeroDivisionError:
                continue
            mismatch = typed_mismatch(left, right, arithmetic)
            if mismatch:
                raise ShapeError(self._shapes_differ() or mismatch)
            different = different or not same_in_field(left, right)
            compared += 1
            sizes |= set(setting.sizes.values())
        if not compared:
            return None, NEVER_REGULAR
        if different:
            return False, "different at a random point modulo 2^61 − 1"
        span = f", sizes {min(sizes)} to {max(sizes)}" if sizes else ""
        return True, (
            f"equal at {compared} random points modulo 2^61 − 1{span}; sides that differ, with "
            "degree D at these sizes, agree at one point with probability below D·2^−59, or near "
            "2^−16 if they differ by logarithms"
        )

    def _search(self, modular: bool) -> tuple[Counterexample | None, int]:
        return search((self.lhs, self.rhs), self.definitions, self._setting, modular=modular)


def _reason(error: Exception) -> str:
    if isinstance(error, ZeroDivisionError):
        return "it divides by a scalar that is 0"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _described(found: Realization) -> str:
    if not found.zero:
        return "not zero"
    return f"zero; dimension at most {found.dimension}"


def _sizes(found: Realization | None) -> str:
    """For which sizes something is proved."""
    if found is None or not found.split:
        return "every size"
    bounds = (f"{n} ≥ {' + '.join(parts[:-1])}" for n, parts in found.split.items())
    return f"every {', '.join(bounds)} (where the inverses exist)"


def _field_settings(
    dimension: int, kronecker: bool
) -> tuple[tuple[int, Callable[[int], int]], ...]:
    """Agents and sizes: in both orders, all different, and of at least the dimension given.

    Three agents, then four, and other sizes, so that a coincidence of the one (N = 3, say) does
    not pass. Of Kronecker products the sizes multiply, so they are small.
    """
    if kronecker:
        return (3, lambda k: k + 2), (3, lambda k: max(2, 5 - k))
    start = max(2, min(dimension, MOST_SIZE))
    return (
        (3, lambda k: k + 2),
        (4, lambda k: 2 * k + 3),
        (3, lambda k: start + 9 - k if k < 9 else start + k),
        (3, lambda k: start + k),
    )
