"""Golden references: right to the last digit, stable byte for byte; solutions judged by them."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import chain

import attrs
import numpy as np
import pytest
from general_reference import Reference as GeneralReference
from general_reference import mp, random_game
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_games import g_star, games, three_identical

from ergs_verify.arithmetic import Rationals
from ergs_verify.certify import nash as certify_nash
from ergs_verify.errors import FileFormatError, InputError, NotCertifiedError, SingularStageError
from ergs_verify.exact import parse_number
from ergs_verify.game import Game, Policy
from ergs_verify.game.gallery import gallery
from ergs_verify.recursion import nash
from ergs_verify.reference import (
    AFFINE,
    LETTERS,
    Reference,
    compare,
    load_reference,
    make,
    make_reference,
)
from ergs_verify.solve import solve


def regulator(R: str, tau: str = "1/2", terminal: str = "1") -> Game:
    """One agent, one stage, one state: K = −Q_T / (R + τ/2 + Q_T) for A = B = 1."""
    return Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[["0"]], [[terminal]]]], R=[[[R]]], tau=tau,
        noise_cov=[[0]], horizon=1, name="regulator",
    )  # fmt: skip


# -- digits ----------------------------------------------------------------------------------------


@settings(max_examples=12)
@given(games(taus=("0", "1/3", "1/7000000000")), st.sampled_from([3, 12, 40]))
def test_decimals_are_within_their_error_of_the_exact_rationals(game, digits):
    try:
        exact = nash(game, Rationals())
    except SingularStageError:
        assume(False)
    reference = make_reference(game, digits=digits)
    for letter in ("K", "Sigma", "P"):
        for stated, right in zip(reference.exact(letter), getattr(exact, letter), strict=True):
            for (X, error), Y in zip(stated, right, strict=True):
                wanted = Rationals().to_fractions(Y)
                size = max(abs(y) for row in wanted for y in row)
                size = max(size, 1) if letter != "Sigma" or not size else size
                assert error <= Fraction(1, 10**digits) * size
                for x, y in zip(chain(*X), chain(*wanted), strict=True):
                    # The nearest decimal, but for 10^−20 of its place.
                    assert abs(x - y) <= error * (Fraction(1, 2) + Fraction(1, 10**20))


def test_q_is_that_of_more_digits():
    few, more = (make_reference(three_identical(), digits=d) for d in (15, 40))
    for one, other in zip(few.exact("q"), more.exact("q"), strict=True):
        for (x, error), (y, _) in zip(one, other, strict=True):
            assert 0 < abs(x[0][0] - y[0][0]) <= error or y[0][0] == x[0][0] == 0


@pytest.mark.parametrize(
    ("R", "digits", "K"),
    [
        # K = −1/64 = −0.015625, halfway between two decimals of five places: towards zero.
        ("251/4", 5, "-0.01562"),
        ("251/4", 6, "-0.015625"),
        # K = −1/16 = −0.0625.
        ("59/4", 3, "-0.062"),
        # Just beyond halfway, by less than a first ball could tell: K = −1/(64 − 10^−35).
        (str(Fraction(251, 4) - Fraction(1, 10**35)), 5, "-0.01562"),
        # And by 2·10^−14 of the last place, more than what ties are moved by.
        (str(Fraction(251, 4) - Fraction(1, 10**15)), 5, "-0.01563"),
    ],
)
def test_ties_go_towards_zero_whatever_the_balls(R, digits, K):
    reference = make_reference(regulator(R), digits=digits)
    assert reference.values["K"] == [[[[K]]]]
    assert reference.error["K"] == [[f"1E-{digits}"]]


def test_sizes_exactly_at_a_power_of_ten():
    """P_0 = Q_T (R + τ/2) / (R + τ/2 + Q_T) = 10 for Q_T = 30 and R + τ/2 = 15."""
    reference = make_reference(regulator("59/4", terminal="30"), digits=6)
    assert reference.values["P"][0][0] == [["10.00000"]]
    assert reference.error["P"][0] == ["1E-5", "1E-5"]


@pytest.mark.parametrize("first_bits", [150, 400, 1111])
@pytest.mark.parametrize("name", ["random:N=2,m=2,T=3,tau=1/3,seed=4", "g-star-near-4"])
def test_the_bytes_do_not_depend_on_the_precision(monkeypatch, name, first_bits):
    wanted = make_reference(gallery(name), digits=20).render()

    def otherwise(game, lacking, **options):
        return certify_nash.certified_nash(game, lacking, **{**options, "first_bits": first_bits})

    monkeypatch.setattr(make, "certified_nash", otherwise)
    assert make_reference(gallery(name), digits=20).render() == wanted


def test_the_bytes_are_those_of_the_first_release():
    """Whoever keeps references must not find them changed by a later version."""
    assert make_reference(three_identical(), digits=8).render().decode() == (
        '{"format": "ergs-reference/1",\n'
        ' "name": "",\n'
        f' "game_hash": "{three_identical().hash}",\n'
        ' "digits": 8,\n'
        ' "equilibrium": "unique",\n'
        ' "t": null,\n'
        ' "K": [[[["-0.28571429"]]], [[["-0.28571429"]]], [[["-0.28571429"]]]],\n'
        ' "Sigma": [[[["0.166666667"]]], [[["0.166666667"]]], [[["0.166666667"]]]],\n'
        ' "P": [[[["0.06122449"]], [["1.00000000"]]], [[["0.06122449"]], [["1.00000000"]]], '
        '[[["0.06122449"]], [["1.00000000"]]]],\n'
        ' "q": [["1.78127320", "0E-8"], ["1.78127320", "0E-8"], ["1.78127320", "0E-8"]],\n'
        ' "error": {"K": [["1E-8"], ["1E-8"], ["1E-8"]], '
        '"Sigma": [["1E-9"], ["1E-9"], ["1E-9"]], '
        '"P": [["1E-8", "1E-8"], ["1E-8", "1E-8"], ["1E-8", "1E-8"]], '
        '"q": [["1E-8", "1E-8"], ["1E-8", "1E-8"], ["1E-8", "1E-8"]]}}\n'
    )


def test_no_single_equilibrium_is_said():
    for name, kind in (("g-star-4-no-nash", "none"), ("g-star-4-continuum", "continuum")):
        reference = make_reference(gallery(name))
        assert (reference.equilibrium, reference.t, reference.values) == (kind, 0, {})


def test_what_is_not_certified_is_no_reference():
    game = attrs.evolve(g_star(4), tau_given=4 + Fraction(1, 10**4000))
    with pytest.raises(NotCertifiedError):
        make_reference(game, digits=5)


@pytest.mark.parametrize("digits", [0, 5001, 2.5, "ten"])
def test_bad_digits(digits):
    with pytest.raises(InputError, match="digits must be a whole number from 1 to 5000"):
        make_reference(gallery("g-star-2"), digits=digits)


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["g-star-2", "lqr", "g-star-4-continuum"])
def test_a_file_is_read_as_it_was_written(tmp_path, name):
    reference = make_reference(gallery(name), digits=10)
    (tmp_path / "a.json").write_bytes(reference.render())
    read = load_reference(tmp_path / "a.json")
    assert attrs.asdict(read) == attrs.asdict(reference)
    assert read.render() == reference.render()


def changed(**parts: object) -> bytes:
    document = json.loads(make_reference(gallery("g-star-2"), digits=5).render())
    kept = {**document, **parts}
    return json.dumps({key: value for key, value in kept.items() if value != "left out"}).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "not valid JSON"),
        (b"[]", "is not a reference"),
        (changed(format="ergs-solution/1"), "is not a reference"),
        (changed(K="left out"), '"K" is missing'),
        (changed(Sigmas=[]), "nearest known one"),
        (changed(digits=True), "digits must be a whole number"),
        (changed(equilibrium="unique", t=3), "t must be null"),
        (changed(K=[[[["x"]]], [[["1"]]]]), r"K\[0\]\[0\]"),
        (
            changed(K=[[], []]),
            r"K\[0\] \(agent 1\) is empty where a matrix, a list of rows, is needed",
        ),
        (changed(error={}), "is missing"),
        (changed(error={letter: [[1]] for letter in LETTERS}), "must be a list of length 2"),
    ],
)
def test_a_bad_file_is_named_with_the_place_in_it(tmp_path, data, message):
    path = tmp_path / "bad.json"
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match=message) as caught:
        load_reference(path)
    assert str(path) in str(caught.value)


PLAYED = make_reference(gallery("random:N=2,m=2,p=1-2,T=2,tau=1/2,seed=3"), digits=6)
VALID = json.loads(PLAYED.render())
NONE = json.loads(make_reference(gallery("g-star-4-no-nash")).render())


def mutant(document: dict, place: tuple, value: object) -> dict:
    document = json.loads(json.dumps(document))
    *inner, last = place
    target = document
    for key in inner:
        target = target[key]
    if value == "left out":
        del target[last]
    else:
        target[last] = value
    return document


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("name",), 5, "name must be one line of printable text"),
        (("name",), "a\nb", "name must be one line of printable text"),
        (("game_hash",), "ab", "game_hash must be a game's hash, 64 hexadecimal digits in lower"),
        (("game_hash",), VALID["game_hash"].upper(), "game_hash must be a game's hash"),
        (("game_hash",), None, "game_hash must be a game's hash"),
        (("digits",), 0, "digits must be a whole number from 1 to 5000"),
        (("digits",), 10**6, "digits must be a whole number from 1 to 5000"),
        (("digits",), 6.0, "digits must be a whole number from 1 to 5000"),
        (("digits",), 7, 'error.K[0][0] (agent 1, t = 0) is "1E-6", more than 7 digits leave'),
        (("equilibrium",), "two", 'equilibrium is "two", but must be one of unique, '),
        (("equilibrium",), ["unique"], "equilibrium is"),
        (("equilibrium",), "none", "K must be left out, because the equilibrium is not unique"),
        (("equilibrium",), "left out", 'the key "equilibrium" is missing'),
        (("t",), 0, "t must be null, because the equilibrium is unique"),
        (("kay",), [], '"kay" is an unknown key; the nearest known one is "K"'),
        (("q",), "left out", 'the key "q" is missing'),
        (("Sigma",), None, "Sigma must be a list with an entry per agent"),
        (("Sigma",), {}, "Sigma must be a list with an entry per agent"),
        (("P",), VALID["P"][:1], "P has entries for 1 agent but K for 2"),
        (("q",), VALID["q"][:1], "q has entries for 1 agent but K for 2"),
        (("q", 0), VALID["q"][0][:2], "q[0] (agent 1) has 2 numbers, but 3 are needed"),
        (("P", 1), VALID["P"][1][:2], "P[1] (agent 2) lists 2 matrices over time, but the horizon"),
        (("K", 1, 1), [["1"], ["1"]], "K[1][1] (agent 2, t = 1) is 2×1 but must be 2×2"),
        (("Sigma", 0), [[["1", "0"], ["0", "1"]]] * 2, "Sigma[0][0] (agent 1, t = 0) is 2×2 but"),
        (("P", 0), [[["1"]]] * 3, "P[0][0] (agent 1, t = 0) is 1×1 but must be 2×2 (m×m)"),
        (("K", 0, 0, 0), ["1"], "K[0][1] (agent 1, t = 1) is 1×2 but must be 1×1"),
        (("K", 0, 0, 0, 1), float("nan"), "K[0][0][0][1] (agent 1, t = 0) is NaN, not a number"),
        (("K", 0, 0, 0, 1), float("inf"), "K[0][0][0][1] (agent 1, t = 0) is infinite"),
        (
            ("K", 0, 0, 0, 1),
            "inf",
            'K[0][0][0][1] (agent 1, t = 0) is "inf", which is not a number',
        ),
        (("K", 0, 0, 0, 1), 0.5, "K[0][0][0][1] (agent 1, t = 0) must be a decimal string"),
        (("K", 0, 0, 0, 1), "1/4", "K[0][0][0][1] (agent 1, t = 0) must be a decimal string"),
        (("K", 0, 0, 0, 1), "0.12345678", "K[0][0] (agent 1, t = 0) has digits beyond its error, "),
        (("q", 1, 2), 0, "q[1][2] (agent 2, t = 2) must be a decimal string"),
        (("q", 1, 2), "x", 'q[1][2] (agent 2) is "x", which is not a number'),
        (("P", 0, 2, 0, 1), "7", "P[0][2] (agent 1, t = 2) is not symmetric: entry [0][1] is"),
        (("Sigma", 1, 0, 1, 0), "7", "Sigma[1][0] (agent 2, t = 0) is not symmetric: entry"),
        (("Sigma", 0, 0), [["-0.25"]], "Sigma[0][0][0][0] (agent 1, t = 0) is negative, but a"),
        (("error",), [], "error must be an object"),
        (("error", "kay"), [], 'error."kay" is an unknown key; the nearest known one is "error.K"'),
        (("error", "q"), "left out", 'the key "error.q" is missing'),
        (("error", "K"), "1E-6", "error.K must be a list of length 2"),
        (("error", "K", 1), ["1E-6"] * 3, "error.K[1] must be a list of length 2"),
        (("error", "K", 1), None, "error.K[1] must be a list of length 2"),
        *(
            (("error", "K", 1, 0), wrong, f"error.K[1][0] (agent 2, t = 0) must be {what}")
            for what, several in {
                "a decimal string": (1e-6, None, "NaN", "inf", "1/1000000", True, ["1E-6"], ""),
                "one unit of a decimal place": ("-1E-6", "0", "-0", "2E-6", "1.5E-6"),
            }.items()
            for wrong in several
        ),
        (("error", "K", 1, 0), "1E-1", "K[1][0] (agent 2, t = 0) has digits beyond its error"),
        (("error", "Sigma", 0, 0), "1E+9", "Sigma[0][0] (agent 1, t = 0) has digits beyond"),
        (("error", "K", 1, 0), "1E-999999999", "error.K[1][0] (agent 2, t = 0) must be a decimal"),
        (("error", "K", 1, 0), "1E-99999", 'error.K[1][0] (agent 2, t = 0) is "1E-99999", which'),
    ],
)
def test_every_field_of_a_reference_is_judged(tmp_path, place, value, message):
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(mutant(VALID, place, value)))
    with pytest.raises(FileFormatError) as caught:
        load_reference(path)
    assert caught.value.message.startswith(f"{path}: {message}")
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("t",), None, "t must be the singular stage, a whole number ≥ 0"),
        (("t",), -1, "t must be the singular stage, a whole number ≥ 0"),
        (("t",), True, "t must be the singular stage, a whole number ≥ 0"),
        (("error",), {"K": []}, "error must be empty, because the equilibrium is not unique"),
        (("K",), [], "K must be left out, because the equilibrium is not unique"),
    ],
)
def test_a_reference_without_a_single_equilibrium_is_judged(tmp_path, place, value, message):
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(mutant(NONE, place, value)))
    with pytest.raises(FileFormatError) as caught:
        load_reference(path)
    assert caught.value.message.startswith(f"{path}: {message}")


def places_in(document, prefix=()):
    for key, value in document.items() if isinstance(document, dict) else enumerate(document):
        yield (*prefix, key)
        if isinstance(value, dict | list):
            yield from places_in(value, (*prefix, key))


JUNK = ("left out", None, True, -1, 0, 1.5, "", "-1", "1E+9", "-1E-6", "x", float("nan"),
        float("inf"), [], [[]], {}, ["1", 2], "9" * 30_000)  # fmt: skip


def test_no_mutant_lets_a_wrong_gain_pass(folders):
    """Anything anywhere: refused in a sentence, or K off by a thousandth still does not pass."""
    references, solutions, reference = folders
    document = json.loads(reference("two", gallery("g-star-2"), digits=6).render())
    policy = solve(gallery("g-star-2"), digits=20).policy
    K = tuple((over_time[0] + Fraction(1, 1000),) for over_time in policy.K)
    attrs.evolve(policy, K=K, about={}).save(solutions / "two.json")
    for place in places_in(document):
        for value in JUNK:
            if (changed_one := mutant(document, place, value)) == document:
                continue
            (references / "two.json").write_text(json.dumps(changed_one))
            try:
                load_reference(references / "two.json")
            except FileFormatError as error:
                told = error.message.removeprefix(f"{references / 'two.json'}: ")
            else:
                # What is read is another decimal where a decimal stands, or another name.
                assert value in ("-1", "1E+9", "-1E-6") or place == ("name",)
                assert compare(references, solutions).verdict != "pass"
                continue
            assert told.isprintable()
            assert 0 < len(told) < 400


# -- comparing -------------------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path):
    """Two directories, and what writes a reference and a solution into them."""
    references, solutions = tmp_path / "references", tmp_path / "solutions"
    references.mkdir()
    solutions.mkdir()

    def reference(name: str, game: Game, digits: int = 30) -> Reference:
        made = make_reference(game, digits=digits)
        (references / f"{name}.json").write_bytes(made.render())
        return made

    return references, solutions, reference


def off_by(game: Game, letter: str, error: str):
    """The equilibrium to 40 digits, the last agent's first matrix of a letter off by so much."""
    policy = solve(game, digits=40).policy
    last = getattr(policy, letter)
    X = last[-1][0].copy() if letter != "q" else last[-1].copy()
    X[(0,) * X.ndim] += parse_number(error)
    changed_agent = (X, *last[-1][1:]) if letter != "q" else X
    return attrs.evolve(policy, **{letter: (*last[:-1], changed_agent)}, about={})


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize(
    ("error", "verdict"), [("9e-9", "pass"), ("2e-8", "fail"), ("-2e-8", "fail")]
)
def test_the_verdict_is_by_the_digits_asked(folders, letter, error, verdict):
    references, solutions, reference = folders
    game = three_identical()
    reference("three", game)
    if letter == "Sigma":  # counted from its own size, 1/6
        error = str(parse_number(error) / 6)
    off_by(game, letter, error).save(solutions / "three.json")
    found = compare(references, solutions)
    assert found.verdict == verdict
    [one] = found.files
    quantity = one.quantities[letter]
    assert (quantity.verdict, quantity.agent, quantity.t) == (verdict, 3, 0)
    assert abs(quantity.max_error - abs(float(parse_number(error)))) < 1e-20
    others = {key: q.verdict for key, q in one.quantities.items() if key != letter}
    assert set(others.values()) == {"pass"}


