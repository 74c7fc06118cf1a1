"""Bad input of every kind: one clear sentence that names the file and the place, at once."""

import copy
import io
import json
import os
import time

import numpy as np
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ergs_verify.errors import FileFormatError, InputError
from ergs_verify.files.arrays import packed_mat, packed_npz
from ergs_verify.files.text import parse_json, parse_toml
from ergs_verify.game import Game, Policy, load_game, load_solution
from ergs_verify.game.gallery import gallery

SHARED_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

GAME = {
    "format": "ergs-game/1",
    "name": "two agents",
    "horizon": 2,
    "tau": "1/2",
    "A": [[1, "0.1"], [0, 1.5]],
    "B": [[[0], [1]], [[1, 0], [0, 1]]],
    "Q": [[[1, 0], [0, 1]], [[[2, 0], [0, 1]], [[2, 0], [0, 1]], [[3.0, 0.5], [0.5, 1.0]]]],
    "R": [[["1/2"]], [[1, 0], [0, 1]]],
    "noise_cov": [[0, 0], [0, 0]],
    "x0": {"mean": [1, 0], "cov": [[0, 0], [0, 0]]},
}
GENERAL = GAME | {
    "tau": [1, [1, "1/2"]],
    "R": [[[1, 0, 0], [0, 2, 0], [0, 0, 1.5]], [[1, 0], [0, 1]]],
    "S": [[["1/4", 0]], [[[0, 0], [1, 0], [0, 1]]] * 2],
    "drift": [[1, 0], [0, 1]],
    "x_linear": [[1, 0], [[1, 0], [0, 1], [2, 2]]],
    "u_linear": [[1], [[1, 2, 3], [0, 0, 1]]],
    "discount": ["0.9", 1],
    "prior": [None, {"gain": [[1, 0], [0, 1]], "mean": [1, 0], "cov": [[2, 0], [0, 1]]}],
    "noise_cov": [[[1, 0], [0, 1]], [[2, 0], [0, 1]]],
    "indefinite": True,
}
SOLUTION = {
    "format": "ergs-solution/1",
    "certified": True,
    "digits": 30,
    "K": [[[["-1/2", 0]]] * 2, [[[0, 1], [1, 0]]] * 2],
    "Sigma": [[[[1]]] * 2, [[[1, 0], [0, 1]]] * 2],
    "P": [[[[1, 0], [0, 1]]] * 3] * 2,
    "q": [[3, 2, 1], [0.5, 0.25, 0.0]],
    "k": [[[1], [0]], [[1, 2], [0, 1]]],
    "s": [[[1, 0], [0, 1], [0, 0]]] * 2,
}

INDEFINITE = '; with "indefinite": true it need not be'

# Generous for a machine under load; a huge exponent computed would take minutes.
QUICK = 5.0


def refused(load, path):
    """The message of the one error that loading gives; any other exception fails the test."""
    start = time.perf_counter()
    with pytest.raises(FileFormatError) as caught:
        load(path)
    assert time.perf_counter() - start < QUICK
    return judged(caught.value, path)


def judged(error, path):
    message = error.message
    assert message == str(error)
    assert message.isprintable()  # so it is one line
    assert len(message) < 600
    assert message.startswith(f"{path}: ")
    assert error.where.startswith(str(path))
    return message.removeprefix(f"{path}: ")


@pytest.fixture
def written(tmp_path):
    def write(content, name="game.json"):
        path = tmp_path / name
        if isinstance(content, dict):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def changed(document, place, value):
    document = json.loads(json.dumps(document))  # no list is shared with another
    *inner, last = place
    target = document
    for key in inner:
        target = target[key]
    target[last] = value
    return document


def said(place):
    first, *rest = place
    if first == "x0":
        return "".join(f"[{k}]" for k in rest[1:])
    return first + "".join(f"[{k}]" for k in rest)


