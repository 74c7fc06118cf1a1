"""The deciding engine: is a matrix or scalar expression zero wherever it is defined?

E = c x with L x = b (`ergs_verify.proof.system`). Around a centre where L is regular (square
letters at a multiple of I, rectangular ones at 0) x is a power series in letters that do not
commute, and its coefficients span the smallest space that holds L(centre)⁻¹ b and is invariant
under every L(centre)⁻¹ L_X. E is zero for every size if c vanishes there, and only then (1×1
matrices, which commute, and sums over agents that cross, apart).

The space V is the certificate, whatever the centre: with U the span of b and all L_X V, and as many
columns of each size as V, L V = U M with M square, so that M is regular wherever L is; then
x = V M⁻¹ β where b = U β, and c x = 0 at any matrices for which L is regular.

Where the centre is singular (B'B with B n×k), a size is split, n = k + n', and B gets a square
block; V is then put together again, so that the certificate speaks of B.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

import sympy
from attrs import field, frozen

from ergs_verify.errors import InputError, UnsupportedError
from ergs_verify.proof.linear import (
    Basis,
    Operators,
    Singular,
    Vector,
    dot,
    images_of,
    put,
    reduced,
    solver,
)
from ergs_verify.proof.scalars import AGENTS, ANY, Scalars
from ergs_verify.proof.statement import Statement
from ergs_verify.proof.sums import Outside
from ergs_verify.proof.system import (
    OUTSIDE,
    BlockSize,
    Expressions,
    Factor,
    Measure,
    Path,
    System,
    Terms,
)

MOST_POWERS = 10_000


def _cap(_: Any, cap: Any, value: Any) -> None:
    whole, least = cap.name == "blocks", int(cap.name == "blocks")
    kind = int if whole else int | float
    if not isinstance(value, kind) or isinstance(value, bool) or not value >= least:
        wanted = "a whole number, at least 1" if whole else "a number that is not negative"
        raise InputError(f"{cap.name} must be {wanted}, not {value!r}", cap.name)


@frozen
class Limits:
    """How much may be spent on an identity. Beyond that it is undecided, and says so.

    Attributes
    ----------
    seconds : float
        For realizations. The other engines are limited by the number of terms they write out.
    blocks : int
        The largest system of equations, in blocks; memory grows with it.

    Examples
    --------
    >>> from sympy import MatrixSymbol, Symbol
    >>> from ergs_verify.proof import Limits, prove
    >>> n = Symbol("n", integer=True, positive=True)
    >>> A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
    >>> proof = prove((A + B) ** 24, (A + B) ** 23 * A, limits=Limits(blocks=10))
    >>> proof.evidence[0]
    ('realization', 'the system of equations has more than 10 blocks')
    """

    seconds: float = field(default=60.0, validator=_cap)
    blocks: int = field(default=3000, validator=_cap)


@frozen
class Space:
    """That one matrix expression is zero: `unknowns` is V, `images` U, as reduced columns."""

    unknowns: tuple[tuple[BlockSize, Vector], ...]
    images: tuple[tuple[BlockSize, Vector], ...]
    blocks: int


@frozen
class Realization:
    """What was found: zero or not, with the spaces that show it, and where the centre was.

    Attributes
    ----------
    zero : bool
    terms : list of the terms of an expression, by its number
    scalars : Scalars
    symmetric : frozenset of the names of symmetric letters
    sides : the two sides, as expressions or as lists of measures
    size : str
        How many columns a matrix has.
    spaces : tuple of Space
        One for each matrix that has to be zero.
    order : tuple of str
        The letters that were put to 0, each when a scalar's derivative by it was zero.
    centre, split : the centre; multiples of I where rows and columns share a part
    """

    zero: bool
    terms: Sequence[Terms]
    scalars: Scalars
    symmetric: frozenset[str]
    sides: tuple
    size: str
    spaces: tuple[Space, ...]
    order: tuple[str, ...]
    centre: Mapping[str, list[int]]
    split: Mapping[str, tuple[str, ...]]

    @property
    def letters(self) -> set[str]:
        """The letters that occur."""
        words = (word for terms in self.terms for _, word in terms)
        return {factor[1] for word in words for factor in word if factor[0] == "letter"}

    @property
    def dimension(self) -> int:
        """The largest dimension of a space that was needed."""
        return max((len(space.unknowns) for space in self.spaces), default=1)


def realize(
    lhs,
    rhs,
    definitions,
    symmetric,
    limits: Limits | None = None,
    statement: Statement | None = None,
) -> Realization:
    """Decide lhs = rhs; `statement` is theirs, where it was made before.

    Raises
    ------
    ShapeError
        Where sizes do not fit.
    UnsupportedError
        Where it is beyond this engine, or beyond the limits.
    """
    limits = limits or Limits()
    until = time.monotonic() + limits.seconds
    lhs, rhs = sympy.sympify(lhs), sympy.sympify(rhs)
    if statement is None or statement.beyond:
        statement = Statement([lhs, rhs], definitions, symmetric)
    whole = statement
    for attempt, split in _centres(whole, lhs, rhs):
        statement = Statement([lhs, rhs], definitions, symmetric, split) if split else whole
        compared: Any = lhs if lhs.is_Matrix or lhs == rhs else lhs - rhs
        determinants = not lhs.is_Matrix and compared.has(sympy.Determinant)
        determinants = determinants and not compared.has(sympy.log)
        read = statement.logarithm if determinants else statement.convert
        left: Any = read(lhs)
        right: Any = read(rhs)
        if statement.beyond:
            raise UnsupportedError(statement.beyond)
        given = split, attempt, limits.blocks, until
        try:
            found = _decided(statement, left, right, *given)
        except Singular:
            continue
        if found.zero:
            return found
        why, sums = _unseen(statement, left, right)
        if sums and not split:
            again = _with_sums_apart(statement, left, right, *given)
            if again is not None and (again.zero or (again.size and not why)):
                return again
        if why := why or sums:
            raise UnsupportedError(f"realizations see a difference, but {why}")
        return found
    raise UnsupportedError("no centre is known at which every inverse exists")


def _decided(
    statement: Statement,
    left: Any,
    right: Any,
    split,
    attempt: int,
    most: int,
    until: float,
    zero: frozenset[str] = frozenset(),
) -> Realization:
    """What is found at one centre, at which some letters are 0."""
    expressions = Expressions(statement)
    regular = _made_regular(statement, left, right) - zero
    engine = _Engine(expressions, split, attempt, regular, first=zero, most=most, until=until)
    if isinstance(left, int):
        size = statement.shapes[left][1]
        sides = expressions.of(left), expressions.of(right)
        terms = expressions.terms[:]
        found = engine.is_zero(expressions.difference(*sides), size)
    else:
        sides, size = expressions.measures(left, right), ""
        terms = expressions.terms[:]
        negative = [t._replace(coefficient=-t.coefficient) for t in sides[1]]
        found = engine.scalar_is_zero([*sides[0], *negative])
    return Realization(
        found,
        terms,
        expressions.scalars,
        statement.symmetric,
        sides,
        size,
        tuple(engine.spaces),
        tuple(engine.order),
        engine.centre,
        split,
    )


def _with_sums_apart(statement: Statement, left, right, *given) -> Realization | None:
    """What is found with the sums over agents rewritten, agents' letters being 0 or shifted."""
    own = {n[1]: n[3] == n[4] for n in statement.nodes if n[0] == "letter" and n[2] is not None}
    draw = random.Random(len(own))
    for shift in ({}, {name: draw.randint(1, 19) for name, square in own.items() if square}):
        outside = Outside(statement, shift, scalar=not isinstance(left, int))
        try:
            sides = outside.side(left), outside.side(right)
            statement.symmetric |= {
                new for old, new in outside.shifted.items() if old in statement.symmetric
            }
            zero = frozenset([*own, *outside.shifted.values()])
            return _decided(statement, *sides, *given, zero=zero)
        except Singular:
            continue
    return None