def test_float64_passes_at_eight_digits(folders):
    references, solutions, reference = folders
    for name in ("g-star-2", "lqr"):
        reference(name, gallery(name))
    solve(gallery("g-star-2")).save(solutions / "g-star-2.npz")
    solve(gallery("lqr")).save(solutions / "lqr.mat")
    found = compare(references, solutions)
    assert (found.verdict, found.extra) == ("pass", ())
    assert all(q.digits > 12 for one in found.files for q in one.quantities.values())


def test_a_reference_with_too_few_digits_decides_only_what_it_can(folders):
    references, solutions, reference = folders
    reference("three", three_identical(), digits=6)
    off_by(three_identical(), "K", "0").save(solutions / "three.json")
    found = compare(references, solutions, digits=10)
    assert found.verdict == "undecided"
    assert "the reference has only 6" in found.files[0].message
    off_by(three_identical(), "K", "1e-3").save(solutions / "three.json")
    assert compare(references, solutions, digits=10).verdict == "fail"


def test_missing_extra_unreadable_and_misnamed_files(folders):
    references, solutions, reference = folders
    for name in ("g-star-2", "lqr", "plain-lq", "g-star-4-no-nash", "g-star-4-continuum"):
        reference(name, gallery(name))
    # Its game_hash says which game it is of.
    solve(gallery("g-star-2")).save(solutions / "renamed.json")
    (solutions / "lqr.json").write_text("{}", encoding="utf-8")
    (solutions / "notes.json").write_text("{}", encoding="utf-8")
    (solutions / "readme.txt").write_text("", encoding="utf-8")
    off_by(gallery("g-star-2"), "K", "0").save(solutions / "g-star-4-continuum.json")
    found = compare(references, solutions)
    verdicts = {one.name: (one.verdict, one.message) for one in found.files}
    assert {name: verdict for name, (verdict, _) in verdicts.items()} == {
        "g-star-2": "pass",
        "lqr": "fail",
        "plain-lq": "fail",
        "g-star-4-no-nash": "pass",
        "g-star-4-continuum": "undecided",
    }
    assert "format" in verdicts["lqr"][1]
    assert verdicts["plain-lq"][1] == "there is no solution for it"
    assert [path.name for path in found.extra] == ["notes.json"]
    off_by(gallery("g-star-2"), "K", "0").save(solutions / "g-star-4-no-nash.json")
    again = {one.name: one.verdict for one in compare(references, solutions).files}
    assert again["g-star-4-no-nash"] == "fail"


