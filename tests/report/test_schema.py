"""Schemas take what is read and printed, and refuse what is not."""

import json

import pytest
from jsonschema import Draft202012Validator

from ergs_verify.cli import main
from ergs_verify.errors import InputError
from ergs_verify.game import Game
from ergs_verify.game.documents import game_document, policy_document
from ergs_verify.game.gallery import gallery, names
from ergs_verify.report.schema import SCHEMAS, schema
from ergs_verify.solve import solve

GAME = {
    "A": [[1, 0], [0, 1]], "B": [[[0], [1]], [[1, 0], [0, 1]]],
    "Q": [[[1, 0], [0, 1]], [[[1, 0], [0, 1]]] * 3], "R": [[[1]], [[1, 0], [0, 1]]],
    "tau": [1, ["1/2", 1]], "noise_cov": [[0, 0], [0, 0]], "horizon": 2,
    "S": [[[1, 0]], [[1, 0]] * 3], "drift": [[1, 0], [0, "1e-3"]], "x_linear": [[1, 0]] * 2,
    "u_linear": [[1], [1, 2, 3]], "discount": "0.9", "prior": [None, {"cov": [[2, 0], [0, 1]]}],
}  # fmt: skip


def taken(name, document):
    return Draft202012Validator(schema(name)).is_valid(document)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one(name):
    Draft202012Validator.check_schema(schema(name))


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


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("check", ["check", "g-star-2"]),
        ("check", ["check", "g-star-4-no-nash"]),
        ("gap", ["gap", "g-star-2", "--delta", "1/1000,1/10"]),
        ("gap", ["gap", "g-star-4-no-nash", "--delta", "1/10"]),
        ("ledger", ["paper", "eq-1"]),
        ("error", ["check", "no such game"]),
        ("error", ["schema", "no such format", "--json"]),
    ],
)
def test_what_commands_print(capsys, name, arguments):
    main([*arguments, *["--json"] * ("--json" not in arguments)])
    printed = json.loads(capsys.readouterr().out)
    Draft202012Validator(schema(name)).validate(printed)


def test_audits(tmp_path, capsys):
    path = tmp_path / "solution.json"
    solve(gallery("g-star-2")).save(path)
    main(["audit", "g-star-2", str(path), "--json"])
    printed = json.loads(capsys.readouterr().out)
    Draft202012Validator(schema("audit")).validate(printed)
    suite = {"format": "ergs-suite/1", "verdict": "pass"}
    suite["games"] = [{"name": "g-star-2", "audit": printed}]
    assert taken("suite", suite)
    assert not taken("audit", {**printed, "verdict": "good"})


def test_an_unknown_name_lists_the_known_ones(capsys):
    with pytest.raises(InputError, match="there are game, solution, error"):
        schema("games")
    assert main(["schema", "game"]) == 0
    assert json.loads(capsys.readouterr().out) == schema("game")
