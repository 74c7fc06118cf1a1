"""The stage formulas written out for a number of agents, each once."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sympy import Integer

from ergs_verify.expressions import instantiate
from ergs_verify.paper.formulas import Formulas
from ergs_verify.paper.notation import (
    discount,
    discount_of,
    general_symmetric,
    i,
    j,
    tau,
    tau_of,
)

if TYPE_CHECKING:
    from ergs_verify.paper.gap import GapFormulas


@lru_cache(maxsize=64)
def written_out(
    formulas: Formulas | GapFormulas, *, agents: int, plain: Collection[int]
) -> WrittenOut:
    """The formulas written out, once for each record: a record is equal only to itself."""
    return WrittenOut(formulas, agents=agents, plain=plain)


class WrittenOut:
    """Formulas of a game of N agents, written out when first asked for.

    Parameters
    ----------
    formulas : Formulas or GapFormulas
    agents : int
    plain : agents
        Put 0 for the letter τ of these agents: they play a plain LQ game.
    """

    def __init__(
        self, formulas: Formulas | GapFormulas, *, agents: int, plain: Collection[int] = ()
    ):
        self._formulas = formulas
        self._agents = agents
        self._plain = plain
        self._done: dict[tuple, Any] = {}
        self.definitions = {
            instantiate(letter, agents, {i: agent}): self._write(body, {i: agent})
            for letter, body in formulas.definitions.items()
            for agent in range(1, agents + 1)
        }
        self.symmetric = {
            instantiate(letter, agents, {i: agent})
            for letter in general_symmetric
            for agent in range(1, agents + 1)
        }

    def __call__(self, name: str, agent: int, other: int | None = None) -> Any:
        """The formula `name` for an agent (and another, in place of i and j), counted from 1."""
        key = (name, agent, other)
        if key not in self._done:
            indices = {i: agent} if other is None else {i: agent, j: other}
            self._done[key] = self._write(getattr(self._formulas, name), indices)
        return self._done[key]

    def _write(self, expr: Any, indices: dict) -> Any:
        plain, by_agent = indices[i] in self._plain, self._formulas.by_agent
        return _written(expr, self._agents, tuple(indices.items()), plain, by_agent)


@lru_cache(maxsize=2**13)
def _written(expr: Any, agents: int, indices: tuple, plain: bool, by_agent: bool) -> Any:
    """One expression written out: records that differ in a formula share the others."""
    agent = Integer(dict(indices)[i])
    if plain:
        expr = expr.xreplace({tau: Integer(0)})
    if by_agent:
        expr = expr.xreplace({tau: tau_of(agent), discount: discount_of(agent)})
    return instantiate(expr, agents, dict(indices))
