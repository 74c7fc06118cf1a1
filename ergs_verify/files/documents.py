"""Plain documents, as JSON and TOML hold them, to and from `Game` and `Policy`."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ergs_verify.errors import InputError
from ergs_verify.exact import Number, quoted, written
from ergs_verify.game import Game, Policy

__all__ = [
    "ABOUT",
    "GAME_FORMAT",
    "SOLUTION_FORMAT",
    "check_keys",
    "first_repeated",
    "game_document",
    "game_from",
    "policy_document",
    "policy_from",
]

GAME_FORMAT = "ergs-game/1"
SOLUTION_FORMAT = "ergs-solution/1"

_GAME_REQUIRED = ("format", "tau", "A", "B", "Q", "R", "noise_cov")
_GAME_KEYS = (*_GAME_REQUIRED, "name", "horizon", "x0")
_X0_KEYS = ("mean", "cov")

#: What a solution file may say besides its matrices, and of which type. Keys that start with
#: ``x-`` are open to everybody and kept as they are.
ABOUT: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "game_hash": (str,),
    "method": (str,),
    "horizon": (int,),
    "iterations": (int, type(None)),
    "digits": (int, type(None)),
    "certified": (bool,),
}
_TYPE_NAMES = {str: "a string", int: "a whole number", bool: "true or false", type(None): "null"}
_SOLUTION_KEYS = ("format", "K", "Sigma", "P", "q", *ABOUT)


def game_from(document: Any) -> Game:
    """The game that a document says."""
    _expect_format(document, GAME_FORMAT, "a game")
    check_keys(document, _GAME_KEYS, _GAME_REQUIRED)
    if "horizon" in document and document["horizon"] is None:
        raise InputError("horizon must be a whole number ≥ 1", "horizon")
    x0 = document.get("x0", {})
    if not isinstance(x0, dict):
        raise InputError('x0 must be an object with the keys "mean" and "cov"', "x0")
    if "x0" in document:
        check_keys(x0, _X0_KEYS, _X0_KEYS, "x0")
    given = {key: value for key, value in document.items() if key not in ("format", "x0")}
    return Game.from_arrays(**given, **{f"x0_{key}": value for key, value in x0.items()})


def game_document(game: Game) -> dict[str, Any]:
    """The document of a game: constant matrices once, every entry as it is."""
    return {
        "format": GAME_FORMAT,
        "name": game.name,
        "horizon": game.horizon,
        "tau": _plain_number(game.tau_given),
        "A": _over_time(game.A),
        "B": [_over_time(B_i) for B_i in game.B],
        "Q": [_over_time(Q_i) for Q_i in game.Q],
        "R": [_over_time(R_i) for R_i in game.R],
        "noise_cov": _plain(game.noise_cov),
        "x0": {"mean": _plain(game.x0_mean), "cov": _plain(game.x0_cov)},
    }


def policy_from(document: Any, *, as_stated: bool = False) -> Policy:
    """The policy that a document says."""
    _expect_format(document, SOLUTION_FORMAT, "a solution")
    named = {key: value for key, value in document.items() if not key.startswith("x-")}
    check_keys(named, _SOLUTION_KEYS, ("format", "K"))
    about = {key: value for key, value in document.items() if key in ABOUT or key not in named}
    _check_about(about)
    policy = Policy.from_arrays(
        **{key: document.get(key) for key in ("K", "Sigma", "P", "q")},
        about=about,
        as_stated=as_stated,
    )
    if about.get("horizon", policy.horizon) != policy.horizon:
        raise InputError(
            f"horizon is {quoted(about['horizon'])} but K has {policy.horizon} stages", "horizon"
        )
    return policy


def policy_document(policy: Policy, about: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a policy, with what is said about it."""
    said = {"horizon": policy.horizon, **policy.about, **about}
    own = [key for key in said if not key.startswith("x-")]
    check_keys(dict.fromkeys(own), tuple(ABOUT), ())
    _check_about(said)
    document = {"format": SOLUTION_FORMAT, **said}
    for letter in ("K", "Sigma", "P"):
        if (agents := getattr(policy, letter)) is not None:
            document[letter] = [[_plain(X) for X in over_time] for over_time in agents]
    if policy.q is not None:
        document["q"] = [_plain(values) for values in policy.q]
    return document


def check_keys(
    keys: Mapping[str, Any], known: Collection[str], required: Collection[str], inside: str = ""
) -> None:
    """Refuse unknown keys, suggesting the nearest known one, and missing ones."""
    prefix = f"{inside}." if inside else ""
    unknown = next((key for key in keys if key not in known), None)
    if unknown is not None:
        nearest = _nearest(unknown, known)
        raise InputError(
            f"{prefix}{quoted(unknown)} is an unknown key; the nearest known one is "
            f'"{prefix}{nearest}"',
            f"{prefix}{unknown}",
        )
    missing = next((key for key in required if key not in keys), None)
    if missing is not None:
        raise InputError(f'the key "{prefix}{missing}" is missing', f"{prefix}{missing}")


def first_repeated(names: Iterable[str]) -> str | None:
    """The first name that stood there before, if any."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _nearest(key: str, known: Collection[str]) -> str:
    cased = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(key[:50].casefold(), list(cased), n=1, cutoff=0.0)
    return cased[found[0]]


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


def _over_time(matrices: tuple[np.ndarray, ...]) -> list:
    if all(matrix is matrices[0] for matrix in matrices):
        return _plain(matrices[0])
    return [_plain(matrix) for matrix in matrices]


def _plain(array: np.ndarray) -> list:
    if array.dtype == np.float64:
        return array.tolist()
    if array.ndim == 1:
        return [_plain_number(x) for x in array.tolist()]
    return [[_plain_number(x) for x in row] for row in array.tolist()]


def _plain_number(value: Number) -> float | int | str:
    if not isinstance(value, Fraction):
        return value
    # Fifteen digits: what `text.parse_json` reads back as an exact whole number.
    if value.denominator == 1 and abs(value.numerator) < 10**14:
        return value.numerator
    return written(value)
