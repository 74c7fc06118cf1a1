"""JSON and TOML text to and from plain documents, the numbers as INTERFACE reads them."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.files.keys import first_repeated
from ergs_verify.files.packed import MAX_NUMBERS

#: How C and others print what JSON cannot hold.
_NO_NUMBER = re.compile(r"[+-]?(nan|inf|infinity)\b", re.IGNORECASE)


#: Objects in a document. A game holds one or two; this leaves room for what a solution says
#: besides its matrices.
_MAX_OBJECTS = 10**5

#: Digits that the exponents of a file's exact numbers may stand for, in all: "1e9999" is short to
#: write and 4 kB long.
_MAX_EXPONENTS = 2 * 10**8
_EXPONENT = re.compile(r"[+-]?[0.]*+[1-9][0-9.]*+[eE][+-]?0*+([0-9]{1,5})")

#: Parts of a TOML key: tomllib keeps every beginning of a key "a.b.c…", which takes the square of
#: its length.
_MAX_PARTS = 8
_PART = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+"""
_DEEP_KEY = re.compile(rf"(?<![^\s\[{{,])(?:{_PART}\.[ \t]*+){{{_MAX_PARTS}}}")


def parse_json(data: bytes, most: int = MAX_NUMBERS) -> Any:
    """The document in JSON text, of at most so many numbers; duplicate keys are refused.

    NaN and infinities are let through as floats, so that whoever reads the entry can name it.
    """
    # Every value but the first of a list or an object has a comma before it.
    _expect_at_most(most, "values", data.count(b","))
    _expect_at_most(_MAX_OBJECTS, "objects (opening braces)", data.count(b"{"))
    text = _decoded(data)
    try:
        document = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_int=_whole_number,
        )
    except json.JSONDecodeError as error:
        if not text.strip():
            raise InputError("is empty") from error
        place = f"line {error.lineno} column {error.colno}"
        if word := _NO_NUMBER.match(text, error.pos):
            raise InputError(
                f"is not valid JSON at {place}: it says {word[0]}, but JSON has neither NaN nor "
                "infinity; the program that wrote the file probably computed one",
                place,
            ) from error
        cut = ": the text ends too early" if error.pos >= len(text.rstrip()) else ""
        raise InputError(
            f"is not valid JSON at {place}: {error.msg.rstrip()}{cut}", place
        ) from error
    except RecursionError as error:
        raise InputError("is nested too deeply") from error
    return _without_long_numbers(document)


def parse_toml(data: bytes) -> Any:
    """The document in TOML text."""
    import tomllib

    text = _decoded(data)
    if deep := _DEEP_KEY.search(text):
        line = f"line {text.count(chr(10), 0, deep.start()) + 1}"
        raise InputError(
            f"has a key of more than {_MAX_PARTS} parts joined by dots at {line}", line
        )
    try:
        document = tomllib.loads(text)
    except RecursionError as error:
        raise InputError("is nested too deeply") from error
    except ValueError as error:  # TOMLDecodeError, and integers of thousands of digits
        raise InputError(f"is not valid TOML: {_one_line(str(error))}") from error
    return _without_long_numbers(document)


def render_json(document: dict[str, Any]) -> bytes:
    """A document as JSON text, one key a line."""
    lines = []
    for key, value in document.items():
        try:
            written = json.dumps(value, ensure_ascii=False, allow_nan=False)
            lines.append(f"{json.dumps(key)}: {written}".encode())
        except (TypeError, ValueError) as error:
            raise InputError(f"{key} cannot be written as JSON: {error}", key) from error
    return b"{" + b",\n ".join(lines) + b"}\n"


def _expect_at_most(most: int, what: str, count: int) -> None:
    if count > most:
        raise InputError(f"holds {count} {what}, more than the limit of {most}")


def _without_long_numbers(document: Any) -> Any:
    """A document, unless the exponents in it stand for more digits than memory should hold."""
    digits, left = 0, [document]
    while left:
        match left.pop():
            case str(text) if exponent := _EXPONENT.fullmatch(text):
                digits += int(exponent[1])
            case dict(fields):
                left += fields.values()
            case list(values):
                left += (x for x in values if type(x) in (str, list, dict))
    if digits > _MAX_EXPONENTS:
        raise InputError(
            f"holds numbers whose exponents stand for {digits} digits, more than the limit of "
            f"{_MAX_EXPONENTS} in a file"
        )
    return document


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text (byte {error.start})") from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        twice = first_repeated(key for key, _ in pairs) or ""
        raise InputError(f"the key {quoted(twice)} appears twice", twice)
    return document


def _whole_number(digits: str) -> int | float:
    # A JSON number is exactly the float64 it parses to, whole numbers beyond 2⁵³ included.
    if len(digits) <= 15:
        return int(digits)
    nearest = float(digits)
    return int(nearest) if math.isfinite(nearest) else nearest


def _one_line(message: str) -> str:
    return message if message.isprintable() else ascii(message)
