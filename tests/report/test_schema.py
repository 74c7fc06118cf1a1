"""Schemas take what is read and printed, and refuse what is not."""

import json
import re
import tomllib
from copy import deepcopy
from pathlib import Path

import attrs
import pytest
from jsonschema import Draft202012Validator
from schemas import NAMES, expect_described, validator
from sympy import Identity, MatrixSymbol, Trace, symbols

import ergs_verify
from ergs_verify import audit_solver, certify_gap, engine, prove, survey
from ergs_verify.cli import main
from ergs_verify.errors import InputError
from ergs_verify.game import Game, load_game, load_solution
from ergs_verify.game.documents import game_document, policy_document
from ergs_verify.game.gallery import gallery, names
from ergs_verify.reference import load_reference, make_reference
from ergs_verify.report.schema import FORMATS, schema
from ergs_verify.solve import solve
from ergs_verify.study.augmentation import augmentation_study
from ergs_verify.survey import family

GAME = {
    "A": [[1, 0], [0, 1]], "B": [[[0], [1]], [[1, 0], [0, 1]]],
    "Q": [[[1, 0], [0, 1]], [[[1, 0], [0, 1]]] * 3], "R": [[[1]], [[1, 0], [0, 1]]],
    "tau": [1, ["1/2", 1]], "noise_cov": [[0, 0], [0, 0]], "horizon": 2,
    "S": [[[1, 0]], [[1, 0]] * 3], "drift": [[1, 0], [0, "1e-3"]], "x_linear": [[1, 0]] * 2,
    "u_linear": [[1], [1, 2, 3]], "discount": "0.9", "prior": [None, {"cov": [[2, 0], [0, 1]]}],
}  # fmt: skip
X0 = {"mean": [1, 0], "cov": [[1, 0], [0, 1]]}
STATIONARY = "stationary-zero-sum"


def taken(name, document):
    return Draft202012Validator(schema(name)).is_valid(document)


def printed(capsys, *arguments):
    """What a command prints; that its schema describes it is looked at wherever one prints."""
    main([*arguments, "--json"])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", FORMATS)
def test_every_schema_is_one(name):
    Draft202012Validator.check_schema(schema(name))


def test_every_format_has_a_schema():
    source = Path(ergs_verify.__file__).parent
    found = set()
    for path in (*source.rglob("*.py"), *source.rglob("*.txt")):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r"[\"'`](ergs-[a-z-]+/[0-9]+)[\"'`]", text))
    assert found == {name for name, one in NAMES.items() if FORMATS[one].version}


def test_games_and_solutions():
    for name in names():
        assert taken("game", game_document(gallery(name)))
    general = game_document(Game.from_arrays(**GAME))
    assert taken("game", general)
    assert taken("game", {"format": "ergs-game/1", **GAME, "indefinite": True})
    solution = policy_document(solve(gallery("g-star-2")).policy, {"x-note": [1]})
    assert taken("solution", solution)
    assert taken("solution", {**solution, "k": [[[0]]] * 2, "s": [[[0, 0]] * 2] * 2})


@pytest.mark.parametrize(
    "change",
    [
        {"A": [1, 2]}, {"A": [["x"]]}, {"tau": True}, {"tau": [[[1]]]}, {"S": [1]}, {"beta": 1},
        {"drift": [[[1]]]}, {"prior": [{"gains": 1}]}, {"x0": {"mean": [1, 0]}}, {"discount": None},
        {"format": "ergs-game/2"}, {"horizon": 0}, {"A": [["1e"]]}, {"indefinite": 1},
    ],
)  # fmt: skip
def test_what_is_no_game_is_refused(change):
    assert not taken("game", {"format": "ergs-game/1", **GAME, **change})


def test_a_key_that_is_needed_is_missed():
    whole = {"format": "ergs-game/1", **GAME}
    for key in ("format", "A", "B", "Q", "R", "tau", "noise_cov"):
        assert not taken("game", {k: v for k, v in whole.items() if k != key})


def changed(document):
    """The document with one value after another replaced or left out."""

    def places(part, path=()):
        yield path
        inner = part.items() if isinstance(part, dict) else []
        for key, value in enumerate(part) if isinstance(part, list) else inner:
            yield from places(value, (*path, key))

    for *path, last in filter(None, places(document)):
        for value in (..., None, True, "x", "1/3", -1, [], [[1]], {}):
            made = deepcopy(document)
            inner = made
            for key in path:
                inner = inner[key]
            if value is ...:
                del inner[last]
            else:
                inner[last] = value
            yield made


@pytest.mark.parametrize(
    ("name", "load", "document"),
    [
        ("game", load_game, {"format": "ergs-game/1", "name": "", **GAME, "x0": X0}),
        ("solution", load_solution, policy_document(solve(gallery("g-star-2")).policy, {})),
        (
            "reference",
            load_reference,
            json.loads(make_reference(gallery("g-star-2"), digits=3).render()),
        ),
    ],
)
def test_what_is_read_is_taken(tmp_path, name, load, document):
    """Whatever a reader takes, the schema takes; most of what it refuses, the schema does too."""
    path, read, refused, both = tmp_path / "file.json", 0, 0, 0
    for one in changed(document):
        path.write_text(json.dumps(one))
        try:
            load(path)
        except InputError:
            refused += 1
            both += not validator(name).is_valid(one)
        else:
            read += 1
            assert validator(name).is_valid(one), one
    assert read > 1
    assert both > refused / 2


