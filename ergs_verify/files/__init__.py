"""The only door for files: games and solutions as JSON, TOML (read only), NPZ and MAT.

JSON keeps every entry as it is, exact or float. NPZ and MAT hold float64 under ``A``, ``B_1``, …
and refuse, on writing, an entry that no float64 equals. A file is written whole or not at all.
Whatever is wrong with a file is a `FileFormatError` of one sentence that names the file and the
place in it.

Limits hold over a whole file and before anything in it is expanded: 10⁸ numbers in all arrays,
as many as a game may hold; 4·10⁶ matrices over time in NPZ and MAT; exponents of exact numbers
that stand for 2·10⁸ digits; 10⁵ objects in JSON; 2 MB and keys of 8 parts in TOML; 3.2 GB in the
others.
"""

from __future__ import annotations

from os import PathLike
from typing import Any

from ergs_verify.files import arrays, documents, text
from ergs_verify.files.disk import naming, read, suffix, write
from ergs_verify.game import Game, Policy

__all__ = ["load_game", "load_solution", "save_game", "save_solution"]

Path = str | PathLike[str]

_READ_DOCUMENT = {".json": text.parse_json, ".toml": text.parse_toml}
_READ_ARRAYS = {".npz": arrays.packed_npz, ".mat": arrays.packed_mat}
_RENDER_ARRAYS = {".npz": arrays.render_npz, ".mat": arrays.render_mat}


def load_game(path: Path) -> Game:
    """The game in a file whose name ends in ``.json``, ``.toml``, ``.npz`` or ``.mat``.

    Raises
    ------
    FileFormatError
        Where the file cannot be read, or is no valid game.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from ergs_verify.files import load_game
    >>> from ergs_verify.game.gallery import gallery
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "game.json"
    ...     gallery("g-star-2").save(path)
    ...     load_game(path)
    Game("g-star-2", N=2, m=2, p=(1, 1), T=1, tau=2)
    """
    with naming(path):
        end = suffix(path, [*_READ_DOCUMENT, *_READ_ARRAYS])
        data = read(path)
        if end in _READ_DOCUMENT:
            return documents.game_from(_READ_DOCUMENT[end](data))
        return arrays.game_from(_READ_ARRAYS[end](data))


def save_game(game: Game, path: Path) -> None:
    """Write a game to ``.json`` (lossless), ``.npz`` or ``.mat`` (float64).

    Raises
    ------
    InputError
        Where the file cannot be written, or an entry is no float64 and the format holds only such.
    """
    with naming(path):
        end = suffix(path, [".json", *_RENDER_ARRAYS])
        if end == ".json":
            data = text.render_json(documents.game_document(game))
        else:
            data = _RENDER_ARRAYS[end](arrays.game_arrays(game))
        write(path, data)


def load_solution(path: Path, *, as_stated: bool = False) -> Policy:
    """The policy in a file whose name ends in ``.json``, ``.toml``, ``.npz`` or ``.mat``.

    What else a JSON or TOML file says of it (`documents.ABOUT`) is in ``policy.about``. Whether
    it fits a game is checked by `Policy.validate`. With `as_stated` Σ and P are kept as they are,
    symmetric and semidefinite or not, for an audit.

    Raises
    ------
    FileFormatError
        Where the file cannot be read, or is no valid solution.
    """
    with naming(path):
        end = suffix(path, [*_READ_DOCUMENT, *_READ_ARRAYS])
        data = read(path)
        if end in _READ_DOCUMENT:
            return documents.policy_from(_READ_DOCUMENT[end](data), as_stated=as_stated)
        packed = _READ_ARRAYS[end](data)
        return arrays.policy_from(arrays.policy_arrays_in(packed), as_stated=as_stated)


def save_solution(policy: Policy, path: Path, **about: Any) -> None:
    """Write a policy to ``.json`` (lossless), ``.npz`` or ``.mat`` (float64).

    Parameters
    ----------
    policy : Policy
    path : path
    **about
        What the file says besides (`documents.ABOUT`), over what ``policy.about`` holds. NPZ and
        MAT hold the matrices alone.

    Raises
    ------
    InputError
        Where the file cannot be written, or an entry is no float64 and the format holds only such.
    """
    with naming(path):
        end = suffix(path, [".json", *_RENDER_ARRAYS])
        if end == ".json":
            data = text.render_json(documents.policy_document(policy, about))
        else:
            data = _RENDER_ARRAYS[end](arrays.policy_arrays(policy))
        write(path, data)