ENTRIES = [
    ("A", 0, 1),
    ("B", 1, 0, 1),
    ("Q", 0, 1, 1),
    ("Q", 1, 2, 0, 1),
    ("R", 1, 1, 0),
    ("noise_cov", 1, 0),
    ("x0", "mean", 1),
    ("x0", "cov", 0, 1),
]
GENERAL_ENTRIES = [
    ("tau", 1, 1),
    ("R", 0, 1, 2),
    ("S", 1, 1, 2, 0),
    ("drift", 1, 0),
    ("x_linear", 1, 2, 1),
    ("u_linear", 1, 0, 2),
    ("discount", 0),
    ("prior", 1, "gain", 0, 1),
    ("prior", 1, "mean", 1),
    ("prior", 1, "cov", 1, 1),
    ("noise_cov", 1, 0, 1),
]
NO_NUMBERS = [
    (True, "is the boolean true"),
    (None, "is null, not a number: JSON has no NaN"),
    ({}, "is an object"),
    ([1], "is a list"),
    ([], "is a list"),
    ("x", "which is not a number"),
    ("", "which is not a number"),
    ("NaN", "which is not a number"),
    ("1e999999999", "needs more than 10000 digits"),
    ("1e-999999999", "needs more than 10000 digits"),
    ("1/0", "whose denominator is 0"),
    ("9" * 30000, "too long for a number"),
    (float("nan"), "is NaN"),
    (float("inf"), "is infinite"),
    (float("-inf"), "is infinite"),
]


@pytest.mark.parametrize("place", ENTRIES, ids=said)
@pytest.mark.parametrize(("value", "what"), NO_NUMBERS)
def test_an_entry_that_is_no_number_is_named(written, place, value, what):
    message = refused(load_game, written(changed(GAME, place, value)))
    assert what in message
    assert said(place) in message


@pytest.mark.parametrize("place", GENERAL_ENTRIES, ids=str)
@pytest.mark.parametrize(("value", "what"), NO_NUMBERS)
def test_an_entry_of_a_general_game_that_is_no_number_is_named(written, place, value, what):
    message = refused(load_game, written(changed(GENERAL, place, value)))
    assert what in message
    group, *rest = place
    assert group + "".join(f".{k}" if isinstance(k, str) else f"[{k}]" for k in rest) in message


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("tau",), -1, "tau is -1, but must be ≥ 0"),
        (("tau",), [1], "tau has entries for 1 agent but B for 2"),
        (("tau",), "1e999999999", 'tau is "1e999999999", which needs more than 10000 digits'),
        (("horizon",), 0, "horizon is 0, but must be ≥ 1"),
        (("horizon",), 2.0, 'horizon must be a whole number ≥ 1 or "infinite"'),
        (("horizon",), "2", 'horizon must be a whole number ≥ 1 or "infinite"'),
        (("horizon",), None, 'horizon must be a whole number ≥ 1 or "infinite"'),
        (("horizon",), True, 'horizon must be a whole number ≥ 1 or "infinite"'),
        (("name",), 5, "name must be a string"),
        (("name",), "a\u2028b", "name is 'a\\u2028b', but must be one line of printable text"),
        (("name",), "\ud800", "name is '\\ud800', but must be one line of printable text"),
        (("A",), [[1, 2], [3]], "A is ragged: row 1 has length 1 but row 0 has length 2"),
        (("A",), "12", "A must be a matrix, a list of rows, not a string"),
        (("A",), {}, "A must be a matrix, a list of rows, not an object with keys"),
        (("A",), [], "A is empty where a matrix, a list of rows, is needed"),
        (("B",), 3, "B must be a list with an entry per agent"),
        (
            ("Q", 1, 1),
            [[2, 0], [0, -1]],
            "Q[1][1] (agent 2, t = 1) has the eigenvalue -1, so it is not positive semidefinite"
            + INDEFINITE,
        ),
        (
            ("R", 0, 0, 0),
            0,
            "R[0] (agent 1) has the eigenvalue 0, so it is not positive definite" + INDEFINITE,
        ),
        (
            ("noise_cov",),
            [[0, 1], [1, 0]],
            "noise_cov has the eigenvalue -1, so it is not positive semidefinite",
        ),
        (
            ("x0", "cov"),
            [[0, 1], [2, 0]],
            "x0_cov is not symmetric: entry [0][1] is 1 but entry [1][0] is 2",
        ),
        (("x0",), [1, 2], 'x0 must be an object with the keys "mean" and "cov"'),
        (("x0",), {"mean": [1, 0]}, 'the key "x0.cov" is missing'),
        (
            ("x0", "covariance"),
            1,
            'x0."covariance" is an unknown key; the nearest known one is "x0.cov"',
        ),
        (("Qs",), 1, '"Qs" is an unknown key; the nearest known one is "Q"'),
        (("noise",), 1, '"noise" is an unknown key; the nearest known one is "noise_cov"'),
        (
            ("format",),
            "ergs-game/2",
            'format is "ergs-game/2", but a game has "format": "ergs-game/1"',
        ),
        (("format",), 1, 'format is "1", but a game has "format": "ergs-game/1"'),
    ],
)
def test_bad_games(written, place, value, message):
    assert refused(load_game, written(changed(GAME, place, value))) == message


