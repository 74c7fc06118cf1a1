"""ε(δ) and its bound in float64: in agreement with balls, narrow at every δ, and first asked."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from general_reference import random_game
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from random_games import games

from ergs_verify import Game, gallery, gap
from ergs_verify.arithmetic.centred import Centred
from ergs_verify.certify import augmentation
from ergs_verify.certify.float_augmentation import gaps_and_bounds, trace_less_log_det
from ergs_verify.certify.nash import certified_nash
from ergs_verify.errors import ErgsError, NotCertifiedError, SingularStageError

STEPS = [Fraction(1, 10**15), Fraction(1, 10**3), Fraction(1, 3), Fraction(50)]


def in_floats(game, step):
    nash = certified_nash(game.augmented(step), first_bits=256)
    return gaps_and_bounds(game, step, nash.found)


def in_balls(game, step):
    """With a tolerance that float64 is not asked for."""
    [row] = gap(game, step, tolerance="1e-12").rows
    assert row.verdict == "proved"
    return [x for one in row.agents for x in (one.epsilon, one.bound)]


def agree(found, wanted, part):
    for one, other in zip(found, wanted, strict=True):
        assert one.meets(other)
        assert one.relative_width <= part


@settings(max_examples=25, deadline=None)
@given(games(taus=("1/3", "2"), stages=3), st.sampled_from(STEPS))
def test_floats_agree_with_balls(game, step):
    try:
        found = in_floats(game, step)
    except SingularStageError:
        assume(False)
    agree(found, in_balls(game, step), Fraction(1, 10**6))


def test_floats_agree_with_balls_in_the_general_game():
    certified = 0
    for seed in range(30):
        game = Game.from_arrays(**random_game(seed))
        if any(tau == 0 for own in game.tau_of for tau in own):
            continue
        step = STEPS[seed % len(STEPS)]
        try:
            found = in_floats(game, step)
        except ErgsError:
            continue
        agree(found, in_balls(game, step), Fraction(1, 10**6))
        certified += 1
    assert certified >= 25


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", ["1e-30", "1e-9", "1e-3", "0.2", "0.3", "10"])
def test_a_trace_less_a_log_det(size, seed):
    """Of E = CC' of rationals, beside 60 digits of mpmath; narrow as floats are."""
    C = np.random.default_rng(seed).normal(size=(3, 3))
    E = C @ C.T / np.linalg.norm(C @ C.T) * float(size)
    found = trace_less_log_det(Centred(E))
    with mp.workdps(90):
        exact = mp.matrix([[mpf(x) for x in row] for row in E.tolist()])
        eye = mp.eye(3)
        wanted = sum(exact[k, k] for k in range(3)) - mp.log(mp.det(eye + exact))
        assert abs(wanted - mpf(float(found.middle))) <= mpf(float(found.radius))
        assert mpf(float(found.radius)) <= wanted * mpf(10) ** -9


def test_a_best_response_that_is_none_has_no_bounds():
    """W = 1 + 1/2 − 3 < 0 at τ = 1, but 7/2 at τ + 10."""
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[[0]], [[-3]]]], R=[[[1]]], tau=1, noise_cov=[[0]], horizon=1,
        indefinite=True,
    )  # fmt: skip
    with pytest.raises(NotCertifiedError, match="W is not certified"):
        in_floats(game, Fraction(10))
    [row] = gap(game, 10).rows
    assert row.verdict == "refuted"
    assert "at τ, " in row.reason


def test_what_underflows_is_left_to_balls():
    game = gallery("g-star-2")
    assert all(one.lo == 0 for one in in_floats(game, Fraction(1, 10**300)))
    [row] = gap(game, "1e-300").rows
    assert row.verdict == "proved"


def test_floats_are_asked_first(monkeypatch):
    def fails(*_arguments):
        raise AssertionError("balls were asked")

    monkeypatch.setattr(augmentation, "_gaps_and_bounds", fails)
    assert gap(gallery("g-star-2"), ["1e-9", 1]).verdict == "proved"
    with pytest.raises(AssertionError, match="balls were asked"):
        gap(gallery("g-star-2"), 1, tolerance="1e-9")
