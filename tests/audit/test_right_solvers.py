"""Right solvers, however they are written, do not fail: see `benchmarks.audit_quality`."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import numpy as np
import pytest

from ergs_verify import Game, engine
from ergs_verify.arithmetic import Rationals
from ergs_verify.audit.mistakes.gains import equilibrium_gains
from ergs_verify.audit.right_ways import expanded_cost, one_system
from ergs_verify.audit.solution import audit
from ergs_verify.expressions import instantiate
from ergs_verify.game.gallery import gallery
from ergs_verify.paper.notation import definitions, i, symmetric
from ergs_verify.paper.theorem_III_1 import derived_formulas
from ergs_verify.proof import prove
from ergs_verify.recursion.stages import Stages

sys.path.append(str(Path(__file__).resolve().parents[2]))

from benchmarks.audit_quality import plain_solver as plain
from benchmarks.audit_quality.games import random_game

WAYS = {
    "least squares": plain.LEAST_SQUARES, "elimination": plain.PlainSolver(),
    "one system": plain.TEXTBOOK, "Riccati": plain.RICCATI, "expanded": plain.EXPANDED,
    "rotated": plain.ROTATED,
}  # fmt: skip


def test_a_state_without_cost_has_the_units_of_the_rest_of_the_game():
    """In rotated states the P_T that is stated has 8e-18 where the entry is 0."""
    game = Game.from_arrays(
        A=[[1, 0.5], [0.25, 1]], B=[[[1], [0.5]]], Q=[[[1, 0], [0, 0]]], R=[[[1]]], tau=1,
        noise_cov=np.eye(2), horizon=2,
    )  # fmt: skip
    found = plain.ROTATED(game.floats())
    assert 0 < abs(found["P"][0][2][1]).max() < 1e-15
    assert audit(game, found).verdict == "pass"
    wrong = found["P"][0].copy()
    wrong[2][1, 1] = 1e-9
    assert audit(game, {**found, "P": [wrong]}).verdict == "fail"


@pytest.mark.parametrize("way", WAYS)
def test_none_fails(way):
    verdicts = []
    for number in range(40, 56):
        game = random_game(number, small=True)
        verdicts.append(audit(game, WAYS[way](game.floats()), explain=False).verdict)
    assert "fail" not in verdicts
    assert verdicts.count("pass") >= 12


@pytest.mark.parametrize(("number", "tau"), [(8, 1e12), (11, 1e11), (37, 1e12), (44, 1e13)])
def test_a_mistake_within_the_grid_of_q_explains_nothing(number, tau):
    """q is a difference of numbers of the order τ, of which few values are possible."""
    game = attrs.evolve(random_game(number, small=True), tau_given=tau)
    found = audit(game, engine.nash(game.floats()))
    assert {one.verdict for one in found.quantities.values()} == {"pass"}
    assert found.verdict == "pass"


def test_the_cost_in_rotated_states_is_undecided_between_entries_and_norm():
    game = random_game(21)  # units 2²⁰ apart
    found = audit(game, plain.ROTATED(game.floats()), explain=False)
    assert found.verdict == "undecided"
    wrong = engine.nash(game.floats())
    K = [X.copy() for X in wrong.K]
    K[0][0] *= 1.01
    assert audit(game, {"K": K}, explain=False).verdict == "fail"


def test_the_formulas_of_right_ways_are_right():
    assert prove(
        expanded_cost(),
        derived_formulas().policy_cost,
        definitions=definitions,
        symmetric=symmetric,
    )
    game = gallery("random:N=3,m=3,p=2,T=1,seed=1")
    stages = Stages(game, Rationals())
    stage = stages.at(0, stages.terminal())
    for k, K in enumerate(equilibrium_gains(stages, stage), start=1):
        assert stage(instantiate(one_system(), 3, {i: k})) == K


def test_a_number_below_the_last_digit_of_its_matrix_is_undecided_in_rotated_states():
    """P of agent 3 has 0.5 beside 10¹⁷, and any norm-wise bar passes the -13 that is stated."""
    game = random_game(511, small=True)
    answer = plain.ROTATED(game.floats())
    assert answer["P"][2][0][0, 0] < 0 < engine.nash(game.floats()).P[2][0][0, 0]
    assert audit(game, answer, explain=False).verdict == "undecided"
    answer["P"][2][0][0, 0] = -1e6
    assert audit(game, answer, explain=False).verdict == "fail"
