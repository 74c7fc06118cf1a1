"""An identity in a small typed language, its definitions put in, ready to be written as JSON.

Matrices are nodes, tuples whose arguments may be the numbers of earlier nodes:

    ("letter", name, agent or None, rows, columns), ("identity", n), ("zero", rows, columns)
    ("add", a, b, …), ("multiply", a, b, …), ("scale", number of a scalar, a)
    ("transpose", a), ("inverse", a), ("sum", index, a)

Of a scalar that is no product of 1×1 matrices, such as tr A · tr B, the factors are 1×1 matrices
of their own, which realizations do not know:

    ("trace", a), ("log det", a), ("det", a), ("log", number of a scalar), ("times", 1×1, a)

A sum runs over all agents. Sizes are text such as ``2*n + m`` or ``p(i)``. Scalars are rational
functions of scalar letters, sizes and the number of agents; a side that is a scalar is a list of
terms: a coefficient times 1, the log of a scalar, or the trace, log det or det of a node, summed
over agents.
A scalar made of 1×1 products that multiplies a matrix is put, as a matrix, where the product is 1
wide: (v'Au)·uw' is u(v'Au)w'.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.proof.scalars import AGENTS, Scalars

MOST_NODES = 20_000
Node = tuple
Shape = tuple[str, str]


class Term(NamedTuple):
    """coefficient · kind(of), summed over some agents.

    `kind` is ``one``, ``log`` (of a scalar), ``trace``, ``log det`` or ``det`` (of a node).
    """

    coefficient: Any
    kind: str
    of: Any = None
    over: tuple[str, ...] = ()


class Nodes:
    """The nodes of an identity, each with its type, and what is made of them.

    Attributes
    ----------
    nodes : list of tuple
    shapes : list of (rows, columns)
    factors : the scalars that nodes are multiplied by
    """

    def __init__(self, scalars: Scalars):
        self.scalars = scalars
        self.nodes: list[Node] = []
        self.shapes: list[Shape] = []
        self.factors: list[Any] = []
        self._numbers: dict[Node, int] = {}
        self._factor_numbers: dict[str, int] = {}
        self._mentions: dict[tuple[int, str], bool] = {}

    def node(self, operation: str, *args, shape: Shape) -> int:
        """The number of a node, an old one where there is one."""
        key = ("zero", *shape) if "0" in shape else (operation, *args)
        if key not in self._numbers:
            if len(self.nodes) >= MOST_NODES:
                raise UnsupportedError(f"written out, it has more than {MOST_NODES} parts")
            self._numbers[key] = len(self.nodes)
            self.nodes.append(key)
            self.shapes.append(shape)
        return self._numbers[key]

    def add(self, *terms: int) -> int:
        """The sum of matrices of one type."""
        for term in terms:
            if self.shapes[term] != self.shapes[terms[0]]:
                left, right = self.shapes[terms[0]], self.shapes[term]
                raise ShapeError(f"cannot add {typed(left)} and {typed(right)}")
        if len(terms) == 1:
            return terms[0]
        return self.node("add", *terms, shape=self.shapes[terms[0]])

    def multiply(self, *factors: int) -> int:
        """The product of matrices."""
        chain = [self.shapes[f] for f in factors]
        for left, right in pairwise(chain):
            if left[1] != right[0]:
                raise ShapeError(f"cannot multiply {typed(left)} and {typed(right)}")
        if len(factors) == 1:
            return factors[0]
        return self.node("multiply", *factors, shape=(chain[0][0], chain[-1][1]))

    def scale(self, factor, number: int) -> int:
        """A scalar times a matrix."""
        if factor == self.scalars.one:
            return number
        return self.node("scale", self.factor(factor), number, shape=self.shapes[number])

    def factor(self, factor) -> int:
        """The number of a scalar."""
        text = str(self.scalars.as_json(factor))
        if text not in self._factor_numbers:
            self._factor_numbers[text] = len(self.factors)
            self.factors.append(factor)
        return self._factor_numbers[text]

    def minus(self, number: int) -> int:
        """−1 times a matrix."""
        return self.scale(self.scalars.number(-1), number)

    def transpose(self, number: int) -> int:
        """The transpose of a matrix."""
        rows, cols = self.shapes[number]
        return self.node("transpose", number, shape=(cols, rows))

    def sum_over(self, index: str, number: int) -> int:
        """The sum over all agents."""
        if not self.mentions(number, index):
            return self.scale(self.scalars.generator(AGENTS), number)
        return self.node("sum", index, number, shape=self.shapes[number])

    def mentions(self, number: int, index: str) -> bool:
        """Whether a node depends on the agent that an index stands for."""
        key = number, index
        if key not in self._mentions:
            node = self.nodes[number]
            self._mentions[key] = node[:2] != ("sum", index) and (
                (node[0] == "letter" and node[2] == index)
                or any(isinstance(a, str) and f"({index})" in a for a in node[1:])
                or any(self.mentions(a, index) for a in self.children(number))
            )
        return self._mentions[key]

    def children(self, number: int) -> tuple[int, ...]:
        """The nodes that a node is made of."""
        node = self.nodes[number]
        parts = node[2:] if node[0] in ("sum", "scale", "log") else node[1:]
        return tuple(a for a in parts if isinstance(a, int))

    def within(self, number: int) -> set[int]:
        """Every node below a node."""
        found: set[int] = set()
        todo = list(self.children(number))
        while todo:
            a = todo.pop()
            if a not in found:
                found.add(a)
                todo += self.children(a)
        return found

    def inverse(self, number: int) -> int:
        """The inverse of a square matrix."""
        return self.node("inverse", number, shape=self.shapes[number])

    def identity(self, size: str) -> int:
        """The identity of a size."""
        return self.node("identity", size, shape=(size, size))


def typed(shape) -> str:
    return "a scalar" if shape is None else f"{shape[0]}×{shape[1]}"
