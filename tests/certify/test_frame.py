"""Frames: costs of any spread are of one size in them."""

from __future__ import annotations

import random
from itertools import product

import flint
import numpy as np
import pytest
from flint import arb, arb_mat

from ergs_verify.arithmetic import Balls
from ergs_verify.certify.frame import PLAIN, Coordinates, Frame, across
from ergs_verify.certify.near import Near


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


def in_coordinates(found: Near, P: arb_mat) -> arb_mat:
    """Costs in coordinates; in those of a plain frame in units."""
    Z = arb_mat(found.coordinates.Z.tolist())
    inside = Z.transpose() * found.frame.of_cost(P) * Z
    return inside * arb(2) ** -found.units[0] if found.frame is PLAIN else inside


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("spread", [10, 40, 300, 2000])
def test_every_cost_is_of_one_size_in_its_frame(spread, hidden):
    draw = random.Random(spread)
    bits, plain = 2 * spread + 128 if hidden else 128, 0
    for _ in range(20):
        with flint.ctx.workprec(2 * spread + 400):  # exact
            P = costs(draw, draw.choice([2, 3, 4]), spread, hidden=hidden)
        found = Near.to([P], Balls(bits))
        frame, inside = found.frame, in_coordinates(found, P)
        plain += frame is PLAIN
        for r, row in enumerate((inside * inside).tolist()):  # all eigenvalues are near ±1
            for c, x in enumerate(row):
                # float64 eigenvectors of a group that spreads over 2^20 are good to 2^-33.
                assert abs(x - (r == c)) < 1e-6, (P, inside)
        if frame is not PLAIN:
            unit = (frame.inverse * frame.S).tolist()
            assert all(x.contains(r == c) for r, row in enumerate(unit) for c, x in enumerate(row))
    assert plain > 0 if spread == 10 else plain < 10


def test_directions_that_cost_nothing_count_as_a_part_of_the_dearest():
    """Where rounding hides what a direction costs, it is not scaled up to be of that size."""
    third = Balls(64).scalar(1 / 3).value
    P = arb_mat([[third, third], [third, third]])
    inside = in_coordinates(Near.to([P], Balls(64)), P)
    sizes = sorted(abs(inside[k, k].mid()) for k in range(2))
    assert sizes[0] < 1e-9
    assert abs(sizes[1] - 1) < 1e-9


def test_any_frame_serves_where_nothing_costs_anything():
    assert Frame.of([arb_mat(2, 2)], Balls(64)) is PLAIN


def spread_over(draw: random.Random, size: int, digits: int) -> arb_mat:
    """A regular matrix in balls whose entries are up to 10^digits apart, either way."""
    entries = [
        [arb(draw.randint(1, 9)) * arb(10) ** (draw.randint(-digits, digits)) for _ in range(size)]
        for _ in range(size)
    ]
    return arb_mat(entries) + arb_mat(size, size, 10) * arb(10) ** digits


@pytest.mark.parametrize("digits", [0, 3, 60, 300, 400])
@pytest.mark.parametrize("seed", range(4))
def test_columns_of_the_inverse_are_bounded(digits, seed):
    draw, size = random.Random(seed), 3
    with flint.ctx.workprec(4000):
        S = spread_over(draw, size, digits).mid() if digits else arb_mat(size, size, 1)
        frame = Frame(S, S.inv(), 200) if digits else PLAIN
        Z = np.random.default_rng(seed).normal(size=(size, size)) + 2 * np.eye(size)
        inverse = (S * arb_mat(Z.tolist())).inv()
        squares = inverse.transpose() * inverse
        norms = [squares[k, k].sqrt() for k in range(size)]
    (found,) = Coordinates.of([frame], Z[None])
    for bound, norm in zip(found.columns_above, norms, strict=True):
        assert norm <= bound < norm * (1 + 1e-9)


def test_matrices_change_frames():
    draw = random.Random(1)
    one, other = (arb_mat([[draw.randint(1, 9) for _ in range(2)] for _ in range(2)]) for _ in "12")
    frames = [Frame(S, Balls(128).solve(S, Balls(128).identity(2)), 128) for S in (one, other)]
    X = arb_mat([[1, 2], [3, 4]])
    with flint.ctx.workprec(128):
        for ahead, now in product([PLAIN, *frames], repeat=2):
            found = across(X, ahead, now)
            left, right = (F.S if F.S is not None else arb_mat(2, 2, 1) for F in (ahead, now))
            assert (left * found).overlaps(X * right)
            assert all(x.rad() < 1e-30 for x in found.entries())
