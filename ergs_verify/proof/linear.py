"""Sparse vectors over any field, as dictionaries."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Vector = dict[Any, Any]
Operators = dict[Any, dict[Any, Vector]]
"""What several operators do: by index, and by operator, the image of that unit vector."""

Meanwhile = Callable[[], None]
"""Called before every step that may take long; it may raise an error."""


class Singular(Exception):
    """Equations without one solution."""


def put(form: dict, at, value) -> None:
    """Add to an entry."""
    total = form[at] + value if at in form else value
    if total:
        form[at] = total
    else:
        form.pop(at, None)


def each_of(form: Mapping, meanwhile: Meanwhile) -> Iterator[tuple]:
    """The entries, each of which may take long."""
    for entry in form.items():
        meanwhile()
        yield entry


def accumulate(form: dict, other: Mapping, factor, meanwhile: Meanwhile) -> None:
    """form += factor · other."""
    for at, value in each_of(other, meanwhile):
        put(form, at, value * factor)


def images_of(v: Vector, operators: Operators, meanwhile: Meanwhile) -> list[Vector]:
    """The images of a vector that are not zero."""
    images: dict[Any, Vector] = {}
    for k, value in v.items():
        for key, column in operators.get(k, {}).items():
            accumulate(images.setdefault(key, {}), column, value, meanwhile)
    return [image for image in images.values() if image]


def dot(row: Vector, v: Vector) -> Any:
    """The product of a row and a column; None for an empty sum."""
    total = None
    for k in row.keys() & v.keys():
        total = row[k] * v[k] if total is None else total + row[k] * v[k]
    return total


class Basis:
    """A basis of a span in reduced echelon form."""

    def __init__(self, meanwhile: Meanwhile):
        self.rows: dict[Any, Vector] = {}
        self._meanwhile = meanwhile

    def left_of(self, v: Vector) -> Vector:
        """A vector less what it has in the span, its first entry 1; empty where it lies there."""
        v = dict(v)
        for p in v.keys() & self.rows.keys():
            accumulate(v, self.rows[p], -v[p], self._meanwhile)
        if not v:
            return v
        first = v[min(v)]
        return {k: value / first for k, value in each_of(v, self._meanwhile)}

    def add(self, v: Vector) -> None:
        """Add what `left_of` gave."""
        p = min(v)
        for row in self.rows.values():
            if p in row:
                accumulate(row, v, -row[p], self._meanwhile)
        self.rows[p] = v


def reduced(vectors: Iterable[Vector], meanwhile: Meanwhile) -> list[Vector]:
    """The reduced echelon form of the span."""
    basis = Basis(meanwhile)
    for v in vectors:
        if v := basis.left_of(v):
            basis.add(v)
    return [basis.rows[p] for p in sorted(basis.rows)]


def solver(rows: Mapping, one, meanwhile: Meanwhile):
    """y ↦ x with rows · x = y."""
    left = {at: dict(row) for at, row in rows.items()}
    having: dict[Any, set] = {}
    for at, row in left.items():
        for k in row:
            having.setdefault(k, set()).add(at)
    steps: dict[Any, tuple] = {}
    # Each step solves an equation for one unknown and puts it into the others.
    for at in sorted(left, key=lambda at: len(left[at])):
        row = left[at]
        if not row:
            raise Singular
        p = min(row, key=lambda k: (len(having[k]), k))
        inverse = one / row[p]
        changed = []
        for other in having[p] - {at}:
            factor = left[other][p] * inverse
            for k, value in each_of(row, meanwhile):
                put(left[other], k, -(value * factor))
                (having[k].add if k in left[other] else having[k].discard)(other)
            changed.append((other, factor))
        steps[at] = len(steps), p, inverse, changed
    order = list(steps)

    def solve(y: Vector) -> Vector:
        y = dict(y)
        waiting = [steps[at][0] for at in y]
        heapq.heapify(waiting)
        done = -1
        while waiting:
            number = heapq.heappop(waiting)
            at = order[number]
            if number == done or at not in y:
                continue
            done = number
            meanwhile()
            for other, factor in steps[at][3]:
                if other not in y and steps[other][0] > number:
                    heapq.heappush(waiting, steps[other][0])
                put(y, other, -(y[at] * factor))
        # What is left of an equation is its pivot alone.
        return {steps[at][1]: value * steps[at][2] for at, value in each_of(y, meanwhile)}

    return solve
