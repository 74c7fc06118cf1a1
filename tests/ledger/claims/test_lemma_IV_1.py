"""Lemma IV.1: its bound, its sets and its threshold."""

from __future__ import annotations

import afresh
import pytest
from attrs import evolve
from expected.lemma_IV_1 import EXPECTED
from paper_text import sources
from sympy import Rational

from ergs_verify.ledger.claims import claims, lemma_IV_1
from ergs_verify.ledger.exhibits import Case, exhibits
from ergs_verify.ledger.sentences import maps


@pytest.mark.parametrize("claim_id", EXPECTED)
def test_verdicts(claim_id):
    claim = claims()[claim_id]
    judged = claim.decide()
    found = judged.printed.verdict, judged.corrected and judged.corrected.verdict
    assert (*found, [f.fault.kind for f in judged.findings]) == EXPECTED[claim_id]
    pieces = any(fault.printed for fault in claim.faults)
    assert bool(claim.corrected_display) == (pieces or bool(claim.corrected_latex))


def test_the_module_holds_what_is_expected():
    assert [claim.id for claim in lemma_IV_1.CLAIMS] == list(EXPECTED)


@pytest.mark.parametrize("factor", [Rational(1, 4), Rational(1, 2)])
def test_a_constant_that_is_too_small_is_refuted(factor):
    assert lemma_IV_1.contraction_chain(factor).decide().verdict == "refuted"


def test_the_contraction_needs_its_bound(monkeypatch, fresh):
    right = lemma_IV_1.contraction_chain()
    monkeypatch.setattr(
        lemma_IV_1, "contraction_chain", lambda: evolve(right, right=right.right / 2)
    )
    ids = ("lemma-IV.1", "lemma-IV.1/one-agent", "lemma-IV.1/bound", "lemma-IV.1/achieves")
    assert [k for k in (*ids, "thm-IV.2/linear-rate") if afresh.corrected(k) == "proved"] == []


def test_the_contraction_needs_its_threshold(monkeypatch, fresh):
    """The constant is below 1 where τ exceeds the bound, and not where it exceeds half of it."""
    right = lemma_IV_1._threshold()
    monkeypatch.setattr(lemma_IV_1, "_threshold", lambda: evolve(right, right=right.right / 2))
    assert afresh.corrected("lemma-IV.1") == "undecided"


def test_answers_that_move_another_way_turn_it(monkeypatch, fresh):
    right = lemma_IV_1.answers_differ()
    monkeypatch.setattr(lemma_IV_1, "answers_differ", lambda: evolve(right, right=-right.right))
    assert afresh.corrected("lemma-IV.1/gains") == "undecided"


def test_a_game_in_which_answers_move_apart_is_met(monkeypatch, fresh):
    """Without its threshold the lemma fails on exhibits, not on the stated one alone."""
    theorem = lemma_IV_1.CONTRACTION
    threshold = theorem.given[-1]
    assert evolve(theorem, needed={}).without(threshold).verdict == "refuted"
    assert theorem.without(threshold).game is exhibits()["diverging-loop"].game


def test_the_lemma_is_tried_where_its_threshold_holds():
    from ergs_verify.ledger.exhibits import cases

    tried = [case for case in cases() if isinstance(case, Case) and case.threshold_at_every_t]
    outcomes = [maps.brings_nearer(case) for case in tried if case.game.agents > 1]
    assert sum(outcome is not None for outcome in outcomes) >= 3


def test_the_sets_are_the_papers():
    for source in sources():
        text = " ".join(latex for _, latex in source.formulas)
        assert all(letter in text for letter in lemma_IV_1.SPACES), source.name
        if source.words is not None:
            words = " ".join(source.words.split())
            assert all(quote in words for quote in lemma_IV_1.SPACES.values())


def test_a_set_that_is_defined_can_be_compared_in(monkeypatch, fresh):
    assert afresh.printed("lemma-IV.1/two-policies") == "ill-typed"
    monkeypatch.setitem(lemma_IV_1.SPACES, r"\mathcal{S}", "planted")
    assert afresh.printed("lemma-IV.1/two-policies") == "definition"
