"""The sharp claims on existence, uniqueness, the inner loop, memory and limits."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy
from attrs import evolve
from ergs_verify.ledger.argument import argument, exactly, holds
from hypothesis import given, settings
from hypothesis import strategies as st
from random_games import g_star, games, gram, matrices, small
from scipy.optimize import minimize

from ergs_verify.arithmetic import Rationals
from ergs_verify.errors import SingularStageError
from ergs_verify.game import Game
from ergs_verify.ledger import (
    sharp_apriori,
    sharp_history,
    sharp_limits,
    sharp_loop,
    sharp_uniqueness,
)
from ergs_verify.ledger.counterexamples import last_block_system
from ergs_verify.paper import theorem_III_1
from ergs_verify.recursion import algorithm_1, apriori, nash
from ergs_verify.recursion.stages import Stages

MODULES = (sharp_uniqueness, sharp_loop, sharp_history, sharp_apriori, sharp_limits)
CLAIMS = {claim.id: claim for module in MODULES for claim in module.CLAIMS}


def verdict(claim_id: str) -> str:
    return CLAIMS[claim_id].decide().printed.verdict


# -- verdicts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_every_sharp_claim_is_proved(claim_id):
    judged = CLAIMS[claim_id].decide()
    assert judged.printed.verdict == "proved", judged.printed.evidence
    assert judged.printed.evidence


def test_ids_are_sharp_and_unique():
    assert all(name.startswith("sharp-") for name in CLAIMS)
    assert len(CLAIMS) == sum(len(module.CLAIMS) for module in MODULES)


def test_an_argument_is_as_good_as_its_worst_step():
    wrong = exactly("2 + 2", 4, 5)
    assert argument(holds("yes", True), "rule").verdict == "proved"
    assert argument(holds("yes", True), wrong).verdict == "refuted"
    assert wrong.counterexample == {"values": {}, "left": "4", "right": "5"}
    assert wrong.replay is not None
    assert wrong.replay()


# -- planted faults ------------------------------------------------------------------------------


def derived_with(monkeypatch, **changes):
    """The derivation's results, some of them altered, for whoever asks."""
    found = theorem_III_1.derive().results
    altered = {**found, **{name: change(found[name]) for name, change in changes.items()}}
    monkeypatch.setattr(theorem_III_1, "derive", lambda: altered)


ROW_FAULTS = {
    "other": lambda row: evolve(row, other=2 * row.other),
    "own": lambda row: evolve(row, own=-row.own),
    "constant": lambda row: evolve(row, constant=3 * row.constant),
}


@pytest.mark.parametrize(
    ("claim_id", "fault"),
    [
        ("sharp-unique-iff-regular", "other"),
        ("sharp-unique-iff-regular", "own"),
        ("sharp-unique-iff-regular", "constant"),
        ("sharp-loop", "other"),
        ("sharp-scalar-state", "other"),
        ("sharp-scalar-state", "own"),
        ("sharp-limits/small-tau", "other"),
    ],
)
def test_a_wrong_row_of_phi_is_noticed(monkeypatch, claim_id, fault):
    derived_with(monkeypatch, row=ROW_FAULTS[fault])
    assert verdict(claim_id) == "refuted"


@pytest.mark.parametrize(
    ("claim_id", "name"),
    [
        ("sharp-limits/large-tau", "gain_compact"),
        ("sharp-limits/large-tau", "covariance"),
        ("sharp-limits/large-tau", "riccati"),
        ("sharp-limits/small-tau", "covariance"),
        ("sharp-apriori/falls", "riccati"),
        ("sharp-apriori", "gain"),
        ("sharp-coupling", "gain"),
        ("sharp-loop/contraction", "gain"),
    ],
)
def test_a_wrong_formula_is_noticed(monkeypatch, claim_id, name):
    derived_with(monkeypatch, **{name: lambda formula: 2 * formula})
    # A chain whose first identity fails is undecided, as its inequality may hold all the same.
    assert verdict(claim_id) in ("refuted", "undecided")


@pytest.mark.parametrize(
    ("module", "claim_id"),
    [
        (sharp_uniqueness, "sharp-unique-iff-regular/determinant"),
        (sharp_uniqueness, "sharp-near-singular"),
        (sharp_loop, "sharp-loop/g-star"),
        (sharp_loop, "sharp-loop/identical-interest"),
    ],
)
def test_another_game_does_not_pass_for_the_example(monkeypatch, module, claim_id):
    other = Game.from_arrays(
        A=[[1, 0], [0, 1]],
        B=[[[1], [0]], [[0], [1]]],
        Q=[[[0, 0], [0, 0]], [[1, 4], [4, 17]]],
        R=[[[1]], [[1]]],
        tau=2,
        noise_cov=[[0, 0], [0, 0]],
        horizon=1,
    )
    other = evolve(other, Q=tuple((Q[0], other.Q[1][0]) for Q in other.Q))
    monkeypatch.setattr(module, "gallery", lambda name: other)
    assert verdict(claim_id) == "refuted"


