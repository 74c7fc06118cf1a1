"""Frames: costs of any spread are of one size in them."""

from __future__ import annotations

import random

import flint
import pytest
from flint import arb, arb_mat

from ergs_verify.arithmetic import Balls
from ergs_verify.certify.frame import Frame


def costs(draw: random.Random, size: int, spread: int, *, hidden: bool) -> arb_mat:
    """V'DV of integers V with determinant 1, and D = ±2^e with 0 ≤ e ≤ `spread`."""
    V = arb_mat(size, size, 1)
    for _ in range(2 * size):
        r, c = draw.sample(range(size), 2)
        # In coordinates that hide nothing, the dearer direction shows in its own entry alone.
        E = arb_mat(size, size, 1)
        E[(r, c) if hidden else (min(r, c), max(r, c))] = draw.choice([-1, 1])
        V = V * E
    exponents = sorted(draw.choice([0, 5, 60, spread]) for _ in range(size))
    D = arb_mat(size, size)
    for k, e in enumerate(exponents):
        D[k, k] = draw.choice([1, 1, 1, -1]) * arb(2) ** e
    return V.transpose() * D * V


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("spread", [10, 40, 300, 2000])
def test_every_cost_is_of_one_size_in_its_frame(spread, hidden):
    draw = random.Random(spread)
    bits = 2 * spread + 128 if hidden else 128
    for _ in range(20):
        with flint.ctx.workprec(2 * spread + 400):  # exact
            P = costs(draw, draw.choice([2, 3, 4]), spread, hidden=hidden)
        frame = Frame.of([P], Balls(bits))
        inside = frame.of_cost(P).tolist()
        for r, row in enumerate(inside):
            for c, x in enumerate(row):
                wanted = 1 if r == c else 0
                # float64 eigenvectors of a group that spreads over 2^20 are good to 2^-33.
                assert abs(abs(x) - wanted) < 1e-6, (P, inside)
        unit = (frame.inverse * frame.S).tolist()
        assert all(x.contains(int(r == c)) for r, row in enumerate(unit) for c, x in enumerate(row))


def test_directions_that_cost_nothing_count_as_a_part_of_the_dearest():
    """Where rounding hides what a direction costs, it is not scaled up to be of that size."""
    third = Balls(64).scalar(1 / 3).value
    P = arb_mat([[third, third], [third, third]])
    inside = Frame.of([P], Balls(64)).of_cost(P)
    sizes = sorted(abs(inside[k, k].mid()) for k in range(2))
    assert sizes[0] < 1e-9
    assert abs(sizes[1] - 1) < 1e-9


def test_any_frame_serves_where_nothing_costs_anything():
    frame = Frame.of([arb_mat(2, 2)], Balls(64))
    assert frame.of_cost(arb_mat(2, 2)) == arb_mat(2, 2)
