"""Files mutated by bytes and by structure: each is answered by an exit status and a sentence."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from limits import MEMORY, Late, bounded_memory, within

from ergs_verify import gallery, solve
from ergs_verify.cli import main

#: Seconds that an answer may take.
_SECONDS = 20
_STATUSES = (0, 1, 2, 3)

GAME = "random:N=2,m=2,p=1-2,T=2,tau=1/2,seed=3"
_FLOATS = "g-star-2"  # which float64 can hold

#: What stands where a number, a matrix or a name should.
_HOSTILE: tuple[Any, ...] = (
    None, True, "", " ", "1/0", "0x10", "1e999999999", "-1e-999999999", "NaN", "inf", -1, 0, 1.5,
    1e308, 5e-324, float("nan"), float("inf"), 10**400, "9" * 20000, "1_000", "１", "\0", {}, [],
    [[]], [[[]]], {"A": 1}, [1, [2]], "ergs-game/2", "__import__('os').abort()", 2**63, -0.0,
)  # fmt: skip
_BYTES = (b"NaN", b"1e400", b"\0", b"\xff\xfe", b"[" * 3000, b'"', b"}", b",", b"-", b"\\u0000",
          b"1" * 5000, b"nan", b"null", b"'", b"#", b"\r", b"\xe2\x80\xa8")  # fmt: skip


#: Files by what they hold and their format.
KINDS = {
    "game, .json": "game.json",
    "game, .toml": "game.toml",
    "game, .npz": "floats.npz",
    "game, .mat": "floats.mat",
    "solution, .json": "solution.json",
    "solution, .npz": "solution.npz",
    "solution, .mat": "solution.mat",
    "reference, .json": "reference.json",
}


# -- valid files -----------------------------------------------------------------------------------


class Files:
    """A folder with valid files of every kind and format."""

    def __init__(self, folder: Path):
        self.folder = folder
        game, floats = gallery(GAME), gallery(_FLOATS).rounded()
        game.save(folder / "game.json")
        floats.save(folder / "floats.json")
        for end in ("npz", "mat"):
            floats.save(folder / f"floats.{end}")
            solve(floats).save(folder / f"solution.{end}")
        document = json.loads((folder / "game.json").read_bytes())
        (folder / "game.toml").write_bytes(as_toml(document))
        for name in ("solutions", "references"):
            (folder / name).mkdir()
        solve(game, digits=20).save(folder / "solution.json")
        shutil.copy(folder / "solution.json", folder / "solutions")
        written = folder / "references"
        _quietly(["reference", str(folder / "game.json"), "-o", str(written), "--digits", "20"])
        next(written.iterdir()).rename(folder / "reference.json")
        self.valid = {what: folder / name for what, name in KINDS.items()}

    def command(self, what: str, path: Path, draw: Random) -> list[str]:
        """A command that reads the file."""
        kind, end = what.split(", ")
        as_json = ["--json"] * draw.randint(0, 1)
        if kind == "game":
            return [draw.choice(("check", "solve", "gap")), str(path), *as_json]
        if kind == "solution":
            game = "game.json" if end == ".json" else "floats.json"
            return ["audit", str(self.folder / game), str(path), *as_json]
        return ["compare", str(path.parent), str(self.folder / "solutions"), "--digits", "5"]


def as_toml(document: Any) -> bytes:
    """JSON's values but null are TOML's; tables are written inline."""

    def text(value: Any) -> str:
        if isinstance(value, dict):
            inside = ", ".join(f"{json.dumps(k)} = {text(v)}" for k, v in value.items())
            return f"{{{inside}}}"
        if isinstance(value, list):
            return f"[{', '.join(map(text, value))}]"
        return "nan" if value is None or value != value else json.dumps(value)

    pairs = document.items() if isinstance(document, dict) else [("A", document)]
    lines = (f"{json.dumps(k)} = {text(v)}" for k, v in pairs)
    return "\n".join(lines).replace("Infinity", "inf").encode()


# -- mutations -------------------------------------------------------------------------------------


def by_bytes(data: bytes, draw: Random) -> bytes:
    """A byte, a digit or a piece changed, removed, doubled or put in; the rest cut off."""
    for _ in range(draw.choice((1, 1, 2, 5))):
        a, b = sorted(draw.randint(0, len(data)) for _ in range(2))
        b = min(b, a + draw.choice((1, 8, 200)))
        piece, before, after = data[a:b], data[:a], data[b:]
        digit = _digit_changed(data, a, draw)
        other = (bytes([draw.randrange(256)]), b"", piece * 2, piece[::-1], draw.randbytes(b - a))
        pieces = [before + one + after for one in (*other, draw.choice(_BYTES) + piece)]
        data = draw.choice((*pieces, digit, digit, before, b"\xef\xbb\xbf" + data))
    return data


def _digit_changed(data: bytes, at: int, draw: Random) -> bytes:
    digit = re.compile(rb"\d").search(data, at)
    if digit is None:
        return data
    return data[: digit.start()] + b"%d" % draw.randrange(10) + data[digit.end() :]


def by_structure(document: Any, draw: Random) -> Any:
    """A node of the tree replaced, removed, doubled, renamed, wrapped or turned."""
    document = copy.deepcopy(document)
    for _ in range(draw.choice((1, 1, 2))):
        places = list(_places(document))
        if not places:
            break
        holder, key = draw.choice(places)
        value = holder[key]
        change = draw.randrange(7)
        if change == 0:
            del holder[key]
        elif change == 1 and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(value))
        elif change == 1:
            holder[draw.choice((key + " ", key.swapcase(), "\0", "a" * 5000, "__class__"))] = value
        elif change == 2:
            holder[key] = [value]
        elif change == 3 and isinstance(value, list) and all(isinstance(x, list) for x in value):
            holder[key] = [list(x) for x in zip(*value, strict=False)]
        elif change == 4 and isinstance(value, list):
            holder[key] = value * draw.choice((2, 100))
        elif change == 5:
            holder[key] = draw.choice(("@3", "@900", "@20000"))
        else:
            holder[key] = copy.deepcopy(draw.choice(_HOSTILE))
    return document


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(items):
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value)


def in_archive(data: bytes, draw: Random) -> bytes:
    """The members of an NPZ mutated inside, renamed, doubled, or of another type and shape."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = draw.choice(sorted(members))
    shapes = ((), (0,), (2, 0, 3), (1, 1, 1, 1), (2, 2), (7,))
    types = ("O", "c16", "U5", "S3", "i1", "f2", "M8[s]", "?", ">f8", "f4", "V8")
    other = np.zeros(draw.choice(shapes), draw.choice(types))
    buffer = io.BytesIO()
    np.save(buffer, other, allow_pickle=True)
    huge = members[name].replace(b"'shape': (", b"'shape': (99999999, ", 1)
    change = draw.randrange(5)
    if change == 0:
        del members[name]
    elif change == 1:
        members[f"{draw.choice(('X', 'A', 'B_9', '../A', 'k_1'))}.npy"] = members[name]
    else:
        members[name] = (by_bytes(members[name], draw), buffer.getvalue(), huge)[change - 2]
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # names that stand twice
        for key, content in members.items():
            archive.writestr(key, content)
            if change == 1 and draw.random() < 0.3:
                archive.writestr(key, content)
    return out.getvalue()


