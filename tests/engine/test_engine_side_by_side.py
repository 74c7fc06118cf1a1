"""Games on the last axis against the recursion that takes one matrix after another."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from engine_games import changed, condition_of, g_star, random_game, small_first_pivot
from hypothesis import given, settings
from hypothesis import strategies as st

from ergs_verify import engine
from ergs_verify.engine import equilibrium, side_by_side
from ergs_verify.engine.stacking import stack_costs, stack_game

EPS = np.finfo(float).eps


def both(game, recursion=side_by_side.recursion):
    """K, Σ, q, Φ, the conditions and P, by `recursion` and by the engine's for large games."""
    stacked, answers = stack_game(game), []
    for solve in (recursion, equilibrium._recursion):
        P = stack_costs(game)
        with np.errstate(all="ignore"):
            answers.append((*solve(stacked, P), P))
    return answers


def agrees(game, recursion=side_by_side.recursion) -> bool:
    # A hundred roundings or so, grown by the conditioning of small random games.
    return all(
        ours.shape == theirs.shape
        and np.allclose(ours, theirs, rtol=1e-10, atol=1e-10, equal_nan=True)
        for ours, theirs in zip(*both(game, recursion), strict=True)
    )


def as_alone(family, together, place):
    """One of the games, of which only tau differs, solved with the others and alone."""
    single = engine.nash(changed(family, tau=family.tau[place]))
    tolerance = condition_of(family, single) * EPS
    for letter in ("K", "Sigma", "P", "q"):
        for ours, theirs in zip(getattr(together, letter), getattr(single, letter), strict=True):
            np.testing.assert_allclose(ours[place], theirs, rtol=tolerance, atol=tolerance)


def stack(count=5, m=3, sizes=(1, 2), T=3, seed=0):
    taus = (0.0, 1.0, 2.0, 20.0)
    return engine.stack_games(
        [random_game(m, sizes, T, taus[k % 4], seed + k) for k in range(count)]
    )


@settings(max_examples=25)
@given(
    m=st.integers(1, 5),
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple),
    T=st.integers(1, 4),
    seed=st.integers(0, 10**6),
)
def test_every_size(m, sizes, T, seed):
    assert agrees(stack(m=m, sizes=sizes, T=T, seed=seed))


def test_two_batch_axes_and_shared_matrices():
    game = random_game()
    views = {"A": np.broadcast_to(game.A[:1], game.A.shape)}
    assert agrees(changed(game, tau=np.array([[0.5, 1.0, 2.0], [3.0, 4.0, 5.0]]), **views))


def test_many_small_games_go_this_way_in_several_slabs(monkeypatch):
    slabs = []
    solve = side_by_side._solve
    monkeypatch.setattr(
        side_by_side, "_solve", lambda some, *given: (slabs.append(some.games), solve(some, *given))
    )
    count = 3000
    batch = changed(random_game(m=4, sizes=(2, 2, 1), T=2), tau=np.linspace(1, 3, count))
    together = engine.nash(batch)
    assert len(slabs) > 1
    assert sum(slabs) == count
    for place in (0, slabs[0] - 1, slabs[0], count - 1):
        as_alone(batch, together, place)


@pytest.mark.parametrize(("count", "m", "T"), [(20, 2, 3), (300, 12, 1)])
def test_few_or_large_games_go_the_other_way(count, m, T):
    game = changed(random_game(m, T=T), tau=np.linspace(1, 3, count))
    assert not side_by_side.worthwhile(stack_game(game))
    as_alone(game, engine.nash(game), count - 1)


def test_an_ill_posed_game_spoils_no_other():
    taus = np.linspace(1, 3, 300)
    taus[[7, 200]] = 4.0
    batch = changed(g_star(2.0, T=3), tau=taus)
    A = np.broadcast_to(batch.A, (300, 3, 2, 2)).copy()
    A[50] = 1e200
    together = engine.nash(changed(batch, A=A))
    lost = np.flatnonzero(np.isnan(together.K[0]).any((-3, -2, -1)))
    assert lost.tolist() == [7, 50, 200]
    assert np.flatnonzero(together.singular_stage + 1).tolist() == [7, 200]
    assert np.isnan(together.P[1][lost]).all()
    np.testing.assert_allclose(
        together.K[0][[0, 299]],
        [engine.nash(changed(batch, tau=tau)).K[0] for tau in (1.0, 3.0)],
        rtol=1e-12,
    )


FAULTS = {
    "Φ without R": ("system[own, own] += R[i]", "system[own, own] += 0.9 * R[i]"),
    "a gain's sign": ("gains = -solved", "gains = solved"),
    "closed loop with half the gains": ('F = A + np.einsum("akg', 'F = A + 0.5 * np.einsum("akg'),
    "Σ twice too large": ("spread = entropy *", "spread = 2 * entropy *"),
    "a filled-in control has noise": ("1 - stacked.filled", "1 - 0 * stacked.filled"),
    "q without log|Σ|": ("(log_det_W - sizes", "(0 * log_det_W - sizes"),
    "noise of the controls left out": ("noise = noise_cov +", "noise = noise_cov + 0 *"),
    "P_t for P_{t+1} in q": ('"abg,iabg->ig", noise, later', '"abg,iabg->ig", noise, _last(P[t])'),
    "cost without R": ("np.einsum(\"iakg,ikbg->iabg\", R, gains)", "gains"),
    "P of the wrong stage": ("later = 0.5 * (now", "later = later + 0 * (now"),
    "condition of the wrong matrix": ("np.abs(inverse), sizes", "np.abs(block), sizes"),
}  # fmt: skip


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_planted_fault_is_caught(fault, tmp_path, monkeypatch):
    right, wrong = FAULTS[fault] if fault else ("", "")
    source = Path(side_by_side.__file__).read_text(encoding="utf-8")
    assert right in source, f"side_by_side.py no longer holds {right!r}"
    name = f"side_by_side_fault_{[None, *FAULTS].index(fault)}"
    (tmp_path / f"{name}.py").write_text(source.replace(right, wrong), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    recursion = importlib.import_module(name).recursion
    games = (stack(), engine.stack_games([small_first_pivot()] * 2))
    try:
        right_answers = all(agrees(game, recursion) for game in games)
    except ValueError:  # shapes that do not fit
        right_answers = False
    assert right_answers is (fault is None)
    del sys.modules[name]
