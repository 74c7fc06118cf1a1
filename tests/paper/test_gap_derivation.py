"""The gap identity and the coefficient of δ²: derived, and caught when a step breaks."""

from fractions import Fraction
from functools import cache

import pytest
from attrs import evolve
from parts import from_move, states_of

from ergs_verify.arithmetic import MPMath, Rationals
from ergs_verify.errors import DerivationError, InputError, SingularStageError
from ergs_verify.game import Policy
from ergs_verify.game.gallery import gallery
from ergs_verify.paper import gap
from ergs_verify.paper.general import GENERAL
from ergs_verify.recursion import (
    best_response,
    evaluate_policy,
    gaps,
    nash,
    second_moments,
    second_order_coefficients,
)

DERIVATIONS = {
    "identity": gap.identity,
    "coefficient": gap.coefficient,
    "difference": gap.difference,
    "general identity": gap.identity_for(GENERAL),
    "general coefficient": gap.coefficient_for(GENERAL),
    "general difference": gap.difference_for(GENERAL),
}
states = cache(lambda name: states_of(DERIVATIONS[name]))
MOVES = [(name, move.name) for name, d in DERIVATIONS.items() for move in d.moves]


@pytest.mark.parametrize("name", DERIVATIONS)
def test_it_goes_through(name):
    derived = DERIVATIONS[name].run()
    assert len(derived.steps) == len(DERIVATIONS[name].moves)
    for step in derived.steps:
        assert step.what in str(derived)
        assert step.what in derived._repr_markdown_()


@pytest.mark.parametrize(("name", "move"), MOVES)
def test_leaving_a_step_out_fails(name, move):
    with pytest.raises(DerivationError):
        from_move(DERIVATIONS[name], states(name), move).without(move).run()


def altered_one(key):
    def find(_state, findings):
        return {**findings, key: 2 * findings[key]}

    return find


OF_BOTH = [
    ("identity", "excess", "excess"),
    ("identity", "divergence", "divergence"),
    ("identity", "average", "gain_part"),
    ("identity", "average", "covariance_part"),
    ("identity", "average", "plain_covariance_part"),
    ("identity", "moments", "second_moment"),
    ("identity", "state", "gap_matrix"),
    ("identity", "state", "gap_constant"),
    ("identity", "state", "plain_gap_constant"),
    ("coefficient", "gain slope", "condition"),
    ("coefficient", "gain slope", "push"),
    ("coefficient", "gain slope", "gain_slope"),
    ("coefficient", "cost slope", "cost_condition"),
    ("coefficient", "cost slope", "cost_slope"),
    ("coefficient", "precision slope", "precision_condition"),
    ("coefficient", "precision slope", "precision_slope"),
    ("coefficient", "second order", "coefficient"),
    ("difference", "weight difference", "weight_slope"),
    ("difference", "gain difference", "push"),
    ("difference", "gain difference", "gain_difference"),
    ("difference", "cost difference", "same_gain"),
    ("difference", "cost difference", "cost_difference"),
    ("difference", "spread", "spread"),
    ("difference", "parts", "gain_part"),
]
FINDINGS = [*OF_BOTH, *((f"general {name}", *rest) for name, *rest in OF_BOTH)]


@pytest.mark.parametrize(("name", "move", "key"), FINDINGS)
def test_breaking_a_finding_fails(name, move, key):
    with pytest.raises(DerivationError):
        from_move(DERIVATIONS[name], states(name), move).altered(move, altered_one(key)).run()


def made_up_policy(game):
    def entry(*numbers):
        return Fraction(sum((k + 2) * n for k, n in enumerate(numbers)) % 7 - 3, 5)

    K = [
        [
            [[entry(k, t, r, c) for c in range(game.state_size)] for r in range(size)]
            for t in range(game.horizon)
        ]
        for k, size in enumerate(game.control_sizes)
    ]
    Sigma = [
        [[[Fraction(int(r == c), k + 1) for c in range(size)] for r in range(size)]] * game.horizon
        for k, size in enumerate(game.control_sizes)
    ]
    return Policy.from_arrays(K=K, Sigma=Sigma)


