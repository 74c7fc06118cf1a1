"""Number systems behind one small protocol, each loaded when it is first asked for.

Examples
--------
>>> from fractions import Fraction
>>> from ergs_verify.arithmetic import MPMath
>>> thirty = MPMath(digits=30)
>>> print(thirty.log(thirty.scalar(Fraction(2))))
0.693147180559945309417232121458
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ergs_verify.arithmetic.balls import Ball, Balls
    from ergs_verify.arithmetic.base import Arithmetic
    from ergs_verify.arithmetic.float64 import Float64
    from ergs_verify.arithmetic.mp import MPMath
    from ergs_verify.arithmetic.rationals import Rationals

__all__ = ["Arithmetic", "Ball", "Balls", "Float64", "MPMath", "Rationals"]

_HOMES = {
    "Arithmetic": "base",
    "Ball": "balls",
    "Balls": "balls",
    "Float64": "float64",
    "MPMath": "mp",
    "Rationals": "rationals",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
