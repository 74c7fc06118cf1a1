"""Small files that say they are large, and what reading one costs in a process of its own."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np

#: Loads files in turn; prints what megabytes the process ever took beyond its imports, and what
#: each file is refused for.
_READ = """
import json, resource, sys
from pathlib import Path
from ergs_verify.audit.answers import from_file
from ergs_verify.audit.conventions import Conventions
from ergs_verify.errors import InputError
from ergs_verify.game.gallery import gallery
from ergs_verify.game import load_game, load_solution
from ergs_verify.reference import load_reference
import flint, tomllib

def load_answer(path):
    trouble = from_file(Path(path), gallery("lqr"), Conventions()).trouble
    if trouble:
        raise InputError(f"{path}: {trouble.message}")

def peak():
    # Not ru_maxrss, which begins with what the process that started this one had.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
before = peak()
# Whatever is expanded in spite of every limit ends here and not the machine.
resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30,) * 2)
told = []
for kind, path in json.loads(sys.argv[1]):
    try:
        globals()[f"load_{kind}"](path)
        said = ""
    except InputError as error:
        said = error.message
    told.append(((peak() - before) // 1024, said.removeprefix(f"{path}: ")))
print(json.dumps(told))
"""


def read_apart(*files: tuple[str, Path], seconds: float = 120) -> list[tuple[int, str]]:
    """After each file the peak in megabytes, and why it was refused, empty where it was not."""
    done = subprocess.run(
        [sys.executable, "-c", _READ, json.dumps([(kind, str(path)) for kind, path in files])],
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [(megabytes, said) for megabytes, said in json.loads(done.stdout)]


def npy_header(shape: tuple[int, ...], descr: str = "<f8") -> bytes:
    header = io.BytesIO()
    about = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, about)
    return header.getvalue()


def zeros_npz(path: Path, shapes: dict[str, tuple[int, ...]], descr: str = "<f8") -> Path:
    """An archive of arrays of zeros, which deflate packs a thousandfold."""
    width = np.dtype(descr).itemsize
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for key, shape in shapes.items():
            left = width * int(np.prod(shape, dtype=object))
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                member.write(npy_header(shape, descr))
                while left > 0:
                    left -= member.write(bytes(min(left, 2**22)))
    return path


def zeros_mat(path: Path, shapes: dict[str, tuple[int, ...]]) -> Path:
    """A MAT file of compressed arrays of zeros."""
    content = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<2H", 0x0100, 0x4D49)
    for key, shape in shapes.items():
        size = 8 * int(np.prod(shape, dtype=object))
        head = struct.pack("<4I", 6, 8, 6, 0)
        head += struct.pack(f"<2I{len(shape)}i", 5, 4 * len(shape), *shape)
        head += bytes(-len(head) % 8)
        name = key.encode()
        head += struct.pack("<2I", 1, len(name)) + name + bytes(-len(name) % 8)
        head += struct.pack("<2I", 9, size)
        packer = zlib.compressobj(1)
        packed = packer.compress(struct.pack("<2I", 14, len(head) + size) + head)
        for start in range(0, size, 2**22):
            packed += packer.compress(bytes(min(size - start, 2**22)))
        packed += packer.flush()
        content += struct.pack("<2I", 15, len(packed)) + packed
    path.write_bytes(content)
    return path
