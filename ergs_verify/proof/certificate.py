"""A proof as a JSON object, ``ergs-proof/1``, which `ergs_verify.recheck` confirms."""

from __future__ import annotations

from typing import Any

from ergs_verify.proof.realize import Realization
from ergs_verify.proof.statement import Statement, Term

__all__ = ["certificate"]


def certificate(found: Realization) -> dict[str, Any]:
    """How a difference was shown to be zero.

    Parameters
    ----------
    found : Realization
        With `zero` true.
    """
    K = found.statement.scalars
    table = _Table(found.statement)
    left, right = (table.side(side) for side in found.sides)
    scalar = isinstance(left, list)
    powers, factors = _logarithms(found) if scalar else ([], [])
    summed = any(node[0] == "sum" for node in table.nodes)
    letters = {node[1] for node in table.nodes if node[0] == "letter"}
    return {
        "format": "ergs-proof/1",
        "symmetric": sorted(letters & found.statement.symmetric),
        "scalars": table.scalars,
        "nodes": table.nodes,
        "left": left,
        "right": right,
        "signs": found.determinants,
        "base": {name: K.as_json(found.base[name]) for name in sorted(letters & found.base.keys())},
        "split": {size: list(parts) for size, parts in found.split.items()},
        "point": {
            name: [[str(x) for x in row] for row in found.centre[name]]
            for name in sorted(letters)
            if scalar or summed
        },
        "powers": powers,
        "factors": factors,
        "spaces": [
            {"V": _columns(space.unknowns, K), "U": _columns(space.images, K)}
            for space in found.spaces
        ],
    }


class _Table:
    """The nodes and scalars that the sides need, numbered anew."""

    def __init__(self, statement: Statement):
        self._statement = statement
        self._new: dict[int, int] = {}
        self.nodes: list[list] = []
        self.scalars: list = []

    def side(self, side: int | list[Term]) -> Any:
        if isinstance(side, int):
            return self.number(side)
        K = self._statement.scalars
        return [[K.as_json(t.coefficient), t.kind, self._of(t), list(t.over)] for t in side]

    def _of(self, term: Term) -> Any:
        if term.kind == "log":
            return self._statement.scalars.as_json(term.of)
        return None if term.of is None else self.number(term.of)

    def number(self, number: int) -> int:
        """The new number of a node."""
        if number not in self._new:
            kind, *args = self._statement.nodes[number]
            if kind == "scale":
                factor = self._statement.scalars.as_json(self._statement.factors[args[0]])
                if factor not in self.scalars:
                    self.scalars.append(factor)
                args = [self.scalars.index(factor), self.number(args[1])]
            else:
                args = [self.number(a) if isinstance(a, int) else a for a in args]
            self._new[number] = len(self.nodes)
            self.nodes.append([kind, *args])
        return self._new[number]


def _columns(columns, K) -> list:
    return [
        [size, min(column), {str(k): K.as_json(value) for k, value in sorted(column.items())}]
        for size, column in columns
    ]


def _logarithms(found: Realization) -> tuple[list[dict], list]:
    """For each logarithm in order the powers of its factors at the centre, and the factors."""
    K = found.statement.scalars
    factors: list = []
    powers = []
    for value in found.logarithms:
        own: dict[str, int] = {}
        for base, power in K.factors(value):
            shown = K.as_json(base)
            if shown not in factors:
                factors.append(shown)
            at = str(factors.index(shown))
            own[at] = own.get(at, 0) + power
        powers.append(own)
    return powers, factors
