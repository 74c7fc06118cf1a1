"""What deciding a statement gives: a verdict, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import sympy
from attrs import evolve, field, frozen
from sympy.logic.boolalg import BooleanAtom

from ergs_verify.game import Game

WORST_FIRST = ("ill-typed", "refuted", "undecided", "supported", "assumed", "proved")


@frozen
class Step:
    """A line of a proof.

    Attributes
    ----------
    says : str
    by : str
        ``fact`` (decided by an engine), ``hypothesis``, ``claim``, ``cited`` or ``rule``.
    name : str
        Of the hypothesis, the claim or the rule; for a cited result its source.
    premises : tuple of str
        The sentences that a rule was applied to.
    """

    says: str
    by: str
    name: str = ""
    premises: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "says": self.says,
            "by": self.by,
            "name": self.name,
            "premises": list(self.premises),
        }


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
    steps : tuple of Step
        The proof, where the statement has one of several steps.
    rests_on : tuple of str
        Ids of claims, and sources of cited results, that the proof uses.
    game : Game or None
        The counterexample, where it is a game.
    needs : tuple of str
        Sentences that have to be known where it is a step of a proof.
    """

    verdict: str
    evidence: tuple[tuple[str, str], ...] = ()
    counterexample: Mapping[str, Any] | None = None
    replay: Callable[[], bool] | None = field(default=None, repr=False)
    steps: tuple[Step, ...] = ()
    rests_on: tuple[str, ...] = ()
    game: Game | None = field(default=None, repr=False)
    needs: tuple[str, ...] = ()


class Statement(Protocol):
    """Something that can be decided and written down."""

    def decide(self) -> Decision: ...

    @property
    def expression(self) -> str: ...

    @property
    def latex(self) -> str: ...


def together(*decisions: Decision) -> Decision:
    """The worst of several verdicts, with the evidence of all.

    Examples
    --------
    >>> from ergs_verify.ledger.decision import exactly, together
    >>> together(exactly("1 + 1", 1 + 1, 2), exactly("2 + 2", 2 + 2, 5)).verdict
    'refuted'
    """
    worst = min(decisions, key=lambda d: WORST_FIRST.index(d.verdict))
    return evolve(
        worst,
        evidence=tuple(line for d in decisions for line in d.evidence),
        steps=(),
        rests_on=tuple(dict.fromkeys(name for d in decisions for name in d.rests_on)),
        needs=tuple(dict.fromkeys(sentence for d in decisions for sentence in d.needs)),
    )


def exactly(what: str, found: Any, claimed: Any) -> Decision:
    """Proved where an exact computation gives what is claimed, refuted by its value otherwise.

    Raises
    ------
    TypeError
        For a float, which no exact computation gives.
    """
    for value in (found, claimed):
        if _has_float(value):
            raise TypeError(f"{what} = {value} is not exact")
    if found == claimed:
        return Decision(verdict="proved", evidence=(("exact", f"{what} = {found}"),))
    return Decision(
        verdict="refuted",
        evidence=(("exact", f"{what} = {found}, not {claimed}"),),
        counterexample={"values": {}, "left": str(found), "right": str(claimed)},
        replay=lambda: found != claimed,
    )


def holds(what: str, condition: Any) -> Decision:
    """Proved where an exactly computed condition is true; refuted otherwise.

    Raises
    ------
    TypeError
        For anything but a truth value: Python takes most things for true.
    """
    if not isinstance(condition, bool | BooleanAtom):
        raise TypeError(f"{what}: {condition!r} is neither true nor false")
    return exactly(what, bool(condition), True)


def _has_float(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_float, (*value.keys(), *value.values())))
    if isinstance(value, list | tuple | set):
        return any(map(_has_float, value))
    return isinstance(value, float | complex | sympy.Float)
