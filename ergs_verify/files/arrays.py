"""NPZ and MAT: named float64 arrays to and from `Game` and `Policy`.

The time axis comes first in NPZ and last in MAT; between here and the two formats it is first.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ergs_verify.errors import InputError
from ergs_verify.exact import floats, nearest_float, quoted, short
from ergs_verify.files.documents import check_keys, first_repeated
from ergs_verify.files.mat5 import named_arrays
from ergs_verify.game import MAX_NUMBERS, Game, Policy

__all__ = [
    "game_arrays",
    "game_from",
    "parse_mat",
    "parse_npz",
    "policy_arrays",
    "policy_from",
    "render_mat",
    "render_npz",
]

Arrays = dict[str, Any]

_OF_AN_AGENT = re.compile(r"([A-Za-z]+)_([1-9][0-9]{0,5})")
_GAME_REQUIRED = ("A", "noise_cov", "tau")
_GAME_OPTIONAL = ("horizon", "x0_mean", "x0_cov", "name")


def game_from(arrays: Arrays) -> Game:
    """The game that named arrays say."""
    agents = _per_agent(arrays, "BQR", "BQR", (*_GAME_REQUIRED, *_GAME_OPTIONAL))
    missing = next((key for key in _GAME_REQUIRED if key not in arrays), None)
    if missing is not None:
        raise InputError(f'the array "{missing}" is missing', missing)
    given = {key: arrays[key] for key in ("A", "noise_cov", "x0_cov") if key in arrays}
    if "x0_mean" in arrays:
        given["x0_mean"] = _flat(arrays["x0_mean"])
    if "horizon" in arrays:
        given["horizon"] = _whole(_single(arrays["horizon"], "horizon"))
    if "name" in arrays:
        given["name"] = _text(arrays["name"])
    tau = _single(arrays["tau"], "tau")
    return Game.from_arrays(**given, **agents, tau=tau, entry_of=_entry_of)


def game_arrays(game: Game) -> Arrays:
    """The arrays of a game, a constant matrix without a time axis."""
    arrays: Arrays = {"A": _over_time(game.A, "A")}
    for i in range(game.agents):
        for letter in "BQR":
            key = _entry_of(letter, i + 1)
            arrays[key] = _over_time(getattr(game, letter)[i], key)
    for key in ("noise_cov", "x0_mean", "x0_cov"):
        arrays[key] = _same_floats(getattr(game, key), key)
    arrays["tau"] = np.float64(nearest_float(game.tau_given, "tau"))
    if Fraction(float(arrays["tau"])) != game.tau:
        raise _no_float("tau", game.tau_given)
    arrays["horizon"] = np.float64(game.horizon)
    arrays["name"] = np.array(game.name)
    return arrays


def policy_from(arrays: Arrays, *, as_stated: bool = False) -> Policy:
    """The policy that named arrays say."""
    agents = _per_agent(arrays, ("K", "Sigma", "P", "q"), ("K",), ())
    if "q" in agents:
        agents["q"] = [_flat(values) for values in agents["q"]]
    return Policy.from_arrays(**agents, entry_of=_entry_of, as_stated=as_stated)


def policy_arrays(policy: Policy) -> Arrays:
    """The arrays of a policy, each with a time axis."""
    arrays: Arrays = {}
    for letter in ("K", "Sigma", "P"):
        for agent, matrices in enumerate(getattr(policy, letter) or [], start=1):
            key = _entry_of(letter, agent)
            arrays[key] = np.stack([_same_floats(X, key) for X in matrices])
    for agent, values in enumerate(policy.q or [], start=1):
        arrays[_entry_of("q", agent)] = _same_floats(values, _entry_of("q", agent))
    return arrays


def parse_npz(data: bytes) -> Arrays:
    """The arrays of an NPZ archive; kinds and sizes are judged before anything is unpacked."""
    try:
        with warnings.catch_warnings(), zipfile.ZipFile(io.BytesIO(data)) as archive:
            warnings.simplefilter("error")  # numpy warns of headers that it has to mend
            names = [entry.filename for entry in archive.infolist()]
            _refuse_twice(names)
            return {name.removesuffix(".npy"): _npy(archive, name) for name in names}
    except InputError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds on damaged archives
        raise InputError(f"is no NPZ archive, or a damaged one: {_one_line(error)}") from error


def render_npz(arrays: Arrays) -> bytes:
    """An NPZ archive of arrays."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def parse_mat(data: bytes) -> Arrays:
    """The arrays of a MAT file (up to version 7), the time axis moved to the front."""
    held = list(named_arrays(data, MAX_NUMBERS))
    _refuse_twice([key for key, _ in held])
    for key, value in held:
        if value.dtype.kind == "U" and key != "name":
            raise InputError(f"the array {quoted(key)} is text; save it as doubles", key)
    return {key: _time_first(value, key) for key, value in held}


