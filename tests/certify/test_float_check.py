"""Float64's verdicts about stacks are those of `check`, as far as they go."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from flint import arb, arb_mat
from hypothesis import given, settings
from hypothesis import strategies as st
from test_float_nash import rounded, stacked

from ergs_verify import check
from ergs_verify.arithmetic.centred import Centred
from ergs_verify.certify.float_check import check_stack, sides_of_one
from ergs_verify.certify.float_gap import gap_bounds
from ergs_verify.certify.spectral import spectral_radius
from ergs_verify.errors import InputError
from ergs_verify.game import Game
from ergs_verify.game.gallery import gallery

VERDICTS = {"proved": 1, "refuted": -1, "undecided": 0}
NAMES = [f"random:N=3,m=2,p=1,T=3,tau={tau},seed={k}" for k in range(4) for tau in (1, 30, 20000)]


def test_verdicts_are_those_of_check():
    games = [rounded(name) for name in NAMES]
    found = check_stack(stacked([game.floats() for game in games]))
    assert found.decided.all()
    assert set(found.assumption_III_3) == set(found.loop) == {1, -1}
    for k, game in enumerate(games):
        exact = check(game)
        assert exact.nash.unique == "proved"
        assert exact.assumption_III_3 is not None
        assert found.assumption_III_3[k] == VERDICTS[exact.assumption_III_3.verdict]
        converges = all(stage.inner_loop == "converges" for stage in exact.stages)
        assert found.loop[k] == (1 if converges else -1)
        signs = [1 if stage.det_phi.lo > 0 else -1 for stage in exact.stages]
        assert found.det_sign[[stage.t for stage in exact.stages], k].tolist() == signs


def test_what_lies_on_the_border_is_not_decided():
    game = gallery("g-star-2").floats()
    # ρ is 1 at τ = 4, where there is no equilibrium either; det Φ changes its sign there.
    found = check_stack(evolve(game, tau=np.array([4 - 2.0**-40, 4.0, 4 + 2.0**-40, 3.0])))
    assert found.unique.tolist() == [True, False, True, True]
    assert found.det_sign[0].tolist() == [-1, 0, 1, -1]
    assert found.loop.tolist() == [-1, 0, 0, -1]


def test_no_entropy_and_one_agent():
    plain = check_stack(gallery("plain-lq"))
    assert plain.unique.all()
    assert plain.assumption_III_3.tolist() == [-1]
    assert check_stack(gallery("lqr")).assumption_III_3.tolist() == [1]


def test_the_general_game_is_refused():
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=1, noise_cov=[[1]], horizon=1, drift=[1]
    )
    with pytest.raises(InputError, match="check of a stack"):
        check_stack(game)


@pytest.mark.parametrize("name", ["quantecon-duopoly", "stationary-zero-sum"])
def test_arrays_of_a_general_game_are_refused(name):
    """They would be taken for another game's, one without discount and linear terms."""
    games = gallery(name).floats()
    with pytest.raises(InputError, match="takes only games of the paper's class"):
        check_stack(games)
    with pytest.raises(InputError, match="takes only games of the paper's class"):
        gap_bounds(games, [], [])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"A": np.ones((3, 1, 2, 3))}, r"B\[0\] has shape \(1, 2, 1\), but its last axes must be"),
        ({"tau": np.ones((2, 2))}, r"tau has batch axes \(2, 2\), but a stack in float64 has one"),
        ({"tau": np.ones(3), "A": np.ones((2, 1, 2, 2))}, "tau has 3 games, but arrays before it"),
        ({"B": (np.ones((1, 2, 1)),)}, "B, Q and R need an array for each agent"),
        ({"R": (np.ones((2, 1, 1)),) * 2}, r"R\[0\] has shape \(2, 1, 1\), but its last axes must"),
        ({"x0_mean": np.ones(3)}, r"x0_mean has shape \(3,\), but its last axes must be \(2,\)"),
    ],
)
def test_arrays_that_do_not_fit_are_named(change, message):
    with pytest.raises(InputError, match=message):
        check_stack(evolve(gallery("g-star-2").floats(), **change))


def test_arrays_without_a_batch_axis_are_shared():
    game = gallery("g-star-2").floats()
    many = evolve(game, tau=np.array([2.0, 3.0]), A=game.A[None], Q=(game.Q[0][None], game.Q[1]))
    assert check_stack(many).unique.tolist() == [True, True]


entries = st.floats(-2, 2, width=16)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(entries, min_size=9, max_size=9), min_size=1, max_size=3), st.floats(0, 1))
def test_sides_of_one(rows, radius):
    X = np.array(rows).reshape(-1, 3, 3)
    with np.errstate(all="ignore"):
        found = sides_of_one(Centred(X, np.full(X.shape, radius * 1e-3)))
    for matrix, side in zip(X, found, strict=True):
        exact = spectral_radius(arb_mat([[arb(x) for x in row] for row in matrix.tolist()]), 128)
        assert side == 0 or (exact.lo < 1 if side > 0 else exact.hi >= 1)
        if radius == 0 and not 0.99 < exact.lo <= exact.hi < 1.01:
            assert side != 0