def cost_differences(game, policy, numbers):
    """Each agent's J(π) − J(BR), over x_0."""
    costs, start = evaluate_policy(game, policy, numbers), second_moments(game, policy, numbers)[0]
    for agent in range(1, game.agents + 1):
        best = best_response(game, policy, agent, numbers)
        minus = numbers.scale(numbers.scalar(Fraction(-1)), best.P[0])
        difference = numbers.add(costs.P[agent - 1][0], minus)
        yield (
            numbers.trace(numbers.multiply(difference, start)) + costs.q[agent - 1][0] - best.q[0]
        )


GAMES = ["random:N=2,m=2,p=1-2,T=2,seed=3", "random:N=3,m=1,p=2,T=3,seed=5", "lqr"]


@pytest.mark.parametrize("name", GAMES)
def test_it_is_the_difference_of_two_costs(name):
    numbers, game = MPMath(digits=60), gallery(name)
    policy = made_up_policy(game)
    for gap_now, difference in zip(
        gaps(game, policy, numbers), cost_differences(game, policy, numbers), strict=True
    ):
        # Two costs of moderate size, subtracted at 60 digits.
        error = numbers.to_fraction(gap_now.total - difference)
        assert abs(error) < Fraction(1, 10**50) * abs(numbers.to_fraction(difference))
        parts = gap_now.gain_parts + gap_now.covariance_parts
        assert all(numbers.to_fraction(term) >= 0 for term in parts)


@pytest.mark.parametrize("name", GAMES)
def test_in_the_plain_game_it_is_so_exactly(name):
    numbers, game = Rationals(), evolve(gallery(name), tau_given=Fraction(0))
    policy = made_up_policy(game)
    found = [g.total for g in gaps(game, policy, numbers)]
    assert found == list(cost_differences(game, policy, numbers))


@pytest.mark.parametrize("name", ["assumption-holds", "random:N=2,m=2,p=1-2,T=3,seed=1"])
def test_the_second_order_matches_the_gap_to_fifteen_digits(name):
    numbers, game, step = MPMath(digits=80), gallery(name), Fraction(1, 10**20)
    policy = nash(evolve(game, tau_given=game.tau + step), numbers).as_policy(numbers)
    coefficients = second_order_coefficients(game, numbers)
    for gap_now, c in zip(gaps(game, policy, numbers), coefficients, strict=True):
        ratio = numbers.to_fraction(gap_now.total) / (numbers.to_fraction(c) * step**2)
        # The relative error is O(δ) = 1e-20 times a constant of the game.
        assert abs(ratio - 1) < Fraction(1, 10**15)


def test_the_nash_equilibrium_has_no_gap():
    numbers, game = Rationals(), gallery("identical-interest")
    policy = nash(game, numbers).as_policy(numbers)
    high = MPMath(digits=60)
    for gap_now in gaps(game, policy, high):
        assert abs(high.to_fraction(gap_now.total)) < Fraction(1, 10**55)


def test_a_singular_stage_has_no_coefficient():
    with pytest.raises(SingularStageError):
        second_order_coefficients(gallery("g-star-4-no-nash"), MPMath(digits=30))


def test_without_entropy_there_is_no_coefficient():
    with pytest.raises(InputError, match="τ > 0"):
        second_order_coefficients(gallery("plain-lq"), MPMath(digits=30))


def test_a_deterministic_policy_is_judged_in_the_plain_game():
    game, numbers = gallery("random:N=2,m=2,p=1-2,T=2,seed=3"), Rationals()
    policy = evolve(made_up_policy(game), Sigma=None)
    found = [g.total for g in gaps(game, policy, numbers)]
    assert found == list(cost_differences(game, policy, numbers))
    assert all(g > 0 for g in found)
