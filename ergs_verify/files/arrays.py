"""NPZ and MAT: named float64 arrays to and from `Game` and `Policy`.

The time axis comes first in NPZ and last in MAT; between here and the two formats it is first.
"""

from __future__ import annotations

import io
import math
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
from attrs import evolve

from ergs_verify.errors import InputError
from ergs_verify.exact import floats, nearest_float, quoted, short
from ergs_verify.files.documents import check_keys, first_repeated
from ergs_verify.files.mat5 import packed_arrays
from ergs_verify.files.packed import Packed, expect_at_most
from ergs_verify.game import MAX_NUMBERS, Game, Policy, refuse_too_large, stages_of
from ergs_verify.game.policy import expect_sizes
from ergs_verify.game.series import Series, at

__all__ = [
    "game_arrays",
    "game_from",
    "packed_mat",
    "packed_npz",
    "policy_arrays",
    "policy_arrays_in",
    "policy_from",
    "render_mat",
    "render_npz",
    "unpacked",
]

Arrays = dict[str, Any]

_OF_AN_AGENT = re.compile(r"([A-Za-z]+)_([1-9][0-9]{0,5})")
_GAME_REQUIRED = ("A", "noise_cov", "tau")
_GAME_OPTIONAL = ("horizon", "x0_mean", "x0_cov", "name")
_LETTERS = ("K", "Sigma", "P", "q")

#: Bytes that hold an array's header: numpy reads none of more than 10,000.
_MAX_HEADER = 2**14

#: How many times its size deflate packs at most (zlib's technical notes).
_DEFLATE = 1032


def game_from(packed: Mapping[str, Packed]) -> Game:
    """The game that named arrays say; sizes are judged before anything is unpacked."""
    agents = _per_agent(packed, "BQR", "BQR", (*_GAME_REQUIRED, *_GAME_OPTIONAL))
    missing = next((key for key in _GAME_REQUIRED if key not in packed), None)
    if missing is not None:
        raise InputError(f'the array "{missing}" is missing', missing)
    given: Arrays = {}
    if "horizon" in packed:
        given["horizon"] = _whole(_single(packed["horizon"], "horizon"))
    given["tau"] = _single(packed["tau"], "tau")
    if "name" in packed:
        given["name"] = _text(packed["name"])
    sizes = _series(agents)
    stages_of({"A": (_declared(packed["A"], "A", None),), **sizes}, given.get("horizon"))
    m = packed["A"].shape[-1]
    for key in ("noise_cov", "x0_cov"):
        if key in packed:
            _declared(packed[key], key, None).expect_shape((m, m), "m×m, like A")
    if "x0_mean" in packed and packed["x0_mean"].size != m:
        raise InputError(
            f"x0_mean has {packed['x0_mean'].size} numbers but A is {m}×{m}", "x0_mean"
        )
    given |= {key: packed[key].unpack() for key in ("A", "noise_cov", "x0_cov") if key in packed}
    if "x0_mean" in packed:
        given["x0_mean"] = _flat(packed["x0_mean"].unpack())
    return Game.from_arrays(**given, **_unpacked(agents), entry_of=_entry_of)


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


def policy_from(arrays: Mapping[str, Any], *, as_stated: bool = False) -> Policy:
    """The policy that named arrays say."""
    agents = _per_agent(arrays, _LETTERS, ("K",), ())
    if "q" in agents:
        agents["q"] = [_flat(values) for values in agents["q"]]
    return Policy.from_arrays(**agents, entry_of=_entry_of, as_stated=as_stated)


def policy_arrays_in(packed: Mapping[str, Packed]) -> Arrays:
    """The arrays of a policy; sizes are judged before anything is unpacked."""
    agents = _per_agent(packed, _LETTERS, ("K",), ())
    numbers = agents.pop("q", [])
    sizes = _series(agents)
    stages = expect_sizes(sizes)
    p, m = zip(*(K_i.shape for K_i in sizes["K"]), strict=True)
    refuse_too_large(stages, max(m), p)
    for agent, one in enumerate(numbers, start=1):
        if one.size > stages + 1:
            where = _entry_of("q", agent)
            raise InputError(
                f"{where} (agent {agent}) has {one.size} numbers, but {stages + 1} are needed, the "
                "last of them for t = T",
                where,
            )
    return unpacked(packed)


def unpacked(packed: Mapping[str, Packed]) -> Arrays:
    """The arrays with their entries."""
    return {key: one.unpack() for key, one in packed.items()}


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


def packed_npz(data: bytes, most: int = MAX_NUMBERS) -> dict[str, Packed]:
    """The arrays of an NPZ archive, of at most so many numbers, not yet unpacked."""
    with _damage_told():
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
        _refuse_twice([entry.filename for entry in entries])
        packed = {
            entry.filename.removesuffix(".npy"): _npy(archive, entry, len(data))
            for entry in entries
        }
        expect_at_most(most, packed)
    return packed


