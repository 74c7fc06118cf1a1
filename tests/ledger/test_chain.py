"""Chains of inequalities: right links are proved, false ones are caught, by proof and by attack."""

import pytest
from attrs import evolve
from sympy import MatAdd, MatMul, MatrixSymbol, Rational, Symbol

from ergs_verify.expressions import AgentMatrix, AgentSum, AgentTotal, agent_index
from ergs_verify.ledger.chain import (
    AGENTS,
    SUBMULTIPLICATIVE,
    TRIANGLE,
    Chain,
    FrobeniusNorm,
    NormRule,
    attack,
    bounded_by,
    largest_norm,
    same_bound,
)
from ergs_verify.ledger.claims.lemma_IV_1 import contraction_chain

n = Symbol("n", integer=True, positive=True)
i, j = agent_index("i"), agent_index("j")
X, Y = MatrixSymbol("X", n, n), MatrixSymbol("Y", n, n)
gamma = Symbol("gamma", positive=True)


def D(agent):
    return AgentMatrix("D", agent, n, n)


def norm(matrix):
    return FrobeniusNorm(matrix)


def test_triangle_splits_sums_and_sums_over_agents():
    left = norm(MatAdd(X, AgentSum(D(j), j, (i,))))
    assert TRIANGLE.bound(left) == norm(X) + AgentTotal(norm(D(j)), j, (i,))


def test_submultiplicative_takes_scalars_out_and_forgets_transposes():
    assert SUBMULTIPLICATIVE.bound(norm(MatMul(2, X.T, Y))) == 2 * norm(X) * norm(Y)


def test_bounds_replace_the_named_letters_alone():
    assert bounded_by({"X": gamma}).bound(norm(X) * norm(Y)) == gamma * norm(Y)


def test_sums_over_agents_of_equal_terms_are_counted():
    assert same_bound(AgentTotal(gamma, j, (i,)), (AGENTS - 1) * gamma)
    assert not same_bound(AgentTotal(gamma, j, (i,)), AGENTS * gamma)


def chain(left, steps, right) -> Chain:
    return Chain(
        left=left,
        steps=steps,
        right=right,
        symbols={gamma: largest_norm("X")},
    )


RIGHT = [
    (norm(MatAdd(X, Y)), (TRIANGLE,), norm(X) + norm(Y)),
    (norm(MatMul(X, Y)), (SUBMULTIPLICATIVE, bounded_by({"X": gamma})), gamma * norm(Y)),
    (
        norm(MatAdd(MatMul(X, Y), X)),
        (TRIANGLE, SUBMULTIPLICATIVE),
        norm(X) * norm(Y) + norm(X),
    ),
]
WRONG = [
    (norm(MatAdd(X, Y)), (TRIANGLE,), norm(X)),
    (norm(MatAdd(X, Y)), (TRIANGLE,), Rational(1, 2) * (norm(X) + norm(Y))),
    (norm(MatMul(X, Y)), (SUBMULTIPLICATIVE,), norm(X)),
    (norm(MatMul(X, Y)), (SUBMULTIPLICATIVE,), norm(X) * norm(Y) / 2),
]


@pytest.mark.parametrize(("left", "steps", "right"), RIGHT)
def test_right_chains_are_proved(left, steps, right):
    assert chain(left, steps, right).decide().verdict == "proved"


@pytest.mark.parametrize(("left", "steps", "right"), WRONG)
def test_false_bounds_are_refuted_by_attack_and_replay(left, steps, right):
    decision = chain(left, steps, right).decide()
    assert decision.verdict == "refuted"
    assert decision.replay is not None
    assert decision.replay()
    assert decision.counterexample is not None
    assert set(decision.counterexample) == {"values", "left", "right"}


def test_a_bound_that_does_not_follow_from_the_rules_is_not_proved():
    # ‖X‖ + ‖Y‖ ≤ 3(‖X‖ + ‖Y‖) is true, but it is not where the chain ends.
    decision = chain(norm(MatAdd(X, Y)), (TRIANGLE,), 3 * (norm(X) + norm(Y))).decide()
    assert decision.verdict == "undecided"


def test_a_false_rule_in_the_middle_is_refuted():
    # It passes for a rule of this project by its name.
    halve = evolve(TRIANGLE, bound=lambda bound: bound / 2)
    decision = chain(norm(MatAdd(X, Y)), (halve, TRIANGLE), norm(X) / 2 + norm(Y) / 2).decide()
    assert decision.verdict == "refuted"


def test_a_rule_of_nobodys_proves_nothing():
    lucky = NormRule("lucky guess", "", "", lambda _: norm(X) + norm(Y))
    assert chain(norm(MatAdd(X, Y)), (lucky,), norm(X) + norm(Y)).decide().verdict == "undecided"


def test_a_chain_needs_what_makes_its_bounds_bounds():
    bounds = bounded_by({"X": gamma}, "‖X‖_F ≤ γ")
    assert chain(norm(X), (bounds,), gamma).needs == ("‖X‖_F ≤ γ",)


def test_a_false_identity_at_the_start_is_not_proved():
    from ergs_verify.ledger.statements import Equality

    honest = chain(*RIGHT[0])
    assert evolve(honest, first=(Equality(X, Y),)).decide().verdict == "undecided"


def test_the_attack_finds_equality_where_the_bound_is_attained():
    found = attack(norm(X + Y), norm(X) + norm(Y), symbols={})
    assert 0.999 < found.worst <= 1 + 1e-12


@pytest.mark.parametrize("factor", [Rational(1, 4), Rational(1, 2)])
def test_a_contraction_constant_that_is_too_small_is_refuted(factor):
    assert contraction_chain(factor).decide().verdict == "refuted"


def test_the_contraction_constant_itself_is_proved():
    assert contraction_chain(1).decide().verdict == "proved"
