"""Statements in words turn when what they rest on is broken.

Each fault is planted in a derivation's result, in a bound or in a game; the claims that rest on
it must lose their verdict, and no more than the words around them stay.
"""

from __future__ import annotations

import pytest
from attrs import evolve
from sympy import Rational

from ergs_verify.game import Game
from ergs_verify.ledger import (
    claims,
    costs_compared,
    counterexamples,
    section_III_uniqueness,
    section_IV_algorithm,
    section_IV_augmentation,
    summaries,
)
from ergs_verify.ledger.claim import Claim
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import B, Q, S, i, j

NASH = ("thm-III.1", "thm-III.1/any-solution", "thm-III.1/sufficient")
UNIQUE = ("lemma-III.4", "lemma-III.4/determined")
CORRECTED = (
    "thm-III.1/quadratic-value",
    "thm-III.1/existence",
    "thm-III.1/exclusively",
    "lemma-III.4/every-time",
    "assumption-III.3/model-dependent",
)


@pytest.fixture(autouse=True)
def fresh():
    """What is computed once must not carry planted faults from one test to the next."""
    theorem_III_1.derived_formulas()
    section_III_uniqueness._dominant_in_blocks.cache_clear()
    yield
    section_III_uniqueness._dominant_in_blocks.cache_clear()


def verdict(claim_id: str) -> str:
    """Of the claim as corrected, or as printed where it needs no correction."""
    claim = claims()[claim_id]
    return decided(claim if claim.faults == () else evolve(claim, faults=()))


def printed_verdict(claim_id: str) -> str:
    claim = claims()[claim_id]
    return decided(evolve(claim, statement=claim.printed, faults=()))


def decided(claim: Claim) -> str:
    return claim.decide().printed.verdict


def still_proved(claim_ids) -> list[str]:
    return [claim_id for claim_id in claim_ids if verdict(claim_id) == "proved"]


def planted(monkeypatch, module, name, change):
    """Have a module's derivation arrive at something else under one name."""
    derived = module.derive()
    altered = evolve(derived, results={**derived.results, name: change(derived[name])})
    monkeypatch.setattr(module, "derive", lambda: altered)


@pytest.mark.parametrize("factor", [Rational(1, 2), Rational(9, 10)])
def test_a_smaller_bound_is_not_enough_for_uniqueness(monkeypatch, factor):
    section = section_III_uniqueness
    monkeypatch.setattr(section, "_factor", factor * section._factor)
    assert section._row_chain().decide().verdict != "proved"
    for claim_id in (*UNIQUE, "lemma-III.4/every-time", "lemma-III.4/diagonally-dominant"):
        assert verdict(claim_id) == "undecided", claim_id


def test_uniqueness_needs_the_assumptions_own_bound(monkeypatch):
    """The factor is below 1 where τ exceeds the bound, and not where it exceeds half of it."""
    section = section_III_uniqueness
    monkeypatch.setattr(section, "bound", section.bound / 2)
    assert verdict("lemma-III.4") == "undecided"


# -- games --------------------------------------------------------------------------------------


def altered(game: Game, **more) -> Game:
    data = {
        "A": game.A,
        "B": game.B,
        "Q": game.Q,
        "R": game.R,
        "tau": game.tau,
        "noise_cov": game.noise_cov,
        "horizon": game.horizon,
    }
    return Game.from_arrays(**{**data, **more})


@pytest.mark.parametrize(
    "change",
    [
        {"noise_cov": [[0, 0], [0, 1]]},
        {"A": [[1, 0], [0, 1]]},
        {"tau": "1/100"},
        {"B": [[["1/2"], [0]], [[0], ["1/2"]]]},
    ],
    ids=[
        "noise reaches it",
        "the start reaches it",
        "Assumption III.3 fails",
        "an input reaches it",
    ],
)
def test_a_second_equilibrium_needs_states_that_are_never_reached(monkeypatch, change):
    game = altered(counterexamples._one_axis(), **change)
    assert printed_verdict("lemma-III.4/every-time") == "refuted"
    monkeypatch.setattr(counterexamples, "_one_axis", lambda: game)
    assert printed_verdict("lemma-III.4/every-time") == "undecided"


@pytest.mark.parametrize(
    "change", [{"R": [[[2, 1], [1, 2]]] * 2}, {"tau": "1/1000000"}], ids=["dominant", "τ too small"]
)
def test_entrywise_dominance_fails_only_where_it_does(monkeypatch, change):
    game = altered(counterexamples._skewed(), **change)
    assert printed_verdict("lemma-III.4/diagonally-dominant") == "refuted"
    monkeypatch.setattr(counterexamples, "_skewed", lambda: game)
    assert printed_verdict("lemma-III.4/diagonally-dominant") == "undecided"


def test_the_bound_depends_on_tau_only_where_it_does(monkeypatch):
    assert printed_verdict("assumption-III.3/model-dependent") == "refuted"
    same = counterexamples._coupled_agents("2")
    monkeypatch.setattr(counterexamples, "_coupled_agents", lambda _: same)
    assert printed_verdict("assumption-III.3/model-dependent") == "undecided"


