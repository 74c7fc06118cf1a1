"""`ergs-verify reference` and `compare`: what is written, what is refused, exit statuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module

import attrs
import pytest

from ergs_verify.cli import main
from ergs_verify.cli.commands import reference as reference_command
from ergs_verify.game.gallery import gallery
from ergs_verify.reference import load_reference
from ergs_verify.solve import solve


@pytest.fixture
def run(capsys):
    """Exit status, standard output and standard error of a command."""

    def command(*arguments: object) -> tuple[int, str, str]:
        status = main(list(map(str, arguments)))
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        lines = err.splitlines(keepends=True)
        # On a busy machine there may be progress.
        return status, out, "".join(x for x in lines if not x.startswith("references: "))

    return command


def test_references_are_written_once_and_stay(run, tmp_path):
    folder = tmp_path / "refs"
    gallery("plain-lq").save(tmp_path / "my game.json")
    names = ["g-star-2", "g-star-4-no-nash", "random:N=1,T=1,tau=.5", tmp_path / "my game.json"]
    files = ["g-star-2", "g-star-4-no-nash", "random-N=1,T=1,tau=.5", "my-game"]
    paths = [folder / f"{name}.json" for name in files]
    status, out, err = run("reference", *names, "-o", folder, "--digits", 10)
    assert (status, out) == (0, "")
    assert err == "".join(f"wrote {path}\n" for path in paths)
    assert sorted(folder.iterdir()) == sorted(paths)
    before = [path.read_bytes() for path in paths]
    status, _, err = run("reference", *names, "-o", folder, "--digits", 10)
    assert (status, err) == (0, "".join(f"unchanged {path}\n" for path in paths))
    assert [path.read_bytes() for path in paths] == before


def test_another_process_writes_the_same_bytes(run, tmp_path):
    """Whatever its hashes, its locale, its directory and its integers' implementation."""
    game = tmp_path / "some game.json"
    attrs.evolve(gallery("time-varying"), name="drei Größen – 三").save(game)
    names = [game, "g-star-near-4", "g-star-4-continuum"]
    assert run("reference", *names, "-o", tmp_path / "here", "--digits", 30)[0] == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    settings = {
        "PYTHONHASHSEED": "4711", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
        "TZ": "Asia/Tokyo", "SYMPY_GROUND_TYPES": "python",
    }  # fmt: skip
    arguments = ["reference", *map(str, names), "-o", "refs", "--digits", "30"]
    done = subprocess.run(
        [sys.executable, "-m", "ergs_verify", *arguments],
        cwd=elsewhere,
        env={**os.environ, **settings},
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    mine, its = (
        {path.name: path.read_bytes() for path in folder.iterdir()}
        for folder in (tmp_path / "here", elsewhere / "refs")
    )
    assert len(mine) == 3
    assert mine == its


def test_a_folder_in_which_nothing_can_be_made_is_found_before_the_work(run, monkeypatch):
    monkeypatch.setattr(reference_command, "make_reference", None)
    status, out, err = run("reference", "g-star-2", "-o", "/proc")
    assert (status, out) == (2, "")
    assert err.startswith("ergs-verify: /proc/g-star-2.json: cannot be written: ")


def test_the_help_names_every_key_of_the_formats(run, folders):
    references, solutions = folders
    written = json.loads((references / "g-star-2.json").read_text(encoding="utf-8"))
    printed = json.loads(run("compare", references, solutions, "--json")[1])
    one = printed["files"][0]
    for command, name, keys in (
        ("reference", "record", [*written, written["format"]]),
        ("compare", "compare", [*printed, printed["format"], *one, *one["quantities"]["K"]]),
    ):
        told = run(command, "--help")[1]
        assert [key for key in keys if key not in told] == []
        assert "10^-D max(1, largest entry)" in " ".join(told.split())  # how digits count
        described = import_module(f"ergs_verify.reference.{name}").__doc__.replace('"', "")
        assert [key for key in keys if f"``{key}``" not in described] == []


def test_a_different_file_is_replaced_by_force_only(run, tmp_path):
    path = tmp_path / "g-star-2.json"
    path.write_text("precious", encoding="utf-8")
    status, _, err = run("reference", "g-star-2", "-o", tmp_path)
    assert status == 2
    assert f"{path}: exists already and says something else" in err
    assert path.read_text(encoding="utf-8") == "precious"
    assert run("reference", "g-star-2", "-o", tmp_path, "--force")[0] == 0
    assert load_reference(path).digits == 50


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["g-star-2", "--digits", "0"], "digits must be a whole number from 1 to 5000"),
        (["g-star-2", "g-star-2"], "g-star-2 and g-star-2 would both be written to"),
        (["no-such-game"], "there is no such file"),
        ([], "Missing argument"),
    ],
)
def test_bad_input_writes_nothing(run, tmp_path, arguments, message):
    status, out, err = run("reference", *arguments, "-o", tmp_path / "refs")
    assert (status, out) == (2, "")
    assert message in err
    assert not list(tmp_path.glob("refs/*"))