def test_a_missing_key_is_named(written):
    for key in ("format", "tau", "A", "B", "Q", "R", "noise_cov"):
        document = {k: v for k, v in GAME.items() if k != key}
        assert f'the key "{key}" is missing' in refused(load_game, written(document))


def test_a_game_over_the_limit_is_refused_before_it_is_made(written):
    for horizon in (10**7, 10**15, 10**18):
        document = changed(changed(GAME, ("horizon",), horizon), ("Q", 1), [[1, 0], [0, 1]])
        assert "more than the limit of 100000000" in refused(load_game, written(document))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("[]", "is not a game: the document must be an object with keys"),
        ("5", "is not a game: the document must be an object with keys"),
        ("null", "is not a game: the document must be an object with keys"),
        ('{"format": "ergs-game/1", "tau": 1, "tau": 2}', 'the key "tau" appears twice'),
        (
            '{"format": "ergs-game/1", "x0": {"mean": 1, "mean": 2}}',
            'the key "mean" appears twice',
        ),
        ("[" * 10**6, "is nested too deeply"),
        ('{"A":' * 10**5, "is nested too deeply"),
        (
            "{'A': 1}",
            "is not valid JSON at line 1 column 2: Expecting property name enclosed in "
            "double quotes",
        ),
        ("{} {}", "is not valid JSON at line 1 column 4: Extra data"),
        (b"\xff\xfe{\x00}\x00", "is not UTF-8 text (byte 0)"),
        (b'{"name": "\xe9"}', "is not UTF-8 text (byte 10)"),
        (b"PK\x03\x04\x00", "is not valid JSON at line 1 column 1: Expecting value"),
        *(
            (
                f'{{"tau": {word}}}',
                f"is not valid JSON at line 1 column 9: it says {word}, but JSON has neither "
                "NaN nor infinity; the program that wrote the file probably computed one",
            )
            for word in ("nan", "-nan", "inf", "-inf", "NAN", "+Infinity")
        ),
    ],
)
def test_text_that_is_no_game(written, text, message):
    assert refused(load_game, written(text)) == message


def test_a_byte_order_mark_is_no_harm(written):
    path = written(b"\xef\xbb\xbf" + json.dumps(GAME).encode())
    assert load_game(path).name == "two agents"


