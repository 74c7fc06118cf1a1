"""--html and --csv: files beside what is printed, refused before the work."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ergs_verify import gallery, solve
from ergs_verify.cli import main


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    game = gallery("g-star-2")
    Path("references").mkdir()
    Path("solutions").mkdir()
    solve(game).save("solutions/g-star-2.json")
    assert main(["reference", "g-star-2", "-o", "references"]) == 0


@pytest.mark.parametrize(
    "command",
    [
        "audit g-star-2 solutions/g-star-2.json",
        "check g-star-2",
        "gap g-star-2 --delta 1e-3",
        "crosscheck g-star-2 --digits 20",
        "compare references solutions",
    ],
)
def test_both_files_are_written_and_the_answer_stays(command, capsys):
    bare = main(command.split())
    before = capsys.readouterr().out
    with_files = f"{command} --html page.html --csv table.csv"
    assert main(with_files.split()) == bare == 0
    after = capsys.readouterr()
    if not command.startswith("crosscheck"):  # which says how long it took
        assert after.out == before
    assert "wrote page.html\nwrote table.csv\n" in after.err
    assert f"ergs-verify {with_files}" in Path("page.html").read_text(encoding="utf-8")
    assert len(Path("table.csv").read_text(encoding="utf-8").splitlines()) > 1


def test_an_audit_names_the_file_by_its_hash_and_what_was_declared():
    solution = Path("solutions/g-star-2.json")
    options = ["--epsilon", "1e-3", "--convention", "half-costs", "--html", "page.html"]
    main(["audit", "g-star-2", str(solution), *options])
    page = Path("page.html").read_text(encoding="utf-8")
    assert hashlib.sha256(solution.read_bytes()).hexdigest() in page
    assert "half-costs" in page
    assert "1e-3" in page


@pytest.mark.parametrize(("option", "name"), [("--html", "page.txt"), ("--csv", "no/table.csv")])
def test_a_file_that_cannot_be_written_is_refused_before_the_work(option, name, capsys):
    assert main(["check", "g-star-2", option, name]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert name in said.err