def test_assumption_is_judged_exactly():
    """τ just above, at and just below the bound: the identical B and P_T alone are known here."""
    one = Game.from_arrays(
        A=[[0]], B=[[[1]]] * 2, Q=[[[1]]] * 2, R=[[[1]]] * 2, tau=2, noise_cov=[[0]], horizon=1
    )
    assert not counterexamples._assumption_holds(one)
    assert counterexamples._assumption_holds(altered(one, tau="2.0000001"))
    assert not counterexamples._assumption_holds(altered(one, tau="1.9999999"))


def test_off_diagonal_blocks_are_those_of_another_agent():
    row = theorem_III_1.derive()["row"]
    assert row.other.has(B(j))
    assert not row.own.has(B(j))


# -- Section IV and beyond ------------------------------------------------------------------------


@pytest.fixture
def fresh_bound():
    costs_compared.gap_below_its_bound.cache_clear()
    yield
    costs_compared.gap_below_its_bound.cache_clear()


BY_COST_DIFFERENCE = ("eq-22", "eq-29", "eq-30", "eq-31", "eq-32/matrices", "thm-IV.3/final-chain")


def test_what_rests_on_the_difference_of_costs_needs_it(monkeypatch):
    section = section_IV_augmentation
    identity = section.cost_difference()
    assert verdict("eq-30") == "proved"
    monkeypatch.setattr(
        section, "cost_difference", lambda: evolve(identity, right=identity.right + section.delta)
    )
    assert still_proved((*BY_COST_DIFFERENCE, "thm-IV.3")) == []


def test_the_bound_of_the_gap_is_compared_in_a_game(monkeypatch, fresh_bound):
    true = costs_compared.compare

    def too_much(*given):
        costs = true(*given)
        return evolve(costs, dev=costs.dev + 1)

    monkeypatch.setattr(costs_compared, "compare", too_much)
    assert still_proved(("eq-22", "thm-IV.3")) == []


@pytest.mark.parametrize("claim_id", ["thm-IV.3/final-chain", "thm-IV.3/uniform", "eq-32/matrices"])
def test_the_last_steps_are_false_only_where_costs_differ(monkeypatch, claim_id):
    assert printed_verdict(claim_id) == "refuted"
    true = costs_compared.compare

    def alike(*given):
        costs = true(*given)
        zero = costs.ne - costs.ne
        return costs_compared.Costs(
            **dict.fromkeys(("ne", "ne_augmented", "dev", "dev_augmented"), costs.ne),
            matrices=zero,
            constants=zero,
        )

    monkeypatch.setattr(costs_compared, "compare", alike)
    assert printed_verdict(claim_id) == "undecided"


def test_the_contraction_needs_its_bound(monkeypatch):
    section = section_IV_algorithm
    right = section.contraction_chain()
    assert verdict("lemma-IV.1") == "proved"
    monkeypatch.setattr(section, "contraction_chain", lambda: evolve(right, right=right.right / 2))
    ids = ("lemma-IV.1", "lemma-IV.1/achieves", "thm-IV.2/linear-rate", "eq-28/bounded-gains")
    assert still_proved(ids) == []


def test_few_iterations_fail_only_where_an_error_is_left(monkeypatch):
    assert printed_verdict("thm-IV.2") == "refuted"
    monkeypatch.setattr(section_IV_algorithm, "_squared_error", lambda _game, _count: 0)
    assert printed_verdict("thm-IV.2") == "undecided"
    assert verdict("thm-IV.2/linear-rate") != "proved"


def test_noise_plays_a_part_where_gains_depend_on_it(monkeypatch):
    assert printed_verdict("introduction/gaussian-noise") == "refuted"
    formulas = theorem_III_1.derived_formulas()
    other = evolve(formulas, gain=2 * formulas.gain)
    turns = iter([formulas, other] * 4)
    true = summaries.algorithm_1
    monkeypatch.setattr(
        summaries,
        "algorithm_1",
        lambda game, numbers, count, formulas: true(game, numbers, count, formulas=next(turns)),
    )
    assert printed_verdict("introduction/gaussian-noise") == "undecided"


@pytest.mark.parametrize(
    ("name", "change", "ids"),
    [
        ("covariance", lambda X: X + X * S(i), ("alg-1/init", "lemma-IV.1")),
        ("gain", lambda K: -K, ("eq-19", "eq-20/equivalent", "eq-19/fixed-point")),
    ],
)
def test_a_fault_in_the_best_response_turns_section_IV(monkeypatch, name, change, ids):
    planted(monkeypatch, theorem_III_1, name, change)
    assert still_proved(ids) == []


def test_a_fault_in_the_cost_of_a_policy_turns_section_IV(monkeypatch):
    derived = theorem_III_1.derive_policy_value()
    value = evolve(derived["value"], matrix=derived["value"].matrix + Q(i))
    altered_value = evolve(derived, results={**derived.results, "value": value})
    monkeypatch.setattr(theorem_III_1, "derive_policy_value", lambda: altered_value)
    ids = ("eq-19/lyapunov", "eq-19/inverses", "eq-24", "thm-IV.3/quadratic", "alg-1/line-4")
    assert still_proved(ids) == []
