"""The precision that balls start with in an audit, in one place."""

from __future__ import annotations

from ergs_verify.certify.precision import MOST_BITS
from ergs_verify.game import Game

#: The cap where a solution is compared: `solve` goes as far for its digits, or a little less far,
#: and what it finds is to be judged.
MOST_BITS_OF_EQUILIBRIUM = 2 * MOST_BITS

#: Balls lose up to 4 bits a stage at (N, m, p, T) = (3, 12, 4, 50); 192 leave room for the rest.
_BITS, _BITS_PER_STAGE = 192, 4


def first_bits(game: Game) -> int:
    """Bits that nearly always leave float64's digits certain over all stages of a game."""
    return _BITS + _BITS_PER_STAGE * game.horizon
