"""Files: lossless both ways, written whole or not at all."""

import io
import json
import os
import struct
import zipfile
from fractions import Fraction

import numpy as np
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ergs_verify.errors import FileFormatError, InputError
from ergs_verify.files.mat5 import packed_arrays
from ergs_verify.game import Game, Policy, load_game, load_solution
from ergs_verify.game.gallery import gallery, names

# One folder serves all examples of a property: every example overwrites its file.
SHARED_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

SIZES = st.tuples(st.integers(1, 3), st.lists(st.integers(1, 3), min_size=1, max_size=3))


def same_entries(left, right):
    """Equal entry by entry, in value and in what they were given as."""
    assert left.shape == right.shape
    assert left.dtype == right.dtype
    for x, y in zip(left.ravel().tolist(), right.ravel().tolist(), strict=True):
        assert type(x) is type(y)
        assert x == y


def same_over_time(left, right):
    assert len(left) == len(right)
    for X, Y in zip(left, right, strict=True):
        same_entries(X, Y)
    assert all(X is left[0] for X in left) == all(Y is right[0] for Y in right)


def same_game(left, right):
    assert (left.name, left.horizon) == (right.name, right.horizon)
    assert (type(left.tau_given), left.tau_given) == (type(right.tau_given), right.tau_given)
    same_over_time(left.A, right.A)
    for letter in "BQR":
        for one, other in zip(getattr(left, letter), getattr(right, letter), strict=True):
            same_over_time(one, other)
    for letter in ("noise_cov", "x0_mean", "x0_cov"):
        same_entries(getattr(left, letter), getattr(right, letter))


exact = st.one_of(
    st.integers(-(10**20), 10**20), st.fractions(), st.decimals(-1000, 1000, places=7)
)
real = st.floats(-1e6, 1e6)


def matrices(rows, cols, entries):
    row = st.lists(entries, min_size=cols, max_size=cols)
    return st.lists(row, min_size=rows, max_size=rows)


@st.composite
def games(draw, entries, weight):
    """Valid games of any provenance; costs are diagonal, so that validity is plain to see."""
    m, sizes = draw(SIZES)
    T = draw(st.integers(1, 3))

    def over_time(one, length):
        return draw(st.one_of(one, st.lists(one, min_size=length, max_size=length)))

    def diagonal(size, least):
        values = draw(st.lists(weight, min_size=size, max_size=size))
        return [
            [abs(v) + least if r == c else 0 * v for c in range(size)] for r, v in enumerate(values)
        ]

    return Game.from_arrays(
        name=draw(st.text(st.characters(categories=("L", "N", "P")), max_size=5)),
        A=over_time(matrices(m, m, entries), T),
        B=[over_time(matrices(m, p, entries), T) for p in sizes],
        Q=[
            diagonal(m, 0) if draw(st.booleans()) else [diagonal(m, 0) for _ in range(T + 1)]
            for _ in sizes
        ],
        R=[diagonal(p, 1) for p in sizes],
        tau=abs(draw(weight)),
        noise_cov=diagonal(m, 0),
        horizon=T,
        x0_mean=draw(st.lists(entries, min_size=m, max_size=m)),
        x0_cov=diagonal(m, 0),
    )


@given(games(entries=st.one_of(exact, real), weight=st.one_of(st.integers(1, 9), real)))
@SHARED_FOLDER
def test_json_is_lossless(tmp_path, game):
    path = tmp_path / "game.json"
    game.save(path)
    again = load_game(path)
    same_game(game, again)
    assert again.hash == game.hash
    first = path.read_bytes()
    again.save(path)
    assert path.read_bytes() == first


@pytest.mark.parametrize("end", [".npz", ".mat"])
@given(game=games(entries=real, weight=real))
@SHARED_FOLDER
def test_float_games_survive_npz_and_mat(tmp_path, end, game):
    game = game.rounded()
    path = tmp_path / f"game{end}"
    game.save(path)
    again = load_game(path)
    same_game(game, again)
    assert again.hash == game.hash


@pytest.mark.parametrize("name", list(names()))
@pytest.mark.parametrize("end", [".json", ".npz", ".mat"])
def test_the_gallery_survives_every_format(tmp_path, name, end):
    game = gallery(name) if end == ".json" else gallery(name).rounded()
    path = tmp_path / f"game{end}"
    game.save(path)
    again = load_game(path)
    assert again.hash == game.hash
    assert again.repairs == game.repairs


@pytest.mark.parametrize("end", [".npz", ".mat"])
def test_what_no_float64_equals_is_refused_with_a_pointer_to_json(tmp_path, end):
    path = tmp_path / f"game{end}"
    with pytest.raises(FileFormatError) as caught:
        gallery("lqr").save(path)
    assert caught.value.message == (
        f"{path}: tau is 0.1, which no float64 equals; save the file as .json, which keeps "
        "every entry, or save game.rounded()"
    )
    assert not list(tmp_path.iterdir())
    tau_only = Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau="1/3", noise_cov=[[1]], horizon=1
    )
    with pytest.raises(FileFormatError, match="tau is 1/3, which no float64 equals"):
        tau_only.save(path)