@pytest.mark.parametrize(
    ("name", "claim_id"),
    [
        ("no_equilibrium", "sharp-unique-iff-regular/no-nash"),
        ("continuum_of_equilibria", "sharp-unique-iff-regular/continuum"),
    ],
)
def test_a_fallen_counterexample_leaves_the_claim_undecided(monkeypatch, name, claim_id):
    fallen = evolve(getattr(sharp_uniqueness, name)(), verdict="undecided")
    monkeypatch.setattr(sharp_uniqueness, name, lambda: fallen)
    assert verdict(claim_id) == "undecided"


@pytest.mark.parametrize("name", ["not-needed", "singular", "g-star", "identical-interest"])
def test_another_iteration_matrix_is_noticed(monkeypatch, name):
    found = sharp_loop.jacobi
    monkeypatch.setattr(sharp_loop, "jacobi", lambda game: found(game) * 3)
    assert verdict(f"sharp-loop/{name}") == "refuted"


def played_in_turn_is_at_once(monkeypatch):
    monkeypatch.setattr(sharp_loop, "in_turn", sharp_loop.jacobi)


def another_ring(monkeypatch):
    ring = sharp_loop._three_in_a_ring()
    monkeypatch.setattr(sharp_loop, "_three_in_a_ring", lambda: evolve(ring, tau_given=9))


def stronger_costs(monkeypatch):
    pair = sharp_loop.two_scalar_agents
    monkeypatch.setattr(sharp_loop, "two_scalar_agents", lambda _: pair("8"))


def wrong_curvature(monkeypatch):
    monkeypatch.setattr(sharp_limits, "curvature", 2 * sharp_limits.curvature)


def wrong_pull(monkeypatch):
    monkeypatch.setattr(sharp_limits, "pull", -sharp_limits.pull)


def fixed_remainder(monkeypatch):
    """Remainders that do not shrink with τ."""
    for name in ("_distance_at_large_tau", "_distance_at_small_tau"):
        monkeypatch.setattr(sharp_limits, name, lambda _: Fraction(1))


def another_linear_term(monkeypatch):
    derived_with(monkeypatch, form=lambda form: evolve(form, linear=2 * form.linear))


def another_regression(monkeypatch):
    true = sharp_history._regression
    monkeypatch.setattr(sharp_history, "_regression", lambda *of: (-true(*of)[0], true(*of)[1]))


def bounds_too_small(monkeypatch):
    monkeypatch.setattr(sharp_apriori, "bounds_hold", lambda _: False)


@pytest.mark.parametrize(
    ("claim_id", "fault"),
    [
        ("sharp-loop/identical-interest", played_in_turn_is_at_once),
        ("sharp-loop/singular", another_ring),
        ("sharp-loop/not-needed", stronger_costs),
        ("sharp-limits/large-tau", wrong_curvature),
        ("sharp-limits/large-tau", wrong_pull),
        ("sharp-limits/small-tau", wrong_curvature),
        ("sharp-limits/small-tau", fixed_remainder),
        ("sharp-limits/large-tau", fixed_remainder),
        ("sharp-contraction-excludes", another_linear_term),
        ("sharp-history", another_regression),
        ("sharp-apriori", bounds_too_small),
    ],
)
def test_a_fault_in_a_deciders_own_formula_is_noticed(monkeypatch, claim_id, fault):
    fault(monkeypatch)
    assert verdict(claim_id) == "refuted"


def test_a_plain_game_that_is_regular_has_no_such_limit(monkeypatch):
    """G* with R = 3 is singular at τ = 0; from an end cost without coupling it is not."""
    plain = Game.from_arrays(
        A=[[1, 0], [0, 1]],
        B=[[[1], [0]], [[0], [1]]],
        Q=[[[0, 0], [0, 0]]] * 2,
        R=[[[1]], [[1]]],
        tau=2,
        noise_cov=[[0, 0], [0, 0]],
        horizon=1,
    )
    monkeypatch.setattr(sharp_limits, "gallery", lambda _: plain)
    assert verdict("sharp-limits/singular-at-zero") == "refuted"


@pytest.mark.parametrize("fault", ["couplings", "shares", "loop_bounds"])
@pytest.mark.parametrize("claim_id", ["sharp-apriori", "sharp-apriori/falls", "sharp-coupling"])
def test_a_wrong_bound_in_the_code_is_noticed(monkeypatch, fault, claim_id):
    right = getattr(apriori, fault)
    monkeypatch.setattr(apriori, fault, lambda *args: [entry / 2 for entry in right(*args)])
    assert verdict(claim_id) in ("refuted", "undecided")


@pytest.mark.parametrize("chain", [sharp_apriori.coupling_chain, sharp_history.projection_chain])
def test_a_chain_with_half_the_bound_is_refuted(chain):
    decision = chain(sympy.Rational(1, 2)).decide()
    assert decision.verdict == "refuted"
    assert decision.replay is not None
    assert decision.replay()


def test_an_oblique_projection_is_no_conditional_expectation(monkeypatch):
    oblique = 2 * sharp_history.projection
    monkeypatch.setattr(sharp_history, "projection", oblique)
    assert verdict("sharp-contraction-excludes") == "refuted"


