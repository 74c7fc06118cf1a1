"""The table of cross-checks, from the objects of true ones and of altered ones."""

from __future__ import annotations

from functools import cache

import attrs
import pytest

from ergs_verify import gallery
from ergs_verify.report.crosscheck import crosscheck_lines
from ergs_verify.report.terminal import console, rendered
from ergs_verify.study import CrossCheck, crosscheck


@cache
def checked(name: str) -> CrossCheck:
    return crosscheck(gallery(name), samples=1000)


def lines(**games: CrossCheck) -> list[str]:
    shown = crosscheck_lines([(name, found.as_json()) for name, found in games.items()])
    return rendered(shown, on=console(width=80)).splitlines()


def test_a_game_stands_in_a_line_with_the_fewest_digits():
    found = checked("g-star-2")
    row = next(line for line in lines(mine=found) if line.startswith("mine "))
    fewest = min(row.digits for row in found.rows if row.check == "engine-nash")
    assert f"agree   {fewest:.1f} (" in row
    assert row.endswith("diverges")


def test_a_singular_game_is_an_answer_with_its_reason():
    shown = lines(singular=checked("g-star-4-no-nash"))
    assert shown[1].split() == ["singular", "agree", "–", "–", "–", "singular"]
    assert "the engine finds it" in " ".join(shown)


@pytest.mark.parametrize("verdict", ["disagree", "undecided"])
def test_a_verdict_and_its_reasons_are_shown(verdict):
    found = attrs.evolve(
        checked("g-star-2"), verdict=verdict, reasons=("K of agent 1 \x07 differs",)
    )
    shown = lines(mine=found)
    assert verdict in shown[1]
    assert "  mine: K of agent 1 \\x07 differs" in shown


def test_a_row_that_fails_is_the_one_shown():
    true = checked("g-star-2")
    bad = next(row for row in true.rows if row.check == "engine-nash")
    planted = attrs.evolve(bad, digits=3.25, needed=13.0, holds=False)
    rows = tuple(planted if row is bad else row for row in true.rows)
    assert " 3.2 (13) " in lines(mine=attrs.evolve(true, rows=rows))[1]


def test_digits_that_agree_without_end_are_all():
    true = checked("g-star-2")
    rows = tuple(attrs.evolve(row, digits=float("inf")) for row in true.rows)
    assert " all " in lines(mine=attrs.evolve(true, rows=rows))[1]
