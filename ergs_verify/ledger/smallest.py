"""The smallest matrices at which two sides of a formula differ; other letters are 0.

Rⁱ and Σⁱ, which the paper supposes to be positive definite, are I where they enter idly.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sympy
from attrs import frozen
from sympy import preorder_traversal

from ergs_verify.errors import ErgsError
from ergs_verify.paper import notation
from ergs_verify.proof.sampling import Setting, SymPyNumbers, small_values

#: Sizes and numbers of agents, from small to large; a transpose shows at 2 only, an order of
#: factors at unequal sizes only.
_SETTINGS = (
    (1, lambda _: 1),
    (2, lambda _: 1),
    (1, lambda k: 1 + k % 2),
    (1, lambda _: 2),
    (2, lambda k: 1 + (k + 1) % 2),
    (2, lambda _: 2),
)
_DRAWS = 6
#: What the paper supposes to be positive definite: Rⁱ, and Σⁱ of a policy.
_DEFINITE = {letter(notation.i).name for letter in (notation.R, notation.S)}


@frozen
class Difference:
    """Values at which the sides differ; letters that are not named are 0.

    Attributes
    ----------
    values : mapping from letter to exact matrix or number
    left, right : exact matrix or number
    """

    values: Mapping[Any, Any]
    left: Any
    right: Any
    setting: Setting

    def replay(self) -> bool:
        """Whether the sides, evaluated afresh, still differ."""
        return _sides(self.setting, self.values) == (self.left, self.right)

    def as_json(self) -> dict[str, Any]:
        # π is a number and not a letter.
        letters = ((k, v) for k, v in self.values.items() if not k.is_number)
        shown = {str(k): _exact(v) for k, v in letters if not _is_zero(v)}
        return {"values": shown, "left": _exact(self.left), "right": _exact(self.right)}


def smallest_difference(
    left: Any,
    right: Any,
    definitions: Mapping,
    symmetric: Iterable,
    at: Iterable[tuple[str, int]] = (),
) -> Difference | None:
    """The first difference found, from small sizes to larger; letters put to 0 where they may be.

    None where the sides agree at all sizes tried. Sums of matrices that fit at equal sizes alone
    are compared there. With `at`, one number each for some letters, those are tried first.
    """
    symmetric, definitions = tuple(symmetric), _reached([left, right], definitions)
    for setting in _settings(left, right, definitions, symmetric):
        rng, chosen = random.Random(5), dict(at)
        values = small_values(setting, rng)
        if chosen and chosen.keys() <= {str(letter) for letter in values}:
            values = {
                k: _number(v, chosen[str(k)]) if str(k) in chosen else v for k, v in values.items()
            }
            if (sides := _sides(setting, values)) is not None:
                return Difference(values, *sides, setting)
        for _ in range(_DRAWS):
            if _sides(setting, values) is not None:
                return _without_idle_letters(setting, values)
            values = small_values(setting, rng)
    return None


def _number(like: Any, number: int) -> Any:
    shape = getattr(like, "shape", None)
    return (number * sympy.ones(*shape)).as_immutable() if shape else sympy.Integer(number)


def _reached(expressions: Iterable, definitions: Mapping) -> dict:
    """The definitions of letters that enter, directly or by another's definition."""
    names = {name for expression in expressions for name in _names(expression)}
    found = {}
    while more := {k: v for k, v in definitions.items() if k not in found and k.name in names}:
        found |= more
        names |= {name for value in more.values() for name in _names(value)}
    return found


def _names(expression: Any) -> set[str]:
    named = (getattr(part, "name", None) for part in preorder_traversal(expression))
    return {name for name in named if name is not None}


def _settings(left, right, definitions, symmetric) -> Iterator[Setting]:
    for agents, size_of in _SETTINGS:
        try:
            yield Setting.of(
                [left, right],
                definitions=definitions,
                symmetric=symmetric,
                agents=agents,
                size_of=size_of,
            )
        except ErgsError:
            continue


def _sides(setting: Setting, values: Mapping) -> tuple[Any, Any] | None:
    """Both sides, where they can be compared and differ."""
    try:
        left, right = setting.evaluate(values, SymPyNumbers())
    except (ErgsError, ZeroDivisionError, TypeError, ValueError):
        return None
    shapes = [getattr(side, "shape", None) for side in (left, right)]
    if shapes[0] != shapes[1]:
        return None
    difference = left - right
    entries = list(difference) if shapes[0] else [difference]
    differ = any(sympy.simplify(sympy.expand_log(e, force=True)) != 0 for e in entries)
    return (left, right) if differ else None


def _without_idle_letters(setting: Setting, values: Mapping) -> Difference:
    """Put one letter after the other to 0 (or I), where the sides still differ."""
    kept = dict(values)
    for letter, value in values.items():
        if letter.is_number or (letter.is_Symbol and letter.is_positive):
            continue
        shape = getattr(value, "shape", None)
        if shape is None:
            least = sympy.Integer(0)
        else:
            like = sympy.eye if letter.name in _DEFINITE else sympy.zeros
            least = like(*shape).as_immutable()
        changed = {**kept, letter: least}
        if _sides(setting, changed) is not None:
            kept = changed
    sides = _sides(setting, kept)
    assert sides is not None
    return Difference(kept, *sides, setting)


def _is_zero(value: Any) -> bool:
    return all(x == 0 for x in value) if hasattr(value, "shape") else value == 0


def _exact(value: Any) -> Any:
    if hasattr(value, "shape"):
        rows, cols = value.shape
        return [[str(value[r, c]) for c in range(cols)] for r in range(rows)]
    return str(value)