@pytest.mark.parametrize("load", [load_game, load_solution])
def test_files_that_are_none(tmp_path, load):
    assert refused(load, tmp_path / "absent.json") == "there is no such file"
    (tmp_path / "folder.json").mkdir()
    assert refused(load, tmp_path / "folder.json") == "is a directory, not a file"
    os.mkfifo(tmp_path / "pipe.json")
    assert refused(load, tmp_path / "pipe.json") == "is not a regular file"
    assert "must end in .json, .toml, .npz or .mat" in refused(load, tmp_path / "game.yaml")
    with pytest.raises(FileFormatError, match="cannot be read: embedded null byte"):
        load("nul\0.json")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (
            ("K", 0, 1, 0, 1),
            "x",
            'K[0][1][0][1] (agent 1, t = 1) is "x", which is not a number: write '
            'it like "0.1", "1/3" or "-2e-7"',
        ),
        (("K",), None, "K must be a list with an entry per agent"),
        (
            ("Sigma", 1, 0),
            [[1, 2], [2, 1]],
            "Sigma[1][0] (agent 2, t = 0) has the eigenvalue -1, "
            "so it is not positive semidefinite",
        ),
        (
            ("P", 0, 2),
            [[0, 1], [0, 0]],
            "P[0][2] (agent 1, t = 2) is not symmetric: entry [0][1] is 1 but entry [1][0] is 0",
        ),
        (("q", 0, 2), True, "q[0][2] (agent 1) is the boolean true, not a number"),
        (("certified",), "yes", "certified must be true or false"),
        (("digits",), 1.5, "digits must be a whole number or null"),
        (("horizon",), 3, 'horizon is "3" but K has 2 stages'),
        (("sigma",), 1, '"sigma" is an unknown key; the nearest known one is "Sigma"'),
        (
            ("format",),
            "ergs-game/1",
            'format is "ergs-game/1", but a solution has "format": "ergs-solution/1"',
        ),
    ],
)
def test_bad_solutions(written, place, value, message):
    path = written(changed(SOLUTION, place, value), "solution.json")
    assert refused(load_solution, path) == message


# --- documents changed at random -----------------------------------------------------------------

junk = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.text(max_size=8),
    st.sampled_from(["1e999999999", "1/0", "-1", "nan", "9" * 5000, -1, 0, 1e308, 10**400, 5e-324]),
    st.recursive(
        st.one_of(st.integers(-3, 3), st.text(max_size=3)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)


def places_in(document, prefix=()):
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in pairs:
        yield (*prefix, key)
        if isinstance(value, dict | list):
            yield from places_in(value, (*prefix, key))


@st.composite
def mutated(draw, document):
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        if not (places := list(places_in(document))):
            break
        *inner, last = draw(st.sampled_from(places))
        target = document
        for key in inner:
            target = target[key]
        kind = draw(st.sampled_from(["replace", "remove", "add", "double"]))
        if kind == "replace":
            target[last] = draw(junk)
        elif kind == "remove":
            del target[last]
        elif kind == "add" and isinstance(target, dict):
            target[draw(st.text(max_size=6))] = draw(junk)
        elif isinstance(target, list):
            target.insert(last, copy.deepcopy(target[last]))
    return json.dumps(document)


def valid_or_refused(load, path, kind):
    start = time.perf_counter()
    try:
        assert isinstance(load(path), kind)
    except FileFormatError as error:
        judged(error, path)
    assert time.perf_counter() - start < QUICK


@pytest.mark.parametrize(
    ("document", "load", "kind"),
    [(GAME, load_game, Game), (GENERAL, load_game, Game), (SOLUTION, load_solution, Policy)],
)
@given(data=st.data())
@settings(SHARED_FOLDER, max_examples=300)
def test_mutated_documents_are_valid_or_refused(tmp_path, document, load, kind, data):
    path = tmp_path / "document.json"
    path.write_text(data.draw(mutated(document)))
    valid_or_refused(load, path, kind)


@given(st.integers(0, 10**6), st.binary(max_size=3), st.booleans())
@SHARED_FOLDER
def test_damaged_json_text_is_refused(tmp_path, where, inserted, cut):
    text = json.dumps(GAME).encode()
    where %= len(text)
    path = tmp_path / "game.json"
    path.write_bytes(text[:where] + inserted + (b"" if cut else text[where + 1 :]))
    valid_or_refused(load_game, path, Game)


@given(st.integers(0, len(json.dumps(GAME)) - 1))
@SHARED_FOLDER
def test_truncated_json_is_always_refused(tmp_path, length):
    path = tmp_path / "game.json"
    path.write_text(json.dumps(GAME)[:length])
    refused(load_game, path)


@pytest.mark.parametrize("parse", [parse_json, parse_toml, packed_npz, packed_mat])
@given(data=st.binary(max_size=400))
def test_any_bytes_are_parsed_or_refused(parse, data):
    try:
        parse(data)
    except InputError as error:
        if not error.message.isprintable():
            raise AssertionError(f"not one line: {error.message!r}") from error


@pytest.mark.parametrize("end", [".npz", ".mat"])
@given(data=st.data())
@settings(SHARED_FOLDER, max_examples=200)
def test_damaged_archives_are_valid_or_refused(tmp_path, end, data):
    path = tmp_path / f"game{end}"
    gallery("identical-interest").rounded().save(path)
    whole = path.read_bytes()
    where = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.booleans())
    damage = data.draw(st.binary(min_size=1, max_size=4))
    path.write_bytes(
        whole[:where] if cut else whole[:where] + damage + whole[where + len(damage) :]
    )
    valid_or_refused(load_game, path, Game)


