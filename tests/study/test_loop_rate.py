"""Theorem IV.2 measured: rates against closed forms, by hand in float64, and planted faults."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from attrs import evolve
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from random_games import g_star, games, matrices, three_identical

from ergs_verify import engine
from ergs_verify.arithmetic import MPMath
from ergs_verify.errors import InputError, SingularStageError
from ergs_verify.game.gallery import gallery, names
from ergs_verify.paper.theorem_III_1 import derived_formulas
from ergs_verify.report.plots import inner_loop_figure
from ergs_verify.study.loop_rate import _spectral_radius, inner_loop_study, loop_conditions
from ergs_verify.study.loop_survey import inner_loop_survey
from ergs_verify.study.variants import at_tau


def near(value: Decimal, expected, digits: int) -> bool:
    return abs(Fraction(value) - expected) < Fraction(1, 10**digits)


# -- closed forms -------------------------------------------------------------------------------


@pytest.mark.parametrize("game", [g_star(2), three_identical()], ids=["G*", "three identical"])
def test_the_known_divergent_loops_have_the_rate_4_over_3(game):
    study = inner_loop_study(game, iterations=range(1, 20), digits=40)
    assert study.conditions.inner_loop == "diverges"
    assert near(study.conditions.exact_rate, Fraction(4, 3), 40)
    # The start has no part in the other eigenvalues, so the rate is there from the first step.
    assert all(near(error.rate, Fraction(4, 3), 20) for error in study.errors[1:])


def test_conditions_of_g_star_by_hand():
    """γ_B = 1 and ‖Q_T‖_F = 17; γ_P is the larger ‖P_0‖_F, which no step of the loop uses."""
    found = loop_conditions(g_star(2))
    assert found.gamma_B == 1
    assert near(found.stages[0].contraction_constant, 17, 40)
    P_0 = engine.nash(g_star(2).floats()).P
    largest = max(np.linalg.norm(P, axis=(-2, -1)).max() for P in P_0)
    assert float(found.gamma_P) == pytest.approx(largest, rel=1e-12)
    assert float(found.bound) == pytest.approx(2 * largest, rel=1e-12)
    assert not found.assumption_III_3


def test_at_the_singular_tau_the_rate_is_undecided_nearby_and_has_no_equilibrium():
    """At τ = 4 one eigenvalue of J is −1 or 1, so ρ = 1."""
    with pytest.raises(SingularStageError):
        loop_conditions(g_star(4))
    at_most = Fraction(1, 10**40)
    assert loop_conditions(g_star(4 + at_most), digits=30).inner_loop == "undecided"


def test_one_agent_is_done_after_one_step():
    study = inner_loop_study(gallery("lqr"), iterations=(1, 2))
    assert [error.total for error in study.errors] == [0, 0]
    assert study.conditions.assumption_III_3
    assert study.conditions.inner_loop == "converges"


def test_without_entropy_the_lemma_says_nothing():
    found = loop_conditions(gallery("plain-lq"), digits=20)
    assert found.predicted_rate == Decimal("Infinity")
    assert not found.assumption_III_3
    assert found.inner_loop == "converges"


# -- against other computations -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["time-varying", "random:N=3,m=3,p=2-1-3,T=2,seed=4"])
def test_exact_rates_by_hand_in_float64(name):
    game = gallery(name)
    found = loop_conditions(game, digits=20)
    arrays = game.floats()
    P = engine.nash(arrays).P
    for stage in found.stages:
        t = stage.t
        B = [B_i[t] for B_i in arrays.B]
        J = np.block(
            [
                [np.zeros((X.shape[1],) * 2) if X is Y else -W_inverse @ X.T @ P_i @ Y for Y in B]
                for X, R_i, P_i in zip(
                    B, (R[t] for R in arrays.R), (P[t + 1] for P in P), strict=True
                )
                for W_inverse in [
                    np.linalg.inv(arrays.tau / 2 * np.eye(len(R_i)) + R_i + X.T @ P_i @ X)
                ]
            ]
        )
        largest = abs(np.linalg.eigvals(J)).max()
        assert float(stage.spectral_radius) == pytest.approx(largest, rel=1e-10)


def test_errors_are_the_engines():
    """float64 keeps 9 digits of these errors, which are of the order 1."""
    game = gallery("time-varying")
    study = inner_loop_study(game, iterations=(1, 3), digits=20)
    equilibrium = engine.nash(game.floats())
    for error in study.errors:
        output = engine.algorithm_1(game.floats(), error.iterations)
        distances = engine.stage_distances(output, equilibrium)
        assert [float(x) for x in error.stages] == pytest.approx(list(distances), rel=1e-9)


def test_the_observed_rate_is_the_exact_one():
    """At T−1 the P ahead is exact; the second eigenvalue, −ρ, has faded at no L but fixes none."""
    study = inner_loop_study(gallery("assumption-holds"), iterations=range(10, 31, 2), digits=60)
    last = study.conditions.stages[-1]
    (_, rate) = study.stage_rates(last.t)[-1]
    assert near(rate, Fraction(last.spectral_radius), 12)


def test_the_summed_error_has_the_largest_rate():
    game = gallery("random:N=2,m=2,p=1,T=2,tau=1,seed=1")
    study = inner_loop_study(game, iterations=(60, 90), digits=60)
    assert study.conditions.inner_loop == "converges"
    # Two stages of nearly the same rate: the slower one wins slowly.
    assert float(study.observed_rate / study.conditions.exact_rate) == pytest.approx(1, abs=0.05)


@settings(max_examples=15)
@given(games(taus=("1/3", "2", "50")))
def test_the_lemma_bounds_the_exact_rate(game):
    try:
        found = loop_conditions(game, digits=20)
    except SingularStageError:
        assume(False)
    for stage in found.stages:
        # A defective eigenvalue keeps but a third of the 45 digits carried.
        assert stage.spectral_radius <= stage.contraction_constant + Decimal("1e-10")
    if found.assumption_III_3:
        assert found.lemma_IV_1
        assert found.inner_loop == "converges"


def bracket(J: np.ndarray, squarings: int = 24) -> tuple[float, float]:
    """max (|tr J^k|/n)^{1/k} ≤ ρ ≤ min ‖J^k‖_F^{1/k} over k = 2^j, for integer J.

    In integers up to k = 1024, and in float64 beyond, where only norms keep their digits: the trace
    of a defective matrix's power is small beside its entries.
    """
    low, high, power, k = 0.0, np.inf, J.astype(object), 1
    scale = 0.0  # log of what `power` was divided by
    for _ in range(squarings):
        largest = max(abs(x) for x in power.ravel())
        if largest == 0:
            return low, 0.0
        size = math.log(largest) + scale
        shape = (power / largest).astype(float)
        high = min(high, np.exp((np.log(np.linalg.norm(shape)) + size) / k))
        if k <= 1024 and (trace := abs(np.trace(power))):
            low = max(low, np.exp((math.log(trace) - np.log(len(J))) / k))
        if k < 1024:
            power = power @ power
        else:
            power, scale = (shape @ shape).astype(object), 2 * size
        k *= 2
    return low, high


@settings(max_examples=60)
@given(st.integers(1, 5).flatmap(lambda n: matrices(n, n)), st.booleans())
@example([[0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0], [-1, 0, 0, 2]], False)
def test_the_spectral_radius_lies_in_its_bracket(rows, triangular):
    """Defective and nilpotent matrices too; 60 digits leave 12 to an eigenvalue five times over."""
    J = np.array(rows)
    if triangular:
        J = np.triu(J, 1)
    arithmetic = MPMath(digits=60)
    entries = [[Fraction(int(x)) for x in row] for row in J]
    radius = float(_spectral_radius(arithmetic, arithmetic.matrix(entries, J.shape)))
    low, high = bracket(J)
    assert low * (1 - 1e-9) <= radius <= high * (1 + 1e-9) + 1e-10


# -- hypothesis against convergence -------------------------------------------------------------


def test_the_hypothesis_is_sufficient_and_not_necessary():
    random = [
        f"random:N={N},m=2,T=2,tau={tau},seed={seed}"
        for N in (2, 3)
        for tau in ("1/10", "1", "100")
        for seed in (0, 1)
    ]
    survey = inner_loop_survey(map(gallery, [*names(), *random]))
    assert survey.contradictions == ()
    assert survey.count("fails", "converges") > 5
    assert survey.count("fails", "diverges") > 2
    assert survey.count("holds", "converges") > 2
    assert survey.count("no single NE", "–") == 2
    assert "g-star-2" in str(survey)
    assert "<td>g-star-2</td>" in survey._repr_html_()
    assert len(json.loads(json.dumps(survey.as_json()))["games"]) == len(survey.rows)


def test_raising_tau_makes_the_hypothesis_and_the_loop_hold():
    survey = inner_loop_survey(at_tau(g_star(2), Fraction(tau)) for tau in (2, 8, 200))
    kinds = [row.kind for row in survey.rows]
    assert kinds == [("fails", "diverges"), ("fails", "converges"), ("holds", "converges")]


# -- planted faults -----------------------------------------------------------------------------


def doubled_diagonal():
    formulas = derived_formulas()
    return evolve(formulas, phi_diagonal=2 * formulas.phi_diagonal)


def doubled_gain():
    formulas = derived_formulas()
    return evolve(formulas, gain=2 * formulas.gain)


@pytest.mark.parametrize("faulty", [doubled_diagonal, doubled_gain])
def test_a_wrong_formula_leaves_an_error_that_does_not_fall(faulty):
    game = gallery("assumption-holds")
    study = inner_loop_study(game, iterations=(20, 30), digits=30, formulas=faulty())
    assert study.errors[-1].total > Decimal("1e-3")
    assert float(study.observed_rate) == pytest.approx(1, abs=1e-6)


# -- input and records --------------------------------------------------------------------------


@pytest.mark.parametrize("iterations", [(), (0,), (2, 1), (1, 1), (1.5,), (True,)])
def test_bad_iterations(iterations):
    with pytest.raises(InputError, match="iterations"):
        inner_loop_study(g_star(2), iterations=iterations)


def test_bad_digits():
    with pytest.raises(InputError, match="digits"):
        inner_loop_study(g_star(2), digits=0)


def test_a_policy_that_ran_away_has_an_infinite_error():
    """It grows from stage to stage, until no precision of these few digits can solve for a gain."""
    game = gallery("random:N=3,m=3,p=2,T=5,tau=1/10,seed=2")
    study = inner_loop_study(game, iterations=(40,), digits=5)
    assert study.errors[0].total == Decimal("Infinity")
    assert study.as_json()["errors"][0]["total"] == "inf"


def test_the_record_prints_itself():
    done = []
    study = inner_loop_study(
        g_star(2), iterations=(1, 2), digits=20, progress=lambda k, of: done.append((k, of))
    )
    assert done == [(1, 2), (2, 2)]
    assert "1.3333333" in str(study)
    assert "diverges" in str(study)
    assert "1.3333333" in study._repr_html_()
    plain = json.loads(json.dumps(study.as_json()))
    assert plain["certified"] is False
    assert plain["stages"][0]["inner_loop"] == "diverges"
    assert [error["iterations"] for error in plain["errors"]] == [1, 2]


def test_the_rate_of_a_general_game():
    """A game handed as a general one has the same rates, and no verdict of the paper's."""
    game = gallery("g-star-2")
    known, found = (inner_loop_study(one, iterations=(2, 4, 8)) for one in (game, general(game)))
    assert found.conditions.exact_rate == known.conditions.exact_rate
    assert [one.total for one in found.errors] == [one.total for one in known.errors]
    conditions = found.conditions
    assert (conditions.assumption_III_3, conditions.lemma_IV_1, conditions.bound) == (None,) * 3
    assert found.as_json()["assumption_III_3"] is None
    assert "about the paper's class of games" in str(found)
    lines = inner_loop_figure(found).axes[0].lines
    assert [line.get_label() for line in lines] == ["summed error", "exact rate ρ = 1.333"]
    survey = inner_loop_survey([general(game)])
    assert survey.rows[0].kind == ("–", "diverges")
    assert "–" in str(survey)


def general(game):
    return evolve(game, indefinite=True)
