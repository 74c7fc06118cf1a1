"""The engine against closed forms and computations that share nothing with it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from engine_checks import CHECKS_ON_GAMES, GAMES, closed_forms, scalar_regulator
from engine_copies import engine_copy
from engine_games import changed, random_game
from hypothesis import given, settings
from hypothesis import strategies as st

from ergs_verify import engine
from ergs_verify.errors import ErgsError


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
        "A[t] - product(B[t], minus_gains[t])",
        "A[t] - 0.5 * product(B[t], minus_gains[t])",
    ),
    "Φ without R": ("equilibrium.py", "np.multiply(R, by_agent", "np.multiply(0.9 * R, by_agent"),
    "a gain's sign": (
        "equilibrium.py",
        "return np.negative(minus_K)",
        "return np.positive(minus_K)",
    ),
    "Σ twice too large": (
        "equilibrium.py",
        "Sigma = stacked.entropy[..., None, None, None] * ",
        "Sigma = 2 * stacked.entropy[..., None, None, None] * ",
    ),
    "τ for τ/2": ("stacking.py", "half_tau = 0.5 *", "half_tau = 1.0 *"),
    "Σ^j for B^jΣ^jB^j'": (
        "stacking.py",
        "rows = self.product(Sigma, self.B_transposed)",
        "rows = self.B_transposed",
    ),
    "q without log|Σ|": (
        "evaluation.py",
        "(np.array(stacked.sizes[own]) + log_det)",
        "(np.array(stacked.sizes[own]))",
    ),
    "P_t for P_{t+1} in q": (
        "evaluation.py",
        "for X in (P[1:], noise)",
        "for X in (P[:-1], noise)",
    ),
    "Lyapunov without R": (
        "evaluation.py",
        "P[:-1] += product(K.swapaxes(-1, -2), product(stacked.R, K))",
        "P[:-1] += product(K.swapaxes(-1, -2), product(0.99 * stacked.R, K))",
    ),
    "Riccati against one's own gain": (
        "deviation.py",
        " - product(B, K[..., own, :, :])",
        " - 0 * product(B, K[..., own, :, :])",
    ),
    "gap with X_{t+1}": (
        "nash_gap.py",
        "K - K_br, X[:-1])",
        "K - K_br, X[1:])",
    ),
    "gap's second term halved": (
        "nash_gap.py",
        "half_tau * np.where(small, near, far)",
        "0.5 * half_tau * np.where(small, near, far)",
    ),
    "gap's squares of earlier pivots left out": (
        "nash_gap.py",
        ".sum(-1) + squares",
        ".sum(-1)",
    ),
    "gap's series wrong": ("nash_gap.py", "1 / (2 * k + 3)", "1 / (2 * k + 2)"),
    "moments without the mean": ("moments.py", "game.x0_cov + mean *", "game.x0_cov + 0 * mean *"),
    "best responses in turn with the own block": (
        "algorithm_1.py",
        "own[...] = 0",
        "own[...] *= 0.5",
    ),
    "P_{t+1} of the wrong policy": (
        "algorithm_1.py",
        "product(F.swapaxes(-1, -2), product(P[t + 1], F))",
        "product(F.swapaxes(-1, -2), product(P[-1], F))",
    ),
}


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
    roots = [np.linalg.cholesky(S) for S in solution.Sigma]
    for size, direction in product((1e-3, 1e-6, 0.3, 3.0), (np.eye, lambda p: 1 - np.eye(p))):
        changes = [size * direction(S.shape[-1]) for S in roots]
        if min(np.linalg.eigvalsh(E).min() for E in changes) <= -0.5:
            continue
        Sigma = [
            root @ (np.eye(len(E)) + E) @ root.swapaxes(-1, -2)
            for root, E in zip(roots, changes, strict=True)
        ]
        # At the last stage the others do not matter, and M = 1 + E but for a rotation.
        gaps = engine.stage_gaps(game, solution.K, Sigma)[..., -1]
        wanted = [game.tau / 2 * exact_excess(E) for E in changes]
        # E enters with an error of some 2⁻⁵², and the term is about its square.
        np.testing.assert_allclose(gaps, wanted, rtol=1e-13 / min(size, 1), atol=1e-27)


def exact_excess(E: np.ndarray) -> float:
    """Tr(E) − log|1+E|, from the eigenvalues to fifty digits."""
    from mpmath import MPContext

    mp = MPContext()
    mp.dps = 50
    exact = mp.matrix(E.tolist())
    return float(sum(e - mp.log(1 + e) for e in mp.eigsy(exact, eigvals_only=True)))


@pytest.mark.parametrize("name", GAMES)
def test_small_deviations_are_resolved(name):
    small_deviations_are_resolved(engine, GAMES[name])


def test_unchanged_copy_passes(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    with engine_copy(tmp_path, "engine_unchanged", ("nash_gap.py", "", "")) as copy:
        assert passes_every_check(copy)


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_caught(fault, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    name = f"engine_fault_{list(FAULTS).index(fault)}"
    with engine_copy(tmp_path, name, FAULTS[fault]) as faulty:
        assert not passes_every_check(faulty)
