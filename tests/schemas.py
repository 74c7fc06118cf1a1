"""Whether a document is all that its schema says, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from ergs_verify.report.schema import FORMATS, schema

NAMES = {one.named(name): name for name, one in FORMATS.items()}


def closed(part: Any) -> Any:
    """A schema by which an object has no key but those that are described."""
    if isinstance(part, list):
        return [closed(x) for x in part]
    if not isinstance(part, dict):
        return part
    made = {key: closed(x) for key, x in part.items()}
    if "properties" in made and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(closed(schema(name)))


def expect_described(document: Mapping[str, Any]) -> None:
    """Refuse what the schema of its format does not describe whole."""
    validator(NAMES[document["format"]]).validate(document)