def test_the_game_of_the_interface_page(tmp_path):
    path = tmp_path / "game.json"
    path.write_text("""
        {"format": "ergs-game/1", "name": "two agents", "horizon": 2, "tau": "1/2",
         "A": [[1, "0.1"], [0, 1]],
         "B": [[[0], [1]], [[1, 0], [0, 1]]],
         "Q": [[[1, 0], [0, 1]], [[2, 0], [0, 1]]],
         "R": [[["1/2"]], [[1, 0], [0, 1]]],
         "noise_cov": [[0, 0], [0, 0]],
         "x0": {"mean": [1, 0], "cov": [[0, 0], [0, 0]]}}""")
    game = load_game(path)
    assert (game.name, game.horizon, game.tau) == ("two agents", 2, Fraction(1, 2))
    assert game.A[0][0, 1] == Fraction(1, 10)
    assert game.x0_mean.tolist() == [1, 0]


def test_toml_has_the_same_keys(tmp_path):
    path = tmp_path / "game.toml"
    path.write_text("""
        format = "ergs-game/1"
        horizon = 2
        tau = 0.5
        A = [[1, "0.1"], [0, 1]]
        B = [[[0], [1]]]
        Q = [[[1, 0], [0, 1]]]
        R = [[["1/2"]]]
        noise_cov = [[0, 0], [0, 0]]
        [x0]
        mean = [1, 0]
        cov = [[0, 0], [0, 0]]
        """)
    game = load_game(path)
    assert game.A[0][0, 1] == Fraction(1, 10)
    assert game.tau_given == 0.5
    assert game.x0_mean.tolist() == [1, 0]
    with pytest.raises(FileFormatError, match=r"must end in \.json, \.npz or \.mat"):
        game.save(path)


def test_a_json_number_is_the_float64_it_parses_to(tmp_path):
    path = tmp_path / "game.json"
    gallery("scalar-state").save(path)
    document = json.loads(path.read_text())

    def entry(literal):
        text = json.dumps({**document, "A": [["HERE"]]}).replace('"HERE"', literal)
        path.write_text(text)
        return load_game(path).A[0][0, 0]

    assert entry("9007199254740993") == 2**53  # 2⁵³ + 1 is no float64
    assert entry('"9007199254740993"') == 2**53 + 1
    assert type(entry("1")) is Fraction
    assert type(entry("1.0")) is np.float64
    assert entry("1e-400") == 0
    assert entry("1" + "0" * 300) == int(1e300)
    with pytest.raises(FileFormatError, match=r"A\[0\]\[0\] is infinite or larger"):
        entry("1" + "0" * 400)


def test_npz_of_another_program(tmp_path):
    path = tmp_path / "game.npz"
    np.savez(
        path,
        A=np.stack([np.eye(2)] * 3),
        B_1=np.ones((2, 1)),
        B_2=np.ones((2, 2)),
        Q_1=np.eye(2),
        Q_2=np.zeros((4, 2, 2)),
        R_1=np.eye(1),
        R_2=np.eye(2),
        noise_cov=np.zeros((2, 2)),
        tau=0.5,
    )
    game = load_game(path)
    assert (game.horizon, game.control_sizes, game.name) == (3, (1, 2), "")


def test_mat_of_matlab_has_the_time_axis_last(tmp_path):
    path = tmp_path / "game.mat"
    A = np.arange(18.0).reshape(3, 3, 2)
    scipy.io.savemat(
        path,
        {"A": A, "B_1": np.ones((3, 1)), "Q_1": np.eye(3), "R_1": 1.0, "noise_cov": np.eye(3)}
        | {"tau": 0.5, "horizon": 2, "x0_mean": np.ones((1, 3)), "x0_cov": np.eye(3)},
    )
    game = load_game(path)
    assert game.A[1].tolist() == A[:, :, 1].tolist()
    assert game.x0_mean.tolist() == [1, 1, 1]
    assert game.horizon == 2


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_mat_arrays_are_those_that_scipy_reads(compressed, kind):
    buffer = io.BytesIO()
    arrays = {
        "small": np.array([[1, 2]], dtype=kind),
        "cube": np.arange(24).reshape(2, 3, 4).astype(kind),
        "one": np.array(7, dtype=kind),
    }
    scipy.io.savemat(buffer, {**arrays, "name": "Başar"}, do_compression=compressed)
    read = {key: one.unpack() for key, one in packed_arrays(buffer.getvalue())}
    wanted = scipy.io.loadmat(io.BytesIO(buffer.getvalue()))
    for key in arrays:
        assert read[key].tolist() == wanted[key].tolist()
        assert read[key].shape == wanted[key].shape
    assert read["name"].tolist() == wanted["name"].tolist() == ["Başar"]


