"""The format ``ergs-reference/1``: strict on reading, one way of writing.

A file is UTF-8 text, one JSON object with a line for each key, in this order:

``format``
    ``"ergs-reference/1"``. Another version would change the number.
``name``, ``game_hash``
    The game's name, which may be empty, and its hash (`ergs_verify.game.Game.hash`), hexadecimal.
``digits``
    D, a whole number from 1 to 5000.
``equilibrium``
    ``"unique"``: there is exactly one Nash equilibrium, proved. Otherwise Φ_t is singular, proved,
    and the equations for the gains at that stage have no solution (``"none"``), a continuum of
    them (``"continuum"``), or one of the two (``"singular"``).
``t``
    The singular stage, from 0; null where the equilibrium is unique.
``K``, ``Sigma``, ``P``
    ``[agent][t]``, lists of rows of decimal strings; K p_i×m and Sigma p_i×p_i for t = 0…T−1, P
    m×m for t = 0…T. Only where the equilibrium is unique.
``q``
    ``[agent][t]``, decimal strings for t = 0…T. Only where the equilibrium is unique.
``error``
    An object with the keys K, Sigma, P, q, each ``[agent][t]``, decimal strings: |given − exact| ≤
    error for every entry of that matrix, one unit of its last place, and error ≤ 10^−D · max(1,
    largest entry in size), for Sigma without the 1. Empty where the equilibrium is not unique.

A decimal string is what every language's parser of decimal numbers reads: digits, at most one
point, perhaps an exponent (``"0.0625"``, ``"-1.5"``, ``"1E-50"``, ``"0E-8"``). The enclosure of an
entry is [given − error, given + error].
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from os import PathLike
from typing import Any, Literal, get_args

import numpy as np
from attrs import frozen

from ergs_verify.errors import InputError
from ergs_verify.exact import fractions, number, quoted, read_matrix
from ergs_verify.files import disk, text
from ergs_verify.files.documents import check_keys

__all__ = ["FORMAT", "LETTERS", "Kind", "Reference", "Rows", "load_reference"]

FORMAT = "ergs-reference/1"
LETTERS = ("K", "Sigma", "P", "q")

Kind = Literal["unique", "none", "continuum", "singular"]

#: Exact entries in rows; those of q are 1×1.
Rows = list[list[Fraction]]


@frozen(kw_only=True, eq=False)
class Reference:
    """What a reference file says.

    Attributes
    ----------
    name, game_hash : str
        The game's.
    digits : int
        D, counted from the largest entry of each matrix: of Σ itself, of the others where it is
        at least 1.
    equilibrium : {"unique", "none", "continuum", "singular"}
        Where it is not unique, Φ_t is singular: the equations for the gains at stage `t` have no
        solution, a continuum of them, or one of the two.
    t : int or None
        The singular stage.
    values : mapping from letter to ``[i][t]`` decimal strings in rows (of q: a string)
        Empty without a single equilibrium.
    error : mapping from letter to ``[i][t]`` string
        No entry of the matrix is off by more: one unit of its last place.
    """

    name: str
    game_hash: str
    digits: int
    equilibrium: Kind
    t: int | None
    values: Mapping[str, Any]
    error: Mapping[str, Any]

    def render(self) -> bytes:
        """The file's bytes: JSON, a line for every key, the same for the same game and digits."""
        return text.render_json(
            {
                "format": FORMAT,
                "name": self.name,
                "game_hash": self.game_hash,
                "digits": self.digits,
                "equilibrium": self.equilibrium,
                "t": self.t,
                **self.values,
                "error": dict(self.error),
            }
        )

    def exact(self, letter: str) -> list[list[tuple[Rows, Fraction]]]:
        """``[i][t]``: a matrix as exact rationals, and the bound of its errors.

        Raises
        ------
        InputError
            Where an entry is no number, or there are not as many errors as matrices.
        """
        agents, errors = self.values[letter], self.error.get(letter)
        found = []
        for i, over_time in enumerate(_listed(agents, letter)):
            where = f"{letter}[{i}]"
            bounds = _at(errors, i, f"error.{where}")
            found.append(
                [
                    (
                        _rows(X, f"{where}[{t}]", scalar=letter == "q"),
                        Fraction(number(_at(bounds, t, f"error.{where}[{t}]"), f"error.{where}")),
                    )
                    for t, X in enumerate(_listed(over_time, where))
                ]
            )
        return found


def load_reference(path: str | PathLike[str]) -> Reference:
    """The reference in a JSON file.

    Raises
    ------
    FileFormatError
        Where the file cannot be read, or is no valid reference.
    """
    with disk.naming(path):
        reference = _reference_from(text.parse_json(disk.read(path)))
        for letter in reference.values:
            reference.exact(letter)
        return reference


def _reference_from(document: Any) -> Reference:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError(f'is no reference: it needs "format": "{FORMAT}"', "format")
    said = ("format", "name", "game_hash", "digits", "equilibrium", "t", "error")
    unique = document.get("equilibrium") == "unique"
    keys = (*said, *LETTERS) if unique else said
    check_keys(document, keys, keys)
    _expect(document, "name", str)
    _expect(document, "game_hash", str)
    _expect(document, "digits", int)
    _expect(document, "t", type(None) if unique else int)
    _expect(document, "error", dict)
    if document["equilibrium"] not in get_args(Kind):
        raise InputError(
            f"equilibrium is {quoted(document['equilibrium'])}, but must be one of "
            f"{', '.join(get_args(Kind))}",
            "equilibrium",
        )
    about = {key: document[key] for key in said if key != "format"}
    return Reference(**about, values={key: document[key] for key in keys if key in LETTERS})


def _expect(document: Mapping[str, Any], key: str, kind: type) -> None:
    if type(document[key]) is not kind:
        names = {str: "a string", int: "a whole number", dict: "an object"}
        raise InputError(f"{key} must be {names.get(kind, 'null')}", key)


def _listed(value: Any, where: str) -> list:
    if not isinstance(value, list) or not value:
        raise InputError(f"{where} must be a list, and not empty", where)
    return value


def _at(values: Any, place: int, where: str) -> Any:
    if not isinstance(values, list) or place >= len(values):
        raise InputError(f"{where} is missing", where)
    return values[place]


def _rows(X: Any, where: str, *, scalar: bool) -> Rows:
    matrix: np.ndarray = read_matrix([[X]] if scalar else X, where)
    return fractions(matrix)
