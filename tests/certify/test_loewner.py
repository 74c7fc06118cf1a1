"""Brackets in the Loewner order hold what they should, and lose few bits."""

from __future__ import annotations

import random
from fractions import Fraction

import flint
import numpy as np
import pytest
import sympy
from flint import arb, arb_mat, fmpq, fmpq_mat

from ergs_verify import Policy, gallery
from ergs_verify.arithmetic import Balls
from ergs_verify.certify.definite import demand_definite
from ergs_verify.certify.float_norms import in_float64, spectral
from ergs_verify.certify.loewner import Bracket
from ergs_verify.certify.norms import frobenius_above, largest_eigenvalue
from ergs_verify.engine import nash as float_nash
from ergs_verify.errors import NotCertifiedError
from ergs_verify.evaluate import Evaluator
from ergs_verify.exact.definite import is_positive
from ergs_verify.paper import notation
from ergs_verify.recursion.gap import played_stages
from ergs_verify.recursion.stages import Stages


def exact(X) -> np.ndarray:
    """An arb_mat without radii as Fractions."""
    return np.array(Balls(64).to_fractions(X), dtype=object)


def random_symmetric(draw: random.Random, size: int) -> list[list[Fraction]]:
    rows = [
        [Fraction(draw.randint(-99, 99), draw.randint(1, 9)) for _ in range(size)]
        for _ in range(size)
    ]
    return [[rows[min(r, c)][max(r, c)] for c in range(size)] for r in range(size)]


def test_a_bracket_holds_every_symmetric_matrix_of_the_balls():
    draw = random.Random(3)
    for bits in (20, 53, 200):
        balls = Balls(bits)
        X = random_symmetric(draw, 4)
        matrix = balls.matrix(X, (4, 4))  # thirds: the balls have radii
        bracket = Bracket.around(matrix, balls)
        true = np.array(X, dtype=object)
        assert is_positive(true - exact(bracket.lo))
        assert is_positive(exact(bracket.hi) - true)
        width = exact(bracket.hi) - exact(bracket.lo)
        assert max(abs(x) for x in width.flat) <= 10**4 * Fraction(2) ** -bits
        for row, wanted in zip(balls.enclosures(bracket.ball(balls)), X, strict=True):
            for (lo, hi), x in zip(row, wanted, strict=True):
                assert lo <= x <= hi


@pytest.mark.parametrize("sign", [1, -1])
def test_a_bracket_holds_the_outermost_matrix_of_the_balls(sign):
    """All entries 1: 3 is an eigenvalue, as large as a row's radii together."""
    balls = Balls(64)
    bracket = Bracket.around(arb_mat(3, 3, [arb(0, 1)] * 9), balls)
    outermost = np.full((3, 3), Fraction(sign), dtype=object)
    assert is_positive(exact(bracket.hi) - outermost)
    assert is_positive(outermost - exact(bracket.lo))


def test_the_ends_of_a_bracket_are_symmetric():
    bracket = Bracket.around(arb_mat([[0, arb(1, 1)], [arb(-1, 1), 0]]), Balls(64))
    for end in (exact(bracket.lo), exact(bracket.hi)):
        assert (end == end.T).all()


@pytest.mark.parametrize("off", [Fraction(1, 2), Fraction(-1, 2)])
def test_the_ball_of_a_bracket_holds_a_matrix_that_is_on_its_edge(off):
    """Between 0 and I lie ½(1, ±1)'(1, ±1), whose eigenvalues are 0 and 1."""
    balls = Balls(64)
    ball = Bracket(balls.zeros(2, 2), balls.identity(2)).ball(balls)
    lo, hi = balls.enclosures(ball)[0][1]
    assert lo <= off <= hi


def test_what_follows_a_bracket_reaches_from_end_to_end():
    balls, P = Balls(64), sympy.MatrixSymbol("P", 2, 2)
    wide = Bracket(balls.zeros(2, 2), balls.identity(2))
    after = wide.along(Evaluator({}, balls), P, P + P, balls)
    assert exact(after.lo).tolist() == [[0, 0], [0, 0]]
    assert exact(after.hi).tolist() == [[2, 0], [0, 2]]


