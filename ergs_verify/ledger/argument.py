"""Arguments of several steps: identities, exact computations, and the named rules between them."""

from __future__ import annotations

from typing import Any

from ergs_verify.ledger.claim import Decision

__all__ = ["argument", "exactly", "holds"]

_WORST_FIRST = ("refuted", "ill-typed", "undecided", "proved")


def argument(*steps: Decision | str) -> Decision:
    """The worst verdict of the steps, with all their evidence; a string is a named rule.

    Examples
    --------
    >>> from ergs_verify.ledger.argument import argument, exactly
    >>> argument(exactly("1 + 1", 1 + 1, 2), "transitivity").verdict
    'proved'
    """
    decisions = [step for step in steps if isinstance(step, Decision)]
    worst = min(decisions, key=lambda d: _WORST_FIRST.index(d.verdict))
    evidence = [
        line
        for step in steps
        for line in ([("rule", step)] if isinstance(step, str) else step.evidence)
    ]
    return Decision(
        verdict=worst.verdict,
        evidence=tuple(evidence),
        counterexample=worst.counterexample,
        replay=worst.replay,
    )


def exactly(what: str, found: Any, claimed: Any) -> Decision:
    """Proved where an exact computation gives what is claimed, refuted by its value otherwise."""
    if found == claimed:
        return Decision(verdict="proved", evidence=(("exact", f"{what} = {found}"),))
    return Decision(
        verdict="refuted",
        evidence=(("exact", f"{what} = {found}, not {claimed}"),),
        counterexample={"values": {}, "left": str(found), "right": str(claimed)},
        replay=lambda: found != claimed,
    )


def holds(what: str, condition: bool) -> Decision:
    """Proved where an exactly computed condition is true; refuted otherwise."""
    return exactly(what, bool(condition), True)
