"""Small files that say they are large: refused before anything is expanded."""

from __future__ import annotations

import json
import struct
import zipfile

import numpy as np
import pytest
import scipy.io
from hostile_files import npy_header, read_apart, zeros_mat, zeros_npz

from ergs_verify.errors import FileFormatError, InputError
from ergs_verify.files import text
from ergs_verify.files.arrays import packed_mat, packed_npz
from ergs_verify.game import load_game, load_solution
from ergs_verify.game.gallery import gallery
from ergs_verify.solve import solve

#: Megabytes over what the imports take. 2 MB of TOML made of nothing but short tables take 210.
MOST = 300

BIG = (4000, 3000)  # 96 MB
HUGE = (5000, 4000)  # 160 MB
# Its B has a time axis, which says the horizon.
SCALAR = dict.fromkeys(("A", "Q_1", "R_1", "noise_cov", "tau"), (1, 1)) | {"B_1": (1, 1, 1)}
GAME = {
    "format": "ergs-game/1", "tau": 1, "horizon": 1, "A": [[1]], "B": [[[1]]], "Q": [[[1]]],
    "R": [[[1]]], "noise_cov": [[0]],
}  # fmt: skip


def game_with(key: str, text: str) -> str:
    return json.dumps({**GAME, key: "HERE"}).replace('"HERE"', text)


LONG = "holds numbers whose exponents stand for 1999800000 digits, more than the limit of 200000000"

#: Kind, name, arrays of zeros or text, and what the file is refused for. In the order of memory,
#: so that the peak of one is not that of another before it.
HOSTILE = [
    ("game", "mat", dict.fromkeys(("A", "B_1", "Q_1"), BIG), 'the array "tau" is missing'),
    ("game", "npz", dict.fromkeys(("A", "B_1", "Q_1"), BIG), 'the array "tau" is missing'),
    ("game", "mat", SCALAR | {"A": BIG}, "A is 4000×3000 but must be 4000×4000 (square, m×m)"),
    ("game", "npz", SCALAR | {"A": BIG}, "A is 4000×3000 but must be 4000×4000 (square, m×m)"),
    ("game", "npz", SCALAR | {"A": (2, 0, 1)}, "A must be a matrix, not an array of shape (2, 0,"),
    ("game", "npz", SCALAR | {"A": (10**9, 0, 1)}, "lists 1000000001 matrices over time, more"),
    ("game", "npz", SCALAR | {"tau": BIG}, "tau must be a single number, not of shape"),
    ("game", "npz", SCALAR | {"horizon": BIG}, "horizon must be a single number, not of shape"),
    ("game", "npz", SCALAR | {"noise_cov": BIG}, "noise_cov is 4000×3000 but must be 1×1"),
    ("game", "npz", SCALAR | {"x0_mean": BIG}, "x0_mean must be a vector, not an array"),
    ("solution", "npz", {"K_1": (1, *HUGE)}, "horizon 1 with m = 4000 and 1 agent makes a game"),
    ("solution", "mat", {"K_1": HUGE}, "horizon 1 with m = 4000 and 1 agent makes a game"),
    ("solution", "npz", {"K_1": (1, 1, 1), "q_1": BIG}, "q_1 (agent 1) must be a list over time"),
    ("answer", "npz", {"K_1": (1, *BIG)}, "wrote a solution file that holds 12000000 numbers in"),
    ("answer", "mat", {"K_1": BIG}, "wrote a solution file that holds 12000000 numbers in"),
    ("game", "toml", ".".join("a" * 40_000) + " = 1", "has a key of more than 8 parts"),
    ("game", "toml", "\n[" + " . ".join(["''"] * 9) + "]", "has a key of more than 8 parts"),
    ("game", "toml", "#" * 2_000_001, "has 2000001 bytes, more than the limit of 2000000"),
    ("game", "json", "[" + "{}," * 10**7, "holds 10000000 objects (opening braces), more than"),
    ("game", "json", game_with("A", "[" * 10**7), "is nested too deeply"),
    ("game", "json", game_with("tau", "9" * 10**7), "tau is infinite or larger than any float64"),
    ("game", "json", game_with("horizon", "1000000000"), "horizon 1000000000 with m = 1 and 1"),
    ("game", "json", game_with("A", json.dumps([["1e9999"] * 200_000])), LONG),
    ("reference", "json", json.dumps(["1e9999"] * 200_000).replace("e", "\\u0065"), LONG),
    ("game", "toml", "".join(f"[{k}]\n" for k in range(230_000)), 'the key "format" is missing'),
]


def test_memory_is_bounded_whatever_a_file_says(tmp_path):
    files = []
    for k, (kind, end, content, _) in enumerate(HOSTILE):
        path = tmp_path / f"{k}.{end}"
        if isinstance(content, dict):
            (zeros_npz if end == "npz" else zeros_mat)(path, content)
        else:
            path.write_text(content)
        files.append((kind, path))
    told = read_apart(*files)
    wanted = [message for *_, message in HOSTILE]
    assert [said[: len(message)] for (_, said), message in zip(told, wanted, strict=True)] == wanted
    arrays = sum(isinstance(content, dict) for *_, content, _ in HOSTILE)
    assert told[arrays - 1][0] < 30  # of 96 MB and more in each file
    assert told[-1][0] < MOST


