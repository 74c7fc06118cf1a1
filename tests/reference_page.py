"""What the page of the Python reference documents, and its docstrings in parts."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "api.md"


@cache
def documented() -> dict[str, Any]:
    """The functions, methods and classes on the page, by the names that stand there."""
    return dict(_entries(PAGE.read_text(encoding="utf-8")))


def _entries(text: str) -> Iterator[tuple[str, Any]]:
    for kind, name, members in re.findall(r"auto(\w+):: (\S+)(?:\n   :members: ?(.*))?", text):
        if kind == "module":
            module = importlib.import_module(name)
            own = {k: v for k, v in vars(module).items() if not k.startswith("_")}
            yield from (
                (f"{name}.{k}", v) for k, v in own.items() if getattr(v, "__module__", None) == name
            )
            continue
        home, _, attribute = name.rpartition(".")
        one = getattr(importlib.import_module(home), attribute)
        yield name, one
        for member in filter(None, members.split(", ")):
            yield f"{name}.{member}", getattr(one, member)


def functions() -> dict[str, Any]:
    return {name: one for name, one in documented().items() if not inspect.isclass(one)}


def classes() -> dict[str, Any]:
    return {name: one for name, one in documented().items() if inspect.isclass(one)}


def parameters(one: Any) -> dict[str, inspect.Parameter]:
    found = inspect.signature(one).parameters
    return {name: x for name, x in found.items() if name not in ("self", "cls")}