def in_toml(value):
    """A value as TOML writes it within a line; None, which TOML has not, is a KeyError."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {in_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(in_toml, value))}]"
    if value is None:
        raise KeyError
    return json.dumps(value)


def test_what_is_read_of_a_template_is_taken(tmp_path):
    document = {
        "ranges": {"tau": ["1/2", 1, 2.5], "a": {"from": 0, "to": "1/3", "points": 3}},
        "game": {
            "format": "ergs-game/1", "horizon": 1, "tau": "{tau}", "A": [["{a}"]], "B": [[[1]]],
            "Q": [[[1]]], "R": [[[1]]], "noise_cov": [[0]],
        },
    }  # fmt: skip
    path, read, refused, both = tmp_path / "family.toml", 0, 0, 0
    for one in [document, *changed(document)]:
        try:
            lines = [f"{key} = {in_toml(value)}\n" for key, value in one.items()]
        except (KeyError, AttributeError):
            continue
        path.write_text("".join(lines), encoding="utf-8")
        try:
            drawn = family(path)
            for k in range(drawn.count):
                drawn.game(k)
        except InputError:
            refused += 1
            both += not validator("survey-template").is_valid(one)
        else:
            read += 1
            assert taken("survey-template", one), one
    assert read > 10
    assert both > refused / 4


def test_the_template_of_the_documentation():
    page = Path(__file__).parents[2] / "docs" / "howto" / "ensembles.md"
    (text,) = re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert taken("survey-template", tomllib.loads(text))


def test_what_solvers_write():
    solution = policy_document(solve(gallery("g-star-2")).policy, {})
    assert taken("solver-answer", solution)
    assert taken("solver-answer", {"unsupported": "games with noise"})
    assert not taken("solver-answer", {"format": "ergs-solution/1"})
    assert not taken("solver-answer", {"unsupported": 1})


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("check", ["check", "g-star-2"]),
        ("check", ["check", "g-star-4-no-nash"]),
        ("check", ["check", STATIONARY]),
        ("gap", ["gap", "g-star-2", "--delta", "1/1000,1/10"]),
        ("gap", ["gap", "g-star-4-no-nash", "--delta", "1/10"]),
        ("gap", ["gap", STATIONARY, "--delta", "1/10"]),
        ("horizon", ["horizon", STATIONARY]),
        ("solution", ["solve", STATIONARY]),
        ("answer", ["solve", "g-star-4-no-nash"]),
        ("crosschecks", ["crosscheck", "g-star-4-no-nash"]),
        ("games", ["games"]),
        ("ledger", ["paper", "eq-1", "thm-III.1/existence"]),
        ("error", ["check", "no such game"]),
        ("error", ["schema", "no such format"]),
    ],
)
def test_what_commands_print(capsys, name, arguments):
    document = printed(capsys, *arguments)
    assert NAMES[document["format"]] == name
    assert taken(name, document)


def test_audits_references_and_certificates(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("answers").mkdir()
    for name in ("g-star-2", STATIONARY):
        solve(gallery(name)).save(f"answers/{name}.json")
    found = printed(capsys, "audit", "g-star-2", "answers/g-star-2.json")
    assert taken("audit", found)
    assert not taken("audit", {**found, "verdict": "good"})
    suite = audit_solver(engine.nash, suite="quick", scope="agents=2,stages=1").as_json()
    expect_described(suite)
    assert not taken("suite", {**suite, "games": [{"name": "g-star-2"}]})

    printed(
        capsys, "audit", STATIONARY, f"answers/{STATIONARY}.json", "--certificate", "proof.json"
    )
    assert taken("stationary", json.loads(Path("proof.json").read_text(encoding="utf-8")))
    assert taken("recheck", printed(capsys, "recheck", "proof.json"))

    main(["reference", "g-star-2", STATIONARY, "g-star-4-no-nash", "-o", "right"])
    capsys.readouterr()
    for path in Path("right").iterdir():
        expect_described(json.loads(path.read_text(encoding="utf-8")))
    assert taken("compare", printed(capsys, "compare", "right", "answers"))


def test_proofs():
    n = symbols("n", integer=True, positive=True)
    A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
    for left, right in (
        ((Identity(n) + A * B).I * A, A * (Identity(n) + B * A).I),
        (Trace(A * (B + A).I), Trace((B + A).I * A)),
    ):
        found = prove(left, right).certificate
        assert found is not None
        expect_described(found)
        assert not taken("proof", {**found, "format": "ergs-proof/3"})


def test_studies():
    expect_described(augmentation_study(gallery("g-star-2"), ["1/10", "1/100"]).as_json())
    expect_described(augmentation_study(gallery("lqr"), ["1/10"]).as_json())


@pytest.mark.parametrize("ask", ["check", "gap", "solve"])
def test_surveys(tmp_path, ask):
    parquet = pytest.importorskip("pyarrow.parquet")
    family = "random:N=2,m=2,p=1,T=2,seed=0:3"
    survey(family, ask, output=tmp_path)
    for name in ("plan", "summary"):
        expect_described(json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8")))
    for path in (tmp_path / "shards").iterdir():
        rows = parquet.read_table(path).to_pylist()
        assert rows
        for row in rows:
            validator("survey-row").validate(row)


def test_gaps_of_policies_are_those_of_audits():
    game = gallery("g-star-2")
    told = certify_gap(game, solve(game)).as_json()["epsilon"]
    (gaps,) = [schema("audit")["properties"]["epsilon"]]
    assert Draft202012Validator({**gaps, "$defs": schema("audit")["$defs"]}).is_valid(told)


def test_an_unknown_name_lists_the_known_ones(capsys):
    with pytest.raises(InputError, match="the formats are game, solution, reference"):
        schema("games/1")
    assert main(["schema", "game"]) == 0
    assert json.loads(capsys.readouterr().out) == schema("game")
    assert main(["schema"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(FORMATS)
    assert all(attrs.asdict(one)["what"].endswith(".") for one in FORMATS.values())
