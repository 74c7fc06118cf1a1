"""No rule of inference is refuted where it can be tried, and one that is made too strong is."""

from __future__ import annotations

from pathlib import Path

import planted_reasoning
import pytest
import rules_tried
from attrs import evolve

from ergs_verify.ledger import rules
from ergs_verify.ledger.rules import RULES

UNTRIED = {
    "some δ is large enough": "it ends in a number of every game, from a limit for bounded π",
    "the density of a normal law": "it is the integral of a density",
    "the recursion of a cost": "it speaks of the law of all that follows",
    "best responses to what is known": "its conclusion has conditional means of any policies",
    "best responses of a stage": "its densities are any",
    "bounded for large τ": "it ends in a bound of every game, from a limit for bounded π",
    "the equilibrium nearby": "rational functions of δ of any degree",
    "analytic remainder": "rational functions of δ of any degree",
    "Cramer's rule in the plain game": "rational functions of δ of any degree",
    "a square of second order": "rational functions of δ of any degree",
}
"""Why they have no worlds, and no case decides all of their sentences."""


def test_rules_that_are_not_tried_are_known():
    assert set(rules_tried.untried()) == set(UNTRIED)


@pytest.mark.parametrize("name", [n for n, rule in RULES.items() if rules_tried.has_worlds(rule)])
def test_no_rule_is_refuted_in_a_world(name):
    trial = rules_tried.tried(name)
    assert trial.refuted == 0
    assert trial.held >= 20
    assert trial.reversed is not False


def test_no_rule_is_refuted_on_a_case():
    """Rules whose sentences speak of games, on the exhibits and on random games."""
    found = {n: rules_tried.tried_on_cases(n) for n, r in RULES.items() if rules_tried.on_cases(r)}
    assert len(found) >= 50
    assert {name for name, trial in found.items() if trial.refuted} == set()
    assert min(trial.held for trial in found.values()) >= 20


def test_premises_that_were_once_missing_are_missed():
    """A bound backwards from no Q_T, of a P that is not ⪰ 0; a constant of no quadratic; …"""
    for rule, premise in (
        (rules.BOUND_BACKWARDS, "P_t* ⪰ 0 in (4), at every t"),
        (rules.BOUND_BACKWARDS, "P_T = Q_T"),
        (rules.CONSTANT_OF_A_QUADRATIC, "J_t(x) = x'P_t x + q_t for t = T, …, 0 and every linear "
                                        "Gaussian joint policy"),
        (rules.MATRIX_OF_A_QUADRATIC, "J_t(x) = x'P_t x + q_t for t = T, …, 0 and every linear "
                                      "Gaussian joint policy"),
        (rules.BLOCK_DOMINANCE, "W is invertible and ‖W⁻¹‖₂ ≤ 2/τ"),
        (rules.COUPLED_KERNEL, "block row i of Φ_t 𝓚 + r_t is W(Kⁱ − best response)"),
    ):  # fmt: skip
        assert rules_tried.tried(rule.name).dropped[rule.premises.index(premise)], rule.name


def test_couplings_of_no_cost_and_of_one_agent_are_bounded():
    """P = 0, where g is no less than its bound, and N = 1, where there is no 1/(N − 1)."""
    met = set()
    for premises, conclusion in rules_tried._worlds(rules.SPECTRAL_BELOW_FROBENIUS, None):
        g, _, common = premises[0][0]
        if conclusion and rules_tried._all(map(rules_tried._all_of, premises)):
            met |= {"no cost"} if g == common == 0 else set()
            met |= {"one agent"} if len(premises[0]) == 2 else set()
    assert met == {"no cost", "one agent"}


def test_how_many_faults_planted_in_rules_are_caught():
    """Others are premises that say what always holds, or conclusions with room to spare."""
    table = rules_tried.table()
    page = (Path(__file__).resolve().parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")
    for kind, counted in table.items():
        assert f"| {kind} | {' | '.join(map(str, counted))} |" in page
    made, caught = table["a premise dropped from a rule"]
    assert made >= 240
    assert caught >= 170
    made, caught = table["a rule's conclusion reversed"]
    assert made == caught >= 90
    made, caught = table["< for ≤, or ≻ for ⪰, in a rule's conclusion"]
    assert made >= 20
    assert caught >= 18


def test_a_false_rule_is_refuted_on_a_case(monkeypatch):
    """Gains that answer each other, whatever the covariances, are no equilibrium."""
    false = evolve(
        rules.MUTUAL_ANSWERS,
        name="false",
        premises=rules.MUTUAL_ANSWERS.premises[:2],
    )
    monkeypatch.setitem(RULES, "false", false)
    assert rules_tried.tried_on_cases("false").refuted > 0


def test_every_rule_in_a_proof_is_tried_or_known_not_to_be():
    used = {
        step.name
        for theorem in planted_reasoning.theorems()
        for step in theorem.decide().steps
        if step.by == "rule"
    }
    tried = {n for n, r in RULES.items() if rules_tried.has_worlds(r) or rules_tried.on_cases(r)}
    assert used - tried == set(UNTRIED) & used