def render_mat(arrays: Arrays) -> bytes:
    """A MAT file of arrays, the time axis moved to the end."""
    from scipy.io import savemat

    buffer = io.BytesIO()
    moved = {
        key: np.moveaxis(value, 0, -1) if value.ndim == 3 else value
        for key, value in ((key, np.asarray(value)) for key, value in arrays.items())
    }
    savemat(buffer, moved, oned_as="column")
    return buffer.getvalue()


def _entry_of(letter: str, agent: int) -> str:
    return f"{letter}_{agent}"


def _per_agent(
    arrays: Mapping[str, Any],
    letters: Any,
    required: Any,
    others: tuple[str, ...],
) -> dict[str, Any]:
    """Arrays such as ``B_1``, ``B_2`` as lists over agents; every other key must be known."""
    found: dict[str, set[int]] = {letter: set() for letter in letters}
    for key in arrays:
        match = _OF_AN_AGENT.fullmatch(key)
        if match and match[1] in found:
            found[match[1]].add(int(match[2]))
        else:
            check_keys({key: None}, (*others, *(f"{letter}_1" for letter in letters)), ())
    agents = max(map(max, filter(None, found.values())), default=1)
    used = [letter for letter in letters if found[letter] or letter in required]
    for letter in used:
        absent = next((i for i in range(1, agents + 1) if i not in found[letter]), None)
        if absent is not None:
            raise InputError(f'the array "{letter}_{absent}" is missing', f"{letter}_{absent}")
    return {letter: [arrays[f"{letter}_{i}"] for i in range(1, agents + 1)] for letter in used}


def _npy(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(name) as member:
        version = np.lib.format.read_magic(member)
        read_header: Callable = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read_header(member)
    name_shown = quoted(name.removesuffix(".npy"))
    if dtype.hasobject:
        raise InputError(
            f"the array {name_shown} holds pickled Python objects, which are never loaded; "
            "save it as float64",
            name,
        )
    is_number = dtype.kind in "fiu" and dtype.itemsize <= 8
    if not is_number and not (dtype.kind == "U" and name == "name.npy"):
        raise InputError(f"the array {name_shown} is of the type {dtype}; save it as float64", name)
    _refuse_huge(name_shown, shape)
    with archive.open(name) as member:
        return np.lib.format.read_array(member, allow_pickle=False)


def _refuse_huge(shown: str, shape: tuple[int, ...]) -> None:
    size = 1
    for side in shape:
        size *= side
    if size > MAX_NUMBERS:
        raise InputError(
            f"the array {shown} holds {size} numbers, more than the limit of {MAX_NUMBERS}", shown
        )


def _refuse_twice(names: list[str]) -> None:
    twice = first_repeated(names)
    if twice is not None:
        raise InputError(f"the array {quoted(twice)} stands there twice", twice)


def _time_first(value: np.ndarray, key: str) -> np.ndarray:
    if value.ndim == 3:
        return np.moveaxis(value, -1, 0)
    # MATLAB drops a last axis of length 1: gains over one stage arrive as a matrix.
    if key.startswith(("K_", "Sigma_")) and value.ndim == 2:
        return value[None]
    return value


def _flat(value: np.ndarray) -> np.ndarray:
    """A vector that may have come as a row or a column."""
    return value.reshape(-1) if value.ndim == 2 and 1 in value.shape else value


def _single(value: np.ndarray, key: str) -> Any:
    if value.size != 1:
        raise InputError(f"{key} must be a single number, not of shape {value.shape}", key)
    return value.reshape(-1)[0]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _text(value: np.ndarray) -> str:
    if value.dtype.kind != "U" or value.size > 1:
        raise InputError("name must be a string", "name")
    return str(value.reshape(-1)[0]) if value.size else ""


def _over_time(matrices: tuple[np.ndarray, ...], key: str) -> np.ndarray:
    if all(matrix is matrices[0] for matrix in matrices):
        return _same_floats(matrices[0], key)
    return np.stack([_same_floats(X, f"{key}[{t}]") for t, X in enumerate(matrices)])


def _same_floats(array: np.ndarray, where: str) -> np.ndarray:
    """The entries as float64, if each is one."""
    near = floats(array, where)
    if array.dtype == object:
        for place in np.ndindex(*array.shape):
            if Fraction(float(near[place])) != array[place]:
                index = "".join(f"[{k}]" for k in place)
                raise _no_float(f"{where}{index}", array[place])
    return near


def _no_float(where: str, value: Any) -> InputError:
    return InputError(
        f"{where} is {short(value)}, which no float64 equals; save the file as .json, which keeps "
        "every entry, or save game.rounded()",
        where,
    )


def _one_line(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return quoted(text, 80).strip('"')
