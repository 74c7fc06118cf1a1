"""A fault planted in either engine: the answer is undecided and says that they disagree."""

from __future__ import annotations

import importlib
import re

import attrs
import pytest
from sympy import Identity, MatrixSymbol, Symbol

n = Symbol("n", integer=True, positive=True)
A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
TRUE = ((Identity(n) + A * B).I * A, A * (Identity(n) + B * A).I)
FALSE = ((Identity(n) + A * B).I * A, A * (Identity(n) + A * B).I * B)
engine = importlib.import_module("ergs_verify.proof.prove")


def test_the_planted_identities_are_told_apart():
    assert engine.prove(*TRUE).verdict == "proved"
    assert engine.prove(*FALSE).verdict == "refuted"


def test_realizations_that_find_zero_are_not_enough(monkeypatch):
    honest = engine.realize
    monkeypatch.setattr(engine, "realize", lambda *given: attrs.evolve(honest(*given), zero=True))
    proof = engine.prove(*FALSE)
    assert proof.verdict == "undecided"
    assert "disagree" in proof.reason
    assert proof.certificate is None


@pytest.mark.parametrize("equal", [False, True])
def test_a_prime_field_that_is_wrong_is_not_enough(monkeypatch, equal):
    monkeypatch.setattr(engine, "_same_in_field", lambda left, right: equal)
    proof = engine.prove(*(FALSE if equal else TRUE))
    assert proof.verdict == "undecided"
    assert re.search("disagree|the prime field finds both sides equal", proof.reason)


def test_the_bound_of_the_error_is_stated():
    (said,) = (detail for method, detail in engine.prove(*TRUE).evidence if method == "prime field")
    assert "equal at 8 random points modulo 2^61 − 1" in said
    assert "probability below D·2^−61" in said
