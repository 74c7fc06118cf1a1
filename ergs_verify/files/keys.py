"""Keys of documents and names of arrays: unknown, missing, repeated."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping

from ergs_verify.errors import InputError
from ergs_verify.exact import quoted


def check_keys(
    keys: Collection[str],
    known: Collection[str],
    required: Collection[str],
    inside: str = "",
    hints: Mapping[str, str] | None = None,
) -> None:
    """Refuse unknown keys, saying what may be meant, and missing ones.

    Parameters
    ----------
    inside : str
        The key under which these stand, if any.
    hints : mapping, optional
        Regular expressions of keys that are often met, with what to do instead; the nearest known
        key is suggested for the others.
    """
    prefix = f"{inside}." if inside else ""
    unknown = next((key for key in keys if key not in known), None)
    if unknown is not None:
        hint = next(
            (said for pattern, said in (hints or {}).items() if re.fullmatch(pattern, unknown)),
            f'the nearest known one is "{prefix}{_nearest(unknown, known)}"',
        )
        raise InputError(f"{prefix}{quoted(unknown)} is an unknown key; {hint}", prefix + unknown)
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
    asked = key[:50].casefold()

    def near(name: str) -> tuple[float, bool]:
        cased = name.casefold()
        return difflib.SequenceMatcher(None, asked, cased).ratio(), cased[:1] == asked[:1]

    return max(known, key=near)
