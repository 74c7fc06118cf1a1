"""What a claim of the paper is, and how it is decided.

A claim holds statements, not verdicts: `Claim.decide` computes them. A display with several
faults is written once, as a function of the set of faults it carries: all of them give the
printed form, none the corrected one, and each alone a finding of its own. A hypothesis that the
corrected form needs and the paper does not state is such a fault too.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy
from attrs import field, frozen

from ergs_verify.errors import ErgsError
from ergs_verify.game import Game
from ergs_verify.ledger.decision import Decision, Statement
from ergs_verify.ledger.hypotheses import Hypothesis
from ergs_verify.ledger.reasoning import Theorem, examined
from ergs_verify.typeset import coloured, tex


@frozen(kw_only=True)
class Fault:
    """A fault that a display carries: what is wrong, of what kind, and whose it probably is.

    Attributes
    ----------
    name, what : str
    kind : str
        One of ``sign``, ``factor``, ``index``, ``bracket``, ``shape``, ``missing term``,
        ``transpose``, ``random for mean``, ``wording``, ``overclaim``, ``accent``,
        ``missing hypothesis``.
    source : str
        ``author``, ``scan`` (the scanner probably lost or misread something) or ``wording``.
    printed, corrected : str
        A piece of the paper's LaTeX, and what has to stand there; empty where the fault is not
        one of the display's pieces. All of what has to stand there is marked as changed, or what
        is inside ``\\corrected{…}``.
    """

    name: str
    what: str
    kind: str
    source: str = "author"
    printed: str = ""
    corrected: str = ""


@frozen(kw_only=True)
class Gap:
    """A step of the paper that does not follow as it stands there.

    Attributes
    ----------
    what : str
        Which step, and what is missing.
    quote : str
        The paper's words or LaTeX.
    closed_by : tuple of Theorem
        What closes it; empty where nothing here does.
    """

    what: str
    quote: str = ""
    closed_by: tuple[Theorem, ...] = ()

    def as_json(self) -> dict[str, Any]:
        closed = bool(self.closed_by) and all(
            theorem.decide().verdict == "proved" for theorem in self.closed_by
        )
        return {
            "what": self.what,
            "kind": "proof gap",
            "source": "author",
            "quote": self.quote,
            "verdict": "closed" if closed else "open",
            "closed_by": [theorem.id for theorem in self.closed_by],
            "counterexample": None,
        }


@frozen(kw_only=True)
class Finding:
    """A fault, with the decision on the corrected form in which it stands alone."""

    fault: Fault
    decision: Decision

    def as_json(self) -> dict[str, Any]:
        return {
            "what": self.fault.what,
            "kind": self.fault.kind,
            "source": self.fault.source,
            "verdict": self.decision.verdict,
            "counterexample": self.decision.counterexample,
        }


@frozen
class _Without:
    """What a theorem says, without one of its hypotheses."""

    theorem: Theorem
    hypothesis: Hypothesis

    def decide(self) -> Decision:
        return self.theorem.without(self.hypothesis)

    @property
    def expression(self) -> str:
        return f"{self.theorem.expression}; this without the hypothesis: {self.hypothesis.text}"

    @property
    def latex(self) -> str:
        return rf"\text{{{self.expression}}}"


@frozen(kw_only=True)
class Claim:
    """One claim of the paper, or one beyond it.

    Attributes
    ----------
    id : str
        ``eq-4``, ``lemma-III.2/minimiser``, …; ``sharp-…``, ``general-…`` and
        ``stationary-…`` beyond the paper.
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
        The display's own.
    stated : tuple of Hypothesis
        What the paper supposes here, besides what it supposes throughout.
    gaps : tuple of Gap
        Steps of the paper's proof that do not follow.
    corrected_latex : str
        The corrected form in the paper's letters, where it is not the display with some pieces
        exchanged; what changed stands inside ``\\corrected{…}``.
    """

    id: str
    title: str
    where: str
    statement: Statement | Callable[[frozenset[str]], Statement]
    latex: str = ""
    quote: str = ""
    faults: Sequence[Fault] = ()
    stated: Sequence[Hypothesis] = ()
    gaps: Sequence[Gap] = ()
    corrected_latex: str = ""
    _forms: dict[frozenset[str], Statement] = field(factory=dict, init=False, repr=False, eq=False)

    @property
    def of_the_paper(self) -> bool:
        return not self.id.startswith(("sharp-", "general-", "stationary-"))

    @property
    def all_faults(self) -> tuple[Fault, ...]:
        """The display's own, and the hypotheses that the paper does not state."""
        return (*self.faults, *map(_unstated, self.unstated))

    @property
    def unstated(self) -> tuple[Hypothesis, ...]:
        """What the corrected form supposes and the paper does not."""
        if not self.of_the_paper:
            return ()
        return tuple(h for h in self.hypotheses if not h.stated and h not in self.stated)

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """Of the corrected form."""
        form = self._corrected
        return form.given if isinstance(form, Theorem) else ()

    @property
    def _corrected(self) -> Statement | None:
        try:
            return self._form(frozenset())
        except ErgsError:  # a derivation that fails, as `decide` will say
            return None

    def _form(self, faults: frozenset[str]) -> Statement:
        if not callable(self.statement):
            return self.statement
        if faults not in self._forms:
            self._forms[faults] = self.statement(faults)
        return self._forms[faults]

    def form(self, *faults: str) -> Statement:
        """The statement with the named faults alone.

        Raises
        ------
        ValueError
            For a name that no fault of the claim has.
        """
        unknown = frozenset(faults) - {fault.name for fault in self.all_faults}
        if unknown:
            raise ValueError(f"{self.id} has no fault {min(unknown)}")
        own = frozenset(faults) & {fault.name for fault in self.faults}
        form = self._form(own)
        missing = [h for h in self.unstated if h.id in faults]
        if missing and not own:
            assert isinstance(form, Theorem)
            return _Without(form, missing[0])
        return form

    @property
    def printed(self) -> Statement:
        return self.form(*(f.name for f in self.all_faults))

    @property
    def corrected(self) -> Statement | None:
        return self.form() if self.all_faults else None

    def decide(self) -> Judged:
        """Compute every verdict of the claim."""
        start = time.perf_counter()
        printed = self._decided(*(f.name for f in self.all_faults))
        corrected = self._decided() if self.all_faults else None
        findings = tuple(Finding(fault=f, decision=self._decided(f.name)) for f in self.all_faults)
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
            form = self.form(*faults)
            decision = form.decide()
            if decision.needs:
                reason = f"it supposes “{decision.needs[0]}”, which only a theorem can"
                return Decision(verdict="undecided", evidence=(("reason", reason),))
            return decision
        except ErgsError as error:
            return Decision(verdict="undecided", evidence=(("failed", str(error)),))

    def written(self, *faults: str) -> dict[str, str]:
        """A form as ``{"latex", "expression"}``, or why it cannot be written down."""
        try:
            form = self.form(*faults)
        except ErgsError as error:
            return {"latex": "", "expression": f"not derived: {error}"}
        expression = form.expression
        supposed = [h.text for h in self.hypotheses if h in (*self.unstated, *self.stated)]
        if supposed and isinstance(form, Theorem):
            expression = f"provided that {', and '.join(supposed)}: {expression}"
        return {"latex": form.latex, "expression": expression}

    @property
    def corrected_display(self) -> str:
        """The corrected form in LaTeX, what changed being marked; empty where it is in words.

        Raises
        ------
        ValueError
            Where a piece does not stand there exactly once.
        """
        if self.corrected_latex:
            return self.corrected_latex
        display = self.latex
        for fault in self.faults:
            if fault.printed:
                if display.count(fault.printed) != 1:
                    raise ValueError(f"{self.id}: {fault.printed} does not occur exactly once")
                marked = fault.corrected
                if r"\corrected" not in marked:
                    marked = rf"\corrected{{{marked}}}"
                display = display.replace(fault.printed, marked)
        return display if display != self.latex else ""


