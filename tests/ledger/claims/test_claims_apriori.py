"""Bounds from the data: constants, and the scalars that carry them."""

from __future__ import annotations

from fractions import Fraction

import afresh
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from random_games import games

from ergs_verify.ledger import loops
from ergs_verify.ledger.claims import apriori as section
from ergs_verify.ledger.sentences import data
from ergs_verify.recursion import apriori

CLAIMS = ("sharp-apriori", "sharp-apriori/falls", "sharp-apriori/assumption")


def test_half_the_bound_is_refuted():
    decision = section.coupling_chain(sympy.Rational(1, 2)).decide()
    assert decision.verdict == "refuted"
    assert decision.replay is not None
    assert decision.replay()


@pytest.mark.parametrize("fault", ["couplings", "shares", "loop_bounds"])
@pytest.mark.parametrize("claim_id", CLAIMS)
def test_a_wrong_bound_in_the_code_is_noticed(monkeypatch, fresh, fault, claim_id):
    right = getattr(apriori, fault)
    monkeypatch.setattr(apriori, fault, lambda *args: [entry / 2 for entry in right(*args)])
    assert afresh.corrected(claim_id) in ("refuted", "undecided")


@pytest.mark.parametrize(
    ("claim_id", "name"),
    [("sharp-apriori/falls", "riccati"), ("sharp-apriori", "gain"), ("sharp-coupling", "gain")],
)
def test_a_wrong_formula_is_noticed(monkeypatch, fresh, claim_id, name):
    afresh.planted(monkeypatch, name, lambda formula: 2 * formula)
    assert afresh.corrected(claim_id) == "undecided"


def test_bounds_that_are_too_small_are_met_on_a_game(monkeypatch, fresh):
    for module in (section, data):
        monkeypatch.setattr(module, "bounds_hold", lambda _: False)
    assert afresh.corrected("sharp-apriori/falls") == "refuted"
    assert afresh.corrected("sharp-apriori/thresholds") == "refuted"


def test_couplings_that_do_not_vanish_leave_no_choice_of_delta(monkeypatch, fresh):
    right = apriori.couplings
    monkeypatch.setattr(apriori, "couplings", lambda *args: [g + 1 for g in right(*args)])
    assert section._vanishes().verdict == "refuted"
    assert afresh.corrected("eq-21/choice") == "undecided"


certified = []


@settings(max_examples=60, deadline=None, derandomize=True)
@given(games(taus=("1/3", "2", "20"), stages=1))
def test_couplings_below_one_never_meet_a_diverging_loop(game):
    if apriori.apriori_bound(apriori.data_norms(game), game.tau) is None:
        return
    certified.append(game)
    assert loops.last_block_system(game)[0].det() != 0
    J = loops.jacobi(game)
    rows = [[float(Fraction(int(x.p), int(x.q))) for x in row] for row in J.tolist()]
    # The comparison matrix [gⁱ]_{i≠j} bounds ρ(J); eigenvalues in float64 to about 1e-7.
    assert max(abs(np.linalg.eigvals(np.array(rows)))) < 1 + 1e-7


def test_some_couplings_were_below_one():
    certified.clear()
    test_couplings_below_one_never_meet_a_diverging_loop()
    assert len(certified) >= 5
