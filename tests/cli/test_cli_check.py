"""`ergs-verify check`: exit status by uniqueness alone, one object or a report."""

from __future__ import annotations

import json
from functools import partial

import pytest

from ergs_verify.certify.check import check
from ergs_verify.cli import main
from ergs_verify.cli.commands import check as check_command


@pytest.fixture
def run(capsys):
    """Exit status, standard output and standard error of `check` with arguments."""

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(["check", *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        lines = err.splitlines(keepends=True)
        # On a busy machine there may be progress.
        return status, out, "".join(x for x in lines if not x.startswith("checking: "))

    return command


@pytest.mark.parametrize(
    ("arguments", "status", "form"),
    [
        (["g-star-2"], 0, "ergs-check/1"),
        (["assumption-holds"], 0, "ergs-check/1"),
        (["g-star-4-no-nash"], 1, "ergs-check/1"),
        (["g-star-4-continuum"], 1, "ergs-check/1"),
        (["g-star-5"], 2, "ergs-error/1"),
        (["missing.json"], 2, "ergs-error/1"),
        (["lqr", "--digits", "3"], 2, "ergs-error/1"),
        ([], 2, "ergs-error/1"),
    ],
)
def test_json_is_one_object_and_the_status_is_uniqueness(run, arguments, status, form):
    got, out, err = run(*arguments, "--json")
    assert (got, json.loads(out)["format"]) == (status, form)
    assert (err == "") == (status < 2)


def test_what_needs_more_bits_is_undecided(run, monkeypatch):
    monkeypatch.setattr(check_command, "check", partial(check, most_bits=8))
    status, out, _ = run("g-star-near-4", "--json")
    assert (status, json.loads(out)["nash"]["unique"]) == (3, "undecided")


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("g-star-2", 0, ["exists: proved", "the only one: proved", "-7", "1.33333", "diverges"]),
        ("g-star-4-no-nash", 1, ["exists: refuted", "no Nash equilibrium", "P* is not known"]),
        ("lqr", 0, ["holds for every τ > 0", "any δ ≥ 0", "… and 10 more: --json"]),
        ("time-varying", 0, ["converges at 2 stages, t = 1, 0", "diverges at 2 stages, t = 3, 2"]),
    ],
)
def test_the_report_says_the_verdicts_and_lists_the_stages(run, name, status, said):
    got, out, _ = run(name)
    assert got == status
    text = " ".join(out.split())
    for words in said:
        assert words in text
