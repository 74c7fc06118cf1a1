"""det Φ_t decides: its formula, its examples, and a scalar state."""

from __future__ import annotations

from fractions import Fraction

import afresh
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from random_games import g_star, games, gram, matrices, small

from ergs_verify.arithmetic import Rationals
from ergs_verify.errors import SingularStageError
from ergs_verify.game import Game
from ergs_verify.ledger.claims import uniqueness
from ergs_verify.ledger.loops import last_block_system
from ergs_verify.recursion import nash
from ergs_verify.recursion.stages import Stages

ROW_FAULTS = {
    "other": lambda row: evolve(row, other=2 * row.other),
    "own": lambda row: evolve(row, own=-row.own),
    "constant": lambda row: evolve(row, constant=3 * row.constant),
}


@pytest.mark.parametrize(
    ("claim_id", "fault"),
    [
        ("sharp-unique-iff-regular", "other"),
        ("sharp-unique-iff-regular", "own"),
        ("sharp-unique-iff-regular", "constant"),
        ("sharp-scalar-state", "other"),
        ("sharp-scalar-state", "own"),
        ("sharp-proportional-costs", "other"),
    ],
)
def test_a_wrong_row_of_phi_is_noticed(monkeypatch, fresh, claim_id, fault):
    afresh.planted(monkeypatch, "row", ROW_FAULTS[fault])
    assert afresh.corrected(claim_id) == "undecided"


def test_another_game_does_not_pass_for_the_example(monkeypatch, fresh):
    monkeypatch.setattr(uniqueness, "gallery", lambda _: g_star("2", over=2))
    assert afresh.corrected("sharp-unique-iff-regular/determinant") == "refuted"


@pytest.mark.parametrize(
    ("name", "claim_id"),
    [
        ("no_equilibrium", "sharp-unique-iff-regular/no-nash"),
        ("continuum_of_equilibria", "sharp-unique-iff-regular/continuum"),
    ],
)
def test_a_fallen_counterexample_leaves_the_claim_undecided(monkeypatch, fresh, name, claim_id):
    fallen = evolve(getattr(uniqueness, name)(), verdict="undecided")
    monkeypatch.setattr(uniqueness, name, lambda: fallen)
    assert afresh.corrected(claim_id) == "undecided"


def test_rows_of_another_size_do_not_pass(monkeypatch):
    monkeypatch.setattr(uniqueness, "R_weighted", 2 * uniqueness.R_weighted)
    assert uniqueness._rank_update().decide().verdict == "refuted"


@settings(max_examples=60, deadline=None)
@given(games(taus=("1/3", "2"), stages=1))
def test_the_determinant_has_the_size_of_the_state(game):
    phi, _ = last_block_system(game)
    numbers = Rationals()
    stages = Stages(game, numbers)
    inner, weights = numbers.identity(game.state_size), Fraction(1)
    for B_k, R_k, Q_k in zip(game.B, game.R, game.Q, strict=True):
        inputs, weight = stages.enter(B_k[0]), stages.enter(R_k[0], diagonal=game.tau / 2)
        inner = inner + inputs * weight.inv() * inputs.transpose() * stages.enter(Q_k[1])
        weights = weights * numbers.to_fraction(weight.det())
    assert numbers.to_fraction(phi.det()) == weights * numbers.to_fraction(inner.det())


@st.composite
def scalar_state_games(draw):
    N = draw(st.integers(1, 4))
    sizes = [draw(st.integers(1, 3)) for _ in range(N)]
    return Game.from_arrays(
        A=[[draw(small)]],
        B=[draw(matrices(1, p)) for p in sizes],
        Q=[[[draw(st.integers(0, 3))]] for _ in range(N)],
        R=[gram(draw(matrices(p, p)), ridge=1) for p in sizes],
        tau=draw(st.sampled_from(("0", "1/100", "3"))),
        noise_cov=[[0]],
        horizon=2,
    )


@settings(max_examples=60, deadline=None)
@given(scalar_state_games())
def test_a_scalar_state_has_one_equilibrium(game):
    phi, _ = last_block_system(game)
    assert phi.det() > 0
    assert nash(game, Rationals()).K


@settings(max_examples=40, deadline=None)
@given(st.fractions(min_value=Fraction(1, 10), max_value=8, max_denominator=20))
def test_g_star_is_singular_at_four_alone(tau):
    game = g_star(str(tau))
    if tau == 4:
        with pytest.raises(SingularStageError):
            nash(game, Rationals())
    else:
        phi, _ = last_block_system(game)
        assert Rationals().to_fraction(phi.det()) == (tau - 4) * (tau + 12) / 4
