"""Numbers entered into an arithmetic once, each array by its identity and what is added to it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from random_games import g_star

from ergs_verify.arithmetic import Rationals
from ergs_verify.recursion.stages import Stages


@pytest.fixture
def stages():
    return Stages(g_star(2), Rationals())


def test_an_array_that_is_a_weight_and_a_cost_is_entered_as_both(stages):
    array, number = np.array([[1.0]]), stages.arithmetic.to_fractions
    assert number(stages.enter(array)) == [[1]]
    assert number(stages.enter(array, diagonal=Fraction(1, 3))) == [[Fraction(4, 3)]]
    assert stages.enter(array) is stages.enter(array)


def test_an_array_of_a_moment_is_not_taken_for_the_one_before(stages):
    """Python gives the id of an array that is gone to the next one."""
    found = [stages.enter(np.array([[float(k)]])) for k in range(20)]
    assert [stages.arithmetic.to_fractions(X) for X in found] == [[[k]] for k in range(20)]
