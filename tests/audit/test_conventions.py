"""Declared conventions: a solver that keeps them gives the game's equilibrium, in its letters."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_games import games

from ergs_verify.audit.conventions import Conventions
from ergs_verify.audit.foreign import FunctionSolver
from ergs_verify.engine import nash
from ergs_verify.errors import InputError, SingularStageError
from ergs_verify.game.gallery import gallery

FLAGS = [field.name for field in attrs.fields(Conventions)]
GAME = gallery("time-varying").rounded()


def keeping(conventions):
    """A solver with these conventions, which takes what it is handed at its word."""

    def solver(game):
        own = attrs.evolve(game)
        if conventions.half_costs:
            own.Q, own.R = tuple(Q / 2 for Q in own.Q), tuple(R / 2 for R in own.R)
        if conventions.tau_in_R:
            own.tau = 0.0
        right = nash(own)
        given = {
            "K": [-K if conventions.negative_gain else K for K in right.K],
            "P": [P * 2 if conventions.half_values else P for P in right.P],
        }
        if not conventions.tau_in_R:
            given["Sigma"] = right.Sigma
        if conventions.time_last:
            given = {
                letter: [np.moveaxis(X, 0, -1) for X in each] for letter, each in given.items()
            }
        return {**given, "q": right.q}

    return solver


def plain(game):
    """The plain game whose equilibrium has the gains of the game, by equation (20)."""
    R = tuple(R + game.tau / 2 * np.eye(R.shape[-1]) for R in game.R)
    return attrs.evolve(game, R=R, tau=0.0)


@settings(max_examples=40)
@given(game=games(), flags=st.sets(st.sampled_from(FLAGS)))
def test_a_solver_that_keeps_what_is_declared_gives_the_equilibrium(game, flags):
    conventions = Conventions(**dict.fromkeys(flags, True))
    game = game.rounded()
    arrays = game.floats()
    try:
        right = nash(plain(arrays) if conventions.tau_in_R else arrays)
    except SingularStageError:
        assume(False)
    solver = FunctionSolver(function=keeping(conventions), conventions=conventions)
    outcome = solver(game)
    assert outcome.trouble is None
    policy = outcome.policy
    for i in range(game.agents):
        # Halving and doubling are exact, so nothing rounds differently.
        assert np.array_equal(np.stack(policy.K[i]), right.K[i])
        assert np.array_equal(np.stack(policy.P[i]), right.P[i])
        # The Cholesky factor of W/2 is that of W over √2, which does round; entries of these
        # games are small integers, so that no more than six digits can be lost on the way.
        assert np.allclose(policy.q[i], right.q[i], rtol=1e-9, atol=1e-9)
        if policy.Sigma is not None:
            assert np.allclose(np.stack(policy.Sigma[i]), right.Sigma[i], rtol=1e-9, atol=1e-9)
    assert (policy.Sigma is None) == conventions.tau_in_R


@pytest.mark.parametrize("flag", FLAGS)
def test_what_is_not_declared_shows(flag):
    outcome = FunctionSolver(function=keeping(Conventions(**{flag: True})))(GAME)
    right = nash(GAME.floats())
    if flag == "time_last":
        assert outcome.trouble.kind == "no policy"
        assert outcome.trouble.message.endswith("it would fit with the convention time-last")
        return
    letter = "P" if flag == "half_values" else "K"
    ours, theirs = getattr(outcome.policy, letter)[1], getattr(right, letter)[1]
    assert np.abs(np.stack(ours) - theirs).max() > 0.01 * np.abs(theirs).max()


def test_numbers_that_fit_neither_way_have_no_hint():
    outcome = FunctionSolver(function=lambda _: {"K": [np.ones((2, 3, 5))] * 3})(GAME)
    assert "time-last" not in outcome.trouble.message


def test_rational_answers_stay_exact():
    def solver(_):
        return {"K": [[[["1/3"]]]], "P": [[[["1/7"]], [[1]]]], "q": [["2/9", 0]]}

    game = gallery("random:N=1,m=1,T=1")
    policy = FunctionSolver(
        function=solver, conventions=Conventions(negative_gain=True, half_costs=True)
    )(game).policy
    assert str(policy.K[0][0][0, 0]) == "-1/3"
    assert str(policy.P[0][0][0, 0]) == "2/7"
    assert str(policy.q[0][0]) == "4/9"


def test_words_declare_conventions():
    words = [flag.replace("_", "-") for flag in FLAGS]
    assert Conventions.named(words) == Conventions(**dict.fromkeys(FLAGS, True))
    assert Conventions.named([]) == Conventions()
    assert Conventions.named("time-last") == Conventions(time_last=True)


def test_an_unknown_word_is_an_input_error():
    with pytest.raises(
        InputError, match=r'"half-cost" is not a convention.*nearest is "half-costs"'
    ):
        Conventions.named(["half-cost"])


def test_a_zero_sigma_is_right_where_tau_was_handed_in_R():
    conventions = Conventions(tau_in_R=True)
    assert FunctionSolver(function=nash, conventions=conventions)(GAME).policy.Sigma is None
    right = FunctionSolver(function=nash)(GAME).policy
    assert conventions.applied(right).Sigma is right.Sigma
