"""Policies that remember: the second equilibrium, and where there is none."""

from __future__ import annotations

import math

import afresh
import numpy as np
import pytest
import sympy
from attrs import evolve
from scipy.optimize import minimize

from ergs_verify.ledger import memory
from ergs_verify.ledger.claims import history


@pytest.fixture
def anew(fresh):
    """The second equilibrium is confirmed once."""
    yield
    memory.is_nash.cache_clear()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("THETA", sympy.Integer(1)),
        ("THETA", sympy.sqrt(sympy.Rational(48, 49))),
        ("REGRESSION", sympy.Rational(4, 7)),
        ("OWN_VARIANCE", sympy.Rational(1, 3)),
        ("LATER_VARIANCE", sympy.Rational(1, 4)),
    ],
)
def test_other_numbers_are_no_equilibrium(monkeypatch, anew, name, value):
    assert afresh.corrected("sharp-history") == "proved"
    memory.is_nash.cache_clear()
    monkeypatch.setattr(memory, name, value)
    assert afresh.corrected("sharp-history") == "refuted"


def test_other_noise_is_no_equilibrium(monkeypatch, anew):
    game = memory.game()
    louder = evolve(game, noise_cov=2 * game.noise_cov)
    memory.is_nash.cache_clear()
    monkeypatch.setattr(memory, "game", lambda: louder)
    assert afresh.corrected("sharp-history") == "refuted"


def test_another_regression_is_noticed(monkeypatch, anew):
    true = memory._regression
    memory.is_nash.cache_clear()
    monkeypatch.setattr(memory, "_regression", lambda *of: (-true(*of)[0], true(*of)[1]))
    assert afresh.corrected("sharp-history") == "refuted"


def test_half_the_bound_is_refuted():
    decision = history.projection_chain(sympy.Rational(1, 2)).decide()
    assert decision.verdict == "refuted"
    assert decision.replay is not None
    assert decision.replay()


def test_an_oblique_projection_is_no_conditional_expectation(monkeypatch):
    monkeypatch.setattr(history, "projection", 2 * history.projection)
    assert history._pythagoras().decide().verdict == "refuted"


def test_another_linear_term_is_noticed(monkeypatch, fresh):
    afresh.planted(monkeypatch, "form", lambda form: evolve(form, linear=2 * form.linear))
    assert afresh.corrected("sharp-contraction-excludes") == "undecided"


# -- the equilibrium attacked, by moments alone ----------------------------------------------------


def cost_of_agent_1(policy, theta) -> float:
    """u_0 ~ N(a, s), u_1 ~ N(k·(y, v, 1), r), against agent 2's policy; moments, no conditioning.

    With the columns (1, own noise, w, ω) every number of the game is a row of coefficients.
    """
    a, log_s, on_y, on_v, shift, log_r = policy
    s, r = math.exp(log_s), math.exp(log_r)
    second = np.diag([1.0, s, 1 / 4, 1 / 12])
    one, own, w, noise = np.eye(4)
    v = a * one + own
    y = v + w + noise
    later = on_y * y + on_v * v + shift * one
    other = theta * (w - 3 / 7 * y)

    def product(x, z):
        return float(x @ second @ z)

    end = (
        product(later, later) + r + 8 * product(later, other) + 16 * (product(other, other) + 1 / 3)
    )
    first_divergence = (s + a * a - 1 - log_s) / 2
    later_divergence = (product(later, later) + r - 1 - log_r) / 2
    controls = product(v, v) + product(later, later) + r
    return end + controls + 2 * (first_divergence + later_divergence)


def least_cost(theta) -> float:
    rng = np.random.default_rng(5)
    found = [
        minimize(cost_of_agent_1, rng.normal(size=6), args=(theta,), method="BFGS", tol=1e-10).fun
        for _ in range(6)
    ]
    return min(found)


def claimed_policy(theta):
    return np.array([0, math.log(1 / 4), -3 / 7 * theta, theta, 0, math.log(1 / 3)])


def test_no_policy_that_remembers_beats_the_second_equilibrium():
    theta = 7 / math.sqrt(48)
    claimed = cost_of_agent_1(claimed_policy(theta), theta)
    # BFGS stops where the gradient is about 1e-8, so costs agree far better than 1e-9.
    assert abs(least_cost(theta) - claimed) < 1e-9


@pytest.mark.parametrize("theta", [1.0, 1.1])
def test_another_theta_can_be_beaten(theta):
    assert least_cost(theta) < cost_of_agent_1(claimed_policy(theta), theta) - 1e-5
