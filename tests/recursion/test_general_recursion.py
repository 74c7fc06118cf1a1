"""The general game: equilibrium, costs, gaps and coefficients against a reference by hand."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import pytest
from attrs import evolve, fields
from general_reference import (
    Reference,
    as_arrays,
    exact,
    mp,
    perturbed,
    random_game,
    rows,
)

from ergs_verify import engine
from ergs_verify.arithmetic import MPMath
from ergs_verify.certify import certify_gap
from ergs_verify.certify.augmentation import gap
from ergs_verify.certify.check import check
from ergs_verify.errors import ErgsError, InputError, NotCertifiedError, UnboundedCostError
from ergs_verify.game import Game, Policy
from ergs_verify.paper.formulas import Formulas
from ergs_verify.paper.general import general_formulas
from ergs_verify.recursion import (
    best_response,
    decide_singular,
    evaluate_policy,
    gaps,
    nash,
    second_order_coefficients,
)
from ergs_verify.solve import solve

NUMBERS = MPMath(digits=60)
#: 60 digits less what some ten operations a stage on numbers below 100 lose.
CLOSE = Fraction(1, 10**50)
SEEDS = range(8)


def largest_off(found, wanted) -> Fraction:
    pairs = zip(found, wanted, strict=True)
    return max(abs(Fraction(a) - b) for x, y in pairs for a, b in zip(x, y, strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_solutions_are_certified_and_right(seed):
    given = random_game(seed)
    reference, game = Reference(given), Game.from_arrays(**given)
    policy, values = reference.nash()
    solution = solve(game, digits=25)
    assert solution.certified
    for i in range(reference.N):
        for t, (K, k, Sigma) in enumerate(policy):
            P, s, q = values[i][t]
            wanted = [
                (solution.K[i][t], rows(reference.rows(K, i))),
                (solution.Sigma[i][t], rows(Sigma[i])),
                (solution.P[i][t], rows(P)),
                ([[solution.q[i][t]]], [[exact(q)]]),
            ]
            if solution.k is not None and solution.s is not None:
                wanted.append(([solution.k[i][t]], [[x for (x,) in rows(reference.rows(k, i))]]))
                wanted.append(([solution.s[i][t]], [[x for (x,) in rows(s)]]))
            for found, right in wanted:
                size = max(1, *(abs(x) for row in right for x in row))
                assert largest_off(found, right) <= size / 10**25


@pytest.mark.parametrize("seed", SEEDS)
def test_gaps_and_coefficients(seed):
    given = random_game(seed)
    reference, game = Reference(given), Game.from_arrays(**given)
    policy, _ = reference.nash()
    affine = game.homogeneous is not game
    off = perturbed(policy, seed, affine)
    played = Policy.from_arrays(**as_arrays(reference, off, affine))
    wanted = [exact(reference.gap(i, off)) for i in range(reference.N)]
    for found, right in zip(gaps(game, played, NUMBERS), wanted, strict=True):
        assert abs(exact(found.total) - right) <= CLOSE
    for found, right in zip(certify_gap(game, played).agents, wanted, strict=True):
        assert found.gap.lo - CLOSE <= right <= found.gap.hi + CLOSE
        assert found.gap.relative_width <= Fraction(1, 1000)
    delta = mp.mpf(10) ** -20
    shifted, _ = Reference(given, delta).nash()
    for i, found in enumerate(second_order_coefficients(game, NUMBERS)):
        right = exact(reference.gap(i, shifted) / delta**2)
        # The next order in δ is about as large as the coefficient, times δ.
        assert abs(exact(found) - right) <= Fraction(1, 10**15) * max(1, abs(right))


@pytest.mark.parametrize("seed", [5, 7])
def test_augmentation_and_check(seed):
    given = random_game(seed)
    reference, game = Reference(given), Game.from_arrays(**given)
    found = gap(game, ["1/1000", "1/2"])
    assert found.smallest_delta is None
    for row in found.rows:
        policy, _ = Reference(given, mp.mpf(row.delta.numerator) / row.delta.denominator).nash()
        for one in row.agents or ():
            right = exact(reference.gap(one.agent - 1, policy))
            assert one.epsilon.lo - CLOSE <= right <= one.epsilon.hi + CLOSE
            assert one.epsilon.relative_width <= Fraction(1, 1000)
            assert right <= one.bound.hi
    checked = check(game)
    assert (checked.nash.unique, checked.assumption_III_3) == ("proved", None)
    assert len(checked.stages) == game.horizon


def test_an_unbounded_cost_is_an_answer():
    game = Game.from_arrays(
        A=[[1]],
        B=[[[1]], [[1]]],
        Q=[[[1]], [[-9]]],
        R=[[[1]], [[1]]],
        tau=1,
        noise_cov=[[1]],
        horizon=2,
        indefinite=True,
    )
    with pytest.raises(UnboundedCostError) as found:
        solve(game)
    assert (found.value.agent, found.value.t) == (2, 1)
    (v,) = found.value.direction
    assert v * (Fraction(1, 2) + 1 - 9) * v < 0
    assert "agent 2 has no lower bound" in str(found.value)
    assert (check(game).nash.exists, check(game).stages) == ("refuted", ())


def test_a_cross_term_alone_can_leave_a_cost_without_lower_bound():
    """Q and R are definite; from t = 1 on agent 1 pays (1 − 3²/(1/2 + 1 + 1)) x² at best."""
    game = Game.from_arrays(
        A=[[0]], B=[[[1]], [[0]]], Q=[[[1]], [[1]]], R=[[[1]], [[1]]], S=[[[[3]]] * 2, [[0]]],
        tau=1, noise_cov=[[1]], horizon=2,
    )  # fmt: skip
    assert not game.indefinite
    with pytest.raises(UnboundedCostError) as found:
        solve(game)
    assert (found.value.agent, found.value.t) == (1, 0)
    assert check(game).nash.exists == "refuted"
    still = Policy.from_arrays(K=[[[[0]]] * 2] * 2)
    assert certify_gap(game, still).agents[0].gap.hi == math.inf


def test_the_papers_game_is_an_instance():
    """Its own formulas and the general ones give the same numbers."""
    game = Game.from_arrays(
        A=[[1, "1/2"], [0, 1]],
        B=[[[1], [0]], [[0, 1], [1, 1]]],
        Q=[[[1, 0], [0, 1]], [[2, 0], [0, 1]]],
        R=[[[1]], [[2, 0], [0, 1]]],
        tau="1/2",
        noise_cov=[[1, 0], [0, 1]],
        horizon=3,
    )
    again = Game.from_arrays(
        A=game.A[0],
        B=[B[0] for B in game.B],
        Q=[Q[0] for Q in game.Q],
        R=[R[0] for R in game.R],
        tau=["1/2", "1/2"],
        noise_cov=game.noise_cov,
        horizon=3,
        indefinite=True,
    )
    assert again.general
    one, other = solve(game, digits=30), solve(again, digits=30)
    for letter in ("K", "Sigma", "P"):
        for x, y in zip(getattr(one, letter), getattr(other, letter), strict=True):
            assert all((X == Y).all() for X, Y in zip(x, y, strict=True))


def answers(game: Game, played: Policy, formulas: Formulas) -> list[Fraction]:
    """Numbers that use every formula: the equilibrium's and a best response's."""
    found = nash(game, NUMBERS, formulas=formulas)
    best = best_response(game, played, 1, NUMBERS, formulas=formulas)
    matrices = [found.K[0][0], found.Sigma[0][0], found.P[0][0], best.K[0], best.P[0]]
    assert found.q is not None
    assert best.q is not None
    entries = [x for X in matrices for row in NUMBERS.to_fractions(X) for x in row]
    return [*entries, exact(found.q[0][0]), exact(best.q[0])]


@pytest.mark.parametrize("name", [f.name for f in fields(Formulas) if f.type == "MatrixExpr"])
def test_a_fault_in_a_formula_is_seen(name):
    given = random_game(5)
    reference, game = Reference(given), Game.from_arrays(**given)
    played = Policy.from_arrays(**as_arrays(reference, reference.nash()[0], True))
    formulas = general_formulas()
    right = answers(game, played, formulas)
    try:
        wrong = answers(game, played, evolve(formulas, **{name: 2 * getattr(formulas, name)}))
    except ErgsError:
        return
    assert max(abs(x - y) for x, y in zip(right, wrong, strict=True)) > Fraction(1, 1000)


def test_a_W_that_is_exactly_singular_has_no_least_cost_if_τ_is_positive():
    """W = τ/2 I + R + B'PB = 1/2 + 1 − 3/2 on the one control, 1/2 + 3 on the other."""
    game = Game.from_arrays(
        A=[[[0]], [[1]]],
        B=[[[1]], [[1, 0]]],
        Q=[[[1]], [[[1]], [[1]], [["-3/2"]]]],
        R=[[[1]], [[1, 0], [0, 3]]],
        tau=1,
        noise_cov=[[1]],
        horizon=2,
        indefinite=True,
    )
    with pytest.raises(UnboundedCostError, match="its W is singular, and as the variance") as found:
        solve(game)
    assert (found.value.agent, found.value.t, found.value.direction) == (2, 1, [1, 0])
    with pytest.raises(UnboundedCostError):
        decide_singular(game)
    assert check(game).nash.exists == "refuted"
    # The larger the variance, the lower the cost.
    costs = [
        evaluate_policy(
            game,
            Policy.from_arrays(
                K=[[[[0]]] * 2, [[[0], [0]]] * 2],
                Sigma=[[[[1]]] * 2, [[[1, 0], [0, 1]], [[variance, 0], [0, 1]]]],
            ),
            NUMBERS,
        ).q[1][0]
        for variance in (10, 1000, 100000)
    ]
    falls = costs[0] - costs[1], costs[1] - costs[2]
    assert falls[0] > 2
    assert abs(exact(falls[0]) - exact(falls[1])) < CLOSE


