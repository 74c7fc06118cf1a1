"""What a claim of the paper is, and how it is decided.

A claim holds statements, not verdicts: `Claim.decide` computes them. A display with several
faults is written once, as a function of the set of faults it carries: all of them give the
printed form, none the corrected one, and each alone a finding of its own.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from textwrap import shorten
from typing import Any, Protocol

import sympy
from attrs import field, frozen
from sympy.core.function import AppliedUndef

from ergs_verify.errors import ErgsError, ShapeError
from ergs_verify.proof import Proof, prove
from ergs_verify.proof.sampling import Setting, SymPyNumbers, small_values, typed_mismatch
from ergs_verify.typeset import equation, tex

__all__ = [
    "Assumed",
    "Claim",
    "Computed",
    "Decision",
    "Definition",
    "Equalities",
    "Equality",
    "Fault",
    "Finding",
    "Judged",
    "Statement",
    "all_proved",
    "common_size",
]

p = sympy.Symbol("p", integer=True, positive=True)


@lru_cache(maxsize=4096, typed=True)
def common_size(expression):
    """The formula with one control dimension p for all agents, as in the paper."""
    expression = sympy.sympify(expression)
    sizes = {a: p for a in expression.atoms(AppliedUndef) if a.func.__name__ == "p"}
    return expression.xreplace(sizes)


@frozen(kw_only=True)
class Decision:
    """The verdict on one statement, with what it rests on.

    Attributes
    ----------
    verdict : str
        ``proved``, ``refuted``, ``ill-typed``, ``assumed``, ``definition``, ``supported`` or
        ``undecided``.
    evidence : tuple of (method, detail)
    counterexample : mapping or None
        As in INTERFACE: ``{"values", "left", "right"}``.
    replay : callable or None
        Evaluates the counterexample afresh; True where it still refutes.
    """

    verdict: str
    evidence: tuple[tuple[str, str], ...] = ()
    counterexample: Mapping[str, Any] | None = None
    replay: Callable[[], bool] | None = field(default=None, repr=False)


_BEGIN, _END = "\\begin{aligned}\n", "\n\\end{aligned}"


class Statement(Protocol):
    """Something that can be decided and written down."""

    def decide(self) -> Decision: ...

    @property
    def expression(self) -> str: ...

    @property
    def latex(self) -> str: ...


@lru_cache(maxsize=512)
def _prove(left, right, definitions: tuple, symmetric: tuple) -> Proof:
    """`prove`, once for an identity that several claims rest on."""
    return prove(left, right, definitions=dict(definitions), symmetric=symmetric)


@lru_cache(maxsize=512, typed=True)
def _as_text(expression) -> str:
    """`str`, once: for a long formula it takes SymPy longer than the proof."""
    return str(expression)


@frozen
class Equality:
    """left = right, for every size and number of agents.

    `symmetric` letters equal their transpose; they are positive definite in counterexamples.
    `named` is how the left side is shown where it is a long derived expression.
    """

    left: Any
    right: Any
    symmetric: tuple = ()
    definitions: Mapping = field(factory=dict)
    named: str = ""

    def decide(self) -> Decision:
        proof = _prove(
            common_size(self.left),
            common_size(self.right),
            tuple((common_size(k), common_size(v)) for k, v in self.definitions.items()),
            tuple(common_size(s) for s in self.symmetric),
        )
        evidence = proof.evidence
        if proof.reason:
            evidence = (*evidence, ("reason", proof.reason))
        example = proof.counterexample
        return Decision(
            verdict=proof.verdict,
            evidence=evidence,
            counterexample=example and example.as_json(),
            replay=example and example.replay,
        )

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
        order = ["ill-typed", "refuted", "undecided", "proved"]
        worst = min(decisions, key=lambda d: order.index(d.verdict))
        evidence = tuple(
            (method, f"part {k}: {detail}")
            for k, decision in enumerate(decisions, 1)
            for method, detail in decision.evidence
        )
        return Decision(
            verdict=worst.verdict,
            evidence=evidence,
            counterexample=worst.counterexample,
            replay=worst.replay,
        )

    @property
    def expression(self) -> str:
        return "; ".join(part.expression for part in self.parts)

    @property
    def latex(self) -> str:
        rows = (part.latex.removeprefix(_BEGIN).removesuffix(_END) for part in self.parts)
        return _BEGIN + " \\\\\n".join(rows) + _END


def all_proved(*parts: Statement | Decision, rules: Sequence[tuple[str, str]] = ()) -> Decision:
    """Proved where every part is; the rules say in words what follows from the parts."""
    proved = True
    evidence: list[tuple[str, str]] = []
    for part in parts:
        if isinstance(part, Decision):
            decision = part
        else:
            decision = part.decide()
            evidence.append(("identity", shorten(part.expression, 160, placeholder=" …")))
        proved = proved and decision.verdict == "proved"
        evidence += decision.evidence
    return Decision(verdict="proved" if proved else "undecided", evidence=(*evidence, *rules))


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
class Assumed:
    """Rests on a cited result outside this project."""

    text: str
    source: str

    def decide(self) -> Decision:
        return Decision(verdict="assumed", evidence=(("cited", self.source),))

    @property
    def expression(self) -> str:
        return self.text

    @property
    def latex(self) -> str:
        return rf"\text{{{self.text}}}"


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


@frozen(kw_only=True)
class Fault:
    """A fault that a display carries: what is wrong, and of what kind.

    `kind` is one of ``sign``, ``factor``, ``index``, ``bracket``, ``shape``, ``missing term``,
    ``transpose``, ``random for mean``, ``wording``, ``overclaim``, ``scan``.
    """

    name: str
    what: str
    kind: str


@frozen(kw_only=True)
class Finding:
    """A fault, with the decision on the corrected form in which it stands alone."""

    fault: Fault
    decision: Decision

    def as_json(self) -> dict:
        return {
            "what": self.fault.what,
            "kind": self.fault.kind,
            "verdict": self.decision.verdict,
            "counterexample": self.decision.counterexample,
        }


@frozen(kw_only=True)
class Claim:
    """One claim of the paper.

    Attributes
    ----------
    id : str
        ``eq-4``, ``lemma-III.2/minimiser``, …
    title, where : str
        What it says, and where it stands.
    latex : str
        As the paper prints it (empty for a claim in words; then `quote` has the words). Pieces
        between which words were left out are separated by ``\\qquad``.
    quote : str
        The paper's words.
    statement : Statement or callable
        The claim; for a display with faults, or one that needs a derivation to be run first, a
        function of the set of names of the faults present.
    faults : tuple of Fault
    hypotheses : tuple of str
    """

    id: str
    title: str
    where: str
    statement: Statement | Callable[[frozenset[str]], Statement]
    latex: str = ""
    quote: str = ""
    faults: Sequence[Fault] = ()
    hypotheses: Sequence[str] = ()

    def form(self, *faults: str) -> Statement:
        """The statement with the named faults alone."""
        return self.statement(frozenset(faults)) if callable(self.statement) else self.statement

    @property
    def printed(self) -> Statement:
        return self.form(*(f.name for f in self.faults))

    @property
    def corrected(self) -> Statement | None:
        return self.form() if self.faults else None

    def decide(self) -> Judged:
        """Compute every verdict of the claim."""
        start = time.perf_counter()
        printed = self._decided(*(f.name for f in self.faults))
        corrected = self._decided() if self.faults else None
        findings = tuple(Finding(fault=f, decision=self._decided(f.name)) for f in self.faults)
        return Judged(
            claim=self,
            printed=printed,
            corrected=corrected,
            findings=findings,
            seconds=time.perf_counter() - start,
        )

    def _decided(self, *faults: str) -> Decision:
        """The verdict on a form; a statement may need a derivation that fails."""
        try:
            return self.form(*faults).decide()
        except ErgsError as error:
            return Decision(verdict="undecided", evidence=(("failed", str(error)),))

    def written(self, *faults: str) -> dict[str, str]:
        """A form as ``{"latex", "expression"}``, or why it cannot be written down."""
        try:
            form = self.form(*faults)
        except ErgsError as error:
            return {"latex": "", "expression": f"not arrived at: {error}"}
        return {"latex": form.latex, "expression": form.expression}


@frozen(kw_only=True, repr=False)
class Judged:
    """A claim with its verdicts."""

    claim: Claim
    printed: Decision
    corrected: Decision | None
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Decided, and right as printed or as corrected."""
        last = self.corrected or self.printed
        return last.verdict in ("proved", "definition", "assumed", "supported")

    def __repr__(self) -> str:
        corrected = f", corrected: {self.corrected.verdict}" if self.corrected else ""
        return f"Judged({self.claim.id}, printed: {self.printed.verdict}{corrected})"

    def _repr_markdown_(self) -> str:
        claim = self.claim
        shown = f"$$\n{claim.latex}\n$$" if claim.latex else f"> {_escaped(claim.quote)}"
        corrected = f"; {self.corrected.verdict} as corrected" if self.corrected else ""
        verdict = f"**{self.printed.verdict} as printed{corrected}**"
        findings = [_finding_markdown(f.fault, f.decision.counterexample) for f in self.findings]
        title = f"`{claim.id}` {_escaped(claim.title)} ({claim.where})"
        return "\n\n".join([f"{title}: {verdict}", shown, *findings])

    def as_json(self) -> dict:
        """One entry of ``ergs-ledger/1``."""
        claim, last = self.claim, self.corrected
        printed = claim.written(*(f.name for f in claim.faults))
        evidence = [
            {
                "form": form,
                "method": method,
                "detail": detail,
                "seconds": round(self.seconds, 3),
            }
            for form, decision in (("printed", self.printed), ("corrected", last))
            if decision is not None
            for method, detail in decision.evidence
        ]
        return {
            "id": claim.id,
            "title": claim.title,
            "where": claim.where,
            "quote": claim.quote,
            "hypotheses": list(claim.hypotheses),
            "printed": {**printed, "latex": claim.latex},
            "printed_verdict": self.printed.verdict,
            "corrected": claim.written() if claim.faults else None,
            "corrected_verdict": last.verdict if last is not None else None,
            "findings": [finding.as_json() for finding in self.findings],
            "evidence": evidence,
        }


def _tex(value) -> str:
    return rf"\text{{{value}}}" if isinstance(value, str) else tex(value)


def _finding_markdown(fault: Fault, example: Mapping | None) -> str:
    text = f"- *{fault.kind}*: {_escaped(fault.what)}"
    if example is None:
        return text
    values = [f"${tex(sympy.Symbol(k))} =$ {_value(x)}" for k, x in example["values"].items()]
    left, right = (_value(example[side]) for side in ("left", "right"))
    return f"{text}. For instance at {', '.join(values)}: left {left}, right {right}."


def _value(value) -> str:
    """An exact matrix, given as rows of strings, a number, or something else as it is."""
    if isinstance(value, str):
        number = re.fullmatch(r"(-?)(\d+)(?:/(\d+))?", value)
        return f"${_number_tex(number)}$" if number else f"`{value}`"
    if len(value) == len(value[0]) == 1:
        return _value(value[0][0])
    return f"`{'; '.join(' '.join(row) for row in value)}`"


def _number_tex(number: re.Match) -> str:
    sign, top, bottom = number.groups()
    return rf"{sign}\tfrac{{{top}}}{{{bottom}}}" if bottom else sign + top


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_`|<\[])", r"\\\1", text)
