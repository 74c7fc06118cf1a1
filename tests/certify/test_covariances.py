"""Covariances with an eigenvalue just below 0 prove nothing that no covariance shows."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ergs_verify import Game, Policy, audit
from ergs_verify.arithmetic.balls import Balls
from ergs_verify.certify import certify_gap
from ergs_verify.certify.covariances import slack
from ergs_verify.certify.loewner import Bracket
from ergs_verify.errors import NotCertifiedError

#: An ulp from ones(2, 2); in the direction (1, −1) it has −2⁻⁵³.
NEARLY = [[1.0, 1.0], [1.0, 1 - 2.0**-53]]
ONES = [[1, 1], [1, 1]]
NOTHING = [[0, 0], [0, 0]]


def game(noise_cov=NOTHING, x0_cov=NOTHING) -> Game:
    identity = [[1, 0], [0, 1]]
    return Game.from_arrays(
        A=identity,
        B=[[[1], [0]]],
        Q=[identity],
        R=[[[1]]],
        tau=0,
        noise_cov=noise_cov,
        x0_mean=[0, 0],
        x0_cov=x0_cov,
        horizon=2,
    )


#: It looks into the direction in which the nearly singular covariance is negative.
LATE = {"K": [[[[0, 0]], [[1e9, -1e9]]]]}


@pytest.mark.parametrize("name", ["noise_cov", "x0_cov"])
def test_a_gap_holds_for_every_covariance_nearby(name):
    policy = Policy.from_arrays(**LATE)
    nearly, exact = (certify_gap(game(**{name: C}), policy) for C in (NEARLY, ONES))
    wide, tight = nearly.agents[0].gap, exact.agents[0].gap
    assert exact.verdict == "proved"
    assert wide.lo <= tight.lo <= tight.hi <= wide.hi
    # (1e9)² times a slack of 2e-15, and what the dynamics make of it: nothing near 1e9 is proved.
    assert wide.lo == 0
    assert 1 < wide.hi < 1e7
    assert nearly.verdict == "undecided"
    assert audit(game(**{name: NEARLY}), LATE, epsilon=1e-9).verdict == "undecided"


def test_a_gap_of_gains_of_ordinary_size_stays_as_good_as_proved():
    found = certify_gap(game(noise_cov=NEARLY), Policy.from_arrays(K=[[[[1, 1]], [[1, 1]]]]))
    assert found.verdict == "proved"
    of_state = found.of_state()[0].constant
    exact = certify_gap(game(noise_cov=ONES), found.policy).of_state()[0].constant
    assert of_state.meets(exact)
    assert 0 < of_state.relative_width < 1e-13
    assert exact.relative_width < 1e-30


def test_a_constant_of_the_state_holds_for_every_covariance_nearby():
    nearly, exact = (
        certify_gap(game(noise_cov=C), Policy.from_arrays(**LATE)).of_state()[0].constant
        for C in (NEARLY, ONES)
    )
    assert nearly.lo <= exact.lo <= exact.hi <= nearly.hi < 1e7


@pytest.mark.parametrize("Sigma", [NEARLY, [[-1, 0], [0, -1]]])
def test_no_gap_is_certified_of_a_policy_whose_sigma_is_no_covariance(Sigma):
    one = Game.from_arrays(
        A=[[0]],
        B=[[[0, 0]]],
        Q=[[[0]]],
        R=[[[2, -1], [-1, 2]]],
        tau=0,
        noise_cov=[[0]],
        x0_mean=[0],
        x0_cov=[[0]],
        horizon=1,
    )
    policy = Policy.from_arrays(K=[[[[0], [0]]]], Sigma=[[Sigma]], as_stated=True)
    with pytest.raises(NotCertifiedError, match=r"Σ of agent 1 at t = 0 has an eigenvalue below 0"):
        certify_gap(one, policy)
    assert (
        certify_gap(one, Policy.from_arrays(K=[[[[0], [0]]]], Sigma=[[ONES]])).verdict == "proved"
    )


def test_the_slack_is_none_for_a_covariance_and_covers_its_eigenvalue_otherwise():
    assert slack(np.array(ONES, dtype=float)) == slack(np.zeros((2, 2))) == 0
    assert Fraction(1, 2**53) < slack(np.array(NEARLY)) <= 16 * Fraction(2, 2**53)


def test_a_bracket_is_widened_both_ways():
    balls = Balls(128)
    thin = Bracket.around(balls.identity(2), balls)
    wide = thin.wider(Fraction(1, 4), balls)
    for k in range(2):
        assert wide.lo[k, k] <= 0.75 <= 1.25 <= wide.hi[k, k]
        assert wide.hi[k, k] - wide.lo[k, k] < 0.51
    assert thin.wider(Fraction(0), balls) is thin
