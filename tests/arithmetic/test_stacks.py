"""One walk over a stack against a walk for each of its places."""

from fractions import Fraction

import numpy as np
import pytest
from attrs import evolve

from ergs_verify.arithmetic import Float64
from ergs_verify.arithmetic.stacks import Float64Stacks
from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.game.gallery import gallery
from ergs_verify.recursion.backward_induction import backwards
from ergs_verify.recursion.equilibrium import nash
from ergs_verify.recursion.stages import Stages

TAUS = (Fraction(1, 8), Fraction(1), Fraction(50))


def test_equilibria_at_several_tau_are_those_at_each():
    game = gallery("time-varying")
    stages = Stages(game, Float64Stacks()).with_tau(np.array([float(tau) for tau in TAUS]))
    played = list(backwards(stages, stages.terminal()))
    for place, tau in enumerate(TAUS):
        alone = nash(evolve(game, tau_given=tau), Float64())
        for t, stage in enumerate(reversed(played)):
            for letter in ("K", "Sigma", "P"):
                for i, X in enumerate(getattr(stage, letter)):
                    right = getattr(alone, letter)[i][t]
                    # The two differ in nothing but how LAPACK takes a stack: a few roundings.
                    assert np.abs(X[place] - right).max() <= 1e-12 * np.abs(right).max()


def test_a_singular_system_spoils_its_own_place_alone():
    X = np.array([[[2.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]], [[np.nan, 0.0], [0.0, 1.0]]])
    solved = Float64Stacks().solve(X, np.ones((2, 1)))
    assert solved[0].tolist() == [[0.5], [1.0]]
    assert np.isnan(solved[1:]).all()


def test_blocks_of_a_stack_and_of_a_single_matrix():
    stack, single = np.arange(4.0).reshape(2, 2, 1), np.full((2, 1), 7.0)
    found = Float64Stacks().blocks([[stack, single]])
    assert found.tolist() == [[[0, 7], [1, 7]], [[2, 7], [3, 7]]]


def test_shapes_are_checked_at_the_end_of_the_stack():
    stacks = Float64Stacks()
    with pytest.raises(ShapeError):
        stacks.multiply(np.ones((2, 3, 2)), np.ones((2, 3, 1)))
    with pytest.raises(UnsupportedError):
        stacks.log(1.0)
