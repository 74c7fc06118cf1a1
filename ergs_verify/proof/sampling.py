"""Concrete values for the letters of a formula: sizes, agents, random or small matrices."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from itertools import product

import sympy
from attrs import frozen
from sympy.core.function import AppliedUndef

from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.expressions import AgentSum, AgentTotal, instantiate, owners_of, parts_of
from ergs_verify.proof.field import PrimeField


@frozen
class Setting:
    """A formula written out for a number of agents: what has to be given values."""

    expressions: tuple
    definitions: Mapping
    letters: tuple[sympy.MatrixSymbol, ...]
    scalars: tuple
    sizes: Mapping
    symmetric: frozenset[tuple[str, bool]]

    @classmethod
    def of(
        cls,
        expressions: Sequence,
        *,
        definitions: Mapping | None = None,
        symmetric: Iterable = (),
        agents: int = 3,
        size_of: Callable[[int], int],
    ) -> Setting:
        """Write formulas out; the k-th dimension that occurs gets `size_of(k)`.

        There are as many agents as the formulas number, if that is more than `agents`; a free
        index stands for an agent that they do not number, if there is one.

        Raises
        ------
        UnsupportedError
            Where a definition comes back to itself.
        ShapeError
            Where a symmetric letter is not square.
        """
        definitions = definitions or {}
        everything = [*expressions, *definitions, *definitions.values()]
        numbered = set().union(*map(_numbered_agents, everything))
        agents = max(agents, *numbered, 0)
        others = [k for k in range(1, agents + 1) if k not in numbered] or [1]
        free = free_agent_indices([*expressions, *definitions.values()])
        indices = {index: others[(k + 1) % len(others)] for k, index in enumerate(free)}
        written = tuple(_written_out(e, agents, tuple(indices.items())) for e in expressions)
        abbreviations: dict = {}
        for letter, value in definitions.items():
            own = [owner for owner in owners_of(letter) if owner.is_Symbol]
            # A definition's own indices run over all agents.
            for chosen in product(range(1, agents + 1), repeat=len(own)):
                names = {**indices, **dict(zip(own, chosen, strict=True))}
                named = instantiate(letter, agents, names)
                abbreviations[named] = _written_out(value, agents, tuple(names.items()))
        _refuse_circles(abbreviations)
        atoms = map(_atoms, (*written, *abbreviations.values()))
        letters, scalars, dimensions = (set().union(*kind) for kind in zip(*atoms, strict=True))
        letters -= set(abbreviations)
        names = sorted(dimensions, key=str)
        sizes = {d: size_of(k) for k, d in enumerate(names)}
        sides = {side for letter in letters for side in letter.shape}
        if any(side.xreplace(sizes) < 0 for side in sides):
            # Such as n − m, with m > n: the other order may do.
            sizes = {d: size_of(k) for k, d in enumerate(reversed(names))}
        setting = cls(
            expressions=written,
            definitions=abbreviations,
            letters=tuple(sorted(letters, key=str)),
            scalars=tuple(sorted(scalars - dimensions - set(abbreviations), key=str)),
            sizes=sizes,
            symmetric=frozenset((s.name, bool(owners_of(s))) for s in symmetric),
        )
        for letter in setting.letters:
            rows, cols = setting.shape(letter)
            if rows != cols and setting.is_symmetric(letter):
                raise ShapeError(f"{letter} is {rows}×{cols} and cannot be symmetric")
        return setting

    def shape(self, letter) -> tuple[int, int]:
        rows, cols = (int(side.xreplace(dict(self.sizes))) for side in letter.shape)
        if rows < 0 or cols < 0:
            sides = "×".join(str(side) for side in letter.shape)
            raise UnsupportedError(
                f"the size of {letter}, {sides}, is not positive for every size; "
                "write it as a sum, such as n = m + k"
            )
        return rows, cols

    def is_symmetric(self, letter) -> bool:
        """Whether a letter equals its transpose."""
        return (letter.name, bool(owners_of(letter))) in self.symmetric

    def evaluate(self, values: Mapping, arithmetic) -> list:
        """The value of each expression, in order."""
        evaluator = Evaluator(values, arithmetic, self.definitions, self.sizes)
        return [evaluator(e) for e in self.expressions]

    def value_of(self, expression, values: Mapping, arithmetic):
        """The value of one more expression, without sums over agents."""
        return Evaluator(values, arithmetic, self.definitions, self.sizes)(expression)


def free_agent_indices(expressions: Iterable) -> list[sympy.Symbol]:
    """Agent indices that no sum binds, by name."""
    return sorted(set().union(*map(_free_agents, expressions)), key=str)


# Definitions come back in one proof after the other, and an expression in several settings.
_once = lru_cache(maxsize=4096)


@_once
def _free_agents(node) -> frozenset[sympy.Symbol]:
    found = {e for e in owners_of(node) if e.is_Symbol}
    if isinstance(node, AgentSum | AgentTotal):
        found.update(e for e in node.excluded if e.is_Symbol)
        return frozenset(found | _free_agents(node.body) - {node.index})
    return frozenset(found.union(*map(_free_agents, node.args)))


@_once
def _numbered_agents(expression) -> frozenset[int]:
    """Agents that a formula names by number."""
    found: set[int] = set()
    for node in parts_of(expression, sympy.Basic):
        left_out = node.excluded if isinstance(node, AgentSum | AgentTotal) else ()
        found.update(int(a) for a in (*owners_of(node), *left_out) if a.is_Integer)
    return frozenset(found)


@_once
def _written_out(expression, agents: int, indices: tuple):
    """`instantiate`, with floats as the dyadic rationals they are."""
    exact = expression.xreplace({x: sympy.Rational(x) for x in parts_of(expression, sympy.Float)})
    return instantiate(exact, agents, dict(indices))


def _refuse_circles(definitions: Mapping) -> None:
    needs = {k: set().union(*_atoms(v)) & set(definitions) for k, v in definitions.items()}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        raise UnsupportedError(
            f"the definition of {error.args[1][0]} refers back to itself"
        ) from None


def field_values(setting: Setting, rng: random.Random) -> dict:
    """Random values modulo the prime of `PrimeField`; π and e are as good as indeterminate."""
    field = PrimeField()
    for constant in setting.scalars:
        if constant.is_NumberSymbol and constant not in (sympy.pi, sympy.E):
            raise UnsupportedError(f"the number {constant} has no counterpart in a prime field")
    values: dict = {s: field.random_scalar(rng) for s in setting.scalars}
    for letter in setting.letters:
        rows, cols = setting.shape(letter)
        X = field.random_matrix(rows, cols, rng)
        values[letter] = X + X.transpose() if setting.is_symmetric(letter) else X
    return values


def small_values(setting: Setting, rng: random.Random) -> dict:
    """Small integers; symmetric letters positive definite, scalars positive, π itself."""
    values: dict = {
        s: s if s.is_NumberSymbol else sympy.Integer(rng.choice([1, 2, 3, 4]))
        for s in setting.scalars
    }
    for letter in setting.letters:
        rows, cols = setting.shape(letter)
        entries = [[rng.choice([-1, 0, 1, 1, 2]) for _ in range(cols)] for _ in range(rows)]
        X = sympy.ImmutableDenseMatrix(rows, cols, lambda r, c, e=entries: e[r][c])
        if setting.is_symmetric(letter):
            X = X * X.T + sympy.eye(rows) * rng.choice([1, 1, 2])
        values[letter] = X.as_immutable()
    return values


class SymPyNumbers:
    """Exact arithmetic on SymPy's own numbers and matrices, logarithms included."""

    name = "SymPy"

    def scalar(self, value: Fraction):
        return sympy.Rational(value.numerator, value.denominator)

    def log(self, x):
        if not x > 0:
            raise ZeroDivisionError("the logarithm of a number that is not positive")
        return sympy.log(x)

    def matrix(self, rows, shape):
        return sympy.ImmutableDenseMatrix(
            *shape, [self.scalar(Fraction(e)) for r in rows for e in r]
        )

    def zeros(self, rows: int, cols: int):
        return sympy.zeros(rows, cols).as_immutable()

    def identity(self, size: int):
        return sympy.eye(size).as_immutable()

    def shape(self, X) -> tuple[int, int]:
        return X.shape

    def add(self, X, Y):
        return X + Y

    def multiply(self, X, Y):
        return X * Y

    def scale(self, s, X):
        if s.has(sympy.zoo, sympy.nan):  # 1/0, which times 0 would be 0 in a matrix
            raise ZeroDivisionError("a number divided by 0")
        return X * s

    def transpose(self, X):
        return X.T

    def solve(self, X, Y):
        if X.det() == 0:
            raise ZeroDivisionError("singular")
        return X.LUsolve(Y)

    def trace(self, X):
        return X.trace()

    def determinant(self, X):
        return X.det()

    def log_determinant(self, X):
        return self.log(X.det())

    def blocks(self, rows):
        return sympy.ImmutableDenseMatrix(sympy.BlockMatrix(rows).as_explicit())

    def rows(self, X, start: int, stop: int):
        return X[start:stop, :]


