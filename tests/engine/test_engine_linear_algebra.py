"""One bad matrix in a stack becomes NaN and leaves the others as they are."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from ergs_verify.engine.linear_algebra import (
    cholesky,
    eliminate,
    inverse_and_roots,
    log_det_covariance,
    product_in_step,
    solve,
    solve_in_step,
    symmetric,
    symmetrise,
)

GOOD = np.array([[4.0, 2.0], [2.0, 5.0]])
ROOT = np.array([[2.0, 0.0], [1.0, 2.0]])
BAD = {
    "singular": np.ones((2, 2)),
    "zero": np.zeros((2, 2)),
    "NaN": np.full((2, 2), np.nan),
    "partly NaN": np.array([[np.nan, 0.0], [0.0, 0.0]]),
    "infinite": np.full((2, 2), np.inf),
}


def inverse_and_log_det(X):
    inverse, roots = inverse_and_roots(X)
    return inverse, 2 * np.log(roots).sum(-1)


@pytest.mark.parametrize("first", BAD)
@pytest.mark.parametrize("second", BAD)
def test_bad_matrices_spoil_no_other(first, second):
    stack = np.stack([GOOD, BAD[first], GOOD, BAD[second]])
    with np.errstate(all="ignore"):
        system = np.concatenate([stack, np.broadcast_to(np.eye(2), stack.shape)], axis=-1)
        solved, in_step = solve(system), solve_in_step(system)
        factors = cholesky(stack)
        logs = log_det_covariance(stack)
        inverses, inverse_logs = inverse_and_log_det(stack)
    for good in (0, 2):
        np.testing.assert_allclose(solved[good], [[5 / 16, -1 / 8], [-1 / 8, 1 / 4]], rtol=1e-15)
        np.testing.assert_allclose(in_step[good], solved[good], rtol=1e-15)
        np.testing.assert_array_equal(factors[good], ROOT)
        np.testing.assert_allclose(logs[good], np.log(16), rtol=1e-15)
        np.testing.assert_allclose(inverses[good], solved[good], rtol=1e-15)
        np.testing.assert_allclose(inverse_logs[good], np.log(16), rtol=1e-15)
    for bad in (1, 3):
        assert np.isnan(solved[bad]).any()
        assert not np.isfinite(in_step[bad]).all()
        assert not np.isfinite(factors[bad]).all()
        assert np.isneginf(logs[bad])
        assert not np.isfinite(inverses[bad]).all()
        assert not np.isfinite(inverse_logs[bad])


@pytest.mark.parametrize("bad", BAD)
def test_eliminate_with_pivots_of_its_own_in_each(bad):
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(50, 4, 4)), rng.normal(size=(50, 4, 3))
    X[:, 0, 0] = 0  # no game does without an exchange of rows
    X[7] = np.tile(BAD[bad], (2, 2))
    with np.errstate(all="ignore"):
        solved = eliminate(np.moveaxis(np.concatenate([X, Y], axis=-1), 0, -1).copy())
    solved = np.moveaxis(solved, -1, 0)
    assert not np.isfinite(solved[7]).all()
    good = np.delete(np.arange(50), 7)
    # Condition numbers stay below 200: some ten roundings each.
    np.testing.assert_allclose(solved[good], np.linalg.solve(X[good], Y[good]), atol=1e-12)


def test_indefinite_is_no_covariance():
    indefinite = np.array([[1.0, 2.0], [2.0, 1.0]])
    with np.errstate(all="ignore"):
        assert np.isnan(cholesky(indefinite)).any()
        assert np.isneginf(log_det_covariance(indefinite))


def test_indefinite_has_no_inverse_here():
    with np.errstate(all="ignore"):
        inverse, log_det = inverse_and_log_det(np.array([[[1.0, 2.0], [2.0, 1.0]], GOOD]))
    assert np.isnan(inverse[0]).any()
    assert np.isnan(log_det[0])
    assert np.isfinite(inverse[1]).all()


@pytest.mark.parametrize("rows", [1, 3, 8])
def test_inverse_and_roots(rows):
    rng = np.random.default_rng(rows)
    X = rng.normal(size=(4, 5, rows, rows))
    X = X @ X.swapaxes(-1, -2) + np.eye(rows)
    inverse, log_det = inverse_and_log_det(X)
    # Condition numbers stay below 100 rows: some ten roundings each.
    np.testing.assert_allclose(inverse @ X, np.broadcast_to(np.eye(rows), X.shape), atol=1e-12)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(X).logabsdet, rtol=1e-12, atol=1e-12)


def test_small_and_ill_conditioned_covariances_are_still_regular():
    tiny = np.diag([1e-30, 1e-200, 1e20])
    np.testing.assert_allclose(log_det_covariance(tiny), -210 * np.log(10), rtol=1e-14)
    close = np.array([[1.0, 1 - 1e-12], [1 - 1e-12, 1.0]])
    # 1 − (1−10⁻¹²)² is left of 1 with an error of 2⁻⁵², 2e-4 relative to it.
    np.testing.assert_allclose(log_det_covariance(close), np.log(2e-12), atol=2e-4)


def test_symmetric():
    np.testing.assert_array_equal(symmetric(np.array([[1.0, 2.0], [4.0, 3.0]])), [[1, 3], [3, 3]])


@pytest.mark.parametrize("first", [1, 7, 300])
def test_symmetrise_in_slabs(first):
    X = np.random.default_rng(0).normal(size=(first, 40, 5, 5))
    wanted = symmetric(X)
    np.testing.assert_array_equal(symmetrise(X), wanted)
    np.testing.assert_array_equal(X, wanted)


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("rows", [1, 2, 4])
def test_in_step_whatever_lies_innermost(order, rows):
    rng = np.random.default_rng(rows)
    shape = (2, 3, 4)
    # The axes of the stack lie in memory in this order, behind those of the matrices.
    back = [2 + order.index(axis) for axis in range(3)]
    X = rng.normal(size=(rows, rows, *(shape[axis] for axis in order))).transpose(*back, 0, 1)
    X = product_in_step(X, X.swapaxes(-1, -2)) + 0.1 * np.eye(rows)
    Y = rng.normal(size=(*shape, rows, 3))
    plain = X.copy()
    # Condition numbers stay below a thousand: some ten roundings each.
    close = {"rtol": 1e-11, "atol": 1e-11}
    np.testing.assert_allclose(product_in_step(X, Y), plain @ Y, **close)
    np.testing.assert_allclose(cholesky(X), np.linalg.cholesky(plain), **close)
    system = np.concatenate([X, Y], axis=-1)
    np.testing.assert_allclose(solve_in_step(system), np.linalg.solve(plain, Y), **close)
    inverse, log_det = inverse_and_log_det(X)
    np.testing.assert_allclose(inverse, np.linalg.inv(plain), **close)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(plain).logabsdet, **close)
    assert inverse.strides[:3] == cholesky(X).strides[:3] == X.strides[:3]
