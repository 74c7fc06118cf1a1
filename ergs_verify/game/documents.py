"""Plain documents, as JSON and TOML hold them, to and from the letters of games and policies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ergs_verify.errors import InputError
from ergs_verify.exact import Number, quoted, written
from ergs_verify.files.keys import check_keys
from ergs_verify.game.horizon import INFINITE, Infinite, is_infinite
from ergs_verify.game.letters import GAME, POLICY, Letter, parts_of

GAME_FORMAT = "ergs-game/1"
SOLUTION_FORMAT = "ergs-solution/1"

#: What a solution file may say besides its matrices, and of which type. Keys that start with
#: ``x-`` are open to everybody and kept as they are.
ABOUT: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "game_hash": (str,),
    "method": (str,),
    "horizon": (int, Infinite),
    "iterations": (int, type(None)),
    "digits": (int, type(None)),
    "certified": (bool,),
    "nash": (dict,),
}
_TYPE_NAMES = {
    str: "a string",
    int: "a whole number",
    Infinite: '"infinite"',
    bool: "true or false",
    dict: "an object",
    type(None): "null",
}
_SOLUTION_KEYS = ("format", *(letter.name for letter in POLICY), *ABOUT)
_GAME_KEYS = tuple(
    dict.fromkeys(["format", "name", "horizon", "indefinite", *(x.place[0] for x in GAME)])
)
_GAME_REQUIRED = ("format", *(letter.name for letter in GAME if letter.required))

#: Keys that are often met elsewhere, and what they are here.
HINTS = {
    r"(?i)beta|gamma|delta|rho|discount\w+": 'a discount factor is "discount"',
    r"(?i)[rs]_?(\d{2,}|\d+_\d+|ij|joint|all|full)|(joint|full)_?[rs]": "a cost on all agents' "
    'controls is an n×n entry of "R", and on them and the state an n×m entry of "S"',
    r"[MN]\d*|(?i:cross|coupling)\w*": 'a cost 2u\'Sx of control and state is "S", '
    'and the gain of a prior "prior"',
    r"(?i)c|const\w*|offset|bias|b0|affine": 'a constant in the dynamics is "drift"',
    r"q|l|q_?lin\w*": 'a cost 2q\'x is "x_linear"',
    r"r|r_?lin\w*": 'a cost 2r\'u is "u_linear"',
    r"(?i)Q_?(T|f|N|end|final|terminal)": 'the last of a list over time of "Q" is terminal',
    r"(?i)w|omega|sigma(_?w)?|sigma_?noise": 'the covariance of the noise is "noise_cov"',
    r"(?i)x0_(mean|cov)": 'they go into "x0": {"mean": …, "cov": …}',
    r"(?i)prior_\w+|reference\w*|lambda|mu": 'a Gaussian prior is "prior": [{"gain": …, '
    '"mean": …, "cov": …}]',
    r"T|N_steps|steps|stages": 'the number of stages is "horizon"',
}


def game_values(document: Any) -> dict[str, Any]:
    """What a document says of a game, as `Game.from_letters` takes it."""
    _expect_format(document, GAME_FORMAT, "a game")
    check_keys(document, _GAME_KEYS, _GAME_REQUIRED, hints=HINTS)
    if "horizon" in document and document["horizon"] is None:
        raise InputError('horizon must be a whole number ≥ 1 or "infinite"', "horizon")
    empty = [key for key, value in document.items() if value is None and key in _GAME_KEYS]
    for key in empty:
        if key not in _GAME_REQUIRED:
            raise InputError(f"{key} is null; leave it out", key)
    rest = {key: document[key] for key in ("name", "horizon", "indefinite") if key in document}
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key not in rest and key != "format":
            values |= parts_of(key, value)
    return {"values": values, **rest}


def game_document(
    game: Any, change: Callable[[Any], Any] | None = None, *, expanded: bool = False
) -> dict[str, Any]:
    """The document of a game: constant matrices once, every entry as it is.

    Parameters
    ----------
    change : function, optional
        What stands there for a matrix, a vector or a number.
    expanded : bool
        What is constant over time is written for every t.
    """
    head = {"format": GAME_FORMAT, "name": game.name, "horizon": game.horizon}
    letters = _of_letters(game, GAME, change or plain, expanded)
    return head | letters | ({"indefinite": True} if game.indefinite else {})


def policy_values(document: Any) -> dict[str, Any]:
    """What a document says of a policy, as `Policy.from_letters` takes it."""
    _expect_format(document, SOLUTION_FORMAT, "a solution")
    named = [key for key in document if not key.startswith("x-")]
    check_keys(named, _SOLUTION_KEYS, ("format", "K"))
    about = {key: value for key, value in document.items() if key in ABOUT or key not in named}
    if is_infinite(about.get("horizon")):
        about["horizon"] = INFINITE
    _check_about(about)
    values = {letter.name: document.get(letter.name) for letter in POLICY}
    return {"values": values, "about": about}


def policy_document(policy: Any, about: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a policy, with what is said about it."""
    said = {"horizon": policy.horizon, **policy.about, **about}
    check_keys([key for key in said if not key.startswith("x-")], tuple(ABOUT), ())
    _check_about(said)
    return {"format": SOLUTION_FORMAT, **said} | _of_letters(policy, POLICY, plain, False)


def _of_letters(
    record: Any, letters: Iterable[Letter], change: Callable[[Any], Any], expanded: bool
) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for letter in letters:
        value = letter.of(record)
        if value is None:
            continue
        listed = letter.listed(value, change, expanded=expanded)
        group, *part = letter.place
        if not part:
            document[group] = listed
        elif letter.agents == "none":
            document.setdefault(group, {})[part[0]] = listed
        else:
            agents = document.setdefault(group, [None] * len(value))
            for k, own in enumerate(value):
                if not letter.is_default(own):
                    agents[k] = {**(agents[k] or {}), part[0]: listed[k]}
    return document


def _expect_format(document: Any, wanted: str, what: str) -> None:
    if not isinstance(document, dict):
        raise InputError(f"is not {what}: the document must be an object with keys")
    if "format" not in document:
        raise InputError(f'the key "format" is missing; {what} has "format": "{wanted}"', "format")
    if document["format"] != wanted:
        raise InputError(
            f'format is {quoted(document["format"])}, but {what} has "format": "{wanted}"',
            "format",
        )


def _check_about(about: Mapping[str, Any]) -> None:
    for key, value in about.items():
        if key in ABOUT and type(value) not in ABOUT[key]:
            wanted = " or ".join(_TYPE_NAMES[kind] for kind in ABOUT[key])
            raise InputError(f"{key} must be {wanted}", key)


def plain(value: Any) -> Any:
    """A number, a vector or a matrix as JSON holds it."""
    if not isinstance(value, np.ndarray):
        return _plain_number(value)
    if value.dtype == np.float64:
        return value.tolist()
    if value.ndim == 1:
        return [_plain_number(x) for x in value.tolist()]
    return [[_plain_number(x) for x in row] for row in value.tolist()]


def _plain_number(value: Number) -> float | int | str:
    if not isinstance(value, Fraction):
        return value
    # Fifteen digits: what `text.parse_json` reads back as an exact whole number.
    if value.denominator == 1 and abs(value.numerator) < 10**14:
        return value.numerator
    return written(value)