def test_a_solution_of_another_game_fails(folders):
    references, solutions, reference = folders
    reference("g-star-2", gallery("g-star-2"))
    solve(gallery("lqr")).save(solutions / "g-star-2.json")
    [one] = compare(references, solutions).files
    assert (one.verdict, one.message) == ("fail", "its game_hash is that of another game")
    attrs.evolve(solve(gallery("lqr")).policy, about={}).save(solutions / "g-star-2.json")
    [one] = compare(references, solutions).files
    assert (one.verdict, one.message) == ("fail", "K is for 1 agent, the reference for 2")


def test_of_two_references_of_one_game_each_judges_the_solution_of_its_name(folders):
    references, solutions, reference = folders
    for name in ("one", "two"):
        reference(name, gallery("g-star-2"))
        solve(gallery("g-star-2"), digits=20).save(solutions / f"{name}.json")
    found = compare(references, solutions)
    assert [(one.name, one.verdict) for one in found.files] == [("one", "pass"), ("two", "pass")]


def test_without_sigma_q_is_not_judged(folders):
    references, solutions, reference = folders
    reference("g-star-2", gallery("g-star-2"))
    policy = solve(gallery("g-star-2")).policy
    attrs.evolve(policy, Sigma=None, about={}).save(solutions / "g-star-2.json")
    [one] = compare(references, solutions).files
    assert (one.verdict, set(one.quantities)) == ("pass", {"K", "P"})
    assert "q is not judged" in one.message


