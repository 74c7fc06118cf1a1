"""Games and policies of infinite horizon: no time axis anywhere, refused by what counts stages."""

import numpy as np
import pytest
from jsonschema import validate

import ergs_verify
from ergs_verify import Game, Policy, load_game
from ergs_verify.arithmetic import Rationals
from ergs_verify.engine import equilibrium
from ergs_verify.errors import InputError
from ergs_verify.game.policy import load_solution
from ergs_verify.recursion import gaps, nash
from ergs_verify.report.schema import schema


def letters(**changes):
    given = {
        "A": [[1.0, 0.5], [0.0, 0.5]],
        "B": [[[0.0], [1.0]], [[1.0, 0.0], [0.0, 1.0]]],
        "Q": [[[1.0, 0.0], [0.0, 1.0]]] * 2,
        "R": [[[1.0]], [[1.0, 0.0], [0.0, 1.0]]],
        "S": [[[0.25, 0.0]], [[0.0, 0.0]] * 2],
        "tau": [0.5, 1.0],
        "discount": [0.875, 0.5],
        "noise_cov": [[1.0, 0.0], [0.0, 0.0]],
        "horizon": "infinite",
    }
    return given | changes


def policy(**changes):
    given = {"K": [[[0.5, 0.0]], [[0.0, 0.0], [0.0, 1.0]]], "q": [1.0, 2.0], "P": [np.eye(2)] * 2}
    return Policy.from_arrays(**{**given, **changes})


def test_nothing_has_a_time_axis():
    game = Game.from_arrays(**letters())
    assert game.stationary
    assert game.horizon == "infinite"
    assert game.A.shape == (2, 2)
    assert game.B[1].shape == (2, 2)
    assert game.R[0].shape == (1, 1)
    assert game.joint_S[0].shape == (3, 2)
    assert "T=infinite" in repr(game)
    assert "infinite" in game._repr_html_()
    stage = game.one_stage
    assert stage.horizon == 1
    assert stage.A[0] is game.A
    assert len(stage.Q[0]) == 2
    assert game.part(agents=[1]).stationary
    assert game.rounded().hash == game.hash


@pytest.mark.parametrize("end", ["json", "npz", "mat"])
def test_files_give_the_same_game_and_policy(tmp_path, end):
    game, given = Game.from_arrays(**letters(name="endless")), policy(Sigma=[[[1.0]], np.eye(2)])
    game.save(tmp_path / f"game.{end}")
    given.save(tmp_path / f"policy.{end}")
    again, read = load_game(tmp_path / f"game.{end}"), load_solution(tmp_path / f"policy.{end}")
    assert again.hash == game.hash
    assert again.stationary
    read.validate(again)
    assert read.horizon == "infinite"
    assert np.array_equal(read.K[1], given.K[1])
    assert [float(q) for q in read.q] == [1.0, 2.0]
    assert read.P[0].shape == (2, 2)


def test_documents_fit_their_schemas():
    from ergs_verify.game import documents

    validate(documents.game_document(Game.from_arrays(**letters())), schema("game"))
    validate(documents.policy_document(policy(), {}), schema("solution"))


def test_the_hash_is_that_of_what_is_said():
    plain = letters(discount=None, S=None, tau="1/2")
    game = Game.from_arrays(**plain)
    assert game.hash == Game.from_arrays(**{**plain, "discount": [1, 1]}).hash
    assert game.hash != Game.from_arrays(**{**plain, "horizon": 1}).hash


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"A": [[[1, 0], [0, 1]]] * 3},
            "A is a list over time, but the horizon is infinite: nothing changes over time, and no "
            "cost is terminal",
        ),
        (
            {"Q": [[np.eye(2), np.eye(2)], np.eye(2)]},
            "Q[0] (agent 1) is a list over time, but the horizon is infinite: nothing changes over "
            "time, and no cost is terminal",
        ),
        ({"horizon": 0}, "horizon is 0, but must be ≥ 1"),
        ({"horizon": "Infinite"}, 'horizon must be a whole number ≥ 1 or "infinite"'),
        ({"horizon": float("inf")}, 'horizon must be a whole number ≥ 1 or "infinite"'),
        (
            {"discount": [1, "1/2"]},
            "discount is 1 for agent 1 and less for agent 2; with an infinite horizon it must be "
            "less than 1 for every agent (discounted cost) or 1 for all (average cost)",
        ),
        ({"noise_cov": [[[1, 0], [0, 0]]] * 2}, "noise_cov is a list over time"),
        ({"tau": [[1, 2], [1, 2]]}, "tau[0] (agent 1) is a list over time"),
    ],
)
def test_bad_games_are_refused_naming_the_place(changes, message):
    with pytest.raises(InputError) as caught:
        Game.from_arrays(**letters(**changes))
    assert caught.value.message.startswith(message)


def test_policies_and_games_of_other_horizons_do_not_fit():
    endless, game = policy(), Game.from_arrays(**letters())
    finite = Game.from_arrays(**letters(horizon=3))
    with pytest.raises(InputError, match=r"K\[0\] \(agent 1\) must be a list over time"):
        endless.validate(finite)
    timed = Policy.from_arrays(K=[[K] * 3 for K in endless.K])
    with pytest.raises(InputError, match="the game's horizon is infinite"):
        timed.validate(game)
    with pytest.raises(InputError, match=r"q\[0\] \(agent 1\) must be a list over time of numbers"):
        Policy.from_arrays(K=timed.K, q=[1, 2])


@pytest.mark.parametrize(
    "asked",
    [
        lambda game: ergs_verify.solve(game, method="algorithm1", iterations=3),
        lambda game: nash(game, Rationals()),
        lambda game: gaps(game, policy(), Rationals()),
        lambda game: equilibrium.nash(game),
    ],
)
def test_what_needs_a_last_stage_says_so(asked):
    with pytest.raises(InputError, match="horizon is infinite") as caught:
        asked(Game.from_arrays(**letters(tau="1/2", discount=None, S=None)))
    assert "\n" not in str(caught.value)


def test_constants_are_refused_where_no_term_is_affine():
    given = policy(k=[[1], [0, 0]])
    with pytest.raises(InputError, match="k is not 0"):
        given.validate(Game.from_arrays(**letters()))
    given.validate(Game.from_arrays(**letters(drift=[1, 0])))
