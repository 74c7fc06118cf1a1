"""Statements that an engine decides: identities, definitions, exact computations."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import sympy
from attrs import evolve, field, frozen
from sympy.core.function import AppliedUndef

from ergs_verify.errors import ShapeError
from ergs_verify.ledger.decision import Decision, together
from ergs_verify.ledger.examination import equality_at, refuted_by
from ergs_verify.ledger.exhibits import cases
from ergs_verify.ledger.smallest import Difference, smallest_difference
from ergs_verify.paper import notation
from ergs_verify.proof import Proof, prove
from ergs_verify.proof.kept import keep
from ergs_verify.proof.sampling import Setting, SymPyNumbers, small_values, typed_mismatch
from ergs_verify.typeset import equation, tex

p = sympy.Symbol("p", integer=True, positive=True)


@lru_cache(maxsize=4096, typed=True)
def common_size(expression):
    """The formula with one control dimension p for all agents, as in the paper."""
    expression = sympy.sympify(expression)
    sizes = {a: p for a in expression.atoms(AppliedUndef) if a.func.__name__ == "p"}
    return expression.xreplace(sizes)


_BEGIN, _END = "\\begin{aligned}\n", "\n\\end{aligned}"


@lru_cache(maxsize=512)
def _prove(left, right, definitions: tuple, symmetric: tuple) -> Proof:
    """`prove`, once for an identity that several claims rest on."""
    return keep(prove(left, right, definitions=dict(definitions), symmetric=symmetric))


@lru_cache(maxsize=512)
def _smallest(left, right, definitions: tuple, symmetric: tuple, at: tuple) -> Difference | None:
    """`smallest_difference`, once."""
    return smallest_difference(left, right, dict(definitions), symmetric, at)


@lru_cache(maxsize=1024)
def _failing_case(left, right, definitions: tuple, symmetric: tuple) -> Decision | None:
    """The refutation on the first exhibit on which an identity fails."""
    given = dict(definitions)
    return next(
        (
            refuted_by(case, outcome, partial(equality_at, case, left, right, given, symmetric))
            for case in cases()
            if (outcome := equality_at(case, left, right, given, symmetric)) and not outcome.holds
        ),
        None,
    )


@lru_cache(maxsize=512, typed=True)
def _as_text(expression) -> str:
    """`str`, once: for a long formula it takes SymPy longer than the proof."""
    return str(expression)


@frozen
class Equality:
    """left = right, for every size and number of agents.

    `symmetric` letters equal their transpose; they are positive definite in counterexamples.
    `named` is how the left side is shown where it is a long derived expression, and `derivation`
    gives the steps by which it was derived, as evidence. `at` names numbers at which it is shown
    to fail, where it does.
    """

    left: Any
    right: Any
    symmetric: tuple = ()
    definitions: Mapping = field(factory=dict)
    named: str = ""
    derivation: Callable[[], tuple[tuple[str, str], ...]] = field(
        default=tuple, eq=False, repr=False
    )
    at: tuple[tuple[str, int], ...] = ()

    def decide(self) -> Decision:
        proof = _prove(
            common_size(self.left),
            common_size(self.right),
            tuple((common_size(k), common_size(v)) for k, v in self.definitions.items()),
            tuple(common_size(s) for s in self.symmetric),
        )
        evidence = (*self.derivation(), *proof.evidence)
        if proof.reason and proof.reason not in dict(proof.evidence).values():
            evidence = (*evidence, ("reason", proof.reason))
        if proof.verdict == "proved" and (failed := self._cross_examined()):
            return failed
        if proof.verdict not in ("refuted", "ill-typed"):
            return Decision(verdict=proof.verdict, evidence=evidence)
        found = _smallest(
            common_size(self.left),
            common_size(self.right),
            tuple((common_size(k), common_size(v)) for k, v in self.definitions.items()),
            tuple(common_size(s) for s in self.symmetric),
            self.at,
        )
        if found is not None and proof.verdict == "ill-typed":
            evidence = (*evidence, ("equal sizes", f"there {found.left} is not {found.right}"))
        example = found or proof.counterexample
        return Decision(
            verdict=proof.verdict,
            evidence=evidence,
            counterexample=example and example.as_json(),
            replay=example and example.replay,
        )

    def _cross_examined(self) -> Decision | None:
        """A refutation on the ledger's exhibits, of which the prover should have known."""
        given = {**notation.definitions, **self.definitions}
        return _failing_case(self.left, self.right, tuple(given.items()), tuple(self.symmetric))

    @property
    def expression(self) -> str:
        return f"{self.named or _as_text(self.left)} = {_as_text(self.right)}"

    @property
    def latex(self) -> str:
        return equation(self.named or self.left, self.right)


@frozen
class Equalities:
    """Several equalities that a display states together; the worst verdict is the display's."""

    parts: tuple[Equality, ...]

    def decide(self) -> Decision:
        decisions = [part.decide() for part in self.parts]
        evidence = tuple(
            (method, f"part {k}: {detail}")
            for k, decision in enumerate(decisions, 1)
            for method, detail in decision.evidence
        )
        return evolve(together(*decisions), evidence=evidence)

    @property
    def expression(self) -> str:
        return "; ".join(part.expression for part in self.parts)

    @property
    def latex(self) -> str:
        rows = (part.latex.removeprefix(_BEGIN).removesuffix(_END) for part in self.parts)
        return _BEGIN + " \\\\\n".join(rows) + _END


@frozen
class Definition:
    """name := value. It claims nothing, but its types must fit at sizes that all differ.

    A condition that a definition or an assumption sets is written with its own `relation`.
    """

    name: Any
    value: Any
    symmetric: tuple = ()
    relation: str = ":="

    def decide(self) -> Decision:
        expressions = [common_size(e) for e in (self.name, self.value) if not isinstance(e, str)]
        # One expression is compared with itself: its own sums must fit.
        setting = Setting.of(expressions, symmetric=self.symmetric, size_of=lambda k: k + 2)
        arithmetic = SymPyNumbers()
        try:
            values = setting.evaluate(small_values(setting, random.Random(3)), arithmetic)
            mismatch = typed_mismatch(values[0], values[-1], arithmetic)
        except ShapeError as error:
            mismatch = str(error)
        if mismatch:
            return Decision(verdict="ill-typed", evidence=(("types", mismatch),))
        sizes = ", ".join(f"{d} = {n}" for d, n in setting.sizes.items())
        fit = f"fit at {sizes}" if sizes else "both sides are numbers"
        return Decision(verdict="definition", evidence=(("types", fit),))

    @property
    def expression(self) -> str:
        return f"{self.name} {self.relation} {self.value}"

    @property
    def latex(self) -> str:
        return f"{_tex(self.name)} {_RELATIONS[self.relation]} {_tex(self.value)}"


_RELATIONS = {":=": ":=", "≤": r"\leq", ">": ">"}


@frozen
class Computed:
    """A statement in words, decided by a function of its own."""

    text: str
    decider: Callable[[], Decision]

    def decide(self) -> Decision:
        return self.decider()

    @property
    def expression(self) -> str:
        return self.text

    @property
    def latex(self) -> str:
        return rf"\text{{{self.text}}}"


def _tex(value) -> str:
    return rf"\text{{{value}}}" if isinstance(value, str) else tex(value)
