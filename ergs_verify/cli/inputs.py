"""What the command line names: games and files to write."""

from __future__ import annotations

import os
from pathlib import Path

from ergs_verify.errors import InputError
from ergs_verify.files import disk, load_game
from ergs_verify.gallery import gallery, names
from ergs_verify.game import Game
from ergs_verify.report.terminal import printable

__all__ = ["expect_writable", "named_game"]

_GAME_FILES = (".json", ".toml", ".npz", ".mat")


def named_game(name: str) -> Game:
    """The game of a file, or of the gallery. A file named as one of the gallery: ``./NAME``."""
    random = name == "random" or name.startswith("random:")
    if random or name in names():
        return gallery(name)
    path = Path(name)
    looks_like_file = path.suffix.lower() in _GAME_FILES or os.sep in name
    if looks_like_file or (name and "\0" not in name and path.exists()):
        return load_game(path)
    try:
        return gallery(name)
    except InputError as error:
        raise InputError(f"{error.message}, and there is no such file", error.where) from None


def expect_writable(path: Path | None, *suffixes: str) -> None:
    """Refuse before the work what writing would refuse after it."""
    if path is None:
        return
    with disk.naming(path):
        disk.suffix(path, suffixes)
        if not path.parent.is_dir():
            raise InputError(f"cannot be written: there is no folder {printable(str(path.parent))}")
        if path.exists() and not path.is_file():
            raise InputError("is there already and is not a regular file")
        if not os.access(path.parent, os.W_OK):
            raise InputError(
                f"cannot be written: no right to write in {printable(str(path.parent))}"
            )
