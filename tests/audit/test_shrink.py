"""The smallest failing game: small indeed, a part of the given one, and found in few calls."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ergs_verify.audit.shrink import shrink
from ergs_verify.engine import nash
from ergs_verify.game import Game
from ergs_verify.game.gallery import gallery, random_game

BIG = random_game(N=4, m=4, p=(1, 2, 3, 1), T=7, seed=3)


def sizes(game):
    return game.agents, game.state_size, game.horizon


def at_least(N, m, T):
    return lambda game: all(
        size >= least for size, least in zip(sizes(game), (N, m, T), strict=True)
    )


@settings(max_examples=12)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 7))
def test_nothing_smaller_is_left(N, m, T):
    assert sizes(shrink(BIG, at_least(N, m, T))) == (N, m, T)


@settings(max_examples=12)
@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 6))
def test_what_makes_it_fail_is_kept(i, k, t):
    """A fault that needs B of one agent, at one state and one time."""
    needed = BIG.B[i][t][k].tolist()
    smallest = shrink(BIG, lambda game: any(needed == row for row in rows_of_B(game)))
    assert sizes(smallest) == (1, 1, 1)
    assert smallest.control_sizes == (BIG.control_sizes[i],)


def rows_of_B(game):
    return [row for B_i in game.B for B in B_i for row in B.tolist()]


def test_the_parts_are_those_of_the_given_game():
    small = shrink(BIG, at_least(2, 3, 5))
    # The later half is tried first, and the later one is left out first.
    agents, states, stages = (2, 3), (0, 1, 2), (2, 3, 4, 5, 6)
    assert sizes(small) == (2, 3, 5)
    square = np.ix_(states, states)
    for at, t in enumerate(stages):
        assert (small.A[at] == BIG.A[t][square]).all()
        for i, kept in enumerate(agents):
            assert (small.B[i][at] == BIG.B[kept][t][list(states)]).all()
            assert (small.R[i][at] == BIG.R[kept][t]).all()
            assert (small.Q[i][at] == BIG.Q[kept][t][square]).all()
            assert (small.Q[i][at + 1] == BIG.Q[kept][t + 1][square]).all()
    assert (small.noise_cov == BIG.noise_cov[square]).all()
    assert (small.tau, small.name) == (BIG.tau, f"{BIG.name}, shrunk")


def test_the_equilibrium_of_the_last_stages_stays_what_it_was():
    small = shrink(BIG, at_least(4, 4, 1))
    for ours, theirs in zip(nash(small.floats()).K, nash(BIG.floats()).K, strict=True):
        assert np.array_equal(ours, theirs[-1:])


def test_a_planted_fault_is_cornered():
    """A solver that takes the terminal costs for those of every stage, on constant costs right."""

    def wrong(game):
        arrays = game.floats()
        right = nash(arrays).K
        arrays.Q = tuple(np.broadcast_to(Q[-1], Q.shape) for Q in arrays.Q)
        return any((K != R).any() for K, R in zip(nash(arrays).K, right, strict=True))

    assert wrong(BIG)
    small = shrink(BIG, wrong)
    assert wrong(small)
    assert small.horizon == 2  # one stage has no stage cost that matters
    assert sizes(small)[:2] == (1, 1)


def test_no_more_calls_than_allowed():
    for calls in (0, 1, 7, 20):
        asked = []
        shrink(BIG, lambda game, asked=asked: not asked.append(game), calls=calls)
        assert len(asked) <= calls
    asked = []
    assert shrink(BIG, lambda game: bool(asked.append(game))) is BIG
    assert 0 < len({game.hash for game in asked}) == len(asked)


def test_a_constant_matrix_stays_one():
    small = shrink(gallery("unstable"), lambda game: game.horizon >= 3)
    assert small.A[0] is small.A[2]


def test_a_part_that_is_no_game_is_passed_over():
    """Slightly negative beside 1, within rounding; alone it would be a negative cost."""
    game = Game.from_arrays(
        A=[[1.0, 0.5], [0.0, 1.0]],
        B=[[[1.0], [1.0]]],
        Q=[[[1.0, 0.0], [0.0, -1e-16]]],
        R=[[[1.0]]],
        tau=1,
        noise_cov=[[0, 0], [0, 0]],
        horizon=1,
    )
    small = shrink(game, lambda _: True)
    assert small.Q[0][0].tolist() == [[1.0]]
