"""`verify` and `crosscheck`: what they print, and the exit status of every outcome."""

from __future__ import annotations

import json
import re

import attrs
import pytest

from ergs_verify import gallery
from ergs_verify.cli import main
from ergs_verify.cli.certificates import Rechecked
from ergs_verify.cli.commands import crosscheck as crosscheck_command
from ergs_verify.cli.commands import verify as verify_command
from ergs_verify.cli.commands.crosscheck import Checked
from ergs_verify.cli.commands.paper import Judgement
from ergs_verify.study import crosscheck

HOLDS, WRONG, OPEN = (
    Judgement({}, holds=True, undecided=False),
    Judgement({}, holds=False, undecided=False),
    Judgement({}, holds=False, undecided=True),
)


@pytest.fixture
def small(monkeypatch):
    """The main job on three claims and two games, so that it is quick."""
    monkeypatch.setattr(verify_command, "claims", lambda: ["eq-1", "eq-4", "eq-11"])
    monkeypatch.setattr(verify_command, "names", lambda: {"g-star-2": "", "g-star-4-no-nash": ""})


@pytest.mark.usefixtures("small")
def test_the_main_job_prints_its_three_parts_and_a_verdict(capsys, tmp_path):
    path = tmp_path / "by hand.json"
    gallery("identical-interest").save(path)
    assert main(["verify", str(path)]) == 0
    out = capsys.readouterr().out
    parts = ["1. Derivations", "2. The paper", "3. Games", "Everything holds"]
    places = [out.index(part) for part in parts]
    assert places == sorted(places)
    assert out.count("✓") == 30
    assert "3 claims of the paper" in out
    assert "Completing the square" in out
    assert re.search(r"\d\d proved identities rechecked from certificates", out)
    assert out.count(" agree ") == 3
    assert "Φ_t is singular at stage t = 0" in out


@pytest.mark.usefixtures("small")
def test_the_main_job_as_one_object(capsys):
    assert main(["verify", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["format"], found["verdict"]) == ("ergs-verify/1", "holds")
    assert found["rechecked"]["identities"] >= 20
    assert found["rechecked"]["refused"] == []
    assert [len(one["steps"]) for one in found["derivations"]] == [7, 9, 4, 6, 4]
    assert [claim["id"] for claim in found["ledger"]["claims"]] == ["eq-1", "eq-4", "eq-11"]
    assert [one["name"] for one in found["crosschecks"]["games"]] == [
        "g-star-2",
        "g-star-4-no-nash",
    ]


@pytest.mark.parametrize(
    ("judged", "verdicts", "status"),
    [
        ([HOLDS], ["agree", "agree"], 0),
        ([HOLDS, WRONG], ["agree"], 1),
        ([HOLDS], ["agree", "disagree"], 1),
        ([HOLDS], ["undecided", "agree"], 3),
        ([HOLDS, OPEN], ["agree"], 3),
        ([OPEN], ["disagree"], 1),
        ([WRONG], ["undecided"], 1),
    ],
)
def test_the_status_of_the_main_job_is_that_of_its_worst_part(judged, verdicts, status):
    true = crosscheck(gallery("g-star-4-no-nash"))
    checked = [Checked("game", attrs.evolve(true, verdict=verdict)) for verdict in verdicts]
    assert verify_command._status(judged, checked, Rechecked(3, ())) == status
    assert verify_command._status(judged, checked, Rechecked(3, ("eq-4-1.json: no",))) == 1


@pytest.mark.parametrize(("verdict", "status"), [("agree", 0), ("disagree", 1), ("undecided", 3)])
def test_the_status_of_a_crosscheck_is_its_verdict(capsys, monkeypatch, verdict, status):
    true = crosscheck(gallery("g-star-4-no-nash"))

    def planted(_game, *, progress, **_options):
        progress("engine", 1, 2)
        return attrs.evolve(true, verdict=verdict, game="\x1b[31m")

    monkeypatch.setattr(crosscheck_command, "crosscheck", planted)
    assert main(["crosscheck", "lqr"]) == status
    out = capsys.readouterr().out
    assert out.startswith(f"Cross-check: {verdict}\n\\x1b[31m\n")
    assert main(["crosscheck", "lqr", "--json"]) == status
    found = json.loads(capsys.readouterr().out)
    assert (found["format"], found["verdict"]) == ("ergs-crosschecks/1", verdict)


def test_several_games_are_crosschecked_in_their_order(capsys):
    assert main(["crosscheck", "g-star-4-no-nash", "g-star-2", "--digits", "30"]) == 0
    out = capsys.readouterr().out
    assert out.index("g-star-4-no-nash: ") < out.index("g-star-2: ")
    assert out.count("Cross-check: agree") == 2


@pytest.mark.parametrize(
    ("arguments", "place"),
    [(["lqr", "missing.json"], "missing.json"), (["lqr", "--digits", "3"], "digits")],
)
def test_bad_input_of_a_crosscheck_is_refused(capsys, arguments, place):
    assert main(["crosscheck", *arguments, "--json"]) == 2
    assert place in json.loads(capsys.readouterr().out)["where"]
