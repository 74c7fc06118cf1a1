"""Sentences of the ledger, and what they say of a concrete case: one registry."""

from __future__ import annotations

from ergs_verify.ledger.sentences import augmented, data, equilibria, lemma, maps, stages
from ergs_verify.ledger.sentences.decided import BY_ENGINES_ALONE
from ergs_verify.ledger.sentences.registry import EVALUATORS, at, can_be_evaluated, says

__all__ = [
    "BY_ENGINES_ALONE",
    "EVALUATORS",
    "at",
    "augmented",
    "can_be_evaluated",
    "data",
    "equilibria",
    "lemma",
    "maps",
    "says",
    "stages",
]
