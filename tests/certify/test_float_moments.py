"""Second moments in float64: the exact ones lie in the brackets, and these are narrow."""

from __future__ import annotations

from fractions import Fraction

import attrs
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from random_games import games, scaled

from ergs_verify import Game, Policy, gallery
from ergs_verify.arithmetic import Balls, Rationals
from ergs_verify.arithmetic.centred import Centred
from ergs_verify.certify import float_moments
from ergs_verify.certify.covariances import slacks
from ergs_verify.certify.float_norms import in_float64
from ergs_verify.exact import fractions
from ergs_verify.exact.definite import is_positive
from ergs_verify.recursion import second_moments

BALLS = Balls(128)
#: A part of the largest moment, and what float64 adds to 0.
FEW, TINY = Fraction(1, 2**28), Fraction(1, 2**900)
FIELDS = ("middle", "radii")


def drawn_policies(game, seed, count=3):
    """Policies of rationals, all with the same part of the first agent."""
    draw = np.random.default_rng(seed)

    def over_time(rows, cols):
        return [
            [[Fraction(int(x), 7) for x in row] for row in draw.integers(-9, 9, (rows, cols))]
            for _ in range(game.horizon)
        ]

    def covariances(p):
        return [
            [[sum(a * b for a, b in zip(x, y, strict=True)) for y in rows] for x in rows]
            for rows in over_time(p, p)
        ]

    def part(p):
        return over_time(p, game.state_size), covariances(p)

    first, *others = game.control_sizes
    shared = part(first)
    policies = [[shared, *map(part, others)] for _ in range(count)]
    return [
        Policy.from_arrays(K=[K for K, _ in parts], Sigma=[S for _, S in parts])
        for parts in policies
    ]


def bracketed(game, policies):
    """(policies, T, 2, m, m)"""

    def over_policies(letter, k):
        entered = [
            in_float64([BALLS.matrix(X.tolist(), X.shape) for X in getattr(one, letter)[k]])
            for one in policies
        ]
        return Centred(*(np.stack([getattr(X, name) for X in entered]) for name in FIELDS))

    letters = ([over_policies(letter, k) for k in range(game.agents)] for letter in ("K", "Sigma"))
    with np.errstate(all="ignore"):
        return float_moments.second_moments(game, *letters)


def exact(X):
    return np.array(fractions(X), dtype=object)


@settings(max_examples=40, deadline=None)
@given(games(stages=4), st.integers(0, 99), st.integers(-40, 40))
def test_the_exact_moments_lie_between(game, seed, units):
    """In units of the states however far apart."""
    policies = drawn_policies(game, seed)
    D = np.array([Fraction(2) ** (units * k) for k in range(game.state_size)], dtype=object)
    game = scaled(game, states=D.tolist())
    policies = [
        Policy.from_arrays(K=[[X * D for X in own] for own in one.K], Sigma=one.Sigma)
        for one in policies
    ]
    for policy, found in zip(policies, bracketed(game, policies), strict=True):
        wanted = second_moments(game, policy, Rationals())
        for true, ends in zip(wanted, found, strict=True):
            true = np.array(Rationals().to_fractions(true), dtype=object)
            lo, hi = map(exact, ends)
            assert is_positive(true - lo)
            assert is_positive(hi - true)
            # Beside the largest moment in the first units.
            sizes, widths = (np.diag(X) * D**2 for X in (hi, hi - lo))
            assert max(widths) <= max(sizes) * FEW + TINY
            ball = float_moments.between(ends)
            assert (abs(true - exact(ball.middle)) <= exact(ball.radii)).all()


def test_a_covariance_that_rounding_left_indefinite_stands_for_all_near_it():
    root = np.array([[0.3, 0.7]])
    noise = root.T @ root
    game = Game.from_arrays(
        A=np.eye(2) * 0.9, B=[[[1], [0]]], Q=[np.eye(2)], R=[[[1]]], tau=1,
        noise_cov=noise, horizon=2, x0_mean=[0, 0], x0_cov=noise,
    )  # fmt: skip
    (slack, _) = slacks(game.noise)
    assert slack > 0
    [[_, (lo, hi)]] = bracketed(game, drawn_policies(game, 1, count=1))
    width = exact(hi) - exact(lo)
    assert is_positive(width - 2 * slack * np.array([[1, 0], [0, 1]], dtype=object))


def test_what_float64_does_not_hold_has_no_bounds():
    game = attrs.evolve(gallery("g-star-2"), x0_mean=np.array([1e200, 1e200]))
    assert not np.isfinite(bracketed(game, drawn_policies(game, 1, count=1))).all()
