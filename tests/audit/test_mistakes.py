"""The catalogue of mistakes: what it holds, and that misprints come from the ledger's records."""

from __future__ import annotations

import pytest

from ergs_verify.audit.mistakes import Recomputed, mistakes
from ergs_verify.audit.mistakes import misprints as generator
from ergs_verify.audit.mistakes.formula import constant_terms
from ergs_verify.game.gallery import gallery
from ergs_verify.ledger import claims
from ergs_verify.ledger.claim import Claim, Fault
from ergs_verify.ledger.statements import Equality
from ergs_verify.paper.notation import B, P, definitions, i, j, symmetric
from ergs_verify.paper.theorem_III_1 import derived_formulas
from ergs_verify.proof import prove

MISPRINTS = {
    "lemma-III.2/minimiser/factor",
    "thm-III.1/substituted/bracket",
    "thm-III.1/gain-substituted/square-sign",
    "thm-III.1/gain-substituted/factor",
    "thm-III.1/gain-substituted/sandwich-sign",
    "thm-III.1/gain-substituted/square-sign/factor/sandwich-sign",
    "thm-III.1/value/P-index",
    "thm-III.1/value/q-index",
    "lemma-III.4/blocks/block-diagonal",
    "eq-24/shape",
    "thm-IV.3/two-recursions/second-shape",
}


def test_every_mistake_has_a_name_of_its_own_and_says_something():
    ids = [mistake.id for mistake in mistakes()]
    assert len(set(ids)) == len(ids)
    assert all(mistake.message and mistake.look_at for mistake in mistakes())


def test_the_terms_of_q_add_up_to_the_derived_formula():
    whole = sum(constant_terms().values())
    derived = derived_formulas().policy_constant
    assert prove(whole, derived, definitions=definitions, symmetric=symmetric)


def test_the_misprints_that_change_a_stage_formula_are_found():
    assert {m.id.removeprefix("misprint/") for m in generator.misprints()} == MISPRINTS


def _row(*names: str) -> Equality:
    """Block (i, j) of Φ, with the two agents of the product exchanged."""
    wrong = B(j).T * P(i) * B(i) if "exchanged" in names else B(i).T * P(i) * B(j)
    return Equality(derived_formulas().phi_off_diagonal, wrong, symmetric, definitions)


def _claim(statement) -> Claim:
    fault = Fault(name="exchanged", what="i and j are exchanged", kind="index")
    return Claim(id="new", title="", where="", statement=statement, faults=(fault,))


def test_a_new_finding_becomes_a_mistake(monkeypatch):
    monkeypatch.setattr(generator, "claims", lambda: {"new": _claim(lambda names: _row(*names))})
    (mistake,) = generator.misprints.__wrapped__()
    (variant,) = mistake.variants(gallery("lqr"))
    assert mistake.id == "misprint/new/exchanged"
    assert isinstance(variant, Recomputed)
    assert variant.formulas is not None
    assert variant.formulas.phi_off_diagonal == B(j).T * P(i) * B(i)
    assert variant.formulas.rhs is derived_formulas().rhs


@pytest.mark.parametrize(
    "claim_id", ["thm-III.1/value", "eq-19", "eq-11", "assumption-III.3/model-dependent"]
)
def test_what_no_solver_can_compute_is_no_mistake(claim_id):
    """An ill-typed bracket, a letter without a value, a letter of the proof, words."""
    first = claims()[claim_id].faults[0].name
    assert generator._changes(claims()[claim_id], first) == {}
