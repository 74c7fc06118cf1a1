"""Walks SymPy matrix expressions over one arithmetic, such as float64, mpmath, rationals, balls.

The walk never simplifies: it adds, multiplies and solves exactly as the expression says, checks
every shape on the way, and shares common subexpressions. It chooses only the order: how a product
is associated, where the cycle inside a trace starts, and that traces with a common factor are
added up before they are multiplied by it: Σ tr(ΣʲBʲ'PBʲ) takes one product with P.

SymPy compares equal expressions tree by tree, which would take longer than the arithmetic. So an
expression is read once, into nodes: equal expressions have the same node, compared by identity.
Evaluators with further letters stand inside one another, and a node is evaluated in the outermost
one that knows all its letters.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache, reduce
from itertools import pairwise
from typing import Any
from weakref import WeakValueDictionary

import sympy
from attrs import Factory, frozen
from sympy import MatAdd, MatMul, MatrixExpr, MatrixSymbol, Trace
from sympy.core.function import AppliedUndef

from ergs_verify.arithmetic.base import Arithmetic, Matrix, Scalar
from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal, Vec

#: Nodes kept for evaluators to come: the formulas of 5 agents have some 400, of 40 agents 7,300.
_KEPT = 2**14

Shape = tuple[int, int]


def evaluate(
    expr,
    values: Mapping,
    arithmetic: Arithmetic,
    definitions: Mapping | None = None,
    sizes: Mapping | None = None,
):
    """Value of an expression (sums over agents already written out by `instantiate`).

    Parameters
    ----------
    expr : SymPy scalar or matrix expression
    values : mapping from letters and scalar symbols to the arithmetic's matrices and scalars
    arithmetic : Arithmetic
    definitions : mapping from letters to expressions, optional
        Letters without a value that stand for an expression, evaluated once when first met.
    sizes : mapping from size symbols (m, p_i) to int, optional

    Raises
    ------
    ShapeError
        Where sizes do not fit, naming the subexpression.
    UnsupportedError
        Where a letter has neither value nor definition, or a node is not understood.

    Examples
    --------
    >>> import sympy
    >>> from fractions import Fraction
    >>> from ergs_verify.arithmetic import Rationals
    >>> from ergs_verify.evaluate import evaluate
    >>> P = sympy.MatrixSymbol("P", 2, 2)
    >>> Q = Rationals()
    >>> two = Q.matrix([[Fraction(1), Fraction(2)], [Fraction(0), Fraction(3)]], (2, 2))
    >>> evaluate(sympy.Trace(P.T * P), {P: two}, Q)
    14
    """
    return Evaluator(values, arithmetic, definitions, sizes)(expr)


@frozen(eq=False)
class _Node:
    """An expression that was read: `rule(evaluator, node)` is its value, `parts` what it needs."""

    expr: Any
    rule: Callable[[Evaluator, _Node], Any]
    parts: tuple = ()
    #: What it depends on, apart from what definitions need.
    letters: frozenset = Factory(lambda node: _letters_of(node.parts), takes_self=True)


class Evaluator:
    """One set of values; what is common to several expressions is evaluated once.

    Parameters
    ----------
    values, arithmetic, definitions, sizes
        As in `evaluate`.
    symmetric : letters, optional
        Their values are known to be symmetric, or balls that hold a symmetric matrix: of a chain
        and its transpose only one is multiplied.
    """

    def __init__(
        self,
        values: Mapping,
        arithmetic: Arithmetic,
        definitions: Mapping | None = None,
        sizes: Mapping | None = None,
        symmetric: Collection = (),
    ):
        self.arithmetic = arithmetic
        self._known = {_read(letter): value for letter, value in values.items()}
        self._definitions = {_read(k): _read(body) for k, body in (definitions or {}).items()}
        self._sizes = sizes or {}
        self._symmetric = frozenset(map(_read, symmetric))
        self._zero: frozenset = frozenset()
        self._outer: Evaluator | None = None
        self._inner_letters = frozenset()
        # Shared with every evaluator further in.
        self._orders: dict[_Node, _Node] = {}
        self._defined: dict[frozenset, frozenset] = {}

    def with_values(self, values: Mapping) -> Evaluator:
        """An evaluator of further letters besides, which shares what does not depend on them.

        The letters must be new: what was evaluated with an old value would stay.
        """
        new = {_read(letter): value for letter, value in values.items()}
        again = [str(letter.expr) for letter in new if letter in self._known]
        if again:
            raise ValueError(f"these letters have a value already: {', '.join(again)}")
        further = object.__new__(type(self))
        further.__dict__ |= self.__dict__
        further._outer, further._known = self, self._known | new
        further._inner_letters = self._with_defined(frozenset(letter.expr for letter in new))
        return further

    def without(self, letters: Collection) -> Evaluator:
        """An evaluator that puts 0 for these scalars in the expressions it is asked for.

        0 log 0 is 0 then. Definitions still need values of the letters.
        """
        further = object.__new__(type(self))
        further.__dict__ |= self.__dict__
        further._zero = self._zero | frozenset(letters)
        return further

    @property
    def assumed(self) -> tuple:
        """The sizes and the symmetric letters: what a walk goes by besides shapes."""
        return tuple(self._sizes.items()), frozenset(letter.expr for letter in self._symmetric)

    def __call__(self, expr):
        return self._value(_read(_put_to_zero(expr, self._zero) if self._zero else expr))

    def _value(self, node: _Node) -> Any:
        value = self._known.get(node)
        if value is None:
            outer = self._outer
            if outer is None or not node.letters.isdisjoint(self._inner_letters):
                value = node.rule(self, node)
            else:
                value = outer._value(node)
            self._known[node] = value
        return value

    def _with_defined(self, letters: frozenset) -> frozenset:
        """The letters, and those whose definitions need them."""
        if letters not in self._defined:
            reached, before = letters, frozenset()
            while reached != before:
                before = reached
                reached = before | {
                    letter.expr
                    for letter, body in self._definitions.items()
                    if not body.letters.isdisjoint(before)
                }
            self._defined[letters] = reached
        return self._defined[letters]

    # -- letters -----------------------------------------------------------------------------------

    def _letter(self, node: _Node) -> Any:
        if node in self._definitions:
            return self._value(self._definitions[node])
        if node.expr in self._sizes:
            return self.arithmetic.scalar(Fraction(self._sizes[node.expr]))
        return self._unknown(node.expr)

    def _unknown(self, expr: Any) -> Any:
        """The value of what neither is a letter that has one nor is understood: there is none."""
        if isinstance(expr, AgentSum | AgentTotal):
            raise UnsupportedError(f"the sum {expr} must be written out with `instantiate` first")
        if isinstance(expr, sympy.MatrixSymbol | sympy.Symbol | AppliedUndef):
            raise UnsupportedError(f"the letter {expr} has neither a value nor a definition")
        raise UnsupportedError(f"cannot evaluate {type(expr).__name__} in {expr}")

    # -- scalars -----------------------------------------------------------------------------------

    def _number(self, node: _Node) -> Scalar:
        return self.arithmetic.scalar(node.parts[0])

    def _sum(self, node: _Node) -> Scalar:
        return reduce(operator.add, map(self._value, node.parts))

    def _quotient(self, node: _Node) -> Scalar:
        factors, divisors = node.parts
        return reduce(operator.truediv, map(self._value, divisors), self._multiplied(factors))

    def _power(self, node: _Node) -> Scalar:
        base, exponent = node.parts
        power = _to_power(operator.mul, self._value(base), abs(exponent))
        return power if exponent > 0 else self.arithmetic.scalar(Fraction(1)) / power

    def _symbolic_power(self, node: _Node) -> Scalar:
        """Such as 2ⁿ, n a size."""
        exponent: Any = sympy.sympify(node.expr.exp.xreplace(dict(self._sizes)))
        if not exponent.is_Integer:
            raise UnsupportedError(f"the power {node.expr} has no value")
        one = self.arithmetic.scalar(Fraction(1))
        if not exponent:
            return one
        power = _to_power(operator.mul, self._value(node.parts[0]), abs(int(exponent)))
        return power if exponent > 0 else one / power

    def _multiplied(self, factors: Iterable[_Node]) -> Scalar:
        return reduce(operator.mul, map(self._value, factors))

    def _log(self, node: _Node) -> Scalar:
        return self.arithmetic.log(self._value(node.parts[0]))

    def _log_determinant(self, node: _Node) -> Scalar:
        return self.arithmetic.log_determinant(self._square(node.parts[0], node.expr.args[0]))

    def _determinant(self, node: _Node) -> Scalar:
        return self.arithmetic.determinant(self._square(node.parts[0], node.expr))

    def _trace(self, node: _Node) -> Scalar:
        (inside,) = node.parts
        if inside.rule is not Evaluator._product:
            return self.arithmetic.trace(self._square(inside, node.expr))
        return self.arithmetic.trace(self._multiplied_out(inside, node))

    # -- matrices ----------------------------------------------------------------------------------

    def _matrix_sum(self, node: _Node) -> Matrix:
        arithmetic = self.arithmetic
        total = self._value(node.parts[0])
        for part in node.parts[1:]:
            term = self._value(part)
            try:
                total = arithmetic.add(total, term)
            except (ShapeError, ValueError):
                left, right = arithmetic.shape(total), arithmetic.shape(term)
                raise ShapeError(
                    f"cannot add {_by(left)} and {_by(right)} in {node.expr}"
                ) from None
        return total

    def _product(self, node: _Node) -> Matrix:
        return self._multiplied_out(node, node)

    def _multiplied_out(self, product: _Node, asking: _Node) -> Matrix:
        """Scalars in front; then the chain of matrices, inverses as solves.

        The order serves every evaluator further in too. It is right for other shapes as well, and
        where those do not fit the arithmetic refuses.
        """
        scalars, _ = product.parts
        order = self._orders.get(asking)
        if order is None:
            order = self._orders[asking] = self._order(product, turned=asking is not product)
        X = self._value(order)
        return self.arithmetic.scale(self._multiplied(scalars), X) if scalars else X

    def _order(self, product: _Node, *, turned: bool) -> _Node:
        """The chain as products of two; `turned` to the smallest outer size: tr(XY) = tr(YX)."""
        _, factors = product.parts
        shapes = self._shapes(factors)
        for left, right in pairwise(shapes):
            if left[1] != right[0]:
                raise ShapeError(f"cannot multiply {_by(left)} and {_by(right)} in {product.expr}")
        if turned:
            outer = shapes[0][0], shapes[-1][1]
            if outer[0] != outer[1]:
                raise ShapeError(
                    f"a square matrix is needed, not {_by(outer)}, in a trace of {product.expr}"
                )
            first = min(range(len(factors)), key=lambda k: shapes[k][0])
            factors, shapes = factors[first:] + factors[:first], shapes[first:] + shapes[:first]
        return _associated(factors, shapes, self._symmetric)

    def _shapes(self, factors: tuple[_Node, ...]) -> tuple[Shape, ...]:
        """Their shapes; that of an inverse without the inverse, which may never be needed."""
        without = (f.parts[0] if f.rule is Evaluator._inverse else f for f in factors)
        return tuple(self.arithmetic.shape(self._value(factor)) for factor in without)

    def _two(self, node: _Node) -> Matrix:
        left, right = node.parts
        return self.arithmetic.multiply(self._value(left), self._value(right))

    def _solved(self, node: _Node) -> Matrix:
        inverse, right = node.parts
        X = self._square(inverse.parts[0], inverse.expr)
        return self.arithmetic.solve(X, self._value(right))

    def _inverse(self, node: _Node) -> Matrix:
        X = self._square(node.parts[0], node.expr)
        return self.arithmetic.solve(X, self.arithmetic.identity(self.arithmetic.shape(X)[0]))

    def _matrix_power(self, node: _Node) -> Matrix:
        factor, exponent = node.parts
        X = self._square(factor, node.expr)
        if exponent == 0:
            return self.arithmetic.identity(self.arithmetic.shape(X)[0])
        return _to_power(self.arithmetic.multiply, X, exponent)

    def _transpose(self, node: _Node) -> Matrix:
        return self.arithmetic.transpose(self._value(node.parts[0]))

    def _blocks(self, node: _Node) -> Matrix:
        """A block matrix; `parts` are its rows of blocks."""
        rows = [[self._value(block) for block in row] for row in node.parts]
        shapes = [[self.arithmetic.shape(X) for X in row] for row in rows]
        heights = [{rows for rows, _ in line} for line in shapes]
        widths = [{cols for _, cols in line} for line in zip(*shapes, strict=True)]
        if any(len(sides) > 1 for sides in (*heights, *widths)):
            raise ShapeError(f"the blocks do not fit in {node.expr}")
        return self.arithmetic.blocks(rows)

    def _kronecker(self, node: _Node) -> Matrix:
        return reduce(self._kronecker_of_two, map(self._value, node.parts))

    def _kronecker_of_two(self, X: Matrix, Y: Matrix) -> Matrix:
        arithmetic = self.arithmetic
        rows, cols = arithmetic.shape(X)

        def entry(r: int, c: int) -> Scalar:
            row = arithmetic.transpose(arithmetic.rows(X, r, r + 1))
            return arithmetic.trace(arithmetic.rows(row, c, c + 1))

        return arithmetic.blocks(
            [[arithmetic.scale(entry(r, c), Y) for c in range(cols)] for r in range(rows)]
        )

    def _vec(self, node: _Node) -> Matrix:
        arithmetic = self.arithmetic
        turned = arithmetic.transpose(self._value(node.parts[0]))
        columns = range(arithmetic.shape(turned)[0])
        return arithmetic.blocks(
            [[arithmetic.transpose(arithmetic.rows(turned, c, c + 1))] for c in columns]
        )

    def _identity(self, node: _Node) -> Matrix:
        return self.arithmetic.identity(self._size(node.expr.shape[0]))

    def _zeros(self, node: _Node) -> Matrix:
        return self.arithmetic.zeros(*map(self._size, node.expr.shape))

    def _square(self, node: _Node, expr: Any) -> Matrix:
        """The value, which has to be a square matrix."""
        X = self._value(node)
        rows, cols = self.arithmetic.shape(X)
        if rows != cols:
            raise ShapeError(f"a square matrix is needed, not {rows}×{cols}, in {expr}")
        return X

    def _size(self, size: Any) -> int:
        if size.is_Integer:
            return int(size)
        if size in self._sizes:
            return self._sizes[size]
        known = size.xreplace(dict(self._sizes))
        if known.is_Integer and known >= 0:
            return int(known)
        raise UnsupportedError(f"the size {size} has no value")


# -- reading ---------------------------------------------------------------------------------------


_nodes: WeakValueDictionary[Any, _Node] = WeakValueDictionary()
#: What was read, by identity. It is kept beside its node, so that its id stays its own.
_seen: dict[int, tuple[Any, _Node]] = {}


@lru_cache(maxsize=2**10)
def _put_to_zero(expr: Any, letters: frozenset) -> Any:
    return expr.xreplace(dict.fromkeys(letters, sympy.Integer(0)))


def _read(expr: Any) -> _Node:
    """The one node of an expression and all that equal it."""
    seen = _seen.get(id(expr))
    if seen is None:
        if len(_seen) >= _KEPT:
            _seen.clear()
        seen = _seen[id(expr)] = expr, _node_of(sympy.sympify(expr))
    return seen[1]


def _node_of(expr: Any) -> _Node:
    node = _nodes.get(expr)
    if node is None:
        node = _nodes[expr] = _new_node(expr)
    return node


def _new_node(expr: Any) -> _Node:
    def node(rule: Callable, *parts: Any) -> _Node:
        return _Node(expr, rule, parts)

    match expr:
        # Matrices first: to SymPy a MatAdd is an Add and a MatMul is a Mul.
        case sympy.MatAdd():
            return node(Evaluator._matrix_sum, *map(_read, expr.args))
        case sympy.MatMul():
            return node(Evaluator._product, *_scalars_and_matrices(expr.args))
        case sympy.Inverse():
            return node(Evaluator._inverse, _read(expr.arg))
        case sympy.MatPow() if expr.exp.is_Integer:
            exponent = int(sympy.Integer(expr.exp))
            factor = expr.base if exponent >= 0 else sympy.Inverse(expr.base)
            return node(Evaluator._matrix_power, _read(factor), abs(exponent))
        case sympy.Transpose():
            return node(Evaluator._transpose, _read(expr.arg))
        case sympy.Identity():
            return node(Evaluator._identity)
        case sympy.ZeroMatrix():
            return node(Evaluator._zeros)
        case sympy.BlockMatrix():
            grid: Any = expr.blocks
            rows = (grid[r, :] for r in range(expr.blockshape[0]))
            return node(Evaluator._blocks, *(tuple(map(_read, row)) for row in rows))
        case sympy.KroneckerProduct():
            return node(Evaluator._kronecker, *map(_read, expr.args))
        case Vec():
            return node(Evaluator._vec, _read(expr.arg))
        case sympy.Rational():
            return node(Evaluator._number, Fraction(int(expr.p), int(expr.q)))
        case sympy.Add():
            return node(Evaluator._sum, *map(_read, _with_factors_out(expr.args)))
        case sympy.Mul():
            return node(Evaluator._quotient, *_top_and_bottom(expr.args))
        case sympy.Pow() if expr.exp.is_Integer:
            return node(Evaluator._power, _read(expr.base), int(expr.exp))
        case sympy.Pow() if expr.exp.is_integer:
            return node(Evaluator._symbolic_power, _read(expr.base))
        case sympy.log() if isinstance(expr.args[0], sympy.Determinant):
            return node(Evaluator._log_determinant, _read(expr.args[0].arg))
        case sympy.log():
            return node(Evaluator._log, _read(expr.args[0]))
        case sympy.Determinant():
            return node(Evaluator._determinant, _read(expr.arg))
        case sympy.Trace():
            return node(Evaluator._trace, _read(expr.arg))
    within = expr.atoms(sympy.MatrixSymbol, sympy.Symbol, AppliedUndef)
    return _Node(expr, Evaluator._letter, letters=frozenset({expr, *within}))


def _with_factors_out(terms: Iterable[Any]) -> list[Any]:
    """Scalar terms, with tr(UXV) + … + tr(YXZ) as tr(X(VU + … + ZY)) for the most common letter."""
    kept, chains = [], []
    for term in terms:
        factors = term.arg.args if isinstance(term, Trace) and term.arg.is_MatMul else ()
        whole = len(factors) > 1 and all(isinstance(X, MatrixExpr) for X in factors)
        (chains if whole else kept).append(term)
    once = Counter(
        X
        for term in chains
        for X, count in Counter(term.arg.args).items()
        if count == 1 and isinstance(X, MatrixSymbol)
    )
    X, traces = max(once.items(), key=lambda one: one[1], default=(None, 0))
    if traces < 2:
        return [*kept, *chains]
    rest = []
    for term in chains:
        factors = term.arg.args
        if X not in factors or factors.count(X) > 1:
            kept.append(term)
            continue
        place = factors.index(X)
        rest.append(MatMul(*factors[place + 1 :], *factors[:place]))
    return [*kept, Trace(MatMul(X, MatAdd(*rest)))]


def _letters_of(parts: tuple) -> frozenset:
    """Those of the nodes among the parts, and in the tuples of nodes among them."""
    groups = [part if isinstance(part, tuple) else (part,) for part in parts]
    nodes = [one for group in groups for one in group if isinstance(one, _Node)]
    return frozenset().union(*(node.letters for node in nodes))


def _top_and_bottom(args: Iterable) -> tuple[tuple[_Node, ...], tuple[_Node, ...]]:
    """The factors of a product of scalars, and what it is divided by."""
    divides = [isinstance(arg, sympy.Pow) and arg.exp == -1 for arg in args]
    top = [_read(arg) for arg, below in zip(args, divides, strict=True) if not below]
    bottom = [_read(arg.base) for arg, below in zip(args, divides, strict=True) if below]
    return tuple(top or [_read(sympy.Integer(1))]), tuple(bottom)


def _scalars_and_matrices(args: Iterable) -> tuple[tuple[_Node, ...], tuple[_Node, ...]]:
    return (
        tuple(_read(arg) for arg in args if not arg.is_Matrix),
        tuple(_read(arg) for arg in args if arg.is_Matrix),
    )


@lru_cache(maxsize=_KEPT)
def _associated(
    factors: tuple[_Node, ...], shapes: tuple[Shape, ...], symmetric: frozenset[_Node]
) -> _Node:
    """A chain of matrices as products of two, so that the fewest multiplications are needed.

    Parts of chains are nodes too: those that chains share are evaluated once. With symmetric
    letters a chain of more rows than columns is the transpose of one that others may share, and of
    cuts that cost the same one is taken that parts agents: Bⁱ'Pⁱ serves all of Bⁱ'PⁱBʲ.
    """
    if len(factors) == 1:
        return factors[0]
    if symmetric and shapes[0][0] > shapes[-1][1]:
        wide = tuple(_mirrored(factor, symmetric) for factor in reversed(factors))
        sides = tuple((cols, rows) for rows, cols in reversed(shapes))
        return _Node(None, Evaluator._transpose, (_associated(wide, sides, symmetric),))
    cuts = _cheapest_cuts(shapes)
    cut = cuts[0]
    if symmetric:
        cut = min(cuts, key=lambda k: _agents(factors[:k]) + _agents(factors[k:]))
    left = _associated(factors[:cut], shapes[:cut], symmetric)
    right = _associated(factors[cut:], shapes[cut:], symmetric)
    solved = cut == 1 and left.rule is Evaluator._inverse
    return _Node(None, Evaluator._solved if solved else Evaluator._two, (left, right))


def _agents(factors: tuple[_Node, ...]) -> int:
    """How many agents' letters these have."""
    letters = frozenset().union(*(factor.letters for factor in factors))
    return len({letter.agent for letter in letters if isinstance(letter, AgentMatrix)})


