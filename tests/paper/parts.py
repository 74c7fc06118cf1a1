"""A derivation from one of its moves on, so that what comes before is found once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from ergs_verify.paper.derivation import Derivation


def states_of(derivation: Derivation) -> dict[str, Mapping[str, Any]]:
    """What is known before each move."""
    known, states = dict(derivation.start), {}
    for move in derivation.moves:
        states[move.name] = dict(known)
        known |= move.find(known)
    return states


def from_move(derivation: Derivation, states: Mapping[str, Mapping], name: str) -> Derivation:
    """The rest of the derivation, the move of this name first."""
    first = list(states).index(name)
    return evolve(derivation, start=states[name], moves=derivation.moves[first:])
