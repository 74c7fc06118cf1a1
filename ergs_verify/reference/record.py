"""The format ``ergs-reference/1``: strict on reading, one way of writing.

A file is UTF-8 text, one JSON object with a line for each key, in this order:

``format``
    ``"ergs-reference/1"``. Another version would change the number.
``name``, ``game_hash``
    The game's name, which may be empty, and its hash (`ergs_verify.game.Game.hash`), hexadecimal.
``digits``
    D, a whole number from 1 to 5000.
``equilibrium``
    ``"unique"``: there is exactly one Nash equilibrium, proved. ``"stationary"``: the horizon is
    infinite, and this stationary equilibrium exists and is locally unique, proved; there may be
    others, and nothing below has a time axis. ``"unbounded"``: some agent's cost
    has no lower bound, proved, so that there is none. Otherwise Φ_t is singular, proved, and the
    equations for the gains at that stage have no solution (``"none"``), a continuum of them
    (``"continuum"``), or one of the two (``"singular"``).
``t``
    The singular stage, or the one at which the cost has no lower bound, from 0; null where there
    are numbers.
``agent``
    Whose cost has no lower bound, from 1. Only where it is so.
``K``, ``Sigma``, ``P``
    ``[agent][t]``, lists of rows of decimal strings; K p_i×m and Sigma p_i×p_i for t = 0…T−1, P
    m×m for t = 0…T. Only where there is such an equilibrium.
``q``
    ``[agent][t]``, decimal strings for t = 0…T. Only where there is such an equilibrium.
``k``, ``s``
    ``[agent][t]``, lists of decimal strings, k for t = 0…T−1 and s for t = 0…T: controls of mean
    Kx + k and values x'Px + 2s'x + q. Only where there is such an equilibrium and the game has
    affine terms.
``error``
    An object with the same letters as keys, each ``[agent][t]``, decimal strings: |given − exact| ≤
    error for every entry of that matrix, one unit of its last place, and error ≤ 10^−D · max(1,
    largest entry in size), for Sigma without the 1. Empty where there are no numbers.

A decimal string is what every language's parser of decimal numbers reads: digits, at most one
point, perhaps an exponent (``"0.0625"``, ``"-1.5"``, ``"1E-50"``, ``"0E-8"``). The enclosure of an
entry is [given − error, given + error].
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from os import PathLike
from typing import Any, Literal, get_args

from attrs import frozen

from ergs_verify.errors import InputError
from ergs_verify.exact import parse_number, quoted
from ergs_verify.files import disk, text
from ergs_verify.files.keys import check_keys
from ergs_verify.game.horizon import is_infinite
from ergs_verify.game.letters import LETTERS as _NAMED
from ergs_verify.game.letters import Sizes, first
from ergs_verify.game.policy import Policy
from ergs_verify.game.series import at
from ergs_verify.solve import MOST_DIGITS

FORMAT = "ergs-reference/1"
LETTERS = ("K", "Sigma", "P", "q")
#: Those of a game with affine terms.
AFFINE = ("K", "k", "Sigma", "P", "s", "q")

Kind = Literal["unique", "stationary", "unbounded", "none", "continuum", "singular"]
#: The kinds with numbers.
WITH_NUMBERS = ("unique", "stationary")

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,6})?")

#: Exact entries in rows; q is 1×1, k and s have one column.
Rows = list[list[Fraction]]


@frozen(kw_only=True, eq=False)
class Reference:
    """Certified digits of a game's equilibrium, as a reference file holds them.

    Attributes
    ----------
    name, game_hash : str
        The game's.
    digits : int
        D: each entry is right to 10^−D times the matrix's largest entry, or times 1 if that is
        larger and the letter is not Sigma.
    equilibrium : {"unique", "stationary", "unbounded", "none", "continuum", "singular"}
        ``unique``: there is exactly one. ``stationary``: the horizon is infinite, and this one is
        locally unique. ``unbounded``: the cost of `agent` has no lower bound at stage `t`.
        Otherwise Φ_t is singular at stage `t`, and the equations for the gains have no solution
        (``none``), a ``continuum`` of them, or one of the two (``singular``).
    t : int or None
        That stage, counted from 0.
    agent : int or None
        Counted from 1.
    values : mapping from letter to ``[i][t]``
        Matrices (K p_i×m, Sigma p_i×p_i, P m×m) as rows of decimal strings, vectors as lists of
        them, q as one. Without ``[t]`` if it is stationary; empty if there are no numbers.
    error : mapping from letter to ``[i][t]``
        A string: no entry is off by more than this, one unit of its last decimal place.

    Notes
    -----
    The equilibrium is that of :doc:`/explanation/theory`. The file's format is described in
    :doc:`/reference/formats`.
    """

    name: str
    game_hash: str
    digits: int
    equilibrium: Kind
    t: int | None
    values: Mapping[str, Any]
    error: Mapping[str, Any]
    agent: int | None = None

    def render(self) -> bytes:
        """The bytes of the file: the same for the same game and digits, on every machine.

        Returns
        -------
        bytes
            JSON, with a line for every key.

        Examples
        --------
        >>> from ergs_verify import gallery
        >>> from ergs_verify.reference import make_reference
        >>> make_reference(gallery("lqr"), digits=5).render()[1:29]
        b'"format": "ergs-reference/1"'
        """
        return text.render_json(
            {
                "format": FORMAT,
                "name": self.name,
                "game_hash": self.game_hash,
                "digits": self.digits,
                "equilibrium": self.equilibrium,
                "t": self.t,
                **({} if self.agent is None else {"agent": self.agent}),
                **self.values,
                "error": dict(self.error),
            }
        )

    def exact(self, letter: str) -> list[list[tuple[Rows, Fraction]]]:
        """The matrices of a letter as exact rationals, each with the bound of its errors.

        Parameters
        ----------
        letter : str

        Returns
        -------
        list over agents of list over t of pairs
            A matrix (K p_i×m, Sigma p_i×p_i, P m×m, a vector as a column, q as 1×1) as a list of
            rows of Fraction, and a Fraction. A stationary one stands at t = 0.

        Examples
        --------
        >>> from ergs_verify import gallery
        >>> from ergs_verify.reference import make_reference
        >>> make_reference(gallery("g-star-2"), digits=3).exact("K")[1][0]
        ([[Fraction(1143, 1000), Fraction(-1857, 1000)]], Fraction(1, 1000))
        """
        if self.equilibrium == "stationary":
            pairs = zip(self.values[letter], self.error[letter], strict=True)
            return [[(_rows(packed(letter, X)), parse_number(error))] for X, error in pairs]
        return [
            [
                (_rows(packed(letter, X)), parse_number(error))
                for X, error in zip(over_time, bounds, strict=True)
            ]
            for over_time, bounds in zip(self.values[letter], self.error[letter], strict=True)
        ]


def load_reference(path: str | PathLike[str]) -> Reference:
    """Read a reference from a JSON file.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Reference

    Raises
    ------
    FileFormatError
        If the file cannot be read or does not hold a valid reference.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from ergs_verify import gallery
    >>> from ergs_verify.reference import load_reference, make_reference
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "lqr.json"
    ...     _ = path.write_bytes(make_reference(gallery("lqr"), digits=20).render())
    ...     load_reference(path).digits
    20
    """
    with disk.naming(path):
        reference = _reference_from(text.parse_json(disk.read(path)))
        if reference.values:
            _expect_values(reference)
        return reference


def _reference_from(document: Any) -> Reference:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError(f'is not a reference: it needs "format": "{FORMAT}"', "format")
    unique = document.get("equilibrium") in WITH_NUMBERS
    unbounded = document.get("equilibrium") == "unbounded"
    said = ("format", "name", "game_hash", "digits", "equilibrium", "t", "error")
    said += ("agent",) if unbounded else ()
    letters = AFFINE if {"k", "s"} & set(document) else LETTERS
    check_keys(document, (*said, *AFFINE), (*said, *letters) if unique else said)
    if document["equilibrium"] not in get_args(Kind):
        raise InputError(
            f"equilibrium is {quoted(document['equilibrium'])}, but must be one of "
            f"{', '.join(get_args(Kind))}",
            "equilibrium",
        )
    values = {letter: document[letter] for letter in letters if letter in document}
    for letter in values:
        _expect(unique, letter, "left out, because the equilibrium is not unique")
    name, game_hash, digits, t = (document[key] for key in ("name", "game_hash", "digits", "t"))
    _expect(isinstance(name, str) and name.isprintable(), "name", "one line of printable text")
    hexadecimal = isinstance(game_hash, str) and re.fullmatch("[0-9a-f]{64}", game_hash)
    _expect(hexadecimal, "game_hash", "a game's hash, 64 hexadecimal digits in lower case")
    whole = type(digits) is int and 1 <= digits <= MOST_DIGITS
    _expect(whole, "digits", f"a whole number from 1 to {MOST_DIGITS}")
    if unique:
        kind = "unique" if document["equilibrium"] == "unique" else "stationary"
        _expect(t is None, "t", f"null, because the equilibrium is {kind}")
    else:
        stage = "the stage without a lower bound" if unbounded else "the singular stage"
        _expect(type(t) is int and t >= 0, "t", f"{stage}, a whole number ≥ 0")
    if unbounded:
        agent = document["agent"]
        _expect(type(agent) is int and agent >= 1, "agent", "an agent, a whole number ≥ 1")
    error = document["error"]
    _expect(isinstance(error, dict), "error", "an object")
    if unique:
        check_keys(error, letters, letters, "error")
    else:
        _expect(not error, "error", "empty, because the equilibrium is not unique")
    about = {key: document[key] for key in said if key != "format"}
    return Reference(**about, values=values)


def _expect_values(reference: Reference) -> None:
    """Refuse matrices that are not a policy with its costs, and errors that are not theirs."""
    for letter, values in reference.values.items():
        _expect(isinstance(values, list), letter, "a list with an entry per agent")
    policy = Policy.from_arrays(**reference.values, as_stated=True)
    stationary = reference.equilibrium == "stationary"
    if stationary != is_infinite(policy.horizon):
        kind = "has" if stationary else "has no"
        raise InputError(
            f'K {kind} a time axis, but the equilibrium is "{reference.equilibrium}"', "K"
        )
    sizes, states = zip(*(first(own).shape for own in policy.K), strict=True)
    policy.expect_shapes(Sizes(states[0], tuple(sizes)))
    for letter in reference.values:
        bounds = _listed(reference.error[letter], f"error.{letter}", policy.agents)
        for i, over_time in enumerate(reference.values[letter]):
            place = f"{letter}[{i}]"
            if stationary:
                with at(i + 1, None):
                    rows = packed(letter, over_time)
                    _expect_matrix(letter, rows, bounds[i], place, reference.digits)
                continue
            errors = _listed(bounds[i], f"error.{place}", len(over_time))
            for t, X in enumerate(over_time):
                with at(i + 1, t):
                    rows = packed(letter, X)
                    _expect_matrix(letter, rows, errors[t], f"{place}[{t}]", reference.digits)


def _expect_matrix(letter: str, X: Any, error: Any, where: str, digits: int) -> None:
    bound = _decimal(error, f"error.{where}")
    _expect(
        re.fullmatch(r"0*10*|[0.]*1", f"{Decimal(error):f}"),
        f"error.{where}",
        'one unit of a decimal place, like "1E-50"',
    )
    entry = "[{}]" * _NAMED[letter].ndim
    rows = [
        [_decimal(x, where + entry.format(r, c)) for c, x in enumerate(row)]
        for r, row in enumerate(X)
    ]
    if any((x / bound).denominator > 1 for row in rows for x in row):
        raise InputError(f"{where} has digits beyond its error, {quoted(error)}", where)
    largest = max(abs(x) for row in rows for x in row)
    size = largest + bound if letter == "Sigma" and largest else max(largest + bound, Fraction(1))
    if bound > size / 10**digits:
        raise InputError(
            f"error.{where} is {quoted(error)}, more than {digits} digits leave", f"error.{where}"
        )
    if letter not in ("Sigma", "P"):
        return
    for r, row in enumerate(rows):
        if letter == "Sigma" and row[r] < -bound:
            place = f"{where}[{r}][{r}]"
            raise InputError(
                f"{place} is negative, but a covariance has no such entry on its diagonal", place
            )
        for c in range(r):
            if abs(row[c] - rows[c][r]) > 2 * bound:
                raise InputError(
                    f"{where} is not symmetric: entry [{c}][{r}] is "
                    f"{quoted(X[c][r])} but entry [{r}][{c}] is {quoted(X[r][c])}",
                    where,
                )


def packed(letter: str, X: Any) -> Any:
    """What stands under a letter as rows: a number 1×1, a list as a column."""
    ndim = _NAMED[letter].ndim
    return X if ndim == 2 else [[x] for x in X] if ndim else [[X]]


def unpacked(letter: str, rows: Any) -> Any:
    """Rows as they stand under a letter."""
    ndim = _NAMED[letter].ndim
    return rows if ndim == 2 else [x for (x,) in rows] if ndim else rows[0][0]


def _expect(good: Any, key: str, what: str) -> None:
    if not good:
        raise InputError(f"{key} must be {what}", key)


def _listed(value: Any, where: str, length: int) -> list:
    _expect(isinstance(value, list) and len(value) == length, where, f"a list of length {length}")
    return value


def _decimal(value: Any, where: str) -> Fraction:
    good = isinstance(value, str) and _DECIMAL.fullmatch(value)
    _expect(good, where, 'a decimal string, like "-1.5" or "1E-50"')
    return parse_number(value, where)


def _rows(X: Any) -> Rows:
    return [[parse_number(x) for x in row] for row in X]