def in_elements(data: bytes, draw: Random) -> bytes:
    """An array of a MAT file mutated inside, removed, doubled or exchanged; all are compressed."""
    at, arrays = 128, []
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        inside = data[at + 8 : at + 8 + size]
        arrays.append(zlib.decompress(inside) if kind == 15 else data[at : at + 8] + inside)
        at += 8 + size
    k, other = draw.randrange(len(arrays)), draw.choice(arrays)
    mutated = draw.choice(([], [other], [arrays[k]] * 2, *[[by_bytes(arrays[k], draw)]] * 5))
    squeezed = map(zlib.compress, [*arrays[:k], *mutated, *arrays[k + 1 :]])
    return data[:128] + b"".join(struct.pack("<II", 15, len(x)) + x for x in squeezed)


def mutated(path: Path, how: str, draw: Random) -> bytes:
    data = path.read_bytes()
    if how == "bytes":
        return by_bytes(data, draw)
    if path.suffix == ".npz":
        return in_archive(data, draw)
    if path.suffix == ".mat":
        return in_elements(data, draw)
    plain = path.with_name("game.json").read_bytes() if path.suffix == ".toml" else data
    document = by_structure(json.loads(plain), draw)
    text = as_toml(document) if path.suffix == ".toml" else json.dumps(document).encode()
    return re.sub(rb'"@(\d+)"', lambda deep: b"[" * int(deep[1]) + b"]" * int(deep[1]), text)


