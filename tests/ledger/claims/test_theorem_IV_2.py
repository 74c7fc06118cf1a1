"""Theorem IV.2: its chain of bounds, its exhibits, and the auxiliary game."""

from __future__ import annotations

import afresh
import pytest
from attrs import evolve
from expected import theorem_IV_2 as expected
from expected import theorem_IV_2_proof as expected_proof
from hypothesis import given, settings
from random_games import games
from sympy import Rational

from ergs_verify.arithmetic import Rationals
from ergs_verify.errors import SingularStageError
from ergs_verify.ledger import loops
from ergs_verify.ledger.claims import (
    claims,
    one_stage,
    theorem_IV_2,
    theorem_IV_2_proof,
)
from ergs_verify.ledger.counterexamples import two_scalar_agents
from ergs_verify.paper.notation import Q, i
from ergs_verify.recursion import nash

EXPECTED = {**expected.EXPECTED, **expected_proof.EXPECTED}


@pytest.mark.parametrize("claim_id", EXPECTED)
def test_verdicts(claim_id):
    claim = claims()[claim_id]
    judged = claim.decide()
    found = judged.printed.verdict, judged.corrected and judged.corrected.verdict
    assert (*found, [f.fault.kind for f in judged.findings]) == EXPECTED[claim_id]
    assert all(gap.as_json()["verdict"] == "closed" for gap in claim.gaps)
    pieces = any(fault.printed for fault in claim.faults)
    assert bool(claim.corrected_display) == (pieces or bool(claim.corrected_latex))


def test_the_modules_hold_what_is_expected():
    held = (*theorem_IV_2.CLAIMS, *theorem_IV_2_proof.CLAIMS)
    assert [claim.id for claim in held] == list(EXPECTED)


def test_nothing_is_cited():
    assert not any(step.by == "cited" for step in theorem_IV_2.ENOUGH.decide().steps)
    assert "lemma-III.4/determined" in theorem_IV_2.LINEAR_RATE.decide().rests_on


CHAINS = ("moved_answer_chain", "covariance_chain", "moved_cost_chain", "shift_chain")


@pytest.mark.parametrize("name", CHAINS)
def test_a_smaller_bound_does_not_hold_and_turns_the_rate(monkeypatch, fresh, name):
    right = getattr(one_stage, name)()
    small = evolve(right, right=right.right / 2)
    assert small.decide().verdict == "refuted"
    monkeypatch.setattr(one_stage, name, lambda: small)
    assert afresh.corrected("thm-IV.2") == "undecided"
    assert afresh.corrected("thm-IV.2/linear-rate") == "undecided"


@pytest.mark.parametrize("name", ["moved_answer", "moved_cost", "covariances_differ"])
def test_an_identity_with_another_factor_turns_the_rate(monkeypatch, fresh, name):
    right = getattr(one_stage, name)()
    monkeypatch.setattr(one_stage, name, lambda: evolve(right, right=Rational(3, 2) * right.right))
    assert afresh.corrected("thm-IV.2/linear-rate") == "undecided"


def test_a_fault_in_the_cost_of_a_policy(monkeypatch, fresh):
    afresh.planted_cost(monkeypatch, lambda X: X + Q(i))
    ids = ("thm-IV.2", "thm-IV.2/inner-loop", "thm-IV.2/large-L")
    assert [k for k in ids if afresh.corrected(k) == "proved"] == []


def test_few_passes_fail_only_where_an_error_is_left(monkeypatch, fresh):
    assert afresh.printed("thm-IV.2") == "refuted"
    monkeypatch.setattr(one_stage.loops, "squared_error", lambda _game, _count: 0)
    assert afresh.printed("thm-IV.2") == "undecided"
    assert claims()["thm-IV.2/inner-loop"]._decided("many-passes").verdict == "undecided"


def test_the_exhibit_of_few_passes_satisfies_the_assumption(monkeypatch, fresh):
    monkeypatch.setattr(one_stage, "two_scalar_agents", lambda _: two_scalar_agents("1/2"))
    assert one_stage.one_pass_is_not_enough().verdict == "undecided"


def test_the_rate_is_seen_on_exhibits(monkeypatch, fresh):
    monkeypatch.setattr(theorem_IV_2.loops, "squared_error", lambda _game, passes: passes)
    assert theorem_IV_2.LINEAR_RATE.decide().verdict == "refuted"


def test_the_rate_needs_the_assumption():
    theorem = theorem_IV_2.LINEAR_RATE
    assert theorem.without(theorem.given[-1]).verdict == "refuted"
    assert evolve(theorem, needed={}).without(theorem.given[-1]).verdict == "refuted"


# -- (20) -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("gain_compact", lambda X: 2 * X),
        ("gain_compact", lambda X: -X),
        ("riccati", lambda X: X + Q(i)),
        ("expected", lambda c: 2 * c),
    ],
)
def test_the_square_is_completed_by_the_right_gain_alone(monkeypatch, fresh, name, change):
    afresh.planted(monkeypatch, name, change)
    assert theorem_IV_2_proof.completed_square().decide().verdict == "refuted"
    assert afresh.corrected("eq-20/equivalent") == "undecided"


@settings(max_examples=20, deadline=None)
@given(games(taus=("1/3", "2"), stages=2))
def test_the_plain_game_has_the_same_gains(game):
    try:
        equilibrium = nash(game, Rationals())
    except SingularStageError:
        return
    plain = nash(theorem_IV_2_proof.plain_game(game), Rationals())
    assert (plain.K, plain.P) == (equilibrium.K, equilibrium.P)


def test_the_error_is_that_of_the_gains():
    game, numbers = two_scalar_agents("10"), Rationals()
    best = loops.stacked([K[0] for K in nash(game, numbers).K])
    error = loops.iteration(game, 1)[-1] - best
    squared = sum((x * x for x in error.entries()), error[0, 0] * 0)
    assert numbers.to_fraction(squared) == loops.squared_error(game, 1)
