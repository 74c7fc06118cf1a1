"""Copies of the engine with a planted fault."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from ergs_verify import engine

PACKAGE = Path(engine.__file__).parent


@contextmanager
def engine_copy(folder: Path, name: str, fault: tuple[str, str, str]) -> Iterator[ModuleType]:
    """The engine's package under another name, with one text of a module in it replaced.

    `folder` must be on the import path.
    """
    module, right, wrong = fault
    package = folder / name
    package.mkdir()
    for source in PACKAGE.glob("*.py"):
        text = source.read_text(encoding="utf-8").replace("ergs_verify.engine", name)
        if source.name == module:
            assert right in text, f"{module} no longer holds {right!r}"
            text = text.replace(right, wrong)
        (package / source.name).write_text(text, encoding="utf-8")
    try:
        yield importlib.import_module(name)
    finally:
        for loaded in [each for each in sys.modules if each.split(".")[0] == name]:
            del sys.modules[loaded]
