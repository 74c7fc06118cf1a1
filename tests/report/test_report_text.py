"""Formulas, derivations and solutions as text; terminals of every kind."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ergs_verify import gallery, solve
from ergs_verify.paper import lemma_III_2, theorem_III_1
from ergs_verify.report.derivation import derivation_steps, derivation_whole
from ergs_verify.report.mathtext import from_latex, readable
from ergs_verify.report.solution import game_line, solution_summary
from ergs_verify.report.terminal import console, printable, ready_streams, rendered


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("b**2 - 4*a", "b² - 4 a"),
        ("M**(-1)", "M⁻¹"),
        ("x_{t+1}.T*x_{t+1}", "xₜ₊₁ᵀ xₜ₊₁"),
        (r"\log\pi^*(u)", "log π*(u)"),
        (r"\bar{A}_t^i", "Āₜⁱ"),
        ("B_t^12", "Bₜ¹²"),
        ("lambda_max", "lambda_max"),
        ("pipe*tau", "pipe τ"),
        ("log(Determinant(W))", "log(det(W))"),
        ("Sum[j≠i](Trace(X))", "∑[j≠i](tr(X))"),
        ("‖S_t − S_t*‖ ≤ C, J_t*(x) and P*_{t+1}ⁱ", "‖Sₜ − Sₜ*‖ ≤ C, Jₜ*(x) and P*ₜ₊₁ⁱ"),
        ("W**(-1)*(A + B)*x, uⁱ* = Kⁱ*", "W⁻¹ (A + B) x, uⁱ* = Kⁱ*"),
    ],
)
def test_an_expression_is_readable(printed, shown):
    assert readable(printed) == shown


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"$W := \frac{\tau}{2} I + M$", "W := τ/2 I + M"),
        (r"$M \succeq 0$ and $R \succ 0$", "M ⪰ 0 and R ≻ 0"),
        (r"$e^{-\frac12 x}\,du$", "e^{-1/2 x} du"),
        (r"$\omega \sim \mathcal{N}(0, \Sigma)$", "ω ~ N(0, Σ)"),
        ("no formula, 50% of it", "no formula, 50% of it"),
    ],
)
def test_simple_latex_in_prose_is_readable(latex, shown):
    assert from_latex(latex) == shown


DERIVATIONS = [
    lemma_III_2.derive,
    theorem_III_1.derive,
    theorem_III_1.derive_policy_value,
]


@pytest.mark.parametrize("derive", DERIVATIONS)
def test_a_derivation_has_its_steps_and_no_latex_is_left(derive):
    derived = derive()
    whole = rendered(derivation_whole(derived), on=console(width=80))
    steps = rendered(derivation_steps(derived), on=console(width=80))
    for shown in (whole, steps):
        assert "\\" not in shown
        assert "$" not in shown
        assert shown.count("✓") == len(derived.steps)
        assert all(f"{k}. " in shown for k in range(1, len(derived.steps) + 1))
        assert max(map(len, shown.splitlines())) <= 80


def test_a_solution_says_what_its_digits_are_worth():
    game = gallery("identical-interest")
    shown = rendered(solution_summary(game, solve(game, digits=12)), on=console(width=80))
    assert "-0.285714285714 ]" in shown
    assert '12 digits, "certified": true' in shown
    loop = solve(game, digits=12, method="algorithm1", iterations=2)
    shown = rendered(solution_summary(game, loop), on=console(width=80))
    assert '12 digits, "certified": false' in shown
    assert "not proof" in shown
    shown = rendered(solution_summary(game, solve(game)), on=console(width=80))
    assert 'float64, "certified": true' in shown


def test_a_game_in_a_line_cannot_steer_the_terminal():
    assert printable("\x1b[31mred\n") == "\\x1b[31mred\n"
    assert game_line(gallery("lqr")) == "lqr: 1 agent, m = 2, p = 1, T = 30, τ = 0.1"


def test_what_an_encoding_lacks_is_written_in_words(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    ready_streams()
    stream.write("τ/2 Σᵢ − ‖x‖ ⪰ “Başar” Āₜⁱ 漢")
    stream.flush()
    assert stream.buffer.getvalue() == b'tau/2 Sigma_i - ||x|| >= "Basar" Abar_t^i ?'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("γ_B², 2⁶¹ − 1, 10⁻¹² and τ", "gamma_B^2, 2^61 - 1, 10^-12 and tau"),
        ("τ > 2γ_B²γ_P*(N−1)", "tau > 2 gamma_B^2 gamma_P*(N-1)"),
        ("-Wₜⁱ⁻¹ Bₜⁱᵀ Pₜ₊₁ⁱ Āₜⁱ", "-W_t^i^-1 B_t^i' P_(t+1)^i Abar_t^i"),
        ("q̃ₜⁱ δ = J⁻ⁱ*", "q~_t^i delta = J^-i*"),
        ("‖Ψ_t(𝓚)‖_□ ⇒ κ", "||Psi_t(K)||_[] => kappa"),
        ("Σ_{j≠i} τ𝓚, cδ", "Sigma_{j!=i} tau K, c delta"),
        ("δ-augmented, ½I, τx", "delta-augmented, (1/2)I, tau x"),
        ("──┼──│", "--+--|"),
    ],
)
def test_formulas_can_be_read_where_there_is_no_unicode(text, said):
    assert text.encode("ascii", "ergs-ascii").decode() == said


def test_columns_are_as_wide_as_their_words_where_there_is_no_unicode():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    table = Table(box=None, show_edge=False, pad_edge=False)
    for heading in ("det Φ", "ρ(J)"):
        table.add_column(heading)
    table.add_row("−7", Text("τ"))
    shown = rendered(Group(Padding(table, (0, 0, 0, 1)), "δ"), on=console(stream, width=40))
    assert shown.splitlines() == [" det Phi  rho(J)", " -7       tau", "delta"]
