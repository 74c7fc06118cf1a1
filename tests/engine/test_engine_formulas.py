"""The engine against closed forms and computations that share nothing with it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from engine_checks import CHECKS_ON_GAMES, GAMES, closed_forms, scalar_regulator
from engine_games import changed, random_game
from hypothesis import given, settings
from hypothesis import strategies as st

from ergs_verify import engine
from ergs_verify.errors import ErgsError

PACKAGE = Path(engine.__file__).parent


@pytest.mark.parametrize("check", [closed_forms, scalar_regulator], ids=lambda c: c.__name__)
def test_closed_form(check):
    check(engine)


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("check", CHECKS_ON_GAMES, ids=lambda c: c.__name__)
def test_check_holds(check, name):
    check(engine, GAMES[name])


@settings(max_examples=25)
@given(
    m=st.integers(1, 4),
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple),
    T=st.integers(1, 4),
    tau=st.sampled_from([0.0, 0.3, 2.0, 50.0]),
    seed=st.integers(0, 10**6),
    check=st.sampled_from(CHECKS_ON_GAMES),
)
def test_check_holds_for_every_size(m, sizes, T, tau, seed, check):
    check(engine, random_game(m, sizes, T, tau, seed))


def test_deterministic_policies_are_judged_in_the_game_of_equation_20():
    game = random_game(tau=1.5)
    policy = engine.nash(game).K
    plain = changed(game, tau=0.0, R=tuple(R_i + 0.75 * np.eye(R_i.shape[-1]) for R_i in game.R))
    here = engine.evaluate_policy(game, policy, None)
    there = engine.evaluate_policy(plain, policy, [np.zeros_like(R_i) for R_i in game.R])
    for i in range(2):
        np.testing.assert_array_equal(here.P[i], there.P[i])
        np.testing.assert_array_equal(here.q[i], there.q[i])
        K_plain = engine.nash(plain).K[i]
        # The same sums in another order: R + τ/2 is rounded once more.
        np.testing.assert_allclose(K_plain, policy[i], rtol=1e-13, atol=1e-14)


FAULTS = {
    "closed loop with half the gains": (
        "equilibrium.py",
        "F = A[t] - np.matmul(B[t], gains)",
        "F = A[t] - 0.5 * np.matmul(B[t], gains)",
    ),
    "Φ without R": ("equilibrium.py", "phi_t += scaled_R[t]", "phi_t += 0.9 * scaled_R[t]"),
    "a gain's sign": (
        "equilibrium.py",
        "K = np.negative(solved[..., :m])",
        "K = np.positive(solved[..., :m])",
    ),
    "Σ twice too large": (
        "equilibrium.py",
        "Sigma = stacked.entropy[..., None, None, None] * ",
        "Sigma = 2 * stacked.entropy[..., None, None, None] * ",
    ),
    "τ for τ/2": ("stacking.py", "half_tau = 0.5 *", "half_tau = 1.0 *"),
    "Σ^j for B^jΣ^jB^j'": (
        "stacking.py",
        "rows = Sigma @ self.B_transposed",
        "rows = self.B_transposed",
    ),
    "q without log|Σ|": (
        "evaluation.py",
        "(np.array(stacked.sizes) + log_det)",
        "(np.array(stacked.sizes))",
    ),
    "P_t for P_{t+1} in q": ("evaluation.py", "later = P[1:]", "later = P[:-1]"),
    "Lyapunov without R": (
        "evaluation.py",
        "Q[:-1] += K.swapaxes(-1, -2) @ (stacked.R @ K)",
        "Q[:-1] += K.swapaxes(-1, -2) @ (0.99 * stacked.R @ K)",
    ),
    "Riccati against one's own gain": (
        "deviation.py",
        "others = stacked.closed_loop(K)[..., None, :, :] - B @ K[..., chosen, :, :]",
        "others = stacked.closed_loop(K)[..., None, :, :] - 0 * B @ K[..., chosen, :, :]",
    ),
    "gap with X_{t+1}": (
        "nash_gap.py",
        "X = second_moments(stacked, game, policy)[:-1]",
        "X = second_moments(stacked, game, policy)[1:]",
    ),
    "gap's second term halved": (
        "nash_gap.py",
        "entropy * np.where(small, near, far)",
        "0.5 * entropy * np.where(small, near, far)",
    ),
    "gap's series wrong": ("nash_gap.py", "1 / (2 * k + 3)", "1 / (2 * k + 2)"),
    "moments without the mean": ("moments.py", "game.x0_cov + mean *", "game.x0_cov + 0 * mean *"),
    "best responses in turn with the own block": (
        "algorithm_1.py",
        "products[..., i, :, i * p : (i + 1) * p] = 0",
        "products[..., i, :, i * p : (i + 1) * p] *= 0.5",
    ),
    "P_{t+1} of the wrong policy": (
        "algorithm_1.py",
        "P += F.swapaxes(-1, -2) @ (Q[t + 1] @ F)",
        "P += F.swapaxes(-1, -2) @ (Q[-1] @ F)",
    ),
}


def faulty_copy(folder: Path, name: str, fault) -> object:
    """The engine's package under another name, with one text in it replaced."""
    module, right, wrong = fault
    package = folder / name
    package.mkdir()
    for source in PACKAGE.glob("*.py"):
        text = source.read_text(encoding="utf-8").replace("ergs_verify.engine", name)
        if source.name == module:
            assert right in text, f"{module} no longer holds {right!r}"
            text = text.replace(right, wrong)
        (package / source.name).write_text(text, encoding="utf-8")
    return importlib.import_module(name)


def passes_every_check(faulty) -> bool:
    try:
        closed_forms(faulty)
        scalar_regulator(faulty)
        for check in (*CHECKS_ON_GAMES, small_deviations_are_resolved):
            for game in GAMES.values():
                check(faulty, game)
    except (AssertionError, ErgsError):
        return False
    return True


def small_deviations_are_resolved(engine, game):
    """Near the best response the gap is ½-quadratic: a deviation ten times smaller, 1/100."""
    if game.tau == 0:
        return
    solution = engine.nash(game)

    def gap_at(size):
        Sigma = [(1 + size) * S for S in solution.Sigma]
        return engine.stage_gaps(game, solution.K, Sigma)[..., -1]

    # At the last stage the others do not matter, and M = (1+s)I: the term is (τ/2)p(s − log(1+s)).
    sizes = np.array([K_i.shape[-2] for K_i in solution.K])
    for size in (1e-3, 1e-6, 0.3, 3.0):
        wanted = game.tau / 2 * sizes * exact_excess(size)
        # s enters with an error of 2⁻⁵² and some roundings in M, relative to s.
        np.testing.assert_allclose(gap_at(size), wanted, rtol=1e-13 / min(size, 1))


def exact_excess(s: float) -> float:
    from mpmath import MPContext

    mp = MPContext()
    mp.dps = 50
    return float(mp.mpf(s) - mp.log(1 + mp.mpf(s)))


@pytest.mark.parametrize("name", GAMES)
def test_small_deviations_are_resolved(name):
    small_deviations_are_resolved(engine, GAMES[name])


def test_unchanged_copy_passes(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    unchanged = ("nash.py", "", "")
    assert passes_every_check(faulty_copy(tmp_path, "engine_unchanged", unchanged))


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_caught(fault, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    name = f"engine_fault_{list(FAULTS).index(fault)}"
    faulty = faulty_copy(tmp_path, name, FAULTS[fault])
    assert not passes_every_check(faulty)
    for module in [loaded for loaded in sys.modules if loaded.split(".")[0] == name]:
        del sys.modules[module]