# --- arrays --------------------------------------------------------------------------------------

ARRAYS = {
    "A": np.eye(2),
    "B_1": np.ones((2, 1)),
    "Q_1": np.eye(2),
    "R_1": np.eye(1),
    "noise_cov": np.zeros((2, 2)),
    "tau": np.array(0.5),
    "horizon": np.array(2.0),
}


def npz(tmp_path, arrays):
    path = tmp_path / "game.npz"
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"A": np.array([[1.0, np.nan], [0, 1]])}, "A[0][1] is NaN, not a number"),
        (
            {"B_1": np.full((2, 1), np.inf)},
            "B_1[0][0] (agent 1) is infinite or larger than any float64",
        ),
        (
            {"A": np.eye(2, dtype=complex)},
            'the array "A" is of the type complex128; save it as float64',
        ),
        ({"A": np.eye(2, dtype=bool)}, 'the array "A" is of the type bool; save it as float64'),
        (
            {"A": np.array([["1", "0"], ["0", "1"]])},
            'the array "A" is of the type <U1; save it as float64',
        ),
        (
            {"A": np.array([[1, None]], dtype=object)},
            'the array "A" holds pickled Python objects, '
            "which are never loaded; save it as float64",
        ),
        ({"A": np.zeros((2, 0))}, "A must be a matrix, not an array of shape (2, 0)"),
        ({"A": np.ones(2)}, "A must be a matrix, not an array of shape (2,)"),
        ({"A": np.ones((1, 1, 1, 1))}, "A must be a matrix, not an array of shape (1, 1, 1, 1)"),
        (
            {"Q_1": -np.eye(2)},
            "Q_1 (agent 1) has the eigenvalue -1, so it is not positive semidefinite" + INDEFINITE,
        ),
        (
            {"Q_1": np.stack([np.eye(2), np.eye(2), -np.eye(2)])},
            "Q_1[2] (agent 1, t = 2) has the eigenvalue -1, so it is not positive semidefinite"
            + INDEFINITE,
        ),
        (
            {"B_1": np.ones((1, 2))},
            "B_1 (agent 1) is 1×2 but must be 2×1 (m×p_i, with A m×m); its "
            "transpose would fit: rows and columns are swapped (some languages write matrices as "
            "lists of columns)",
        ),
        ({"tau": np.ones(2)}, "tau must be a single number, not of shape (2,)"),
        ({"tau": np.array(-1.0)}, "tau is -1.0, but must be ≥ 0"),
        ({"horizon": np.array(1.5)}, 'horizon must be a whole number ≥ 1 or "infinite"'),
        ({"horizon": np.array(np.nan)}, 'horizon must be a whole number ≥ 1 or "infinite"'),
        ({"horizon": np.array(np.inf)}, 'horizon must be a whole number ≥ 1 or "infinite"'),
        ({"B_3": np.ones((2, 1))}, 'the array "B_2" is missing'),
        ({"B_0": np.ones((2, 1))}, '"B_0" is an unknown key; the nearest known one is "B_1"'),
        ({"noise": np.eye(2)}, '"noise" is an unknown key; the nearest known one is "noise_cov"'),
        ({"name": np.array(["a", "b"])}, "name must be a string"),
        (
            {"x0_mean": np.ones(2)},
            "x0 needs a mean and a covariance: give both, or neither for mean 0 and covariance I",
        ),
    ],
)
def test_bad_arrays(tmp_path, changes, message):
    assert refused(load_game, npz(tmp_path, {**ARRAYS, **changes})) == message


