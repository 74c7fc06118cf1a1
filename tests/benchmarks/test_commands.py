"""The growth of the commands: every command is timed at every size, and the page says so."""

from __future__ import annotations

import pytest

pytest.importorskip("pyarrow.parquet", reason="the extra survey is not installed")


def test_every_command_is_timed_at_every_size(monkeypatch):
    commands = pytest.importorskip("benchmarks.commands")
    monkeypatch.setattr(commands, "HELD", {"N": 1, "m": 1, "p": 1, "T": 1})
    growing = {"N": [1, 2], "digits": [10, 20], "games": [3, 6]}
    found = list(commands.curves(growing, budget=0, rounds=1))
    games = ("solve", "check", "gap", "crosscheck", "audit", "reference", "compare", "horizon")
    assert [(curve.letter, curve.who) for curve in found] == [
        *(("N", who) for who in games),
        *(("digits", who) for who in ("solve", "reference")),
        ("games", "survey"),
    ]
    assert all(len(curve.seconds) == 2 and min(curve.seconds) > 0 for curve in found)
    text = commands.page(found)
    assert "| N | crosscheck | 1 | 2 |" in text
    assert "| games | survey | 3 | 6 |" in text
