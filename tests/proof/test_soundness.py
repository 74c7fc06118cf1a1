"""Nothing false is proved: random expressions of the typed language against exact evaluation."""

from __future__ import annotations

import random

import pytest
import sympy
from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from language import SCALAR, SQUARE, SYMMETRIC, A, P, S, X, i, j, k, m, tau
from sympy import Identity, Inverse, MatrixSymbol, Trace

from ergs_verify.errors import ShapeError, UnsupportedError
from ergs_verify.expressions import AgentSum, AgentTotal, agent_sum
from ergs_verify.proof import prove
from ergs_verify.proof.algebra import Algebra
from ergs_verify.proof.realize import realize
from ergs_verify.proof.sampling import Setting, SymPyNumbers, small_values

# Each example decides identities by two engines: some tens of milliseconds.
few = settings(max_examples=12)


def values_agree(left, right, definitions=None) -> bool:
    """Exact evaluation at random points, two and three agents, sizes apart."""
    for agents, seed in ((2, 1), (3, 2)):
        setting = Setting.of(
            [left, right],
            definitions=definitions,
            symmetric=SYMMETRIC,
            agents=agents,
            size_of=lambda k: k + 2,
        )
        for attempt in range(3):
            values = small_values(setting, random.Random(100 * seed + attempt))
            try:
                one, other = setting.evaluate(values, SymPyNumbers())
            except ZeroDivisionError:
                continue
            if one != other:
                return False
    return True


def well_typed(*expressions) -> None:
    try:
        Algebra(expressions)
    except ShapeError:
        assume(False)


@few
@given(SQUARE, SQUARE)
def test_verdict_is_that_of_exact_values(left, right):
    well_typed(left, right)
    proof = prove(left, right, symmetric=SYMMETRIC)
    assert proof.verdict in ("proved", "refuted")
    assert bool(proof) <= values_agree(left, right)
    if not proof:
        assert proof.counterexample.replay()


@few
@given(SQUARE, SQUARE)
def test_expanding_transposing_twice_and_rotating_change_nothing(left, right):
    well_typed(left, right)
    product = sympy.MatMul(left, right)
    for same in (
        sympy.MatMul(left + X, right) - sympy.MatMul(X, right),
        sympy.Transpose(sympy.Transpose(product)),
        sympy.MatMul(right.T, left.T).T,
    ):
        assert prove(product, same, symmetric=SYMMETRIC), str(same)
    assert prove(Trace(product), Trace(right * left), symmetric=SYMMETRIC)
    assert prove(Trace(product), Trace(right.T * left.T), symmetric=SYMMETRIC)


@few
@given(SQUARE)
def test_bound_indices_may_be_renamed(body):
    well_typed(body)
    renamed = body.xreplace({j: k})
    assume(not body.atoms(AgentSum, AgentTotal))
    assert prove(agent_sum(body, j, i), agent_sum(renamed, k, i), symmetric=SYMMETRIC)


@few
@given(st.one_of(SQUARE, SCALAR))
def test_back_to_sympy_is_the_same_expression(expression):
    well_typed(expression)
    algebra = Algebra([expression], symmetric=SYMMETRIC)
    shown = algebra.to_sympy(algebra.poly(expression))
    assert prove(expression, shown, symmetric=SYMMETRIC), f"{expression} became {shown}"


PERTURBED = {
    "sign": lambda e: -e,
    "factor": lambda e: tau * e,
    "transposed": lambda e: e.T,
    "others for all": lambda e: e.replace(
        lambda node: isinstance(node, AgentSum) and node.excluded,
        lambda node: AgentSum(node.body, node.index, ()),
    ),
    "index i for j": lambda e: e.xreplace({S(j): S(i)}),
    "swapped letters": lambda e: e.xreplace({A: X, X: A}),
}


@pytest.mark.parametrize("fault", PERTURBED)
@settings(max_examples=6)
@given(expression=SQUARE)
def test_faults_are_refuted_unless_they_change_nothing(fault, expression):
    well_typed(expression)
    wrong = PERTURBED[fault](expression)
    well_typed(wrong)
    proof = prove(expression, wrong, symmetric=SYMMETRIC)
    assert proof.verdict == ("proved" if values_agree(expression, wrong) else "refuted")


@few
@given(SQUARE, SQUARE)
def test_inverses_of_random_sums(left, right):
    """(L + tR)⁻¹ in several places and for several agents; names must not be mixed up."""
    well_typed(left, right)
    whole = sympy.MatAdd(left, tau * right, 7 * Identity(m))
    other = sympy.MatAdd(right, tau * left, 7 * Identity(m))
    try:
        proof = prove(Inverse(whole) * other, Identity(m), symmetric=SYMMETRIC)
        same = prove(
            Inverse(whole) - Inverse(other),
            Inverse(whole) * (other - whole) * Inverse(other),
            symmetric=SYMMETRIC,
        )
    except UnsupportedError:
        raise AssertionError("prove never raises for unsupported expressions") from None
    assert same.verdict in ("proved", "undecided")
    assert bool(proof) <= values_agree(Inverse(whole) * other, Identity(m))


def test_an_engine_that_lies_does_not_get_a_proof(monkeypatch):
    """Either engine alone saying “equal” is not enough."""
    module = __import__("ergs_verify.proof.prove", fromlist=["prove"])
    with monkeypatch.context() as planted:
        planted.setattr(module._Question, "_over_prime_field", lambda *_: (True, "equal"))
        assert prove(A * X, X * A).verdict == "refuted"
    with monkeypatch.context() as planted:
        planted.setattr(module, "realize", lambda *given: evolve(realize(*given), zero=True))
        assert prove(A * X, X * A).verdict == "undecided"
        assert "engines disagree" in prove(A * X, X * A).reason


def test_what_a_letter_abbreviates_stays_after_sums_that_start_with_it():
    letter = MatrixSymbol("D", m, m)
    algebra = Algebra([letter + X, letter], definitions={letter: A})
    assert algebra.poly(letter + X) == algebra.poly(A + X)
    assert algebra.poly(letter) == algebra.poly(A)


def test_what_a_letter_abbreviates_is_read_anew_where_a_sum_got_a_name_in_between():
    """(A + I)⁻¹ eliminates A, and so A⁻¹ is the inverse of a sum too."""
    letter, inverse = MatrixSymbol("D", m, m), Inverse(A + Identity(m))
    assert prove(letter * inverse, Inverse(A) * inverse, definitions={letter: Inverse(A)})


def test_symmetric_letter_is_symmetric_for_every_agent():
    assert prove(S(i).T + S(2).T, S(i) + S(2), symmetric=[S(j)])
    assert not prove(P, P.T)
    assert prove(MatrixSymbol("P", m, m).T, P, symmetric=[P])
