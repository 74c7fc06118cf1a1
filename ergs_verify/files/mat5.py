"""Reads the numeric arrays of MAT files of versions 5 to 7.

scipy.io.loadmat is not used for reading: on a damaged file it can crash the interpreter (a data
type tag out of range is a segmentation fault in scipy 1.17), and a crash is no error message.
Format: MathWorks, "MAT-File Format", level 5.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from ergs_verify.errors import InputError
from ergs_verify.exact import quoted
from ergs_verify.files.packed import Packed

_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8"} | {
    12: "i8",
    13: "u8",
}
_CHARACTERS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_CHAR_CLASS = 4
_FLOAT_CLASSES = (6, 7)
_INTEGER_CLASSES = range(8, 16)
_CLASS_NAMES = {1: "cell", 2: "struct", 3: "object", 5: "sparse", 16: "function", 17: "opaque"}
_COMPLEX, _LOGICAL = 0x08, 0x02

#: Bytes in which an array's flags, shape and name stand, and how many sides numpy can have.
_MAX_HEADER, _MAX_SIDES = 4096, 32

_Bytes = bytes | memoryview


class DamagedError(ValueError):
    """The bytes are not what the format says."""


def packed_arrays(data: bytes) -> Iterator[tuple[str, Packed]]:
    """The arrays of a file with their names, in its order, not yet unpacked.

    Raises
    ------
    InputError
        For version 7.3, arrays that are neither real numbers nor text, damaged files; on unpacking
        too, where the entries are not what the header says.
    """
    with _damage_told():
        order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
        if len(data) < 128 or order is None:
            raise DamagedError('no header of version 5; save it with the option "-v7"')
        if struct.unpack_from(f"{order}H", data, 124)[0] == 0x0200:
            raise InputError('is a MAT file of version 7.3; save it with the option "-v7"')
        for kind, content in _elements(memoryview(data)[128:], order):
            yield _packed(kind, content, order)


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except (DamagedError, struct.error, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"is not a MAT file, or a damaged one: {error}") from error


def _tag(data: _Bytes, at: int, order: str) -> tuple[int, int, int, int]:
    """An element's type, where its content starts and ends, and where the next one starts."""
    kind, size = struct.unpack_from(f"{order}II", data, at)
    if not kind >> 16:
        end = at + 8 + size
        return kind, at + 8, end, end + (0 if kind == _COMPRESSED else -size % 8)
    size = kind >> 16  # four bytes or fewer, packed into the tag
    if size > 4:
        raise DamagedError("the file ends too early")
    return kind & 0xFFFF, at + 4, at + 4 + size, at + 8


def _elements(data: _Bytes, order: str) -> Iterator[tuple[int, _Bytes]]:
    at = 0
    while at < len(data):
        kind, start, end, at = _tag(data, at, order)
        if end > len(data):
            raise DamagedError("the file ends too early")
        yield kind, data[start:end]


def _packed(kind: int, content: _Bytes, order: str) -> tuple[str, Packed]:
    """The name and the header of an element that is an array."""
    if kind != _COMPRESSED:
        return _header(kind, content, len(content), order, lambda end: content[:end])
    inflated = zlib.decompressobj().decompress(content, 8 + _MAX_HEADER)
    kind, start, stop, _ = _tag(inflated, 0, order)

    def inflate(end: int) -> _Bytes:
        return memoryview(zlib.decompressobj().decompress(content, start + end))[start:]

    return _header(kind, inflated[start:stop], stop - start, order, inflate)


def _header(
    kind: int, head: _Bytes, size: int, order: str, first: Callable[[int], _Bytes]
) -> tuple[str, Packed]:
    """The name and the header of an array of `size` bytes that begins with the bytes `head`.

    Its `first` bytes, so many as are asked for, are made when the array is unpacked.
    """
    if kind != _MATRIX:
        raise DamagedError(f"an element of type {kind} where an array is needed")
    head, at, parts = head[:_MAX_HEADER], 0, []
    for _ in range(3):
        _, start, end, at = _tag(head, at, order)
        if end > len(head):
            raise DamagedError("an array without flags, shape and name")
        parts.append(head[start:end])
    flags, sides, name = map(bytes, parts)
    word = struct.unpack_from(f"{order}I", flags)[0]
    kind, bits = word & 0xFF, word >> 8
    shape = struct.unpack(f"{order}{len(sides) // 4}i", sides[: len(sides) // 4 * 4])
    shown = name.decode("latin-1")
    _refuse_class(kind, bits, shown)
    if min(shape, default=-1) < 0 or len(shape) > _MAX_SIDES or at >= size:
        raise DamagedError(f"the array {quoted(shown)} without shape or entries")
    tag, start, end, _ = _tag(head, at, order)
    if end > size:
        raise DamagedError("the file ends too early")
    read: Callable = _text if kind == _CHAR_CLASS else _numbers
    if kind != _CHAR_CLASS and end - start != math.prod(shape) * _stored(tag, order).itemsize:
        raise DamagedError("an array with more or fewer entries than its shape says")

    def unpack() -> np.ndarray:
        with _damage_told():
            raw = first(end)[start:end]
            if len(raw) != end - start:
                raise DamagedError("the file ends too early")
            return read(tag, raw, order, shape, kind)

    characters = end - start if kind == _CHAR_CLASS else None
    return shown, Packed(shape=shape, characters=characters, unpack=unpack)


def _refuse_class(kind: int, bits: int, name: str) -> None:
    what = _CLASS_NAMES.get(kind)
    if bits & _LOGICAL:
        what = "logical"
    elif bits & _COMPLEX:
        what = "complex double"
    elif what is None and not (kind == _CHAR_CLASS or 6 <= kind <= 15):
        raise DamagedError(f"an array of class {kind}")
    if what:
        raise InputError(
            f"the array {quoted(name)} is of the MATLAB class {what}; save it as a full array of "
            "real doubles",
            name,
        )


def _stored(tag: int, order: str) -> np.dtype:
    if tag not in _NUMBERS:
        raise DamagedError(f"numbers of type {tag}")
    return np.dtype(order + _NUMBERS[tag])


def _numbers(tag: int, raw: _Bytes, order: str, shape: tuple, kind: int) -> np.ndarray:
    # MATLAB stores doubles that are small whole numbers in fewer bytes; the class says which.
    dtype = _stored(tag, order)
    wanted = np.float64 if kind in _FLOAT_CLASSES else dtype.newbyteorder("=")
    if kind in _INTEGER_CLASSES and dtype.kind == "f":
        raise DamagedError("whole numbers stored as floats")
    return np.frombuffer(raw, dtype).astype(wanted, copy=False).reshape(shape, order="F")


def _text(tag: int, raw: _Bytes, order: str, shape: tuple, kind: int) -> np.ndarray:
    if tag not in _CHARACTERS or len(shape) != 2 or (shape[0] != 1 and raw):
        raise DamagedError("text of more than one line, or in an unknown encoding")
    code = _CHARACTERS[tag]
    suffix = {"<": "-le", ">": "-be"}[order] if code in ("utf-16", "utf-32") else ""
    return np.array([bytes(raw).decode(code + suffix)])
