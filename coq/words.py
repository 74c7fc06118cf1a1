"""Words of letters and sums of them, and how Coq writes what occurs in a proof."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any

import sympy

Agent = str | int  # the name of one that no sum binds, or how many sums further out it is bound
Word = tuple[Any, ...]  # of ("letter", number, turned?, agents) and ("sum", word)
Poly = dict[Any, Any]  # the factors are elements of the field of `Scalars`
View = tuple[str, ...]  # the names of agents, the innermost bound one first
Zero = Callable[[View], str]  # a proof that an expression is zero, there


def length(word: Word) -> int:
    return sum(1 if factor[0] == "letter" else length(factor[1]) for factor in word)


def mapped(word: Word, change: Callable[[Agent, int], Agent], depth: int = 0) -> Word:
    """A word with other agents; `depth` counts the sums around one."""
    return tuple(
        (*factor[:3], tuple(change(agent, depth) for agent in factor[3]))
        if factor[0] == "letter"
        else ("sum", mapped(factor[1], change, depth + 1))
        for factor in word
    )


def shifted(word: Word, by: int, above: int = 0) -> Word:
    """A word moved into more sums, or out of some."""

    def change(agent: Agent, depth: int) -> Agent:
        if isinstance(agent, int) and agent >= depth + above:
            return agent + by
        return agent

    return mapped(word, change)


def agents_of(word: Word) -> list[Agent]:
    """The agents of a word of letters, as they come."""
    return list(dict.fromkeys(agent for *_, agents in word for agent in agents))


def alphabet(word: Word) -> str:
    """A word of letters, bound agents called as they come."""
    bound = [a for a in agents_of(word) if isinstance(a, int)]
    return repr(mapped(word, lambda a, _: bound.index(a) if a in bound else a))


def ratio_of(p: Poly, q: Poly) -> Any:
    """The scalar that p is times q, None where it is none."""
    word = next(iter(q), None)
    if word is None or word not in p:
        return None
    factor = p[word] / q[word]
    return None if subtracted(p, {w: c * factor for w, c in q.items()}) else factor


def with_agents(word: Word, agents: Mapping[str, Agent]) -> Word:
    def change(agent: Agent, depth: int) -> Agent:
        if isinstance(agent, int):
            return agent
        put = agents.get(agent, agent)
        return put + depth if isinstance(put, int) else put

    return mapped(word, change)


def matches(lead: Word, word: Word, agents: dict[str, Agent]) -> bool:
    """Whether a word is one for a0, a1, …, which are noted."""
    if [a[:3] for a in lead] != [b[:3] for b in word]:
        return False
    for a, b in zip(lead, word, strict=True):
        for own, agent in zip(a[3], b[3], strict=True) if a[0] == "letter" else ():
            named = isinstance(own, str) and re.fullmatch(r"a\d+", own)
            if (agents.setdefault(own, agent) if named else own) != agent:
                return False
    return True


def added(terms: Iterable[tuple[Any, Any]]) -> Poly:
    total: Poly = {}
    for word, factor in terms:
        total[word] = total[word] + factor if word in total else factor
    return {word: factor for word, factor in total.items() if factor}


def subtracted(p: Poly, q: Poly) -> Poly:
    return added([*p.items(), *((word, -factor) for word, factor in q.items())])


def multiplied(p: Poly, q: Poly) -> Poly:
    return added((u + v, a * b) for u, a in p.items() for v, b in q.items())


def joined(operation: str, parts: Sequence[str]) -> str:
    shown = parts[0]
    for part in parts[1:]:
        shown = f"({operation} {shown} {part})"
    return shown


def prime_factors(number: int) -> list[int]:
    return [p for p, power in sympy.factorint(number).items() for _ in range(power)]


def not_zero(fact: str, number: int) -> str:
    """That a number is not 0, as its prime factors are not."""
    primes = prime_factors(number)
    split = [f"(natrM F {p} {prod(primes[k + 1 :])})" for k, p in enumerate(primes[:-1])]
    steps = ["rewrite", *split, "?mulf_neq0", "?oner_neq0"]
    return f"have {fact} : ({number}%:R : F) != 0 by {' '.join(steps)}."


def applied(fact: str, agents: Iterable[str]) -> str:
    """A fact, or a family of letters, at some agents."""
    return f"({' '.join([fact, *agents])})" if [*agents] else fact


def over_all(agents: Iterable[str]) -> str:
    return "".join(f" ({agent} : nat)" for agent in agents)


def places(agents: Iterable[Agent], v: View) -> str:
    """Where agents stand in a view."""
    return listed(a if isinstance(a, int) else v.index(a) for a in agents)


def put_at(text: str, agents: Sequence[str]) -> str:
    """What is written for a0, a1, … at some agents."""
    return re.sub(r"\ba(\d+)\b", lambda found: agents[int(found[1])], text)


def listed(entries: Iterable[Agent]) -> str:
    shown = (f"{x}%N" if isinstance(x, int) else f"({x} : nat)" for x in entries)
    return f"[:: {'; '.join(shown)}]"


def table(rows: Iterable[str], other: str) -> str:
    cases = [f"{k} => {put_at(row, NTH)}" for k, row in enumerate(rows)]
    return f"match k with {' | '.join([*cases, f'_ => {other}'])} end"


NTH = [f"(nth 0%N a {k})" for k in range(9)]


def binder(v: View) -> str:
    """A name for the agent that a further sum binds."""
    return f"j{len(v)}"


def named(agent: Agent, v: View) -> str:
    return v[agent] if isinstance(agent, int) else agent
