"""`paper`: what is written to files, the page and the games that are exhibits."""

from __future__ import annotations

import pytest

from ergs_verify.certify.check import check
from ergs_verify.cli import main
from ergs_verify.game import load_game
from ergs_verify.ledger import claims
from ergs_verify.ledger.exhibits import exhibits


@pytest.fixture
def run(capsys):
    def call(*arguments) -> tuple[int, str, str]:
        status = main([str(a) for a in arguments])
        return status, *capsys.readouterr()

    return call


def test_an_exhibit_is_a_game_that_other_commands_take(run, tmp_path):
    game = tmp_path / "game.json"
    status, _, said = run("paper", "lemma-III.4", "--exhibit", "-o", game)
    assert status == 0
    assert str(game) in said
    assert said.count("it shows ") == len(list(tmp_path.iterdir())) == 3
    assert "finding 1, missing hypothesis" in said
    status, out, _ = run("check", game)
    assert (status, "Traceback" in out) == (0, False)
    solution = tmp_path / "solution.json"
    assert run("solve", game, "-o", solution)[0] == 0
    status, out, _ = run("audit", game, solution)
    assert status == 0
    assert "pass" in out
    # Its last one: a continuum, which is refuted.
    assert run("check", tmp_path / "game-3.json")[0] == 1


def test_every_game_of_every_claim_is_written_and_read_again(tmp_path):
    found = {}
    for claim in claims().values():
        for name, game in claim.decide().games.items():
            found.setdefault(game.hash, (claim.id, name, game))
    assert len(found) > 10
    for claim_id, name, game in found.values():
        file = tmp_path / "game.json"
        game.save(file)
        assert load_game(file).hash == game.hash, (claim_id, name)
        assert check(load_game(file)).nash.unique in ("proved", "refuted"), (claim_id, name)


@pytest.mark.parametrize("name", list(exhibits()))
def test_every_exhibit_is_a_game_by_name(run, name):
    status, out, _ = run("game", f"exhibit:{name}")
    assert status == 0
    assert '"format": "ergs-game/1"' in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["paper", "--exhibit"], "--exhibit takes one claim"),
        (["paper", "eq-7", "--exhibit"], "no game shows anything about eq-7"),
        (["paper", "eq-11", "-o", "x.json"], "-o is for --exhibit"),
        (["paper", "lemma-III.4", "--exhibit", "-o", "x.txt"], "must end in .json"),
        (["paper", "eq-11", "--html", "x.json"], "must end in .html"),
        (["paper", "eq-11", "--html", "no/such/x.html"], "there is no folder"),
        (
            ["check", "exhibit:nothing"],
            "exhibit:nothing is not an exhibit; the exhibits are no-nash, ",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(run, arguments, message):
    status, out, said = run(*arguments)
    assert status == 2
    assert message in said
    assert out == ""
    assert len(said.splitlines()) == 1


def test_a_page_of_some_claims_is_written(run, tmp_path):
    page = tmp_path / "some.html"
    status, out, said = run("paper", "eq-11", "lemma-III.4", "--html", page)
    assert status == 0
    assert "Completing the square" in out
    assert "2 claims of the paper" in said
    text = page.read_text(encoding="utf-8")
    assert text.count("<article>") >= 2
    assert 'id="lemma-III.4"' in text
