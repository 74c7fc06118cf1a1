"""JSON and TOML text to and from plain documents, the numbers as INTERFACE reads them."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.files.documents import first_repeated

__all__ = ["parse_json", "parse_toml", "render_json"]

#: How C and others print what JSON cannot hold.
_NO_NUMBER = re.compile(r"[+-]?(nan|inf|infinity)\b", re.IGNORECASE)


def parse_json(data: bytes) -> Any:
    """The document in JSON text; duplicate keys are refused.

    NaN and infinities are let through as floats, so that whoever reads the entry can name it.
    """
    text = _decoded(data)
    try:
        return json.loads(
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
                f"is not valid JSON at {place}: {word[0]} stands there, and JSON has no NaN and no "
                "infinity; whatever wrote it probably computed one",
                place,
            ) from error
        cut = ": the text breaks off" if error.pos >= len(text.rstrip()) else ""
        raise InputError(
            f"is not valid JSON at {place}: {error.msg.rstrip()}{cut}", place
        ) from error
    except RecursionError as error:
        raise InputError("is nested too deeply") from error


def parse_toml(data: bytes) -> Any:
    """The document in TOML text."""
    import tomllib

    try:
        return tomllib.loads(_decoded(data))
    except RecursionError as error:
        raise InputError("is nested too deeply") from error
    except ValueError as error:  # TOMLDecodeError, and integers of thousands of digits
        raise InputError(f"is not valid TOML: {_one_line(str(error))}") from error


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


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text (byte {error.start})") from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        twice = first_repeated(key for key, _ in pairs) or ""
        raise InputError(f"the key {quoted(twice)} stands there twice", twice)
    return document


def _whole_number(digits: str) -> int | float:
    # A JSON number is exactly the float64 it parses to, whole numbers beyond 2⁵³ included.
    if len(digits) <= 15:
        return int(digits)
    nearest = float(digits)
    return int(nearest) if math.isfinite(nearest) else nearest


def _one_line(message: str) -> str:
    return message if message.isprintable() else ascii(message)
