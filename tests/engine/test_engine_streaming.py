"""Games in chunks: the answers of one at a time, and no more in memory than a chunk."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from engine_games import changed, g_star, random_game

from ergs_verify import engine
from ergs_verify.engine.stacking import batch_of
from ergs_verify.errors import InputError


def gains(games):
    return engine.nash(games).K[1]


def test_chunks_give_what_one_stack_gives():
    games = [random_game(seed=k, tau=1.0 + k) for k in range(7)]
    whole = gains(engine.stack_games(games))
    for given in (games, iter(games), engine.stack_games(games)):
        told = []
        parts = list(engine.stream(gains, given, chunk=3, progress=told.append))
        assert [len(part) for part in parts] == [3, 3, 1]
        assert told == [3, 6, 7]
        # The library may sum in another order for another batch.
        np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-12, atol=1e-13)


def test_arrays_without_the_batch_axis_are_shared():
    taus = np.linspace(1, 2, 5)
    shared = changed(random_game(), tau=taus)
    parts = np.concatenate(list(engine.stream(gains, shared, chunk=2)))
    np.testing.assert_allclose(parts, gains(shared), rtol=1e-12, atol=1e-13)


def test_an_ill_posed_game_is_marked_in_its_chunk():
    games = (g_star(tau) for tau in (2.0, 3.0, 4.0, 5.0, 6.0))
    marks = engine.stream(lambda stack: engine.nash(stack).singular_stage, games, chunk=2)
    assert np.concatenate(list(marks)).tolist() == [-1, -1, 0, -1, -1]


def test_no_games():
    assert list(engine.stream(gains, [])) == []


def test_memory_stays_that_of_a_chunk():
    def largest(count):
        games = (random_game(m=8, sizes=(2, 2), T=5, seed=k) for k in range(count))
        tracemalloc.start()
        for _ in engine.stream(gains, games, chunk=10):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    largest(20)
    assert largest(200) <= 1.2 * largest(20)


@pytest.mark.parametrize(("m", "T"), [(2, 3), (20, 100)])
def test_default_chunk_is_some_megabytes(m, T):
    def numbers(stack):
        solution = engine.nash(stack)
        return sum(X.size for X in (*solution.K, *solution.Sigma, *solution.P, *solution.q))

    game = random_game(m=m, sizes=(1, 2), T=T)
    many = changed(game, tau=np.linspace(1, 2, 100_000 // m**2))
    first = next(engine.stream(numbers, many))
    assert 2**18 <= first <= 2**22  # 2 to 32 MB of results


@pytest.mark.parametrize(
    ("message", "games"),
    [
        ("game 2 of a stack differs", [random_game(m=2), random_game(m=3)]),
        ("game 2 of a stack differs", [random_game(T=2), random_game(T=3)]),
        ("batch axes", random_game()),
        ("batch axes", changed(random_game(), tau=np.ones((2, 3)))),
    ],
)
def test_games_that_make_no_stack_are_refused(message, games):
    with pytest.raises(InputError, match=message):
        list(engine.stream(gains, games))


def test_bad_arguments_are_named():
    with pytest.raises(InputError, match="chunk is 0"):
        list(engine.stream(gains, [random_game()], chunk=0))
    with pytest.raises(InputError, match="no game to stack"):
        engine.stack_games([])


def test_any_record_with_a_games_attributes_is_a_game():
    game = random_game()
    names = ("A", "B", "Q", "R", "noise_cov", "tau", "horizon", "x0_mean", "x0_cov")
    same = SimpleNamespace(**{name: getattr(game, name) for name in names})
    assert batch_of(engine.stack_games([same, game])) == (2,)
