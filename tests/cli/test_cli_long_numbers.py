"""Numbers of more digits than `str` writes, in the text of every command and in every display."""

from __future__ import annotations

import json

import attrs
import pytest
from random_games import g_star

from ergs_verify.audit.solution import audit
from ergs_verify.certify.augmentation import gap
from ergs_verify.certify.check import check
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.cli import main
from ergs_verify.exact import parse_number
from ergs_verify.game.gallery import gallery
from ergs_verify.solve import solve
from ergs_verify.study.augmentation import augmentation_study
from ergs_verify.study.crosscheck import crosscheck
from ergs_verify.study.determinants import determinant_curve

LONG = "2." + "0" * 4999 + "1"
#: As a ratio; by its size; by its smallness.
TAUS = (LONG, "1/3" + "7" * 5000, "1e5000", "1e-5000")


@pytest.fixture
def files(tmp_path):
    """A game whose τ is long, and a solution of it."""

    def made(tau):
        game = attrs.evolve(gallery("g-star-2"), tau_given=parse_number(tau))
        game.save(tmp_path / "game.json")
        solve(gallery("g-star-2"), digits=30).save(tmp_path / "ne.json")
        return str(tmp_path / "game.json"), str(tmp_path / "ne.json")

    return made


def answered(capsys, *arguments):
    status = main(arguments)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert status in (0, 1, 3), err
    return out


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("as_json", [False, True])
def test_every_command_writes_them(tau, as_json, files, capsys):
    game, solution = files(tau)
    for arguments in (
        ["check", game],
        ["solve", game, "--digits", "20"],
        ["solve", game, "--method", "algorithm1", "--iterations", "1", "--digits", "5"],
        ["gap", game, "--delta", f"{LONG},1e-5000"],
        ["audit", game, solution],
        ["audit", game, solution, "--epsilon", "1e5000"],
        ["crosscheck", game],
    ):
        out = answered(capsys, *arguments, *["--json"] * as_json)
        if as_json:
            json.loads(out)
        else:
            assert max(map(len, out.splitlines())) < 200


def test_references_of_as_many_digits_as_are_allowed(tmp_path, capsys):
    game = tmp_path / "g-star-2.json"
    gallery("g-star-2").save(game)
    references, solutions = str(tmp_path / "references"), tmp_path / "solutions"
    solutions.mkdir()
    answered(capsys, "reference", str(game), "-o", references, "--digits", "5000")
    answered(capsys, "solve", str(game), "-o", str(solutions / game.name), "--digits", "5000")
    out = answered(capsys, "compare", references, str(solutions), "--digits", "4500", "--json")
    assert json.loads(out)["verdict"] == "pass"


@pytest.mark.parametrize("tau", TAUS)
def test_displays_write_them(tau):
    game = attrs.evolve(g_star(2), tau_given=parse_number(tau))
    found = [
        game,
        solution := solve(game, digits=4301),
        check(game),
        gap(game, ["1e-5000"]),
        audit(game, solution.policy),
        augmentation_study(game, [f"1{LONG}"]) if tau != "1e5000" else None,
        crosscheck(game),
        determinant_curve(game, [tau]),
        Enclosure(game.tau, game.tau),
    ]
    for one in found:
        assert len(repr(one)) < 6000
        assert isinstance(getattr(one, "_repr_html_", str)(), str)