def _unstated(hypothesis: Hypothesis) -> Fault:
    return Fault(
        name=hypothesis.id,
        what=f"the paper does not suppose this, and without it the claim fails: {hypothesis.text}",
        kind="missing hypothesis",
    )


@frozen(kw_only=True, repr=False)
class Judged:
    """A claim with its verdicts.

    Attributes
    ----------
    claim : Claim
        Its id, title, place in the paper, formula and hypotheses.
    printed : Decision
        The verdict on what the paper prints, with its evidence.
    corrected : Decision or None
        The verdict on the corrected form, if there is one.
    findings : tuple of Finding
        The faults of the printed form, each with the verdict on it alone.
    seconds : float
    holds : bool
        Whether it is right as printed or as corrected, and each finding is wrong on its own.
    """

    claim: Claim
    printed: Decision
    corrected: Decision | None
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Decided, right as printed or as corrected, and each finding is wrong on its own."""
        last = self.corrected or self.printed
        return last.verdict in ("proved", "definition", "assumed", "supported") and all(
            finding.decision.verdict in ("refuted", "ill-typed") for finding in self.findings
        )

    def __repr__(self) -> str:
        corrected = f", corrected: {self.corrected.verdict}" if self.corrected else ""
        return f"Judged({self.claim.id}, printed: {self.printed.verdict}{corrected})"

    def _repr_markdown_(self) -> str:
        claim = self.claim
        shown = f"$$\n{claim.latex}\n$$" if claim.latex else f"> {escaped(claim.quote)}"
        corrected = f"; {self.corrected.verdict} as corrected" if self.corrected else ""
        verdict = f"**{self.printed.verdict} as printed{corrected}**"
        findings = [_finding_markdown(f.fault, f.decision.counterexample) for f in self.findings]
        gaps = [f"- *proof gap*: {escaped(gap.what)}" for gap in claim.gaps]
        title = f"`{claim.id}` {escaped(claim.title)} ({claim.where})"
        parts = [f"{title}: {verdict}", shown, "\n".join([*findings, *gaps])]
        if self.corrected:
            form = {**claim.written(), "display": claim.corrected_display}
            parts.append(f"Corrected: {form_markdown(form)}")
        return "\n\n".join(filter(None, parts))

    def as_json(self) -> dict[str, Any]:
        """One entry of ``ergs-ledger/1``."""
        claim, last = self.claim, self.corrected
        printed = claim.written(*(f.name for f in claim.all_faults))
        decisions = [("printed", self.printed), ("corrected", last)]
        evidence = [
            {"form": form, "method": method, "detail": detail, "seconds": round(self.seconds, 3)}
            for form, decision in decisions
            if decision is not None
            for method, detail in decision.evidence
        ]
        final = last or self.printed
        return {
            "id": claim.id,
            "title": claim.title,
            "where": claim.where,
            "of_the_paper": claim.of_the_paper,
            "quote": claim.quote,
            "hypotheses": [self._hypothesis(h) for h in claim.hypotheses],
            "printed": {**printed, "latex": claim.latex},
            "printed_verdict": self.printed.verdict,
            "corrected": {**claim.written(), "display": claim.corrected_display}
            if last is not None
            else None,
            "corrected_verdict": last.verdict if last is not None else None,
            "findings": [
                *(finding.as_json() for finding in self.findings),
                *(gap.as_json() for gap in claim.gaps),
            ],
            "exhibits": self.exhibits,
            "proof": [step.as_json() for step in final.steps],
            "rests_on": list(final.rests_on),
            "evidence": evidence,
            "examined": self._examined(),
        }

    def _examined(self) -> list[dict[str, Any]]:
        """The sentences of the proof, and on how many exhibits each was tried."""
        form = self.claim._corrected
        if not isinstance(form, Theorem):
            return []
        return [
            {"says": sentence, "concluded": sentence in form.sentences, "cases": cases}
            for sentence, cases in examined(form).items()
        ]

    @property
    def games(self) -> dict[str, Game]:
        """The counterexamples that are games, by the name that ``--exhibit`` takes."""
        return {name: game for name, game, _ in self._shown}

    @property
    def exhibits(self) -> list[dict[str, Any]]:
        """The games, each with what it shows."""
        return [
            {"name": name, "hash": game.hash, "shows": shows} for name, game, shows in self._shown
        ]

    @property
    def _shown(self) -> list[tuple[str, Game, list[str]]]:
        printed = f"the verdict as printed, {self.printed.verdict}"
        decisions = [(printed, self.printed)]
        decisions += [
            (f"finding {k}, {found.fault.kind}", found.decision)
            for k, found in enumerate(self.findings, 1)
        ]
        theorem, unstated = self.claim._corrected, self.claim.unstated
        if isinstance(theorem, Theorem):
            supposed = [h for h in theorem.given if h not in unstated]
            decisions += [(f"the need for: {h.text}", theorem.without(h)) for h in supposed]
        found: dict[str, tuple[str, Game, list[str]]] = {}
        for shows, decision in decisions:
            game = decision.game
            if game is not None and game.hash not in found:
                name = game.name or "exhibit"
                again = sum(game.name == other.name for _, other, _ in found.values())
                found[game.hash] = (f"{name} ({again + 1})" if again else name, game, [shows])
            elif game is not None:
                found[game.hash][2].append(shows)
        return list(found.values())

    def _hypothesis(self, hypothesis: Hypothesis) -> dict[str, Any]:
        theorem = self.claim.form()
        assert isinstance(theorem, Theorem)
        without = theorem.without(hypothesis)
        return {
            "id": hypothesis.id,
            "text": hypothesis.text,
            "stated": hypothesis.stated or (hypothesis in self.claim.stated and "here") or "",
            "needed": without.counterexample if without.verdict == "refuted" else None,
        }


def form_markdown(form: Mapping[str, str]) -> str:
    """A corrected form of ``ergs-ledger/1``: a display with the changes in red, or words."""
    if form["display"] or (form["latex"] and not form["latex"].startswith(r"\text{")):
        return f"\n\n$$\n{coloured(form['display'] or form['latex'])}\n$$"
    return escaped(form["expression"])


def _finding_markdown(fault: Fault, example: Mapping | None) -> str:
    text = f"- *{fault.kind}*: {escaped(fault.what)}"
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


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\*_`|<\[$])", r"\\\1", text)
