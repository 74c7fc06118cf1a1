"""Algorithm 1 and (19): what they rest on, made false, turns them."""

from __future__ import annotations

import afresh
import pytest
from attrs import evolve
from expected import algorithm_1 as expected_1
from expected import equation_19 as expected_19

from ergs_verify.ledger.claims import algorithm_1, claims, equation_19
from ergs_verify.ledger.sentences import maps
from ergs_verify.paper.notation import K, Q, S, i
from ergs_verify.recursion import algorithm_1 as run

EXPECTED = {**expected_1.EXPECTED, **expected_19.EXPECTED}


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
    assert [c.id for c in (*algorithm_1.CLAIMS, *equation_19.CLAIMS)] == list(EXPECTED)


@pytest.mark.parametrize(
    ("name", "change", "ids"),
    [
        ("covariance", lambda X: X + X * S(i), ("alg-1", "alg-1/init", "eq-19", "eq-19/map")),
        ("covariance", lambda X: X * 2, ("eq-19", "eq-19/map", "eq-19/composite")),
        ("gain", lambda X: -X, ("eq-19", "eq-19/fixed-point")),
        ("gain", lambda X: X + K(i), ("alg-1", "alg-1/index-set")),
        ("gain", lambda X: X.T, ("eq-19/map",)),
        ("riccati", lambda X: X + Q(i), ("eq-19/fixed-point",)),
    ],
)
def test_a_fault_in_the_best_response(monkeypatch, fresh, name, change, ids):
    afresh.planted(monkeypatch, name, change)
    assert [k for k in ids if afresh.corrected(k) == "proved"] == []


def test_a_fault_in_the_cost_of_a_policy(monkeypatch, fresh):
    afresh.planted_cost(monkeypatch, lambda X: X + Q(i))
    ids = ("alg-1", "alg-1/line-4", "eq-19/lyapunov", "eq-19/fixed-point")
    assert [k for k in ids if afresh.corrected(k) == "proved"] == []


@pytest.mark.parametrize(
    "position",
    [
        lambda t, number, horizon, passes: t * passes + number,
        lambda t, number, horizon, passes: (horizon - 1 - t) + number,
    ],
    ids=["forwards in time", "passes of two times overlap"],
)
def test_the_passes_have_to_come_in_turn(monkeypatch, fresh, position):
    monkeypatch.setattr(algorithm_1, "_position", position)
    assert afresh.corrected("alg-1") == "undecided"


def test_another_run_of_the_algorithm_is_noticed(monkeypatch, fresh):
    monkeypatch.setattr(maps, "algorithm_1", lambda game, numbers, L: run(game, numbers, L + 1))
    assert afresh.corrected("alg-1") == "refuted"
    assert afresh.corrected("alg-1/index-set") == "refuted"


def test_a_class_without_definiteness_is_noticed(monkeypatch, fresh):
    monkeypatch.setattr(maps, "is_psd", lambda *_, **__: False)
    assert afresh.corrected("eq-19/map") == "refuted"


def test_one_bracket_gives_one_number(monkeypatch, fresh):
    """With Σ¹ = Σ² even the printed form has one value, and is not refuted."""
    assert afresh.printed("alg-1/metric") == "refuted"
    same = algorithm_1.instantiate
    monkeypatch.setattr(
        algorithm_1, "instantiate", lambda e, agents, chosen: same(e, agents, {i: 1})
    )
    assert afresh.printed("alg-1/metric") == "undecided"


def test_every_hypothesis_is_shown_to_be_needed():
    for theorem in (equation_19.INTO_THE_CLASS, equation_19.INVERSES, equation_19.FIXED_POINT):
        for hypothesis in theorem.given:
            shown = theorem.without(hypothesis)
            # A fixed point in 𝒮 has Σ ≻ 0 and so W ≻ 0, whatever the signs of Q and R.
            if theorem is equation_19.FIXED_POINT and hypothesis.id in ("Q-psd", "R-pd"):
                assert shown.verdict == "undecided"
                continue
            assert shown.verdict == "refuted", hypothesis.id
            assert shown.replay is None or shown.replay()


def test_fixed_points_are_tried_on_plays_that_are_none():
    claim = evolve(equation_19.FIXED_POINT, given=equation_19.FIXED_POINT.given[:-1])
    assert claim.decide().verdict == "undecided"
