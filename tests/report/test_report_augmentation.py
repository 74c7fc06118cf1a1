"""The figure of certified gaps shows the enclosures' own numbers."""

from __future__ import annotations

import pytest
from random_games import g_star

from ergs_verify import gallery, gap
from ergs_verify.report.plots import gap_figure


def lines(found):
    """The drawn points by label."""
    axes = gap_figure(found).axes[0]
    return {line.get_label(): list(zip(*line.get_data(), strict=True)) for line in axes.lines}


def test_gap_bound_and_coefficient_against_delta():
    found = gap(g_star(2), ["1e-4", "1e-2", 2])
    drawn = lines(found)
    for quantity, label in (("epsilon", "ε, agent 2"), ("bound", "bound, agent 2")):
        points = [(float(x), float(y.hi)) for x, y in found.curve(2, quantity)]
        assert drawn[label] == points
        assert len(points) == 2  # Φ is singular at τ + δ = 4
    c = float(found.coefficient[0].value.hi)
    assert drawn["c δ²"] == [(1e-4, pytest.approx(c * 1e-8)), (1e-2, pytest.approx(c * 1e-4))]


def test_what_no_axis_can_hold_is_left_out():
    assert set(lines(gap(gallery("plain-lq"), ["1e-3"]))) == {"ε, agent 1", "ε, agent 2"}
    assert lines(gap(g_star(2), ["1e-400"]))["ε, agent 1"] == []