@pytest.mark.parametrize(("end", "packed"), [("npz", packed_npz), ("mat", packed_mat)])
def test_the_limit_is_by_file_and_not_by_array(tmp_path, end, packed):
    path = tmp_path / f"game.{end}"
    (zeros_npz if end == "npz" else zeros_mat)(path, {f"B_{k}": (10, 20) for k in range(1, 7)})
    assert len(packed(path.read_bytes(), 1200)) == 6
    with pytest.raises(InputError, match=r"^holds 1200 numbers in all its arrays, more than the l"):
        packed(path.read_bytes(), 1199)


def archive(path, members: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    with zipfile.ZipFile(path, "w", kind) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path.read_bytes()


def refusal(path, load=load_game) -> str:
    with pytest.raises(FileFormatError) as caught:
        load(path)
    return caught.value.message.removeprefix(f"{path}: ")


def test_members_that_lie_about_their_sizes(tmp_path):
    """The directory says 80 MB where a few bytes are, as the array's header does."""
    path = tmp_path / "game.npz"
    header = npy_header((10**7,))
    whole = bytearray(archive(path, {"A.npy": header}, zipfile.ZIP_STORED))
    struct.pack_into("<I", whole, whole.index(b"PK\x01\x02") + 24, len(header) + 8 * 10**7)
    path.write_bytes(whole)
    assert refusal(path) == (
        f'the array "A" claims to hold 10,000,000 numbers, more than its {len(header)} bytes in '
        "the file can"
    )


def test_a_header_as_long_as_memory(tmp_path):
    path = tmp_path / "game.npz"
    head = b"\x93NUMPY\x02\x00" + struct.pack("<I", 10**9)
    archive(path, {"A.npy": head + b" " * 10**8})
    [(megabytes, said)] = read_apart(("game", path))
    assert "is not an NPZ archive, or a damaged one: EOF: reading array header" in said
    assert megabytes < 50


def test_members_that_overlap(tmp_path):
    path = tmp_path / "game.npz"
    whole = archive(path, {"A.npy": npy_header((1, 1)) + bytes(8)})
    directory = whole.index(b"PK\x01\x02")
    end = whole.index(b"PK\x05\x06")
    again = whole[directory:end].replace(b"A.npy", b"C.npy")
    tail = bytearray(whole[end:])
    struct.pack_into("<2H2I", tail, 8, 2, 2, 2 * (end - directory), directory)
    path.write_bytes(whole[:end] + again + tail)
    assert "File name in directory" in refusal(path)


@pytest.mark.parametrize("kind", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_methods_that_pack_without_bound_are_refused(tmp_path, kind):
    path = tmp_path / "game.npz"
    archive(path, {"A.npy": npy_header((1, 1)) + bytes(8)}, kind)
    assert refusal(path) == '"A.npy" is compressed with a method other than deflate'


@pytest.mark.parametrize("end", ["npz", "mat"])
def test_text_as_long_as_memory(tmp_path, end):
    path = tmp_path / f"game.{end}"
    if end == "npz":
        np.savez(path, name="x" * 10**7)
    else:
        scipy.io.savemat(path, {"name": "x" * 10**7})
    assert "characters, more than the limit of 10000" in refusal(path)


def test_a_file_longer_than_memory_is_not_read(tmp_path):
    for name in ("game.json", "game.npz", "game.mat"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(10**11)  # takes no room on the disk
        assert refusal(tmp_path / name) == (
            "has 100000000000 bytes, more than the limit of 3200000000"
        )


def test_what_is_large_and_sensible_is_read(tmp_path):
    """4 MB of numbers: the file's, an unpacked copy and the game's own, and little else."""
    T, m = 200, 50
    arrays = {
        "A": np.random.default_rng(0).normal(size=(T, m, m)), "B_1": np.ones((T, m, 1)),
        "Q_1": np.eye(m), "R_1": np.ones((1, 1)), "noise_cov": np.eye(m), "tau": 1.0,
    }  # fmt: skip
    np.savez_compressed(tmp_path / "game.npz", **arrays)
    game = load_game(tmp_path / "game.npz")
    game.save(tmp_path / "game.mat")
    for end in ("npz", "mat"):
        path = tmp_path / f"game.{end}"
        assert (np.stack(load_game(path).A) == arrays["A"]).all()
        [(megabytes, said)] = read_apart(("game", path))
        assert said == ""
        assert megabytes < 30


def test_a_solution_of_many_digits_is_read(tmp_path):
    path = tmp_path / "solution.json"
    solve(gallery("time-varying"), digits=2000).save(path)
    assert load_solution(path).about["digits"] == 2000


@pytest.mark.parametrize(
    "line",
    ["x = \"" + "\\\"" * 500_000 + "\"", "x = '" + "a" * 10**6 + "'", "a" * 10**6 + " = 1",
     "x" + " " * 10**6 + "= 1", "x = '" + '"\\"' * 300_000 + "'", "# " + "a " * 500_000],
)  # fmt: skip
def test_the_search_for_deep_keys_takes_no_time(line):
    """A search that began anew at each character would take hours."""
    assert text._DEEP_KEY.search(line) is None


def test_a_key_of_eight_parts_is_read():
    assert text.parse_toml(b"a.b.c.d.e.f.g.h = 1")
    assert text.parse_toml(b"name = 'e.g. this. And. That.'")