def test_directories_have_to_be_there(tmp_path):
    with pytest.raises(InputError, match="holds no references"):
        compare(tmp_path, tmp_path)
    with pytest.raises(InputError, match="there is no such directory"):
        compare(tmp_path / "nowhere", tmp_path)


# -- general games ---------------------------------------------------------------------------------


def unbounded() -> Game:
    return Game.from_arrays(
        A=[[1]], B=[[[1]], [[1]]], Q=[[[1]], [[-9]]], R=[[[1]], [[1]]], tau=1, noise_cov=[[1]],
        horizon=2, indefinite=True, name="unbounded",
    )  # fmt: skip


@pytest.mark.parametrize("seed", [5, 7])
def test_a_general_games_reference_has_its_constants(tmp_path, seed):
    given = random_game(seed)
    wanted, values = GeneralReference(given).nash()
    reference = make_reference(Game.from_arrays(**given), digits=20)
    path = tmp_path / "general.json"
    path.write_bytes(reference.render())
    reference = load_reference(path)
    assert tuple(reference.values) == AFFINE
    one = GeneralReference(given)
    for i in range(one.N):
        for t, (K, k, Sigma) in enumerate(wanted):
            P, s, q = values[i][t]
            exact = {"K": one.rows(K, i), "k": one.rows(k, i), "Sigma": Sigma[i], "P": P, "s": s}
            for letter, X in {**exact, "q": mp.matrix([[q]])}.items():
                rows, error = reference.exact(letter)[i][t]
                assert (len(rows), len(rows[0])) == (X.rows, X.cols)
                for x, y in zip(chain(*rows), chain(*X.tolist()), strict=True):
                    assert abs(x - Fraction(str(y))) <= error


