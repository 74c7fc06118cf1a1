"""Sparse linear algebra over fractions against SymPy's dense one."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from ergs_verify.proof.linear import Singular, reduced, solver

SIZE = 4
entries = st.sampled_from([0, 0, 0, 1, -1, 2])
matrices = st.lists(st.lists(entries, min_size=SIZE, max_size=SIZE), min_size=SIZE, max_size=SIZE)


def sparse(row) -> dict[int, Fraction]:
    return {k: Fraction(x) for k, x in enumerate(row) if x}


def forever() -> None:
    """There is time."""


@settings(max_examples=40)
@given(matrices, st.lists(entries, min_size=SIZE, max_size=SIZE))
def test_equations_are_solved_or_singular(rows, right):
    equations, dense = dict(enumerate(map(sparse, rows))), sympy.Matrix(rows)
    if dense.det() == 0:
        with pytest.raises(Singular):
            solver(equations, Fraction(1), forever)
        return
    found = solver(equations, Fraction(1), forever)(sparse(right))
    assert [found.get(k, 0) for k in range(SIZE)] == list(dense.LUsolve(sympy.Matrix(right)))


@settings(max_examples=40)
@given(matrices)
def test_a_span_has_one_reduced_basis(rows):
    basis = [[row.get(k, 0) for k in range(SIZE)] for row in reduced(map(sparse, rows), forever)]
    echelon, pivots = sympy.Matrix(rows).rref()
    assert basis == echelon[: len(pivots), :].tolist()
