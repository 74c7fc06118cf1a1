"""The commands on a file of the general game: every new key, and what they print."""

from __future__ import annotations

import json

import pytest

from ergs_verify.cli import main
from ergs_verify.game import load_game, load_solution

GAME = {
    "format": "ergs-game/1",
    "name": "general",
    "horizon": 3,
    "tau": ["1/2", 1],
    "discount": "9/10",
    "A": [[1, "0.1"], [0, 1]],
    "B": [[[0], [1]], [[1], [0]]],
    "Q": [[[1, 0], [0, 1]], [[2, 0], [0, 1]]],
    "R": [[[1, "0.1"], ["0.1", 0]], [[0, 0], [0, 1]]],
    "indefinite": True,
    "S": [[["0.2", 0]], [[0, "0.1"], [0, 0]]],
    "drift": ["1/10", 0],
    "x_linear": [[1, 0], [0, 1]],
    "prior": [{"gain": [["-0.5", 0]], "mean": [1]}, None],
    "noise_cov": [[1, 0], [0, 1]],
}


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "general.json"
    file.write_text(json.dumps(GAME), encoding="utf-8")
    return file


def test_it_is_solved_and_the_file_can_be_read_again(path, tmp_path, capsys):
    out = tmp_path / "solution.json"
    assert main(["solve", str(path), "--digits", "20", "-o", str(out)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "u_t ~ N(K x_t + k, Sigma)" in printed
    assert "T = 3, τ = " in printed
    solution = load_solution(out)
    solution.validate(load_game(path))
    assert solution.k is not None
    assert solution.s is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check"], "games of the paper's class only"),
        (["gap", "--delta", "0.1"], "Coefficient c of δ²"),
    ],
)
def test_it_is_judged(path, words, said, capsys):
    assert main([words[0], str(path), *words[1:]]) == 0
    assert said in " ".join(capsys.readouterr().out.split())
    assert main([words[0], str(path), *words[1:], "--json"]) == 0
    json.loads(capsys.readouterr().out)


def test_a_cost_without_a_lower_bound_is_refuted(path, capsys):
    path.write_text(json.dumps({**GAME, "R": [[[-9]], [[1]]]}), encoding="utf-8")
    assert main(["solve", str(path)]) == 1
    assert "agent 1 has no lower bound" in " ".join(capsys.readouterr().out.split())
    page = path.with_suffix(".html")
    assert main(["check", str(path), "--html", str(page)]) == 1
    said = capsys.readouterr().out + page.read_text(encoding="utf-8")
    assert said.count("agent 1 has no lower bound") >= 1
    assert "in balls of" not in said


def test_the_gap_of_a_game_without_equilibrium_is_refuted_and_its_page_says_so(path, capsys):
    path.write_text(json.dumps({**GAME, "R": [[[-9]], [[1]]]}), encoding="utf-8")
    page, table = path.with_suffix(".html"), path.with_suffix(".csv")
    words = ["gap", str(path), "--delta", "1", "--html", str(page), "--csv", str(table)]
    assert main(words) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "δ = 1: at τ + δ, the cost of agent 1 has no lower bound" in said
    written = page.read_text(encoding="utf-8")
    assert "refuted: at some δ there is no single equilibrium" in written
    assert "the cost of agent 1 has no lower bound" in written
    assert table.exists()


def test_an_infinite_gap_is_refuted_and_says_against_whom(path, capsys):
    # τ + δ makes W positive, which it is not at τ.
    path.write_text(json.dumps({**GAME, "R": [[[-9]], [[1]]]}), encoding="utf-8")
    assert main(["gap", str(path), "--delta", "100"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "δ = 100: at τ, the cost of agent 1 has no lower bound against the other" in said


@pytest.mark.parametrize("name", ["endless-unreached", "endless-unbounded"])
def test_without_a_stationary_equilibrium_the_gap_is_refuted(name, tmp_path):
    page = tmp_path / "page.html"
    assert main(["gap", f"suite:{name}", "--delta", "1", "--html", str(page)]) == 1
    assert "refuted: at some δ" in page.read_text(encoding="utf-8")