def test_a_general_games_solutions_are_judged(tmp_path):
    references, solutions = tmp_path / "references", tmp_path / "solutions"
    references.mkdir()
    solutions.mkdir()
    game = Game.from_arrays(**random_game(7))
    (references / "it.json").write_bytes(make_reference(game, digits=20).render())
    found = solve(game)
    found.save(solutions / "it.json")
    (right,) = compare(references, solutions).files
    assert (right.verdict, set(right.quantities)) == ("pass", set(AFFINE))

    (solutions / "it.json").unlink()
    moved = tuple(tuple(x + 1e-6 for x in own) for own in found.k)
    attrs.evolve(found.policy, k=moved, about={}).save(solutions / "it.json")
    (wrong,) = compare(references, solutions).files
    assert wrong.verdict == "fail"
    assert wrong.quantities["k"].verdict == "fail"
    assert wrong.quantities["K"].verdict == "pass"

    # Without k the controls' mean is Kx; without s there is nothing to judge.
    attrs.evolve(found.policy, k=None, s=None, about={}).save(solutions / "it.json")
    (silent,) = compare(references, solutions).files
    assert silent.quantities["k"].verdict == "fail"
    assert "s" not in silent.quantities


def test_constants_that_a_game_has_not_are_wrong_if_not_zero(tmp_path):
    references, solutions = tmp_path / "references", tmp_path / "solutions"
    references.mkdir()
    solutions.mkdir()
    (references / "g.json").write_bytes(make_reference(gallery("g-star-2")).render())
    policy = solve(gallery("g-star-2")).policy
    for k, verdict in ((0.0, "pass"), (1.0, "fail")):
        constants = tuple(tuple(np.full(1, k) for _ in own) for own in policy.K)
        attrs.evolve(policy, k=constants, about={}).save(solutions / "g.json")
        (found,) = compare(references, solutions).files
        assert found.verdict == verdict


