"""Assumption III.3 and Lemma III.4: constants, blocks, and the games that show their limits."""

from __future__ import annotations

from fractions import Fraction

import afresh
import pytest
from attrs import evolve
from sympy import Rational

from ergs_verify.game import Game
from ergs_verify.ledger import counterexamples, unreached
from ergs_verify.ledger.claims import lemma_III_4
from ergs_verify.ledger.exhibits import Case
from ergs_verify.ledger.statements import Equality
from ergs_verify.paper import theorem_III_1
from ergs_verify.paper.notation import B, j

UNIQUE = ("lemma-III.4", "lemma-III.4/every-time", "lemma-III.4/determined")


@pytest.mark.parametrize("factor", [Rational(1, 2), Rational(9, 10)])
def test_a_smaller_constant_is_not_arrived_at(factor):
    assert lemma_III_4.row_chain(factor).decide().verdict != "proved"
    assert lemma_III_4._block_row_sum(factor).decide().verdict != "proved"


def test_the_threshold_is_the_assumptions_own():
    """The factor is below 1 where τ exceeds the bound, and not where it exceeds half of it."""
    factor, bound = lemma_III_4._factor * lemma_III_4.tau, lemma_III_4.bound
    assert Equality(factor, bound).decide().verdict == "proved"
    assert Equality(factor, bound / 2).decide().verdict == "refuted"


@pytest.mark.parametrize(
    ("name", "change", "ids"),
    [
        (
            "gain",
            lambda K: -K,
            ("lemma-III.4/gain-equation", "lemma-III.4/block-system", *UNIQUE[2:]),
        ),
        ("row", lambda r: evolve(r, other=-r.other), ("lemma-III.4/blocks", *UNIQUE)),
        ("row", lambda r: evolve(r, own=2 * r.own), ("lemma-III.4/blocks", *UNIQUE)),
        ("row", lambda r: evolve(r, own=2 * r.own), ("lemma-III.4/diagonally-dominant",)),
        ("least", lambda cost: 2 * cost, UNIQUE[:2]),
    ],
)
def test_a_fault_in_the_derivation_turns_what_rests_on_it(monkeypatch, fresh, name, change, ids):
    afresh.planted(monkeypatch, name, change)
    assert [claim_id for claim_id in ids if afresh.corrected(claim_id) == "proved"] == []


def test_off_diagonal_blocks_are_those_of_another_agent():
    row = theorem_III_1.derive()["row"]
    assert row.other.has(B(j))
    assert not row.own.has(B(j))


def test_the_bound_depends_on_tau_only_where_it_does(monkeypatch, fresh):
    assert afresh.printed("assumption-III.3/model-dependent") == "refuted"
    same = counterexamples.two_scalar_agents("2")
    monkeypatch.setattr(counterexamples, "two_scalar_agents", lambda _: same)
    assert counterexamples.bound_depends_on_tau().verdict == "undecided"


def test_a_second_equilibrium_needs_states_that_are_never_reached(monkeypatch, fresh):
    assert afresh.printed("lemma-III.4/every-time") == "refuted"
    game = unreached.game()
    noisy = evolve(game, noise_cov=game.noise_cov + 1)
    monkeypatch.setattr(unreached, "game", lambda: noisy)
    assert counterexamples.unreachable_states().verdict == "undecided"


def test_dominance_fails_only_where_it_does(monkeypatch):
    assert counterexamples.not_diagonally_dominant().verdict == "refuted"
    monkeypatch.setattr(counterexamples, "_first_row", lambda _: (2, 1))
    assert counterexamples.not_diagonally_dominant().verdict == "undecided"


def test_the_assumption_is_judged_exactly():
    """τ just above, at and just below the bound 2: B = P_T = 1 are known here."""
    one = Game.from_arrays(
        A=[[0]], B=[[[1]]] * 2, Q=[[[1]]] * 2, R=[[[1]]] * 2, tau=2, noise_cov=[[0]], horizon=1
    )

    def holds(tau: str) -> bool:
        # A = 0: P* = 1 at t = 0 and T, whatever is played.
        return Case.of(evolve(one, tau_given=Fraction(tau))).assumption_III_3

    assert not holds("2")
    assert holds("2.0000001")
    assert not holds("1.9999999")
