"""Figures show the study's own numbers, and nothing that an axis cannot hold."""

from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64decode
from io import BytesIO

import pytest
from random_games import g_star

from ergs_verify import gap
from ergs_verify.game.gallery import gallery
from ergs_verify.report.plots import (
    augmentation_figure,
    determinant_figure,
    gap_figure,
    inner_loop_figure,
)
from ergs_verify.study.augmentation import augmentation_study
from ergs_verify.study.determinants import determinant_curve
from ergs_verify.study.loop_rate import inner_loop_study


def lines(figure):
    """The drawn points by label."""
    return {
        line.get_label().split(":")[0].split(" =")[0]: list(
            zip(*map(list, line.get_data()), strict=True)
        )
        for line in figure.axes[0].lines
    }


def drawn(figure) -> bytes:
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def test_loading_the_figures_does_not_load_matplotlib():
    code = "import sys, ergs_verify.report.plots; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_nash_error_against_iterations():
    study = inner_loop_study(gallery("assumption-holds"), iterations=(1, 2, 30), digits=20)
    figure = inner_loop_figure(study)
    found = lines(figure)
    # The error at L = 30 is below the digits asked for, and no logarithm is taken of 0.
    assert found["summed error"] == [(e.iterations, float(e.total)) for e in study.errors[:2]]
    first = float(study.errors[0].total)
    for label, rate in (
        ("exact rate ρ", study.check.spectral_radius.hi),
        ("Lemma IV.1", study.check.contraction_constant.hi),
    ):
        assert found[label] == [(1, first), (2, pytest.approx(first * float(rate)))]
    assert figure.axes[0].get_yscale() == "log"
    assert drawn(figure).startswith(b"\x89PNG")


def test_nothing_to_draw_is_an_empty_figure():
    study = inner_loop_study(gallery("lqr"), iterations=(1, 2))
    assert lines(inner_loop_figure(study)) == {"summed error": []}


def test_gap_against_delta():
    study = augmentation_study(g_star(2), ["1e-4", "1e-2", 2])
    figure = augmentation_figure(study, agent=2)
    found = lines(figure)
    for label, quantity in (("gap ε", "epsilon"), ("bound δ (KL(BR) − KL(S̃))", "bound")):
        expected = [(float(x), float(y)) for x, y in study.curve(2, quantity)]
        assert found[label] == expected
        assert len(expected) == 2  # Φ is singular at τ + δ = 4
    c = float(study.coefficient[1])
    assert found["c δ²"] == [(1e-4, pytest.approx(c * 1e-8)), (1e-2, pytest.approx(c * 1e-4))]
    assert found["δ p T/2"] == [(1e-4, 0.5e-4), (1e-2, 0.5e-2)]
    assert drawn(figure).startswith(b"\x89PNG")


def test_an_infinite_bound_is_left_out():
    study = augmentation_study(gallery("plain-lq"), ["1e-3", "1e-2"])
    found = lines(augmentation_figure(study))
    assert set(found) == {"gap ε", "δ p T/2", "limit δ → ∞"}


def test_determinant_against_tau():
    figure = determinant_figure(determinant_curve(g_star(2), range(7)))
    assert lines(figure)["det Φ_0"] == [(tau, (tau - 4) * (tau + 12) / 4) for tau in range(7)]
    assert drawn(figure).startswith(b"\x89PNG")


def test_stages_before_a_singular_one_are_left_open():
    """Stage 1 is singular at the middle τ only, so det Φ_0 is not known there."""
    curve = determinant_curve(two_stages(), [3, 4, 5])
    first, second = curve.values
    assert second == pytest.approx([-3.75, 0, 4.25])
    assert first[1] is None
    assert None not in (first[0], first[2])
    assert drawn(determinant_figure(curve)).startswith(b"\x89PNG")


def two_stages():
    from ergs_verify.game import Game

    one = g_star(2)
    zero = [[0, 0], [0, 0]]
    return Game.from_arrays(
        A=one.A[0],
        B=[B[0] for B in one.B],
        Q=[[zero, zero, Q[1]] for Q in one.Q],
        R=[R[0] for R in one.R],
        tau=2,
        noise_cov=zero,
        horizon=2,
    )


def test_a_notebook_is_given_the_picture_in_words():
    data, about = gap_figure(gap(gallery("lqr"), ["1e-4", "1e-2"]))._repr_mimebundle_()
    assert b64decode(data["image/png"]).startswith(b"\x89PNG")
    says = about["image/png"]["alt"]
    assert says.startswith("Equilibrium at τ + δ, τ = 0.1: gap against δ, both axes logarithmic. ")
    assert re.search(r"ε, agent 1: from \S+ at 0.0001 to \S+ at 0.01\. bound", says)
    assert "$" not in says
