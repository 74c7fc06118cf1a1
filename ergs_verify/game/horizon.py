"""The infinite horizon of a stationary game, which nothing can count."""

# The methods of str that would repeat or join the word are refused with the others.
# pyright: reportAssignmentType=false

from __future__ import annotations

from typing import Any, NoReturn

from ergs_verify.errors import InputError


class Infinite(str):
    """The word ``"infinite"`` in place of the number of stages.

    What does not know stationary games counts stages sooner or later, and is then told that there
    is no last one.

    Examples
    --------
    >>> from ergs_verify.game.horizon import INFINITE
    >>> INFINITE == "infinite"
    True
    >>> range(INFINITE)
    Traceback (most recent call last):
    ergs_verify.errors.InputError: this needs a last stage, but the horizon is infinite
    """

    __slots__ = ()

    def _count(self, *_: Any) -> NoReturn:
        raise InputError("this needs a last stage, but the horizon is infinite", "horizon")

    __index__ = __int__ = __float__ = __add__ = __radd__ = __sub__ = __rsub__ = _count
    __mul__ = __rmul__ = __truediv__ = __floordiv__ = __rtruediv__ = __neg__ = _count
    __lt__ = __le__ = __gt__ = __ge__ = _count


INFINITE: Any = Infinite("infinite")


def is_infinite(horizon: Any) -> bool:
    """Whether a horizon is the word ``"infinite"``."""
    return isinstance(horizon, str) and horizon == INFINITE