def test_limits_of_another_equilibrium_are_refuted(monkeypatch):
    def doubled(game, numbers):
        found = nash(game, numbers)
        return evolve(found, K=tuple(tuple(X * 2 for X in agent) for agent in found.K))

    monkeypatch.setattr(sharp_limits, "nash", doubled)
    assert verdict("sharp-limits/large-tau") == "refuted"


# -- the exact statements, attacked ---------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(games(taus=("1/3", "2"), stages=1))
def test_the_determinant_has_the_size_of_the_state(game):
    phi, _ = last_block_system(game)
    numbers = Rationals()
    stages = Stages(game, numbers)
    inner, weights = numbers.identity(game.state_size), Fraction(1)
    for B_k, R_k, Q_k in zip(game.B, game.R, game.Q, strict=True):
        inputs, weight = stages.enter(B_k[0]), stages.enter(R_k[0], diagonal=game.tau / 2)
        inner = inner + inputs * weight.inv() * inputs.transpose() * stages.enter(Q_k[1])
        weights = weights * numbers.to_fraction(weight.det())
    assert numbers.to_fraction(phi.det()) == weights * numbers.to_fraction(inner.det())


@st.composite
def scalar_state_games(draw):
    N = draw(st.integers(1, 4))
    sizes = [draw(st.integers(1, 3)) for _ in range(N)]
    return Game.from_arrays(
        A=[[draw(small)]],
        B=[draw(matrices(1, p)) for p in sizes],
        Q=[[[draw(st.integers(0, 3))]] for _ in range(N)],
        R=[gram(draw(matrices(p, p)), ridge=1) for p in sizes],
        tau=draw(st.sampled_from(("0", "1/100", "3"))),
        noise_cov=[[0]],
        horizon=2,
    )


@settings(max_examples=60, deadline=None)
@given(scalar_state_games())
def test_a_scalar_state_has_one_equilibrium(game):
    phi, _ = last_block_system(game)
    assert phi.det() > 0
    assert nash(game, Rationals()).K


@settings(max_examples=40, deadline=None)
@given(st.fractions(min_value=Fraction(1, 10), max_value=8, max_denominator=20))
def test_g_star_is_singular_at_four_alone(tau):
    game = g_star(str(tau))
    if tau == 4:
        with pytest.raises(SingularStageError):
            nash(game, Rationals())
    else:
        phi, _ = last_block_system(game)
        assert Rationals().to_fraction(phi.det()) == (tau - 4) * (tau + 12) / 4


@settings(max_examples=30, deadline=None)
@given(games(taus=("1/3", "2"), stages=1))
def test_the_loop_does_what_its_matrix_says(game):
    J = sharp_loop.jacobi(game)
    phi, _ = last_block_system(game)
    if phi.det() == 0:
        return
    numbers = Rationals()
    target = numbers.blocks([[agent[0]] for agent in nash(game, numbers).K])
    after = numbers.blocks([[agent[0]] for agent in algorithm_1(game, numbers, 3).K])
    assert after - target == J * J * J * (target * -1)


def test_norms_of_powers_tell_the_radius():
    numbers = Rationals()

    def square(rows):
        return numbers.matrix([[Fraction(x) for x in row] for row in rows], (2, 2))

    shear, large, unit = (
        square([["0.9", 5], [0, "0.9"]]),
        square([[2, 9], [0, 0]]),
        square([[1, 0], [0, 0]]),
    )
    assert sharp_loop.is_below_one(shear)
    assert sharp_loop.exceeds_one(large)
    assert not sharp_loop.exceeds_one(shear)
    assert not sharp_loop.is_below_one(large)
    assert not sharp_loop.is_below_one(unit)
    assert not sharp_loop.exceeds_one(unit)


@settings(max_examples=60, deadline=None)
@given(games(taus=("1/3", "2", "20"), stages=1))
def test_couplings_below_one_never_meet_a_diverging_loop(game):
    bound = apriori.apriori_bound(apriori.data_norms(game), game.tau)
    if bound is None:
        return
    phi, _ = last_block_system(game)
    assert phi.det() != 0
    J = np.array(
        [[float(Fraction(int(x.p), int(x.q))) for x in r] for r in sharp_loop.jacobi(game).tolist()]
    )
    # The comparison matrix [gⁱ]_{i≠j} bounds ρ(J); eigenvalues in float64 to about 1e-7.
    assert max(abs(np.linalg.eigvals(J))) < 1 + 1e-7


# -- agents that remember ------------------------------------------------------------------------


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
def test_other_numbers_are_no_equilibrium(monkeypatch, name, value):
    monkeypatch.setattr(sharp_history, name, value)
    assert verdict("sharp-history") == "refuted"


def test_other_noise_is_no_equilibrium(monkeypatch):
    game = sharp_history.memory_game()
    louder = evolve(game, noise_cov=2 * game.noise_cov)
    monkeypatch.setattr(sharp_history, "memory_game", lambda: louder)
    assert verdict("sharp-history") == "refuted"


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
