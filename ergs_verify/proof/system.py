"""An expression as a system of linear equations in unknown blocks.

E·v is evaluated from the right: a letter brings a block w with w = X v, an inverse a block w with
a w = v, and so on. So E = c x where L x = b: the coefficients of L = L₀ + Σ L_X X, and c, are
rational functions of the scalars, and b is the identity in the first equation. L is invertible
exactly where every inverse of the expression exists.

A sum over agents of c L_j⁻¹ b, L_j = G + H_j with H_j what agent j's letters bring, is

    N c s − c G⁻¹ Σ_j H_j s + c G⁻¹ [H_1 … H_N] y,   G s = b,   diag(L_j) y = [H_1; …; H_N] s,

so that the letters of j become four: diagonal, in a row, in a column, and summed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.scalars import AGENTS
from ergs_verify.proof.statement import Statement

__all__ = ["Key", "System", "accumulate", "put"]

Form = dict[int, Any]


class Key(NamedTuple):
    """A letter in a system; `path` tells what the sums that stand around it have made of it."""

    name: str
    transposed: bool
    agent: str | None
    path: tuple[str, ...] = ()


class System:
    """The equations of a matrix expression.

    Parameters
    ----------
    statement : Statement
    base : mapping from names to the numbers at which agents' square letters start; default 0
    size : str
        The number of columns of the expression, and the rows of the input block 0.
    most : int
        The most blocks that are made.

    Attributes
    ----------
    equations : list of {(Key or None, block): coefficient}; the first says that block 0 is b
    sizes, rows : the size of each block and of each equation
    """

    def __init__(self, statement: Statement, base: Mapping, size: str, most: int):
        self.statement, self.base, self.most = statement, base, most
        self.scalars = statement.scalars
        one = self.scalars.one
        self.equations: list[dict] = [{(None, 0): one}]
        self.sizes, self.rows = [size], [size]
        self._known: dict[tuple, Form] = {}

    def block(self, size: str) -> int:
        """A new unknown block."""
        if len(self.sizes) >= self.most:
            raise UnsupportedError(f"the system of equations has more than {self.most} blocks")
        self.sizes.append(size)
        return len(self.sizes) - 1

    def equate(self, left: Mapping, size: str) -> None:
        """A new equation left = 0."""
        self.equations.append({k: v for k, v in left.items() if v})
        self.rows.append(size)

    def form(self, number: int, transposed: bool, block: int) -> Form:
        """Node · block, or its transpose · block, as a combination of blocks."""
        key = number, transposed, block
        if key not in self._known:
            self._known[key] = self._form(self.statement.nodes[number], number, transposed, block)
        return self._known[key]

    def _form(self, node, number: int, t: bool, block: int) -> Form:
        one = self.scalars.one
        match node:
            case ("letter", name, agent, *shape):
                transposed = t and name not in self.statement.symmetric
                w = self.block(shape[1] if t else shape[0])
                self.equate(
                    {(None, w): one, (Key(name, transposed, agent), block): -one}, self.sizes[w]
                )
                return {w: one}
            case ("identity", _):
                return {block: one}
            case ("zero", *_):
                return {}
            case ("transpose", a):
                return self.form(a, not t, block)
            case ("add", *terms):
                total: Form = {}
                for term in terms:
                    accumulate(total, self.form(term, t, block), one)
                return total
            case ("multiply", *factors):
                form = {block: one}
                for factor in factors if t else factors[::-1]:
                    form = self.form(factor, t, self.single(form)) if form else {}
                return form
            case ("scale", number, a):
                factor = self.statement.factors[number]
                form = self.form(a, t, block)
                return {k: v * factor for k, v in form.items()} if factor else {}
            case ("inverse", a):
                w = self.block(self.sizes[block])
                left = {(None, k): v for k, v in self.form(a, t, w).items()}
                accumulate(left, {(None, block): one}, -one)
                self.equate(left, self.sizes[block])
                return {w: one}
            case ("sum", index, a):
                return self._sum(index, a, t, block)
        raise UnsupportedError(f"a {node[0]} is no matrix")

    def single(self, form: Form) -> int:
        """One block equal to a combination, a new one if need be."""
        one = self.scalars.one
        first = next(iter(form))
        if len(form) == 1 and form[first] == one:
            return first
        w = self.block(self.sizes[first])
        self.equate({(None, w): one, **{(None, k): -v for k, v in form.items()}}, self.sizes[w])
        return w

    def _sum(self, index: str, body: int, t: bool, block: int) -> Form:
        inner = System(self.statement, self.base, self.sizes[block], self.most)
        form = inner.form(body, t, 0)
        one, own = self.scalars.one, f"({index})"
        outside = [k for k, size in enumerate(inner.sizes) if own not in size]
        pre = {k: self.block(inner.sizes[k]) for k in outside}
        core = {k: self.block(_inside(size, own)) for k, size in enumerate(inner.sizes)}
        post = {k: self.block(inner.sizes[k]) for k in outside}
        for r, equation in enumerate(inner.equations):
            size = inner.rows[r]
            before, within, after = {}, {}, {}
            for (key, k), value in equation.items():
                if key is None or key.agent != index:
                    hatted = key and key._replace(path=(*key.path, "each"))
                    put(within, (hatted, core[k]), value)
                    if k in pre:
                        put(before, (key, pre[k]), value)
                        put(after, (key, post[k]), value)
                    continue

                def made(kind: str, key: Key = key) -> Key:
                    return key._replace(agent=None, path=(*key.path, kind))

                start = self.base.get(key.name)
                if start is not None and inner.sizes[k] == size:
                    put(within, (None, core[k]), value * start)
                    if k in pre:
                        put(before, (None, pre[k]), value * start)
                        put(after, (None, post[k]), value * start)
                put(within, (made("diagonal"), core[k]), value)
                if k in pre:
                    put(within, (made("column"), post[k]), -value)
                    put(before, (made("total"), post[k]), value)
                put(before, (made("row"), core[k]), -value)
            self.equate(within, _inside(size, own))
            if own in size:
                continue
            if r == 0:
                put(before, (None, block), -self.scalars.generator(AGENTS))
                put(after, (None, block), -one)
            self.equate(before, size)
            self.equate(after, size)
        return {pre[k]: value for k, value in form.items()}


def _inside(size: str, own: str) -> str:
    """The size of what stands for all agents at once."""
    return "⊕" + size.replace(own, "(·)")


def put(form: dict, at, value) -> None:
    """Add to an entry."""
    total = form[at] + value if at in form else value
    if total:
        form[at] = total
    else:
        form.pop(at, None)


def accumulate(form: dict, other: Mapping, factor) -> None:
    """form += factor · other."""
    for at, value in other.items():
        put(form, at, value * factor)