def test_missing_arrays(tmp_path):
    for key in ("A", "noise_cov", "tau", "R_1"):
        arrays = {k: v for k, v in ARRAYS.items() if k != key}
        assert refused(load_game, npz(tmp_path, arrays)) == f'the array "{key}" is missing'


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"A": np.array([[1, "x"]], dtype=object)},
            'the array "A" is of the MATLAB class cell; save it as a full array of real doubles',
        ),
        (
            {"A": {"field": 1.0}},
            'the array "A" is of the MATLAB class struct; save it as a full array of real doubles',
        ),
        (
            {"A": scipy.sparse.eye_array(2).tocsc()},
            'the array "A" is of the MATLAB class sparse; save it as a full array of real doubles',
        ),
        (
            {"A": np.eye(2, dtype=bool)},
            'the array "A" is of the MATLAB class logical; save it as a full array of real doubles',
        ),
        ({"A": "text"}, 'the array "A" is text; save it as doubles'),
        ({"tau": 1j}, 'the array "tau" is of the MATLAB class complex double; save it'),
        ({"A": np.array([[np.nan, 0], [0, 1]])}, "A[0][0] is NaN, not a number"),
    ],
)
def test_bad_mat_files(tmp_path, changes, message):
    path = tmp_path / "game.mat"
    scipy.io.savemat(path, {**ARRAYS, **changes})
    assert refused(load_game, path).startswith(message)


def test_a_mat_file_of_version_7_3_is_named_as_such(tmp_path):
    path = tmp_path / "game.mat"
    header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    path.write_bytes(header + b"\x89HDF\r\n\x1a\n" + b"\x00" * 500)
    assert refused(load_game, path) == 'is a MAT file of version 7.3; save it with the option "-v7"'


def test_a_mat_file_without_a_header_is_saved_anew(tmp_path):
    path = tmp_path / "game.mat"
    path.write_text("# Created by Octave 9.2.0\n# name: A\n# type: scalar\n1\n" * 9)
    assert refused(load_game, path).endswith('version 5; save it with the option "-v7"')


def test_a_mat_file_that_crashes_scipys_reader(tmp_path):
    """A data type tag out of range: scipy 1.17 dies of a segmentation fault on it."""
    path = tmp_path / "game.mat"
    scipy.io.savemat(path, ARRAYS)
    whole = path.read_bytes()
    tag = whole.index(b"\x09\x00\x00\x00\x20\x00\x00\x00")  # miDOUBLE, 32 bytes: A
    path.write_bytes(whole[:tag] + b"\xff\x08\xa6\x00" + whole[tag + 4 :])
    assert refused(load_game, path).startswith("is not a MAT file, or a damaged one")


def test_a_bare_array_file_is_no_archive(tmp_path):
    path = tmp_path / "game.npz"
    buffer = io.BytesIO()
    np.save(buffer, np.eye(2))
    path.write_bytes(buffer.getvalue())
    assert refused(load_game, path).startswith("is not an NPZ archive, or a damaged one")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A = [", "is not valid TOML"),
        ("tau = 1\ntau = 2", "is not valid TOML: Cannot overwrite a value"),
        (
            'format = "ergs-game/1"\ntau = 1979-05-27\nA=1\nB=1\nQ=1\nR=1\nnoise_cov=1',
            "tau is of the",
        ),
        ("a = " + "[" * 10**5, "is nested too deeply"),
        ("a = " + "9" * 10**5, "is not valid TOML"),
        ("", 'the key "format" is missing'),
    ],
)
def test_bad_toml(written, text, message):
    assert refused(load_game, written(text, "game.toml")).startswith(message)
