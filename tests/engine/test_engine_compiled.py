"""The compiled recursion against numpy's, and what happens without numba."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import attrs
import numba
import numpy as np
import pytest
from engine_games import changed, condition_of, g_star, random_game, small_first_pivot
from general_reference import random_game as random_general_game
from test_engine_general import family, unbounded

from ergs_verify import Game, engine
from ergs_verify.engine import compiled
from ergs_verify.engine.general import stack_general
from ergs_verify.engine.stacking import stack_costs, stack_game
from ergs_verify.errors import ErgsError, InputError, SingularStageError, UnboundedCostError
from ergs_verify.game.floats import as_general

EPS = np.finfo(float).eps

GAMES = {
    "unequal controls": random_game(),
    "equal controls": random_game(m=2, sizes=(2, 2, 2), T=2, seed=1),
    "one agent": random_game(m=2, sizes=(2,), T=4, seed=2),
    "one stage, more controls than states": random_game(m=1, sizes=(3, 2), T=1, seed=3),
    "plain": random_game(m=2, sizes=(1, 2), T=3, tau=0.0, seed=4),
}


def as_numpy(game, got, factor):
    wanted = engine.nash(game)
    for letter in ("K", "Sigma", "P", "q"):
        for ours, theirs in zip(getattr(got, letter), getattr(wanted, letter), strict=True):
            assert ours.shape == theirs.shape
            scale = max(1.0, np.abs(theirs[np.isfinite(theirs)]).max(initial=0))
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=factor * EPS * scale)
    np.testing.assert_array_equal(got.singular_stage, wanted.singular_stage)


@pytest.mark.parametrize("name", GAMES)
def test_one_game(name):
    game = GAMES[name]
    got = engine.nash(game, compiled=True)
    # Two recursions, each off by a few roundings that grow with the condition.
    as_numpy(game, got, condition_of(game, engine.nash(game)))
    np.testing.assert_allclose(got.condition, engine.nash(game).condition, rtol=1e-10)


@pytest.mark.parametrize("count", [1, 7, 8, 9, 20])
def test_a_batch_with_every_remainder(count):
    games = [random_game(m=3, sizes=(2, 1), T=3, tau=1.0 + k, seed=k) for k in range(count)]
    batch = engine.stack_games(games)
    factor = max(condition_of(game, engine.nash(game)) for game in games)
    as_numpy(batch, engine.nash(batch, compiled=True), factor)


def test_two_batch_axes_and_shared_matrices():
    game = changed(random_game(), tau=np.array([[0.5, 1.0, 2.0], [3.0, 4.0, 5.0]]))
    got = engine.nash(game, compiled=True)
    assert got.K[1].shape == (2, 3, 3, 2, 3)
    as_numpy(game, got, 1e6)


def test_an_ill_posed_game_spoils_no_other():
    games = [g_star(tau, T=3) for tau in (2.0, 4.0, 3.0, 0.0)]
    games.append(changed(games[0], A=np.full((3, 2, 2), 1e200)))
    batch = engine.stack_games(games)
    got = engine.nash(batch, compiled=True)
    assert got.singular_stage.tolist() == [-1, 2, -1, -1, -1]
    assert np.isnan(got.K[0][[1, 4]]).all()
    as_numpy(batch, got, 1e4)


def test_ill_posed_single_games_raise():
    with pytest.raises(SingularStageError) as caught:
        engine.nash(g_star(4.0, A=np.eye(2), T=3), compiled=True)
    assert caught.value.t == 2
    with pytest.raises(ErgsError, match="range of float64"):
        engine.nash(changed(g_star(2.0), A=np.full((1, 2, 2), 1e200)), compiled=True)


def test_a_row_exchange():
    a = 2.0**-30
    exact = np.linalg.solve(np.array([[2 * a * a, a], [1, 2]]), -np.array([[a * a, a], [1, 1]]))
    got = np.concatenate(engine.nash(small_first_pivot(), compiled=True).K, axis=-2)[0]
    np.testing.assert_allclose(got, exact, rtol=1e-12, atol=1e-12)


def test_large_games_go_one_by_one():
    """Eight of their linear systems would not fit the cache."""
    games = [random_game(m=12, sizes=(4, 4, 4), T=2, seed=k) for k in range(9)]
    batch = engine.stack_games(games)
    factor = max(condition_of(game, engine.nash(game)) for game in games)
    as_numpy(batch, engine.nash(batch, compiled=True), factor)


def as_numpy_in_general(game):
    got, wanted = engine.nash(game, compiled=True), engine.nash(game)
    factor = 1 / np.nanmin(wanted.condition)
    for letter in ("K", "k", "Sigma", "P", "s", "q"):
        for ours, theirs in zip(getattr(got, letter), getattr(wanted, letter), strict=True):
            assert ours.shape == theirs.shape
            scale = max(1.0, np.abs(theirs[np.isfinite(theirs)]).max(initial=0))
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=10 * factor * EPS * scale)
    np.testing.assert_allclose(got.condition, wanted.condition, rtol=1e-10)
    np.testing.assert_array_equal(got.singular_stage, wanted.singular_stage)


@pytest.mark.parametrize("seed", range(6))
def test_a_general_game(seed):
    as_numpy_in_general(Game.from_arrays(**random_general_game(seed)).floats())


def test_general_games_side_by_side():
    for count in (2, 9):
        as_numpy_in_general(engine.stack_games(family(7, count)))


def test_ill_posed_general_games():
    with pytest.raises(SingularStageError):
        engine.nash(as_general(g_star(4.0, A=np.eye(2), T=3)), compiled=True)
    games = [unbounded(Q).floats() for Q in ("-9", "1")]
    with pytest.raises(UnboundedCostError):
        engine.nash(games[0], compiled=True)
    as_numpy_in_general(engine.stack_games(games))


def test_without_numba_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "ergs_verify.engine.compiled")
    monkeypatch.delattr(engine, "compiled")
    with pytest.raises(InputError, match=r"needs numba: pip install 'ergs-verify\[compiled\]'"):
        engine.nash(random_game(), compiled=True)
    assert np.isfinite(engine.nash(random_game()).K[0]).all()


def test_nobody_imports_numba_unasked():
    code = "import sys, ergs_verify.engine; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# --- the same loops as plain Python, so that a planted fault needs no compiling ------------------

FAULTS = {
    "Φ without R": (" += r[i, k, b, j]", " += 0.9 * r[i, k, b, j]"),
    "no row exchange": ("if pivot != k:", "if pivot < k:"),
    "a gain's sign": ("= -system[a, n + b, j]", "= system[a, n + b, j]"),
    "Σ twice too large": ("*= -half[j] if", "*= -2 * half[j] if"),
    "a filled-in control has noise": ("if a < size and b < size", "if a <= size and b <= size"),
    "q without log|Σ|": ("(size + log_det[j])", "size"),
    "noise through agent 1's controls alone": ("own], rows[own]", "own], rows[:p]"),
    "P of the wrong stage": ("later, now = now, later", "later, now = later, now"),
    "cost without R": ("_add_product(r, gain", "_add_product(0.9 * r, gain"),
    "cost of one half of P": ("X[b, a, j] = 0.5 * (", "X[b, a, j] = 0.6 * ("),
    "a product's fourth row": ("* Y[k + 3, b, j]", "* Y[k + 2, b, j]"),
    "a product's last rows": ("range(fours, len(Y))", "range(fours + 1, len(Y))"),
    "a trace by rows": ("sums[b, j] += noise[a, b, j]", "sums[b, j] += noise[a, a, j]"),
    "the last block starts over": ("min(first + j, games - 1)", "(first + j) % games"),
}


def as_python(folder: Path, name: str, right: str, wrong: str):
    source = Path(compiled.__file__).read_text(encoding="utf-8")
    assert right in source, f"compiled.py no longer holds {right!r}"
    (folder / f"{name}.py").write_text(source.replace(right, wrong), encoding="utf-8")
    return importlib.import_module(name)


def agrees(module, game) -> bool:
    stacked = stack_game(game)
    P = stack_costs(stacked, game.Q)
    wanted = engine.nash(game)
    with np.errstate(all="ignore"):
        K, Sigma, q, _, condition = module.recursion(stacked, P)
    ours = [K[..., 0, : stacked.sizes[0], :], Sigma[..., 1, :, :], P[..., 1, :, :], q[..., 0]]
    theirs = [wanted.K[0], wanted.Sigma[1], wanted.P[1], wanted.q[0]]
    return all(
        np.allclose(x if not stacked.batch else np.moveaxis(x, 0, 1), y, rtol=1e-10, atol=1e-10)
        for x, y in zip([*ours, condition], [*theirs, wanted.condition], strict=True)
    )


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_planted_fault_is_caught(fault, tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    monkeypatch.syspath_prepend(tmp_path)
    right, wrong = FAULTS[fault] if fault else ("", "")
    name = f"compiled_fault_{[None, *FAULTS].index(fault)}"
    module = as_python(tmp_path, name, right, wrong)
    nine = engine.stack_games([random_game(m=1, sizes=(1, 1), T=2, seed=k) for k in range(9)])
    games = [GAMES["unequal controls"], small_first_pivot(), nine]
    assert all(agrees(module, game) for game in games) is (fault is None)
    del sys.modules[name]


GENERAL_FAULTS = {
    "a discount left out of Φ": ("rows[a, b, j] *= rate_i", "rows[a, b, j] *= 1.0"),
    "a discount left out of P": ("+= rate_i * form[a, b, j]", "+= form[a, b, j]"),
    "the prior's mean with the other sign": (
        "gains[a, b, j] - off[a, b, j]",
        "gains[a, b, j] + off[a, b, j]",
    ),
    "the prior of the first stage": ("_take(prior[t,", "_take(prior[0,"),
    "the prior of another agent": ("prior[t, min(first + j, games - 1), i]", "prior[t, 0, 0]"),
    "costs of other controls": (
        "played[m + a, b, j] = gains[a, b, j]",
        "played[m + a, b, j] = 0.9 * gains[a, b, j]",
    ),
    "rows of another agent": ("ends[i], ends[i + 1])\n                _add", "0, ends[1])\n    "
                              "            _add"),
    "the next stage's costs left out": ("_add_form(later[i], F,", "_add_form(0 * later[i], F,"),
    "costs that are not symmetric": ("_symmetrise(now[i], lanes)\n            for", "pass\n"
                                     "            for"),
}  # fmt: skip


def general_agrees(module, game) -> bool:
    stack = stack_general(game)
    P, wanted = stack.costs_to_come(), engine.nash(game)
    with np.errstate(all="ignore"):
        K, *_ = module.general_recursion(stack, P)
    shown = [K[:, 0, 1:], P[:, 0, 1:, 1:], P[:, 1, 1:, 1:]]
    right = [wanted.K[0][:, 0], wanted.P[0], wanted.P[1]]
    exactly = np.array_equal(P, P.swapaxes(-1, -2))
    pairs = zip(shown, right, strict=True)
    return exactly and all(np.allclose(x, y, rtol=1e-10, atol=1e-10) for x, y in pairs)


@pytest.mark.parametrize("fault", [None, *GENERAL_FAULTS])
def test_planted_fault_in_the_general_recursion_is_caught(fault, tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    monkeypatch.syspath_prepend(tmp_path)
    right, wrong = GENERAL_FAULTS[fault] if fault else ("", "")
    name = f"compiled_general_fault_{[None, *GENERAL_FAULTS].index(fault)}"
    module = as_python(tmp_path, name, right, wrong)
    game = varying_prior(family(7, 1)[0])
    assert general_agrees(module, game) is (fault is None)
    del sys.modules[name]


def varying_prior(game):
    """The game with a prior of its own at every stage."""
    grown = [X * (1 + np.arange(len(X)))[:, None, None] for X in game.prior_cov]
    return attrs.evolve(game, prior_cov=tuple(grown))
