"""The links that a claim's verdict rests on, as they are met; and one of them made to fail."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from attrs import evolve, frozen
from ergs_verify.ledger.argument import exactly

from ergs_verify.ledger import costs_compared, section_III_uniqueness
from ergs_verify.ledger.chain import Chain
from ergs_verify.ledger.claim import Claim, Decision, Equality

KEPT = (section_III_uniqueness._dominant_in_blocks, costs_compared.gap_below_its_bound)
"""Arguments computed once: their links are met again only afresh."""


@frozen
class Exact:
    """What an exact computation found, and what is claimed."""

    what: str
    found: Any
    claimed: Any


Link = Equality | Chain | Exact


def same(one: Link, other: Link) -> bool:
    """Whether two links are one; a chain's rules are built anew each time it is met."""
    if isinstance(one, Chain) and isinstance(other, Chain):
        return (one.left, one.right) == (other.left, other.right)
    return one == other


PROVED, REFUTED = Decision(verdict="proved"), Decision(verdict="refuted")


@contextmanager
def decided_by(decide: Callable[[Link], Decision | None]) -> Iterator[None]:
    """Links get the decision that `decide` has for them, or their own where it has none."""

    def method(kind):
        own = kind.decide
        return lambda link: decide(link) or own(link)

    def exact(what, found, claimed):
        return decide(Exact(what, found, claimed)) or exactly(what, found, claimed)

    with ExitStack() as stack:
        for kind in (Equality, Chain):
            stack.enter_context(patch.object(kind, "decide", method(kind)))
        for name, module in list(sys.modules.items()):
            if name.startswith("ergs_verify.ledger.") and hasattr(module, "exactly"):
                stack.enter_context(patch.object(module, "exactly", exact))
        for kept in KEPT:
            kept.cache_clear()
            stack.callback(kept.cache_clear)
        yield


def verdict(claim: Claim) -> str:
    """Of the claim as corrected, or as printed where it needs no correction."""
    return evolve(claim, statement=claim.form(), faults=()).decide().printed.verdict


def links(claim: Claim) -> list[Link]:
    """The links that the verdict rests on, each once."""
    met: list[Link] = []

    def note(link: Link) -> None:
        if not any(same(link, known) for known in met):
            met.append(link)

    with decided_by(note):
        verdict(claim)
    return met


def verdict_without(claim: Claim, link: Link) -> str:
    """The verdict where this one link is refuted and all others are taken as proved."""

    def decide(met: Link) -> Decision | None:
        if same(met, link):
            return REFUTED
        # A chain is decided anew where the link is an identity that it starts from.
        return None if isinstance(met, Chain) and link in met.first else PROVED

    with decided_by(decide):
        return verdict(claim)