# -- answers ---------------------------------------------------------------------------------------


def attacked(files: Files, what: str, how: str, seed: int) -> tuple[str, str]:
    """*refused*, *answered* or *wrong*, and what was wrong."""
    draw = Random(f"{what} {how} {seed}")
    data = mutated(files.valid[what], how, draw)
    with tempfile.TemporaryDirectory(dir=files.folder) as folder:
        path = Path(folder, f"mutated{files.valid[what].suffix}")
        path.write_bytes(data)
        outcome, fault = judged(files.command(what, path, draw))
    return outcome, fault and f"{what}, by {how}, seed {seed}: {fault}"


def judged(command: list[str]) -> tuple[str, str]:
    """What a command that is run in this process comes to."""
    try:
        with warnings.catch_warnings(), bounded_memory(), within(_SECONDS):
            warnings.simplefilter("error")
            status, said = _quietly(command)
    except Late as late:
        return "wrong", str(late)
    except BaseException as error:
        return "wrong", f"raised {type(error).__name__}: {error}"
    return verdict(status, said)


def verdict(status: int, said: str) -> tuple[str, str]:
    """By the exit status, and standard error without progress."""
    if status not in _STATUSES or "Traceback" in said or "Warning" in said:
        return "wrong", f"exit status {status}: {said.strip()[-300:]}"
    if status != 2:
        return "answered", ""
    lines = said.splitlines()
    if len(lines) != 1 or not lines[0].startswith("ergs-verify: ") or len(said) > 2000:
        return "wrong", f"not one sentence: {said[:300]!r}"
    return "refused", ""


def _quietly(command: list[str]) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        status = main(command)
    return status, said.getvalue()


# -- files that expand -----------------------------------------------------------------------------

#: Bytes that a process may hold while it refuses a small file; it begins with 100 MB.
_LITTLE = 600 * 2**20


def _zeros(count: int) -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (count,)}
    )
    return header.getvalue() + bytes(8 * count)


def _npz(arrays: int, count: int) -> bytes:
    out, member = io.BytesIO(), _zeros(count)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(arrays):
            archive.writestr(f"B_{k + 1}.npy", member)
    return out.getvalue()


def _mat(size: int) -> bytes:
    squeeze = zlib.compressobj(9)
    head = (14).to_bytes(4, "little") + size.to_bytes(4, "little")
    parts = [squeeze.compress(head)]
    parts += [squeeze.compress(bytes(2**20)) for _ in range(size // 2**20)]
    body = b"".join(parts) + squeeze.flush()
    text = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    return text + (15).to_bytes(4, "little") + len(body).to_bytes(4, "little") + body


BOMBS: dict[str, Callable[[], bytes]] = {
    "many arrays of zeros.npz": lambda: _npz(40, 4 * 10**6),
    "one array of zeros.npz": lambda: _npz(1, 12 * 10**7),
    "zeros.mat": lambda: _mat(8 * 10**8),
    "dotted key.toml": lambda: b"a." * 50_000 + b"a = 1",
    "nested arrays.toml": lambda: b"A = " + b"[" * 100_000,
    "nested tables.toml": lambda: b"\n".join(b"[" + b"a." * k + b"b]" for k in range(450)),
    "nested arrays.json": lambda: b"[" * 10**6,
    "long number.json": lambda: b'{"format": "ergs-game/1", "tau": ' + b"7" * 10**7 + b"}",
    "long list.json": lambda: b'{"A": [' + b"[0]," * 10**6 + b"[0]]}",
    "long exponent.json": lambda: b'{"format": "ergs-game/1", "tau": "1e' + b"9" * 10**6 + b'"}',
}


def exploded(name: str, folder: Path) -> tuple[str, str]:
    """A small file that grows when it is read, in a process whose memory is watched."""
    path = folder / name
    path.write_bytes(BOMBS[name]())
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "ergs_verify", "check", str(path)],
            stdout=subprocess.DEVNULL,
            stderr=said,
            preexec_fn=_bounded,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode(errors="replace")
    path.unlink()
    outcome, fault = verdict(process.returncode, text)
    if outcome != "wrong" and used.ru_maxrss * 1024 > _LITTLE:
        outcome, fault = "wrong", f"took {used.ru_maxrss / 2**20:.1f} GiB"
    return outcome, fault and f"{name}: {fault}"


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (2 * MEMORY, 2 * MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (2 * _SECONDS, 2 * _SECONDS))