def test_a_W_that_is_exactly_singular_is_undecided_without_entropy():
    game = Game.from_arrays(
        A=[[1]],
        B=[[[1]], [[1]]],
        Q=[[[1]], [[-1]]],
        R=[[[1]], [[1]]],
        tau=0,
        noise_cov=[[1]],
        horizon=2,
        indefinite=True,
    )
    with pytest.raises(NotCertifiedError, match="W is not certified to be positive definite"):
        solve(game)
    assert not decide_singular(game)


def with_and_without_entropy(seed: int) -> dict:
    """A random general game of three stages at least, where every τ is 0 at some stages only."""
    for other in itertools.count(100 * seed):
        given = random_game(other)
        if given["horizon"] >= 3:
            draw = random.Random(seed)
            stages = range(given["horizon"])
            given["tau"] = [[tau * draw.randint(0, 1) for _ in stages] for tau in given["tau"]]
            if all(any(own) and not all(own) for own in given["tau"]):
                return given
    raise AssertionError


@pytest.mark.parametrize("seed", range(3))
def test_a_τ_may_be_0_at_some_stages_only(seed):
    given = with_and_without_entropy(seed)
    reference, game = Reference(given), Game.from_arrays(**given)
    affine = game.homogeneous is not game
    policy, values = reference.nash()
    found = solve(game, digits=25)
    assert found.certified
    floats = engine.nash(game.floats())
    for i in range(reference.N):
        for t, (K, _, Sigma) in enumerate(policy):
            for mine, right in ((found.K, reference.rows(K, i)), (found.Sigma, Sigma[i])):
                size = max(1, *(abs(x) for row in rows(right) for x in row))
                assert largest_off(mine[i][t], rows(right)) <= size / 10**25
            assert largest_off(floats.Sigma[i][t].tolist(), rows(Sigma[i])) <= Fraction(1, 10**12)
            assert abs(Fraction(found.q[i][t]) - exact(values[i][t][2])) <= Fraction(1, 10**20)
            assert abs(Fraction(floats.q[i][t]) - exact(values[i][t][2])) <= Fraction(1, 10**10)
    off = perturbed(policy, seed, affine)
    played = Policy.from_arrays(**as_arrays(reference, off, affine))
    wanted = [exact(reference.gap(i, off)) for i in range(reference.N)]
    for one, right in zip(certify_gap(game, played).agents, wanted, strict=True):
        assert one.gap.lo - CLOSE <= right <= one.gap.hi + CLOSE
        assert one.gap.relative_width <= Fraction(1, 1000)
    for one, right in zip(gaps(game, played, NUMBERS), wanted, strict=True):
        assert abs(exact(one.total) - right) <= CLOSE
    assert check(game).nash.unique == "proved"
    with pytest.raises(InputError, match="at τ = 0 the gap is linear in δ"):
        second_order_coefficients(game, NUMBERS)
    assert gap(game, ["1/10"]).coefficient_reason == "τ = 0, where the gap is linear in δ"


def test_the_exact_decision_where_only_some_agents_have_entropy():
    game = Game.from_arrays(
        A=[[1]], B=[[[1]], [[1]]], Q=[[[1]]] * 2, R=[[[1]]] * 2, tau=[0, 1], noise_cov=[[1]],
        horizon=2,
    )  # fmt: skip
    assert decide_singular(game)


def test_constants_are_refused_where_no_term_is_affine():
    game = Game.from_arrays(
        A=[[1]], B=[[[1]]], Q=[[[1]]], R=[[[1]]], tau=1, noise_cov=[[1]], horizon=2, discount="0.9"
    )
    K, Sigma = [[[[0]]] * 2], [[[[1]]] * 2]
    played = Policy.from_arrays(K=K, Sigma=Sigma, k=[[[3]] * 2])
    with pytest.raises(InputError, match="k is not 0"):
        certify_gap(game, played)
    assert certify_gap(game, Policy.from_arrays(K=K, Sigma=Sigma, k=[[[0]] * 2])).agents