@_once
def _atoms(expression) -> tuple[frozenset, frozenset, frozenset]:
    """Matrix letters, scalar letters and dimensions of a written-out formula."""
    sized = parts_of(expression, sympy.MatrixSymbol, sympy.Identity, sympy.ZeroMatrix)
    sides = [parts_of(side, sympy.Symbol, AppliedUndef) for X in sized for side in X.shape]
    scalars = parts_of(expression, sympy.Symbol, AppliedUndef, sympy.NumberSymbol)
    inner = {a for f in scalars if isinstance(f, AppliedUndef) for a in f.free_symbols}
    dimensions = set().union(*sides, (a for a in scalars if a.is_integer)) - inner
    letters = parts_of(expression, sympy.MatrixSymbol)
    return frozenset(letters), frozenset(scalars - dimensions - inner), frozenset(dimensions)


def typed_mismatch(left, right, arithmetic) -> str | None:
    """Why two values cannot be compared, if so."""
    shapes = []
    for value in (left, right):
        try:
            shapes.append(arithmetic.shape(value))
        except (AttributeError, TypeError):
            shapes.append(None)
    if shapes[0] == shapes[1]:
        return None
    text = ["a scalar" if s is None else f"{s[0]}×{s[1]}" for s in shapes]
    return f"the left side is {text[0]} and the right side {text[1]}"
