"""Reading a whole file, writing one whole or not at all, and naming it in what goes wrong."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path

from ergs_verify.errors import FileFormatError, InputError

#: Bytes that a file may have: 32 for each of the 10⁸ numbers that a game may hold; less in TOML,
#: which is written by hand and takes a hundred times its size to read.
_MAX_BYTES = 32 * 10**8
_MAX_TOML = 2 * 10**6


@contextmanager
def naming(path: str | PathLike[str]) -> Iterator[None]:
    """Puts the file's name in front of every `InputError`, which becomes a `FileFormatError`."""
    try:
        yield
    except InputError as error:
        shown = _shown(path)
        where = f"{shown}: {error.where}" if error.where else shown
        raise FileFormatError(f"{shown}: {error.message}", where) from error


#: Arrays in files that say nothing of agents and time, so that they are not read.
_ARRAYS = (".csv", ".npy")


def suffix(path: str | PathLike[str], known: Sequence[str]) -> str:
    """The ending of a file's name, in lower case, if it is a known one."""
    end = Path(path).suffix.lower()
    if end not in known:
        if Path(path).is_dir():
            raise InputError("is a directory, not a file")
        listed = " or ".join(filter(None, (", ".join(known[:-1]), known[-1])))
        hint = ""
        if end in _ARRAYS and ".toml" in known:  # what is read, not what is written
            hint = (
                f'; gains in {end} files go into an NPZ file: numpy.savez("solution.npz", K_1=..., '
                "K_2=...) with an array (stages, controls, states) for each agent"
            )
        raise InputError(f"the name of the file must end in {listed}{hint}")
    return end


def read(path: str | PathLike[str], most: int | None = None) -> bytes:
    """All bytes of a regular file, which may have at most so many: by default what its kind may."""
    if most is None:
        most = _MAX_TOML if Path(path).suffix.lower() == ".toml" else _MAX_BYTES
    try:
        if Path(path).is_dir():
            raise InputError("is a directory, not a file")
        if Path(path).exists() and not Path(path).is_file():
            raise InputError("is not a regular file")
        size = Path(path).stat().st_size
        if size > most:
            raise InputError(f"has {size} bytes, more than the limit of {most}")
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError("there is no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the name
        raise InputError(f"cannot be read: {_reason(error)}") from error


def write(path: str | PathLike[str], data: bytes) -> None:
    """Write beside the target and move there, so that no half-written file is ever seen."""
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            raise InputError("exists already and is not a regular file")
        beside = target.with_name(f".{uuid.uuid4().hex}.part")
        try:
            beside.write_bytes(data)
            os.replace(beside, target)
        except BaseException:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be written: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _shown(path: str | PathLike[str]) -> str:
    text = os.fspath(path)
    return text if text.isprintable() else ascii(text)
