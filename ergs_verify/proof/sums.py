"""What has no letter of the agent, taken out of sums over agents.

Realizations do not know that A inside a sum is A outside. So the sum's terms are written as a part
without letters of the agent and products p·m·s, where m starts and ends with such a letter and p
and s have none. Of (A + P_j)⁻¹ these are A⁻¹, −A⁻¹·P_j·A⁻¹ and A⁻¹·P_j(A + P_j)⁻¹P_j·A⁻¹. Sums
written so are equal, as power series, only if they are term by term. The parts without letters of
the agent must have their inverses; where they do not, letters are shifted: P_j is c·I + ⟨P⟩_j.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from functools import partial, reduce
from typing import Any

from ergs_verify.proof.linear import Singular
from ergs_verify.proof.nodes import Nodes

Products = list[tuple[int, int, int]]
Parts = tuple[int, Products]


class Outside:
    """Sides of an identity, rewritten.

    Parameters
    ----------
    nodes : Nodes
    shift : mapping from the names of agents' letters to numbers c, where these are not 0
    scalar : bool
        A scalar's agents' letters are put to 0 before the others. So the products need not end with
        them, if only they vanish: of (A + P_j)⁻¹ there is −A⁻¹·P_j·(A + P_j)⁻¹ alone.

    Attributes
    ----------
    shifted : dict
        The names of new letters, by the old ones.
    """

    def __init__(self, nodes: Nodes, shift: Mapping[str, int], *, scalar: bool):
        self._nodes, self._shift, self._scalar = nodes, shift, scalar
        self.shifted: dict[str, str] = {}
        self._known: dict[int, int] = {}
        self._found: dict[tuple[int, str], Parts] = {}

    def side(self, side: Any) -> Any:
        """A matrix, or the terms of a scalar."""
        if isinstance(side, int):
            return self._of(side)
        made = []
        for term in side:
            inside = self._of(term.of) if term.kind in ("trace", "log det") else term.of
            parts = [inside]
            if term.kind == "trace" and len(term.over) == 1:
                free, products = self._parts(inside, *term.over)
                parts = [free, *(self._product(*factors) for factors in products)]
            made += [term._replace(of=part) for part in parts]
        return made

    def _of(self, number: int) -> int:
        if number not in self._known:
            self._known[number] = self._rewritten(number)
        return self._known[number]

    def _rewritten(self, number: int) -> int:
        nodes = self._nodes
        match nodes.nodes[number]:
            case ("letter", name, str() as agent, *shape) if at := self._shift.get(name):
                self.shifted[name] = f"⟨{name}⟩"
                letter = nodes.node("letter", f"⟨{name}⟩", agent, *shape, shape=(*shape,))
                unit = nodes.identity(shape[0])
                return nodes.add(letter, nodes.scale(nodes.scalars.number(at), unit))
            case ("add" | "multiply" | "transpose" | "inverse" as kind, *parts):
                return getattr(nodes, kind)(*map(self._of, parts))
            case ("scale", factor, a):
                return nodes.scale(nodes.factors[factor], self._of(a))
            case ("sum", index, a):
                free, products = self._parts(self._of(a), index)
                sums = (self._summed(index, *factors) for factors in products)
                return self._added(nodes.sum_over(index, free), *sums)
        return number

    def _summed(self, index: str, before: int, own: int, after: int) -> int:
        """The sum over all agents; identities of an agent's size stay inside."""
        left, inside, right = [before], [own], [after]
        if self._nodes.mentions(before, index):
            left, inside = [], [before, own]
        if self._nodes.mentions(after, index):
            inside, right = [*inside, after], []
        return self._product(*left, self._nodes.sum_over(index, self._product(*inside)), *right)

    def _parts(self, number: int, index: str) -> Parts:
        """The part without letters of an agent, and the products; those with equal ends are one."""
        if (number, index) not in self._found:
            free, products = self._all_parts(number, index)
            ends: dict[tuple[int, int], list[int]] = {}
            for before, own, after in products:
                (factor, before), (other, after) = self._unit(before), self._unit(after)
                ends.setdefault((before, after), []).append(self._nodes.scale(factor * other, own))
            made = [(p, self._added(*each), s) for (p, s), each in ends.items()]
            self._found[number, index] = free, made
        return self._found[number, index]

    def _unit(self, number: int) -> tuple[Any, int]:
        """A multiple c of an identity as (c, identity); what is none as (1, itself)."""
        one, factor = self._nodes.scalars.one, self._multiple(number)
        if factor is None:
            return one, number
        return factor, self._nodes.identity(self._nodes.shapes[number][0])

    def _multiple(self, number: int) -> Any:
        """The c of c·I; None for what is not seen to be one."""
        kind, *parts = self._nodes.nodes[number]
        if kind == "identity":
            return self._nodes.scalars.one
        if kind == "scale":
            inside = self._multiple(parts[1])
            return None if inside is None else self._nodes.factors[parts[0]] * inside
        if kind not in ("add", "multiply", "inverse", "transpose"):
            return None
        values = []
        for part in parts:
            values.append(self._multiple(part))
            if values[-1] is None:
                return None
        if kind == "inverse":
            return self._nodes.scalars.one / values[0] if values[0] else None
        return reduce(operator.add if kind == "add" else operator.mul, values)

    def _all_parts(self, number: int, index: str) -> Parts:
        nodes, (rows, cols) = self._nodes, self._nodes.shapes[number]
        if not nodes.mentions(number, index):
            return number, []
        match nodes.nodes[number]:
            case ("identity" | "zero", *_):
                return number, []
            case ("add", *terms):
                frees, products = zip(*(self._parts(a, index) for a in terms), strict=True)
                return self._added(*frees), [p for each in products for p in each]
            case ("scale", factor, a):
                free, products = self._parts(a, index)
                times = partial(nodes.scale, nodes.factors[factor])
                return times(free), [(times(p), m, s) for p, m, s in products]
            case ("transpose", a):
                free, products = self._parts(a, index)
                turn = nodes.transpose
                return turn(free), [(turn(s), turn(m), turn(p)) for p, m, s in products]
            case ("multiply", first, *others):
                found = self._parts(first, index)
                for other in others:
                    found = self._times(found, self._parts(other, index))
                return found
            case ("inverse", a):
                free, products = self._parts(a, index)
                if nodes.nodes[free][0] == "zero":
                    raise Singular
                out = nodes.inverse(free)
                if self._scalar:
                    first = ((self._product(out, p), m, s) for p, m, s in products)
                    return out, [(nodes.minus(p), m, self._product(s, number)) for p, m, s in first]
                ends = [(self._product(out, p), m, self._product(s, out)) for p, m, s in products]
                return out, [
                    *((nodes.minus(p), m, s) for p, m, s in ends),
                    *(
                        (p, self._product(m, t, number, q, n), s)
                        for (p, m, _), (_, _, t) in zip(ends, products, strict=True)
                        for (_, n, s), (q, _, _) in zip(ends, products, strict=True)
                    ),
                ]
        zero = nodes.node("zero", rows, cols, shape=(rows, cols))
        return zero, [(nodes.identity(rows), number, nodes.identity(cols))]

    def _times(self, left: Parts, right: Parts) -> Parts:
        (a, first), (b, second), product = left, right, self._product
        return product(a, b), [
            *((product(a, p), m, s) for p, m, s in second),
            *((p, m, product(s, b)) for p, m, s in first),
            *((p, product(m, s, q, n), t) for p, m, s in first for q, n, t in second),
        ]

    def _product(self, *factors: int) -> int:
        """A product, identities left out; zero where a factor is."""
        nodes = self._nodes
        kinds = [nodes.nodes[k][0] for k in factors]
        if "zero" in kinds:
            shape = nodes.shapes[factors[0]][0], nodes.shapes[factors[-1]][1]
            return nodes.node("zero", *shape, shape=shape)
        kept = [k for k, kind in zip(factors, kinds, strict=True) if kind != "identity"]
        return nodes.multiply(*(kept or factors[:1]))

    def _added(self, *terms: int) -> int:
        kept = [k for k in terms if self._nodes.nodes[k][0] != "zero"]
        return self._nodes.add(*(kept or terms[:1]))