def test_mat_doubles_stored_in_bytes_are_doubles():
    """What MATLAB writes for a small whole double: class double (6), data of type uint8 (2)."""
    for order in "<>":
        body = struct.pack(order + "4I", 6, 8, 6, 0)
        body += struct.pack(order + "2I2i", 5, 8, 1, 1)
        body += struct.pack(order + "2I8s", 1, 3, b"tau")
        body += struct.pack(order + "2I8s", 2, 1, bytes([3]))
        header = b"MATLAB 5.0".ljust(124) + struct.pack(order + "2H", 0x0100, 0x4D49)
        data = header + struct.pack(order + "2I", 14, len(body)) + body
        ((name, packed),) = packed_arrays(data)
        value = packed.unpack()
        assert (name, value.dtype, value.tolist()) == ("tau", np.float64, [[3.0]])


@st.composite
def policies(draw, entries):
    m, sizes = draw(SIZES)
    T = draw(st.integers(1, 3))

    def symmetric(size):
        return [[draw(entries) if r == c else 0 for c in range(size)] for r in range(size)]

    def covariance(size):
        return [[abs(x) for x in row] for row in symmetric(size)]

    return Policy.from_arrays(
        K=[[draw(matrices(p, m, entries)) for _ in range(T)] for p in sizes],
        Sigma=[[covariance(p) for _ in range(T)] for p in sizes] if draw(st.booleans()) else None,
        P=[[symmetric(m) for _ in range(T + 1)] for _ in sizes] if draw(st.booleans()) else None,
        q=[draw(st.lists(entries, min_size=T + 1, max_size=T + 1)) for _ in sizes]
        if draw(st.booleans())
        else None,
    )


def same_policy(left, right):
    for letter in ("K", "Sigma", "P"):
        one, other = getattr(left, letter), getattr(right, letter)
        assert (one is None) == (other is None)
        for X, Y in zip(one or (), other or (), strict=True):
            for x, y in zip(X, Y, strict=True):
                same_entries(x, y)
    assert (left.q is None) == (right.q is None)
    for x, y in zip(left.q or (), right.q or (), strict=True):
        same_entries(x, y)


@given(policies(st.one_of(exact, real)))
@SHARED_FOLDER
def test_solutions_survive_json(tmp_path, policy):
    path = tmp_path / "solution.json"
    policy.save(path)
    same_policy(policy, load_solution(path))


@pytest.mark.parametrize("end", [".npz", ".mat"])
@given(policy=policies(real))
@SHARED_FOLDER
def test_float_solutions_survive_npz_and_mat(tmp_path, end, policy):
    path = tmp_path / f"solution{end}"
    policy.save(path)
    again = load_solution(path)
    for x, y in zip(policy.K[-1], again.K[-1], strict=True):
        assert x.astype(float).tolist() == y.tolist()
    assert again.horizon == policy.horizon
    assert [getattr(again, k) is None for k in ("Sigma", "P", "q")] == [
        getattr(policy, k) is None for k in ("Sigma", "P", "q")
    ]


def test_what_a_solution_says_besides_is_kept(tmp_path):
    path = tmp_path / "solution.json"
    policy = Policy.from_arrays(K=[[[["-0.5"]]]])
    about = {"certified": False, "digits": 50, "method": "nash", "game_hash": "ab", "x-note": [1]}
    policy.save(path, **about)
    again = load_solution(path)
    assert again.about == {**about, "horizon": 1}
    assert json.loads(path.read_text())["K"] == [[[["-1/2"]]]]
    for wrong in ({"certified": 1}, {"digits": "50"}, {"horizont": 1}, {"x-nan": float("nan")}):
        with pytest.raises(InputError):
            policy.save(path, **wrong)
    assert load_solution(path).about == again.about


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "game.json"
    gallery("lqr").save(path)
    before = path.read_bytes()

    def no_move(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_move)
    with pytest.raises(FileFormatError, match="cannot be written: No space left on device"):
        gallery("unstable").save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["game.json"]


def test_writing_where_it_cannot_be_done(tmp_path):
    game = gallery("lqr")
    (tmp_path / "folder.json").mkdir()
    for place, message in [
        (tmp_path / "folder.json", "is not a regular file"),
        (tmp_path / "absent" / "game.json", "cannot be written: No such file or directory"),
        (tmp_path / "game.txt", "must end in"),
        (tmp_path / "nul\0.json", "cannot be written"),
    ]:
        with pytest.raises(FileFormatError, match=message):
            game.save(place)
    assert [p.name for p in tmp_path.iterdir()] == ["folder.json"]


def test_a_link_is_written_through(tmp_path):
    target, link = tmp_path / "game.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    gallery("lqr").save(link)
    assert link.is_symlink()
    assert load_game(target).name == "lqr"


def test_a_pickle_in_an_npz_is_never_loaded(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "exploded"),))

    path = tmp_path / "game.npz"
    np.savez(path, A=np.array([Bomb()], dtype=object), tau=1.0)
    with pytest.raises(FileFormatError, match='the array "A" holds pickled Python objects'):
        load_game(path)
    assert not (tmp_path / "exploded").exists()


def test_a_small_archive_that_claims_a_huge_array_is_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**6)}
    )
    path = tmp_path / "game.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("A.npy", header.getvalue())
    with pytest.raises(
        FileFormatError, match="claims to hold 1,000,000,000,000 numbers, more than"
    ):
        load_game(path)
