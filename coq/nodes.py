"""The expressions of a certificate as nodes of one operation each."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.nodes import Nodes
from ergs_verify.proof.scalars import Scalars, size_terms


class Measured(NamedTuple):
    """factor · kind(node), summed over agents; a node of this size."""

    factor: Any
    kind: str
    over: tuple[str, ...]
    node: int
    size: str


class Certificate(Nodes):
    """The expressions of a certificate as nodes of one operation each."""

    def __init__(self, given: Mapping[str, Any]):
        written = [c for terms in given["expressions"] for c, *_ in terms if not isinstance(c, str)]
        sizes = {n for size in sizes_of(given) for _, names in size_terms(size) for n in names}
        super().__init__(Scalars(sizes.union(*(ns for terms in written for _, *ns in terms))))
        self.field, self.given = self.scalars, given
        self.known: dict[tuple[int, str], int] = {}

    def side(self, side: str) -> Any:
        """The node of a side; of a scalar, a list of `Measured`."""
        if self.given["size"]:
            return self._expression(self.given[side], self.given["size"])
        return [
            Measured(self._number(c), kind, tuple(over), self._expression(e, size), size)
            for c, (kind, *over, size, e) in self.given["expressions"][self.given[side]]
        ]

    def _expression(self, number: int, cols: str) -> int:
        if (number, cols) not in self.known:
            terms = [self._summand(*term, cols=cols) for term in self.given["expressions"][number]]
            zero = [] if terms else [self.node("zero", cols, cols, shape=(cols, cols))]
            self.known[number, cols] = self.add(*terms, *zero)
        return self.known[number, cols]

    def _summand(self, written: Any, *word: list, cols: str) -> int:
        factor, parts, rows = self._number(written), [], cols
        for kind, *args in reversed(word):
            if kind == "letter":
                part = self.node(kind, *args, shape=(args[2], args[3]))
            elif kind == "inverse" and (over := self._multiple(args[0])) is not None:
                factor = factor / over
                continue
            elif kind == "transpose":
                part = self._turned(args[0])
            else:
                part = self._expression(args[-1], rows)
                if kind != "group":
                    part = self.node(kind, *args[:-1], part, shape=self.shapes[part])
            parts.append(part)
            rows = self.shapes[part][0]
        return self.scale(factor, self.multiply(*parts[::-1]) if parts else self.identity(cols))

    def _turned(self, number: int) -> int:
        """The transpose of an expression, which is a letter."""
        match self.given["expressions"][number]:
            case [[_, ["letter", *_, cols]]]:
                return self.transpose(self._expression(number, cols))
        raise UnsupportedError("a transpose of more than a letter")

    def _multiple(self, number: int) -> Any:
        """The scalar that an expression is times I, if it has no factor else."""
        terms = self.given["expressions"][number]
        if any(word for _, *word in terms):
            return None
        values = [self._number(c) for c, *_ in terms]
        return sum(values[1:], values[0])

    def _number(self, written: str | list) -> Any:
        K, total = self.field, self.field.number(0)
        for factor, *names in [[written]] if isinstance(written, str) else written:
            product = K.number(Fraction(factor))
            for one in names:
                product = product * K.generator(one)
            total = total + product
        return total


def sizes_of(given: Mapping[str, Any]) -> set[str]:
    """The sizes that a certificate names."""
    factors = [factor for terms in given["expressions"] for _, *word in terms for factor in word]
    letters = (size for kind, *args in factors if kind == "letter" for size in args[2:])
    measured = (args[-2] for kind, *args in factors if kind in ("trace", "log det"))
    return {*letters, *measured, *([given["size"]] if given["size"] else [])}
