"""Games and policies in files: JSON (lossless), TOML (reading only), NPZ and MAT (float64)."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import Any

from ergs_verify.files import arrays, text
from ergs_verify.files.disk import read, suffix, write
from ergs_verify.game import documents, named

Path = str | PathLike[str]

_DOCUMENTS: dict[str, Callable[[bytes], Any]] = {
    ".json": text.parse_json,
    ".toml": text.parse_toml,
}
_ARRAYS = {".npz": named.read_npz, ".mat": named.read_mat}
#: How the names of files of games and policies end.
ENDINGS = (*_DOCUMENTS, *_ARRAYS)

_RENDER_ARRAYS = {".npz": arrays.render_npz, ".mat": named.render_mat}


def game_values(path: Path) -> dict[str, Any]:
    """What a file says of a game, as `Game.from_letters` takes it."""
    end = suffix(path, ENDINGS)
    if end in _DOCUMENTS:
        return documents.game_values(_DOCUMENTS[end](read(path)))
    return named.game_values(_ARRAYS[end](read(path)))


def policy_values(path: Path) -> dict[str, Any]:
    """What a file says of a policy, as `Policy.from_letters` takes it."""
    end = suffix(path, ENDINGS)
    if end in _DOCUMENTS:
        return documents.policy_values(_DOCUMENTS[end](read(path)))
    return named.policy_values(named.policy_arrays_in(_ARRAYS[end](read(path))))


def save(
    path: Path, document: Callable[[], dict[str, Any]], named_arrays: Callable[[], dict[str, Any]]
) -> None:
    """Write what one of the two functions gives, by the ending of the file's name."""
    end = suffix(path, [".json", *_RENDER_ARRAYS])
    if end == ".json":
        write(path, text.render_json(document()))
    else:
        write(path, _RENDER_ARRAYS[end](named_arrays()))