def _centres(statement: Statement, lhs, rhs) -> Iterator[tuple[int, dict[str, tuple[str, ...]]]]:
    """Attempts: letters at 0, at numbers, and with a size split so that more letters are square."""
    for side in (lhs, rhs):
        for part in sorted(side.atoms(sympy.MatrixSymbol), key=str):
            statement.convert(part)
    for attempt in range(3):
        yield attempt, {}
    letters = {node[3:] for node in statement.nodes if node[0] == "letter"}
    sizes = sorted({side for shape in letters for side in shape})
    free = [n for n in sizes if n.isidentifier()]
    together = [
        (n, k) for n in free for k in sizes if n != k and ((n, k) in letters or (k, n) in letters)
    ]
    for n, k in together:
        yield 3, {n: (k, f"{n}_")}
    for (n, k), (other, j) in itertools.combinations(together, 2):
        if n == other:
            yield 3, {n: (k, j, f"{n}_")}
        elif n not in (k, j) and other not in (k, j):
            yield 3, {n: (k, f"{n}_"), other: (j, f"{other}_")}


def _made_regular(statement: Statement, *sides: Any) -> set[str]:
    """The letters in what is inverted, or has a determinant; only these cannot all be 0."""
    terms = [term for side in sides if isinstance(side, list) for term in side]
    found = {term.of for term in terms if term.kind in ("log det", "det")}
    found |= {k for k, node in enumerate(statement.nodes) if node[0] == "inverse"}
    within = found.union(*map(statement.within, found))
    return {node[1] for node in map(statement.nodes.__getitem__, within) if node[0] == "letter"}


