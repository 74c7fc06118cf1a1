"""`ergs-verify gap`: exit status by the rows, one object or a table, and the figure's file."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest

from ergs_verify.certify import augmentation
from ergs_verify.cli import main
from ergs_verify.cli.commands import gap as gap_command


@pytest.fixture
def run(capsys):
    """Exit status, standard output and standard error of `gap` with arguments."""

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(["gap", *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        lines = err.splitlines(keepends=True)
        # On a busy machine there may be progress.
        return status, out, "".join(x for x in lines if not x.startswith("enclosing gaps: "))

    return command


@pytest.mark.parametrize(
    ("arguments", "status", "form"),
    [
        (["g-star-2", "--delta", "1e-6,1/3"], 0, "ergs-gap/1"),
        # Φ is singular at τ, but at no τ + δ that is asked for.
        (["g-star-4-no-nash", "--delta", "1e-6"], 0, "ergs-gap/1"),
        (["g-star-2", "--delta", "1,2"], 1, "ergs-gap/1"),
        (["g-star-2", "--delta", "1,x"], 2, "ergs-error/1"),
        (["g-star-2", "--delta", ""], 2, "ergs-error/1"),
        (["g-star-2", "--delta", "-1"], 2, "ergs-error/1"),
        (["g-star-2", "--delta", "1,1.0"], 2, "ergs-error/1"),
        (["missing.json"], 2, "ergs-error/1"),
        ([], 2, "ergs-error/1"),
    ],
)
def test_json_is_one_object_and_the_status_is_the_rows(run, arguments, status, form):
    got, out, err = run(*arguments, "--json")
    assert (got, json.loads(out)["format"]) == (status, form)
    assert (err == "") == (status < 2)


def test_what_needs_more_bits_is_undecided(run, monkeypatch):
    monkeypatch.setattr(
        gap_command, "enclose", partial(augmentation.gap, most_bits=64, tolerance="1e-8")
    )
    status, out, _ = run("g-star-2", "--delta", "1e-15", "--json")
    [row] = json.loads(out)["rows"]
    assert (status, row["verdict"]) == (3, "undecided")
    assert "64 bits" in row["reason"]


def test_the_table_has_a_line_for_every_agent_and_says_why_one_is_missing(run):
    status, out, err = run("g-star-2", "--delta", "1e-6,2")
    assert (status, err) == (1, "")
    cells = [line.split() for line in out.splitlines()]
    for agent in "12":
        assert ["0.000001", agent, "8.05556e-13", "1.61111e-12", "–", "1"] in cells
    assert "δ = 2: at τ + δ, Φ_t is singular at stage t = 0" in out
    assert "Coefficient c of δ², agent by agent: 0.805556, 0.805556." in out


def test_small_numbers_are_written_in_one_way(run):
    _, out, _ = run("g-star-2", "--delta", "1e-9,2.5e-8")
    assert [line.split()[0] for line in out.splitlines() if "e-" in line] == [
        *("1e-9", "1e-9", "2.5e-8", "2.5e-8")
    ]
    assert "E-" not in out


@pytest.mark.parametrize(
    ("name", "start"), [("a.png", b"\x89PNG"), ("a.pdf", b"%PDF"), ("a.SVG", b"<?xml")]
)
def test_the_figure_is_written(run, tmp_path, name, start):
    path = tmp_path / name
    status, out, err = run("g-star-2", "--delta", "1e-6,1", "--plot", str(path), "--json")
    assert (status, err) == (0, f"wrote {path}\n")
    assert json.loads(out)["rows"]
    assert path.read_bytes().startswith(start)


def works(*_arguments, **_options):
    raise AssertionError("the work has begun")


@pytest.mark.parametrize("name", ["a.jpg", "a", "no/such/folder.png", "folder.png"])
def test_a_figure_that_cannot_be_written_is_refused_before_the_work(
    run, tmp_path, monkeypatch, name
):
    (tmp_path / "folder.png").mkdir()
    monkeypatch.setattr(gap_command, "enclose", works)
    status, out, err = run("g-star-2", "--plot", str(tmp_path / name))
    assert (status, out) == (2, "")
    assert str(tmp_path / name) in err


def test_a_folder_in_which_nothing_can_be_made_is_found_before_the_work(run, tmp_path, monkeypatch):
    """Root may write everywhere, but not every file system takes a file."""
    (tmp_path / "link.png").symlink_to("/proc/a.png")
    monkeypatch.setattr(gap_command, "enclose", works)
    status, out, err = run("g-star-2", "--plot", str(tmp_path / "link.png"))
    assert (status, out) == (2, "")
    assert "link.png: cannot be written: " in err


def test_a_large_game_is_spread_over_processes(run, monkeypatch):
    started = []

    @contextmanager
    def one_thread():
        with ThreadPoolExecutor(max_workers=1) as pool:
            started.append(pool)
            yield pool

    monkeypatch.setattr(gap_command, "workers", one_thread)
    alone = run("g-star-2", "--delta", "1", "--json")
    assert not started
    monkeypatch.setattr(gap_command, "_WORTH_PROCESSES", 1)
    assert run("g-star-2", "--delta", "1", "--json") == alone
    assert len(started) == 1
