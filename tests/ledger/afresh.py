"""Verdicts computed anew, so that a planted fault is met and does not stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve

from ergs_verify.ledger import examination, exhibits, reasoning
from ergs_verify.ledger.claims import claims, uniqueness
from ergs_verify.ledger.sentences import registry, view
from ergs_verify.paper import theorem_III_1


def forget() -> None:
    """Theorems are decided once; what all recursions and exhibits rest on must be true."""
    theorem_III_1.derived_formulas()
    exhibits.cases()
    uniqueness._near_singular.cache_clear()
    reasoning._decided.cache_clear()
    reasoning._computed.cache_clear()
    reasoning._without.cache_clear()
    examination.where.cache_clear()
    for claim in claims().values():
        claim._forms.clear()
    forget_sentences()


def forget_sentences() -> None:
    registry.at.cache_clear()
    view.of_play.cache_clear()
    view.of_nash.cache_clear()


def corrected(claim_id: str) -> str:
    """The verdict on a claim as corrected, or as printed where it needs no correction."""
    return claims()[claim_id]._decided().verdict


def printed(claim_id: str) -> str:
    claim = claims()[claim_id]
    return claim._decided(*(fault.name for fault in claim.all_faults)).verdict


def planted(
    monkeypatch, name: str, change: Callable[[Any], Any], derivation: Any = theorem_III_1
) -> None:
    """Have a derivation, Theorem III.1's by default, arrive at something else under one name."""
    derived = derivation.derive()
    altered = evolve(derived, results={**derived.results, name: change(derived[name])})
    monkeypatch.setattr(derivation, "derive", lambda *_: altered)


def planted_cost(monkeypatch, change: Callable[[Any], Any]) -> None:
    """The same for P_t of a joint policy."""
    derived = theorem_III_1.derive_policy_value()
    value = evolve(derived["value"], matrix=change(derived["value"].matrix))
    altered = evolve(derived, results={**derived.results, "value": value})
    monkeypatch.setattr(theorem_III_1, "derive_policy_value", lambda *_: altered)
