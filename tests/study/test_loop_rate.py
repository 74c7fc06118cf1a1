"""Theorem IV.2 measured: rates against closed forms, by hand in float64, and planted faults."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from attrs import evolve
from random_games import g_star, three_identical

from ergs_verify import engine
from ergs_verify.errors import InputError
from ergs_verify.game.gallery import gallery
from ergs_verify.paper.theorem_III_1 import derived_formulas
from ergs_verify.report.plots import inner_loop_figure
from ergs_verify.study.loop_rate import inner_loop_study


def near(value: Decimal, expected, digits: int) -> bool:
    return abs(Fraction(value) - expected) < Fraction(1, 10**digits)


# -- closed forms -------------------------------------------------------------------------------


@pytest.mark.parametrize("game", [g_star(2), three_identical()], ids=["G*", "three identical"])
def test_the_known_divergent_loops_have_the_rate_4_over_3(game):
    study = inner_loop_study(game, iterations=range(1, 20), digits=40)
    assert study.check.inner_loop == "diverges"
    assert Fraction(4, 3) in study.check.spectral_radius
    # Enough for its verdict, which is all that `check` asks of it.
    assert study.check.spectral_radius.relative_width < Fraction(1, 10**8)
    # The start has no part in the other eigenvalues, so the rate is there from the first step.
    assert all(near(error.rate, Fraction(4, 3), 20) for error in study.errors[1:])


def test_one_agent_is_done_after_one_step():
    study = inner_loop_study(gallery("lqr"), iterations=(1, 2))
    assert [error.total for error in study.errors] == [0, 0]
    assert study.check.inner_loop == "converges"


# -- against other computations -----------------------------------------------------------------


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
    last = study.check.stages[0]
    (_, rate) = study.stage_rates(last.t)[-1]
    assert last.t == study.game.horizon - 1
    assert near(rate, last.spectral_radius.hi, 8)


def test_the_summed_error_has_the_largest_rate():
    game = gallery("random:N=2,m=2,p=1,T=2,tau=1,seed=1")
    study = inner_loop_study(game, iterations=(60, 90), digits=60)
    assert study.check.inner_loop == "converges"
    # Two stages of nearly the same rate: the slower one wins slowly.
    assert float(study.observed_rate) / float(study.check.spectral_radius.hi) == pytest.approx(
        1, abs=0.05
    )


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


def test_the_record_prints_itself():
    done = []
    study = inner_loop_study(
        g_star(2), iterations=(1, 2), digits=20, progress=lambda k, of: done.append((k, of))
    )
    assert done == [(1, 2), (2, 2)]
    assert "1.3333333" in str(study)
    assert "diverges" in str(study)
    assert "1.3333333" in study._repr_html_()


def test_the_rate_of_a_general_game():
    """A game handed as a general one has the same rates, and no verdict of the paper's."""
    game = gallery("g-star-2")
    known, found = (inner_loop_study(one, iterations=(2, 4, 8)) for one in (game, general(game)))
    assert Fraction(4, 3) in found.check.spectral_radius
    assert [one.total for one in found.errors] == [one.total for one in known.errors]
    assert "about the paper's class of games" in str(found)
    lines = inner_loop_figure(found).axes[0].lines
    assert [line.get_label() for line in lines] == ["summed error", "exact rate ρ = 1.333"]


def general(game):
    return evolve(game, indefinite=True)