def render_npz(arrays: Arrays) -> bytes:
    """An NPZ archive of arrays."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def packed_mat(data: bytes, most: int = MAX_NUMBERS) -> dict[str, Packed]:
    """The arrays of a MAT file (up to version 7), the time axis in front, not yet unpacked."""
    held = list(packed_arrays(data))
    _refuse_twice([key for key, _ in held])
    for key, one in held:
        if one.characters is not None and key != "name":
            raise InputError(f"the array {quoted(key)} is text; save it as doubles", key)
    packed = {key: _time_first(one, key) for key, one in held}
    expect_at_most(most, packed)
    return packed


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


def _npy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most_bytes: int) -> Packed:
    """A member of an archive by its header; `most_bytes` are all that it can be compressed in."""
    name = entry.filename
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{quoted(name)} is compressed by another method than deflate", name)
    with archive.open(entry) as member:
        # So much at most of a header that may say it is as long as memory.
        head = io.BytesIO(member.read(_MAX_HEADER))
    version = np.lib.format.read_magic(head)
    read_header: Callable = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, _, dtype = read_header(head)
    key = name.removesuffix(".npy")
    if dtype.hasobject:
        raise InputError(
            f"the array {quoted(key)} holds pickled Python objects, which are never loaded; "
            "save it as float64",
            name,
        )
    is_text = dtype.kind == "U" and key == "name"
    if not is_text and not (dtype.kind in "fiu" and dtype.itemsize <= 8):
        raise InputError(
            f"the array {quoted(key)} is of the type {dtype}; save it as float64", name
        )
    if min(shape, default=0) < 0:
        raise InputError(f"the array {quoted(key)} has a negative side", name)

    def unpack() -> np.ndarray:
        with _damage_told(), archive.open(entry) as member:
            return np.lib.format.read_array(member, allow_pickle=False)

    one = Packed(
        shape=shape,
        characters=math.prod(shape) * dtype.itemsize // 4 if is_text else None,
        unpack=unpack,
    )
    held = head.tell() + one.size * dtype.itemsize
    in_bytes = min(entry.compress_size, most_bytes)
    packed_at_most = 1 if entry.compress_type == zipfile.ZIP_STORED else _DEFLATE
    if held > entry.file_size or held > packed_at_most * in_bytes:
        raise InputError(
            f"the array {quoted(key)} says that it holds {one.size} numbers, more than its "
            f"{in_bytes} bytes in the file can be",
            name,
        )
    return one


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy warns of headers that it has to mend
            yield
    except InputError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds on damaged archives
        raise InputError(f"is no NPZ archive, or a damaged one: {_one_line(error)}") from error


def _series(agents: Mapping[str, Sequence[Packed]]) -> dict[str, tuple[Series, ...]]:
    """Matrices of the sizes that headers say, without entries."""
    return {
        letter: tuple(
            _declared(one, _entry_of(letter, agent), agent, always_over_time=letter in _LETTERS)
            for agent, one in enumerate(many, start=1)
        )
        for letter, many in agents.items()
    }


def _declared(one: Packed, where: str, agent: int | None, always_over_time: bool = False) -> Series:
    shape, over_time = one.shape, len(one.shape) == 3
    with at(agent, None):
        if always_over_time and not over_time:
            raise InputError(f"{where} must be a list over time of matrices", where)
        if len(shape) not in (2, 3) or 0 in shape[-2:]:
            raise InputError(f"{where} must be a matrix, not an array of shape {shape}", where)
        if shape[0] == 0:
            raise InputError(f"{where} is an empty list over time", where)
    matrix = np.broadcast_to(0.0, shape[-2:])
    times = shape[0] if over_time else 1
    return Series(where=where, agent=agent, constant=not over_time, matrices=(matrix,) * times)


def _unpacked(agents: Mapping[str, Sequence[Packed]]) -> Arrays:
    return {letter: [one.unpack() for one in many] for letter, many in agents.items()}


def _refuse_twice(names: list[str]) -> None:
    twice = first_repeated(names)
    if twice is not None:
        raise InputError(f"the array {quoted(twice)} stands there twice", twice)


def _time_first(one: Packed, key: str) -> Packed:
    if len(one.shape) == 3:
        shape = (one.shape[2], *one.shape[:2])
        return evolve(one, shape=shape, unpack=lambda: np.moveaxis(one.unpack(), -1, 0))
    # MATLAB drops a last axis of length 1: gains over one stage arrive as a matrix.
    if key.startswith(("K_", "Sigma_")) and len(one.shape) == 2:
        return evolve(one, shape=(1, *one.shape), unpack=lambda: one.unpack()[None])
    return one


def _flat(value: np.ndarray) -> np.ndarray:
    """A vector that may have come as a row or a column."""
    return value.reshape(-1) if value.ndim == 2 and 1 in value.shape else value


def _single(one: Packed, key: str) -> Any:
    if one.size != 1:
        raise InputError(f"{key} must be a single number, not of shape {one.shape}", key)
    return one.unpack().reshape(-1)[0]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _text(one: Packed) -> str:
    if one.characters is None:
        raise InputError("name must be a string", "name")
    value = one.unpack()
    if value.size > 1:
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
