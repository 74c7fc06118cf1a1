"""A fault planted in either engine: the answer is undecided and says that they disagree."""

# SymPy's annotations call a product of matrices an Expr, which has no .T.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import importlib
import itertools
import re
from pathlib import Path

import attrs
import pytest
from sympy import Identity, MatrixSymbol, Symbol, Trace

from ergs_verify.errors import UnsupportedError
from ergs_verify.expressions import AgentMatrix, agent_index, agent_sum

n = Symbol("n", integer=True, positive=True)
A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
x, y = MatrixSymbol("x", n, 1), MatrixSymbol("y", n, 1)
TRUE = ((Identity(n) + A * B).I * A, A * (Identity(n) + B * A).I)
FALSE = ((Identity(n) + A * B).I * A, A * (Identity(n) + A * B).I * B)
i, j = agent_index("i"), agent_index("j")
engine, answers, searching = (
    importlib.import_module(f"ergs_verify.proof.{name}") for name in ("prove", "answer", "search")
)


def of_agent(name, agent):
    return AgentMatrix(name, agent, n, n)


@pytest.fixture(scope="module")
def refutation():
    return engine.prove(*FALSE).counterexample


def test_the_planted_identities_are_told_apart(refutation):
    assert engine.prove(*TRUE).verdict == "proved"
    assert refutation.replay()


def planted(monkeypatch, realization, normal, field, example, compared):
    """Every engine answers as told."""
    honest = engine.realize

    def realize(*given):
        if realization is None:
            raise UnsupportedError("beyond")
        return attrs.evolve(honest(*given), zero=realization)

    monkeypatch.setattr(engine, "realize", realize)
    for name, answer in (
        ("_normal_form", (normal, None, "beyond" if normal is None else "told")),
        ("_over_prime_field", field),
        ("_search", (example, compared)),
    ):
        monkeypatch.setattr(engine._Question, name, lambda *_, told=answer: told)


FIELD = (
    (True, "equal"),
    (False, "different"),
    (None, engine.NEVER_REGULAR),
    (None, "the number has no counterpart in a prime field"),
)
ANSWERS = list(itertools.product((True, False, None), (True, False, None), FIELD, range(3)))


@pytest.mark.parametrize(("realization", "normal", "field", "values"), ANSWERS)
def test_every_combination_of_answers(monkeypatch, refutation, realization, normal, field, values):
    """Values: a counterexample, points at which the sides agree, or none at all."""
    example, compared = ((refutation, 0), (None, 5), (None, 0))[values]
    planted(monkeypatch, realization, normal, field, example, compared)
    proof = engine.prove(*FALSE)
    equal, said = field
    # The normal form is not asked where realizations find zero, nor values where the engines agree.
    zero = realization or normal
    differ = (realization is False, equal is False, equal is None and values == 0)
    if zero and any(differ):
        assert proof.verdict == "undecided"
        assert "the engines disagree" in proof.reason
    elif zero and equal is None and (said == engine.NEVER_REGULAR or not compared):
        assert proof.verdict == "undecided"
        assert "no value confirms it" in proof.reason
    elif zero:
        assert proof.verdict == "proved"
    elif values == 0 and not (equal and realization is None and normal is None):
        assert proof.verdict == "refuted"
    else:
        assert proof.verdict == "undecided"
        assert proof.reason
        assert bool(equal) == ("the prime field finds both sides equal" in proof.reason)
    assert (proof.certificate is None) == (not proof or not realization)


def test_a_counterexample_that_the_prime_field_denies_is_evaluated_again(monkeypatch, refutation):
    planted(monkeypatch, False, False, FIELD[0], refutation, 0)
    monkeypatch.setattr(answers, "differ", lambda *_: False)
    proof = engine.prove(*FALSE)
    assert proof.verdict == "undecided"
    assert "the engines disagree" in proof.reason


def said_by_the_field(monkeypatch, told: bool) -> None:
    """A prime field that says that all values are equal, or that none are."""
    for module in (engine, searching):
        monkeypatch.setattr(module, "same_in_field", lambda left, right: told)


def test_a_prime_field_that_is_wrong_is_not_enough(monkeypatch):
    said_by_the_field(monkeypatch, False)
    proof = engine.prove(*TRUE)
    assert proof.verdict == "undecided"
    assert "the engines disagree" in proof.reason
    # Exact values, evaluated by two programs, count for more than it.
    said_by_the_field(monkeypatch, True)
    proof = engine.prove(*FALSE)
    assert proof.verdict == "refuted"
    assert proof.counterexample.replay()


def test_a_normal_form_that_is_wrong_is_not_enough(monkeypatch):
    """Not even together with a prime field that is wrong."""
    said_by_the_field(monkeypatch, True)
    monkeypatch.setattr(engine._Question, "_normal_form", lambda _: (True, None, "zero"))
    proof = engine.prove(*FALSE)
    assert proof.verdict == "undecided"
    assert "the engines disagree" in proof.reason


A_i, B_i, A_j, B_j = (of_agent(name, agent) for agent in (i, j) for name in "AB")


@pytest.mark.parametrize(
    ("left", "right", "why"),
    [
        (x * (y.T * x) * (x.T * x), x * (x.T * x) * (y.T * x), "size that is a number"),
        (Trace(x.T * y) ** 2, Trace(x.T * y * y.T * x), "size that is a number"),
        (
            agent_sum(agent_sum(A_i * B_j * B_i * A_j, i), j),
            agent_sum(agent_sum(A_i * B_j * B_i * A_j, j), i),
            None,
        ),
        (
            agent_sum(agent_sum(A_i * B_j * B_i * A_j, i), j),
            agent_sum(agent_sum(A_j * B_i * B_j * A_i, i), j),
            None,
        ),
    ],
)
def test_what_realizations_do_not_see_is_not_held_against_the_others(left, right, why):
    """1×1 matrices that commute, and sums over agents that cross, are left to the normal form."""
    proof = engine.prove(left, right)
    assert proof.verdict == "proved", str(proof)
    assert why is None or why in dict(proof.evidence)["realization"]


def test_the_bound_of_the_error_is_stated():
    (said,) = (detail for method, detail in engine.prove(*TRUE).evidence if method == "prime field")
    assert "equal at 4 random points modulo 2^61 − 1" in said
    assert "probability below D·2^−59" in said


def needed(module: str) -> set[str]:
    """The modules of `ergs_verify.proof` that one of them is made of."""
    source = Path(answers.__file__).with_name(f"{module}.py").read_text(encoding="utf-8")
    own = set(re.findall(r"from ergs_verify\.proof\.(\w+) import", source))
    return {module}.union(*map(needed, own))


def test_the_engines_share_no_code():
    realizations, field = needed("realize"), needed("sampling")
    assert {"statement", "system", "scalars"} <= realizations
    assert "field" in field
    assert not realizations & field
    assert needed("replay") == {"replay"}