def test_a_step_moves_outward():
    balls = Balls(53)
    F = balls.matrix([[Fraction(1, 3), Fraction(1, 7)], [Fraction(-1, 9), Fraction(2, 3)]], (2, 2))
    start = balls.identity(2)
    bracket = Bracket(start, start)
    truth = fmpq_mat(2, 2, [1, 0, 0, 1])
    exact_F = fmpq_mat(2, 2, [fmpq(1, 3), fmpq(1, 7), fmpq(-1, 9), fmpq(2, 3)])
    for _ in range(5):
        bracket = bracket.through(
            lambda P: balls.multiply(balls.multiply(balls.transpose(F), P), F), balls
        )
        truth = exact_F.transpose() * truth * exact_F
    entries = [[Fraction(int(x.p), int(x.q)) for x in row] for row in truth.tolist()]
    true = np.array(entries, dtype=object)
    assert is_positive(true - exact(bracket.lo), strictly=True)
    assert is_positive(exact(bracket.hi) - true, strictly=True)


@pytest.mark.parametrize("seed", range(3))
def test_a_riccati_recursion_loses_few_bits(seed):
    """Some 11 bits in all, where entries' radii lose hundreds in 100 stages.

    A stage at which the others' closed loop is large loses more, for that stage alone.
    """
    game = gallery(f"random:N=2,m=8,p=2,T=100,seed={seed}").rounded()
    found = float_nash(game.floats())
    policy = Policy.from_arrays(K=found.K, Sigma=found.Sigma)
    balls = Balls(128)
    stages = Stages(game, balls)
    P = notation.P(1)
    bracket = Bracket.around(stages.terminal().P[0], balls)
    lost = []
    for stage in reversed(played_stages(stages, policy)):
        bracket = bracket.through(
            lambda end, stage=stage: stage.with_values({P: end})(stages.formula("riccati", 1)),
            balls,
        )
        with flint.ctx.workprec(53):
            width = frobenius_above(bracket.hi - bracket.lo) / frobenius_above(bracket.lo)
            lost.append(128 + float(width.log()) / np.log(2))
    assert np.median(lost) <= 8
    assert lost[-1] <= 12


def test_norms_are_bounds_and_near():
    X = np.random.default_rng(0).normal(size=(5, 7))
    matrix = arb_mat(X.tolist())
    frobenius, largest = float(frobenius_above(matrix)), spectral(in_float64([matrix]), 3).value[0]
    assert np.linalg.norm(X) <= frobenius <= np.linalg.norm(X) * (1 + 1e-12)
    assert np.linalg.norm(X, 2) <= largest <= np.linalg.norm(X, 2) * 5 ** (1 / 16)
    assert frobenius_above(arb_mat(2, 2)) == 0
    assert spectral(in_float64([arb_mat(2, 2)]), 3).value[0] < 1e-150


def test_balls_as_floats_hold_what_they_held():
    with flint.ctx.workprec(200):
        tiny, third = arb(2) ** -1100, arb(1) / 3
        matrix = arb_mat(2, 2, [tiny, third, arb(third.mid(), tiny), arb(2) ** -1030 / 3])
        found = in_float64([matrix])
        for x, middle, radius in zip(
            matrix.entries(), found.middle.ravel(), found.radius.ravel(), strict=True
        ):
            assert abs(x - arb(float(middle))).upper() <= arb(float(radius))
            assert radius <= 1e-15 * abs(middle) + 1e-300


def test_the_largest_eigenvalue():
    C = np.random.default_rng(1).normal(size=(6, 3))
    G = C @ C.T  # of rank 3
    with flint.ctx.workprec(200):
        matrix = arb_mat(C.tolist()) * arb_mat(C.T.tolist())
    found = largest_eigenvalue(matrix, 200)
    top = np.linalg.eigvalsh(G)[-1]
    # 6^{1/4096} − 1 = 4.4e-4; 1e-12 is numpy's rounding.
    assert float(found.lower()) * (1 - 1e-12) <= top <= float(found.upper()) * (1 + 1e-12)
    assert float(found.rad()) < 3e-4 * top
    assert largest_eigenvalue(arb_mat(2, 2), 64) == 0


def test_definiteness_is_proved_or_not_certified():
    balls = Balls(64)

    def two_by_two(off: int):
        rows = [[Fraction(2), Fraction(off)], [Fraction(off), Fraction(2)]]
        return balls.matrix(rows, (2, 2))

    demand_definite(two_by_two(1), balls)
    for bad in (two_by_two(2), two_by_two(3), arb_mat([[arb(0, 1)]])):
        with pytest.raises(NotCertifiedError, match="positive definite"):
            demand_definite(bad, balls)