def test_a_cost_without_a_lower_bound_is_an_answer(tmp_path):
    references, solutions = tmp_path / "references", tmp_path / "solutions"
    references.mkdir()
    solutions.mkdir()
    path = references / "unbounded.json"
    path.write_bytes(make_reference(unbounded(), digits=8).render())
    reference = load_reference(path)
    assert (reference.equilibrium, reference.t, reference.agent) == ("unbounded", 1, 2)
    assert reference.render() == path.read_bytes()
    told = "the cost of agent 2 has no lower bound at t = 1"
    (missing,) = compare(references, solutions).files
    assert missing.verdict == "pass"
    assert told in missing.message
    Policy.from_arrays(K=[[[[0]]] * 2] * 2).save(solutions / "unbounded.json")
    (numbers,) = compare(references, solutions).files
    assert numbers.verdict == "fail"
    assert told in numbers.message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"agent": 0}, "agent must be an agent, a whole number ≥ 1"),
        ({"t": -1}, "t must be the stage without a lower bound"),
        ({"equilibrium": "none"}, "agent"),
    ],
)
def test_a_bad_reference_of_an_unbounded_cost_is_named(tmp_path, change, message):
    path = tmp_path / "bad.json"
    document = json.loads(make_reference(unbounded(), digits=8).render())
    path.write_text(json.dumps({**document, **change}), encoding="utf-8")
    with pytest.raises(FileFormatError, match=message):
        load_reference(path)


def test_k_and_s_go_together(tmp_path):
    path = tmp_path / "bad.json"
    game = Game.from_arrays(**random_game(7))
    document = json.loads(make_reference(game, digits=8).render())
    for key in ("k", "s"):
        fewer = {letter: X for letter, X in document.items() if letter != key}
        path.write_text(json.dumps(fewer), encoding="utf-8")
        with pytest.raises(FileFormatError, match=key):
            load_reference(path)
