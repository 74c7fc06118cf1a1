"""The records of the ledger, in the paper's order: one module for each of its results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from ergs_verify.ledger.claim import Claim

__all__ = ["claims"]


@cache
def claims() -> Mapping[str, Claim]:
    """Every record by id, in the paper's order."""
    from ergs_verify.ledger.claims import (
        algorithm_1,
        apriori,
        augmented_game,
        certificates,
        equation_19,
        game,
        gap,
        general,
        history,
        inner_loop,
        lemma_III_2,
        lemma_III_2_gaussian,
        lemma_III_4,
        lemma_IV_1,
        limits,
        section_I,
        section_IV,
        stationary,
        theorem_III_1,
        theorem_III_1_proof,
        theorem_III_1_value,
        theorem_IV_2,
        theorem_IV_2_proof,
        theorem_IV_3,
        theorem_IV_3_bounds,
        theorem_IV_3_proof,
        uniqueness,
    )

    ordered = (
        *section_I.OPENING,
        *game.CLAIMS,
        *theorem_III_1.CLAIMS,
        *lemma_III_2.CLAIMS,
        *lemma_III_2_gaussian.CLAIMS,
        *theorem_III_1_proof.CLAIMS,
        *theorem_III_1_value.CLAIMS,
        lemma_III_4.CLAIMS[0],
        apriori.MODEL_DEPENDENT,
        *lemma_III_4.CLAIMS[1:],
        *section_IV.CLAIMS,
        *algorithm_1.CLAIMS,
        *equation_19.CLAIMS,
        *lemma_IV_1.CLAIMS,
        *theorem_IV_2.CLAIMS,
        *theorem_IV_2_proof.CLAIMS,
        *augmented_game.CLAIMS,
        *theorem_IV_3.CLAIMS,
        *augmented_game.COSTS,
        *theorem_IV_3_bounds.CLAIMS,
        *theorem_IV_3_proof.CLAIMS,
        *section_I.CONCLUSION,
        *gap.CLAIMS,
        *uniqueness.CLAIMS,
        *inner_loop.CLAIMS,
        *history.CLAIMS,
        *limits.CLAIMS,
        *apriori.CLAIMS,
        *certificates.CLAIMS,
        *general.CLAIMS,
        *stationary.CLAIMS,
    )
    found = {claim.id: claim for claim in ordered}
    if len(found) != len(ordered):
        doubled = [name for name, count in Counter(c.id for c in ordered).items() if count > 1]
        raise ValueError(f"two records share an id: {doubled}")
    return MappingProxyType(found)  # cached: nobody may change it for the others