def test_a_folder_that_cannot_be_made_is_named(run, tmp_path):
    status, _, err = run("reference", "g-star-2", "-o", tmp_path / "no" / "folder")
    assert status == 2
    assert f"{tmp_path / 'no' / 'folder'}: cannot be created" in err


@pytest.fixture
def folders(run, tmp_path):
    references, solutions = tmp_path / "references", tmp_path / "solutions"
    assert run("reference", "g-star-2", "lqr", "-o", references, "--digits", 20)[0] == 0
    solutions.mkdir()
    for name in ("g-star-2", "lqr"):
        solve(gallery(name)).save(solutions / f"{name}.json")
    return references, solutions


@pytest.mark.parametrize(("digits", "status"), [(8, 0), (30, 1), (0, 2)])
def test_the_status_is_the_verdict(run, folders, digits, status):
    got, out, err = run("compare", *folders, "--digits", digits, "--json")
    form = "ergs-error/1" if status == 2 else "ergs-compare/1"
    assert (got, json.loads(out)["format"]) == (status, form)
    assert (err == "") == (status < 2)


def test_too_few_digits_are_undecided(run, folders, tmp_path):
    references, solutions = folders
    solve(gallery("g-star-2"), digits=40).save(solutions / "g-star-2.json")
    solve(gallery("lqr"), digits=40).save(solutions / "lqr.json")
    status, out, _ = run("compare", references, solutions, "--digits", 30, "--json")
    assert (status, json.loads(out)["verdict"]) == (3, "undecided")


def test_the_table_has_a_line_for_every_file(run, folders):
    references, solutions = folders
    (solutions / "lqr.json").unlink()
    solve(gallery("plain-lq")).save(solutions / "other.npz")
    status, out, err = run("compare", references, solutions)
    assert (status, err) == (1, "")
    assert out.startswith("fail: 1 of 2 passed, with 8 digits asked for\n")
    lines = [line.split() for line in out.splitlines()]
    assert any(line[:2] == ["g-star-2", "pass"] for line in lines)
    assert any(line[:2] == ["lqr", "fail"] for line in lines)
    assert "no reference for other.npz" in out
    document = json.loads(run("compare", references, solutions, "--json")[1])
    [right, missing] = document["files"]
    assert set(right["quantities"]) == {"K", "Sigma", "P", "q"}
    assert min(q["digits"] for q in right["quantities"].values()) > 12
    assert (missing["solution"], missing["message"]) == (None, "there is no solution for it")
    assert document["extra"] == [str(solutions / "other.npz")]


def test_a_bad_reference_is_bad_input(run, folders):
    references, solutions = folders
    (references / "lqr.json").write_text("{}", encoding="utf-8")
    status, _, err = run("compare", references, solutions)
    assert status == 2
    assert f"{references / 'lqr.json'}: is not a reference" in err
