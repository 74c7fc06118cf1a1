"""What plain linear solves lose, in units far apart and otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from ergs_verify import Game
from ergs_verify.audit import accuracy
from ergs_verify.audit.right_ways import lost_by_right_ways
from ergs_verify.audit.solution import audit
from ergs_verify.certify.nash import certified_nash
from ergs_verify.engine import nash


def units_apart(u: float) -> Game:
    """Two agents with two controls each, the second in units of 1/u."""
    rng = np.random.default_rng(1)
    units, m = np.array([1, u]), 3
    squares = [X @ X.T for X in rng.normal(size=(4, m, m))]
    return Game.from_arrays(
        A=0.6 * rng.normal(size=(m, m)), B=[X / units for X in rng.normal(size=(2, m, 2))],
        Q=squares[:2], R=[X[:2, :2] / np.outer(units, units) for X in squares[2:]],
        tau=u**-2 / 2, noise_cov=np.eye(m), horizon=3,
    )  # fmt: skip


def losses(game: Game) -> tuple[accuracy.Allowed, accuracy.Allowed]:
    found = certified_nash(game).found
    allowed = accuracy.of_equilibrium(game, found)
    right = nash(game.floats())
    return allowed, lost_by_right_ways(game, right, allowed, accuracy.LETTERS)


def ratio(u: float) -> float:
    """What plain solves lose of an agent's gains, in terms of what float64 can keep."""
    allowed, lost = losses(units_apart(u))
    return max(
        float((more.errors / bar.errors).max())
        for bars, others in zip(allowed["K"], lost["K"], strict=True)
        for bar, more in zip(bars, others, strict=True)
    )


def test_they_lose_more_the_further_units_are_apart():
    near, far = ratio(1.0), ratio(2.0**16)
    assert near < 300  # the loss itself, by which the factor of 300 multiplies, is within the bar
    assert far > 30 * near


def test_the_bars_have_the_shapes_and_units_of_the_first_ones():
    allowed, lost = losses(units_apart(4.0))
    for letter in accuracy.LETTERS:
        for bars, others in zip(allowed[letter], lost[letter], strict=True):
            for bar, more in zip(bars, others, strict=True):
                assert more.errors.shape == bar.errors.shape
                assert more.units is bar.units
                assert np.isfinite(more.errors).all()


@pytest.mark.parametrize("off", [1e-3, 1e-6])
def test_what_they_do_not_lose_fails(off):
    """In norm, 2¹⁶ apart, a bound would excuse 1e-6 and more; no solver loses so much."""
    game = units_apart(2.0**16)
    answer = nash(game.floats())
    K = [X.copy() for X in answer.K]
    K[0][1] *= 1 + off
    found = audit(game, {"K": K, "Sigma": answer.Sigma}, explain=False)
    assert found.verdict == "fail"
    assert not found.quantities["K"].excused


def test_it_is_the_same_every_time():
    game = units_apart(4.0)
    once, again = losses(game)[1], losses(game)[1]
    assert (once["K"][0][0].errors == again["K"][0][0].errors).all()


def test_a_run_that_breaks_off_excuses_everything():
    game = units_apart(1.0)
    found = certified_nash(game).found
    allowed = accuracy.of_equilibrium(game, found)
    lost = lost_by_right_ways(
        Game.from_arrays(
            A=1e200 * np.eye(3), B=[1e200 * np.ones((3, 2))] * 2, Q=[np.eye(3)] * 2,
            R=[np.eye(2)] * 2, tau=1, noise_cov=np.eye(3), horizon=3,
        ),
        nash(game.floats()), allowed, ["K"],
    )  # fmt: skip
    assert lost["K"][0][0].errors.max() == np.inf
