"""Games innermost in memory, in slabs, against the same equations matrix after matrix."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from engine_checks import assert_innermost, seen_operands
from engine_copies import engine_copy
from engine_games import (
    changed,
    condition_of,
    g_star,
    random_game,
    random_policy,
    small_first_pivot,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from ergs_verify import engine
from ergs_verify.engine import slabs, stacking

EPS = np.finfo(float).eps


def stack(count=5, m=3, sizes=(1, 2), T=3, seed=0):
    taus = (0.0, 1.0, 2.0, 20.0)
    return engine.stack_games(
        [random_game(m, sizes, T, taus[k % 4], seed + k) for k in range(count)]
    )


def every_answer(engine, game) -> list[np.ndarray]:
    solution, iterated = engine.nash(game), engine.algorithm_1(game, 2)
    policy = random_policy(game)
    found = [solution.condition, solution.singular_stage]
    for record in (solution, iterated):
        found += [*record.K, *record.Sigma, *record.P, *record.q]
    for Sigma in (policy.Sigma, None):
        cost = engine.evaluate_policy(game, policy.K, Sigma)
        found += [*cost.P, *cost.q, engine.state_moments(game, policy.K, Sigma)]
        answer = engine.best_response(game, policy.K, Sigma, 2)
        found += [answer.K, answer.Sigma, answer.P, answer.q]
        # At the last stage best responses do not depend on K: Σ is near them, the gap a series.
        near = None if Sigma is None else [1.1 * S for S in solution.Sigma]
        found += [engine.stage_gaps(game, policy.K, S) for S in (Sigma, near)]
    return found


def innermost(engine, game, held: int | None = None) -> list[np.ndarray]:
    """Every answer with the games innermost, `held` stages of games in a slab."""
    modules = [sys.modules[f"{engine.__name__}.{name}"] for name in ("stacking", "slabs")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modules[0], "many_and_small", lambda *given: True)
        if held is not None:
            patch.setattr(modules[1], "numbers_a_stage", lambda **given: 2**21 // held)
        return every_answer(engine, game)


def agree(ours, theirs) -> bool:
    # A hundred roundings or so, grown by the conditioning of small random games.
    return all(
        x.shape == y.shape and np.allclose(x, y, rtol=1e-9, atol=1e-9, equal_nan=True)
        for x, y in zip(ours, theirs, strict=True)
    )


@settings(max_examples=25)
@given(
    count=st.integers(1, 5),
    m=st.integers(1, 4),
    sizes=st.lists(st.integers(1, 3), min_size=2, max_size=3).map(tuple),
    T=st.integers(1, 5),
    seed=st.integers(0, 10**6),
    held=st.integers(1, 12),
)
def test_every_size_and_slab(count, m, sizes, T, seed, held):
    game = stack(count, m, sizes, T, seed)
    assert agree(innermost(engine, game, held), every_answer(engine, game))


def test_two_batch_axes_and_shared_matrices():
    game = random_game()
    views = {"A": np.broadcast_to(game.A[:1], game.A.shape)}
    family = changed(game, tau=np.array([[0.5, 1.0, 2.0], [3.0, 4.0, 5.0]]), **views)
    assert agree(innermost(engine, family, 4), every_answer(engine, family))


def test_no_product_falls_out_of_its_layout(monkeypatch):
    """Slow, not wrong: an operation that puts the matrices innermost shows in no answer."""
    games = 7
    operands = seen_operands(monkeypatch, games)
    innermost(engine, stack(games, m=4, sizes=(2, 3), T=2))
    assert_innermost(operands, games)


def test_many_small_games_go_this_way_in_several_slabs(monkeypatch):
    parts = []
    part = stacking.StackedGame.part
    monkeypatch.setattr(
        stacking.StackedGame, "part", lambda *given: (parts.append(given[1:]), part(*given))[1]
    )
    monkeypatch.setattr(slabs, "numbers_a_stage", lambda **given: 2**21 // 100)
    count = 250
    batch = changed(random_game(m=4, sizes=(2, 2, 1), T=2), tau=np.linspace(1, 3, count))
    assert stacking.stack_game(batch).games_innermost
    together = engine.nash(batch)
    assert [(s.start, g.start) for s, g in parts] == [
        (stage, first) for first in (0, 100, 200) for stage in (1, 0)
    ]
    for place in (0, 99, 100, count - 1):
        single = engine.nash(changed(batch, tau=batch.tau[place]))
        tolerance = condition_of(batch, single) * EPS
        for letter in ("K", "Sigma", "P", "q"):
            for ours, theirs in zip(
                getattr(together, letter), getattr(single, letter), strict=True
            ):
                np.testing.assert_allclose(ours[place], theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("count", "m", "T"), [(20, 2, 3), (120, 2, 3), (300, 12, 1), (300, 7, 1)])
def test_few_or_large_games_go_the_other_way(count, m, T):
    game = changed(random_game(m, T=T), tau=np.linspace(1, 3, count))
    assert not stacking.stack_game(game).games_innermost


def test_large_games_are_held_a_few_at_a_time(monkeypatch):
    game = stack(5)
    wanted = every_answer(engine, game)
    monkeypatch.setattr(slabs, "numbers_a_stage", lambda **given: 2**21 // 6)
    held = [games.stop - games.start for _, games in slabs._slabs(stacking.stack_game(game), False)]
    assert held == [2, 2, 2]  # of T = 3 stages each; the last is cut by the end of the stack
    assert agree(every_answer(engine, game), wanted)


def test_an_ill_posed_game_spoils_no_other():
    taus = np.linspace(1, 3, 300)
    taus[[7, 200]] = 4.0
    A = np.broadcast_to(g_star(2.0, T=3).A, (300, 3, 2, 2)).copy()
    A[50] = 1e200
    batch = changed(g_star(2.0, T=3), tau=taus, A=A)
    assert stacking.stack_game(batch).games_innermost
    together = engine.nash(batch)
    lost = np.flatnonzero(np.isnan(together.K[0]).any((-3, -2, -1)))
    assert lost.tolist() == [7, 50, 200]
    assert np.flatnonzero(together.singular_stage + 1).tolist() == [7, 200]
    assert np.isnan(together.P[1][lost]).all()
    good = np.delete(np.arange(300), lost)
    alone = [engine.nash(changed(g_star(2.0, T=3), tau=tau)).K[0] for tau in taus[good]]
    np.testing.assert_allclose(together.K[0][good], alone, rtol=1e-12)
    policy = (batch, together.K, together.Sigma)
    for spoilt in (engine.gap(*policy), engine.best_response(*policy, 1).q):
        assert np.isnan(spoilt[lost]).any(-1).all()
        assert np.isfinite(spoilt[good]).all()
    cost, answer = engine.evaluate_policy(*policy), engine.best_response(*policy, 1)
    np.testing.assert_allclose(cost.q[0][good], together.q[0][good], rtol=1e-12)
    np.testing.assert_allclose(answer.K[good], together.K[0][good], rtol=1e-12)


FAULTS = {
    "a product transposed": ("linear_algebra.py", '"...ak,...kb->', '"...ka,...kb->'),
    "no row exchange": ("linear_algebra.py", "if moved.size:", "if moved.size > 9**9:"),
    "backwards in the wrong order": (
        "linear_algebra.py",
        "for k in reversed(range(n)):",
        "for k in range(n):",
    ),
    "another game's noise": (
        "stacking.py",
        "noise_cov=self.noise_cov[:, games]",
        "noise_cov=self.noise_cov[:, : games.stop - games.start]",
    ),
    "another game's entropy": (
        "stacking.py",
        "self.BA[stages, games], self.entropy[games]",
        "self.BA[stages, games], self.entropy[: games.stop - games.start]",
    ),
    "another stage's R": (
        "stacking.py",
        "R=self.R[stages, games]",
        "R=self.R[: stages.stop - stages.start, games]",
    ),
    "the first stages first": ("slabs.py", "else reversed(starts)", "else starts"),
    "the last stages first": ("slabs.py", "starts if forward", "starts[::-1] if forward"),
    "answers in the wrong place": ("slabs.py", ")[stages, games] = X", ")[stages, :len(X[0])] = X"),
    "q starts over in every slab": ("evaluation.py", "q[:-1] = q[-1] + ", "q[:-1] = "),
}


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_planted_fault_is_caught(fault, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    name = f"innermost_fault_{[None, *FAULTS].index(fault)}"
    # Of the five games there are four at a time and one stage, of the two both and two stages.
    games = (stack(), stack(2), engine.stack_games([small_first_pivot()] * 2))
    with engine_copy(tmp_path, name, FAULTS[fault] if fault else ("slabs.py", "", "")) as copy:
        try:
            right = all(agree(innermost(copy, g, 4), every_answer(engine, g)) for g in games)
        except ValueError:  # shapes that do not fit
            right = False
    assert right is (fault is None)
