"""From errors and the errors allowed to rows of digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from ergs_verify.exact import UNIT
from ergs_verify.study.crosscheck_result import CHECKS, Row
from ergs_verify.study.numbers import Numbers, log10, size

#: By letter, agent and time: how far the largest entry of a matrix moves.
Moves = dict[str, list[list[Any]]]


@frozen
class Pair:
    """An error, the error allowed and the size that digits count from."""

    error: Any
    allowed: Any
    scale: Any


def row(check: str, quantity: str, i: int, pairs: Sequence[Pair], *, timeless: bool = False) -> Row:
    """The stage with the fewest digits; where one fails, the stage that fails worst."""
    failing = [t for t, pair in enumerate(pairs) if not pair.error <= pair.allowed]
    digits = [log10(pair.scale) - log10(pair.error) for pair in pairs]
    needed = [log10(pair.scale) - log10(pair.allowed) for pair in pairs]
    fewest = digits.index(min(digits))
    t = max(failing, key=lambda s: needed[s] - digits[s]) if failing else fewest
    return Row(
        check=check,
        quantity=quantity,
        agent=i + 1,
        t=None if timeless else t,
        digits=digits[t],
        needed=needed[t],
        holds=not failing,
    )


def lost_digits(reference: Numbers, moved: Moves) -> dict[str, float]:
    """log₁₀ of the relative condition number, by letter."""
    unit = log10(float(UNIT))
    return {
        letter: max(
            log10(move) - log10(size(X)) - unit
            for over_time, changes in zip(reference[letter], moved[letter], strict=True)
            for X, move in zip(over_time, changes, strict=True)
            if size(X) and move
        )
        for letter in reference
        if any(size(X) for over_time in reference[letter] for X in over_time)
    }


def sentence(found: Row) -> str:
    """What does not hold, in words."""
    stage = "" if found.t is None else f", t = {found.t}"
    return (
        f"{found.quantity} of agent {found.agent}{stage} ({CHECKS[found.check]}): "
        f"{found.digits:.1f} digits agree, {found.needed:.1f} are needed"
    )
