"""Numbers at which conclusions fail without a hypothesis: refuted, and replayed."""

from __future__ import annotations

import pytest
import sympy

from ergs_verify.ledger import scalars
from ergs_verify.ledger.claims import optimality

NAMES = ("Q-psd", "R-pd", "tau-positive")


@pytest.mark.parametrize("without", NAMES)
@pytest.mark.parametrize("decide", [scalars.no_least_cost, scalars.singular_weight])
def test_each_hypothesis_alone_fails(decide, without):
    found = decide(without)
    assert found.verdict == "refuted"
    assert found.replay is not None
    assert found.counterexample is not None
    assert found.replay()
    values = {k: sympy.Rational(v) for k, v in found.counterexample["values"].items()}
    failing = {
        "Q-psd": values["P"] < 0,
        "R-pd": values["R"] <= 0,
        "tau-positive": values["tau"] <= 0,
    }
    assert [name for name, fails in failing.items() if fails] == [without]


@pytest.mark.parametrize("without", NAMES)
def test_a_cost_becomes_negative(without):
    found = scalars.negative_cost(without)
    assert found.counterexample is not None
    values = {k: sympy.Rational(v) for k, v in found.counterexample["values"].items()}
    K, F = values["K"], values["A"] + values["B"] * values["K"]
    by_hand = values["Q"] + K**2 * (values["tau"] / 2 + values["R"]) + F**2 * values["P"]
    assert found.counterexample["left"] == f"P_t = {by_hand}"
    assert by_hand < 0


@pytest.mark.parametrize(
    "decide",
    [
        scalars.linear_in_the_density,
        scalars.other_prior,
        scalars.correlated_draws,
        scalars.any_gains,
    ],
)
def test_the_others(decide):
    found = decide()
    assert found.verdict == "refuted"
    assert found.replay is not None
    assert found.replay()


def test_a_weight_that_does_not_vanish_shows_nothing(monkeypatch):
    monkeypatch.setattr(scalars, "_weight", lambda _: sympy.Integer(1))
    assert scalars.singular_weight("R-pd").verdict == "undecided"


def test_where_the_hypothesis_holds_there_is_nothing_to_show(monkeypatch):
    monkeypatch.setitem(scalars._STAGES, "R-pd", {"B": 1, "R": 1, "P": 0, "tau": 2})
    assert scalars.no_least_cost("R-pd").verdict == "undecided"


def test_every_hypothesis_of_the_best_response_is_needed():
    for theorem in (
        optimality.POLICY_PSD,
        optimality.WEIGHT,
        optimality.BEST_RESPONSE,
        optimality.LEAST_COST,
        optimality.SUFFICIENT,
        optimality.STAGE,
        optimality.REGULAR_UNIQUE,
    ):
        for hypothesis in theorem.given:
            # Covariances of (6) exist where W ≻ 0 alone; Q and R need no sign of their own then.
            idle = theorem.id == "thm-III.1/sufficient" and hypothesis.id in ("Q-psd", "R-pd")
            expected = "undecided" if idle else "refuted"
            assert theorem.without(hypothesis).verdict == expected, (theorem.id, hypothesis.id)
