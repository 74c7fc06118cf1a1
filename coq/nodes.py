"""The expressions of a certificate as nodes of one operation each."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.scalars import Scalars


class Measured(NamedTuple):
    """factor · kind(node), summed over agents; a node of this size."""

    factor: Any
    kind: str
    over: tuple[str, ...]
    node: int
    size: str


class Nodes:
    """The expressions of a certificate as nodes of one operation each, identities with sizes."""

    def __init__(self, given: Mapping[str, Any], field: Scalars):
        self.given, self.field = given, field
        self.nodes: list[list] = []
        self.scalars: list[Any] = []
        self.known: dict[tuple[int, str], tuple[int, str]] = {}

    def side(self, side: str) -> Any:
        """The node of a side; of a scalar, a list of `Measured`."""
        if self.given["size"]:
            return self._expression(self.given[side], self.given["size"])[0]
        return [
            Measured(self._polynomial(c), kind, tuple(over), self._expression(e, size)[0], size)
            for c, (kind, *over, size, e) in self.given["expressions"][self.given[side]]
        ]

    def node(self, *node: Any) -> int:
        if [*node] not in self.nodes:
            self.nodes.append([*node])
        return self.nodes.index([*node])

    def _expression(self, number: int, cols: str) -> tuple[int, str]:
        """A node, and its rows."""
        if (number, cols) not in self.known:
            terms = [self._term(*term, cols=cols) for term in self.given["expressions"][number]]
            if not terms:
                terms = [(self.node("zero", cols, cols), cols)]
            nodes = [node for node, _ in terms]
            made = nodes[0] if len(nodes) == 1 else self.node("add", *nodes)
            self.known[number, cols] = made, terms[0][1]
        return self.known[number, cols]

    def _term(self, written: Any, *word: list, cols: str) -> tuple[int, str]:
        factor, parts, rows = self._polynomial(written), [], cols
        for kind, *args in reversed(word):
            if kind == "letter":
                part, rows = self.node(kind, *args), args[2]
            elif kind == "inverse" and (over := self._multiple(args[0])) is not None:
                factor = factor / over
                continue
            elif kind == "transpose":
                part, rows = self._turned(args[0])
            else:
                part, rows = self._expression(args[-1], rows)
                part = part if kind == "group" else self.node(kind, *args[:-1], part)
            parts.append(part)
        if len(parts) < 2:
            made = parts[0] if parts else self.node("identity", cols)
        else:
            made = self.node("multiply", *parts[::-1])
        if factor != self.field.one:
            self.scalars.append(factor)
            at = next(k for k, known in enumerate(self.scalars) if known == factor)
            made = self.node("scale", at, made)
        return made, rows

    def _turned(self, number: int) -> tuple[int, str]:
        """The transpose of an expression, which is a letter."""
        match self.given["expressions"][number]:
            case [[_, ["letter", *_, cols]]]:
                return self.node("transpose", self._expression(number, cols)[0]), cols
        raise UnsupportedError("a transpose of more than a letter")

    def _multiple(self, number: int) -> Any:
        """The scalar that an expression is times I, if it has no factor else."""
        terms = self.given["expressions"][number]
        if any(word for _, *word in terms):
            return None
        values = [self._polynomial(c) for c, *_ in terms]
        return sum(values[1:], values[0])

    def _polynomial(self, written: str | list) -> Any:
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
