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

import numpy as np

from ergs_verify.errors import InputError
from ergs_verify.exact import quoted

__all__ = ["named_arrays"]

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


class DamagedError(ValueError):
    """The bytes are not what the format says."""


def named_arrays(data: bytes, most: int) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays of a file with their names, in its order; text is an array of one string.

    Parameters
    ----------
    data : bytes
    most : int
        Arrays with more entries are refused before they are unpacked.

    Raises
    ------
    InputError
        For version 7.3, arrays that are neither real numbers nor text, damaged files.
    """
    try:
        order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
        if len(data) < 128 or order is None:
            raise DamagedError('no header of version 5; save it with the option "-v7"')
        if struct.unpack_from(f"{order}H", data, 124)[0] == 0x0200:
            raise InputError('is a MAT file of version 7.3; save it with the option "-v7"')
        for kind, content in _elements(data[128:], order):
            if kind == _COMPRESSED:
                inflated = zlib.decompressobj().decompress(content, 8 * most + 4096)
                kind, content = next(_elements(inflated, order), (0, b""))
            if kind != _MATRIX:
                raise DamagedError(f"an element of type {kind} where an array is needed")
            yield _array(content, order, most)
    except (DamagedError, struct.error, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"is no MAT file, or a damaged one: {error}") from error


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        start = at + 8
        if kind >> 16:  # four bytes or fewer, packed into the tag
            kind, size, start = kind & 0xFFFF, kind >> 16, at + 4
            at += 8
        else:
            at = start + size + (0 if kind == _COMPRESSED else -size % 8)
        if start + size > len(data) or (start == at - 4 and size > 4):
            raise DamagedError("the file breaks off")
        yield kind, data[start : start + size]


def _array(content: bytes, order: str, most: int) -> tuple[str, np.ndarray]:
    parts = list(_elements(content, order))
    if len(parts) < 3:
        raise DamagedError("an array without flags, shape and name")
    (_, flags), (_, sides), (_, name), *values = parts
    head = struct.unpack_from(f"{order}I", flags)[0]
    kind, bits = head & 0xFF, head >> 8
    shape = tuple(np.frombuffer(sides[: len(sides) // 4 * 4], f"{order}i4").tolist())
    shown = name.decode("latin-1")
    _refuse_class(kind, bits, shown)
    size = math.prod(shape)
    if min(shape, default=-1) < 0 or not values:
        raise DamagedError(f"the array {quoted(shown)} without shape or entries")
    if size > most:
        raise InputError(
            f"the array {quoted(shown)} holds {size} numbers, more than the limit of {most}", shown
        )
    read: Callable = _text if kind == _CHAR_CLASS else _numbers
    return shown, read(*values[0], order, shape, kind)


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


def _numbers(tag: int, raw: bytes, order: str, shape: tuple, kind: int) -> np.ndarray:
    # MATLAB stores doubles that are small whole numbers in fewer bytes; the class says which.
    if tag not in _NUMBERS:
        raise DamagedError(f"numbers of type {tag}")
    dtype = np.dtype(order + _NUMBERS[tag])
    if len(raw) != math.prod(shape) * dtype.itemsize:
        raise DamagedError("an array with more or fewer entries than its shape says")
    wanted = np.float64 if kind in _FLOAT_CLASSES else dtype.newbyteorder("=")
    if kind in _INTEGER_CLASSES and dtype.kind == "f":
        raise DamagedError("whole numbers stored as floats")
    return np.frombuffer(raw, dtype).astype(wanted).reshape(shape, order="F")


def _text(tag: int, raw: bytes, order: str, shape: tuple, kind: int) -> np.ndarray:
    if tag not in _CHARACTERS or len(shape) != 2 or (shape[0] != 1 and raw):
        raise DamagedError("text of more than one line, or in an unknown encoding")
    code = _CHARACTERS[tag]
    suffix = {"<": "-le", ">": "-be"}[order] if code in ("utf-16", "utf-32") else ""
    return np.array([raw.decode(code + suffix)])
