"""Published numbers beside certified ones: what agrees, what does not, and the page."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import attrs
import pytest

from ergs_verify.game.gallery import published, stationary

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)


def by_name(rows):
    return {row.printed.called: row for row in rows}


def test_a_game_of_few_stages_agrees_with_what_is_known_of_it():
    """Two controls of which one is free: the exact answer, at any horizon."""
    from benchmarks.published import compared

    solution, rows = compared(published()["quantecon-deadbeat"], horizon=2)
    assert solution.certified
    assert [row.verdict for row in rows] == ["agrees"] * 4
    assert [row.digits for row in rows] == [(2, 2), (2, 2), (1, 1), (1, 1)]


def test_a_finite_horizon_is_told_from_an_infinite_one():
    """Over 51 stages the gains are the printed ones; over 50 they are not."""
    from benchmarks.published import compared

    entry = published()["quantecon-duopoly"]
    for horizon, least, most in ((51, 15, 16), (50, 7, 9)):
        gains = [row for row in compared(entry, horizon)[1] if row.printed.quantity in "Kk"]
        assert len(gains) == 6
        assert all(least <= row.digits[0] <= most for row in gains), horizon


def test_numbers_of_two_horizons_are_read_at_their_stages():
    from benchmarks.published import compared

    rows = compared(published()["quantecon-inventories"])[1]
    assert {row.printed.stages for row in rows} == {30, 42}
    assert min(row.digits[0] for row in rows) >= 14


def test_a_wrong_number_is_found_and_a_rounded_one_is_not():
    from benchmarks.published import compared

    entry = published()["quantecon-savings"]
    (printed,) = entry.printed
    texts = {"1.0000000066": "agrees", "1.0000000065": "differs", "1": "agrees", "2": "differs"}
    printed = tuple(attrs.evolve(printed, text=text) for text in texts)
    rows = compared(attrs.evolve(entry, printed=printed))[1]
    assert [row.verdict for row in rows] == list(texts.values())
    assert rows[1].digits == (9, 11)
    assert rows[3].digits == (0, 1)


def test_the_value_is_that_of_the_mean_of_x_0():
    """J = x'Px + 2s'x + q by hand, over one stage of the duopoly: nobody moves."""
    from benchmarks.published import compared

    entry = published()["quantecon-slow-duopoly"]
    values = [row for row in compared(entry, 1)[1] if row.printed.quantity == "value"]
    # (10 − 2(1 + 1))·1 is each firm's profit of the one stage.
    assert [row.ours for row in values] == [Fraction(6)] * 2


def test_the_page_tells_every_game_and_counts_what_it_shows():
    from benchmarks.published import page

    entries = [published()[name] for name in ("quantecon-deadbeat", "quantecon-savings")]
    text = page(entries)
    assert "2 games, each with certified digits. Their sources print 5 numbers: 4 are right" in text
    assert "| c[1] | 1.0000000065749655 | 1.000000006574821342 | 1.4e-13 | 12 of 17 |  |" in text
    for entry in entries:
        assert entry.source in text


def test_without_an_end_the_numbers_are_the_stationary_ones():
    from benchmarks.published import compared_without_end, page

    entry = stationary()["stationary-duopoly"]
    solution, rows = compared_without_end(entry)
    assert solution.certified
    assert [row.printed for row in rows] == list(entry.printed)
    assert all(row.difference < Fraction(1, 10**entry.places) for row in rows)
    assert "### stationary-duopoly\n" in page([], [entry])


def test_the_written_page_has_every_game():
    text = (ROOT / "docs" / "published-games.md").read_text(encoding="utf-8")
    for entry in published().values():
        for part in (f"## {entry.name}\n", entry.shows, entry.source, entry.remark):
            assert part in text
        for printed in entry.printed:
            assert f"| {printed.called} | {printed.text} |" in text
