"""What a policy costs, in balls: they hold the exact costs, what later stages add among them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ergs_verify import Game, Policy, gallery
from ergs_verify.arithmetic import Rationals
from ergs_verify.certify.enclosure import Enclosure
from ergs_verify.certify.policy_cost import enclosed_costs
from ergs_verify.recursion import evaluate_policy


@pytest.mark.parametrize("seed", range(3))
def test_the_balls_hold_what_exact_rationals_give(seed):
    game = gallery(f"random:N=2,m=2,p=1-2,T=3,tau=0,seed={seed}")
    K = [[[["1/7"] * 2] * p] * 3 for p in game.control_sizes]
    Sigma = [
        [[[Fraction(int(r == c), 3) for c in range(p)] for r in range(p)]] * 3
        for p in game.control_sizes
    ]
    policy = Policy.from_arrays(K=K, Sigma=Sigma)
    enclosed, exact = enclosed_costs(game, policy, 64), evaluate_policy(game, policy, Rationals())
    for i in range(2):
        for t in range(4):
            found = Enclosure.of(enclosed.q[i][t])
            assert Rationals().to_fraction(exact.q[i][t]) in found
            assert found.relative_width < Fraction(1, 2**55)


def test_what_rounding_did_to_a_later_constant_stays_in_the_earlier_ones():
    """q_1 = Σ_1 = 1/3, to which t = 0 adds nothing."""
    game = Game.from_arrays(
        A=[[0]], B=[[[1]]], Q=[[[0]]], R=[[[1]]], tau=0, noise_cov=[[0]], horizon=2
    )
    policy = Policy.from_arrays(K=[[[[0]], [[0]]]], Sigma=[[[[0]], [["1/3"]]]])
    found = Enclosure.of(enclosed_costs(game, policy, 64).q[0][0])
    assert Fraction(1, 3) in found
    assert found.relative_width < Fraction(1, 2**60)
