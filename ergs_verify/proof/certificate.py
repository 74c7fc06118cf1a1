"""A proof as a JSON object, ``ergs-proof/4``, which `ergs_verify.recheck` confirms."""

from __future__ import annotations

from typing import Any

from ergs_verify.proof.realize import Realization
from ergs_verify.proof.scalars import Scalars
from ergs_verify.proof.system import Measure


def certificate(found: Realization) -> dict[str, Any]:
    """How a difference was shown to be zero.

    Parameters
    ----------
    found : Realization
        With `zero` true.
    """
    K = found.scalars
    table = _Table(found)
    left, right = (table.side(side) for side in found.sides)
    factors = [f for terms in table.expressions for _, *word in terms for f in word]
    letters = {factor[1] for factor in factors if factor[0] == "letter"}
    return {
        "format": "ergs-proof/4",
        "symmetric": sorted(letters & found.symmetric),
        "expressions": table.expressions,
        "left": left,
        "right": right,
        "size": found.size,
        "split": {size: list(parts) for size, parts in found.split.items()},
        "point": {name: [str(x) for x in found.centre[name]] for name in sorted(letters)},
        "zero": list(found.order),
        "spaces": [
            {"V": _columns(space.unknowns, K), "U": _columns(space.images, K)}
            for space in found.spaces
        ],
    }


class _Table:
    """The expressions that the sides need, numbered anew."""

    def __init__(self, found: Realization):
        self._terms, self._scalars = found.terms, found.scalars
        self._new: dict[int, int] = {}
        self.expressions: list[list] = []

    def side(self, side: int | list[Measure]) -> int:
        """The new number of a side; a scalar is a sum of traces and log dets."""
        if isinstance(side, int):
            return self.number(side)
        terms = [
            [_shown(t.coefficient, self._scalars), [t.kind, *t.over, t.size, self.number(t.of)]]
            for t in side
        ]
        self.expressions.append(terms)
        return len(self.expressions) - 1

    def number(self, number: int) -> int:
        """The new number of an expression."""
        if number not in self._new:
            terms = [
                [
                    _shown(c, self._scalars),
                    *([*f] if f[0] == "letter" else [*f[:-1], self.number(f[-1])] for f in word),
                ]
                for c, word in self._terms[number]
            ]
            self._new[number] = len(self.expressions)
            self.expressions.append(terms)
        return self._new[number]


def _shown(value, K: Scalars) -> str | list:
    """A polynomial: a fraction as text, or [[coefficient, names…], …]."""
    shown = K.as_json(value)
    return shown if isinstance(shown, str) else shown[0]


def _columns(columns, K: Scalars) -> list:
    """Columns multiplied by their common denominator."""
    common = K.common_denominator(value for _, column in columns for value in column.values())
    return [
        {str(k): _shown(value * common, K) for k, value in sorted(column.items())}
        for _, column in columns
    ]
