"""Balanced coordinates: errors grow less in them, and far less than in unbalanced ones."""

from __future__ import annotations

import numpy as np
import pytest

from ergs_verify.certify.balance import balanced, root_of_inverse


def growth(loop: np.ndarray, linear: np.ndarray, Z: np.ndarray) -> float:
    wide = np.kron(np.eye(len(linear) // len(loop)), Z)
    norms = (np.linalg.norm(np.linalg.solve(S, X @ S), 2) for S, X in ((Z, loop), (wide, linear)))
    return float(2 * np.prod(list(norms)))


@pytest.mark.parametrize("agents", [1, 3])
def test_errors_grow_little_in_balanced_coordinates(agents):
    draw = np.random.default_rng(agents)
    for _ in range(10):
        loop = np.diag(draw.uniform(-0.7, 0.7, size=6)) + np.triu(draw.normal(size=(6, 6)), 1)
        linear = np.kron(np.diag(draw.uniform(0.3, 0.5, size=agents)), loop)
        linear += 0.02 * draw.normal(size=linear.shape)
        Z = balanced(loop, linear, np.eye(6))
        before, after = growth(loop, linear, np.eye(6)), growth(loop, linear, Z)
        assert before > 2
        assert after < min(1.3, before / 2)
        assert np.linalg.cond(Z) < 1e4


def test_coordinates_in_which_errors_shrink_are_kept():
    start = np.diag([1.0, 2.0])
    assert balanced(0.2 * np.eye(2), 0.1 * np.eye(2), start) is start


@pytest.mark.parametrize("size", [2.0**-10, 2.0**10])
def test_many_states_whose_determinant_leaves_float64(size):
    loop = np.triu(np.random.default_rng(0).normal(size=(110, 110)))
    Z = balanced(loop, loop, size * np.eye(110))
    assert growth(loop, loop, Z) < growth(loop, loop, np.eye(110))


def test_what_is_not_finite_is_left_alone():
    start = np.eye(2)
    assert balanced(np.full((2, 2), np.nan), np.eye(2), start) is start


def test_costs_are_the_unit_in_roots_of_their_inverses():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(5, 4, 4))
    costs = X @ X.swapaxes(-1, -2) + np.eye(4)
    S = root_of_inverse(costs)
    np.testing.assert_allclose(
        S.swapaxes(-1, -2) @ costs @ S, np.broadcast_to(np.eye(4), X.shape), atol=1e-8
    )
    # A direction that costs nothing counts as a part of the dearest.
    assert np.linalg.norm(root_of_inverse(np.diag([1.0, 0.0])[None])) < 2**11
