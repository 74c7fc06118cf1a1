"""What the command line names: games and files to write."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryFile

from ergs_verify.audit.suite import suite_game
from ergs_verify.errors import InputError
from ergs_verify.files import disk
from ergs_verify.game import Game, load_game
from ergs_verify.game.gallery import gallery, names, published, stationary
from ergs_verify.game.stored import ENDINGS
from ergs_verify.report.terminal import printable


def listed_game(name: str) -> Game:
    """The game of the gallery, of the audits (``suite:NAME``) or of the ledger (``exhibit:NAME``).

    Raises
    ------
    InputError
        For an unknown name.
    """
    if name.startswith("exhibit:"):
        return _exhibit(name.removeprefix("exhibit:"))
    if name.startswith("suite:"):
        return suite_game(name.removeprefix("suite:")).game
    return gallery(name)


def named_game(name: str) -> Game:
    """The game of a file, or a listed one. A file named as one of the gallery: ``./NAME``."""
    listed = name in {*names(), *published(), *stationary(), "random"}
    if listed or name.startswith(("random:", "suite:", "exhibit:")):
        return listed_game(name)
    path = Path(name)
    looks_like_file = path.suffix.lower() in ENDINGS or os.sep in name
    if looks_like_file or (name and "\0" not in name and path.exists()):
        return load_game(path)
    try:
        return gallery(name)
    except InputError as error:
        raise InputError(f"there is no such file, and {error.message}", error.where) from None


def _exhibit(name: str) -> Game:
    from ergs_verify.ledger.exhibits import exhibits

    if name not in exhibits():
        known = ", ".join(exhibits())
        raise InputError(
            f"exhibit:{name} is not an exhibit; the exhibits are {known}", f"exhibit:{name}"
        )
    return exhibits()[name].game


def expect_writable(path: Path | None, *suffixes: str) -> None:
    """Refuse before the work what writing would refuse after it."""
    if path is None:
        return
    with disk.naming(path):
        disk.suffix(path, suffixes)
        if not path.parent.is_dir():
            raise InputError(f"cannot be written: there is no folder {printable(str(path.parent))}")
        if path.exists() and not path.is_file():
            raise InputError("exists already and is not a regular file")
        try:
            # A right to write is not enough: file systems may be read-only, full, or no real ones.
            TemporaryFile(dir=Path(os.path.realpath(path)).parent).close()
        except OSError as error:
            raise InputError(f"cannot be written: {error.strerror or error}") from error
