"""What a certificate states, as Coq writes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from sympy import primefactors

from coq.nodes import Certificate
from ergs_verify.errors import UnsupportedError
from ergs_verify.proof.scalars import AGENTS, ANY

EMPTY: Mapping[str, str] = MappingProxyType({})


class Statement(Certificate):
    """What a certificate states, as Coq writes it."""

    def __init__(self, given: Mapping[str, Any]):
        super().__init__(given)
        self.sides = tuple(self.side(side) for side in ("left", "right"))
        self.sizes: set[str] = set()
        self.names: dict[str, None] = {}
        self.agents: dict[str, str] = {}
        self.nonzero: dict[str, None] = {}
        self.letters: dict[str, str] = {}
        self.over: set[int] = set()
        self.identifiers: dict[str, tuple[str, str]] = {}
        self.symmetric = {self._named("x", name) for name in given["symmetric"]}
        for node in self.nodes:
            if node[0] == "letter" and node[2] and not node[2].startswith(ANY):
                self._agent(node[2])

    def _variables(self) -> str:
        groups = [
            (sorted(self.names), "F"),
            (["N", *self.agents.values()], "nat"),
            (sorted(s for s in self.sizes if not s.endswith("()")), "nat"),
            (sorted(s[:-2] for s in self.sizes if s.endswith("()")), "nat -> nat"),
            *(([letter], kind) for letter, kind in sorted(self.letters.items())),
            (["lg"] if self._logarithm() else [], "F -> F"),
        ]
        return " ".join(f"({' '.join(names)} : {kind})" for names, kind in groups if names)

    def _claim(self) -> str:
        return " = ".join(map(self.shown, self.sides))

    def _logarithm(self) -> dict[str, str]:
        """What is supposed of logarithms."""
        return {}

    def shown(self, number: int, names: Mapping[str, str] = EMPTY, depth: int = 0) -> str:
        """A node as Coq writes it, with names for agents; sums that it stands in: `depth`."""
        kind, *args = self.nodes[number]
        match kind:
            case "letter":
                letter = self._letter(*args)
                return f"({letter} {self._agent(args[1], names)})" if args[1] else letter
            case "identity":
                return f"(1%:M : 'M[F]_({self._size(args[0], names)}))"
            case "zero":
                sizes = ", ".join(self._size(size, names) for size in args)
                return f"(0 : 'M[F]_({sizes}))"
            case "sum":
                bound = {**names, args[0]: f"j{depth}"}
                return f"(\\sum_(j{depth} < N) {self.shown(args[1], bound, depth + 1)})"
        if kind == "scale":
            scalar, body = self._scalar(self.factors[args[0]]), self.shown(args[1], names, depth)
            return f"({scalar} *: {body})"
        parts = [self.shown(a, names, depth) for a in args]
        if kind == "transpose":
            return f"{parts[0]}^T"
        if kind == "inverse":
            return f"(invmx {parts[0]})"
        return "(" + {"add": " + ", "multiply": " *m "}[kind].join(parts) + ")"

    def _letter(self, name: str, agent: str | None, rows: str, cols: str) -> str:
        letter, own = self._named("x", name), {agent: "a"} if agent else {}
        kind = f"'M[F]_({self._size(rows, own)}, {self._size(cols, own)})"
        self.letters[letter] = f"forall a : nat, {kind}" if agent else kind
        return letter

    def _agent(self, agent: str, names: Mapping[str, str] = EMPTY) -> str:
        if agent in names:
            return names[agent]
        if agent.startswith(ANY):
            raise UnsupportedError("a size belongs to an agent over whom a sum runs")
        return self.agents.setdefault(agent, self._named("i", agent))

    def _size(self, size: str, names: Mapping[str, str] = EMPTY) -> str:
        terms = []
        for term in size.split(" + "):
            parts = []
            for part in term.split("*"):
                called = re.fullmatch(r"(.+)\((.+)\)", part)
                if called:
                    named = self._named("p", called[1])
                    self.sizes.add(f"{named}()")
                    parts.append(f"({named} {self._agent(called[2], names)})")
                elif part.isdigit():
                    parts.append(part)
                else:
                    parts.append(self._named("n", part))
                    self.sizes.add(parts[-1])
            terms.append(" * ".join(parts))
        return terms[0] if len(terms) == 1 else f"({' + '.join(terms)})%N"

    def _is_symmetric(self, letter: str) -> str:
        if self.letters[letter].startswith("forall"):
            return f"(forall a, ({letter} a)^T = {letter} a)"
        return f"{letter}^T = {letter}"

    def _scalar(self, value: Any) -> str:
        top, bottom = (self._polynomial(self.field.terms(part)) for part in self.field.parts(value))
        if bottom == "1":
            return top
        self.nonzero[bottom] = None
        return f"({top} / {bottom})"

    def _polynomial(self, terms: Iterable) -> str:
        shown = []
        for given, *names in terms:
            parts, factor = [], Fraction(given)
            if factor.numerator != 1 or not names:
                n = abs(factor.numerator)
                number = "1" if n == 1 else f"{n}%:R"
                parts.append(number if factor > 0 else f"(- {number})")
            parts += map(self._generator, names)
            product = " * ".join(parts)
            if factor.denominator != 1:
                self.over.add(factor.denominator)
                for prime in primefactors(factor.denominator):
                    self.nonzero[f"{prime}%:R"] = None
                product = f"{product} / {factor.denominator}%:R"
            shown.append(product)
        joined = " + ".join(shown) or "0"
        return joined if joined.isidentifier() or joined in ("0", "1") else f"({joined})"

    def _generator(self, one: str) -> str:
        called = re.fullmatch(r"(.+)\((.+)\)", one)
        if one == AGENTS:
            return "N%:R"
        if called and called[2] == "Σ":
            named = self._named("p", called[1])
            self.sizes.add(f"{named}()")
            return f"(\\sum_(j < N) ({named} j)%:R)"
        if called or f"n_{one}" in self.sizes:
            return f"{self._size(one)}%:R"
        named = self._named("t", one)
        self.names[named] = None
        return named

    def _named(self, kind: str, name: str) -> str:
        """An identifier of Coq; no two things may share one."""
        text = f"{kind}_" + re.sub(
            r"[^A-Za-z0-9_]", "_", name.replace("^", "_a").replace("'", "_q")
        )
        if self.identifiers.setdefault(text, (kind, name)) != (kind, name):
            raise UnsupportedError(f"two names would both be written {text}")
        return text

    def _bound_agents(self, number: int) -> tuple[str, ...]:
        """The agents that sums outside of a node bind."""
        kind, *args = self.nodes[number]
        if kind in ("letter", "identity", "zero"):
            sizes = re.findall(rf"\(({ANY}[^)]*)\)", " ".join(map(str, args[-2:])))
            own = [args[1]] if kind == "letter" and str(args[1]).startswith(ANY) else []
            found = own + sizes
        else:
            found = [a for child in self.children(number) for a in self._bound_agents(child)]
        inside = args[0] if kind == "sum" else None
        return tuple(dict.fromkeys(agent for agent in found if agent != inside))

    def _rows(self, number: int, names: Mapping[str, str] = EMPTY, turned: bool = False) -> str:
        """How many rows a node has; turned: columns."""
        return self._size(self.shapes[number][turned], names)
