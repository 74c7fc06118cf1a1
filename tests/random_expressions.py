"""Random matrix expressions with rational values, for hypothesis."""

from __future__ import annotations

from fractions import Fraction

import sympy
from hypothesis import strategies as st

SIZES = (1, 2, 3)
LETTERS = {
    (rows, cols): sympy.MatrixSymbol(f"X{rows}{cols}", rows, cols)
    for rows in SIZES
    for cols in SIZES
}
numbers = st.fractions(min_value=-3, max_value=3, max_denominator=7)


def matrices(rows: int, cols: int):
    row = st.lists(numbers, min_size=cols, max_size=cols)
    return st.lists(row, min_size=rows, max_size=rows)


#: A value, as rows of fractions, for every letter.
letter_values = st.fixed_dictionaries({X: matrices(*shape) for shape, X in LETTERS.items()})


@st.composite
def matrix_expressions(draw, rows: int, cols: int, depth: int = 3):
    """An expression of a shape; inverses are of I + XX', so that they always exist."""
    if depth == 0:
        return LETTERS[rows, cols]
    kinds = ["letter", "sum", "product", "transpose", "multiple"]
    kind = draw(st.sampled_from(kinds + ["solve"] * 2))

    def part(r, c):
        return draw(matrix_expressions(r, c, depth - 1))

    match kind:
        case "sum":
            return part(rows, cols) + part(rows, cols)
        case "product":
            inner = draw(st.sampled_from(SIZES))
            return part(rows, inner) * part(inner, cols)
        case "transpose":
            return part(cols, rows).T
        case "multiple":
            factor = draw(numbers)
            return sympy.Rational(factor.numerator, factor.denominator) * part(rows, cols)
        case "solve":
            X = LETTERS[rows, draw(st.sampled_from(SIZES))]
            regular = sympy.Identity(rows) + X * X.T
            return regular.I * part(rows, cols)
    return LETTERS[rows, cols]


@st.composite
def scalar_expressions(draw):
    """Traces, determinants, and a quotient whose divisor is positive."""
    size = draw(st.sampled_from(SIZES))
    top = sympy.Trace(draw(matrix_expressions(size, size)))
    X = LETTERS[size, size]
    divisor = sympy.Determinant(sympy.Identity(size) + X * X.T)
    return draw(st.sampled_from([top, top / divisor, top**2 - divisor, 1 / divisor]))


def enter(values: dict, arithmetic) -> dict:
    return {X: arithmetic.matrix(rows, (len(rows), len(rows[0]))) for X, rows in values.items()}


def as_rows(value, exact) -> list[list[Fraction]]:
    """A scalar or matrix value as rows, by `exact`, the arithmetic it comes from."""
    return exact.to_fractions(value) if hasattr(value, "nrows") else [[exact.to_fraction(value)]]
