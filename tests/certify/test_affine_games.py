"""Games with affine terms are computed in the state (1, x), and answered in the game's own."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import attrs
import numpy as np
import pytest
from flint import arb_mat

from ergs_verify import Game, Policy, check
from ergs_verify.arithmetic import Balls
from ergs_verify.certify import Enclosure, certify_gap
from ergs_verify.certify.worst_state import largest_on_ball
from ergs_verify.report.check import check_summary
from ergs_verify.report.result_html import check_page
from ergs_verify.report.terminal import rendered

RADIUS = Fraction(3, 2)


def affine_game(**changes) -> Game:
    given = {
        "A": [["9/10", "1/10"], [0, 1]],
        "B": [[[1], [0]], [[0], [1]]],
        "Q": [[[1, 0], [0, 1]], [[2, 0], [0, 1]]],
        "R": [[[1]], [[2]]],
        "drift": ["1/2", 0],
        "x_linear": [[1, 0], [0, -1]],
        "tau": ["1/2", 1],
        "noise_cov": [["1/10", 0], [0, "1/10"]],
        "horizon": 2,
        "name": "affine",
    }
    return Game.from_arrays(**{**given, **changes})


def test_check_is_about_the_game_as_given():
    game = affine_game()
    found = check(game)
    assert found.game is game
    assert "m = 2" in rendered(check_summary(found))
    assert game.hash in check_page(found, command="")
    # P_T = Q, not bordered by x_linear.
    assert found.stages[0].gamma_P.hi < Fraction(2237, 1000)


def test_a_gap_as_a_function_of_the_state():
    game = affine_game()
    policy = Policy.from_arrays(
        K=[[[["-1/2", 0]]] * 2, [[[0, "-1/2"]]] * 2],
        k=[[["-1"]] * 2, [["1/2"]] * 2],
        Sigma=[[[["1/4"]]] * 2] * 2,
    )
    found = certify_gap(game, policy)
    for one in found.of_state(RADIUS):
        assert (len(one.matrix), len(one.linear)) == (2, 2)
        assert "2h'x" in repr(one)
        for x in ([0, 0], [1, -3]):
            there = attrs.evolve(game, x0_mean=np.array(x), x0_cov=np.zeros((2, 2), int))
            right = certify_gap(there, policy, 1e-12).agents[one.agent - 1].gap.lo
            assert abs(value(one, x) - right) <= Fraction(1, 10**9) * right
        assert one.worst.relative_width < Fraction(1, 10**9)
        # In the same direction the largest of a quadratic with G ⪰ 0 is at the ball's surface.
        around = [(math.cos(a), math.sin(a)) for a in np.linspace(0, 2 * math.pi, 2000)]
        grid = max(value(one, [Fraction(y) * RADIUS for y in point]) for point in around)
        assert grid <= one.worst.hi * (1 + Fraction(1, 10**12))
        assert grid >= one.worst.lo * (1 - Fraction(1, 10**5))


def value(one, x) -> Fraction:
    quadratic = sum(one.matrix[r][c].lo * x[r] * x[c] for r in range(2) for c in range(2))
    return (
        quadratic + 2 * sum(h.lo * y for h, y in zip(one.linear, x, strict=True)) + one.constant.lo
    )


@pytest.mark.parametrize(
    ("G", "h", "right"),
    [
        ([[0, 0], [0, 0]], [0, 0], 0),
        ([[0, 0], [0, 0]], [3, 4], 2 * 5 * RADIUS),
        ([[4, 0], [0, 1]], [0, 0], 4 * RADIUS**2),
        ([[4, 0], [0, 4]], [1, 0], 4 * RADIUS**2 + 2 * RADIUS),
        # Nothing of h along the largest eigenvalue's vector: x = (√(r² − 1/9), 1/3).
        (
            [[4, 0], [0, 1]],
            [0, 1],
            4 * (RADIUS**2 - Fraction(1, 9)) + Fraction(1, 9) + Fraction(2, 3),
        ),
    ],
)
@pytest.mark.parametrize("scale", [1, Fraction(1, 10**400), 10**400])
def test_the_worst_state_in_known_cases(G, h, right, scale):
    balls = Balls(128)
    G = [[Fraction(x) * scale for x in row] for row in G]
    h = [[Fraction(x) * scale] for x in h]
    found = largest_on_ball(balls.matrix(G, (2, 2)), balls.matrix(h, (2, 1)), RADIUS, balls)
    found = Enclosure.of(found)
    assert found.lo <= right * scale <= found.hi
    assert found.width <= Fraction(1, 10**11) * scale * 10


def test_the_worst_state_of_random_functions():
    balls, rng = Balls(96), random.Random(3)
    for _ in range(50):
        m = rng.randint(1, 4)
        X = np.array([[rng.randint(-5, 5) for _ in range(m)] for _ in range(m)])
        G, h = X @ X.T, np.array([rng.randint(-9, 9) for _ in range(m)])
        exact = arb_mat(m, m, G.ravel().tolist()), arb_mat(m, 1, h.tolist())
        found = Enclosure.of(largest_on_ball(*exact, Fraction(1), balls))
        points = np.random.default_rng(m).normal(size=(2000, m))
        points /= np.linalg.norm(points, axis=1)[:, None]
        best = np.max(np.einsum("ki,ij,kj->k", points, G, points) + 2 * points @ h)
        assert best <= float(found.hi) * (1 + 1e-12) + 1e-12
        assert found.relative_width < Fraction(1, 10**9)
