"""Attacks on the certificates: games and brackets made to break them."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
from flint import arb, arb_mat

from ergs_verify import Game, solve
from ergs_verify.arithmetic import Balls
from ergs_verify.certify.loewner import Bracket
from ergs_verify.exact.definite import is_positive


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("units", [1, 2, 3, 5, 11])
def test_the_ball_of_a_bracket_holds_both_ends_where_their_middle_is_rounded(sign, units):
    """lo + hi has one bit more than the precision, and is rounded towards zero."""
    balls = Balls(64)
    with flint.ctx.workprec(200):
        unit = arb(2) ** -63
        ends = [sign * (1 + k * unit) for k in (units, units + 1)]
        lo, hi = (arb_mat(1, 1, [end]) for end in (min(ends), max(ends)))
    ball = Bracket(lo, hi).ball(balls)
    with flint.ctx.workprec(200):
        assert ball[0, 0].contains(lo[0, 0])
        assert ball[0, 0].contains(hi[0, 0])
        assert ball[0, 0].rad() <= 2 * unit


@pytest.mark.parametrize("digits", [1, 5, 12])
def test_few_digits_of_an_ill_conditioned_covariance_are_still_definite(digits):
    """Cheap control of one state by two inputs: Σ has eigenvalues 10⁸ apart and more."""
    game = Game.from_arrays(
        A=[[1]],
        B=[[[1, "0.777"]]],
        Q=[[[1]]],
        R=[[["1e-8", 0], [0, "1e-8"]]],
        tau="1e-12",
        noise_cov=[[1]],
        horizon=1,
    )
    solution = solve(game, digits=digits)
    rows = [[Fraction(x) for x in row] for row in solution.Sigma[0][0]]
    assert is_positive(np.array(rows, dtype=object), strictly=True)
    assert solution.policy.Sigma is not None  # which is refused where Σ is indefinite
