"""NPZ and MAT: named arrays to and from bytes.

The time axis of a cube comes first in NPZ and last in MAT; between here and the two it is first.
"""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from attrs import evolve

from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.files.keys import first_repeated
from ergs_verify.files.mat5 import packed_arrays
from ergs_verify.files.packed import MAX_NUMBERS, Packed, expect_at_most

#: Bytes that hold an array's header: numpy reads none of more than 10,000.
_MAX_HEADER = 2**14

#: The arrays that may hold text.
TEXTS = ("name", "horizon")

#: How many times its size deflate packs at most (zlib's technical notes).
_DEFLATE = 1032


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


def render_npz(arrays: Mapping[str, Any]) -> bytes:
    """An NPZ archive of arrays."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def packed_mat(data: bytes, most: int = MAX_NUMBERS) -> dict[str, Packed]:
    """The arrays of a MAT file (up to version 7), the time axis in front, not yet unpacked."""
    held = list(packed_arrays(data))
    _refuse_twice([key for key, _ in held])
    for key, one in held:
        if one.characters is not None and key not in TEXTS:
            raise InputError(f"the array {quoted(key)} is text; save it as doubles", key)
    packed = {key: _time_first(one) for key, one in held}
    expect_at_most(most, packed)
    return packed


def render_mat(arrays: Mapping[str, Any]) -> bytes:
    """A MAT file of arrays, the time axis moved to the end."""
    from scipy.io import savemat

    buffer = io.BytesIO()
    moved = {
        key: np.moveaxis(value, 0, -1) if value.ndim == 3 else value
        for key, value in ((key, np.asarray(value)) for key, value in arrays.items())
    }
    savemat(buffer, moved, oned_as="column")
    return buffer.getvalue()


def _npy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most_bytes: int) -> Packed:
    """A member of an archive by its header; `most_bytes` are all that it can be compressed in."""
    name = entry.filename
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{quoted(name)} is compressed with a method other than deflate", name)
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
    is_text = dtype.kind == "U" and key in TEXTS
    if not is_text and not (dtype.kind in "fiu" and dtype.itemsize <= 8):
        raise InputError(
            f"the array {quoted(key)} is of the type {dtype}; save it as float64", name
        )
    if min(shape, default=0) < 0:
        raise InputError(f"the array {quoted(key)} has a negative dimension", name)

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
            f"the array {quoted(key)} claims to hold {one.size:,} numbers, more than its "
            f"{in_bytes:,} bytes in the file can",
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
        raise InputError(f"is not an NPZ archive, or a damaged one: {_one_line(error)}") from error


def _refuse_twice(names: list[str]) -> None:
    twice = first_repeated(names)
    if twice is not None:
        raise InputError(f"the array {quoted(twice)} appears twice", twice)


def _time_first(one: Packed) -> Packed:
    if len(one.shape) != 3:
        return one
    shape = (one.shape[2], *one.shape[:2])
    return evolve(one, shape=shape, unpack=lambda: np.moveaxis(one.unpack(), -1, 0))


def _one_line(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return quoted(text, 80).strip('"')
