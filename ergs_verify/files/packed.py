"""Arrays in a file that are not unpacked yet: limits hold before anything is expanded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from attrs import frozen

from ergs_verify.errors import InputError
from ergs_verify.exact import quoted

#: How many numbers a file may hold, and a game with every matrix expanded over time.
MAX_NUMBERS = 10**8

#: Characters that an array of text may have.
_MAX_TEXT = 10_000

#: Matrices over time that a file may list. Each is an array of its own in memory, of some 200
#: bytes beside its entries, so that many small ones take as much as `MAX_NUMBERS` floats.
_MAX_MATRICES = 4 * 10**6


@frozen
class Packed:
    """An array of which only the header has been read.

    Attributes
    ----------
    shape : tuple of int
    characters : int or None
        How many, where it is text.
    unpack : function
        Reads the entries.
    """

    shape: tuple[int, ...]
    characters: int | None
    unpack: Callable[[], np.ndarray]

    @property
    def size(self) -> int:
        """The number of entries."""
        return math.prod(self.shape)


def expect_at_most(most: int, packed: Mapping[str, Packed]) -> None:
    """Refuse arrays that together say more than a file may hold."""
    for key, one in packed.items():
        if (one.characters or 0) > _MAX_TEXT:
            raise InputError(
                f"the array {quoted(key)} holds {one.characters} characters, more than the limit "
                f"of {_MAX_TEXT}",
                key,
            )
    numbers = sum(one.size for one in packed.values())
    if numbers > most:
        raise InputError(
            f"holds {numbers} numbers in all its arrays, more than the limit of {most}"
        )
    matrices = sum(one.shape[0] for one in packed.values() if len(one.shape) > 2)
    if matrices > _MAX_MATRICES:
        raise InputError(
            f"lists {matrices} matrices over time, more than the limit of {_MAX_MATRICES}"
        )