def _unseen(statement: Statement, *sides: Any) -> tuple[str, str]:
    """Why what does not vanish as a series may be zero nevertheless, if it may; by sums, apart."""
    nodes, why, sums = statement.nodes, "", ""
    terms = [term for side in sides if isinstance(side, list) for term in side]
    sizes = {side for shape in statement.shapes for side in shape}
    bound = {k for k, n in enumerate(nodes) if n[0] == "letter" and str(n[2]).startswith(ANY)}
    nested = any(
        nodes[inner][0] == "sum" and statement.mentions(inner, node[1])
        for k, node in enumerate(nodes)
        for inner in (statement.within(k) if node[0] == "sum" else ())
    )
    if any(side.isdigit() and side != "0" for side in sizes):
        why = "they treat a size that is a number, such as 1, as any size"
    elif nested or any(len(term.over) > 1 for term in terms):
        why = "they do not use that nested sums over agents can be interchanged"
    if any(bound & statement.within(k) for k, node in enumerate(nodes) if node[0] == "inverse"):
        sums = (
            "they do not use that what has no letter of the agent, in an inverse inside a sum over "
            "agents, is the same as outside"
        )
    return why, sums


class _Engine:
    """One centre."""

    def __init__(
        self,
        expressions: Expressions,
        split,
        attempt: int,
        regular: set[str],
        *,
        first: frozenset[str],
        most: int,
        until: float,
    ):
        self.first = first
        self.expressions, self.scalars = expressions, expressions.scalars
        self.split, self.most, self.until = split, most, until
        self.spaces: list[Space] = []
        self.order: list[str] = []
        self.centre: dict[str, list[int]] = {}
        self._random = random.Random(attempt)
        self._values: dict[tuple, Any] = {}
        for node in expressions.statement.nodes:
            if node[0] == "letter":
                shared = self._shared(node[3], node[4])
                start = self.centre.setdefault(node[1], [])
                more = range(len(start), len(shared))
                zero = not attempt or node[1] not in regular
                start += [0 if zero else self._random.randint(1, 19) for _ in more]

    def parts(self, size: str) -> tuple[str, ...]:
        return self.split.get(size, (size,))

    def _shared(self, rows: str, cols: str) -> list[str]:
        return [part for part in self.parts(rows) if part in self.parts(cols)]

    # -- matrices -------------------------------------------------------------------------

    def is_zero(self, number: int, size: str) -> bool:
        """Whether an expression is zero; where it is, the space is kept."""
        system, (form,) = self._system(size, number)
        columns = self._reached(system, form)
        if columns is None:
            return False
        self.spaces.append(self._space(system, form, columns))
        return True

    def _within_time(self) -> None:
        if time.monotonic() > self.until:
            raise UnsupportedError("it takes longer than the time allowed")

    def _system(self, size: str, *numbers: int) -> tuple[System, list[dict]]:
        """That of expressions, and these; every inverse exists at the centre."""
        system = System(self.expressions, size, self.most)
        forms = [system.form(number, 0) for number in numbers]
        for inverted, own, turned, path in system.inverses:
            if not all(self._value(inverted, part, turned, path) for part in self.parts(own)):
                raise Singular
        return system, forms

    def _reached(self, system: System, form) -> list[tuple[BlockSize, Vector]] | None:
        """V: the span of the coefficients of x; None where c does not vanish on it."""
        solve, operators = self._operators(system)
        one = self.scalars.one
        rows = [
            {(k, part): value for k, value in form.items()}
            for part in range(max((len(self.parts(system.sizes[k][1])) for k in form), default=0))
        ]
        basis = Basis(self._within_time)
        queue = [solve({(0, part): one}) for part in range(len(self.parts(system.sizes[0][1])))]
        while queue:
            self._within_time()
            v = basis.left_of(queue.pop())
            if not v:
                continue
            if any(dot(row, v) for row in rows):
                return None
            basis.add(v)
            queue += map(solve, images_of(v, operators, self._within_time))
        # A letter that was cut into blocks is put together again.
        unknowns: dict[BlockSize, list[Vector]] = {}
        for v in basis.rows.values():
            cut: dict[tuple, Vector] = {}
            for (k, part), value in v.items():
                cut.setdefault((system.sizes[k], part), {})[k] = value
            for (size, _), column in cut.items():
                unknowns.setdefault(size, []).append(column)
        return [(size, v) for size, found in unknowns.items() for v in self._basis(found)]

    def _basis(self, vectors: list[Vector]) -> list[Vector]:
        return reduced(vectors, self._within_time)

    def _operators(self, system: System):
        """v ↦ L(centre)⁻¹ v, and the L_X, a letter cut into its blocks."""
        operators: Operators = {}
        centre: list[Vector] = []
        for r, equation in enumerate(system.equations):
            ways = self.parts(system.sizes[r][1])
            rows: list[Vector] = [{} for _ in ways]
            for (key, k), value in equation.items():
                cuts = self.parts(system.sizes[k][1])
                if key is None:
                    for part in range(len(ways)):
                        put(rows[part], (k, part), value)
                    continue
                at = self._centre_of(key)
                for i, j in itertools.product(range(len(ways)), range(len(cuts))):
                    operator = operators.setdefault((k, j), {}).setdefault((key, i, j), {})
                    put(operator, (r, i), value)
                    if at and (number := at[i][j]):
                        put(rows[i], (k, j), value * number)
            centre += rows
        places = [
            (r, part)
            for r, size in enumerate(system.sizes)
            for part in range(len(self.parts(size[1])))
        ]
        equations = dict(zip(places, centre, strict=True))
        return solver(equations, self.scalars.one, self._within_time), operators

    def _centre_of(self, key: Factor | str) -> list[list[int]] | None:
        if isinstance(key, str):
            return None
        rows, cols = (self.parts(size) for size in key[3:])
        at = dict(zip(self._shared(*key[3:]), self.centre[key[1]], strict=False))
        return [[at[u] if u == v else 0 for v in cols] for u in rows]

    def _space(self, system: System, form, V: list[tuple[BlockSize, Vector]]) -> Space:
        """V with its U, if they show that the expression is zero."""
        if any(dot(form, v) for _, v in V):
            raise UnsupportedError("the space found does not show that the difference is zero")
        images: dict[BlockSize, list[Vector]] = {}
        images.setdefault(system.sizes[0], []).append({0: self.scalars.one})
        operators: Operators = {}
        for r, equation in enumerate(system.equations):
            for (key, k), value in equation.items():
                operators.setdefault(k, {}).setdefault(key, {})[r] = value
        for _, v in V:
            for image in images_of(v, operators, self._within_time):
                images.setdefault(system.sizes[next(iter(image))], []).append(image)
        U = [(size, u) for size, found in images.items() for u in self._basis(found)]
        if sorted(size for size, _ in V) != sorted(size for size, _ in U):
            raise UnsupportedError("the space found has no certificate")
        return Space(tuple(V), tuple(U), len(system.sizes))

    # -- scalars --------------------------------------------------------------------------

    def scalar_is_zero(self, terms: list[Measure]) -> bool:
        """Whether a scalar is zero: its value at the centre is, and every gradient.

        A letter on which it does not depend is put to 0 before the next: that leaves few terms.
        """
        if not self._vanishes(terms):
            return False
        while name := self._to_put_to_zero([term.of for term in terms]):
            if not self._is_constant(terms, name):
                return False
            self.order.append(name)
            self.expressions.zero |= {name}
        return self._is_constant(terms)

    def _is_constant(self, terms: list[Measure], *by: str) -> bool:
        gradients = self.expressions.gradients(terms, *by)
        return all(self.is_zero(*gradient) for gradient in gradients)

    def _to_put_to_zero(self, numbers: list[int]) -> str:
        """The letter, 0 at the centre, without which the least is left; empty for none.

        In sums over agents, what is left of others is only in agents' letters, which are `first`.
        """
        zero = self.expressions.zero
        found = self.expressions.occurring(numbers, zero) or {}
        left = {
            name: self.expressions.occurring(numbers, zero | {name})
            for name in sorted(found)
            if not any(self.centre[name])
        }
        sizes = {name: rest.total() for name, rest in left.items() if rest is not None}
        return min(sizes, key=lambda name: (name not in self.first, sizes[name]), default="")

    def _vanishes(self, terms: list[Measure]) -> bool:
        """Whether the value at the centre is zero."""
        K = self.scalars
        # Σ c log f is zero where the product of f^c is 1, for each monomial of sizes apart.
        logarithms: dict[tuple, list[tuple[Fraction, Any]]] = {}
        total = K.number(0)
        for size in {term.size for term in terms}:
            self._system(size, *(term.of for term in terms if term.size == size))
        for term in terms:
            for part in self.parts(term.size):
                factor = term.coefficient * K.size(part, term.over)
                value = self._value(term.of, part)
                if term.kind == "trace":
                    total = total + factor * value
                    continue
                if not value:
                    raise Singular
                for c, *names in K.terms(factor):
                    logarithms.setdefault(tuple(names), []).append((Fraction(c), value))
        return not total and all(map(self._is_one, logarithms.values()))

    def _is_one(self, powers: list[tuple[Fraction, Any]]) -> bool:
        K, product = self.scalars, self.scalars.one
        common = lcm(*(c.denominator for c, _ in powers))
        if sum(abs(c * common) for c, _ in powers) > MOST_POWERS:
            raise UnsupportedError(f"logarithms are multiplied by more than {MOST_POWERS}")
        for c, value in powers:
            product = product * K.power(value, int(c * common))
        if product == -K.one:
            raise UnsupportedError("the sides have opposite signs where a size is odd")
        return product == K.one

    def _value(self, number: int, part: str, turned: bool = False, path: Path = OUTSIDE) -> Any:
        """What an expression is times I at the centre, on one part of its size."""
        key = number, part, turned, path
        if key in self._values:
            return self._values[key]
        total = self.scalars.number(0)
        for value, word in self.expressions.terms[number]:
            for factor in word if turned else reversed(word):
                value = value * self._factor(factor, part, turned, path)
                if not value:
                    break
            total = total + value
        self._values[key] = total
        return total

    def _factor(self, factor: Factor, part: str, turned: bool, path: Path) -> Any:
        K = self.scalars
        kind, *_, inside = factor
        if kind == "letter":
            *_, rows, cols = self.expressions.placed(factor, turned, path)
            shared = self._shared(rows, cols)
            return K.number(self.centre[factor[1]][shared.index(part)] if part in shared else 0)
        value = self._value(inside, part, turned != (kind == "transpose"), path)
        if kind == "inverse":
            if not value:
                raise Singular
            return K.one / value
        return value * K.generator(AGENTS) if kind == "sum" else value
