"""The inner loop as a linear iteration, and its examples."""

from __future__ import annotations

from fractions import Fraction

import afresh
import pytest
from attrs import evolve
from expected.inner_loop import EXPECTED
from hypothesis import given, settings
from random_games import games

from ergs_verify.arithmetic import Rationals
from ergs_verify.game import Game
from ergs_verify.ledger import loops
from ergs_verify.ledger.claims import claims, inner_loop
from ergs_verify.recursion import algorithm_1, nash


@pytest.mark.parametrize("claim_id", EXPECTED)
def test_verdicts(claim_id):
    judged = claims()[claim_id].decide()
    found = judged.printed.verdict, judged.corrected and judged.corrected.verdict
    assert (*found, [f.fault.kind for f in judged.findings]) == EXPECTED[claim_id]


def test_the_module_holds_what_is_expected():
    assert [claim.id for claim in inner_loop.CLAIMS] == list(EXPECTED)


@pytest.mark.parametrize("claim_id", ["sharp-loop", "sharp-loop/contraction"])
def test_a_wrong_answer_is_noticed(monkeypatch, fresh, claim_id):
    afresh.planted(monkeypatch, "gain", lambda formula: 2 * formula)
    assert afresh.corrected(claim_id) == "undecided"


def test_a_wrong_row_is_noticed(monkeypatch, fresh):
    afresh.planted(monkeypatch, "row", lambda row: evolve(row, other=-row.other))
    assert afresh.corrected("sharp-loop") == "undecided"


@pytest.mark.parametrize("name", ["not-needed", "g-star", "identical-interest"])
def test_another_iteration_matrix_is_noticed(monkeypatch, fresh, name):
    found = loops.jacobi
    monkeypatch.setattr(loops, "jacobi", lambda game: found(game) * 3)
    assert afresh.corrected(f"sharp-loop/{name}") == "refuted"
    assert afresh.corrected("sharp-loop/singular") == "undecided"
    assert afresh.corrected("sharp-loop") == "refuted"


def test_answers_in_turn_are_told_from_answers_at_once(monkeypatch, fresh):
    monkeypatch.setattr(loops, "in_turn", loops.jacobi)
    assert afresh.corrected("sharp-loop/identical-interest") == "refuted"


def test_another_ring_is_noticed(monkeypatch, fresh):
    ring = inner_loop._three_in_a_ring()
    monkeypatch.setattr(inner_loop, "_three_in_a_ring", lambda: evolve(ring, tau_given=9))
    assert afresh.corrected("sharp-loop/singular") == "undecided"


def test_another_pair_is_noticed(monkeypatch, fresh):
    pair = inner_loop.two_scalar_agents
    monkeypatch.setattr(inner_loop, "two_scalar_agents", lambda _: pair("8"))
    assert afresh.corrected("sharp-loop/not-needed") == "refuted"


@pytest.mark.parametrize("claim_id", ["sharp-loop/g-star", "sharp-loop/identical-interest"])
def test_another_game_does_not_pass_for_the_example(monkeypatch, fresh, claim_id):
    other = Game.from_arrays(
        A=[[1, 0], [0, 1]],
        B=[[[1], [0]], [[0], [1]]],
        Q=[[[[0, 0], [0, 0]], [[1, 4], [4, 17]]]] * 2,
        R=[[[1]], [[1]]],
        tau=2,
        noise_cov=[[0, 0], [0, 0]],
        horizon=1,
    )
    monkeypatch.setattr(inner_loop, "gallery", lambda _: other)
    assert afresh.corrected(claim_id) == "refuted"


@settings(max_examples=30, deadline=None)
@given(games(taus=("1/3", "2"), stages=1))
def test_the_loop_does_what_its_matrix_says(game):
    J = loops.jacobi(game)
    phi, _ = loops.last_block_system(game)
    if phi.det() == 0:
        return
    numbers = Rationals()
    target = loops.stacked([agent[0] for agent in nash(game, numbers).K])
    after = loops.stacked([agent[0] for agent in algorithm_1(game, numbers, 3).K])
    assert after - target == J * J * J * (target * -1)
    assert loops.iteration(game, 3)[-1] == after


def test_norms_of_powers_tell_the_radius():
    numbers = Rationals()

    def square(rows):
        return numbers.matrix([[Fraction(x) for x in row] for row in rows], (2, 2))

    shear, large, unit = (
        square([["0.9", 5], [0, "0.9"]]),
        square([[2, 9], [0, 0]]),
        square([[1, 0], [0, 0]]),
    )
    assert loops.is_below_one(shear)
    assert loops.exceeds_one(large)
    assert not loops.exceeds_one(shear)
    assert not loops.is_below_one(large)
    assert not loops.is_below_one(unit)
    assert not loops.exceeds_one(unit)
