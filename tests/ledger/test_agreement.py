"""The ledger's verdicts agree with each other: no claim is proved that another one refutes."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from attrs import evolve

from ergs_verify.arithmetic import MPMath, Rationals
from ergs_verify.ledger import exhibits, hypotheses
from ergs_verify.ledger.claims import claims, section_I
from ergs_verify.ledger.claims.augmented_game import CHOICE
from ergs_verify.ledger.claims.gap import COEFFICIENT, LARGE_DELTA, LINEAR_REGIME
from ergs_verify.ledger.claims.lemma_III_4 import BLOCKWISE
from ergs_verify.ledger.reasoning import Theorem
from ergs_verify.ledger.statements import Equalities, Equality
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import S, i
from ergs_verify.recursion import gaps, nash

LINEAR_GAUSSIAN = (
    "abstract/linear-gaussian",
    "introduction/exclusively",
    "contributions/linear-gaussian",
    "conclusion/linear-gaussian",
    "thm-III.1/exclusively",
)
UNIQUE = ("abstract/uniqueness", "conclusion/uniqueness", "lemma-III.4", "lemma-III.4/every-time")


def names(claim_id: str) -> list[str]:
    return [fault.name for fault in claims()[claim_id].all_faults]


def theorem(claim_id: str) -> Theorem:
    form = claims()[claim_id].form()
    assert isinstance(form, Theorem)
    return form


@pytest.mark.parametrize("claim_id", LINEAR_GAUSSIAN)
def test_linear_gaussian_equilibria_are_feedback_from_every_state(claim_id):
    """`sharp-history` has another; so has a state that is never reached."""
    assert {"feedback", "regular"} <= set(names(claim_id))
    alone = claims()[claim_id].form("feedback").decide()
    assert alone.verdict == "refuted"
    assert alone.game is not None
    assert claims()["sharp-history"].decide().printed.verdict == "proved"


@pytest.mark.parametrize("claim_id", UNIQUE)
def test_uniqueness_is_claimed_of_feedback_policies_optimal_from_every_state(claim_id):
    assert names(claim_id) == ["feedback"]
    assert hypotheses.FEEDBACK in theorem(claim_id).given


def test_the_order_of_the_gap_is_refuted_next_to_a_singular_tau():
    """ε_1/δ is 22.5, 225 and 22500 at δ = 1/10, 1/100, 1/10000, at x = (1, −1)."""
    judged = claims()["eq-22"].decide()
    assert (judged.printed.verdict, judged.corrected.verdict) == ("refuted", "proved")
    assert judged.printed.game is exhibits.exhibits()["singular-tau"].game
    assert hypotheses.REGULAR in theorem("eq-22").given
    found, numbers = [], MPMath(digits=30)
    for delta in ("1/10", "1/100", "1/10000"):
        game = exhibits.exhibits()["singular-tau"].game
        step = Fraction(delta)
        augmented = evolve(game, tau_given=game.tau + step)
        policy = nash(augmented, Rationals()).as_policy(Rationals())
        epsilon = numbers.to_fraction(gaps(game, policy, numbers)[0].total)
        found.append(float(epsilon / step))
    assert found == pytest.approx([22.5, 225, 22500], rel=0.01)


def test_what_grows_with_one_over_delta_is_not_of_order_delta():
    judged = claims()["eq-31"].decide()
    assert (judged.printed.verdict, judged.corrected.verdict) == ("refuted", "proved")
    assert judged.printed.counterexample is not None
    assert "1.80e+2, 1.80e+3, 1.80e+5" in judged.printed.counterexample["left"]
    assert "= O(δ)" in theorem("eq-31").expression


def test_the_choice_of_delta_is_shown_to_exist():
    assert claims()["eq-21/choice"].form() is CHOICE
    assert CHOICE.decide().verdict == "proved"


def test_a_solution_of_4_alone_is_no_equilibrium():
    judged = claims()["thm-III.1/any-solution"].decide()
    assert (judged.printed.verdict, judged.corrected.verdict) == ("refuted", "proved")


def test_existence_is_asserted_where_it_is_proved():
    expression = claims()["thm-III.1/existence"].form().expression
    assert "exists" in expression
    assert claims()["thm-III.1/existence"].decide().printed.verdict == "refuted"


def test_one_sentence_has_one_verdict():
    """Both sentences say that a scalar of the model bounds τ."""
    judged = [
        claims()[k].decide()
        for k in ("contributions/uniqueness", "assumption-III.3/model-dependent")
    ]
    for found in judged:
        assert found.printed.verdict == "refuted"
        assert found.findings[0].fault.name == "circular"
        assert "γ̂_P" in found.findings[0].fault.what
    assert {found.corrected.verdict for found in judged} == {"proved"}


def test_the_plain_game_is_solved_by_completing_the_square():
    found = theorem("eq-20/equivalent")
    assert "NE over all adapted policies" in found.expression
    assert {"squares summed", "squares vanish"} <= {s.name for s in found.decide().steps}


def test_dominance_by_blocks_is_decided_as_it_is_worded():
    assert "Σ_{j≠i} ‖Φ_ii⁻¹Φ_ij‖₂ < 1" in BLOCKWISE.expression
    assert "block row sum" in {step.name for step in BLOCKWISE.decide().steps}


@pytest.mark.parametrize("beyond", [LINEAR_REGIME])
def test_at_tau_0_nothing_is_used_that_needs_tau_positive(beyond):
    assert hypotheses.TAU_POSITIVE not in beyond.given
    assert COEFFICIENT.id not in beyond.decide().rests_on
    assert hypotheses.TAU_POSITIVE in COEFFICIENT.given


def test_the_gap_for_large_delta_is_proved():
    assert LARGE_DELTA.decide().verdict == "proved"


def test_noise_plays_no_part_in_any_game(monkeypatch, fresh):
    """Not in one game alone: gains that depend on a covariance are seen in the formulas."""
    claim = claims()["introduction/gaussian-noise"]
    assert claim.form("noise").decide().verdict == "refuted"
    formulas = theorem_III_1.derived_formulas()
    other = evolve(
        formulas, policy_cost=formulas.policy_cost + sympy.Trace(S(i)) * formulas.policy_cost
    )
    monkeypatch.setattr(section_I, "derived_formulas", lambda: other)
    assert claim.form("noise").decide().verdict == "undecided"


IDENTICAL = (
    "alg-1",
    "alg-1/index-set",
    "alg-1/metric",
    "eq-19/map",
    "eq-19/composite",
    "lemma-III.2",
)


@pytest.mark.parametrize("claim_id", IDENTICAL)
def test_what_displays_the_same_on_both_sides_is_carried_by_a_proof(claim_id):
    decision = theorem(claim_id).decide()
    assert decision.verdict == "proved"
    assert {step.by for step in decision.steps} & {"rule"}


@pytest.mark.parametrize("claim_id", ["thm-IV.3/two-values", "thm-IV.3/two-terminals", "eq-32"])
def test_corrected_identities_are_between_different_things(claim_id):
    form = claims()[claim_id].form()
    parts = form.parts if isinstance(form, Equalities) else [form]
    for part in parts:
        if isinstance(part, Equality):
            assert part.left != part.right, claim_id


@pytest.mark.parametrize("claim_id", ["eq-20", "eq-21"])
def test_a_cost_is_encoded_with_its_terminal_part(claim_id):
    form = claims()[claim_id].form()
    assert "x_T" in form.expression or "Q_T" in form.expression


def test_an_ill_typed_display_is_judged_where_sizes_agree():
    judged = claims()["eq-24"].decide()
    assert judged.printed.verdict == "ill-typed"
    (finding,) = judged.findings
    assert finding.decision.counterexample is not None
    assert finding.decision.counterexample["values"]
    assert finding.decision.counterexample["values"] == {
        "B_t^1": [["2"]],
        "\\Sigma_t^1": [["3"]],
        "\\Sigma": [["5"]],
        "P_{t+1}^1": [["7"]],
    }
    sizes = [detail for method, detail in judged.printed.evidence if method == "equal sizes"]
    assert sizes[0].endswith("there 119 is not 56")


def test_an_inequality_that_is_printed_is_decided(monkeypatch, fresh):
    """(32): its ≥ falls with the inequality of the equilibrium."""
    form = claims()["eq-32"].form()
    assert isinstance(form, Theorem)
    assert "≥" in form.expression
    without = evolve(form, given=tuple(h for h in form.given if h is not hypotheses.AUGMENTED_NASH))
    assert without.decide().verdict == "undecided"