def _mirrored(node: _Node, symmetric: frozenset[_Node]) -> _Node:
    """The node of the transpose."""
    if node in symmetric:
        return node
    if node.rule is Evaluator._transpose:
        return node.parts[0]
    if node.rule is Evaluator._inverse:
        return _read(sympy.Inverse(_mirrored(node.parts[0], symmetric).expr))
    return _read(node.expr.T)


def _by(shape: Shape) -> str:
    return f"{shape[0]}×{shape[1]}"


def _cheapest_cuts(shapes: tuple[Shape, ...]) -> list[int]:
    """Where to split a chain of matrices last (the textbook dynamic programme)."""
    sides = [rows for rows, _ in shapes] + [shapes[-1][1]]
    count = len(shapes)
    cost = {(k, k + 1): 0 for k in range(count)}

    def with_cut(start: int, cut: int, stop: int) -> int:
        return cost[start, cut] + cost[cut, stop] + sides[start] * sides[cut] * sides[stop]

    for length in range(2, count + 1):
        for start in range(count - length + 1):
            stop = start + length
            cost[start, stop] = min(with_cut(start, k, stop) for k in range(start + 1, stop))
    return [k for k in range(1, count) if with_cut(0, k, count) == cost[0, count]]


def _to_power(multiply, value, exponent: int):
    """value^exponent for a positive exponent, by squaring."""
    power = value
    for digit in f"{exponent:b}"[1:]:
        power = multiply(power, power)
        if digit == "1":
            power = multiply(power, value)
    return power
