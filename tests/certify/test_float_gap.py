"""Gaps bounded in float64: never below what balls enclose, and near it."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ergs_verify import Policy, certify_gap, engine, gallery
from ergs_verify.certify import float_gap
from ergs_verify.certify.float_gap import gap_bounds
from ergs_verify.errors import InputError
from ergs_verify.paper.gap import gap_formulas


def stack_of(seed, count=3, **keys):
    words = ",".join(f"{key}={value}" for key, value in keys.items())
    games = [gallery(f"random:{words},seed={seed + k}").rounded() for k in range(count)]
    return games, engine.stack_games([game.floats() for game in games])


def wrong(games, K, Sigma, bounds, closeness=1e-6, floor=1e-9):
    """What lies below the certified gap, or far above it."""
    found = []
    for g, game in enumerate(games):
        policy = Policy.from_arrays(K=[X[g] for X in K], Sigma=[X[g] for X in Sigma])
        for one in certify_gap(game, policy).agents:
            bound = bounds[one.agent - 1, g]
            if not one.gap.lo <= bound:
                found.append((g, one.agent, "below"))
            if not bound <= float(one.gap.hi) * (1 + closeness) + floor:
                found.append((g, one.agent, "far"))
    return found


def off(stack, draw, size):
    """The equilibrium with every entry of K and the scale of Σ moved."""
    found = engine.nash(stack)
    K = [X + size * draw.uniform(-1, 1, X.shape) for X in found.K]
    return K, [X * (1 + size) for X in found.Sigma]


@given(
    seed=st.integers(0, 10**6),
    N=st.integers(1, 3),
    m=st.integers(1, 3),
    p=st.integers(1, 2),
    tau=st.sampled_from(["0", "1e-3", "1", "1000"]),
    size=st.sampled_from([0.0, 1e-6, 1e-3, 1.0]),
)
def test_the_bounds_hold_and_are_near(seed, N, m, p, tau, size):
    games, stack = stack_of(seed, N=N, m=m, p=p, T=3, tau=tau)
    K, Sigma = off(stack, np.random.default_rng(seed), size)
    bounds = gap_bounds(stack, K, Sigma)
    # The covariance's part is a difference, known to roundings of τ.
    scale = max(1.0, float(tau), *(np.abs(X).max() for X in K))
    assert wrong(games, K, Sigma, bounds, closeness=1e-4, floor=1e-9 * scale) == []


def test_a_wrong_formula_would_be_seen(monkeypatch):
    games, stack = stack_of(0, N=2, m=2, p=1, T=3)
    K, Sigma = off(stack, np.random.default_rng(0), 0.1)
    assert wrong(games, K, Sigma, gap_bounds(stack, K, Sigma)) == []
    right = gap_formulas(float_gap.PAPER)
    for name in ("gain_part", "second_moment", "covariance_part"):
        faulty = attrs.evolve(right, **{name: getattr(right, name) / 2})
        monkeypatch.setattr(float_gap, "gap_formulas", lambda _, faulty=faulty: faulty)
        assert wrong(games, K, Sigma, gap_bounds(stack, K, Sigma)) != []


def test_what_is_not_bounded_is_nan_and_spoils_no_other():
    _, stack = stack_of(0, N=2, m=2, p=1, T=3)
    found = engine.nash(stack)
    Sigma = [X.copy() for X in found.Sigma]
    Sigma[1][2, 1] = 0.0
    bounds = gap_bounds(stack, found.K, Sigma)
    assert np.argwhere(np.isnan(bounds)).tolist() == [[1, 2]]


def test_an_indefinite_problem_is_not_bounded():
    """Against these gains agent 1's W is negative: it has no best response."""
    _, stack = stack_of(0, count=1, N=2, m=1, p=1, T=2)
    bad = attrs.evolve(stack, R=tuple(-100 * R for R in stack.R))
    found = engine.nash(stack)
    assert np.isnan(gap_bounds(bad, found.K, found.Sigma)).all()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda K, S: (K[:1], S), "K and Sigma need an entry for each of 2 agents"),
        (
            lambda K, S: ([K[0].swapaxes(-1, -2), K[1]], S),
            "K of agent 1 has shape (3, 3, 2, 1), but must be (3, 3, 1, 2)",
        ),
        (
            lambda K, S: (K, [S[0], S[1][:1]]),
            "Sigma of agent 2 has shape (1, 3, 1, 1), but must be (3, 3, 1, 1)",
        ),
    ],
)
def test_policies_that_do_not_fit_are_refused(change, told):
    _, stack = stack_of(0, N=2, m=2, p=1, T=3)
    found = engine.nash(stack)
    with pytest.raises(InputError) as caught:
        gap_bounds(stack, *change(list(found.K), list(found.Sigma)))
    assert caught.value.message == told
