"""LaTeX in the paper's notation: what stands must mean what the expression means."""

from __future__ import annotations

import pytest
from sympy import Determinant, MatrixSymbol, Symbol, Trace, Tuple, log, symbols

from ergs_verify.expressions import AgentMatrix, agent_index, control_size, trace_of
from ergs_verify.proof import prove
from ergs_verify.typeset import equation, tex

i, m = agent_index("i"), Symbol("m", integer=True)
A, P = MatrixSymbol("A", m, m), MatrixSymbol("P", m, m)
x, y = MatrixSymbol("x", m, 1), MatrixSymbol("y", m, 1)
K = AgentMatrix("K", i, m, m)


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        (trace_of(x.T, P, x), r"x^\top P x"),
        (trace_of(P, x, x.T), r"x^\top P x"),
        (Trace(A * P), r"\operatorname{tr}\left(A P\right)"),
        (
            3 * Trace(x.T * P * x + y.T * y),
            r"3 \operatorname{tr}\left(x^\top P x + y^\top y\right)",
        ),
        (trace_of(x.T, y) ** 2, r"\left(x^\top y\right)^{2}"),
        (log(Determinant(P)), r"\log\det P"),
        (log(Determinant(A + P)), r"\log\det\left(A + P\right)"),
        (K.T, r"\left(K^{i}\right)^\top"),
        (control_size(i), "p_{i}"),
        (Symbol(r"\log\pi^*(u)"), r"\log\pi^*(u)"),
        (r"\mathbb{E}", r"\mathbb{E}"),
    ],
)
def test_notation(expression, shown):
    assert tex(expression) == shown


def test_long_sums_are_broken_between_terms_and_lose_none():
    terms = symbols("term0:60")
    lines = equation(Symbol("s"), sum(terms)).splitlines()
    assert len(lines) > 4
    assert all(tex(term) in " ".join(lines) for term in terms)


def test_a_wide_left_side_stands_on_a_line_of_its_own():
    wide = sum(symbols("a:z"))
    shown = equation(wide, x, r"\neq").splitlines()
    assert shown[1] == rf"&{tex(wide)} \\"
    assert shown[2] == r"&\quad \neq x"


def test_pairs_stand_line_by_line():
    assert equation(Tuple(A, P), Tuple(x, y)).count("&=") == 2


def test_an_answers_sign_is_its_verdict():
    signs = {"proved": "&= ", "refuted": r"&\neq ", "ill-typed": r"&\overset{?}{=} "}
    for right in (A, P, x):
        answer = prove(A, right)
        assert signs[answer.verdict] in answer._repr_markdown_()
